//! What a verification says to machines, and of folders that no certificate can have.

use plimsoll_evidence::{Outcome, Report, StepName, StepReport};
use serde_json::{Value, json};

use crate::files::{builtin_profiles, parse_profile};
use crate::planning::at_rate;

/// What is to be said where [`has_borrowed_name`].
pub const BORROWED_NAME: &str =
    "not the profile that this program has under that name: read its criteria and limits";

/// A report as JSON: what `plimsoll verify --json` prints.
pub fn report_json(report: &Report) -> Value {
    let step =
        |step: &StepReport| json!({"step": step.step.name(), "passed": step.passed, "found": step.found});
    json!({
        "outcome": report.outcome.name(),
        "fingerprint": report.fingerprint,
        "steps": report.steps.iter().map(step).collect::<Vec<_>>(),
        "profile_is_other_than_built_in": has_borrowed_name(report),
        "certificate": report.certificate,
        "standing": report.standing,
    })
}

/// Whether the profile is called like one that is built in and says something else. Who compares the names only would
/// take it for that.
pub fn has_borrowed_name(report: &Report) -> bool {
    let Some(profile) = &report.profile else { return false };
    let namesake = builtin_profiles().iter().find(|(id, _)| *id == profile.id);
    let as_planned = |text| Some(at_rate(&parse_profile(&profile.id, text).ok()?, report.rate_per_ks));
    namesake.is_some_and(|(_, text)| as_planned(text).as_ref() != Some(profile))
}

/// The report on a folder that no certificate can have, such as one with a link in it.
pub fn unreadable(found: String) -> Report {
    Report {
        outcome: Outcome::Invalid,
        steps: vec![StepReport { step: StepName::Bytes, passed: false, found }],
        ..Report::default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_profile_with_the_name_of_another_is_noticed() {
        let (id, text) = builtin_profiles()[0];
        let profile = parse_profile(id, text).unwrap();
        let profile = at_rate(&profile, 200_000);
        let report = |profile| Report { profile: Some(profile), rate_per_ks: 200_000, ..Report::default() };
        assert!(
            !has_borrowed_name(&report(profile.clone())),
            "limits that are shares stand in a plan as rates"
        );
        let mut lenient = profile.clone();
        lenient.criteria[0].limit *= 2;
        assert!(has_borrowed_name(&report(lenient.clone())));
        lenient.id = "mine".into();
        assert!(!has_borrowed_name(&report(lenient)));
        let shorter = plimsoll_evidence::Profile { trial_ns: profile.trial_ns / 2, ..profile };
        assert!(has_borrowed_name(&report(shorter)));
    }
}
