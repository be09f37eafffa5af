//! Frameworks of controls, and what a certificate has to say of each control: evidence, or none. Pure.
//!
//! Nothing here says that a control is met. A mapping names the probes that show something of a part of a control; which
//! criteria have these probes, and what came of them, stands in the certificate.

use plimsoll_evidence::Probe;
use serde::Deserialize;
use serde_json::{Value, json};

use crate::html::{Element, el, page};
use crate::intact::Intact;

/// Id and text of every mapping that ships with Plimsoll.
const MAPPINGS: [(&str, &str); 5] = [
    ("soc2", include_str!("../../../mappings/soc2.toml")),
    ("iso27001", include_str!("../../../mappings/iso27001.toml")),
    ("gdpr", include_str!("../../../mappings/gdpr.toml")),
    ("asvs", include_str!("../../../mappings/asvs.toml")),
    ("ssdf", include_str!("../../../mappings/ssdf.toml")),
];

/// What stands above and below every list.
pub const NO_CLAIM: &str = "Evidence by control, as far as there is any. It is no statement of compliance: whether a control is met is \
                            for those to judge who look at all of it.";

/// A framework of controls.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Framework {
    /// The name by which it is asked for.
    pub id: String,
    /// Its name.
    pub title: String,
    /// Which edition, and which part of it.
    pub source: String,
    /// The form of its ids, by one of them: digits stand for numbers, capitals for capitals.
    pub form: String,
    /// The controls in the framework's order.
    #[serde(rename = "control")]
    pub controls: Vec<Control>,
}

/// One control.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Control {
    /// Its id in the framework.
    pub id: String,
    /// What it is about, in our words.
    pub title: String,
    /// What shows something of it.
    #[serde(default)]
    pub evidence: Vec<Mapping>,
}

/// Probes that show something of a part of a control.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Mapping {
    /// The probes.
    pub probes: Vec<Probe>,
    /// What they show.
    pub part: String,
}

/// What a certificate has of a control.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CoveredControl<'a> {
    /// The control's id.
    pub id: &'a str,
    /// What it is about.
    pub title: &'a str,
    /// A criterion with its verdict and state, and what it shows: none is none.
    pub evidence: Vec<Evidence<'a>>,
}

/// One criterion as evidence of a part of a control.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Evidence<'a> {
    /// The criterion.
    pub criterion: &'a str,
    /// What was decided.
    pub verdict: &'static str,
    /// What is known of the claim now.
    pub state: &'static str,
    /// What part of the control it shows something of.
    pub part: &'a str,
}

/// Ids of the frameworks that ship with Plimsoll.
pub fn framework_ids() -> Vec<&'static str> {
    MAPPINGS.iter().map(|(id, _)| *id).collect()
}

/// The framework with this id. None where there is none.
pub fn framework(id: &str) -> Option<Result<Framework, String>> {
    let (_, text) = MAPPINGS.iter().find(|(known, _)| *known == id)?;
    Some(toml::from_str(text).map_err(|error| format!("mappings/{id}.toml: {error}")))
}

/// Every control of a framework with what a certificate has of it.
pub fn covered<'a>(framework: &'a Framework, intact: &Intact<'a>) -> Vec<CoveredControl<'a>> {
    let control = |control: &'a Control| {
        let evidence = control.evidence.iter().flat_map(|mapping| shown_by(mapping, intact));
        CoveredControl { id: &control.id, title: &control.title, evidence: evidence.collect() }
    };
    framework.controls.iter().map(control).collect()
}

fn shown_by<'a>(mapping: &'a Mapping, intact: &Intact<'a>) -> Vec<Evidence<'a>> {
    let rests = intact.criteria().filter(|(judged, _)| mapping.probes.contains(&judged.criterion.probe));
    let evidence = rests.map(|(judged, summary)| Evidence {
        criterion: &judged.criterion.id,
        verdict: judged.verdict.name(),
        state: intact.state(summary).name(),
        part: &mapping.part,
    });
    evidence.collect()
}

/// The list as JSON.
pub fn coverage_json(framework: &Framework, intact: &Intact<'_>) -> Value {
    let evidence = |one: &Evidence<'_>| json!({"criterion": one.criterion, "verdict": one.verdict, "state": one.state, "shows": one.part});
    let control = |control: &CoveredControl<'_>| {
        let evidence = control.evidence.iter().map(evidence).collect::<Vec<_>>();
        json!({"id": control.id, "title": control.title, "evidence": evidence})
    };
    json!({
        "framework": framework.id,
        "title": framework.title,
        "source": framework.source,
        "note": NO_CLAIM,
        "certificate": intact.payload,
        "controls": covered(framework, intact).iter().map(control).collect::<Vec<_>>(),
    })
}

