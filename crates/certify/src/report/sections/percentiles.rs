//! The whole distribution of latency, one line per trial, after the manner of HdrHistogram's plots.

use plimsoll_evidence::{Amount, JudgedCriterion};
use plimsoll_measure::{Probability, Value};

use super::Section;
use crate::html::{Element, Html, el};
use crate::report::page::{Page, Run};
use crate::report::plot::{
    Drawing, Frame, LatencyScale, Linear, WIDTH, bottom_axis, circle, figure, label, left_axis, limit_line,
    path, rule,
};
use crate::report::table::{Column, table};
use crate::report::words::{count, latency, limit};

const HEIGHT: f64 = 340.0;
const FRAME: Frame = Frame { left: 72.0, right: WIDTH - 26.0, top: 40.0, bottom: HEIGHT - 42.0 };

/// Points along one line: one every two and a half units of the drawing.
const POINTS: u32 = 250;

/// Quantiles that the table shows and the axis names: nines, as far as the trials hold a request beyond them.
const QUANTILES: [Probability; 6] = [
    Probability::P50,
    Probability::P90,
    Probability::P95,
    Probability::P99,
    Probability::P999,
    Probability::P9999,
];

pub(super) fn section(page: &Page<'_>) -> Option<Section> {
    if page.steady.is_empty() {
        return None;
    }
    let words = "Latency counts from the moment at which a request was meant to be sent. A request without a good reply \
                 counts as infinite: it stands in every quantile that it reaches.";
    let mut content = Html::default();
    content.push(el("p").with(words));
    content.push(plot(page)?);
    Some(Section { id: "latency", title: "Latency", content })
}

fn plot(page: &Page<'_>) -> Option<Element> {
    let most = page.steady.iter().map(|run| run.total.count()).max()?;
    // log10 of 1 / (1 - q), up to the quantile beyond which the largest trial has one request.
    let x = Linear { domain: (0.0, (most as f64).log10().max(1.0)), range: (FRAME.left, FRAME.right) };
    let limit_ns = page.latency_criterion().map(|judged| Value::Finite(judged.criterion.limit));
    let extremes = page.steady.iter().flat_map(|run| [run.total.min(), run.total.max()]).flatten();
    let y = LatencyScale::around(extremes.chain(limit_ns), FRAME.bottom, FRAME.top)?;
    let mut content = left_axis(&FRAME, "latency", &y.ticks());
    content.push(bottom_axis(&FRAME, "percentile of requests", &percentile_ticks(&x)));
    if let Some(judged) = page.latency_criterion() {
        content.push(requirement(page, judged, &x, &y));
    }
    let chosen = median_trial(page);
    for (index, run) in page.steady.iter().enumerate() {
        let class = if Some(index) == chosen { "stroke" } else { "stroke thin" };
        content.push(line(class, run, &x, &y));
    }
    content.push(
        page.latency_criterion().map(|judged| bounds(page, judged, &x, &y)).into_iter().collect::<Html>(),
    );
    let drawing = Drawing {
        id: "plot-percentiles",
        title: "Latency by percentile, one line per trial".into(),
        description: description(page),
        height: HEIGHT,
        content,
    };
    Some(figure(drawing, caption(page), data(page)))
}

fn caption(page: &Page<'_>) -> String {
    let quantile = page.quantile();
    format!(
        "One line per trial; the strong one is the trial with the median {quantile}, which is the value that is judged. \
         The bar at {quantile} spans the bounds of that value. The further right, the fewer requests stand behind the line."
    )
}

/// Where a quantile stands: each nine is as wide as the one before.
fn nines(quantile: Probability) -> f64 {
    9.0 - (quantile.complement().ppb().max(1) as f64).log10()
}

fn percentile_ticks(x: &Linear) -> Vec<(f64, String)> {
    let named = |quantile: Probability| (nines(quantile), quantile.to_string());
    let mut ticks = vec![(0.0, "p0".to_owned())];
    ticks.extend(QUANTILES.map(named));
    ticks.retain(|(nines, _)| *nines <= x.domain.1);
    ticks.into_iter().map(|(nines, name)| (x.place(nines), name)).collect()
}

/// The limit, and the quantile at which it holds.
fn requirement(page: &Page<'_>, judged: &JudgedCriterion, x: &Linear, y: &LatencyScale) -> Html {
    let quantile = page.quantile();
    let place = x.place(nines(quantile).min(x.domain.1));
    let limit_y = y.place(Value::Finite(judged.criterion.limit));
    let words = format!("limit {quantile} {}", limit(&judged.criterion));
    [limit_line(&FRAME, limit_y, &words), rule("guide", (place, limit_y), (place, FRAME.bottom))]
        .into_iter()
        .collect()
}

