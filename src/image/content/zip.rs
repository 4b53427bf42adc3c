//! Zip archives, read from the front in one pass: each member has a header of its own, so the directory at the end is not
//! needed.

use std::io::{BufRead as _, BufReader, Read};

use flate2::bufread::DeflateDecoder;

use super::{stream::Stream, zstd};

const LOCAL_FILE: [u8; 4] = *b"PK\x03\x04";
const DESCRIPTOR: [u8; 4] = *b"PK\x07\x08";
/// A descriptor with signature, checksum and two sizes of 4 bytes.
const DESCRIPTOR_LENGTH: usize = 16;

/// How much of a member is unpacked only to find its end.
const LONGEST_REST: u64 = 256 << 20;

/// The header of a member.
struct Header {
    method: u16,
    is_encrypted: bool,
    has_descriptor: bool,
    compressed: u64,
    name: Vec<u8>,
}

/// How a member is read.
pub(in crate::image) enum Member<'m> {
    /// The unpacked content.
    Unpacked(&'m mut dyn Read),
    /// Encrypted or compressed in a way that is not unpacked here.
    Unopened,
}

/// Calls `visit` for each member with its name and content. Stops in front of the first byte that belongs to no member:
/// the directory of the archive, or whatever else comes.
pub(in crate::image) fn walk(stream: &mut Stream<'_>, visit: &mut dyn FnMut(&[u8], Member<'_>)) {
    while let Some(header) = header(stream) {
        let bounded = !header.has_descriptor || header.compressed > 0;
        match header.method {
            _ if header.is_encrypted => visit(&header.name, Member::Unopened),
            // Where its size comes only behind it, a stored member is read on as plain bytes.
            0 if !bounded => return,
            0 => within(stream, header.compressed, |content| visit(&header.name, Member::Unpacked(content))),
            8 => inflate(stream, &header, visit),
            93 if bounded => within(stream, header.compressed, |content| {
                visit(&header.name, Member::Unpacked(&mut zstd::Frames::new(BufReader::new(content))));
            }),
            _ => visit(&header.name, Member::Unopened),
        }
        let is_skipped = header.is_encrypted || !matches!(header.method, 0 | 8 | 93);
        if is_skipped && stream.skip(header.compressed).is_err() {
            return;
        }
        if header.has_descriptor {
            skip_descriptor(stream);
        }
    }
}

fn header(stream: &mut Stream<'_>) -> Option<Header> {
    let head: [u8; 30] = stream.peek(30).get(..30)?.try_into().ok()?;
    if head.get(..4) != Some(&LOCAL_FILE) {
        return None;
    }
    let short = |at: usize| Some(u16::from_le_bytes(head.get(at..at + 2)?.try_into().ok()?));
    let long = |at: usize| Some(u32::from_le_bytes(head.get(at..at + 4)?.try_into().ok()?));
    let (flags, method, name, extra) = (short(6)?, short(8)?, usize::from(short(26)?), usize::from(short(28)?));
    let rest = stream.peek(30 + name + extra).get(30..30 + name + extra)?;
    let (name, extra) = rest.split_at_checked(name)?;
    let (name, sizes) = (name.to_vec(), long_size(extra));
    let compressed = if long(18)? == u32::MAX { sizes? } else { u64::from(long(18)?) };
    stream.consume(30 + rest_length(&head));
    Some(Header { method, is_encrypted: flags & 1 != 0, has_descriptor: flags & 8 != 0, compressed, name })
}

fn rest_length(head: &[u8; 30]) -> usize {
    let [.., name_low, name_high, extra_low, extra_high] = *head;
    usize::from(u16::from_le_bytes([name_low, name_high])) + usize::from(u16::from_le_bytes([extra_low, extra_high]))
}

/// The compressed size in the Zip64 field (id 1): behind the size of the content.
fn long_size(mut extra: &[u8]) -> Option<u64> {
    while let [id_low, id_high, low, high, rest @ ..] = extra {
        let (field, behind) = rest.split_at_checked(usize::from(u16::from_le_bytes([*low, *high])))?;
        if u16::from_le_bytes([*id_low, *id_high]) == 1 {
            return Some(u64::from_le_bytes(field.get(8..16)?.try_into().ok()?));
        }
        extra = behind;
    }
    None
}

fn within(stream: &mut Stream<'_>, size: u64, read: impl FnOnce(&mut dyn Read)) {
    let mut content = stream.take(size);
    read(&mut content);
    let rest = content.limit();
    // At the end of the data there is no further header.
    let _ = stream.skip(rest);
}

/// A deflated member ends by itself; its size may come only behind it.
fn inflate(stream: &mut Stream<'_>, header: &Header, visit: &mut dyn FnMut(&[u8], Member<'_>)) {
    if header.has_descriptor {
        let mut content = DeflateDecoder::new(stream);
        visit(&header.name, Member::Unpacked(&mut content));
        drain(&mut content);
    } else {
        within(stream, header.compressed, |content| {
            let mut content = DeflateDecoder::new(BufReader::new(content));
            visit(&header.name, Member::Unpacked(&mut content));
        });
    }
}

/// Reads the rest of a member, so that the next header comes.
fn drain(content: &mut dyn Read) {
    // A member that does not decode has no known end: what follows is read as plain bytes.
    let _ = std::io::copy(&mut content.take(LONGEST_REST), &mut std::io::sink());
}

/// The sizes and the checksum behind a member: with or without a signature, of 4 or 8 bytes.
fn skip_descriptor(stream: &mut Stream<'_>) {
    let next = stream.peek(DESCRIPTOR_LENGTH + 12);
    let signed = next.starts_with(&DESCRIPTOR);
    let lengths = if signed { [16, 24] } else { [12, 20] };
    let begins = |at: usize| next.get(at..at + 2).is_some_and(|bytes| bytes == b"PK");
    let length = lengths.into_iter().find(|at| begins(*at)).unwrap_or(if signed { 16 } else { 0 });
    stream.consume(length);
}
