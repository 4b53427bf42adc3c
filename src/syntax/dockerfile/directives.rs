//! Parser directives, found the way BuildKit finds them (`frontend/dockerfile/parser/directives.go` and `parser.go`).
//!
//! BuildKit looks twice. The parser itself strips indentation and acts on `escape`; the frontend looks for `syntax` and
//! `check` in the raw lines, so indentation hides them, but it skips a `#!` line. Both stop at the first line that is
//! not a directive.

use super::{Problem, ProblemKind};
use crate::source::{TextRange, range, slice};

/// Which parser directive a line is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum DirectiveKind {
    /// `# syntax=…`: the image of the frontend that reads the file.
    Syntax,
    /// `# escape=…`: the escape token.
    Escape,
    /// `# check=…`: which lint rules apply.
    Check,
}

impl DirectiveKind {
    pub(super) fn parse(name: &str) -> Option<Self> {
        [(Self::Syntax, "syntax"), (Self::Escape, "escape"), (Self::Check, "check")]
            .into_iter()
            .find_map(|(kind, known)| known.eq_ignore_ascii_case(name).then_some(kind))
    }
}

/// The pieces of a directive line; byte ranges of the text.
#[derive(Debug, Clone, Copy)]
pub(super) struct DirectiveLine {
    pub(super) kind: DirectiveKind,
    pub(super) line: TextRange,
    pub(super) name: TextRange,
    pub(super) value: TextRange,
}

/// What the head of a file says.
#[derive(Debug)]
pub(super) struct Header {
    /// The escape token.
    pub(super) escape: char,
    /// The directives that have an effect, in the order of the file.
    pub(super) active: Vec<DirectiveLine>,
    /// Lines that look like directives and have no effect, for the problem list.
    pub(super) problems: Vec<Problem>,
}

/// Reads the head of `text`.
pub(super) fn detect(text: &str) -> Header {
    let mut header = Header { escape: '\\', active: Vec::new(), problems: Vec::new() };
    let start = if text.starts_with('\u{feff}') { '\u{feff}'.len_utf8() } else { 0 };
    detect_for_parser(text, start, &mut header);
    detect_for_frontend(text, start, &mut header);
    header.active.sort_by_key(|found| found.line.start());
    header
}

/// `Parse` in `parser.go`: indentation does not matter, only `escape` has an effect, a repetition is an error.
fn detect_for_parser(text: &str, start: usize, header: &mut Header) {
    let mut seen = Vec::new();
    for line in lines(text, start) {
        let Some(found) = parse_line(text, line, true) else { return };
        if seen.contains(&found.kind) {
            let message = "this parser directive stands in the file twice";
            header.problems.push(Problem::new(line, ProblemKind::Rejected, message));
            return;
        }
        seen.push(found.kind);
        if found.kind != DirectiveKind::Escape {
            continue;
        }
        match slice(text, found.value) {
            "\\" => header.escape = '\\',
            "`" => header.escape = '`',
            _ => {
                let message = "the escape token must be a backslash or a backtick";
                header.problems.push(Problem::new(line, ProblemKind::Rejected, message));
                return;
            }
        }
        header.active.push(found);
    }
}

/// `DetectSyntax` and `ParseDirective` in `directives.go`: raw lines, a `#!` line is skipped.
fn detect_for_frontend(text: &str, start: usize, header: &mut Header) {
    let shebang = usize::from(text.get(start..).is_some_and(|head| head.starts_with("#!")));
    let mut seen = Vec::new();
    for line in lines(text, start).skip(shebang) {
        let Some(found) = parse_line(text, line, false) else { return };
        if seen.contains(&found.kind) {
            return;
        }
        seen.push(found.kind);
        if found.kind != DirectiveKind::Escape {
            header.active.push(found);
        }
    }
}

/// The directive that `line` would be at the head of a file.
pub(super) fn parse_line(text: &str, line: TextRange, indented: bool) -> Option<DirectiveLine> {
    let begin = usize::from(line.start());
    let raw = slice(text, line).trim_end_matches(['\r', '\n']);
    let content = if indented { raw.trim_start() } else { raw };
    let after_mark = content.strip_prefix('#')?.trim_start();
    let name_at = begin + raw.len() - after_mark.len();
    let name_len = after_mark.bytes().take_while(u8::is_ascii_alphanumeric).count();
    let name = after_mark.get(..name_len)?;
    let kind = DirectiveKind::parse(name)?;
    let value = after_mark.get(name_len..)?.trim_start_matches(BLANKS).strip_prefix('=')?;
    let trimmed = value.trim_matches(BLANKS);
    // A value of blanks only is one blank, as the regular expression has it.
    let value_at = if trimmed.is_empty() {
        value.len().checked_sub(1)?
    } else {
        value.len() - value.trim_start_matches(BLANKS).len()
    };
    let value_at = begin + raw.len() - value.len() + value_at;
    let value_len = trimmed.len().max(1);
    let name = range(name_at, name_at + name_len);
    Some(DirectiveLine { kind, line, name, value: range(value_at, value_at + value_len) })
}

/// What `\s` matches in Go's regular expressions.
const BLANKS: [char; 5] = ['\t', '\n', '\u{c}', '\r', ' '];

fn lines(text: &str, start: usize) -> impl Iterator<Item = TextRange> {
    let mut at = start;
    text.get(start..).unwrap_or("").split_inclusive('\n').map(move |line| {
        let begin = at;
        at += line.len();
        range(begin, at)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn active(text: &str) -> Vec<(DirectiveKind, &str)> {
        detect(text).active.iter().map(|found| (found.kind, slice(text, found.value))).collect()
    }

    #[test]
    fn directives_end_at_the_first_other_line() {
        use DirectiveKind::{Check, Escape, Syntax};
        assert_eq!(active("#SYNTAX =  x  \r\n# escape=`\n"), [(Syntax, "x"), (Escape, "`")]);
        assert_eq!(active("# note\n# syntax=x\n"), []);
        assert_eq!(active("\u{feff}# check=skip=all\n\n# syntax=x"), [(Check, "skip=all")]);
        assert_eq!(active("# foo=1\n# syntax=x"), []);
    }

    #[test]
    fn indentation_hides_syntax_but_not_escape() {
        assert_eq!(active("  # syntax=x\n  # escape=`\n"), [(DirectiveKind::Escape, "`")]);
    }

    #[test]
    fn a_shebang_hides_escape_but_not_syntax() {
        assert_eq!(active("#!/x\n# syntax=x\n# escape=`\n"), [(DirectiveKind::Syntax, "x")]);
    }

    #[test]
    fn repetitions_and_bad_escapes_are_rejected() {
        assert_eq!(detect("# syntax=a\n# syntax=b\n").problems.len(), 1);
        assert_eq!(detect("# escape=x\n").problems.len(), 1);
        assert_eq!(active("# syntax=  \n"), [(DirectiveKind::Syntax, " ")]);
        assert_eq!(active("# syntax=\n"), []);
    }
}
