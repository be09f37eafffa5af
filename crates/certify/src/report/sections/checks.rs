//! Checklists, and looks at files: every case with what was seen.

use plimsoll_evidence::{CheckRun, Checklist, Family, Probe, Scene};

use super::{Section, paragraph};
use crate::html::{Element, Html, el};
use crate::report::page::Page;
use crate::report::table::{Column, table};
use crate::report::words::{Weight, mark};

pub(super) fn section(page: &Page<'_>) -> Option<Section> {
    let words =
        "Cases that are fixed in advance, each tried once on a fresh process. What went wrong comes first.";
    of_family(page, Family::Check, ("checks", "Checklists"), words)
}

/// The same for what was looked at with nothing started.
pub(super) fn files(page: &Page<'_>) -> Option<Section> {
    let words = "What was seen of the subject's files, each looked at once. What is wrong comes first. Planted defects \
                 stood in a copy of the files.";
    of_family(page, Family::Inspection, ("files", "Files"), words)
}

fn of_family(
    page: &Page<'_>,
    family: Family,
    (id, title): (&'static str, &'static str),
    words: &str,
) -> Option<Section> {
    let runs = Probe::of(family)
        .flat_map(|probe| page.input.documents.check_runs(probe, Scene::Measured))
        .filter_map(|(_, run)| cases(run))
        .flatten();
    let tables: Vec<Element> = runs.collect();
    if tables.is_empty() {
        return None;
    }
    let mut content = Html::default();
    content.push(paragraph(words));
    content.push(tables.into_iter().collect::<Html>());
    Some(Section { id, title, content })
}

/// A table of them, and below it what they were looked for in, or why there are none.
fn cases(run: &CheckRun) -> Option<Vec<Element>> {
    let columns = [Column::text("Case"), Column::text("Seen"), Column::text("Good")];
    let mut cases = run.cases()?;
    cases.sort_by_key(|case| case.problem.is_none());
    let rows = cases.into_iter().map(|case| {
        let good = match &case.problem {
            None => mark(Weight::Good, "yes"),
            Some(problem) => mark(Weight::Bad, &format!("no: {problem}")),
        };
        vec![el("span").with(case.case).into(), case.seen.into(), good.into()]
    });
    let mut elements = vec![table(title(run.checklist.probe()), &columns, rows)];
    match &run.checklist {
        Checklist::LogHygiene(search) => elements.push(paragraph(search.words())),
        Checklist::Contract(contract) => elements.push(paragraph(contract.words())),
        Checklist::NotTried(none) => elements.push(paragraph(format!("Nothing was tried: {}.", none.seen))),
        _ => {}
    }
    Some(elements)
}

fn title(probe: Probe) -> &'static str {
    match probe {
        Probe::ResponseHeaders => "Heads of replies",
        Probe::Authentication => "What only somebody who is known may do",
        Probe::Contract => "What the reference says, and what came back",
        Probe::Authorisation => "What each of several users may do",
        Probe::RateLimit => "A limit that is promised",
        Probe::RetriedWrites => "Writes that are sent again",
        Probe::Injection => "Texts that should do nothing",
        Probe::Tls => "What is spoken where TLS is",
        Probe::Surroundings => "Other time zones and languages",
        Probe::MetricsTruth => "What the metrics say of requests that were counted",
        Probe::HealthTruth => "What the health check tells of dependencies",
        Probe::LogHygiene => "Texts that must not reach the log as they came",
        Probe::Secrets => "Secrets in the subject's files",
        Probe::BillOfMaterials => "What it is made of",
        Probe::ImportedResults => "What others have measured",
        Probe::Runbooks => "Alerts and their runbooks",
        Probe::Documentation => "Documents",
        _ => "Requests that no server should take",
    }
}
