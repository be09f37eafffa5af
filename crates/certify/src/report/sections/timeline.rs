//! How the trials went, second by second: latency, good replies and errors.

use plimsoll_measure::{Histogram, Probability, Value};

use super::Section;
use crate::html::{Element, Html, el};
use crate::report::page::{Page, Run};
use crate::report::plot::{
    Drawing, Frame, LatencyScale, Linear, WIDTH, figure, label, left_axis, limit_line, linear_ticks, path,
    rule,
};
use crate::report::table::{Column, table};
use crate::report::words::{count, latency, limit};

const LATENCY_HEIGHT: f64 = 300.0;
const REPLIES_HEIGHT: f64 = 220.0;

/// Points along one trial: more cannot be told apart on the page. Longer trials are summed up.
const POINTS_MAX: usize = 120;

/// One batch: no point is shorter.
const SECONDS_MIN: f64 = 0.1;

/// How much further the axis goes than the busiest second.
const HEADROOM: f64 = 1.02;

/// Between two trials.
const GAP: f64 = 12.0;

/// One trial, summed up by so many seconds a point.
struct Trial {
    trial: u64,
    points: Vec<Point>,
}

/// One or more windows of one second, summed up.
struct Point {
    counts: Histogram,
    seconds: f64,
}

impl Point {
    fn good(&self) -> u64 {
        self.counts.count().saturating_sub(self.counts.infinite())
    }

    fn per_second(&self, number: u64) -> f64 {
        number as f64 / self.seconds
    }
}

/// All trials on one line of time, and how many seconds a point stands for.
struct Timeline {
    trials: Vec<Trial>,
    seconds: usize,
    points_max: usize,
}

pub(super) fn section(page: &Page<'_>) -> Option<Section> {
    let timeline = read(page)?;
    let mut content = Html::default();
    content.push(latency_plot(page, &timeline)?);
    content.push(replies_plot(&timeline)?);
    Some(Section { id: "time", title: "Over time", content })
}

fn read(page: &Page<'_>) -> Option<Timeline> {
    let longest = page.steady.iter().map(|run| run.series.windows().len()).max()?;
    let seconds = longest.div_ceil(POINTS_MAX).max(1);
    let trials: Vec<Trial> = page.steady.iter().map(|run| trial(run, seconds)).collect();
    let points_max = trials.iter().map(|trial| trial.points.len()).max()?;
    (points_max > 0).then_some(Timeline { trials, seconds, points_max })
}

fn trial(run: &Run<'_>, seconds: usize) -> Trial {
    let windows: Vec<Histogram> = run.series.windows().collect();
    let duration_s = run.run.schedule.duration_ns as f64 / 1e9;
    let point = |(index, windows): (usize, &[Histogram])| {
        let mut counts = Histogram::new();
        windows.iter().for_each(|window| counts.merge(window));
        // The last point may be shorter than the others; never so short that its rate is noise.
        let left = duration_s - (index * seconds) as f64;
        Point { counts, seconds: left.clamp(SECONDS_MIN, seconds as f64) }
    };
    Trial { trial: run.run.trial, points: windows.chunks(seconds).enumerate().map(point).collect() }
}

impl Timeline {
    /// The panels, one per trial, side by side.
    fn panels(&self, height: f64) -> Vec<(&Trial, Frame)> {
        let (left, right) = (72.0, WIDTH - 14.0);
        let number = self.trials.len() as f64;
        let width = (right - left - GAP * (number - 1.0)) / number;
        let panel = |(index, trial)| {
            let left = left + index as f64 * (width + GAP);
            (trial, Frame { left, right: left + width, top: 40.0, bottom: height - 30.0 })
        };
        self.trials.iter().enumerate().map(panel).collect()
    }

    /// The middle of each point in its panel.
    fn place(&self, frame: &Frame, index: usize) -> f64 {
        let x = Linear { domain: (0.0, self.points_max as f64), range: (frame.left, frame.right) };
        x.place(index as f64 + 0.5)
    }

    fn axis(&self, panels: &[(&Trial, Frame)]) -> Html {
        let of = |(trial, frame): &(&Trial, Frame)| {
            let seconds = (self.points_max * self.seconds).to_string();
            let middle = (frame.left + frame.right) / 2.0;
            let below = frame.bottom + 18.0;
            [
                rule("edge", (frame.left, frame.bottom), (frame.right, frame.bottom)),
                label("start tick", (frame.left, below), "0"),
                label("middle tick", (middle, below), &format!("trial {}", trial.trial)),
                label("end tick", (frame.right, below), &format!("{seconds} s")),
            ]
        };
        panels.iter().flat_map(of).collect()
    }

    fn window_name(&self) -> String {
        if self.seconds == 1 { "one second".into() } else { format!("{} seconds", self.seconds) }
    }
}

