//! Passwords of accounts that a RUN sets: `echo 'root:X' | chpasswd`, `echo X | passwd --stdin root`.

use super::kept::{Keeper, Kept};
use super::places::is_credential;
use crate::codemods::prelude::*;
use crate::source::TextRange;
use crate::syntax::shell::{Command, Item, Node, PartKind};

/// Programs that set the password of an account to what they read from a pipe (chpasswd(8), newusers(8), passwd(1),
/// adduser(8), smbpasswd(8)), or the answers of a package's installation (debconf-set-selections(1)).
const READERS: [&str; 6] = ["chpasswd", "newusers", "passwd", "adduser", "smbpasswd", DEBCONF];

/// The program that takes those answers.
pub(super) const DEBCONF: &str = "debconf-set-selections";

/// The passwords that pipelines of a RUN set.
pub(super) fn of_step(dockerfile: &Dockerfile, step: usize) -> Vec<Kept> {
    let Some(run) = dockerfile.steps[step].run.as_deref() else { return Vec::new() };
    let keyword = dockerfile.steps[step].instruction.keyword_range();
    let mut found = Vec::new();
    for shell in &run.shells {
        let mut pipelines = Vec::new();
        collect(&shell.script.items, &mut pipelines);
        for (range, members) in pipelines {
            let Some((reader, writers)) = members.split_last() else { continue };
            let Some(program) = reader_of(reader) else { continue };
            if shell.view.is_some() && writers.iter().any(|writer| writes_password(writer, program)) {
                let place = shell.view.as_ref().and_then(|view| view.host_range(range)).unwrap_or(keyword);
                found.push(Kept { step, place, keeper: Keeper::Account(program) });
            }
        }
    }
    found
}

/// Every pipeline, also inside of compounds.
fn collect<'s>(items: &'s [Item], found: &mut Vec<(TextRange, &'s [Item])>) {
    for item in items {
        match &item.node {
            Node::Command(_) => {}
            Node::Pipeline(members) => {
                found.push((item.range, members));
                collect(members, found);
            }
            Node::Compound(compound) => compound.bodies.iter().for_each(|body| collect(&body.items, found)),
        }
    }
}

fn reader_of(item: &Item) -> Option<&'static str> {
    let Node::Command(command) = &item.node else { return None };
    let name = command.effective_name()?;
    READERS.into_iter().find(|known| *known == name)
}

/// Whether the member of the pipeline prints a password that is written out.
fn writes_password(item: &Item, program: &str) -> bool {
    match &item.node {
        Node::Command(command) => prints_password(command, program),
        Node::Pipeline(members) => members.iter().any(|member| writes_password(member, program)),
        Node::Compound(compound) => {
            compound.bodies.iter().flat_map(|body| &body.items).any(|item| writes_password(item, program))
        }
    }
}

fn prints_password(command: &Command, program: &str) -> bool {
    if !matches!(command.effective_name().as_deref(), Some("echo" | "printf")) {
        return false;
    }
    let arguments = command.effective_arguments();
    let static_text = arguments.iter().flat_map(|word| &word.parts).all(|part| matches!(part.kind, PartKind::Text(_)));
    let texts: Vec<String> = arguments.iter().filter_map(|word| word.literal()).collect();
    let texts: Vec<&str> =
        texts.iter().map(String::as_str).filter(|text| !matches!(*text, "-e" | "-n" | "-en" | "-ne")).collect();
    let line = texts.join(" ");
    let lines = line.replace("\\n", "\n");
    let mut passwords = lines.lines().filter_map(|line| match program {
        "chpasswd" | "newusers" => line.split(':').nth(1),
        DEBCONF => line.split_once(" password ").map(|(_, value)| value.trim()),
        _ => Some(line.trim()),
    });
    static_text && passwords.any(|password| !password.contains(' ') && is_password(password))
}

/// Whether a text in the place of a password is one. Digits are no version or size there.
fn is_password(text: &str) -> bool {
    let digits = text.len() >= 4 && text.chars().all(|char| char.is_ascii_digit());
    digits || is_credential(text)
}
