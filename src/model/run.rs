use crate::source::TextRange;
use crate::syntax::dockerfile::{self as tree, RunScript};
use crate::syntax::shell::{self, Command, PartKind, Script, Word};
use crate::syntax::view::View;

use super::dockerfile::Interpreter;

/// What a RUN runs.
#[derive(Debug)]
pub struct Run {
    /// In which form it is written.
    pub form: Form,
    /// Its shell texts: the command itself first, then what it hands to other shells (`sh -c '…'`). Empty where no
    /// shell that is understood gets a text.
    pub shells: Vec<ShellText>,
    /// All that it runs as one text, for finding a name in places that no parser sees (`printenv NAME`, Python).
    pub text: String,
    /// The targets of its `tmpfs` mounts: what is written there is gone after it (BuildKit, `RUN --mount=type=tmpfs`).
    pub temporary: Vec<String>,
}

/// How a RUN is written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Form {
    /// A line for the shell.
    Shell,
    /// A line for the shell with heredocs in it.
    ShellWithHeredocs,
    /// One heredoc that is the script; the interpreter of its `#!` line, if it has one.
    Body(Option<String>),
    /// `["program", "argument"]`: no shell.
    Exec(Vec<String>),
    /// Text for PowerShell, cmd or another shell that is not understood.
    Foreign,
}

/// A text that a shell runs, parsed.
#[derive(Debug)]
pub struct ShellText {
    /// The text with its way back to the file; `None` where it can't be edited in place (an exec form's argument).
    pub view: Option<View>,
    /// What it says.
    pub script: Script,
}

impl Run {
    /// Reads a RUN whose shell text goes to `interpreter`.
    #[must_use]
    pub fn new(instruction: &tree::Instruction, interpreter: Interpreter) -> Self {
        let mounts = instruction.flags().into_iter().filter_map(|flag| flag.mount());
        let target = |mount: &tree::Mount| {
            ["target", "dst", "destination"].iter().find_map(|key| mount.get(key)).map(str::to_owned)
        };
        let temporary = mounts.filter(|mount| mount.kind == "tmpfs").filter_map(|mount| target(&mount)).collect();
        Self { temporary, ..Self::of_instruction(instruction, interpreter) }
    }

    fn of_instruction(instruction: &tree::Instruction, interpreter: Interpreter) -> Self {
        match instruction.script() {
            RunScript::Shell(view) => Self::of_view(view, Form::Shell, interpreter),
            RunScript::ShellWithHeredocs { view } => Self::of_view(view, Form::ShellWithHeredocs, interpreter),
            RunScript::Body { view, interpreter: program, .. } => {
                let interpreter = match &program {
                    Some(program) => shell::dialect_of(program).map_or(Interpreter::Other, Interpreter::Shell),
                    None => interpreter,
                };
                Self::of_view(view, Form::Body(program), interpreter)
            }
            RunScript::Exec(strings) => Self::of_exec(strings.into_iter().map(|string| string.value).collect()),
        }
    }

    /// A script of its own, which a shell runs; its places are those of the file that holds it.
    pub(super) fn of_script(view: View) -> Self {
        Self::of_view(view, Form::Shell, Interpreter::Shell(shell::Dialect::Bash))
    }

    fn of_view(view: View, form: Form, interpreter: Interpreter) -> Self {
        let text = view.text().to_owned();
        let Interpreter::Shell(dialect) = interpreter else {
            let form = if matches!(form, Form::Body(Some(_))) { form } else { Form::Foreign };
            return Self { form, shells: Vec::new(), text, temporary: Vec::new() };
        };
        let mut shells = vec![ShellText { script: shell::parse(view.text(), dialect), view: Some(view) }];
        add_nested(&mut shells);
        Self { form, shells, text, temporary: Vec::new() }
    }