/// The list as a page that loads nothing.
pub fn coverage_page(framework: &Framework, intact: &Intact<'_>, conclusion: &str) -> String {
    let head = ["control", "about", "evidence", "shows"];
    let head = head.map(|name| el("th").attr("scope", "col").with(name));
    let rows = covered(framework, intact).into_iter().flat_map(|control| rows(&control));
    let table =
        el("table").with(el("thead").with(el("tr").with_each(head))).with(el("tbody").with_each(rows));
    let body = el("body")
        .with(
            el("header")
                .with(el("p").class("brand").with("Plimsoll certificate"))
                .with(el("h1").with(format!("{}: {}", framework.title, intact.title())))
                .with(el("p").with(framework.source.as_str()))
                .with(el("p").with(NO_CLAIM)),
        )
        .with(el("main").with(el("div").class("scroll").attr("tabindex", 0).with(table)))
        .with(el("footer").with(format!(
            "Certificate {} by profile {}, looked at for {}: {conclusion}.",
            intact.payload, intact.certificate.level, intact.at
        )));
    page(&format!("{} · {}", framework.title, intact.title()), include_str!("claims/page.css"), body)
}

fn rows(control: &CoveredControl<'_>) -> Vec<Element> {
    let row = |id: &str, title: &str, evidence: String, part: &str| {
        el("tr")
            .with(el("th").attr("scope", "row").with(id))
            .with(el("td").with(title))
            .with(el("td").with(evidence))
            .with(el("td").with(part))
    };
    if control.evidence.is_empty() {
        return vec![row(control.id, control.title, "none".into(), "")];
    }
    let one = |one: &Evidence<'_>| {
        let evidence = format!("{}: {}, {}", one.criterion, one.verdict, one.state);
        row(control.id, control.title, evidence, one.part)
    };
    control.evidence.iter().map(one).collect()
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    fn all() -> Vec<Framework> {
        framework_ids().into_iter().map(|id| framework(id).unwrap().unwrap()).collect()
    }

    /// An id with each number as `0` and each capital as `A`.
    fn form(id: &str) -> String {
        let mut form = String::new();
        for c in id.chars() {
            let like = if c.is_ascii_digit() {
                '0'
            } else if c.is_ascii_uppercase() {
                'A'
            } else {
                c
            };
            if like != '0' || !form.ends_with('0') {
                form.push(like);
            }
        }
        form
    }

    /// The forms of ids: the criteria of SOC 2 begin with up to two letters, and sections of the ASVS have a point more.
    fn is_of_the_form(framework: &Framework, id: &str) -> bool {
        let wanted = form(&framework.form);
        let found = form(id);
        found == wanted
            || (framework.id == "soc2" && found == "AA0.0")
            || (framework.id == "asvs" && found == "A0.0")
    }

    #[test]
    fn every_id_is_of_its_frameworks_form_and_stands_once() {
        for framework in all() {
            let mut seen = BTreeSet::new();
            for control in &framework.controls {
                assert!(is_of_the_form(&framework, &control.id), "{} {}", framework.id, control.id);
                assert!(seen.insert(&control.id), "{} {} stands twice", framework.id, control.id);
                assert!(!control.title.trim().is_empty());
            }
        }
        assert!(!is_of_the_form(&framework("gdpr").unwrap().unwrap(), "Art 5"));
    }

    #[test]
    fn frameworks_are_whole_where_they_say_so() {
        let count = |id: &str| framework(id).unwrap().unwrap().controls.len();
        // SOC 2: 33 common criteria, 3 of availability, 2 of confidentiality, 5 of processing, 18 of privacy.
        assert_eq!((count("soc2"), count("iso27001"), count("ssdf")), (61, 93, 19));
        let chapters = framework("asvs").unwrap().unwrap();
        assert_eq!(chapters.controls.iter().filter(|control| !control.id.contains('.')).count(), 17);
        assert!(framework("other").is_none());
    }

    #[test]
    fn every_probe_is_evidence_of_something_and_no_row_claims_compliance() {
        let all = all();
        let mappings =
            || all.iter().flat_map(|framework| &framework.controls).flat_map(|control| &control.evidence);
        let named: BTreeSet<Probe> = mappings().flat_map(|mapping| mapping.probes.iter().copied()).collect();
        let missing: Vec<&str> =
            Probe::ALL.into_iter().filter(|probe| !named.contains(probe)).map(Probe::name).collect();
        assert_eq!(missing, Vec::<&str>::new(), "mappings/*.toml say nothing of them");
        for mapping in mappings() {
            let part = mapping.part.to_lowercase();
            assert!(
                !["compli", "certified", "fulfil", "satisf", "%"].iter().any(|word| part.contains(word)),
                "{part}"
            );
            assert!(!mapping.probes.is_empty() && !part.is_empty());
        }
    }
}
