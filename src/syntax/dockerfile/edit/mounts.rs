use super::layout::line_start;
use super::layout::{begins_line, blanks_after, blanks_before, continuation_indentation, is_continued, is_line_end};
use super::{EditError, verify};
use crate::source::{Edit, Source, range};
use crate::syntax::dockerfile::lex::flags;
use crate::syntax::dockerfile::logical::{Span, line_end};
use crate::syntax::dockerfile::{Instruction, Keyword, Mount};

/// The widest line that mounts may make.
const WIDEST: usize = 120;

/// Adds `mounts`, each a whole flag such as `--mount=type=secret,id=a,env=A`, to a `RUN` or to the `RUN` behind an
/// `ONBUILD`. They go behind the last flag, else behind the keyword: on the same line, or each on a line of its own
/// where the flags stand like that or the line would be wider than 120 columns.
///
/// # Errors
/// [`EditError`], if the instruction is no `RUN` or a text is not a mount.
pub fn add_mounts(source: &Source, instruction: &Instruction, mounts: &[String]) -> Result<Vec<Edit>, EditError> {
    let run = run(instruction)?;
    if let Some(wrong) = mounts.iter().find(|mount| !is_mount(mount, run.escape())) {
        return Err(EditError::NotAMount(wrong.clone()));
    }
    if mounts.is_empty() {
        return Ok(Vec::new());
    }
    let edits = vec![insertion(source, &run, mounts)];
    let new = verify::kept(source, &run, &edits)?;
    let flags = |run: &Instruction| run.flags().into_iter().map(|flag| (flag.name, flag.value)).collect::<Vec<_>>();
    let command = |run: &Instruction| run.shell().map(|view| view.text().to_owned());
    let (old_flags, new_flags) = (flags(&run), flags(&new));
    let added = new_flags.len() == old_flags.len() + mounts.len() && new_flags.starts_with(&old_flags);
    let same = command(&run) == command(&new) && run.heredocs().len() == new.heredocs().len();
    if added && same { Ok(edits) } else { Err(EditError::Disturbs) }
}

/// The `RUN` that `instruction` is or triggers.
pub(super) fn run(instruction: &Instruction) -> Result<Instruction, EditError> {
    let run = instruction.triggered().unwrap_or_else(|| instruction.clone());
    if run.keyword() == Some(Keyword::Run) { Ok(run) } else { Err(EditError::NotRun) }
}

/// Whether BuildKit reads `text` as one `--mount` flag.
fn is_mount(text: &str, escape: char) -> bool {
    // With a command behind it, so that an open quote or an escape at the end shows.
    let line = format!("{text} x");
    let found = flags::split(&line, Span::new(0, line.len()), escape);
    let whole = found.words.as_slice() == [Span::new(0, text.len())];
    let decoded = flags::decode(text, escape);
    let mount = matches!(decoded.parts(), ("mount", Some(value)) if Mount::parse(value).is_some());
    whole && mount && !text.contains(['\r', '\n'])
}

fn insertion(source: &Source, run: &Instruction, mounts: &[String]) -> Edit {
    let text = source.text();
    let flags = run.flags();
    let last = flags.last();
    let at = usize::from(last.map_or_else(|| run.keyword_range(), |flag| flag.range).end());
    let continued = is_continued(text, at, run.escape());
    let alone = last.is_some_and(|flag| {
        let start = flag.range.start().into();
        begins_line(text, start) || (flags.len() == 1 && continued)
    });
    let added: usize = mounts.iter().map(|mount| mount.chars().count() + 1).sum();
    let line = text.get(line_start(text, at)..line_end(text, at)).unwrap_or("");
    let too_wide = line.trim_end_matches(['\r', '\n']).chars().count() + added > WIDEST;
    if !alone && !too_wide {
        let inserted: String = mounts.iter().map(|mount| format!(" {mount}")).collect();
        return Edit::replace(range(at, at), inserted);
    }
    let indentation = match last.map(|flag| usize::from(flag.range.start())) {
        Some(start) if begins_line(text, start) => {
            text.get(start - blanks_before(text, start)..start).unwrap_or("").to_owned()
        }
        _ => continuation_indentation(text, run),
    };
    let line_break = format!(" {}{}{indentation}", run.escape(), source.style().newline.as_str());
    let before_first = if last.is_some() { &line_break } else { " " };
    let mut inserted = format!("{before_first}{}", mounts.join(&line_break));
    let mut replaced = 0;
    if !continued && !is_line_end(text, at) {
        inserted.push_str(&line_break);
        replaced = blanks_after(text, at);
    }
    Edit::replace(range(at, at + replaced), inserted)
}
