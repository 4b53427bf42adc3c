//! What a file system holds: to be compared with another one.

use std::{
    collections::BTreeMap,
    hash::{DefaultHasher, Hasher as _},
    io::{self, Read},
    mem,
};

use super::{
    ImageError,
    content::{
        Stream,
        tar::{self, Entry},
    },
};

/// How many bytes are hashed at once. Pieces of one size make the digest a matter of the content alone.
const PIECE: usize = 64 << 10;

/// One file, folder or link, without its time stamps.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ListedFile {
    /// The type flag of POSIX tar: `0` for a file, `5` for a folder, `2` for a symbolic link.
    pub flag: char,
    /// The permissions, in Unix bits.
    pub mode: u64,
    /// The numbers of the user and the group that it belongs to.
    pub owner: (u64, u64),
    /// What a link points to, as written.
    pub target: String,
    /// What it holds, as [`content_digest`] tells; that of nothing for all but files.
    pub digest: u64,
}

/// Files by their path, which begins without a slash.
pub type Files = BTreeMap<String, ListedFile>;

/// The flag of a path that a layer deletes from the layers below, and of a folder whose content it deletes.
const DELETED: char = 'w';
/// What a name that deletes begins with (OCI image specification, layer.md).
const WHITEOUT: &str = ".wh.";
const OPAQUE: &str = ".wh..wh..opq";

impl ListedFile {
    pub(super) fn new(entry: &Entry, digest: u64) -> Self {
        let flag = if entry.flag == 0 { '0' } else { char::from(entry.flag) };
        let target = String::from_utf8_lossy(&entry.target).into_owned();
        Self { flag, mode: entry.mode, owner: entry.owner, target, digest }
    }
}

/// Reads the archive of a file system, such as `docker container export` writes.
///
/// # Errors
///
/// Fails where the archive is damaged or ends too early.
pub fn listing(archive: &mut dyn Read) -> Result<Files, ImageError> {
    let mut stream = Stream::new(archive, Vec::new());
    let mut files = Files::new();
    tar::walk(&mut stream, &mut |entry: &Entry, content| {
        let file = ListedFile::new(entry, content_digest(content)?);
        files.insert(super::archive::normal(&entry.path), file);
        Ok(())
    })?;
    Ok(files)
}

/// Lays a layer over those below. What it deletes stays in the list under the flag `w`: the layers below that are not listed
/// may hold it.
pub(super) fn lay_over(files: &mut Files, layer: Files) {
    for (path, file) in layer {
        let (folder, name) = path.rsplit_once('/').map_or(("", path.as_str()), |(folder, name)| (folder, name));
        let below = |path: &str| if path.is_empty() { String::new() } else { format!("{path}/") };
        match name.strip_prefix(WHITEOUT) {
            _ if name == OPAQUE => {
                remove_below(files, &below(folder));
                files.insert(path, ListedFile { flag: DELETED, ..file });
            }
            Some(deleted) => {
                let deleted = format!("{}{deleted}", below(folder));
                remove_below(files, &below(&deleted));
                files.insert(deleted, ListedFile { flag: DELETED, ..file });
            }
            None => {
                if file.flag != '5' {
                    remove_below(files, &below(&path));
                }
                files.insert(path, file);
            }
        }
    }
}

fn remove_below(files: &mut Files, prefix: &str) {
    files.retain(|path, _| !path.starts_with(prefix));
}

/// A number that tells contents apart. It is no cryptographic digest, and means nothing outside of this process.
///
/// # Errors
///
/// Fails where reading does.
pub fn content_digest(content: &mut dyn Read) -> io::Result<u64> {
    let mut digested = Digested::new(content);
    digested.drain()?;
    Ok(digested.finish())
}

/// A reader that keeps the digest of what was read.
pub(super) struct Digested<'r> {
    inner: &'r mut dyn Read,
    hasher: DefaultHasher,
    piece: Vec<u8>,
}

impl<'r> Digested<'r> {
    pub(super) fn new(inner: &'r mut dyn Read) -> Self {
        Self { inner, hasher: DefaultHasher::new(), piece: Vec::with_capacity(PIECE) }
    }

    /// Reads what nobody wanted to have.
    pub(super) fn drain(&mut self) -> io::Result<()> {
        io::copy(self, &mut io::sink()).map(drop)
    }

    pub(super) fn finish(mut self) -> u64 {
        self.hasher.write(&mem::take(&mut self.piece));
        self.hasher.finish()
    }
}

impl Read for Digested<'_> {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        let count = self.inner.read(into)?;
        let mut rest = into.get(..count).unwrap_or_default();
        while !rest.is_empty() {
            let (now, later) = rest.split_at(rest.len().min(PIECE - self.piece.len()));
            self.piece.extend_from_slice(now);
            rest = later;
            if self.piece.len() == PIECE {
                self.hasher.write(&self.piece);
                self.piece.clear();
            }
        }
        Ok(count)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn layer(files: &[(&str, char, u64)]) -> Files {
        let file = |flag, digest| ListedFile { flag, mode: 0o644, owner: (0, 0), target: String::new(), digest };
        files.iter().map(|(path, flag, digest)| ((*path).to_owned(), file(*flag, *digest))).collect()
    }

    #[test]
    fn layers_are_laid_over_each_other() {
        let mut files = Files::new();
        lay_over(&mut files, layer(&[("a", '5', 0), ("a/b", '0', 1), ("a/c", '0', 1), ("d", '5', 0), ("d/e", '0', 1)]));
        lay_over(
            &mut files,
            layer(&[("a/.wh.b", '0', 0), ("a/c", '0', 2), ("d/.wh..wh..opq", '0', 0), ("d/f", '0', 3)]),
        );
        let left: Vec<(&str, char, u64)> =
            files.iter().map(|(path, file)| (path.as_str(), file.flag, file.digest)).collect();
        assert_eq!(
            left,
            [
                ("a", '5', 0),
                ("a/b", 'w', 0),
                ("a/c", '0', 2),
                ("d", '5', 0),
                ("d/.wh..wh..opq", 'w', 0),
                ("d/f", '0', 3),
            ]
        );
        lay_over(&mut files, layer(&[("a", '0', 4), ("d/e", '0', 5)]));
        assert_eq!(files.keys().collect::<Vec<_>>(), ["a", "d", "d/.wh..wh..opq", "d/e", "d/f"]);
    }

    #[test]
    fn the_digest_is_that_of_the_content_however_it_comes() {
        struct Slow<'a>(&'a [u8]);
        impl Read for Slow<'_> {
            fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
                let most = into.len().min(7_001);
                self.0.read(&mut into[..most])
            }
        }
        let content: Vec<u8> = (0..200_000_u32).map(|number| u8::try_from(number % 251).unwrap_or_default()).collect();
        let fast = content_digest(&mut content.as_slice()).unwrap();
        assert_eq!(content_digest(&mut Slow(&content)).unwrap(), fast);
        assert_ne!(content_digest(&mut &content[1..]).unwrap(), fast);
    }
}
