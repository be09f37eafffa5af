//! Who may do what: one table of role by action, and the one function that reads it. And who did it: the audit trail.
//!
//! Whatever is not in the table is denied. There are no wildcards and no prefixes: an action is allowed if it stands
//! in the table under its own name, and a role that lost it has lost it. Roles and scopes are given as they are at the
//! moment of use; nothing is remembered here, so nothing can be out of date.

mod action;
mod audit;
mod decision;
mod role;
mod table;

pub use action::{Action, UnknownAction};
pub use audit::{AUDIT_STREAM, AuditEntry, Outcome, audit_stream};
pub use decision::{Caller, Decision, Denial, decide, possible_scopes};
pub use role::{Role, UnknownRole};
pub use table::roles_for;
