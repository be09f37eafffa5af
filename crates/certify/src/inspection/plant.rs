//! What is done to a copy of files: something that is wrong, or the same with nothing wrong.

use std::path::Path;

use plimsoll_base::Utc;
use plimsoll_evidence::ImportFormat;
use serde_json::{Value, json};

use super::Looked;
use super::copy::write;
use super::place::{read, read_text};
use crate::error::Error;
use crate::files::Import;

/// What all that is planted is called.
const NAME: &str = "plimsoll-planted";
/// The file that is added where a probe reads several.
const ADDED: &str = "plimsoll-planted";

/// Adds components to the bill: one that is as it should be, and those that are not. With advisories one warns of each;
/// without any, their licence is one that nobody has accepted.
pub(super) fn component(looked: &mut Looked, to: &Path, defects: u64, at: Utc) -> Result<(), Error> {
    let Some(bill) = &mut looked.files.bill else { return Ok(()) };
    let document =
        read(&looked.root, &bill.path).ok().and_then(|bytes| serde_json::from_slice::<Value>(&bytes).ok());
    // What cannot be read is wrong without being touched.
    let Some(mut document) = document else { return Ok(()) };
    let accepted = bill.licences.first().cloned().unwrap_or_default();
    let licence = |number| match (number, &bill.advisories) {
        (0, _) | (_, Some(_)) => accepted.clone(),
        _ => "LicenseRef-Plimsoll-Planted".to_owned(),
    };
    let ecosystem = ("crates.io", "cargo");
    if let Some(list) = document.get_mut("components").and_then(Value::as_array_mut) {
        list.extend((0..=defects).map(|number| listed(number, &licence(number), ecosystem.1)));
    }
    write(&looked.root.join(&bill.path), document.to_string().as_bytes())?;
    if let Some(given) = &mut bill.advisories {
        let folder = to.join("advisories");
        for number in 0..=defects {
            // The first is fixed in the version that is listed.
            let advisory = advisory(number, if number == 0 { "1.0.0" } else { "2.0.0" }, ecosystem.0, at);
            write(&folder.join(format!("{number}.json")), advisory.to_string().as_bytes())?;
        }
        given.folders.push(folder);
    }
    Ok(())
}

fn listed(number: u64, licence: &str, kind: &str) -> Value {
    json!({
        "type": "library", "name": format!("{NAME}-{number}"), "version": "1.0.0",
        "purl": format!("pkg:{kind}/{NAME}-{number}@1.0.0"),
        "hashes": [{ "alg": "SHA-256", "content": "00".repeat(32) }],
        "licenses": [{ "license": { "name": licence } }],
    })
}

fn advisory(number: u64, fixed: &str, ecosystem: &str, at: Utc) -> Value {
    json!({
        "id": format!("PLIMSOLL-{number}"), "modified": at,
        "affected": [{
            "package": { "ecosystem": ecosystem, "name": format!("{NAME}-{number}") },
            "ranges": [{ "type": "SEMVER", "events": [{ "introduced": "0" }, { "fixed": fixed }] }],
        }],
    })
}

/// Adds to the results of each tool a file of the same form, of today: with findings, or with a test that passes.
pub(super) fn finding(looked: &mut Looked, defects: u64, at: Utc) -> Result<(), Error> {
    let mut added: Vec<Import> = Vec::new();
    for import in &looked.files.imports {
        if added.iter().any(|other| other.format == import.format) {
            continue;
        }
        let path = format!("{ADDED}/{}", import.format.name());
        write(&looked.root.join(&path), result(import.format, defects, at).as_bytes())?;
        added.push(Import { path, ..import.clone() });
    }
    looked.files.imports.extend(added);
    Ok(())
}

