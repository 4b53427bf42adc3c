use super::in_shell;
use super::places::Literal;
use crate::codemods::prelude::*;
use crate::knowledge::tools;
use crate::model::ShellText;
use crate::plan::StepEdit;
use crate::source::{TextRange, TextSize, slice};
use crate::syntax::shell::{Command, Quote, RedirectKind, Word};

/// The edit that puts `$NAME` in the place of the first `value` that is still in the RUN at `step`.
pub(super) fn next(model: &Model, dockerfile: &Dockerfile, step: usize, value: &str, name: &str) -> Option<StepEdit> {
    let settings = model.settings(dockerfile);
    let run = dockerfile.steps.get(step)?.run.as_deref()?;
    let found = |shell| in_shell(shell, &settings).into_iter().find(|literal| literal.value == value);
    let Some((shell, literal)) = run.shells.first().and_then(|shell| Some((shell, found(shell)?))) else {
        let nested = run.shells.iter().skip(1).any(|shell| found(shell).is_some());
        let reason = || "it stands in the text of another shell, with quotes around quotes".to_owned();
        return nested.then(|| Err(("nested-shell", reason())));
    };
    if let Some(reason) = keeps(shell, &literal) {
        return Some(Err(("writes-down", reason)));
    }
    let refused = || Some(Err(("unparsable", "the quotes around it can't be taken apart".to_owned())));
    let Some(view) = shell.view.as_ref().filter(|_| shell.script.clean) else { return refused() };
    let Some((at, text)) = replaced(view.text(), &literal, name) else { return refused() };
    match view.edit(at, &text) {
        Ok(edit) => Some(Ok(vec![edit])),
        Err(_) => refused(),
    }
}

/// The range and the text that make the literal `${NAME}` in its quotes.
fn replaced(text: &str, literal: &Literal, name: &str) -> Option<(TextRange, String)> {
    let one = TextSize::new(1);
    let (at, part) = (literal.at, literal.part);
    if literal.by_name {
        return Some((TextRange::new(part.start(), at.end()), format!("env:{name}")));
    }
    match literal.quote {
        Quote::Double => Some((at, format!("${{{name}}}"))),
        Quote::None => Some((at, format!("\"${{{name}}}\""))),
        Quote::Single => {
            let quoted = |at: TextRange| slice(text, at) == "'";
            let opens =
                at.start() == part.start() && part.start() >= one && quoted(TextRange::at(part.start() - one, one));
            let closes = at.end() == part.end() && quoted(TextRange::at(part.end(), one));
            let start = if opens { at.start() - one } else { at.start() };
            let end = if closes { at.end() + one } else { at.end() };
            let (before, after) = (if opens { "" } else { "'" }, if closes { "" } else { "'" });
            Some((TextRange::new(start, end), format!("{before}\"${{{name}}}\"{after}")))
        }
        Quote::Ansi => None,
    }
}

/// Why the value would be kept even if it came from a mount.
fn keeps(shell: &ShellText, literal: &Literal) -> Option<String> {
    let commands = shell.script.commands();
    let context = commands.iter().find(|context| context.command.range == literal.command)?;
    let command = context.command;
    let words: Vec<Option<String>> =
        command.words.iter().skip(command.effective().index).map(|word: &Word| Some(word.lossy())).collect();
    if let Some(kept) = tools::persists(&words) {
        return Some(format!("the command writes it to {}", kept.place_and_remedy()));
    }
    let prints = matches!(command.effective_name().as_deref(), Some("echo" | "printf" | "cat" | "tee" | "sed"));
    let elsewhere = context.pipeline.is_some() || context.depth > 0 || writes(command);
    let nested = matches!(command.effective_name().as_deref(), Some("sh" | "bash" | "su" | "eval"));
    if nested {
        return Some("it stands in the text of another shell".to_owned());
    }
    (prints && elsewhere).then(|| "the command writes it into a file or hands it on".to_owned())
}

fn writes(command: &Command) -> bool {
    command.redirects.iter().any(|redirect| matches!(redirect.kind, RedirectKind::Write | RedirectKind::Append))
}
