//! What tells words that people chose from those that nobody did.

/// Bits a character, by how often each byte stands in a text.
pub(super) fn disorder(text: &[u8]) -> f64 {
    let mut counts = [0u32; 256];
    for byte in text {
        counts[usize::from(*byte)] += 1;
    }
    let length = text.len().max(1) as f64;
    let bits = |count: &u32| {
        let share = f64::from(*count) / length;
        -share * share.log2()
    };
    counts.iter().filter(|count| **count > 0).map(bits).sum()
}

/// Whether a value stands for another one that is not here.
pub(super) fn is_placeholder(value: &[u8]) -> bool {
    const WORDS: [&str; 10] = [
        "password",
        "example",
        "changeme",
        "change-me",
        "placeholder",
        "dummy",
        "redacted",
        "your",
        "xxxx",
        "...",
    ];
    let lower = String::from_utf8_lossy(value).to_ascii_lowercase();
    WORDS.iter().any(|word| lower.contains(word)) || lower.contains(['$', '{', '}', '<', '>', '*', '%'])
}

/// The CRC-32 of a text in base 62, six characters: how GitHub and npm end their tokens.
pub(in crate::inspection) fn crc32_base62(text: &[u8]) -> String {
    const ALPHABET: [u8; 62] = *b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";
    let mut rest = crc32(text);
    let mut digits = [b'0'; 6];
    for digit in digits.iter_mut().rev() {
        *digit = ALPHABET[(rest % 62) as usize];
        rest /= 62;
    }
    String::from_utf8_lossy(&digits).into_owned()
}

/// CRC-32 of IEEE 802.3, bit by bit: thirty characters need no table.
fn crc32(text: &[u8]) -> u32 {
    let step = |crc: u32| if crc & 1 == 1 { (crc >> 1) ^ 0xedb8_8320 } else { crc >> 1 };
    let byte = |crc: u32, byte: &u8| (0..8).fold(crc ^ u32::from(*byte), |crc, _| step(crc));
    !text.iter().fold(u32::MAX, byte)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The check value of CRC-32 that every catalogue has.
    #[test]
    fn the_checksum_is_that_of_the_catalogues() {
        assert_eq!(crc32(b"123456789"), 0xcbf4_3926);
        assert_eq!(crc32_base62(b""), "000000");
        assert_eq!(crc32_base62(b"123456789"), "3jZRME");
    }

    #[test]
    fn words_have_less_disorder_than_what_was_drawn() {
        assert!(disorder(b"aaaaaaaaaaaaaaaa") < 0.1);
        assert!(disorder(b"passwordpassword") < 3.0);
        assert!(disorder(b"q7Zp0LxW3vRtK9sd") > 3.9);
    }

    #[test]
    fn placeholders_are_known() {
        for text in
            ["${TOKEN}", "<token>", "your-token-here-123", "xxxxxxxxxxxx1", "CHANGEME1234", "abc...def"]
        {
            assert!(is_placeholder(text.as_bytes()), "{text}");
        }
        assert!(!is_placeholder(b"q7Zp0LxW3vRtK9sd"));
    }
}