/// A result in a form, with one thing that is good and so many that are critical.
fn result(format: ImportFormat, defects: u64, at: Utc) -> String {
    let each =
        |one: &dyn Fn(u64) -> String, between: &str| (0..defects).map(one).collect::<Vec<_>>().join(between);
    match format {
        ImportFormat::Junit => format!(
            "<testsuite name=\"{NAME}\" timestamp=\"{at}\"><testcase name=\"good\"/>{}</testsuite>",
            each(&|n| format!("<testcase name=\"bad-{n}\"><failure message=\"planted\"/></testcase>"), "")
        ),
        ImportFormat::Xccdf => format!(
            "<TestResult id=\"{NAME}\" end-time=\"{at}\"><rule-result idref=\"good\"><result>pass</result></rule-result>{}\
             </TestResult>",
            each(
                &|n| format!(
                    "<rule-result idref=\"bad-{n}\" severity=\"high\"><result>fail</result></rule-result>"
                ),
                ""
            )
        ),
        ImportFormat::Sarif => format!(
            "{{\"version\":\"2.1.0\",\"runs\":[{{\"invocations\":[{{\"executionSuccessful\":true,\"endTimeUtc\":\"{at}\"}}],\
             \"tool\":{{\"driver\":{{\"name\":\"{NAME}\",\"rules\":[{{\"id\":\"r\",\"properties\":{{\
             \"security-severity\":\"9.9\"}}}}]}}}},\"results\":[{}]}}]}}",
            each(
                &|n| format!("{{\"ruleId\":\"r\",\"level\":\"error\",\"message\":{{\"text\":\"bad-{n}\"}}}}"),
                ","
            )
        ),
        ImportFormat::Trivy => format!(
            "{{\"SchemaVersion\":2,\"CreatedAt\":\"{at}\",\"Results\":[{{\"Target\":\"{NAME}\",\"Vulnerabilities\":[{}]}}]}}",
            each(&|n| format!("{{\"VulnerabilityID\":\"bad-{n}\",\"Severity\":\"CRITICAL\"}}"), ",")
        ),
        ImportFormat::Inspec => format!(
            "{{\"profiles\":[{{\"controls\":[{{\"id\":\"good\",\"impact\":1.0,\"results\":[{{\"status\":\"passed\",\
             \"start_time\":\"{at}\"}}]}}{}]}}]}}",
            each(
                &|n| format!(
                    ",{{\"id\":\"bad-{n}\",\"impact\":1.0,\"results\":[{{\"status\":\"failed\",\"start_time\":\"{at}\"}}]}}"
                ),
                ""
            )
        ),
    }
}

/// Adds a file of rules: with an alert that leads to a runbook, and with those that lead nowhere.
pub(super) fn alert(looked: &mut Looked, defects: u64) -> Result<(), Error> {
    let (rules, runbook) = (format!("{ADDED}/rules.yml"), format!("{ADDED}/runbook.md"));
    let good =
        format!("  - alert: Good\n    expr: up == 0\n    annotations:\n      runbook_url: {runbook}#good\n");
    let orphans = (0..defects).map(|number| format!("  - alert: Orphan{number}\n    expr: up == 0\n"));
    let text = format!("groups:\n- name: {NAME}\n  rules:\n{good}{}", orphans.collect::<String>());
    write(&looked.root.join(&rules), text.as_bytes())?;
    write(&looked.root.join(&runbook), b"# Good\n\n1. Look at it.\n")?;
    looked.files.alerts.push(rules);
    Ok(())
}

/// Adds links to the first document in Markdown, or else to the first: to a file that is there, and to those that are not.
pub(super) fn link(looked: &Looked, defects: u64) -> Result<(), Error> {
    let documents = &looked.files.documents;
    let named = documents.iter().find(|path| path.to_lowercase().ends_with(".md")).or(documents.first());
    let Some(path) = named else { return Ok(()) };
    let text = read_text(&looked.root, path).unwrap_or_default();
    let links = (0..defects).map(|number| format!("[bad](/{ADDED}/none-{number}.md)\n"));
    let links = links.collect::<String>();
    write(&looked.root.join(ADDED).join("good.md"), b"# Good\n")?;
    write(&looked.root.join(path), format!("{text}\n\n[good](/{ADDED}/good.md#good)\n{links}").as_bytes())
}

#[cfg(test)]
mod tests;
