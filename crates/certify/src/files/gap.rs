//! A requirement of a profile that nothing measures.

use plimsoll_evidence::{Gap, Severity};

use super::criterion::phrases;
use super::error::FileError;
use super::table::Table;

pub(super) const KEYS: [&str; 8] =
    ["id", "statement", "domain", "asked", "missing", "severity", "mappings", "rows"];

pub(super) fn parse_gap(table: &Table<'_>) -> Result<Gap, FileError> {
    let phrase = |key| Ok::<_, FileError>(table.required(key)?.phrase()?.to_owned());
    Ok(Gap {
        id: table.required("id")?.name()?.into(),
        statement: phrase("statement")?,
        domain: phrase("domain")?,
        asked: phrase("asked")?,
        missing: phrase("missing")?,
        severity: table.required("severity")?.choice(&Severity::ALL, Severity::name)?,
        mappings: phrases(table.optional("mappings"))?,
    })
}
