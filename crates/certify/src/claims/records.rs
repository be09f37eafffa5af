//! What belongs together: the rows and columns of tables, and lists of keys with values, in one shape.

use std::collections::BTreeMap;

use super::document::{Document, Place, Row, Table, short};
use super::qualifier::qualifier;
use super::quantity::{Event, Quantity, Unit, seconds};
use super::token::first_quantity;
use super::words::mentions;

/// Keys with values that speak of one thing.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Record {
    pub(crate) section: usize,
    /// Its first line.
    pub(crate) line: usize,
    /// What it speaks of, in lower case: a section's title, a row's first cell, a column's head.
    pub(crate) title: String,
    pub(crate) fields: Vec<Field>,
    pub(crate) origin: Origin,
}

/// Where a record comes from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Origin {
    /// Of this table by its index.
    Row(usize),
    Column(usize),
    List,
}

#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Field {
    pub(crate) line: usize,
    /// In lower case.
    pub(crate) key: String,
    pub(crate) value: String,
}

impl Field {
    /// The first number of the value, in the unit that the key names where the value names none.
    pub(crate) fn quantity(&self) -> Option<Quantity> {
        let (quantity, _) = first_quantity(&self.value)?;
        Some(in_unit_of(&self.key, quantity))
    }

    /// Whether no word of key and value may narrow the number.
    pub(crate) fn is_plain(&self) -> bool {
        qualifier(&self.key, &self.value).is_empty()
    }

    /// The number, if it has this unit.
    pub(crate) fn of(&self, unit: Unit) -> Option<Quantity> {
        self.quantity().filter(|quantity| quantity.unit == unit)
    }
}

/// A number without a unit in the unit that its key names.
pub(crate) fn in_unit_of(key: &str, quantity: Quantity) -> Quantity {
    match unit_of(key).filter(|_| quantity.unit == Unit::Plain) {
        Some((unit, scale)) => {
            let (value, step) = (quantity.value * scale, quantity.step * scale);
            Quantity { value, step, scale, unit, ..quantity }
        }
        None => quantity,
    }
}

/// The unit at the end of a key: `p95 (ms)`, `errors %`, `requests/s`.
fn unit_of(key: &str) -> Option<(Unit, f64)> {
    let key = key.trim_end_matches(')');
    if key.ends_with('%') {
        return Some((Unit::Percent, 1.0));
    }
    if ["/s", "/sec", "/second", "per second", "rps"].iter().any(|end| key.ends_with(end)) {
        let is_request = mentions(key, &["rps", "req", "requests"]);
        return Some((Unit::PerSecond(if is_request { Event::Request } else { Event::Other }), 1.0));
    }
    let (_, word) = key.rsplit_once([' ', '(', ','])?;
    seconds(word).map(|scale| (Unit::Seconds, scale))
}

impl Record {
    pub(crate) fn fields_with<'a>(&'a self, words: &'a [&str]) -> impl Iterator<Item = &'a Field> {
        self.fields.iter().filter(move |field| mentions(&field.key, words))
    }

    pub(crate) fn field_with(&self, words: &[&str]) -> Option<&Field> {
        self.fields.iter().find(|field| mentions(&field.key, words))
    }
}

/// All records of a document.
pub(crate) fn records(document: &Document) -> Vec<Record> {
    let mut records = lists(document);
    for (index, table) in document.tables.iter().enumerate() {
        records.extend(rows(table, index));
        records.extend(columns(table, index));
    }
    records
}

fn lists(document: &Document) -> Vec<Record> {
    let mut blocks: BTreeMap<usize, Record> = BTreeMap::new();
    for statement in &document.statements {
        let is_open = statement.tick == Some(false);
        if statement.key.is_empty() || is_open || matches!(statement.place, Place::Heading | Place::Command) {
            continue;
        }
        let record = blocks.entry(statement.block).or_insert_with(|| Record {
            section: statement.section,
            line: statement.line,
            title: document.sections[statement.section].lower.clone(),
            fields: Vec::new(),
            origin: Origin::List,
        });
        let field =
            Field { line: statement.line, key: statement.key.clone(), value: statement.value.clone() };
        record.fields.push(field);
    }
    blocks.into_values().collect()
}

fn rows(table: &Table, index: usize) -> Vec<Record> {
    let record = |row: &Row| Record {
        section: table.section,
        line: row.line,
        title: row.cells.first().map_or(String::new(), |cell| short(cell).to_lowercase()),
        fields: table
            .head
            .iter()
            .zip(&row.cells)
            .map(|(key, value)| Field { line: row.line, key: key.clone(), value: value.clone() })
            .collect(),
        origin: Origin::Row(index),
    };
    table.rows.iter().map(record).collect()
}

fn columns(table: &Table, index: usize) -> Vec<Record> {
    let record = |(column, title): (usize, &String)| Record {
        section: table.section,
        line: table.line,
        title: title.clone(),
        fields: table
            .rows
            .iter()
            .filter_map(|row| {
                let key = short(row.cells.first()?).to_lowercase();
                Some(Field { line: row.line, key, value: row.cells.get(column)?.clone() })
            })
            .collect(),
        origin: Origin::Column(index),
    };
    table.head.iter().enumerate().skip(1).map(record).collect()
}
