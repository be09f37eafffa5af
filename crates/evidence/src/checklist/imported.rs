//! Results that somebody else's tool measured: how many findings they have, how old they are, and of what they speak.

use plimsoll_base::{Quantity, Unit, Utc};
use plimsoll_proof::Digest;
use serde::{Deserialize, Serialize};

use super::CheckedCase;

/// A clock may be so much ahead of ours, in seconds.
const AHEAD_S_MAX: i64 = 300;

/// In what form results are imported.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum ImportFormat {
    /// Test results as JUnit writes them.
    Junit,
    /// SARIF 2.1.0.
    Sarif,
    /// Results of XCCDF 1.1 or 1.2, as OpenSCAP writes them.
    Xccdf,
    /// Trivy's JSON.
    Trivy,
    /// The JSON of InSpec and its kin.
    Inspec,
}

/// How grave a finding is. Formats without such a word have rules for it: docs/FORMAT.md.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Gravity {
    /// Something to know.
    Note,
    /// Low.
    Low,
    /// Medium: a warning.
    Medium,
    /// High: an error, or a test that fails.
    High,
    /// Critical.
    Critical,
}

/// From where the time of a result is known.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum ToldBy {
    /// The result says it.
    Result,
    /// The file was written then, as the file system tells it.
    File,
}

/// One file of results.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ImportedResult {
    /// Its path.
    pub path: String,
    /// In what form.
    pub format: ImportFormat,
    /// The tool, as the description names it.
    pub tool: String,
    /// Its digest; absent if there is no such file.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub sha256: Option<Digest>,
    /// Why it could not be read, if that is so.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub problem: Option<String>,
    /// When it was measured.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub measured: Option<Utc>,
    /// From where that is known.
    pub told_by: ToldBy,
    /// How old it may be, in seconds.
    pub max_age_s: u64,
    /// From where on a finding counts.
    pub gravity_from: Gravity,
    /// Tests, rules or things that the tool looked at.
    pub examined: u64,
    /// The commit or digest of which it speaks, as it says.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub of: Option<String>,
    /// Whether that is the subject's; absent if it does not say of what it speaks.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub is_of_subject: Option<bool>,
    /// Findings that count, in the order of the file.
    pub findings: Vec<ImportedFinding>,
    /// Findings that count beyond those.
    pub more: u64,
    /// Findings that are less grave.
    pub below: u64,
}

/// One finding or failed test.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ImportedFinding {
    /// Its rule, its test, or the advisory.
    pub id: String,
    /// Where, as the tool says.
    pub place: String,
    /// How grave it is.
    pub gravity: Gravity,
}

impl ImportFormat {
    /// Every format.
    pub const ALL: [Self; 5] = [Self::Junit, Self::Sarif, Self::Xccdf, Self::Trivy, Self::Inspec];

    /// Its name in subject files.
    pub fn name(self) -> &'static str {
        match self {
            Self::Junit => "junit",
            Self::Sarif => "sarif",
            Self::Xccdf => "xccdf",
            Self::Trivy => "trivy",
            Self::Inspec => "inspec",
        }
    }
}

impl ImportFormat {
    /// The gravest of its findings.
    pub fn gravest(self) -> Gravity {
        match self {
            Self::Junit | Self::Xccdf => Gravity::High,
            Self::Sarif | Self::Trivy | Self::Inspec => Gravity::Critical,
        }
    }
}

impl Gravity {
    /// All, the least first.
    pub const ALL: [Self; 5] = [Self::Note, Self::Low, Self::Medium, Self::High, Self::Critical];

    /// Its name in subject files.
    pub fn name(self) -> &'static str {
        match self {
            Self::Note => "note",
            Self::Low => "low",
            Self::Medium => "medium",
            Self::High => "high",
            Self::Critical => "critical",
        }
    }
}

/// Each file as a whole, and each of its findings that counts; `None` if there is no file at all.
pub(super) fn cases(results: &[ImportedResult], at: Utc) -> Option<Vec<CheckedCase>> {
    let cases = results.iter().flat_map(|result| {
        let more = (result.more > 0).then(|| CheckedCase {
            case: format!("{}: what is not listed", result.path),
            seen: format!("{} more findings", result.more),
            problem: Some("more was found than is listed".into()),
        });
        std::iter::once(whole(result, at)).chain(result.findings.iter().map(found(result))).chain(more)
    });
    let is_sound = |result: &ImportedResult| {
        result.findings.iter().all(|finding| finding.gravity >= result.gravity_from)
    };
    (!results.is_empty() && results.iter().all(is_sound)).then(|| cases.collect())
}

