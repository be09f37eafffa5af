//! A bill of materials in CycloneDX, held against the subject's artefacts and a folder of advisories.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use plimsoll_base::Utc;
use plimsoll_evidence::{
    AdvisedEcosystem, Advisory, AdvisoryBase, Bill, BilledArtifact, Component, Package, VersionRange,
};
use plimsoll_proof::Digest;
use serde_json::Value;

use super::place::{read, time};
use super::walk::walk_up_to;
use super::{Looked, short};
use crate::error::Error;
use crate::files::BillFile;
use crate::stop::Stop;

/// The versions of CycloneDX that are read.
const SPEC_VERSIONS: [&str; 4] = ["1.4", "1.5", "1.6", "1.7"];
/// No service has more components.
const COMPONENTS_MAX: usize = 20_000;
/// The advisories of the largest ecosystem are some 200,000.
const ADVISORIES_MAX: usize = 500_000;
/// Of how many packages of the bill advisories are kept; more make no document.
const KEPT_MAX: usize = 5_000;
/// The property in which a component says why it has no digest.
const NO_HASH: &str = "plimsoll:no-hash";

/// Reads the bill and what it is held against.
pub(super) fn bill(looked: &Looked, named: &BillFile, stop: Stop<'_>) -> Result<Bill, Error> {
    let mut bill = Bill {
        path: named.path.clone(),
        problem: None,
        sha256: None,
        licences: named.licences.clone(),
        artifacts: Vec::new(),
        components: Vec::new(),
        advisories: None,
    };
    let listed = read(&looked.root, &named.path).and_then(|bytes| {
        bill.sha256 = Some(Digest::of(&bytes));
        components(&bytes)
    });
    let listed = match listed {
        Ok(listed) => listed,
        Err(problem) => {
            bill.problem = Some(problem);
            return Ok(bill);
        }
    };
    for path in &looked.artifacts {
        bill.artifacts.push(artifact(path, &listed)?);
    }
    bill.components = listed.iter().filter(|one| !one.is_file).map(|one| one.component.clone()).collect();
    if let Some(given) = &named.advisories {
        bill.advisories = Some(advisories(&given.folders, given.max_age_s, &bill.components, stop)?);
    }
    Ok(bill)
}

/// A component as it is listed, and its SHA-256.
struct Listed {
    component: Component,
    sha256: Vec<String>,
    /// Whether it is a file, of which nothing but the digest is asked.
    is_file: bool,
}

/// All that a bill lists, however deep, and what it is of.
fn components(bytes: &[u8]) -> Result<Vec<Listed>, String> {
    let document: Value =
        serde_json::from_slice(bytes).map_err(|error| format!("it is not JSON: {error}"))?;
    let text = |key: &str| document.get(key).and_then(Value::as_str).unwrap_or_default();
    if text("bomFormat") != "CycloneDX" {
        return Err("it is not CycloneDX".into());
    }
    if !SPEC_VERSIONS.contains(&text("specVersion")) {
        return Err(format!("its version of CycloneDX is none of {}", SPEC_VERSIONS.join(", ")));
    }
    let mut found = Vec::new();
    // What the bill is of has a digest, and is no part of itself.
    if let Some(whole) = document.pointer("/metadata/component") {
        found.push(Listed { is_file: true, ..listed(whole)? });
    }
    let list = document.get("components").map_or(Ok(&[][..]), |list| {
        list.as_array().map(Vec::as_slice).ok_or("its `components` is no list")
    })?;
    // serde_json refuses what is nested deeper than 128, so that this ends.
    let mut waiting: Vec<&Value> = list.iter().rev().collect();
    while let Some(value) = waiting.pop() {
        if found.len() > COMPONENTS_MAX {
            return Err(format!("it lists more than {COMPONENTS_MAX} components"));
        }
        found.push(listed(value)?);
        waiting.extend(value.get("components").and_then(Value::as_array).into_iter().flatten());
    }
    Ok(found)
}

fn listed(value: &Value) -> Result<Listed, String> {
    let text = |key: &str| value.get(key).and_then(Value::as_str).map(short);
    let list = |key: &str| value.get(key).and_then(Value::as_array).map(Vec::as_slice).unwrap_or_default();
    let name = text("name").ok_or("it lists a component without a name")?;
    let hash = |hash: &Value, key: &str| hash.get(key).and_then(Value::as_str).map(short);
    let is_sha256 = |value: &&Value| hash(value, "alg").as_deref() == Some("SHA-256");
    let reason = |property: &&Value| property.get("name").and_then(Value::as_str) == Some(NO_HASH);
    let licence = |licence: &Value| {
        let inner = licence.get("license").unwrap_or(licence);
        ["expression", "id", "name"].iter().find_map(|key| inner.get(key).and_then(Value::as_str)).map(short)
    };
    let component = Component {
        name: text("group").map_or(name.clone(), |group| format!("{group}/{name}")),
        version: text("version"),
        purl: text("purl"),
        hashes: list("hashes").iter().filter(|one| hash(one, "content").is_some()).count() as u64,
        no_hash: list("properties").iter().find(reason).and_then(|property| hash(property, "value")),
        licences: list("licenses").iter().filter_map(licence).collect(),
    };
    let sha256 = list("hashes").iter().filter(is_sha256).filter_map(|one| hash(one, "content")).collect();
    Ok(Listed { component, sha256, is_file: text("type").as_deref() == Some("file") })
}

