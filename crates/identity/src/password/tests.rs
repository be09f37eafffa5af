use std::cell::Cell;

use proptest::prelude::*;

use super::*;

thread_local! {
    /// How many comparisons this test has computed.
    pub(super) static COMPUTED: Cell<u32> = const { Cell::new(0) };
}

fn secret(text: &str) -> Secret<String> {
    Secret::new(String::from(text))
}

fn alice() -> UserName {
    UserName::new("alice").unwrap()
}

const GOOD: &str = "tulip anvil orbit kelp";

#[test]
fn a_good_password_is_hashed_and_found_right() {
    let hash = hash_new(&alice(), &secret(GOOD)).unwrap();
    assert!(String::from(hash.clone()).starts_with("$argon2id$v=19$m=19456,t=2,p=1$"));
    assert!(hash.verify(&secret(GOOD)).unwrap());
    assert!(!hash.verify(&secret("tulip anvil orbit kelq")).unwrap());
    assert_ne!(hash, hash_new(&alice(), &secret(GOOD)).unwrap(), "each hash has a salt of its own");
    assert_eq!(format!("{hash:?}"), "[hash]");
}

#[test]
fn lengths_are_counted_in_characters_below_and_in_bytes_above() {
    let check = |text: &str| check_new(&alice(), text);
    assert!(matches!(check("tülïp ánvïl"), Err(Error::PasswordShort { characters: 11 })));
    assert!(matches!(check(""), Err(Error::PasswordShort { characters: 0 })));
    let longest = format!("{GOOD}{}", "é".repeat((PASSWORD_BYTES_MAX - GOOD.len()) / 2));
    assert_eq!(longest.len(), PASSWORD_BYTES_MAX);
    check(&longest).unwrap();
    assert!(matches!(check(&format!("{longest}x")), Err(Error::PasswordLong { bytes: 1_025 })));
    let endless = secret(&"x".repeat(PASSWORD_BYTES_MAX + 1));
    assert!(matches!(PasswordHash::dummy().verify(&endless), Err(Error::PasswordLong { .. })));
}

#[test]
fn twelve_characters_are_enough_and_as_many_bytes_as_are_taken_can_be_compared() {
    assert!(check_new(&alice(), "vq7Lm2Xé9fTr").is_ok());
    assert!(matches!(check_new(&alice(), "vq7Lm2Xé9fT"), Err(Error::PasswordShort { characters: 11 })));
    assert!(!PasswordHash::dummy().verify(&secret(&"x".repeat(PASSWORD_BYTES_MAX))).unwrap());
}

proptest! {
    /// A common password with capitals, and with spaces, hyphens and stops between its letters.
    #[test]
    fn a_common_password_is_refused_however_it_is_dressed(
        which in 0..COMMON.lines().count(),
        capitals: u64,
        marks in proptest::collection::vec("[-. ]{0,1}", 64),
    ) {
        let known = COMMON.lines().nth(which).unwrap();
        prop_assume!(known.chars().any(char::is_alphanumeric));
        let letters = known.chars().zip(marks).enumerate();
        let dressed: String = letters
            .map(|(at, (letter, mark))| match capitals >> (at % 64) & 1 {
                0 => format!("{mark}{letter}"),
                _ => format!("{mark}{}", letter.to_uppercase()),
            })
            .collect();
        let found = check_new(&alice(), &dressed);
        prop_assert!(matches!(found, Err(Error::PasswordCommon)), "{}: {:?}", dressed, found);
    }

    #[test]
    fn no_text_is_too_strange_to_be_judged(text in "\\PC{0,40}", long in 1_025usize..3_000) {
        match check_new(&alice(), &text) {
            Ok(()) => prop_assert!(text.chars().count() >= PASSWORD_CHARACTERS_MIN),
            Err(Error::PasswordShort { characters }) => prop_assert_eq!(characters, text.chars().count()),
            Err(Error::PasswordWeak { score }) => prop_assert!(score < SCORE_MIN),
            Err(other) => prop_assert!(matches!(other, Error::PasswordCommon), "{}", other),
        }
        let refused = check_new(&alice(), &"y".repeat(long));
        let is_told = matches!(refused, Err(Error::PasswordLong { bytes }) if bytes == long);
        prop_assert!(is_told, "{:?}", refused);
    }

    #[test]
    fn foreign_text_is_no_hash(text in "\\PC{0,120}", at in 0..DUMMY.len(), typo in "[ -~]") {
        prop_assert!(PasswordHash::parse(text).is_err());
        let mut altered = String::from(DUMMY);
        altered.replace_range(at..=at, &typo);
        if let Ok(read) = PasswordHash::parse(altered) {
            // What is read costs no more than is allowed, whatever stands in it.
            let parameters = Params::try_from(&phc::PasswordHash::new(&read.0).unwrap()).unwrap();
            prop_assert!(parameters.m_cost() <= MEMORY_KIB_MAX && parameters.t_cost() <= PASSES_MAX);
        }
    }
}

