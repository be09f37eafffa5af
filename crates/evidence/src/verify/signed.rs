//! Steps 1 to 5: the signed bytes, who signed them, about what, and the files that they list.

use std::collections::BTreeMap;

use plimsoll_proof::{Digest, Envelope, VerifierKey, from_canonical};
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::Value;

use super::{Failure, Outcome};
use crate::folder::{CERTIFICATE_FILE, Folder, REPORT_FILE, TLOG_PROOF_FILE};
use crate::sign_off::SIGN_OFFS;
use crate::statement::{
    CERTIFICATE_TYPE, CertificatePredicate, MEASUREMENT_TYPE, MeasurementPredicate, PAYLOAD_TYPE,
    STATEMENT_TYPE, Statement,
};
use crate::subject::ResourceDescriptor;

/// The folder of statements, one for each criterion.
const STATEMENTS: &str = "statements/";

/// The signed part of a certificate.
pub(super) struct Signed {
    pub(super) certificate: CertificatePredicate,
    pub(super) certificate_key: VerifierKey,
    pub(super) log_key: VerifierKey,
    /// Digest of the certificate's payload: what the log speaks of.
    pub(super) payload: Digest,
    /// The statements of the criteria by path.
    pub(super) statements: BTreeMap<String, Statement<MeasurementPredicate>>,
    whole: Statement<CertificatePredicate>,
    envelopes: Vec<(String, Envelope)>,
}

pub(super) fn invalid(reason: impl Into<String>) -> Failure {
    (Outcome::Invalid, reason.into())
}

impl Signed {
    /// Step 1.
    pub(super) fn read(folder: &Folder) -> Result<Self, Failure> {
        let Some(bytes) = folder.get(CERTIFICATE_FILE) else {
            return Err((Outcome::Unreadable, format!("there is no {CERTIFICATE_FILE}")));
        };
        let envelope = read_envelope(CERTIFICATE_FILE, bytes)?;
        let whole: Statement<CertificatePredicate> =
            read_statement(CERTIFICATE_FILE, &envelope, CERTIFICATE_TYPE)?;
        let payload = Digest::of(&envelope.payload);
        let mut envelopes = vec![(CERTIFICATE_FILE.to_owned(), envelope)];
        let mut statements = BTreeMap::new();
        for (path, bytes) in folder.below(STATEMENTS) {
            let envelope = read_envelope(path, bytes)?;
            statements.insert(path.to_owned(), read_statement(path, &envelope, MEASUREMENT_TYPE)?);
            envelopes.push((path.to_owned(), envelope));
        }
        let key = |text: &str| {
            text.parse::<VerifierKey>()
                .map_err(|error| invalid(format!("{CERTIFICATE_FILE}: issuer: {error}")))
        };
        Ok(Self {
            certificate_key: key(&whole.predicate.issuer.certificate_key)?,
            log_key: key(&whole.predicate.issuer.log_key)?,
            certificate: whole.predicate.clone(),
            payload,
            statements,
            whole,
            envelopes,
        })
    }

    /// Step 2: every signed file bears exactly one signature, by the key that the certificate names.
    pub(super) fn check_signatures(&self) -> Result<(), Failure> {
        for (path, envelope) in &self.envelopes {
            envelope
                .verify(self.certificate_key.public_key())
                .map_err(|error| invalid(format!("{path}: {error}")))?;
        }
        Ok(())
    }

    /// Step 3: types, and keys in the form that issuers have.
    pub(super) fn check_schema(&self) -> Result<(), Failure> {
        let types =
            self.statements.values().map(|statement| (&statement.statement_type, &statement.predicate_type));
        for (statement_type, _) in types.chain([(&self.whole.statement_type, &self.whole.predicate_type)]) {
            if statement_type != STATEMENT_TYPE {
                return Err(invalid("a statement is not of in-toto's type"));
            }
        }
        for key in [&self.certificate_key, &self.log_key] {
            if *key != VerifierKey::of_issuer(*key.public_key()) {
                return Err(invalid("an issuer's key does not bear the name that follows from it"));
            }
        }
        if self.certificate_key.public_key() == self.log_key.public_key() {
            return Err(invalid("one key signs both certificates and the log"));
        }
        Ok(())
    }

