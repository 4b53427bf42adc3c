//! Keeps secrets out of what is shown.
//!
//! Two nets, because either alone has holes: values that are known to be secrets are hidden wherever they occur, and a
//! text is searched for places where a secret is written (a name like `NPM_TOKEN` that gets a value, credentials in
//! a URL, text in the form of a credential). Hiding too much costs a reader a word; hiding too little costs a rotation.

mod scan;

use std::{borrow::Cow, collections::BTreeSet, ops::Range};

use aho_corasick::{AhoCorasick, MatchKind};

use super::shown::{self, REDACTED};
use crate::source::Source;

/// The length in bytes from which a value that was found in one place is hidden in all. Shorter ones (`dev`, `1`) are
/// parts of other words.
const DISTINCT: usize = 6;

/// Knows which parts of a text are secrets.
#[derive(Debug, Clone, Default)]
pub struct Redactor {
    values: Option<AhoCorasick>,
    names: BTreeSet<String>,
}

impl Redactor {
    /// Hides `values`, and everything that looks like a secret where it stands. Empty values are ignored.
    #[must_use]
    pub fn new<T: AsRef<str>>(values: impl IntoIterator<Item = T>) -> Self {
        let values: BTreeSet<String> =
            values.into_iter().map(|value| value.as_ref().to_owned()).filter(|value| !value.is_empty()).collect();
        if values.is_empty() {
            return Self::default();
        }
        // Leftmost-longest: of `abc` and `abcdef` the longer one has to go.
        let values = AhoCorasick::builder().match_kind(MatchKind::LeftmostLongest).build(values).ok();
        Self { values, names: BTreeSet::new() }
    }

    /// Hides what is written as a secret anywhere in `sources`: what is assigned to a secret's name or to one of
    /// `names`, and credentials.
    #[must_use]
    pub fn of<'a>(sources: impl IntoIterator<Item = &'a Source>, names: impl IntoIterator<Item = String>) -> Self {
        let names: BTreeSet<String> = names.into_iter().collect();
        let mut values = BTreeSet::new();
        for source in sources {
            let text = source.text();
            let written = scan::secrets(text, &names).into_iter().filter_map(|range| text.get(range));
            values.extend(written.filter(|value| value.len() >= DISTINCT).map(str::to_owned));
        }
        Self { names, ..Self::new(values) }
    }

    /// Where `text`, a whole file, has secrets: ranges in order that don't overlap.
    #[must_use]
    pub fn secrets(&self, text: &str) -> Vec<Range<usize>> {
        let mut ranges = self.known(text);
        ranges.extend(scan::secrets(text, &self.names));
        merged(ranges)
    }

    /// A message in one line: without known values, credentials and characters that a terminal obeys.
    #[must_use]
    pub fn line(&self, text: &str) -> String {
        let mut ranges = self.known(text);
        ranges.extend(scan::credentials(text));
        shown::line(&without(text, &merged(ranges)))
    }

    fn known(&self, text: &str) -> Vec<Range<usize>> {
        let found = self.values.iter().flat_map(|values| values.find_iter(text));
        found.map(|found| found.range()).collect()
    }
}

fn without<'a>(text: &'a str, ranges: &[Range<usize>]) -> Cow<'a, str> {
    if ranges.is_empty() {
        return Cow::Borrowed(text);
    }
    let mut result = String::with_capacity(text.len());
    let mut done = 0;
    for range in ranges {
        result.push_str(text.get(done..range.start).unwrap_or(""));
        result.push_str(REDACTED);
        done = range.end;
    }
    result.push_str(text.get(done..).unwrap_or(""));
    Cow::Owned(result)
}

fn merged(mut ranges: Vec<Range<usize>>) -> Vec<Range<usize>> {
    ranges.retain(|range| !range.is_empty());
    ranges.sort_by_key(|range| (range.start, range.end));
    let mut merged: Vec<Range<usize>> = Vec::with_capacity(ranges.len());
    for range in ranges {
        match merged.last_mut() {
            Some(last) if range.start < last.end => last.end = last.end.max(range.end),
            _ => merged.push(range),
        }
    }
    merged
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_value_that_is_written_once_is_hidden_everywhere() {
        let source = Source::new("Dockerfile", b"ARG DB_PASSWORD=kn0ckkn0ck\n".to_vec());
        let redactor = Redactor::of([&source], []);
        assert_eq!(redactor.line("run with kn0ckkn0ck"), "run with [redacted]");
    }

    #[test]
    fn the_longer_of_two_values_goes_as_a_whole() {
        assert_eq!(Redactor::new(["abc", "abcdef"]).line("abcdef abc"), "[redacted] [redacted]");
    }
}
