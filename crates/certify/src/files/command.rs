//! How a subject is started and stopped, and how its data are saved and brought back.

use std::collections::BTreeMap;
use std::path::Path;

use plimsoll_base::Unit;
use plimsoll_process::Signal;

use super::error::FileError;
use super::placeholder::check_spelling;
use super::subject::{BackupCommands, StartCommand, located};
use super::value::Field;

const KEYS: [&str; 6] = ["command", "working_dir", "env", "stop", "ready_within", "stop_within"];
const BACKUP_KEYS: [&str; 3] = ["save", "restore", "within"];
/// Some services warm up for long; longer than the default is for the file to say.
const READY_NS_DEFAULT: u64 = 30_000_000_000;
/// What most supervisors grant before they kill.
const STOP_NS_DEFAULT: u64 = 10_000_000_000;
/// What was written within some seconds is saved and restored much sooner.
const BACKUP_NS_DEFAULT: u64 = 60_000_000_000;
/// Below a millisecond the scheduler's own delays decide.
const WAIT_NS_MIN: u64 = 1_000_000;
/// Every trial may wait so long: more makes a certification that does not end.
const WAIT_NS_MAX: u64 = 600_000_000_000;
/// What is filled in before the start.
const PLACEHOLDERS: [&str; 3] = ["{port}", "{dir}", "{tls_port}"];
/// What is filled in before a backup: the subject runs.
const SAVE_PLACEHOLDERS: [&str; 3] = ["{port}", "{dir}", "{backup}"];
/// What is filled in before a restore: nobody runs, and no port is drawn.
const RESTORE_PLACEHOLDERS: [&str; 2] = ["{dir}", "{backup}"];

pub(super) fn parse_start(field: &Field<'_>, base_dir: &Path) -> Result<StartCommand, FileError> {
    let table = field.table("[start]", &KEYS)?;
    let wait = |key, default| match table.optional(key) {
        Some(field) => field.quantity_in(Unit::Ns, WAIT_NS_MIN..=WAIT_NS_MAX),
        None => Ok(default),
    };
    let working_dir = match table.optional("working_dir") {
        Some(field) => located(base_dir, field.phrase()?),
        None => base_dir.to_owned(),
    };
    Ok(StartCommand {
        command: parse_command(&table.required("command")?, &PLACEHOLDERS)?,
        working_dir,
        env: table.optional("env").map_or(Ok(BTreeMap::new()), |field| parse_env(&field))?,
        stop: table.optional("stop").map_or(Ok(Signal::Term), |field| parse_stop(&field))?,
        ready_within_ns: wait("ready_within", READY_NS_DEFAULT)?,
        stop_within_ns: wait("stop_within", STOP_NS_DEFAULT)?,
    })
}

pub(super) fn parse_backup(field: &Field<'_>) -> Result<BackupCommands, FileError> {
    let table = field.table("[backup]", &BACKUP_KEYS)?;
    let commanded = |key, placeholders: &[&str]| {
        let field = table.required(key)?;
        let command = parse_command(&field, placeholders)?;
        if command.iter().any(|word| word.contains("{backup}")) {
            return Ok(command);
        }
        let error = field.error(format!("`{key}` does not mention `{{backup}}`, the folder of the backup"));
        Err(error.with_hint("hand it to the program, as in \"--to\", \"{backup}\""))
    };
    Ok(BackupCommands {
        save: commanded("save", &SAVE_PLACEHOLDERS)?,
        restore: commanded("restore", &RESTORE_PLACEHOLDERS)?,
        within_ns: match table.optional("within") {
            Some(field) => field.quantity_in(Unit::Ns, WAIT_NS_MIN..=WAIT_NS_MAX)?,
            None => BACKUP_NS_DEFAULT,
        },
    })
}

pub(super) fn parse_command(field: &Field<'_>, placeholders: &[&str]) -> Result<Vec<String>, FileError> {
    let hint =
        "write program and arguments apart, like [\"./notes\", \"--port\", \"{port}\"]; no shell reads them";
    let words = field.some_list().map_err(|error| error.with_hint(hint))?;
    let mut command = Vec::with_capacity(words.len());
    for word in &words {
        command.push(filled_text(word, placeholders)?.to_owned());
    }
    if command.first().is_some_and(|program| program.trim().is_empty()) {
        return Err(field.error("the program's name is empty").with_hint(hint));
    }
    Ok(command)
}

fn parse_env(field: &Field<'_>) -> Result<BTreeMap<String, String>, FileError> {
    let mut env = BTreeMap::new();
    for variable in field.free_table()? {
        let name = variable.key();
        if name.is_empty() || name.contains(['=', '\0']) {
            return Err(variable.error(format!("{name:?} cannot be the name of a variable")));
        }
        env.insert(name.to_owned(), filled_text(&variable, &PLACEHOLDERS)?.to_owned());
    }
    Ok(env)
}

/// Text that a program receives, with its placeholders spelt right.
fn filled_text<'a>(field: &Field<'a>, placeholders: &[&str]) -> Result<&'a str, FileError> {
    let text = field.text()?;
    if text.contains('\0') {
        return Err(
            field.error(format!("`{}` holds a zero byte, which no program can be given", field.key()))
        );
    }
    check_spelling(field, text, placeholders)?;
    Ok(text)
}

fn parse_stop(field: &Field<'_>) -> Result<Signal, FileError> {
    let stops = [Signal::Term, Signal::Quit, Signal::Int, Signal::Hup, Signal::Usr1, Signal::Usr2];
    let text = field.text()?;
    match text.parse::<Signal>() {
        Ok(signal) if stops.contains(&signal) => Ok(signal),
        Ok(signal) => {
            let error = field.error(format!("{} cannot ask a program to end in good order", signal.name()));
            Err(error.with_hint("write stop = \"SIGTERM\", or leave it out"))
        }
        Err(_) => field.choice(&stops, Signal::name),
    }
}
