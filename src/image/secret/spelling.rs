use std::{collections::HashSet, fmt};

use serde::Serialize;

use super::{NamedSecret, SHORTEST, base64, escape};

/// The longest text, in bytes, that is compared: a longer spelling is found by its middle. This bounds how far parts of a
/// stream have to overlap.
const LONGEST: usize = 512;

/// How a found value was written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Encoding {
    /// As it is.
    Plain,
    /// With escapes of JSON.
    Json,
    /// With percent signs.
    Url,
    /// In base64, at any alignment and in either alphabet.
    Base64,
    /// As hexadecimal digits.
    Hexadecimal,
    /// With entities of XML.
    Xml,
    /// In the quotes of a shell.
    Shell,
    /// In UTF-16.
    Utf16,
    /// One line of a private key that has several.
    Line,
}

impl fmt::Display for Encoding {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(match self {
            Self::Plain => "as it is",
            Self::Json => "escaped for JSON",
            Self::Url => "URL-encoded",
            Self::Base64 => "in base64",
            Self::Hexadecimal => "as hexadecimal digits",
            Self::Xml => "escaped for XML",
            Self::Shell => "quoted for a shell",
            Self::Utf16 => "in UTF-16",
            Self::Line => "in part: one of its lines",
        })
    }
}

/// A text that gives a value away.
pub(in crate::image) struct Spelling {
    pub encoding: Encoding,
    pub bytes: Vec<u8>,
}

/// All spellings of `secret`, without duplicates; the simplest encoding of a text comes first.
pub(in crate::image) fn spellings(secret: &NamedSecret) -> Vec<Spelling> {
    let value = secret.reveal();
    let mut all = vec![(Encoding::Plain, value.to_vec()), (Encoding::Plain, escape::carriage_returns(value))];
    all.push((Encoding::Shell, escape::shell(value)));
    all.push((Encoding::Xml, escape::xml(value)));
    if let Ok(text) = std::str::from_utf8(value) {
        all.extend(escape::json(text).into_iter().map(|bytes| (Encoding::Json, bytes)));
        all.extend([true, false].map(|little| (Encoding::Utf16, escape::utf16(text, little))));
    }
    all.extend(url_encoded(value).into_iter().map(|bytes| (Encoding::Url, bytes)));
    all.extend((0..3).flat_map(|at| base64::inner_digits(value, at)).map(|bytes| (Encoding::Base64, bytes)));
    all.extend([true, false].map(|upper| (Encoding::Hexadecimal, escape::hexadecimal(value, upper))));
    all.extend(key_lines(value).map(|line| (Encoding::Line, line.to_vec())));
    let mut seen = HashSet::new();
    let cut = all.into_iter().map(|(encoding, bytes)| Spelling { encoding, bytes: middle(bytes) });
    cut.filter(|spelling| spelling.bytes.len() >= SHORTEST && seen.insert(spelling.bytes.clone())).collect()
}

/// The sets of characters that encoders leave alone: `encodeURIComponent`, `encodeURI`, Python's `quote`, Go's
/// `url.UserPassword`, RFC 3986's unreserved characters alone, and none.
fn url_encoded(value: &[u8]) -> Vec<Vec<u8>> {
    const KEPT: [&[u8]; 5] = [b"-_.!~*'()", b";,/?:@&=+$-_.!~*'()#", b"-_.~/", b"-_.~$&+,;=", b"-_.~"];
    let cases = [true, false];
    let parts = cases.iter().flat_map(|upper| KEPT.iter().map(|kept| escape::percent(value, kept, *upper)));
    let whole = cases.iter().map(|upper| escape::percent_all(value, *upper));
    parts.chain(whole).collect()
}

/// The lines between the armor of a private key: each of them alone is part of the key, also where the lines were
/// indented or joined.
fn key_lines(value: &[u8]) -> impl Iterator<Item = &[u8]> {
    let lines = || value.split(|byte| *byte == b'\n').map(<[u8]>::trim_ascii);
    let is_key = lines().next().is_some_and(|line| line.starts_with(b"-----BEGIN ") && line.ends_with(b"KEY-----"));
    let digits = |line: &&[u8]| line.iter().all(|byte| byte.is_ascii_alphanumeric() || b"+/=".contains(byte));
    // The first lines say the kind of key, which others have, too.
    lines().filter(digits).skip(2).filter(move |line| is_key && line.len() >= 40)
}

fn middle(bytes: Vec<u8>) -> Vec<u8> {
    let surplus = bytes.len().saturating_sub(LONGEST);
    if surplus == 0 { bytes } else { bytes.into_iter().skip(surplus / 2).take(LONGEST).collect() }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn has(value: &str, encoding: Encoding, text: &str) -> bool {
        let secret = NamedSecret::new("x", value).unwrap();
        spellings(&secret).iter().any(|spelling| spelling.encoding == encoding && spelling.bytes == text.as_bytes())
    }

    #[test]
    fn the_spellings_of_a_value() {
        let value = "a/b+c&d'e\"f g";
        for (encoding, text) in [
            (Encoding::Plain, value),
            (Encoding::Json, r#"a/b+c&d'e\"f g"#),
            (Encoding::Json, r#"a/b+c\u0026d'e\"f g"#),
            (Encoding::Json, r#"a\/b+c&d'e\"f g"#),
            (Encoding::Url, "a%2Fb%2Bc%26d%27e%22f%20g"),
            (Encoding::Url, "a%2fb%2bc%26d'e%22f%20g"),
            (Encoding::Xml, "a/b+c&amp;d&apos;e&quot;f g"),
            (Encoding::Shell, r#"a/b+c&d'\''e"f g"#),
            (Encoding::Base64, "YS9iK2MmZCdlImYgZ"),
            (Encoding::Hexadecimal, "612f622b632664276522662067"),
        ] {
            assert!(has(value, encoding, text), "{encoding}: {text}");
        }
    }

    #[test]
    fn a_simple_value_is_found_as_it_is() {
        let secret = NamedSecret::new("x", "hunter22").unwrap();
        let same = spellings(&secret).into_iter().filter(|spelling| spelling.bytes == b"hunter22");
        assert_eq!(same.map(|spelling| spelling.encoding).collect::<Vec<_>>(), [Encoding::Plain]);
    }

    #[test]
    fn long_values_are_cut() {
        let secret = NamedSecret::new("x", "ab1".repeat(5_000)).unwrap();
        assert!(spellings(&secret).iter().all(|spelling| spelling.bytes.len() <= LONGEST));
    }
}
