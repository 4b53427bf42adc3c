use std::ops::Range;

use aho_corasick::{AhoCorasick, Input, MatchKind, StartKind, packed};

use super::ImageError;

/// How many texts are searched for together. Vector instructions (Teddy) compare few texts at many GB/s; beyond about 40
/// they lose to chance hits, and beyond 64 an automaton with 0.6 GB/s takes over.
const TOGETHER: usize = 26;

/// Texts to be found in bytes.
#[derive(Debug)]
pub(super) struct Patterns {
    sets: Vec<Set>,
}

#[derive(Debug)]
enum Set {
    /// With vector instructions.
    Packed(packed::Searcher),
    /// Without: other processors, or texts of one byte.
    Automaton(AhoCorasick),
}

impl Patterns {
    /// # Errors
    ///
    /// Fails if the texts are too large together.
    pub(super) fn new<T: AsRef<[u8]>>(texts: &[T]) -> Result<Self, ImageError> {
        Ok(Self { sets: texts.chunks(TOGETHER).map(Set::new).collect::<Result<_, _>>()? })
    }

    /// Calls `found` with the number of the text and the start of each match that begins in `range`; matches may overlap.
    /// Where several texts begin at one place, the first of each [`TOGETHER`] is told.
    pub(super) fn for_each(&self, bytes: &[u8], range: Range<usize>, found: &mut dyn FnMut(usize, usize)) {
        for (set, first) in self.sets.iter().zip((0..).step_by(TOGETHER)) {
            let mut from = range.start;
            while let Some((pattern, start)) = set.next(bytes, from).filter(|(_, start)| *start < range.end) {
                found(first + pattern, start);
                from = start + 1;
            }
        }
    }

    /// The start of the first match in `range`.
    pub(super) fn first(&self, bytes: &[u8], range: Range<usize>) -> Option<usize> {
        let starts = self.sets.iter().filter_map(|set| Some(set.next(bytes, range.start)?.1));
        starts.min().filter(|start| *start < range.end)
    }
}

impl Set {
    fn new<T: AsRef<[u8]>>(texts: &[T]) -> Result<Self, ImageError> {
        let kind = packed::MatchKind::LeftmostFirst;
        if let Some(searcher) = packed::Config::new().match_kind(kind).builder().extend(texts).build() {
            return Ok(Self::Packed(searcher));
        }
        let builder =
            AhoCorasick::builder().match_kind(MatchKind::LeftmostFirst).start_kind(StartKind::Unanchored).build(texts);
        builder.map(Self::Automaton).map_err(|_| ImageError::Patterns)
    }

    fn next(&self, bytes: &[u8], from: usize) -> Option<(usize, usize)> {
        if from >= bytes.len() {
            return None;
        }
        let found = match self {
            Self::Packed(searcher) => searcher.find_in(bytes, (from..bytes.len()).into()),
            Self::Automaton(automaton) => automaton.find(Input::new(bytes).range(from..)),
        }?;
        Some((found.pattern().as_usize(), found.start()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn overlapping_matches_of_many_texts() {
        let texts: Vec<String> = (10..99).map(|number| format!("{number}")).collect();
        let patterns = Patterns::new(&texts).unwrap();
        let mut found = Vec::new();
        patterns.for_each(b"x123 98", 0..6, &mut |pattern, at| found.push((at, texts[pattern].as_str())));
        found.sort_unstable();
        assert_eq!(found, [(1, "12"), (2, "23"), (5, "98")]);
        assert_eq!(patterns.first(b"x123", 2..4), Some(2));
        assert_eq!(patterns.first(b"x123", 3..4), None);
    }
}
