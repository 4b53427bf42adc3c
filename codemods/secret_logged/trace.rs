//! `set -x` prints each command behind it with its words expanded (POSIX.1-2024, XCU 2.15 set), and so does a shell that is
//! started with `-x`.

use std::collections::BTreeMap;

use super::{How, Printed, Switch};
use crate::codemods::prelude::*;
use crate::codemods::shown::Held;
use crate::model::{ExposureKind, Form, Holders, Run, ShellText, effective_words, is_traceable};
use crate::plan::StepEdit;
use crate::source::{Edit, TextRange, range, slice};
use crate::syntax::dockerfile::Keyword;
use crate::syntax::shell::edit::{Refusal, remove_item, replace_word};
use crate::syntax::shell::{self, Command, Dialect, Script, Word};

/// A trace that a SHELL instruction, the `#!` line of a script or the words of a RUN in JSON form switch on for all commands.
pub(super) fn by_shell(dockerfile: &Dockerfile, held: &Held) -> Option<Printed> {
    let step = dockerfile.steps.get(held.step)?;
    let run = step.run.as_deref()?;
    let (words, place, switch) = match &run.form {
        Form::Body(Some(line)) => {
            let words = line.split_whitespace().map(str::to_owned).collect::<Vec<_>>();
            (words, step.instruction.keyword_range(), Switch::Line)
        }
        Form::Exec(arguments) => {
            let words = arguments.iter().take(arguments.len().saturating_sub(1)).cloned().collect();
            (words, step.instruction.keyword_range(), Switch::Words(held.step))
        }
        _ => {
            let (at, shell) = shell_before(dockerfile, held.step)?;
            let words = shell.json()?.into_iter().map(|word| word.value).collect();
            (words, shell.text_range(), Switch::Words(at))
        }
    };
    let shown = words.iter().skip(1).any(|word| is_trace(word)) && is_traceable(run, &held.holders(dockerfile)?);
    shown.then(|| Printed { held: held.clone(), how: How::Traced(words.join(" "), switch), place })
}

/// The SHELL instruction that holds at `step`.
fn shell_before(dockerfile: &Dockerfile, step: usize) -> Option<(usize, &crate::syntax::dockerfile::Instruction)> {
    let stage = dockerfile.steps.get(step)?.stage?;
    let ancestry = dockerfile.ancestry(stage);
    let before = dockerfile.steps.iter().enumerate().take(step).rev();
    let mut shells = before.filter(|(_, other)| other.keyword == Keyword::Shell);
    let (at, found) = shells.find(|(_, other)| other.stage.is_some_and(|other| ancestry.contains(&other)))?;
    Some((at, &found.instruction))
}

/// The shells that the RUN starts with a trace, which shows the value: `bash -xc '… $TOKEN …'`, `sh -x build.sh`.
pub(super) fn programs(model: &Model, dockerfile: &Dockerfile, held: &Held) -> Vec<Printed> {
    let Some(run) = dockerfile.steps.get(held.step).and_then(|step| step.run.as_deref()) else { return Vec::new() };
    let Some(holders) = held.holders(dockerfile) else { return Vec::new() };
    let keyword = dockerfile.steps[held.step].instruction.keyword_range();
    let found = traced_programs(model, dockerfile, run, &holders).into_iter();
    let printed = |(shell, command): (&ShellText, &Command)| {
        let words: Vec<String> = command.words.iter().skip(command.effective().index).map(Word::lossy).collect();
        let options = words.iter().skip(1).take_while(|word| word.starts_with('-'));
        let text = words.iter().take(1).chain(options).cloned().collect::<Vec<_>>().join(" ");
        let place = shell.view.as_ref().and_then(|view| view.host_range(command.range)).unwrap_or(keyword);
        Printed { held: held.clone(), how: How::Traced(text, Switch::Program), place }
    };
    found.map(printed).collect()
}

