//! JUnit XML: each criterion a test case, so that CI shows a certificate beside the tests.
//!
//! What is not proven must not leave CI green. A criterion on which the status hangs (blocking or conditional) and that is
//! open is an *error*: a skipped test is green. An advisory one that is open is *skipped*, because it decides nothing. The
//! verification is a test case too: whoever takes a stranger's certificate for a green build has trusted a stranger.

use plimsoll_evidence::Outcome;

use super::claim::{Claim, Fact, Standing, certificate_facts, signed_at};
use crate::html::{Element, Html, el, xml};
use crate::intact::{Intact, conclusion};

/// What a test case came to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Mark {
    Passed,
    Failure,
    Error,
    Skipped,
}

struct Case {
    name: String,
    class: String,
    mark: Mark,
    /// The verdict, as the kind of failure.
    kind: &'static str,
    message: String,
    facts: Vec<Fact>,
}

pub(super) fn render(intact: &Intact<'_>) -> String {
    let cases: Vec<Case> = std::iter::once(verification(intact))
        .chain(Claim::all(intact).iter().map(|claim| criterion(intact, claim)))
        .collect();
    let facts = certificate_facts(intact);
    let properties = facts.iter().map(|(name, value)| el("property").attr("name", name).attr("value", value));
    // JUnit's times are without a zone.
    let timestamp = signed_at(intact).to_string().trim_end_matches('Z').to_owned();
    let suite = counted(el("testsuite"), &cases)
        .attr("name", format!("{}: {}", intact.title(), intact.certificate.level))
        .attr("timestamp", timestamp)
        .with(lines([lines_in("properties", properties)]))
        .with(lines(cases.iter().map(test_case)))
        .with(newline());
    xml(counted(el("testsuites"), &cases).attr("name", "Plimsoll").with(lines([suite])).with(newline()))
}

fn counted(element: Element, cases: &[Case]) -> Element {
    let count = |mark: Mark| cases.iter().filter(|case| case.mark == mark).count();
    element
        .attr("tests", cases.len())
        .attr("failures", count(Mark::Failure))
        .attr("errors", count(Mark::Error))
        .attr("skipped", count(Mark::Skipped))
}

fn verification(intact: &Intact<'_>) -> Case {
    let is_trusted = matches!(intact.report.outcome, Outcome::Valid | Outcome::ValidDemo);
    Case {
        name: "verification".into(),
        class: intact.certificate.subject.name.clone(),
        mark: if is_trusted { Mark::Passed } else { Mark::Error },
        kind: "UNTRUSTED",
        message: conclusion(intact.report),
        facts: Vec::new(),
    }
}

fn criterion(intact: &Intact<'_>, claim: &Claim<'_>) -> Case {
    let mark = match claim.standing {
        Standing::Proven => Mark::Passed,
        Standing::Contradicted => Mark::Failure,
        Standing::Broken => Mark::Error,
        Standing::Open if claim.is_decisive() => Mark::Error,
        Standing::Open | Standing::Told | Standing::NotApplicable => Mark::Skipped,
    };
    Case {
        name: claim.id().to_owned(),
        class: format!("{}.{}", intact.certificate.subject.name, intact.certificate.level),
        mark,
        kind: claim.verdict.name(),
        message: claim.reason(),
        facts: claim.facts(),
    }
}

fn test_case(case: &Case) -> Element {
    let told = |name| el(name).attr("message", &case.message).attr("type", case.kind);
    let mark = match case.mark {
        Mark::Passed => None,
        Mark::Failure => Some(told("failure")),
        Mark::Error => Some(told("error")),
        Mark::Skipped => Some(el("skipped").attr("message", &case.message)),
    };
    let mut facts: Html = [("reason", case.message.clone())].iter().chain(&case.facts).map(line).collect();
    facts.push(newline());
    let children = mark.into_iter().chain([el("system-out").with(facts)]);
    lines_in_element(el("testcase").attr("classname", &case.class).attr("name", &case.name), children)
}

fn line((name, value): &Fact) -> Html {
    [newline(), Html::from(format!("{name}: {value}"))].into_iter().collect()
}

fn newline() -> Html {
    Html::literal("\n")
}

/// Each element on a line of its own.
fn lines(elements: impl IntoIterator<Item = Element>) -> Html {
    elements.into_iter().flat_map(|element| [newline(), Html::from(element)]).collect()
}

fn lines_in(name: &'static str, elements: impl IntoIterator<Item = Element>) -> Element {
    lines_in_element(el(name), elements)
}

fn lines_in_element(element: Element, elements: impl IntoIterator<Item = Element>) -> Element {
    element.with(lines(elements)).with(newline())
}
