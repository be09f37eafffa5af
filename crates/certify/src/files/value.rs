//! One value of a file, read as what it must be.

use std::fmt::Display;
use std::ops::RangeInclusive;

use plimsoll_base::{Quantity, Unit};
use toml::Spanned;
use toml::de::{DeTable, DeValue};

use super::error::FileError;
use super::nearest;
use super::table::{File, Table};

/// What is longer does not fit where such texts are shown: tables, log lines, the report.
const PHRASE_CHARACTERS_MAX: usize = 300;
/// Longer names break the columns of every table.
const NAME_CHARACTERS_MAX: usize = 40;

/// A value, its key, and where it stands.
#[derive(Clone, Copy)]
pub(super) struct Field<'a> {
    file: File<'a>,
    key: &'a str,
    value: &'a Spanned<DeValue<'a>>,
}

impl<'a> Field<'a> {
    pub(super) fn new(file: File<'a>, key: &'a str, value: &'a Spanned<DeValue<'a>>) -> Self {
        Self { file, key, value }
    }

    pub(super) fn key(&self) -> &'a str {
        self.key
    }

    pub(super) fn error(&self, problem: impl Into<String>) -> FileError {
        self.file.error(self.value.span(), problem)
    }

    pub(super) fn text(&self) -> Result<&'a str, FileError> {
        match self.value.get_ref() {
            DeValue::String(text) => Ok(text),
            _ => Err(self.wrong_type("text in quotes")),
        }
    }

    /// Text that is shown to people: one line that says something.
    pub(super) fn phrase(&self) -> Result<&'a str, FileError> {
        let text = self.text()?;
        if text.trim().is_empty() {
            return Err(self.error(format!("`{}` is empty", self.key)));
        }
        if text.chars().any(char::is_control) {
            return Err(self.error(format!("`{}` has a line break or another control character", self.key)));
        }
        if text.chars().count() > PHRASE_CHARACTERS_MAX {
            let problem = format!("`{}` is longer than {PHRASE_CHARACTERS_MAX} characters", self.key);
            return Err(self.error(problem));
        }
        Ok(text)
    }

    /// A name by which machines count: of subjects, profiles and criteria.
    pub(super) fn name(&self) -> Result<&'a str, FileError> {
        let text = self.text()?;
        let is_plain = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-';
        if (1..=NAME_CHARACTERS_MAX).contains(&text.len()) && text.bytes().all(is_plain) {
            return Ok(text);
        }
        let hint = format!("one to {NAME_CHARACTERS_MAX} of a-z, 0-9 and -");
        Err(self.error(format!("`{}` is not a name: {text:?}", self.key)).with_hint(hint))
    }

    pub(super) fn boolean(&self) -> Result<bool, FileError> {
        self.value.get_ref().as_bool().ok_or_else(|| self.wrong_type("true or false"))
    }

    pub(super) fn integer(&self, range: RangeInclusive<u64>) -> Result<u64, FileError> {
        let DeValue::Integer(integer) = self.value.get_ref() else {
            return Err(self.wrong_type("a whole number without quotes"));
        };
        // A negative number does not parse here, and is out of every range.
        let number = u64::from_str_radix(integer.as_str(), integer.radix()).ok();
        number
            .filter(|number| range.contains(number))
            .ok_or_else(|| self.out_of_range(integer, &range, |n| n.to_string()))
    }

    pub(super) fn list(&self) -> Result<Vec<Field<'a>>, FileError> {
        match self.value.get_ref() {
            DeValue::Array(items) => Ok(items.iter().map(|value| Field { value, ..*self }).collect()),
            _ => Err(self.wrong_type("a list in square brackets")),
        }
    }

    /// A list that is not empty.
    pub(super) fn some_list(&self) -> Result<Vec<Field<'a>>, FileError> {
        let items = self.list()?;
        if items.is_empty() { Err(self.error(format!("`{}` is empty", self.key))) } else { Ok(items) }
    }

    /// A table with known keys, called `name` in messages.
    pub(super) fn table(&self, name: &str, known: &'static [&'static str]) -> Result<Table<'a>, FileError> {
        Table::new(self.file, name, self.value.span(), self.entries()?, known)
    }

    /// The entries of a table whose keys a person chooses.
    pub(super) fn free_table(&self) -> Result<Vec<Field<'a>>, FileError> {
        Ok(self.entries()?.iter().map(|(key, value)| Field::new(self.file, key.get_ref(), value)).collect())
    }

    fn entries(&self) -> Result<&'a DeTable<'a>, FileError> {
        self.value.get_ref().as_table().ok_or_else(|| self.wrong_type("a table"))
    }

    /// One of `all`, by its name.
    pub(super) fn choice<T: Copy>(
        &self,
        all: &[T],
        name: impl Fn(T) -> &'static str,
    ) -> Result<T, FileError> {
        let text = self.text()?;
        let found = all.iter().copied().find(|item| name(*item) == text);
        found.ok_or_else(|| {
            let names: Vec<&str> = all.iter().map(|item| name(*item)).collect();
            self.error(format!("unknown {} `{text}`", self.key)).with_hint(nearest::hint(text, &names))
        })
    }

    /// A number with its unit, in canonical units.
    pub(super) fn quantity(&self, unit: Unit) -> Result<u64, FileError> {
        let (kind, example) = kind_of(unit);
        let like = || format!("write it like {} = {example}", self.key);
        // Only a count is a number without a unit, so only a count may stand without quotes.
        if unit == Unit::Count && self.value.get_ref().is_integer() {
            return self.integer(0..=plimsoll_proof::INTEGER_MAX);
        }
        let text = self.text().map_err(|error| error.with_hint(like()))?;
        let quantity: Quantity =
            text.parse().map_err(|error| self.error(format!("`{}`: {error}", self.key)).with_hint(like()))?;
        if quantity.unit == unit {
            return Ok(quantity.amount);
        }
        let problem = format!("`{}` must be {kind}, not {}", self.key, kind_of(quantity.unit).0);
        Err(self.error(problem).with_hint(like()))
    }

    /// A number with its unit, within bounds.
    pub(super) fn quantity_in(&self, unit: Unit, range: RangeInclusive<u64>) -> Result<u64, FileError> {
        let amount = self.quantity(unit)?;
        if range.contains(&amount) {
            return Ok(amount);
        }
        let shown = |amount| Quantity { amount, unit }.to_string();
        Err(self.out_of_range(shown(amount), &range, shown))
    }

    fn out_of_range(
        &self,
        given: impl Display,
        range: &RangeInclusive<u64>,
        shown: impl Fn(u64) -> String,
    ) -> FileError {
        let (least, most) = (shown(*range.start()), shown(*range.end()));
        self.error(format!("`{}` is {given}: it must lie between {least} and {most}", self.key))
    }

    fn wrong_type(&self, wanted: &str) -> FileError {
        let found = match self.value.get_ref() {
            DeValue::String(_) => "text",
            DeValue::Integer(_) => "a whole number",
            DeValue::Float(_) => "a decimal number",
            DeValue::Boolean(_) => "true or false",
            DeValue::Datetime(_) => "a date",
            DeValue::Array(_) => "a list",
            DeValue::Table(_) => "a table",
        };
        self.error(format!("`{}` must be {wanted}, not {found}", self.key))
    }
}

/// A unit in words, and an example of it.
fn kind_of(unit: Unit) -> (&'static str, &'static str) {
    match unit {
        Unit::Ns => ("a duration", "\"250ms\""),
        Unit::Ppb => ("a share", "\"0.1%\""),
        Unit::Count => ("a count", "0"),
        Unit::PerKs => ("a rate", "\"200/s\""),
        Unit::Bytes => ("an amount of memory", "\"256MiB\""),
    }
}
