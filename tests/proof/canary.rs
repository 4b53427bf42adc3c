//! The value that a proof plants in the place of a credential, and every spelling in which it may come to rest.

use std::fmt;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{SystemTime, UNIX_EPOCH};

use sha2::{Digest, Sha256};

use crate::key::Key;

static GENERATED: AtomicU64 = AtomicU64::new(0);

/// A value that occurs nowhere else: made from the clock, the process and a counter, never stored in a file of the project.
#[derive(Clone)]
pub struct Canary {
    value: String,
    key: Option<Key>,
}

impl Canary {
    /// A new value of 32 hexadecimal digits after a letter, so that every shell, URL and configuration file takes it as it is.
    pub fn generate() -> Self {
        Self { value: format!("c{}", unique_digits(32)), key: None }
    }

    /// A new value with an SSH key, for builds that need one.
    pub fn with_key() -> anyhow::Result<Self> {
        Ok(Self { key: Some(Key::generate()?), ..Self::generate() })
    }

    /// The given value, for tests of the spellings that a purely alphanumeric value does not have.
    pub fn of(value: &str) -> Self {
        Self { value: value.to_owned(), key: None }
    }

    /// The value as the build gets it.
    pub fn value(&self) -> &str {
        &self.value
    }

    /// The key, where it has one.
    pub fn key(&self) -> Option<&Key> {
        self.key.as_ref()
    }

    /// Every spelling that gives the value away, without duplicates; the plain one first.
    pub fn spellings(&self) -> Vec<(Spelling, String)> {
        let lines = self.key.iter().flat_map(Key::lines);
        let mut all: Vec<_> = std::iter::once(self.value.as_str()).chain(lines).flat_map(spellings_of).collect();
        let mut seen = std::collections::HashSet::new();
        all.retain(|(_, text)| seen.insert(text.clone()));
        all
    }
}

impl fmt::Debug for Canary {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("[redacted]")
    }
}

fn spellings_of(value: &str) -> Vec<(Spelling, String)> {
    let mut all = vec![(Spelling::Plain, value.to_owned())];
    for text in [url_encoded(value, true), url_encoded(value, false)] {
        all.push((Spelling::UrlEncoded, text));
    }
    all.push((Spelling::JsonEscaped, json_escaped(value)));
    all.push((Spelling::JsonEscaped, json_escaped(value).replace('/', "\\/")));
    for alignment in 0..3 {
        let text = base64_inner(value.as_bytes(), alignment);
        all.push((Spelling::Base64, text.replace('+', "-").replace('/', "_")));
        all.push((Spelling::Base64, text));
    }
    all
}

/// How a found value was written.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Spelling {
    Plain,
    UrlEncoded,
    JsonEscaped,
    Base64,
}

/// `count` (at most 64) hexadecimal digits that no earlier call of this or any other process returned.
pub fn unique_digits(count: usize) -> String {
    let clock = SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |elapsed| elapsed.as_nanos());
    let seed = format!("{clock} {} {}", std::process::id(), GENERATED.fetch_add(1, Ordering::Relaxed));
    let digits: String = Sha256::digest(seed).iter().map(|byte| format!("{byte:02x}")).collect();
    digits.chars().take(count).collect()
}

/// Standard base64 with padding (RFC 4648, section 4).
pub fn base64(bytes: &[u8]) -> String {
    const ALPHABET: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let mut text = String::new();
    for group in bytes.chunks(3) {
        let bits = group.iter().chain([&0, &0]).take(3).fold(0_usize, |bits, byte| bits << 8 | usize::from(*byte));
        for digit in 0..4 {
            let sextet = bits >> (18 - 6 * digit) & 63;
            text.push(if digit <= group.len() { char::from(ALPHABET[sextet]) } else { '=' });
        }
    }
    text
}

/// The base64 digits that depend on `bytes` alone when `alignment` (0 to 2) unknown bytes stand before them in their group.
fn base64_inner(bytes: &[u8], alignment: usize) -> String {
    let mut padded = vec![0; alignment];
    padded.extend_from_slice(bytes);
    let first = (alignment * 8).div_ceil(6);
    let end = padded.len() * 8 / 6;
    base64(&padded).get(first..end).unwrap_or_default().to_owned()
}

fn url_encoded(text: &str, upper: bool) -> String {
    let mut encoded = String::new();
    for byte in text.bytes() {
        match byte {
            b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'-' | b'.' | b'_' | b'~' => encoded.push(char::from(byte)),
            _ if upper => encoded.push_str(&format!("%{byte:02X}")),
            _ => encoded.push_str(&format!("%{byte:02x}")),
        }
    }
    encoded
}

fn json_escaped(text: &str) -> String {
    serde_json::Value::from(text).to_string().trim_matches('"').to_owned()
}
