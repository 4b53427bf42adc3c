//! How formats write characters that mean something to them.

/// Percent-encodes every byte but letters, digits and those of `kept`.
pub(super) fn percent(value: &[u8], kept: &[u8], upper: bool) -> Vec<u8> {
    let is_kept = |byte: u8| byte.is_ascii_alphanumeric() || kept.contains(&byte);
    escape(value, |byte| (!is_kept(byte)).then(|| percent_byte(byte, upper)))
}

/// Percent-encodes every byte.
pub(super) fn percent_all(value: &[u8], upper: bool) -> Vec<u8> {
    escape(value, |byte| Some(percent_byte(byte, upper)))
}

fn percent_byte(byte: u8, upper: bool) -> String {
    if upper { format!("%{byte:02X}") } else { format!("%{byte:02x}") }
}

/// Hexadecimal digits.
pub(super) fn hexadecimal(value: &[u8], upper: bool) -> Vec<u8> {
    escape(value, |byte| Some(if upper { format!("{byte:02X}") } else { format!("{byte:02x}") }))
}

/// XML text and attribute values.
pub(super) fn xml(value: &[u8]) -> Vec<u8> {
    escape(value, |byte| {
        let entity = match byte {
            b'&' => "&amp;",
            b'<' => "&lt;",
            b'>' => "&gt;",
            b'"' => "&quot;",
            b'\'' => "&apos;",
            _ => return None,
        };
        Some(entity.to_owned())
    })
}

/// A single-quoted word of a shell.
pub(super) fn shell(value: &[u8]) -> Vec<u8> {
    escape(value, |byte| (byte == b'\'').then(|| r"'\''".to_owned()))
}

/// A text with a line feed behind a carriage return, as Windows ends lines.
pub(super) fn carriage_returns(value: &[u8]) -> Vec<u8> {
    escape(value, |byte| (byte == b'\n').then(|| "\r\n".to_owned()))
}

/// JSON strings, as JavaScript, Go (which escapes `<`, `>` and `&`), PHP (`\/`) and Python (only ASCII) write them.
pub(super) fn json(value: &str) -> Vec<Vec<u8>> {
    let plain = serde_json::Value::from(value).to_string();
    let plain = plain.get(1..plain.len() - 1).unwrap_or(&plain).to_owned();
    let go = plain.replace('&', r"\u0026").replace('<', r"\u003c").replace('>', r"\u003e");
    let php = plain.replace('/', r"\/");
    let ascii = ascii_only(&plain);
    [plain, go, php, ascii].map(String::into_bytes).to_vec()
}

fn ascii_only(text: &str) -> String {
    let mut units = [0; 2];
    text.chars().fold(String::new(), |mut result, char| {
        if char.is_ascii() {
            result.push(char);
        } else {
            let units = char.encode_utf16(&mut units).iter();
            units.for_each(|unit| result.push_str(&format!("\\u{unit:04x}")));
        }
        result
    })
}

/// UTF-16, little or big endian.
pub(super) fn utf16(value: &str, little: bool) -> Vec<u8> {
    value.encode_utf16().flat_map(|unit| if little { unit.to_le_bytes() } else { unit.to_be_bytes() }).collect()
}

fn escape(value: &[u8], special: impl Fn(u8) -> Option<String>) -> Vec<u8> {
    value.iter().fold(Vec::with_capacity(value.len()), |mut result, byte| {
        match special(*byte) {
            Some(text) => result.extend_from_slice(text.as_bytes()),
            None => result.push(*byte),
        }
        result
    })
}
