//! Builds git objects.

use super::archive::zlib;

const BLOB: u8 = 3;
const REFERENCE_DELTA: u8 = 7;

/// A loose object.
pub fn loose(content: &[u8]) -> Vec<u8> {
    zlib(&[format!("blob {}\0", content.len()).as_bytes(), content].concat())
}

/// A pack with blobs.
pub fn whole(contents: &[&[u8]]) -> Vec<u8> {
    let mut pack = header(contents.len());
    for content in contents {
        pack.extend(object_header(BLOB, content.len()));
        pack.extend(zlib(content));
    }
    pack.extend([0; 20]);
    pack
}

/// A pack with a blob, and a delta that inserts `added` in front of its bytes.
pub fn delta(base: &[u8], added: &[u8]) -> Vec<u8> {
    let mut instructions = vec![u8::try_from(base.len()).unwrap(), u8::try_from(base.len() + added.len()).unwrap()];
    instructions.push(u8::try_from(added.len()).unwrap());
    instructions.extend(added);
    instructions.extend([0x90, u8::try_from(base.len()).unwrap()]);
    let mut pack = header(2);
    pack.extend(object_header(BLOB, base.len()));
    pack.extend(zlib(base));
    pack.extend(object_header(REFERENCE_DELTA, instructions.len()));
    pack.extend([7; 20]);
    pack.extend(zlib(&instructions));
    pack.extend([0; 20]);
    pack
}

fn header(count: usize) -> Vec<u8> {
    let mut header = b"PACK\0\0\0\x02".to_vec();
    header.extend(u32::try_from(count).unwrap().to_be_bytes());
    header
}

fn object_header(kind: u8, size: usize) -> Vec<u8> {
    let mut rest = size >> 4;
    let mut bytes = vec![kind << 4 | u8::try_from(size & 15).unwrap()];
    while rest > 0 {
        *bytes.last_mut().unwrap() |= 0x80;
        bytes.push(u8::try_from(rest & 0x7f).unwrap());
        rest >>= 7;
    }
    bytes
}
