//! May this caller do that, and why.

use std::collections::BTreeSet;
use std::fmt;

use plimsoll_base::Kind;

use crate::action::Action;
use crate::role::Role;
use crate::table::roles_for;

/// Who is asking, as it stands at the moment of asking.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Caller {
    /// The roles.
    pub roles: BTreeSet<Role>,
    /// What the caller's token is limited to; none for a session.
    pub scopes: Option<BTreeSet<Action>>,
    /// A role demands a second factor that is not set up yet.
    pub must_enrol: bool,
}

/// The answer, with its reason.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Decision {
    /// Yes, by this role: the first in the table that the caller has.
    Allowed(Role),
    /// No.
    Denied(Denial),
}

/// Why not.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Denial {
    /// None of the caller's roles may.
    Role(Action),
    /// The caller's token is not for this.
    Scope(Action),
    /// No token may, only who has signed in.
    NeedsSession(Action),
    /// A second factor must be set up first.
    SecondFactor,
}

/// Decides. Pure: the same caller and the same action have the same answer.
pub fn decide(caller: &Caller, action: Action) -> Decision {
    if caller.must_enrol && !matches!(action, Action::AccountRead | Action::AccountChange) {
        return Decision::Denied(Denial::SecondFactor);
    }
    let Some(role) = roles_for(action).iter().find(|role| caller.roles.contains(role)) else {
        return Decision::Denied(Denial::Role(action));
    };
    match &caller.scopes {
        Some(_) if action.needs_session() => Decision::Denied(Denial::NeedsSession(action)),
        Some(scopes) if !scopes.contains(&action) => Decision::Denied(Denial::Scope(action)),
        _ => Decision::Allowed(*role),
    }
}

/// What a token of this caller could be used for, if it had every scope.
pub fn possible_scopes(owner: &Caller) -> BTreeSet<Action> {
    let scopes = Some(Action::ALL.iter().copied().collect());
    let token = Caller { scopes, ..owner.clone() };
    Action::ALL.iter().copied().filter(|action| decide(&token, *action).is_allowed()).collect()
}

impl Caller {
    /// A caller by the names of roles and scopes as they are stored. A name that is not known is left out: it allows
    /// nothing.
    pub fn named<'a>(
        roles: impl IntoIterator<Item = &'a str>,
        scopes: Option<impl IntoIterator<Item = &'a str>>,
        must_enrol: bool,
    ) -> Self {
        let roles = roles.into_iter().filter_map(|name| name.parse().ok()).collect();
        let scopes = scopes.map(|names| names.into_iter().filter_map(|name| name.parse().ok()).collect());
        Self { roles, scopes, must_enrol }
    }
}

impl Decision {
    /// Whether the answer is yes.
    pub fn is_allowed(self) -> bool {
        matches!(self, Self::Allowed(_))
    }
}

impl Denial {
    /// What sort of trouble this is.
    pub fn kind(self) -> Kind {
        Kind::Denied
    }

    /// What to do about it.
    pub fn hint(self) -> &'static str {
        match self {
            Self::Role(_) => "an administrator can give another role",
            Self::Scope(_) => "use a token that has this scope",
            Self::NeedsSession(_) => "sign in and do it there",
            Self::SecondFactor => "set up an authenticator in your account",
        }
    }
}

impl fmt::Display for Denial {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Role(action) => {
                let able = roles_for(*action).iter().map(|role| role.name()).collect::<Vec<_>>();
                write!(f, "`{action}` needs one of the roles {}", able.join(", "))
            }
            Self::Scope(action) => write!(f, "the token is not for `{action}`"),
            Self::NeedsSession(action) => write!(f, "`{action}` cannot be done with a token"),
            Self::SecondFactor => f.write_str("a second factor must be set up first"),
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use proptest::sample::subsequence;

    use super::*;

    fn session(roles: &[Role]) -> Caller {
        Caller { roles: roles.iter().copied().collect(), scopes: None, must_enrol: false }
    }

    fn with_scopes(role: Role, scopes: &[Action]) -> Caller {
        Caller { scopes: Some(scopes.iter().copied().collect()), ..session(&[role]) }
    }

    #[test]
    fn who_has_no_role_may_do_nothing() {
        for action in Action::ALL {
            let decision = decide(&session(&[]), *action);
            assert_eq!(decision, Decision::Denied(Denial::Role(*action)));
            let unknown = Caller::named(["root", "*", "Administrator", ""], None::<[&str; 0]>, false);
            assert!(!decide(&unknown, *action).is_allowed());
        }
    }

    /// A grant of `*:read` once let a viewer read the users.
    #[test]
    fn a_viewer_reads_no_users_tokens_sessions_or_records() {
        let viewer = session(&[Role::Viewer]);
        for action in Action::ALL {
            let allowed = decide(&viewer, *action).is_allowed();
            let open = ["subject", "profile", "certification", "account"].contains(&action.noun());
            assert!(open || !allowed, "a viewer may {action}");
        }
        for name in ["user.list", "user.read", "token.list", "own_token.list", "session.list", "audit.list"] {
            assert!(!decide(&viewer, name.parse().unwrap()).is_allowed(), "{name}");
        }
        for name in
            ["*", "*:read", "*.read", "user.*", "certification", "certification.", "certification.rea"]
        {
            assert!(name.parse::<Action>().is_err(), "{name} was taken for an action");
            assert_eq!(Caller::named([], Some([name]), false).scopes, Some(BTreeSet::new()));
        }
    }

