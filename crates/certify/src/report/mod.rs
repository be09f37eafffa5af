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

use crate::html::{self, Element, el};
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

/// The page as HTML.
pub fn render_report(input: &ReportInput<'_>) -> String {
    match Page::read(input) {
        Ok(page) => {
            let title = format!(
                "{}: {} · Plimsoll certificate",
                page.subject_title(),
                page.certificate.status.name()
            );
            html::page(&title, include_str!("style.css"), body(&page))
        }
        Err(error) => unreadable(&error),
    }
}

/// What stands in place of a page without plan, environment or calibration. Such documents cannot be judged or
/// signed either, so no certificate ships it.
fn unreadable(error: &Error) -> String {
    html::page("No report", "", el("body").with(el("p").with(format!("No report: {error}."))))
}

/// The page from top to bottom: what is decided and what that does not prove come first.
fn body(page: &Page<'_>) -> Element {
    let parts = sections::all(page);
    el("body")
        .with(sections::verdict(page, &parts))
        .with(el("main").with_each(parts))
        .with(sections::footer(page))
}
