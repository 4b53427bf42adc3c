//! Private keys: the armor alone stands in every program that reads keys, so the body has to follow.

use crate::image::secret;

/// The shortest body, in digits of base64: an Ed25519 key in PKCS #8 has 64.
const SHORTEST_BODY: usize = 60;
/// How far the body is followed.
const LOOKED_AT: usize = 1_000;

/// Whether `-----BEGIN … PRIVATE KEY-----` with a body surrounds the `PRIVATE KEY-----` at `at`.
pub(super) fn is_armored(bytes: &[u8], at: usize) -> bool {
    let before = bytes.get(at.saturating_sub(40)..at).unwrap_or_default();
    let begin = b"-----BEGIN ";
    let Some(start) = before.windows(begin.len()).rposition(|window| window == begin) else { return false };
    let kind = before.get(start + begin.len()..).unwrap_or_default();
    if !kind.iter().all(|byte| byte.is_ascii_uppercase() || byte.is_ascii_digit() || *byte == b' ') {
        return false;
    }
    let Some(behind) = bytes.get(at..(at + LOOKED_AT).min(bytes.len())) else { return false };
    let Some(end) = behind.windows(5).position(|window| window == b"-----") else { return false };
    has_body(behind.get(end + 5..).unwrap_or_default())
}

/// Whether digits follow, after headers (`Proc-Type: …`) and over line ends, also those of a JSON string.
fn has_body(bytes: &[u8]) -> bool {
    let text = String::from_utf8_lossy(bytes).replace("\\r", "").replace("\\n", "\n");
    let body = text.split("-----").next().unwrap_or_default();
    let lines =
        body.lines().map(|line| line.trim_matches(|char: char| char.is_whitespace() || "\"'\\+,|".contains(char)));
    let is_body = |line: &&str| line.chars().all(|char| char.is_ascii_alphanumeric() || "+/=".contains(char));
    let digits: String = lines.filter(|line| !line.contains(": ")).take_while(is_body).collect();
    let mut different: Vec<char> = digits.chars().collect();
    different.sort_unstable();
    different.dedup();
    digits.len() >= SHORTEST_BODY && different.len() >= 20
}

/// Whether the base64 text at `at` is the armor of a private key and not of a certificate.
pub(super) fn is_encoded(bytes: &[u8], at: usize) -> bool {
    let text = bytes.get(at..(at + LOOKED_AT).min(bytes.len())).unwrap_or_default();
    let is_digit = |byte: &&u8| byte.is_ascii_alphanumeric() || b"+/=-_\r\n".contains(byte);
    let digits: Vec<u8> = text.iter().take_while(is_digit).copied().collect();
    let decoded = secret::decode_base64(&digits);
    let key = b"PRIVATE KEY";
    decoded.windows(key.len()).position(|window| window == key).is_some_and(|at| is_armored(&decoded, at))
}

/// Whether a private part follows the first line of a PuTTY key.
pub(super) fn is_putty(bytes: &[u8], at: usize) -> bool {
    let text = bytes.get(at..(at + 4_000).min(bytes.len())).unwrap_or_default();
    let private = b"Private-Lines: ";
    text.windows(private.len()).position(|window| window == private).is_some_and(|at| {
        let rest = text.get(at..).unwrap_or_default();
        let line = rest.split(|byte| *byte == b'\n').nth(1).unwrap_or_default().trim_ascii();
        line.len() >= 40 && line.iter().all(|byte| byte.is_ascii_alphanumeric() || b"+/=".contains(byte))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    const BODY: &str = "b3BlbnNzaC1rZXktdjEAAAAABG5vbmUAAAAEbm9uZQAAAAAAAAABAAAAMwAAAAtzc2gtZW\nQyNTUxOQAAACCh5RiV";

    fn key(body: &str) -> String {
        format!("x\n-----BEGIN OPENSSH {} KEY-----\n{body}\n-----END OPENSSH {} KEY-----\n", "PRIVATE", "PRIVATE")
    }

    fn found(text: &str) -> bool {
        is_armored(text.as_bytes(), text.find("PRIVATE").unwrap())
    }

    #[test]
    fn a_key_needs_a_body() {
        assert!(found(&key(BODY)));
        assert!(found(&key(BODY).replace('\n', "\\n")));
        assert!(found(&key(&format!("Proc-Type: 4,ENCRYPTED\n\n{BODY}"))));
        assert!(!found(&key("...")));
        assert!(!found(&key("")));
    }
}
