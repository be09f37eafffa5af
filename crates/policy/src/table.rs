//! The table. A line is an action and the roles that may do it.

use crate::action::Action;
use crate::role::Role;
use crate::role::Role::{Administrator as A, Certifier as C, Operator as O, Reviewer as R, Viewer as V};

#[rustfmt::skip]
const TABLE: &[(Action, &[Role])] = &[
    (Action::SubjectList,           &[V, O, C, R]),
    (Action::SubjectRead,           &[V, O, C, R]),
    (Action::SubjectWrite,          &[O, C]),
    (Action::ProfileList,           &[V, O, C, R]),
    (Action::ProfileRead,           &[V, O, C, R]),
    (Action::ProfileWrite,          &[C]),
    (Action::CertificationList,     &[V, O, C, R]),
    (Action::CertificationRead,     &[V, O, C, R]),
    (Action::CertificationStart,    &[O, C]),
    (Action::CertificationCancel,   &[O, C]),
    (Action::CertificationDownload, &[O, C, R]),
    (Action::CertificationVerify,   &[V, O, C, R]),
    (Action::AccountRead,           &[V, O, C, R, A]),
    (Action::AccountChange,         &[V, O, C, R, A]),
    (Action::OwnTokenList,          &[O, C, R, A]),
    (Action::OwnTokenCreate,        &[O, C, R, A]),
    (Action::OwnTokenRevoke,        &[O, C, R, A]),
    (Action::UserList,              &[A]),
    (Action::UserRead,              &[A]),
    (Action::UserCreate,            &[A]),
    (Action::UserSetRoles,          &[A]),
    (Action::UserReset,             &[A]),
    (Action::UserDisable,           &[A]),
    (Action::SessionList,           &[A]),
    (Action::SessionEnd,            &[A]),
    (Action::TokenList,             &[A]),
    (Action::TokenRevoke,           &[A]),
    (Action::AuditList,             &[R, A]),
    (Action::AuditExport,           &[R, A]),
    (Action::JournalVerify,         &[R, A]),
    (Action::JournalProve,          &[C, R, A]),
    (Action::JournalExport,         &[A]),
    (Action::SettingsRead,          &[A]),
    (Action::MetricsRead,           &[O, A]),
];

/// The roles that may do an action; none if it is not in the table.
pub fn roles_for(action: Action) -> &'static [Role] {
    TABLE.iter().find(|(known, _)| *known == action).map_or(&[], |(_, roles)| roles)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_action_stands_in_the_table_once() {
        for action in Action::ALL {
            let lines = TABLE.iter().filter(|(known, _)| known == action).count();
            assert_eq!(lines, 1, "{action}");
            assert!(!roles_for(*action).is_empty(), "nobody may do {action}");
        }
        assert_eq!(TABLE.len(), Action::ALL.len());
    }

    #[test]
    fn the_table_of_role_by_action() {
        let mut shown = format!("{:<24}", "");
        shown.extend(Role::ALL.map(|role| format!("{role:<14}")));
        for action in Action::ALL {
            shown.push_str(&format!("\n{action:<24}"));
            for role in Role::ALL {
                let cell = match (roles_for(*action).contains(&role), action.needs_session()) {
                    (false, _) => "-",
                    (true, false) => "yes",
                    (true, true) => "in a session",
                };
                shown.push_str(&format!("{cell:<14}"));
            }
        }
        let shown = shown.lines().map(str::trim_end).collect::<Vec<_>>().join("\n");
        insta::assert_snapshot!(shown);
    }
}