fn artifact(path: &Path, listed: &[Listed]) -> Result<BilledArtifact, Error> {
    let name = path.file_name().map_or_else(String::new, |name| name.to_string_lossy().into_owned());
    let bytes = std::fs::read(path).map_err(Error::io("reading", path))?;
    let is_it =
        |one: &&Listed| one.component.name == name || one.component.name.ends_with(&format!("/{name}"));
    let billed = listed.iter().filter(is_it).flat_map(|one| one.sha256.clone()).collect();
    Ok(BilledArtifact { name, sha256: Digest::of(&bytes), billed })
}

/// Reads every advisory, and keeps those of packages that the bill has.
fn advisories(
    folders: &[PathBuf],
    max_age_s: u64,
    components: &[Component],
    stop: Stop<'_>,
) -> Result<AdvisoryBase, Error> {
    let mut wanted: BTreeMap<Package, BTreeSet<String>> = BTreeMap::new();
    for component in components {
        if let Some(package) = component.purl.as_deref().and_then(Package::of_purl) {
            wanted.entry(package).or_default().extend(component.version.clone());
        }
    }
    let mut reading = Reading { wanted, ..Reading::default() };
    for folder in folders {
        let walked = walk_up_to(folder, ADVISORIES_MAX)?;
        reading.unreadable += u64::from(!walked.is_whole);
        for path in walked.files.iter().filter(|path| path.ends_with(".json")) {
            stop.check()?;
            let read = read(folder, path).ok().and_then(|bytes| serde_json::from_slice::<Value>(&bytes).ok());
            if read.and_then(|advisory| reading.take(&advisory)).is_none() {
                reading.unreadable += 1;
            }
        }
    }
    let ecosystems = reading
        .ecosystems
        .into_iter()
        .map(|(ecosystem, (advisories, newest))| AdvisedEcosystem { ecosystem, advisories, newest });
    reading.kept.sort_by(|left, right| (&left.package, &left.id).cmp(&(&right.package, &right.id)));
    if reading.kept.len() > KEPT_MAX {
        reading.unreadable += 1;
        reading.kept.truncate(KEPT_MAX);
    }
    Ok(AdvisoryBase {
        max_age_s,
        unreadable: reading.unreadable,
        ecosystems: ecosystems.collect(),
        advisories: reading.kept,
    })
}

#[derive(Default)]
struct Reading {
    /// Packages of the bill, with its versions of them.
    wanted: BTreeMap<Package, BTreeSet<String>>,
    unreadable: u64,
    /// How many speak of an ecosystem, and when the newest was changed.
    ecosystems: BTreeMap<String, (u64, Utc)>,
    kept: Vec<Advisory>,
}

impl Reading {
    /// Takes one advisory; `None` if it cannot be read.
    fn take(&mut self, advisory: &Value) -> Option<()> {
        let id = short(advisory.get("id")?.as_str()?);
        let modified = time(advisory.get("modified")?.as_str()?)?;
        let is_withdrawn = advisory.get("withdrawn").is_some_and(Value::is_string);
        let mut spoken = BTreeSet::new();
        for affected in advisory.get("affected").and_then(Value::as_array).into_iter().flatten() {
            // Some speak of commits alone.
            let Some(package) = affected.get("package") else { continue };
            let ecosystem = package.get("ecosystem")?.as_str()?;
            let package = Package::normal(ecosystem, package.get("name")?.as_str()?);
            spoken.insert(ecosystem.to_owned());
            if let Some(versions) = self.wanted.get(&package).filter(|_| !is_withdrawn) {
                self.kept.push(kept(&id, package, affected, versions)?);
            }
        }
        for ecosystem in spoken {
            let (count, newest) = self.ecosystems.entry(ecosystem).or_insert((0, modified));
            (*count, *newest) = (*count + 1, modified.max(*newest));
        }
        Some(())
    }
}

