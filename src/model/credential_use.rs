//! Which variables a RUN uses as a credential, by where its commands put them.

use crate::knowledge::uses::{BETWEEN, credentials, marked};
use crate::syntax::shell::{Command, Node, Part, PartKind, Script, Word};

use super::run::Run;

/// The variables that stand where only a credential does, each with what it is there.
pub(super) fn credential_uses(run: &Run) -> Vec<(String, &'static str)> {
    let of_command = |command: &Command| {
        let text = text_of(command);
        credentials(&text).map(|(name, what)| (name.to_owned(), what)).collect::<Vec<_>>()
    };
    run.commands().filter(|command| has_variable(command)).flat_map(of_command).collect()
}

/// The variables that commands of the RUN put into others, each with the other: `NAME=$VALUE command`, `export NAME=$VALUE && command`.
/// One that does nothing else keeps nothing.
pub(super) fn assigned_variables(run: &Run) -> Vec<(String, String)> {
    let works = |command: &Command| !command.words.is_empty() && command.declared.is_empty();
    if !run.commands().any(works) {
        return Vec::new();
    }
    let assignments = run.commands().flat_map(|command| command.assignments.iter().chain(&command.declared));
    assignments.filter_map(|one| Some((one.value.single_variable()?.name.clone(), one.name.clone()))).collect()
}

fn words(command: &Command) -> impl Iterator<Item = &Word> {
    let bodies = command.redirects.iter().filter_map(|redirect| redirect.heredoc.as_ref());
    command.words.iter().skip(command.effective().index).chain(bodies)
}

fn has_variable(command: &Command) -> bool {
    words(command).flat_map(|word| &word.parts).any(|part| !matches!(part.kind, PartKind::Text(_) | PartKind::Other(_)))
}

fn text_of(command: &Command) -> String {
    words(command).map(|word| word.value_with(shown)).collect::<Vec<_>>().join(BETWEEN)
}

fn shown(part: &Part) -> String {
    match &part.kind {
        PartKind::Text(text) | PartKind::Other(text) => text.clone(),
        PartKind::Variable(variable) => marked(&variable.name),
        PartKind::Command(script) => printed(script).unwrap_or_default(),
        PartKind::Process(_) | PartKind::Arithmetic(_) => String::new(),
    }
}

/// What a substitution prints before it is encoded: `$(echo -n "user:$PASSWORD" | base64)`.
fn printed(script: &Script) -> Option<String> {
    let first = match &script.items.first()?.node {
        Node::Pipeline(members) => &members.first()?.node,
        node => node,
    };
    let Node::Command(command) = first else { return None };
    let program = command.effective_name()?;
    let last = command.effective_arguments().last()?;
    matches!(program.as_str(), "echo" | "printf").then(|| last.value_with(shown))
}
