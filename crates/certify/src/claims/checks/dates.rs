//! Days that do not exist, wrong weekdays, and ends before beginnings.

use crate::claims::date::{Day, days, wrong_weekday};
use crate::claims::words::mentions;
use crate::claims::{Case, Finding, FindingKind};

pub(super) fn days_that_exist(case: &Case) -> Vec<Finding> {
    let mut findings = Vec::new();
    for (index, line) in case.document.lines.iter().enumerate() {
        for found in days(line) {
            let printed = &line[found.start..found.end];
            let (hours, minutes, seconds) = found.clock.unwrap_or((0, 0, 0));
            let reason = if !found.day.exists() {
                why_not(found.day, printed)
            } else if hours > 24 || minutes > 59 || seconds > 60 {
                format!("there is no time {hours:02}:{minutes:02}:{seconds:02}")
            } else if let Some((said, right)) = wrong_weekday(line, &found) {
                format!("{printed} is a {right}, not a {said}")
            } else {
                continue;
            };
            findings.push(case.finding(index + 1, FindingKind::ImpossibleDate, reason));
        }
    }
    findings
}

fn why_not(day: Day, printed: &str) -> String {
    match (day.month_name(), day.year) {
        ("", _) => format!("there is no month {} in {printed}", day.month),
        (month, Some(year)) => format!("{printed} does not exist: {month} {year} has {} days", day.last()),
        (month, None) => format!("{printed} does not exist: {month} has {} days", day.last()),
    }
}

/// A day with the line on which it stands.
type Dated = (Day, usize);

pub(super) fn validity_ends_after_it_begins(case: &Case) -> Vec<Finding> {
    let mut findings = Vec::new();
    let whole = |line: &str| -> Vec<Day> {
        days(line)
            .into_iter()
            .map(|found| found.day)
            .filter(|day| day.exists() && day.year.is_some())
            .collect()
    };
    let mut begin: Option<Dated> = None;
    let mut ends: Vec<Dated> = Vec::new();
    for statement in &case.document.statements {
        let has = |words: &[&str]| mentions(&statement.key, words);
        let is_period = has(&["period", "validity", "valid", "window"]);
        let found = whole(&statement.value);
        match found.as_slice() {
            [from, until] if is_period && until < from => {
                let reason = "it ends before it begins";
                findings.push(case.finding(statement.line, FindingKind::ImpossibleDate, reason));
            }
            [until]
                if has(&[
                    "valid until",
                    "valid to",
                    "expires",
                    "expiry",
                    "expiration",
                    "not after",
                    "next review",
                ]) =>
            {
                ends.push((*until, statement.line));
            }
            [from]
                if has(&[
                    "certification date",
                    "issue date",
                    "issued",
                    "date of issue",
                    "valid from",
                    "not before",
                ]) =>
            {
                // Of several the first counts that could have been meant.
                begin = Some(begin.map_or((*from, statement.line), |one| one.min((*from, statement.line))));
            }
            _ => {}
        }
    }
    for (until, line) in ends {
        if let Some((_, from_line)) = begin.filter(|(from, _)| until < *from) {
            let reason = format!("it ends before it begins (line {from_line})");
            findings.push(case.finding(line, FindingKind::ImpossibleDate, reason));
        }
    }
    findings
}
