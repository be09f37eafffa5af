//! One run of load, and the document that it leaves.

use std::ops::ControlFlow;

use plimsoll_evidence::{
    Arrivals, Document, ErrorCounts, InstrumentData, LoadRun, Probe, RunPlace, Scene, ScheduleData,
    SeriesData, Step,
};
use plimsoll_fault::Lease;
use plimsoll_load::{Pacing, Run, Schedule};
use plimsoll_proof::Digest;

use super::{Conductor, Event, counts};
use crate::error::Error;
use crate::running::Running;

/// What one run of load shall be.
pub(super) struct LoadOrder {
    pub(super) scene: Scene,
    pub(super) step: Step,
    pub(super) trial: u64,
    pub(super) rate_per_ks: u64,
    pub(super) duration_ns: u64,
}

impl LoadOrder {
    /// The name under which the run's seed is drawn.
    pub(super) fn name(&self) -> String {
        let Self { scene, step, trial, rate_per_ks, .. } = *self;
        RunPlace { scene, step, rate_per_ks, trial }.to_string()
    }
}

impl Conductor<'_> {
    /// A trial: a fresh process, load at `rate_per_ks`, an orderly end.
    pub(super) fn trial(
        &mut self,
        step: Step,
        rate_per_ks: u64,
        trial: u64,
        duration_ns: u64,
    ) -> Result<(), Error> {
        let folder = self.state.scratch()?;
        let running = self.start_directly(&folder)?;
        let order = LoadOrder { scene: Scene::Measured, step, trial, rate_per_ks, duration_ns };
        let loaded = self.load(&order, &running, None);
        self.keep_output(order.name(), &running);
        self.end_loaded(running, loaded?)
    }

    /// Ends a subject that was under load. Its death is told by the criteria of load, where there are any.
    pub(super) fn end_loaded(&self, running: Running, died: bool) -> Result<(), Error> {
        running.end(died && self.asks_for(&[Probe::Latency, Probe::Errors, Probe::Throughput]))
    }

    /// Runs load against the subject and keeps the run as evidence; whether it died meanwhile. `lease` is that of the proxy
    /// in between, if any.
    pub(super) fn load(
        &mut self,
        order: &LoadOrder,
        running: &Running,
        lease: Option<&Lease>,
    ) -> Result<bool, Error> {
        let mut document = self.load_run(order, running)?.0;
        document.proxy = lease.map(|lease| counts(&lease.counters()));
        let died = document.died;
        self.keep(Document::LoadRun(document))?;
        Ok(died)
    }

    /// Runs load against the subject: the run as evidence, without a word of a proxy, and when its schedule began.
    pub(super) fn load_run(&mut self, order: &LoadOrder, running: &Running) -> Result<(LoadRun, u64), Error> {
        let schedule = self.schedule(&order.name(), order.rate_per_ks, order.duration_ns);
        let plan = self.load_plan(&schedule, running);
        let at = self.clock.now();
        let run = self.run_load(&plan)?;
        let document = LoadRun {
            scene: order.scene,
            step: order.step,
            trial: order.trial,
            process: running.identity(),
            died: running.has_died(),
            at,
            schedule,
            latency: SeriesData::from(&run.latency),
            good: run.good,
            errors: errors(&run.errors),
            instrument: instrument(&run),
            proxy: None,
        };
        Ok((document, run.started_monotonic_ns))
    }

    /// Runs load for those who watch, until it ends or somebody asks to stop.
    pub(super) fn run_load(&mut self, plan: &plimsoll_load::Plan) -> Result<Run, Error> {
        let (watch, stop) = (&mut *self.watch, self.stop);
        let run = plimsoll_load::run(plan, &mut |progress| {
            watch(&Event::Load(progress));
            if stop.is_asked() { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
        })?;
        self.stop.check()?;
        Ok(run)
    }

    pub(super) fn load_plan(&self, schedule: &ScheduleData, running: &Running) -> plimsoll_load::Plan {
        let load = &self.subject.load;
        let rate_per_ks = schedule.rate_per_ks;
        let pacing = match schedule.arrivals {
            Arrivals::Constant => Pacing::Constant { rate_per_ks },
            Arrivals::Poisson => Pacing::Poisson { rate_per_ks },
        };
        plimsoll_load::Plan {
            address: running.address,
            host: running.host.clone(),
            requests: self.subject.requests.clone(),
            schedule: Schedule { pacing, duration_ns: schedule.duration_ns, seed: *schedule.seed.as_bytes() },
            warm_up_ns: schedule.warm_up_ns,
            timeout_ns: load.timeout_ns,
            connections_max: load.connections,
        }
    }

    /// The schedule of a run as it is signed; its seed is drawn under the run's name.
    pub(super) fn schedule(&self, name: &str, rate_per_ks: u64, duration_ns: u64) -> ScheduleData {
        ScheduleData {
            arrivals: self.subject.load.arrivals,
            rate_per_ks,
            duration_ns,
            warm_up_ns: self.plan.profile.warm_up_ns,
            seed: Digest::from_bytes(self.seed(name)),
        }
    }
}

fn errors(errors: &plimsoll_load::ErrorCounts) -> ErrorCounts {
    ErrorCounts {
        connect: errors.connect,
        reset: errors.reset,
        closed: errors.closed,
        timeout: errors.timeout,
        malformed: errors.malformed,
        status: errors.status,
    }
}

fn instrument(run: &Run) -> InstrumentData {
    let facts = &run.facts;
    InstrumentData {
        scheduled: facts.scheduled,
        send_lag: (&facts.send_lag).into(),
        late: facts.late,
        wall_ns: facts.wall_ns,
        cpu_ns: facts.cpu_ns,
        run_queue_ns: facts.run_queue_ns,
        in_flight_samples: facts.in_flight_samples,
        in_flight_sum: facts.in_flight_sum,
        completed: facts.completed,
        residence_sum_us: facts.residence_sum_us,
    }
}
