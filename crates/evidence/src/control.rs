//! Controls: a probe is believed only if it was seen red on a planted defect, and green on the same path without.

use crate::amount::Amount;
use crate::criterion::{Criterion, Rule, Severity};
use crate::document::{Plan, ProxyCounts};
use crate::documents::Documents;
use crate::error::Error;
use crate::estimate;
use crate::judgement::{ControlResult, JudgedCriterion, Judgement};
use crate::measurement::{Estimator, Measurement};
use crate::probe::Probe;
use crate::scene::Scene;
use crate::sentence;
use crate::soak::SERIES;
use crate::verdict::{Verdict, decide_by};

/// Why no certificate can be issued on this judgement, if that is so: the probe of a blocking criterion that was
/// decided was not seen red on its planted defect, or not seen green without it.
pub fn without_control(judgement: &Judgement) -> Vec<String> {
    let blocking = judgement.criteria.iter().filter(|judged| judged.criterion.severity == Severity::Blocking);
    let decided = blocking.filter(|judged| judged.verdict.is_decided());
    let lacks = decided
        .filter(|judged| !judged.control.as_ref().is_some_and(|control| control.supports(judged.verdict)));
    let sentence = |judged: &JudgedCriterion| {
        format!("{}: {}", judged.criterion.id, sentence::control_missing(judged.control.as_ref()))
    };
    lacks.map(sentence).collect()
}

/// Judges a planted defect and its sham. Instrument gates are not asked: a defect may well disturb the instrument,
/// and what counts is that the probe turns red. By what it measured: a subject that happens to end while a defect is
/// planted shows nothing of the probe.
pub(crate) fn control(
    plan: &Plan,
    criterion: &Criterion,
    documents: &Documents,
    scene: Scene,
) -> Result<ControlResult, Error> {
    let on_defect = estimate::estimate(plan, criterion, documents, scene)?;
    let on_sham = estimate::estimate(plan, criterion, documents, scene.sham())?;
    let verdict = judged(plan, criterion, &on_defect);
    let proxy = documents.proxy_counts(scene);
    Ok(ControlResult {
        scene,
        on_defect: verdict,
        defect_value: on_defect.value,
        on_sham: judged(plan, criterion, &on_sham),
        sham_value: on_sham.value,
        proxy,
        seen_red: took_effect(scene, proxy)
            && judged(plan, criterion, &on_defect.clone().without_deaths()) == Verdict::Fail
            && is_whole(criterion, &on_defect),
        evidence: on_defect.evidence.iter().chain(&on_sham.evidence).copied().collect(),
    })
}

/// A red probe counts only if something was planted: the proxy must have harmed a request. What is done to the process needs no proxy.
pub(crate) fn took_effect(scene: Scene, proxy: Option<ProxyCounts>) -> bool {
    match proxy {
        Some(counts) => counts.harmed > 0,
        None => !scene.needs_proxy(),
    }
}

/// A count of things that may grow counts only if it was seen to count each of them.
fn is_whole(criterion: &Criterion, on_defect: &Measurement) -> bool {
    let all = Some(Amount::Finite(SERIES.len() as u64));
    criterion.probe != Probe::Leak || on_defect.value == all
}

fn judged(plan: &Plan, criterion: &Criterion, measurement: &Measurement) -> Verdict {
    // Controls of the load line are one step, at the subject's rate: the line cannot be seen to reach further.
    let limit = match measurement.estimator {
        Estimator::HighestStep => criterion.limit.min(plan.rate_per_ks),
        _ => criterion.limit,
    };
    decide_by(Rule::Simple, &Criterion { limit, ..criterion.clone() }, measurement)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn result(seen_red: bool, on_sham: Verdict) -> ControlResult {
        ControlResult {
            scene: Scene::AddedDelay,
            on_defect: if seen_red { Verdict::Fail } else { Verdict::Pass },
            defect_value: None,
            on_sham,
            sham_value: None,
            proxy: None,
            seen_red,
            evidence: Vec::new(),
        }
    }

    /// What the sham gave, and whether that supports a green and a red subject.
    const SHAMS: [(Verdict, bool, bool); 4] = [
        (Verdict::Pass, true, true),
        (Verdict::Fail, false, true),
        (Verdict::NotMeasured, false, true),
        (Verdict::Inconclusive, false, true),
    ];

    #[test]
    fn a_control_supports_what_it_could_tell_apart() {
        for (on_sham, green, red) in SHAMS {
            for verdict in [Verdict::Pass, Verdict::ConditionalPass] {
                assert_eq!(result(true, on_sham).supports(verdict), green, "{on_sham:?} under {verdict:?}");
            }
            for verdict in [Verdict::Fail, Verdict::ConditionalFail] {
                assert_eq!(result(true, on_sham).supports(verdict), red, "{on_sham:?} under {verdict:?}");
            }
            for verdict in [Verdict::Pass, Verdict::Fail] {
                assert!(!result(false, on_sham).supports(verdict), "not seen red");
            }
            let unharmed = ControlResult { on_defect: Verdict::Fail, ..result(false, on_sham) };
            assert!(!unharmed.supports(Verdict::Pass), "nothing was planted");
            assert_eq!(
                unharmed.supports(Verdict::Fail),
                on_sham == Verdict::Fail,
                "red wherever it is looked at"
            );
        }
    }

    #[test]
    fn a_defect_takes_effect_where_it_harmed() {
        let counts = |harmed| Some(ProxyCounts { requests: 9, harmed });
        for scene in Scene::DEFECTS {
            assert!(took_effect(scene, counts(1)) && !took_effect(scene, counts(0)), "{}", scene.name());
            assert_eq!(took_effect(scene, None), !scene.needs_proxy(), "{}", scene.name());
        }
    }
}
