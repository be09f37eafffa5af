//! Manifests, the lock file and the toolchain, held against the tables.

use crate::table::{CRATES, Crate, HOMES, Home};
use toml::{Table, Value};

/// Every package is compiled by everybody, audited by nobody else, and shipped to strangers. A hand's breadth above
/// what the first release needs; raising it is a decision of its own.
const LOCKED_PACKAGES_MAX: usize = 300;

#[derive(Clone, Copy, PartialEq)]
enum Section {
    Normal,
    Dev,
}

/// Holds the manifest of one crate against the tables of crates and homes.
pub fn check_manifest(path: &str, text: &str) -> Vec<String> {
    let manifest = match text.parse::<Table>() {
        Ok(manifest) => manifest,
        Err(error) => return vec![format!("{path}: is not TOML: {error}")],
    };
    let package = lookup(&manifest, "package", "name").and_then(Value::as_str).unwrap_or_default();
    let Some(known) = CRATES.iter().find(|known| known.package == package) else {
        return vec![format!("{path}: `{package}` has no row in xtask/src/table.rs")];
    };
    let mut findings = Vec::new();
    if lookup(&manifest, "lints", "workspace").and_then(Value::as_bool) != Some(true) {
        findings.push(format!("{path}: does not take the lints of the workspace"));
    }
    for (section, name, value) in dependencies(&manifest) {
        let only_inherits = value.as_table().is_some_and(|keys| {
            keys.len() == 1 && keys.get("workspace").and_then(Value::as_bool) == Some(true)
        });
        if !only_inherits {
            findings.push(format!("{path}: `{name}` is chosen here and not in the workspace's manifest"));
        }
        if let Some(reason) = forbidden(known, section, name) {
            findings.push(format!("{path}: {reason}"));
        }
    }
    findings
}

fn lookup<'a>(manifest: &'a Table, table: &str, key: &str) -> Option<&'a Value> {
    manifest.get(table)?.get(key)
}

/// Every dependency of a manifest, those of single platforms too; what a build script uses counts as linked.
fn dependencies(manifest: &Table) -> Vec<(Section, &str, &Value)> {
    let platforms = manifest.get("target").and_then(Value::as_table);
    let tables = std::iter::once(manifest)
        .chain(platforms.into_iter().flat_map(Table::values).filter_map(Value::as_table))
        .collect::<Vec<_>>();
    let sections = [
        (Section::Normal, "dependencies"),
        (Section::Normal, "build-dependencies"),
        (Section::Dev, "dev-dependencies"),
    ];
    let mut found = Vec::new();
    for table in tables {
        for (section, key) in sections {
            let entries = table.get(key).and_then(Value::as_table);
            found.extend(
                entries.into_iter().flatten().map(move |(name, value)| (section, name.as_str(), value)),
            );
        }
    }
    found
}

/// Says why `user` may not depend on `used`, if it may not.
fn forbidden(user: &Crate, section: Section, used: &str) -> Option<String> {
    let package = user.package;
    if let Some(ours) = CRATES.iter().find(|known| known.package == used) {
        // Tests may use more than the crate links, but they do not look up either. Row 0 is below everybody.
        let below = ours.row < user.row;
        let allowed = user.may_use.contains(&used) || (section == Section::Dev && below);
        return (!allowed).then(|| format!("`{package}` may not use `{used}`: see the table of crates"));
    }
    let Some((_, home)) = HOMES.iter().find(|(name, _)| *name == used) else {
        return Some(format!("`{used}` has no home in xtask/src/table.rs"));
    };
    match home {
        _ if section == Section::Dev => None,
        Home::Anywhere => None,
        Home::In(homes) if homes.contains(&package) => None,
        Home::In(homes) => Some(format!("`{used}` is at home in {}, not in `{package}`", homes.join(", "))),
        Home::Tests => Some(format!("`{used}` is for tests, and `{package}` links it")),
    }
}

/// Holds the list of dependencies in the workspace's own manifest against the rules on where code comes from.
pub fn check_workspace(path: &str, text: &str) -> Vec<String> {
    let manifest = match text.parse::<Table>() {
        Ok(manifest) => manifest,
        Err(error) => return vec![format!("{path}: is not TOML: {error}")],
    };
    let entries = lookup(&manifest, "workspace", "dependencies").and_then(Value::as_table);
    let Some(entries) = entries.filter(|entries| !entries.is_empty()) else {
        return vec![format!("{path}: lists no dependencies of the workspace")];
    };
    let mut findings = Vec::new();
    for (name, value) in entries {
        if value.get("git").is_some() {
            findings.push(format!("{path}: `{name}` comes from git"));
        }
        let ours = CRATES.iter().any(|known| known.package == name);
        if value.get("path").is_some() != ours {
            findings.push(format!(
                "{path}: `{name}` must come from {}",
                if ours { "a path" } else { "the registry" }
            ));
        }
    }
    findings
}

/// Counts the packages of the lock file. The count is returned beside the findings, to be printed.
pub fn check_lock(path: &str, text: &str) -> (usize, Vec<String>) {
    let packages = text.lines().filter(|line| *line == "[[package]]").count();
    let findings = match packages {
        0 => vec![format!("{path}: locks no package")],
        1..=LOCKED_PACKAGES_MAX => vec![],
        _ => vec![format!("{path}: locks {packages} packages, more than {LOCKED_PACKAGES_MAX}")],
    };
    (packages, findings)
}

