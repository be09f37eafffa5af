//! What it takes to certify.

use std::path::Path;
use std::sync::atomic::AtomicBool;

use plimsoll_base::Clock;
use plimsoll_evidence::{Issuance, Profile};
use plimsoll_keys::IssuerKeys;

use crate::files::Subject;
use crate::repetition::Repetition;
use crate::state::State;

/// What is to be certified, by whom, and where the certificate goes.
#[derive(Clone, Copy)]
pub struct Order<'a> {
    /// The subject.
    pub subject: &'a Subject,
    /// Against what it is judged.
    pub profile: &'a Profile,
    /// The certificate that is measured again, if one is.
    pub repetition: Option<&'a Repetition>,
    /// The issuer's keys.
    pub keys: &'a IssuerKeys,
    /// Whether the keys are kept, or thrown away after a demonstration.
    pub issuance: Issuance,
    /// The state folder.
    pub state: &'a State,
    /// Where the certificate's folder is to be made.
    pub out: &'a Path,
    /// Version of the measuring program.
    pub version: &'a str,
    /// Time.
    pub clock: &'a dyn Clock,
    /// Becomes true when somebody asks to stop.
    pub stop: &'a AtomicBool,
}
