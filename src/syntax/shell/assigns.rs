//! Where a script gives variables their values.

use super::walk::{Event, walk};
use super::{Command, Compound, CompoundKind, Part, PartKind, Quote, Script, Word};
use crate::source::{TextRange, range};

/// How a variable gets or loses its value.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum AssignKind {
    /// `X=1 command`: in the environment of that command only; its own words still see the old value (POSIX 2.9.1).
    Command,
    /// `X=1` alone, or inside `((…))`.
    Shell,
    /// `export X`, `export X=1`, `declare -x`.
    Export,
    /// `local`, `readonly`, `declare`, `typeset` with or without a value.
    Declare,
    /// `read X`, `readarray X`, `mapfile X`, `printf -v X`, `getopts … X`.
    Read,
    /// `for X in …`, `select X`.
    Loop,
    /// `${X:=word}` and `${X=word}`.
    Default,
    /// `unset X`
    Unset,
}

/// One place that changes a variable.
#[derive(Debug, Clone)]
pub struct Assign<'s> {
    /// The variable.
    pub name: String,
    /// Where its name stands.
    pub name_range: TextRange,
    /// How it changes.
    pub kind: AssignKind,
    /// The word that holds the value and begins with `NAME=` where the assignment is an operand (`export X=1`); the bare
    /// value for `X=1` and `${X:=1}`; `None` where there is no value in the text.
    pub value: Option<&'s Word>,
    /// The command that it belongs to; `None` for loops, defaults and arithmetic.
    pub command: Option<&'s Command>,
}

impl Script {
    /// Every place that gives `name` a value or takes it away, in text order.
    #[must_use]
    pub fn assigns(&self, name: &str) -> Vec<Assign<'_>> {
        let mut all = self.all_assigns();
        all.retain(|assign| assign.name == name);
        all
    }

    /// Every place that gives any variable a value or takes it away, in text order.
    #[must_use]
    pub fn all_assigns(&self) -> Vec<Assign<'_>> {
        let mut found = Vec::new();
        walk(self, &mut |event| match event {
            Event::Command(context) => of_command(context.command, &mut found),
            Event::Compound(compound) => found.extend(of_loop(compound)),
            Event::Substitution(_) => {}
            Event::Variable(usage) => {
                let operator = usage.variable.operator.as_deref();
                if matches!(operator, Some("=" | ":=")) {
                    let value = usage.variable.operand.as_deref();
                    let kind = if value.is_some() { AssignKind::Default } else { AssignKind::Shell };
                    let name = usage.variable.name.clone();
                    found.push(Assign { name, name_range: usage.variable.name_range, kind, value, command: None });
                }
            }
        });
        found.sort_by_key(|assign| assign.name_range.start());
        found
    }
}

fn of_loop(compound: &Compound) -> Option<Assign<'_>> {
    if compound.kind != CompoundKind::For {
        return None;
    }
    let (name, name_range) = (compound.name.clone()?, compound.name_range?);
    Some(Assign { name, name_range, kind: AssignKind::Loop, value: None, command: None })
}

fn of_command<'s>(command: &'s Command, found: &mut Vec<Assign<'s>>) {
    let kind = if command.words.is_empty() { AssignKind::Shell } else { AssignKind::Command };
    found.extend(command.assignments.iter().map(|assignment| Assign {
        name: assignment.name.clone(),
        name_range: assignment.name_range,
        kind,
        value: Some(&assignment.value),
        command: Some(command),
    }));
    let Some(kind) = operand_kind(command) else { return };
    for word in operands(command) {
        let Some((name, name_range)) = leading_name(word) else { continue };
        let value = (name.len() < word.lossy().len()).then_some(word);
        found.push(Assign { name, name_range, kind, value, command: Some(command) });
    }
}

/// What the operands of a command that names variables do to them.
fn operand_kind(command: &Command) -> Option<AssignKind> {
    Some(match command.name()?.as_str() {
        "export" => AssignKind::Export,
        "declare" | "typeset" if has_flag(command, 'x') => AssignKind::Export,
        "local" | "readonly" | "declare" | "typeset" => AssignKind::Declare,
        "read" | "readarray" | "mapfile" | "getopts" | "printf" => AssignKind::Read,
        "unset" if !has_flag(command, 'f') => AssignKind::Unset,
        _ => return None,
    })
}

fn has_flag(command: &Command, letter: char) -> bool {
    let flags = command.arguments().iter().filter_map(Word::literal);
    flags.into_iter().any(|flag| flag.starts_with('-') && !flag.starts_with("--") && flag.contains(letter))
}

/// The words of a command that name variables.
fn operands(command: &Command) -> Vec<&Word> {
    let arguments = command.arguments();
    let literal = |index: usize| arguments.get(index).and_then(Word::literal);
    match command.name().as_deref() {
        Some("printf") if literal(0).as_deref() == Some("-v") => arguments.iter().skip(1).take(1).collect(),
        Some("printf") => Vec::new(),
        Some("getopts") => arguments.iter().skip(1).take(1).collect(),
        Some("read") => behind_flags(arguments, "adinNptu"),
        Some("readarray" | "mapfile") => behind_flags(arguments, "dnOsuCc"),
        _ => behind_flags(arguments, ""),
    }
}

/// The operands behind the flags; `with_value` are the letters of flags that take the next word. The value of `read -a`
/// is a variable itself.
fn behind_flags<'s>(arguments: &'s [Word], with_value: &str) -> Vec<&'s Word> {
    let mut operands = Vec::new();
    let mut skip = false;
    for word in arguments {
        let text = word.lossy();
        if std::mem::take(&mut skip) {
            continue;
        }
        if let Some(letters) = text.strip_prefix('-').filter(|_| operands.is_empty()) {
            let last = letters.chars().last();
            skip = last.is_some_and(|last| last != 'a' && with_value.contains(last));
        } else {
            operands.push(word);
        }
    }
    operands
}

/// The name at the beginning of `NAME`, `NAME=value` or `NAME+=value`, and where it stands.
fn leading_name(word: &Word) -> Option<(String, TextRange)> {
    let Part { range: at, kind: PartKind::Text(text), quote } = word.parts.first()? else { return None };
    let end = text.find(|char: char| !char.is_ascii_alphanumeric() && char != '_').unwrap_or(text.len());
    let (name, rest) = text.split_at(end);
    let whole = rest.is_empty() && word.parts.len() == 1;
    let assigned = ["=", "+=", "["].iter().any(|operator| rest.starts_with(operator));
    if name.is_empty() || name.starts_with(|char: char| char.is_ascii_digit()) || !(whole || assigned) {
        return None;
    }
    // In `$'…'` the written text may be longer than the value.
    let start = usize::from(at.start());
    let exact = *quote != Quote::Ansi || text.len() == usize::from(at.len());
    Some((name.to_owned(), if exact { range(start, start + end) } else { *at }))
}
