//! Claims that are larger than what was looked at.

use std::collections::BTreeMap;

use crate::claims::document::{Place, Statement};
use crate::claims::facts::Figure;
use crate::claims::quantity::number;
use crate::claims::token::{quantities, tokens};
use crate::claims::words::{is_denial, mention, mentions};
use crate::claims::{Case, Finding, FindingKind};

const LARGE: [&str; 22] = [
    "planetary scale",
    "planetary-scale",
    "planet scale",
    "global-scale",
    "global scale",
    "globally scalable",
    "planet-scale",
    "web-scale",
    "hyperscale",
    "any scale",
    "unlimited scale",
    "unlimited scaling",
    "infinitely scalable",
    "enterprise-grade",
    "enterprise grade",
    "enterprise environments",
    "enterprise compliance",
    "enterprise-ready",
    "mission-critical",
    "100+ nodes",
    "global multi-region",
    "worldwide",
];
const EXTRAPOLATED: [&str; 5] =
    ["linear scaling", "scales linearly", "linearly scalable", "expected maximum", "scaling expected"];
/// Words of somebody who knows that he has not seen it.
const OWNED_UP: [&str; 14] = [
    "projection*",
    "projected",
    "model*",
    "assum*",
    "hypothes*",
    "not measured",
    "not claimed",
    "estimate*",
    "forecast*",
    "planned",
    "out of scope",
    "would",
    "will",
    "upon",
];

pub(super) fn larger_than_what_was_measured(case: &Case) -> Vec<Finding> {
    let single = single_node(case);
    let best = case
        .facts
        .runs
        .iter()
        .filter_map(|run| run.rate)
        .max_by(|one, two| one.quantity.value.total_cmp(&two.quantity.value));
    // One finding for each chapter and family: the first line that says so.
    let mut first: BTreeMap<(usize, bool), Vec<usize>> = BTreeMap::new();
    for statement in case.document.statements.iter().filter(|one| is_open_claim(case, one)) {
        let says_so = mentions(&statement.lower, &EXTRAPOLATED) || leads_to(&statement.lower);
        let is_extrapolated = says_so || is_beyond(case, statement, best);
        if is_extrapolated
            || mentions(&statement.lower, &LARGE)
            || single.is_some() && is_global(&statement.lower)
        {
            let chapter = case.document.sections[statement.section].chapter;
            let lines = first.entry((chapter, is_extrapolated)).or_default();
            if lines.last() != Some(&statement.line) {
                lines.push(statement.line);
            }
        }
    }
    let finding = |((_, is_extrapolated), lines): ((usize, bool), Vec<usize>)| {
        let (line, more) = lines.split_first()?;
        let seen = match (is_extrapolated, best, single) {
            (true, Some(best), _) if is_rate_in(case, *line) => {
                format!("extrapolated: the most that was measured is {}/s (line {})", number(best.quantity.value), best.line)
            }
            (true, ..) => "extrapolated: the document measures nothing of that size".to_owned(),
            (false, _, Some(node)) => format!("the document speaks of a single node (line {node}) and measures no more"),
            (false, ..) => "nothing that was measured has this size: no number of nodes, regions or users stands beside it".to_owned(),
        };
        let again = match more {
            [] => String::new(),
            [one] => format!("; also line {one}"),
            [.., last] => format!("; also {} lines to line {last}", more.len()),
        };
        Some(case.finding(*line, FindingKind::ScopeBeyondEvidence, format!("{seen}{again}")))
    };
    first.into_iter().filter_map(finding).collect()
}

fn is_open_claim(case: &Case, statement: &Statement) -> bool {
    !case.document.is_plan(statement.section)
        && statement.tick != Some(false)
        && statement.place != Place::Command
        && !is_denial(&statement.lower)
        && !mentions(&statement.lower, &OWNED_UP)
        && !mentions(
            &case.document.sections[statement.section].lower,
            &["limitation*", "risk*", "not covered", "out of scope"],
        )
}

/// `path to 50,000 RPS`.
fn leads_to(lower: &str) -> bool {
    let after = mention(lower, "path to").map(|at| &lower[at + "path to".len()..]);
    after.is_some_and(|after| tokens(after).first().is_some_and(|token| token.quantity().is_some()))
}

/// Whether a line names a rate.
fn is_rate_in(case: &Case, line: usize) -> bool {
    quantities(&case.document.quote(line)).iter().any(|(one, _)| one.is_rate())
}

/// `Capacity: 50,000+ RPS` on a path of scaling, where far less was measured.
fn is_beyond(case: &Case, statement: &Statement, best: Option<Figure>) -> bool {
    let title = &case.document.sections[statement.section].lower;
    let is_path = mentions(title, &["path", "scaling", "scalability"]) && !mentions(title, &["current"]);
    let is_more = |best: Figure| {
        quantities(&statement.value).iter().any(|(one, _)| {
            one.is_like(best.quantity) && best.quantity.allowed().high * 1.05 < one.rounded().low
        })
    };
    is_path && mentions(&statement.lower, &["capacity"]) && best.is_some_and(is_more)
}

/// Words of the one machine that was looked at.
const SINGLE: [&str; 14] = [
    "single virtual machine",
    "one virtual machine",
    "single vm",
    "one vm",
    "single server",
    "one server",
    "single node",
    "single-node",
    "one node",
    "laptop",
    "single host",
    "one host",
    "single machine",
    "one machine",
];

/// `ready for global production`: not `the global rate limit`.
fn is_global(lower: &str) -> bool {
    const EVERYWHERE: [&str; 7] = [
        "global",
        "globally",
        "planetary",
        "all over the world",
        "around the world",
        "across the globe",
        "across the world",
    ];
    mentions(lower, &EVERYWHERE)
        && mentions(
            lower,
            &["ready", "readiness", "certified", "proven", "production", "traffic", "users", "deployment"],
        )
}

/// Where the document says that it speaks of one node.
fn single_node(case: &Case) -> Option<usize> {
    let says = |one: &&Statement| mentions(&one.lower, &SINGLE) && !is_denial(&one.lower);
    case.document.statements.iter().find(says).map(|one| one.line)
}
