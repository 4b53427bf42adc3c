//! Make's `$` in text that goes to the shell.

use crate::source::{TextRange, range, slice};
use crate::syntax::view::View;

/// Begins the shell variables that stand for make variables in a view.
pub(super) const VARIABLE: &str = "MAKE_VARIABLE_";

/// The shell variable that stands for a function of make and for anything else that only make knows.
pub(super) const COMPUTED: &str = "MAKE_COMPUTED";

/// Begins those for make variables with a name that no environment variable can have, such as `image-name`.
pub(super) const ODD: &str = "MAKE_ODD_";

/// The shell variable that stands for the make variable `name`.
pub(super) fn prefixed(name: &str) -> String {
    if name.contains(['-', '.']) {
        format!("{ODD}{}", name.replace(['-', '.'], "_"))
    } else {
        format!("{VARIABLE}{name}")
    }
}

/// The names behind `prefix` in a view.
pub(super) fn names(view: &str, prefix: &str) -> Vec<String> {
    let mut names: Vec<String> = view
        .split(prefix)
        .skip(1)
        .map(|rest| rest.chars().take_while(|char| char.is_ascii_alphanumeric() || *char == '_').collect())
        .collect();
    names.sort();
    names.dedup();
    names
}

/// A piece of make text.
enum Token {
    /// Plain text.
    Text,
    /// `$$`
    Dollar,
    /// `$(NAME)`, `${NAME}`, `$N`
    Variable(String),
    /// `$(shell command)`
    Shell(String),
    /// A function call, an automatic variable, a computed name.
    Other,
    /// `$(` or `${` that nothing closes.
    Open,
}

/// Whether every reference in `text`, all of a command or a value, is closed. Make stops at one that is not ("unterminated variable
/// reference", GNU make 4.3), and what is written behind it may close it.
pub(super) fn is_closed(text: &str) -> bool {
    let mut closed = true;
    scan(text, |_, token| closed &= !matches!(token, Token::Open));
    closed
}

/// The names of the variables that `text` refers to, those in functions left off.
pub(super) fn references(text: &str) -> Vec<String> {
    let mut names = Vec::new();
    scan(text, |_, token| match token {
        Token::Variable(name) => names.push(name),
        Token::Shell(command) => names.extend(references(&command)),
        _ => {}
    });
    names
}

/// Adds the bytes `at` of a Makefile to a view, as the shell gets them.
pub(super) fn push(view: &mut View, text: &str, at: TextRange) {
    let start = usize::from(at.start());
    scan(slice(text, at), |piece, token| {
        let host = range(start + piece.0, start + piece.1);
        match token {
            Token::Text => view.push(slice(text, host), host),
            token => view.push(&shell_text(token), host),
        }
    });
}

/// The text that stands for a token in shell text.
fn shell_text(token: Token) -> String {
    match token {
        Token::Text => String::new(),
        Token::Dollar => "$".to_owned(),
        Token::Variable(name) => format!("${{{}}}", prefixed(&name)),
        Token::Shell(command) => format!("$({})", convert(&command)),
        Token::Other | Token::Open => format!("${{{COMPUTED}}}"),
    }
}

fn convert(text: &str) -> String {
    let mut converted = String::new();
    scan(text, |piece, token| match token {
        Token::Text => converted.push_str(text.get(piece.0..piece.1).unwrap_or("")),
        token => converted.push_str(&shell_text(token)),
    });
    converted
}

/// Calls `take` for every piece of `text`, with its first byte and the one behind it.
fn scan(text: &str, mut take: impl FnMut((usize, usize), Token)) {
    let mut done = 0;
    while let Some(at) = text.get(done..).and_then(|rest| rest.find('$')).map(|at| done + at) {
        if at > done {
            take((done, at), Token::Text);
        }
        let (end, token) = dollar(text, at);
        take((at, end), token);
        done = end;
    }
    if done < text.len() {
        take((done, text.len()), Token::Text);
    }
}

/// The token that begins with the `$` at `at`, and where it ends.
fn dollar(text: &str, at: usize) -> (usize, Token) {
    let Some(next) = text.get(at + 1..).and_then(|rest| rest.chars().next()) else { return (at + 1, Token::Dollar) };
    let single = at + 1 + next.len_utf8();
    match next {
        '$' => (single, Token::Dollar),
        '(' | '{' => match closing(text, at + 1) {
            Some(end) => (end, inner(text.get(at + 2..end - 1).unwrap_or(""))),
            None => (single, Token::Open),
        },
        letter if letter.is_ascii_alphabetic() => (single, Token::Variable(letter.to_string())),
        _ => (single, Token::Other),
    }
}

/// The byte behind the bracket that closes the one at `open`.
fn closing(text: &str, open: usize) -> Option<usize> {
    let bytes = text.as_bytes();
    let (left, right) = if bytes.get(open) == Some(&b'(') { (b'(', b')') } else { (b'{', b'}') };
    let mut depth = 0_usize;
    for (at, byte) in bytes.iter().enumerate().skip(open) {
        if *byte == left {
            depth += 1;
        } else if *byte == right {
            depth -= 1;
            if depth == 0 {
                return Some(at + 1);
            }
        }
    }
    None
}

fn inner(text: &str) -> Token {
    let is_name = |name: &str| {
        !name.is_empty() && name.chars().all(|char| char.is_ascii_alphanumeric() || matches!(char, '_' | '-' | '.'))
    };
    match text.split_once([' ', '\t']) {
        Some(("shell", command)) => Token::Shell(command.trim().to_owned()),
        Some(("strip", rest)) => inner(strip(rest)),
        None if is_name(text) => Token::Variable(text.to_owned()),
        _ => Token::Other,
    }
}

/// The name in `$(strip $(NAME))`.
fn strip(text: &str) -> &str {
    let text = text.trim();
    let name = text.strip_prefix("$(").and_then(|text| text.strip_suffix(')'));
    name.or_else(|| text.strip_prefix("${").and_then(|text| text.strip_suffix('}'))).unwrap_or("")
}
