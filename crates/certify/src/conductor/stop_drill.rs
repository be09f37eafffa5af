//! A rehearsed stop: requests held half-sent across the signal, under load.
//!
//! A request counts as in flight when the subject has its connection and all of it but the last byte. The last
//! byte goes out after the signal. A server that stops in an orderly way answers such a request; one that just
//! ends does not. Requests that arrive on an idle connection in the moment of the signal are not counted: by
//! RFC 9112 section 9.6 either side may close an idle connection, and clients must try again.

use std::ops::ControlFlow;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use plimsoll_evidence::{Document, HeldOutcome, Scene, Step, StopDrill};
use plimsoll_load::{Held, hold};
use plimsoll_process::{Signal, monotonic_ns};

use super::Conductor;
use super::load::LoadOrder;
use crate::error::Error;
use crate::running::Running;
use crate::scratch::Scratch;

/// Requests in flight: each kind of request is held in turn until there are this many.
const HELD: usize = 16;
/// From the last byte before the hold to the signal: the subject must have read what it has.
const SETTLE_BEFORE: Duration = Duration::from_millis(150);
/// From the signal to the last bytes: the subject must have begun to stop.
const SETTLE_AFTER: Duration = Duration::from_millis(50);
/// Load around the signal lasts at most this long.
const LOAD_NS: u64 = 3_000_000_000;

impl Conductor<'_> {
    /// Rehearses a stop. In [`Scene::KillInstead`] the signal is SIGKILL.
    pub(super) fn stop_drill(&mut self, scene: Scene, trial: u64) -> Result<(), Error> {
        let folder = Scratch::new()?;
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

    /// Holds requests, signals, lets them go; says what became of each, and when the signal was sent.
    fn hold_across(&self, running: &Running, signal: Signal) -> Result<(Vec<HeldOutcome>, u64), Error> {
        let timeout_ns = self.subject.load.timeout_ns;
        let held: Vec<Held> = (0..)
            .zip(self.subject.requests.iter().cycle())
            .take(HELD)
            .map(|(sequence, request)| hold(running.address, &running.host, request, sequence, timeout_ns))
            .collect::<Result<_, _>>()
            .map_err(|error| running.error(format!("took no request to hold across its stop: {error}")))?;
        std::thread::sleep(SETTLE_BEFORE);
        let asked_ns = monotonic_ns();
        running.signal(signal)?;
        std::thread::sleep(SETTLE_AFTER);
        let outcomes = held.into_iter().map(|held| match held.finish() {
            Ok(reply) if reply.good => HeldOutcome::Answered,
            _ => HeldOutcome::Lost,
        });
        Ok((outcomes.collect(), asked_ns))
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
        let plan = self.load_plan(&order, running);
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
