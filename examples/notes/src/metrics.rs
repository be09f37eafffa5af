//! What the service counts of itself, in the text format of Prometheus.

use std::fmt::Write;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use axum::extract::{Request, State};
use axum::http::Method;
use axum::middleware::Next;
use axum::response::Response;

use crate::http::now;

/// Any other method is counted as `other`.
const METHODS: [&str; 4] = ["GET", "PUT", "POST", "DELETE"];
/// HTTP has statuses from 100 to 599.
const STATUSES: std::ops::Range<usize> = 100..600;
/// Upper bounds of the buckets, in µs, and as they are written.
const BOUNDS: [(u64, &str); 8] = [
    (500, "0.0005"),
    (1_000, "0.001"),
    (5_000, "0.005"),
    (10_000, "0.01"),
    (50_000, "0.05"),
    (100_000, "0.1"),
    (500_000, "0.5"),
    (1_000_000, "1"),
];

/// Counters of requests that were answered. Atomics only: whoever counts waits for nobody.
pub(crate) struct Metrics {
    /// By method and status.
    requests: Vec<AtomicU64>,
    /// Those in a bucket and in none below it; the last one has no bound.
    buckets: [AtomicU64; BOUNDS.len() + 1],
    sum_us: AtomicU64,
}

/// Counts a request when it has been answered.
pub(crate) async fn count(State(metrics): State<Arc<Metrics>>, request: Request, next: Next) -> Response {
    let (method, began) = (request.method().clone(), now());
    let response = next.run(request).await;
    metrics.add(&method, response.status().as_u16(), now().saturating_duration_since(began));
    response
}

impl Metrics {
    pub(crate) fn new() -> Self {
        let requests = (0..(METHODS.len() + 1) * STATUSES.len()).map(|_| AtomicU64::new(0));
        Self { requests: requests.collect(), buckets: Default::default(), sum_us: AtomicU64::new(0) }
    }

    fn add(&self, method: &Method, status: u16, took: Duration) {
        let took_us = u64::try_from(took.as_micros()).unwrap_or(u64::MAX);
        let method = METHODS.iter().position(|name| method.as_str() == *name).unwrap_or(METHODS.len());
        let place = usize::from(status).checked_sub(STATUSES.start).map(|it| method * STATUSES.len() + it);
        if let Some(counter) = place.and_then(|place| self.requests.get(place)) {
            counter.fetch_add(1, Ordering::Relaxed);
        }
        let bucket = BOUNDS.iter().position(|(bound_us, _)| took_us <= *bound_us).unwrap_or(BOUNDS.len());
        self.buckets[bucket].fetch_add(1, Ordering::Relaxed);
        self.sum_us.fetch_add(took_us, Ordering::Relaxed);
    }

    /// All of it as text. What was never counted is not there.
    pub(crate) fn text(&self) -> String {
        let mut text = "# HELP notes_requests_total Requests that were answered.\n\
                        # TYPE notes_requests_total counter\n"
            .to_owned();
        for (place, counter) in self.requests.iter().enumerate() {
            let (method, status) = (place / STATUSES.len(), STATUSES.start + place % STATUSES.len());
            let method = METHODS.get(method).unwrap_or(&"other");
            match counter.load(Ordering::Relaxed) {
                0 => {}
                count => line(
                    &mut text,
                    format_args!("notes_requests_total{{method=\"{method}\",status=\"{status}\"}} {count}"),
                ),
            }
        }
        text.push_str(
            "# HELP notes_request_duration_seconds How long they took.\n\
             # TYPE notes_request_duration_seconds histogram\n",
        );
        let mut count = 0;
        let bounds = BOUNDS.iter().map(|(_, bound)| *bound).chain(["+Inf"]);
        for (bucket, bound) in self.buckets.iter().zip(bounds) {
            count += bucket.load(Ordering::Relaxed);
            line(&mut text, format_args!("notes_request_duration_seconds_bucket{{le=\"{bound}\"}} {count}"));
        }
        let sum_us = self.sum_us.load(Ordering::Relaxed);
        let (seconds, rest_us) = (sum_us / 1_000_000, sum_us % 1_000_000);
        line(&mut text, format_args!("notes_request_duration_seconds_sum {seconds}.{rest_us:06}"));
        line(&mut text, format_args!("notes_request_duration_seconds_count {count}"));
        text
    }
}

fn line(text: &mut String, line: std::fmt::Arguments<'_>) {
    // A string takes everything.
    let _ = writeln!(text, "{line}");
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_request_is_counted_once_and_as_what_it_is() {
        let metrics = Metrics::new();
        for (method, status, took_us) in [
            (Method::GET, 200, 400),
            (Method::GET, 200, 500),
            (Method::PUT, 404, 2_000_001),
            (Method::PATCH, 405, 501),
        ] {
            metrics.add(&method, status, Duration::from_micros(took_us));
        }
        let text = metrics.text();
        for line in [
            "notes_requests_total{method=\"GET\",status=\"200\"} 2",
            "notes_requests_total{method=\"PUT\",status=\"404\"} 1",
            "notes_requests_total{method=\"other\",status=\"405\"} 1",
            "notes_request_duration_seconds_bucket{le=\"0.0005\"} 2",
            "notes_request_duration_seconds_bucket{le=\"1\"} 3",
            "notes_request_duration_seconds_bucket{le=\"+Inf\"} 4",
            "notes_request_duration_seconds_sum 2.001402",
            "notes_request_duration_seconds_count 4",
        ] {
            assert!(text.lines().any(|it| it == line), "{line}\n{text}");
        }
        assert_eq!(text.matches("notes_requests_total{").count(), 3);
    }
}
