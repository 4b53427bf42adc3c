//! Changes of a Dockerfile that depend on each other: made one after the other on a copy, and told as one difference.

use std::collections::{BTreeMap, BTreeSet};

use crate::model::{Cleanup, Dockerfile, Replacement};
use crate::source::{Edit, TextRange, apply_edits, range, slice};
use crate::syntax::dockerfile::edit::{self, EditError};
use crate::syntax::shell::{self, Word};

use super::StepChange;

/// What is to be done with the instructions, by their step.
#[derive(Debug, Default)]
pub(super) struct Draft {
    /// The sources of a `COPY` that go.
    pub sources: BTreeMap<usize, BTreeSet<usize>>,
    /// The commands of a RUN that go.
    pub cleanups: BTreeMap<usize, Vec<Cleanup>>,
    /// The commands of a RUN that others take the place of.
    pub rewordings: BTreeMap<usize, Vec<Replacement>>,
    /// The instructions that a RUN of this text takes the place of.
    pub replaced: BTreeMap<usize, String>,
    /// The texts that flags get which are there, by their place among the flags; without a text the flag goes.
    pub changed_flags: BTreeMap<usize, BTreeMap<usize, String>>,
    /// The `--mount` flags that come.
    pub flags: BTreeMap<usize, Vec<String>>,
    /// The shell text, with its operator, that comes in front of a RUN's command.
    pub preludes: BTreeMap<usize, String>,
}

/// Why a step can't be changed as wanted.
#[derive(Debug)]
pub(super) struct Stuck {
    pub step: usize,
    pub reason: String,
}

impl Draft {
    pub(super) fn is_empty(&self) -> bool {
        self.steps().is_empty()
    }

    /// The steps that change.
    pub(super) fn steps(&self) -> BTreeSet<usize> {
        let steps = self.sources.keys().chain(self.cleanups.keys()).chain(self.flags.keys());
        let steps = steps.chain(self.preludes.keys()).chain(self.rewordings.keys()).chain(self.replaced.keys());
        steps.chain(self.changed_flags.keys()).copied().collect()
    }

    /// The edits of `dockerfile`, and what becomes of each step. The last step is changed first, so that the numbers of
    /// the others hold.
    pub(super) fn edits(&self, dockerfile: &Dockerfile) -> Result<(Vec<Edit>, BTreeMap<usize, StepChange>), Stuck> {
        let mut changes = BTreeMap::new();
        let mut copy = Dockerfile::new(dockerfile.source.clone());
        for step in self.steps().into_iter().rev() {
            let stuck = |reason: String| Stuck { step, reason };
            let count = copy.steps.len();
            for act in self.later_first(step) {
                if copy.steps.len() == count {
                    let edits = match act {
                        Act::Tidies(cleanup) => tidied(&copy, &cleanup),
                        Act::Rewords(replacement) => reworded(&copy, step, replacement),
                    };
                    copy = applied(&copy, &edits.map_err(stuck)?).map_err(stuck)?;
                }
            }
            if let Some(changed) = self.changed_flags.get(&step).filter(|_| copy.steps.len() == count) {
                copy = applied(&copy, &with_flags(&copy, step, changed)).map_err(stuck)?;
            }
            if let Some(flags) = self.flags.get(&step).filter(|_| copy.steps.len() == count) {
                let edits = edit::add_mounts(&copy.source, &copy.steps[step].instruction, flags);
                copy = applied(&copy, &edits.map_err(|error| stuck(error.to_string()))?).map_err(stuck)?;
            }
            if let Some(prelude) = self.preludes.get(&step).filter(|_| copy.steps.len() == count) {
                let edits = preceded(&copy, step, prelude).map_err(stuck)?;
                copy = applied(&copy, &edits).map_err(stuck)?;
            }
            if let Some(text) = self.replaced.get(&step) {
                let at = copy.steps[step].instruction.text_range();
                copy = applied(&copy, &[Edit::replace(at, text.as_str())]).map_err(stuck)?;
                changes.insert(step, StepChange::Replaced);
                continue;
            }
            for word in self.sources.get(&step).into_iter().flatten().rev() {
                let edits = edit::remove_source(&copy.source, &copy.steps[step].instruction, *word);
                copy = applied(&copy, &edits.map_err(|error| stuck(error.to_string()))?).map_err(stuck)?;
            }
            let change = if copy.steps.len() < count { StepChange::Removed } else { StepChange::Rewritten };
            changes.insert(step, change);
        }
        Ok((difference(dockerfile.source.text(), copy.source.text()), changes))
    }
}

