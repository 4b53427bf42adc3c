//! A name for a text that stays the same for all versions of this program and on all machines.

use std::fmt;

/// The 128-bit FNV-1a hash of some parts (draft-eastlake-fnv). It tells texts apart that nobody made to collide; it is no
/// cryptographic hash and hides nothing.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Digest(u128);

const OFFSET: u128 = 0x6c62_272e_07bb_0142_62b8_2175_6295_c58d;
const PRIME: u128 = 0x0000_0000_0100_0000_0000_0000_0000_013b;

impl Digest {
    /// The digest of `parts` in their order. A zero byte ends each, so that `ab`, `c` is not `a`, `bc`.
    #[must_use]
    pub fn of<'t>(parts: impl IntoIterator<Item = &'t str>) -> Self {
        let bytes = parts.into_iter().flat_map(|part| part.bytes().chain([0]));
        Self(bytes.fold(OFFSET, |hash, byte| (hash ^ u128::from(byte)).wrapping_mul(PRIME)))
    }
}

/// 32 hexadecimal digits.
impl fmt::Display for Digest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:032x}", self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::Digest;

    #[test]
    fn it_is_the_published_function() {
        // draft-eastlake-fnv, section 6: the 128-bit FNV-1a of the bytes of `a`, here with a zero byte behind it.
        let bytes = |text: &[u8]| {
            text.iter().fold(super::OFFSET, |hash, byte| (hash ^ u128::from(*byte)).wrapping_mul(super::PRIME))
        };
        assert_eq!(bytes(b"a"), 0xd228_cb69_6f1a_8caf_7891_2b70_4e4a_8964);
        assert_eq!(Digest::of(["a"]).to_string(), format!("{:032x}", bytes(b"a\0")));
    }

    #[test]
    fn parts_are_told_apart() {
        assert_ne!(Digest::of(["ab", "c"]), Digest::of(["a", "bc"]));
    }
}
