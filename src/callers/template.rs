//! Shell text in which a program puts values between double braces before the shell reads it: Taskfiles, justfiles.
//!
//! Every expression becomes a shell variable, as in a Makefile: a flag that stands in a variable of the program is found,
//! and edited, where it is written.

use std::collections::BTreeMap;

use super::make::is_words;
use super::shell::Foreign;
use crate::source::{TextRange, range, size};
use crate::syntax::view::{Quoting, View};

/// Begins the shell variables that stand for variables of the program.
const VARIABLE: &str = "TEMPLATE_VARIABLE_";

/// Begins those that stand for anything else between braces.
const COMPUTED: &str = "TEMPLATE_COMPUTED_";

/// How deep variables are followed into variables.
const MOST_LEVELS: usize = 8;

/// What stands between two braces.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Token {
    /// One variable of the program.
    Variable(String),
    /// A value that only the program knows.
    Computed,
    /// A condition or its end: what lies between is text of one case.
    Control,
    /// Something that makes the text around it unreadable.
    Odd,
}

/// The values that text is filled from.
pub(super) trait Values {
    /// What `inside`, the trimmed text between braces, is.
    fn token(&self, inside: &str) -> Token;

    /// The texts that a variable has in one place or another, as they are written.
    fn values(&self, name: &str) -> Vec<View>;
}

/// A text as the shell reads it, and what its variables stand for.
#[derive(Debug, Clone)]
pub(super) struct Filled {
    /// The text, behind the assignments of the variables that it needs.
    pub view: View,
    /// The variables that stand for values of the program.
    pub foreign: BTreeMap<String, Foreign>,
}

/// `plain` as a shell script that begins with the variables it needs. `None` where it can't be read.
pub(super) fn fill(plain: &View, values: &dyn Values) -> Option<Filled> {
    let mut filling = Filling { values, known: Vec::new(), foreign: BTreeMap::new(), assignments: Vec::new() };
    let text = filling.with_variables(plain, MOST_LEVELS, ("", ""))?;
    let all = filling.assignments.into_iter().chain([text]);
    Some(Filled { view: View::joined(all)?, foreign: filling.foreign })
}

struct Filling<'v> {
    values: &'v dyn Values,
    known: Vec<String>,
    foreign: BTreeMap<String, Foreign>,
    assignments: Vec<View>,
}

impl Filling<'_> {
    /// `plain` with variables for its expressions, between two texts of ours.
    fn with_variables(&mut self, plain: &View, levels: usize, (before, behind): (&str, &str)) -> Option<View> {
        let text = plain.text();
        let mut pieces: Vec<(String, TextRange)> = vec![(before.to_owned(), TextRange::empty(size(0)))];
        let mut done = 0;
        for (start, end) in expressions(text) {
            pieces.push((text.get(done..start)?.to_owned(), range(done, start)));
            let inside = text.get(start + 2..end - 2)?.trim_matches(['-', ' ', '\t']).trim();
            let piece = match self.values.token(inside) {
                Token::Variable(name) => self.variable(&name, levels),
                Token::Computed => self.computed(),
                Token::Control => String::from(" "),
                Token::Odd => return None,
            };
            // Only whole may an expression be mapped back, so it never has the length of what stands for it.
            let piece = if piece.len() == end - start { piece.replace('}', "_}") } else { piece };
            self.foreign.extend(
                piece.strip_prefix("${").map(|name| (name.trim_end_matches('}').to_owned(), Foreign::Computed)),
            );
            pieces.push((piece, range(start, end)));
            done = end;
        }
        pieces.push((text.get(done..)?.to_owned(), range(done, text.len())));
        pieces.push((behind.to_owned(), TextRange::empty(size(text.len()))));
        plain.nested(pieces.iter().map(|(text, at)| (text.as_str(), *at)), Quoting::Lines)
    }

    fn variable(&mut self, name: &str, levels: usize) -> String {
        let shell = format!("{VARIABLE}{}", name.replace(['-', '.'], "_"));
        if let Some(levels) = levels.checked_sub(1)
            && !self.known.contains(&shell)
        {
            self.known.push(shell.clone());
            let values = self.values.values(name);
            let several = values.len() > 1;
            for value in values.into_iter().filter(|value| is_words(value.text())) {
                let around = match several {
                    true => (format!("if :; then {shell}=("), "); fi"),
                    false => (format!("{shell}=("), ")"),
                };
                let assignment = self.with_variables(&value, levels, (&around.0, around.1));
                self.assignments.extend(assignment);
            }
        }
        format!("${{{shell}}}")
    }

    fn computed(&mut self) -> String {
        let name = format!("{COMPUTED}{}", self.foreign.len());
        format!("${{{name}}}")
    }
}

/// The places of `{{ … }}` in `text`, braces included.
fn expressions(text: &str) -> Vec<(usize, usize)> {
    let mut found = Vec::new();
    let mut from = 0;
    while let Some(start) = text.get(from..).and_then(|rest| rest.find("{{")).map(|at| from + at) {
        let Some(end) = text.get(start..).and_then(|rest| rest.find("}}")).map(|at| start + at + 2) else { break };
        found.push((start, end));
        from = end;
    }
    found
}
