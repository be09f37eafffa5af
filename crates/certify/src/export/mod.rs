//! Certificates in the formats of others, written as those are: pure functions of what was verified.
//!
//! Each lists evidence, criterion by criterion, and claims no compliance. What is not proven is a pass in none of them,
//! and what was said of the issuer stands in all. Without a clock and without chance: the same certificate gives the same
//! bytes.

mod claim;
mod format;
mod hdf;
mod junit;
mod markdown;
mod oscal;
mod sarif;
mod uuid;

#[cfg(test)]
mod tests;

use plimsoll_base::inert_json;
use serde_json::Value;

use crate::intact::Intact;
pub use format::ExportFormat;

/// The certificate in a foreign format.
pub fn export(intact: &Intact<'_>, format: ExportFormat) -> String {
    match format {
        ExportFormat::Junit => junit::render(intact),
        ExportFormat::Sarif => printed(&sarif::render(intact)),
        ExportFormat::Markdown => markdown::render(intact),
        ExportFormat::Hdf => printed(&hdf::render(intact)),
        ExportFormat::Oscal => printed(&oscal::render(intact)),
    }
}

fn printed(value: &Value) -> String {
    inert_json(format!("{value:#}\n"))
}
