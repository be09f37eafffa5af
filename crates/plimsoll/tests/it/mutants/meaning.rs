//! Lies that an issuer with a key can tell: other evidence, other numbers, other verdicts, with every digest and
//! signature made to fit. Each must fail at the step that is there for it.

use plimsoll_evidence::{Outcome, StepName as Step};

use super::bench::{Bench, Mutant};
use super::{claims, evidence};
use crate::issuer::Parts;

/// What a lie does to a certificate's parts; says what it did.
type Lie = fn(&mut Parts, usize) -> String;

/// Each lie, and the step and outcome that it must meet.
pub(crate) const LIES: [(&str, Lie, Step, Outcome); 44] = [
    ("bound to nothing", evidence::unbound, Step::Subject, Outcome::Invalid),
    ("file listed twice", claims::listed_twice, Step::Files, Outcome::Invalid),
    ("file without a place", claims::misplaced, Step::Files, Outcome::Invalid),
    ("evidence by another name", claims::misnamed, Step::Files, Outcome::Invalid),
    ("in-toto type", claims::statement_type, Step::Schema, Outcome::Invalid),
    ("one key for both", claims::one_key, Step::Schema, Outcome::Invalid),
    ("a key by another name", claims::other_name, Step::Schema, Outcome::Invalid),
    ("histogram bucket", evidence::bucket, Step::Recompute, Outcome::Invalid),
    ("good replies", evidence::good, Step::Recompute, Outcome::Invalid),
    ("send lag", evidence::send_lag, Step::Recompute, Outcome::Invalid),
    ("crash ledger", evidence::ledger, Step::Recompute, Outcome::Invalid),
    ("start-up time", evidence::start, Step::Recompute, Outcome::Invalid),
    ("verdict", claims::verdict, Step::Recompute, Outcome::Invalid),
    ("limit", claims::limit, Step::Recompute, Outcome::Invalid),
    ("n", claims::n_of_statement, Step::Recompute, Outcome::Invalid),
    ("reason", claims::reason, Step::Recompute, Outcome::Invalid),
    ("control removed", claims::control_removed, Step::Recompute, Outcome::Invalid),
    ("status", claims::status, Step::Recompute, Outcome::Invalid),
    ("disclaimer removed", claims::disclaimer, Step::Recompute, Outcome::Invalid),
    ("validity stretched", claims::validity, Step::Recompute, Outcome::Invalid),
    ("calibration", evidence::calibration, Step::Recompute, Outcome::Invalid),
    ("boot", evidence::boot, Step::Recompute, Outcome::Invalid),
    ("plan without its seed", evidence::seed, Step::Recompute, Outcome::Invalid),
    ("statement left out", claims::left_out, Step::Recompute, Outcome::Incomplete),
    ("statement too many", claims::one_more, Step::Recompute, Outcome::Invalid),
    ("process reused", evidence::process, Step::Recompute, Outcome::Invalid),
    ("trial left out", evidence::trial_left_out, Step::Recompute, Outcome::Incomplete),
    ("trial too many", evidence::trial_added, Step::Recompute, Outcome::Invalid),
    ("trial cut short", evidence::duration, Step::Recompute, Outcome::Invalid),
    ("rate of the trials", evidence::rate, Step::Recompute, Outcome::Invalid),
    ("warm-up of a trial", evidence::warm_up, Step::Recompute, Outcome::Invalid),
    ("scene without a plan", evidence::unplanned, Step::Recompute, Outcome::Invalid),
    ("stop drill left out", evidence::stop_left_out, Step::Recompute, Outcome::Incomplete),
    ("crash drill left out", evidence::crash_left_out, Step::Recompute, Outcome::Incomplete),
    ("description left out", claims::undescribed, Step::Recompute, Outcome::Incomplete),
    ("signed before the last trial", evidence::early, Step::Registration, Outcome::Invalid),
    ("control not seen red", evidence::control_green, Step::Controls, Outcome::Invalid),
    ("proxy that harmed nothing", evidence::harmless, Step::Controls, Outcome::Invalid),
    ("registered after the first trial", claims::late, Step::Registration, Outcome::Invalid),
    ("attempts denied", evidence::attempts, Step::Registration, Outcome::Invalid),
    ("registered twice", claims::twice, Step::Registration, Outcome::Invalid),
    ("another subject's attempts", claims::foreign, Step::Registration, Outcome::Invalid),
    ("never registered", claims::never, Step::Registration, Outcome::Invalid),
    ("second result of one plan", claims::second_result, Step::Log, Outcome::Invalid),
];

pub(crate) fn lied(bench: &mut Bench, n: usize) -> Mutant {
    let (name, lie, step, outcome) = LIES[n % LIES.len()];
    let mut parts = bench.parts.clone();
    let what = lie(&mut parts, n / LIES.len());
    let mutant = Mutant::new(format!("{name}: {what}, signed again"), parts.sign(&bench.keys));
    mutant.at(step, outcome).out_of_reach()
}

/// The step at which a lie must be found out, for those who ask by name.
pub(crate) fn steps() -> Vec<Step> {
    let mut steps: Vec<Step> = LIES.iter().map(|(_, _, step, _)| *step).collect();
    steps.sort();
    steps.dedup();
    steps
}
