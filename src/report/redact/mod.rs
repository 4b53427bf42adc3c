//! Keeps secrets out of what is shown.
//!
//! Two nets, because either alone has holes: values that are known to be secrets are hidden wherever they occur, and a
//! text is searched for places where a secret is written (a name like `NPM_TOKEN` that gets a value, credentials in
//! a URL, text in the form of a credential). Hiding too much costs a reader a word; hiding too little costs a rotation.

mod scan;

use std::{
    borrow::Cow,
    collections::{BTreeSet, HashMap},
    ops::Range,
};

use aho_corasick::{AhoCorasick, MatchKind};
use camino::{Utf8Path, Utf8PathBuf};

use super::diagnostics;
use super::shown::{self, REDACTED};
use crate::callers::SecretValue;
use crate::config::NamePattern;
use crate::plan::Plan;
use crate::repository::Repository;
use crate::source::Source;

/// The length in bytes from which a value that was found in one place is hidden in all. Shorter ones (`dev`, `1`) are
/// parts of other words.
const DISTINCT: usize = 6;

/// Knows which parts of a text are secrets.
#[derive(Debug, Clone, Default)]
pub struct Redactor {
    values: Option<AhoCorasick>,
    names: scan::Names,
    /// Whether a value may also be a word that means nothing: it was found in files, where anything is assigned.
    found: bool,
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
        Self { values, ..Self::default() }
    }

    /// Hides `values`, and what is written as a secret anywhere in `sources`: what is assigned to a secret's name or to one
    /// of `names`, and credentials.
    #[must_use]
    pub fn of<'a>(
        sources: impl IntoIterator<Item = &'a Source>,
        names: impl IntoIterator<Item = String>,
        values: impl IntoIterator<Item = &'a str>,
    ) -> Self {
        Self::with_patterns(sources, names, Vec::new(), values)
    }

    /// The same, where what is assigned to a name that one of `patterns` matches is a secret as well.
    #[must_use]
    pub fn with_patterns<'a>(
        sources: impl IntoIterator<Item = &'a Source>,
        names: impl IntoIterator<Item = String>,
        patterns: Vec<NamePattern>,
        values: impl IntoIterator<Item = &'a str>,
    ) -> Self {
        let names = scan::Names { exact: names.into_iter().collect(), patterns };
        Self::knowing(sources, names, values, &mut Written::default())
    }

    fn knowing<'a>(
        sources: impl IntoIterator<Item = &'a Source>,
        names: scan::Names,
        values: impl IntoIterator<Item = &'a str>,
        written: &mut Written,
    ) -> Self {
        let mut values: BTreeSet<String> = values.into_iter().map(str::to_owned).collect();
        written.look_for(&names);
        for source in sources {
            values.extend(written.values(source).iter().cloned());
        }
        Self { names, found: true, ..Self::new(values) }
    }

    /// Hides what the files that `plan` points to write down as a secret, and the credentials that it is about.
    #[must_use]
    pub fn of_plan(plan: &Plan, repository: &Repository) -> Self {
        Self::of_plan_knowing(plan, repository, &mut Written::default())
    }

    /// The same, with what was found in files before.
    pub(crate) fn of_plan_knowing(plan: &Plan, repository: &Repository, written: &mut Written) -> Self {
        let aside = || plan.set_aside.iter().map(|aside| aside.finding.as_ref());
        let all = || plan.findings.iter().map(|planned| planned.finding.as_ref()).chain(aside());
        let subjects = all().map(|finding| finding.subject.clone());
        let concealed = all().flat_map(|finding| &finding.fix.concealed).map(SecretValue::reveal);
        let places = all().flat_map(diagnostics::labels).map(|label| label.file.as_path());
        let paths: BTreeSet<&Utf8Path> = places.chain(plan.files.keys().map(Utf8PathBuf::as_path)).collect();
        let sources = paths.into_iter().filter_map(|path| repository.source(path));
        let names = scan::Names { exact: subjects.collect(), patterns: repository.configuration.secret_names() };
        Self::knowing(sources, names, concealed, written)
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
        found.map(|found| found.range()).filter(|range| !self.found || is_meant(text, range)).collect()
    }
}

/// What files write down as secrets, kept while their texts and the names of secrets in them stay the same.
#[derive(Debug, Default)]
pub(crate) struct Written {
    names: scan::Names,
    files: HashMap<String, (Source, Vec<String>)>,
}

