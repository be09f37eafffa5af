//! From a subject and a profile to a plan: what will be run, in which order, and how long it will take.

use plimsoll_evidence::{Plan, Probe, Profile, Scene, SubjectIdentity, SubjectKind};
use plimsoll_proof::Digest;
use rand_chacha::ChaCha20Rng;
use rand_core::{Rng, SeedableRng};

use crate::conductor::derive_seed;
use crate::files::Subject;

/// Start, stop and bookkeeping around each trial, in ns: what a subject that starts in half a second costs.
const AROUND_TRIAL_NS: u64 = 700_000_000;
/// A rehearsed stop or crash, in ns, without the waiting that a control plants.
const DRILL_NS: u64 = 1_800_000_000;

/// Makes the plan. `seed` must be fresh random bytes.
pub fn make_plan(
    subject: &Subject,
    identity: SubjectIdentity,
    profile: &Profile,
    seed: [u8; 32],
    earlier_attempts: u64,
) -> Plan {
    let mut plan = Plan {
        description: Digest::of(subject.description().as_bytes()),
        profile: profile.clone(),
        rate_per_ks: rate_per_ks(subject),
        timeout_ns: subject.load.timeout_ns,
        seed: Digest::from_bytes(seed),
        scenes: Vec::new(),
        earlier_attempts,
        subject: identity,
    };
    plan.scenes = shuffled(scenes(&plan), plan.seed);
    plan
}

/// The subject's rate, within its cap.
fn rate_per_ks(subject: &Subject) -> u64 {
    subject.load.rate_per_ks.min(subject.target.rate_cap_per_ks.unwrap_or(u64::MAX))
}

/// The controls that the profile's criteria name and the subject allows, with their shams.
fn scenes(plan: &Plan) -> Vec<Scene> {
    let applies = |probe: Probe| {
        let has_process = plan.subject.kind == SubjectKind::Command || !probe.needs_process();
        has_process && (probe != Probe::AcknowledgedWrites || plan.subject.has_ledger)
    };
    let criteria = plan.profile.criteria.iter().filter(|criterion| applies(criterion.probe));
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

/// How long a plan takes, in ns, for a subject that starts in half a second. The load line is taken to end at
/// its second step.
pub fn expected_ns(plan: &Plan) -> u64 {
    let profile = &plan.profile;
    let trial_ns = AROUND_TRIAL_NS + profile.warm_up_ns;
    let asks_for = |probe: Probe| profile.criteria.iter().any(|criterion| criterion.probe == probe);
    let mut total_ns = profile.trials * (trial_ns + profile.trial_ns);
    if asks_for(Probe::LoadLine) {
        let steps = profile.line.steps_percent.len().min(2) as u64;
        total_ns += trial_ns + steps * (profile.warm_up_ns + profile.line.step_ns);
        total_ns += (profile.trials + 1) * (trial_ns + profile.line.trial_ns);
    }
    if plan.subject.kind == SubjectKind::Command {
        total_ns += 2 * profile.drills * DRILL_NS;
    }
    total_ns + plan.scenes.iter().map(|scene| scene_ns(profile, *scene)).sum::<u64>()
}

fn scene_ns(profile: &Profile, scene: Scene) -> u64 {
    let limit_ns = |probe: Probe| {
        let criteria = profile.criteria.iter().filter(|criterion| criterion.probe == probe);
        criteria.map(|criterion| criterion.limit).max().unwrap_or(0)
    };
    match scene {
        Scene::Measured => 0,
        Scene::AddedDelay | Scene::InjectedErrors | Scene::ResetConnections | Scene::ShamLoad => {
            AROUND_TRIAL_NS + profile.warm_up_ns + profile.control_ns
        }
        Scene::SlowStart => AROUND_TRIAL_NS + limit_ns(Probe::StartUp),
        Scene::ShamStart => AROUND_TRIAL_NS,
        Scene::SlowRestart => DRILL_NS + limit_ns(Probe::CrashRecovery),
        Scene::KillInstead | Scene::ShamStop | Scene::DroppedWrites | Scene::ShamCrash => DRILL_NS,
    }
}
