//! Private keys in memory, and what each may sign.

use std::fmt;
use std::marker::PhantomData;

use ed25519_dalek::Signer as _;
use plimsoll_proof::{
    Checkpoint, Envelope, EnvelopeSignature, NoteSignature, PublicKey, SignedCheckpoint, TreeHead,
    VerifierKey, pae,
};
use zeroize::Zeroizing;

use crate::error::{Error, Result};
use crate::purpose::{CertificatePurpose, KeyPurpose, LogPurpose, Purpose, ReviewerPurpose};

/// An Ed25519 private key with one purpose. It is wiped when dropped, cannot be cloned, and its `Debug` shows
/// the public half.
pub struct SigningKey<P: Purpose> {
    key: ed25519_dalek::SigningKey,
    public: PublicKey,
    purpose: PhantomData<P>,
}

/// A key that signs certificates.
pub type CertificateKey = SigningKey<CertificatePurpose>;

/// A key that signs the checkpoints of its log.
pub type LogKey = SigningKey<LogPurpose>;

/// A key with which a person signs certificates off.
pub type ReviewerKey = SigningKey<ReviewerPurpose>;

/// The two keys of an issuer.
#[derive(Debug)]
pub struct IssuerKeys {
    /// Signs certificates.
    pub certificate: CertificateKey,
    /// Signs the log.
    pub log: LogKey,
}

impl IssuerKeys {
    /// Makes two fresh keys that exist in memory only, and so die with the process unless they are sealed.
    pub fn generate() -> Result<Self> {
        Ok(Self { certificate: SigningKey::generate()?, log: SigningKey::generate()? })
    }
}

impl<P: Purpose> SigningKey<P> {
    /// Makes a fresh key from the system's randomness.
    pub fn generate() -> Result<Self> {
        let mut seed = Zeroizing::new([0; 32]);
        getrandom::fill(seed.as_mut_slice()).map_err(Error::Randomness)?;
        Self::from_seed(&seed)
    }

    pub(crate) fn from_seed(seed: &Zeroizing<[u8; 32]>) -> Result<Self> {
        let key = ed25519_dalek::SigningKey::from_bytes(seed);
        let public = PublicKey::from_bytes(key.verifying_key().as_bytes()).map_err(Error::PublicKey)?;
        Ok(Self { key, public, purpose: PhantomData })
    }

    pub(crate) fn seed(&self) -> Zeroizing<[u8; 32]> {
        Zeroizing::new(self.key.to_bytes())
    }

    /// What the key is for.
    pub fn purpose(&self) -> KeyPurpose {
        P::PURPOSE
    }

    /// The public half.
    pub fn public_key(&self) -> PublicKey {
        self.public
    }

    /// The public half under its name: `plimsoll/` and the first 16 hex digits of its digest. For a log key
    /// the name is the origin of the log.
    pub fn verifier_key(&self) -> VerifierKey {
        VerifierKey::of_issuer(self.public)
    }

    fn envelope(&self, payload_type: &str, payload: &[u8]) -> Envelope {
        let sig = self.key.sign(&pae(payload_type, payload)).to_bytes();
        let signature = EnvelopeSignature { keyid: self.public.digest().to_string(), sig };
        Envelope {
            payload_type: payload_type.to_owned(),
            payload: payload.to_vec(),
            signatures: vec![signature],
        }
    }
}

impl SigningKey<CertificatePurpose> {
    /// Signs `payload` together with its type.
    pub fn sign_envelope(&self, payload_type: &str, payload: &[u8]) -> Envelope {
        self.envelope(payload_type, payload)
    }
}

impl SigningKey<ReviewerPurpose> {
    /// Signs a sign-off together with its type.
    pub fn sign_off(&self, payload_type: &str, payload: &[u8]) -> Envelope {
        self.envelope(payload_type, payload)
    }
}

impl SigningKey<LogPurpose> {
    /// Signs a checkpoint of the log that has this key's name as its origin.
    pub fn sign_checkpoint(&self, checkpoint: &Checkpoint) -> Result<SignedCheckpoint> {
        let log = self.verifier_key();
        if checkpoint.origin != log.name() {
            return Err(Error::OtherLog { origin: checkpoint.origin.clone(), log: log.name().to_owned() });
        }
        Ok(self.sign_as(&log, checkpoint.tree))
    }

    /// Signs how many steps made the schema of what keeps this log, and the digest of the last, which covers those
    /// before it. Its origin is another than the log's, so it is never taken for a checkpoint.
    pub fn sign_schema(&self, steps: TreeHead) -> Result<SignedCheckpoint> {
        let schema =
            self.verifier_key().for_schema().map_err(|_| Error::Parameters("the name of a schema"))?;
        Ok(self.sign_as(&schema, steps))
    }

