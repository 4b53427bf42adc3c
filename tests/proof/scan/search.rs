//! Finds any spelling of a canary in bytes, also in compressed parts of them.

use std::io::Read;

use aho_corasick::AhoCorasick;
use flate2::read::{MultiGzDecoder, ZlibDecoder};

use crate::canary::{Canary, Spelling};

/// No compressed part is unpacked beyond this many bytes.
const UNPACKED_LIMIT: u64 = 256 << 20;
/// Archives inside archives are followed this deep.
const DEPTH_LIMIT: usize = 3;

/// Finds one canary in all its spellings.
pub struct Searcher {
    spellings: Vec<Spelling>,
    automaton: AhoCorasick,
}

impl Searcher {
    pub fn new(canary: &Canary) -> anyhow::Result<Self> {
        let (spellings, texts): (Vec<_>, Vec<_>) = canary.spellings().into_iter().unzip();
        Ok(Self { spellings, automaton: AhoCorasick::new(texts)? })
    }

    /// The first spelling found in `bytes`, in gzip members anywhere inside, or in a zlib stream (a loose git object).
    pub fn find(&self, bytes: &[u8]) -> Option<Spelling> {
        self.find_at_depth(bytes, 0)
    }

    fn find_at_depth(&self, bytes: &[u8], depth: usize) -> Option<Spelling> {
        if let Some(found) = self.automaton.find(bytes) {
            return self.spellings.get(found.pattern().as_usize()).copied();
        }
        if depth == DEPTH_LIMIT {
            return None;
        }
        gzip_members(bytes).chain(zlib_stream(bytes)).find_map(|unpacked| self.find_at_depth(&unpacked, depth + 1))
    }
}

/// What unpacks after each gzip header in `bytes`; a damaged member gives what came before the damage.
fn gzip_members(bytes: &[u8]) -> impl Iterator<Item = Vec<u8>> + '_ {
    let starts = bytes.windows(3).enumerate().filter(|(_, head)| *head == [0x1f, 0x8b, 8]).map(|(start, _)| start);
    starts.map(|start| unpacked(MultiGzDecoder::new(&bytes[start..])))
}

fn zlib_stream(bytes: &[u8]) -> Option<Vec<u8>> {
    matches!(bytes, [0x78, 0x01 | 0x5e | 0x9c | 0xda, ..]).then(|| unpacked(ZlibDecoder::new(bytes)))
}

fn unpacked(reader: impl Read) -> Vec<u8> {
    let mut content = Vec::new();
    // A decoding error ends the member: what was read until then is searched all the same.
    let _ = reader.take(UNPACKED_LIMIT).read_to_end(&mut content);
    content
}
