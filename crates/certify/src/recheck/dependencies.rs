//! What the subject is built from, as its lock files tell: sets of packages, then and now.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;

use super::certified::Certified;
use super::present::Present;
use super::{Row, Trigger, all_stale, counted, some_of};

/// Bytes of a file then and now; absent where there was or is none.
type ThenAndNow = (Option<Vec<u8>>, Option<Vec<u8>>);

/// The lock files of a repository.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Locks {
    /// How many there are, or were.
    pub(super) known: usize,
    /// Those whose bytes differ.
    pub(super) differing: BTreeMap<String, ThenAndNow>,
}

/// Packages, each as name, version and what binds its content.
type Packages = BTreeSet<String>;

/// Reads the packages of one format.
type Reader = fn(&str) -> Option<Packages>;

/// How a file's packages are read, by its name.
fn reader(path: &str) -> Option<Reader> {
    let name = path.rsplit('/').next().unwrap_or(path);
    let is_requirements = name.starts_with("requirements") && name.ends_with(".txt");
    match name {
        "Cargo.lock" => Some(cargo),
        "package-lock.json" | "npm-shrinkwrap.json" => Some(npm),
        "go.sum" => Some(lines),
        "bom.json" => Some(cyclone_dx),
        _ if is_requirements => Some(lines),
        _ if name.ends_with(".cdx.json") => Some(cyclone_dx),
        _ => None,
    }
}

pub(super) fn is_lock_file(path: &str) -> bool {
    reader(path).is_some()
}

/// The sets of packages then and now.
pub(super) fn row(certified: &Certified<'_>, present: &Present) -> Row {
    let locks = match &present.repository {
        _ if certified.commit().is_none() => {
            return Row::not_known(Trigger::Dependencies, "the certificate names no commit");
        }
        Ok(repository) => &repository.locks,
        Err(why) => {
            let stale = all_stale(certified, "nothing tells from what it is built");
            return Row::missing(Trigger::Dependencies, why.clone(), stale);
        }
    };
    if locks.known == 0 {
        return Row::not_known(
            Trigger::Dependencies,
            "the repository has no lock file and no bill of materials",
        );
    }
    let mut differences = Vec::new();
    for (path, (before, now)) in &locks.differing {
        let (Some(before), Some(now)) = (packages(path, before.as_deref()), packages(path, now.as_deref()))
        else {
            let stale = all_stale(certified, "nothing tells from what it is built");
            return Row::missing(
                Trigger::Dependencies,
                format!("{path} cannot be read as what it is"),
                stale,
            );
        };
        differences.extend(now.difference(&before).map(|package| format!("+ {package}")));
        differences.extend(before.difference(&now).map(|package| format!("- {package}")));
    }
    if differences.is_empty() {
        let compared = format!("the same packages in {}", counted(locks.known, "file"));
        return Row::unchanged(Trigger::Dependencies, compared);
    }
    let compared = format!("{}: {}", counted(differences.len(), "difference"), some_of(&differences));
    Row::changed(Trigger::Dependencies, compared, all_stale(certified, "a dependency has changed"))
}

/// The packages of a file; none of a file that is not there.
fn packages(path: &str, bytes: Option<&[u8]>) -> Option<Packages> {
    let Some(bytes) = bytes else { return Some(Packages::new()) };
    reader(path)?(std::str::from_utf8(bytes).ok()?)
}

fn cargo(text: &str) -> Option<Packages> {
    let file: toml::Table = toml::from_str(text).ok()?;
    let packages = file.get("package").map_or(Some(&[][..]), |list| list.as_array().map(Vec::as_slice))?;
    let of = |package: &toml::Value| {
        let field = |key| package.get(key).and_then(toml::Value::as_str);
        let bound = field("checksum").or(field("source")).unwrap_or_default();
        Some(format!("{} {} {bound}", field("name")?, field("version")?).trim_end().to_owned())
    };
    packages.iter().map(of).collect()
}

fn npm(text: &str) -> Option<Packages> {
    let file: Value = serde_json::from_str(text).ok()?;
    // Versions 2 and 3 list every package by its place; version 1 nests them.
    let (key, nested) =
        if file.get("packages").is_some() { ("packages", false) } else { ("dependencies", true) };
    let mut found = Packages::new();
    collect_npm(file.get(key).unwrap_or(&Value::Null), nested, "", &mut found).then_some(found)
}

