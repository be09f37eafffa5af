//! Who has to look at it before it is worth what it says.

use super::{Section, paragraph};
use crate::html::{Html, el};
use crate::report::page::Page;
use crate::report::table::{Column, table};

pub(super) fn section(page: &Page<'_>) -> Option<Section> {
    let demand = page.plan.profile.sign_off.as_ref()?;
    let mut content = Html::default();
    content.push(paragraph(format!(
        "The profile wants {} of {} roles to sign off. They do so after this page was signed, so that it cannot show who did: \
         `plimsoll cert show` and `plimsoll verify` do.",
        demand.need,
        demand.roles.len()
    )));
    let rows = demand.roles.iter().map(|role| {
        let id: Html = el("code").with(role.id.as_str()).into();
        vec![id, role.title.as_str().into(), role.contact.as_str().into()]
    });
    content.push(table("Roles", &["Role", "What it is", "Contact"].map(Column::text), rows));
    Some(Section { id: "sign-offs", title: "Who has to sign off", content })
}
