//! Checklists: how many of their cases went wrong.

use plimsoll_base::Unit;

use super::load::nothing;
use crate::amount::Amount;
use crate::criterion::Criterion;
use crate::documents::Documents;
use crate::error::Error;
use crate::measurement::{Estimator, GateData, Measurement, Trial};
use crate::scene::Scene;

/// Cases that went wrong, in the worst pass. No pass gives no value.
pub(crate) fn failed_cases(
    criterion: &Criterion,
    documents: &Documents,
    scene: Scene,
) -> Result<Measurement, Error> {
    let mut measurement = nothing(Estimator::FailedCases, Unit::Count);
    for (digest, run) in documents.check_runs(criterion.probe, scene) {
        let Some(cases) = run.cases() else {
            let name = criterion.probe.name();
            return Err(Error::evidence(format!("{name} {}: cases are missing, or stand twice", run.trial)));
        };
        let failed = cases.iter().filter(|case| case.problem.is_some()).count() as u64;
        let (value, n) = (Amount::Finite(failed), cases.len() as u64);
        measurement.value = measurement.value.max(Some(value));
        measurement.n = measurement.n.saturating_add(n);
        // What went wrong did so wherever else nothing was tried.
        let reached = run.checklist.reached().filter(|_| scene == Scene::Measured && failed == 0);
        measurement.gates.extend(reached.map(|reached| GateData {
            run: format!("{}-{}", criterion.probe.name(), run.trial),
            gate: reached.gate.into(),
            passed: reached.observed >= reached.limit,
            observed: Some(reached.observed),
            limit: Some(reached.limit),
            unit: reached.unit,
        }));
        measurement.evidence.push(digest);
        measurement.trials.push(Trial {
            step: None,
            rate_per_ks: None,
            trial: run.trial,
            process: run.process,
            died: run.died,
            value,
            lower: None,
            upper: None,
            n,
            n_effective: n,
            distribution: None,
        });
    }
    Ok(measurement)
}
