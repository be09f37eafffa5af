//! Figures without how they were come by: no sample size, duration, window, command, tool or raw data.

use std::collections::{BTreeMap, BTreeSet};

use crate::claims::date::days;
use crate::claims::document::{Place, Statement};
use crate::claims::facts::claims;
use crate::claims::fraction::fractions;
use crate::claims::quantity::{Bound, Quantity, Unit};
use crate::claims::records::{Field, Origin};
use crate::claims::token::{Token, TokenKind, quantities, tokens};
use crate::claims::window::{is_named, is_period};
use crate::claims::words::{is_wish, mentions};
use crate::claims::{Case, Finding, FindingKind};

use super::scores::scores;

/// Keys and titles of what was decided and not measured.
const DECIDED: [&str; 37] = [
    "backup*",
    "snapshot*",
    "recovery time objective",
    "retention",
    "schedule",
    "frequency",
    "interval",
    "version",
    "ttl",
    "expiry",
    "configuration",
    "config",
    "settings",
    "requirements",
    "policy",
    "validity",
    "replicas",
    "duration",
    "window",
    "period",
    "scale-out",
    "trigger",
    "criteria",
    "criterion",
    "deadline",
    "due",
    "confidence",
    "phase",
    "level",
    "weight",
    "severity",
    "traffic",
    "rto",
    "rpo",
    "checks",
    "maintenance",
    "updates",
];

pub(super) fn figures_have_a_method(case: &Case) -> Vec<Finding> {
    let has_method = sections_with_method(case);
    // Scores have a finding of their own.
    let scored: BTreeSet<usize> = scores(case).into_iter().map(|score| score.line).collect();
    let mut blocks: BTreeMap<(bool, usize), Vec<(usize, String)>> = BTreeMap::new();
    for statement in
        claims(&case.document).filter(|one| !has_method[one.section] && !scored.contains(&one.line))
    {
        if let Some(printed) = figure(case, statement) {
            blocks.entry((true, statement.block)).or_default().push((statement.line, printed));
        }
    }
    for record in &case.records {
        let Origin::Row(table) = record.origin else { continue };
        if has_method[record.section]
            || case.document.is_plan(record.section)
            || scored.contains(&record.line)
        {
            continue;
        }
        // A row that prints what it counts says how it came about.
        let counts = record
            .fields
            .iter()
            .filter(|field| field.of(Unit::Plain).is_some_and(|one| one.count().is_some()));
        if counts.count() >= 2 {
            continue;
        }
        // What was promised is no measurement, unless a column says that it was seen.
        let is_promise = is_wish(&case.document.sections[record.section].lower)
            && record.field_with(&["actual", "achieved", "measured", "observed"]).is_none();
        let is_decided = mentions(&record.title, &["rto", "rpo", "backup*", "snapshot*", "retention"])
            || is_wish(&record.title)
            || record.fields.first().is_some_and(|field| is_wish(&field.key));
        let is_seen = record.field_with(&["actual", "achieved", "measured", "observed"]).is_some();
        if is_promise || is_decided && !is_seen {
            continue;
        }
        let printed = record.fields.iter().skip(1).find_map(cell_figure);
        blocks.entry((false, table)).or_default().extend(printed.map(|printed| (record.line, printed)));
    }
    let finding = |figures: Vec<(usize, String)>| {
        let (line, _) = figures.first()?;
        let few: Vec<&str> = figures.iter().take(3).map(|(_, printed)| printed.as_str()).collect();
        let more = if figures.len() > 3 { ", …" } else { "" };
        let reason = format!(
            "{}{more}: neither here nor above is said how this was measured (how many, how long, by which command or \
             tool, or where the raw data is)",
            few.join(", ")
        );
        Some(case.finding(*line, FindingKind::FigureWithoutMethod, reason))
    };
    blocks.into_values().filter_map(finding).collect()
}

/// `100+ checks`: whoever counts knows how many there are.
pub(super) fn counts_are_numbers(case: &Case) -> Vec<Finding> {
    let mut findings = Vec::new();
    let mut told: BTreeSet<String> = BTreeSet::new();
    let said = claims(&case.document)
        .chain(case.document.statements.iter().filter(|one| one.place == Place::Heading));
    for statement in said.filter(|one| one.place != Place::Prose && !is_wish(&one.lower)) {
        let tokens = tokens(&statement.value);
        for (index, token) in tokens.iter().enumerate() {
            let before = index.checked_sub(1).and_then(|at| tokens.get(at));
            if is_open_count(before, *token, tokens.get(index + 1)) && told.insert(token.text.to_owned()) {
                let reason = format!(
                    "{} is no count: whoever counts prints the number, and where it can be counted again",
                    token.text
                );
                findings.push(case.finding(statement.line, FindingKind::FigureWithoutMethod, reason));
            }
        }
    }
    findings
}

