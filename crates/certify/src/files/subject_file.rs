//! A subject's file as a whole, and what its parts must say of each other.

use std::path::Path;

use plimsoll_base::Unit;
use plimsoll_evidence::Arrivals;
use plimsoll_load::{CONNECTIONS_DEFAULT, CONNECTIONS_MAX, RATE_PER_KS_MAX};

use super::command::{parse_backup, parse_start};
use super::dependency::{check_dependencies, parse_dependencies, parse_health};
use super::error::FileError;
use super::inspected::{SOURCE_KEYS, parse_inspected};
use super::logs::{check_logs, parse_logs};
use super::metrics::parse_metrics;
use super::promise::{ApiUser, parse_limit, parse_retry, parse_users};
use super::request::{RATE_PER_KS_MIN, check_path, parse_ledger, parse_requests};
use super::subject::{LoadSettings, Source, StartCommand, Subject, Target, located};
use super::table::{File, Table};
use super::target::parse_target;
use super::tls::{check_tls_port, parse_tls};
use super::value::Field;

const KEYS: [&str; 21] = [
    "name",
    "version",
    "profile",
    "source",
    "start",
    "target",
    "load",
    "request",
    "ledger",
    "api",
    "limit",
    "retry",
    "tls",
    "metrics",
    "operation",
    "import",
    "allow",
    "backup",
    "dependency",
    "health",
    "logs",
];
const API_KEYS: [&str; 2] = ["openapi", "user"];
const LOAD_KEYS: [&str; 4] = ["rate", "arrivals", "timeout", "connections"];

/// Enough for bounds at 99 % within seconds, and little for any service.
const RATE_PER_KS_DEFAULT: u64 = 200_000;
/// Longer than anybody waits for a page.
const TIMEOUT_NS_DEFAULT: u64 = 5_000_000_000;
/// Below a millisecond the generator's own turn would decide what times out.
const TIMEOUT_NS_MIN: u64 = 1_000_000;
/// A reply that takes longer than this is no reply.
const TIMEOUT_NS_MAX: u64 = 600_000_000_000;

/// Reads a subject. `file_name` only serves messages; `base_dir` is what its paths are relative to.
pub fn parse_subject(file_name: &str, text: &str, base_dir: &Path) -> Result<Subject, FileError> {
    let file = File::new(file_name, text);
    let document = file.parse()?;
    let root = Table::root(file, &document, &KEYS)?;
    let phrase = |key| root.optional(key).map(|field| field.phrase().map(str::to_owned)).transpose();
    let api = root.optional("api").map(|field| parse_api(&field)).transpose()?;
    let (openapi, users) = api.map_or((None, Vec::new()), |(openapi, users)| (Some(openapi), users));
    let subject = Subject {
        name: root.required("name")?.name()?.into(),
        version: phrase("version")?,
        profile: phrase("profile")?,
        source: root
            .optional("source")
            .map_or(Ok(Source::default()), |field| parse_source(&field, base_dir))?,
        start: root.optional("start").map(|field| parse_start(&field, base_dir)).transpose()?,
        target: parse_target(&root.required("target")?)?,
        load: parse_load(&root)?,
        requests: parse_requests(&root)?,
        ledger: root.optional("ledger").map(|field| parse_ledger(&field)).transpose()?,
        openapi,
        users,
        limit: root.optional("limit").map(|field| parse_limit(&field)).transpose()?,
        retry: root.optional("retry").map(|field| parse_retry(&field)).transpose()?,
        tls: root.optional("tls").map(|field| parse_tls(&field)).transpose()?,
        backup: root.optional("backup").map(|field| parse_backup(&field)).transpose()?,
        metrics: root.optional("metrics").map(|field| parse_metrics(&field)).transpose()?,
        dependencies: parse_dependencies(&root, base_dir)?,
        health: parse_health(&root)?,
        logs: root.optional("logs").map_or(Ok(Vec::new()), |field| parse_logs(&field))?,
        files: parse_inspected(&root, base_dir)?,
        base_dir: base_dir.to_owned(),
    };
    check_leave(&root, &subject)?;
    check_port(&root, &subject.target, subject.start.as_ref())?;
    check_tls_port(&root, subject.tls.as_ref(), subject.start.as_ref())?;
    check_rate(&root, &subject)?;
    check_backup(&root, &subject)?;
    check_dependencies(&root, &subject)?;
    check_logs(&root, subject.start.as_ref())?;
    Ok(subject)
}

fn parse_source(field: &Field<'_>, base_dir: &Path) -> Result<Source, FileError> {
    let table = field.table("[source]", &SOURCE_KEYS)?;
    let path = |field: &Field<'_>| field.phrase().map(|path| located(base_dir, path));
    let git = table.optional("git").map(|field| path(&field)).transpose()?;
    let artifacts = match table.optional("artifacts") {
        Some(field) => field.some_list()?.iter().map(path).collect::<Result<_, _>>()?,
        None => Vec::new(),
    };
    let folder = table.optional("folder").map(|field| path(&field)).transpose()?;
    let names_more = ["bill_of_materials", "documents"].into_iter().any(|key| table.optional(key).is_some());
    if git.is_none() && artifacts.is_empty() && folder.is_none() && !names_more {
        let error = table.error("[source] names nothing");
        return Err(error.with_hint("write git = \".\" or artifacts = [\"path\"], or remove [source]"));
    }
    Ok(Source { git, artifacts, folder })
}

