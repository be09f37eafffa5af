//! Signed notes (C2SP signed-note v1.0): a text, and lines that say who signed it.

use std::fmt;
use std::str::FromStr;

use crate::base64;
use crate::digest::Digest;
use crate::log_error::LogError;
use crate::public_key::PublicKey;

/// The longest note, in bytes: sixteen signatures of the longest known kind would be 80 KiB; ours are short.
pub(crate) const NOTE_BYTES_MAX: usize = 16 << 10;

/// The most signatures of a note: the specification asks readers to accept at least this many.
pub(crate) const NOTE_SIGNATURES_MAX: usize = 16;

/// The longest key name, in bytes: names are short addresses.
const KEY_NAME_BYTES_MAX: usize = 256;

/// What stands before the name of an issuer's key: the keys are named by their digest, not by an address.
const ISSUER_NAME_PREFIX: &str = "plimsoll/";

/// How many hex digits of its digest name an issuer's key.
const ISSUER_NAME_DIGITS: usize = 16;

/// How a key signs notes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum NoteAlgorithm {
    /// Ed25519 over the text: logs and issuers.
    Ed25519,
    /// Ed25519 over the text and a time (C2SP tlog-cosignature): witnesses.
    CosignatureV1,
}

impl NoteAlgorithm {
    fn identifier(self) -> u8 {
        match self {
            Self::Ed25519 => 1,
            Self::CosignatureV1 => 4,
        }
    }
}

/// A public key with its name and its way of signing, written `name+key id+base64`.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct VerifierKey {
    name: String,
    algorithm: NoteAlgorithm,
    key: PublicKey,
}

impl VerifierKey {
    /// A key under a name of its owner's choice.
    pub fn new(name: &str, algorithm: NoteAlgorithm, key: PublicKey) -> Result<Self, LogError> {
        if !is_key_name(name) {
            return Err(LogError::VerifierKey("the name is empty, too long, or has a space or `+`"));
        }
        Ok(Self { name: name.to_owned(), algorithm, key })
    }

    /// An issuer's key, of either purpose, under the name that it always has: `plimsoll/` and the first 16
    /// hex digits of its digest. For a log key this is the origin of the log.
    pub fn of_issuer(key: PublicKey) -> Self {
        let digits: String = key.digest().to_string().chars().take(ISSUER_NAME_DIGITS).collect();
        Self { name: format!("{ISSUER_NAME_PREFIX}{digits}"), algorithm: NoteAlgorithm::Ed25519, key }
    }

    /// The same key under the name by which it signs the schema of what keeps its log: its own name and `/schema`.
    /// A signature under one of the names is none under the other.
    pub fn for_schema(&self) -> Result<Self, LogError> {
        Self::new(&format!("{}/schema", self.name), self.algorithm, self.key)
    }

    /// The key's name.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// How it signs.
    pub fn algorithm(&self) -> NoteAlgorithm {
        self.algorithm
    }

    /// The key itself.
    pub fn public_key(&self) -> &PublicKey {
        &self.key
    }

    /// The four bytes that tell this key's signature lines from those of other keys of the same name.
    pub fn key_id(&self) -> [u8; 4] {
        let parts: [&[u8]; 3] =
            [self.name.as_bytes(), &[b'\n', self.algorithm.identifier()], self.key.as_bytes()];
        let [a, b, c, d, ..] = *Digest::of_parts(&parts).as_bytes();
        [a, b, c, d]
    }

    /// Whether `signature` says that it is by this key.
    pub(crate) fn is_named_by(&self, signature: &NoteSignature) -> bool {
        self.name == signature.name && self.key_id() == signature.key_id
    }
}

impl fmt::Display for VerifierKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let key = [&[self.algorithm.identifier()], self.key.as_bytes().as_slice()].concat();
        let key_id = u32::from_be_bytes(self.key_id());
        write!(f, "{}+{key_id:08x}+{}", self.name, base64::encode(&key))
    }
}

impl FromStr for VerifierKey {
    type Err = LogError;

    /// Accepts exactly what `Display` writes.
    fn from_str(text: &str) -> Result<Self, LogError> {
        let mut parts = text.splitn(3, '+');
        let (Some(name), Some(key_id), Some(key)) = (parts.next(), parts.next(), parts.next()) else {
            return Err(LogError::VerifierKey("want `name+key id+base64`"));
        };
        let bytes: [u8; 33] =
            base64::decode_array(key).ok_or(LogError::VerifierKey("the key is not base64 of 33 bytes"))?;
        let (identifier, key) = (bytes[0], bytes.last_chunk().copied().unwrap_or_default());
        let algorithm = match identifier {
            1 => NoteAlgorithm::Ed25519,
            4 => NoteAlgorithm::CosignatureV1,
            _ => return Err(LogError::VerifierKey("the algorithm is not known")),
        };
        let verifier = Self::new(name, algorithm, PublicKey::from_bytes(&key)?)?;
        let same = format!("{:08x}", u32::from_be_bytes(verifier.key_id())) == key_id;
        if same { Ok(verifier) } else { Err(LogError::VerifierKey("the key id is not that of name and key")) }
    }
}

