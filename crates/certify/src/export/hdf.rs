//! HDF results, version 3 (MITRE's Heimdall Data Format, schema `hdf-results`): a requirement for each criterion.

use plimsoll_evidence::Severity;
use serde_json::{Map, Value, json};

use super::claim::{Claim, Standing, certificate_facts, properties, signed_at};
use super::uuid;
use crate::intact::{Intact, conclusion};

const SUMMARY: &str = "Evidence of a Plimsoll certificate, criterion by criterion. It claims no compliance.";

pub(super) fn render(intact: &Intact<'_>) -> Value {
    let requirements = Claim::all(intact).iter().map(|claim| requirement(intact, claim)).collect::<Vec<_>>();
    json!({
        "id": uuid::of(intact.payload, "hdf"),
        "timestamp": signed_at(intact),
        "generator": {"name": "Plimsoll", "version": env!("CARGO_PKG_VERSION")},
        "components": [component(intact)],
        "baselines": [{
            "name": intact.certificate.level,
            "title": intact.profile.title,
            "version": intact.profile.version.to_string(),
            "summary": SUMMARY,
            "statusMessage": format!("verification: {}", conclusion(intact.report)),
            "requirements": requirements,
        }],
        "extensions": {"plimsoll": properties(&certificate_facts(intact))},
    })
}

/// The subject, with the digests that bind the certificate to it.
fn component(intact: &Intact<'_>) -> Value {
    let subject = &intact.certificate.subject;
    let digests = subject.resources.iter().flat_map(|resource| {
        let named = |(algorithm, value): (&String, &String)| {
            (resource.name.clone(), Value::from(format!("{algorithm}:{value}")))
        };
        resource.digest.iter().map(named)
    });
    json!({
        "type": "application",
        "name": subject.name,
        "version": subject.version,
        "externalIds": digests.collect::<Map<_, _>>(),
    })
}

fn requirement(intact: &Intact<'_>, claim: &Claim<'_>) -> Value {
    let criterion = &claim.judged.criterion;
    let (status, (impact, severity)) = (status(claim.standing), weight(criterion.severity));
    let check =
        format!("{} {}, rule {}", criterion.probe.name(), criterion.limit_text(), criterion.rule.name());
    json!({
        "id": criterion.id,
        "title": criterion.statement,
        "impact": impact,
        "severity": severity,
        "tags": {"plimsoll": properties(&claim.facts()), "mappings": criterion.mappings},
        "descriptions": [
            {"label": "default", "data": criterion.statement},
            {"label": "check", "data": check},
        ],
        "results": [{
            "status": status,
            "codeDesc": check,
            "startTime": intact.certificate.measured_from,
            "message": claim.reason(),
        }],
        "effectiveStatus": status,
    })
}

/// What is open was not reviewed, as far as HDF has a word for it.
fn status(standing: Standing) -> &'static str {
    match standing {
        Standing::Proven => "passed",
        Standing::Contradicted => "failed",
        Standing::Open => "notReviewed",
        Standing::NotApplicable => "notApplicable",
        Standing::Broken => "error",
    }
}

/// Impact, from 0 to 1, and the word for it.
fn weight(severity: Severity) -> (f64, &'static str) {
    match severity {
        Severity::Blocking => (0.7, "high"),
        Severity::Conditional => (0.5, "medium"),
        Severity::Advisory => (0.3, "low"),
    }
}