/// Where the reference is, and who may do what of it.
fn parse_api(field: &Field<'_>) -> Result<(String, Vec<ApiUser>), FileError> {
    let table = field.table("[api]", &API_KEYS)?;
    let openapi = check_path(&table.required("openapi")?, &[])?.to_owned();
    let users = table.optional("user").map_or(Ok(Vec::new()), |field| parse_users(&field))?;
    Ok((openapi, users))
}

/// Whoever tries doors needs leave to do so, also on this machine: one that is open opens.
fn check_leave(root: &Table<'_>, subject: &Subject) -> Result<(), FileError> {
    match root.optional("api") {
        Some(field) if subject.target.authorised_by.is_none() => {
            let error =
                field.error("[api] lets every operation be tried, and nobody is named who allowed it");
            Err(error.with_hint("add authorised_by = \"who, when\" and a rate_cap to [target]"))
        }
        _ => Ok(()),
    }
}

fn parse_load(root: &Table<'_>) -> Result<LoadSettings, FileError> {
    let mut load = LoadSettings {
        rate_per_ks: RATE_PER_KS_DEFAULT,
        arrivals: Arrivals::Poisson,
        timeout_ns: TIMEOUT_NS_DEFAULT,
        connections: CONNECTIONS_DEFAULT,
    };
    let Some(field) = root.optional("load") else { return Ok(load) };
    let table = field.table("[load]", &LOAD_KEYS)?;
    if let Some(field) = table.optional("rate") {
        load.rate_per_ks = field.quantity_in(Unit::PerKs, RATE_PER_KS_MIN..=RATE_PER_KS_MAX)?;
    }
    if let Some(field) = table.optional("arrivals") {
        load.arrivals =
            field.choice(&[Arrivals::Poisson, Arrivals::Constant], |arrivals| match arrivals {
                Arrivals::Poisson => "poisson",
                Arrivals::Constant => "constant",
            })?;
    }
    if let Some(field) = table.optional("timeout") {
        load.timeout_ns = field.quantity_in(Unit::Ns, TIMEOUT_NS_MIN..=TIMEOUT_NS_MAX)?;
    }
    if let Some(field) = table.optional("connections") {
        let most = u64::try_from(CONNECTIONS_MAX).unwrap_or(u64::MAX);
        load.connections = usize::try_from(field.integer(1..=most)?).unwrap_or(CONNECTIONS_MAX);
    }
    Ok(load)
}

/// A port that is drawn for each trial must be told to the subject, and asked at.
fn check_port(root: &Table<'_>, target: &Target, start: Option<&StartCommand>) -> Result<(), FileError> {
    let tells_port = |start: &StartCommand| {
        let mut texts = start.command.iter().chain(start.env.values());
        texts.any(|text| text.contains("{port}"))
    };
    match (start.map(tells_port), target.port) {
        (None, None) => {
            let error =
                root.required("target")?.error("`{port}` in `url` stands for nothing without [start]");
            Err(error.with_hint("write the port at which the subject listens, or add [start]"))
        }
        (Some(false), None) => {
            let error = root
                .required("start")?
                .error("nothing tells the subject `{port}`, at which it will be asked");
            Err(error.with_hint("use `{port}` in `command` or `env`, or write a fixed port in `url`"))
        }
        (Some(true), Some(port)) => {
            let problem = format!("the subject is told `{{port}}`, but `url` asks at port {port}");
            Err(root.required("target")?.error(problem).with_hint("write `{port}` in `url` too"))
        }
        _ => Ok(()),
    }
}

/// Data can only be taken from a subject that is started here, in a folder of which it was told; and what comes back is
/// known by its ledger.
fn check_backup(root: &Table<'_>, subject: &Subject) -> Result<(), FileError> {
    let (Some(field), Some(backup)) = (root.optional("backup"), &subject.backup) else { return Ok(()) };
    let Some(start) = &subject.start else {
        let error =
            field.error("[backup] without [start]: the data of a subject that runs elsewhere stay there");
        return Err(error.with_hint("add [start], or remove [backup]"));
    };
    if subject.ledger.is_none() {
        let error = field.error("[backup] without [ledger]: nothing tells what a restore brings back");
        return Err(error.with_hint("add [ledger] with a write and its read"));
    }
    let tells_dir = |command: &[String]| {
        let mut texts = command.iter().chain(start.env.values());
        texts.any(|text| text.contains("{dir}"))
    };
    if !tells_dir(&start.command) {
        let error =
            root.required("start")?.error("nothing tells the subject `{dir}`, where its data must lie");
        return Err(
            error.with_hint("use `{dir}` in `command` or `env`: this folder is removed, and restored")
        );
    }
    if !tells_dir(&backup.restore) {
        let error = field.error("nothing tells `restore` of [backup] `{dir}`, where it must put the data");
        return Err(error.with_hint("use `{dir}` in `restore`, or in `env` of [start]"));
    }
    Ok(())
}

fn check_rate(root: &Table<'_>, subject: &Subject) -> Result<(), FileError> {
    match subject.target.rate_cap_per_ks {
        Some(cap) if subject.load.rate_per_ks > cap => {
            let field = root.optional("load").map_or_else(|| root.required("target"), Ok)?;
            let error = field.error("the rate lies above the `rate_cap` of [target]");
            Err(error.with_hint("write a rate within the cap in [load]"))
        }
        _ => Ok(()),
    }
}