/// The judged value with its bounds.
fn bounds(page: &Page<'_>, judged: &JudgedCriterion, x: &Linear, y: &LatencyScale) -> Html {
    let place = x.place(nines(page.quantile()).min(x.domain.1));
    let height = |amount: Amount| match amount {
        Amount::Finite(ns) => y.place(Value::Finite(ns)),
        Amount::Infinite => y.place(Value::Infinite),
    };
    let measurement = &judged.measurement;
    let mut marks = Html::default();
    if let (Some(lower), Some(upper)) = (measurement.lower, measurement.upper) {
        let (lower, upper) = (height(lower), height(upper).max(FRAME.top));
        marks.push(rule("bound", (place, lower), (place, upper)));
        marks.push(rule("bound", (place - 6.0, lower), (place + 6.0, lower)));
        marks.push(rule("bound", (place - 6.0, upper), (place + 6.0, upper)));
    }
    if let Some(value) = measurement.value {
        let at = (place, height(value));
        marks.push(circle("dot", at, 4.5));
        let name = format!("{} {}", page.quantile(), value.display(measurement.unit));
        marks.push(label("end value-name", (at.0 - 12.0, at.1 - 8.0), &name));
    }
    marks
}

/// The trial whose quantile is the median: with an even number of them the lower one.
fn median_trial(page: &Page<'_>) -> Option<usize> {
    let mut order: Vec<(Option<Value>, usize)> = page
        .steady
        .iter()
        .enumerate()
        .map(|(index, run)| (run.total.quantile(page.quantile()), index))
        .collect();
    order.sort_unstable();
    order.get(order.len().checked_sub(1)? / 2).map(|(_, index)| *index)
}

fn line(class: &'static str, run: &Run<'_>, x: &Linear, y: &LatencyScale) -> Element {
    let end = (run.total.count().max(1) as f64).log10();
    let point = |index: u32| {
        let nines = end * f64::from(index) / f64::from(POINTS);
        let ppb = (1e9 * (1.0 - 10f64.powf(-nines))).round() as u64;
        let value = run.total.quantile(Probability::from_ppb(ppb)?)?;
        Some((x.place(nines), y.place(value)))
    };
    path(class, (0..=POINTS).map(point))
}

fn description(page: &Page<'_>) -> String {
    let of = |run: &Run<'_>| {
        let shown = |quantile| latency(run.total.quantile(quantile));
        format!(
            "trial {}: median {}, {} {}, greatest {}",
            run.run.trial,
            shown(Probability::P50),
            page.quantile(),
            shown(page.quantile()),
            latency(run.total.max())
        )
    };
    page.steady.iter().map(of).collect::<Vec<_>>().join("; ")
}

/// Quantiles beyond which at least one request of so many lies: any further one only repeats the greatest value.
fn quantiles_of(requests: u64) -> impl Iterator<Item = Probability> + Clone {
    QUANTILES.into_iter().filter(move |quantile| nines(*quantile) <= (requests.max(1) as f64).log10())
}

fn data(page: &Page<'_>) -> Element {
    let quantiles = quantiles_of(page.steady.iter().map(|run| run.total.count()).max().unwrap_or(0));
    let mut columns = vec![Column::number("Trial"), Column::number("Requests")];
    columns.extend(quantiles.clone().map(|quantile| Column::number(quantile.to_string())));
    columns.extend([Column::number("greatest"), Column::number("without reply")]);
    let row = |run: &Run<'_>| {
        let mut cells: Vec<Html> = vec![run.run.trial.to_string().into(), count(run.total.count()).into()];
        cells.extend(quantiles.clone().map(|quantile| Html::from(latency(run.total.quantile(quantile)))));
        cells.extend([latency(run.total.max()).into(), Html::from(count(run.total.infinite()))]);
        cells
    };
    table("Latency by percentile", &columns, page.steady.iter().map(row))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_nine_is_as_wide_as_the_one_before() {
        let places = [Probability::ZERO, Probability::P90, Probability::P99, Probability::P999].map(nines);
        for (place, expected) in places.into_iter().zip(0u32..) {
            assert!((place - f64::from(expected)).abs() < 1e-9, "{places:?}");
        }
    }

    #[test]
    fn the_table_has_no_quantile_that_only_repeats_the_greatest() {
        assert_eq!(quantiles_of(1_061).last(), Some(Probability::P999));
        assert_eq!(quantiles_of(10_000).last(), Some(Probability::P9999));
        assert_eq!(quantiles_of(0).count(), 0);
    }

    #[test]
    fn the_axis_names_no_quantile_that_nobody_measured() {
        let names = |requests: f64| -> Vec<String> {
            let x = Linear { domain: (0.0, requests.log10()), range: (0.0, 1.0) };
            percentile_ticks(&x).into_iter().map(|(_, name)| name).collect()
        };
        assert_eq!(names(50.0), ["p0", "p50", "p90", "p95"]);
        assert_eq!(names(20_000.0).last().map(String::as_str), Some("p99.99"));
    }
}
