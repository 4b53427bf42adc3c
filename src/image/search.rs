//! What is looked for in bytes, compiled once.

use std::ops::Range;

use aho_corasick::{AhoCorasick, Anchored, Input, MatchKind, StartKind};

use super::{
    ImageError,
    finding::{Kind, Severity},
    rules,
    secret::{Encoding, NamedSecret, spellings},
};
use crate::report::{Redactor, Shown};

/// How many bytes behind the start of a match are looked at: those are there, or the data ends.
pub(super) const LOOKAHEAD: usize = 8 << 10;
/// How many bytes before the start of a match are looked at.
pub(super) const LOOKBEHIND: usize = 1 << 10;

/// Finds secrets in bytes.
pub struct Searcher {
    secrets: Vec<NamedSecret>,
    spellings: Vec<(usize, Encoding)>,
    named: Option<AhoCorasick>,
    anchors: rules::Anchors,
    embedded: AhoCorasick,
    redactor: Redactor,
}

impl Searcher {
    /// Looks for `secrets` and for everything that is known to be a credential by its form.
    ///
    /// # Errors
    ///
    /// Fails if the values are too large together.
    pub fn new(secrets: Vec<NamedSecret>) -> Result<Self, ImageError> {
        let mut texts = Vec::new();
        let mut encodings = Vec::new();
        for (index, secret) in secrets.iter().enumerate() {
            for spelling in spellings(secret) {
                encodings.push((index, spelling.encoding));
                texts.push(spelling.bytes);
            }
        }
        let readable = texts.iter().filter_map(|text| std::str::from_utf8(text).ok());
        let redactor = Redactor::new(readable);
        let named = if texts.is_empty() { None } else { Some(compiled(&texts)?) };
        let embedded = compiled(&[b"PK\x03\x04".to_vec(), b"\x1f\x8b\x08".to_vec()])?;
        let anchors = rules::Anchors::new().map_err(|_| ImageError::Patterns)?;
        Ok(Self { secrets, spellings: encodings, named, anchors, embedded, redactor })
    }

    /// The ids of the named secrets.
    pub fn ids(&self) -> impl Iterator<Item = &str> {
        self.secrets.iter().map(NamedSecret::id)
    }

    /// A text as it may be shown: in one line, without secrets and characters that a terminal obeys.
    #[must_use]
    pub fn redact(&self, text: &str) -> String {
        self.redactor.line(text)
    }

    /// An instruction of a build as it may be shown: as [`Searcher::redact`], and without whatever is assigned to a name that
    /// is the name of a secret.
    #[must_use]
    pub fn redact_instruction(&self, text: &str) -> String {
        let text = text.replace(['\n', '\t'], " ");
        self.redact(Shown::new(&text, &self.redactor).text())
    }

    /// The named values in `bytes` that begin in `range`.
    pub(super) fn named(&self, bytes: &[u8], range: Range<usize>, found: &mut dyn FnMut(Kind)) {
        let Some(named) = &self.named else { return };
        for_each_match(named, bytes, range, &mut |pattern, _| {
            let Some((secret, encoding)) = self.spellings.get(pattern) else { return };
            let Some(secret) = self.secrets.get(*secret) else { return };
            found(Kind::Named { secret: secret.id().to_owned(), encoding: *encoding });
        });
    }

    /// Credentials by their form in `bytes` that begin in `range`.
    pub(super) fn credentials(&self, bytes: &[u8], range: Range<usize>, found: &mut dyn FnMut(Kind, Severity)) {
        for_each_match(self.anchors.automaton(), bytes, range, &mut |pattern, at| {
            if let Some((kind, severity)) = self.anchors.judge(pattern, bytes, at) {
                found(kind, severity);
            }
        });
    }

    /// Where a compressed file may begin in `bytes` within `range`, first `from`.
    pub(super) fn embedded(&self, bytes: &[u8], range: Range<usize>) -> Option<usize> {
        let haystack = bytes.get(..bytes.len().min(range.end + 3))?;
        let found = self.embedded.find(Input::new(haystack).range(range.start.min(haystack.len())..))?;
        (found.start() < range.end).then_some(found.start())
    }
}

/// Matches may overlap: after one the search goes on with the next byte.
fn for_each_match(automaton: &AhoCorasick, bytes: &[u8], range: Range<usize>, found: &mut dyn FnMut(usize, usize)) {
    let mut from = range.start;
    while from < range.end {
        let input = Input::new(bytes).range(from..).anchored(Anchored::No);
        let Some(next) = automaton.find(input).filter(|next| next.start() < range.end) else { return };
        found(next.pattern().as_usize(), next.start());
        from = next.start() + 1;
    }
}

/// An automaton that reports the leftmost match; only such ones search with vector instructions.
pub(super) fn compiled<T: AsRef<[u8]>>(texts: &[T]) -> Result<AhoCorasick, ImageError> {
    let builder =
        AhoCorasick::builder().match_kind(MatchKind::LeftmostFirst).start_kind(StartKind::Unanchored).build(texts);
    builder.map_err(|_| ImageError::Patterns)
}
