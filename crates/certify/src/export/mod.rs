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

use serde_json::Value;

use crate::html::is_unseen;
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

/// JSON in which nothing is left that a terminal could take for a command: it is written as escapes, which mean the same.
fn printed(value: &Value) -> String {
    let mut text = String::new();
    for found in format!("{value:#}\n").chars() {
        if !is_unseen(found) || found == '\n' {
            text.push(found);
            continue;
        }
        for unit in found.encode_utf16(&mut [0; 2]) {
            text.push_str(&format!("\\u{unit:04x}"));
        }
    }
    text
}
