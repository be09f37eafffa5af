//! Why a checklist could not be gone through. A subject that serves no reference where its description says breaks its
//! contract; of everything else nothing is known, and nothing is decided.

use plimsoll_base::Unit;
use serde::{Deserialize, Serialize};

use super::{CheckedCase, Reached};
use crate::probe::Probe;

/// The checklists that follow from a reference.
const OVER_REFERENCE: [Probe; 4] =
    [Probe::Authentication, Probe::Contract, Probe::Authorisation, Probe::Injection];

/// A checklist of which no case was tried.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct NotTried {
    /// Whose checklist it is.
    pub probe: Probe,
    /// What stood in the way.
    pub why: Untried,
    /// What was seen, in words.
    pub seen: String,
}

/// What stands in the way of a checklist.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Untried {
    /// No reference comes from where the description says.
    ReferenceMissing,
    /// What comes is no OpenAPI document.
    ReferenceUnreadable,
    /// It is larger than what is read.
    ReferenceTooLarge,
    /// It has nothing that this checklist tries.
    NothingToTry,
    /// It keeps something for users of whom the description names none.
    UsersMissing,
    /// Whoever asks is told again and again that he asked too often.
    AskedTooOften,
    /// The answers take longer than the time for which a limit is promised.
    AnswersTooSlowly,
    /// A write was not taken that should be found again.
    WriteNotTaken,
}

impl Untried {
    /// The gate that fails for it.
    fn gate(self) -> &'static str {
        match self {
            Self::ReferenceMissing => "reference-served",
            Self::ReferenceUnreadable => "reference-read",
            Self::ReferenceTooLarge => "reference-size",
            Self::NothingToTry => "something-to-try",
            Self::UsersMissing => "users-named",
            Self::AskedTooOften => "let-ask",
            Self::AnswersTooSlowly => "asked-in-time",
            Self::WriteNotTaken => "write-taken",
        }
    }

    /// Whether it can stand in the way of this probe's checklist.
    fn hinders(self, probe: Probe) -> bool {
        match self {
            Self::AskedTooOften => probe == Probe::Injection,
            Self::AnswersTooSlowly => probe == Probe::RateLimit,
            Self::WriteNotTaken => probe == Probe::Surroundings,
            _ => OVER_REFERENCE.contains(&probe),
        }
    }

    /// What the subject promises and does not keep, if it is that.
    fn problem(self) -> Option<&'static str> {
        match self {
            Self::ReferenceMissing => Some("no reference comes from where the description says"),
            Self::ReferenceUnreadable => Some("it is no OpenAPI document in JSON"),
            _ => None,
        }
    }
}

/// A contract that nobody can read is broken; there is no other case. `None` where this could not have stood in the way.
pub(super) fn cases(not_tried: &NotTried) -> Option<Vec<CheckedCase>> {
    let problem = not_tried.why.problem().filter(|_| not_tried.probe == Probe::Contract);
    let case = problem.map(|problem| CheckedCase {
        case: "the reference that [api] names".into(),
        seen: not_tried.seen.clone(),
        problem: Some(problem.into()),
    });
    not_tried.why.hinders(not_tried.probe).then(|| case.into_iter().collect())
}

pub(super) fn reached(not_tried: &NotTried) -> Reached {
    Reached { gate: not_tried.why.gate(), observed: 0, limit: 1, unit: Unit::Count }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::doubt::GATES;

    const OF_A_REFERENCE: [Untried; 5] = [
        Untried::ReferenceMissing,
        Untried::ReferenceUnreadable,
        Untried::ReferenceTooLarge,
        Untried::NothingToTry,
        Untried::UsersMissing,
    ];
    const OF_ONE_PROBE: [(Untried, Probe); 3] = [
        (Untried::AskedTooOften, Probe::Injection),
        (Untried::AnswersTooSlowly, Probe::RateLimit),
        (Untried::WriteNotTaken, Probe::Surroundings),
    ];

    fn found(probe: Probe, why: Untried) -> Option<usize> {
        Some(cases(&NotTried { probe, why, seen: "404".into() })?.len())
    }

    #[test]
    fn only_a_contract_is_broken_by_a_reference_that_cannot_be_read() {
        assert_eq!(OF_A_REFERENCE.map(|why| found(Probe::Contract, why)), [1, 1, 0, 0, 0].map(Some));
        for why in OF_A_REFERENCE {
            for probe in [Probe::Authentication, Probe::Authorisation, Probe::Injection] {
                assert_eq!(found(probe, why), Some(0), "{why:?}");
            }
            assert_eq!(found(Probe::ErrorHygiene, why), None, "it needs no reference");
        }
    }

    #[test]
    fn what_stands_in_the_way_of_one_checklist_does_not_of_others() {
        for (why, own) in OF_ONE_PROBE {
            for probe in [Probe::Injection, Probe::RateLimit, Probe::Surroundings, Probe::Contract] {
                assert_eq!(found(probe, why), (probe == own).then_some(0), "{why:?} {probe:?}");
            }
        }
    }

    #[test]
    fn each_reason_has_a_gate_that_fails_and_words() {
        for why in OF_A_REFERENCE.into_iter().chain(OF_ONE_PROBE.map(|(why, _)| why)) {
            let reached = reached(&NotTried { probe: Probe::Contract, why, seen: String::new() });
            assert!(reached.observed < reached.limit);
            assert!(GATES.iter().any(|(gate, ..)| *gate == reached.gate), "{why:?}");
        }
    }
}
