//! SARIF 2.1.0: a rule and a result for each criterion. Only what is contradicted has kind *fail* and a level; what is
//! open says so, and is no pass.

use plimsoll_evidence::{JudgedCriterion, Outcome, Severity};
use serde_json::{Value, json};

use super::claim::{Claim, Standing, certificate_facts, properties};
use super::uuid;
use crate::intact::{Intact, conclusion};

const SCHEMA: &str =
    "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json";

/// What paths of statements are relative to.
const BASE: &str = "CERTIFICATE";

pub(super) fn render(intact: &Intact<'_>) -> Value {
    let claims = Claim::all(intact);
    let results = claims.iter().enumerate().map(|(index, claim)| result(intact, index, claim));
    let run = json!({
        "tool": {"driver": {
            "name": "Plimsoll",
            "rules": claims.iter().map(rule).collect::<Vec<_>>(),
        }},
        "automationDetails": {
            "id": format!("{}/{}/", intact.certificate.subject.name, intact.certificate.level),
            "guid": uuid::of(intact.payload, "sarif"),
        },
        "invocations": [invocation(intact)],
        "originalUriBaseIds": {BASE: {"description": {"text": "the folder of the certificate"}}},
        "artifacts": claims.iter().map(|claim| artifact(intact, claim)).collect::<Vec<_>>(),
        "results": results.collect::<Vec<_>>(),
        "properties": properties(&certificate_facts(intact)),
    });
    json!({"$schema": SCHEMA, "version": "2.1.0", "runs": [run]})
}

fn invocation(intact: &Intact<'_>) -> Value {
    let is_trusted = matches!(intact.report.outcome, Outcome::Valid | Outcome::ValidDemo);
    let level = if is_trusted { "note" } else { "warning" };
    json!({
        "executionSuccessful": true,
        "startTimeUtc": intact.certificate.measured_from,
        "endTimeUtc": intact.certificate.measured_until,
        "toolExecutionNotifications": [
            {"level": level, "message": message(&format!("verification: {}", conclusion(intact.report)))},
        ],
    })
}

fn rule(claim: &Claim<'_>) -> Value {
    let mut properties = json!({
        "domain": claim.domain(),
        "limit": claim.limit(),
        "severity": claim.severity().name(),
        "mappings": claim.mappings(),
    });
    if let Some((probe, rule)) = claim.check() {
        properties["probe"] = json!(probe);
        properties["rule"] = json!(rule);
    }
    json!({
        "id": claim.id(),
        "shortDescription": message(claim.statement()),
        "defaultConfiguration": {"level": level(claim.severity())},
        "properties": properties,
    })
}

/// How a broken criterion weighs.
fn level(severity: Severity) -> &'static str {
    match severity {
        Severity::Blocking => "error",
        Severity::Conditional => "warning",
        Severity::Advisory => "note",
    }
}

fn artifact(intact: &Intact<'_>, claim: &Claim<'_>) -> Value {
    let path = claim.path(intact);
    let listed = intact.certificate.files.iter().find(|file| file.path == path);
    let hashes = listed.map(|file| json!({"sha-256": file.sha256}));
    json!({"location": {"uri": path, "uriBaseId": BASE}, "hashes": hashes.unwrap_or_else(|| json!({}))})
}

fn result(intact: &Intact<'_>, index: usize, claim: &Claim<'_>) -> Value {
    let (kind, level) = match claim.standing {
        Standing::Proven => ("pass", "none"),
        Standing::Contradicted => ("fail", level(claim.severity())),
        Standing::Open | Standing::Broken => ("open", "none"),
        Standing::Told => ("informational", "none"),
        Standing::NotApplicable => ("notApplicable", "none"),
    };
    let mut properties = properties(&claim.facts());
    if let Some(judged) = claim.measured() {
        properties.insert("exact".into(), exact(judged));
    }
    let place = json!({"uri": claim.path(intact), "uriBaseId": BASE, "index": index});
    let name = format!("{}/{}/{}", intact.certificate.subject.name, intact.certificate.level, claim.id());
    json!({
        "ruleId": claim.id(),
        "ruleIndex": index,
        "kind": kind,
        "level": level,
        "message": message(&claim.reason()),
        "guid": uuid::of(intact.payload, &format!("sarif:{}", claim.id())),
        "partialFingerprints": {"criterion/v1": name},
        "locations": [{"physicalLocation": {"artifactLocation": place}}],
        "properties": properties,
    })
}

/// The numbers from which the words were made.
fn exact(judged: &JudgedCriterion) -> Value {
    let (criterion, measurement) = (&judged.criterion, &judged.measurement);
    json!({
        "unit": measurement.unit.name(),
        "value": measurement.value,
        "lower": measurement.lower,
        "upper": measurement.upper,
        "limit": criterion.limit,
        "op": criterion.op,
    })
}

/// A plain message: braces would stand for arguments, and `](` makes a link.
fn message(text: &str) -> Value {
    json!({"text": text.replace('{', "{{").replace('}', "}}").replace("](", "] (")})
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_message_has_no_arguments_and_no_links() {
        assert_eq!(message("a {0} [b](http://c)"), json!({"text": "a {{0}} [b] (http://c)"}));
    }
}
