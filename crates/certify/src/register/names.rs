//! Names in the register.

use plimsoll_base::names;
use plimsoll_store::StreamName;

use super::event::STREAM;
use crate::error::Error;

/// As long as the name in a subject's or a profile's own file may be.
const NAME_BYTES_MAX: usize = 40;
/// Names of people and programs are shorter everywhere else in Plimsoll.
const ACTOR_CHARACTERS_MAX: usize = 128;
/// Milliseconds since 1970 in hexadecimal, up to the year 10889.
const TIME_DIGITS: usize = 12;
/// 32 random bits: two in one millisecond have different ones.
const RANDOM_DIGITS: usize = 8;

names! {
    Error;
    /// The name of a subject or a profile: what its own file may call itself.
    Name, "a subject or a profile", |text| {
        let plain = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-';
        (1..=NAME_BYTES_MAX).contains(&text.len()) && text.bytes().all(plain)
    };
    /// Who did something: the name of a user.
    Actor, "whoever did it", |text| {
        (1..=ACTOR_CHARACTERS_MAX).contains(&text.chars().count()) && !text.chars().any(char::is_control)
    };
    /// The name of a certification: later ones sort after earlier ones. It is also the name of a folder.
    CertificationId, "a certification", |text| {
        let plain = |byte: u8| byte.is_ascii_digit() || (b'a'..=b'f').contains(&byte);
        text.len() == TIME_DIGITS + RANDOM_DIGITS && text.bytes().all(plain)
    };
}

impl CertificationId {
    /// A new one.
    pub fn draw(now_ms: u64) -> Result<Self, Error> {
        let mut random = [0; RANDOM_DIGITS / 2];
        getrandom::fill(&mut random).map_err(|error| Error::Random(error.to_string()))?;
        Self::new(&format!("{now_ms:0TIME_DIGITS$x}{:0RANDOM_DIGITS$x}", u32::from_be_bytes(random)))
    }

    /// The stream that tells what it is doing, and ends with its outcome.
    pub fn stream(&self) -> Result<StreamName, Error> {
        Ok(StreamName::new(&format!("{STREAM}/{self}"))?)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn later_certifications_sort_after_earlier_ones() {
        let ids = [1, 0xffff, 0x10000, 1_795_305_600_000].map(|ms| CertificationId::draw(ms).unwrap());
        assert!(ids.is_sorted());
        let same = [(); 50].map(|()| CertificationId::draw(7).unwrap());
        assert!(same.iter().collect::<std::collections::BTreeSet<_>>().len() == 50);
        assert!(ids[0].stream().unwrap().as_str().starts_with("certify/000000000001"));
    }

    #[test]
    fn what_could_leave_a_folder_is_no_certification() {
        for text in ["", "..", "../../../etc/passwd00", "0000000000010000000G", "00000000000100000001/x"] {
            let error = CertificationId::new(text).unwrap_err();
            assert!(error.to_string().contains("a certification"), "{error}");
        }
        assert!(CertificationId::new("00000000000100000001").is_ok());
    }

    #[test]
    fn names_are_those_that_files_can_have() {
        for text in ["", "Notes", "a/b", "a_b", "é", &"x".repeat(41)] {
            assert!(Name::new(text).is_err(), "{text:?} was taken");
        }
        assert!(Name::new("web-service-2").is_ok());
        assert!(Actor::new("a\nb").is_err() && Actor::new("").is_err() && Actor::new("Alice Ä").is_ok());
    }
}
