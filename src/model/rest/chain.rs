//! What gets the output of a command: its redirections, the commands behind its pipe, and the same for the compounds around.

use crate::knowledge::tools;
use crate::model::exposure::written_by_argument;
use crate::model::reading::effective_words;
use crate::source::TextSize;
use crate::syntax::shell::{Command, CompoundKind, Item, Node, Redirect, RedirectKind, Script, Word};

use super::RestKind;

/// One thing that output goes through.
#[derive(Debug, Clone, Copy)]
pub(super) enum Link<'s> {
    /// The redirections of the command or compound that prints.
    Redirects(&'s [Redirect]),
    /// A command behind a pipe, which reads it.
    Command(&'s Command),
}

/// A descriptor that `exec N>FILE` opens for all commands behind it.
#[derive(Debug, Clone)]
pub(super) struct Opened {
    at: TextSize,
    descriptor: u32,
    /// The file; `None` for a device, which keeps nothing.
    file: Option<String>,
}

/// What the members of a pipeline behind the one that prints do with its output.
pub(super) fn links(members: &[Item]) -> Vec<Link<'_>> {
    let mut found = Vec::new();
    for member in members {
        match &member.node {
            Node::Command(command) => found.extend([Link::Command(command), Link::Redirects(&command.redirects)]),
            Node::Pipeline(inner) => found.extend(links(inner)),
            Node::Compound(compound) => {
                compound.bodies.iter().for_each(|body| found.extend(links(&body.items)));
                found.push(Link::Redirects(&compound.redirects));
            }
        }
    }
    found
}

/// Calls `take` for every command of `items` with what gets its output; `outer` is what gets that of the compound around. What a
/// function prints goes wherever it is called: `functions` says whether commands in the bodies of functions are among them.
pub(super) fn with_outputs<'s>(
    items: &'s [Item],
    outer: &[Link<'s>],
    functions: bool,
    take: &mut dyn FnMut(&'s Command, &[Link<'s>]),
) {
    for item in items {
        let members = match &item.node {
            Node::Pipeline(members) => members.as_slice(),
            Node::Command(_) | Node::Compound(_) => std::slice::from_ref(item),
        };
        for (at, member) in members.iter().enumerate() {
            let behind = links(&members[at + 1..]).into_iter().chain(outer.iter().copied());
            let through =
                |redirects| std::iter::once(Link::Redirects(redirects)).chain(behind.clone()).collect::<Vec<_>>();
            match &member.node {
                Node::Command(command) => take(command, &through(&command.redirects)),
                Node::Pipeline(_) => {
                    with_outputs(std::slice::from_ref(member), &behind.collect::<Vec<_>>(), functions, take);
                }
                Node::Compound(compound) if compound.kind == CompoundKind::Function && !functions => {}
                Node::Compound(compound) => {
                    let outer = through(&compound.redirects);
                    compound.bodies.iter().for_each(|body| with_outputs(&body.items, &outer, functions, take));
                }
            }
        }
    }
}

/// The descriptors that a script opens for its own commands.
pub(super) fn opened(script: &Script) -> Vec<Opened> {
    let mut found = Vec::new();
    for context in script.commands() {
        let command = context.command;
        if command.effective_name().as_deref() != Some("exec") || command.words.len() > 1 {
            continue;
        }
        let writers = command.redirects.iter().filter(|redirect| writes(redirect));
        found.extend(writers.map(|redirect| Opened {
            at: command.range.end(),
            descriptor: redirect.descriptor.unwrap_or(1),
            file: file_of(redirect),
        }));
    }
    found
}

