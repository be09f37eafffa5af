//! A profile: how much is measured, and the criteria.

use plimsoll_base::Unit;
use plimsoll_evidence::{Criterion, Gap, LineSearch, Probe, Profile, Rule, Severity};
use plimsoll_load::DURATION_NS_MAX;

use super::builtin::builtin_profiles;
use super::coverage::{self, Coverage};
use super::criterion::{self, parse_criterion};
use super::error::FileError;
use super::gap::{self, parse_gap};
use super::table::{File, Table};
use super::value::Field;

const KEYS: [&str; 14] = [
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
    "line",
    "criterion",
    "gap",
    "refused",
];
const LINE_KEYS: [&str; 3] = ["steps", "step", "trial"];

/// A certification with more fresh processes than this is a burn-in, not a judgement.
const REPETITIONS_MAX: u64 = 100;
/// From one second on a trial has ten batches of 100 ms, the fewest that tell how values hang together.
const TRIAL_NS_MIN: u64 = 1_000_000_000;
/// A look at all processes takes some milliseconds, and 120 of them must be no load of their own.
const SOAK_NS_MIN: u64 = 6_000_000_000;
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
    let gaps = parse_gaps(&root, &gap_tables, &criteria)?;
    let ids = criteria.iter().map(|criterion| criterion.id.as_str());
    let all = ids.zip(&tables).chain(gaps.iter().map(|gap| gap.id.as_str()).zip(&gap_tables));
    let coverage = coverage::answers(&root, all)?;
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
        line: parse_line(&root, &criteria)?,
        criteria,
        gaps,
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

/// Gaps whose ids are no criterion's and no other gap's.
fn parse_gaps(root: &Table<'_>, tables: &[Table<'_>], criteria: &[Criterion]) -> Result<Vec<Gap>, FileError> {
    if tables.len() > GAPS_MAX {
        return Err(root.error(format!("{} gaps are more than {GAPS_MAX}", tables.len())));
    }
    let mut gaps: Vec<Gap> = Vec::with_capacity(tables.len());
    for table in tables {
        let gap = parse_gap(table)?;
        let mut ids = criteria.iter().map(|one| &one.id).chain(gaps.iter().map(|one| &one.id));
        if ids.any(|id| *id == gap.id) {
            return Err(twice(table, &gap.id));
        }
        gaps.push(gap);
    }
    Ok(gaps)
}

fn twice(table: &Table<'_>, id: &str) -> FileError {
    let error = table.error(format!("a second criterion with the id `{id}`"));
    error.with_hint("ids name criteria in the certificate: each must be unique")
}

fn parse_criteria(root: &Table<'_>, tables: &[Table<'_>]) -> Result<Vec<Criterion>, FileError> {
    if tables.len() > CRITERIA_MAX {
        return Err(root.error(format!("{} criteria are more than {CRITERIA_MAX}", tables.len())));
    }
    let mut criteria: Vec<Criterion> = Vec::with_capacity(tables.len());
    for table in tables {
        let criterion = parse_criterion(table)?;
        if criteria.iter().any(|earlier| earlier.id == criterion.id) {
            return Err(twice(table, &criterion.id));
        }
        criteria.push(criterion);
    }
    if criteria.iter().all(|criterion| criterion.severity != Severity::Blocking) {
        let error = root.error("no criterion is blocking: everything would pass");
        return Err(
            error.with_hint("write severity = \"blocking\" where a failure must deny the certificate")
        );
    }
    Ok(criteria)
}

fn parse_soak(root: &Table<'_>, criteria: &[Criterion]) -> Result<Option<u64>, FileError> {
    let asking = criteria.iter().find(|criterion| criterion.probe.is_soak());
    match (root.optional("soak"), asking) {
        (None, None) => Ok(None),
        (Some(field), Some(_)) => Ok(Some(field.quantity_in(Unit::Ns, SOAK_NS_MIN..=DURATION_NS_MAX)?)),
        (None, Some(criterion)) => {
            let error =
                root.error(format!("criterion `{}` asks for a soak, but `soak` is missing", criterion.id));
            Err(error.with_hint("add how long it lasts, like soak = \"30s\""))
        }
        (Some(field), None) => {
            let names: Vec<&str> = Probe::SOAKS.into_iter().map(Probe::name).collect();
            let error = field.error("`soak` is given, but no criterion asks for one");
            Err(error.with_hint(format!(
                "add a criterion with one of the probes {}, or remove it",
                names.join(", ")
            )))
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
    let (repetitions, key) = match criterion.probe {
        Probe::StartUp => (profile.trials, "trials"),
        Probe::GracefulStop | Probe::CrashRecovery | Probe::AcknowledgedWrites => (profile.drills, "drills"),
        Probe::Latency
        | Probe::Errors
        | Probe::Throughput
        | Probe::LoadLine
        | Probe::ErrorHygiene
        | Probe::ResponseHeaders
        | Probe::LogHygiene
        | Probe::Authentication
        | Probe::Memory
        | Probe::OpenFiles
        | Probe::Threads
        | Probe::Cpu
        | Probe::Leak => return Ok(()),
    };
    let id = &criterion.id;
    if criterion.rule == Rule::Guard95 && repetitions < REPETITIONS_FOR_BOUND {
        let problem = format!("criterion `{id}` could never pass: {repetitions} {key} give no bound at 95 %");
        let hint = format!("write rule = \"simple\", or at least {REPETITIONS_FOR_BOUND} {key}");
        return Err(field.error(problem).with_hint(hint));
    }
    Ok(())
}
