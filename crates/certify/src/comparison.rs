//! Two certificates of one subject by one profile, criterion by criterion. Pure.
//!
//! Whether a difference is larger than what is not known of both is all that two measurements can tell. That two intervals
//! overlap does not show that nothing has changed.

use plimsoll_base::Unit;
use plimsoll_evidence::{
    Amount, Criterion, Environment, Family, JudgedCriterion, Measurement, Op, Plan, Verdict,
};

use crate::recheck::Certified;
use crate::repetition::Repetition;

/// What two measurements of one criterion show.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Difference {
    /// The second is better by more than the bounds of both.
    Better,
    /// The second is worse by more than the bounds of both.
    Worse,
    /// The bounds overlap.
    NotShown,
    /// One of them has no bounds: how far the values may lie from each other by chance is not known.
    WithoutBounds,
    /// They did not measure the same, or one has no value.
    NotComparable(String),
}

impl Difference {
    /// The difference in words.
    pub fn name(&self) -> &'static str {
        match self {
            Self::Better => "better",
            Self::Worse => "worse",
            Self::NotShown => "no difference shown",
            Self::WithoutBounds => "no bounds",
            Self::NotComparable(_) => "not comparable",
        }
    }
}

/// One side of a criterion.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Side {
    /// What was decided.
    pub verdict: Verdict,
    /// In what the rest is measured.
    pub unit: Unit,
    /// The value and its bounds.
    pub value: Option<Amount>,
    /// The lower bound.
    pub lower: Option<Amount>,
    /// The upper bound.
    pub upper: Option<Amount>,
}

/// One criterion in both.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Compared {
    /// Which criterion.
    pub id: String,
    /// In the first certificate, if it is there.
    pub first: Option<Side>,
    /// In the second, if it is there.
    pub second: Option<Side>,
    /// What the two show.
    pub difference: Difference,
}

impl Compared {
    /// Whether a criterion that passed does not any more.
    pub fn has_lost_its_pass(&self) -> bool {
        let passes = |side: &Option<Side>| side.as_ref().is_some_and(|side| side.verdict == Verdict::Pass);
        passes(&self.first) && !passes(&self.second)
    }
}

/// Two certificates side by side.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Comparison {
    /// How the machines and programs differ, a sentence each: what else differs may come from that.
    pub environments: Vec<String>,
    /// How the subjects and the loads differ.
    pub subjects: Vec<String>,
    /// Every criterion of the first, then those that only the second has.
    pub criteria: Vec<Compared>,
}

/// Compares two certificates, or says why nobody could.
pub fn compare(first: &Certified<'_>, second: &Certified<'_>) -> Result<Comparison, String> {
    let (one, other) = (&first.plan, &second.plan);
    if one.subject.name != other.subject.name {
        return Err(format!("they are of two subjects: `{}` and `{}`", one.subject.name, other.subject.name));
    }
    if one.profile.id != other.profile.id {
        return Err(format!("they are by two profiles: `{}` and `{}`", one.profile.id, other.profile.id));
    }
    let judged = |certified: &Certified<'_>, id: &str| {
        certified.judgement.criteria.iter().find(|judged| judged.criterion.id == id).cloned()
    };
    let ids = one.profile.criteria.iter().map(|criterion| &criterion.id);
    let added = other.profile.criteria.iter().map(|criterion| &criterion.id);
    let added = added.filter(|id| one.profile.criteria.iter().all(|criterion| criterion.id != **id));
    let pair = |id: &String| pair(id, (one, judged(first, id)), (other, judged(second, id)));
    Ok(Comparison {
        environments: environments(&first.environment, &second.environment),
        subjects: subjects(one, other).into_iter().chain(repetition(first, second)).collect(),
        criteria: ids.chain(added).map(pair).collect(),
    })
}

fn environments(first: &Environment, second: &Environment) -> Vec<String> {
    let text = |one: &dyn ToString, other: &dyn ToString| (one.to_string(), other.to_string());
    let fields = [
        ("system", text(&first.system, &second.system)),
        ("kernel", text(&first.kernel, &second.kernel)),
        ("architecture", text(&first.architecture, &second.architecture)),
        ("processor", text(&first.processor, &second.processor)),
        ("cores", text(&first.cores, &second.cores)),
        ("memory in bytes", text(&first.memory_bytes, &second.memory_bytes)),
        ("clock source", text(&first.clock_source, &second.clock_source)),
        ("version of Plimsoll", text(&first.plimsoll_version, &second.plimsoll_version)),
        ("program", text(&first.plimsoll_sha256, &second.plimsoll_sha256)),
        ("shares its cores", text(&first.shared_cores, &second.shared_cores)),
    ];
    differing(&fields)
}

fn subjects(first: &Plan, second: &Plan) -> Vec<String> {
    let mut found = differing(&[
        ("version", (first.subject.version.clone(), second.subject.version.clone())),
        ("rate in requests per 1,000 s", (first.rate_per_ks.to_string(), second.rate_per_ks.to_string())),
        ("time-out in ns", (first.timeout_ns.to_string(), second.timeout_ns.to_string())),
        ("profile", (first.profile.version.to_string(), second.profile.version.to_string())),
    ]);
    let (one, other) = (&first.subject.resources, &second.subject.resources);
    for resource in one.iter().filter(|resource| !other.contains(resource)) {
        found.push(format!("{}: its digests are others, or it is not named any more", resource.name));
    }
    for resource in other.iter().filter(|resource| one.iter().all(|known| known.name != resource.name)) {
        found.push(format!("{}: not named in the first", resource.name));
    }
    found
}

