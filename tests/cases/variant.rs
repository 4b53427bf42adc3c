//! The ways in which one case is written to disk: line endings and the final newline.

use std::fmt;

use camino::Utf8Path;
use serde::Deserialize;

/// How the files of a case are written before they are analysed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Variant {
    /// As they are kept: `\n` everywhere.
    Lf,
    /// `\r\n` in every file that works with it.
    Crlf,
    /// Without the newline at the end of each file.
    NoFinalNewline,
}

impl Variant {
    /// All of them; a case may take a part and says why.
    pub const ALL: [Self; 3] = [Self::Lf, Self::Crlf, Self::NoFinalNewline];

    /// The bytes of the file `path` in this variant.
    pub fn apply(self, path: &Utf8Path, bytes: &[u8]) -> Vec<u8> {
        match self {
            Self::Lf => bytes.to_vec(),
            Self::Crlf if is_script(path, bytes) => bytes.to_vec(),
            Self::Crlf => with_carriage_returns(bytes),
            Self::NoFinalNewline => bytes.strip_suffix(b"\n").unwrap_or(bytes).to_vec(),
        }
    }
}

impl fmt::Display for Variant {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Lf => "lf",
            Self::Crlf => "crlf",
            Self::NoFinalNewline => "no-final-newline",
        })
    }
}

/// A shell script: it doesn't run with carriage returns, so no repository has it that way.
fn is_script(path: &Utf8Path, bytes: &[u8]) -> bool {
    let dockerfile = super::case::is_dockerfile(path);
    path.extension() == Some("sh") || (bytes.starts_with(b"#!") && !dockerfile)
}

fn with_carriage_returns(bytes: &[u8]) -> Vec<u8> {
    let mut result = Vec::with_capacity(bytes.len() + bytes.len() / 20);
    for byte in bytes {
        if *byte == b'\n' {
            result.push(b'\r');
        }
        result.push(*byte);
    }
    result
}
