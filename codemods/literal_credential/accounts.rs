//! Passwords of accounts that a RUN sets: `echo 'root:X' | chpasswd`, `echo X | passwd --stdin root`.

use super::places::is_credential;
use crate::codemods::prelude::*;
use crate::plan::FollowUp;
use crate::source::TextRange;
use crate::syntax::shell::{Command, Item, Node, PartKind};

use super::CODEMOD;

/// A password that stands in the text of a RUN and whose hash, or that itself, the image has to keep.
struct Account {
    /// The RUN, an index into the Dockerfile's steps.
    step: usize,
    /// The pipeline, in the file.
    place: TextRange,
    /// The program that is given it.
    program: &'static str,
}

/// Programs that set the password of an account to what they read from a pipe (chpasswd(8), newusers(8), passwd(1),
/// adduser(8), smbpasswd(8)), or the answers of a package's installation (debconf-set-selections(1)).
const READERS: [&str; 6] = ["chpasswd", "newusers", "passwd", "adduser", "smbpasswd", "debconf-set-selections"];

pub(super) fn find<'m>(model: &'m Model, dockerfile: &'m Dockerfile) -> Vec<Finding> {
    let accounts = (0..dockerfile.steps.len()).flat_map(|step| of_step(dockerfile, step));
    accounts.enumerate().map(|(number, account)| finding(model, dockerfile, &account, number + 1)).collect()
}

fn of_step(dockerfile: &Dockerfile, step: usize) -> Vec<Account> {
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
                found.push(Account { step, place, program });
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
        "debconf-set-selections" => line.split_once(" password ").map(|(_, value)| value.trim()),
        _ => Some(line.trim()),
    });
    static_text && passwords.any(|password| !password.contains(' ') && is_credential(password))
}

fn finding<'m>(model: &'m Model, dockerfile: &'m Dockerfile, account: &Account, number: usize) -> Finding {
    let path = dockerfile.path();
    let mut change = Change::new(model, dockerfile);
    let label = change.place(account.place, "here");
    let reason = match account.program {
        "debconf-set-selections" => {
            "the database of debconf keeps the password in the image, whatever a build gets it from"
        }
        _ => "the image has to keep a hash of the password, which can be guessed at, whatever a build gets it from",
    };
    change.obstruct("hashed-password", reason, label);
    change.follow_up(FollowUp::Rotate(format!(
        "the password that line {} of `{path}` sets",
        dockerfile.line_of(account.step)
    )));
    let title = "change it, and set it when the container starts; for ssh, let keys in instead of passwords";
    let (fix, notes) = change.finish(title.to_owned());
    Finding {
        codemod: CODEMOD.id,
        severity: Severity::Error,
        dockerfile: path.to_owned(),
        subject: format!("account password {number}"),
        title: format!("a password for `{}` is written out in a RUN", account.program),
        primary: Label { file: path.to_owned(), range: account.place, text: "the image's history has it".to_owned() },
        labels: Vec::new(),
        notes,
        fix,
    }
}