/// Where output comes to rest that has the value in it. `at` is where the command that prints it begins.
pub(super) fn where_it_goes(chain: &[Link<'_>], opened: &[Opened], at: TextSize) -> Option<RestKind> {
    let commands = chain.iter().filter_map(|link| match link {
        Link::Command(command) => Some(*command),
        Link::Redirects(_) => None,
    });
    if let Some(file) = commands.clone().find_map(|command| written_by_argument(command).or(written_by_option(command)))
    {
        return Some(RestKind::File(file));
    }
    let mut not_understood = None;
    let mut prints = true;
    for (index, link) in chain.iter().enumerate() {
        match link {
            Link::Redirects(redirects) => match redirects.iter().rev().find_map(redirected) {
                Some(Target::File(file)) => return Some(RestKind::File(file)),
                Some(Target::Nowhere) => return not_understood,
                Some(Target::Descriptor(descriptor)) => {
                    return descriptor_goes(descriptor, &chain[index + 1..], opened, at);
                }
                None => {}
            },
            Link::Command(command) => {
                let words = effective_words(command);
                if let Some(kept) = tools::persists(&words) {
                    return Some(RestKind::of(kept));
                }
                prints = tools::logs(&words);
                if !prints && !tools::passes_through(&words) && not_understood.is_none() {
                    not_understood = words.first().cloned().flatten().map(RestKind::NotUnderstood);
                }
            }
        }
    }
    if not_understood.is_some() || !prints {
        return not_understood;
    }
    match opened.iter().rev().find(|opened| opened.descriptor == 1 && opened.at <= at) {
        Some(Opened { file, .. }) => file.clone().map(RestKind::File),
        None => Some(RestKind::Log),
    }
}

/// What becomes of text that is written to a descriptor, `rest` being what stands around the command.
fn descriptor_goes(descriptor: u32, rest: &[Link<'_>], opened: &[Opened], at: TextSize) -> Option<RestKind> {
    let around = rest.iter().flat_map(|link| match link {
        Link::Redirects(redirects) => *redirects,
        Link::Command(_) => &[],
    });
    let mut named = around.filter(|redirect| redirect.descriptor == Some(descriptor) && writes(redirect));
    if let Some(redirect) = named.next() {
        return file_of(redirect).map(RestKind::File);
    }
    match opened.iter().rev().find(|opened| opened.descriptor == descriptor && opened.at <= at) {
        Some(Opened { file, .. }) => file.clone().map(RestKind::File),
        None => (descriptor <= 2).then_some(RestKind::Log),
    }
}

/// Where a redirection leads standard output.
enum Target {
    File(String),
    Nowhere,
    Descriptor(u32),
}

fn redirected(redirect: &Redirect) -> Option<Target> {
    if redirect.descriptor.is_some_and(|descriptor| descriptor != 1) {
        return None;
    }
    if redirect.kind == RedirectKind::Duplicate {
        return redirect.target.lossy().parse().ok().filter(|to| *to != 1).map(Target::Descriptor);
    }
    writes(redirect).then(|| file_of(redirect).map_or(Target::Nowhere, Target::File))
}

fn writes(redirect: &Redirect) -> bool {
    matches!(redirect.kind, RedirectKind::Write | RedirectKind::Append | RedirectKind::ReadWrite)
}

/// The file that a redirection writes; `None` for devices, which keep nothing.
fn file_of(redirect: &Redirect) -> Option<String> {
    let path = redirect.target.lossy();
    (!path.starts_with("/dev/")).then_some(path)
}

/// The file that a redirection of standard output writes: `Some(None)` for one that keeps nothing.
pub(super) fn written_file(redirect: &Redirect) -> Option<Option<String>> {
    let of_output = redirect.descriptor.is_none_or(|descriptor| descriptor == 1);
    (of_output && writes(redirect)).then(|| file_of(redirect))
}

/// The file into which a command puts what it reads from standard input because its words say so: `sort -o FILE`,
/// `openssl … -out FILE`, `gpg --output FILE`, `cp /dev/stdin FILE`, `split - PREFIX` (the manuals of the programs).
pub(in crate::model) fn written_by_option(command: &Command) -> Option<String> {
    let words: Vec<String> = command.effective_arguments().iter().map(Word::lossy).collect();
    let options: &[&str] = match command.effective_name()?.as_str() {
        "sort" | "gpg" | "gpg2" | "age" => &["-o", "--output"],
        "openssl" => &["-out"],
        "cp" | "install" | "mv" => {
            return words.iter().any(|word| word == "/dev/stdin").then(|| words.last().cloned()).flatten();
        }
        "split" | "csplit" => {
            let mut operands = words.iter().filter(|word| !word.starts_with('-') || *word == "-");
            return Some(operands.nth(1).cloned().unwrap_or_else(|| "xaa".to_owned()));
        }
        _ => return None,
    };
    let joined = |word: &String| {
        options.iter().find_map(|option| match word.strip_prefix(option)? {
            "" => None,
            rest if option.starts_with("--") => rest.strip_prefix('=').map(str::to_owned),
            rest => (*option == "-o").then(|| rest.to_owned()),
        })
    };
    let behind = words.windows(2).find(|pair| options.contains(&pair[0].as_str())).map(|pair| pair[1].clone());
    behind.or_else(|| words.iter().find_map(joined)).filter(|path| path != "-" && !path.starts_with("/dev/"))
}

/// The file that a program of awk prints into, in quotes behind `>` (POSIX.1-2024, XCU awk, Output Statements).
pub(super) fn written_by_awk(command: &Command) -> Option<String> {
    let name = command.effective_name()?;
    let programs = command.effective_arguments().iter().map(Word::lossy);
    let file = |text: String| {
        let (_, behind) = text.split_once('>')?;
        let (file, _) = behind.trim_start_matches('>').trim_start().strip_prefix('"')?.split_once('"')?;
        (!file.starts_with("/dev/")).then(|| file.to_owned())
    };
    matches!(name.as_str(), "awk" | "gawk" | "mawk").then(|| programs.filter_map(file).next()).flatten()
}

/// The file that a program of sed names with its command or flag `w` (POSIX.1-2024, XCU sed).
pub(in crate::model) fn written_by_sed(command: &Command) -> Option<String> {
    let name = command.effective_name()?;
    let texts = command.effective_arguments().iter().map(Word::lossy);
    let file = |text: String| text.lines().find_map(named_by_w);
    matches!(name.as_str(), "sed" | "gsed").then(|| texts.filter_map(file).next()).flatten()
}

/// The file behind `w` at the end of a line of sed: `s/a/b/gw FILE`, `/a/w FILE`.
fn named_by_w(line: &str) -> Option<String> {
    let (before, file) = line.trim_end().rsplit_once([' ', '\t'])?;
    let flags = before.trim_end().strip_suffix('w')?;
    let command = flags.trim_end_matches(|char: char| char.is_ascii_digit() || "gpIiMme".contains(char));
    let is_end = command.is_empty() || command.ends_with(|char: char| !char.is_alphanumeric() && !char.is_whitespace());
    (is_end && !file.starts_with("/dev/")).then(|| file.to_owned())
}
