//! Results that other tools have measured, read strictly and within bounds.

mod json;
mod xml;

use plimsoll_base::Utc;
use plimsoll_evidence::{Gravity, ImportFormat, ImportedFinding, ImportedResult, ToldBy};
use plimsoll_proof::Digest;

use super::place::{read, written_at};
use super::{Looked, short};
use crate::files::Import;

/// More findings than this nobody reads one by one.
const FINDINGS_MAX: usize = 1_000;

/// What a parser makes of a file.
#[derive(Debug, Default, PartialEq, Eq)]
struct Parsed {
    measured: Option<Utc>,
    examined: u64,
    of: Option<String>,
    findings: Vec<ImportedFinding>,
}

impl Parsed {
    fn found(&mut self, gravity: Gravity, id: &str, place: &str) {
        self.findings.push(ImportedFinding { id: short(id), place: short(place), gravity });
    }

    /// The latest of all times that are told.
    fn measured_at(&mut self, time: Option<Utc>) {
        self.measured = self.measured.max(time);
    }
}

/// Reads each file. `names` are the commit and the digests of the subject.
pub(super) fn results(looked: &Looked, names: &[String]) -> Vec<ImportedResult> {
    looked.files.imports.iter().map(|import| result(looked, import, names)).collect()
}

fn result(looked: &Looked, import: &Import, names: &[String]) -> ImportedResult {
    let bytes = read(&looked.root, &import.path);
    let sha256 = bytes.as_deref().ok().map(Digest::of);
    let parsed = bytes.and_then(|bytes| parse(import.format, &bytes));
    let problem = parsed.as_ref().err().cloned();
    let parsed = parsed.unwrap_or_default();
    let told_by = if parsed.measured.is_some() { ToldBy::Result } else { ToldBy::File };
    let counts = |finding: &ImportedFinding| finding.gravity >= import.gravity_from;
    let (mut findings, below): (Vec<_>, Vec<_>) = parsed.findings.into_iter().partition(counts);
    let more = findings.len().saturating_sub(FINDINGS_MAX) as u64;
    findings.truncate(FINDINGS_MAX);
    ImportedResult {
        path: import.path.clone(),
        format: import.format,
        tool: import.tool.clone(),
        sha256,
        problem,
        measured: parsed.measured.or_else(|| written_at(&looked.root, &import.path)),
        told_by,
        max_age_s: import.max_age_s,
        gravity_from: import.gravity_from,
        examined: parsed.examined,
        is_of_subject: parsed.of.as_deref().map(|of| names.iter().any(|name| is_same(of, name))),
        of: parsed.of,
        findings,
        more,
        below: below.len() as u64,
    }
}

/// Whether a result's word for what it speaks of is the subject's: a commit may be shortened, a digest has its algorithm
/// before it, and an image its name.
fn is_same(of: &str, name: &str) -> bool {
    let bare = of.rsplit(['@', ':']).next().unwrap_or(of).to_ascii_lowercase();
    bare.len() >= 7 && name.to_ascii_lowercase().starts_with(&bare)
}

fn parse(format: ImportFormat, bytes: &[u8]) -> Result<Parsed, String> {
    match format {
        ImportFormat::Junit => xml::junit(bytes),
        ImportFormat::Xccdf => xml::xccdf(bytes),
        ImportFormat::Sarif => json::sarif(&json::document(bytes)?),
        ImportFormat::Trivy => json::trivy(&json::document(bytes)?),
        ImportFormat::Inspec => json::inspec(&json::document(bytes)?),
    }
}

#[cfg(test)]
mod tests;
