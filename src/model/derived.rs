//! The variables of a RUN that hold a value because its commands hand it on.

use std::collections::BTreeSet;

use crate::syntax::shell::{Command, CompoundKind, Item, Node, Word};

use super::run::{Run, assigned_name};

/// The variables of what `set --` assigns (POSIX.1-2024, XCU 2.5.1 and 2.5.2).
const POSITIONAL: [&str; 11] = ["1", "2", "3", "4", "5", "6", "7", "8", "9", "@", "*"];

impl Run {
    /// The variables of its shell texts that hold `name`'s value or something made of it: the name itself, and what is
    /// assigned from it (`URL=https://$TOKEN@host`), also by `read`, by `set --` and by a loop.
    #[must_use]
    pub fn derived_variables(&self, name: &str) -> BTreeSet<String> {
        self.derived_from(BTreeSet::from([name.to_owned()]))
    }

    /// Those that hold the value of any of `derived`, with these.
    pub(super) fn derived_from(&self, mut derived: BTreeSet<String>) -> BTreeSet<String> {
        loop {
            let before = derived.len();
            for command in self.commands() {
                of_command(command, &mut derived);
            }
            for shell in &self.shells {
                of_items(&shell.script.items, &mut derived);
            }
            if derived.len() == before {
                return derived;
            }
        }
    }
}

fn mention(word: &Word, derived: &BTreeSet<String>) -> bool {
    derived.iter().any(|known| word.mentions(known))
}

fn of_command(command: &Command, derived: &mut BTreeSet<String>) {
    let assigned = command.assignments.iter().map(|assignment| (assignment.name.clone(), &assignment.value));
    let exported = command.words.iter().filter_map(|word| Some((assigned_name(word)?, word)));
    for (target, word) in assigned.chain(exported) {
        if mention(word, derived) {
            derived.insert(target);
        }
    }
    match command.effective_name().as_deref() {
        Some("set") if command.words.iter().any(|word| mention(word, derived)) => {
            derived.extend(POSITIONAL.map(str::to_owned));
        }
        Some("read" | "readarray" | "mapfile") if is_fed(command, derived) => derived.extend(read_by(command)),
        Some("printf") if command.words.iter().skip(3).any(|word| mention(word, derived)) => {
            let words: Vec<Option<String>> = command.words.iter().take(3).map(Word::literal).collect();
            if let [_, Some(option), Some(target)] = words.as_slice()
                && option == "-v"
            {
                derived.insert(target.clone());
            }
        }
        _ => {}
    }
}

/// Whether a command gets the value by a heredoc or a string in its place.
fn is_fed(command: &Command, derived: &BTreeSet<String>) -> bool {
    let mut inputs = command.redirects.iter().map(|redirect| redirect.heredoc.as_ref().unwrap_or(&redirect.target));
    inputs.any(|word| mention(word, derived))
}

/// The variables that `read` and its like fill.
fn read_by(command: &Command) -> impl Iterator<Item = String> {
    let words = command.effective_arguments().iter().filter_map(Word::literal);
    let names = words.filter(|word| !word.starts_with('-') && !word.is_empty());
    // The variable of `read` without a name (bash(1)).
    names.chain(["REPLY".to_owned(), "MAPFILE".to_owned()])
}

/// What loops and pipes hand on.
fn of_items(items: &[Item], derived: &mut BTreeSet<String>) {
    for item in items {
        match &item.node {
            Node::Command(_) => {}
            Node::Pipeline(members) => {
                let mut fed = false;
                for member in members {
                    if fed {
                        derived.extend(readers(member));
                    }
                    fed |= item_mentions(member, derived);
                    of_items(std::slice::from_ref(member), derived);
                }
            }
            Node::Compound(compound) => {
                let runs_over = compound.words.iter().any(|word| mention(word, derived));
                if let (CompoundKind::For, true, Some(name)) = (compound.kind, runs_over, &compound.name) {
                    derived.insert(name.clone());
                }
                compound.bodies.iter().for_each(|body| of_items(&body.items, derived));
            }
        }
    }
}

/// The variables that `read` fills inside a member of a pipeline.
fn readers(item: &Item) -> Vec<String> {
    match &item.node {
        Node::Command(command) => match command.effective_name().as_deref() {
            Some("read" | "readarray" | "mapfile") => read_by(command).collect(),
            _ => Vec::new(),
        },
        Node::Pipeline(members) => members.iter().flat_map(readers).collect(),
        Node::Compound(compound) => compound.bodies.iter().flat_map(|body| &body.items).flat_map(readers).collect(),
    }
}

fn item_mentions(item: &Item, derived: &BTreeSet<String>) -> bool {
    match &item.node {
        Node::Command(command) => command.words.iter().any(|word| mention(word, derived)) || is_fed(command, derived),
        Node::Pipeline(members) => members.iter().any(|member| item_mentions(member, derived)),
        Node::Compound(compound) => {
            compound.bodies.iter().flat_map(|body| &body.items).any(|inner| item_mentions(inner, derived))
        }
    }
}
