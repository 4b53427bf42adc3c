//! Goes through a script in the order in which it runs and stops at every build.

use std::collections::{BTreeMap, BTreeSet};
use std::rc::Rc;

use super::super::command::{Piece, UNKNOWN};
use super::super::location::absolute;
use super::super::{Build, Surroundings, WrittenFile};
use super::builtin;
use super::expand::Evaluator;
use super::found::{self, Found};
use super::state::{Binding, State};
use super::{Site, embedded, written};
use crate::syntax::shell::{
    Assignment, Command, Compound, CompoundKind, Item, Node, Operator, PartKind, Redirect, Word,
};

/// Functions that call functions are followed this deep.
const DEPTH: usize = 6;

/// One walk through one script.
pub(super) struct Walk<'s> {
    pub(super) site: &'s Site<'s>,
    pub(super) around: &'s dyn Surroundings,
    pub(super) found: Vec<Found>,
    /// Whether all of the text was understood; nothing is edited on the strength of a broken parse.
    pub(super) clean: bool,
    functions: BTreeMap<String, &'s Compound>,
    called: BTreeSet<String>,
    depth: usize,
    /// The simple command in front of the pipe whose output the command that is looked at reads.
    pub(super) feeding: Option<&'s Command>,
    /// The files with a secret that were written until now.
    pub(super) written: Vec<WrittenFile>,
    /// The redirections of the compounds around.
    pub(super) redirects: Vec<&'s Redirect>,
}

impl<'s> Walk<'s> {
    /// Starts where the script starts.
    pub(super) fn new(site: &'s Site<'s>, around: &'s dyn Surroundings, clean: bool) -> Self {
        let (functions, called) = (BTreeMap::new(), BTreeSet::new());
        let (found, written, redirects) = (Vec::new(), Vec::new(), Vec::new());
        Self { site, around, found, clean, functions, called, depth: 0, feeding: None, written, redirects }
    }

    /// Goes through all of it, functions that nobody calls included.
    pub(super) fn run(self, items: &'s [Item]) -> Vec<Found> {
        let state = self.start();
        self.run_from(items, state)
    }

    /// The files with a secret that are there at the end.
    pub(super) fn written_by(mut self, items: &'s [Item]) -> Vec<WrittenFile> {
        let mut state = self.start();
        self.items(items, &mut state);
        self.written
    }

    fn start(&self) -> State {
        let directories = self.site.directories.iter().map(|directory| absolute(directory)).collect();
        State { directories, sourced: self.site.sourced, ..State::default() }
    }

    /// The same for text that runs where another script has got to.
    pub(super) fn run_from(mut self, items: &'s [Item], mut state: State) -> Vec<Found> {
        self.items(items, &mut state);
        let functions: Vec<(String, &Compound)> =
            self.functions.iter().map(|(name, body)| (name.clone(), *body)).collect();
        for (name, body) in functions {
            if self.called.insert(name) {
                self.call(body, &mut state.clone(), None);
            }
        }
        self.found
    }

    fn items(&mut self, items: &'s [Item], state: &mut State) {
        let mut is_conditional = false;
        for item in items {
            let before = is_conditional.then(|| state.clone());
            match &item.node {
                Node::Command(command) => self.command(command, None, state),
                Node::Pipeline(members) => self.pipeline(members, state),
                Node::Compound(compound) => self.compound(compound, state),
            }
            if let Some(before) = before {
                state.doubt_since(&before);
            }
            is_conditional =
                item.operator.is_some_and(|(operator, _)| matches!(operator, Operator::And | Operator::Or));
        }
    }

    /// Each member runs in its own copy of the state.
    fn pipeline(&mut self, members: &'s [Item], state: &State) {
        let mut before = None;
        for member in members {
            let state = &mut state.clone();
            before = match &member.node {
                Node::Command(command) => {
                    self.command(command, before, state);
                    Some(command)
                }
                _ => {
                    self.items(std::slice::from_ref(member), state);
                    None
                }
            };
        }
    }

    fn compound(&mut self, compound: &'s Compound, state: &mut State) {
        self.substitutions(&compound.words, state);
        let outer = self.redirects.len();
        self.redirects.extend(&compound.redirects);
        self.inner(compound, state);
        self.redirects.truncate(outer);
    }