fn traced_programs<'r>(
    model: &Model,
    dockerfile: &Dockerfile,
    run: &'r Run,
    holders: &Holders,
) -> Vec<(&'r ShellText, &'r Command)> {
    let reader = model.reader(dockerfile);
    let shows = |script: &Script| {
        let commands = script.commands().into_iter();
        commands.flat_map(|context| &context.command.words).any(|word| holders.carried_by(word))
    };
    let traced = |shell: &&'r ShellText, command: &Command| {
        let words = effective_words(command);
        let program = words.first().cloned().flatten().unwrap_or_default();
        let options = words.iter().skip(1).flatten().take_while(|word| word.starts_with('-'));
        if shell::dialect_of(&program).is_none() || !options.into_iter().any(|word| is_trace(word)) {
            return false;
        }
        let given = command.words.iter().any(|word| holders.carried_by(word));
        let nested = shell.view.as_ref().and_then(|view| shell::nested(view.text(), view, command));
        let file = || reader.script_of(&words).map(|script| shell::parse(script.text(), Dialect::Bash));
        given || nested.is_some_and(|nested| shows(&nested.script())) || file().is_some_and(|script| shows(&script))
    };
    let commands = run.shells.iter().flat_map(|shell| {
        let contexts = shell.script.commands().into_iter();
        contexts.map(move |context| (shell, context.command))
    });
    commands.filter(|(shell, command)| traced(shell, command)).collect()
}

/// Whether an option of a shell switches the trace on: `-x`, `-euxo`. The name behind `-o` is not looked at.
fn is_trace(option: &str) -> bool {
    let letters = option.strip_prefix('-');
    letters.is_some_and(|letters| letters.contains('x') && letters.chars().all(|letter| letter.is_ascii_alphabetic()))
}

/// Takes the trace of `group` out: `set -ex` becomes `set -e`, and one that sets nothing else goes; a shell is started
/// without it.
pub(super) fn remove<'m>(change: &mut Change<'m>, group: &[&Printed], switch: Switch) {
    let held: BTreeMap<usize, &Held> = group.iter().map(|printed| (printed.held.step, &printed.held)).collect();
    match switch {
        Switch::Words(step) => change.rewrite(step, |dockerfile| next_words_edit(dockerfile, step)),
        Switch::Set => held.iter().for_each(|(step, held)| change.rewrite(*step, |file| next_edit(file, held))),
        Switch::Line => held.keys().for_each(|step| change.rewrite(*step, |file| next_line_edit(file, *step))),
        Switch::Program => {
            for (step, held) in held {
                let model = change.model();
                change.rewrite(step, |dockerfile| next_program_edit(model, dockerfile, held));
            }
        }
    }
    change.assume("nobody needs the trace of the other commands in the log");
}

/// An option without the trace; nothing where it says nothing else.
fn without_letter(option: &str) -> String {
    let left: String = option.chars().filter(|letter| *letter != 'x').collect();
    if left == "-" { String::new() } else { left }
}

/// The edit of a list of words in JSON.
fn next_words_edit(dockerfile: &Dockerfile, step: usize) -> Option<StepEdit> {
    let words = dockerfile.steps.get(step)?.instruction.json()?;
    let index = words.iter().skip(1).position(|word| is_trace(&word.value))? + 1;
    let (before, word) = (&words[index - 1], &words[index]);
    let left = without_letter(&word.value);
    Some(Ok(vec![match left.is_empty() {
        true => Edit::delete(TextRange::new(before.range.end(), word.range.end())),
        false => Edit::replace(word.range, format!("\"{left}\"")),
    }]))
}

/// The edit of the `#!` line, the first line of the script.
fn next_line_edit(dockerfile: &Dockerfile, step: usize) -> Option<StepEdit> {
    let run = dockerfile.steps.get(step)?.run.as_deref()?;
    let view = run.shells.first()?.view.as_ref()?;
    let line = view.text().lines().next()?;
    let option = line.split_whitespace().skip(1).find(|word| is_trace(word))?;
    let at = line.find(&format!(" {option}"))?;
    let left = without_letter(option);
    let text = if left.is_empty() { String::new() } else { format!(" {left}") };
    let edit = view.edit(range(at, at + 1 + option.len()), &text).map(|edit| vec![edit]);
    Some(edit.map_err(|_| ("traced", "its `#!` line can't be edited".to_owned())))
}

