//! What was measured, under what plan, on what machine, and how often before.

use plimsoll_base::Unit;
use plimsoll_evidence::{Environment, ResourceDescriptor, SubjectKind};

use super::{Section, paragraph};
use crate::html::{Element, Html, el};
use crate::report::page::Page;
use crate::report::table::facts;
use crate::report::words::{count, counted, quantity};

/// Bytes in the unit in which memory is told.
const MEBIBYTE: u64 = 1 << 20;

pub(super) fn section(page: &Page<'_>) -> Section {
    let mut content = Html::default();
    content.push(el("h3").with("Attempts"));
    content.push(paragraph(attempts(page)));
    content.push(el("h3").with("Subject"));
    content.push(facts(subject(page)));
    content.push(el("h3").with("Plan"));
    content.push(facts(plan(page)));
    content.push(el("h3").with("Environment"));
    content.push(facts(environment(page.environment)));
    Section { id: "provenance", title: "Attempts, plan and environment", content }
}

fn attempts(page: &Page<'_>) -> String {
    let subject = &page.plan.subject.name;
    let profile = &page.plan.profile.id;
    let told = "An attempt counts from its registration, whatever came of it; verify checks that the plan stood in the log before the first trial.";
    match page.certificate.earlier_attempts {
        0 => format!("The first attempt of {subject} at {profile}, as the issuer's log tells. {told}"),
        before => format!(
            "{subject} was registered for {profile} {} before this one, as the issuer's log tells. {told}",
            counted(before, "time")
        ),
    }
}

fn subject(page: &Page<'_>) -> Vec<(&'static str, Html)> {
    let subject = &page.plan.subject;
    let reached = match subject.kind {
        SubjectKind::Command => "started, signalled and stopped by Plimsoll",
        SubjectKind::Url => "by URL only: starting, stopping and crashing were not measured",
    };
    let ledger =
        if subject.has_ledger { "writes that can be read back" } else { "none: lost writes cannot be seen" };
    vec![
        ("Name", subject.name.as_str().into()),
        ("Version", subject.version.as_str().into()),
        ("Reached", reached.into()),
        ("Ledger", ledger.into()),
        ("Bound to", subject.resources.iter().map(resource).collect()),
        ("Description", digest(&page.plan.description)),
    ]
}

fn resource(resource: &ResourceDescriptor) -> Element {
    let digests =
        resource.digest.iter().map(|(algorithm, value)| el("code").with(format!("{algorithm}:{value}")));
    el("div").with(format!("{} ", resource.name)).with_each(digests)
}

fn plan(page: &Page<'_>) -> Vec<(&'static str, Html)> {
    let plan = page.plan;
    let profile = &plan.profile;
    let trials = format!(
        "{} of {} after {} of warm-up, each in a fresh process",
        counted(profile.trials, "trial"),
        quantity(profile.trial_ns, Unit::Ns),
        quantity(profile.warm_up_ns, Unit::Ns)
    );
    let order = plan.scenes.iter().map(|scene| scene.name()).collect::<Vec<_>>().join(", ");
    let mut rows = vec![
        ("Profile", format!("{} version {}: {}", profile.id, profile.version, profile.title).into()),
        ("Trials", trials.into()),
        ("Drills", counted(profile.drills, "drill").into()),
        ("Rate", format!("{}, open loop", quantity(plan.rate_per_ks, Unit::PerKs)).into()),
        ("Infinite after", quantity(plan.timeout_ns, Unit::Ns).into()),
        ("Order of controls", order.into()),
        ("Evidence", counted(page.input.documents.iter().count() as u64, "document").into()),
        ("Seed", digest(&plan.seed)),
        ("Digest of the plan", digest(&page.certificate.plan)),
    ];
    if let Some(repeats) = &plan.repeats {
        rows.push(("Repeats the certificate", digest(&repeats.certificate)));
        rows.push(("Which had the plan", digest(&repeats.plan)));
    }
    rows
}

fn environment(environment: &Environment) -> Vec<(&'static str, Html)> {
    let cores = match environment.shared_cores {
        true => "shared by generator and subject",
        false => "the generator's: the subject runs elsewhere",
    };
    vec![
        ("System", environment.system.as_str().into()),
        ("Kernel", format!("{} ({})", environment.kernel, environment.architecture).into()),
        ("Processor", environment.processor.as_str().into()),
        ("Cores", format!("{}, {cores}", environment.cores).into()),
        ("Memory", format!("{} MiB", count(environment.memory_bytes / MEBIBYTE)).into()),
        ("Clock", environment.clock_source.as_str().into()),
        ("Measured by", format!("Plimsoll {}", environment.plimsoll_version).into()),
        ("Its digest", digest(&environment.plimsoll_sha256)),
    ]
}

fn digest(digest: &plimsoll_proof::Digest) -> Html {
    el("code").with(digest.to_string()).into()
}
