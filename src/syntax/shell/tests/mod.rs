//! Tests of the whole room: ranges on arbitrary text and on real instructions.

mod corpus;
mod editing;
mod hostile;
mod ranges;
mod reading;

use super::walk::{Event, walk};
use super::{Node, Script};
use crate::source::{TextRange, slice};

/// Checks that every range lies in the text on character boundaries, that names stand where they are said to stand, and
/// that inner ranges lie inside outer ones. Only a clean script promises the latter two.
fn check(text: &str, script: &Script) -> Result<(), String> {
    for item in &script.items {
        inside(text, TextRange::new(0.into(), crate::source::size(text.len())), item.range, "item")?;
    }
    let mut result = Ok(());
    walk(script, &mut |event| {
        if result.is_ok() {
            result = check_event(text, script.clean, event);
        }
    });
    result
}

fn check_event(text: &str, clean: bool, event: Event<'_>) -> Result<(), String> {
    let whole = TextRange::new(0.into(), crate::source::size(text.len()));
    match event {
        Event::Substitution(_) => {}
        Event::Variable(variable) => {
            inside(text, whole, variable.range, "expansion")?;
            let at = variable.variable.name_range;
            inside(text, if clean { variable.range } else { whole }, at, "name")?;
            let written = slice(text, at);
            if clean && written != variable.variable.name {
                return Err(format!("{:?} is written {written:?} in {text:?}", variable.variable.name));
            }
        }
        Event::Command(context) => {
            inside(text, whole, context.command.range, "command")?;
            let outer = if clean { context.command.range } else { whole };
            for word in &context.command.words {
                inside(text, outer, word.range, "word")?;
                for part in &word.parts {
                    inside(text, if clean { word.range } else { whole }, part.range, "part")?;
                }
            }
            for redirect in &context.command.redirects {
                inside(text, outer, redirect.range, "redirect")?;
            }
        }
        Event::Compound(compound) => {
            for item in compound.bodies.iter().flat_map(|body| &body.items) {
                inside(text, whole, item.range, "inner item")?;
            }
        }
    }
    Ok(())
}

fn inside(text: &str, outer: TextRange, at: TextRange, what: &str) -> Result<(), String> {
    if !outer.contains_range(at) || text.get(usize::from(at.start())..usize::from(at.end())).is_none() {
        return Err(format!("{what} {at:?} is not inside {outer:?} of {text:?}"));
    }
    Ok(())
}

/// The ranges of the top-level items as text.
fn items<'t>(text: &'t str, script: &Script) -> Vec<&'t str> {
    script.items.iter().map(|item| slice(text, item.range)).collect()
}

/// The ranges of all simple commands as text.
fn commands<'t>(text: &'t str, script: &Script) -> Vec<&'t str> {
    script.commands().iter().map(|context| slice(text, context.command.range)).collect()
}

fn first_command(script: &Script) -> &super::Command {
    match &script.items.first().expect("an item").node {
        Node::Command(command) => command,
        other => panic!("not a simple command: {other:?}"),
    }
}
