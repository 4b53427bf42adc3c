use super::{Heredoc, Instruction, JsonString, joined};
use crate::source::{TextRange, range};
use crate::syntax::dockerfile::lex::heredoc;
use crate::syntax::dockerfile::{Keyword, SyntaxKind};
use crate::syntax::view::{Quoting, View};

/// What a `RUN` hands to whom (BuildKit: `frontend/dockerfile/dockerfile2llb/convert.go`, `dispatchRun`).
#[derive(Debug, Clone)]
pub enum RunScript {
    /// One line of shell text.
    Shell(View),
    /// The JSON form: a program and its arguments, no shell.
    Exec(Vec<JsonString>),
    /// The whole command is one heredoc word: the body is the script, no matter how the word is quoted.
    Body {
        /// The body as it is run, leading tabs dropped where `<<-` says so.
        view: View,
        /// What stands behind `#!` at its very beginning: BuildKit makes the body a file and runs that.
        interpreter: Option<String>,
        /// The heredoc.
        heredoc: Heredoc,
    },
    /// Shell text with heredocs that the shell itself reads: the line, the bodies and their terminators.
    ShellWithHeredocs {
        /// The whole text. Tabs before `<<-` bodies are still there; the shell drops them.
        view: View,
    },
}

pub(super) fn shell(instruction: &Instruction) -> Option<View> {
    let keyword = instruction.keyword()?;
    let takes_shell = matches!(keyword, Keyword::Run | Keyword::Cmd | Keyword::Entrypoint);
    if instruction.json_node().is_some() || !(takes_shell || keyword == Keyword::Healthcheck) {
        return None;
    }
    match instruction.nodes(SyntaxKind::Shell).next() {
        Some(node) => Some(joined::node(&node)),
        None => takes_shell.then(|| View::new(Quoting::Line)),
    }
}

pub(super) fn read(instruction: &Instruction) -> RunScript {
    if let Some(strings) = instruction.json() {
        return RunScript::Exec(strings);
    }
    let view = shell(instruction).unwrap_or_else(|| View::new(Quoting::Line));
    let heredocs = instruction.heredocs();
    let Some(first) = heredocs.first() else { return RunScript::Shell(view) };
    if heredoc::parse(view.text()).is_some() {
        let view = body(instruction, first);
        let interpreter = view.text().strip_prefix("#!").and_then(|line| line.lines().next());
        let interpreter = interpreter.map(|line| line.trim().to_owned());
        return RunScript::Body { view, interpreter, heredoc: first.clone() };
    }
    RunScript::ShellWithHeredocs { view: with_bodies(instruction, view, &heredocs) }
}

fn text(instruction: &Instruction, at: TextRange) -> String {
    let outer = instruction.outermost();
    let inside = at - outer.range().start();
    outer.syntax().text().slice(inside).to_string()
}

fn body(instruction: &Instruction, heredoc: &Heredoc) -> View {
    let text = text(instruction, heredoc.body_range);
    let mut view = View::new(Quoting::Lines);
    let mut at = usize::from(heredoc.body_range.start());
    for line in text.split_inclusive('\n') {
        let kept = if heredoc.strip_tabs { line.trim_start_matches('\t') } else { line };
        view.push(kept, range(at + line.len() - kept.len(), at + line.len()));
        at += line.len();
    }
    view
}

fn with_bodies(instruction: &Instruction, line: View, heredocs: &[Heredoc]) -> View {
    let mut view = line;
    let mut line_break = instruction.outermost().text_range().end();
    for heredoc in heredocs {
        view.push("\n", TextRange::new(line_break, heredoc.body_range.start()));
        view.push(&text(instruction, heredoc.body_range), heredoc.body_range);
        view.push(&heredoc.name, heredoc.terminator_range);
        line_break = heredoc.terminator_range.end();
    }
    view
}
