//! From a subject and a profile to a plan: what will be run, in which order, and how long it will take.

use plimsoll_base::Unit;
use plimsoll_evidence::{
    DUE_WRITES_MIN, Family, Plan, Probe, Profile, Rule, Scene, SubjectIdentity, check_profile,
};
use plimsoll_fault::CONNECTIONS_HOARDED_MAX;
use plimsoll_measure::{Probability, clopper_pearson_upper};
use plimsoll_proof::Digest;
use rand_chacha::ChaCha20Rng;
use rand_core::{Rng, SeedableRng};

use crate::conductor::derive_seed;
use crate::error::Error;
use crate::files::Subject;

/// Start, stop and bookkeeping around each trial, in ns: what a subject that starts in half a second costs.
const AROUND_TRIAL_NS: u64 = 600_000_000;
/// A rehearsed stop, in ns.
const STOP_DRILL_NS: u64 = 800_000_000;
/// A rehearsed crash, in ns, without the waiting that a control plants: two starts, writing, reading.
const CRASH_DRILL_NS: u64 = 1_800_000_000;
/// A rehearsed restore, in ns, without the waiting that a control plants: two starts, writing, a small backup, reading.
const RESTORE_DRILL_NS: u64 = 3_500_000_000;
/// One pass of a checklist, in ns: most of it is one head that does not go on, and the wait for second replies.
const CHECK_RUN_NS: u64 = 4_000_000_000;
/// How long a painted health check of one dependency is asked, in ns: twice the time that holds where none is promised.
const PAINTED_NS: u64 = 10_000_000_000;
/// One look at files, in ns: that of a repository of some thousand commits.
const INSPECTION_NS: u64 = 500_000_000;

/// No copy of files gets more planted defects than this.
const DEFECTS_MAX: u64 = 100;

/// So many threads the planted defect has for certain on any system.
const THREADS_PLANTED_MAX: u64 = 10_000;

/// The planted defects harm half of all requests; how many that are in a short control is up to chance, so a limit
/// that allows more than this share of harm might not be broken.
const BREAKABLE_PPB: u64 = 400_000_000;
const ONE_PPB: u64 = 1_000_000_000;
/// Nanoseconds per 1,000 s, which is what rates count.
const NS_PER_KS: u128 = 1_000_000_000_000;
/// No trials hold more requests; a share that is so small is not shown by any.
const REQUESTS_MAX: u64 = 1 << 40;

/// Makes the plan. `seed` must be fresh random bytes. A profile that could not be judged for this subject is an error
/// before anything is started.
pub fn make_plan(
    subject: &Subject,
    identity: SubjectIdentity,
    profile: &Profile,
    seed: [u8; 32],
    earlier_attempts: u64,
) -> Result<Plan, Error> {
    let rate_per_ks = rate_per_ks(subject);
    let mut plan = Plan {
        description: Digest::of(subject.description().as_bytes()),
        profile: at_rate(profile, rate_per_ks),
        rate_per_ks,
        timeout_ns: subject.load.timeout_ns,
        seed: Digest::from_bytes(seed),
        scenes: Vec::new(),
        earlier_attempts,
        repeats: None,
        subject: identity,
    };
    plan.scenes = shuffled(scenes(&plan), plan.seed);
    check_profile(&plan.profile)?;
    check_limits(&plan)?;
    Ok(plan)
}

/// The profile with every limit that is a share of the subject's rate turned into a rate.
pub(crate) fn at_rate(profile: &Profile, rate_per_ks: u64) -> Profile {
    let mut profile = profile.clone();
    for criterion in &mut profile.criteria {
        if criterion.probe.unit() == Unit::PerKs && criterion.unit == Unit::Ppb {
            let limit_per_ks = u128::from(rate_per_ks) * u128::from(criterion.limit) / u128::from(ONE_PPB);
            criterion.limit = u64::try_from(limit_per_ks).unwrap_or(u64::MAX);
            criterion.unit = Unit::PerKs;
        }
    }
    profile
}

