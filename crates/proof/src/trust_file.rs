//! Whom somebody trusts: a text file with one key a line, written by hand or by `plimsoll keys`.
//!
//! A line is a purpose, a verifier key, and optionally the time from which the key is no longer trusted:
//! `certificate plimsoll/0123456789abcdef+89abcdef+AQ… 2027-01-01T00:00:00Z`. Words stand apart by spaces or
//! tabs. A word that begins with `#` begins a comment.

use std::fmt;

use plimsoll_base::{Kind, Utc};

use crate::note::{NoteAlgorithm, VerifierKey};
use crate::public_key::PublicKey;

/// The longest trust file, in bytes: some thousand keys, far more than anybody can know.
pub const TRUST_FILE_BYTES_MAX: usize = 256 << 10;

/// What a key is trusted for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum TrustPurpose {
    /// To sign certificates.
    Certificate,
    /// To sign the checkpoints of a log.
    Log,
    /// To cosign checkpoints.
    Witness,
    /// To sign certificates off, as a person.
    Reviewer,
}

impl TrustPurpose {
    const ALL: [Self; 4] = [Self::Certificate, Self::Log, Self::Witness, Self::Reviewer];

    fn word(self) -> &'static str {
        match self {
            Self::Certificate => "certificate",
            Self::Log => "log",
            Self::Witness => "witness",
            Self::Reviewer => "reviewer",
        }
    }
}

impl fmt::Display for TrustPurpose {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.word())
    }
}

/// One trusted key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TrustEntry {
    /// What it is trusted for.
    pub purpose: TrustPurpose,
    /// The key.
    pub key: VerifierKey,
    /// The first second at which it is no longer trusted.
    pub not_after: Option<Utc>,
}

impl TrustEntry {
    /// Whether the key is still trusted at `time`.
    pub fn is_valid_at(&self, time: Utc) -> bool {
        self.not_after.is_none_or(|not_after| time < not_after)
    }
}

impl fmt::Display for TrustEntry {
    /// The line, without its newline.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.purpose, self.key)?;
        self.not_after.map_or(Ok(()), |not_after| write!(f, " {not_after}"))
    }
}

/// The keys of a trust file, in its order.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct TrustFile {
    entries: Vec<TrustEntry>,
}

/// A trust file is malformed.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("line {line}, column {column}: {problem}")]
pub struct TrustFileError {
    /// The line, counted from 1.
    pub line: usize,
    /// The character within the line, counted from 1.
    pub column: usize,
    /// What stands there.
    pub problem: String,
}

impl TrustFileError {
    /// What sort of trouble this is.
    pub fn kind(&self) -> Kind {
        Kind::Invalid
    }
}

impl From<TrustEntry> for TrustFile {
    /// Trust in one key.
    fn from(entry: TrustEntry) -> Self {
        Self { entries: vec![entry] }
    }
}

impl TrustFile {
    /// Reads a whole file.
    pub fn parse(text: &str) -> Result<Self, TrustFileError> {
        if text.len() > TRUST_FILE_BYTES_MAX {
            let problem = format!("the file is over the limit of {TRUST_FILE_BYTES_MAX} bytes");
            return Err(TrustFileError { line: 1, column: 1, problem });
        }
        let mut file = Self::default();
        for (index, line) in text.lines().enumerate() {
            let at = |(column, problem)| TrustFileError { line: index + 1, column, problem };
            let Some(entry) = parse_line(line).map_err(at)? else { continue };
            if file.find(entry.purpose, entry.key.public_key()).is_some() {
                return Err(at((1, String::from("this key stands further up for the same purpose"))));
            }
            file.entries.push(entry);
        }
        Ok(file)
    }

    /// The keys, in the order of the file.
    pub fn entries(&self) -> &[TrustEntry] {
        &self.entries
    }

    /// These keys and those of `other`. Of a key that stands in both, the entry of `other` counts.
    #[must_use]
    pub fn with(&self, other: &Self) -> Self {
        let is_in_other = |entry: &&TrustEntry| other.find(entry.purpose, entry.key.public_key()).is_some();
        let mine = self.entries.iter().filter(|entry| !is_in_other(entry));
        Self { entries: mine.chain(&other.entries).cloned().collect() }
    }

    /// The entry for `key` in the role of `purpose`, valid or not.
    pub fn find(&self, purpose: TrustPurpose, key: &PublicKey) -> Option<&TrustEntry> {
        self.entries.iter().find(|entry| entry.purpose == purpose && entry.key.public_key() == key)
    }

    /// The witnesses that are trusted at `time`.
    pub fn witnesses_at(&self, time: Utc) -> Vec<VerifierKey> {
        let witnesses = self.entries.iter().filter(|entry| entry.purpose == TrustPurpose::Witness);
        witnesses.filter(|entry| entry.is_valid_at(time)).map(|entry| entry.key.clone()).collect()
    }
}

/// The entry of a line, if it has one; else the column and the problem.
fn parse_line(line: &str) -> Result<Option<TrustEntry>, (usize, String)> {
    let mut words = words(line).take_while(|(_, word)| !word.starts_with('#'));
    let Some((column, word)) = words.next() else { return Ok(None) };
    let purpose = TrustPurpose::ALL.into_iter().find(|purpose| purpose.word() == word);
    let purpose = purpose.ok_or_else(|| {
        (column, format!("`{}` is none of certificate, log, witness, reviewer", excerpt(word)))
    })?;
    let end = line.chars().count() + 1;
    let (column, word) = words.next().ok_or_else(|| (end, String::from("a verifier key is missing")))?;
    let key: VerifierKey = word.parse().map_err(|error| (column, format!("{error}")))?;
    check_role(purpose, &key).map_err(|problem| (column, problem.to_owned()))?;
    let not_after =
        words.next().map(|(column, word)| word.parse().map_err(|error| (column, format!("{error}"))));
    let not_after = not_after.transpose()?;
    match words.next() {
        None => Ok(Some(TrustEntry { purpose, key, not_after })),
        Some((column, word)) => Err((column, format!("`{}` is one word too many", excerpt(word)))),
    }
}

/// A key may only be trusted in a role that its way of signing and its name fit.
fn check_role(purpose: TrustPurpose, key: &VerifierKey) -> Result<(), &'static str> {
    match (purpose, key.algorithm()) {
        (TrustPurpose::Witness, NoteAlgorithm::CosignatureV1) => Ok(()),
        (TrustPurpose::Witness, _) => Err("a witness key must be of the kind cosignature/v1 (04)"),
        (_, NoteAlgorithm::CosignatureV1) => Err("only a witness key may be of the kind cosignature/v1 (04)"),
        _ if *key == VerifierKey::of_issuer(*key.public_key()) => Ok(()),
        _ => Err("the name of an issuer's key is `plimsoll/` and 16 digits of its fingerprint"),
    }
}

/// The words of a line, each with the column at which it begins.
fn words(line: &str) -> impl Iterator<Item = (usize, &str)> {
    let starts = line.split([' ', '\t']).scan(0, |byte, word| {
        let start = *byte;
        *byte += word.len() + 1;
        Some((line[..start].chars().count() + 1, word))
    });
    starts.filter(|(_, word)| !word.is_empty())
}

/// The beginning of a word that is shown to its writer.
fn excerpt(word: &str) -> String {
    word.chars().take(40).collect()
}
