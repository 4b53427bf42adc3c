//! Recipes as scripts.

use std::collections::BTreeSet;

use super::super::sieve::has_verb;
use super::Definition;
use super::reference::{prefixed, push, references};
use crate::source::{TextRange, range, slice};
use crate::syntax::view::{Quoting, View};

/// Writes the scripts of one Makefile.
pub(super) struct Scripts<'a> {
    text: &'a str,
    definitions: &'a [Definition],
}

impl<'a> Scripts<'a> {
    pub(super) fn new(text: &'a str, definitions: &'a [Definition]) -> Self {
        Self { text, definitions }
    }

    /// [`Self::script`] where it may build; `None` where it can't.
    pub(super) fn recipe(&self, lines: &[TextRange]) -> Option<View> {
        let names = self.names(lines);
        let values = self.definitions.iter().filter(|definition| names.contains(&definition.name));
        let mut texts = lines.iter().copied().chain(values.map(|definition| definition.value));
        if !texts.any(|at| has_verb(slice(self.text, at))) {
            return None;
        }
        Some(self.script(lines))
    }

    /// What the shell gets for the lines of a recipe, with the variables in front.
    pub(super) fn script(&self, lines: &[TextRange]) -> View {
        let mut view = View::new(Quoting::Make);
        self.names(lines).iter().for_each(|name| self.assign(&mut view, name));
        self.lines(&mut view, lines);
        view
    }

    /// The variables that the lines need, each behind those that it needs itself.
    fn names(&self, lines: &[TextRange]) -> Vec<String> {
        let mut names = Vec::new();
        lines.iter().for_each(|line| self.collect(slice(self.text, *line), &mut names));
        names
    }

    /// The script that a `define`, or a value that is more than words, amounts to.
    pub(super) fn body(&self, definition: &Definition) -> Option<View> {
        let value = slice(self.text, definition.value);
        let is_script = definition.multiline || !is_words(value);
        if !is_script || !has_verb(value) {
            return None;
        }
        let mut at = usize::from(definition.value.start());
        let mut lines = Vec::new();
        for line in value.split_inclusive('\n') {
            let content = line.trim_end_matches(['\n', '\r']);
            let indent = content.len() - content.trim_start_matches('\t').len();
            lines.push(range(at + indent, at + content.len()));
            at += line.len();
        }
        self.recipe(&lines)
    }

    /// Adds the variables that `text` needs, each behind those that it needs itself.
    fn collect(&self, text: &str, names: &mut Vec<String>) {
        let mut open = BTreeSet::new();
        self.collect_into(text, names, &mut open);
    }

    fn collect_into(&self, text: &str, names: &mut Vec<String>, open: &mut BTreeSet<String>) {
        for name in references(text) {
            if names.contains(&name) || !open.insert(name.clone()) {
                continue;
            }
            for definition in self.definitions.iter().filter(|definition| definition.name == name) {
                self.collect_into(slice(self.text, definition.value), names, open);
            }
            names.push(name);
        }
    }

    /// Writes the assignments of one variable.
    fn assign(&self, view: &mut View, name: &str) {
        for definition in self.definitions.iter().filter(|definition| definition.name == name) {
            let value = slice(self.text, definition.value);
            let open = definition.operator == "?=" && value.trim().is_empty();
            if definition.multiline || definition.operator == "!=" || open || !is_words(value) {
                continue;
            }
            let place = TextRange::empty(definition.value.start());
            let behind = TextRange::empty(definition.value.end());
            let branch = definition.conditional.is_some() || definition.target_specific;
            let sign = if definition.operator == "+=" { "+=" } else { "=" };
            view.push(&format!("{}{}{sign}(", if branch { "if :; then " } else { "" }, prefixed(name)), place);
            self.value(view, definition.value);
            view.push(if branch { "); fi\n" } else { ")\n" }, behind);
        }
    }

    /// A value; its continued lines are one.
    fn value(&self, view: &mut View, at: TextRange) {
        let mut start = usize::from(at.start());
        for line in slice(self.text, at).split_inclusive('\n') {
            let end = start + line.len();
            let content = line.trim_end_matches(['\n', '\r']);
            let kept = if content.len() < line.len() { content.trim_end_matches('\\') } else { content };
            push(view, self.text, range(start, start + kept.len()));
            if kept.len() < line.len() {
                view.push(" ", range(start + kept.len(), end));
            }
            start = end;
        }
    }

    fn lines(&self, view: &mut View, lines: &[TextRange]) {
        let mut before: Option<TextRange> = None;
        for line in lines {
            let mut line = *line;
            let text = slice(self.text, line);
            let continued = before.is_some_and(|before| slice(self.text, before).ends_with('\\'));
            if !continued {
                let prefix = text.len() - text.trim_start_matches(['@', '-', '+', ' ', '\t']).len();
                line = range(usize::from(line.start()) + prefix, usize::from(line.end()));
            }
            if let Some(before) = before {
                view.push("\n", range(usize::from(before.end()), usize::from(line.start())));
            }
            push(view, self.text, line);
            before = Some(line);
        }
    }
}

/// Whether a value is words for a command, so that it can stand between the brackets of an array.
pub(in crate::callers) fn is_words(value: &str) -> bool {
    let mut quote = None;
    let mut depth = 0_usize;
    for char in value.chars() {
        match (quote, char) {
            (Some(open), _) if open == char => quote = None,
            (Some(_), _) => {}
            (None, '(' | '{') => depth += 1,
            (None, ')' | '}') if depth == 0 => return false,
            (None, ')' | '}') => depth -= 1,
            (None, _) if depth > 0 => {}
            (None, '"' | '\'') => quote = Some(char),
            (None, ';' | '|' | '&' | '<' | '>' | '`') => return false,
            (None, _) => {}
        }
    }
    quote.is_none() && depth == 0
}
