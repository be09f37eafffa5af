//! Seals small data under a key that follows from a credential.
//!
//! What is sealed is a byte for the version, 24 random bytes of nonce, the sealed bytes and the 16 bytes of the seal:
//! XChaCha20-Poly1305, whose nonces may be drawn at random without end. The version and the context are bound to it.

use std::fmt;

use chacha20poly1305::aead::{AeadInOut as _, KeyInit as _};
use chacha20poly1305::{Tag, XChaCha20Poly1305, XNonce};
use zeroize::Zeroizing;

use crate::error::{Error, Result};

const VERSION: u8 = 1;
const NONCE_BYTES: usize = 24;
const TAG_BYTES: usize = 16;

/// A key that seals data for one purpose. It is wiped when dropped, and `Debug` does not show it.
pub struct SealingKey(Zeroizing<[u8; 32]>);

impl SealingKey {
    pub(crate) fn new(key: Zeroizing<[u8; 32]>) -> Self {
        Self(key)
    }

    /// Seals `plain` for `context`: it opens there and nowhere else.
    pub fn seal(&self, context: &str, plain: &[u8]) -> Result<Vec<u8>> {
        let mut nonce = [0; NONCE_BYTES];
        getrandom::fill(&mut nonce).map_err(Error::Randomness)?;
        let mut sealed = Vec::with_capacity(1 + NONCE_BYTES + plain.len() + TAG_BYTES);
        sealed.push(VERSION);
        sealed.extend_from_slice(&nonce);
        sealed.extend_from_slice(plain);
        let (_, body) = sealed.split_at_mut(1 + NONCE_BYTES);
        let tag = self
            .cipher()?
            .encrypt_inout_detached(&XNonce::from(nonce), &bound(context), body.into())
            .map_err(|_| Error::Parameters("xchacha20-poly1305"))?;
        sealed.extend_from_slice(&tag);
        Ok(sealed)
    }

    /// Opens what was sealed for `context`.
    pub fn open(&self, context: &str, sealed: &[u8]) -> Result<Zeroizing<Vec<u8>>> {
        let refused = |problem| Error::Sealed { context: context.to_owned(), problem };
        let (version, rest) = sealed.split_first().ok_or_else(|| refused("it is empty"))?;
        if *version != VERSION {
            return Err(refused("its version is unknown"));
        }
        let parts = rest.split_first_chunk::<NONCE_BYTES>();
        let parts = parts.and_then(|(nonce, rest)| Some((nonce, rest.split_last_chunk::<TAG_BYTES>()?)));
        let (nonce, (body, tag)) = parts.ok_or_else(|| refused("it is cut off"))?;
        let mut plain = Zeroizing::new(body.to_vec());
        self.cipher()?
            .decrypt_inout_detached(
                &XNonce::from(*nonce),
                &bound(context),
                plain.as_mut_slice().into(),
                &Tag::from(*tag),
            )
            .map_err(|_| refused("it was altered, or sealed for something else or under another key"))?;
        Ok(plain)
    }

    fn cipher(&self) -> Result<XChaCha20Poly1305> {
        XChaCha20Poly1305::new_from_slice(self.0.as_slice())
            .map_err(|_| Error::Parameters("xchacha20-poly1305"))
    }
}

/// What is bound to the sealed bytes.
fn bound(context: &str) -> Vec<u8> {
    [&[VERSION], context.as_bytes()].concat()
}

impl fmt::Debug for SealingKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("SealingKey")
    }
}

#[cfg(test)]
mod tests {
    use plimsoll_base::Kind;
    use proptest::prelude::*;

    use super::*;

    fn key(number: u8) -> SealingKey {
        SealingKey::new(Zeroizing::new([number; 32]))
    }

    #[test]
    fn what_is_sealed_opens_in_its_context_under_its_key_only() {
        let sealed = key(1).seal("alice", b"twenty bytes of it..").unwrap();
        assert_eq!(key(1).open("alice", &sealed).unwrap().as_slice(), b"twenty bytes of it..");
        for (other, context) in [(key(2), "alice"), (key(1), "bob"), (key(1), "alice2"), (key(1), "")] {
            let error = other.open(context, &sealed).unwrap_err();
            assert_eq!(error.kind(), Kind::Corrupt, "{context}: {error}");
            assert!(error.hint().is_some());
        }
    }

    #[test]
    fn every_flip_and_every_cut_is_refused() {
        let sealed = key(1).seal("alice", b"secret").unwrap();
        assert_eq!(sealed.len(), 1 + NONCE_BYTES + 6 + TAG_BYTES);
        for at in 0..sealed.len() {
            for bit in 0..8 {
                let mut altered = sealed.clone();
                altered[at] ^= 1 << bit;
                assert!(key(1).open("alice", &altered).is_err(), "byte {at}, bit {bit}");
            }
            assert!(key(1).open("alice", &sealed[..at]).is_err(), "cut off at {at}");
        }
        assert!(key(1).open("alice", &[sealed, vec![0]].concat()).is_err());
    }

    #[test]
    fn the_same_is_never_sealed_to_the_same_bytes() {
        let seal = || key(1).seal("alice", b"secret").unwrap();
        assert_ne!(seal(), seal());
        assert_eq!(format!("{:?}", key(7)), "SealingKey");
    }

    proptest! {
        #[test]
        fn foreign_bytes_are_refused_and_never_a_panic(bytes: Vec<u8>, context in "\\PC{0,8}") {
            prop_assert!(key(1).open(&context, &bytes).is_err());
            let ours = [vec![VERSION], bytes.clone()].concat();
            prop_assert!(key(1).open(&context, &ours).is_err());
            let sealed = key(1).seal(&context, &bytes).unwrap();
            let opened = key(1).open(&context, &sealed).unwrap();
            prop_assert_eq!(opened.as_slice(), bytes.as_slice());
        }
    }
}
