//! From documents to measurements: the estimators, each a pure function that every verifier runs again.

mod checks;
mod drills;
mod fault;
mod line;
mod load;
mod share;
mod soak;

use plimsoll_measure::Probability;

use crate::criterion::Criterion;
use crate::document::Plan;
use crate::documents::Documents;
use crate::error::Error;
use crate::measurement::Measurement;
use crate::probe::{Family, Probe};
use crate::scene::Scene;

pub(crate) use line::load_line;
pub use line::{LoadLine, rung_verdict, search_step_passes};

/// Confidence of every one-sided bound that is not given by a number of trials: 95 %.
pub(crate) const CONFIDENCE: Probability = Probability::P95;

/// Trials from which the greatest is an upper bound of the median at 95 %: 1 - 0.5^5 = 96.9 %.
pub(crate) const TRIALS_FOR_BOUND: usize = 5;

/// Measures `criterion` in `scene`: the subject as it is, a planted defect, or a sham.
pub(crate) fn estimate(
    plan: &Plan,
    criterion: &Criterion,
    documents: &Documents,
    scene: Scene,
) -> Result<Measurement, Error> {
    match (criterion.probe.family(), criterion.probe) {
        (Family::Load, Probe::LoadLine) => line::measure(plan, documents, scene),
        (Family::Load, _) => load::measure(criterion, &load::steady_runs(documents, scene)),
        (Family::Start, _) => drills::start_up(documents, scene),
        (Family::Stop, _) => drills::graceful_stop(criterion, documents, scene),
        (Family::Crash, Probe::AcknowledgedWrites) => {
            drills::acknowledged_writes(criterion, documents, scene)
        }
        (Family::Crash, _) => drills::crash_recovery(criterion, documents, scene),
        (Family::Check | Family::Inspection, _) => checks::failed_cases(criterion, documents, scene),
        (Family::Soak, _) => soak::taken(criterion, documents, scene),
        (Family::Fault, _) => fault::endured(plan, criterion, documents, scene),
        (Family::Restore, _) => drills::restored(criterion, documents, scene),
    }
}

#[cfg(test)]
mod tests;
