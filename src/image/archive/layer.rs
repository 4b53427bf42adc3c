use std::{
    collections::HashSet,
    hash::{DefaultHasher, Hash as _, Hasher as _},
    io::ErrorKind,
};

use super::ImageReader;
use crate::image::{
    ImageError,
    content::{
        Stream,
        tar::{self, Entry, EntryKind},
    },
    finding::Part,
};

/// A file of this name in front says that the file behind it is deleted (OCI image specification, layer.md).
const WHITEOUT: &str = ".wh.";
/// How many folders above a file are looked at: no image nests them deeper, and ten thousand findings have to be placed.
const MOST_FOLDERS: usize = 256;
/// A file of this name says that everything below its folder is deleted.
const OPAQUE: &str = ".wh..wh..opq";

/// What a layer does to the files of the layers below: hashes of paths, so that a layer of a million files takes 16 MB.
#[derive(Debug, Default)]
pub(super) struct LayerIndex {
    deeds: HashSet<u64>,
}

/// What a layer does to a path.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
enum Deed {
    /// Puts something else than a folder there.
    Put,
    /// Deletes it.
    Delete,
    /// Deletes everything below it.
    Empty,
}

/// What became of a path in a later layer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Fate {
    Deleted,
    Replaced,
}

impl LayerIndex {
    fn add(&mut self, deed: Deed, path: &str) {
        self.deeds.insert(hash(deed, path));
    }

    fn has(&self, deed: Deed, path: &str) -> bool {
        self.deeds.contains(&hash(deed, path))
    }

    /// What the layer does to the file `path` of a layer below; the path is [`normal`].
    pub(super) fn fate(&self, path: &str) -> Option<Fate> {
        if self.has(Deed::Put, path) {
            return Some(Fate::Replaced);
        }
        let folders = path.match_indices('/').take(MOST_FOLDERS).filter_map(|(at, _)| path.get(..at));
        let is_deleted = self.has(Deed::Delete, path)
            || self.has(Deed::Empty, "")
            || folders
                .into_iter()
                .any(|folder| [Deed::Delete, Deed::Empty, Deed::Put].into_iter().any(|deed| self.has(deed, folder)));
        is_deleted.then_some(Fate::Deleted)
    }

    /// Remembers a member, if it does something to the layers below.
    fn read(&mut self, path: &str, kind: EntryKind) {
        let (folder, name) = path.rsplit_once('/').unwrap_or(("", path));
        match name.strip_prefix(WHITEOUT) {
            _ if name == OPAQUE => self.add(Deed::Empty, folder),
            Some(deleted) if folder.is_empty() => self.add(Deed::Delete, deleted),
            Some(deleted) => self.add(Deed::Delete, &format!("{folder}/{deleted}")),
            None if kind == EntryKind::Directory => {}
            None => self.add(Deed::Put, path),
        }
    }
}

impl ImageReader<'_> {
    /// Reads a layer: the content of its files, and what it does to the layers below.
    pub(super) fn layer(&mut self, path: &str, stream: &mut Stream<'_>) -> Result<(), ImageError> {
        let mut index = LayerIndex::default();
        let walked = tar::walk(stream, &mut |entry, content| {
            let path = normal(&entry.path);
            self.count()?;
            index.read(&path, entry.kind);
            self.texts(&path, entry);
            if entry.kind == EntryKind::File {
                self.inspector.file(&path, content);
            }
            Ok(())
        });
        self.layers.insert(path.to_owned(), index);
        walked?;
        // What stands behind the end of the archive is in the layer all the same.
        self.inspector.file("(behind the last file)", stream);
        Ok(stream.error()?)
    }

    fn texts(&mut self, path: &str, entry: &Entry) {
        self.inspector.text_of_file(path, Part::Name, &entry.path);
        if !entry.target.is_empty() {
            self.inspector.text_of_file(path, Part::Target, &entry.target);
        }
        if !entry.records.is_empty() {
            self.inspector.text_of_file(path, Part::Attributes, &entry.records);
        }
    }
}

/// A path without empty parts, `.` and `..`; it begins without a slash.
pub(super) fn normal(path: &[u8]) -> String {
    let path = String::from_utf8_lossy(path);
    let mut parts: Vec<&str> = Vec::new();
    for part in path.split('/') {
        match part {
            "" | "." => {}
            ".." => {
                parts.pop();
            }
            _ => parts.push(part),
        }
    }
    parts.join("/")
}

/// What unpacks to too much is not damaged.
pub(super) fn as_limit(error: ImageError) -> ImageError {
    match error {
        ImageError::Read(error) if error.kind() == ErrorKind::QuotaExceeded => {
            ImageError::Limit { what: "it unpacks to far more than its size" }
        }
        error => error,
    }
}

fn hash(deed: Deed, path: &str) -> u64 {
    let mut hasher = DefaultHasher::new();
    (deed, path).hash(&mut hasher);
    hasher.finish()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn later_layers_delete_and_replace() {
        let mut index = LayerIndex::default();
        for path in ["root/.wh..npmrc", ".wh.key", "a/.wh.b", "o/.wh..wh..opq", "etc/x"] {
            index.read(path, EntryKind::File);
        }
        index.read("srv", EntryKind::Directory);
        for (path, fate) in [
            ("root/.npmrc", Some(Fate::Deleted)),
            ("key", Some(Fate::Deleted)),
            ("a/b/c/d", Some(Fate::Deleted)),
            ("o/p/q", Some(Fate::Deleted)),
            ("o", None),
            ("etc/x", Some(Fate::Replaced)),
            ("etc/x/y", Some(Fate::Deleted)),
            ("srv/a", None),
            ("a/bc", None),
        ] {
            assert_eq!(index.fate(path), fate, "{path}");
        }
    }

    #[test]
    fn paths_stay_inside() {
        assert_eq!(normal(b"./a//b/../c/"), "a/c");
        assert_eq!(normal(b"../../etc/passwd"), "etc/passwd");
    }
}