/// A control that could not turn its criterion red would be found out after everything was measured.
fn check_limits(plan: &Plan) -> Result<(), Error> {
    for criterion in plan.profile.criteria.iter().filter(|criterion| criterion.control.is_some()) {
        // What the defects may take of this machine has a bound too.
        let is_out_of_reach = match criterion.probe {
            Probe::OpenFiles => criterion.limit >= u64::from(CONNECTIONS_HOARDED_MAX),
            Probe::Threads => criterion.limit >= THREADS_PLANTED_MAX,
            Probe::Leak => criterion.limit > 0,
            Probe::RestoredWrites => criterion.limit >= DUE_WRITES_MIN,
            probe if probe.family() == Family::Inspection => criterion.limit >= DEFECTS_MAX,
            _ => false,
        };
        let allowed_ppb = match criterion.probe {
            Probe::Errors | Probe::FaultErrors => criterion.limit,
            Probe::Throughput => ONE_PPB.saturating_sub(share_ppb(criterion.limit, plan.rate_per_ks)),
            _ => 0,
        };
        if is_out_of_reach {
            return Err(Error::OutOfReach(criterion.id.clone()));
        }
        if allowed_ppb > BREAKABLE_PPB {
            return Err(Error::Unbreakable {
                criterion: criterion.id.clone(),
                rate_per_ks: plan.rate_per_ks,
            });
        }
    }
    Ok(())
}

fn share_ppb(part: u64, whole: u64) -> u64 {
    let share = u128::from(part) * u128::from(ONE_PPB) / u128::from(whole.max(1));
    u64::try_from(share).unwrap_or(u64::MAX)
}

/// The subject's rate, within its cap.
fn rate_per_ks(subject: &Subject) -> u64 {
    subject.load.rate_per_ks.min(subject.target.rate_cap_per_ks.unwrap_or(u64::MAX))
}

/// The controls that the profile's criteria name and the subject allows, with their shams.
fn scenes(plan: &Plan) -> Vec<Scene> {
    let criteria =
        plan.profile.criteria.iter().filter(|criterion| plan.subject.lacks_for(criterion).is_none());
    let defects = criteria.filter_map(|criterion| criterion.control);
    let mut scenes: Vec<Scene> = defects.flat_map(|scene| [scene, scene.sham()]).collect();
    scenes.sort();
    scenes.dedup();
    scenes
}

/// Fisher and Yates, drawn from the plan's seed.
fn shuffled(mut scenes: Vec<Scene>, seed: Digest) -> Vec<Scene> {
    let mut random = ChaCha20Rng::from_seed(derive_seed(seed, "scenes"));
    for last in (1..scenes.len()).rev() {
        let chosen = usize::try_from(random.next_u64() % (last as u64 + 1)).unwrap_or(last);
        scenes.swap(last, chosen);
    }
    scenes
}

/// The criteria of errors that cannot pass however good the subject is, because too few requests come in all trials for so
/// small a share to be shown; each with the least rate, in events per 1,000 s, at which as many come as are needed.
pub fn least_rates_per_ks(plan: &Plan) -> Vec<(&str, u64)> {
    let trials_ns = u128::from(plan.profile.trials) * u128::from(plan.profile.trial_ns);
    let guarded =
        plan.profile.criteria.iter().filter(|it| it.probe == Probe::Errors && it.rule == Rule::Guard95);
    let least = guarded.map(|criterion| {
        let events = u128::from(requests_needed(criterion.limit));
        let rate_per_ks = (events * NS_PER_KS).div_ceil(trials_ns.max(1));
        (criterion.id.as_str(), u64::try_from(rate_per_ks).unwrap_or(u64::MAX))
    });
    least.filter(|(_, rate_per_ks)| *rate_per_ks > plan.rate_per_ks).collect()
}

