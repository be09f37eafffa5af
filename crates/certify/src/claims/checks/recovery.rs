//! Objectives of recovery against drills and backups.

use crate::claims::date::{days, is_month};
use crate::claims::document::Statement;
use crate::claims::interval::Interval;
use crate::claims::qualifier::{are_plain, is_past, qualifier};
use crate::claims::quantity::{Bound, Quantity, Unit, time};
use crate::claims::records::{Origin, Record};
use crate::claims::said::said;
use crate::claims::token::quantities;
use crate::claims::words::{is_denial, mentions, verdict};
use crate::claims::{Case, Finding, FindingKind};

use super::prose::passages;

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
    let is_owned_up = chapter.iter().any(|one| mentions(&one.lower, &MISSED));
    (!found.is_empty() && !is_owned_up).then_some((found, loosest))
}

const MISSED: [&str; 5] = ["missed", "not met", "exceeded", "violat*", "unmet"];

/// Drills that are held against an objective: nobody reads more, and a hostile document has millions.
const DRILLS_MAX: usize = 1000;

/// Objectives of a chapter that drills are held against, for the same reason.
const OBJECTIVES_MAX: usize = 1000;

/// What an objective is of: `RTO (orders)` is nothing to a restore of the archive.
fn names(objective: &Statement) -> Vec<String> {
    const OWN: [&str; 7] = ["rto", "rpo", "recovery", "point", "data", "full", "service"];
    let is_name = |word: &&str| !OWN.contains(word) && word.starts_with(char::is_alphabetic);
    qualifier(&objective.key, &objective.value).split(' ').filter(is_name).map(str::to_owned).collect()
}

/// Words of a drill that may be of everything.
const RECOVERY: [&str; 31] = [
    "on",
    "drill",
    "drills",
    "restore",
    "restored",
    "restores",
    "recovery",
    "recover",
    "recovered",
    "failover",
    "disaster",
    "rehearsed",
    "tested",
    "took",
    "full",
    "complete",
    "database",
    "db",
    "store",
    "backup",
    "service",
    "last",
    "latest",
    "quarterly",
    "monthly",
    "each",
    "quarter",
    "month",
    "point",
    "time",
    "point-in-time",
];

/// Whether a drill of another chapter names nothing that may have an objective of its own.
fn is_of_all(told: &Statement) -> bool {
    let is_known = |word: &str| word.is_empty() || RECOVERY.contains(&word) || is_month(word);
    qualifier(&told.key, &told.value).split(' ').all(is_known)
}

fn is_of(names: &[String], told: &Statement) -> bool {
    names.iter().all(|name| mentions(&told.lower, &[name]))
}

/// A rehearsal that is said to have gone well, with the time that it took.
fn drill(statement: &Statement) -> Option<Quantity> {
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
    let mut times =
        quantities(&statement.value).into_iter().map(|(one, _)| one).filter(|one| one.unit == Unit::Seconds);
    // Of two times only one is that of the recovery.
    let quantity = times.next().filter(|_| times.next().is_none())?;
    (is_drill && is_seen && !is_wanted && !is_past(&statement.lower) && quantity.bound == Bound::Exact)
        .then_some(quantity)
}

/// A rehearsal with what decides against which objectives it is held.
struct Drill<'a> {
    told: &'a Statement,
    took: Quantity,
    chapter: usize,
    is_of_all: bool,
    is_dated: bool,
}

impl Drill<'_> {
    fn is_held_against(&self, chapter: usize, names: &[String], is_only: bool) -> bool {
        let is_here = self.chapter == chapter;
        (is_here || is_only) && (self.is_of_all || is_here && !names.is_empty()) && is_of(names, self.told)
    }
}

fn drills(case: &Case) -> Vec<Drill<'_>> {
    let document = &case.document;
    document
        .statements
        .iter()
        .filter(|one| !document.is_plan(one.section) && !is_past(&document.sections[one.section].lower))
        .filter_map(|one| drill(one).map(|took| (one, took)))
        .take(DRILLS_MAX)
        .map(|(told, took)| {
            let chapter = document.sections[told.section].chapter;
            let is_dated = !days(&document.quote(told.line)).is_empty();
            Drill { told, took, chapter, is_of_all: is_of_all(told), is_dated }
        })
        .collect()
}