    fn sign_as(&self, named: &VerifierKey, tree: TreeHead) -> SignedCheckpoint {
        let checkpoint = Checkpoint { origin: named.name().to_owned(), tree };
        let signature = NoteSignature {
            name: named.name().to_owned(),
            key_id: named.key_id(),
            signature: self.key.sign(checkpoint.to_string().as_bytes()).to_bytes().into(),
        };
        SignedCheckpoint { checkpoint, signatures: vec![signature] }
    }
}

impl<P: Purpose> fmt::Debug for SigningKey<P> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "SigningKey({} {})", P::PURPOSE, self.public)
    }
}

#[cfg(test)]
mod tests {
    use plimsoll_proof::{LogError, leaf_hash};

    use super::*;

    #[test]
    fn an_envelope_verifies_under_its_key_only() {
        let keys = IssuerKeys::generate().unwrap();
        let envelope = keys.certificate.sign_envelope("application/vnd.in-toto+json", b"{}");
        assert_eq!(envelope.verify(&keys.certificate.public_key()), Ok(()));
        assert!(envelope.verify(&keys.log.public_key()).is_err());
        let again = keys.certificate.sign_envelope("application/vnd.in-toto+json", b"{}");
        assert_eq!(again, envelope, "the same payload has one envelope");
    }

    #[test]
    fn a_checkpoint_verifies_under_its_key_only() {
        let [log, other] = [LogKey::generate().unwrap(), LogKey::generate().unwrap()];
        let origin = log.verifier_key().name().to_owned();
        let checkpoint = Checkpoint { origin, tree: TreeHead::of(&[leaf_hash(b"entry")]) };
        let signed = log.sign_checkpoint(&checkpoint).unwrap();
        assert_eq!(signed.verify(&log.verifier_key(), &[]), Ok(Vec::new()));
        assert_eq!(signed.verify(&other.verifier_key(), &[]), Err(LogError::OtherLogKey));
        assert!(matches!(other.sign_checkpoint(&checkpoint), Err(Error::OtherLog { .. })));
    }

    #[test]
    fn a_schema_is_never_taken_for_a_checkpoint_nor_a_checkpoint_for_a_schema() {
        let log = LogKey::generate().unwrap();
        let (of_log, of_schema) = (log.verifier_key(), log.verifier_key().for_schema().unwrap());
        let tree = TreeHead::of(&[leaf_hash(b"entry")]);
        let schema = log.sign_schema(tree).unwrap();
        assert_eq!(schema.checkpoint.origin, format!("{}/schema", of_log.name()));
        assert_eq!(schema.verify(&of_schema, &[]), Ok(Vec::new()));
        assert_eq!(schema.verify(&of_log, &[]), Err(LogError::OtherLogKey));
        let checkpoint = log.sign_checkpoint(&Checkpoint { origin: of_log.name().to_owned(), tree }).unwrap();
        assert_eq!(checkpoint.verify(&of_schema, &[]), Err(LogError::OtherLogKey));
        // Not even with the names exchanged.
        let mut renamed = schema;
        renamed.checkpoint.origin = of_log.name().to_owned();
        renamed.signatures[0].name = of_log.name().to_owned();
        renamed.signatures[0].key_id = of_log.key_id();
        assert!(matches!(renamed.verify(&of_log, &[]), Err(LogError::Signature(_))));
    }

    #[test]
    fn debug_shows_the_public_half_only() {
        let seed = Zeroizing::new([7; 32]);
        let key = CertificateKey::from_seed(&seed).unwrap();
        let keys = IssuerKeys { certificate: key, log: LogKey::from_seed(&seed).unwrap() };
        let text = format!("{:?} {keys:#?}", keys.certificate);
        assert!(
            text.starts_with("SigningKey(certificate 6kpsY+KcUgq+9VB7Ey7F+ZVHdq6+vnuSQh7qaRRG0iw=)"),
            "{text}"
        );
        for shown in ["BwcHBw", "7, 7", "0707", "7,\n"] {
            assert!(!text.contains(shown), "{shown} is in {text}");
        }
    }

    #[test]
    fn two_keys_are_never_the_same() {
        let keys = IssuerKeys::generate().unwrap();
        assert_ne!(keys.certificate.public_key(), keys.log.public_key());
        assert_ne!(keys.log.public_key(), LogKey::generate().unwrap().public_key());
    }
}
