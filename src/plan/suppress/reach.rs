//! What a comment is about: its own line, or what stands below it.

use crate::callers::Format;
use crate::source::{LineIndex, TextRange, TextSize, range, slice};
use crate::syntax::dockerfile;

/// What a comment of a Dockerfile is about: the instruction below it, or, between the lines of one, the line below it.
pub(super) fn of_dockerfile(text: &str, comment: TextRange) -> TextRange {
    let instructions = dockerfile::parse(text).root().instructions();
    let below = instructions.iter().map(dockerfile::Instruction::range).find(|at| at.end() > comment.end());
    match below {
        Some(instruction) if instruction.start() > comment.start() => instruction,
        Some(_) => next_line(text, comment.end()),
        None => TextRange::empty(comment.end()),
    }
}

/// What a comment of a file that builds is about: its line where something stands in front of it. Else the line below,
/// with the lines that go on with it, because they are indented more or the one before says so.
pub(super) fn of_caller(text: &str, comment: TextRange, format: Format) -> TextRange {
    let lines = LineIndex::new(text);
    let own = lines.range_of(lines.line(comment.start())).unwrap_or(comment);
    if !slice(text, TextRange::new(own.start(), comment.start())).trim().is_empty() {
        return own;
    }
    let first = next_line(text, comment.end());
    match format {
        Format::Markdown => fenced(text, first),
        _ => with_what_goes_on(text, first, format.continuation()),
    }
}

/// The first line behind `end` that is not blank and no whole-line `#` comment.
fn next_line(text: &str, end: TextSize) -> TextRange {
    let mut at = usize::from(end);
    for line in text.get(at..).unwrap_or("").split_inclusive('\n') {
        let trimmed = line.trim();
        if !trimmed.is_empty() && !trimmed.starts_with('#') {
            return range(at, at + line.len());
        }
        at += line.len();
    }
    TextRange::empty(end)
}

fn with_what_goes_on(text: &str, first: TextRange, continuation: char) -> TextRange {
    let depth = |line: &str| line.len() - line.trim_start_matches([' ', '\t']).len();
    let own = depth(slice(text, first));
    let mut end = usize::from(first.end());
    let mut goes_on = slice(text, first).trim_end().ends_with(continuation);
    let mut blanks = 0;
    for line in text.get(end..).unwrap_or("").split_inclusive('\n') {
        let blank = line.trim().is_empty();
        if !blank && !goes_on && depth(line) <= own {
            break;
        }
        blanks = if blank { blanks + line.len() } else { 0 };
        end += line.len();
        goes_on = line.trim_end().ends_with(continuation);
    }
    range(first.start().into(), end - blanks)
}

/// A code block whole, where one begins in `first`; else that line.
fn fenced(text: &str, first: TextRange) -> TextRange {
    let line = slice(text, first).trim_start();
    let Some(fence) = ["```", "~~~"].into_iter().find(|fence| line.starts_with(fence)) else { return first };
    let mut end = usize::from(first.end());
    for line in text.get(end..).unwrap_or("").split_inclusive('\n') {
        end += line.len();
        if line.trim_start().starts_with(fence) {
            break;
        }
    }
    range(first.start().into(), end)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn comment(text: &str) -> TextRange {
        let at = text.find("# HERE").or_else(|| text.find("<!-- HERE")).unwrap();
        range(at, text[at..].find('\n').map_or(text.len(), |feed| at + feed))
    }

    fn in_dockerfile(text: &str) -> &str {
        slice(text, of_dockerfile(text, comment(text)))
    }

    fn in_caller(text: &str, format: Format) -> &str {
        slice(text, of_caller(text, comment(text), format))
    }

    #[test]
    fn above_an_instruction_it_is_about_all_of_it() {
        let text = "FROM a\n# HERE\n\n# other\nRUN a && \\\n  b\nRUN c\n";
        assert_eq!(in_dockerfile(text), "RUN a && \\\n  b\n");
        assert_eq!(in_dockerfile("FROM a\n# HERE\n"), "");
    }

    #[test]
    fn between_the_lines_of_an_instruction_it_is_about_the_next_one() {
        let text = "FROM a\nENV A=1 \\\n    # HERE\n    # other\n    B=2 \\\n    C=3\n";
        assert_eq!(in_dockerfile(text), "    B=2 \\\n");
        assert_eq!(in_dockerfile("FROM a\nRUN <<EOT\n# HERE\nb\nc\nEOT\n"), "b\n");
    }

    #[test]
    fn behind_a_command_it_is_about_that_line() {
        let text = "a\ndocker build . # HERE\nb\n";
        assert_eq!(in_caller(text, Format::Shell), "docker build . # HERE\n");
    }

    #[test]
    fn above_a_command_it_is_about_all_lines_of_it() {
        let text = "# HERE\ndocker build \\\n--build-arg A \\\n.\nb\n";
        assert_eq!(in_caller(text, Format::Shell), "docker build \\\n--build-arg A \\\n.\n");
    }

    #[test]
    fn above_a_key_it_is_about_what_is_indented_below() {
        let text = "steps:\n  # HERE\n  - uses: a\n    with:\n\n      b: c\n\n  - uses: d\n";
        assert_eq!(in_caller(text, Format::GithubActions), "  - uses: a\n    with:\n\n      b: c\n");
    }

    #[test]
    fn above_a_code_block_it_is_about_the_block() {
        let text = "<!-- HERE -->\n\n```sh\na\n```\n\nb\n";
        assert_eq!(in_caller(text, Format::Markdown), "```sh\na\n```\n");
    }
}
