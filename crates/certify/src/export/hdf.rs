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
    let (status, (impact, severity)) = (status(claim.standing), weight(claim.severity()));
    let check = match claim.check() {
        Some((probe, rule)) => format!("{probe} {}, rule {rule}", claim.limit()),
        None => format!("no probe; asked for: {}", claim.limit()),
    };
    json!({
        "id": claim.id(),
        "title": claim.statement(),
        "impact": impact,
        "severity": severity,
        "tags": {"plimsoll": properties(&claim.facts()), "mappings": claim.mappings()},
        "descriptions": [
            {"label": "default", "data": claim.statement()},
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
        Standing::Open | Standing::Told => "notReviewed",
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
