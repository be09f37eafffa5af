//! Checklists: each case is tried once, on a fresh process, and what came back is kept.

mod access;
mod bad_request;
mod canary;
mod contract;
mod door;
mod health;
mod injection;
mod limited;
mod logs;
mod metrics;
mod obstacle;
mod planted;
mod reply_head;
mod retried;
mod surroundings;
mod tls;
mod tls_hello;

use std::net::SocketAddr;
use std::time::Duration;

use plimsoll_evidence::{
    BadRequest, CheckRun, Checklist, Document, Ending, LogSearch, LogTrace, PlantedText, Probe, Refusal,
    ReplyHead, Scene,
};
use plimsoll_fault::{Defect, Proxy};
use plimsoll_load::{Message, Request, TalkEnd, exchange, talk};
use plimsoll_proof::Digest;

use self::bad_request::Bad;
use self::logs::Logs;
use self::obstacle::tried_or_not;
use self::planted::Planted;
use super::{Conductor, counts};
use crate::error::Error;
use crate::running::{self, Running};

/// A reply is waited for this long: whoever reads a bad request knows at once what to say.
const PATIENCE_NS: u64 = 3_000_000_000;
/// A head that does not go on is held open this long: time to see whether others are still answered.
const SLOW_NS: u64 = 1_000_000_000;
/// A word that stands nowhere else by chance.
const WORD_CHARACTERS: usize = 16;
/// Loggers that write from a thread of their own do so within some milliseconds.
const LOG_SETTLE: Duration = Duration::from_millis(500);
/// A path that no subject has, so that its reply is the subject's own word for an error.
const NO_SUCH_PATH: &str = "/plimsoll-asks-for-what-is-not-here";

