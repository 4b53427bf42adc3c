//! Tar archives, read in one pass with bounded memory (the crate `tar` keeps long names and extended headers of any size).

use std::io::{BufRead as _, Read};

use super::stream::Stream;
use crate::image::ImageError;

const BLOCK: usize = 512;
/// Longer names than this are no names.
const LONGEST_NAME: u64 = 64 << 10;
/// Extended headers may hold attributes of 64 KiB each.
const LONGEST_RECORDS: u64 = 4 << 20;

/// What a member of an archive is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::image) enum EntryKind {
    File,
    Directory,
    /// A symbolic or hard link.
    Link,
    /// A device or a pipe.
    Special,
}

/// A member of an archive.
pub(in crate::image) struct Entry {
    pub kind: EntryKind,
    /// Its path, as written.
    pub path: Vec<u8>,
    /// What a link points to, as written.
    pub target: Vec<u8>,
    /// The extended headers of this member, as written.
    pub records: Vec<u8>,
    /// The type flag of the header, as written.
    pub flag: u8,
    /// The permissions.
    pub mode: u64,
    /// The numbers of the user and the group that it belongs to.
    pub owner: (u64, u64),
}

/// What is said about the next member before it comes.
#[derive(Default)]
struct Announced {
    path: Option<Vec<u8>>,
    target: Option<Vec<u8>>,
    size: Option<u64>,
    records: Vec<u8>,
}

/// Whether `head` begins with a header: its checksum is right.
pub(in crate::image) fn is_header(head: &[u8]) -> bool {
    let Some(header) = head.get(..BLOCK) else { return false };
    let stored = number(header.get(148..156).unwrap_or_default());
    let sum: u64 = header
        .iter()
        .enumerate()
        .map(|(at, byte)| match at {
            148..156 => u64::from(b' '),
            _ => u64::from(*byte),
        })
        .sum();
    // An empty block has the sum of the eight blanks.
    stored == Some(sum) && sum > 8 * u64::from(b' ')
}

/// Calls `visit` for each member with its content, which need not be read to its end. Behind the end of the archive the
/// stream goes on.
///
/// # Errors
///
/// Fails where the archive is damaged, ends too early or `visit` fails.
pub(in crate::image) fn walk(
    stream: &mut Stream<'_>,
    visit: &mut dyn FnMut(&Entry, &mut dyn Read) -> Result<(), ImageError>,
) -> Result<(), ImageError> {
    let mut announced = Announced::default();
    while let Some(header) = next_header(stream)? {
        let size = announced.size.or_else(|| number(field(&header, 124, 12))).unwrap_or_default();
        let kind = header.get(156).copied().unwrap_or_default();
        match kind {
            b'L' => announced.path = Some(text(&text_of(stream, size, LONGEST_NAME)?).to_vec()),
            b'K' => announced.target = Some(text(&text_of(stream, size, LONGEST_NAME)?).to_vec()),
            b'x' | b'g' => {
                // Headers may follow each other, and are kept until a member comes.
                let most = LONGEST_RECORDS.saturating_sub(announced.records.len() as u64);
                announced.read(text_of(stream, size, most)?, kind == b'x');
            }
            _ => {
                skip_sparse_map(stream, kind, &header)?;
                // A link or directory has no content, whatever its size says.
                let size = if matches!(kind, b'1'..=b'6') { 0 } else { size };
                member(stream, std::mem::take(&mut announced).entry(kind, &header), size, visit)?;
            }
        }
    }
    Ok(())
}

fn member(
    stream: &mut Stream<'_>,
    entry: Entry,
    size: u64,
    visit: &mut dyn FnMut(&Entry, &mut dyn Read) -> Result<(), ImageError>,
) -> Result<(), ImageError> {
    let mut content = stream.take(size);
    visit(&entry, &mut content)?;
    let rest = content.limit();
    stream.skip(rest)?;
    // The padding of the last member is sometimes left out.
    let padding = padding(size);
    if stream.peek(padding).is_empty() { Ok(()) } else { Ok(stream.skip(padding as u64)?) }
}

/// The next header; `None` at the end of the archive: two empty blocks, or the end of the data.
fn next_header(stream: &mut Stream<'_>) -> Result<Option<[u8; BLOCK]>, ImageError> {
    let mut empty = 0;
    loop {
        let block: Option<[u8; BLOCK]> = stream.peek(BLOCK).get(..BLOCK).and_then(|block| block.try_into().ok());
        let Some(block) = block else {
            stream.error()?;
            let is_end = stream.peek(BLOCK).iter().all(|byte| *byte == 0);
            return if is_end { Ok(None) } else { Err(std::io::Error::from(std::io::ErrorKind::UnexpectedEof).into()) };
        };
        if is_header(&block) {
            stream.consume(BLOCK);
            return Ok(Some(block));
        }
        if block.iter().any(|byte| *byte != 0) {
            return if empty > 0 {
                Ok(None)
            } else {
                Err(ImageError::Damaged { what: "a tar header has a wrong checksum" })
            };
        }
        stream.consume(BLOCK);
        empty += 1;
        if empty == 2 {
            return Ok(None);
        }
    }
}

