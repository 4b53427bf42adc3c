//! Quote removal (POSIX 2.6.7), for a piece of text whose quoting is known.

use super::Lowering;

impl Lowering<'_> {
    /// The lines of a heredoc body as the command reads them: without leading tabs under `<<-`.
    pub(super) fn decode_lines(&self, text: &str) -> String {
        if !self.tabs {
            return text.to_owned();
        }
        text.split_inclusive('\n').map(|line| line.trim_start_matches('\t')).collect()
    }

    /// A literal piece of an expanding heredoc body. A piece may begin inside a line, so only tabs behind its line
    /// breaks are certain to go.
    pub(super) fn decode_body(&self, text: &str) -> String {
        let decoded = unescape(text, |char| matches!(char, '$' | '`' | '\\'));
        if !self.tabs {
            return decoded;
        }
        let mut lines = decoded.split_inclusive('\n');
        let first = lines.next().unwrap_or("").to_owned();
        lines.fold(first, |text, line| text + line.trim_start_matches('\t'))
    }
}

/// Text outside quotes: a backslash makes the next character literal.
pub(super) fn unquoted(text: &str) -> String {
    unescape(text, |_| true)
}

/// Text inside double quotes.
pub(super) fn double_quoted(text: &str) -> String {
    unescape(text, |char| matches!(char, '$' | '`' | '"' | '\\'))
}

fn unescape(text: &str, escapes: impl Fn(char) -> bool) -> String {
    if !text.contains('\\') {
        return text.to_owned();
    }
    let mut decoded = String::with_capacity(text.len());
    let mut chars = text.chars();
    while let Some(char) = chars.next() {
        if char != '\\' {
            decoded.push(char);
            continue;
        }
        match chars.next() {
            Some('\n') => {}
            Some(next) if escapes(next) => decoded.push(next),
            Some(next) => decoded.extend(['\\', next]),
            None => decoded.push('\\'),
        }
    }
    decoded
}

/// The text with every `\⏎` replaced by two bytes that keep the structure: blanks between words, dots inside one.
///
/// For text without comments and quoted heredocs, where a `\⏎` is always removed.
pub(super) fn mask_continuations(text: &str) -> String {
    let mut masked = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(at) = rest.find("\\\n") {
        let (before, after) = (&rest[..at], &rest[at + 2..]);
        masked.push_str(before);
        let escaped = before.bytes().rev().take_while(|&byte| byte == b'\\').count() % 2 == 1;
        let separates = |char: Option<char>| char.is_none_or(|char| char.is_whitespace() || ";&|()<>\\".contains(char));
        masked.push_str(match () {
            () if escaped => "\\\n",
            () if separates(before.chars().next_back()) || separates(after.chars().next()) => "  ",
            () => "..",
        });
        rest = after;
    }
    masked.push_str(rest);
    masked
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn backslashes_go_by_the_quotes_around_them() {
        assert_eq!(unquoted(r"a\ b\$\\"), r"a b$\");
        assert_eq!(double_quoted(r#"a\ b\$\"\\"#), r#"a\ b$"\"#);
        assert_eq!(double_quoted("a\\\nb"), "ab");
    }

    #[test]
    fn masking_keeps_the_length_and_the_words() {
        assert_eq!(mask_continuations("a \\\n  b\\\nc \\\\\nd"), "a     b..c \\\\\nd");
    }
}
