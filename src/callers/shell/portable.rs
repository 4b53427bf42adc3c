//! Which values can move from the place where options are collected to the command that takes them.

use super::super::command::is_name;
use super::Site;
use super::found::Found;
use crate::source::{TextRange, TextSize};
use crate::syntax::shell::{Item, Node, Operator, PartKind, Word, parse};

/// Why a value has to stay where it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Bound {
    /// It may read something else in front of the command: parameters, the output of a command.
    ToItsPlace,
    /// It stops the script where a variable is missing, and not every build comes past it.
    ToItsBranch,
}

/// Whether `word`, which stands at `at` in the script of `found`, can be written in front of the command instead.
pub(super) fn is_portable(site: &Site<'_>, found: &Found, word: &Word, at: TextRange) -> Result<(), Bound> {
    if !reads_the_same(word) {
        return Err(Bound::ToItsPlace);
    }
    if !is_guarded(word) {
        return Ok(());
    }
    let script = parse(found.view.text(), site.dialect);
    let first = list_of(&script.items, at).is_some_and(|list| holds(list, found.prefix));
    if first { Ok(()) } else { Err(Bound::ToItsBranch) }
}

/// Whether it is text and variables, no parameters, no commands. A guard (`${V:?}`) stops the script in another place as
/// well, only later.
fn reads_the_same(word: &Word) -> bool {
    word.parts.iter().all(|part| match &part.kind {
        PartKind::Text(_) => true,
        PartKind::Variable(variable) => {
            let guard = matches!(variable.operator.as_deref(), Some("?" | ":?"));
            let plain = variable.operator.is_none() || guard && variable.operand.as_deref().is_none_or(reads_the_same);
            plain && is_name(&variable.name)
        }
        _ => false,
    })
}

fn is_guarded(word: &Word) -> bool {
    word.parts.iter().any(|part| matches!(&part.kind, PartKind::Variable(variable) if variable.operator.is_some()))
}

/// The list in which the command at `at` runs whenever the list does. `None` behind `&&` or `||` and in a pipeline.
fn list_of(items: &[Item], at: TextRange) -> Option<&[Item]> {
    let index = items.iter().position(|item| item.range.contains_range(at))?;
    match &items.get(index)?.node {
        Node::Command(_) => {
            let before = index.checked_sub(1).and_then(|before| items.get(before)?.operator);
            let joined = before.is_some_and(|(operator, _)| matches!(operator, Operator::And | Operator::Or));
            (!joined).then_some(items)
        }
        Node::Compound(compound) => compound.bodies.iter().find_map(|body| list_of(&body.items, at)),
        Node::Pipeline(_) => None,
    }
}

fn holds(list: &[Item], place: TextSize) -> bool {
    let (Some(first), Some(last)) = (list.first(), list.last()) else { return false };
    first.range.cover(last.range).contains_inclusive(place)
}