/// Whether the second is what it may say it is: the first, measured again.
fn repetition(first: &Certified<'_>, second: &Certified<'_>) -> Option<String> {
    let repeats = second.plan.repeats.as_ref().filter(|repeats| repeats.certificate == first.payload)?;
    let is_quoted = **repeats == Repetition::of(first).repeats;
    let (one, other) = (&first.plan, &second.plan);
    let is_same = (one.seed, &one.profile, one.rate_per_ks, one.timeout_ns, &one.scenes)
        == (other.seed, &other.profile, other.rate_per_ks, other.timeout_ns, &other.scenes);
    Some(match (is_quoted, is_same) {
        (true, true) => "the second repeats the first: same profile, load and seed".into(),
        (false, _) => "the second says that it repeats the first, and quotes it wrongly".into(),
        (true, false) => "the second says that it repeats the first, by another plan".into(),
    })
}

fn differing(fields: &[(&str, (String, String))]) -> Vec<String> {
    let other = fields.iter().filter(|(_, (one, other))| one != other);
    other.map(|(name, (one, other))| format!("{name}: {one}, then {other}")).collect()
}

fn pair(
    id: &str,
    (plan, first): (&Plan, Option<JudgedCriterion>),
    (other_plan, second): (&Plan, Option<JudgedCriterion>),
) -> Compared {
    let difference = match (&first, &second) {
        (Some(one), Some(other)) => match obstacle((plan, &one.criterion), (other_plan, &other.criterion)) {
            Some(why) => Difference::NotComparable(why.into()),
            None => difference(one.criterion.op, &one.measurement, &other.measurement),
        },
        (Some(_), None) => Difference::NotComparable("the second does not ask for it".into()),
        (None, _) => Difference::NotComparable("the first does not ask for it".into()),
    };
    let side = |judged: JudgedCriterion| Side {
        verdict: judged.verdict,
        unit: judged.measurement.unit,
        value: judged.measurement.value,
        lower: judged.measurement.lower,
        upper: judged.measurement.upper,
    };
    Compared { id: id.to_owned(), first: first.map(side), second: second.map(side), difference }
}

/// Why two criteria of one id do not measure the same. Another limit is another verdict, and no other measurement.
fn obstacle(
    (plan, one): (&Plan, &Criterion),
    (other_plan, other): (&Plan, &Criterion),
) -> Option<&'static str> {
    let measured =
        |criterion: &Criterion| (criterion.probe, criterion.quantile_ppb, criterion.op, criterion.unit);
    if measured(one) != measured(other) {
        return Some("they measure two things under one id");
    }
    let is_at_a_rate = matches!(one.probe.family(), Family::Load | Family::Soak);
    let load = |plan: &Plan| (plan.rate_per_ks, plan.timeout_ns);
    if is_at_a_rate && load(plan) != load(other_plan) {
        return Some("the load is another one");
    }
    let length = |plan: &Plan| plan.profile.soak_ns;
    if one.probe.family() == Family::Soak && length(plan) != length(other_plan) {
        return Some("the soaks are not of the same length");
    }
    None
}

/// Whether one interval lies beyond the other.
fn difference(op: Op, first: &Measurement, second: &Measurement) -> Difference {
    let (Some(_), Some(_)) = (first.value, second.value) else {
        return Difference::NotComparable("one of them has no value".into());
    };
    let bounds = |measurement: &Measurement| Some((measurement.lower?, measurement.upper?));
    let (Some((lower, upper)), Some((other_lower, other_upper))) = (bounds(first), bounds(second)) else {
        return Difference::WithoutBounds;
    };
    match op {
        Op::AtMost if other_lower > upper => Difference::Worse,
        Op::AtMost if other_upper < lower => Difference::Better,
        Op::AtLeast if other_lower > upper => Difference::Better,
        Op::AtLeast if other_upper < lower => Difference::Worse,
        _ => Difference::NotShown,
    }
}

#[cfg(test)]
mod tests {
    use plimsoll_evidence::Estimator;

    use super::*;

    fn measured(value: Option<u64>, bounds: Option<(Amount, Amount)>) -> Measurement {
        Measurement {
            estimator: Estimator::MedianOfTrials,
            unit: Unit::Ns,
            value: value.map(Amount::Finite),
            lower: bounds.map(|(lower, _)| lower),
            upper: bounds.map(|(_, upper)| upper),
            confidence_ppb: 950_000_000,
            n: 5,
            demonstrated_ppb: None,
            trials: Vec::new(),
            gates: Vec::new(),
            evidence: Vec::new(),
        }
    }

    fn within(lower: u64, upper: u64) -> Measurement {
        measured(Some(lower), Some((Amount::Finite(lower), Amount::Finite(upper))))
    }

    #[test]
    fn only_bounds_that_do_not_meet_show_a_difference() {
        for (first, second, at_most, at_least) in [
            (within(10, 20), within(21, 30), Difference::Worse, Difference::Better),
            (within(21, 30), within(10, 20), Difference::Better, Difference::Worse),
            (within(10, 20), within(20, 30), Difference::NotShown, Difference::NotShown),
            (within(10, 20), within(10, 20), Difference::NotShown, Difference::NotShown),
            (within(10, 20), measured(Some(99), None), Difference::WithoutBounds, Difference::WithoutBounds),
        ] {
            assert_eq!(difference(Op::AtMost, &first, &second), at_most, "{first:?} {second:?}");
            assert_eq!(difference(Op::AtLeast, &first, &second), at_least, "{first:?} {second:?}");
        }
        let infinite = measured(Some(30), Some((Amount::Finite(30), Amount::Infinite)));
        assert_eq!(difference(Op::AtMost, &within(10, 20), &infinite), Difference::Worse);
        let nothing = difference(Op::AtMost, &within(10, 20), &measured(None, None));
        assert!(matches!(nothing, Difference::NotComparable(_)));
    }
}
