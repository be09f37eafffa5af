//! Days that do not exist, wrong weekdays, and ends before beginnings.

use crate::claims::date::{Day, days, wrong_weekday};
use crate::claims::records::Origin;
use crate::claims::words::mentions;
use crate::claims::{Case, Finding, FindingKind};

pub(super) fn days_that_exist(case: &Case) -> Vec<Finding> {
    let mut findings = Vec::new();
    for (index, line) in case.document.lines.iter().enumerate() {
        let all = days(line);
        // Once a line: a hostile one has hundreds of thousands of days.
        if all.is_empty() || mentions(&line.to_lowercase(), &NO_DAY) {
            continue;
        }
        for found in all.into_iter().filter(|found| !is_name(&line[..found.start])) {
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

/// Words of those who know that it is no day.
const NO_DAY: [&str; 6] = ["does not exist", "do not exist", "no such day", "skipped", "leap", "invalid"];

/// Characters before a day in which a word may say that it is none: the longest of them, a mark and spaces.
const NAME_CHARACTERS_MAX: usize = 20;

/// Whether what comes after these words is what something is called, and no day.
fn is_name(before: &str) -> bool {
    const NAMES: [&str; 10] =
        ["no", "nr", "number", "part", "ticket", "order", "version", "build", "serial", "id"];
    let start = before.char_indices().rev().take(NAME_CHARACTERS_MAX).last().map_or(0, |(at, _)| at);
    let before = before[start..].trim_end().trim_end_matches([':', '.', '#', '-']).to_lowercase();
    before.rsplit(|one: char| !one.is_alphanumeric()).next().is_some_and(|word| NAMES.contains(&word))
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

/// `Issued 2026-05-01, expires 2025-05-01`: both in one line, or in one row of a table.
pub(super) fn expiry_follows_issue(case: &Case) -> Vec<Finding> {
    let mut findings = Vec::new();
    for statement in &case.document.statements {
        findings.extend(in_words(case, statement.line, &labelled("", &statement.lower, &statement.value)));
    }
    for record in case.records.iter().filter(|record| matches!(record.origin, Origin::Row(_))) {
        let all: Vec<(String, Day)> =
            record.fields.iter().flat_map(|field| labelled(&field.key, &field.value, &field.value)).collect();
        findings.extend(in_words(case, record.line, &all));
    }
    findings
}

/// Days with the words before each of them, since the day before.
fn labelled(key: &str, lower: &str, text: &str) -> Vec<(String, Day)> {
    // Months are known by their capitals, so the days come from the text and the words from before them.
    let before = lower.strip_suffix(&text.to_lowercase()).unwrap_or("");
    let mut from = 0;
    let mut all = Vec::new();
    for found in days(text) {
        let words = format!(
            "{key} {} {}",
            if from == 0 { before } else { "" },
            text[from..found.start].to_lowercase()
        );
        from = found.end;
        if found.day.exists() && found.day.year.is_some() {
            all.push((words, found.day));
        }
    }
    all
}

fn in_words(case: &Case, line: usize, all: &[(String, Day)]) -> Option<Finding> {
    let only = |words: &[&str]| {
        let mut found = all.iter().filter(|(label, _)| mentions(label, words)).map(|(_, day)| *day);
        found.next().filter(|_| found.next().is_none())
    };
    let from = only(&["issued", "issue date", "valid from", "not before", "signed on"])?;
    let until =
        only(&["expires", "expiry", "expiration", "valid until", "valid to", "not after", "valid through"])?;
    (until < from).then(|| case.finding(line, FindingKind::ImpossibleDate, "it expires before it is issued"))
}
