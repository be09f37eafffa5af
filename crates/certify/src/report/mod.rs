//! The certificate's page for people: one self-contained HTML file, written before signing.
//!
//! It loads nothing and runs no script. No check reads it: `verify` recomputes every number from the evidence.

mod page;
mod plot;
mod sections;
mod table;
mod words;

#[cfg(test)]
pub(crate) mod fixture;
#[cfg(test)]
mod tests;

use plimsoll_base::Utc;
use plimsoll_evidence::{Documents, Error, Issuance, Judgement};

use crate::html::{Element, Html, el};
use page::Page;

/// What the page is made of.
#[derive(Debug, Clone, Copy)]
pub struct ReportInput<'a> {
    /// The evidence.
    pub documents: &'a Documents,
    /// What follows from it.
    pub judgement: &'a Judgement,
    /// Who may rely on the certificate.
    pub issuance: Issuance,
    /// Fingerprint of the key that will sign.
    pub issuer_fingerprint: &'a str,
    /// When it is signed.
    pub at: Utc,
}

/// Nothing but the page's own style is let in, whatever a value in it might try.
const CONTENT_SECURITY_POLICY: &str =
    "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'";

/// The page as HTML.
pub fn render_report(input: &ReportInput<'_>) -> String {
    let document = match Page::read(input) {
        Ok(page) => el("html").attr("lang", "en").with(head(&page)).with(body(&page)),
        Err(error) => unreadable(&error),
    };
    let mut html = Html::literal("<!doctype html>\n");
    html.push(document);
    html.into_string()
}

/// What stands in place of a page without plan, environment or calibration. Such documents cannot be judged or
/// signed either, so no certificate ships it.
fn unreadable(error: &Error) -> Element {
    let head = el("head").with(el("meta").attr("charset", "utf-8")).with(el("title").with("No report"));
    let body = el("body").with(el("p").with(format!("No report: {error}.")));
    el("html").attr("lang", "en").with(head).with(body)
}

fn head(page: &Page<'_>) -> Element {
    let meta =
        |name: &'static str, content: &'static str| el("meta").attr("name", name).attr("content", content);
    el("head")
        .with(el("meta").attr("charset", "utf-8"))
        .with(
            el("meta").attr("http-equiv", "Content-Security-Policy").attr("content", CONTENT_SECURITY_POLICY),
        )
        .with(meta("viewport", "width=device-width, initial-scale=1"))
        .with(meta("color-scheme", "light dark"))
        .with(meta("referrer", "no-referrer"))
        .with(el("title").with(format!(
            "{}: {} · Plimsoll certificate",
            page.subject_title(),
            page.certificate.status.name()
        )))
        .with(el("style").with(Html::literal(include_str!("style.css"))))
}

/// The page from top to bottom: what is decided and what that does not prove come first.
fn body(page: &Page<'_>) -> Element {
    let parts = sections::all(page);
    el("body")
        .with(sections::verdict(page, &parts))
        .with(el("main").with_each(parts))
        .with(sections::footer(page))
}
