//! Measurements of the server in OpenMetrics 1.0: counted without a lock, written when somebody asks.

use std::fmt::Write as _;
use std::sync::atomic::{AtomicU64, Ordering};

/// Upper bounds of the buckets of durations, in microseconds: from a read in memory to a request that is given up.
const BUCKETS_US: [u64; 14] = [
    100, 250, 500, 1_000, 2_500, 5_000, 10_000, 25_000, 50_000, 100_000, 250_000, 1_000_000, 5_000_000,
    30_000_000,
];
/// Statuses are counted by their first digit.
const CLASSES: usize = 5;

/// Counts of one route.
#[derive(Debug, Default)]
struct Route {
    by_class: [AtomicU64; CLASSES],
    buckets: [AtomicU64; BUCKETS_US.len() + 1],
    sum_us: AtomicU64,
}

/// A route's name: the method and the path with its fields unfilled.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Series {
    pub(crate) method: &'static str,
    pub(crate) path: &'static str,
}

/// Counts of requests.
#[derive(Debug)]
pub(crate) struct Metrics {
    /// The last one is for what has no route.
    routes: Vec<(Series, Route)>,
    connections_refused: AtomicU64,
}

/// A figure that is looked up when somebody asks.
#[derive(Debug)]
pub(crate) struct Figure {
    pub(crate) name: &'static str,
    pub(crate) help: &'static str,
    pub(crate) is_counter: bool,
    pub(crate) value: f64,
}

impl Metrics {
    pub(crate) fn new(series: impl Iterator<Item = Series>) -> Self {
        let none = Series { method: "ANY", path: "none" };
        let routes = series.chain([none]).map(|series| (series, Route::default())).collect();
        Self { routes, connections_refused: AtomicU64::new(0) }
    }

    /// Counts a connection that was closed at once.
    pub(crate) fn count_refused_connection(&self) {
        self.connections_refused.fetch_add(1, Ordering::Relaxed);
    }

    /// How many connections were closed at once.
    pub(crate) fn connections_refused(&self) -> u64 {
        self.connections_refused.load(Ordering::Relaxed)
    }

    /// Counts a request to the route of this index; one beyond the last is a request that has no route.
    pub(crate) fn count(&self, route: usize, status: u16, took_us: u64) {
        let Some((_, route)) = self.routes.get(route.min(self.routes.len() - 1)) else { return };
        let class = usize::from(status / 100).clamp(1, CLASSES) - 1;
        let bucket = BUCKETS_US.partition_point(|bound| *bound < took_us);
        route.by_class[class].fetch_add(1, Ordering::Relaxed);
        route.buckets[bucket].fetch_add(1, Ordering::Relaxed);
        route.sum_us.fetch_add(took_us, Ordering::Relaxed);
    }

    /// The exposition, with figures of others in it.
    pub(crate) fn exposition(&self, figures: &[Figure]) -> String {
        let mut text = String::new();
        self.requests(&mut text);
        self.durations(&mut text);
        for figure in figures {
            let (kind, suffix) = if figure.is_counter { ("counter", "_total") } else { ("gauge", "") };
            let Figure { name, help, value, .. } = figure;
            text.push_str(&head(name, kind, help));
            // Writing to a string cannot fail.
            let _ = writeln!(text, "{name}{suffix} {value}");
        }
        text.push_str("# EOF\n");
        text
    }

    fn asked(&self) -> impl Iterator<Item = &(Series, Route)> {
        let asked = |route: &Route| route.buckets.iter().any(|bucket| bucket.load(Ordering::Relaxed) > 0);
        self.routes.iter().filter(move |(_, route)| asked(route))
    }

    fn requests(&self, text: &mut String) {
        text.push_str(&head("plimsoll_http_requests", "counter", "Requests that were answered"));
        for (Series { method, path }, route) in self.asked() {
            for (class, count) in route.by_class.iter().enumerate() {
                let (count, class) = (count.load(Ordering::Relaxed), class + 1);
                if count > 0 {
                    let _ = writeln!(
                        text,
                        "plimsoll_http_requests_total{{method=\"{method}\",route=\"{path}\",status=\"{class}xx\"}} {count}"
                    );
                }
            }
        }
    }

    fn durations(&self, text: &mut String) {
        const NAME: &str = "plimsoll_http_request_duration_seconds";
        text.push_str(&head(NAME, "histogram", "From the head of a request to the head of its answer"));
        for (Series { method, path }, route) in self.asked() {
            let labels = format!("method=\"{method}\",route=\"{path}\"");
            let mut count = 0;
            for (index, bucket) in route.buckets.iter().enumerate() {
                count += bucket.load(Ordering::Relaxed);
                let bound = BUCKETS_US.get(index).map_or("+Inf".into(), |bound| seconds(*bound));
                let _ = writeln!(text, "{NAME}_bucket{{{labels},le=\"{bound}\"}} {count}");
            }
            let _ = writeln!(text, "{NAME}_count{{{labels}}} {count}");
            let _ =
                writeln!(text, "{NAME}_sum{{{labels}}} {}", seconds(route.sum_us.load(Ordering::Relaxed)));
        }
    }
}

fn head(name: &str, kind: &str, help: &str) -> String {
    let unit = if name.ends_with("_seconds") { format!("# UNIT {name} seconds\n") } else { String::new() };
    format!("# TYPE {name} {kind}\n{unit}# HELP {name} {help}.\n")
}

/// Microseconds as seconds, without a float in between.
fn seconds(us: u64) -> String {
    format!("{}.{:06}", us / 1_000_000, us % 1_000_000)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_exposition_counts_each_request_once() {
        let metrics = Metrics::new([Series { method: "GET", path: "/a/{b}" }].into_iter());
        metrics.count(0, 200, 100);
        metrics.count(0, 201, 101);
        metrics.count(0, 503, 40_000_000);
        metrics.count(7, 404, 1);
        let figure = Figure { name: "plimsoll_x", help: "An x", is_counter: true, value: 3.0 };
        insta::assert_snapshot!(metrics.exposition(&[figure]));
    }
}
