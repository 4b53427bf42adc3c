//! Packs of git objects (`Documentation/gitformat-pack.adoc` of git).
//!
//! Whole objects are unpacked. Of a delta, the instructions are: they hold all bytes that are new in it, in pieces of at
//! most 127. A value that a delta puts together from pieces of its base is found in the base or not at all.

use std::io::{BufRead as _, Read};

use flate2::bufread::ZlibDecoder;

use super::stream::Stream;

const HEADER: usize = 12;
const OFFSET_DELTA: u8 = 6;
const REFERENCE_DELTA: u8 = 7;
const HASH: usize = 20;

/// Calls `visit` for each object with its content. Stops at the trailer, or where an object does not decode.
pub(in crate::image) fn walk(stream: &mut Stream<'_>, visit: &mut dyn FnMut(&mut dyn Read)) {
    let count = stream.peek(HEADER).get(8..HEADER).and_then(|bytes| bytes.try_into().ok()).map(u32::from_be_bytes);
    stream.consume(HEADER);
    for _ in 0..count.unwrap_or_default() {
        if skip_header(stream).is_none() {
            return;
        }
        let mut content = ZlibDecoder::new(&mut *stream);
        visit(&mut content);
        // The next object begins where this one ends.
        if std::io::copy(&mut content, &mut std::io::sink()).is_err() {
            return;
        }
    }
}

/// Passes over type, size and the base of a delta.
fn skip_header(stream: &mut Stream<'_>) -> Option<()> {
    let first = byte(stream)?;
    let mut more = first & 0x80 != 0;
    while more {
        more = byte(stream)? & 0x80 != 0;
    }
    match first >> 4 & 7 {
        OFFSET_DELTA => while byte(stream)? & 0x80 != 0 {},
        REFERENCE_DELTA => stream.consume(HASH),
        _ => {}
    }
    Some(())
}

fn byte(stream: &mut Stream<'_>) -> Option<u8> {
    let byte = stream.peek(1).first().copied();
    stream.consume(1);
    byte
}
