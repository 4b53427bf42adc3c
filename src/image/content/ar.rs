//! `ar` archives: Debian packages.

use std::io::{BufRead as _, Read};

use super::stream::Stream;

const MAGIC: usize = 8;
const HEADER: usize = 60;

/// Calls `visit` for each member with its name and content; the stream begins with the magic number. Stops in front of the
/// first byte that belongs to no member.
pub(in crate::image) fn walk(stream: &mut Stream<'_>, visit: &mut dyn FnMut(&[u8], &mut dyn Read)) {
    stream.consume(MAGIC);
    while let Some((name, size)) = header(stream) {
        stream.consume(HEADER);
        let mut content = stream.take(size);
        visit(&name, &mut content);
        let rest = content.limit() + size % 2;
        if stream.skip(rest).is_err() {
            return;
        }
    }
}

fn header(stream: &mut Stream<'_>) -> Option<(Vec<u8>, u64)> {
    let head = stream.peek(HEADER).get(..HEADER)?;
    let size = std::str::from_utf8(head.get(48..58)?).ok()?.trim().parse().ok()?;
    let name = head.get(..16)?.trim_ascii_end();
    let name = name.strip_suffix(b"/").unwrap_or(name);
    (head.get(58..60)? == b"`\n").then(|| (name.to_vec(), size))
}
