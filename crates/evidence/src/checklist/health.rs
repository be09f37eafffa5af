//! Whether a health check tells the truth: good while everything is there that the subject depends on, not good soon after
//! something is gone or silent, good again soon after it is back, without a restart. A check of liveness, where there is one,
//! stays good throughout: a restart would bring nothing back.
//!
//! Silence is not good: whoever asks for health, and hears nothing, takes the service for ill.

use plimsoll_base::{Quantity, Unit};
use serde::{Deserialize, Serialize};

use super::CheckedCase;

/// What was promised, and what was told.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct HealthTold {
    /// Within what time after a change the health check tells of it.
    pub notices_within_ns: u64,
    /// Each of [`HealthMoment::ALL`] in this order, for each dependency.
    pub looks: Vec<HealthLook>,
}

/// What is done to a dependency when the health check is asked.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum HealthMoment {
    /// Nothing yet.
    Well,
    /// Connections to it are reset, and so is every new one.
    Cut,
    /// Nothing any more.
    BackFromCut,
    /// It accepts connections and says nothing.
    Hung,
    /// Nothing any more.
    BackFromHung,
}

/// The health check after one change: asked until it tells the truth, or until the promised time is over.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct HealthLook {
    /// The name of what changed.
    pub dependency: String,
    /// What was done to it.
    pub moment: HealthMoment,
    /// From the change until the last answer was had, or given up.
    pub took_ns: u64,
    /// The last answer's status; absent if none came.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub status: Option<u64>,
    /// What the check of liveness told meanwhile; absent where the subject names none.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub live: Option<LiveAnswers>,
}

/// Answers of a check of liveness.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct LiveAnswers {
    /// How often it was asked: once beside each question to the health check.
    pub asked: u64,
    /// How often it was good.
    pub good: u64,
}

/// Whether a health check that answers so says that the subject is well.
fn says_well(status: Option<u64>) -> bool {
    status.is_some_and(|status| (200..400).contains(&status))
}

impl HealthMoment {
    /// In the order in which they come.
    pub const ALL: [Self; 5] = [Self::Well, Self::Cut, Self::BackFromCut, Self::Hung, Self::BackFromHung];

    fn is_well(self) -> bool {
        !matches!(self, Self::Cut | Self::Hung)
    }

    /// Whether a health check that answers with this status, or with nothing, tells the truth now.
    pub fn is_told_by(self, status: Option<u64>) -> bool {
        says_well(status) == self.is_well()
    }

    fn words(self) -> &'static str {
        match self {
            Self::Well => "is there",
            Self::Cut => "is cut off",
            Self::BackFromCut => "is back after it was cut off",
            Self::Hung => "hangs",
            Self::BackFromHung => "is back after it hung",
        }
    }
}

/// Every look, and every look at liveness; `None` if there is no dependency, a moment is missing, or liveness was asked for
/// in some of them only, or never.
pub(super) fn cases(told: &HealthTold) -> Option<Vec<CheckedCase>> {
    let is_whole = |looks: &[HealthLook]| {
        let moments = looks.iter().map(|look| look.moment);
        moments.eq(HealthMoment::ALL) && looks.iter().all(|look| look.dependency == looks[0].dependency)
    };
    let looks = &told.looks;
    let has_live = looks.first()?.live.is_some();
    let is_asked = |look: &HealthLook| match look.live {
        Some(live) => has_live && live.asked > 0 && live.good <= live.asked,
        None => !has_live,
    };
    if !looks.chunks(HealthMoment::ALL.len()).all(is_whole) || !looks.iter().all(is_asked) {
        return None;
    }
    let health = looks.iter().map(|look| checked(look, told.notices_within_ns));
    Some(health.chain(looks.iter().filter_map(lively)).collect())
}

fn time(ns: u64) -> Quantity {
    Quantity { amount: ns, unit: Unit::Ns }
}

fn checked(look: &HealthLook, within_ns: u64) -> CheckedCase {
    let answer = look.status.map_or_else(|| "silence".into(), |status| status.to_string());
    let seen = format!("{answer} after {}", time(look.took_ns));
    let problem = if !look.moment.is_told_by(look.status) {
        Some(format!("{answer}, although `{}` {}", look.dependency, look.moment.words()))
    } else if look.took_ns > within_ns {
        Some(format!("it is told later than after {}", time(within_ns)))
    } else {
        None
    };
    CheckedCase { case: format!("health while `{}` {}", look.dependency, look.moment.words()), seen, problem }
}

