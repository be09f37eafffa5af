//! How much the subject can carry: latency at each rate, the highest that passes, and why the next does not.

use std::collections::BTreeMap;

use plimsoll_base::Unit;
use plimsoll_evidence::{LoadLine, Step, Verdict};
use plimsoll_measure::Value;

use super::{Section, paragraph};
use crate::html::{Element, Html, el};
use crate::report::page::{Page, Run};
use crate::report::plot::{
    Drawing, Frame, LatencyScale, Linear, WIDTH, bottom_axis, circle, cross, figure, label, left_axis,
    limit_line, linear_ticks, path, rule, triangle,
};
use crate::report::table::{Column, table};
use crate::report::words::{Weight, count, latency, limit, mark, quantity, verdict_weight};

const HEIGHT: f64 = 330.0;
const FRAME: Frame = Frame { left: 72.0, right: WIDTH - 26.0, top: 40.0, bottom: HEIGHT - 42.0 };

/// How much further the axis goes than the highest rate, so that its marks stand free.
const HEADROOM: f64 = 1.03;

/// One rate: the quantile of each of its trials.
struct Rate {
    rate_per_ks: u64,
    /// What its fresh trials gave; none for the data of the search, which cannot certify.
    verdict: Option<Verdict>,
    values: Vec<Value>,
    n: u64,
}

impl Rate {
    fn median(&self) -> Option<Value> {
        self.values.get(self.values.len().saturating_sub(1) / 2).copied()
    }

    fn per_second(&self) -> f64 {
        self.rate_per_ks as f64 / 1_000.0
    }
}

pub(super) fn section(page: &Page<'_>) -> Option<Section> {
    let line = page.certificate.load_line.as_ref()?;
    let rates = rates(page);
    let mut content = Html::default();
    content.push(el("p").class("lead").with(lead(line)));
    content.push(paragraph(sentence(&line.next)));
    content.push(plot(page, line, &rates).into_iter().collect::<Html>());
    Some(Section { id: "load-line", title: "Load line", content })
}

fn lead(line: &LoadLine) -> String {
    match line.rate_per_ks {
        0 if line.knee_seen => {
            "There is no load line: already the lowest rate fails a load criterion.".into()
        }
        0 => "There is no load line: nothing is decided at the lowest rate.".into(),
        rate => format!("Up to {} every load criterion passes.", quantity(rate, Unit::PerKs)),
    }
}

/// With a capital and a full stop.
fn sentence(words: &str) -> String {
    let mut letters = words.chars();
    let first: String = letters.next().map(|letter| letter.to_uppercase().collect()).unwrap_or_default();
    format!("{first}{}.", letters.as_str())
}

fn rates(page: &Page<'_>) -> Vec<Rate> {
    let mut by_rate: BTreeMap<(u64, bool), Vec<Run<'_>>> = BTreeMap::new();
    for run in page.line_runs() {
        let search = run.run.step == Step::Search;
        by_rate.entry((run.run.schedule.rate_per_ks, search)).or_default().push(run);
    }
    let rate = |((rate_per_ks, search), runs): ((u64, bool), Vec<Run<'_>>)| {
        let mut values: Vec<Value> =
            runs.iter().filter_map(|run| run.total.quantile(page.quantile())).collect();
        values.sort_unstable();
        let verdict = (!search).then(|| page.rung_verdict(rate_per_ks));
        Rate { rate_per_ks, verdict, values, n: runs.iter().map(|run| run.total.count()).sum() }
    };
    by_rate.into_iter().map(rate).collect()
}

fn plot(page: &Page<'_>, line: &LoadLine, rates: &[Rate]) -> Option<Element> {
    let judged = page.latency_criterion();
    let limit_ns = judged.map(|judged| Value::Finite(judged.criterion.limit));
    let values = rates.iter().flat_map(|rate| rate.values.iter().copied()).chain(limit_ns);
    let y = LatencyScale::around(values, FRAME.bottom, FRAME.top)?;
    let ticks = linear_ticks(HEADROOM * rates.iter().map(Rate::per_second).fold(0.0, f64::max));
    let x = Linear { domain: (0.0, ticks.last().copied()?), range: (FRAME.left, FRAME.right) };
    let quantile = page.quantile();
    let mut content = left_axis(&FRAME, &format!("{quantile} latency"), &y.ticks());
    let named: Vec<(f64, String)> = ticks.iter().map(|rate| (x.place(*rate), format!("{rate}"))).collect();
    content.push(bottom_axis(&FRAME, "requests per second", &named));
    content.push(chosen(line, &x));
    let medians = rates.iter().filter(|rate| rate.verdict.is_some());
    content.push(path(
        "stroke",
        medians.map(|rate| Some((x.place(rate.per_second()), y.place(rate.median()?)))),
    ));
    content.push(rates.iter().map(|rate| marks(rate, &x, &y)).collect::<Html>());
    if let (Some(judged), Some(limit_ns)) = (judged, limit_ns) {
        content.push(limit_line(&FRAME, y.place(limit_ns), &format!("limit {}", limit(&judged.criterion))));
    }
    let drawing = Drawing {
        id: "plot-load-line",
        title: format!("{quantile} latency at each rate"),
        description: description(line, rates),
        height: HEIGHT,
        content,
    };
    Some(figure(drawing, caption(), data(page, rates)))
}

