//! What the certificate does not prove, under what conditions it holds, and what it leaves out.

use super::{Section, paragraph, sentences};
use crate::html::{Html, el};
use crate::report::page::Page;

pub(super) fn section(page: &Page<'_>) -> Section {
    let certificate = &page.certificate;
    let mut content = Html::default();
    content.push(sentences(&certificate.not_proven));
    content.push(el("h3").with("Conditions"));
    content
        .push(listed(&certificate.conditions, "None: nothing stands between this status and a better one."));
    content.push(el("h3").with("Exclusions"));
    content.push(listed(
        &certificate.exclusions,
        "None: every criterion of the profile applies to this subject.",
    ));
    Section { id: "limits", title: "What this does not prove", content }
}

fn listed(items: &[String], none: &str) -> Html {
    if items.is_empty() { paragraph(none).into() } else { sentences(items).into() }
}
