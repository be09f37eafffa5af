//! Every criterion with what was required, measured and decided, by domain.

use plimsoll_evidence::{Amount, DomainScore, Estimator, Family, JudgedCriterion};

use super::{Section, paragraph};
use crate::html::{Element, Html, el};
use crate::report::page::Page;
use crate::report::table::scrolling;
use crate::report::words::{
    NOTHING, Weight, amount, bounds, confidence, count, counted, limit, mark, verdict_mark,
};

/// Heads of the columns; on a phone each stands before its cell.
const COLUMNS: [&str; 6] = ["Criterion", "Verdict", "Measured", "Required", "Rests on", "Seen red on"];

pub(super) fn section(page: &Page<'_>) -> Section {
    let domains = domains_in_order(page.criteria());
    let bodies = domains.into_iter().map(|domain| {
        let score = page.certificate.domains.iter().find(|score| score.domain == domain);
        domain_body(domain, score, page.criteria())
    });
    let head = COLUMNS.map(|title| el("th").attr("role", "columnheader").attr("scope", "col").with(title));
    // Roles are written out: a table that is laid out as cards on a phone would lose them.
    let table = el("table")
        .class("criteria cards")
        .attr("role", "table")
        .with(el("caption").with("Criteria by domain"))
        .with(el("thead").attr("role", "rowgroup").with(el("tr").attr("role", "row").with_each(head)))
        .with_each(bodies);
    let formula = "The count beside a domain is criteria with verdict PASS, of those that apply (all but \
                   NOT APPLICABLE). It is for reading: no decision rests on it, and no average takes part in one.";
    let mut content = Html::default();
    content.push(scrolling("Criteria by domain", table));
    content.push(el("p").class("note").with(formula));
    content.push(paragraph(rules()).class("note"));
    Section { id: "criteria", title: "Criteria", content }
}

fn rules() -> &'static str {
    "Rule guard-95: the one-sided 95 % bound must keep the limit. Rule simple: the value itself must keep it, \
     which accepts a subject that lies exactly at the limit half of the time."
}

/// The domains in the order of their first criterion.
fn domains_in_order(criteria: &[JudgedCriterion]) -> Vec<&str> {
    let mut domains: Vec<&str> = Vec::new();
    for judged in criteria {
        if !domains.contains(&judged.criterion.domain.as_str()) {
            domains.push(&judged.criterion.domain);
        }
    }
    domains
}

fn domain_body(domain: &str, score: Option<&DomainScore>, criteria: &[JudgedCriterion]) -> Element {
    let passed = match score {
        Some(score) => format!("{} of {} passed", score.passed, score.of),
        None => "none applies".to_owned(),
    };
    let heading = el("th")
        .attr("role", "rowheader")
        .attr("scope", "rowgroup")
        .attr("colspan", COLUMNS.len())
        .with(el("span").class("domain").with(domain))
        .with(" ")
        .with(el("span").class("score").with(passed));
    let rows = criteria.iter().filter(|judged| judged.criterion.domain == domain).map(row);
    el("tbody")
        .attr("role", "rowgroup")
        .with(el("tr").class("group").attr("role", "row").with(heading))
        .with_each(rows)
}

fn row(judged: &JudgedCriterion) -> Element {
    let name = el("th")
        .attr("role", "rowheader")
        .attr("scope", "row")
        .with(el("code").with(judged.criterion.id.as_str()))
        .with(minor(judged.criterion.statement.as_str()));
    let cells = [decided(judged), measured(judged), required(judged), basis(judged), control(judged)];
    let titled = COLUMNS.into_iter().skip(1).zip(cells);
    el("tr").attr("role", "row").with(name).with_each(titled.map(|(title, cell)| {
        el("td").attr("role", "cell").attr("data-label", title).with(el("div").with(cell))
    }))
}

fn decided(judged: &JudgedCriterion) -> Html {
    let verdict = judged.verdict;
    let words = format!("{}, {}", judged.state().name(), judged.criterion.severity.name());
    [Html::from(verdict_mark(verdict)), minor(words.as_str()).into()].into_iter().collect()
}

fn measured(judged: &JudgedCriterion) -> Html {
    let measurement = &judged.measurement;
    let value = el("span").class("value").with(amount(measurement.value, measurement.unit));
    let bounds = match (measurement.value, bounds(measurement)) {
        (None, _) => String::new(),
        (Some(Amount::Finite(0)), _) if measurement.estimator == Estimator::HighestStep => {
            "no step passes".to_owned()
        }
        (Some(_), _) if measurement.estimator == Estimator::HighestStep => {
            "the highest step that passes".to_owned()
        }
        (Some(_), _) if measurement.estimator == Estimator::FailedCases => {
            format!("of {} cases", count(measurement.n))
        }
        (Some(_), _) if judged.criterion.probe.family() == Family::Soak => {
            format!("in {} looks", count(measurement.n))
        }
        (Some(_), _) if judged.criterion.probe.family() == Family::Fault => "seen in one drill".to_owned(),
        (Some(_), Some(bounds)) => {
            format!("{bounds}, each bound {}", confidence(measurement.confidence_ppb))
        }
        (Some(_), None) => "no bound".to_owned(),
    };
    let shown = measurement
        .demonstrated_ppb
        .map(|ppb| minor(&format!("shows that at least {} keep the limit, at 95 %", confidence(ppb))));
    let mut cell = Html::from(value);
    cell.push(minor(&bounds));
    cell.push(shown.into_iter().collect::<Html>());
    cell
}

fn required(judged: &JudgedCriterion) -> Html {
    let rule = format!("rule {}", judged.criterion.rule.name());
    let asked = judged.criterion.asked.as_deref().map(|asked| minor(&format!("asked for: {asked}")));
    let mut cell = Html::from(el("span").class("value").with(limit(&judged.criterion)));
    cell.push(whole(&rule));
    cell.push(asked.into_iter().collect::<Html>());
    cell
}

fn basis(judged: &JudgedCriterion) -> Html {
    let measurement = &judged.measurement;
    let noun = match judged.criterion.probe.family() {
        Family::Load => "trial",
        Family::Start => "start",
        Family::Stop | Family::Crash => "drill",
        Family::Check => "pass",
        Family::Inspection => "look",
        Family::Soak => "soak",
        Family::Fault | Family::Restore => "drill",
    };
    let trials = measurement.trials.len() as u64;
    if trials == 0 {
        return NOTHING.into();
    }
    let n_effective: u64 = measurement.trials.iter().map(|trial| trial.n_effective).sum();
    let first = el("span").with(format!("n = {}", count(measurement.n)));
    let worth =
        (n_effective != measurement.n).then(|| minor(&format!("worth {} independent", count(n_effective))));
    let mut cell = Html::from(first);
    cell.push(worth.into_iter().collect::<Html>());
    cell.push(minor(&counted(trials, noun)));
    cell
}

fn control(judged: &JudgedCriterion) -> Html {
    let Some(control) = &judged.control else { return NOTHING.into() };
    let (weight, word) = if control.seen_red { (Weight::Good, "red") } else { (Weight::Bad, "not seen red") };
    [Html::from(mark(weight, word)), whole(control.scene.name()).into()].into_iter().collect()
}

/// A smaller line below.
fn minor(words: &str) -> Element {
    el("span").class("minor").with(words)
}

/// A smaller line that is not broken.
fn whole(words: &str) -> Element {
    el("span").class("minor whole").with(words)
}
