//! A rehearsed stop: requests in flight across the signal, under load.
//!
//! Two kinds of request count as in flight. Of some the subject has all but the last byte, which goes out after the
//! signal. Others it has had whole for some milliseconds and has not answered when the signal comes: how many depends
//! on how long it works on one. A server that stops in an orderly way answers both; one that just ends, or gives up what
//! it is working on, does not. Requests that arrive on an idle connection in the moment of the signal are not counted: by
//! RFC 9112 section 9.6 either side may close an idle connection, and clients must try again.

use std::ops::ControlFlow;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use plimsoll_evidence::{Document, HeldOutcome, Scene, Step, StopDrill};
use plimsoll_load::{Answer, Held, hold};
use plimsoll_process::{Signal, monotonic_ns};

use super::Conductor;
use super::load::LoadOrder;
use crate::error::Error;
use crate::running::Running;

/// Requests that are held half-sent, each kind of request in turn; and as many whose last byte goes out before the signal,
/// one by one.
const HELD: usize = 16;
/// Load has a half of the connections that the subject is said to serve, and each kind of request in flight a quarter.
const LOADS_PART: usize = 2;
const HELD_PART: usize = 4;
/// Between those, and from the last of them to the signal: time for the subject to have read it on a busy machine.
const LEAD: Duration = Duration::from_millis(5);
/// From the last byte before the hold to the signal: the subject must have read what it has.
const SETTLE_BEFORE: Duration = Duration::from_millis(150);
/// From the signal to the last bytes: the subject must have begun to stop.
const SETTLE_AFTER: Duration = Duration::from_millis(50);
/// Load around the signal lasts at most this long.
const LOAD_NS: u64 = 3_000_000_000;

impl Conductor<'_> {
    /// Rehearses a stop. In [`Scene::KillInstead`] the signal is SIGKILL.
    pub(super) fn stop_drill(&mut self, scene: Scene, trial: u64) -> Result<(), Error> {
        let folder = self.state.scratch()?;
        let running = match scene {
            Scene::Measured => self.start_directly(&folder)?,
            _ => crate::running::start(self.subject, folder.path(), None, self.stop)?,
        };
        let process = running.process()?;
        let at = self.clock.now();
        let signal = if scene == Scene::KillInstead { Signal::Kill } else { running.stop_signal };
        let (held, asked_ns) =
            self.under_load(scene, trial, &running, |conductor| conductor.hold_across(&running, signal))?;
        self.keep_output(format!("{}/stop/{trial}", scene.name()), &running);
        let took_ns = running.wait_end(asked_ns)?;
        let drill = StopDrill { scene, trial, process, at, signal: signal.name().into(), held, took_ns };
        self.keep(Document::StopDrill(drill))
    }

    /// Holds requests, signals, lets them go; says what became of each that was in flight, and when the signal was sent.
    fn hold_across(&self, running: &Running, signal: Signal) -> Result<(Vec<HeldOutcome>, u64), Error> {
        let count = (self.subject.load.connections / HELD_PART).clamp(1, HELD);
        let (held, worked_on) = (self.hold_requests(running, count)?, self.hold_requests(running, count)?);
        let first_in = SETTLE_BEFORE.saturating_sub(LEAD * u32::try_from(count).unwrap_or(u32::MAX));
        let (mut outcomes, worked_on, asked_ns) = std::thread::scope(|threads| {
            let worked_on: Vec<_> = (0..)
                .zip(worked_on)
                .map(|(number, held)| threads.spawn(move || finish_after(first_in + LEAD * number, held)))
                .collect();
            std::thread::sleep(SETTLE_BEFORE);
            let asked_ns = monotonic_ns();
            running.signal(signal)?;
            std::thread::sleep(SETTLE_AFTER);
            let outcomes: Vec<HeldOutcome> = held.into_iter().map(|held| outcome(held.finish())).collect();
            let worked_on: Result<Vec<_>, _> = worked_on.into_iter().map(|thread| thread.join()).collect();
            let worked_on = worked_on.map_err(|_| running.error("could not be asked"))?;
            Ok::<_, Error>((outcomes, worked_on, asked_ns))
        })?;
        // What had come to its end when the signal came was not in flight.
        let in_flight = worked_on.into_iter().filter(|(ended_ns, _)| *ended_ns > asked_ns);
        outcomes.extend(in_flight.map(|(_, outcome)| outcome));
        Ok((outcomes, asked_ns))
    }

    /// Sends so many requests but for their last bytes.
    fn hold_requests(&self, running: &Running, count: usize) -> Result<Vec<Held>, Error> {
        let timeout_ns = self.subject.load.timeout_ns;
        (0..)
            .zip(self.subject.requests.iter().cycle())
            .take(count)
            .map(|(sequence, request)| hold(running.address, &running.host, request, sequence, timeout_ns))
            .collect::<Result<_, _>>()
            .map_err(|error| {
                running.error(format!(
                    "did not take {} connections for requests that are held across its stop: {error}; if it serves \
                     fewer at once, say so with `connections` in [load]",
                    2 * count
                ))
            })
    }

    /// Does `act` while load runs; the load's own figures are not kept.
    pub(super) fn under_load<T>(
        &self,
        scene: Scene,
        trial: u64,
        running: &Running,
        act: impl FnOnce(&Self) -> Result<T, Error>,
    ) -> Result<T, Error> {
        let order = LoadOrder {
            scene,
            step: Step::Search,
            trial,
            rate_per_ks: self.plan.rate_per_ks,
            duration_ns: LOAD_NS,
        };
        let schedule = self.schedule(&order.name(), order.rate_per_ks, order.duration_ns);
        let mut plan = self.load_plan(&schedule, running);
        plan.connections_max = (plan.connections_max / LOADS_PART).max(1);
        let over = AtomicBool::new(false);
        let stop = self.stop;
        std::thread::scope(|threads| {
            let load = threads.spawn(|| {
                let mut watch = |_: &plimsoll_load::Progress<'_>| {
                    let end = over.load(Ordering::Relaxed) || stop.is_asked();
                    if end { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
                };
                plimsoll_load::run(&plan, &mut watch)
            });
            let acted = act(self);
            over.store(true, Ordering::Relaxed);
            let ran = load.join().map_err(|_| running.error("could not be put under load"))?;
            let acted = acted?;
            ran?;
            Ok(acted)
        })
    }
}

/// Sends the last byte of a request after a while; says when it came to its end, and how.
fn finish_after(pause: Duration, held: Held) -> (u64, HeldOutcome) {
    std::thread::sleep(pause);
    let ended = held.finish();
    (monotonic_ns(), outcome(ended))
}

fn outcome(ended: std::io::Result<Answer>) -> HeldOutcome {
    match ended {
        Ok(reply) if reply.good => HeldOutcome::Answered,
        _ => HeldOutcome::Lost,
    }
}