/// `The RTO of 15 min was met: the restore drill took 41 min.`
pub(super) fn recovery_time_in_words(case: &Case) -> Vec<Finding> {
    let is_known = |word: &str| RECOVERY.contains(&word) || RTO.contains(&word) || are_plain([word]);
    let finding = |(line, text): (usize, String)| {
        let is_met = mentions(&text, &["met", "kept"]) && !mentions(&text, &MISSED);
        if !is_met || !mentions(&text, &RTO) || is_denial(&text) || is_past(&text) {
            return None;
        }
        let said = said(&text);
        let [wanted, took] = said.as_slice() else { return None };
        let are_times = [wanted, took].iter().all(|one| one.quantity.unit == Unit::Seconds);
        let is_drill = mentions(&took.words, &["took"])
            && mentions(&took.words, &["drill", "restore", "recovery", "failover"])
            && !mentions(&took.words, &RTO);
        let are_ours = [wanted, took].iter().all(|one| one.words.split(' ').all(is_known));
        let is_wanted = mentions(&wanted.words, &RTO) && took.quantity.bound == Bound::Exact;
        let limit = Interval::exactly(wanted.quantity.value);
        let is_longer = limit.is_below(took.quantity.allowed());
        let reason =
            format!("called met, and the drill took {} of {}", time(took.quantity.value), time(limit.high));
        (are_times && is_drill && are_ours && is_wanted && is_longer)
            .then(|| case.finding(line, FindingKind::Contradiction, reason))
    };
    passages(case).into_iter().filter_map(finding).collect()
}

pub(super) fn recovery_time_against_drills(case: &Case) -> Vec<Finding> {
    let document = &case.document;
    let is_only = is_only_objective(case);
    let drills = drills(case);
    let mut findings = Vec::new();
    for chapter in document.chapters() {
        let Some((objectives, loosest)) = objectives(chapter, &RTO) else { continue };
        let Some(here) = chapter.first().map(|one| document.sections[one.section].chapter) else { continue };
        let loose = objectives.iter().filter(|(_, one)| one.value >= loosest).take(OBJECTIVES_MAX);
        for (statement, _) in loose {
            let names = names(statement);
            let ours: Vec<&Drill<'_>> =
                drills.iter().filter(|drill| drill.is_held_against(here, &names, is_only)).collect();
            let is_longer = |drill: &Drill<'_>| Interval::exactly(loosest).is_below(drill.took.allowed());
            // What was too long once, and is not any more, is a history.
            let last_kept = ours.iter().rposition(|drill| !is_longer(drill)).map_or(0, |at| at + 1);
            // Some write the newest first, so of those with a date one that kept it clears all.
            let is_cleared = ours.iter().any(|drill| drill.is_dated && !is_longer(drill));
            let told: Vec<String> = ours
                .iter()
                .skip(last_kept)
                .filter(|drill| !(drill.is_dated && is_cleared))
                .take(5)
                .map(|drill| format!("{} (line {})", time(drill.took.value), drill.told.line))
                .collect();
            if !told.is_empty() {
                let reason = format!("the drills took longer than {}: {}", time(loosest), told.join(", "));
                findings.push(case.finding(statement.line, FindingKind::Contradiction, reason));
            }
        }
    }
    findings
}

/// An objective and the drill of the same row, which is called passed.
pub(super) fn recovery_time_in_rows(case: &Case) -> Vec<Finding> {
    let finding = |record: &Record| {
        let verdicts = record.fields_with(&["result", "status", "verdict", "met"]);
        let met = verdicts.filter(|one| !mentions(&one.key, &RPO)).find_map(|one| verdict(&one.value));
        let only = |is_it: &dyn Fn(&str) -> bool| {
            let mut found =
                record.fields.iter().filter(|one| is_it(&one.key) && one.of(Unit::Seconds).is_some());
            let one = found.next().filter(|_| found.next().is_none())?;
            let time = one.of(Unit::Seconds).filter(|_| qualifier("", &one.value).is_empty())?;
            Some((one, time))
        };
        let (_, wanted) = only(&|key: &str| mentions(key, &RTO) && !is_drill_key(key))?;
        let (field, took) = only(&is_drill_key)?;
        let is_longer =
            Interval::exactly(wanted.value).is_below(took.allowed()) && took.bound == Bound::Exact;
        let reason =
            format!("called met, and {} is longer than the objective of {}", field.value, time(wanted.value));
        let is_wrong = is_longer && met == Some(true) && !is_past(&record.title);
        is_wrong.then(|| case.finding(record.line, FindingKind::Contradiction, reason))
    };
    let is_row = |one: &&Record| matches!(one.origin, Origin::Row(_));
    case.records.iter().filter(is_row).filter_map(finding).collect()
}