fn whole(result: &ImportedResult, at: Utc) -> CheckedCase {
    let measured = match (result.measured, result.told_by) {
        (None, _) => "at no time".to_owned(),
        (Some(time), ToldBy::Result) => format!("measured {time}"),
        (Some(time), ToldBy::File) => format!("the file is of {time}"),
    };
    let of = match (result.is_of_subject, &result.of) {
        (Some(true), _) => "; it speaks of this subject".to_owned(),
        (_, Some(of)) => format!("; it speaks of {of}, not of what is certified"),
        _ => "; it does not say of what it speaks".to_owned(),
    };
    let below = if result.below == 0 { String::new() } else { format!("; {} less grave", result.below) };
    CheckedCase {
        case: format!("{} by {}", result.path, result.tool),
        seen: format!("{} examined, {measured}{of}{below}", result.examined),
        problem: result.problem.clone().or_else(|| age(result, at)),
    }
}

/// What is wrong with a result's age or size.
fn age(result: &ImportedResult, at: Utc) -> Option<String> {
    if result.examined == 0 {
        return Some("nothing was examined, so that it shows nothing".into());
    }
    let Some(measured) = result.measured else { return Some("nobody knows when it was measured".into()) };
    let age_s = at.unix_seconds().saturating_sub(measured.unix_seconds());
    if age_s < -AHEAD_S_MAX {
        return Some("it is of a time that is still to come".into());
    }
    let max_age = Quantity { amount: result.max_age_s.saturating_mul(1_000_000_000), unit: Unit::Ns };
    let is_old = u64::try_from(age_s).is_ok_and(|age_s| age_s > result.max_age_s);
    is_old.then(|| format!("it is older than {max_age}"))
}

fn found(result: &ImportedResult) -> impl Fn(&ImportedFinding) -> CheckedCase {
    let tool = result.tool.clone();
    move |finding| CheckedCase {
        case: format!("{}: {}", tool, finding.id),
        seen: format!("{}, {}", finding.gravity.name(), finding.place),
        problem: Some("it is not closed".into()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const AT: &str = "2026-11-22T12:00:00Z";

    fn result() -> ImportedResult {
        ImportedResult {
            path: "results/junit.xml".into(),
            format: ImportFormat::Junit,
            tool: "pytest".into(),
            sha256: Some(Digest::of(b"junit")),
            problem: None,
            measured: Some("2026-11-20T12:00:00Z".parse().unwrap()),
            told_by: ToldBy::Result,
            max_age_s: 7 * 86_400,
            gravity_from: Gravity::Medium,
            examined: 30,
            of: None,
            is_of_subject: None,
            findings: Vec::new(),
            more: 0,
            below: 2,
        }
    }

    fn problems(result: ImportedResult) -> Vec<String> {
        let cases = cases(&[result], AT.parse().unwrap()).unwrap();
        cases.into_iter().filter_map(|case| case.problem).collect()
    }

    #[test]
    fn a_fresh_result_without_findings_has_nothing_wrong() {
        assert_eq!(problems(result()), [""; 0]);
        let other = ImportedResult { of: Some("deadbeef".into()), is_of_subject: Some(false), ..result() };
        let told = cases(std::slice::from_ref(&other), AT.parse().unwrap()).unwrap();
        assert!(told[0].seen.contains("deadbeef, not of what is certified"), "{}", told[0].seen);
    }

    #[test]
    fn what_is_old_empty_unread_or_found_fails() {
        let finding = ImportedFinding { id: "B105".into(), place: "a.py:3".into(), gravity: Gravity::High };
        let at = |text: &str| Some(text.parse().unwrap());
        for (expected, bad) in [
            ("nothing was examined", ImportedResult { examined: 0, ..result() }),
            ("nobody knows when", ImportedResult { measured: None, ..result() }),
            ("older than", ImportedResult { measured: at("2026-11-15T11:59:59Z"), ..result() }),
            ("still to come", ImportedResult { measured: at("2026-11-22T12:06:00Z"), ..result() }),
            ("not XML", ImportedResult { problem: Some("not XML".into()), ..result() }),
            ("not closed", ImportedResult { findings: vec![finding], ..result() }),
            ("than is listed", ImportedResult { more: 4, ..result() }),
        ] {
            let found = problems(bad);
            assert!(found.len() == 1 && found[0].contains(expected), "{found:?} instead of {expected}");
        }
        let edge = ImportedResult { measured: at("2026-11-15T12:00:00Z"), ..result() };
        assert_eq!(problems(edge), [""; 0]);
    }

    #[test]
    fn no_file_and_findings_that_do_not_count_are_no_evidence() {
        assert_eq!(cases(&[], AT.parse().unwrap()), None);
        let low = ImportedFinding { id: "B101".into(), place: "a.py:3".into(), gravity: Gravity::Low };
        let result = ImportedResult { findings: vec![low], ..result() };
        assert_eq!(cases(&[result], AT.parse().unwrap()), None);
    }
}