/// One signature line of a note.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NoteSignature {
    /// The name of the key.
    pub name: String,
    /// The id of the key.
    pub key_id: [u8; 4],
    /// The signature, in the form of the key's algorithm.
    pub signature: Vec<u8>,
}

/// Splits a note into its text and its signature lines.
pub(crate) fn parse_note(note: &str) -> Result<(&str, Vec<NoteSignature>), LogError> {
    if note.len() > NOTE_BYTES_MAX {
        return Err(LogError::Note("it is over the limit of 16 KiB"));
    }
    if note.chars().any(|c| c < ' ' && c != '\n') {
        return Err(LogError::Note("it has a control character"));
    }
    let blank = note.rfind("\n\n").ok_or(LogError::Note("no blank line before the signatures"))?;
    let (text, lines) = (&note[..=blank], &note[blank + 2..]);
    let lines = lines.strip_suffix('\n').ok_or(LogError::Note("no newline at the end"))?;
    let signatures = lines.split('\n').map(parse_signature).collect::<Result<Vec<_>, _>>()?;
    if signatures.len() > NOTE_SIGNATURES_MAX {
        return Err(LogError::Note("it has too many signatures"));
    }
    Ok((text, signatures))
}

/// Writes a note: `text`, which ends in a newline, a blank line, and the signature lines.
pub(crate) fn print_note(text: &str, signatures: &[NoteSignature]) -> String {
    let mut note = format!("{text}\n");
    for NoteSignature { name, key_id, signature } in signatures {
        let bytes = [key_id.as_slice(), signature].concat();
        note.push_str(&format!("— {name} {}\n", base64::encode(&bytes)));
    }
    note
}

fn parse_signature(line: &str) -> Result<NoteSignature, LogError> {
    let malformed = LogError::Note("a signature line is not `— name base64`");
    let Some((name, bytes)) = line.strip_prefix("— ").and_then(|line| line.split_once(' ')) else {
        return Err(malformed);
    };
    let bytes = base64::decode(bytes).ok_or(LogError::Note("a signature is not padded standard base64"))?;
    match bytes.split_first_chunk() {
        Some((key_id, signature)) if is_key_name(name) && !signature.is_empty() => {
            Ok(NoteSignature { name: name.to_owned(), key_id: *key_id, signature: signature.to_vec() })
        }
        _ => Err(malformed),
    }
}

fn is_key_name(name: &str) -> bool {
    (1..=KEY_NAME_BYTES_MAX).contains(&name.len())
        && !name.chars().any(|c| c.is_whitespace() || c.is_control() || c == '+')
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The example of the specification: key and note.
    const KEY: &str = "example.com/foo+530d903a+AekyeRrm56hApGFkyQR4ZCbV54Id2LKaANYcrnKv3U2k";
    const NOTE: &str = "This is an example message.\n\n— example.com/foo \
        Uw2QOkn8srV1yJGh2VYRlL1Tnagv1YEq6TfXppzi2ONncAlTgK7Ztg1ERYNZXsYjOBH3mFXmRKuwHjG1Yu72IneyaQM=\n";

    #[test]
    fn the_note_of_the_specification_verifies() {
        let key: VerifierKey = KEY.parse().unwrap();
        let (text, signatures) = parse_note(NOTE).unwrap();
        let [signature] = signatures.as_slice() else { panic!("{signatures:?}") };
        assert!(key.is_named_by(signature));
        let bytes = signature.signature.as_slice().try_into().unwrap();
        assert_eq!(key.public_key().verify(text.as_bytes(), bytes), Ok(()));
        assert!(key.public_key().verify(b"This is another message.\n", bytes).is_err());
        assert_eq!(print_note(text, &signatures), NOTE);
    }

    #[test]
    fn text_ends_at_the_last_blank_line() {
        let note = NOTE.replacen("This", "First.\n\nThis", 1);
        let (text, signatures) = parse_note(&note).unwrap();
        assert_eq!((text, signatures.len()), ("First.\n\nThis is an example message.\n", 1));
    }

    #[test]
    fn names_have_no_spaces_and_no_plus() {
        for (name, good) in [("a", true), ("é/1", true), ("", false), ("a b", false), ("a\u{a0}b", false)] {
            assert_eq!(is_key_name(name), good, "{name:?}");
        }
        assert!(!is_key_name("a+b"));
        assert!(!is_key_name(&"a".repeat(257)));
    }
}