fn caption() -> &'static str {
    "Dots: fresh trials, joined at their median. At a rate that does not pass each trial is a cross, where nothing is \
     decided a triangle. Rings: the search for the line, whose data cannot certify."
}

/// Every trial at one rate. Shape says what colour says too.
fn marks(rate: &Rate, x: &Linear, y: &LatencyScale) -> Html {
    let mark = |value: &Value| {
        let place = (x.place(rate.per_second()), y.place(*value));
        match rate.verdict.map(verdict_weight) {
            None => circle("search", place, 3.5),
            Some(Weight::Good) => circle("dot", place, 4.0),
            Some(Weight::Bad) => cross("cross", place, 4.5),
            Some(Weight::Doubtful | Weight::Neutral) => triangle("unsure", place, 4.5),
        }
    };
    rate.values.iter().map(mark).collect()
}

/// The mark on the hull at the chosen rate: nothing is drawn if no rate passes.
fn chosen(line: &LoadLine, x: &Linear) -> Html {
    if line.rate_per_ks == 0 {
        return Html::default();
    }
    let place = x.place(line.rate_per_ks as f64 / 1_000.0);
    let words = format!("load line {}", quantity(line.rate_per_ks, Unit::PerKs));
    // Words run towards the middle, so that they stay within the plot.
    let (class, shift) = if place > (FRAME.left + FRAME.right) / 2.0 {
        ("end line-name", -14.0)
    } else {
        ("start line-name", 14.0)
    };
    let height = FRAME.top - 6.0;
    el("g")
        .with(rule("load-line", (place, FRAME.top + 2.0), (place, FRAME.bottom)))
        .with(circle("mark-ring", (place, height), 6.0))
        .with(rule("load-line", (place - 11.0, height), (place + 11.0, height)))
        .with(label(class, (place + shift, height + 4.0), &words))
        .into()
}

fn description(line: &LoadLine, rates: &[Rate]) -> String {
    let points: Vec<String> = rates
        .iter()
        .filter(|rate| rate.verdict.is_some())
        .map(|rate| format!("{}: {}", quantity(rate.rate_per_ks, Unit::PerKs), latency(rate.median())))
        .collect();
    format!("{} {} Medians over trials: {}.", lead(line), sentence(&line.next), points.join("; "))
}

fn data(page: &Page<'_>, rates: &[Rate]) -> Element {
    let columns = [
        Column::number("Rate"),
        Column::text("What for"),
        Column::number("Requests"),
        Column::number(format!("{}, median", page.quantile())),
        Column::number("least"),
        Column::number("greatest"),
        Column::text("Outcome"),
    ];
    let row = |rate: &Rate| {
        let trials = format!("{} fresh trials", rate.values.len());
        vec![
            quantity(rate.rate_per_ks, Unit::PerKs).into(),
            rate.verdict.map_or_else(|| "search".into(), |_| trials.into()),
            count(rate.n).into(),
            latency(rate.median()).into(),
            latency(rate.values.first().copied()).into(),
            latency(rate.values.last().copied()).into(),
            rate.verdict.map_or_else(|| "cannot certify".into(), |verdict| outcome(verdict).into()),
        ]
    };
    table("Latency at each rate", &columns, rates.iter().map(row))
}

fn outcome(verdict: Verdict) -> Element {
    let words = match verdict {
        Verdict::Pass => "passes",
        Verdict::ConditionalPass => "passes only on conditions",
        Verdict::Fail | Verdict::ConditionalFail => "does not pass",
        _ => "not measurable",
    };
    mark(verdict_weight(verdict), words)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn line(rate_per_ks: u64) -> LoadLine {
        LoadLine { rate_per_ks, next_per_ks: None, next: "no higher step was tried".into(), knee_seen: false }
    }

    #[test]
    fn a_line_of_nought_claims_nothing_and_is_not_drawn() {
        let x = Linear { domain: (0.0, 100.0), range: (0.0, 1.0) };
        assert_eq!(lead(&line(0)), "There is no load line: nothing is decided at the lowest rate.");
        let knee = LoadLine { knee_seen: true, ..line(0) };
        assert_eq!(lead(&knee), "There is no load line: already the lowest rate fails a load criterion.");
        assert_eq!(chosen(&line(0), &x), Html::default());
        assert_eq!(lead(&line(40_000)), "Up to 40/s every load criterion passes.");
        assert!(chosen(&line(40_000), &x).into_string().contains("load line 40/s"));
    }

    #[test]
    fn the_median_of_an_even_number_is_the_lower_one() {
        let rate = |values: &[u64]| Rate {
            rate_per_ks: 1,
            verdict: Some(Verdict::Pass),
            values: values.iter().copied().map(Value::Finite).collect(),
            n: 1,
        };
        assert_eq!(rate(&[1, 2, 3, 4]).median(), Some(Value::Finite(2)));
        assert_eq!(rate(&[]).median(), None);
    }

    #[test]
    fn a_sentence_has_a_capital_and_a_stop() {
        assert_eq!(sentence("next step fails"), "Next step fails.");
    }
}
