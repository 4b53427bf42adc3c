//! Looks into files, whatever is packed into them, in one pass and with bounded memory.

mod ar;
mod format;
mod pack;
mod plain;
mod stream;
pub(super) mod tar;
mod zip;
pub(super) mod zstd;

pub(super) use format::Format;
pub(super) use stream::Stream;

use std::{
    cell::Cell,
    io::{self, Read},
    rc::Rc,
};

use flate2::bufread::{MultiGzDecoder, ZlibDecoder};

use super::{
    Limits, Searcher,
    finding::{Kind, Part, Severity, Sighting, Spot},
    rules,
};

/// How often a file may turn out to be another one in its middle.
const MOST_EMBEDDED: usize = 64;

/// How much of a path is kept, in bytes: as much as Linux allows, and less inside of archives. Ten thousand findings have
/// to fit into memory.
const LONGEST_PATH: usize = 4 << 10;
const LONGEST_INNER_PATH: usize = 1 << 10;

/// Looks into the files of one image, and remembers what it found in the blob at hand.
pub(super) struct Inspector<'s> {
    pub(super) searcher: &'s Searcher,
    pub(super) limits: Limits,
    /// What was found since it was last taken.
    pub(super) found: Vec<Sighting>,
    /// How often content was left unread.
    pub(super) gaps: Gaps,
    /// The file at hand: its path, and the paths inside of archives.
    path: Vec<String>,
    buffers: Vec<Vec<u8>>,
    unpacked: Rc<Cell<u64>>,
}

/// What was not looked into. Each count is a number of files.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, serde::Serialize)]
pub struct Gaps {
    /// Compressed in a way that is not read (xz, bzip2, 7z, rar, lz4), or encrypted.
    pub unopened: usize,
    /// Compressed files that don't decode to their end.
    pub damaged: usize,
    /// Those that unpack to more than the limits allow, or that are packed too deep.
    pub limited: usize,
    /// Findings beyond the limit.
    pub findings: usize,
}

impl<'s> Inspector<'s> {
    pub(super) fn new(searcher: &'s Searcher, limits: Limits) -> Self {
        let (found, path, buffers) = (Vec::new(), Vec::new(), Vec::new());
        Self { searcher, limits, found, gaps: Gaps::default(), path, buffers, unpacked: Rc::new(Cell::new(0)) }
    }

    /// Looks into the file `path` of a layer or an archive.
    pub(super) fn file(&mut self, path: &str, content: &mut dyn Read) {
        self.path.clear();
        self.path.push(clipped(path, LONGEST_PATH).to_owned());
        self.inspect(content, 0);
    }

    /// Looks at what stands beside the content of a file.
    pub(super) fn text_of_file(&mut self, path: &str, part: Part, text: &[u8]) {
        let mut kinds = Vec::new();
        self.searcher.named(text, 0..text.len(), &mut |kind| kinds.push((kind, Severity::Error)));
        self.searcher.credentials(text, 0..text.len(), &mut |kind, severity| kinds.push((kind, severity)));
        let path = clipped(path, LONGEST_PATH);
        for (kind, severity) in kinds {
            self.keep(kind, severity, Spot::Member { path: vec![path.to_owned()], part });
        }
    }

    /// Remembers something, once for each place.
    pub(super) fn keep(&mut self, kind: Kind, severity: Severity, spot: Spot) {
        let mut at_spot = self.found.iter().rev().take_while(|sighting| sighting.spot == spot);
        if at_spot.any(|sighting| sighting.kind == kind) {
            return;
        }
        if self.found.len() >= self.limits.findings {
            self.gaps.findings += 1;
        } else {
            self.found.push(Sighting { kind, severity, spot });
        }
    }

    /// A buffer for a [`Stream`].
    pub(super) fn buffer(&mut self) -> Vec<u8> {
        self.buffers.pop().unwrap_or_default()
    }

    /// Takes a buffer back.
    pub(super) fn give_back(&mut self, buffer: Vec<u8>) {
        self.buffers.push(buffer);
    }

    fn inspect(&mut self, content: &mut dyn Read, depth: usize) {
        let buffer = self.buffer();
        let mut stream = Stream::new(content, buffer);
        let format = Format::of(stream.peek(stream::CAPACITY));
        if depth < self.limits.depth {
            self.open(&mut stream, format, depth);
        } else if format != Format::Plain {
            self.gaps.limited += 1;
        }
        self.rest(&mut stream, depth);
        if let Err(error) = stream.error() {
            self.note(&error);
        }
        self.give_back(stream.into_buffer());
    }