/// The toolchain is one version, so that two machines build the same bytes and see the same lints.
pub fn check_toolchain(path: &str, text: &str) -> Vec<String> {
    let pinned = text.lines().any(|line| line == "channel = \"1.95.0\"");
    if pinned { vec![] } else { vec![format!("{path}: the toolchain is not pinned to exactly 1.95.0")] }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn manifest(package: &str, rest: &str) -> Vec<String> {
        let text = format!("[package]\nname = \"{package}\"\n[lints]\nworkspace = true\n{rest}");
        check_manifest("Cargo.toml", &text)
    }

    #[test]
    fn looking_down_is_allowed() {
        assert_eq!(manifest("plimsoll-keys", "[dependencies]\nplimsoll-proof.workspace = true"), [""; 0]);
        assert_eq!(manifest("plimsoll-keys", "[dev-dependencies]\nplimsoll-notes.workspace = true"), [""; 0]);
    }

    #[test]
    fn looking_up_or_aside_is_found_in_every_section() {
        for section in
            ["dependencies", "dev-dependencies", "build-dependencies", "target.'cfg(unix)'.dependencies"]
        {
            for used in ["plimsoll-evidence", "plimsoll-certify", "plimsoll-keys"] {
                let found = manifest("plimsoll-keys", &format!("[{section}]\n{used}.workspace = true"));
                assert_eq!(found.len(), 1, "{section} {used}");
                assert!(found[0].contains("may not use"), "{found:?}");
            }
        }
    }

    #[test]
    fn the_demo_is_linked_by_the_binary_only() {
        assert_eq!(manifest("plimsoll", "[dependencies]\nplimsoll-notes.workspace = true"), [""; 0]);
        assert_eq!(manifest("plimsoll-certify", "[dependencies]\nplimsoll-notes.workspace = true").len(), 1);
    }

    #[test]
    fn a_dangerous_crate_outside_its_home_is_found() {
        let found = manifest("plimsoll-measure", "[dependencies]\ntokio.workspace = true");
        assert_eq!(
            found,
            [
                "Cargo.toml: `tokio` is at home in plimsoll-tasks, plimsoll-fault, plimsoll-store, plimsoll-certify, plimsoll-notes, plimsoll, not in `plimsoll-measure`"
            ]
        );
        assert_eq!(manifest("plimsoll-measure", "[dev-dependencies]\ntokio.workspace = true"), [""; 0]);
        assert_eq!(manifest("plimsoll-measure", "[dependencies]\nproptest.workspace = true").len(), 1);
    }

    #[test]
    fn a_dependency_or_crate_that_nobody_entered_is_found() {
        assert_eq!(
            manifest("plimsoll-base", "[dependencies]\nleftpad.workspace = true"),
            ["Cargo.toml: `leftpad` has no home in xtask/src/table.rs"]
        );
        assert_eq!(
            manifest("plimsoll-drawer", ""),
            ["Cargo.toml: `plimsoll-drawer` has no row in xtask/src/table.rs"]
        );
    }

    #[test]
    fn a_version_of_its_own_is_found() {
        for value in ["\"1\"", "{ workspace = true, features = [\"rc\"] }", "{ git = \"x\" }"] {
            assert_eq!(
                manifest("plimsoll-base", &format!("[dependencies]\nserde = {value}")).len(),
                1,
                "{value}"
            );
        }
    }

    #[test]
    fn lints_of_its_own_are_found() {
        assert_eq!(
            check_manifest("Cargo.toml", "[package]\nname = \"xtask\""),
            ["Cargo.toml: does not take the lints of the workspace"]
        );
    }

    #[test]
    fn code_from_elsewhere_is_found() {
        let workspace =
            |line: &str| check_workspace("Cargo.toml", &format!("[workspace.dependencies]\n{line}"));
        assert_eq!(workspace("serde = \"1\"\nplimsoll-base = { path = \"crates/base\" }"), [""; 0]);
        assert_eq!(workspace("serde = { git = \"x\" }").len(), 1);
        assert_eq!(workspace("serde = { path = \"../serde\" }").len(), 1);
        assert_eq!(workspace("plimsoll-base = \"1\"").len(), 1);
        assert_eq!(workspace("").len(), 1);
    }

    #[test]
    fn a_lock_file_that_grew_is_found() {
        let lock = |packages: usize| check_lock("Cargo.lock", &"[[package]]\n".repeat(packages)).1.len();
        assert_eq!([lock(0), lock(1), lock(300), lock(301)], [1, 0, 0, 1]);
    }

    #[test]
    fn another_toolchain_is_found() {
        assert_eq!(check_toolchain("t", "[toolchain]\nchannel = \"1.95.0\"\n"), [""; 0]);
        assert_eq!(check_toolchain("t", "[toolchain]\nchannel = \"1.95\"\n").len(), 1);
        assert_eq!(check_toolchain("t", "[toolchain]\nchannel = \"stable\"\n").len(), 1);
    }
}
