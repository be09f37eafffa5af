//! Part of step 5: what people signed about the certificate, each with a key of his own.

use plimsoll_proof::{Digest, VerifierKey};
use serde::Serialize;

use super::Failure;
use super::signed::{invalid, read_envelope, read_statement};
use crate::folder::Folder;
use crate::sign_off::{
    SIGN_OFF_BYTES_MAX, SIGN_OFF_TYPE, SIGN_OFFS, SIGN_OFFS_MAX, SignOffPredicate, sign_off_path,
    sign_off_statement,
};

/// A sign-off that is whole and about this certificate. Whether its signer is believed is another matter.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct SignOff {
    /// Where it lies.
    pub path: String,
    /// What was signed.
    #[serde(flatten)]
    pub said: SignOffPredicate,
    /// The digest of the key that signed it.
    #[serde(rename = "fingerprint")]
    pub key: Digest,
}

/// Reads every sign-off. One that is altered, or about another certificate, is refused like any other file that does not
/// belong here: who keeps it out loses nothing but what it said.
pub(super) fn read(folder: &Folder, payload: Digest) -> Result<Vec<SignOff>, Failure> {
    let files: Vec<(&str, &[u8])> = folder.below(SIGN_OFFS).collect();
    if files.len() > SIGN_OFFS_MAX {
        return Err(invalid(format!("{} sign-offs, more than {SIGN_OFFS_MAX}", files.len())));
    }
    files.into_iter().map(|(path, bytes)| read_one(path, bytes, payload)).collect()
}

fn read_one(path: &str, bytes: &[u8], payload: Digest) -> Result<SignOff, Failure> {
    let wrong = |problem: String| invalid(format!("{path}: {problem}"));
    if bytes.len() > SIGN_OFF_BYTES_MAX {
        return Err(wrong(format!("larger than {SIGN_OFF_BYTES_MAX} bytes")));
    }
    let envelope = read_envelope(path, bytes)?;
    let statement = read_statement::<SignOffPredicate>(path, &envelope, SIGN_OFF_TYPE)?;
    let said = &statement.predicate;
    let key: VerifierKey = said.key.parse().map_err(|error| wrong(format!("key: {error}")))?;
    if key != VerifierKey::of_issuer(*key.public_key()) {
        return Err(wrong("its key does not bear the name that follows from it".into()));
    }
    envelope.verify(key.public_key()).map_err(|error| wrong(error.to_string()))?;
    if statement != sign_off_statement(payload, said.clone()) {
        return Err(wrong("it is about another certificate".into()));
    }
    if let Some(problem) = said.problem() {
        return Err(wrong(problem.into()));
    }
    if number(path, &said.role).is_none() {
        return Err(wrong("it does not lie in the place of its role".into()));
    }
    Ok(SignOff { path: path.to_owned(), said: statement.predicate, key: key.public_key().digest() })
}

/// Which of the role's sign-offs lies at a path, in the path's one spelling.
fn number(path: &str, role: &str) -> Option<u64> {
    let rest = path.strip_prefix(SIGN_OFFS)?.strip_prefix(role)?.strip_prefix('-')?;
    let number: u64 = rest.strip_suffix(".dsse.json")?.parse().ok()?;
    (number > 0 && sign_off_path(role, number) == path).then_some(number)
}
