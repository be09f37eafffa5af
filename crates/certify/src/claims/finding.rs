//! What the auditor found.

/// Of which kind a finding is, the gravest first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum FindingKind {
    /// Two statements of the document cannot both be true.
    Contradiction,
    /// A day that does not exist, or an end before its beginning.
    ImpossibleDate,
    /// A placeholder, or no signature at all.
    NoSignature,
    /// More is said than so few samples can show.
    SampleTooSmall,
    /// More is claimed than was looked at.
    ScopeBeyondEvidence,
    /// A score that follows from no count.
    ScoreWithoutEvidence,
    /// A figure without how it was come by.
    FigureWithoutMethod,
    /// A statement that nothing could refute.
    CannotFail,
    /// The file was garbled.
    Encoding,
}

impl FindingKind {
    /// All kinds, the gravest first.
    pub const ALL: [Self; 9] = [
        Self::Contradiction,
        Self::ImpossibleDate,
        Self::NoSignature,
        Self::SampleTooSmall,
        Self::ScopeBeyondEvidence,
        Self::ScoreWithoutEvidence,
        Self::FigureWithoutMethod,
        Self::CannotFail,
        Self::Encoding,
    ];

    /// The kind in one word.
    pub fn name(self) -> &'static str {
        match self {
            Self::Contradiction => "contradiction",
            Self::ImpossibleDate => "impossible-date",
            Self::NoSignature => "no-signature",
            Self::SampleTooSmall => "sample-too-small",
            Self::ScopeBeyondEvidence => "scope-beyond-evidence",
            Self::ScoreWithoutEvidence => "score-without-evidence",
            Self::FigureWithoutMethod => "figure-without-method",
            Self::CannotFail => "cannot-fail",
            Self::Encoding => "encoding",
        }
    }
}

/// One finding.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Finding {
    /// The line, from 1.
    pub line: usize,
    /// Its kind.
    pub kind: FindingKind,
    /// The claim as it stands in the document.
    pub claim: String,
    /// Why it does not hold, with the calculation.
    pub reason: String,
}
