//! Digests under a key that follows from a credential: whoever has one of them and not the key can try out nothing.

use std::fmt;

use plimsoll_proof::Digest;
use zeroize::Zeroizing;

use crate::credential::hmac_sha256;
use crate::error::Result;

/// A key for digests of one purpose: HMAC-SHA-256. It is wiped when dropped, and `Debug` does not show it.
pub struct DigestKey(Zeroizing<[u8; 32]>);

impl DigestKey {
    pub(crate) fn new(key: Zeroizing<[u8; 32]>) -> Self {
        Self(key)
    }

    /// The digest of `parts` one after the other.
    pub fn digest(&self, parts: &[&[u8]]) -> Result<Digest> {
        Ok(Digest::from_bytes(*hmac_sha256(self.0.as_slice(), parts)?))
    }
}

impl fmt::Debug for DigestKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("DigestKey")
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::credential::Credential;

    fn of_credential(secret: u8, purpose: &str) -> DigestKey {
        Credential::for_tests([secret; 32]).digest_key(purpose).unwrap()
    }

    /// RFC 4231, test cases 1 (with the key filled up with zeros, which HMAC does by itself) and 2 in two parts.
    #[test]
    fn digests_are_those_of_the_rfc() {
        let digest = |key: &[u8], parts: &[&[u8]]| {
            let mut filled = [0; 32];
            filled[..key.len()].copy_from_slice(key);
            DigestKey::new(Zeroizing::new(filled)).digest(parts).unwrap().to_string()
        };
        assert_eq!(
            digest(&[0x0b; 20], &[b"Hi There"]),
            "b0344c61d8db38535ca8afceaf0bf12b881dc200c9833da726e9376c2e32cff7"
        );
        assert_eq!(
            digest(b"Jefe", &[b"what do ya want ", b"for nothing?"]),
            "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843"
        );
    }

    #[test]
    fn each_credential_and_each_purpose_has_digests_of_its_own() {
        let parts: &[&[u8]] = &[b"one body"];
        let keys = [of_credential(1, "requests"), of_credential(1, "people"), of_credential(2, "requests")];
        let mut digests = keys.map(|key| key.digest(parts).unwrap()).to_vec();
        digests.push(Digest::of_parts(parts));
        digests.sort_unstable();
        digests.dedup();
        assert_eq!(digests.len(), 4);
        assert_eq!(format!("{:?}", of_credential(1, "requests")), "DigestKey");
    }

    /// What is kept by one start of a server must be found again by the next.
    #[test]
    fn a_digest_never_changes() {
        let digest = of_credential(1, "requests").digest(&[b"one body"]).unwrap();
        assert_eq!(digest.to_string(), "7a04cd457a745f1df02df98b8cea8708cf986d2f547a6f0e06ed250b8f16606a");
    }

    proptest! {
        #[test]
        fn one_text_has_one_digest_however_it_is_cut(one: Vec<u8>, two: Vec<u8>, other: Vec<u8>) {
            let key = of_credential(1, "requests");
            let whole = [one.clone(), two.clone()].concat();
            let digest = key.digest(&[&whole]).unwrap();
            prop_assert_eq!(digest, key.digest(&[&one, &two]).unwrap());
            prop_assert_eq!(digest == key.digest(&[&other]).unwrap(), whole == other);
        }
    }
}
