//! From verdicts to the status of a certificate, and to what is said beside it.

use crate::criterion::Severity;
use crate::estimate::TRIALS_FOR_BOUND;
use crate::gap::{self, Gap};
use crate::judgement::{JudgedCriterion, Status};
use crate::verdict::Verdict;

/// The status that follows from verdicts by severity; none if measuring broke down, for then there is nothing to
/// certify. A subject to which no blocking criterion applies has shown nothing, and is pending.
pub(crate) fn status(verdicts: &[(Severity, Verdict)], trials: u64) -> Option<Status> {
    let any = |severity: Severity, of: &[Verdict]| {
        verdicts.iter().any(|(at, verdict)| *at == severity && of.contains(verdict))
    };
    let blocking = |of: &[Verdict]| any(Severity::Blocking, of);
    if blocking(&[Verdict::Fail, Verdict::ConditionalFail]) {
        return Some(Status::Denied);
    }
    if blocking(&[Verdict::Error]) {
        return None;
    }
    let conditional = [Verdict::ConditionalPass, Verdict::Waived];
    let nothing_shown = !blocking(&[Verdict::Pass]) && !blocking(&conditional);
    Some(if nothing_shown || blocking(&[Verdict::Inconclusive, Verdict::NotMeasured]) {
        Status::Pending
    } else if blocking(&conditional) || verdicts.iter().any(is_unmet_condition) {
        Status::Conditional
    } else if trials < TRIALS_FOR_BOUND as u64 {
        Status::Preliminary
    } else {
        Status::Certified
    })
}

fn is_unmet_condition((severity, verdict): &(Severity, Verdict)) -> bool {
    *severity == Severity::Conditional && !verdict.is_met()
}

/// Why the status is not better, one sentence each.
pub(crate) fn conditions(criteria: &[JudgedCriterion], gaps: &[Gap], trials: u64) -> Vec<String> {
    let unmet = |judged: &&JudgedCriterion| {
        judged.criterion.severity != Severity::Advisory && !judged.verdict.is_met()
    };
    let mut conditions: Vec<String> = criteria.iter().filter(unmet).map(sentence).collect();
    conditions.extend(gap::condition(gaps, criteria.len()));
    if trials < TRIALS_FOR_BOUND as u64 {
        conditions.push(format!(
            "too few trials for a bound between them, hence at best preliminary: {trials} of {TRIALS_FOR_BOUND}"
        ));
    }
    conditions
}

/// What is not claimed, one sentence each.
pub(crate) fn exclusions(criteria: &[JudgedCriterion]) -> Vec<String> {
    criteria.iter().filter(|judged| judged.verdict == Verdict::NotApplicable).map(sentence).collect()
}

fn sentence(judged: &JudgedCriterion) -> String {
    format!("{}: {}", judged.criterion.id, judged.brief)
}

#[cfg(test)]
mod tests {
    use super::*;
    use Severity::{Advisory, Blocking};
    use Verdict::{
        ConditionalFail, ConditionalPass, Error, Fail, Inconclusive, NotApplicable, NotMeasured, Pass, Waived,
    };

    const ALL: [Verdict; 9] = [
        Pass,
        ConditionalPass,
        ConditionalFail,
        Fail,
        Inconclusive,
        NotMeasured,
        NotApplicable,
        Error,
        Waived,
    ];

    fn of(verdicts: &[(Severity, Verdict)]) -> Option<Status> {
        status(verdicts, 5)
    }

    #[test]
    fn one_blocking_verdict_beside_a_pass() {
        let rows = [
            (Pass, Some(Status::Certified)),
            (ConditionalPass, Some(Status::Conditional)),
            (ConditionalFail, Some(Status::Denied)),
            (Fail, Some(Status::Denied)),
            (Inconclusive, Some(Status::Pending)),
            (NotMeasured, Some(Status::Pending)),
            (NotApplicable, Some(Status::Certified)),
            (Error, None),
            (Waived, Some(Status::Conditional)),
        ];
        for (verdict, expected) in rows {
            assert_eq!(of(&[(Blocking, Pass), (Blocking, verdict)]), expected, "{}", verdict.name());
            assert_eq!(of(&[(Blocking, verdict), (Blocking, Pass)]), expected, "{} first", verdict.name());
        }
    }

    /// The rows of the table from the top: whatever stands below a row does not weaken it.
    #[test]
    fn the_worst_blocking_verdict_decides() {
        let ranks: [(&[Verdict], Option<Status>); 5] = [
            (&[Fail, ConditionalFail], Some(Status::Denied)),
            (&[Error], None),
            (&[Inconclusive, NotMeasured], Some(Status::Pending)),
            (&[ConditionalPass, Waived], Some(Status::Conditional)),
            (&[Pass, NotApplicable], Some(Status::Certified)),
        ];
        for (rank, (worse, expected)) in ranks.iter().enumerate() {
            for &worse in *worse {
                for &better in ranks[rank..].iter().flat_map(|(verdicts, _)| *verdicts) {
                    let verdicts = [(Blocking, better), (Blocking, worse), (Blocking, Pass)];
                    assert_eq!(of(&verdicts), *expected, "{} beside {}", worse.name(), better.name());
                }
            }
        }
    }

    #[test]
    fn a_criterion_of_severity_conditional_can_only_make_it_conditional() {
        for verdict in ALL {
            let met = matches!(verdict, Pass | NotApplicable);
            let expected = if met { Status::Certified } else { Status::Conditional };
            assert_eq!(of(&[(Blocking, Pass), (Severity::Conditional, verdict)]), Some(expected));
            let denied = [(Blocking, Fail), (Severity::Conditional, verdict)];
            assert_eq!(of(&denied), Some(Status::Denied), "{}", verdict.name());
        }
    }

    #[test]
    fn an_advisory_criterion_changes_nothing() {
        for blocking in ALL {
            let alone = of(&[(Blocking, blocking)]);
            for advisory in ALL {
                assert_eq!(of(&[(Blocking, blocking), (Advisory, advisory)]), alone);
            }
        }
    }

    #[test]
    fn what_shows_nothing_is_pending() {
        assert_eq!(of(&[]), Some(Status::Pending));
        assert_eq!(of(&[(Blocking, NotApplicable)]), Some(Status::Pending));
        assert_eq!(of(&[(Advisory, Pass), (Severity::Conditional, Pass)]), Some(Status::Pending));
    }

    #[test]
    fn fewer_than_five_trials_are_preliminary_and_improve_nothing() {
        for (trials, expected) in [
            (1, Status::Preliminary),
            (4, Status::Preliminary),
            (5, Status::Certified),
            (9, Status::Certified),
        ] {
            assert_eq!(status(&[(Blocking, Pass)], trials), Some(expected));
            assert_eq!(status(&[(Blocking, Fail)], trials), Some(Status::Denied));
            assert_eq!(status(&[(Blocking, Waived)], trials), Some(Status::Conditional));
        }
    }
}
