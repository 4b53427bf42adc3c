//! Reads images: archives of `docker save` in its old and its new form, OCI archives and folders.
//!
//! The parts of an archive come in any order, and the manifests that say what is what often come last. So each part is
//! looked into when it comes, by what it looks like, and [`resolve`] puts the findings into their places afterwards.

mod directory;
mod document;
mod history;
mod layer;
mod ratio;
mod resolve;

use std::{
    collections::HashMap,
    io::{Cursor, Read},
};

use flate2::bufread::MultiGzDecoder;
use serde::Serialize;

use self::{
    document::Document,
    layer::LayerIndex,
    ratio::{Counted, Ratio},
};
use super::{
    Finding, Gaps, ImageError, Limits, Searcher,
    content::{
        Format, Inspector, Stream,
        tar::{self, EntryKind},
        zstd,
    },
    finding::Sighting,
};

/// No path of an image tool is longer, in bytes.
const LONGEST_PATH: usize = 1 << 10;
/// An old archive has a link for each layer at most, and an image has at most 127 layers.
const MOST_LINKS: usize = 10_000;

/// The answer about an archive.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Report {
    /// The images in it.
    pub images: Vec<ImageSummary>,
    /// What was found, the worst first.
    pub findings: Vec<Finding>,
    /// What could not be read, so that there may be more.
    pub problems: Vec<Problem>,
    /// What was not looked into.
    pub gaps: Gaps,
}

/// An image that was looked into.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct ImageSummary {
    /// Its name, or the digest of its configuration.
    pub name: String,
    /// How many layers it has.
    pub layers: usize,
}

/// A part of an archive that could not be read to its end.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Problem {
    /// The path in the archive; empty for the archive itself.
    pub blob: String,
    /// What is wrong, as a clause.
    pub what: String,
}

/// Reads the parts of one archive.
pub struct ImageReader<'s> {
    inspector: Inspector<'s>,
    /// The layers by their path in the archive.
    layers: HashMap<String, LayerIndex>,
    documents: HashMap<String, Document>,
    document_bytes: u64,
    members: usize,
    parts: usize,
    /// Links in the archive: old archives link a layer that occurs twice.
    links: HashMap<String, String>,
    sightings: Vec<(String, Sighting)>,
    problems: Vec<Problem>,
}

impl<'s> ImageReader<'s> {
    /// A reader that looks for what `searcher` knows.
    #[must_use]
    pub fn new(searcher: &'s Searcher, limits: Limits) -> Self {
        Self {
            inspector: Inspector::new(searcher, limits),
            layers: HashMap::new(),
            documents: HashMap::new(),
            document_bytes: 0,
            members: 0,
            parts: 0,
            links: HashMap::new(),
            sightings: Vec::new(),
            problems: Vec::new(),
        }
    }

    /// Reads an archive, which may be compressed as a whole. A damaged one is read up to the damage.
    pub fn archive(&mut self, archive: &mut dyn Read) {
        let mut stream = Stream::new(archive, self.inspector.buffer());
        let read = match Format::of(stream.peek(600)) {
            Format::Gzip => {
                let (input, output) = Counted::pair(&mut stream);
                self.unpacked(Ratio::new(MultiGzDecoder::new(input), output, &self.inspector.limits))
            }
            Format::Zstd => {
                let (input, output) = Counted::pair(&mut stream);
                self.unpacked(Ratio::new(zstd::Frames::new(input), output, &self.inspector.limits))
            }
            _ => self.parts(&mut stream),
        };
        if let Err(error) = read {
            self.problem("", &error);
        }
        self.inspector.give_back(stream.into_buffer());
    }

    /// Puts everything into its place.
    #[must_use]
    pub fn finish(self) -> Report {
        resolve::report(self)
    }

    fn unpacked(&mut self, mut archive: impl Read) -> Result<(), ImageError> {
        self.parts(&mut Stream::new(&mut archive, Vec::new())).map_err(layer::as_limit)
    }

    fn parts(&mut self, stream: &mut Stream<'_>) -> Result<(), ImageError> {
        if !tar::is_header(stream.peek(600)) {
            stream.error()?;
            return Err(ImageError::NoImage);
        }
        tar::walk(stream, &mut |entry, content| {
            let path = layer::normal(&entry.path);
            self.count()?;
            self.parts += 1;
            if self.parts > self.inspector.limits.parts {
                return Err(ImageError::Limit { what: "the archive has too many parts" });
            }
            if path.len() > LONGEST_PATH {
                return Err(ImageError::Limit { what: "a path in the archive is too long" });
            }
            match entry.kind {
                EntryKind::File => self.blob(&path, content),
                EntryKind::Link => self.link(path, &entry.target),
                EntryKind::Directory | EntryKind::Special => {}
            }
            Ok(())
        })
    }

