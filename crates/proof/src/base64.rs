//! Standard base64 with padding and zero tail bits: one spelling for one string of bytes.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

pub(crate) fn encode(bytes: &[u8]) -> String {
    STANDARD.encode(bytes)
}

/// Decodes `text` only if it is what [`encode`] gives: the engine wants padding and zero tail bits.
pub(crate) fn decode(text: &str) -> Option<Vec<u8>> {
    STANDARD.decode(text).ok()
}

/// Decodes `text` to exactly `N` bytes.
pub(crate) fn decode_array<const N: usize>(text: &str) -> Option<[u8; N]> {
    decode(text)?.try_into().ok()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn tail_bits_padding_and_white_space_have_one_spelling() {
        assert_eq!(decode("AA=="), Some(vec![0]));
        for bad in ["AB==", "AA=", "AA", "AA==\n", " AA==", "AA===", "_-8=", "A", "AAA=AAA="] {
            assert_eq!(decode(bad), None, "{bad:?} was accepted");
        }
        assert_eq!(decode_array::<2>("AA=="), None);
    }

    proptest! {
        #[test]
        fn both_ways(bytes: Vec<u8>, text in "[A-Za-z0-9+/]{0,12}={0,3}") {
            prop_assert_eq!(decode(&encode(&bytes)), Some(bytes));
            if let Some(bytes) = decode(&text) {
                prop_assert_eq!(encode(&bytes), text);
            }
        }
    }
}