/// The least number of requests without an error of which the bound keeps `limit_ppb`.
fn requests_needed(limit_ppb: u64) -> u64 {
    let is_enough = |requests: u64| clopper_pearson_upper(0, requests, Probability::P95) <= limit_ppb;
    let (mut too_few, mut enough) = (0, 1);
    while !is_enough(enough) && enough < REQUESTS_MAX {
        (too_few, enough) = (enough, enough * 2);
    }
    while enough - too_few > 1 {
        let between = too_few + (enough - too_few) / 2;
        if is_enough(between) { enough = between } else { too_few = between }
    }
    enough
}

/// How long a plan takes, in ns, for a subject that starts in half a second. The load line is taken to end at
/// its second step.
pub fn expected_ns(plan: &Plan) -> u64 {
    let profile = &plan.profile;
    let trial_ns = AROUND_TRIAL_NS + profile.warm_up_ns;
    let mut total_ns = profile.trials * (trial_ns + profile.trial_ns);
    if profile.asks_for(&[Probe::LoadLine]) {
        let steps = profile.line.steps_percent.len().clamp(1, 2) as u64;
        total_ns += trial_ns + steps * (profile.warm_up_ns + profile.line.step_ns);
        // One trial at the step above, where there is one.
        total_ns += (profile.trials + steps - 1) * (trial_ns + profile.line.trial_ns);
    }
    total_ns += plan.stop_drills() * STOP_DRILL_NS + plan.crash_drills() * CRASH_DRILL_NS;
    total_ns += plan.restore_drills() * RESTORE_DRILL_NS;
    total_ns += Probe::of(Family::Check).map(|probe| plan.check_runs(probe)).sum::<u64>() * CHECK_RUN_NS;
    total_ns +=
        Probe::of(Family::Inspection).map(|probe| plan.check_runs(probe)).sum::<u64>() * INSPECTION_NS;
    total_ns += plan.soak_runs() * soak_ns(profile);
    total_ns += plan.faults().len() as u64 * fault_ns(profile);
    total_ns + plan.scenes.iter().map(|scene| scene_ns(profile, *scene)).sum::<u64>()
}

fn soak_ns(profile: &Profile) -> u64 {
    AROUND_TRIAL_NS + profile.warm_up_ns + profile.soak_ns.unwrap_or(0)
}

fn fault_ns(profile: &Profile) -> u64 {
    AROUND_TRIAL_NS + profile.warm_up_ns + profile.fault_ns.unwrap_or(0)
}

