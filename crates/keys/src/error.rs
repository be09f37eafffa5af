//! What can go wrong with private keys and the folder that keeps them.

use std::io;
use std::path::PathBuf;

use plimsoll_base::Kind;
use plimsoll_proof::{PublicKeyError, TrustFileError};

use crate::purpose::KeyPurpose;
use crate::sealed_key::PASSPHRASE_CHARACTERS_MIN;

/// The result of everything that touches a key.
pub type Result<T> = std::result::Result<T, Error>;

/// Everything that can go wrong here.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// The system gives no randomness.
    #[error("the system gives no randomness")]
    Randomness(#[source] getrandom::Error),
    /// A passphrase for a new key is too easy to guess.
    #[error("passphrase has {characters} characters, at least {PASSPHRASE_CHARACTERS_MIN} are needed")]
    ShortPassphrase {
        /// How many it has.
        characters: usize,
    },
    /// A text is not the name of an issuer.
    #[error("`{0}` is not the name of an issuer")]
    Name(String),
    /// There is an issuer of that name already.
    #[error("there is an issuer `{0}` already")]
    Exists(String),
    /// There is no issuer of that name.
    #[error("there is no issuer `{0}`")]
    NotFound(String),
    /// There is no person of that name whose key is kept here.
    #[error("there is no reviewer `{0}`")]
    NoReviewer(String),
    /// Another process changes the same keyring.
    #[error("another command is changing the keyring `{0}`")]
    Busy(PathBuf),
    /// A file operation failed.
    #[error("{doing} `{path}`")]
    Io {
        /// What was being done.
        doing: &'static str,
        /// To what.
        path: PathBuf,
        /// Why it failed.
        source: io::Error,
    },
    /// Others than the owner can reach a file.
    #[error("`{path}` is open to others (mode {mode:03o})")]
    Exposed {
        /// The file or folder.
        path: PathBuf,
        /// Its permissions.
        mode: u32,
        /// How to close it.
        hint: &'static str,
    },
    /// A path is a link, a device or a folder where a file should be.
    #[error("`{0}` is not a plain file")]
    NotAFile(PathBuf),
    /// A file has more bytes than it may have.
    #[error("`{path}` is over the limit of {limit} bytes")]
    TooLarge {
        /// The file.
        path: PathBuf,
        /// How many bytes it may have.
        limit: usize,
    },
    /// A key file is not as it was written.
    #[error("key file `{path}` is damaged: {problem}")]
    Damaged {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        problem: &'static str,
    },
    /// A key file or a credential has a version that this program does not know.
    #[error("`{0}` was made by a newer plimsoll")]
    Newer(PathBuf),
    /// A key file is undamaged and does not open.
    #[error("passphrase does not open `{0}`")]
    Passphrase(PathBuf),
    /// A key file of a server is undamaged and does not open.
    #[error("credential does not open `{0}`")]
    Credential(PathBuf),
    /// A key file that is sealed under a credential was to be opened with a passphrase.
    #[error("key file `{0}` is sealed under a server's credential, and not under a passphrase")]
    NeedsCredential(PathBuf),
    /// A key file that is sealed under a passphrase was to be opened with a credential.
    #[error("key file `{0}` is sealed under a passphrase, and not under a server's credential")]
    NeedsPassphrase(PathBuf),
    /// A key file of a server stands in the place of another one.
    #[error("key file `{0}` holds another of the server's keys")]
    Misplaced(PathBuf),
    /// There is a credential already.
    #[error("there is a credential `{0}` already")]
    CredentialExists(PathBuf),
    /// A credential is not as it was written.
    #[error("credential `{0}` is damaged")]
    CredentialDamaged(PathBuf),
    /// What was sealed does not open.
    #[error("what is sealed for `{context}` does not open: {problem}")]
    Sealed {
        /// For what it should have been sealed.
        context: String,
        /// What is wrong with it.
        problem: &'static str,
    },
    /// A key file is for another purpose than its place says.
    #[error("key file `{path}` is not a {wanted} key")]
    Purpose {
        /// The file.
        path: PathBuf,
        /// What it should be.
        wanted: KeyPurpose,
    },
    /// A file of pins, or a line that is to be pinned, is malformed.
    #[error("{place}")]
    Pins {
        /// The file, or where else the text is from.
        place: String,
        /// What is wrong with it.
        source: TrustFileError,
    },
    /// A key is pinned already, with another end.
    #[error("key `{0}` is pinned already with another not-after time")]
    PinnedOtherwise(String),
    /// A checkpoint of another log was to be signed.
    #[error("checkpoint of `{origin}` cannot be signed by the key of `{log}`")]
    OtherLog {
        /// The log of the checkpoint.
        origin: String,
        /// The log of the key.
        log: String,
    },
    /// A fresh key is not one that verifiers accept.
    #[error("private key has an unusable public half")]
    PublicKey(#[source] PublicKeyError),
    /// A cryptographic routine refused parameters that are constants of ours.
    #[error("{0} refused its parameters")]
    Parameters(&'static str),
}

impl Error {
    /// What sort of trouble this is.
    pub fn kind(&self) -> Kind {
        match self {
            Self::ShortPassphrase { .. } | Self::Name(_) | Self::Pins { .. } | Self::Newer(_) => {
                Kind::Invalid
            }
            Self::Exposed { .. }
            | Self::Passphrase(_)
            | Self::Credential(_)
            | Self::NeedsCredential(_)
            | Self::NeedsPassphrase(_) => Kind::Denied,
            Self::NotFound(_) | Self::NoReviewer(_) => Kind::NotFound,
            Self::Exists(_) | Self::CredentialExists(_) | Self::PinnedOtherwise(_) => Kind::Conflict,
            Self::Busy(_) => Kind::Busy,
            Self::Randomness(_) | Self::Io { .. } => Kind::Unavailable,
            Self::NotAFile(_)
            | Self::TooLarge { .. }
            | Self::Damaged { .. }
            | Self::Misplaced(_)
            | Self::CredentialDamaged(_)
            | Self::Sealed { .. }
            | Self::Purpose { .. } => Kind::Corrupt,
            Self::OtherLog { .. } | Self::PublicKey(_) | Self::Parameters(_) => Kind::Bug,
        }
    }

    /// What the user can do about it, where there is something.
    pub fn hint(&self) -> Option<&str> {
        match self {
            Self::ShortPassphrase { .. } => {
                Some("whoever copies the file can try passphrases for ever: take four or more random words")
            }
            Self::Name(_) => Some("a name has 1 to 40 of the characters a-z, 0-9 and `-`"),
            Self::Exists(_) => Some("choose another name: keys are never overwritten"),
            Self::NotFound(_) => Some("make one with `plimsoll keys new`"),
            Self::NoReviewer(_) => Some("make one with `plimsoll keys new --reviewer`"),
            Self::Busy(_) => Some("try again when it has ended"),
            Self::Exposed { hint, .. } => Some(hint),
            Self::Damaged { .. } | Self::Purpose { .. } | Self::Misplaced(_) | Self::CredentialDamaged(_) => {
                Some("restore the file from a backup")
            }
            Self::CredentialExists(_) => {
                Some("what is sealed under it opens with nothing else: move it away if it is of no use")
            }
            Self::Credential(_) => Some(
                "start the server with the credential that it began with, or move its keys away: it will make new ones, \
                 which others have to trust anew",
            ),
            Self::NeedsCredential(_) => Some("it is one of a server's own keys: only the server opens it"),
            Self::NeedsPassphrase(_) => Some(
                "give the server a folder of its own: it does not use keys that were made by `plimsoll keys new`",
            ),
            Self::Sealed { .. } => {
                Some("restore it from a backup, together with the credential that it was sealed under")
            }
            Self::Newer(_) => Some("update this program"),
            Self::Passphrase(_) => Some(
                "the file is undamaged, so the passphrase is another one, or somebody altered the file on purpose",
            ),
            Self::PinnedOtherwise(_) => Some("edit the line in `trusted.keys` by hand"),
            _ => None,
        }
    }
}
