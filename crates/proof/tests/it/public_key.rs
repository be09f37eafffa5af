use plimsoll_proof::{PublicKey, PublicKeyError, SignatureError};
use proptest::prelude::*;

use crate::support::{hex, public_key, signing_key};

/// RFC 8032, 7.1: public key, message, signature.
const VECTORS: [(&str, &[u8], &str); 3] = [
    (
        "d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a",
        b"",
        "e5564300c360ac729086e2cc806e828a84877f1eb8e5d974d873e065224901555fb8821590a33bacc61e39701cf9b46bd25bf5f0595bbe24655141438e7a100b",
    ),
    (
        "3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c",
        b"\x72",
        "92a009a9f0d4cab8720e820b5f642540a2b27b5416503f8fb3762223ebdb69da085ac1e43e15996e458f3613d0f11d8c387b2eaeb4302aeeb00d291612bb0c00",
    ),
    (
        "fc51cd8e6218a1a38da47ed00230f0580816ed13ba3303ac5deb911548908025",
        b"\xaf\x82",
        "6291d657deec24024827e69c3abe01a30ce548a284743a445e3680d7db5ac3ac18ff9b538d16f290ae67f760984dc6594a7c15e9716ed28dc027beceea1ec40a",
    ),
];

/// All encodings of the eight points of small order that a lenient reader accepts.
const SMALL_ORDER: [&str; 8] = [
    "0100000000000000000000000000000000000000000000000000000000000000",
    "0100000000000000000000000000000000000000000000000000000000000080",
    "ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
    "ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff",
    "0000000000000000000000000000000000000000000000000000000000000000",
    "0000000000000000000000000000000000000000000000000000000000000080",
    "26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05",
    "c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac037a",
];

#[test]
fn vectors_of_rfc_8032_verify_and_no_neighbour_does() {
    for (key, message, signature) in VECTORS {
        let key = PublicKey::from_bytes(&hex(key)).unwrap();
        let signature: [u8; 64] = hex(signature);
        assert_eq!(key.verify(message, &signature), Ok(()));
        assert_eq!(key.verify(&[message, b"x"].concat(), &signature), Err(SignatureError::Mismatch));
        for bit in 0..512 {
            let mut altered = signature;
            altered[bit / 8] ^= 1 << (bit % 8);
            assert_eq!(key.verify(message, &altered), Err(SignatureError::Mismatch), "bit {bit}");
        }
    }
}

#[test]
fn a_signature_with_the_group_order_added_is_refused() {
    // The order of the group, little-endian: S + L satisfies the same equation as S.
    let order: [u8; 32] = hex("edd3f55c1a631258d69cf7a2def9de1400000000000000000000000000000010");
    let (key, message, signature) = VECTORS[0];
    let mut signature: [u8; 64] = hex(signature);
    let mut carry = 0u16;
    for (byte, addend) in signature[32..].iter_mut().zip(order) {
        carry += u16::from(*byte) + u16::from(addend);
        *byte = (carry & 0xff) as u8;
        carry >>= 8;
    }
    assert_eq!(carry, 0);
    let key = PublicKey::from_bytes(&hex(key)).unwrap();
    assert_eq!(key.verify(message, &signature), Err(SignatureError::Mismatch));
}

#[test]
fn keys_of_small_order_are_refused() {
    for key in SMALL_ORDER {
        assert_eq!(PublicKey::from_bytes(&hex(key)), Err(PublicKeyError::SmallOrder), "{key}");
    }
}

#[test]
fn keys_with_a_part_of_small_order_are_refused() {
    // Adding the point (0, -1) of order two to (x, y) gives (-x, -y).
    let good: [u8; 32] = hex(VECTORS[0].0);
    let prime: [u8; 32] = hex("edffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f");
    let mut mixed = [0; 32];
    let mut borrow = 0i16;
    for at in 0..32 {
        let y = if at == 31 { good[at] & 0x7f } else { good[at] };
        let difference = i16::from(prime[at]) - i16::from(y) - borrow;
        borrow = i16::from(difference < 0);
        mixed[at] = difference.rem_euclid(256) as u8;
    }
    mixed[31] |= !good[31] & 0x80;
    assert_eq!(PublicKey::from_bytes(&mixed), Err(PublicKeyError::MixedOrder));
}

#[test]
fn encodings_at_or_above_the_prime_are_refused() {
    for low in 0xed..=0xff {
        for top in [0x7f, 0xff] {
            let mut key = [0xff; 32];
            (key[0], key[31]) = (low, top);
            assert_eq!(PublicKey::from_bytes(&key), Err(PublicKeyError::NotCanonical), "{low:x} {top:x}");
        }
    }
    let not_on_curve = hex("0200000000000000000000000000000000000000000000000000000000000000");
    assert_eq!(PublicKey::from_bytes(&not_on_curve), Err(PublicKeyError::NotOnCurve));
}

#[test]
fn is_written_as_base64_fingerprint_and_pem() {
    let key = PublicKey::from_bytes(&hex(VECTORS[0].0)).unwrap();
    assert_eq!(key.to_string(), "11qYAYKxCrfVS/7TyWQHOg7hcvPapiMlrwIaaPcHURo=");
    assert_eq!(
        key.fingerprint(),
        "21fe 31df a154 a261 626b f854 046f d227 1b7b ed4b 6abe 45aa 5887 7ef4 7f97 21b9"
    );
    assert_eq!(
        key.to_pem(),
        "-----BEGIN PUBLIC KEY-----\n\
         MCowBQYDK2VwAyEA11qYAYKxCrfVS/7TyWQHOg7hcvPapiMlrwIaaPcHURo=\n\
         -----END PUBLIC KEY-----\n"
    );
    assert_eq!(serde_json::to_string(&key).unwrap(), format!("\"{key}\""));
    assert!(serde_json::from_str::<PublicKey>("\"11qY\"").is_err());
}

proptest! {
    #[test]
    fn what_is_written_is_read_again(seed: u8) {
        let key = public_key(seed);
        prop_assert_eq!(key.to_string().parse::<PublicKey>(), Ok(key));
    }

    #[test]
    fn no_bytes_make_it_panic_and_each_key_has_one_spelling(bytes: [u8; 32], signature in proptest::collection::vec(any::<u8>(), 64)) {
        let signature: [u8; 64] = signature.try_into().unwrap();
        if let Ok(key) = PublicKey::from_bytes(&bytes) {
            prop_assert_eq!(key.as_bytes(), &bytes);
            prop_assert!(key.verify(b"message", &signature).is_err());
        }
        prop_assert!(public_key(1).verify(&bytes, &signature).is_err());
    }

    #[test]
    fn every_honest_key_is_accepted(seed: [u8; 32]) {
        let honest = ed25519_dalek::SigningKey::from_bytes(&seed).verifying_key();
        prop_assert!(PublicKey::from_bytes(honest.as_bytes()).is_ok());
    }
}

#[test]
fn debug_shows_the_public_key_only() {
    let text = format!("{:?}", public_key(7));
    assert_eq!(text, format!("PublicKey({})", public_key(7)));
    assert_ne!(signing_key(7).as_bytes(), public_key(7).as_bytes());
}
