//! What the records of the stream `identity` say: `{"v":1,"event":{"user_created":{...}}}`.
//!
//! `by` is the user who did it; none stands for whoever commands the server's own machine.

use std::collections::BTreeSet;
use std::net::IpAddr;

use plimsoll_store::{Recorded, StreamName};
use serde::{Deserialize, Serialize};

use crate::error::Result;
use crate::names::{Agent, Label, RoleName, Scope, UserName};
use crate::password::PasswordHash;
use crate::recovery::RecoveryHash;
use crate::seals::SealedSecret;
use crate::token::{LinkId, SessionId, TokenId};

/// The stream that holds all of it.
pub const STREAM: &str = "identity";

/// From where something was used.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Place {
    /// The client's address.
    pub address: IpAddr,
    /// What the client says that it is.
    pub agent: Agent,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub(crate) enum Event {
    SetUpOffered {
        link: LinkId,
        expires_ms: u64,
    },
    UserCreated {
        user: UserName,
        password: PasswordHash,
        roles: BTreeSet<RoleName>,
        /// The set-up link that was used up by it.
        link: Option<LinkId>,
        by: Option<UserName>,
    },
    PasswordChanged {
        user: UserName,
        password: PasswordHash,
        by: Option<UserName>,
    },
    /// The same password, hashed with more work.
    PasswordRehashed {
        user: UserName,
        password: PasswordHash,
    },
    RolesChanged {
        user: UserName,
        roles: BTreeSet<RoleName>,
        by: Option<UserName>,
    },
    UserDisabled {
        user: UserName,
        by: Option<UserName>,
    },
    UserEnabled {
        user: UserName,
        by: Option<UserName>,
    },
    SecondFactorOffered {
        user: UserName,
        sealed: SealedSecret,
    },
    SecondFactorConfirmed {
        user: UserName,
        step: u64,
        recovery: BTreeSet<RecoveryHash>,
        /// The session in which it was done, which is as good as one that began with a code.
        session: Option<SessionId>,
    },
    SecondFactorRemoved {
        user: UserName,
        by: Option<UserName>,
    },
    CodeUsed {
        user: UserName,
        step: u64,
    },
    RecoveryUsed {
        user: UserName,
        code: RecoveryHash,
    },
    RecoveryRenewed {
        user: UserName,
        recovery: BTreeSet<RecoveryHash>,
    },
    SessionOpened {
        session: SessionId,
        user: UserName,
        second_factor: bool,
        expires_ms: u64,
        place: Place,
    },
    SessionUsed {
        session: SessionId,
        used_ms: u64,
        place: Place,
    },
    SessionEnded {
        session: SessionId,
        by: Option<UserName>,
    },
    SessionsEnded {
        user: UserName,
        by: Option<UserName>,
    },
    TokenIssued {
        token: TokenId,
        user: UserName,
        label: Label,
        scopes: BTreeSet<Scope>,
        expires_ms: u64,
    },
    TokenUsed {
        token: TokenId,
        used_ms: u64,
        place: Place,
    },
    TokenRevoked {
        token: TokenId,
        by: Option<UserName>,
    },
}

/// The stream's name.
pub(crate) fn stream() -> Result<StreamName> {
    Ok(StreamName::new(STREAM)?)
}

impl Recorded for Event {
    fn kind(&self) -> &'static str {
        match self {
            Self::SetUpOffered { .. } => "set-up.offered",
            Self::UserCreated { .. } => "user.created",
            Self::PasswordChanged { .. } => "password.changed",
            Self::PasswordRehashed { .. } => "password.rehashed",
            Self::RolesChanged { .. } => "roles.changed",
            Self::UserDisabled { .. } => "user.disabled",
            Self::UserEnabled { .. } => "user.enabled",
            Self::SecondFactorOffered { .. } => "second-factor.offered",
            Self::SecondFactorConfirmed { .. } => "second-factor.confirmed",
            Self::SecondFactorRemoved { .. } => "second-factor.removed",
            Self::CodeUsed { .. } => "code.used",
            Self::RecoveryUsed { .. } => "recovery.used",
            Self::RecoveryRenewed { .. } => "recovery.renewed",
            Self::SessionOpened { .. } => "session.opened",
            Self::SessionUsed { .. } => "session.used",
            Self::SessionEnded { .. } => "session.ended",
            Self::SessionsEnded { .. } => "sessions.ended",
            Self::TokenIssued { .. } => "token.issued",
            Self::TokenUsed { .. } => "token.used",
            Self::TokenRevoked { .. } => "token.revoked",
        }
    }
}

#[cfg(test)]
mod tests {
    use plimsoll_store::{Payload, Record, RecordKind};

    use super::*;

    fn record(kind: &str, payload: &str) -> Record {
        Record {
            position: 9,
            unix_ms: 1,
            stream: stream().unwrap(),
            sequence: 7,
            kind: RecordKind::new(kind).unwrap(),
            payload: Payload { sealed_under: None, bytes: payload.as_bytes().to_vec() },
        }
    }

    const DISABLED: &str = r#"{"v":1,"event":{"user_disabled":{"user":"alice","by":null}}}"#;

    /// Journals of the first version hold exactly this.
    #[test]
    fn what_version_1_wrote_is_read() {
        let read = Event::from_record(&record("user.disabled", DISABLED)).unwrap();
        assert_eq!(read, Event::UserDisabled { user: UserName::new("alice").unwrap(), by: None });
        assert_eq!(read.to_record().unwrap().payload.bytes, DISABLED.as_bytes());
        let id = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad";
        let used = format!(
            r#"{{"v":1,"event":{{"session_used":{{"session":"{id}","used_ms":5,"place":{{"address":"::1","agent":"x"}}}}}}}}"#
        );
        let read = Event::from_record(&record("session.used", &used)).unwrap();
        assert_eq!(read.to_record().unwrap().payload.bytes, used.as_bytes());
    }

    #[test]
    fn what_is_not_understood_is_an_error() {
        let cases = [
            ("user.disabled", DISABLED.replace("\"v\":1", "\"v\":2"), "version 2"),
            ("user.disabled", DISABLED.replace("null", "null,\"why\":\"x\""), "unknown field `why`"),
            ("user.disabled", DISABLED.replace("\"v\":1", "\"v\":1,\"w\":1"), "unknown field `w`"),
            ("user.disabled", DISABLED.replace("null", "null,\"by\":null"), "duplicate field"),
            ("user.disabled", DISABLED.replace("user_disabled", "user_erased"), "unknown variant"),
            ("user.disabled", DISABLED.replace("alice", "Alice"), "cannot name a user"),
            ("user.enabled", DISABLED.to_owned(), "its kind is user.enabled"),
            ("user.disabled", String::new(), "EOF"),
        ];
        for (kind, payload, why) in cases {
            let error = Event::from_record(&record(kind, &payload)).unwrap_err();
            assert!(matches!(error, plimsoll_store::Error::Unclear { sequence: 7, .. }), "{error:?}");
            assert!(error.to_string().contains(why), "{error}");
        }
        let mut sealed = record("user.disabled", DISABLED);
        sealed.payload.sealed_under = Some(plimsoll_store::SealName::new("k").unwrap());
        assert!(Event::from_record(&sealed).unwrap_err().to_string().contains("sealed"));
    }
}
