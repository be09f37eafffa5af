//! The auditor of written certifications: text in, findings out. Pure.
//!
//! A document is read into sections, statements, tables and records ([`document`], [`records`]); numbers become the
//! intervals that their printed digits allow ([`quantity`]); each check of [`checks`] is a function from that to
//! findings. A contradiction is reported only where no values behind the printed digits could make both statements
//! true, so a document that rounds honestly has none.

mod checks;
mod date;
mod document;
mod facts;
mod finding;
mod fraction;
mod interval;
mod looked;
mod number;
mod page;
mod qualifier;
mod quantity;
mod reader;
mod records;
mod said;
#[cfg(test)]
mod tests;
mod text;
mod token;
mod window;
mod words;

pub use finding::{Finding, FindingKind};
pub use looked::Looked;
pub use page::render_claims;
pub use text::{DOCUMENT_BYTES_MAX, NotText};

use document::Document;
use facts::Facts;
use records::Record;

/// A document that was audited.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Audit {
    /// Its lines, as they were read.
    pub lines: Vec<String>,
    /// What was found, the gravest kind first, each kind in the order of lines.
    pub findings: Vec<Finding>,
    /// What there was to look at.
    pub looked: Looked,
}

impl Audit {
    /// How many findings there are of a kind.
    pub fn count(&self, kind: FindingKind) -> usize {
        self.findings.iter().filter(|finding| finding.kind == kind).count()
    }
}

/// Audits the bytes of a document.
///
/// # Errors
/// The bytes are no text, or more than [`DOCUMENT_BYTES_MAX`].
pub fn audit(bytes: &[u8]) -> Result<Audit, NotText> {
    let text::Text { lines, garbled } = text::read(bytes)?;
    let case = Case::of(reader::read(lines));
    let mut findings: Vec<Finding> = checks::ALL.iter().flat_map(|check| check(&case)).collect();
    findings.extend(garbled.map(|garbled| Finding {
        line: garbled.line,
        kind: FindingKind::Encoding,
        claim: document::quoted(&garbled.claim),
        reason: garbled.reason,
    }));
    findings.sort_by(|one, two| (one.kind, one.line, &one.reason).cmp(&(two.kind, two.line, &two.reason)));
    findings.dedup();
    let looked = Looked::of(&case.document);
    Ok(Audit { lines: case.document.lines, findings, looked })
}

/// All that a check looks at.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Case {
    document: Document,
    records: Vec<Record>,
    facts: Facts,
}

impl Case {
    fn of(document: Document) -> Self {
        let records = records::records(&document);
        let facts = Facts::of(&document, &records);
        Self { document, records, facts }
    }

    fn finding(&self, line: usize, kind: FindingKind, reason: impl Into<String>) -> Finding {
        Finding { line, kind, claim: self.document.quote(line), reason: reason.into() }
    }
}
