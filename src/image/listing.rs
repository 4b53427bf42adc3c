//! What a file system holds: to be compared with another one.

use std::{
    collections::BTreeMap,
    hash::{DefaultHasher, Hasher as _},
    io::{self, Read},
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

/// Reads the archive of a file system, such as `docker container export` writes. The paths begin without a slash.
///
/// # Errors
///
/// Fails where the archive is damaged or ends too early.
pub fn listing(archive: &mut dyn Read) -> Result<BTreeMap<String, ListedFile>, ImageError> {
    let mut stream = Stream::new(archive, Vec::new());
    let mut files = BTreeMap::new();
    tar::walk(&mut stream, &mut |entry: &Entry, content| {
        let flag = if entry.flag == 0 { '0' } else { char::from(entry.flag) };
        let target = String::from_utf8_lossy(&entry.target).into_owned();
        let digest = content_digest(content)?;
        let file = ListedFile { flag, mode: entry.mode, owner: entry.owner, target, digest };
        files.insert(super::archive::normal(&entry.path), file);
        Ok(())
    })?;
    Ok(files)
}

/// A number that tells contents apart. It is no cryptographic digest, and means nothing outside of this process.
///
/// # Errors
///
/// Fails where reading does.
pub fn content_digest(content: &mut dyn Read) -> io::Result<u64> {
    let mut hasher = DefaultHasher::new();
    let mut piece = Vec::with_capacity(PIECE);
    loop {
        piece.clear();
        let count = content.take(PIECE as u64).read_to_end(&mut piece)?;
        if count == 0 {
            return Ok(hasher.finish());
        }
        hasher.write(&piece);
    }
}
