//! A table of a file, with the places of all that stands in it.

use std::ops::Range;

use toml::Spanned;
use toml::de::DeTable;

use super::error::FileError;
use super::nearest;
use super::value::Field;

/// No profile and no subject needs more; what is larger is not such a file.
const FILE_BYTES_MAX: usize = 256 << 10;

/// A file: its name and its text.
#[derive(Clone, Copy)]
pub(super) struct File<'a> {
    name: &'a str,
    text: &'a str,
}

impl<'a> File<'a> {
    pub(super) fn new(name: &'a str, text: &'a str) -> Self {
        Self { name, text }
    }

    /// Reads the whole as TOML.
    pub(super) fn parse(self) -> Result<Spanned<DeTable<'a>>, FileError> {
        if self.text.len() > FILE_BYTES_MAX {
            let problem =
                format!("{} bytes are more than the {FILE_BYTES_MAX} that are read", self.text.len());
            return Err(self.error(0..0, problem));
        }
        DeTable::parse(self.text).map_err(|error| {
            let span = error.span().unwrap_or(0..0);
            self.error(span, format!("this is not TOML: {}", error.message().replace('\n', ", ")))
        })
    }

    pub(super) fn error(self, span: Range<usize>, problem: impl Into<String>) -> FileError {
        let before = self.text.get(..span.start).unwrap_or(self.text);
        let line_start = before.rfind('\n').map_or(0, |at| at + 1);
        FileError {
            file: self.name.into(),
            line: before.matches('\n').count() + 1,
            column: before.get(line_start..).unwrap_or_default().chars().count() + 1,
            problem: problem.into(),
            hint: None,
        }
    }
}

/// A table in which every key is known.
pub(super) struct Table<'a> {
    file: File<'a>,
    /// How it is called in messages.
    name: String,
    span: Range<usize>,
    entries: &'a DeTable<'a>,
    known: &'static [&'static str],
}

impl<'a> Table<'a> {
    /// Refuses unknown keys at once: a misspelt key is reported as such, not as another key that is missing.
    pub(super) fn new(
        file: File<'a>,
        name: impl Into<String>,
        span: Range<usize>,
        entries: &'a DeTable<'a>,
        known: &'static [&'static str],
    ) -> Result<Self, FileError> {
        let table = Self { file, name: name.into(), span, entries, known };
        let unknown = entries.keys().filter(|key| !known.contains(&key.get_ref().as_ref()));
        match unknown.min_by_key(|key| key.span().start) {
            None => Ok(table),
            Some(key) => {
                let problem = format!("unknown key `{}` in {}", key.get_ref(), table.name);
                Err(file.error(key.span(), problem).with_hint(nearest::hint(key.get_ref(), known)))
            }
        }
    }

    pub(super) fn root(
        file: File<'a>,
        document: &'a Spanned<DeTable<'a>>,
        known: &'static [&'static str],
    ) -> Result<Self, FileError> {
        Self::new(file, "the file", 0..0, document.get_ref(), known)
    }

    pub(super) fn optional(&self, key: &'static str) -> Option<Field<'a>> {
        debug_assert!(self.known.contains(&key), "`{key}` is read but not known");
        let (key, value) = self.entries.get_key_value(key)?;
        Some(Field::new(self.file, key.get_ref(), value))
    }

    pub(super) fn required(&self, key: &'static str) -> Result<Field<'a>, FileError> {
        self.optional(key).ok_or_else(|| self.error(format!("`{key}` is missing from {}", self.name)))
    }

    /// An error of the table as a whole.
    pub(super) fn error(&self, problem: impl Into<String>) -> FileError {
        self.file.error(self.span.clone(), problem)
    }
}
