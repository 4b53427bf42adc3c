//! Edits of lists: take a command out, replace a word, put a command in front.
//!
//! An edit is decided on the view, where the meaning is, and laid out in the host, where the lines are: a command that
//! has continued lines to itself takes them with it, and a comment between them stays.

mod layout;

use std::fmt;

use super::walk::redirects_of;
use super::{Body, Item, Node, Operator, PartKind, Script, Word};
use crate::source::{Edit, TextRange, range};
use crate::syntax::view::{Seam, View};
use layout::Removal;

/// Why a list can't be edited.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Refusal {
    /// The library could not read all of the script.
    Unclean,
    /// No item of the script has this range.
    NotFound,
    /// It is the only command there; without it nothing would be left to run.
    OnlyCommand,
    /// It is a member of a pipeline, whose neighbours read or feed it.
    Pipeline,
    /// Its exit status is asked by an `if`, `while` or `until`.
    Condition,
    /// It runs when the command in front of it fails.
    Fallback,
    /// Another command runs when it fails.
    HasFallback,
    /// A `!` turns its exit status around.
    Negated,
    /// It or its neighbour runs in the background.
    Background,
    /// It has a heredoc with a body between its own lines.
    Heredoc,
    /// A comment of the host stands in the middle of it.
    Comment,
    /// It begins or ends inside an escape of the host.
    InsideEscape,
    /// The new text can't be written in this place of the host.
    Unwritable,
}

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Unclean => "the script could not be read completely",
            Self::NotFound => "the command is not part of the script",
            Self::OnlyCommand => "it is the only command there",
            Self::Pipeline => "it is part of a pipeline",
            Self::Condition => "its exit status decides what runs",
            Self::Fallback => "it runs when the command in front of it fails",
            Self::HasFallback => "another command runs when it fails",
            Self::Negated => "its exit status is turned around",
            Self::Background => "it or the command in front of it runs in the background",
            Self::Heredoc => "it reads a here-document",
            Self::Comment => "a comment stands in the middle of it",
            Self::InsideEscape => "it begins or ends inside an escape",
            Self::Unwritable => "the new text cannot be written there",
        })
    }
}

impl std::error::Error for Refusal {}

impl From<Seam> for Refusal {
    fn from(seam: Seam) -> Self {
        match seam {
            Seam::InsideEscape => Self::InsideEscape,
            Seam::Comment => Self::Comment,
            Seam::Unwritable => Self::Unwritable,
        }
    }
}

/// Which neighbour's operator goes with a removed item.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Join {
    /// The operator in front of it.
    Before,
    /// The operator behind it.
    After,
}

/// Takes the item with range `at` (as in [`Item::range`], bytes of the view) out of its list, with one of the operators
/// beside it and the bodies of its heredocs. `host` is the text of the file that the view maps to.
///
/// The rest keeps its meaning for the case that the removed command succeeds, as it does in a build that works. One
/// thing may change: without the last command of `a; b`, a failure of `a` is a failure of the whole.
///
/// # Errors
/// A [`Refusal`] where the rest would mean something else, or where the host can't be edited.
pub fn remove_item(host: &str, view: &View, script: &Script, at: TextRange) -> Result<Vec<Edit>, Refusal> {
    if !script.clean {
        return Err(Refusal::Unclean);
    }
    let Place { list, index, condition, pipeline } = find(&script.items, at, false).ok_or(Refusal::NotFound)?;
    let item = list.get(index).ok_or(Refusal::NotFound)?;
    check(item, condition, pipeline)?;
    let before = index.checked_sub(1).and_then(|before| list.get(before));
    if matches!(operator(before), Some((Operator::Or, _))) {
        return Err(Refusal::Fallback);
    }
    let (last, item_range) = with_harmless_fallback(list, index)?;
    let after = list.get(last + 1);
    if before.is_none() && after.is_none() {
        return Err(Refusal::OnlyCommand);
    }
    let removal = Removal { host, view, before, item: item_range, operator: operator(list.get(last)), after };
    let joins = joins(operator(before), removal.operator, after.is_some())?;
    let mut edits = removal.edits(&joins)?;
    if let Some(heredocs) = heredocs_of(view.text(), item) {
        let bodies = view.edit(heredocs, "")?;
        if edits.iter().any(|edit| edit.range().end() > bodies.range().start()) {
            return Err(Refusal::Heredoc);
        }
        edits.push(bodies);
    }
    Ok(edits)
}

/// Where the bodies of the item's heredocs stand, with the lines that end them. Those of one command follow one another.
fn heredocs_of(text: &str, item: &Item) -> Option<TextRange> {
    let mut all: Option<TextRange> = None;
    redirects_of(&item.node, &mut |redirect| {
        let body = redirect.heredoc.as_ref().map(|body| body.range);
        all = all.map_or(body, |all| Some(body.map_or(all, |body| all.cover(body))));
    });
    let (start, body_end) = all.map(|all| (usize::from(all.start()), usize::from(all.end())))?;
    let newline = text.get(body_end..)?.find('\n').map(|at| body_end + at + 1);
    // The last line has no line feed behind it in a `RUN`: the one in front goes.
    Some(newline.map_or(range(start.saturating_sub(1), text.len()), |end| range(start, end)))
}