fn latency_plot(page: &Page<'_>, timeline: &Timeline) -> Option<Element> {
    let panels = timeline.panels(LATENCY_HEIGHT);
    let whole = whole(&panels)?;
    let limit_of = page.latency_criterion().map(|judged| Value::Finite(judged.criterion.limit));
    let quantiles = [Probability::P50, page.quantile()];
    let shown = timeline.trials.iter().flat_map(|trial| &trial.points);
    let values = shown.flat_map(|point| quantiles.map(|quantile| point.counts.quantile(quantile))).flatten();
    let y = LatencyScale::around(values.chain(limit_of), whole.bottom, whole.top)?;
    let mut content = left_axis(&whole, "latency", &y.ticks());
    content.push(timeline.axis(&panels));
    for (trial, frame) in &panels {
        for (class, quantile) in [("stroke dashed", quantiles[0]), ("stroke", quantiles[1])] {
            let point = |(index, point): (usize, &Point)| {
                Some((timeline.place(frame, index), y.place(point.counts.quantile(quantile)?)))
            };
            content.push(path(class, trial.points.iter().enumerate().map(point)));
        }
    }
    if let (Some(judged), Some(value)) = (page.latency_criterion(), limit_of) {
        let words = format!("limit {} {}", page.quantile(), limit(&judged.criterion));
        content.push(limit_line(&whole, y.place(value), &words));
    }
    let title = format!("p50 and {} of each window, trial by trial", page.quantile());
    let caption = format!(
        "Windows of {}. Full line: {}; dashed line: p50. Every trial is a fresh process.",
        timeline.window_name(),
        page.quantile()
    );
    let description = format!("{} No line leaves the plot; the table has every point.", caption);
    let drawing = Drawing { id: "plot-time", title, description, height: LATENCY_HEIGHT, content };
    let cells = |point: &Point| {
        quantiles.map(|quantile| Html::from(latency(point.counts.quantile(quantile)))).to_vec()
    };
    let heads = quantiles.map(|quantile| quantile.to_string());
    Some(figure(drawing, caption, data("Latency over time", timeline, &heads, cells)))
}

fn replies_plot(timeline: &Timeline) -> Option<Element> {
    let panels = timeline.panels(REPLIES_HEIGHT);
    let whole = whole(&panels)?;
    let points = || timeline.trials.iter().flat_map(|trial| &trial.points);
    let most = points().map(|point| point.per_second(point.counts.count())).fold(0.0, f64::max);
    let ticks = linear_ticks(HEADROOM * most);
    let y = Linear { domain: (0.0, ticks.last().copied()?), range: (whole.bottom, whole.top) };
    let named: Vec<(f64, String)> = ticks.iter().map(|tick| (y.place(*tick), tick.to_string())).collect();
    let mut content = left_axis(&whole, "requests per second", &named);
    content.push(timeline.axis(&panels));
    for (trial, frame) in &panels {
        let good = |(index, point): (usize, &Point)| {
            Some((timeline.place(frame, index), y.place(point.per_second(point.good()))))
        };
        content.push(path("stroke", trial.points.iter().enumerate().map(good)));
        let failed = trial.points.iter().enumerate().filter(|(_, point)| point.counts.infinite() > 0);
        let bar = |(index, point): (usize, &Point)| {
            let x = timeline.place(frame, index);
            rule("bar", (x, whole.bottom), (x, y.place(point.per_second(point.counts.infinite()))))
        };
        content.push(failed.map(bar).collect::<Html>());
    }
    let errors: u64 = points().map(|point| point.counts.infinite()).sum();
    let caption = format!(
        "Line: good replies. Bars from the bottom: requests without a good reply, {} over all trials.",
        count(errors)
    );
    let drawing = Drawing {
        id: "plot-replies",
        title: "Good replies and errors per second, trial by trial".into(),
        description: caption.clone(),
        height: REPLIES_HEIGHT,
        content,
    };
    let cells = |point: &Point| {
        let good = format!("{}{}", count(point.good()), shorter(point, timeline.seconds));
        vec![Html::from(good), count(point.counts.infinite()).into()]
    };
    let heads = ["good".to_owned(), "errors".to_owned()];
    Some(figure(drawing, caption, data("Replies over time", timeline, &heads, cells)))
}

/// Says of a window at the end of a trial that it is no whole one: fewer replies in it are no dip.
fn shorter(point: &Point, seconds: usize) -> String {
    match point.seconds < seconds as f64 {
        true => format!(" in {:.1}\u{a0}s", point.seconds),
        false => String::new(),
    }
}

/// The frame around all panels.
fn whole(panels: &[(&Trial, Frame)]) -> Option<Frame> {
    let (_, first) = panels.first()?;
    let (_, last) = panels.last()?;
    Some(Frame { right: last.right, ..*first })
}

/// One row per window, and for each trial the columns `heads`.
fn data(
    caption: &str,
    timeline: &Timeline,
    heads: &[String],
    cells: impl Fn(&Point) -> Vec<Html>,
) -> Element {
    let mut columns = vec![Column::number("from second")];
    for trial in &timeline.trials {
        columns.extend(heads.iter().map(|head| Column::number(format!("trial {}: {head}", trial.trial))));
    }
    let row = |index: usize| {
        let mut row = vec![Html::from((index * timeline.seconds).to_string())];
        for trial in &timeline.trials {
            row.extend(match trial.points.get(index) {
                Some(point) => cells(point),
                None => vec![Html::default(); heads.len()],
            });
        }
        row
    };
    el("div").with(table(caption, &columns, (0..timeline.points_max).map(row)))
}
