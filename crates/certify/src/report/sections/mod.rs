//! The parts of the page, one noun a file, each a pure function of what was read.

mod calibration;
mod checks;
mod controls;
mod criteria;
mod drills;
mod faults;
mod gaps;
mod gates;
mod limits;
mod load_line;
mod percentiles;
mod provenance;
mod restores;
mod sign_offs;
mod soak;
mod timeline;
mod verdict;
mod verification;

use super::page::Page;
use crate::html::{Element, Html, el};

pub(crate) use verdict::verdict;
pub(crate) use verification::footer;

/// A part of the page with a heading of its own.
#[derive(Debug)]
pub(crate) struct Section {
    /// Its anchor.
    pub(crate) id: &'static str,
    pub(crate) title: &'static str,
    pub(crate) content: Html,
}

/// All parts below the verdict, in the order in which they are read. A part without anything to say is left out.
pub(crate) fn all(page: &Page<'_>) -> Vec<Section> {
    let parts = [
        Some(limits::section(page)),
        Some(criteria::section(page)),
        gaps::section(page),
        sign_offs::section(page),
        load_line::section(page),
        percentiles::section(page),
        timeline::section(page),
        controls::section(page),
        gates::section(page),
        Some(calibration::section(page)),
        drills::section(page),
        restores::section(page),
        faults::section(page),
        checks::section(page),
        checks::files(page),
        soak::section(page),
        Some(provenance::section(page)),
        Some(verification::section(page)),
    ];
    parts.into_iter().flatten().collect()
}

impl Section {
    pub(crate) fn link(&self) -> Element {
        el("li").with(el("a").attr("href", format!("#{}", self.id)).with(self.title))
    }
}

impl From<Section> for Html {
    fn from(section: Section) -> Self {
        let heading_id = format!("{}-heading", section.id);
        el("section")
            .attr("id", section.id)
            .attr("aria-labelledby", &heading_id)
            .with(el("h2").attr("id", heading_id).with(section.title))
            .with(section.content)
            .into()
    }
}

/// A paragraph.
fn paragraph(words: impl Into<Html>) -> Element {
    el("p").with(words)
}

/// A list of sentences.
fn sentences(sentences: &[String]) -> Element {
    el("ul").with_each(sentences.iter().map(|sentence| el("li").with(sentence.as_str())))
}