/// The edits that change the flags of an instruction; one that goes takes the blanks behind it along, or its line.
fn with_flags(dockerfile: &Dockerfile, step: usize, changed: &BTreeMap<usize, String>) -> Vec<Edit> {
    let text = dockerfile.source.text();
    let flags = dockerfile.steps[step].instruction.flags();
    let edit = |(index, flag): (&usize, &String)| {
        let at = flags.get(*index)?.range;
        if !flag.is_empty() {
            return Some(Edit::replace(at, flag.clone()));
        }
        let behind = text.get(usize::from(at.end())..)?;
        let blanks = behind.len() - behind.trim_start_matches([' ', '\t']).len();
        let rest = behind.get(blanks..)?;
        let line = rest.strip_prefix('\\').map(|rest| rest.trim_start_matches([' ', '\t', '\r']));
        let next = line.and_then(|line| line.strip_prefix('\n')).map(|next| next.trim_start_matches([' ', '\t']));
        let end = next.map_or(text.len() - rest.len(), |next| text.len() - next.len());
        Some(Edit::delete(range(at.start().into(), end)))
    };
    changed.iter().filter_map(edit).collect()
}

/// The widest line that a command in front may make; a longer one gets lines of its own.
const WIDEST: usize = 120;

/// The edits that put shell text in front of what a RUN runs: on the same line where there is only one and room in it.
fn preceded(dockerfile: &Dockerfile, step: usize, text: &str) -> Result<Vec<Edit>, String> {
    let instruction = &dockerfile.steps[step].instruction;
    let line = slice(dockerfile.source.text(), instruction.range()).trim_end();
    let shell = dockerfile.steps[step].run.as_ref().and_then(|run| run.shells.first());
    let first = shell.and_then(|shell| Some((shell.view.as_ref()?, shell.script.items.first()?)));
    match first.filter(|_| !line.contains('\n') && line.chars().count() + text.chars().count() <= WIDEST) {
        Some((view, first)) => {
            shell::edit::insert_before(view, first, text).map(|edit| vec![edit]).map_err(|refusal| refusal.to_string())
        }
        None => edit::insert_command(&dockerfile.source, instruction, text).map_err(|error| error.to_string()),
    }
}

/// What is to be done with one command.
enum Act<'d> {
    Tidies(Cleanup),
    Rewords(&'d Replacement),
}

impl Draft {
    /// What is to be done with the commands of a step, from the last to the first, so that the places of the earlier ones
    /// hold while the later ones go.
    fn later_first(&self, step: usize) -> Vec<Act<'_>> {
        // One command may tidy a file away from two places: its operands go together.
        let mut cleanups: Vec<Cleanup> = Vec::new();
        for cleanup in self.cleanups.get(&step).into_iter().flatten() {
            let same = |known: &&mut Cleanup| (known.shell, known.command) == (cleanup.shell, cleanup.command);
            match cleanups.iter_mut().find(same) {
                Some(known) => {
                    known.whole |= cleanup.whole;
                    let words = cleanup.words.iter().copied();
                    let fresh: Vec<_> = words.filter(|word| !known.words.contains(word)).collect();
                    known.words.extend(fresh);
                }
                None => cleanups.push(cleanup.clone()),
            }
        }
        let mut rewordings: Vec<&Replacement> = self.rewordings.get(&step).into_iter().flatten().collect();
        rewordings.sort_by_key(|one| std::cmp::Reverse((one.shell, one.at.start())));
        rewordings.dedup();
        let cleanups =
            cleanups.into_iter().map(|cleanup| ((cleanup.shell, cleanup.command.start()), Act::Tidies(cleanup)));
        let rewordings = rewordings.into_iter().map(|one| ((Some(one.shell), one.at.start()), Act::Rewords(one)));
        let mut acts: Vec<_> = cleanups.chain(rewordings).collect();
        acts.sort_by_key(|(place, _)| std::cmp::Reverse(*place));
        acts.into_iter().map(|(_, act)| act).collect()
    }
}

/// The edits that put another text in the place of a command, or of a part of one.
fn reworded(dockerfile: &Dockerfile, step: usize, replacement: &Replacement) -> Result<Vec<Edit>, String> {
    let shell = dockerfile.steps[step].run.as_ref().and_then(|run| run.shells.get(replacement.shell));
    let view = shell.and_then(|shell| shell.view.as_ref()).ok_or("its shell text is not there any more")?;
    let edit = view.edit(replacement.at, &replacement.text);
    edit.map(|edit| vec![edit]).map_err(|_| "the command can't be changed where it stands".to_owned())
}

fn applied(dockerfile: &Dockerfile, edits: &[Edit]) -> Result<Dockerfile, String> {
    let text = apply_edits(dockerfile.source.text(), edits).map_err(|overlap| overlap.to_string())?;
    Ok(Dockerfile::new(dockerfile.source.with_text(text)))
}