    /// A grant of `mcp.docker` once did not cover `mcp.docker.container`, which is what was asked for: the operator
    /// could run nothing. Here what is granted and what is asked for are the same values.
    #[test]
    fn an_operator_can_do_what_the_role_says_from_end_to_end() {
        let (role, course) = (
            Role::Operator.name().parse().unwrap(),
            [
                "subject.write",
                "subject.list",
                "profile.read",
                "certification.start",
                "certification.read",
                "certification.cancel",
                "certification.download",
                "certification.verify",
            ],
        );
        for name in course {
            let action = name.parse().unwrap();
            assert_eq!(decide(&session(&[role]), action), Decision::Allowed(role));
            let stored = Caller::named([role.name()], Some(course), false);
            assert_eq!(decide(&stored, action), Decision::Allowed(role), "with a token for {name}");
        }
    }

    /// Roles in a token once won over the stored ones.
    #[test]
    fn a_role_that_is_taken_away_is_gone_with_the_next_question() {
        let mut caller = with_scopes(Role::Operator, &[Action::CertificationStart]);
        assert!(decide(&caller, Action::CertificationStart).is_allowed());
        caller.roles = BTreeSet::from([Role::Viewer]);
        let denied = Decision::Denied(Denial::Role(Action::CertificationStart));
        assert_eq!(decide(&caller, Action::CertificationStart), denied);
    }

    #[test]
    fn a_token_cannot_reach_further_than_itself() {
        for action in Action::ALL.iter().filter(|action| action.needs_session()) {
            let all = with_scopes(Role::Administrator, Action::ALL);
            let decision = decide(&all, *action);
            assert!(matches!(decision, Decision::Denied(Denial::NeedsSession(_))), "{action}: {decision:?}");
        }
        assert!(Action::OwnTokenCreate.needs_session() && Action::UserSetRoles.needs_session());
    }

    #[test]
    fn without_a_demanded_second_factor_there_is_only_ones_own_account() {
        let waiting = Caller { must_enrol: true, ..session(&Role::ALL) };
        let allowed = Action::ALL.iter().filter(|action| decide(&waiting, **action).is_allowed());
        assert_eq!(allowed.collect::<Vec<_>>(), [&Action::AccountRead, &Action::AccountChange]);
    }

    #[test]
    fn a_denial_says_what_is_missing() {
        let said = |caller: &Caller, action| match decide(caller, action) {
            Decision::Denied(denial) => format!("{denial}; {}", denial.hint()),
            Decision::Allowed(role) => panic!("{role} may"),
        };
        let all = [
            said(&session(&[Role::Viewer]), Action::CertificationStart),
            said(&with_scopes(Role::Operator, &[]), Action::CertificationStart),
            said(&with_scopes(Role::Operator, &[]), Action::OwnTokenCreate),
            said(&Caller { must_enrol: true, ..session(&[]) }, Action::UserList),
        ];
        let shown = all.join("\n");
        insta::assert_snapshot!(shown);
    }

    #[test]
    fn names_have_one_spelling() {
        for action in Action::ALL {
            let (noun, verb) = action.name().split_once('.').unwrap();
            for word in [noun, verb] {
                assert!(!word.is_empty() && word.bytes().all(|b| b.is_ascii_lowercase() || b == b'_'));
            }
            assert_eq!(action.name().parse(), Ok(*action));
            assert!(action.name().to_uppercase().parse::<Action>().is_err());
        }
        for role in Role::ALL {
            assert_eq!(role.name().parse(), Ok(role));
        }
    }

    fn roles() -> impl Strategy<Value = BTreeSet<Role>> {
        subsequence(Role::ALL.to_vec(), 0..=5).prop_map(|roles| roles.into_iter().collect())
    }

    proptest! {
        #[test]
        fn scopes_only_narrow_and_roles_only_widen(
            roles in roles(),
            more in roles(),
            scopes in subsequence(Action::ALL.to_vec(), 0..=Action::ALL.len()),
            must_enrol: bool,
        ) {
            let scopes = scopes.into_iter().collect::<BTreeSet<_>>();
            let owner = Caller { roles: roles.clone(), scopes: None, must_enrol };
            let token = Caller { scopes: Some(scopes.clone()), ..owner.clone() };
            let wider = Caller { roles: roles.union(&more).copied().collect(), ..owner.clone() };
            let possible = possible_scopes(&owner);
            prop_assert_eq!(&possible, &possible_scopes(&token), "it does not depend on who asks for it");
            for action in Action::ALL {
                let allowed = decide(&token, *action).is_allowed();
                prop_assert_eq!(allowed, possible.contains(action) && scopes.contains(action));
                prop_assert!(!allowed || decide(&owner, *action).is_allowed());
                prop_assert!(!allowed || scopes.contains(action));
                prop_assert!(!decide(&owner, *action).is_allowed() || decide(&wider, *action).is_allowed());
            }
        }

        #[test]
        fn foreign_text_is_no_name(text in "\\PC{0,30}") {
            if let Ok(action) = text.parse::<Action>() {
                prop_assert_eq!(action.name(), text);
            } else if let Ok(role) = text.parse::<Role>() {
                prop_assert_eq!(role.name(), text);
            }
        }
    }
}
