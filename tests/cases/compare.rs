//! Two sets of files, and how they differ, for a person.

use std::fmt::Write;

use similar::TextDiff;

use super::case::Files;

/// A unified diff from what is there to what should be; `None` if both are the same.
pub fn difference(actual: &Files, expected: &Files) -> Option<String> {
    let mut text = String::new();
    for (path, wanted) in expected {
        let found = actual.get(path).map(Vec::as_slice).unwrap_or_default();
        if found != wanted.as_slice() {
            text.push_str(&unified(path.as_str(), found, wanted));
        }
    }
    for path in actual.keys().filter(|path| !expected.contains_key(*path)) {
        let _ = writeln!(text, "+++ {path} should not be there");
    }
    (!text.is_empty()).then_some(text)
}

/// A unified diff with carriage returns and byte order marks made visible.
pub fn unified(path: &str, old: &[u8], new: &[u8]) -> String {
    let (old, new) = (visible(old), visible(new));
    TextDiff::from_lines(&old, &new).unified_diff().context_radius(3).header(path, path).to_string()
}

fn visible(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).replace('\r', "␍").replace('\u{feff}', "<BOM>")
}
