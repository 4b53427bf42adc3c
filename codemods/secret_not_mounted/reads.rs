use std::collections::BTreeSet;

use crate::model::{Dockerfile, Form, Run, SECRETS, ShellText};
use crate::source::TextRange;
use crate::syntax::dockerfile::Keyword;
use crate::syntax::shell::{Command, RedirectKind, Word};

/// A command that reads a secret's file in a RUN without its mount.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Read {
    /// The RUN.
    pub step: usize,
    /// The file.
    pub path: String,
    /// Where it is named.
    pub place: TextRange,
}

/// Commands that only speak of a path, or make and remove it: what they name need not be there.
const SPEAK: [&str; 15] = [
    "echo", "printf", "sed", "awk", "tee", "touch", "mkdir", "rm", "ln", "chmod", "chown", "mount", "umount", "perl",
    "envsubst",
];

/// All such reads of `dockerfile`, in order.
pub(super) fn reads(dockerfile: &Dockerfile) -> Vec<Read> {
    let targets: BTreeSet<String> = (0..dockerfile.steps.len())
        .flat_map(|step| dockerfile.secret_mounts(step))
        .filter_map(|mount| mount.path.filter(|path| path.starts_with('/')))
        .collect();
    let mut found = Vec::new();
    for (step, run) in dockerfile.steps.iter().enumerate().filter_map(|(at, step)| Some((at, step.run.as_deref()?))) {
        if !run.text.contains(SECRETS) && !targets.iter().any(|target| run.text.contains(target.as_str())) {
            continue;
        }
        let fresh = named_paths(run, &targets).into_iter().map(|(path, place)| {
            let keyword = dockerfile.steps[step].instruction.keyword_range();
            Read { step, path, place: place.unwrap_or(keyword) }
        });
        found.extend(fresh.filter(|read| !is_provided(dockerfile, step, &read.path) && !is_written(run, &read.path)));
    }
    found.retain(|read| !is_copied(dockerfile, &read.path));
    found.dedup_by(|later, earlier| later.step == earlier.step && later.path == earlier.path);
    found
}

fn named_paths(run: &Run, targets: &BTreeSet<String>) -> Vec<(String, Option<TextRange>)> {
    if let (Form::Exec(arguments), true) = (&run.form, run.shells.is_empty()) {
        return arguments.iter().skip(1).filter_map(|text| Some((path_in(text, targets)?, None))).collect();
    }
    run.shells.iter().flat_map(|shell| named_in(shell, targets)).collect()
}

fn named_in(shell: &ShellText, targets: &BTreeSet<String>) -> Vec<(String, Option<TextRange>)> {
    let host = |word: &Word| shell.view.as_ref()?.host_range(word.range);
    let mut found = Vec::new();
    for context in shell.script.commands() {
        let named = candidates(context.command).filter_map(|word| Some((path_in(&word.lossy(), targets)?, host(word))));
        found.extend(named);
    }
    found
}

/// The words of a command that may be the path of a file that it reads.
fn candidates(command: &Command) -> impl Iterator<Item = &Word> {
    let name = command.effective_name().unwrap_or_default();
    // `[ ! -f FILE ]` wants the file to be absent.
    let denies = matches!(name.as_str(), "[" | "[[" | "test") && command.words.iter().any(|word| word.lossy() == "!");
    let speaks = denies || SPEAK.contains(&name.as_str());
    let words = command.words.iter().skip(1).filter(move |_| !speaks);
    let values = command.assignments.iter().map(|assignment| &assignment.value);
    let inputs = command.redirects.iter().filter(|redirect| redirect.kind == RedirectKind::Read);
    words.chain(values).chain(inputs.map(|redirect| &redirect.target))
}

/// The secret's file that a word names as a whole, or behind `key=`, `@` or `file:`.
fn path_in(word: &str, targets: &BTreeSet<String>) -> Option<String> {
    let start = word.find('/')?;
    let path = word.get(start..)?.trim_start_matches("//");
    let path = if path.starts_with('/') { path.to_owned() } else { format!("/{path}") };
    let before = word[..start].chars().next_back();
    if before.is_some_and(|before| !matches!(before, '=' | '@' | ':')) {
        return None;
    }
    let is_name =
        |name: &str| !name.is_empty() && name.chars().all(|char| char.is_ascii_alphanumeric() || "._-".contains(char));
    let is_secret = path.strip_prefix(SECRETS).is_some_and(is_name);
    (is_secret || targets.contains(&path)).then_some(path)
}

/// Whether a mount of this RUN covers the path, of whatever kind it is.
fn is_provided(dockerfile: &Dockerfile, step: usize, path: &str) -> bool {
    if dockerfile.secret_mounts(step).iter().any(|mount| mount.path.as_deref() == Some(path)) {
        return true;
    }
    let flags = dockerfile.steps[step].instruction.flags();
    let mounts = flags.iter().filter_map(|flag| flag.mount()).filter(|mount| mount.kind != "secret");
    let mut targets = mounts.filter_map(|mount| mount.get("target").map(str::to_owned));
    targets.any(|target| {
        path.strip_prefix(target.trim_end_matches('/')).is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
    })
}

/// Whether the RUN itself makes the file.
fn is_written(run: &Run, path: &str) -> bool {
    let writes = |kind: RedirectKind| matches!(kind, RedirectKind::Write | RedirectKind::Append);
    let mut redirects = run.commands().flat_map(|command| &command.redirects);
    redirects.any(|redirect| writes(redirect.kind) && redirect.target.lossy() == path)
}

/// Whether a COPY or ADD brings a file of this path, or the folder that it is in.
fn is_copied(dockerfile: &Dockerfile, path: &str) -> bool {
    let copies =
        dockerfile.steps.iter().enumerate().filter(|(_, step)| matches!(step.keyword, Keyword::Copy | Keyword::Add));
    let mut targets =
        copies.filter_map(|(at, step)| Some(dockerfile.absolute(at, &step.instruction.words().last()?.value)));
    targets.any(|target| {
        let folder = target.trim_end_matches('/');
        let parent = path.rsplit_once('/').map_or("", |(parent, _)| parent);
        path == folder || (!folder.is_empty() && parent == folder)
    })
}