impl Conductor<'_> {
    /// Goes through a probe's checklist, through a fault proxy with a defect if one is given.
    pub(super) fn check(
        &mut self,
        probe: Probe,
        scene: Scene,
        through: Option<(&Proxy, Defect)>,
    ) -> Result<(), Error> {
        let folder = self.state.scratch()?;
        let mut running = match scene {
            Scene::Measured => self.start_directly(&folder)?,
            _ => running::start(self.subject, folder.path(), through.map(|(proxy, _)| proxy), self.stop)?,
        };
        let lease = through.map(|(proxy, defect)| proxy.set(defect)).transpose()?;
        let (at, process) = (self.clock.now(), running.identity());
        let mut died_before = false;
        let checklist = match probe {
            Probe::Surroundings => {
                let proxy = through.map(|(proxy, _)| proxy);
                let (there, seen, died) = self.surrounded(running, &folder, scene, proxy)?;
                (running, died_before) = (there, died);
                seen
            }
            Probe::ResponseHeaders => Checklist::ResponseHeaders(self.reply_heads(&running)?),
            Probe::LogHygiene => Checklist::LogHygiene(self.log_search(&running, scene)?),
            Probe::Authentication => tried_or_not(probe, self.doors(&running))?,
            Probe::Contract => tried_or_not(probe, self.contract(&running))?,
            Probe::Authorisation => tried_or_not(probe, self.accesses(&running))?,
            Probe::RateLimit => tried_or_not(probe, self.limited(&running))?,
            Probe::RetriedWrites => Checklist::RetriedWrites(self.retried_writes(&running, scene)?),
            Probe::Tls => Checklist::Tls(self.tls_look(&running, scene, through.map(|(proxy, _)| proxy))?),
            Probe::Injection => tried_or_not(probe, self.injections(&running, scene))?,
            Probe::MetricsTruth => Checklist::MetricsTruth(self.metrics(&running)?),
            Probe::HealthTruth => Checklist::HealthTruth(self.health_told(&running)?),
            _ => Checklist::ErrorHygiene(self.refusals(&running)?),
        };
        let proxy = lease.as_ref().map(|lease| counts(&lease.counters()));
        self.keep_output(format!("{}/{}/1", scene.name(), probe.name()), &running);
        let has_died = running.has_died();
        let died = has_died || died_before;
        self.keep(Document::CheckRun(CheckRun { scene, trial: 1, process, died, at, checklist, proxy }))?;
        drop(lease);
        running.end(has_died)
    }

    /// What becomes of each request that no server should take.
    fn refusals(&self, running: &Running) -> Result<Vec<Refusal>, Error> {
        BadRequest::ALL
            .into_iter()
            .map(|case| {
                self.stop.check()?;
                Ok(self.refusal(case, running))
            })
            .collect()
    }

    fn refusal(&self, case: BadRequest, running: &Running) -> Refusal {
        let (write, unread) = self.write_request();
        let bad = Bad { host: &running.host, read: self.first_request(), write };
        let message = bad.message(case);
        let is_slow = case == BadRequest::SlowHead;
        let patience_ns = if is_slow { SLOW_NS } else { PATIENCE_NS };
        let (talked, beside) = std::thread::scope(|threads| {
            let talking = threads.spawn(|| talk(running.address, &message, patience_ns));
            // One who is slow must not hold up the others; after the rest somebody must be there.
            let beside = is_slow.then(|| self.is_alive(running.address, &running.host));
            (talking.join().ok().and_then(Result::ok), beside)
        });
        let alive = beside.unwrap_or_else(|| self.is_alive(running.address, &running.host));
        match talked {
            None => Refusal { case, statuses: Vec::new(), end: Ending::Unreachable, alive, unread },
            Some(talked) => {
                let statuses = talked.statuses.into_iter().map(u64::from).collect();
                Refusal { case, statuses, end: ending(talked.end), alive, unread }
            }
        }
    }

    fn is_alive(&self, address: SocketAddr, host: &str) -> bool {
        let request = self.first_request();
        exchange(address, host, request, 0, self.subject.load.timeout_ns).is_ok_and(|reply| reply.good)
    }

    /// The heads of the replies to each of the subject's requests, its health check, and a path that it does not have.
    fn reply_heads(&self, running: &Running) -> Result<Vec<ReplyHead>, Error> {
        let own = [self.subject.target.health.as_str(), NO_SUCH_PATH].map(Request::get);
        let mut heads: Vec<ReplyHead> = Vec::new();
        for request in self.subject.requests.iter().chain(&own) {
            self.stop.check()?;
            let name = format!("{} {}", request.method, request.path);
            if heads.iter().any(|head| head.request == name) {
                continue;
            }
            let asked = Message::ask(&running.host, request)
                .and_then(|message| talk(running.address, &message, self.subject.load.timeout_ns));
            let kept = asked.map(|talk| talk.kept).unwrap_or_default();
            // Some close on what they do not know, without a word: there is no head to judge.
            heads.extend(reply_head::read(name, &kept));
        }
        if heads.is_empty() {
            return Err(running.error("gave no reply to any of its requests"));
        }
        Ok(heads)
    }

    /// What becomes of each text that must not reach a log as it came.
    fn log_search(&self, running: &Running, scene: Scene) -> Result<LogSearch, Error> {
        let (write, _) = self.write_request();
        let (before, mut all) = (Logs::begin(self.subject, running), Vec::new());
        for case in PlantedText::ALL {
            self.stop.check()?;
            let seed = self.seed(&format!("{}/log-hygiene/{case:?}", scene.name()));
            let word = Digest::from_bytes(seed).to_string().chars().take(WORD_CHARACTERS).collect();
            let planted = Planted { case, word };
            let message = planted.message(&running.host, self.first_request(), &write);
            // Whatever the subject says to it: what counts is what it writes.
            let _ = talk(running.address, &message, PATIENCE_NS);
            if scene == Scene::LeakyLog {
                running.write_to_its_errors(&planted.raw().join(" "))?;
            }
            all.push(planted);
        }
        // A log may be written a little later.
        std::thread::sleep(LOG_SETTLE);
        let logged = before.logged(self.subject, running);
        let raw = |planted: &Planted| logged.iter().map(|log| planted.count(&log.text)).collect();
        let traces = all.iter().map(|planted| LogTrace { case: planted.case, raw: raw(planted) }).collect();
        Ok(LogSearch { traces, logs: logged.into_iter().map(|log| log.read).collect() })
    }

    /// A request that is good.
    fn first_request(&self) -> &Request {
        // The description has one at least.
        &self.subject.requests[0]
    }

    /// Where a body goes: to the ledger where there is one, else to where the subject's own requests have one; failing
    /// both, to where the first request goes, and then nobody promised that it is read.
    fn write_request(&self) -> (Request, bool) {
        if let Some(ledger) = &self.subject.ledger {
            let path = ledger.write.path.replace("{key}", "plimsoll").replace("{value}", "plimsoll");
            return (Request { path, ..ledger.write.clone() }, false);
        }
        match self.subject.requests.iter().find(|request| !request.body.is_empty()) {
            Some(request) => (request.clone(), false),
            None => (Request { method: "POST".into(), ..self.first_request().clone() }, true),
        }
    }
}

fn ending(end: TalkEnd) -> Ending {
    match end {
        TalkEnd::Closed => Ending::Closed,
        TalkEnd::Reset => Ending::Reset,
        TalkEnd::Open => Ending::Open,
        TalkEnd::NotHttp => Ending::NotHttp,
    }
}