fn next_program_edit(model: &Model, dockerfile: &Dockerfile, held: &Held) -> Option<StepEdit> {
    let run = dockerfile.steps.get(held.step)?.run.as_deref()?;
    let (shell, command) = traced_programs(model, dockerfile, run, &held.holders(dockerfile)?).into_iter().next()?;
    let Some(view) = shell.view.as_ref() else {
        return Some(Err(("exec-form", "the command stands in a string of the JSON form".to_owned())));
    };
    let start = command.effective().index;
    let word = command.words.iter().skip(start + 1).find(|word| is_trace(&word.lossy()))?;
    let index = command.words.iter().position(|other| other.range == word.range)?;
    let left = without_letter(slice(view.text(), word.range));
    let edit = match left.is_empty() {
        true => replace_word(view, TextRange::new(command.words[index - 1].range.end(), word.range.end()), ""),
        false => replace_word(view, word.range, &left),
    };
    Some(edit.map(|edit| vec![edit]).map_err(|refusal| ("traced", format!("the option can't be taken out: {refusal}"))))
}

/// The edit of the first command that still switches a trace on.
fn next_edit(dockerfile: &Dockerfile, held: &Held) -> Option<StepEdit> {
    let exposures = held.exposures(dockerfile).into_iter();
    let mut traced = exposures.filter(|one| one.kind == ExposureKind::Traced && one.program.starts_with("set "));
    let exposure = traced.next()?;
    let shell = dockerfile.steps[held.step].run.as_deref()?.shells.get(exposure.shell)?;
    let commands = shell.script.commands().into_iter();
    let command = commands.map(|context| context.command).find(|command| command.range == exposure.command)?;
    let edits = without_trace(dockerfile, shell, command, exposure.item);
    Some(
        edits.map_err(|refusal| {
            ("traced", format!("the trace can't be taken out of `{}`: {refusal}", exposure.program))
        }),
    )
}

fn without_trace(
    dockerfile: &Dockerfile,
    shell: &ShellText,
    command: &Command,
    item: TextRange,
) -> Result<Vec<Edit>, Refusal> {
    let view = shell.view.as_ref().ok_or(Refusal::Unwritable)?;
    let words: Vec<String> = command.words.iter().map(Word::lossy).collect();
    let kept = kept_options(words.get(1..).unwrap_or_default());
    if !kept.is_empty() {
        return replace_word(view, command.range, &format!("set {}", kept.join(" "))).map(|edit| vec![edit]);
    }
    match remove_item(dockerfile.source.text(), view, &shell.script, item) {
        Err(Refusal::OnlyCommand | Refusal::Condition | Refusal::Fallback | Refusal::HasFallback) => {
            replace_word(view, command.range, ":").map(|edit| vec![edit])
        }
        edits => edits,
    }
}

/// The options of `set` but the trace: `-ex` is `-e`, and `-o xtrace` is nothing.
fn kept_options(options: &[String]) -> Vec<String> {
    let mut kept: Vec<String> = Vec::new();
    let mut options = options.iter().peekable();
    while let Some(option) = options.next() {
        let is_cluster =
            option.strip_prefix('-').is_some_and(|letters| letters.chars().all(|one| one.is_ascii_alphabetic()));
        if !is_cluster {
            kept.push(option.clone());
            continue;
        }
        let mut letters: String = option.chars().filter(|letter| *letter != 'x').collect();
        if letters.ends_with('o') && options.next_if(|name| *name == "xtrace").is_some() {
            letters.pop();
        }
        if letters != "-" {
            kept.push(letters);
        }
    }
    kept
}

#[cfg(test)]
mod tests {
    use super::kept_options;

    #[test]
    fn other_options_stay() {
        let kept = |options: &str| kept_options(&options.split(' ').map(str::to_owned).collect::<Vec<_>>()).join(" ");
        assert_eq!(kept("-ex"), "-e");
        assert_eq!(kept("-x"), "");
        assert_eq!(kept("-euxo pipefail"), "-euo pipefail");
        assert_eq!(kept("-e -x"), "-e");
        assert_eq!(kept("-exo xtrace"), "-e");
        assert_eq!(kept("-o xtrace -o errexit"), "-o errexit");
    }
}