fn kept(id: &str, package: Package, affected: &Value, versions: &BTreeSet<String>) -> Option<Advisory> {
    let list =
        |value: &Value, key: &str| value.get(key).and_then(Value::as_array).cloned().unwrap_or_default();
    let event = |event: &Value| {
        let (kind, at) = event.as_object()?.iter().next()?;
        Some((short(kind), short(at.as_str()?)))
    };
    let range = |range: &Value| {
        let events = list(range, "events").iter().map(event).collect::<Option<_>>()?;
        Some(VersionRange { kind: short(range.get("type")?.as_str()?), events })
    };
    let listed = list(affected, "versions");
    let is_ours = |version: &&str| versions.contains(*version);
    Some(Advisory {
        id: id.to_owned(),
        package,
        ranges: list(affected, "ranges").iter().map(range).collect::<Option<_>>()?,
        listed: listed.len() as u64,
        versions: listed.iter().filter_map(Value::as_str).filter(is_ours).map(str::to_owned).collect(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    const BILL: &str = r#"{
        "bomFormat": "CycloneDX", "specVersion": "1.6",
        "metadata": { "component": { "type": "application", "name": "server", "version": "1",
            "hashes": [{ "alg": "SHA-256", "content": "aa" }] } },
        "components": [
            { "type": "library", "name": "left", "version": "1.2.3", "purl": "pkg:cargo/left@1.2.3",
              "hashes": [{ "alg": "SHA-512", "content": "bb" }], "licenses": [{ "expression": "MIT OR Apache-2.0" }],
              "components": [{ "type": "library", "group": "g", "name": "inner",
                "properties": [{ "name": "plimsoll:no-hash", "value": "built here" }],
                "licenses": [{ "license": { "id": "MIT" } }, { "license": { "name": "Own" } }] }] },
            { "type": "file", "name": "lib/server", "hashes": [{ "alg": "SHA-256", "content": "cc" }] }
        ] }"#;

    #[test]
    fn components_are_read_with_all_that_is_asked_of_them() {
        let listed = components(BILL.as_bytes()).unwrap();
        let names: Vec<(&str, bool)> =
            listed.iter().map(|one| (one.component.name.as_str(), one.is_file)).collect();
        assert_eq!(names, [("server", true), ("left", false), ("g/inner", false), ("lib/server", true)]);
        let (left, inner) = (&listed[1].component, &listed[2].component);
        assert_eq!((left.hashes, left.licences.as_slice()), (1, ["MIT OR Apache-2.0".to_owned()].as_slice()));
        assert_eq!((inner.hashes, inner.no_hash.as_deref()), (0, Some("built here")));
        assert_eq!(inner.licences, ["MIT", "Own"]);
        assert_eq!(inner.purl, None);
    }

    #[test]
    fn the_digests_of_an_artefact_are_those_of_its_name() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("server");
        std::fs::write(&path, "x").unwrap();
        let found = artifact(&path, &components(BILL.as_bytes()).unwrap()).unwrap();
        assert_eq!(found.billed, ["aa", "cc"]);
    }

    #[test]
    fn what_is_no_bill_says_so() {
        let deep = format!("{}{}", "[".repeat(100_000), "]".repeat(100_000));
        for (text, told) in [
            ("", "not JSON"),
            (deep.as_str(), "not JSON"),
            ("{}", "not CycloneDX"),
            (r#"{"bomFormat": "CycloneDX", "specVersion": "1.3"}"#, "version of CycloneDX"),
            (r#"{"bomFormat": "CycloneDX", "specVersion": "1.5", "components": {}}"#, "no list"),
            (r#"{"bomFormat": "CycloneDX", "specVersion": "1.5", "components": [{}]}"#, "without a name"),
        ] {
            let error = components(text.as_bytes()).err().unwrap();
            assert!(error.contains(told), "{error}");
        }
        let mojibake = components(&[b'{', 0xff, b'}']).err().unwrap();
        assert!(mojibake.contains("not JSON"));
    }

    /// Advisories as osv.dev exports them: one for a package of the bill, one for another, one withdrawn, one that is none.
    #[test]
    fn advisories_of_the_bills_packages_are_kept_and_all_are_counted() {
        let folder = tempfile::tempdir().unwrap();
        let advisory = |id: &str, name: &str, more: &str| {
            format!(
                r#"{{"id": "{id}", "modified": "2026-11-0{}T01:02:03.456Z", {more} "affected": [{{
                "package": {{ "ecosystem": "crates.io", "name": "{name}" }},
                "ranges": [{{ "type": "SEMVER", "events": [{{ "introduced": "0.0.0-0" }}, {{ "fixed": "1.3.0" }}] }}],
                "versions": ["1.2.3", "9.9.9"] }}]}}"#,
                id.len()
            )
        };
        for (file, text) in [
            ("a.json", advisory("R-1", "left", "")),
            ("b.json", advisory("R-22", "right", "")),
            ("c.json", advisory("R-333", "left", r#""withdrawn": "2026-11-01T00:00:00Z","#)),
            ("d.json", "{}".to_owned()),
            ("README.md", "no advisory".to_owned()),
        ] {
            std::fs::write(folder.path().join(file), text).unwrap();
        }
        let listed: Vec<Component> =
            components(BILL.as_bytes()).unwrap().into_iter().map(|one| one.component).collect();
        let stop = std::sync::atomic::AtomicBool::new(false);
        let base = advisories(&[folder.path().to_owned()], 60, &listed, Stop(&stop)).unwrap();
        assert_eq!((base.unreadable, base.ecosystems[0].advisories), (1, 3));
        assert_eq!(base.ecosystems[0].newest.to_string(), "2026-11-05T01:02:03Z");
        let ids: Vec<&str> = base.advisories.iter().map(|advisory| advisory.id.as_str()).collect();
        assert_eq!(ids, ["R-1"]);
        assert_eq!(
            (base.advisories[0].listed, base.advisories[0].versions.as_slice()),
            (2, ["1.2.3".to_owned()].as_slice())
        );
        assert_eq!(base.advisories[0].ranges[0].events.len(), 2);
    }
}
