//! SARIF, Trivy and InSpec.

use plimsoll_evidence::Gravity;
use serde_json::Value;

use super::Parsed;
use crate::inspection::place::time;

/// A whole document: serde_json refuses what is nested deeper than 128.
pub(super) fn document(bytes: &[u8]) -> Result<Value, String> {
    serde_json::from_slice(bytes).map_err(|error| format!("it is not JSON: {error}"))
}

fn list<'a>(value: &'a Value, at: &str) -> &'a [Value] {
    value.pointer(at).and_then(Value::as_array).map(Vec::as_slice).unwrap_or_default()
}

fn text<'a>(value: &'a Value, at: &str) -> Option<&'a str> {
    value.pointer(at).and_then(Value::as_str)
}

/// SARIF 2.1.0. What was examined are the rules that it names, the files that it names, and its results.
pub(super) fn sarif(document: &Value) -> Result<Parsed, String> {
    if text(document, "/version") != Some("2.1.0") {
        return Err("it is not SARIF 2.1.0".into());
    }
    let mut parsed = Parsed::default();
    let runs = document.get("runs").and_then(Value::as_array).ok_or("it has no runs")?;
    for run in runs {
        for invocation in list(run, "/invocations") {
            if invocation.get("executionSuccessful") == Some(&Value::Bool(false)) {
                return Err("the tool says that it failed".into());
            }
            parsed.measured_at(text(invocation, "/endTimeUtc").and_then(time));
        }
        let of = list(run, "/versionControlProvenance").iter().find_map(|one| text(one, "/revisionId"));
        parsed.of = parsed.of.or_else(|| of.map(str::to_owned));
        let extensions = list(run, "/tool/extensions").iter().flat_map(|extension| list(extension, "/rules"));
        let rules: Vec<&Value> = list(run, "/tool/driver/rules").iter().chain(extensions).collect();
        // Bandit names no rule that found nothing, but the files that it read.
        let metrics = run.pointer("/properties/metrics").and_then(Value::as_object);
        let files = metrics.map_or(0, |metrics| metrics.keys().filter(|key| *key != "_totals").count());
        let results = list(run, "/results");
        let examined = [rules.len(), files, list(run, "/artifacts").len(), results.len()];
        parsed.examined += examined.into_iter().max().unwrap_or(0) as u64;
        for result in results.iter().filter(|result| is_finding(result)) {
            let id = text(result, "/ruleId").or_else(|| text(result, "/rule/id"));
            let rule = rules.iter().copied().find(|rule| text(rule, "/id") == id);
            let place = text(result, "/locations/0/physicalLocation/artifactLocation/uri").unwrap_or("-");
            let line =
                result.pointer("/locations/0/physicalLocation/region/startLine").and_then(Value::as_u64);
            let place = line.map_or_else(|| place.to_owned(), |line| format!("{place}:{line}"));
            parsed.found(sarif_gravity(result, rule), id.unwrap_or("-"), &place);
        }
    }
    Ok(parsed)
}

/// A result that says something is wrong, and that nobody has accepted.
fn is_finding(result: &Value) -> bool {
    let kind = text(result, "/kind").unwrap_or("fail");
    let accepted = list(result, "/suppressions")
        .iter()
        .any(|one| matches!(text(one, "/status"), None | Some("accepted")));
    kind == "fail" && !accepted && text(result, "/baselineState") != Some("absent")
}

/// A score of CVSS where the rule has one, else the level: error, warning (which it is where nothing is said), note, none.
fn sarif_gravity(result: &Value, rule: Option<&Value>) -> Gravity {
    let of_rule = |at: &str| rule.and_then(|rule| text(rule, at));
    let score = of_rule("/properties/security-severity").and_then(|score| score.parse::<f64>().ok());
    if let Some(score) = score {
        return of_score(score);
    }
    match text(result, "/level").or_else(|| of_rule("/defaultConfiguration/level")) {
        Some("error") => Gravity::High,
        Some("note" | "none") => Gravity::Note,
        _ => Gravity::Medium,
    }
}

