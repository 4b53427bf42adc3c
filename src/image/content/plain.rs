use std::io::BufRead as _;

use super::{
    Inspector,
    format::Format,
    stream::{CAPACITY, Stream},
};
use crate::image::{
    finding::{Kind, Severity},
    rules,
    search::{LOOKAHEAD, LOOKBEHIND},
};

impl Inspector<'_> {
    /// Searches the stream to its end, or up to where a compressed file begins, if that is to be found.
    pub(super) fn plain(&mut self, stream: &mut Stream<'_>, embedded: bool) -> Option<Format> {
        let mut from = 0;
        let mut is_first = true;
        loop {
            let length = stream.peek(CAPACITY).len();
            let is_end = stream.is_over() || length < CAPACITY;
            let bytes = stream.peek(length);
            if is_first && is_end && length <= rules::LARGEST_SETTINGS {
                self.settings(bytes);
            }
            let mut until = if is_end { length } else { length - LOOKAHEAD };
            let next = if embedded { self.next_embedded(bytes, from, until) } else { None };
            until = next.map_or(until, |(at, _)| at);
            self.window(bytes, from, until);
            if let Some((at, format)) = next {
                stream.consume(at);
                return Some(format);
            }
            if is_end {
                stream.consume(length);
                return None;
            }
            stream.consume(until - LOOKBEHIND);
            from = LOOKBEHIND;
            is_first = false;
        }
    }

    /// The first place from `from` on where a compressed file begins. The beginning of the file is no such place: there its
    /// format has been judged.
    fn next_embedded(&self, bytes: &[u8], from: usize, until: usize) -> Option<(usize, Format)> {
        let mut from = from.max(1);
        loop {
            let at = self.searcher.embedded(bytes, from..until)?;
            if let Some(format) = Format::embedded(bytes.get(at..)?) {
                return Some((at, format));
            }
            from = at + 1;
        }
    }

    fn window(&mut self, bytes: &[u8], from: usize, until: usize) {
        let mut kinds = Vec::new();
        self.searcher.named(bytes, from..until, &mut |kind| kinds.push((kind, Severity::Error)));
        self.searcher.credentials(bytes, from..until, &mut |kind, severity| kinds.push((kind, severity)));
        for (kind, severity) in kinds {
            self.keep_here(kind, severity);
        }
    }

    /// What the file at hand gives away as the kind of file that it is.
    fn settings(&mut self, content: &[u8]) {
        let Some(name) = self.path.last() else { return };
        let found: Vec<(Kind, Severity)> = rules::of_file(name, content);
        for (kind, severity) in found {
            self.keep_here(kind, severity);
        }
    }
}
