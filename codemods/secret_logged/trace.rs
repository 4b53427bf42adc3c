//! `set -x` prints each command behind it with its words expanded (POSIX.1-2024, XCU 2.15 set).

use std::collections::BTreeMap;

use super::Printed;
use crate::codemods::prelude::*;
use crate::codemods::shown::Held;
use crate::model::{ExposureKind, ShellText};
use crate::plan::StepEdit;
use crate::source::{Edit, TextRange};
use crate::syntax::shell::edit::{Refusal, remove_item, replace_word};
use crate::syntax::shell::{Command, Word};

/// Takes the trace out of the `set` commands of `group`: `set -ex` becomes `set -e`, and one that sets nothing else goes.
pub(super) fn remove<'m>(change: &mut Change<'m>, group: &[&Printed]) {
    let held: BTreeMap<usize, &Held> = group.iter().map(|printed| (printed.held.step, &printed.held)).collect();
    for (step, held) in held {
        change.rewrite(step, |dockerfile| next_edit(dockerfile, held));
    }
    change.assume("nobody needs the trace of the other commands in the log");
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
