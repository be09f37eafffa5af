//! What there was to look at, so that a document in which nothing is found is told from one in which nothing could be.

use std::fmt;

use super::date::days;
use super::document::{Document, Place};
use super::token::quantities;

/// How much of a document the auditor could use.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Looked {
    /// Numbers with or without a unit.
    pub figures: usize,
    /// Days by their date.
    pub dates: usize,
    /// Tables.
    pub tables: usize,
    /// Lines and rows of tables that say something: no headings, no commands.
    pub statements: usize,
    /// Those of the statements that have a figure, a date or a box to tick.
    pub usable: usize,
}

impl Looked {
    pub(crate) fn of(document: &Document) -> Self {
        let mut looked = Self { tables: document.tables.len(), ..Self::default() };
        let lines =
            document.statements.iter().filter(|one| !matches!(one.place, Place::Heading | Place::Command));
        for statement in lines {
            looked.add(&statement.value, statement.tick.is_some());
        }
        for row in document.tables.iter().flat_map(|table| &table.rows) {
            looked.add(&row.cells.join(" | "), false);
        }
        looked
    }

    fn add(&mut self, text: &str, has_box: bool) {
        let (figures, dates) = (quantities(text).len(), days(text).len());
        self.figures += figures;
        self.dates += dates;
        self.statements += 1;
        self.usable += usize::from(has_box || figures + dates > 0);
    }
}

impl fmt::Display for Looked {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { figures, dates, tables, statements, usable } = self;
        write!(
            formatter,
            "looked at {figures} figures, {dates} dates and {tables} tables; {usable} of {statements} statements have something \
             to check"
        )
    }
}
