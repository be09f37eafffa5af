//! The frame of a plot: ticks, their names, and limits that run through it.

use super::line::{label, rule};
use crate::html::{Element, Html, el};

/// Where the title of the left axis stands: above every mark.
const TITLE_BASELINE: f64 = 16.0;

/// Length of a tick, and the distance of its name from it.
const TICK: f64 = 5.0;

/// The rectangle in which values are shown.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Frame {
    pub(crate) left: f64,
    pub(crate) right: f64,
    pub(crate) top: f64,
    pub(crate) bottom: f64,
}

/// Names along the left edge, with a faint line from each through the plot.
pub(crate) fn left_axis(frame: &Frame, title: &str, ticks: &[(f64, String)]) -> Html {
    let tick = |(y, name): &(f64, String)| {
        el("g").with(rule("grid", (frame.left, *y), (frame.right, *y))).with(label(
            "end tick",
            (frame.left - TICK - 3.0, y + 4.0),
            name,
        ))
    };
    let mut axis: Html = ticks.iter().map(tick).collect();
    axis.push(label("start axis", (0.0, TITLE_BASELINE), title));
    axis
}

/// Names along the bottom edge.
pub(crate) fn bottom_axis(frame: &Frame, title: &str, ticks: &[(f64, String)]) -> Html {
    let tick = |(x, name): &(f64, String)| {
        el("g").with(rule("edge", (*x, frame.bottom), (*x, frame.bottom + TICK))).with(label(
            "middle tick",
            (*x, frame.bottom + TICK + 13.0),
            name,
        ))
    };
    let mut axis = Html::default();
    axis.push(rule("edge", (frame.left, frame.bottom), (frame.right, frame.bottom)));
    axis.push(ticks.iter().map(tick).collect::<Html>());
    axis.push(label("end axis", (frame.right, frame.bottom + TICK + 30.0), title));
    axis
}

/// A limit through the plot, named at its left end, where curves of latency lie low.
pub(crate) fn limit_line(frame: &Frame, y: f64, name: &str) -> Element {
    el("g").with(rule("limit", (frame.left, y), (frame.right, y))).with(label(
        "start limit-name",
        (frame.left + 4.0, y - 6.0),
        name,
    ))
}
