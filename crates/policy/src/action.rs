//! Everything that can be asked for, by name.

use std::fmt;
use std::str::FromStr;

use plimsoll_base::Kind;

macro_rules! actions {
    ($($(#[$doc:meta])* $action:ident = $name:literal,)*) => {
        /// Something that can be asked for. Its name is `noun.verb`, is stored in tokens, and never changes.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub enum Action {
            $($(#[$doc])* $action,)*
        }

        impl Action {
            /// All of them, in the order in which they are listed.
            pub const ALL: &[Self] = &[$(Self::$action,)*];

            /// The name: `certification.start`.
            pub const fn name(self) -> &'static str {
                match self {
                    $(Self::$action => $name,)*
                }
            }
        }
    };
}

actions! {
    /// Lists what can be certified.
    SubjectList = "subject.list",
    /// Shows one subject.
    SubjectRead = "subject.read",
    /// Adds, changes or removes a subject.
    SubjectWrite = "subject.write",
    /// Lists the profiles.
    ProfileList = "profile.list",
    /// Shows one profile.
    ProfileRead = "profile.read",
    /// Adds, changes or removes a profile: what is demanded of a subject.
    ProfileWrite = "profile.write",
    /// Lists certifications.
    CertificationList = "certification.list",
    /// Shows one certification, its trials, and its course as it happens.
    CertificationRead = "certification.read",
    /// Starts a certification.
    CertificationStart = "certification.start",
    /// Stops a certification that runs.
    CertificationCancel = "certification.cancel",
    /// Downloads a certificate with its evidence.
    CertificationDownload = "certification.download",
    /// Verifies a certificate.
    CertificationVerify = "certification.verify",
    /// Shows one's own name, roles, sessions and second factor.
    AccountRead = "account.read",
    /// Changes one's own password or second factor, ends one's own sessions.
    AccountChange = "account.change",
    /// Lists one's own tokens.
    OwnTokenList = "own_token.list",
    /// Gives out a token of one's own.
    OwnTokenCreate = "own_token.create",
    /// Revokes a token of one's own.
    OwnTokenRevoke = "own_token.revoke",
    /// Lists the users.
    UserList = "user.list",
    /// Shows one user.
    UserRead = "user.read",
    /// Creates a user.
    UserCreate = "user.create",
    /// Changes somebody's roles.
    UserSetRoles = "user.set_roles",
    /// Gives somebody a new password, or takes away a lost second factor.
    UserReset = "user.reset",
    /// Keeps somebody out, or lets them in again.
    UserDisable = "user.disable",
    /// Lists everybody's sessions.
    SessionList = "session.list",
    /// Ends anybody's session.
    SessionEnd = "session.end",
    /// Lists everybody's tokens.
    TokenList = "token.list",
    /// Revokes anybody's token.
    TokenRevoke = "token.revoke",
    /// Reads the audit trail.
    AuditList = "audit.list",
    /// Downloads the audit trail with its proof.
    AuditExport = "audit.export",
    /// Verifies the journal.
    JournalVerify = "journal.verify",
    /// Asks for a proof that a record is in the journal.
    JournalProve = "journal.prove",
    /// Downloads the whole journal: also what is kept of passwords and second factors.
    JournalExport = "journal.export",
    /// Shows how the server is set up.
    SettingsRead = "settings.read",
    /// Reads the server's measurements.
    MetricsRead = "metrics.read",
}

/// A text is not the name of an action.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
#[error("there is no action `{0}`")]
pub struct UnknownAction(String);

impl UnknownAction {
    /// What sort of trouble this is.
    pub fn kind(&self) -> Kind {
        Kind::Invalid
    }

    /// What to do about it.
    pub fn hint(&self) -> &'static str {
        "each action is named in full, and there are no wildcards"
    }
}

impl Action {
    /// What it is done to: `certification`.
    pub fn noun(self) -> &'static str {
        self.name().split_once('.').map_or("", |(noun, _)| noun)
    }

    /// Whether only a session may do it. What such an action hands out reaches further than the scopes of the token
    /// that asked, so a token with it would be a token for everything.
    pub const fn needs_session(self) -> bool {
        matches!(
            self,
            Self::AccountChange
                | Self::OwnTokenCreate
                | Self::UserCreate
                | Self::UserSetRoles
                | Self::UserReset
                | Self::UserDisable
                | Self::JournalExport
        )
    }
}

impl fmt::Display for Action {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.name())
    }
}

impl FromStr for Action {
    type Err = UnknownAction;

    /// Accepts exactly what `Display` writes.
    fn from_str(text: &str) -> Result<Self, UnknownAction> {
        let known = Self::ALL.iter().find(|action| action.name() == text);
        known.copied().ok_or_else(|| UnknownAction(text.chars().take(40).collect()))
    }
}
