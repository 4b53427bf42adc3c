//! What is a credential without being named by the user.

mod anchors;
mod carrier;
mod entries;
mod private_key;
mod text;

pub(super) use anchors::Anchors;
pub(super) use carrier::{LARGEST_SETTINGS, is_settings, of_file};
use text::is_written_out;
pub(super) use text::{of_text, of_variable};

use super::finding::Severity;

/// Parts of a path that say its files are made up: keys of tests and examples are published on purpose.
const SAMPLES: &[&str] = &[
    "test",
    "tests",
    "testing",
    "testdata",
    "test-data",
    "__tests__",
    "fixtures",
    "fixture",
    "example",
    "examples",
    "sample",
    "samples",
    "doc",
    "docs",
    "man",
    "spec",
    "specs",
    "demo",
    "demos",
    "mocks",
    "__mocks__",
];

/// Whether a file is a shared library: those that know about keys hold some to test themselves (GnuTLS).
fn is_library(path: &str) -> bool {
    let name = path.rsplit('/').next().unwrap_or(path);
    name.ends_with(".so") || name.contains(".so.") || name.ends_with(".dll") || name.ends_with(".dylib")
}

/// The severity of something found in the file `path`, which may be inside of archives.
pub(super) fn severity_at(path: &[String], severity: Severity) -> Severity {
    if path.iter().any(|path| is_library(path)) {
        return Severity::Note;
    }
    let parts = path.iter().flat_map(|path| path.split('/'));
    let mut folders = parts.filter(|part| SAMPLES.contains(&part.to_ascii_lowercase().as_str()));
    if folders.next().is_some() { Severity::Note } else { severity }
}
