//! What a script has set up at one of its commands.

use std::cell::Cell;
use std::collections::{BTreeMap, BTreeSet};
use std::rc::Rc;

use super::super::command::{Piece, UNKNOWN};
use super::super::outside::Folder;

/// More texts than this for one word count as unknown.
const MANY: usize = 24;

/// How long the texts of one word are followed, in bytes of all together. The longest lists of flags have some thousands.
const LONGEST: usize = 1 << 16;

/// What is known of one variable.
#[derive(Debug, Clone, Default)]
pub(super) struct Binding {
    /// Every text it may have.
    pub texts: Vec<String>,
    /// The words it falls into when it is not quoted, where they are written.
    pub pieces: Vec<Piece>,
    /// Whether the script gives it its value.
    pub assigned: bool,
    /// Whether the script exports it.
    pub exported: bool,
    /// Whether its value was built up on the way, so that it can be no plain scalar.
    pub array: bool,
    /// Whether no assignment to it is allowed any more, in front of a command neither.
    pub readonly: bool,
    /// A number that no other value in this script has; 0 for the one from outside.
    pub version: usize,
}

impl Binding {
    /// A value of which only the texts are known.
    pub(super) fn of_texts(texts: Vec<String>) -> Self {
        Self { texts, assigned: true, ..Self::default() }
    }

    /// A value that can't be told, such as what `read` reads.
    pub(super) fn unknown() -> Self {
        Self::of_texts(vec![UNKNOWN.to_string()])
    }

    /// Whether it is a word and no option.
    fn is_one_word(&self) -> bool {
        let option = |piece: &Piece| piece.texts.iter().any(|text| text.starts_with('-'));
        !self.array && self.pieces.len() <= 1 && !self.pieces.iter().any(option)
    }

    /// Either of two values.
    fn join(&mut self, other: &Self) {
        for text in &other.texts {
            if !self.texts.contains(text) {
                self.texts.push(text.clone());
            }
        }
        let places = |binding: &Self| binding.pieces.iter().map(|piece| piece.word.range).collect::<Vec<_>>();
        let others = places(other);
        self.pieces.iter_mut().filter(|piece| !others.contains(&piece.word.range)).for_each(|piece| piece.maybe = true);
        if self.is_one_word() && other.is_one_word() && places(self) != places(other) {
            // One or the other, never both: only the texts say that.
            self.pieces.clear();
        } else {
            let known = places(self);
            let new = other.pieces.iter().filter(|piece| !known.contains(&piece.word.range));
            self.pieces.extend(new.map(|piece| Piece { maybe: true, ..piece.clone() }));
        }
        // Plain in one branch is plain: the environment may lack it.
        self.exported = (self.exported || !self.assigned) && (other.exported || !other.assigned);
        self.assigned |= other.assigned;
        self.array |= other.array;
        self.readonly |= other.readonly;
        limit(&mut self.texts);
    }
}

/// Where a variable of a build argument has its value from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Provision {
    /// The environment, before the script ran.
    Outside,
    /// The environment, because the script exports it.
    Exported,
    /// The script alone: programs that it calls don't see it.
    Plain,
    /// Either of them: something that can't be read ran in the script's own shell.
    Untold,
}

/// What the script has set up.
#[derive(Debug, Clone, Default)]
pub(super) struct State {
    /// The variables that the script has touched. States are copied at every branch and substitution, and most copies
    /// change none.
    pub bindings: Rc<BTreeMap<String, Binding>>,
    /// The working directories that are possible, as [`join`](super::super::location::join) writes them.
    pub directories: Vec<String>,
    /// Where other repositories were cloned to.
    pub clones: Vec<Folder>,
    /// What `pushd` has put aside.
    pub stack: Vec<Vec<String>>,
    /// `set -u`
    pub nounset: bool,
    /// `set -a`
    pub allexport: bool,
    /// Whether something that can't be read ran in the script's own shell, such as a file that is sourced: any variable may be
    /// its.
    pub sourced: bool,
    /// The variables that the function which is run has of its own.
    pub locals: Rc<BTreeSet<String>>,
    /// The last [`Binding::version`] of the script; all states of one script count together.
    pub last: Rc<Cell<usize>>,
}

impl State {
    /// Gives `name` a value.
    pub(super) fn bind(&mut self, name: &str, binding: Binding) {
        let old = self.bindings.get(name);
        let exported = self.allexport || binding.exported || old.is_some_and(|old| old.exported);
        let readonly = binding.readonly || old.is_some_and(|old| old.readonly);
        let version = self.next();
        Rc::make_mut(&mut self.bindings).insert(name.to_owned(), Binding { exported, readonly, version, ..binding });
    }

    fn next(&self) -> usize {
        self.last.set(self.last.get() + 1);
        self.last.get()
    }

    /// Which of its values `name` has: the same number is the same value.
    pub(super) fn version(&self, name: &str) -> usize {
        self.bindings.get(name).map_or(0, |binding| binding.version)
    }