/// The qualitative scale of CVSS 3.1.
fn of_score(score: f64) -> Gravity {
    match score {
        score if score >= 9.0 => Gravity::Critical,
        score if score >= 7.0 => Gravity::High,
        score if score >= 4.0 => Gravity::Medium,
        score if score > 0.0 => Gravity::Low,
        _ => Gravity::Note,
    }
}

/// Trivy's schema 2. What was examined are its targets.
pub(super) fn trivy(document: &Value) -> Result<Parsed, String> {
    if document.get("SchemaVersion").and_then(Value::as_u64) != Some(2) {
        return Err("it is not Trivy's schema 2".into());
    }
    let places = ["/Metadata/CommitHash", "/Metadata/RepoDigests/0", "/Metadata/ImageID"];
    let mut parsed = Parsed {
        measured: text(document, "/CreatedAt").and_then(time),
        of: places.iter().find_map(|at| text(document, at)).map(str::to_owned),
        ..Parsed::default()
    };
    for target in list(document, "/Results") {
        parsed.examined += 1;
        let name = text(target, "/Target").unwrap_or("-");
        for one in list(target, "/Vulnerabilities") {
            let package = text(one, "/PkgName").unwrap_or("-");
            let version = text(one, "/InstalledVersion").unwrap_or("-");
            let id = text(one, "/VulnerabilityID").unwrap_or("-");
            parsed.found(of_word(text(one, "/Severity")), id, &format!("{name}: {package} {version}"));
        }
        let failed = |one: &&Value| text(one, "/Status") != Some("PASS");
        for one in list(target, "/Misconfigurations").iter().filter(failed) {
            parsed.found(of_word(text(one, "/Severity")), text(one, "/ID").unwrap_or("-"), name);
        }
        for one in list(target, "/Secrets") {
            parsed.found(of_word(text(one, "/Severity")), text(one, "/RuleID").unwrap_or("-"), name);
        }
        for one in list(target, "/Licenses") {
            parsed.found(of_word(text(one, "/Severity")), text(one, "/Name").unwrap_or("-"), name);
        }
    }
    Ok(parsed)
}

/// What nobody has weighed may weigh much: it is taken for medium.
fn of_word(word: Option<&str>) -> Gravity {
    match word.map(str::to_ascii_lowercase).as_deref() {
        Some("critical") => Gravity::Critical,
        Some("high") => Gravity::High,
        Some("low") => Gravity::Low,
        Some("none" | "info" | "negligible") => Gravity::Note,
        _ => Gravity::Medium,
    }
}

/// InSpec's JSON. What was examined are results that are not skipped.
pub(super) fn inspec(document: &Value) -> Result<Parsed, String> {
    let profiles =
        document.get("profiles").and_then(Value::as_array).ok_or("it has no profiles of InSpec")?;
    let mut parsed = Parsed::default();
    for control in profiles.iter().flat_map(|profile| list(profile, "/controls")) {
        let id = text(control, "/id").unwrap_or("-");
        let gravity = control.get("impact").and_then(Value::as_f64).map_or(Gravity::Medium, of_impact);
        for result in list(control, "/results") {
            parsed.measured_at(text(result, "/start_time").and_then(time));
            match text(result, "/status") {
                Some("skipped") => {}
                Some("passed") => parsed.examined += 1,
                _ => {
                    parsed.examined += 1;
                    parsed.found(gravity, id, text(result, "/code_desc").unwrap_or("-"));
                }
            }
        }
    }
    Ok(parsed)
}

/// InSpec's own scale of impacts.
fn of_impact(impact: f64) -> Gravity {
    match impact {
        impact if impact >= 0.9 => Gravity::Critical,
        impact if impact >= 0.7 => Gravity::High,
        impact if impact >= 0.4 => Gravity::Medium,
        impact if impact >= 0.01 => Gravity::Low,
        _ => Gravity::Note,
    }
}
