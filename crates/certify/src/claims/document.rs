//! A document as sections, statements and tables, each with its line.

/// Characters of a title that are looked at.
const TITLE_CHARACTERS_MAX: usize = 200;

/// Characters of a line that are quoted.
const QUOTE_CHARACTERS_MAX: usize = 300;

/// A document that was read.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Document {
    /// As they are shown.
    pub(crate) lines: Vec<String>,
    /// The first is what stands before all headings.
    pub(crate) sections: Vec<Section>,
    pub(crate) statements: Vec<Statement>,
    pub(crate) tables: Vec<Table>,
}

/// A heading with what stands under it.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Section {
    /// Of its heading, from 1; 0 for what stands before all headings.
    pub(crate) line: usize,
    /// From 1; 0 for what stands before all headings.
    pub(crate) level: usize,
    pub(crate) title: String,
    /// In lower case.
    pub(crate) lower: String,
    pub(crate) parent: Option<usize>,
    /// The part of the document, titled just below the document itself, in which it stands.
    pub(crate) chapter: usize,
    /// Whether it is about what is to come. The document's own title does not count.
    pub(crate) is_plan: bool,
}

/// Where a statement stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Place {
    Heading,
    Item,
    Prose,
    /// In a fence for a shell.
    Command,
    /// In another fence.
    Fence,
}

/// One line that says something.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Statement {
    pub(crate) line: usize,
    /// Index of its section.
    pub(crate) section: usize,
    /// Lines that stand together have the same number.
    pub(crate) block: usize,
    pub(crate) place: Place,
    /// Whether its box is ticked, if it has one.
    pub(crate) tick: Option<bool>,
    /// Before the colon, in lower case; empty where there is none.
    pub(crate) key: String,
    /// After the colon, or all of it.
    pub(crate) value: String,
    /// All of it in lower case.
    pub(crate) lower: String,
}

/// A table.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Table {
    pub(crate) section: usize,
    /// Of its head.
    pub(crate) line: usize,
    /// In lower case.
    pub(crate) head: Vec<String>,
    pub(crate) rows: Vec<Row>,
}

#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Row {
    pub(crate) line: usize,
    pub(crate) cells: Vec<String>,
}

impl Document {
    /// A line as it stands in the document, for quoting.
    pub(crate) fn quote(&self, line: usize) -> String {
        quoted(self.lines.get(line.wrapping_sub(1)).map_or("", String::as_str))
    }

    /// The statements of each chapter, in their order.
    pub(crate) fn chapters(&self) -> impl Iterator<Item = &[Statement]> {
        self.statements
            .chunk_by(|one, two| self.sections[one.section].chapter == self.sections[two.section].chapter)
    }

    pub(crate) fn is_plan(&self, section: usize) -> bool {
        self.sections[section].is_plan
    }
}

/// As much of a title or a key as is looked at, so that one that goes on for ever is not copied for ever.
pub(crate) fn short(text: &str) -> String {
    text.chars().take(TITLE_CHARACTERS_MAX).collect()
}

/// A line as it is quoted: one that goes on for ever is cut.
pub(crate) fn quoted(line: &str) -> String {
    let line = line.trim();
    match line.char_indices().nth(QUOTE_CHARACTERS_MAX) {
        Some((end, _)) => format!("{}…", &line[..end]),
        None => line.to_owned(),
    }
}
