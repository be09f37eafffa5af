//! Alerts, and whether each leads to something that whoever is woken can do.

use serde::{Deserialize, Serialize};

use super::CheckedCase;

/// All alerts that were looked at.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct AlertBook {
    /// The files of rules.
    pub files: Vec<AlertFile>,
    /// The alerts in them, in order.
    pub alerts: Vec<Alert>,
}

/// A file of rules as Prometheus reads them.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct AlertFile {
    /// Its path.
    pub path: String,
    /// How many rules with an alert it has.
    pub alerts: u64,
    /// Why it could not be read, if that is so.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub problem: Option<String>,
}

/// One alert.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Alert {
    /// The file in which it stands.
    pub path: String,
    /// Its name.
    pub name: String,
    /// What it names as its runbook: `runbook_url` or `runbook` of its annotations.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub runbook: Option<String>,
    /// What was found there.
    pub found: RunbookFound,
}

/// What was found where an alert names its runbook.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum RunbookFound {
    /// It names none.
    NotNamed,
    /// It leads out of the subject's files.
    Elsewhere,
    /// There is no such file.
    NoFile,
    /// The file has no such heading.
    NoHeading,
    /// So many steps and blocks of code under the heading, or in the file if none is named.
    Steps(u64),
}

/// Each file, and each alert; `None` if there is no file at all.
pub(super) fn cases(book: &AlertBook) -> Option<Vec<CheckedCase>> {
    let of_file = |path: &str| book.alerts.iter().filter(|alert| alert.path == path).count() as u64;
    let is_sound = !book.files.is_empty()
        && book.files.iter().all(|file| of_file(&file.path) == file.alerts)
        && book.alerts.iter().all(|alert| book.files.iter().any(|file| file.path == alert.path));
    is_sound.then(|| book.files.iter().map(file).chain(book.alerts.iter().map(alert)).collect())
}

fn file(file: &AlertFile) -> CheckedCase {
    let problem = match &file.problem {
        None if file.alerts == 0 => Some("it has no alert, so that it shows nothing".to_owned()),
        problem => problem.clone(),
    };
    CheckedCase { case: file.path.clone(), seen: format!("{} alerts", file.alerts), problem }
}

fn alert(alert: &Alert) -> CheckedCase {
    let (seen, problem) = match alert.found {
        RunbookFound::NotNamed => ("no runbook".to_owned(), Some("it names no runbook")),
        RunbookFound::Elsewhere => ("elsewhere".into(), Some("its runbook is none of the subject's files")),
        RunbookFound::NoFile => ("no file".into(), Some("its runbook is not there")),
        RunbookFound::NoHeading => ("no heading".into(), Some("its runbook has no such heading")),
        RunbookFound::Steps(0) => ("no step".into(), Some("its runbook says nothing to do")),
        RunbookFound::Steps(steps) => (format!("{steps} steps"), None),
    };
    let runbook = alert.runbook.as_deref().map_or_else(String::new, |runbook| format!("{runbook}: "));
    CheckedCase {
        case: alert.name.clone(),
        seen: format!("{runbook}{seen}"),
        problem: problem.map(str::to_owned),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn book(found: RunbookFound) -> AlertBook {
        let alert = Alert {
            path: "rules.yml".into(),
            name: "Down".into(),
            runbook: Some("runbooks.md".into()),
            found,
        };
        AlertBook {
            files: vec![AlertFile { path: "rules.yml".into(), alerts: 1, problem: None }],
            alerts: vec![alert],
        }
    }

    fn failed(book: &AlertBook) -> Option<usize> {
        Some(cases(book)?.iter().filter(|case| case.problem.is_some()).count())
    }

    #[test]
    fn an_alert_is_good_that_leads_to_a_step() {
        assert_eq!(failed(&book(RunbookFound::Steps(1))), Some(0));
        for found in [
            RunbookFound::NotNamed,
            RunbookFound::Elsewhere,
            RunbookFound::NoFile,
            RunbookFound::NoHeading,
            RunbookFound::Steps(0),
        ] {
            assert_eq!(failed(&book(found)), Some(1), "{found:?}");
        }
    }

    #[test]
    fn files_that_cannot_be_read_or_have_no_alert_fail_and_alerts_of_no_file_are_no_evidence() {
        let mut book = book(RunbookFound::Steps(2));
        book.files.push(AlertFile { path: "none.yml".into(), alerts: 0, problem: None });
        book.files.push(AlertFile { path: "bad.yml".into(), alerts: 0, problem: Some("not YAML".into()) });
        assert_eq!(failed(&book), Some(2));
        book.files[0].alerts = 2;
        assert_eq!(failed(&book), None, "an alert was left out");
        book.files.remove(0);
        assert_eq!(failed(&book), None);
        assert_eq!(failed(&AlertBook { files: Vec::new(), alerts: Vec::new() }), None);
    }
}
