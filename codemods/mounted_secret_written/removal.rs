//! Whether a written file serves only the RUN that writes it, and its removal there.

use super::Written;
use crate::codemods::prelude::*;
use crate::codemods::shown::Held;
use crate::knowledge::tools;
use crate::model::{ExposureKind, Form, Run, mentions};
use crate::plan::StepEdit;
use crate::source::TextRange;
use crate::syntax::dockerfile::Keyword;
use crate::syntax::shell::{Command, CommandContext, Operator, Word};

/// Whether the file can go at the end of its RUN: a later command of the RUN reads it, and nothing else does.
///
/// # Errors
/// Why it can't be shown, as a sentence without a period.
pub(super) fn removable(dockerfile: &Dockerfile, first: &Written, others: &[&Written]) -> Result<(), String> {
    let (path, step) = (first.path.as_str(), first.held.step);
    let stays = |why: &str| Err(format!("`{path}` keeps the value: {why}"));
    let Some(run) = dockerfile.steps[step].run.as_deref() else { return stays("it is not understood") };
    if !others.is_empty() {
        return stays("it is written more than once");
    }
    if !is_scratch(path) {
        return stays("the running container or a later stage may read it");
    }
    if !matches!(run.form, Form::Shell) || !run.is_understood() || first.exposure.shell != 0 {
        return stays("its RUN is not a plain list of commands");
    }
    if path.starts_with(|char: char| !"/~$".contains(char))
        && run.commands().any(|command| matches!(name(command).as_str(), "cd" | "pushd" | "popd"))
    {
        return stays("its RUN changes the folder");
    }
    if !is_read_here(run, first) {
        return stays("nothing in its RUN reads it, so something else does");
    }
    match reader_elsewhere(dockerfile, step, path) {
        Some(line) => stays(&format!("line {line} may read it")),
        None => Ok(()),
    }
}

/// Whether a file in this place is not meant for the running container.
fn is_scratch(path: &str) -> bool {
    let plain = path.chars().all(|char| char.is_ascii_alphanumeric() || "/._-~$".contains(char));
    let home = ["/tmp/", "/var/tmp/", "/root/", "~/", "$HOME/"].iter().any(|folder| path.starts_with(folder));
    let variables = path.matches('$').count() <= usize::from(path.starts_with("$HOME/"));
    plain && variables && (home || path.trim_start_matches("./").starts_with('.'))
}

fn is_read_here(run: &Run, written: &Written) -> bool {
    let Some(shell) = run.shells.first() else { return false };
    let behind = written.exposure.command.end();
    let commands = shell.script.commands();
    commands.iter().any(|context| context.command.range.start() >= behind && reads(context, &written.path))
}

fn reads(context: &CommandContext, path: &str) -> bool {
    let speaks = matches!(name(context.command).as_str(), "chmod" | "chown" | "ls" | "test" | "[" | "stat");
    !speaks && (names(context.command, path) || is_configured_by(context.command, path))
}

fn names(command: &Command, path: &str) -> bool {
    let words = command.words.iter().chain(command.assignments.iter().map(|assignment| &assignment.value));
    let inputs = command.redirects.iter().map(|redirect| &redirect.target);
    words.chain(inputs).any(|word| mentions(&word.lossy(), file_name(path)))
}

/// Whether the command is a tool that reads a file of this name by itself.
fn is_configured_by(command: &Command, path: &str) -> bool {
    let words: Vec<Option<String>> =
        command.words.iter().skip(command.effective().index).map(|word: &Word| Some(word.lossy())).collect();
    let files = tools::config_files(&words);
    files.iter().flat_map(|file| &file.paths).any(|known| file_name(known) == file_name(path))
}

/// The line of another instruction that names the file, or runs a tool that reads it by itself.
fn reader_elsewhere(dockerfile: &Dockerfile, step: usize, path: &str) -> Option<u32> {
    let name = file_name(path);
    let reads = |index: &usize| {
        let other = &dockerfile.steps[*index];
        let text = crate::source::slice(dockerfile.source.text(), other.outer.range());
        let copies = other.keyword == Keyword::Copy && other.instruction.flags().iter().any(|flag| flag.name == "from");
        let folder = path.rsplit_once('/').map_or("", |(folder, _)| folder);
        let by_folder = copies
            && other.instruction.words().iter().any(|word| {
                let source = word.value.trim_end_matches('/');
                source.is_empty() || folder.starts_with(source) && source.starts_with('/') || source == "/root"
            });
        let by_itself = other
            .run
            .as_deref()
            .is_some_and(|run| !run.is_understood() || run.commands().any(|command| is_configured_by(command, path)));
        mentions(text, name) || by_folder || by_itself
    };
    (0..dockerfile.steps.len()).filter(|index| *index != step).find(reads).map(|index| dockerfile.line_of(index))
}

/// The edit that removes the file at the end of the RUN, while it is still there.
pub(super) fn next_edit(dockerfile: &Dockerfile, held: &Held, path: &str) -> Option<StepEdit> {
    let exposures = held.exposures(dockerfile);
    exposures.iter().find(
        |exposure| matches!(&exposure.kind, ExposureKind::Written { path: written, removed: false } if written == path),
    )?;
    let run = dockerfile.steps[held.step].run.as_deref()?;
    let refused = |reason: &str| Some(Err(("written-down", format!("`{path}` can't be removed in its RUN: {reason}"))));
    let (Some(shell), true) = (run.shells.first(), run.is_understood()) else { return refused("it is not understood") };
    let (Some(view), Some(last)) = (&shell.view, shell.script.items.last()) else { return refused("it is empty") };
    if last.operator.is_some_and(|(operator, _)| operator == Operator::Background) {
        return refused("its last command runs in the background");
    }
    // `&&` also in the place of a `;` at the end, which would hide that the last command failed.
    let from = last.range.end();
    let to = last.operator.map_or(from, |(_, at)| at.end());
    let text = format!(" && rm -f {path}");
    let edit = if from == to { view.insert(from, &text) } else { view.edit(TextRange::new(from, to), &text) };
    match edit {
        Ok(edit) => Some(Ok(vec![edit])),
        Err(_) => refused("the text can't be written at its end"),
    }
}

fn name(command: &Command) -> String {
    command.effective_name().unwrap_or_default()
}

fn file_name(path: &str) -> &str {
    path.rsplit('/').next().unwrap_or(path)
}
