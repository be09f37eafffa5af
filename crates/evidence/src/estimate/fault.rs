//! Fault drills: when all was as before, and what failed meanwhile.

use plimsoll_base::Unit;
use plimsoll_proof::Digest;

use super::load::{ReadRun, gates, nothing, read, trial};
use super::share::scaled;
use crate::amount::Amount;
use crate::criterion::Criterion;
use crate::document::Plan;
use crate::documents::Documents;
use crate::error::Error;
use crate::fault::FaultDrill;
use crate::measurement::{Estimator, GateData, Measurement, Trial};
use crate::probe::Probe;
use crate::scene::Scene;

const ONE_PPB: u64 = 1_000_000_000;

/// The worst drill of the criterion's fault decides. In controls nothing is done but what is planted: they serve every
/// fault. No drill gives no value.
pub(crate) fn endured(
    plan: &Plan,
    criterion: &Criterion,
    documents: &Documents,
    scene: Scene,
) -> Result<Measurement, Error> {
    let estimator = match criterion.probe {
        Probe::FaultErrors => Estimator::AmidFault,
        _ => Estimator::LastBadBatch,
    };
    let mut measurement = nothing(estimator, criterion.unit);
    for (digest, drill) in documents.fault_drills(scene) {
        let run = read_drill(digest, drill)?;
        if scene == Scene::Measured && drill.fault != criterion.fault {
            continue;
        }
        let Some(seen) = seen(plan, criterion, drill, &run) else { continue };
        measurement.value = measurement.value.max(Some(seen.value));
        measurement.n = measurement.n.saturating_add(seen.n);
        measurement.gates.extend(gates(&run, None));
        measurement.gates.extend(fault_gates(drill, &run));
        measurement.evidence.push(digest);
        measurement.trials.push(seen);
    }
    Ok(measurement)
}

fn read_drill(digest: Digest, drill: &FaultDrill) -> Result<ReadRun<'_>, Error> {
    let name = drill.load.name();
    match drill.problem() {
        None => read(digest, &drill.load),
        Some(problem) => Err(Error::evidence(format!("fault drill {name}: {problem}"))),
    }
}

fn seen(plan: &Plan, criterion: &Criterion, drill: &FaultDrill, run: &ReadRun<'_>) -> Option<Trial> {
    let (value, n) = match criterion.probe {
        Probe::FaultErrors => {
            let amid = drill.parts(&run.series).amid;
            let (_, share_ppb) = scaled(amid.infinite(), ONE_PPB, amid.count())?;
            (Amount::Finite(share_ppb), amid.count())
        }
        _ => (drill.recovered_ns(&run.series, &plan.profile), run.total.count()),
    };
    Some(Trial { value, n, n_effective: n, ..trial(&drill.load) })
}

/// Whether the subject was whole when the fault began, and whether there was a fault.
fn fault_gates(drill: &FaultDrill, run: &ReadRun<'_>) -> Vec<GateData> {
    let failed = drill.parts(&run.series).before.infinite();
    let gate = |gate: &str, passed, observed, limit, unit| GateData {
        run: drill.load.name(),
        gate: gate.into(),
        passed,
        observed: Some(observed),
        limit: Some(limit),
        unit,
    };
    let whole = gate("whole-before", failed == 0, failed, 0, Unit::Count);
    let effect = drill.fault.map(|fault| {
        let least_ppb = fault.effect_ppb_min();
        gate("took-effect", drill.effect_ppb >= least_ppb, drill.effect_ppb, least_ppb, Unit::Ppb)
    });
    std::iter::once(whole).chain(effect).collect()
}