/// `RTO: 5 min (met in all drills)`, above a table of drills of which one took longer.
pub(super) fn recovery_time_met_in_all(case: &Case) -> Vec<Finding> {
    const IN_ALL: [&str; 4] = ["all drills", "every drill", "each drill", "all exercises"];
    let document = &case.document;
    let chapter = |section: usize| document.sections[section].chapter;
    let finding = |statement: &Statement| {
        let (_, wanted) = objective(statement, &RTO)?;
        let lower = &statement.lower;
        let is_met = mentions(lower, &["met", "kept"]) && mentions(lower, &IN_ALL);
        if !is_met || mentions(lower, &MISSED) || is_denial(lower) || is_past(lower) {
            return None;
        }
        let rows = case.records.iter().filter(|one| {
            matches!(one.origin, Origin::Row(_)) && chapter(one.section) == chapter(statement.section)
        });
        let (row, took) = rows
            .filter_map(|row| Some((row, drill_of(row)?)))
            .find(|(_, took)| Interval::exactly(wanted.value).is_below(took.allowed()))?;
        let (took, wanted) = (time(took.value), time(wanted.value));
        let reason = format!("called met in all drills, and one took {took} of {wanted} (line {})", row.line);
        Some(case.finding(statement.line, FindingKind::Contradiction, reason))
    };
    document.statements.iter().filter_map(finding).collect()
}

/// How long the drill of a row took, if that is the row of one and says it once.
fn drill_of(row: &Record) -> Option<Quantity> {
    let is_drill = row.fields.iter().any(|one| mentions(&one.key, &["drill*", "exercise*"]));
    let is_time = |key: &str| {
        mentions(key, &["recovery", "recover", "restore*", "failover", "took"])
            && !mentions(key, &["objective", "target", "rto", "rpo", "point", "limit"])
    };
    let mut times = row.fields.iter().filter(|one| is_time(&one.key)).filter_map(|one| one.of(Unit::Seconds));
    let took = times.next().filter(|one| times.next().is_none() && one.bound == Bound::Exact)?;
    (is_drill && !is_past(&row.title)).then_some(took)
}

/// Whether a column is of how long drills took: `restore drill took (min)`, `measured recovery time`, and no word more.
fn is_drill_key(key: &str) -> bool {
    const SEEN: [&str; 4] = ["measured", "actual", "observed", "achieved"];
    let is_drill = mentions(key, &["drill", "restore", "recovery", "failover", "rto"]);
    let is_seen = mentions(key, &SEEN) || mentions(key, &["took", "drill"]);
    let is_known = |word: &str| {
        RECOVERY.contains(&word)
            || SEEN.contains(&word)
            || ["rto", "time"].contains(&word)
            || are_plain([word])
    };
    let mut words = key.split(|one: char| !one.is_alphanumeric()).filter(|word| !word.is_empty());
    is_drill && is_seen && !mentions(key, &["point", "objective", "target"]) && words.all(is_known)
}

/// Whether the document has one objective, so that it is that of every drill, and nowhere says that one was missed.
fn is_only_objective(case: &Case) -> bool {
    let document = &case.document;
    let count = document.statements.iter().filter(|one| objective(one, &RTO).is_some()).count();
    let mut cells = document.tables.iter().flat_map(|table| {
        table
            .head
            .iter()
            .cloned()
            .chain(table.rows.iter().flat_map(|row| &row.cells).map(|cell| cell.to_lowercase()))
    });
    let is_missed = |one: &Statement| {
        mentions(&one.lower, &MISSED) && mentions(&one.lower, &["rto", "drill*", "restor*", "failover*"])
    };
    count == 1 && !cells.any(|cell| mentions(&cell, &RTO)) && !document.statements.iter().any(is_missed)
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
    const SHIPPED: [&str; 16] = [
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
        "pitr",
        "any second",
    ];
    let mut findings = Vec::new();
    for chapter in case.document.chapters() {
        let Some((objectives, loosest)) = objectives(chapter, &RPO) else { continue };
        let named: Vec<String> =
            objectives.iter().take(OBJECTIVES_MAX).flat_map(|(one, _)| names(one)).collect();
        let backup = |one: &&Statement| mentions(&one.lower, &["backup*", "snapshot*", "dump*"]);
        let often = chapter
            .iter()
            .filter(|one| mentions(&one.lower, &["every"]) || backup(one))
            .filter(|one| is_of(&named, one) && !is_past(&one.lower))
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
