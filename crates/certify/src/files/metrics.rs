//! Where a subject serves its metrics, and what it promises of them.

use plimsoll_evidence::Selector;
use plimsoll_load::Request;
use serde_json::{Value, json};

use super::description::describe_request;
use super::error::FileError;
use super::promise::parse_request;
use super::request::check_path;
use super::value::Field;

const KEYS: [&str; 4] = ["path", "requests", "failures", "duration"];
const FAILURES_KEYS: [&str; 2] = ["counter", "request"];
/// Prometheus names a metric after its unit, and durations are told in seconds.
const SECONDS: &str = "_seconds";

/// Metrics in the text format of Prometheus or OpenMetrics.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MetricsPromise {
    /// Where they are served.
    pub path: String,
    /// The counter of requests that were answered; a selector.
    pub requests: String,
    /// The counter of those that failed, and a request that is known to fail.
    pub failures: Option<(String, Request)>,
    /// The histogram of how long they took, in seconds; a selector.
    pub duration: Option<String>,
}

pub(super) fn parse_metrics(field: &Field<'_>) -> Result<MetricsPromise, FileError> {
    let table = field.table("[metrics]", &KEYS)?;
    let failures = table.optional("failures").map(|field| {
        let table = field.table("`failures` of [metrics]", &FAILURES_KEYS)?;
        let request = parse_request(&table, "request", "`failures`", "GET", &[])?;
        Ok((parse_selector(&table.required("counter")?)?, request))
    });
    let duration = table.optional("duration").map(|field| {
        let text = parse_selector(&field)?;
        match Selector::parse(&text) {
            Some(selector) if selector.name().ends_with(SECONDS) => Ok(text),
            _ => Err(field
                .error("`duration` is no histogram of seconds")
                .with_hint("its name ends in `_seconds`")),
        }
    });
    Ok(MetricsPromise {
        path: check_path(&table.required("path")?, &[])?.to_owned(),
        requests: parse_selector(&table.required("requests")?)?,
        failures: failures.transpose()?,
        duration: duration.transpose()?,
    })
}

fn parse_selector(field: &Field<'_>) -> Result<String, FileError> {
    let text = field.phrase()?;
    if Selector::parse(text).is_some() {
        return Ok(text.to_owned());
    }
    let error = field.error(format!("{text:?} selects no metric"));
    Err(error.with_hint(
        "write a name, or a name with labels: requests_total{route!=\"/health\", status=~\"5..\"}",
    ))
}

pub(super) fn describe(metrics: &MetricsPromise) -> Value {
    let failures = metrics.failures.as_ref();
    json!({
        "path": metrics.path,
        "requests": metrics.requests,
        "failures": failures.map(|(counter, request)| json!({
            "counter": counter,
            "request": describe_request(request),
        })),
        "duration": metrics.duration,
    })
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::super::{FileError, Subject, parse_subject};

    const SUBJECT: &str =
        "name = \"x\"\n[target]\nurl = \"http://127.0.0.1:1\"\n[[request]]\npath = \"/\"\n[metrics]\n";
    const PROMISED: &str = "path = \"/metrics\"\nrequests = 'r_total{route!=\"/health\"}'\nduration = \"d_seconds\"\n\
                            failures = { counter = 'r_total{status=~\"4..\"}', request = { path = \"/no\" } }\n";

    fn parsed(promised: &str) -> Result<Subject, FileError> {
        parse_subject("s.toml", &format!("{SUBJECT}{promised}"), Path::new("."))
    }

    #[test]
    fn metrics_are_described_as_they_are_promised() {
        let subject = parsed(PROMISED).unwrap();
        let metrics = subject.metrics.as_ref().unwrap();
        assert_eq!((metrics.path.as_str(), metrics.duration.as_deref()), ("/metrics", Some("d_seconds")));
        assert_eq!(metrics.failures.as_ref().unwrap().1.path, "/no");
        for changed in [PROMISED.replace("/health", "/other"), PROMISED.replace("/no", "/not")] {
            assert_ne!(parsed(&changed).unwrap().description(), subject.description());
        }
        assert!(
            parsed("path = \"/m\"\nrequests = \"r_total\"\n").unwrap().metrics.unwrap().failures.is_none()
        );
    }

    #[test]
    fn metrics_that_nobody_could_find_are_refused() {
        for (from, to, said) in [
            ("path = \"/metrics\"\n", "", "s.toml:6:1: `path` is missing from [metrics]"),
            ("\"/metrics\"", "\"metrics\"", "s.toml:7:8: "),
            (
                "r_total{route!=\"/health\"}",
                "sum(r_total)",
                "s.toml:8:12: \"sum(r_total)\" selects no metric",
            ),
            ("d_seconds", "d_ms", "s.toml:9:12: `duration` is no histogram of seconds"),
            ("counter =", "count =", "s.toml:10:14: unknown key `count` in `failures` of [metrics]"),
        ] {
            let error = parsed(&PROMISED.replacen(from, to, 1)).unwrap_err().to_string();
            assert!(error.starts_with(said), "{error}");
        }
    }
}
