//! A profile: how much is measured, and the criteria.

use std::collections::BTreeSet;

use plimsoll_base::Unit;
use plimsoll_evidence::{Criterion, Family, Gap, LineSearch, Probe, Profile, Rule, Severity};
use plimsoll_load::DURATION_NS_MAX;

use super::builtin::builtin_profiles;
use super::coverage::{self, Coverage};
use super::criterion::{self, parse_criterion};
use super::error::FileError;
use super::gap::{self, parse_gap};
use super::sign_off::parse_sign_off;
use super::table::{File, Table};
use super::value::Field;

const KEYS: [&str; 16] = [
    "id",
    "version",
    "title",
    "document",
    "trials",
    "drills",
    "trial",
    "warm_up",
    "control",
    "soak",
    "fault",
    "line",
    "criterion",
    "gap",
    "refused",
    "sign_off",
];
const LINE_KEYS: [&str; 3] = ["steps", "step", "trial"];

/// A certification with more fresh processes than this is a burn-in, not a judgement.
const REPETITIONS_MAX: u64 = 100;
/// From one second on a trial has ten batches of 100 ms, the fewest that tell how values hang together.
const TRIAL_NS_MIN: u64 = 1_000_000_000;
/// A look at all processes takes some milliseconds, and 120 of them must be no load of their own.
const SOAK_NS_MIN: u64 = 6_000_000_000;
/// A fault holds for a third of it, and so long all must be watched before and after.
const FAULT_NS_MIN: u64 = 6_000_000_000;
/// A fault begins and ends a little late, and the last batch shows no recovery.
const FAULT_SLACK_NS: u64 = 500_000_000;
/// Beyond a table of this length nobody reads the verdicts.
const CRITERIA_MAX: usize = 100;
/// A document with more requirements that nothing measures is a wish.
const GAPS_MAX: usize = 500;
/// Each step doubles the work of reading the line; more are no finer than its noise.
const STEPS_MAX: usize = 32;
/// 100 % is the subject's rate itself, which the steady trials measure.
const STEP_PERCENT_MIN: u64 = 101;
/// A hundred times its rate is another service.
const STEP_PERCENT_MAX: u64 = 10_000;
const PPB_PER_PERCENT: u64 = 10_000_000;
/// The greatest of five values bounds their median at 96.9 %; fewer give no bound at 95 %.
const REPETITIONS_FOR_BOUND: u64 = 5;

/// Reads a profile. `file_name` only serves messages.
pub fn parse_profile(file_name: &str, text: &str) -> Result<Profile, FileError> {
    Ok(read(file_name, text)?.0)
}

/// What a profile says of the document that it stands for, if there is one.
pub fn parse_coverage(file_name: &str, text: &str) -> Result<Option<Coverage>, FileError> {
    Ok(read(file_name, text)?.1)
}

fn read(file_name: &str, text: &str) -> Result<(Profile, Option<Coverage>), FileError> {
    let file = File::new(file_name, text);
    let document = file.parse()?;
    let root = Table::root(file, &document, &KEYS)?;
    let fields = match root.optional("criterion") {
        Some(field) => field.some_list()?,
        None => {
            let error = root.error("the profile has no criterion: nothing would be judged");
            return Err(error.with_hint("add a [[criterion]]"));
        }
    };
    let tables = tables(&fields, "[[criterion]]", &criterion::KEYS)?;
    let criteria = parse_criteria(&root, &tables)?;
    let gap_fields = root.optional("gap").map_or(Ok(Vec::new()), |field| field.some_list())?;
    let gap_tables = self::tables(&gap_fields, "[[gap]]", &gap::KEYS)?;
    let gaps = parse_gaps(&root, &gap_tables)?;
    let ids = criteria.iter().map(|criterion| criterion.id.as_str());
    let gap_ids = gaps.iter().map(|gap| gap.id.as_str());
    let requirements: Vec<_> = ids.zip(&tables).chain(gap_ids.zip(&gap_tables)).collect();
    check_ids(&requirements)?;
    let coverage = coverage::answers(&root, &requirements)?;
    let duration = |key| root.required(key)?.quantity_in(Unit::Ns, TRIAL_NS_MIN..=DURATION_NS_MAX);
    let id = root.required("id")?;
    let name = id.name()?;
    if builtin_profiles().iter().any(|(builtin, theirs)| *builtin == name && *theirs != text) {
        let error = id.error("this id is that of a built-in profile, which says something else");
        return Err(
            error.with_hint("give your profile an id of its own: certificates name their profile by it")
        );
    }
    let profile = Profile {
        id: name.into(),
        version: root.required("version")?.integer(1..=u64::from(u32::MAX))?,
        title: root.required("title")?.phrase()?.into(),
        trials: root.required("trials")?.integer(1..=REPETITIONS_MAX)?,
        drills: root.required("drills")?.integer(1..=REPETITIONS_MAX)?,
        trial_ns: duration("trial")?,
        warm_up_ns: root.required("warm_up")?.quantity_in(Unit::Ns, 0..=DURATION_NS_MAX)?,
        control_ns: duration("control")?,
        soak_ns: parse_soak(&root, &criteria)?,
        fault_ns: parse_fault(&root, &criteria)?,
        line: parse_line(&root, &criteria)?,
        criteria,
        gaps,
        sign_off: parse_sign_off(&root)?,
    };
    for (criterion, field) in profile.criteria.iter().zip(&fields) {
        check_repetitions(&profile, criterion, field)?;
    }
    Ok((profile, coverage))
}

