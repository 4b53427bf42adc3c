//! One traversal of a script that everything else is built on: commands and words in their context.

use super::{
    Body, Command, Compound, CompoundKind, Item, Node, Operator, Part, PartKind, Redirect, Script, Variable, Word,
};
use crate::source::TextRange;

/// A simple command and where it stands.
#[derive(Debug, Clone, Copy)]
pub struct CommandContext<'s> {
    /// The command.
    pub command: &'s Command,
    /// How many compounds and substitutions are around it; zero at the top.
    pub depth: usize,
    /// Whether its exit status is asked by an `if`, `while` or `until`, so that its failure stops nothing.
    pub in_condition: bool,
    /// Whether it runs inside `$(…)`, backquotes or `<(…)`.
    pub in_substitution: bool,
    /// Whether it is part of a function's body, which runs only where the function is called.
    pub in_function: bool,
    /// Whether a successful run of the script may leave it out: behind `||`, before a later `||`, in a branch, a loop
    /// or a function.
    pub optional: bool,
    /// Which of [`Script::items`] of the outermost script it belongs to, from zero.
    pub top_level_item: usize,
    /// Its place from zero and the number of members, if it is a member of a pipeline.
    pub pipeline: Option<(usize, usize)>,
}

/// One expansion of a variable.
#[derive(Debug, Clone, Copy)]
pub struct VariableUse<'s> {
    /// What is expanded.
    pub variable: &'s Variable,
    /// How it is quoted; the body of a heredoc and arithmetic count as double quotes, because nothing is split there.
    pub quote: super::Quote,
    /// All of the expansion, `$` and braces included; the bare name in arithmetic.
    pub range: TextRange,
}

/// What a traversal meets.
#[derive(Debug, Clone, Copy)]
pub(super) enum Event<'s> {
    Command(CommandContext<'s>),
    Compound(&'s Compound),
    Substitution(&'s Script),
    Variable(VariableUse<'s>),
}

#[derive(Debug, Clone, Copy, Default)]
struct Place {
    depth: usize,
    in_condition: bool,
    in_substitution: bool,
    in_function: bool,
    optional: bool,
    top_level_item: usize,
    pipeline: Option<(usize, usize)>,
}

impl Script {
    /// Every simple command, also inside substitutions, pipelines, compounds and functions, in text order.
    #[must_use]
    pub fn commands(&self) -> Vec<CommandContext<'_>> {
        let mut commands = Vec::new();
        walk(self, &mut |event| {
            if let Event::Command(context) = event {
                commands.push(context);
            }
        });
        commands.sort_by_key(|context| context.command.range.start());
        commands
    }

    /// What runs inside of `$(…)`, backquotes, `<(…)` or `>(…)`, the outer ones before those in them.
    #[must_use]
    pub fn substitutions(&self) -> Vec<&Script> {
        let mut scripts = Vec::new();
        walk(self, &mut |event| {
            if let Event::Substitution(script) = event {
                scripts.push(script);
            }
        });
        scripts
    }

    /// Every expansion of a variable, also in heredoc bodies, operands, arithmetic and substitutions, in text order.
    #[must_use]
    pub fn variables(&self) -> Vec<VariableUse<'_>> {
        let mut variables = Vec::new();
        walk(self, &mut |event| {
            if let Event::Variable(variable) = event {
                variables.push(variable);
            }
        });
        variables.sort_by_key(|variable| variable.range.start());
        variables
    }

    /// The expansions of one variable, in text order.
    #[must_use]
    pub fn uses(&self, name: &str) -> Vec<VariableUse<'_>> {
        let mut uses = self.variables();
        uses.retain(|variable| variable.variable.name == name);
        uses
    }
}

/// Calls `visit` for everything in a script, outer before inner.
pub(super) fn walk<'s>(script: &'s Script, visit: &mut dyn FnMut(Event<'s>)) {
    for (index, chain) in chains(&script.items) {
        items(chain, Place { top_level_item: index, ..Place::default() }, true, visit);
    }
}

/// Calls `visit` for the variables of a word.
pub(super) fn walk_word<'s>(word: &'s Word, visit: &mut dyn FnMut(Event<'s>)) {
    parts(&word.parts, Place::default(), visit);
}

/// The and-or lists of a sequence, each with the index of its first item.
fn chains(items: &[Item]) -> impl Iterator<Item = (usize, &[Item])> {
    let mut index = 0;
    let split = items.split_inclusive(|item| !matches!(item.operator, Some((Operator::And | Operator::Or, _))));
    split.map(move |chain| {
        let first = index;
        index += chain.len();
        (first, chain)
    })
}

fn sequence<'s>(all: &'s [Item], place: Place, visit: &mut dyn FnMut(Event<'s>)) {
    for (_, chain) in chains(all) {
        items(chain, place, false, visit);
    }
}