/// Replaces the text of `at`, a word or a part of one, in bytes of the view.
///
/// # Errors
/// A [`Refusal`] where the place can't be edited or the host can't hold the text.
pub fn replace_word(view: &View, at: TextRange, text: &str) -> Result<Edit, Refusal> {
    Ok(view.edit(at, text)?)
}

/// Puts `text`, with its operator and blank (`set -e; `), in front of an item.
///
/// # Errors
/// A [`Refusal`] where the place can't be edited or the host can't hold the text.
pub fn insert_before(view: &View, item: &Item, text: &str) -> Result<Edit, Refusal> {
    Ok(view.insert_in_front(item.range.start(), text)?)
}

/// Where an item stands.
struct Place<'s> {
    list: &'s [Item],
    index: usize,
    condition: bool,
    pipeline: bool,
}

/// The outermost item with the range `at`, also in compounds and substitutions.
fn find(list: &[Item], at: TextRange, condition: bool) -> Option<Place<'_>> {
    if let Some(index) = list.iter().position(|item| item.range == at) {
        return Some(Place { list, index, condition, pipeline: false });
    }
    list.iter().find_map(|item| find_in(&item.node, at, condition))
}

fn find_in(node: &Node, at: TextRange, condition: bool) -> Option<Place<'_>> {
    match node {
        Node::Pipeline(members) => find(members, at, condition).map(|place| {
            let pipeline = place.pipeline || std::ptr::eq(place.list, members.as_slice());
            Place { pipeline, ..place }
        }),
        Node::Compound(compound) => {
            let asked = |body: &Body| condition || body.condition;
            let bodies = compound.bodies.iter().find_map(|body| find(&body.items, at, asked(body)));
            bodies.or_else(|| compound.words.iter().find_map(|word| find_in_word(word, at)))
        }
        Node::Command(command) => {
            let values = command.assignments.iter().map(|assignment| &assignment.value);
            let targets = command.redirects.iter().flat_map(|it| [Some(&it.target), it.heredoc.as_ref()]).flatten();
            values.chain(&command.words).chain(targets).find_map(|word| find_in_word(word, at))
        }
    }
}

fn find_in_word(word: &Word, at: TextRange) -> Option<Place<'_>> {
    word.parts.iter().find_map(|part| match &part.kind {
        PartKind::Command(script) | PartKind::Process(script) => find(&script.items, at, false),
        PartKind::Arithmetic(word) => find_in_word(word, at),
        PartKind::Variable(variable) => variable.operand.as_deref().and_then(|word| find_in_word(word, at)),
        PartKind::Text(_) | PartKind::Other(_) => None,
    })
}

fn check(item: &Item, condition: bool, pipeline: bool) -> Result<(), Refusal> {
    match () {
        () if pipeline => Err(Refusal::Pipeline),
        () if condition => Err(Refusal::Condition),
        () if item.negated => Err(Refusal::Negated),
        () => Ok(()),
    }
}

fn operator(item: Option<&Item>) -> Option<(Operator, TextRange)> {
    item.and_then(|item| item.operator)
}

/// The index of the last item to go and the range of all of them: `a || true` goes whole, another fallback needs what
/// it is a fallback of.
fn with_harmless_fallback(list: &[Item], index: usize) -> Result<(usize, TextRange), Refusal> {
    let item = list.get(index).ok_or(Refusal::NotFound)?;
    if !matches!(item.operator, Some((Operator::Or, _))) {
        return Ok((index, item.range));
    }
    let Some(fallback) = list.get(index + 1).filter(|fallback| does_nothing(fallback)) else {
        return Err(Refusal::HasFallback);
    };
    if matches!(fallback.operator, Some((Operator::Or, _))) {
        return Err(Refusal::HasFallback);
    }
    // In `a && b || true` the fallback is also that of `a`.
    let chained = index.checked_sub(1).and_then(|before| list.get(before)).and_then(|before| before.operator);
    if matches!(chained, Some((Operator::And, _))) {
        return Ok((index, item.range));
    }
    Ok((index + 1, item.range.cover(fallback.range)))
}

fn does_nothing(item: &Item) -> bool {
    let Node::Command(command) = &item.node else { return false };
    let nothing = matches!(command.name().as_deref(), Some("true" | ":"));
    nothing && command.words.len() == 1 && !item.negated && command.redirects.is_empty()
}

/// The operators that may go without a change of meaning.
fn joins(
    before: Option<(Operator, TextRange)>,
    after: Option<(Operator, TextRange)>,
    has_next: bool,
) -> Result<Vec<Join>, Refusal> {
    use Operator::{And, Background, Newline, Semicolon};
    let before = before.map(|(operator, _)| operator);
    let after = after.map(|(operator, _)| operator);
    let mut joins = Vec::with_capacity(2);
    let starts_list = matches!(before, None | Some(Semicolon | Newline | Background));
    let ends_list = matches!(after, None | Some(Semicolon | Newline | Background));
    if before == Some(And)
        || (matches!(before, Some(Semicolon | Newline)) && matches!(after, None | Some(Semicolon | Newline)))
    {
        joins.push(Join::Before);
    }
    if has_next && (after == Some(And) || (starts_list && ends_list && after.is_some())) {
        joins.push(Join::After);
    }
    if joins.is_empty() {
        let background = before == Some(Background) || after == Some(Background);
        return Err(if background { Refusal::Background } else { Refusal::HasFallback });
    }
    Ok(joins)
}
