//! Objectives of recovery against drills and backups.

use crate::claims::document::Statement;
use crate::claims::interval::Interval;
use crate::claims::quantity::{Bound, Quantity, Unit, time};
use crate::claims::token::quantities;
use crate::claims::words::{mentions, verdict};
use crate::claims::{Case, Finding, FindingKind};

const RTO: [&str; 2] = ["rto", "recovery time objective"];
const RPO: [&str; 2] = ["rpo", "recovery point objective"];

/// A statement that names an objective, with the time.
fn objective<'a>(statement: &'a Statement, names: &[&str]) -> Option<(&'a Statement, Quantity)> {
    let is_ours = mentions(&statement.key, names)
        && !mentions(&statement.lower, &["actual", "measured", "observed", "achieved"]);
    let quantity =
        quantities(&statement.value).into_iter().map(|(one, _)| one).find(|one| one.unit == Unit::Seconds)?;
    is_ours.then_some((statement, quantity))
}

/// The objectives of a chapter, and the loosest of them. None where the chapter says that one was missed.
fn objectives<'a>(chapter: &'a [Statement], names: &[&str]) -> Option<(Vec<(&'a Statement, Quantity)>, f64)> {
    let found: Vec<(&Statement, Quantity)> = chapter.iter().filter_map(|one| objective(one, names)).collect();
    let loosest = found.iter().map(|(_, one)| one.allowed().high.min(one.value)).fold(0.0, f64::max);
    let is_owned_up = chapter
        .iter()
        .any(|one| mentions(&one.lower, &["missed", "not met", "exceeded", "violat*", "unmet"]));
    (!found.is_empty() && !is_owned_up).then_some((found, loosest))
}

/// A rehearsal that is said to have gone well, with the time that it took.
fn drill(statement: &Statement) -> Option<(usize, Quantity)> {
    let is_drill = mentions(&statement.lower, &["drill*", "restor*", "recover*", "failover*", "switchover*"]);
    let is_seen = mentions(
        &statement.lower,
        &["tested", "measured", "took", "actual", "observed", "achieved", "rehearsed", "exercise*"],
    ) || mentions(&statement.key, &["drill*"])
        || verdict(&statement.value) == Some(true);
    let is_wanted = mentions(&statement.lower, &RTO)
        || mentions(&statement.lower, &RPO)
        || mentions(
            &statement.lower,
            &["objective", "target", "limit", "within", "timeout", "retention", "detection"],
        );
    let quantity =
        quantities(&statement.value).into_iter().map(|(one, _)| one).find(|one| one.unit == Unit::Seconds)?;
    (is_drill && is_seen && !is_wanted && quantity.bound == Bound::Exact)
        .then_some((statement.line, quantity))
}

pub(super) fn recovery_time_against_drills(case: &Case) -> Vec<Finding> {
    let mut findings = Vec::new();
    for chapter in case.document.chapters() {
        let Some((objectives, loosest)) = objectives(chapter, &RTO) else { continue };
        let longer = |(_, took): &(usize, Quantity)| Interval::exactly(loosest).is_below(took.allowed());
        let drills: Vec<(usize, Quantity)> = chapter.iter().filter_map(drill).filter(longer).collect();
        let told: Vec<String> =
            drills.iter().take(5).map(|(line, took)| format!("{} (line {line})", time(took.value))).collect();
        if told.is_empty() {
            continue;
        }
        for (statement, _) in objectives.iter().filter(|(_, one)| one.value >= loosest) {
            let reason =
                format!("the drills of this chapter took longer than {}: {}", time(loosest), told.join(", "));
            findings.push(case.finding(statement.line, FindingKind::Contradiction, reason));
        }
    }
    findings
}

/// How often something is done, in seconds: `hourly`, `every 15 minutes`.
fn interval(lower: &str) -> Option<f64> {
    const NAMED: [(&str, f64); 4] =
        [("hourly", 3600.0), ("daily", 86_400.0), ("nightly", 86_400.0), ("weekly", 604_800.0)];
    let named = NAMED.iter().find(|(name, _)| mentions(lower, &[name])).map(|(_, seconds)| *seconds);
    let every = crate::claims::words::mention(lower, "every").and_then(|at| {
        let first = quantities(&lower[at..]).into_iter().map(|(one, _)| one).next();
        first.filter(|one| one.unit == Unit::Seconds).map(|one| one.value)
    });
    every.or(named)
}

pub(super) fn recovery_point_against_backups(case: &Case) -> Vec<Finding> {
    const SHIPPED: [&str; 14] = [
        "wal",
        "wals",
        "write-ahead",
        "log shipping",
        "binlog*",
        "archiving",
        "streaming",
        "replica*",
        "replicated",
        "transaction log*",
        "oplog",
        "change data capture",
        "synchronous*",
        "continuous*",
    ];
    let mut findings = Vec::new();
    for chapter in case.document.chapters() {
        let Some((objectives, loosest)) = objectives(chapter, &RPO) else { continue };
        let backup = |one: &&Statement| mentions(&one.lower, &["backup*", "snapshot*", "dump*"]);
        let often = chapter
            .iter()
            .filter(|one| mentions(&one.lower, &["every"]) || backup(one))
            .filter_map(|one| Some((interval(&one.lower)?, one.line)))
            .min_by(|one, two| one.0.total_cmp(&two.0));
        let is_shipped = chapter.iter().any(|one| mentions(&one.lower, &SHIPPED));
        let Some((seconds, line)) = often.filter(|(seconds, _)| *seconds > loosest && !is_shipped) else {
            continue;
        };
        for (statement, _) in objectives.iter().filter(|(_, one)| one.value >= loosest) {
            let reason = format!(
                "backups are {} apart (line {line}) and nothing here says that the log is shipped between them: up to \
                 {} are lost, not {}",
                time(seconds),
                time(seconds),
                time(loosest),
            );
            findings.push(case.finding(statement.line, FindingKind::Contradiction, reason));
        }
    }
    findings
}