    /// Counts a member of the archive or of a layer.
    fn count(&mut self) -> Result<(), ImageError> {
        self.members += 1;
        let is_within = self.members <= self.inspector.limits.members;
        if is_within { Ok(()) } else { Err(ImageError::Limit { what: "the image has too many files" }) }
    }

    /// Remembers a link; its target is relative to the folder that it is in, or for a hard link to the archive.
    fn link(&mut self, path: String, target: &[u8]) {
        let folder = path.rsplit_once('/').map_or("", |(folder, _)| folder);
        let relative = [folder.as_bytes(), b"/", target].concat();
        if self.links.len() < MOST_LINKS && target.len() <= LONGEST_PATH {
            self.links.insert(path, layer::normal(&relative));
        }
    }

    /// Looks into one part.
    fn blob(&mut self, path: &str, content: &mut dyn Read) {
        let mut stream = Stream::new(content, self.inspector.buffer());
        if let Err(error) = self.judged(path, &mut stream) {
            self.problem(path, &error);
        }
        self.inspector.give_back(stream.into_buffer());
        let found = self.inspector.found.drain(..).map(|sighting| (path.to_owned(), sighting));
        let room = self.inspector.limits.findings.saturating_sub(self.sightings.len());
        let before = self.sightings.len();
        let count = found.len();
        self.sightings.extend(found.take(room));
        self.inspector.gaps.findings += count - (self.sightings.len() - before);
    }

    fn judged(&mut self, path: &str, stream: &mut Stream<'_>) -> Result<(), ImageError> {
        let head = stream.peek(600);
        let is_empty = head.len() >= 512 && head.iter().all(|byte| *byte == 0);
        match (Format::of(head), head.trim_ascii_start().first()) {
            (Format::Gzip, _) => {
                let (input, output) = Counted::pair(stream);
                self.compressed(path, Ratio::new(MultiGzDecoder::new(input), output, &self.inspector.limits))
            }
            (Format::Zstd, _) => {
                let (input, output) = Counted::pair(stream);
                self.compressed(path, Ratio::new(zstd::Frames::new(input), output, &self.inspector.limits))
            }
            (Format::Tar, _) => self.layer(path, stream),
            _ if is_empty => self.layer(path, stream),
            (Format::Plain, Some(b'{' | b'[')) => self.document(path, stream),
            _ => {
                self.inspector.file(path, stream);
                Ok(stream.error()?)
            }
        }
    }

    fn compressed(&mut self, path: &str, mut content: impl Read) -> Result<(), ImageError> {
        let mut stream = Stream::new(&mut content, self.inspector.buffer());
        let head = stream.peek(600);
        let is_layer = tar::is_header(head) || head.iter().all(|byte| *byte == 0);
        let read = if is_layer {
            self.layer(path, &mut stream)
        } else {
            self.inspector.file(path, &mut stream);
            stream.error().map_err(ImageError::from)
        };
        self.inspector.give_back(stream.into_buffer());
        read.map_err(layer::as_limit)
    }

    fn document(&mut self, path: &str, stream: &mut Stream<'_>) -> Result<(), ImageError> {
        let limit = self.inspector.limits.document;
        let mut text = Vec::new();
        stream.take(limit + 1).read_to_end(&mut text)?;
        stream.error()?;
        let length = text.len() as u64;
        let parsed = if length > limit { None } else { serde_json::from_slice(&text).ok() };
        let Some(value) = parsed else {
            self.inspector.file(path, &mut Cursor::new(text).chain(stream));
            return Ok(());
        };
        if self.document_bytes + length > self.inspector.limits.documents {
            return Err(ImageError::Limit { what: "the JSON documents are too large together" });
        }
        self.document_bytes += length;
        let document = Document::of(path, &value, self.inspector.limits.entries);
        document::search(&mut self.inspector, document.as_ref().unwrap_or(&Document::Other), &value);
        self.documents.insert(path.to_owned(), document?);
        Ok(())
    }

    fn problem(&mut self, blob: &str, error: &ImageError) {
        if self.problems.len() < self.inspector.limits.findings {
            self.problems.push(Problem { blob: blob.to_owned(), what: error.to_string() });
        }
    }
}
