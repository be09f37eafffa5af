//! Marks on a plot: lines, dots, words. Places are rounded to a tenth, which is finer than a screen shows.

use crate::html::{Element, el};

/// A line through the points; it is broken where a point is missing.
pub(crate) fn path(class: &'static str, points: impl IntoIterator<Item = Option<(f64, f64)>>) -> Element {
    let mut data = String::new();
    let mut pen_down = false;
    for point in points {
        if let Some((x, y)) = point {
            data.push_str(&format!("{}{x:.1} {y:.1}", if pen_down { "L" } else { "M" }));
        }
        pen_down = point.is_some();
    }
    el("path").class(class).attr("d", data)
}

/// A straight line.
pub(crate) fn rule(class: &'static str, from: (f64, f64), to: (f64, f64)) -> Element {
    path(class, [Some(from), Some(to)])
}

pub(crate) fn circle(class: &'static str, (x, y): (f64, f64), radius: f64) -> Element {
    el("circle").class(class).attr("cx", tenth(x)).attr("cy", tenth(y)).attr("r", tenth(radius))
}

pub(crate) fn cross(class: &'static str, (x, y): (f64, f64), radius: f64) -> Element {
    let stroke = |dy: f64| [Some((x - radius, y - dy)), Some((x + radius, y + dy)), None];
    path(class, stroke(radius).into_iter().chain(stroke(-radius)))
}

pub(crate) fn triangle(class: &'static str, (x, y): (f64, f64), radius: f64) -> Element {
    let (left, right, foot) = (x - radius, x + radius, y + radius);
    let corners = [(x, y - radius), (right, foot), (left, foot), (x, y - radius), (right, foot)];
    path(class, corners.map(Some))
}

/// Words at a place; `class` says on which side of it: `start`, `middle` or `end`, and how they are set.
pub(crate) fn label(class: &'static str, (x, y): (f64, f64), words: &str) -> Element {
    el("text").class(class).attr("x", tenth(x)).attr("y", tenth(y)).with(words)
}

fn tenth(number: f64) -> String {
    format!("{number:.1}")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::html::Html;

    #[test]
    fn a_line_is_broken_where_a_point_is_missing() {
        let points = [Some((0.0, 1.0)), Some((2.04, 3.0)), None, Some((5.0, 6.0))];
        assert_eq!(
            Html::from(path("p99", points)).into_string(),
            r#"<path class="p99" d="M0.0 1.0L2.0 3.0M5.0 6.0"></path>"#
        );
    }
}