impl Written {
    /// Forgets what other names of secrets than before may change.
    fn look_for(&mut self, names: &scan::Names) {
        if self.names.patterns != names.patterns {
            self.files.clear();
        }
        for name in self.names.exact.symmetric_difference(&names.exact) {
            self.files.retain(|_, (source, _)| !source.text().contains(name.as_str()));
        }
        self.names.clone_from(names);
    }

    /// The values in `source` that are long enough to be hidden elsewhere as well.
    fn values(&mut self, source: &Source) -> &[String] {
        let path = source.path().as_str();
        let is_known = self.files.get(path).is_some_and(|(known, _)| known.is_same_text(source));
        if !is_known {
            let text = source.text();
            let found = scan::secrets(text, &self.names).into_iter().filter_map(|range| text.get(range));
            let found = found.filter(|value| value.len() >= DISTINCT).map(str::to_owned).collect();
            self.files.insert(path.to_owned(), (source.clone(), found));
        }
        self.files.get(path).map_or(&[], |(_, values)| values.as_slice())
    }
}

/// The length in bytes up to which lower-case letters alone may be a word of the language.
const WORD: usize = 12;

/// Whether the value at `range` is meant there. One that is a word or short (`workflow`) is part of other words and of
/// paths, which say nothing about it: it counts where it stands alone.
fn is_meant(text: &str, range: &Range<usize>) -> bool {
    let value = text.get(range.clone()).unwrap_or("");
    let word = value.len() <= WORD && value.bytes().all(|byte| byte.is_ascii_lowercase());
    if !word && value.len() >= DISTINCT {
        return true;
    }
    let joins = |char: char| char.is_alphanumeric() || "_-/".contains(char);
    let (before, behind) = (text.get(..range.start).unwrap_or(""), text.get(range.end..).unwrap_or(""));
    let extension = behind.strip_prefix('.').is_some_and(|rest| rest.starts_with(char::is_alphanumeric));
    !before.ends_with(joins) && !behind.starts_with(joins) && !extension && !before.ends_with('.')
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
        let redactor = Redactor::of([&source], [], []);
        assert_eq!(redactor.line("run with kn0ckkn0ck"), "run with [redacted]");
    }

    #[test]
    fn a_word_is_hidden_only_where_it_stands_alone() {
        let source = Source::new("Dockerfile", b"ARG DB_PASSWORD=workflow\n".to_vec());
        let redactor = Redactor::of([&source], [], ["ab1"]);
        assert_eq!(redactor.line(".github/workflows/workflow.yml"), ".github/workflows/workflow.yml");
        assert_eq!(redactor.line("run with workflow, or 'ab1'"), "run with [redacted], or '[redacted]'");
        assert_eq!(redactor.line("crab1"), "crab1");
    }

    #[test]
    fn what_is_kept_is_what_would_be_found_again() {
        let (mut written, names) = (Written::default(), |names: &[&str]| scan::Names {
            exact: names.iter().map(|name| (*name).to_owned()).collect(),
            ..scan::Names::default()
        });
        let sources = ["A=kn0ckkn0ck\n", "SESAME=0pensesame\n"]
            .map(|text| Source::new(text.get(..1).unwrap_or_default(), text.into()));
        let changed = Source::new("A", b"DB_PASSWORD=0therw0rd\n".to_vec());
        for (names, hidden) in [
            (names(&[]), [false, false, false]),
            (names(&["SESAME"]), [false, true, false]),
            (names(&["A"]), [true, false, false]),
        ] {
            let redactor = Redactor::knowing(&sources, names, [], &mut written);
            let is_hidden = |value: &&str| redactor.line(value) == "[redacted]";
            assert_eq!(["kn0ckkn0ck", "0pensesame", "0therw0rd"].each_ref().map(is_hidden), hidden);
        }
        let redactor = Redactor::knowing([&changed], names(&["A"]), [], &mut written);
        assert_eq!(redactor.line("kn0ckkn0ck 0therw0rd"), "kn0ckkn0ck [redacted]");
    }

    #[test]
    fn the_longer_of_two_values_goes_as_a_whole() {
        assert_eq!(Redactor::new(["abc", "abcdef"]).line("abcdef abc"), "[redacted] [redacted]");
    }
}