/// An old sparse file of GNU tar goes on with blocks that tell where its holes are.
fn skip_sparse_map(stream: &mut Stream<'_>, kind: u8, header: &[u8; BLOCK]) -> Result<(), ImageError> {
    let mut is_extended = kind == b'S' && header.get(482) == Some(&1);
    while is_extended {
        let Some(flag) = stream.peek(BLOCK).get(504).copied() else {
            return Err(std::io::Error::from(std::io::ErrorKind::UnexpectedEof).into());
        };
        is_extended = flag == 1;
        stream.consume(BLOCK);
    }
    Ok(())
}

/// The content of a member that describes the next one.
fn text_of(stream: &mut Stream<'_>, size: u64, most: u64) -> Result<Vec<u8>, ImageError> {
    if size > most {
        return Err(ImageError::Limit { what: "a name or extended header of a tar archive is too long" });
    }
    let mut content = Vec::new();
    stream.take(size).read_to_end(&mut content)?;
    if (content.len() as u64) < size {
        return Err(std::io::Error::from(std::io::ErrorKind::UnexpectedEof).into());
    }
    stream.skip(padding(size) as u64)?;
    Ok(content)
}

impl Announced {
    /// Reads records of the form `length key=value\n`, the length counting all of it. Those for all members say nothing
    /// that is needed here.
    fn read(&mut self, records: Vec<u8>, is_for_one: bool) {
        let mut rest = if is_for_one { records.as_slice() } else { &[] };
        while let Some(blank) = rest.iter().position(|byte| *byte == b' ') {
            let length =
                std::str::from_utf8(rest.get(..blank).unwrap_or_default()).ok().and_then(|text| text.parse().ok());
            let Some((record, behind)) = length.and_then(|length: usize| rest.split_at_checked(length)) else { break };
            if record.len() <= blank {
                break;
            }
            self.keep(record.get(blank + 1..).unwrap_or_default());
            rest = behind;
        }
        self.records.extend(records);
    }

    fn keep(&mut self, record: &[u8]) {
        let record = record.strip_suffix(b"\n").unwrap_or(record);
        let Some(equals) = record.iter().position(|byte| *byte == b'=') else { return };
        let (key, value) = record.split_at(equals);
        let value = value.get(1..).unwrap_or_default();
        match key {
            b"path" | b"GNU.sparse.name" => self.path = Some(value.to_vec()),
            b"linkpath" => self.target = Some(value.to_vec()),
            b"size" => self.size = std::str::from_utf8(value).ok().and_then(|text| text.parse().ok()),
            _ => {}
        }
    }

    fn entry(self, flag: u8, header: &[u8; BLOCK]) -> Entry {
        let path = self.path.unwrap_or_else(|| short_path(header));
        let kind = match flag {
            b'5' => EntryKind::Directory,
            b'1' | b'2' => EntryKind::Link,
            b'3' | b'4' | b'6' => EntryKind::Special,
            // Before POSIX a directory was a file whose name ends in a slash.
            _ if path.ends_with(b"/") => EntryKind::Directory,
            _ => EntryKind::File,
        };
        let target = self.target.unwrap_or_else(|| text(field(header, 157, 100)).to_vec());
        let number = |at| number(field(header, at, 8)).unwrap_or_default();
        let (mode, owner) = (number(100), (number(108), number(116)));
        Entry { kind, path, target, records: self.records, flag, mode, owner }
    }
}

fn short_path(header: &[u8; BLOCK]) -> Vec<u8> {
    let name = text(field(header, 0, 100));
    let prefix = text(field(header, 345, 155));
    let is_posix = field(header, 257, 6) == b"ustar\0";
    if is_posix && !prefix.is_empty() { [prefix, b"/", name].concat() } else { name.to_vec() }
}

fn field(header: &[u8; BLOCK], at: usize, length: usize) -> &[u8] {
    header.get(at..at + length).unwrap_or_default()
}

/// The bytes before the first null.
fn text(bytes: &[u8]) -> &[u8] {
    bytes.split(|byte| *byte == 0).next().unwrap_or_default()
}

/// An octal number, or a binary one with the highest bit set (GNU).
fn number(bytes: &[u8]) -> Option<u64> {
    if bytes.first().is_some_and(|byte| byte & 0x80 != 0) {
        let start = bytes.len().saturating_sub(8);
        return Some(bytes.get(start..)?.iter().fold(0, |number, byte| number << 8 | u64::from(*byte)));
    }
    let digits = text(bytes).trim_ascii();
    if digits.is_empty() {
        return Some(0);
    }
    u64::from_str_radix(std::str::from_utf8(digits).ok()?, 8).ok()
}

fn padding(size: u64) -> usize {
    let over = usize::try_from(size % BLOCK as u64).unwrap_or_default();
    if over == 0 { 0 } else { BLOCK - over }
}
