use std::io::Read as _;

use super::tar;

/// What the first bytes of a file say about its format.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::image) enum Format {
    /// Nothing that is unpacked.
    Plain,
    /// RFC 1952.
    Gzip,
    /// RFC 8878, also behind skippable frames.
    Zstd,
    /// RFC 1950: a loose object of git.
    Zlib,
    /// Jar, war, wheel, nupkg, …
    Zip,
    /// POSIX tar of any age.
    Tar,
    /// Debian packages and static libraries.
    Ar,
    /// A pack of git objects.
    Pack,
    /// Compressed in a way that is not unpacked here.
    Unopened,
}

const LOCAL_FILE: &[u8] = b"PK\x03\x04";

impl Format {
    /// Judges the first bytes of a file; 600 are enough.
    pub(in crate::image) fn of(head: &[u8]) -> Self {
        match head {
            [0x1f, 0x8b, 8, ..] => Self::Gzip,
            [0x28, 0xb5, 0x2f, 0xfd, ..] | [0x50..=0x5f, 0x2a, 0x4d, 0x18, ..] => Self::Zstd,
            [b'P', b'K', 3, 4, ..] => Self::Zip,
            [b'P', b'A', b'C', b'K', 0, 0, 0, 2 | 3, ..] => Self::Pack,
            // xz, bzip2, 7z, lz4, rar
            [0xfd, b'7', b'z', b'X', b'Z', 0, ..]
            | [b'B', b'Z', b'h', b'1'..=b'9', 0x31, 0x41, ..]
            | [b'7', b'z', 0xbc, 0xaf, ..]
            | [0x04, 0x22, 0x4d, 0x18, ..]
            | [b'R', b'a', b'r', b'!', 0x1a, ..] => Self::Unopened,
            _ if head.starts_with(b"!<arch>\n") => Self::Ar,
            _ if tar::is_header(head) => Self::Tar,
            [0x78, second, ..] if (0x7800 + u16::from(*second)) % 31 == 0 && inflates(head) => Self::Zlib,
            _ => Self::Plain,
        }
    }

    /// Whether a file of this format begins here, in the middle of another: more than the magic number has to fit, which
    /// also occurs by chance.
    pub(in crate::image) fn embedded(head: &[u8]) -> Option<Self> {
        if head.starts_with(LOCAL_FILE) {
            let field = |at: usize| Some(u16::from_le_bytes([*head.get(at)?, *head.get(at + 1)?]));
            let method = field(8)?;
            let name = head.get(30..30 + usize::from(field(26)?).min(16))?;
            let is_name = !name.is_empty() && name.iter().all(|byte| !byte.is_ascii_control());
            return (matches!(method, 0 | 8 | 93) && is_name).then_some(Self::Zip);
        }
        let mut probe = [0; 64];
        let mut decoder = flate2::bufread::GzDecoder::new(head);
        (head.len() > 18 && decoder.read(&mut probe).is_ok_and(|count| count > 0)).then_some(Self::Gzip)
    }
}

/// Text may begin like a zlib stream, so the stream has to give something.
fn inflates(head: &[u8]) -> bool {
    let mut probe = [0; 64];
    flate2::bufread::ZlibDecoder::new(head).read(&mut probe).is_ok_and(|count| count > 0)
}