/// The edits that take one command out of its RUN, or some of its operands, or the RUN if nothing else is in it.
fn tidied(dockerfile: &Dockerfile, cleanup: &Cleanup) -> Result<Vec<Edit>, String> {
    let step = &dockerfile.steps[cleanup.step];
    let whole_run =
        || edit::remove_instruction(&dockerfile.source, &step.outer).map_err(|error: EditError| error.to_string());
    let Some(number) = cleanup.shell else { return whole_run() };
    let shell = step.run.as_ref().and_then(|run| run.shells.get(number));
    let shell = shell.ok_or("its shell text is not there any more")?;
    let view = shell.view.as_ref().ok_or("its shell text stands inside a JSON string")?;
    let commands = shell.script.commands();
    let context = commands.iter().find(|context| context.command.range == cleanup.command);
    let has_others = context.is_some_and(|context| {
        // The first operand of these is no file (POSIX.1-2024, XCU chmod, chown, chgrp).
        let owns = matches!(context.command.effective_name().as_deref(), Some("chmod" | "chown" | "chgrp"));
        let operands = context.command.effective_arguments().iter().filter(|word| !word.lossy().starts_with('-'));
        operands.skip(usize::from(owns)).any(|word| !cleanup.words.contains(&word.range))
    });
    if cleanup.whole || (!has_others && !cleanup.words.is_empty()) {
        return match shell::edit::remove_item(dockerfile.source.text(), view, &shell.script, cleanup.command) {
            // A body of an `if` with nothing else in it is no reason to drop what stands around it.
            Err(shell::edit::Refusal::OnlyCommand)
                if number == 0 && shell.script.items.len() == 1 && shell.script.items[0].range == cleanup.command =>
            {
                whole_run()
            }
            edits => edits.map_err(|refusal| refusal.to_string()),
        };
    }
    let words = context.map(|context| context.command.words.as_slice()).ok_or("the command is not there any more")?;
    let gone = cleanup.words.iter().map(|word| {
        let at = with_blank_before(words, *word).ok_or("the operand is not there any more")?;
        view.edit(at, "").map_err(|_| "the operand can't be taken out where it stands")
    });
    Ok(gone.collect::<Result<Vec<_>, _>>()?)
}

fn with_blank_before(words: &[Word], word: TextRange) -> Option<TextRange> {
    let index = words.iter().position(|other| other.range == word)?;
    let before = words.get(index.checked_sub(1)?)?;
    Some(TextRange::new(before.range.end(), word.end()))
}

/// The edits that turn `old` into `new`: for each group of changed lines the bytes that differ.
fn difference(old: &str, new: &str) -> Vec<Edit> {
    let (old_lines, new_lines) = (lines(old), lines(new));
    let texts = |source: &str, lines: &[TextRange]| -> Vec<String> {
        lines.iter().map(|line| slice(source, *line).to_owned()).collect()
    };
    let (before, after) = (texts(old, &old_lines), texts(new, &new_lines));
    let operations = similar::capture_diff_slices(similar::Algorithm::Myers, &before, &after);
    let changed = operations.into_iter().filter(|operation| operation.tag() != similar::DiffTag::Equal);
    changed
        .map(|operation| {
            let at = cover(old, &old_lines, operation.old_range());
            let text = slice(new, cover(new, &new_lines, operation.new_range()));
            narrowed(slice(old, at), text, at)
        })
        .collect()
}

/// The edit that turns `old`, which stands at `at`, into `new`, without what both begin with: without a last line break the line in
/// front of a removed one changes as well.
fn narrowed(old: &str, new: &str, at: TextRange) -> Edit {
    let same = old.char_indices().zip(new.char_indices()).take_while(|(one, other)| one == other);
    let same = same.last().map_or(0, |((start, char), _)| start + char.len_utf8());
    let start = usize::from(at.start()) + same;
    Edit::replace(range(start, at.end().into()), new.get(same..).unwrap_or(""))
}

fn lines(text: &str) -> Vec<TextRange> {
    let mut end = 0;
    let line = |line: &str| {
        let start = end;
        end += line.len();
        range(start, end)
    };
    text.split_inclusive('\n').map(line).collect()
}

/// The bytes of some lines; for none of them the place in front of the next one.
fn cover(text: &str, lines: &[TextRange], which: std::ops::Range<usize>) -> TextRange {
    let end_of_text = range(text.len(), text.len());
    let start = lines.get(which.start).map_or(end_of_text, |line| TextRange::empty(line.start()));
    let last = which.end.checked_sub(1).filter(|_| !which.is_empty()).and_then(|last| lines.get(last));
    last.map_or(start, |last| start.cover(*last))
}