    fn inner(&mut self, compound: &'s Compound, state: &mut State) {
        match compound.kind {
            CompoundKind::Function => {
                if let Some(name) = &compound.name {
                    self.functions.insert(name.clone(), compound);
                }
            }
            CompoundKind::Group => self.bodies(compound, state),
            CompoundKind::Subshell => self.bodies(compound, &mut state.clone()),
            CompoundKind::For => {
                let mut inner = state.clone();
                if let Some(name) = &compound.name {
                    inner.bind(name, self.loop_variable(&compound.words, state));
                }
                self.bodies(compound, &mut inner);
                *state = State::join(vec![state.clone(), inner]).unwrap_or_default();
            }
            _ => self.branches(compound, state),
        }
    }

    fn bodies(&mut self, compound: &'s Compound, state: &mut State) {
        for body in &compound.bodies {
            self.items(&body.items, state);
        }
    }

    /// Runs each body from the same state; afterwards any of them may have run.
    fn branches(&mut self, compound: &'s Compound, state: &mut State) {
        let before = state.clone();
        let mut ends = Vec::new();
        let mut conditions = 0;
        for body in &compound.bodies {
            if body.condition {
                conditions += 1;
                self.items(&body.items, state);
            } else {
                let mut branch = state.clone();
                self.items(&body.items, &mut branch);
                ends.push(branch);
            }
        }
        let exhaustive = compound.kind == CompoundKind::If && ends.len() > conditions;
        if !exhaustive {
            ends.insert(0, state.clone());
        }
        *state = State::join(ends).unwrap_or_default();
        if compound.kind == CompoundKind::While {
            // What its condition sets is set once more when the loop ends.
            state.renew_since(&before);
        }
    }

    fn loop_variable(&self, words: &[Word], state: &State) -> Binding {
        let evaluator = Evaluator { site: self.site, state };
        let mut texts: Vec<String> =
            words.iter().flat_map(|word| evaluator.pieces(word)).flat_map(|piece| piece.texts).collect();
        if texts.is_empty() {
            texts.push(UNKNOWN.to_string());
        }
        super::state::limit(&mut texts);
        Binding::of_texts(texts)
    }

    /// `feeding` is the simple command in front of its pipe.
    fn command(&mut self, command: &'s Command, feeding: Option<&'s Command>, state: &mut State) {
        let values = command.assignments.iter().map(|assignment| &assignment.value);
        self.substitutions(values, state);
        self.substitutions(&command.words, state);
        self.defaults(command.assignments.iter().map(|assignment| &assignment.value), state);
        self.defaults(&command.words, state);
        if command.words.is_empty() {
            command.assignments.iter().for_each(|assignment| assign(self.site, assignment, state));
            return;
        }
        let evaluator = Evaluator { site: self.site, state };
        let pieces: Vec<Piece> = command.words.iter().flat_map(|word| evaluator.pieces(word)).collect();
        written::note(self, command, feeding, state);
        if let Some(found) = embedded::of_variable(self, command, &pieces, state) {
            self.push(found);
            return;
        }
        if builtin::run(self, command, &pieces, state) {
            return;
        }
        let function = pieces.first().and_then(Piece::text).and_then(|name| self.functions.get_key_value(name));
        if let Some((name, body)) = function.map(|(name, body)| (name.clone(), *body)) {
            self.called.insert(name);
            return self.call(body, state, Some(&pieces));
        }
        self.feeding = feeding;
        if let Some(found) = found::build(self, command, &pieces, state) {
            self.push(found);
        } else {
            embedded::look(self, command, state);
        }
    }

    fn push(&mut self, found: Found) {
        let written = self.written.clone();
        self.found.push(Found { build: Build { written, ..found.build }, ..found });
    }

    /// Runs a function's body. `pieces` are the words of the call; without them nobody knows what it is given.
    fn call(&mut self, body: &'s Compound, state: &mut State, pieces: Option<&[Piece]>) {
        if self.depth >= DEPTH {
            return;
        }
        let before = state.enter(parameters());
        if let Some(pieces) = pieces {
            set_parameters(state, pieces.get(1..).unwrap_or_default());
        } else {
            parameters().for_each(|name| state.bind(&name, Binding::unknown()));
        }
        self.depth += 1;
        self.bodies(body, state);
        self.depth -= 1;
        state.leave(&before);
    }