fn lively(look: &HealthLook) -> Option<CheckedCase> {
    let LiveAnswers { asked, good } = look.live?;
    let problem = (good < asked).then(|| "a restart would not help, and is asked for".to_owned());
    let case = format!("liveness while `{}` {}", look.dependency, look.moment.words());
    Some(CheckedCase { case, seen: format!("{good} of {asked} good"), problem })
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECOND_NS: u64 = 1_000_000_000;

    fn look(moment: HealthMoment) -> HealthLook {
        let status = Some(if moment.is_well() { 200 } else { 503 });
        HealthLook { dependency: "store".into(), moment, took_ns: SECOND_NS, status, live: None }
    }

    fn told() -> HealthTold {
        HealthTold { notices_within_ns: 5 * SECOND_NS, looks: HealthMoment::ALL.map(look).to_vec() }
    }

    /// What is wrong when one look is changed.
    fn wrong(at: usize, change: impl Fn(&mut HealthLook)) -> Vec<String> {
        let mut told = told();
        change(&mut told.looks[at]);
        cases(&told).unwrap().into_iter().filter_map(|case| case.problem).collect()
    }

    #[test]
    fn who_tells_the_truth_in_time_is_good() {
        assert_eq!(wrong(0, |_| ()), [""; 0]);
        assert_eq!(wrong(1, |look| look.status = Some(404)), [""; 0], "anything but good");
        assert_eq!(wrong(3, |look| look.status = None), [""; 0], "silence is not good");
        assert_eq!(wrong(3, |look| look.took_ns = 5 * SECOND_NS), [""; 0]);
        assert_eq!(cases(&told()).unwrap().len(), 5);
    }

    #[test]
    fn a_lie_in_any_moment_is_wrong() {
        for (at, moment) in HealthMoment::ALL.into_iter().enumerate() {
            let lie = if moment.is_well() { 503 } else { 204 };
            let said = wrong(at, |look| look.status = Some(lie));
            assert_eq!(said, [format!("{lie}, although `store` {}", moment.words())]);
            assert_eq!(
                wrong(at, |look| look.took_ns += 4 * SECOND_NS + 1),
                ["it is told later than after 5 s"]
            );
            assert_eq!(wrong(at, |look| look.status = None).len(), usize::from(moment.is_well()));
        }
    }

    #[test]
    fn liveness_stays_good_throughout() {
        let with = |good| {
            let mut told = told();
            for look in &mut told.looks {
                look.live = Some(LiveAnswers { asked: 3, good: 3 });
            }
            told.looks[1].live = Some(LiveAnswers { asked: 3, good });
            told
        };
        let wrong = |told: &HealthTold| {
            cases(told).unwrap().into_iter().filter(|case| case.problem.is_some()).collect::<Vec<_>>()
        };
        assert_eq!(wrong(&with(3)), []);
        assert_eq!(cases(&with(3)).unwrap().len(), 10);
        assert_eq!(wrong(&with(2))[0].case, "liveness while `store` is cut off");
        assert_eq!(cases(&with(4)), None, "more were good than were asked");
    }

    #[test]
    fn what_is_missing_shows_nothing() {
        let changed = |change: fn(&mut Vec<HealthLook>)| {
            let mut told = told();
            change(&mut told.looks);
            cases(&told)
        };
        assert!(changed(|_| ()).is_some());
        assert_eq!(changed(Vec::clear), None);
        assert_eq!(changed(|looks| looks.truncate(4)), None);
        assert_eq!(changed(|looks| looks.swap(1, 3)), None);
        assert_eq!(changed(|looks| looks[2].dependency = "cache".into()), None);
        assert_eq!(changed(|looks| looks[0].live = Some(LiveAnswers { asked: 1, good: 1 })), None);
        assert_eq!(changed(|looks| looks[4].live = Some(LiveAnswers { asked: 1, good: 1 })), None);
    }
}
