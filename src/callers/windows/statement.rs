//! One command of a script, put together piece by piece.

use std::collections::BTreeMap;

use crate::callers::shell::Foreign;
use crate::source::range;
use crate::syntax::view::{Quoting, View};

/// A command as a POSIX shell would be told it.
#[derive(Debug, Clone)]
pub(super) struct Statement {
    /// The command.
    pub view: View,
    /// The variables of it that stand for something that is not in the environment.
    pub foreign: BTreeMap<String, Foreign>,
}

impl Statement {
    pub(super) fn new() -> Self {
        Self { view: View::new(Quoting::Lines), foreign: BTreeMap::new() }
    }

    /// Takes over the bytes of `text` from `start` to `end` as they are.
    pub(super) fn keep(&mut self, text: &str, start: usize, end: usize) {
        self.view.push(text.get(start..end).unwrap_or(""), range(start, end));
    }

    /// Writes `shell` for the bytes from `start` to `end`, which may only be edited as a whole.
    pub(super) fn stand_in(&mut self, shell: &str, start: usize, end: usize) {
        self.view.push(shell, range(start, end));
    }

    /// The environment variable `name`.
    pub(super) fn environment(&mut self, name: &str, start: usize, end: usize) {
        self.view.push(&format!("${{{name}}}"), range(start, end));
    }

    /// A variable of the script, by a name that no environment variable has, or anything else that only the shell knows.
    pub(super) fn foreign(&mut self, name: &str, start: usize, end: usize) {
        let mut name: String = name.chars().map(|char| if char.is_ascii_alphanumeric() { char } else { '_' }).collect();
        if name.len() + "${}".len() == end - start {
            name.push('_');
        }
        self.foreign.insert(name.clone(), Foreign::Computed);
        self.view.push(&format!("${{{name}}}"), range(start, end));
    }

    /// Whether nothing was put into it.
    pub(super) fn is_empty(&self) -> bool {
        self.view.text().trim().is_empty()
    }
}