    fn changed_since<'s>(&'s mut self, before: &'s Self) -> impl Iterator<Item = (&'s String, &'s mut Binding)> {
        let bindings = Rc::make_mut(&mut self.bindings).iter_mut();
        bindings.filter(|(name, binding)| binding.version != before.version(name))
    }

    /// Takes what was put into variables since `before` for something that may be left out.
    pub(super) fn doubt_since(&mut self, before: &Self) {
        for (name, binding) in self.changed_since(before) {
            let known = before.bindings.get(name).map(|known| known.pieces.as_slice()).unwrap_or_default();
            let is_new = |piece: &&mut Piece| !known.iter().any(|known| known.word.range == piece.word.range);
            binding.pieces.iter_mut().filter(is_new).for_each(|piece| piece.maybe = true);
        }
    }

    /// Takes what variables were given since `before` for values that are others by now.
    pub(super) fn renew_since(&mut self, before: &Self) {
        let version = self.next();
        self.changed_since(before).for_each(|(_, binding)| binding.version = version);
    }

    /// Takes the value of `name` away.
    pub(super) fn forget(&mut self, name: &str) {
        let binding = Binding { version: self.next(), ..Binding::of_texts(vec![String::new()]) };
        Rc::make_mut(&mut self.bindings).insert(name.to_owned(), binding);
    }

    /// Makes `name` a variable of the function that is run.
    pub(super) fn make_local(&mut self, name: String) {
        Rc::make_mut(&mut self.locals).insert(name);
    }

    /// Enters a function, which has these variables of its own. Returns what [`Self::leave`] takes.
    pub(super) fn enter(&mut self, own: impl Iterator<Item = String>) -> Self {
        let before = self.clone();
        self.locals = Rc::new(own.collect());
        before
    }

    /// Leaves a function: its own variables are again what they were `before`.
    pub(super) fn leave(&mut self, before: &Self) {
        let locals = std::mem::replace(&mut self.locals, Rc::clone(&before.locals));
        let bindings = Rc::make_mut(&mut self.bindings);
        for name in locals.iter() {
            match before.bindings.get(name) {
                Some(binding) => bindings.insert(name.clone(), binding.clone()),
                None => bindings.remove(name),
            };
        }
    }

    /// Marks `name` as part of the environment.
    pub(super) fn export(&mut self, name: &str) {
        let unset = || Binding { texts: vec![UNKNOWN.to_string()], ..Binding::default() };
        Rc::make_mut(&mut self.bindings).entry(name.to_owned()).or_insert_with(unset).exported = true;
    }

    /// Forbids assignments to `name`.
    pub(super) fn seal(&mut self, name: &str) {
        if let Some(binding) = Rc::make_mut(&mut self.bindings).get_mut(name) {
            binding.readonly = true;
        }
    }

    /// Takes `name` out of the environment again.
    pub(super) fn withhold(&mut self, name: &str) {
        let binding = Rc::make_mut(&mut self.bindings).entry(name.to_owned()).or_insert_with(Binding::unknown);
        (binding.exported, binding.assigned) = (false, true);
    }

    /// Where `name` has its value from.
    pub(super) fn provision(&self, name: &str) -> Provision {
        match self.bindings.get(name) {
            Some(binding) if binding.exported => Provision::Exported,
            Some(binding) if binding.assigned => Provision::Plain,
            _ if self.sourced => Provision::Untold,
            _ => Provision::Outside,
        }
    }

    /// Either of several states, after branches.
    pub(super) fn join(states: Vec<Self>) -> Option<Self> {
        let mut states = states.into_iter();
        let mut joined = states.next()?;
        for state in states {
            joined.join_one(&state);
        }
        Some(joined)
    }

    fn join_one(&mut self, other: &Self) {
        let version = self.next();
        let bindings = Rc::make_mut(&mut self.bindings);
        let either = |one: usize, other: usize| if one == other { one } else { version };
        for (name, known) in bindings.iter_mut() {
            known.version = either(known.version, other.version(name));
        }
        for (name, binding) in other.bindings.iter() {
            match bindings.get_mut(name) {
                Some(known) => known.join(binding),
                None => {
                    let pieces = binding.pieces.iter().map(|piece| Piece { maybe: true, ..piece.clone() }).collect();
                    let version = either(binding.version, 0);
                    bindings.insert(name.clone(), Binding { pieces, version, ..binding.clone() });
                }
            }
        }
        Rc::make_mut(&mut self.locals).extend(other.locals.iter().cloned());
        for directory in &other.directories {
            if !self.directories.contains(directory) {
                self.directories.push(directory.clone());
            }
        }
        limit(&mut self.directories);
        for clone in &other.clones {
            if !self.clones.contains(clone) {
                self.clones.push(clone.clone());
            }
        }
        self.nounset |= other.nounset;
        self.allexport &= other.allexport;
        self.sourced |= other.sourced;
    }
}

/// Keeps the number of texts in bounds, and their length: `a=$a$a` doubles it each time.
pub(super) fn limit(texts: &mut Vec<String>) {
    if texts.len() > MANY || texts.iter().map(String::len).sum::<usize>() > LONGEST {
        *texts = vec![UNKNOWN.to_string()];
    }
}
