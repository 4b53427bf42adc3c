//! Expansions of the outer shell in text that the inner one takes as it is: the `$A` of `sh -c "echo '$A'"`.

use crate::source::{TextRange, slice};
use crate::syntax::shell::{Command, Dialect, Item, Node, Part, PartKind, Quote, Script, Variable, Word, parse};

/// Shows the plain variables at `outer`, places of `text`, as variables where single quotes of the inner shell surround them.
pub(super) fn show(script: &mut Script, text: &str, outer: &[TextRange]) {
    let known: Vec<(TextRange, Variable)> =
        outer.iter().filter_map(|at| Some((*at, plain_variable(slice(text, *at), *at)?))).collect();
    if !known.is_empty() {
        items(&mut script.items, &known);
    }
}

fn items(all: &mut [Item], known: &[(TextRange, Variable)]) {
    for item in all {
        match &mut item.node {
            Node::Command(command) => words_of(command).for_each(|word| split(word, known)),
            Node::Pipeline(members) => items(members, known),
            Node::Compound(compound) => {
                compound.words.iter_mut().for_each(|word| split(word, known));
                compound.bodies.iter_mut().for_each(|body| items(&mut body.items, known));
            }
        }
    }
}

fn words_of(command: &mut Command) -> impl Iterator<Item = &mut Word> {
    let values = command.assignments.iter_mut().map(|assignment| &mut assignment.value);
    let fed = command.redirects.iter_mut().flat_map(|one| std::iter::once(&mut one.target).chain(one.heredoc.as_mut()));
    values.chain(&mut command.words).chain(fed)
}

fn split(word: &mut Word, known: &[(TextRange, Variable)]) {
    let parts = std::mem::take(&mut word.parts);
    word.parts = parts.into_iter().flat_map(|part| pieces(part, known)).collect();
}

/// The text between the variables, and these.
fn pieces(part: Part, known: &[(TextRange, Variable)]) -> Vec<Part> {
    let text = match &part.kind {
        PartKind::Text(text) if part.quote == Quote::Single && text.len() == usize::from(part.range.len()) => {
            text.clone()
        }
        _ => return vec![part],
    };
    let (mut found, mut from) = (Vec::new(), part.range.start());
    let piece = |at: TextRange| {
        let kind = PartKind::Text(slice(&text, at - part.range.start()).to_owned());
        Part { range: at, quote: Quote::Single, kind }
    };
    for (at, variable) in known.iter().filter(|(at, _)| part.range.contains_range(*at)) {
        found.push(piece(TextRange::new(from, at.start())));
        found.push(Part { range: *at, quote: Quote::Double, kind: PartKind::Variable(variable.clone()) });
        from = at.end();
    }
    found.push(piece(TextRange::new(from, part.range.end())));
    found.retain(|part| !part.range.is_empty());
    if found.is_empty() { vec![part] } else { found }
}

/// The variable that is `written` at `at`, without an operator.
fn plain_variable(written: &str, at: TextRange) -> Option<Variable> {
    let script = parse(written, Dialect::Bash);
    let Node::Command(command) = &script.items.first()?.node else { return None };
    let [Part { kind: PartKind::Variable(variable), .. }] = command.words.first()?.parts.as_slice() else {
        return None;
    };
    let plain = variable.operator.is_none() && variable.operand.is_none();
    plain.then(|| Variable { name_range: variable.name_range + at.start(), ..variable.clone() })
}
