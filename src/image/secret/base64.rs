//! Base64 (RFC 4648) of a value that stands somewhere inside of a longer text.

const STANDARD: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
const URL_SAFE: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

/// The digits that every base64 text of `…value…` holds, if the bytes before the value fill `alignment` (0, 1 or 2)
/// places of a group of three, in the standard and in the URL-safe alphabet. Digits that also depend on the bytes around
/// the value are left out, so what stands behind it (a line feed) does not matter.
pub(super) fn inner_digits(value: &[u8], alignment: usize) -> [Vec<u8>; 2] {
    [STANDARD, URL_SAFE].map(|alphabet| digits(value, alignment, alphabet))
}

fn digits(value: &[u8], alignment: usize, alphabet: &[u8; 64]) -> Vec<u8> {
    let bytes = |index: usize| index.checked_sub(alignment).and_then(|index| value.get(index)).copied().unwrap_or(0);
    let first = (alignment * 8).div_ceil(6);
    let end = (alignment + value.len()) * 8 / 6;
    let sextet = |digit: usize| {
        let bit = digit * 6;
        let pair = u16::from(bytes(bit / 8)) << 8 | u16::from(bytes(bit / 8 + 1));
        usize::from(pair >> (10 - bit % 8) & 63)
    };
    (first..end).filter_map(|digit| alphabet.get(sextet(digit)).copied()).collect()
}

/// The bytes that base64 text stands for; characters of neither alphabet are passed over.
pub(in crate::image) fn decode(text: &[u8]) -> Vec<u8> {
    let mut bytes = Vec::with_capacity(text.len() / 4 * 3);
    let (mut bits, mut count) = (0_u32, 0_u32);
    for byte in text {
        let found = [STANDARD, URL_SAFE].iter().find_map(|alphabet| alphabet.iter().position(|digit| digit == byte));
        let Some(sextet) = found.and_then(|position| u32::try_from(position).ok()) else { continue };
        bits = (bits << 6 | sextet) & 0xffff;
        count += 6;
        if count >= 8 {
            count -= 8;
            bytes.push(u8::try_from(bits >> count & 0xff).unwrap_or_default());
        }
    }
    bytes
}

#[cfg(test)]
mod tests {
    use super::*;

    fn whole(value: &[u8]) -> String {
        String::from_utf8(digits(&[value, b"\0\0"].concat(), 0, STANDARD)).unwrap()
    }

    #[test]
    fn known_vectors() {
        assert_eq!(whole(b"foobar").get(..8), Some("Zm9vYmFy"));
        assert_eq!(decode(b"Zm9v\nYmFy=="), b"foobar");
        assert_eq!(inner_digits(&[0xfb, 0xff, 0xfe], 0), [b"+//+".to_vec(), b"-__-".to_vec()]);
    }

    proptest::proptest! {
        #[test]
        fn the_digits_are_in_every_text_around(before in ".{0,8}", value in ".{4,12}", after in ".{0,5}") {
            let text = whole([before.as_bytes(), value.as_bytes(), after.as_bytes()].concat().as_slice());
            let [inner, _] = inner_digits(value.as_bytes(), before.len() % 3);
            proptest::prop_assert!(text.contains(std::str::from_utf8(&inner).unwrap()));
        }
    }
}