    /// The commands inside `$(…)` run too, in their own copy of the state.
    fn substitutions(&mut self, words: impl IntoIterator<Item = &'s Word>, state: &State) {
        for word in words {
            for part in &word.parts {
                match &part.kind {
                    PartKind::Command(script) | PartKind::Process(script) => {
                        self.items(&script.items, &mut state.clone());
                    }
                    PartKind::Variable(variable) => {
                        self.substitutions(variable.operand.as_deref(), state);
                    }
                    _ => {}
                }
            }
        }
    }

    /// `${NAME:=value}` and `${NAME=value}` give a variable a value that has none, and export it no more than an assignment
    /// does (POSIX.1-2024, XCU 2.6.2).
    fn defaults(&self, words: impl IntoIterator<Item = &'s Word>, state: &mut State) {
        for part in words.into_iter().flat_map(|word| &word.parts) {
            let PartKind::Variable(variable) = &part.kind else { continue };
            self.defaults(variable.operand.as_deref(), state);
            let known = state.bindings.get(&variable.name).is_some_and(|known| known.assigned || known.exported);
            if !known && matches!(variable.operator.as_deref(), Some(":=" | "=")) {
                let evaluator = Evaluator { site: self.site, state };
                let pieces = variable.operand.as_deref().map(|operand| evaluator.fields(operand)).unwrap_or_default();
                let texts = evaluator.texts(&Word { range: part.range, parts: vec![part.clone()] });
                state.bind(&variable.name, Binding { pieces, ..Binding::of_texts(texts) });
            }
        }
    }
}

/// `NAME=value`, `NAME+=value`, `NAME=(…)`.
pub(super) fn assign(site: &Site<'_>, assignment: &Assignment, state: &mut State) {
    let evaluator = Evaluator { site, state };
    let mut binding = match &assignment.elements {
        Some(elements) => Binding {
            pieces: elements.iter().flat_map(|word| evaluator.pieces(word)).map(at_home).collect(),
            array: true,
            ..Binding::of_texts(Vec::new())
        },
        None => scalar(evaluator, &assignment.value),
    };
    if binding.array {
        let texts: Option<Vec<&str>> = binding.pieces.iter().map(Piece::text).collect();
        binding.texts = vec![texts.map_or_else(|| UNKNOWN.to_string(), |texts| texts.join(" "))];
    }
    if assignment.append
        && let Some(old) = state.bindings.get(&assignment.name)
    {
        binding.pieces.splice(0..0, old.pieces.iter().cloned());
        binding.texts = vec![UNKNOWN.to_string()];
        binding.array |= old.array;
    }
    state.bind(&assignment.name, binding);
}

/// The value of `NAME=word`.
pub(super) fn scalar(evaluator: Evaluator<'_>, word: &Word) -> Binding {
    Binding { pieces: evaluator.fields(word), ..Binding::of_texts(evaluator.texts(word)) }
}

fn at_home(piece: Piece) -> Piece {
    Piece { site: piece.word.range, ..piece }
}

/// The names of the positional parameters that are followed.
fn parameters() -> impl Iterator<Item = String> {
    ["@", "*", "#"].into_iter().map(str::to_owned).chain((1..10).map(|number| number.to_string()))
}

/// Sets `$1`, `$2` … and `$@`.
pub(super) fn set_parameters(state: &mut State, pieces: &[Piece]) {
    for name in parameters() {
        let given = name.parse::<usize>().ok().map(|number| pieces.get(number - 1));
        let binding = match given {
            Some(Some(piece)) => Binding { pieces: vec![piece.clone()], ..Binding::of_texts(piece.texts.clone()) },
            Some(None) => Binding::of_texts(vec![String::new()]),
            None if name == "#" => Binding::of_texts(vec![pieces.len().to_string()]),
            None => Binding {
                pieces: pieces.to_vec(),
                array: true,
                ..Binding::of_texts(vec![if pieces.is_empty() { String::new() } else { UNKNOWN.to_string() }])
            },
        };
        Rc::make_mut(&mut state.bindings).insert(name, binding);
    }
}

/// The command's name, where it is fixed.
pub(super) fn name(command: &Command) -> Option<String> {
    command.words.first().and_then(Word::literal)
}
