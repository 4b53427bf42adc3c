use super::{EditError, verify};
use crate::source::{Edit, Source, apply_edits, size};
use crate::syntax::dockerfile::directives;
use crate::syntax::dockerfile::logical::{LineKind, line_end, line_kind};
use crate::syntax::dockerfile::{Directive, DirectiveKind, Dockerfile, parse};

/// Makes `frontend`, such as `docker/dockerfile:1`, the value of the syntax directive. A new directive becomes the
/// first line, behind a byte order mark and behind a `#!` line. No edit where the file says so already.
///
/// # Errors
/// [`EditError`], if `frontend` is no single line, or the file's head does not take a directive.
pub fn set_syntax_directive(source: &Source, dockerfile: &Dockerfile, frontend: &str) -> Result<Vec<Edit>, EditError> {
    if frontend.trim() != frontend || frontend.is_empty() || frontend.contains(['\r', '\n']) {
        return Err(EditError::Unwritable);
    }
    let directives = dockerfile.directives();
    let existing = directives.iter().find(|directive| directive.kind == DirectiveKind::Syntax);
    let edit = match existing {
        Some(existing) if existing.value == frontend => return Ok(Vec::new()),
        Some(existing) => Edit::replace(existing.value_range, frontend),
        None => insertion(source, frontend)?,
    };
    let edits = vec![edit];
    let text = apply_edits(source.text(), &edits).map_err(|_| EditError::Disturbs)?;
    let after = parse(&text);
    let syntax = |found: &&Directive| found.kind == DirectiveKind::Syntax;
    let values = |found: &[Directive], wanted: bool| -> Vec<(DirectiveKind, String)> {
        let chosen = found.iter().filter(|found| syntax(found) == wanted);
        chosen.map(|found| (found.kind, found.value.clone())).collect()
    };
    let new = after.root().directives();
    let reads = values(&new, true) == [(DirectiveKind::Syntax, frontend.to_owned())];
    let others = values(&new, false) == values(&directives, false);
    let accepted = verify::rejections(&after) <= verify::rejections(&parse(source.text()));
    if reads && others && accepted { Ok(edits) } else { Err(EditError::Disturbs) }
}

fn insertion(source: &Source, frontend: &str) -> Result<Edit, EditError> {
    let text = source.text();
    let newline = source.style().newline.as_str();
    let start = if source.style().bom { '\u{feff}'.len_utf8() } else { 0 };
    let first = text.get(start..).unwrap_or("").trim_start();
    if first.starts_with("//") || first.starts_with('{') {
        return Err(EditError::ForeignFrontend);
    }
    if let Some(hidden) = indented_directive(text, start) {
        return Ok(Edit::replace(hidden, format!("# syntax={frontend}{newline}")));
    }
    if !text.get(start..).is_some_and(|head| head.starts_with("#!")) {
        return Ok(Edit::insert(size(start), format!("# syntax={frontend}{newline}")));
    }
    let at = line_end(text, start);
    let ended = text.get(..at).is_some_and(|line| line.ends_with('\n'));
    let directive = format!("# syntax={frontend}");
    let line = if ended { format!("{directive}{newline}") } else { format!("{newline}{directive}") };
    Ok(Edit::insert(size(at), line))
}

/// An indented syntax directive: the frontend does not see it, but a second one would be an error.
fn indented_directive(text: &str, start: usize) -> Option<crate::source::TextRange> {
    let mut at = start;
    while at < text.len() {
        let end = line_end(text, at);
        let line = crate::source::range(at, end);
        if line_kind(text.get(at..end)?) != LineKind::Comment {
            return None;
        }
        let found = directives::parse_line(text, line, true)?;
        if found.kind == DirectiveKind::Syntax {
            return Some(line);
        }
        at = end;
    }
    None
}
