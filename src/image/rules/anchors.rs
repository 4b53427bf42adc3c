use std::ops::Range;

use super::private_key;
use crate::{
    image::{
        ImageError,
        finding::{Kind, Severity},
        patterns::Patterns,
        search::LOOKBEHIND,
    },
    knowledge::values::{ValueVerdict, classify_value},
};

/// Where a private key in armor begins; what kind of key stands before it.
const ARMOR: &[&str] = &["PRIVATE KEY-----", "PRIVATE KEY BLOCK-----"];
/// A private key in armor, in base64.
const ENCODED_ARMOR: &str = "LS0tLS1CRUdJTi";
/// The first line of a key of PuTTY.
const PUTTY: &str = "PuTTY-User-Key-File-";

/// Texts that every token of a kind holds. `knowledge/values.toml` has the forms; a form without an anchor is not found in
/// files. The shortest stand last: texts are searched for in groups, and a short one slows its group down.
const TOKENS: &[&str] = &[
    "ghp_",
    "gho_",
    "ghu_",
    "ghs_",
    "ghr_",
    "github_pat_",
    "glpat-",
    "gloas-",
    "gldt-",
    "glrt-",
    "glcbt-",
    "glptt-",
    "glft-",
    "glagent-",
    "glsoat-",
    "glimt-",
    "npm_",
    "pypi-",
    "AKIA",
    "ASIA",
    "xoxa-",
    "xoxb-",
    "xoxe-",
    "xoxo-",
    "xoxp-",
    "xoxr-",
    "xoxs-",
    "xapp-",
    "hooks.slack.com/services/",
    "sk_live_",
    "rk_live_",
    "whsec_",
    "AIza",
    "GOCSPX-",
    "ya29.",
    "sk-ant-",
    "sk-proj-",
    "sk-svcacct-",
    "sk-or-",
    "dckr_pat_",
    "dckr_oat_",
    "sntrys_",
    "sntryu_",
    "rubygems_",
    "hvs.",
    "hvb.",
    "hvr.",
    ".atlasv1.",
    "ATATT",
    "ATBB",
    "ATCTT",
    "dop_v1_",
    "glsa_",
    "shpat_",
    "shpss_",
    "shpca_",
    "shppa_",
    "sqp_",
    "squ_",
    "sqa_",
    "lin_api_",
    "NRAK-",
    "CCIPAT_",
    "dp.pt.",
    "dp.st.",
    "dp.ct.",
    "figd_",
    "tskey-",
    "AGE-SECRET-KEY-1",
    "hf_",
    "SG.",
    "eyJ",
];

/// The longest token, in bytes, to either side of its anchor.
const LONGEST_TOKEN: usize = 2 << 10;
/// How many different characters a token has at least; `xxxxxxxx` and `abcabc` are made up.
const DIFFERENT: usize = 9;

/// The texts that say where to look closer.
pub(in crate::image) struct Anchors {
    texts: Patterns,
}

impl Anchors {
    pub(in crate::image) fn new() -> Result<Self, ImageError> {
        let texts: Vec<&str> = ARMOR.iter().chain([&ENCODED_ARMOR, &PUTTY]).chain(TOKENS).copied().collect();
        Ok(Self { texts: Patterns::new(&texts)? })
    }

    pub(in crate::image) fn texts(&self) -> &Patterns {
        &self.texts
    }

    /// What the anchor number `pattern` at `at` of `bytes` belongs to, if that is a credential.
    pub(in crate::image) fn judge(&self, pattern: usize, bytes: &[u8], at: usize) -> Option<(Kind, Severity)> {
        match pattern {
            0 | 1 => private_key::is_armored(bytes, at).then_some((Kind::PrivateKey, Severity::Error)),
            2 => private_key::is_encoded(bytes, at).then_some((Kind::PrivateKey, Severity::Error)),
            3 => private_key::is_putty(bytes, at).then_some((Kind::PrivateKey, Severity::Error)),
            _ => token(bytes, at).map(|what| (Kind::Token { what }, Severity::Error)),
        }
    }
}

/// The kind of the token around `at`.
fn token(bytes: &[u8], at: usize) -> Option<String> {
    let text = word(bytes, at)?;
    let anchor = at - text.start;
    let text = std::str::from_utf8(bytes.get(text)?).ok()?;
    // What stands before the anchor may belong to the text around, but not to the token: `\bghp_`.
    let before = text.get(..anchor).and_then(|before| before.chars().next_back());
    if before.is_some_and(|before| before.is_ascii_alphanumeric() || before == '_') && !text.contains(".atlasv1.") {
        return None;
    }
    let start = if text.contains(".atlasv1.") { 0 } else { anchor };
    let candidate = text.get(start..)?;
    let end = candidate.find(|char: char| "/:=\\".contains(char) && !candidate.starts_with("hooks"));
    let candidate = candidate.get(..end.unwrap_or(candidate.len()))?;
    match classify_value(candidate) {
        ValueVerdict::CredentialShaped { what } if what != "random-looking text" && is_random(candidate) => Some(what),
        _ => None,
    }
}

fn is_random(token: &str) -> bool {
    let made_up = ["EXAMPLE", "example", "XXXX", "xxxx", "0000000", "1234567", "abcdef", "ABCDEF", "...", "your"];
    let mut characters: Vec<char> = token.chars().collect();
    characters.sort_unstable();
    characters.dedup();
    characters.len() >= DIFFERENT && !made_up.iter().any(|part| token.contains(part))
}

/// The longest run of characters of tokens around `at`.
fn word(bytes: &[u8], at: usize) -> Option<Range<usize>> {
    let is_part = |byte: &u8| byte.is_ascii_alphanumeric() || b"-_.+/=:~".contains(byte);
    let before = bytes.get(at.saturating_sub(LOOKBEHIND)..at)?;
    let start = at - before.iter().rev().take_while(|byte| is_part(byte)).count();
    let behind = bytes.get(at..(at + LONGEST_TOKEN).min(bytes.len()))?;
    Some(start..at + behind.iter().take_while(|byte| is_part(byte)).count())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn judged(text: &str) -> Vec<Kind> {
        let anchors = Anchors::new().unwrap();
        let mut found = Vec::new();
        anchors.texts().for_each(text.as_bytes(), 0..text.len(), &mut |pattern, at| {
            found.extend(anchors.judge(pattern, text.as_bytes(), at).map(|(kind, _)| kind));
        });
        found
    }

    #[test]
    fn tokens_by_their_form() {
        let random = "aZ3bY8cX1dW5eV0fU9gT2hS7iR4jQ6kP1lO3";
        let token = format!("gh{}{random}", "p_");
        let found = [Kind::Token { what: "a GitHub token".into() }];
        assert_eq!(judged(&format!("Authorization: token {token}\n")), found);
        assert_eq!(judged(&format!("https://x:{token}@git.example.com/o/r")), found);
        assert_eq!(judged(&format!("a{token}")), []);
        assert_eq!(judged(&format!("gh{}{}", "p_", "x".repeat(36))), []);
        assert_eq!(judged("npm_config_cache=/tmp ghp_"), []);
    }
}
