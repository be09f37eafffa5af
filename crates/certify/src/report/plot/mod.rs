//! Plots as inline SVG: scales, axes, lines, and the figure around them with its data as a table.

mod axes;
mod line;
mod scale;

use super::table::{folded, scrolling};
use crate::html::{Element, Html, el};

pub(crate) use axes::{Frame, bottom_axis, left_axis, limit_line};
pub(crate) use line::{circle, cross, label, path, rule, triangle};
pub(crate) use scale::{LatencyScale, Linear, linear_ticks};

/// Width of every plot in its own units; the page scales it.
pub(crate) const WIDTH: f64 = 720.0;

/// A drawing with the words for those who do not see it.
#[derive(Debug)]
pub(crate) struct Drawing {
    /// Unique on the page; `[a-z-]`.
    pub(crate) id: &'static str,
    pub(crate) title: String,
    /// What is to be seen in it.
    pub(crate) description: String,
    pub(crate) height: f64,
    pub(crate) content: Html,
}

/// A drawing, what its marks mean, and the numbers behind it.
pub(crate) fn figure(drawing: Drawing, caption: impl Into<Html>, data: Element) -> Element {
    let Drawing { id, title, description, height, content } = drawing;
    let (title_id, description_id) = (format!("{id}-title"), format!("{id}-description"));
    let svg = el("svg")
        .attr("viewBox", format!("0 0 {WIDTH} {height}"))
        .attr("role", "img")
        .attr("aria-labelledby", format!("{title_id} {description_id}"))
        .with(el("title").attr("id", title_id).with(title.as_str()))
        .with(el("desc").attr("id", description_id).with(description))
        .with(content);
    el("figure")
        .with(scrolling(&title, svg))
        .with(el("figcaption").with(caption))
        .with(folded("The numbers of this plot", data))
}
