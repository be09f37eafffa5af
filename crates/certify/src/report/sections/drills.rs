//! Rehearsals: starts, stops with requests in flight, crashes with a ledger of writes.

use plimsoll_base::Unit;
use plimsoll_evidence::{CrashDrill, Documents, HeldOutcome, Ledger, Scene, StartRun, StopDrill};

use super::{Section, paragraph};
use crate::html::{Element, Html};
use crate::report::page::Page;
use crate::report::table::{Column, table};
use crate::report::words::{NOTHING, before_and_after, count};

pub(super) fn section(page: &Page<'_>) -> Option<Section> {
    let documents = page.input.documents;
    let tables: Vec<Element> =
        [starts(documents), stops(documents), crashes(documents)].into_iter().flatten().collect();
    if tables.is_empty() {
        return None;
    }
    let words = "Each rehearsal is a unit of its own, on a fresh process. A stop has requests in flight across the signal: 16 of which the subject has all but the last byte, \
                 and those that it is working on; \
                 a crash is SIGKILL while writes are outstanding, or under load where the subject has no ledger; \
                 after it every acknowledged write is read again.";
    let mut content = Html::default();
    content.push(paragraph(words));
    content.push(tables.into_iter().collect::<Html>());
    Some(Section { id: "drills", title: "Drills", content })
}

fn starts(documents: &Documents) -> Option<Element> {
    let columns = [Column::text("Start"), Column::text("Process"), Column::number("First good reply after")];
    let row = |run: &StartRun| {
        vec![
            run.trial.to_string().into(),
            run.process.pid.to_string().into(),
            run.took_ns.display(Unit::Ns).into(),
        ]
    };
    let rows: Vec<Vec<Html>> =
        documents.start_runs(Scene::Measured).into_iter().map(|(_, run)| row(run)).collect();
    (!rows.is_empty()).then(|| table("Starts", &columns, rows))
}

fn stops(documents: &Documents) -> Option<Element> {
    let columns = [
        Column::text("Stop"),
        Column::text("Process"),
        Column::text("Signal"),
        Column::number("In flight"),
        Column::number("Answered"),
        Column::number("Lost"),
        Column::number("Ended after"),
    ];
    let row = |drill: &StopDrill| {
        let lost = drill.held.iter().filter(|outcome| **outcome == HeldOutcome::Lost).count();
        vec![
            drill.trial.to_string().into(),
            drill.process.pid.to_string().into(),
            drill.signal.as_str().into(),
            count(drill.held.len() as u64).into(),
            count((drill.held.len() - lost) as u64).into(),
            count(lost as u64).into(),
            drill.took_ns.display(Unit::Ns).into(),
        ]
    };
    let rows: Vec<Vec<Html>> =
        documents.stop_drills(Scene::Measured).into_iter().map(|(_, drill)| row(drill)).collect();
    (!rows.is_empty()).then(|| table("Stops under load", &columns, rows))
}

fn crashes(documents: &Documents) -> Option<Element> {
    let columns = [
        Column::text("Crash"),
        Column::text("Process, before and after"),
        Column::number("First good reply after"),
        Column::number("Writes tried"),
        Column::number("Outstanding at the kill"),
        Column::number("Acknowledged"),
        Column::number("Of those lost"),
    ];
    let row = |drill: &CrashDrill| {
        let [tried, outstanding, acknowledged, lost] = ledger(drill.ledger.as_ref());
        vec![
            drill.trial.to_string().into(),
            before_and_after(drill.process, drill.restarted).into(),
            drill.recovered_ns.display(Unit::Ns).into(),
            tried.into(),
            outstanding.into(),
            acknowledged.into(),
            lost.into(),
        ]
    };
    let rows: Vec<Vec<Html>> =
        documents.crash_drills(Scene::Measured).into_iter().map(|(_, drill)| row(drill)).collect();
    (!rows.is_empty()).then(|| table("Crashes by SIGKILL", &columns, rows))
}

/// Writes tried, outstanding at the kill, acknowledged, and acknowledged but lost.
fn ledger(ledger: Option<&Ledger>) -> [String; 4] {
    match ledger.and_then(|ledger| Some((ledger, ledger.count()?))) {
        Some((ledger, (acknowledged, lost))) => {
            [ledger.acknowledged.len() as u64, ledger.outstanding, acknowledged, lost].map(count)
        }
        None => [NOTHING; 4].map(str::to_owned),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_ledger_is_counted_and_a_missing_or_broken_one_is_no_zero() {
        let of = |acknowledged: &str, found: &str| {
            ledger(Some(&Ledger { acknowledged: acknowledged.into(), found: found.into(), outstanding: 1 }))
        };
        assert_eq!(of("1101", "1001"), ["4", "1", "3", "1"]);
        assert_eq!(of("11", "1"), [NOTHING; 4]);
        assert_eq!(ledger(None), [NOTHING; 4]);
    }
}
