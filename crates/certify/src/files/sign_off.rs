//! Who has to look at a certificate, as a profile says it.

use std::collections::BTreeSet;

use plimsoll_evidence::{ROLES_MAX, Role, SignOffDemand};

use super::error::FileError;
use super::table::Table;

const KEYS: [&str; 2] = ["need", "role"];
const ROLE_KEYS: [&str; 3] = ["id", "title", "contact"];

/// `[sign_off]`, if there is one.
pub(super) fn parse_sign_off(root: &Table<'_>) -> Result<Option<SignOffDemand>, FileError> {
    let Some(field) = root.optional("sign_off") else { return Ok(None) };
    let table = field.table("[sign_off]", &KEYS)?;
    let fields = table.required("role")?.some_list()?;
    if fields.len() > ROLES_MAX {
        return Err(table.error(format!("{} roles are more than {ROLES_MAX}", fields.len())));
    }
    let mut seen = BTreeSet::new();
    let mut roles: Vec<Role> = Vec::with_capacity(fields.len());
    for field in fields {
        let table = field.table("[[sign_off.role]]", &ROLE_KEYS)?;
        let id = table.required("id")?;
        if !seen.insert(id.name()?) {
            return Err(id.error(format!("a second role with the id `{}`", id.name()?)));
        }
        let phrase = |key| Ok::<_, FileError>(table.required(key)?.phrase()?.to_owned());
        roles.push(Role { id: id.name()?.into(), title: phrase("title")?, contact: phrase("contact")? });
    }
    let need = table.required("need")?.integer(1..=roles.len() as u64)?;
    Ok(Some(SignOffDemand { need, roles }))
}
