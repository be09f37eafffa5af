//! What a subject depends on, and what its health check promises to tell of it.

use std::net::SocketAddr;
use std::path::{Path, PathBuf};

use plimsoll_base::Unit;

use super::command::parse_command;
use super::error::FileError;
use super::request::check_path;
use super::subject::{StartCommand, Subject};
use super::table::Table;
use super::value::Field;

const KEYS: [&str; 3] = ["name", "address", "command"];
const HEALTH_KEYS: [&str; 2] = ["notices_within", "live"];
/// Each is taken away twice, and waited for each time.
const DEPENDENCIES_MAX: usize = 8;
/// Two to three questions of whoever routes requests, at the distance that is usual.
const NOTICES_NS_DEFAULT: u64 = 5_000_000_000;
/// Below a tenth of a second the distance of two questions decides.
const NOTICES_NS_MIN: u64 = 100_000_000;
/// A health check that needs longer tells nobody anything in time, and each dependency is waited for up to four times.
const NOTICES_NS_MAX: u64 = 60_000_000_000;
const PREFIX: &str = "{dependency.";

/// Something that a subject depends on. `{dependency.NAME}` in the subject's command is the address at which it is reached.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Dependency {
    /// What it is called in the report.
    pub name: String,
    /// Where it is.
    pub place: DependencyPlace,
}

/// Where a dependency is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum DependencyPlace {
    /// It runs already.
    Runs(SocketAddr),
    /// It is started before the subject and ended after it.
    Starts {
        /// The program and its arguments, with `{port}` and `{dir}`. Never empty; no shell reads it.
        command: Vec<String>,
        /// Where it starts.
        working_dir: PathBuf,
    },
}

/// What the health check promises to tell of dependencies.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HealthPromise {
    /// Within what time after a change it tells of it, in ns.
    pub notices_within_ns: u64,
    /// The path of a check of liveness, which tells nothing of dependencies.
    pub live: Option<String>,
}

impl Dependency {
    /// What stands for its address.
    pub(crate) fn placeholder(name: &str) -> String {
        format!("{PREFIX}{name}}}")
    }
}

pub(super) fn parse_dependencies(root: &Table<'_>, base_dir: &Path) -> Result<Vec<Dependency>, FileError> {
    let Some(field) = root.optional("dependency") else { return Ok(Vec::new()) };
    let fields = field.some_list()?;
    let all = fields.iter().map(|field| parse_dependency(field, base_dir)).collect::<Result<Vec<_>, _>>()?;
    if all.len() > DEPENDENCIES_MAX {
        return Err(field.error(format!("{} dependencies are more than {DEPENDENCIES_MAX}", all.len())));
    }
    for (index, dependency) in all.iter().enumerate() {
        if all[..index].iter().any(|earlier| earlier.name == dependency.name) {
            return Err(fields[index].error(format!("dependency `{}` stands twice", dependency.name)));
        }
    }
    Ok(all)
}

fn parse_dependency(field: &Field<'_>, base_dir: &Path) -> Result<Dependency, FileError> {
    let table = field.table("[[dependency]]", &KEYS)?;
    let name = table.required("name")?.name()?.into();
    let place = match (table.optional("address"), table.optional("command")) {
        (Some(address), None) => DependencyPlace::Runs(parse_address(&address)?),
        (None, Some(command)) => {
            let field = command;
            let command = parse_command(&field, &["{port}", "{dir}"])?;
            if !command.iter().any(|word| word.contains("{port}")) {
                let error = field.error("nothing tells the dependency `{port}`, at which it is asked");
                return Err(
                    error.with_hint("use `{port}` in `command`, or name the `address` of one that runs")
                );
            }
            DependencyPlace::Starts { command, working_dir: base_dir.to_owned() }
        }
        _ => {
            let error = table.error("a dependency has either an `address` or a `command`");
            return Err(error.with_hint("write address = \"127.0.0.1:5432\" for one that runs already"));
        }
    };
    Ok(Dependency { name, place })
}

fn parse_address(field: &Field<'_>) -> Result<SocketAddr, FileError> {
    let text = field.text()?;
    match text.parse::<SocketAddr>() {
        Ok(address) if address.port() > 0 && !address.ip().is_unspecified() => Ok(address),
        _ => {
            let error = field.error(format!("`address` is {text:?}, which is no address with a port"));
            Err(error.with_hint("write it like \"127.0.0.1:5432\""))
        }
    }
}

pub(super) fn parse_health(root: &Table<'_>) -> Result<HealthPromise, FileError> {
    let mut promise = HealthPromise { notices_within_ns: NOTICES_NS_DEFAULT, live: None };
    let Some(field) = root.optional("health") else { return Ok(promise) };
    if root.optional("dependency").is_none() {
        let error = field.error("[health] promises what is told of dependencies, and none is named");
        return Err(
            error.with_hint("add [[dependency]]; the path of the health check is `health` in [target]")
        );
    }
    let table = field.table("[health]", &HEALTH_KEYS)?;
    if let Some(field) = table.optional("notices_within") {
        promise.notices_within_ns = field.quantity_in(Unit::Ns, NOTICES_NS_MIN..=NOTICES_NS_MAX)?;
    }
    promise.live =
        table.optional("live").map(|field| check_path(&field, &[]).map(str::to_owned)).transpose()?;
    Ok(promise)
}

/// A dependency that is not reached through the relay could not be taken away, and one that is not named has none.
pub(super) fn check_dependencies(root: &Table<'_>, subject: &Subject) -> Result<(), FileError> {
    let texts = |start: &StartCommand| {
        start.command.iter().chain(start.env.values()).cloned().collect::<Vec<String>>()
    };
    let texts = subject.start.as_ref().map(texts).unwrap_or_default();
    let fields = root.optional("dependency").map_or(Ok(Vec::new()), |field| field.list())?;
    for (dependency, field) in subject.dependencies.iter().zip(fields) {
        let placeholder = Dependency::placeholder(&dependency.name);
        if !texts.iter().any(|text| text.contains(&placeholder)) {
            let problem = format!("nothing tells the subject `{placeholder}`, at which it reaches it");
            return Err(field.error(problem).with_hint("use it in `command` or `env` of [start]"));
        }
    }
    let named = |text: &str| {
        subject.dependencies.iter().any(|it| text.starts_with(&Dependency::placeholder(&it.name)))
    };
    let mut unknown = texts.iter().flat_map(|text| text.match_indices(PREFIX).map(|(at, _)| &text[at..]));
    match unknown.find(|rest| !named(rest)) {
        Some(rest) => {
            let end = rest.find('}').map_or(rest.len(), |end| end + 1);
            let problem = format!("`{}` stands for nothing", &rest[..end]);
            let error = root.required("start")?.error(problem);
            Err(error.with_hint("name the dependency in [[dependency]]"))
        }
        None => Ok(()),
    }
}