/// Not `Python 12+`: a version stands behind a name.
fn is_open_count(before: Option<&Token<'_>>, token: Token<'_>, after: Option<&Token<'_>>) -> bool {
    let is_name = before.is_some_and(|one| one.kind == TokenKind::Word);
    let is_noun =
        after.is_some_and(|one| one.kind == TokenKind::Word && one.text.starts_with(char::is_lowercase));
    let is_open = token.text.ends_with('+')
        && token.quantity().is_some_and(|one| one.unit == Unit::Plain && one.value >= 10.0);
    is_open && is_noun && !is_name
}

fn is_measured(quantity: Quantity) -> bool {
    matches!(quantity.unit, Unit::Seconds | Unit::Percent | Unit::PerSecond(_) | Unit::Times)
        && quantity.value > 0.0
}

/// The figure of a statement, if it is one that was measured.
fn figure(case: &Case, statement: &Statement) -> Option<String> {
    let title = &case.document.sections[statement.section].lower;
    let is_decided = mentions(&statement.key, &DECIDED)
        || is_wish(&statement.key)
        || mentions(
            title,
            &["requirements", "limits", "profiles", "schedule", "configuration", "maintenance", "strategy"],
        )
        || is_wish(title) && !mentions(title, &["slo"]);
    let is_counted = !fractions(&tokens(&statement.value)).is_empty()
        || mentions(&statement.lower, &["within", "every"])
        || days(&statement.value).iter().any(|found| found.day.year.is_some());
    if statement.key.is_empty() || is_decided || is_counted || statement.tick.is_some() {
        return None;
    }
    let (_, printed) =
        quantities(&statement.value).into_iter().find(|(quantity, _)| is_measured(*quantity))?;
    Some(printed.to_owned())
}

fn cell_figure(field: &Field) -> Option<String> {
    let is_seen = !mentions(&field.key, &DECIDED)
        && !is_wish(&field.key)
        && !mentions(&field.key, &["score", "details"]);
    let quantity = field.quantity().filter(|quantity| is_seen && is_measured(*quantity))?;
    (quantity.value > 0.0).then(|| field.value.clone())
}

/// Whether each section says how its figures came about, itself or in what stands above it.
fn sections_with_method(case: &Case) -> Vec<bool> {
    let document = &case.document;
    let mut own = vec![false; document.sections.len()];
    for statement in &document.statements {
        own[statement.section] |= is_method(statement);
    }
    for record in case.records.iter().filter(|record| record.origin != Origin::List) {
        const COUNTED: [&str; 12] = [
            "requests",
            "samples",
            "runs",
            "trials",
            "n",
            "duration",
            "window",
            "incidents",
            "messages",
            "drills",
            "run",
            "total",
        ];
        let is_counted = |field: &Field| {
            mentions(&field.key, &COUNTED) && !is_wish(&field.key) && field.quantity().is_some()
        };
        const TOLD: [&str; 7] = ["how", "source", "evidence", "method", "instrument", "query", "measured by"];
        let is_told = |field: &Field| {
            mentions(&field.key, &TOLD) || is_period(field) || is_measured_by(&field.key, &field.value)
        };
        own[record.section] |= record.fields.iter().any(|field| is_counted(field) || is_told(field));
    }
    let is_for_all = |index: usize| {
        let title = &document.sections[index].lower;
        own[index]
            && (document.sections[index].level <= 1
                || mentions(
                    title,
                    &[
                        "method",
                        "methodology",
                        "setup",
                        "set-up",
                        "how we measured",
                        "data",
                        "sources",
                        "evidence",
                        "measurement",
                        "environment",
                        "gemessen",
                        "messung*",
                        "methode",
                        "methodik",
                    ],
                ))
    };
    let all = (0..own.len()).any(is_for_all);
    let mut has = vec![all; own.len()];
    for index in 0..own.len() {
        let above = document.sections[index].parent.is_some_and(|parent| has[parent]);
        has[index] |= own[index] || above;
    }
    has
}

