//! Who may use whom: the two tables that a new crate or a new dependency is entered in.

/// A crate of the workspace and the crates of ours that it may depend on.
#[derive(Debug)]
pub struct Crate {
    /// The name of the package.
    pub package: &'static str,
    /// Crates only look down: at rows below their own, never at a neighbour.
    pub row: u8,
    /// The packages of ours that may stand in its `[dependencies]`.
    pub may_use: &'static [&'static str],
}

const fn row(row: u8, package: &'static str, may_use: &'static [&'static str]) -> Crate {
    Crate { package, row, may_use }
}

const BASE: &str = "plimsoll-base";
const MEASURE: &str = "plimsoll-measure";
const PROOF: &str = "plimsoll-proof";
const KEYS: &str = "plimsoll-keys";
const EVIDENCE: &str = "plimsoll-evidence";
const PROCESS: &str = "plimsoll-process";
const LOAD: &str = "plimsoll-load";
const FAULT: &str = "plimsoll-fault";
const STORE: &str = "plimsoll-store";
const IDENTITY: &str = "plimsoll-identity";
const POLICY: &str = "plimsoll-policy";
const TASKS: &str = "plimsoll-tasks";
const CERTIFY: &str = "plimsoll-certify";
/// The demo subject: everybody's tests may start it, only the binary links it.
const NOTES: &str = "plimsoll-notes";
const BINARY: &str = "plimsoll";
const XTASK: &str = "xtask";

/// The crates from the bottom up.
pub const CRATES: &[Crate] = &[
    row(0, BASE, &[]),
    row(0, NOTES, &[]),
    row(0, XTASK, &[]),
    row(1, MEASURE, &[BASE]),
    row(1, PROOF, &[BASE]),
    row(1, TASKS, &[BASE]),
    row(2, KEYS, &[BASE, PROOF]),
    row(2, EVIDENCE, &[BASE, MEASURE, PROOF]),
    row(2, PROCESS, &[BASE]),
    row(2, LOAD, &[BASE, MEASURE]),
    row(3, FAULT, &[BASE, PROCESS]),
    row(3, STORE, &[BASE, PROOF, KEYS]),
    row(4, IDENTITY, &[BASE, PROOF, KEYS, STORE]),
    row(4, POLICY, &[BASE, STORE]),
    row(6, CERTIFY, &[BASE, MEASURE, PROOF, KEYS, EVIDENCE, PROCESS, LOAD, FAULT, STORE]),
    row(
        8,
        BINARY,
        &[
            BASE, MEASURE, PROOF, TASKS, KEYS, EVIDENCE, PROCESS, LOAD, FAULT, STORE, IDENTITY, POLICY,
            CERTIFY, NOTES,
        ],
    ),
];

/// Where a dependency from outside may be linked. Tests may use any that has an entry.
#[derive(Debug)]
pub enum Home {
    /// Names for data and errors: nothing in it acts.
    Anywhere,
    /// In these packages of ours, and nowhere else.
    In(&'static [&'static str]),
    /// Never linked into a library or the binary.
    Tests,
}

/// Every dependency from outside and its home.
pub const HOMES: &[(&str, Home)] = &[
    // what acts on the world
    ("axum", Home::In(&[NOTES, BINARY])),
    ("clap", Home::In(&[BINARY])),
    ("hyper", Home::In(&[BINARY])),
    ("hyper-util", Home::In(&[BINARY])),
    // identity: what opens a door (sessions, tokens, salts, second factors) is made where its hash is kept
    ("getrandom", Home::In(&[KEYS, IDENTITY, CERTIFY])),
    ("libc", Home::In(&[PROCESS, LOAD])),
    ("rusqlite", Home::In(&[NOTES, STORE])),
    ("rustix", Home::In(&[PROCESS, LOAD, FAULT, STORE, CERTIFY, BINARY])),
    ("tokio", Home::In(&[TASKS, FAULT, STORE, CERTIFY, NOTES, BINARY])),
    // one TLS stack; certify, as a client: what a subject speaks, and what its certificate is worth
    ("rustls", Home::In(&[CERTIFY, BINARY])),
    ("tokio-rustls", Home::In(&[BINARY])),
    ("tower", Home::In(&[BINARY])),
    // what secrets and signatures hang on
    ("argon2", Home::In(&[IDENTITY])),
    ("chacha20poly1305", Home::In(&[KEYS])),
    ("ed25519-dalek", Home::In(&[PROOF, KEYS])),
    // identity, with sha1: the codes of authenticators, and nothing else; keys, with sha2: HKDF; certify, sha1 alone: the
    // UUIDs of version 5 that foreign formats want
    ("hmac", Home::In(&[KEYS, IDENTITY])),
    ("scrypt", Home::In(&[KEYS])),
    ("sha1", Home::In(&[IDENTITY, CERTIFY])),
    ("sha2", Home::In(&[PROOF, KEYS])),
    ("subtle", Home::In(&[IDENTITY])),
    ("zeroize", Home::In(&[BASE, KEYS])),
    // what reads, makes or computes one thing
    ("globset", Home::In(&[CERTIFY])),
    ("httparse", Home::In(&[LOAD])),
    ("libm", Home::In(&[MEASURE, LOAD])),
    ("memchr", Home::In(&[LOAD, CERTIFY])),
    ("miniz_oxide", Home::In(&[MEASURE])),
    ("pulldown-cmark", Home::In(&[CERTIFY])),
    ("quick-xml", Home::In(&[CERTIFY])),
    ("rand_chacha", Home::In(&[LOAD, CERTIFY])),
    ("rand_core", Home::In(&[LOAD, CERTIFY])),
    ("saphyr-parser", Home::In(&[CERTIFY])),
    ("schemars", Home::In(&[BINARY])),
    ("strsim", Home::In(&[CERTIFY, BINARY])),
    ("tar", Home::In(&[BINARY])),
    ("time", Home::In(&[BASE])),
    ("toml", Home::In(&[CERTIFY, BINARY, XTASK])),
    ("zxcvbn", Home::In(&[IDENTITY])),
    ("base64", Home::Anywhere),
    ("serde", Home::Anywhere),
    ("serde_json", Home::Anywhere),
    ("thiserror", Home::Anywhere),
    ("insta", Home::Tests),
    ("proptest", Home::Tests),
    ("tempfile", Home::In(&[CERTIFY, BINARY])),
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn crates_only_look_down() {
        let row_of =
            |package: &str| CRATES.iter().find(|known| known.package == package).map(|known| known.row);
        for known in CRATES {
            for used in known.may_use {
                assert!(row_of(used) < Some(known.row), "{} may not use {used}", known.package);
                assert!(row_of(used).is_some(), "{used} has no row");
            }
        }
    }
}
