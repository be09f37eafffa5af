//! Rules of Prometheus, and where their alerts lead.

use std::path::Path;

use plimsoll_evidence::{Alert, AlertBook, AlertFile, RunbookFound};

use super::links::{Target, hosted, target};
use super::place::read_text;
use super::yaml::{Yaml, documents};
use super::{Looked, markdown, short};

/// Under what a rule names its runbook.
const KEYS: [&str; 2] = ["runbook_url", "runbook"];
/// More alerts than this are no alerts.
const ALERTS_MAX: usize = 10_000;

/// Every alert of every file.
pub(super) fn book(looked: &Looked) -> AlertBook {
    let mut book = AlertBook { files: Vec::new(), alerts: Vec::new() };
    for path in &looked.files.alerts {
        let found = read_text(&looked.root, path).and_then(|text| alerts(&text));
        let (problem, rules) = match found {
            Ok(rules) => (None, rules),
            Err(problem) => (Some(problem), Vec::new()),
        };
        book.files.push(AlertFile { path: path.clone(), alerts: rules.len() as u64, problem });
        book.alerts.extend(rules.into_iter().map(|(name, runbook)| {
            let found = runbook.as_deref().map_or(RunbookFound::NotNamed, |named| seek(&looked.root, named));
            Alert { path: path.clone(), name, runbook, found }
        }));
    }
    book
}

/// Names and runbooks of the alerts of a file.
fn alerts(text: &str) -> Result<Vec<(String, Option<String>)>, String> {
    let mut found = Vec::new();
    for document in documents(text)? {
        let groups = document.get("groups").and_then(Yaml::list).ok_or("it has no groups of rules")?;
        for group in groups {
            let rules = group.get("rules").and_then(Yaml::list).ok_or("it has a group without rules")?;
            for rule in rules.iter().filter_map(|rule| Some((rule, rule.get("alert")?.text()?))) {
                let (rule, name) = rule;
                let annotation = |key: &&str| rule.get("annotations")?.get(key)?.text();
                let named = KEYS.iter().find_map(annotation).filter(|named| !named.trim().is_empty());
                found.push((short(name), named.map(short)));
            }
        }
    }
    if found.len() > ALERTS_MAX { Err("it has more alerts than are read".into()) } else { Ok(found) }
}

/// What is found where a runbook is said to be.
fn seek(root: &Path, named: &str) -> RunbookFound {
    let (path, anchor) = match target(root, "", hosted(named).unwrap_or(named)) {
        Target::Within { path, anchor } => (path, anchor),
        Target::Missing => return RunbookFound::NoFile,
        Target::Outside | Target::Elsewhere => return RunbookFound::Elsewhere,
    };
    match read_text(root, &path) {
        Err(_) => RunbookFound::NoFile,
        Ok(text) => match markdown::read(&text).steps_under(anchor.as_deref()) {
            None => RunbookFound::NoHeading,
            Some(steps) => RunbookFound::Steps(steps),
        },
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const RULES: &str = "groups:\n- name: a\n  rules:\n  - record: job:up\n    expr: up\n  - alert: Down\n    expr: up == 0\n    \
        annotations:\n      runbook_url: https://git.example.org/a/b/blob/main/docs/runbooks.md#down\n  - alert: Slow\n    expr: x\n";

    #[test]
    fn alerts_are_found_beside_other_rules() {
        let found = alerts(RULES).unwrap();
        let url = "https://git.example.org/a/b/blob/main/docs/runbooks.md#down";
        assert_eq!(found, [("Down".to_owned(), Some(url.to_owned())), ("Slow".to_owned(), None)]);
        for (text, told) in
            [("a: b", "no groups"), ("groups: [{name: x}]", "without rules"), ("groups: [", "not YAML")]
        {
            assert!(alerts(text).unwrap_err().contains(told), "{text}");
        }
    }

    #[test]
    fn a_runbook_is_a_heading_with_steps_in_the_subjects_files() {
        let folder = tempfile::tempdir().unwrap();
        std::fs::create_dir(folder.path().join("docs")).unwrap();
        let text = "# Down\n\n1. start it\n\n# Slow\n\nNobody knows.\n";
        std::fs::write(folder.path().join("docs/runbooks.md"), text).unwrap();
        std::fs::write(folder.path().join("outside"), "").unwrap();
        let root = folder.path();
        for (named, expected) in [
            ("docs/runbooks.md#down", RunbookFound::Steps(1)),
            ("docs/runbooks.md", RunbookFound::Steps(1)),
            ("https://git.example.org/a/b/blob/main/docs/runbooks.md#down", RunbookFound::Steps(1)),
            ("docs/runbooks.md#slow", RunbookFound::Steps(0)),
            ("docs/runbooks.md#other", RunbookFound::NoHeading),
            ("docs/none.md", RunbookFound::NoFile),
            ("https://git.example.org/a/b/blob/main/docs/none.md", RunbookFound::NoFile),
            ("https://wiki.example.org/runbooks/down", RunbookFound::Elsewhere),
            ("../outside", RunbookFound::Elsewhere),
        ] {
            assert_eq!(seek(root, named), expected, "{named}");
        }
    }
}