/// One and-or list. `top` means that the places count from the first item's index on.
fn items<'s>(chain: &'s [Item], place: Place, top: bool, visit: &mut dyn FnMut(Event<'s>)) {
    let is_or = |item: &Item| matches!(item.operator, Some((Operator::Or, _)));
    for (index, item) in chain.iter().enumerate() {
        let behind_or = index.checked_sub(1).and_then(|before| chain.get(before)).is_some_and(is_or);
        let may_be_skipped = index > 0 && (behind_or || chain.iter().skip(index).any(is_or));
        let mut place = place;
        place.optional |= may_be_skipped;
        place.top_level_item += if top { index } else { 0 };
        node(&item.node, place, visit);
    }
}

fn node<'s>(part: &'s Node, place: Place, visit: &mut dyn FnMut(Event<'s>)) {
    match part {
        Node::Command(it) => command(it, place, visit),
        Node::Pipeline(members) => {
            for (index, member) in members.iter().enumerate() {
                node(&member.node, Place { pipeline: Some((index, members.len())), ..place }, visit);
            }
        }
        Node::Compound(it) => compound(it, place, visit),
    }
}

fn command<'s>(command: &'s Command, place: Place, visit: &mut dyn FnMut(Event<'s>)) {
    let Place { depth, in_condition, in_substitution, in_function, optional, top_level_item, pipeline } = place;
    visit(Event::Command(CommandContext {
        command,
        depth,
        in_condition,
        in_substitution,
        in_function,
        optional,
        top_level_item,
        pipeline,
    }));
    for assignment in &command.assignments {
        parts(&assignment.value.parts, place, visit);
    }
    for word in &command.words {
        parts(&word.parts, place, visit);
    }
    redirects(&command.redirects, place, visit);
}

fn redirects<'s>(all: &'s [Redirect], place: Place, visit: &mut dyn FnMut(Event<'s>)) {
    for redirect in all {
        // The delimiter of a heredoc is not expanded.
        match &redirect.heredoc {
            Some(body) => parts(&body.parts, place, visit),
            None => parts(&redirect.target.parts, place, visit),
        }
    }
}

fn compound<'s>(compound: &'s Compound, place: Place, visit: &mut dyn FnMut(Event<'s>)) {
    visit(Event::Compound(compound));
    for word in &compound.words {
        parts(&word.parts, place, visit);
    }
    redirects(&compound.redirects, place, visit);
    for (index, body) in compound.bodies.iter().enumerate() {
        sequence(&body.items, inside(compound, index, body, place), visit);
    }
}

/// The place of a compound's body.
fn inside(compound: &Compound, index: usize, body: &Body, place: Place) -> Place {
    let certain = match compound.kind {
        CompoundKind::Subshell | CompoundKind::Group | CompoundKind::Test | CompoundKind::Other => true,
        CompoundKind::If | CompoundKind::While => index == 0,
        CompoundKind::For | CompoundKind::Case | CompoundKind::Function => false,
    };
    Place {
        depth: place.depth + 1,
        in_condition: place.in_condition || body.condition,
        in_function: place.in_function || compound.kind == CompoundKind::Function,
        optional: place.optional || !certain,
        pipeline: None,
        ..place
    }
}

fn parts<'s>(all: &'s [Part], place: Place, visit: &mut dyn FnMut(Event<'s>)) {
    for part in all {
        match &part.kind {
            PartKind::Text(_) | PartKind::Other(_) => {}
            PartKind::Variable(variable) => {
                visit(Event::Variable(VariableUse { variable, quote: part.quote, range: part.range }));
                if let Some(operand) = &variable.operand {
                    parts(&operand.parts, place, visit);
                }
            }
            PartKind::Command(script) | PartKind::Process(script) => {
                visit(Event::Substitution(script));
                let depth = place.depth + 1;
                sequence(&script.items, Place { depth, in_substitution: true, pipeline: None, ..place }, visit);
            }
            PartKind::Arithmetic(word) => parts(&word.parts, place, visit),
        }
    }
}

/// Calls `visit` for the redirections of a node and of everything in it, those of substitutions left off.
pub(super) fn redirects_of<'s>(part: &'s Node, visit: &mut dyn FnMut(&'s Redirect)) {
    match part {
        Node::Command(command) => command.redirects.iter().for_each(visit),
        Node::Pipeline(members) => members.iter().for_each(|member| redirects_of(&member.node, visit)),
        Node::Compound(compound) => {
            compound.redirects.iter().for_each(&mut *visit);
            let items = compound.bodies.iter().flat_map(|body| &body.items);
            items.for_each(|item| redirects_of(&item.node, visit));
        }
    }
}
