//! Builds in files that can't be read: they are returned with everything unknown, so that they are not silently missed.

use std::fmt;

use super::{Build, Dockerfiles, Format};
use crate::source::{Source, range};

/// One build for every mention of one of `marks` in a file that its format's reader refuses (a template, a merge
/// conflict), outside of comments. Nothing of it is known, and nothing of it can be edited.
pub(super) fn builds(format: Format, source: &Source, error: &dyn fmt::Display, marks: &[&str]) -> Vec<Build> {
    let mut start = 0;
    let mut builds: Vec<Build> = Vec::new();
    for line in source.text().split_inclusive('\n') {
        let code = line.split(" #").next().unwrap_or(line);
        if !code.trim_start().starts_with('#') && marks.iter().any(|mark| code.contains(mark)) {
            let at = range(start, start + line.trim_end().len());
            builds.push(Build { range: at, ..unknown(format, source, error, builds.len()) });
        }
        start += line.len();
    }
    builds
}

fn unknown(format: Format, source: &Source, error: &dyn fmt::Display, index: usize) -> Build {
    Build {
        dockerfiles: Dockerfiles::Unknown(error.to_string()),
        opaque: Some(error.to_string()),
        index,
        ..Build::at(format, source.path(), range(0, 0), format!("unreadable {format}"))
    }
}
