//! What can be wrong with a log, its tiles, its checkpoints and its proofs.

use plimsoll_base::Kind;

use crate::error::PublicKeyError;
use crate::tile::{LOG_ENTRIES_MAX, TilePath};

/// A part of a log is malformed, or does not prove what it should.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum LogError {
    /// An index lies beyond the end of the tree.
    #[error("entry {index} is not in a tree of {size}")]
    NotInTree {
        /// The index asked for.
        index: u64,
        /// The size of the tree.
        size: u64,
    },
    /// A proof has too few or too many hashes for its tree.
    #[error("proof has the wrong number of hashes")]
    ProofLength,
    /// The leaf is another one than stands in the tree, or the proof is not of this tree.
    #[error("entry is not the one at index {index} of the tree of {size}")]
    NotIncluded {
        /// The index at which it should stand.
        index: u64,
        /// The size of the tree.
        size: u64,
    },
    /// The new tree does not begin with the old one: the log has told two stories.
    #[error("the log forked: its tree of {new} does not begin with its tree of {old}")]
    Fork {
        /// Size of the older tree.
        old: u64,
        /// Size of the newer tree.
        new: u64,
    },
    /// The new tree is smaller than the old one.
    #[error("the log shrank from {old} to {new} entries")]
    Shrunk {
        /// Size of the older tree.
        old: u64,
        /// Size of the newer tree.
        new: u64,
    },
    /// A text is not the path of a level-0 tile in its one spelling.
    #[error("not the path of a level-0 tile")]
    TilePath,
    /// A tile that the size of the log calls for is not there.
    #[error("tile `{0}` is missing")]
    TileMissing(TilePath),
    /// A tile has another length than its path says.
    #[error("tile `{path}` has {bytes} bytes")]
    TileLength {
        /// The tile.
        path: TilePath,
        /// How many bytes it has.
        bytes: usize,
    },
    /// A log is too large to be read whole.
    #[error("a log of {0} entries is over the limit of {LOG_ENTRIES_MAX}")]
    TooManyEntries(u64),
    /// A text is not a verifier key.
    #[error("verifier key is malformed: {0}")]
    VerifierKey(&'static str),
    /// A verifier key holds bytes that are not a public key to be trusted.
    #[error("verifier key is not to be trusted: {0}")]
    PublicKey(#[from] PublicKeyError),
    /// A signed note is malformed.
    #[error("signed note is malformed: {0}")]
    Note(&'static str),
    /// The text of a checkpoint is malformed.
    #[error("checkpoint is malformed: {0}")]
    Checkpoint(&'static str),
    /// A checkpoint is not by the log key that was given.
    #[error("checkpoint is by another log key")]
    OtherLogKey,
    /// A signature line does not hold.
    #[error("signature of `{0}` under the checkpoint does not verify")]
    Signature(String),
    /// A signature line is by nobody that was named.
    #[error("checkpoint is signed by `{0}`, who is not a known witness")]
    UnknownSigner(String),
    /// A witness signed more than once.
    #[error("checkpoint is signed twice by `{0}`")]
    SignedTwice(String),
    /// A `tlog-proof` file is malformed.
    #[error("log proof is malformed: {0}")]
    Proof(&'static str),
}

impl LogError {
    /// What sort of trouble this is.
    pub fn kind(&self) -> Kind {
        match self {
            Self::VerifierKey(_) | Self::PublicKey(_) => Kind::Invalid,
            Self::OtherLogKey | Self::UnknownSigner(_) => Kind::Inconclusive,
            _ => Kind::Corrupt,
        }
    }
}