fn tables<'a>(
    fields: &[Field<'a>],
    name: &str,
    known: &'static [&'static str],
) -> Result<Vec<Table<'a>>, FileError> {
    fields.iter().map(|field| field.table(name, known)).collect()
}

fn parse_gaps(root: &Table<'_>, tables: &[Table<'_>]) -> Result<Vec<Gap>, FileError> {
    if tables.len() > GAPS_MAX {
        return Err(root.error(format!("{} gaps are more than {GAPS_MAX}", tables.len())));
    }
    tables.iter().map(parse_gap).collect()
}

/// No criterion and no gap has the id of another.
fn check_ids(requirements: &[(&str, &Table<'_>)]) -> Result<(), FileError> {
    let mut seen = BTreeSet::new();
    match requirements.iter().find(|(id, _)| !seen.insert(*id)) {
        None => Ok(()),
        Some((id, table)) => {
            let error = table.error(format!("a second criterion with the id `{id}`"));
            Err(error.with_hint("ids name criteria in the certificate: each must be unique"))
        }
    }
}

fn parse_criteria(root: &Table<'_>, tables: &[Table<'_>]) -> Result<Vec<Criterion>, FileError> {
    if tables.len() > CRITERIA_MAX {
        return Err(root.error(format!("{} criteria are more than {CRITERIA_MAX}", tables.len())));
    }
    let criteria: Vec<Criterion> = tables.iter().map(parse_criterion).collect::<Result<_, _>>()?;
    if criteria.iter().all(|criterion| criterion.severity != Severity::Blocking) {
        let error = root.error("no criterion is blocking: everything would pass");
        return Err(
            error.with_hint("write severity = \"blocking\" where a failure must deny the certificate")
        );
    }
    Ok(criteria)
}

fn parse_soak(root: &Table<'_>, criteria: &[Criterion]) -> Result<Option<u64>, FileError> {
    let asking = criteria.iter().find(|criterion| criterion.probe.family() == Family::Soak);
    match (root.optional("soak"), asking) {
        (None, None) => Ok(None),
        (Some(field), Some(_)) => Ok(Some(field.quantity_in(Unit::Ns, SOAK_NS_MIN..=DURATION_NS_MAX)?)),
        (None, Some(criterion)) => {
            let error =
                root.error(format!("criterion `{}` asks for a soak, but `soak` is missing", criterion.id));
            Err(error.with_hint("add how long it lasts, like soak = \"30s\""))
        }
        (Some(field), None) => {
            let names: Vec<&str> = Probe::of(Family::Soak).map(Probe::name).collect();
            let error = field.error("`soak` is given, but no criterion asks for one");
            Err(error.with_hint(format!(
                "add a criterion with one of the probes {}, or remove it",
                names.join(", ")
            )))
        }
    }
}

/// How long the load of a fault drill lasts. A recovery must fit into its last third, or it would never be seen.
fn parse_fault(root: &Table<'_>, criteria: &[Criterion]) -> Result<Option<u64>, FileError> {
    let asking = criteria.iter().find(|criterion| criterion.probe.family() == Family::Fault);
    let field = match (root.optional("fault"), asking) {
        (None, None) => return Ok(None),
        (Some(field), Some(_)) => field,
        (None, Some(criterion)) => {
            let error =
                root.error(format!("criterion `{}` asks for a fault, but `fault` is missing", criterion.id));
            return Err(error.with_hint(
                "add how long its load lasts, like fault = \"9s\": the fault holds for a third of it",
            ));
        }
        (Some(field), None) => {
            let names: Vec<&str> = Probe::of(Family::Fault).map(Probe::name).collect();
            let error = field.error("`fault` is given, but no criterion asks for one");
            return Err(error.with_hint(format!(
                "add a criterion with one of the probes {}, or remove it",
                names.join(", ")
            )));
        }
    };
    let fault_ns = field.quantity_in(Unit::Ns, FAULT_NS_MIN..=DURATION_NS_MAX)?;
    let watched_ns = (fault_ns / 3).saturating_sub(FAULT_SLACK_NS);
    match criteria.iter().find(|it| it.probe == Probe::FaultRecovery && it.limit > watched_ns) {
        None => Ok(Some(fault_ns)),
        Some(criterion) => {
            let error = field.error(format!(
                "the limit of `{}` does not fit into a third of it, in which the recovery is watched",
                criterion.id
            ));
            Err(error.with_hint("make `fault` longer than three times the limit and 1.5 s"))
        }
    }
}

fn parse_line(root: &Table<'_>, criteria: &[Criterion]) -> Result<LineSearch, FileError> {
    let any = |probes: &[Probe]| criteria.iter().any(|criterion| probes.contains(&criterion.probe));
    let is_asked_for = any(&[Probe::LoadLine]);
    let Some(field) = root.optional("line") else {
        if is_asked_for {
            let error = root.error("a criterion asks for the load line, but [line] is missing");
            return Err(error.with_hint("add [line] with steps, step and trial"));
        }
        return Ok(LineSearch { steps_percent: Vec::new(), step_ns: 0, trial_ns: 0 });
    };
    let table = field.table("[line]", &LINE_KEYS)?;
    if !is_asked_for {
        let error = table.error("[line] is given, but no criterion asks for the load line");
        return Err(error.with_hint("add a criterion with probe = \"load-line\", or remove [line]"));
    }
    if !any(&[Probe::Latency]) {
        let error =
            table.error("no planted defect could end the load line: the profile does not limit latency");
        return Err(error.with_hint("add a criterion with probe = \"latency\""));
    }
    let duration = |key| table.required(key)?.quantity_in(Unit::Ns, TRIAL_NS_MIN..=DURATION_NS_MAX);
    Ok(LineSearch {
        steps_percent: parse_steps(&table.required("steps")?)?,
        step_ns: duration("step")?,
        trial_ns: duration("trial")?,
    })
}

fn parse_steps(field: &Field<'_>) -> Result<Vec<u64>, FileError> {
    let items = field.some_list()?;
    if items.len() > STEPS_MAX {
        return Err(field.error(format!("{} steps are more than {STEPS_MAX}", items.len())));
    }
    let mut steps: Vec<u64> = Vec::with_capacity(items.len());
    for item in items {
        let range = STEP_PERCENT_MIN * PPB_PER_PERCENT..=STEP_PERCENT_MAX * PPB_PER_PERCENT;
        let hint = "write it like steps = [\"200%\", \"400%\"]";
        let ppb = item.quantity_in(Unit::Ppb, range).map_err(|error| error.with_hint(hint))?;
        if !ppb.is_multiple_of(PPB_PER_PERCENT) {
            return Err(item.error("a step must be a whole number of percent"));
        }
        let percent = ppb / PPB_PER_PERCENT;
        if steps.last().is_some_and(|last| *last >= percent) {
            return Err(item.error(format!("the step {percent} % does not lie above the one before it")));
        }
        steps.push(percent);
    }
    Ok(steps)
}

/// A criterion must be decidable with what the profile measures.
fn check_repetitions(profile: &Profile, criterion: &Criterion, field: &Field<'_>) -> Result<(), FileError> {
    let (repetitions, key) = match criterion.probe.family() {
        Family::Start => (profile.trials, "trials"),
        Family::Stop | Family::Crash | Family::Restore => (profile.drills, "drills"),
        Family::Load | Family::Check | Family::Soak | Family::Inspection | Family::Fault => return Ok(()),
    };
    let id = &criterion.id;
    if criterion.rule == Rule::Guard95 && repetitions < REPETITIONS_FOR_BOUND {
        let problem = format!("criterion `{id}` could never pass: {repetitions} {key} give no bound at 95 %");
        let hint = format!("write rule = \"simple\", or at least {REPETITIONS_FOR_BOUND} {key}");
        return Err(field.error(problem).with_hint(hint));
    }
    Ok(())
}
