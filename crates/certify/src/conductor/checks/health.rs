//! What the health check tells while what the subject depends on is there, gone, silent, and back.

use std::time::Duration;

use plimsoll_evidence::{HealthLook, HealthMoment, HealthTold, LiveAnswers};
use plimsoll_fault::Outage;
use plimsoll_load::{Request, exchange};
use plimsoll_process::monotonic_ns;

use super::super::Conductor;
use crate::error::Error;
use crate::running::Running;

/// An answer is waited for this long, as those who route requests by it do: later it is silence.
const PATIENCE_NS: u64 = 1_000_000_000;
/// Between two questions: fine beside any promise, and little work for the subject.
const PAUSE: Duration = Duration::from_millis(50);

impl Conductor<'_> {
    /// Each moment of each dependency, one after the other in one process.
    pub(super) fn health_told(&self, running: &Running) -> Result<HealthTold, Error> {
        let mut looks = Vec::new();
        for needed in &running.dependencies {
            for moment in HealthMoment::ALL {
                let outage = match moment {
                    HealthMoment::Cut => Some(needed.relay.begin(Outage::Cut)),
                    HealthMoment::Hung => Some(needed.relay.begin(Outage::Hung)),
                    HealthMoment::Well | HealthMoment::BackFromCut | HealthMoment::BackFromHung => None,
                };
                looks.push(self.health_look(running, &needed.name, moment)?);
                drop(outage);
            }
        }
        Ok(HealthTold { notices_within_ns: self.subject.health.notices_within_ns, looks })
    }

    /// Asks until the truth is told, or the promised time is over.
    fn health_look(
        &self,
        running: &Running,
        dependency: &str,
        moment: HealthMoment,
    ) -> Result<HealthLook, Error> {
        let began_ns = monotonic_ns();
        let mut live = self.subject.health.live.as_ref().map(|_| LiveAnswers::default());
        loop {
            self.stop.check()?;
            let status = status(running, &self.subject.target.health);
            let took_ns = monotonic_ns().saturating_sub(began_ns);
            if let (Some(live), Some(path)) = (&mut live, &self.subject.health.live) {
                live.asked += 1;
                live.good += u64::from(HealthMoment::Well.is_told_by(self::status(running, path)));
            }
            if moment.is_told_by(status) || took_ns > self.subject.health.notices_within_ns {
                let dependency = dependency.to_owned();
                return Ok(HealthLook { dependency, moment, took_ns, status, live });
            }
            std::thread::sleep(PAUSE);
        }
    }
}

/// The status of the answer, if one came.
fn status(running: &Running, path: &str) -> Option<u64> {
    let answer = exchange(running.address, &running.host, &Request::get(path), 0, PATIENCE_NS);
    answer.ok().map(|answer| answer.status.into())
}
