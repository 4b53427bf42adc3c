//! The commands that only exist to make a key known: the start of an agent, `ssh-add`, a line that names the key.

use crate::model::{Dockerfile, Run, Settled, effective_words};
use crate::source::{TextRange, slice};
use crate::syntax::shell::{Command, Item, Node, RedirectKind, Word};

/// What stands in the way of an agent of the builder, as a clause.
pub(super) type Objection = String;

/// Every command of `dockerfile` that has no object where the builder's agent holds the key.
///
/// # Errors
/// Why ssh would not ask that agent, or would ask another one.
pub(super) fn about_agents(dockerfile: &Dockerfile) -> Result<Settled, Objection> {
    let mut settled = Settled::new();
    for (step, run) in dockerfile.steps.iter().enumerate().filter_map(|(at, step)| Some((at, step.run.as_deref()?))) {
        object_to_settings(run)?;
        for (shell, item, text) in leaves(run) {
            if is_about_agents(item, text)? {
                settled.entry(step).or_default().push((shell, item.range));
            }
        }
    }
    Ok(settled)
}

/// Settings of ssh under which it does not ask the agent, or not this one (ssh_config(5)).
fn object_to_settings(run: &Run) -> Result<(), Objection> {
    let lower = run.text.to_ascii_lowercase();
    let setting = ["identitiesonly", "identityagent"].into_iter().find(|setting| lower.contains(setting));
    setting.map_or(Ok(()), |setting| Err(format!("`{setting}` keeps ssh from asking an agent")))
}

/// The commands and pipelines of all shell texts that stand in the file, with the index of their text and what they say.
pub(super) fn leaves(run: &Run) -> Vec<(usize, &Item, &str)> {
    let mut found = Vec::new();
    for (number, shell) in run.shells.iter().enumerate() {
        let Some(view) = &shell.view else { continue };
        let mut items = Vec::new();
        collect(&shell.script.items, &mut items);
        found.extend(items.into_iter().map(|item| (number, item, slice(view.text(), item.range))));
    }
    found
}

fn collect<'s>(items: &'s [Item], found: &mut Vec<&'s Item>) {
    for item in items {
        match &item.node {
            Node::Compound(compound) => compound.bodies.iter().for_each(|body| collect(&body.items, found)),
            Node::Command(_) | Node::Pipeline(_) => found.push(item),
        }
    }
}

/// The commands of a leaf, in the order of the pipe.
pub(super) fn members(item: &Item) -> Vec<&Command> {
    let command = |item: &'_ Item| matches!(item.node, Node::Command(_));
    match &item.node {
        Node::Command(only) => vec![only],
        Node::Pipeline(all) if all.iter().all(command) => all.iter().flat_map(members).collect(),
        Node::Pipeline(_) | Node::Compound(_) => Vec::new(),
    }
}

fn is_about_agents(item: &Item, text: &str) -> Result<bool, Objection> {
    let members = members(item);
    let speaks = ["ssh-agent", "ssh-add", "SSH_AUTH_SOCK", "SSH_ASKPASS"].into_iter().any(|word| text.contains(word));
    if names_identity(&members) {
        return Ok(true);
    }
    let program = members.last().and_then(|command| command.effective_name()).unwrap_or_default();
    if !speaks || installs(&program) {
        return Ok(false);
    }
    if starts_agent(&program, text) || adds_key(&members) {
        return Ok(true);
    }
    if program == "ssh-add" && members.len() == 1 && text.ends_with(['l', 'L']) {
        return Ok(false);
    }
    Err(format!("what `{program}` does with an ssh agent is not understood"))
}

fn installs(program: &str) -> bool {
    matches!(program, "apt-get" | "apt" | "apk" | "yum" | "dnf" | "microdnf" | "zypper" | "pacman")
}

/// `eval $(ssh-agent -s)` and its end, `ssh-agent -k`.
fn starts_agent(program: &str, text: &str) -> bool {
    let plain = text.replace(['"', '\'', '`', '$', '(', ')'], " ");
    let silent =
        |word: &&str| !matches!(*word, ">" | ">/dev/null" | "/dev/null" | "2>&1" | "2>/dev/null" | "&>/dev/null");
    let words: Vec<&str> = plain.split_whitespace().filter(silent).collect();
    let rest = match (program, words.as_slice()) {
        ("eval", ["eval", "ssh-agent", rest @ ..]) | ("ssh-agent", ["ssh-agent", rest @ ..]) => rest,
        _ => return false,
    };
    rest.iter().all(|word| matches!(*word, "-s" | "-c" | "-k" | "-a"))
}

/// `ssh-add`, with the path of a key, with `-`, or fed by commands that only print.
pub(super) fn adds_key(members: &[&Command]) -> bool {
    let Some((last, feeders)) = members.split_last() else { return false };
    let prints = |command: &&Command| {
        let name = command.effective_name().unwrap_or_default();
        matches!(name.as_str(), "echo" | "printf" | "cat" | "tr" | "base64" | "sed" | "openssl")
    };
    let plain = |word: &Word| {
        word.literal().is_none_or(|text| !text.starts_with('-') || matches!(text.as_str(), "-" | "-k" | "-q"))
    };
    last.effective_name().as_deref() == Some("ssh-add")
        && last.effective_arguments().iter().all(plain)
        && last.assignments.is_empty()
        && feeders.iter().all(prints)
}

/// `echo "IdentityFile ~/.ssh/id_rsa" >> ~/.ssh/config`, and nothing else in it.
fn names_identity(members: &[&Command]) -> bool {
    let [command] = members else { return false };
    let writes = |kind: RedirectKind| matches!(kind, RedirectKind::Write | RedirectKind::Append);
    let into_file = matches!(command.redirects.as_slice(), [only] if writes(only.kind));
    let words: Vec<String> = effective_words(command).into_iter().flatten().collect();
    let said = words
        .iter()
        .skip(1)
        .filter(|word| !word.starts_with('-'))
        .map(|word| word.replace("\\n", " ").replace("\\t", " "));
    let said = said.collect::<Vec<_>>().join(" ");
    let said: Vec<&str> = said.split_whitespace().collect();
    let printer = matches!(words.first().map(String::as_str), Some("echo" | "printf"));
    printer && into_file && matches!(said.as_slice(), [name, _] if name.eq_ignore_ascii_case("identityfile"))
}

/// Whether commands of the RUN run as another user: an agent's socket and its variable may not reach them.
pub(super) fn changes_user(run: &Run) -> bool {
    let switches = ["su", "sudo", "gosu", "su-exec", "runuser", "setpriv", "chroot"];
    let mut words = run.commands().flat_map(|command| &command.words);
    words.any(|word| word.literal().is_some_and(|text| switches.contains(&text.as_str())))
}

/// The range of every settled command at `step`.
pub(super) fn at(settled: &Settled, step: usize) -> impl Iterator<Item = (usize, TextRange)> {
    settled.get(&step).into_iter().flatten().copied()
}
