//! What `make GOAL` runs.

use std::collections::BTreeSet;

use makefile_lossless::{Makefile, Rule};

use super::reference::{VARIABLE, prefixed};
use super::script::Scripts;
use super::{File, inside, own};
use crate::source::{Source, TextRange};
use crate::syntax::view::View;

/// A rule that has a recipe or prerequisites.
struct Goal {
    targets: Vec<String>,
    prerequisites: Vec<String>,
    lines: Vec<TextRange>,
}

/// The recipes that make runs for `goals`, with those of what they need first: one script for each rule, in the order of the
/// text. Without goals it is the first target of the Makefile (GNU make manual, "Goals").
#[must_use]
pub fn recipes(source: &Source, goals: &[&str]) -> Vec<View> {
    let rules = rules(source);
    let is_default = |target: &&String| !target.starts_with('.') && !target.contains('%');
    let first = || rules.iter().flat_map(|rule| &rule.targets).find(is_default).cloned();
    let mut open: Vec<String> = match goals {
        [] => first().into_iter().collect(),
        goals => goals.iter().map(|goal| (*goal).to_owned()).collect(),
    };
    let (mut seen, mut wanted) = (BTreeSet::new(), BTreeSet::new());
    while let Some(goal) = open.pop() {
        if !seen.insert(goal.clone()) {
            continue;
        }
        let made_by = |rule: &Goal| rule.targets.iter().any(|target| makes(target, &goal));
        for (at, rule) in rules.iter().enumerate().filter(|(_, rule)| made_by(rule)) {
            wanted.insert(at);
            open.extend(rule.prerequisites.iter().cloned());
        }
    }
    let file = File::read(source, false);
    let scripts = Scripts::new(source.text(), &file.definitions);
    let lines = wanted.into_iter().filter_map(|at| rules.get(at)).map(|rule| &rule.lines);
    lines.filter(|lines| !lines.is_empty()).map(|lines| scripts.script(lines)).collect()
}

/// The shell variable that stands for the make variable `name` in the text of a recipe.
#[must_use]
pub fn stand_in(name: &str) -> String {
    prefixed(name)
}

/// The make variable that a shell variable stands for; the variable itself, where it is one of the shell.
#[must_use]
pub(in crate::callers) fn stood_for(variable: &str) -> &str {
    variable.strip_prefix(VARIABLE).unwrap_or(variable)
}

/// Whether a variable of such a text is one of those.
#[must_use]
pub fn is_stand_in(variable: &str) -> bool {
    variable.starts_with(VARIABLE)
}

/// Whether make prints the recipe line that goes on at `at`, a place in the text: not behind `@` (GNU make manual, "Recipe
/// Echoing").
#[must_use]
pub fn is_echoed(text: &str, at: usize) -> bool {
    let goes_on = |newline: &usize| text[..*newline].trim_end_matches('\r').ends_with('\\');
    let mut newlines = text.get(..at).unwrap_or("").rmatch_indices('\n').map(|(newline, _)| newline);
    let start = newlines.find(|newline| !goes_on(newline)).map_or(0, |newline| newline + 1);
    let mut prefix = text[start..].chars().take_while(|char| matches!(char, '@' | '-' | '+' | ' ' | '\t'));
    !prefix.any(|char| char == '@') && !text.lines().any(|line| line.starts_with(".SILENT:"))
}

fn rules(source: &Source) -> Vec<Goal> {
    let text = source.text();
    let (makefile, _) = Makefile::from_str_relaxed(text);
    let mut nodes: Vec<Rule> = makefile.rules().collect();
    for rule in makefile.recipe_nodes().filter_map(|node| node.parent()) {
        let same = |known: &Rule| known.target_ranges().next() == rule.target_ranges().next();
        if !nodes.iter().any(same) {
            nodes.push(rule);
        }
    }
    let goal = |rule: &Rule| Goal {
        targets: rule.targets().collect(),
        prerequisites: rule.prerequisites().chain(rule.order_only_prerequisites()).collect(),
        lines: rule
            .recipe_nodes()
            .flat_map(|node| node.line_ranges().collect::<Vec<_>>())
            .map(own)
            .filter(|line| inside(text, *line))
            .collect(),
    };
    nodes.iter().map(goal).collect()
}

/// Whether a target is the goal, or a pattern for it (GNU make manual, "Pattern Rules").
fn makes(target: &str, goal: &str) -> bool {
    match target.split_once('%') {
        Some((before, after)) => {
            goal.len() > before.len() + after.len() && goal.starts_with(before) && goal.ends_with(after)
        }
        None => target == goal,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const TEXT: &str = "A = a=$(T)\nall: one\none: two\n\techo $(A) > f\n\t@echo \\\n\t  $(T)\ntwo:\n\techo 2\n%.o: x\n\techo $@\nthree:\n\techo 3\n";

    fn texts(goals: &[&str]) -> Vec<String> {
        let source = Source::new("Makefile", TEXT.as_bytes().to_vec());
        recipes(&source, goals).iter().map(|view| view.text().to_owned()).collect()
    }

    #[test]
    fn a_goal_brings_what_it_needs() {
        assert_eq!(texts(&["three"]), ["echo 3"]);
        assert_eq!(texts(&["a.o"]).len(), 1);
        let all = texts(&[]);
        assert_eq!(all.len(), 2);
        assert!(all[0].contains("MAKE_VARIABLE_A=(a=${MAKE_VARIABLE_T})\n"), "{}", all[0]);
        assert_eq!(all[1], "echo 2");
    }

    #[test]
    fn what_stands_behind_an_at_is_not_printed() {
        let at = |text: &str| TEXT.find(text).unwrap_or_default();
        assert!(is_echoed(TEXT, at("echo $(A)")));
        assert!(!is_echoed(TEXT, at("echo \\")));
        assert!(!is_echoed(TEXT, at("$(T)\ntwo")));
    }
}
