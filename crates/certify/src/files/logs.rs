//! Where a subject writes its log, beside its standard output and what looks like a log.

use super::error::FileError;
use super::placeholder::check_spelling;
use super::subject::StartCommand;
use super::table::Table;
use super::value::Field;

const KEYS: [&str; 1] = ["files"];

/// The files of `[logs]` as they are written: relative to the subject's file, with `{dir}` for its own folder.
pub(super) fn parse_logs(field: &Field<'_>) -> Result<Vec<String>, FileError> {
    let table = field.table("[logs]", &KEYS)?;
    let path = |field: Field<'_>| {
        let path = field.phrase()?;
        check_spelling(&field, path, &["{dir}"])?;
        Ok(path.to_owned())
    };
    table.required("files")?.some_list()?.into_iter().map(path).collect()
}

/// What a subject that is not started here writes, nobody here can tell from what others write.
pub(super) fn check_logs(root: &Table<'_>, start: Option<&StartCommand>) -> Result<(), FileError> {
    match (root.optional("logs"), start) {
        (Some(field), None) => {
            let error =
                field.error("[logs] without [start]: the log of a subject that runs elsewhere stays there");
            Err(error.with_hint("add [start], or remove [logs]"))
        }
        _ => Ok(()),
    }
}