    /// Reads what is left as plain bytes, and opens what begins in their middle.
    fn rest(&mut self, stream: &mut Stream<'_>, depth: usize) {
        let mut left = if depth < self.limits.depth { MOST_EMBEDDED } else { 0 };
        while let Some(format) = self.plain(stream, left > 0) {
            left -= 1;
            self.open(stream, format, depth);
        }
    }

    /// Reads an archive or compressed file as far as it is one.
    fn open(&mut self, stream: &mut Stream<'_>, format: Format, depth: usize) {
        match format {
            Format::Plain => {}
            Format::Unopened => self.gaps.unopened += 1,
            Format::Gzip => self.unpack(MultiGzDecoder::new(stream), depth),
            Format::Zlib => self.unpack(ZlibDecoder::new(stream), depth),
            Format::Zstd => self.unpack(zstd::Frames::new(stream), depth),
            Format::Zip => zip::walk(stream, &mut |name, member| match member {
                zip::Member::Unpacked(content) => self.within(name, |this| this.unpack(content, depth)),
                zip::Member::Unopened => self.gaps.unopened += 1,
            }),
            Format::Ar => ar::walk(stream, &mut |name, content| {
                self.within(name, |this| this.inspect(content, depth + 1));
            }),
            Format::Pack => pack::walk(stream, &mut |content| self.unpack(content, depth)),
            Format::Tar => {
                let walked = tar::walk(stream, &mut |entry, content| {
                    self.within(&entry.path, |this| this.inspect(content, depth + 1));
                    Ok(())
                });
                self.gaps.damaged += usize::from(walked.is_err());
            }
        }
    }

    fn unpack(&mut self, content: impl Read, depth: usize) {
        let mut bounded =
            Bounded { inner: content, left: self.limits.file, all: self.limits.files, unpacked: self.unpacked.clone() };
        self.inspect(&mut bounded, depth + 1);
    }

    /// Does something for a member of an archive.
    fn within(&mut self, name: &[u8], act: impl FnOnce(&mut Self)) {
        let shown = String::from_utf8_lossy(name);
        self.path.push(clipped(&shown, LONGEST_INNER_PATH).to_owned());
        self.here(|searcher, found| searcher.named(name, 0..name.len(), found));
        act(self);
        self.path.pop();
    }

    /// Keeps named secrets of the file at hand.
    fn here(&mut self, search: impl FnOnce(&Searcher, &mut dyn FnMut(Kind))) {
        let mut kinds = Vec::new();
        search(self.searcher, &mut |kind| kinds.push(kind));
        for kind in kinds {
            self.keep_here(kind, Severity::Error);
        }
    }

    fn keep_here(&mut self, kind: Kind, severity: Severity) {
        let severity = match kind {
            Kind::Named { .. } => severity,
            _ => rules::severity_at(&self.path, severity),
        };
        self.keep(kind, severity, Spot::Member { path: self.path.clone(), part: Part::Content });
    }

    fn note(&mut self, error: &io::Error) {
        if error.kind() == io::ErrorKind::QuotaExceeded { self.gaps.limited += 1 } else { self.gaps.damaged += 1 }
    }
}

/// The first `most` bytes of a text, or one to three fewer.
pub(super) fn clipped(text: &str, most: usize) -> &str {
    let end = (0..=most.min(text.len())).rev().find(|end| text.is_char_boundary(*end));
    text.get(..end.unwrap_or_default()).unwrap_or_default()
}

/// A decoder that gives only so much.
struct Bounded<R> {
    inner: R,
    left: u64,
    all: u64,
    unpacked: Rc<Cell<u64>>,
}

impl<R: Read> Read for Bounded<R> {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        if self.left == 0 || self.unpacked.get() >= self.all {
            // It may end right here.
            let more = self.inner.read(&mut [0])?;
            return if more == 0 { Ok(0) } else { Err(io::ErrorKind::QuotaExceeded.into()) };
        }
        let most = into.len().min(usize::try_from(self.left).unwrap_or(usize::MAX));
        let count = self.inner.read(into.get_mut(..most).unwrap_or_default())?;
        self.left -= count as u64;
        self.unpacked.set(self.unpacked.get() + count as u64);
        Ok(count)
    }
}
