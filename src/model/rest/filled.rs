//! Files that commands make of what they print: of the value of one variable and nothing else, or whatever it is.

use crate::model::run::Run;
use crate::source::TextRange;
use crate::syntax::shell::{Command, Item, Node, PartKind, Script, Word};

use super::RestKind;
use super::chain::{Link, links, where_it_goes, with_outputs};

/// The variables whose whole value a command of `run` makes a file of, each with the file as the shell text writes it:
/// `echo "$NAME" > FILE`, also through `base64 -d`. A file that the RUN removes again is among them.
pub(in crate::model) fn filled_files(run: &Run) -> Vec<(String, String)> {
    let mut found = Vec::new();
    run.shells.iter().for_each(|shell| of_items(&shell.script.items, &mut found));
    found
}

/// The commands of a script whose output goes to a file, each with the file as it is written.
pub(in crate::model) fn output_files(script: &Script) -> Vec<(TextRange, String)> {
    let mut found = Vec::new();
    with_outputs(&script.items, &[], true, &mut |command, chain| {
        if let Some(RestKind::File(path)) = where_it_goes(chain, &[], command.range.start()) {
            found.push((command.range, path));
        }
    });
    found
}

fn of_items(items: &[Item], found: &mut Vec<(String, String)>) {
    for item in items {
        match &item.node {
            Node::Command(_) => found.extend(of_pipeline(std::slice::from_ref(item))),
            Node::Pipeline(members) => found.extend(of_pipeline(members)),
            Node::Compound(compound) => compound.bodies.iter().for_each(|body| of_items(&body.items, found)),
        }
    }
}

fn of_pipeline(members: &[Item]) -> Option<(String, String)> {
    let (first, behind) = members.split_first()?;
    let Node::Command(command) = &first.node else { return None };
    let variable = printed(command)?;
    let keeps = |item: &Item| matches!(&item.node, Node::Command(command) if keeps_the_text(command));
    let chain: Vec<Link<'_>> = std::iter::once(Link::Redirects(&command.redirects)).chain(links(behind)).collect();
    match where_it_goes(&chain, &[], command.range.start()) {
        Some(RestKind::File(path)) if behind.iter().all(keeps) => Some((variable, path)),
        _ => None,
    }
}

/// The variable whose value is all that the command prints.
fn printed(command: &Command) -> Option<String> {
    let arguments = command.effective_arguments();
    let operand = match command.effective_name()?.as_str() {
        "echo" => {
            let options = arguments.iter().take_while(|word| word.lossy().starts_with('-')).count();
            &arguments[options..]
        }
        "printf" => match arguments {
            [format, values @ ..] if matches!(format.lossy().trim_end_matches("\\n"), "%s" | "%b") => values,
            _ => arguments,
        },
        "cat" if arguments.is_empty() => {
            let mut bodies = command.redirects.iter().filter_map(|redirect| redirect.heredoc.as_ref());
            return bodies.next().and_then(only_variable);
        }
        _ => return None,
    };
    match operand {
        [word] => only_variable(word),
        _ => None,
    }
}

/// The variable of a word that has nothing else but white space.
fn only_variable(word: &Word) -> Option<String> {
    let is_blank = |kind: &PartKind| matches!(kind, PartKind::Text(text) if text.trim().is_empty());
    let mut parts = word.parts.iter().map(|part| &part.kind).filter(|kind| !is_blank(kind));
    match (parts.next(), parts.next()) {
        (Some(PartKind::Variable(variable)), None) if variable.operator.is_none() => Some(variable.name.clone()),
        _ => None,
    }
}

/// Whether what the command writes is what it reads, be it in another encoding or with other line breaks.
fn keeps_the_text(command: &Command) -> bool {
    let has =
        |options: &[&str]| command.effective_arguments().iter().any(|word| options.contains(&word.lossy().as_str()));
    match command.effective_name().as_deref() {
        Some("base64") => has(&["-d", "-D", "-di", "--decode"]),
        Some("openssl") => has(&["base64", "enc"]) && has(&["-d"]),
        Some("tee" | "cat" | "tr" | "sed" | "fold") => true,
        _ => false,
    }
}
