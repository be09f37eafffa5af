//! What the instrument says of itself, run by run.

use plimsoll_evidence::{GateData, JudgedCriterion};
use plimsoll_measure::Gate;

use super::{Section, paragraph};
use crate::html::{Element, Html, el};
use crate::report::page::Page;
use crate::report::table::{Column, folded, table};
use crate::report::words::{NOTHING, Weight, mark, quantity};

pub(super) fn section(page: &Page<'_>) -> Option<Section> {
    let judged: Vec<&JudgedCriterion> =
        page.criteria().iter().filter(|judged| !judged.measurement.gates.is_empty()).collect();
    if judged.is_empty() {
        return None;
    }
    let words = "The load generator doubts itself before it judges anybody. A gate that does not hold makes a criterion \
                 INCONCLUSIVE, never a pass and never a failure.";
    let mut content = Html::default();
    content.push(paragraph(words));
    content.push(judged.into_iter().map(of_criterion).collect::<Html>());
    Some(Section { id: "gates", title: "Instrument gates", content })
}

/// Folded, but for a criterion of which a gate does not hold.
fn of_criterion(judged: &JudgedCriterion) -> Element {
    let gates = &judged.measurement.gates;
    let held = gates.iter().filter(|gate| gate.passed).count();
    let all = held == gates.len();
    let words = format!("{held} of {} hold", gates.len());
    let summary: Html = [
        Html::from(el("code").with(judged.criterion.id.as_str())),
        " ".into(),
        mark(if all { Weight::Good } else { Weight::Bad }, &words).into(),
    ]
    .into_iter()
    .collect();
    let columns = [
        Column::text("Run"),
        Column::text("Gate"),
        Column::number("Observed"),
        Column::number("Allowed"),
        Column::text("Holds"),
    ];
    let caption = format!("Gates of {}", judged.criterion.id);
    let details = folded(summary, table(&caption, &columns, gates.iter().map(row)));
    if all { details } else { details.attr("open", "") }
}

fn row(gate: &GateData) -> Vec<Html> {
    let shown =
        |amount: Option<u64>| amount.map_or_else(|| NOTHING.to_owned(), |amount| quantity(amount, gate.unit));
    let allowed = match gate.limit {
        Some(limit) => {
            format!("{} {}", if is_least(&gate.gate) { "≥" } else { "≤" }, quantity(limit, gate.unit))
        }
        None => "only reported".to_owned(),
    };
    let holds = if gate.passed { mark(Weight::Good, "yes") } else { mark(Weight::Bad, "no") };
    vec![
        el("code").with(gate.run.as_str()).into(),
        gate.gate.as_str().into(),
        shown(gate.observed).into(),
        allowed.into(),
        holds.into(),
    ]
}

/// Whether the limit is the least that passes. `steady-state` is no gate of the instrument: a drift has a most.
fn is_least(gate: &str) -> bool {
    Gate::from_name(gate).is_some_and(Gate::limit_is_least)
}

#[cfg(test)]
mod tests {
    use plimsoll_base::Unit;

    use super::*;

    fn shown(gate: &str, observed: Option<u64>, limit: Option<u64>) -> Vec<String> {
        let data = GateData {
            run: "steady-1".into(),
            gate: gate.into(),
            passed: false,
            observed,
            limit,
            unit: Unit::Ppb,
        };
        row(&data).into_iter().map(Html::into_string).collect()
    }

    #[test]
    fn a_limit_says_on_which_side_it_lies() {
        assert_eq!(shown("rate", Some(990_000_000), Some(995_000_000))[3], "≥ 99.5\u{a0}%");
        assert_eq!(shown("cpu", Some(900_000_000), Some(800_000_000))[3], "≤ 80\u{a0}%");
        assert_eq!(shown("steady-state", Some(1), Some(10_000_000))[3], "≤ 1\u{a0}%");
    }

    #[test]
    fn what_was_not_seen_or_is_not_held_is_said() {
        let cells = shown("send-lag", None, None);
        assert_eq!(cells[2..4], [NOTHING, "only reported"]);
        assert!(cells[4].contains("✕") && cells[4].ends_with(" no</span>"));
    }
}
