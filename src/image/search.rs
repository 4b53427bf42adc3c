//! What is looked for in bytes, compiled once.

use std::{
    cmp::Reverse,
    collections::{BTreeMap, BTreeSet},
    ops::Range,
};

use super::{
    ImageError,
    finding::{Kind, Severity},
    patterns::Patterns,
    rules,
    secret::{Encoding, NamedSecret, spellings},
};
use crate::report::{Redactor, Shown, shown};

/// How many bytes behind the start of a match are looked at: those are there, or the data ends.
pub(super) const LOOKAHEAD: usize = 8 << 10;
/// How many bytes before the start of a match are looked at.
pub(super) const LOOKBEHIND: usize = 1 << 10;

/// How many anchors are looked at in one piece of a file. Real files have a few; a file that is full of them would take
/// hours.
const MOST_JUDGED: usize = 1_000;

/// Finds secrets in bytes.
pub struct Searcher {
    secrets: Vec<NamedSecret>,
    /// Whose values the texts of `named` are.
    spellings: Vec<Vec<(usize, Encoding)>>,
    named: Patterns,
    anchors: rules::Anchors,
    embedded: Patterns,
    redactor: Redactor,
}

impl Searcher {
    /// Looks for `secrets` and for everything that is known to be a credential by its form.
    ///
    /// # Errors
    ///
    /// Fails if the values are too large together.
    pub fn new(secrets: Vec<NamedSecret>) -> Result<Self, ImageError> {
        // Several ids may have one value.
        let mut owners: BTreeMap<Vec<u8>, Vec<(usize, Encoding)>> = BTreeMap::new();
        for (index, secret) in secrets.iter().enumerate() {
            for spelling in spellings(secret) {
                owners.entry(spelling.bytes).or_default().push((index, spelling.encoding));
            }
        }
        // Of a text and a longer one that begins with it, the longer one is told.
        let mut owners: Vec<_> = owners.into_iter().collect();
        owners.sort_by_key(|(text, _)| Reverse(text.len()));
        let (texts, encodings): (Vec<_>, Vec<_>) = owners.into_iter().unzip();
        let readable = texts.iter().filter_map(|text| std::str::from_utf8(text).ok());
        let redactor = Redactor::new(readable);
        let named = Patterns::new(&texts)?;
        let embedded = Patterns::new(&[b"PK\x03\x04".as_slice(), b"\x1f\x8b\x08"])?;
        let anchors = rules::Anchors::new()?;
        Ok(Self { secrets, spellings: encodings, named, anchors, embedded, redactor })
    }

    /// The ids of the named secrets.
    pub fn ids(&self) -> impl Iterator<Item = &str> {
        self.secrets.iter().map(NamedSecret::id)
    }

    /// A path or another name as it may be shown. Names are random-looking often enough, so that only named values and what
    /// has the form of a credential are hidden.
    #[must_use]
    pub fn redact_name(&self, name: &str) -> String {
        let mut has_credential = false;
        self.credentials(name.as_bytes(), 0..name.len(), &mut |_, _| has_credential = true);
        let mut has_value = false;
        self.named(name.as_bytes(), 0..name.len(), &mut |_| has_value = true);
        if has_credential || has_value || name.contains("://") { self.redact(name) } else { shown::line(name) }
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

    /// The ids of the secrets whose value stands in `bytes` in any spelling.
    #[must_use]
    pub fn values_in(&self, bytes: &[u8]) -> BTreeSet<String> {
        let mut ids = BTreeSet::new();
        self.named(bytes, 0..bytes.len(), &mut |kind| {
            if let Kind::Named { secret, .. } = kind {
                ids.insert(secret);
            }
        });
        ids
    }

    /// The named values in `bytes` that begin in `range`.
    pub(super) fn named(&self, bytes: &[u8], range: Range<usize>, found: &mut dyn FnMut(Kind)) {
        self.named.for_each(bytes, range, &mut |pattern, _| {
            for (secret, encoding) in self.spellings.get(pattern).into_iter().flatten() {
                let Some(secret) = self.secrets.get(*secret) else { continue };
                found(Kind::Named { secret: secret.id().to_owned(), encoding: *encoding });
            }
        });
    }

    /// Credentials by their form in `bytes` that begin in `range`.
    pub(super) fn credentials(&self, bytes: &[u8], range: Range<usize>, found: &mut dyn FnMut(Kind, Severity)) {
        let mut judged = 0;
        self.anchors.texts().for_each(bytes, range, &mut |pattern, at| {
            judged += 1;
            if judged > MOST_JUDGED {
                return;
            }
            if let Some((kind, severity)) = self.anchors.judge(pattern, bytes, at) {
                found(kind, severity);
            }
        });
    }

    /// Where a compressed file may begin in `bytes` within `range`, first `from`.
    pub(super) fn embedded(&self, bytes: &[u8], range: Range<usize>) -> Option<usize> {
        self.embedded.first(bytes, range)
    }
}
