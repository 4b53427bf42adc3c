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

use super::shown::is_plain;

/// The document as JSON, with a line feed at the end. `docs/schema/report.json` is its schema.
///
/// # Errors
///
/// Never in practice: every part can be written as JSON.
pub fn json(document: &Document) -> serde_json::Result<String> {
    pretty(document)
}

/// `value` as JSON, with a line feed at the end. What a terminal obeys or doesn't show is written as an escape, which is the same
/// text to whoever reads JSON; `serde_json` does so below U+0020 only, as RFC 8259 (section 7) asks for.
///
/// # Errors
///
/// A value that JSON has no form for.
pub fn pretty(value: &impl Serialize) -> serde_json::Result<String> {
    let text = serde_json::to_string_pretty(value)?;
    let mut pretty = String::with_capacity(text.len() + 1);
    for char in text.chars() {
        if char == '\n' || is_plain(char) {
            pretty.push(char);
        } else {
            char.encode_utf16(&mut [0; 2]).iter().for_each(|unit| pretty.push_str(&format!("\\u{unit:04x}")));
        }
    }
    pretty.push('\n');
    Ok(pretty)
}

#[cfg(test)]
mod tests;
