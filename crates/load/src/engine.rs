//! The event loop: one thread that sends what is due, reads what has come, and does its bookkeeping in between.

use std::ops::ControlFlow;

use plimsoll_measure::{Facts, Value};
use rand_chacha::ChaCha20Rng;
use rand_core::Rng;
use rustix::event::epoll;
use rustix::fd::OwnedFd;
use rustix::io::Errno;

use crate::clock::{ExactTimers, monotonic_ns, thread_cpu_ns, thread_run_queue_ns, timespec};
use crate::connection::{Connection, RECEIVE_BYTES};
use crate::error::Error;
use crate::plan::Plan;
use crate::request::Template;
use crate::run::{Progress, Run};
use crate::schedule::{SAMPLING_STREAM, stream};
use crate::source::Source;
use crate::tally::{ErrorKind, Tally};
use crate::turn::ShortTurns;

/// Events taken in one turn: enough to share the cost of the call, few enough that a due arrival is not kept waiting.
const EVENTS_MAX: usize = 64;
/// Requests sent in one turn of an open loop, each in some 4 us: few enough that a reply is not kept waiting.
const SENDS_MAX: usize = 16;
/// How often timeouts are looked for and finished batches are packed; a timeout is late by at most this.
const UPKEEP_NS: u64 = 10_000_000;
/// Five times a second is as live as a terminal needs.
const WATCH_NS: u64 = 200_000_000;
/// Moments at which outstanding arrivals are counted lie 2 to 6 ms apart: unevenly, so that they keep no step with a
/// constant schedule, and rarely enough that waking for them is no load of its own.
const SAMPLE_NS_MIN: u64 = 2_000_000;
const SAMPLE_NS_SPREAD: u64 = 4_000_000;
/// A moment that the loop comes to later than this is left out: time in which the generator stood still is not made up,
/// and Little's law shows that it is missing.
const SAMPLE_AGE_NS_MAX: u64 = 10_000_000;
/// A closed loop with fewer connections wakes for each reply: a pause would leave its subject with nothing to do.
const GATHER_CONNECTIONS_MIN: usize = 16;
/// How long a closed loop lets replies gather, for each of those that are outstanding. A fast server on one core
/// answers one in some 4 us, so an eighth of them comes meanwhile and the subject never runs dry.
const GATHER_NS_PER_CONNECTION: u64 = 500;
/// Between setting up and the first arrival, so that the first one is not late already.
const LEAD_NS: u64 = 2_000_000;

mod traffic;

pub(crate) struct Engine<'a> {
    plan: &'a Plan,
    templates: Vec<Template>,
    poll: OwnedFd,
    connections: Vec<Connection>,
    /// Places whose connection stands and has nothing to do; the one used last is used next, while it is warm.
    idle: Vec<usize>,
    /// Places whose connection is closed.
    closed: Vec<usize>,
    source: Source,
    busy: usize,
    tally: Tally,
    receive_buffer: Vec<u8>,
    send_buffer: Vec<u8>,
    sampling: ChaCha20Rng,
    zero_ns: u64,
    now_ns: u64,
    next_sample_ns: u64,
    next_upkeep_ns: u64,
    next_watch_ns: u64,
    /// CPU and run-queue time of this thread when the measured part began.
    before: Option<(u64, u64)>,
    _exact_timers: ExactTimers,
    _short_turns: ShortTurns,
}

impl<'a> Engine<'a> {
    pub(crate) fn start(plan: &'a Plan) -> Result<Self, Error> {
        let templates = plan.templates()?;
        let poll = epoll::create(epoll::CreateFlags::CLOEXEC).map_err(Error::system("creating an epoll"))?;
        let source = Source::new(plan);
        let (exact_timers, short_turns) = (ExactTimers::new(), ShortTurns::new());
        let now_ns = monotonic_ns();
        Ok(Self {
            plan,
            templates,
            poll,
            connections: Vec::new(),
            idle: Vec::new(),
            closed: Vec::new(),
            source,
            busy: 0,
            tally: Tally::default(),
            receive_buffer: vec![0; RECEIVE_BYTES],
            send_buffer: Vec::new(),
            sampling: stream(plan.schedule.seed, SAMPLING_STREAM),
            zero_ns: now_ns + LEAD_NS + plan.warm_up_ns,
            now_ns,
            next_sample_ns: now_ns,
            next_upkeep_ns: now_ns + UPKEEP_NS,
            next_watch_ns: now_ns + WATCH_NS,
            before: None,
            _exact_timers: exact_timers,
            _short_turns: short_turns,
        })
    }

