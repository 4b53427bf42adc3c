//! Reports for programs: one [`Document`] of what was found, and the forms in which other programs take it.
//!
//! Everything in a document is redacted, and free of characters that a terminal obeys. Only the text of an edit is
//! exact, because it is to be applied: an edit that would write a secret is left out with the whole fix.

mod document;
mod github;
mod gitlab;
mod markdown;
mod sarif;

pub use document::{
    Change, Count, Document, Finding, FollowUp, Ignored, Level, Notice, Part, Place, Position, Reason, Remedy, Span,
    Status, Suppression, SuppressionState, VERSION,
};
pub use github::{github, message};
pub use gitlab::gitlab;
pub use markdown::markdown;
pub use sarif::{rule as sarif_rule, sarif, tool as sarif_tool};

use serde::Serialize;

/// The document as JSON, with a line feed at the end. `docs/schema/report.json` is its schema.
///
/// # Errors
///
/// Never in practice: every part can be written as JSON.
pub fn json(document: &Document) -> serde_json::Result<String> {
    pretty(document)
}

fn pretty(value: &impl Serialize) -> serde_json::Result<String> {
    serde_json::to_string_pretty(value).map(|text| text + "\n")
}

#[cfg(test)]
mod tests;