#[test]
fn what_can_be_guessed_is_refused() {
    for text in ["alicealicealice", "aaaaaaaaaaaaaaaa", "abcdefghijklmnop"] {
        let weak = check_new(&alice(), text);
        assert!(matches!(weak, Err(Error::PasswordWeak { score: 0..=2 })), "{text}: {weak:?}");
    }
    let own_name = UserName::new("wolfeschlegelsteinhausen").unwrap();
    assert!(check_new(&alice(), own_name.as_str()).is_ok());
    assert!(matches!(check_new(&own_name, own_name.as_str()), Err(Error::PasswordWeak { .. })));
}

#[test]
fn a_strength_of_two_is_too_little() {
    let weak = check_new(&alice(), "johnsmith1984");
    assert!(matches!(weak, Err(Error::PasswordWeak { score: 2 })), "{weak:?}");
}

#[test]
fn the_list_refuses_what_the_estimate_lets_pass() {
    let passes = |text: &&str| u8::from(zxcvbn::zxcvbn(text, &["alice"]).score()) >= SCORE_MIN;
    let let_pass = COMMON.lines().filter(passes).collect::<Vec<_>>();
    assert!(!let_pass.is_empty());
    for text in let_pass {
        let found = check_new(&alice(), &text.to_uppercase());
        assert!(matches!(found, Err(Error::PasswordCommon)), "{text}: {found:?}");
    }
}

#[test]
fn spaces_and_hyphens_do_not_make_a_common_password_rare() {
    for text in ["plimsoll plimsoll", "Correct-Horse-Battery-Staple", "hello, world, 12", "January 2022 !"] {
        let found = check_new(&alice(), text);
        assert!(matches!(found, Err(Error::PasswordCommon)), "{text}: {found:?}");
    }
}

#[test]
fn the_list_is_long_and_every_entry_could_be_typed() {
    let lines = COMMON.lines().collect::<Vec<_>>();
    let once: HashSet<&str> = lines.iter().copied().collect();
    assert!(lines.len() >= 300 && lines.len() == once.len(), "{} entries", lines.len());
    for line in lines {
        assert!(line.chars().count() >= PASSWORD_CHARACTERS_MIN, "{line}");
        assert_eq!(line, line.trim().to_lowercase());
    }
}

#[test]
fn an_unknown_name_costs_as_many_hashes_as_a_wrong_password() {
    let known = (alice(), hash_new(&alice(), &secret(GOOD)).unwrap());
    let cost = |check: PasswordCheck| {
        COMPUTED.set(0);
        let refused = check.verify(&secret("a wrong password"));
        assert!(matches!(refused, Err(Error::SignIn)));
        COMPUTED.get()
    };
    assert_eq!(cost(PasswordCheck::of(Some(known.clone()))), 1);
    assert_eq!(cost(PasswordCheck::of(None)), 1);
    let parameters = |hash: &PasswordHash| {
        Params::try_from(&phc::PasswordHash::new(&hash.0).unwrap()).map(|p| (p.m_cost(), p.t_cost())).unwrap()
    };
    assert_eq!(parameters(&PasswordHash::dummy()), parameters(&known.1));
    assert_eq!(parameters(&known.1), (MEMORY_KIB, PASSES));
}

#[test]
fn a_hash_of_older_parameters_is_renewed_on_a_right_password() {
    let cheap = Argon2::new(Algorithm::Argon2id, Version::V0x13, Params::new(8, 1, 1, None).unwrap());
    let old = cheap.hash_password_with_salt(GOOD.as_bytes(), b"sixteen bytes ..").unwrap().to_string();
    let old = PasswordHash::parse(old).unwrap();
    assert!(old.is_outdated());
    let proof = PasswordCheck::of(Some((alice(), old))).verify(&secret(GOOD)).unwrap();
    let renewed = proof.renewed.unwrap();
    assert!(!renewed.is_outdated());
    assert!(renewed.verify(&secret(GOOD)).unwrap());
    let current = PasswordCheck::of(Some((alice(), renewed))).verify(&secret(GOOD)).unwrap();
    assert!(current.renewed.is_none());
}

#[test]
fn only_hashes_that_could_have_been_made_here_are_read() {
    assert!(PasswordHash::parse(String::from(DUMMY)).is_ok());
    for (from, to) in [
        ("argon2id", "argon2i"),
        ("m=19456", "m=4194304"),
        ("t=2", "t=1000"),
        ("$AAAA", "AAAA"),
        ("p=1", "p=x"),
    ] {
        let text = DUMMY.replace(from, to);
        assert_ne!(text, DUMMY);
        assert!(PasswordHash::parse(text.clone()).is_err(), "{text} was read");
    }
}