/// Whether every package could be read.
fn collect_npm(list: &Value, nested: bool, prefix: &str, found: &mut Packages) -> bool {
    let Some(list) = list.as_object() else { return list.is_null() };
    list.iter().all(|(place, package)| {
        // The first is the project itself.
        if place.is_empty() {
            return true;
        }
        let field = |key: &str| package.get(key).and_then(Value::as_str);
        let place = format!("{prefix}{place}");
        let bound = field("integrity").or(field("resolved")).unwrap_or_default();
        found.insert(
            format!("{place} {} {bound}", field("version").unwrap_or_default()).trim_end().to_owned(),
        );
        let below = package.get("dependencies").filter(|_| nested).unwrap_or(&Value::Null);
        collect_npm(below, nested, &format!("{place}/"), found)
    })
}

/// Each line is one; what begins with `#` says nothing.
fn lines(text: &str) -> Option<Packages> {
    let whole = text.replace("\\\n", " ");
    let said = whole.lines().map(str::trim).filter(|line| !line.is_empty() && !line.starts_with('#'));
    Some(said.map(|line| line.split_whitespace().collect::<Vec<_>>().join(" ")).collect())
}

fn cyclone_dx(text: &str) -> Option<Packages> {
    let file: Value = serde_json::from_str(text).ok()?;
    if file.get("bomFormat").and_then(Value::as_str) != Some("CycloneDX") {
        return None;
    }
    let components =
        file.get("components").map_or(Some(&[][..]), |list| list.as_array().map(Vec::as_slice))?;
    let of = |component: &Value| {
        let field = |key: &str| component.get(key).and_then(Value::as_str).unwrap_or_default();
        let hashes = component.get("hashes").map_or_else(String::new, Value::to_string);
        format!("{} {} {} {hashes}", field("name"), field("version"), field("purl")).trim_end().to_owned()
    };
    Some(components.iter().map(of).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn count(path: &str, text: &str) -> Option<usize> {
        packages(path, Some(text.as_bytes())).map(|packages| packages.len())
    }

    #[test]
    fn packages_are_read_of_every_format() {
        let cargo = "version = 4\n[[package]]\nname = \"a\"\nversion = \"1\"\n[[package]]\nname = \"b\"\nversion = \"2\"\n";
        assert_eq!(count("x/Cargo.lock", cargo), Some(2));
        let npm =
            r#"{"packages":{"":{"name":"me"},"node_modules/a":{"version":"1","integrity":"sha512-x"}}}"#;
        assert_eq!(count("package-lock.json", npm), Some(1));
        let old = r#"{"dependencies":{"a":{"version":"1","dependencies":{"b":{"version":"2"}}}}}"#;
        assert_eq!(count("package-lock.json", old), Some(2));
        assert_eq!(count("requirements-dev.txt", "# all\na==1 \\\n  --hash=sha256:0\n\nb>=2\n"), Some(2));
        assert_eq!(count("go.sum", "a v1 h1:x=\na v1/go.mod h1:y=\n"), Some(2));
        let bom = r#"{"bomFormat":"CycloneDX","components":[{"name":"a","version":"1"},{"name":"b"}]}"#;
        assert_eq!((count("bom.json", bom), count("app.cdx.json", bom)), (Some(2), Some(2)));
    }

    #[test]
    fn a_package_with_another_content_is_another_one() {
        let lock = |checksum: &str| {
            format!("[[package]]\nname = \"a\"\nversion = \"1\"\nchecksum = \"{checksum}\"\n")
        };
        assert_ne!(
            packages("Cargo.lock", Some(lock("1").as_bytes())),
            packages("Cargo.lock", Some(lock("2").as_bytes()))
        );
    }

    #[test]
    fn what_is_not_of_the_format_is_not_read_as_empty() {
        for (path, text) in [
            ("Cargo.lock", "[[package"),
            ("Cargo.lock", "package = 3"),
            ("Cargo.lock", "[[package]]\nname = \"a\"\n"),
            ("package-lock.json", "[1"),
            ("package-lock.json", r#"{"packages":3}"#),
            ("bom.json", "{}"),
            ("bom.json", r#"{"bomFormat":"CycloneDX","components":1}"#),
            ("main.rs", "fn main() {}"),
        ] {
            assert_eq!(count(path, text), None, "{path}: {text}");
        }
    }
}
