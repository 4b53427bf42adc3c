use super::layout::line_start;
use super::layout::{begins_line, blanks_after, continuation_indentation, is_continued, is_line_end};
use super::{EditError, verify};
use crate::source::{Edit, Source, range};
use crate::syntax::dockerfile::lex::flags;
use crate::syntax::dockerfile::logical::{Span, line_end};
use crate::syntax::dockerfile::{Instruction, Keyword, Mount};

/// The widest line that mounts may make, in columns.
pub const WIDEST: usize = 120;

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

/// Where mounts go in, and how the lines around look.
struct Place<'a> {
    source: &'a Source,
    run: &'a Instruction,
    /// Behind the last flag, else behind the keyword.
    at: usize,
    /// Where the last flag begins.
    last_flag: Option<usize>,
    /// Whether only an escape token follows on the line.
    continued: bool,
}

fn insertion(source: &Source, run: &Instruction, mounts: &[String]) -> Edit {
    let flags = run.flags();
    let last = flags.last().map(|flag| flag.range);
    let at = usize::from(last.unwrap_or_else(|| run.keyword_range()).end());
    let continued = is_continued(source.text(), at, run.escape());
    let place = Place { source, run, at, last_flag: last.map(|range| range.start().into()), continued };
    if place.has_flags_in_lines(flags.len()) || place.is_too_narrow(mounts) {
        place.in_lines(mounts)
    } else {
        let inserted: String = mounts.iter().map(|mount| format!(" {mount}")).collect();
        Edit::replace(range(at, at), inserted)
    }
}

impl Place<'_> {
    /// Whether the flags that are there stand one on a line.
    fn has_flags_in_lines(&self, count: usize) -> bool {
        self.last_flag.is_some_and(|start| begins_line(self.source.text(), start) || (count == 1 && self.continued))
    }

    fn is_too_narrow(&self, mounts: &[String]) -> bool {
        let text = self.source.text();
        let line = text.get(line_start(text, self.at)..line_end(text, self.at)).unwrap_or("");
        let added: usize = mounts.iter().map(|mount| mount.chars().count() + 1).sum();
        line.trim_end_matches(['\r', '\n']).chars().count() + added > WIDEST
    }

    fn indentation(&self) -> String {
        let text = self.source.text();
        match self.last_flag.filter(|start| begins_line(text, *start)) {
            Some(start) => text.get(line_start(text, start)..start).unwrap_or("").to_owned(),
            None => continuation_indentation(text, self.run),
        }
    }

    /// Each mount on a line of its own, and the command behind them on the next one.
    fn in_lines(&self, mounts: &[String]) -> Edit {
        let newline = self.source.style().newline.as_str();
        let line_break = format!(" {}{newline}{}", self.run.escape(), self.indentation());
        let before_first = if self.last_flag.is_some() { &line_break } else { " " };
        let mut inserted = format!("{before_first}{}", mounts.join(&line_break));
        let mut end = self.at;
        if !self.continued && !is_line_end(self.source.text(), self.at) {
            inserted.push_str(&line_break);
            end += blanks_after(self.source.text(), self.at);
        }
        Edit::replace(range(self.at, end), inserted)
    }
}
