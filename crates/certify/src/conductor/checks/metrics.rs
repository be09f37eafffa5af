//! Scrapes of a subject's metrics, between which requests are sent and counted one by one.

use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::thread::{ScopedJoinHandle, scope, sleep};
use std::time::Duration;

use plimsoll_evidence::{MetricsSeen, Moment, Scrape};
use plimsoll_load::{Request, exchange};
use plimsoll_process::{monotonic_ns, redact};
use plimsoll_proof::Digest;

use super::super::Conductor;
use super::{NO_SUCH_PATH, PATIENCE_NS, WORD_CHARACTERS, reply_head};
use crate::error::Error;
use crate::files::MetricsPromise;
use crate::running::Running;

/// So many requests before each scrape: a counter that forgets one in twenty is found.
const REQUESTS: usize = 20;
/// Under load, and while the subject stands still, so many clients ask at once.
const CLIENTS: u64 = 2;
/// What is counted may be counted a little after the reply.
const SETTLE: Duration = Duration::from_millis(300);
/// As long as a pause that a machine makes.
const PAUSE: Duration = Duration::from_secs(1);
/// Metrics of a service with some thousand series; a certificate that ships more is no use to anybody.
const SCRAPE_BYTES_MAX: usize = 1 << 20;
/// Nanoseconds per 1,000 s, which is what rates count.
const KS_NS: u64 = 1_000_000_000_000;

/// The subject and what it promises.
struct Scraper<'a> {
    running: &'a Running,
    promise: &'a MetricsPromise,
    requests: &'a [Request],
    timeout_ns: u64,
    /// Between two requests of one client, so that all together keep to the subject's rate.
    gap: Duration,
    /// What stands in the place of `{seq}` next.
    number: AtomicU64,
}

/// Requests that were answered.
#[derive(Default)]
struct Sent {
    statuses: Vec<u64>,
    took_ns: u64,
}

impl Conductor<'_> {
    /// The metrics after each thing that should be seen in them.
    pub(super) fn metrics(&self, running: &Running) -> Result<MetricsSeen, Error> {
        let Some(promise) = &self.subject.metrics else { return Err(running.error("promises no metrics")) };
        let scraper = Scraper {
            running,
            promise,
            requests: &self.subject.requests,
            timeout_ns: self.timeout_ns().max(PATIENCE_NS),
            gap: Duration::from_nanos(CLIENTS * KS_NS / self.plan.rate_per_ks.max(1)),
            number: AtomicU64::new(0),
        };
        let mut scrapes = vec![
            scraper.scrape(Moment::First, Sent::default())?,
            scraper.scrape(Moment::Again, Sent::default())?,
        ];
        let unknown = Request::get(NO_SUCH_PATH);
        let failing =
            promise.failures.iter().map(|(_, request)| (Moment::Failing, std::slice::from_ref(request)));
        let sent = [(Moment::Own, scraper.requests), (Moment::Unknown, std::slice::from_ref(&unknown))];
        for (moment, requests) in sent.into_iter().chain(failing) {
            self.stop.check()?;
            let all = requests.iter().cycle().take(REQUESTS).map(|request| scraper.send(request));
            let sent = all.collect::<Result<Vec<_>, _>>()?;
            scrapes.push(scraper.scrape(moment, Sent::sum(sent))?);
        }
        scrapes.extend(scraper.amid_load()?);
        if running.identity().is_some() {
            scrapes.push(scraper.after_pause()?);
        }
        Ok(MetricsSeen {
            requests: promise.requests.clone(),
            failures: promise.failures.as_ref().map(|(counter, _)| counter.clone()),
            duration: promise.duration.clone(),
            scrapes,
        })
    }
}

impl Sent {
    fn sum(all: Vec<Self>) -> Self {
        all.into_iter().fold(Self::default(), |mut sum, mut one| {
            sum.statuses.append(&mut one.statuses);
            Self { took_ns: sum.took_ns.saturating_add(one.took_ns), ..sum }
        })
    }
}