    /// Step 4: every statement is about the same subject; and about `asked`, if a subject is given.
    pub(super) fn check_subject(&self, asked: Option<&[ResourceDescriptor]>) -> Result<String, Failure> {
        let resources = &self.certificate.subject.resources;
        if resources.is_empty() {
            return Err(invalid("the certificate is bound to nothing"));
        }
        let subjects = self.statements.values().map(|statement| &statement.subject);
        for subject in subjects.chain([&self.whole.subject]) {
            if subject != resources {
                return Err(invalid("the statements are about different subjects"));
            }
        }
        let Some(asked) = asked else {
            return Ok(format!("{}; subject not compared", self.certificate.subject.name));
        };
        let matches = |resource: &&ResourceDescriptor| {
            asked
                .iter()
                .any(|other| other.digest.iter().any(|pair| resource.digest.iter().any(|mine| mine == pair)))
        };
        match resources.iter().filter(matches).count() {
            0 => Err(invalid("this is not the certified subject: no digest is the same")),
            same => Ok(format!(
                "{}: {same} of {} digests are those of the subject given",
                self.certificate.subject.name,
                resources.len()
            )),
        }
    }

    /// Step 5: files listed and present, present and listed, with size and digest as listed.
    pub(super) fn check_files(&self, folder: &Folder) -> Result<String, Failure> {
        let mut listed: BTreeMap<&str, (u64, Digest)> = BTreeMap::new();
        for entry in &self.certificate.files {
            if listed.insert(&entry.path, (entry.size, entry.sha256)).is_some() {
                return Err(invalid(format!("{} is listed twice", entry.path)));
            }
        }
        for (path, bytes) in folder.iter().filter(|(path, _)| !comes_later(path)) {
            let Some((size, sha256)) = listed.get(path) else {
                return Err(invalid(format!("{path} is not listed in the certificate")));
            };
            if u64::try_from(bytes.len()) != Ok(*size) || Digest::of(bytes) != *sha256 {
                return Err(invalid(format!("{path} is not the file that was signed")));
            }
        }
        for (path, (_, sha256)) in &listed {
            check_listed_name(path, *sha256)?;
        }
        if let Some(path) = listed.keys().find(|path| folder.get(path).is_none()) {
            return Err((Outcome::Incomplete, format!("{path} is missing")));
        }
        Ok(format!("{} files, each as listed, none besides", listed.len()))
    }
}

/// Whether a file is not there yet, or not what it will be, when the certificate is signed.
fn comes_later(path: &str) -> bool {
    path == CERTIFICATE_FILE
        || path == TLOG_PROOF_FILE
        || path.starts_with("log/")
        || path.starts_with(SIGN_OFFS)
}

/// A listed file lies where its kind belongs; evidence is named by its digest.
fn check_listed_name(path: &str, sha256: Digest) -> Result<(), Failure> {
    let is_evidence = path.strip_prefix("evidence/").is_some_and(|name| {
        name.split_once('.').is_some_and(|(stem, extension)| {
            stem == sha256.to_string() && ["json", "txt", "hlog"].contains(&extension)
        })
    });
    let is_statement = path.starts_with(STATEMENTS) && path.ends_with(".dsse.json");
    if is_evidence || is_statement || path == REPORT_FILE {
        Ok(())
    } else {
        Err(invalid(format!("{path} has no place in a certificate")))
    }
}

pub(super) fn read_envelope(path: &str, bytes: &[u8]) -> Result<Envelope, Failure> {
    let envelope = Envelope::from_bytes(bytes).map_err(|error| invalid(format!("{path}: {error}")))?;
    if envelope.payload_type != PAYLOAD_TYPE {
        return Err(invalid(format!("{path}: payload type is not {PAYLOAD_TYPE}")));
    }
    Ok(envelope)
}

pub(super) fn read_statement<P: Serialize + DeserializeOwned>(
    path: &str,
    envelope: &Envelope,
    predicate_type: &str,
) -> Result<Statement<P>, Failure> {
    let any: Statement<Value> =
        from_canonical(&envelope.payload).map_err(|error| invalid(format!("{path}: {error}")))?;
    if any.predicate_type != predicate_type {
        return Err(other_type(path, &any.predicate_type, predicate_type));
    }
    from_canonical(&envelope.payload).map_err(|error| invalid(format!("{path}: {error}")))
}

/// Another version of a predicate of ours is newer; anything else is wrong.
fn other_type(path: &str, found: &str, wanted: &str) -> Failure {
    let family = wanted.trim_end_matches(|c: char| c.is_ascii_digit());
    let version = found.strip_prefix(family).and_then(|version| version.parse::<u32>().ok());
    // Held against its one spelling: `parse` takes `+2` and `02` too.
    if version.is_some_and(|version| version > 1 && format!("{family}{version}") == found) {
        (Outcome::Newer, format!("{path} has predicate {found}; this program knows {wanted}"))
    } else {
        invalid(format!("{path}: predicate is not {wanted}"))
    }
}
