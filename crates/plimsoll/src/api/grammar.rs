//! What texts look like, as the reference says it, so that whoever reads it sends none that is refused. What holds is
//! what the crates accept that own these texts: the fuzzer asks the server about both sides of each.

use plimsoll_policy::{Action, Role};
use schemars::{Schema, SchemaGenerator};

/// The name of a user.
pub(crate) const USER: &str = "^[a-z0-9][a-z0-9._-]{1,63}$";
/// The name of a subject or a profile.
pub(crate) const NAME: &str = "^[a-z0-9-]{1,40}$";
/// The name of a certification and of its certificate.
pub(crate) const CERTIFICATION: &str = "^[0-9a-f]{20}$";
/// The public name of a session or a token.
pub(crate) const PUBLIC: &str = "^[0-9a-f]{64}$";
/// A revision in `If-Match`, with or without the quotes that the standard asks for.
pub(crate) const REVISION: &str = "^([0-9]{1,18}|\"[0-9]{1,18}\")$";
/// An idempotency key.
pub(crate) const KEY: &str = "^[!-~]{1,128}$";

/// Roles, each by its name, and at least one. One that is named twice counts once.
pub(crate) fn roles(_: &mut SchemaGenerator) -> Schema {
    let mut schema = some_of(Role::ALL.iter().map(|role| role.name()));
    schema.insert("minItems".into(), 1.into());
    schema
}

/// Actions that a token can be for, each by its name. One that is named twice counts once.
pub(crate) fn actions(_: &mut SchemaGenerator) -> Schema {
    some_of(Action::ALL.iter().filter(|action| !action.needs_session()).map(|action| action.name()))
}

fn some_of<'a>(names: impl Iterator<Item = &'a str>) -> Schema {
    let names: Vec<&str> = names.collect();
    schemars::json_schema!({ "type": "array", "items": { "type": "string", "enum": names } })
}