    fn of_exec(arguments: Vec<String>) -> Self {
        let text = arguments.join("\n");
        let inner = match arguments.as_slice() {
            [program, flags @ .., script] if flags.iter().any(|flag| flag.starts_with('-') && flag.ends_with('c')) => {
                shell::dialect_of(program).map(|dialect| shell::parse(script, dialect))
            }
            _ => None,
        };
        let shells = inner.into_iter().map(|script| ShellText { view: None, script }).collect();
        Self { form: Form::Exec(arguments), shells, text, temporary: Vec::new() }
    }

    /// Every simple command of all its shell texts.
    pub fn commands(&self) -> impl Iterator<Item = &Command> {
        self.shells.iter().flat_map(|shell| shell.script.commands().into_iter().map(|context| context.command))
    }

    /// Whether all its shell texts were parsed without an error.
    #[must_use]
    pub fn is_understood(&self) -> bool {
        !matches!(self.form, Form::Foreign) && self.shells.iter().all(|shell| shell.script.clean)
    }

    /// Whether `name` stands anywhere in what it runs, as a whole word.
    #[must_use]
    pub fn mentions(&self, name: &str) -> bool {
        mentions(&self.text, name)
    }

    /// Whether it tells an unset variable from an empty one: `${X-…}`, `${X+…}`, `${X?…}`, `[ -v X ]`.
    #[must_use]
    pub fn tests_unset(&self, name: &str) -> bool {
        let operators = self.shells.iter().flat_map(|shell| shell.script.uses(name));
        let distinguishes = |operator: &str| matches!(operator.chars().next(), Some('-' | '+' | '?' | '='));
        operators.into_iter().any(|found| found.variable.operator.as_deref().is_some_and(distinguishes))
            || self.text.contains(&format!("-v {name}"))
    }

    /// The range in the file of a range of its first shell text.
    #[must_use]
    pub fn place(&self, at: TextRange) -> Option<TextRange> {
        self.shells.first()?.view.as_ref()?.host_range(at)
    }
}

/// The variable that an operand of `export`, `local` or `declare` assigns: `X` of `X=$Y`.
pub(super) fn assigned_name(word: &Word) -> Option<String> {
    let PartKind::Text(text) = &word.parts.first()?.kind else { return None };
    let (name, _) = text.split_once('=')?;
    let valid = !name.is_empty() && name.chars().all(|char| char.is_ascii_alphanumeric() || char == '_');
    valid.then(|| name.to_owned())
}

fn add_nested(shells: &mut Vec<ShellText>) {
    let mut index = 0;
    // A script that nests deeper than this is not written by hand.
    const MOST_SHELLS: usize = 32;
    while index < shells.len() && shells.len() < MOST_SHELLS {
        let Some(view) = &shells[index].view else { break };
        let nested: Vec<ShellText> = shells[index]
            .script
            .commands()
            .into_iter()
            .filter_map(|context| shell::nested(view.text(), view, context.command))
            .map(|nested| ShellText { script: nested.script(), view: Some(nested.view) })
            .collect();
        shells.extend(nested);
        index += 1;
    }
}

/// Whether `name` stands in `text` as a whole word: not as a part of a longer name.
#[must_use]
pub fn mentions(text: &str, name: &str) -> bool {
    mention_offsets(text, name).next().is_some()
}

/// Where `name` stands in `text` as a whole word.
pub(super) fn mention_offsets<'t>(text: &'t str, name: &'t str) -> impl Iterator<Item = usize> + 't {
    let is_word = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'_';
    let found = text.match_indices(name).filter(move |(at, found)| {
        let before = at.checked_sub(1).and_then(|before| text.as_bytes().get(before));
        let after = text.as_bytes().get(at + found.len());
        !before.copied().is_some_and(is_word) && !after.copied().is_some_and(is_word)
    });
    found.map(|(at, _)| at)
}

#[cfg(test)]
mod tests {
    use super::mentions;

    #[test]
    fn a_name_inside_a_longer_name_is_no_mention() {
        assert!(mentions("npm_$TOKEN", "TOKEN"));
        assert!(!mentions("$NPM_TOKEN $TOKENS", "TOKEN"));
    }
}
