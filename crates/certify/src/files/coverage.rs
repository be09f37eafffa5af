//! How a profile answers the document that it stands for, line by line.

use std::ops::RangeInclusive;

use super::error::FileError;
use super::table::Table;
use super::value::Field;

const REFUSED_KEYS: [&str; 3] = ["rows", "statement", "why"];
/// A document of more lines is no certification that anybody has read.
const ROW_MAX: u64 = 100_000;

/// A document, and what answers its lines.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Coverage {
    /// Which document, for people.
    pub document: String,
    /// In the order of the file.
    pub answers: Vec<Answer>,
}

/// What answers some lines of a document.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Answer {
    /// Lines of the document, from 1.
    pub rows: Vec<RangeInclusive<u64>>,
    /// With what.
    pub with: With,
}

/// With what a line is answered.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum With {
    /// A criterion or a gap of the profile, by its id.
    Requirement(String),
    /// It is not asked for.
    Refused {
        /// What the document says, in other words.
        statement: String,
        /// Why it is not asked for.
        why: String,
    },
}

/// What the file says of its document; none if it names none. `requirements` are its criteria and gaps with their ids.
pub(super) fn answers(
    root: &Table<'_>,
    requirements: &[(&str, &Table<'_>)],
) -> Result<Option<Coverage>, FileError> {
    let document = root.optional("document");
    let mut answers = Vec::new();
    for (id, table) in requirements {
        match (table.optional("rows"), &document) {
            (Some(field), None) => return Err(without_document(&field)),
            (Some(field), Some(_)) => {
                answers.push(Answer { rows: parse_rows(&field)?, with: With::Requirement((*id).to_owned()) });
            }
            (None, _) => {}
        }
    }
    let refused = root.optional("refused");
    let Some(document) = document else {
        return refused.map_or(Ok(None), |field| Err(without_document(&field)));
    };
    for field in refused.map_or(Ok(Vec::new()), |field| field.some_list())? {
        answers.push(parse_refused(&field)?);
    }
    Ok(Some(Coverage { document: document.phrase()?.into(), answers }))
}

fn without_document(field: &Field<'_>) -> FileError {
    let error = field.error(format!("`{}` speaks of a document, but the file names none", field.key()));
    error.with_hint("write document = \"its title and date\" at the top")
}

fn parse_refused(field: &Field<'_>) -> Result<Answer, FileError> {
    let table = field.table("[[refused]]", &REFUSED_KEYS)?;
    let phrase = |key| Ok::<_, FileError>(table.required(key)?.phrase()?.to_owned());
    let with = With::Refused { statement: phrase("statement")?, why: phrase("why")? };
    Ok(Answer { rows: parse_rows(&table.required("rows")?)?, with })
}

/// Numbers and ranges of lines, as `"12 20-25"`.
fn parse_rows(field: &Field<'_>) -> Result<Vec<RangeInclusive<u64>>, FileError> {
    let number = |text: &str| text.parse::<u64>().ok().filter(|row| (1..=ROW_MAX).contains(row));
    let rows = field.phrase()?.split_whitespace().map(|word| {
        let (first, last) = word.split_once('-').unwrap_or((word, word));
        let range = number(first).zip(number(last)).filter(|(first, last)| first <= last);
        range.map(|(first, last)| first..=last).ok_or_else(|| {
            let error = field.error(format!("`{word}` is no line and no range of lines"));
            error.with_hint("write them like rows = \"12 20-25\"")
        })
    });
    rows.collect()
}