    pub(crate) fn run(
        mut self,
        watch: &mut dyn FnMut(&Progress<'_>) -> ControlFlow<()>,
    ) -> Result<Run, Error> {
        let mut events = Vec::with_capacity(EVENTS_MAX);
        let mut aborted = false;
        // Ends: arrivals are finitely many, and each has an outcome when its timeout is over.
        while !aborted && !self.is_over() {
            self.let_replies_gather(events.len());
            events.clear();
            let timeout = timespec(self.sleep_ns());
            match epoll::wait(&self.poll, rustix::buffer::spare_capacity(&mut events), Some(&timeout)) {
                Ok(_) | Err(Errno::INTR) => {}
                Err(errno) => return Err(Error::System { doing: "waiting for events", errno }),
            }
            self.now_ns = monotonic_ns();
            self.count_outstanding();
            for event in &events {
                self.on_event(event.data.u64(), event.flags)?;
            }
            self.send_due(self.sends_max(events.len()))?;
            if self.now_ns >= self.next_upkeep_ns {
                self.upkeep();
            }
            aborted = self.now_ns >= self.next_watch_ns && self.show(watch).is_break();
        }
        Ok(self.finish(aborted))
    }

    /// Where the subject sets the pace, waking for each reply costs more than reading it: this lets some more come. An
    /// open loop never waits so: there a reply is read when it comes.
    fn let_replies_gather(&self, events: usize) {
        let pause_ns = if self.source.is_open() { 0 } else { gather_ns(self.busy, events) };
        if pause_ns > 0 {
            // A signal that ends the sleep early does no harm.
            let _ = rustix::thread::nanosleep(&timespec(pause_ns));
        }
    }

    /// How many requests this turn may send, when it brought `events`. A reply that waits here is measured too long, and
    /// after a stall many come at once while many requests are late: reading, which is quick, goes before sending, as
    /// long as a full turn says that more has come (at most one reply for each connection). A closed loop measures no
    /// such thing.
    fn sends_max(&self, events: usize) -> usize {
        match (self.source.is_open(), events) {
            (false, _) => usize::MAX,
            (true, EVENTS_MAX..) => 0,
            (true, _) => SENDS_MAX,
        }
    }

    fn is_over(&mut self) -> bool {
        let now_offset_ns = self.offset_ns(self.now_ns);
        self.busy == 0 && self.source.next_offset_ns(now_offset_ns).is_none()
    }

    /// The moment `at_ns` as the schedule counts it.
    fn offset_ns(&self, at_ns: u64) -> i64 {
        at_ns as i64 - self.zero_ns as i64
    }

    /// How long nothing needs to be done, unless something arrives.
    fn sleep_ns(&mut self) -> u64 {
        if self.source.is_open() {
            self.now_ns = monotonic_ns();
        }
        let mut wake_ns = self.next_sample_ns.min(self.next_upkeep_ns).min(self.next_watch_ns);
        let has_place = !self.idle.is_empty() || self.has_closed_place();
        let now_offset_ns = self.offset_ns(self.now_ns);
        if let (true, Some(offset_ns)) = (has_place, self.source.next_offset_ns(now_offset_ns)) {
            wake_ns = wake_ns.min(self.zero_ns.saturating_add_signed(offset_ns));
        }
        wake_ns.saturating_sub(self.now_ns)
    }

    /// Counts what was outstanding at the chosen moments that have passed, by the clock and the schedule: the latency
    /// stamps have no part in it. Called before anything ends, so what has ended until now had ended then.
    fn count_outstanding(&mut self) {
        if self.before.is_none() && self.now_ns >= self.zero_ns {
            self.before = Some((thread_cpu_ns(), thread_run_queue_ns()));
        }
        self.next_sample_ns = self.next_sample_ns.max(self.now_ns.saturating_sub(SAMPLE_AGE_NS_MAX));
        while self.next_sample_ns <= self.now_ns {
            let offset_ns = self.offset_ns(self.next_sample_ns);
            self.next_sample_ns += SAMPLE_NS_MIN + self.sampling.next_u64() % SAMPLE_NS_SPREAD;
            if offset_ns >= 0 {
                let due = self.source.due_measured(offset_ns);
                self.tally.sample(due);
            }
        }
    }

    /// Ends what has timed out, sent or not, and packs the batches that nothing can enter any more.
    fn upkeep(&mut self) {
        self.next_upkeep_ns = self.now_ns + UPKEEP_NS;
        let expired_offset_ns = self.offset_ns(self.now_ns.saturating_sub(self.plan.timeout_ns));
        let mut oldest_offset_ns = self.offset_ns(self.now_ns);
        for place in 0..self.connections.len() {
            let Some(flight) = self.connections[place].flight else { continue };
            if flight.arrival.offset_ns <= expired_offset_ns {
                self.fail(place, ErrorKind::Timeout);
            } else {
                oldest_offset_ns = oldest_offset_ns.min(flight.arrival.offset_ns);
            }
        }
        if self.source.is_open() {
            while let Some(arrival) = self.source.take_due(expired_offset_ns) {
                self.tally.sent(&arrival, Value::Infinite, self.plan.schedule.duration_ns);
                let residence_ns = traffic::since_ns(self.now_ns, self.zero_ns, &arrival);
                self.tally.ended(&arrival, residence_ns, Err(ErrorKind::Timeout));
            }
        }
        let waiting_offset_ns = self.source.next_offset_ns(oldest_offset_ns).unwrap_or(oldest_offset_ns);
        if let Ok(sealed_ns) = u64::try_from(oldest_offset_ns.min(waiting_offset_ns)) {
            self.tally.latency.seal_before(sealed_ns);
        }
    }

    fn show(&mut self, watch: &mut dyn FnMut(&Progress<'_>) -> ControlFlow<()>) -> ControlFlow<()> {
        self.next_watch_ns = self.now_ns + WATCH_NS;
        let now_offset_ns = self.offset_ns(self.now_ns);
        let measured_ns = u64::try_from(now_offset_ns).unwrap_or_default();
        let due = self.source.due_measured(now_offset_ns);
        let rate_per_ks =
            u128::from(self.tally.completed) * 1_000_000_000_000 / u128::from(measured_ns.max(1));
        watch(&Progress {
            elapsed_ns: self.plan.warm_up_ns.saturating_add_signed(now_offset_ns),
            total_ns: self.plan.warm_up_ns + self.plan.schedule.duration_ns,
            measured_ns,
            completed: self.tally.completed,
            rate_per_ks: u64::try_from(rate_per_ks).unwrap_or_default(),
            in_flight: due.saturating_sub(self.tally.completed),
            latency: &self.tally.total,
            errors: self.tally.errors,
        })
    }

    fn finish(mut self, aborted: bool) -> Run {
        let (cpu_before_ns, run_queue_before_ns) = self.before.unwrap_or_default();
        let (cpu_ns, run_queue_ns) = match self.before {
            Some(_) => (thread_cpu_ns() - cpu_before_ns, thread_run_queue_ns() - run_queue_before_ns),
            None => (0, 0),
        };
        let wall_ns = monotonic_ns().saturating_sub(self.zero_ns);
        let scheduled =
            self.source.due_measured(if aborted { self.offset_ns(self.now_ns) } else { i64::MAX });
        let facts = Facts {
            scheduled,
            send_lag: self.tally.send_lag,
            late: self.tally.late,
            wall_ns,
            cpu_ns,
            run_queue_ns,
            in_flight_samples: self.tally.in_flight_samples,
            in_flight_sum: self.tally.in_flight_sum,
            completed: self.tally.completed,
            residence_sum_us: u64::try_from(self.tally.residence_ns / 1_000).unwrap_or(u64::MAX),
        };
        Run {
            latency: self.tally.latency,
            total: self.tally.total,
            warm_up: self.tally.warm_up,
            facts,
            errors: self.tally.errors,
            good: self.tally.good,
            bytes_received: self.tally.bytes_received,
            reconnects: self.tally.reconnects,
            started_monotonic_ns: self.zero_ns,
            aborted,
            closed_loop: !self.source.is_open(),
        }
    }
}

/// How long a closed loop lets replies gather, when its last turn brought `events`.
fn gather_ns(outstanding: usize, events: usize) -> u64 {
    let few = EVENTS_MAX.min(outstanding / 4);
    let pays = outstanding >= GATHER_CONNECTIONS_MIN && events < few;
    if pays { GATHER_NS_PER_CONNECTION * outstanding as u64 } else { 0 }
}

#[cfg(test)]
mod tests {
    use super::gather_ns;

    #[test]
    fn a_closed_loop_pauses_only_where_enough_is_outstanding_and_little_has_come() {
        let cases = [
            // outstanding, events, pause
            (0, 0, 0),
            (15, 0, 0),
            (16, 3, 8_000),
            (16, 4, 0),
            (64, 15, 32_000),
            (64, 16, 0),
            (1_024, 63, 512_000),
            (1_024, 64, 0),
        ];
        for (outstanding, events, pause_ns) in cases {
            assert_eq!(
                gather_ns(outstanding, events),
                pause_ns,
                "{outstanding} outstanding, {events} events"
            );
        }
    }
}
