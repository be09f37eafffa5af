//! Checklists: every case with what was seen.

use plimsoll_evidence::{CheckRun, Probe, Scene};

use super::{Section, paragraph};
use crate::html::{Element, Html, el};
use crate::report::page::Page;
use crate::report::table::{Column, table};
use crate::report::words::{Weight, mark};

pub(super) fn section(page: &Page<'_>) -> Option<Section> {
    let runs = Probe::CHECKLISTS
        .into_iter()
        .flat_map(|probe| page.input.documents.check_runs(probe, Scene::Measured))
        .filter_map(|(_, run)| cases(run));
    let tables: Vec<Element> = runs.collect();
    if tables.is_empty() {
        return None;
    }
    let words =
        "Cases that are fixed in advance, each tried once on a fresh process. What went wrong comes first.";
    let mut content = Html::default();
    content.push(paragraph(words));
    content.push(tables.into_iter().collect::<Html>());
    Some(Section { id: "checks", title: "Checklists", content })
}

fn cases(run: &CheckRun) -> Option<Element> {
    let columns = [Column::text("Case"), Column::text("Seen"), Column::text("Good")];
    let mut cases = run.checklist.cases()?;
    cases.sort_by_key(|case| case.problem.is_none());
    let rows = cases.into_iter().map(|case| {
        let good = match &case.problem {
            None => mark(Weight::Good, "yes"),
            Some(problem) => mark(Weight::Bad, &format!("no: {problem}")),
        };
        vec![el("span").with(case.case).into(), case.seen.into(), good.into()]
    });
    Some(table(title(run.checklist.probe()), &columns, rows))
}

fn title(probe: Probe) -> &'static str {
    match probe {
        Probe::ResponseHeaders => "Heads of replies",
        Probe::Authentication => "What only somebody who is known may do",
        Probe::LogHygiene => "Texts that must not reach the log as they came",
        _ => "Requests that no server should take",
    }
}