fn scene_ns(profile: &Profile, scene: Scene) -> u64 {
    let waits_ns = match scene {
        Scene::SlowStart => profile.largest_limit(Probe::StartUp),
        Scene::PaintedHealth => PAINTED_NS,
        Scene::SlowRestart => profile.largest_limit(Probe::CrashRecovery),
        Scene::SlowRestore => profile.largest_limit(Probe::RestoreTime),
        _ => 0,
    };
    let twin_ns = match scene.sham() {
        Scene::ShamLoad => AROUND_TRIAL_NS + profile.warm_up_ns + profile.control_ns,
        Scene::ShamStart => AROUND_TRIAL_NS,
        Scene::ShamChecks => CHECK_RUN_NS,
        Scene::ShamSoak => soak_ns(profile),
        Scene::ShamFiles => INSPECTION_NS,
        Scene::ShamFault => fault_ns(profile),
        Scene::ShamCrash => CRASH_DRILL_NS,
        Scene::ShamStop => STOP_DRILL_NS,
        Scene::ShamRestore => RESTORE_DRILL_NS,
        _ => 0,
    };
    waits_ns + twin_ns
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::*;
    use crate::files::{builtin_profiles, parse_profile, parse_subject};

    const SUBJECT: &str = "name = \"x\"\n[start]\ncommand = [\"x\", \"{port}\"]\n[target]\nurl = \"http://127.0.0.1:{port}\"\n\
                           [[request]]\npath = \"/\"\n";
    const LEDGER: &str = "[ledger]\nwrite = { method = \"PUT\", path = \"/{key}\", body = \"{value}\" }\n\
                          read = { path = \"/{key}\" }\n";

    const BACKUP: &str =
        "[backup]\nsave = [\"s\", \"{backup}\"]\nrestore = [\"r\", \"{backup}\", \"{dir}\"]\n";

    fn plan(subject: &str, profile: &str, seed: u8) -> Plan {
        let subject = parse_subject("subject.toml", subject, Path::new(".")).unwrap();
        let (_, text) = builtin_profiles().iter().find(|(id, _)| *id == profile).unwrap();
        let profile = parse_profile("profile.toml", text).unwrap();
        let identity = crate::identity::identify(&subject).unwrap();
        make_plan(&subject, identity, &profile, [seed; 32], 0).unwrap()
    }

    #[test]
    fn a_rate_at_which_too_few_requests_come_is_told_with_the_least_that_does() {
        let at = |rate: u64| {
            let mut plan = plan(SUBJECT, "quick", 1);
            plan.rate_per_ks = rate;
            least_rates_per_ks(&plan).first().map(|(criterion, least)| ((*criterion).to_owned(), *least))
        };
        let (criterion, least_per_ks) = at(10_000).unwrap();
        assert_eq!(criterion, "errors");
        assert_eq!((at(least_per_ks - 1), at(least_per_ks)), (Some((criterion, least_per_ks)), None));
        // Of 1,996 without an error the bound is 0.15 %, which is about ln(20) / 1,996.
        assert_eq!(requests_needed(1_500_000), 1_996);
        assert_eq!(requests_needed(0), REQUESTS_MAX, "and it ends");
    }

    #[test]
    fn every_defect_that_can_be_tried_is_planned_with_its_sham() {
        let planned = |subject: &str| {
            let mut scenes = plan(subject, "quick", 1).scenes;
            scenes.sort();
            scenes
        };
        let with_ledger = planned(&format!("{SUBJECT}{LEDGER}"));
        for scene in &with_ledger {
            assert!(with_ledger.contains(&scene.sham()), "{scene:?} has no sham");
        }
        assert!(with_ledger.contains(&Scene::DroppedWrites));
        assert!(!planned(SUBJECT).contains(&Scene::DroppedWrites), "there is no write to drop");
        let url = "name = \"x\"\n[target]\nurl = \"http://127.0.0.1:80\"\n[[request]]\npath = \"/\"\n";
        assert_eq!(planned(url), [Scene::AddedDelay, Scene::InjectedErrors, Scene::ShamLoad]);
    }

    #[test]
    fn limits_that_are_shares_follow_the_rate_of_the_subject() {
        let fast = format!("{SUBJECT}[load]\nrate = \"1500/s\"\n");
        for profile in ["quick", "web-service"] {
            let plan = plan(&fast, profile, 1);
            let of = |probe| plan.profile.criteria.iter().find(|criterion| criterion.probe == probe).unwrap();
            let limit = |probe| (of(probe).limit, of(probe).unit);
            assert_eq!(limit(Probe::Throughput), (1_485_000, Unit::PerKs));
            assert_eq!(limit(Probe::LoadLine), (1_500_000, Unit::PerKs));
        }
    }

    #[test]
    fn a_limit_that_the_planted_defect_could_not_break_is_refused() {
        let subject = parse_subject("subject.toml", SUBJECT, Path::new(".")).unwrap();
        let identity = crate::identity::identify(&subject).unwrap();
        let (id, text) = builtin_profiles()[0];
        let text = text.replacen(&format!("id = \"{id}\""), "id = \"edited\"", 1);
        for (from, to, good) in [
            ("limit = \"99%\"", "limit = \"121/s\"", true),
            ("limit = \"99%\"", "limit = \"119/s\"", false),
            ("limit = \"0.15%\"", "limit = \"40%\"", true),
            ("limit = \"0.15%\"", "limit = \"41%\"", false),
        ] {
            let profile = parse_profile("profile.toml", &text.replacen(from, to, 1)).unwrap();
            let plan = make_plan(&subject, identity.clone(), &profile, [1; 32], 0);
            assert_eq!(plan.is_ok(), good, "{to}: {plan:?}");
        }
    }

    #[test]
    fn more_missing_writes_than_a_drill_must_have_cannot_be_allowed() {
        let subject = format!("{SUBJECT}{LEDGER}{BACKUP}").replace("\"{port}\"]", "\"{port}\", \"{dir}\"]");
        let subject = parse_subject("subject.toml", &subject, Path::new(".")).unwrap();
        let identity = crate::identity::identify(&subject).unwrap();
        let (_, text) = builtin_profiles().iter().find(|(id, _)| *id == "recovery").unwrap();
        for (limit, good) in [("29", true), ("30", false)] {
            let text = text.replacen("id = \"recovery\"", "id = \"edited\"", 1);
            let text = text.replacen("limit = \"0\"", &format!("limit = \"{limit}\""), 1);
            let profile = parse_profile("profile.toml", &text).unwrap();
            let plan = make_plan(&subject, identity.clone(), &profile, [1; 32], 0);
            assert_eq!(plan.is_ok(), good, "{limit}: {plan:?}");
        }
    }

    #[test]
    fn the_seed_alone_decides_the_order() {
        assert_eq!(plan(SUBJECT, "quick", 1), plan(SUBJECT, "quick", 1));
        let orders: Vec<Vec<Scene>> = (0..5).map(|seed| plan(SUBJECT, "quick", seed).scenes).collect();
        assert!(orders.iter().any(|order| *order != orders[0]), "five seeds gave one order");
    }

    #[test]
    fn the_built_in_profiles_keep_their_time() {
        let quick_s = expected_ns(&plan(&format!("{SUBJECT}{LEDGER}"), "quick", 1)) / 1_000_000_000;
        assert!((40..60).contains(&quick_s), "quick takes {quick_s} s");
        let soak_s = expected_ns(&plan(SUBJECT, "soak", 1)) / 1_000_000_000;
        assert!((100..130).contains(&soak_s), "soak takes {soak_s} s");
        let with_backup =
            format!("{SUBJECT}{LEDGER}{BACKUP}").replace("\"{port}\"]", "\"{port}\", \"{dir}\"]");
        let recovery_s = expected_ns(&plan(&with_backup, "recovery", 1)) / 1_000_000_000;
        assert!((70..90).contains(&recovery_s), "recovery takes {recovery_s} s");
        let web_s = expected_ns(&plan(&format!("{SUBJECT}{LEDGER}"), "web-service", 1)) / 1_000_000_000;
        assert!((450..750).contains(&web_s), "web-service takes {web_s} s");
    }

    #[test]
    fn drills_that_nobody_asked_for_take_no_time() {
        let whole = plan(SUBJECT, "quick", 1);
        let mut errors_only = whole.clone();
        errors_only.profile.criteria.retain(|criterion| criterion.probe == Probe::Errors);
        assert_eq!((errors_only.stop_drills(), errors_only.crash_drills()), (0, 0));
        let drills_ns = whole.profile.drills * (STOP_DRILL_NS + CRASH_DRILL_NS);
        assert!(expected_ns(&whole) - expected_ns(&errors_only) > drills_ns);
        let mut no_trial = errors_only;
        (no_trial.profile.trials, no_trial.scenes) = (0, Vec::new());
        assert_eq!(expected_ns(&no_trial), 0);
    }

    #[test]
    fn a_rate_cap_is_kept() {
        let capped = SUBJECT.replace("{port}\"\n", "{port}\"\nauthorised_by = \"me\"\nrate_cap = \"50/s\"\n");
        let capped = format!("{capped}[load]\nrate = \"40/s\"\n");
        assert_eq!(plan(&capped, "quick", 1).rate_per_ks, 40_000);
    }
}
