//! OSCAL assessment results (NIST, 1.1): an observation and a finding for each criterion.
//!
//! OSCAL knows *satisfied* and *not-satisfied* only. Whatever is not proven is not satisfied, with the reason beside it and
//! the verdict in full as a property.

use plimsoll_base::inert;
use plimsoll_proof::Digest;
use serde_json::{Value, json};

use super::claim::{Claim, Fact, Standing, certificate_facts, signed_at};
use super::markdown::{code, text};
use super::uuid;
use crate::intact::{Intact, conclusion};

const VERSION: &str = "1.1.3";
/// Of our properties, which NIST has no names for.
const NAMESPACE: &str = "urn:plimsoll:oscal";

pub(super) fn render(intact: &Intact<'_>) -> Value {
    json!({"assessment-results": {
        "uuid": uuid::of(intact.payload, "oscal"),
        "metadata": {
            "title": format!("Plimsoll certificate of {}", code(&intact.title())),
            "last-modified": signed_at(intact),
            "version": intact.payload,
            "oscal-version": VERSION,
            "props": props(&certificate_facts(intact)),
            "remarks": "This lists evidence, criterion by criterion, and claims no compliance.",
        },
        "import-ap": {"href": format!("#{}", uuid::of(intact.payload, "plan"))},
        "results": [result(intact)],
        "back-matter": {"resources": resources(intact)},
    }})
}

fn result(intact: &Intact<'_>) -> Value {
    let claims = Claim::all(intact);
    let controls = claims.iter().map(|claim| json!({"control-id": control(claim)}));
    json!({
        "uuid": uuid::of(intact.payload, "result"),
        "title": format!("Profile {}", code(&intact.certificate.level)),
        "description": text(&intact.profile.title),
        "start": intact.certificate.measured_from,
        "end": intact.certificate.measured_until,
        "reviewed-controls": {"control-selections": [{"include-controls": controls.collect::<Vec<_>>()}]},
        "observations": claims.iter().map(|claim| observation(intact, claim)).collect::<Vec<_>>(),
        "findings": claims.iter().map(|claim| finding(intact, claim)).collect::<Vec<_>>(),
        "remarks": format!("Verification: {}", text(&conclusion(intact.report))),
    })
}

/// A criterion's name as a token, which begins with a letter.
fn control(claim: &Claim<'_>) -> String {
    format!("criterion-{}", claim.id())
}

fn part(intact: &Intact<'_>, kind: &str, claim: &Claim<'_>) -> String {
    uuid::of(intact.payload, &format!("{kind}:{}", claim.id()))
}

fn observation(intact: &Intact<'_>, claim: &Claim<'_>) -> Value {
    json!({
        "uuid": part(intact, "observation", claim),
        "title": code(claim.id()),
        "description": text(&claim.decision()),
        "props": props(&claim.facts()),
        "methods": ["TEST"],
        "relevant-evidence": [{
            "href": format!("#{}", part(intact, "statement", claim)),
            "description": "What was signed about it: the statement, which names the raw data; of what nothing measures the plan.",
        }],
        "collected": intact.certificate.measured_until,
        "expires": claim.fresh_until(),
    })
}

fn finding(intact: &Intact<'_>, claim: &Claim<'_>) -> Value {
    let (state, reason) = match claim.standing {
        Standing::Proven => ("satisfied", "pass"),
        Standing::Contradicted => ("not-satisfied", "fail"),
        Standing::Open | Standing::Told | Standing::NotApplicable | Standing::Broken => {
            ("not-satisfied", "other")
        }
    };
    let verdict = [("verdict", claim.verdict.name().to_owned()), ("state", claim.state.name().to_owned())];
    json!({
        "uuid": part(intact, "finding", claim),
        "title": code(claim.id()),
        "description": text(claim.statement()),
        "props": props(&verdict),
        "target": {
            "type": "objective-id",
            "target-id": control(claim),
            "status": {
                "state": state,
                "reason": reason,
                "remarks": format!("{}: {}", claim.verdict.name(), text(&claim.reason())),
            },
        },
        "related-observations": [{"observation-uuid": part(intact, "observation", claim)}],
    })
}

/// The plan, and each criterion's statement, by path and digest.
fn resources(intact: &Intact<'_>) -> Vec<Value> {
    let plan = intact.certificate.plan;
    let path = plimsoll_evidence::evidence_path(plan, "json");
    let plan = resource(
        &uuid::of(intact.payload, "plan"),
        "The plan, logged before the first trial",
        &path,
        Some(plan),
    );
    let statements = Claim::all(intact).into_iter().map(|claim| {
        let path = claim.path(intact);
        let listed = intact.certificate.files.iter().find(|file| file.path == path);
        let title = format!("Statement about {}", code(claim.id()));
        resource(&part(intact, "statement", &claim), &title, &path, listed.map(|file| file.sha256))
    });
    std::iter::once(plan).chain(statements).collect()
}

fn resource(uuid: &str, title: &str, path: &str, sha256: Option<Digest>) -> Value {
    let hashes: Vec<Value> =
        sha256.into_iter().map(|value| json!({"algorithm": "SHA-256", "value": value})).collect();
    let mut link = json!({"href": path});
    if !hashes.is_empty() {
        link["hashes"] = json!(hashes);
    }
    json!({"uuid": uuid, "title": title, "rlinks": [link]})
}

/// Facts as properties: each value one line, without space at its ends, and not empty.
fn props(facts: &[Fact]) -> Vec<Value> {
    let prop = |(name, value): &Fact| {
        let line = inert(value.trim());
        (!line.is_empty()).then(|| json!({"name": name, "ns": NAMESPACE, "value": line}))
    };
    facts.iter().filter_map(prop).collect()
}