impl Scraper<'_> {
    /// Sends one request. Whether one without an answer was counted nobody could say.
    fn send(&self, request: &Request) -> Result<Sent, Error> {
        let number = self.number.fetch_add(1, Ordering::Relaxed);
        let began_ns = monotonic_ns();
        match exchange(self.running.address, &self.running.host, request, number, self.timeout_ns) {
            Ok(answer) => {
                let took_ns = monotonic_ns().saturating_sub(began_ns);
                Ok(Sent { statuses: vec![answer.status.into()], took_ns })
            }
            Err(_) => {
                Err(self.running.error(format!("gave no reply to {} {}", request.method, request.path)))
            }
        }
    }

    /// Reads the metrics, when what was sent has had time to be counted.
    fn scrape(&self, moment: Moment, sent: Sent) -> Result<Scrape, Error> {
        sleep(SETTLE);
        let request = Request::get(self.promise.path.as_str());
        let began_ns = monotonic_ns();
        let asked = exchange(self.running.address, &self.running.host, &request, 0, self.timeout_ns);
        let took_ns = monotonic_ns().saturating_sub(began_ns);
        let (status, text) = match asked {
            Ok(answer) => (Some(answer.status.into()), reply_head::content(&answer.body).unwrap_or_default()),
            Err(_) => (None, String::new()),
        };
        if text.len() > SCRAPE_BYTES_MAX {
            return Err(self.running.error(format!("serves metrics of more than {SCRAPE_BYTES_MAX} bytes")));
        }
        let text = text.split_inclusive('\n').map(masked).collect();
        Ok(Scrape { moment, sent: sent.statuses, sent_ns: sent.took_ns, took_ns, status, text })
    }

    /// Scrapes amid load, which goes on at the subject's rate until the metrics are there, and after it.
    fn amid_load(&self) -> Result<[Scrape; 2], Error> {
        let is_over = AtomicBool::new(false);
        let client = || {
            let mut all = Vec::new();
            for request in self.requests.iter().cycle() {
                if is_over.load(Ordering::Relaxed) && all.len() >= REQUESTS {
                    break;
                }
                all.push(self.send(request)?);
                sleep(self.gap);
            }
            Ok(Sent::sum(all))
        };
        let (amid, sent) = scope(|threads| {
            let clients: Vec<_> = (0..CLIENTS).map(|_| threads.spawn(client)).collect();
            let amid = self.scrape(Moment::Loaded, Sent::default());
            is_over.store(true, Ordering::Relaxed);
            (amid, self.joined(clients))
        });
        Ok([amid?, self.scrape(Moment::Unloaded, sent?)?])
    }

    /// Scrapes when the subject goes on after a pause in which requests came.
    fn after_pause(&self) -> Result<Scrape, Error> {
        self.running.freeze()?;
        let sent = scope(|threads| {
            let clients: Vec<_> =
                (0..CLIENTS).map(|_| threads.spawn(|| self.send(&self.requests[0]))).collect();
            sleep(PAUSE);
            self.running.thaw()?;
            self.joined(clients)
        })?;
        self.scrape(Moment::Paused, sent)
    }

    fn joined(&self, clients: Vec<ScopedJoinHandle<'_, Result<Sent, Error>>>) -> Result<Sent, Error> {
        let ended = |client: ScopedJoinHandle<'_, _>| {
            client.join().unwrap_or_else(|_| Err(self.running.error("could not be asked")))
        };
        Ok(Sent::sum(clients.into_iter().map(ended).collect::<Result<_, _>>()?))
    }
}

/// A line without what looks like a secret: of a series whose labels have one the values of all are digests, so that series
/// stay what they are and different from each other; of a comment its first words stay.
fn masked(line: &str) -> String {
    let plain = line.trim_end_matches('\n');
    if redact(plain) == plain {
        return line.to_owned();
    }
    if line.starts_with('#') {
        let words: Vec<&str> = plain.split_ascii_whitespace().take(3).collect();
        return format!("{}\n", words.join(" "));
    }
    let (mut masked, mut value, mut is_inside, mut is_escaped) = (String::new(), String::new(), false, false);
    for letter in line.chars() {
        match (letter, is_inside) {
            ('"', true) if !is_escaped => {
                masked.extend(Digest::of(value.as_bytes()).to_string().chars().take(WORD_CHARACTERS));
                masked.push('"');
                value.clear();
                is_inside = false;
            }
            (_, true) => value.push(letter),
            (_, false) => {
                masked.push(letter);
                is_inside = letter == '"';
            }
        }
        is_escaped = is_inside && letter == '\\' && !is_escaped;
    }
    masked
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn secrets_are_masked_and_series_stay_apart() {
        let line = |token: &str| masked(&format!("a_total{{token=\"{token}\",path=\"/\\\"\"}} 5\n"));
        let (one, other) = (line("ghp_0123456789abcdefghij"), line("ghp_zzzzzzzzzzzzzzzzzzzz"));
        assert!(!one.contains("ghp_") && one != other, "{one}");
        assert!(one.starts_with("a_total{token=\"") && one.ends_with("\"} 5\n"), "{one}");
        assert_eq!(one.matches('"').count(), 4, "{one}");
        assert_eq!(masked("# HELP a_total of ghp_0123456789abcdefghij\n"), "# HELP a_total\n");
        assert_eq!(masked("a_total{path=\"/notes\"} 5\n"), "a_total{path=\"/notes\"} 5\n");
    }
}