/// Whether a line says how many, how long, when, by what, or where the data is.
fn is_method(statement: &Statement) -> bool {
    let lower = statement.lower.as_str();
    statement.place == Place::Command && !lower.starts_with('#')
        || has_sample(statement)
        || has_span(lower)
        || statement.place == Place::Heading && (heads(lower) || is_named(lower))
        || names_tool(lower)
        || names_data(lower)
        || days(&statement.value).len() >= 2 && !mentions(lower, &["valid*", "certification period"])
}

/// A cell that names a tool under `Gemessen`: under the same word there may be what was measured.
fn is_measured_by(key: &str, value: &str) -> bool {
    mentions(key, &["gemessen", "messung", "quelle"]) && mentions(&value.to_lowercase(), &TOOLS)
}

fn has_sample(statement: &Statement) -> bool {
    const COUNTED: [&str; 27] = [
        "requests",
        "samples",
        "runs",
        "trials",
        "drills",
        "incidents",
        "measurements",
        "observations",
        "builds",
        "deployments",
        "transactions",
        "iterations",
        "queries",
        "probes",
        "restores",
        "failovers",
        "hosts",
        "files",
        "users",
        "connections",
        "repetitions",
        "times",
        "alerts",
        "pages",
        "anfragen",
        "läufe",
        "messungen",
    ];
    if matches!(
        statement.key.as_str(),
        "n" | "samples" | "sample size" | "total requests" | "runs" | "trials"
    ) {
        return true;
    }
    let tokens = tokens(&statement.lower);
    tokens.windows(2).enumerate().any(|(index, pair)| {
        let count = pair[0].quantity().is_some_and(|one| one.count().is_some());
        let noun = COUNTED.contains(&pair[1].text)
            || tokens
                .get(index + 2)
                .is_some_and(|next| COUNTED.contains(&next.text) && pair[1].kind == TokenKind::Word);
        let is_n = pair[0].text == "n" && pair[1].is_mark('=');
        // "500+ users" promises, and does not count.
        count && noun && pair[0].quantity().is_some_and(|one| one.bound == Bound::Exact) || is_n
    })
}

/// A heading that names a tool or a time: `Load test (k6, 45 min)`.
fn heads(lower: &str) -> bool {
    mentions(lower, &TOOLS)
        || quantities(lower).iter().any(|(one, _)| one.unit == Unit::Seconds && one.scale >= 1.0)
}

/// `over 28 days`, `for 30 min`, `30s` in a heading.
fn has_span(lower: &str) -> bool {
    let is_kept = mentions(
        lower,
        &["retention", "kept", "within", "valid*", "rotation", "timeout", "backup*", "<", "response"],
    );
    let has_time = quantities(lower).iter().any(|(one, _)| one.unit == Unit::Seconds && one.scale >= 1.0);
    let says = mentions(
        lower,
        &["over", "for", "during", "window", "last", "past", "duration", "lasted", "per run", "each"],
    );
    let named = mentions(lower, &["q1", "q2", "q3", "q4", "quarter of", "month of"]);
    !is_kept && (has_time && says || named)
}

/// Programs that measure.
const TOOLS: [&str; 34] = [
    "k6",
    "wrk",
    "wrk2",
    "oha",
    "hey",
    "vegeta",
    "jmeter",
    "locust",
    "gatling",
    "ab",
    "pgbench",
    "sysbench",
    "fio",
    "iperf",
    "iperf3",
    "prometheus",
    "promql",
    "grafana",
    "datadog",
    "criterion",
    "hyperfine",
    "perf",
    "pytest",
    "cargo",
    "trivy",
    "grype",
    "zap",
    "nessus",
    "semgrep",
    "codeql",
    "sonarqube",
    "lighthouse",
    "pagerduty",
    "jira",
];

fn names_tool(lower: &str) -> bool {
    const BY: [&str; 16] = [
        "measured", "using", "with", "via", "from", "source", "ran", "by", "exported", "query", "report",
        "tool", "command", "gemessen", "mit", "quelle",
    ];
    mentions(lower, &TOOLS) && mentions(lower, &BY)
}

fn names_data(lower: &str) -> bool {
    const ENDS: [&str; 11] =
        [".json", ".jsonl", ".csv", ".hdr", ".hlog", ".log", ".parquet", ".xml", ".sarif", ".html", ".txt"];
    lower.split_whitespace().any(|word| {
        let word = word.trim_matches(|one: char| !(one.is_alphanumeric() || one == '/'));
        ENDS.iter().any(|end| word.ends_with(end)) && word.len() > 6
    })
}
