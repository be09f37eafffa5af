//! Pins: the public keys that are believed on this machine.

use plimsoll_proof::{PublicKey, TrustEntry, TrustFile, TrustPurpose};

/// The most pins of demo keys that are kept, two for each demo: each demo makes keys and forgets them, and
/// without a bound the file would grow for ever. The oldest go first.
pub(crate) const DEMO_PINS_MAX: usize = 200;

/// For what a pinned key is believed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum PinKind {
    /// Somebody who issues certificates, or cosigns logs.
    Issuer,
    /// A demo that ran on this machine: valid here, and nowhere else.
    Demo,
}

/// All the pins of a machine.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Pins {
    /// The keys of issuers and witnesses: `trusted.keys`.
    pub issuers: TrustFile,
    /// The keys of demos: `demo.keys`.
    pub demos: TrustFile,
}

impl Pins {
    /// The pin of `key` in the role of `purpose`, valid or not, and its kind. An issuer's pin goes before a
    /// demo's.
    pub fn find(&self, purpose: TrustPurpose, key: &PublicKey) -> Option<(PinKind, &TrustEntry)> {
        let issuer = self.issuers.find(purpose, key).map(|entry| (PinKind::Issuer, entry));
        issuer.or_else(|| self.demos.find(purpose, key).map(|entry| (PinKind::Demo, entry)))
    }
}
