//! Checklists: how many of their cases went wrong.

use plimsoll_base::Unit;

use super::load::nothing;
use crate::amount::Amount;
use crate::criterion::Criterion;
use crate::documents::Documents;
use crate::error::Error;
use crate::measurement::{Estimator, GateData, Measurement, Trial};
use crate::scene::Scene;

/// Cases that went wrong, in the worst pass. No pass gives no value, and neither does one of a control in which nothing was
/// tried: of the subject itself a gate says so.
pub(crate) fn failed_cases(
    criterion: &Criterion,
    documents: &Documents,
    scene: Scene,
) -> Result<Measurement, Error> {
    let mut measurement = nothing(Estimator::FailedCases, Unit::Count);
    let mut tried = true;
    for (digest, run) in documents.check_runs(criterion.probe, scene) {
        let Some(cases) = run.cases() else {
            let name = criterion.probe.name();
            return Err(Error::evidence(format!("{name} {}: cases are missing, or stand twice", run.trial)));
        };
        let failed = cases.iter().filter(|case| case.problem.is_some()).count() as u64;
        let (value, n) = (Amount::Finite(failed), cases.len() as u64);
        // What went wrong did so wherever else nothing was tried.
        let reached = run.checklist.reached().filter(|_| failed == 0);
        tried &= reached.as_ref().is_none_or(|reached| reached.observed >= reached.limit);
        measurement.value = measurement.value.max(Some(value));
        measurement.n = measurement.n.saturating_add(n);
        let gate = reached.filter(|_| scene == Scene::Measured);
        measurement.gates.extend(gate.map(|reached| GateData {
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
    if scene != Scene::Measured && !tried && measurement.value == Some(Amount::Finite(0)) {
        measurement.value = None;
    }
    Ok(measurement)
}
