//! Files that a script writes a secret into, in front of a build whose context may hold them.

use camino::Utf8PathBuf;

use super::super::WrittenFile;
use super::super::command::UNKNOWN;
use super::super::location::{inside, join};
use super::expand::Evaluator;
use super::state::State;
use super::walk::Walk;
use super::{Foreign, Site};
use crate::knowledge::files::{FileVerdict, classify_file};
use crate::knowledge::names::{classify_name, is_bundled};
use crate::knowledge::tools;
use crate::syntax::shell::{Command, PartKind, Redirect, RedirectKind, Word};

/// Begins and ends the name of a variable in a text of [`shown`].
const MARK: char = '\u{0}';

/// Takes note of what `command` writes or removes; `feeding` is the command in front of its pipe.
pub(super) fn note(walk: &mut Walk<'_>, command: &Command, feeding: Option<&Command>, state: &State) {
    let program = command.effective_name().unwrap_or_default();
    let operands = || command.effective_arguments().iter().filter(|word| !word.lossy().starts_with('-'));
    let place = |word: &Word| file(walk.site, word, state);
    if matches!(program.as_str(), "rm" | "mv" | "shred") {
        let gone: Vec<_> = operands().filter_map(place).collect();
        walk.written.retain(|written| !gone.contains(&written.path));
        return;
    }
    let writes = |one: &&Redirect| {
        matches!(one.kind, RedirectKind::Write | RedirectKind::Append) && matches!(one.descriptor, None | Some(1))
    };
    let mut targets: Vec<&Word> = command.redirects.iter().filter(|one| writes(one)).map(|one| &one.target).collect();
    if program == "tee" {
        targets.extend(operands());
    }
    if targets.is_empty() {
        targets.extend(walk.redirects.iter().rev().find(|one| writes(one)).map(|one| &one.target));
    }
    if targets.is_empty() {
        return;
    }
    let found = [Some(command), feeding].into_iter().flatten().find_map(|one| printed(walk.site, one));
    let Some((secret, sure)) = found else { return };
    let Some(range) = walk.site.view.host_range(command.range) else { return };
    let holds = |path: &Utf8PathBuf| {
        sure || matches!(classify_file(path.as_str()), FileVerdict::BuildInput(_) | FileVerdict::Runtime { .. })
    };
    let paths: Vec<_> = targets.into_iter().filter_map(place).filter(holds).collect();
    for path in paths {
        walk.written.retain(|written| written.path != path);
        walk.written.push(WrittenFile { path, range, secret: secret.clone() });
    }
}

/// The file of the repository's folder that a word names.
fn file(site: &Site<'_>, word: &Word, state: &State) -> Option<Utf8PathBuf> {
    let texts = Evaluator { site, state }.texts(word);
    let [text] = texts.as_slice() else { return None };
    let known = !text.contains(UNKNOWN) && !text.is_empty() && !text.starts_with(['$', '~']);
    let directory = state.directories.first().filter(|_| known)?;
    inside(&join(directory, text)).filter(|path| !path.as_str().is_empty())
}

/// The secret that a command prints, as it stands there, and whether its name or that of the setting says that it is one.
fn printed(site: &Site<'_>, command: &Command) -> Option<(String, bool)> {
    let program = command.effective_name()?;
    if !matches!(program.as_str(), "echo" | "printf") && !tools::prints_files(&program) {
        return None;
    }
    let fed = command.redirects.iter().filter_map(|one| match one.kind {
        RedirectKind::HereString => Some(&one.target),
        _ => one.heredoc.as_ref(),
    });
    command.effective_arguments().iter().chain(fed).find_map(|word| secret_in(site, word))
}

/// The secret in a word: one of a CI system's store, or a variable by its name. What a bundler writes into the files that
/// browsers load is none.
fn secret_in(site: &Site<'_>, word: &Word) -> Option<(String, bool)> {
    shown(site, word).lines().find_map(|line| {
        let pieces: Vec<&str> = line.split(MARK).collect();
        let key = pieces.first()?.trim_end_matches(['=', ':', ' ', '"', '\'']);
        let key = key.rsplit(|char: char| !char.is_ascii_alphanumeric() && char != '_').next().unwrap_or("");
        if is_bundled(key) {
            return None;
        }
        let is_secret = |name: &str| classify_name(name).kind().is_some();
        let whole = pieces.iter().step_by(2).all(|text| text.trim_matches(['"', '\'', ' ']).is_empty());
        pieces.iter().skip(1).step_by(2).find_map(|variable| match site.foreign.get(*variable) {
            Some(Foreign::Expression(inside)) => {
                let name = inside.strip_prefix("secrets.")?;
                let sure = is_secret(name) || is_secret(key);
                (whole || sure).then(|| (inside.clone(), sure))
            }
            Some(Foreign::Variable(name) | Foreign::Evaluated(name)) => {
                is_secret(name).then(|| (format!("${name}"), true))
            }
            Some(Foreign::Computed) => None,
            None => is_secret(variable).then(|| (format!("${variable}"), true)),
        })
    })
}

/// The word's text with its variables between marks, those of the host in quoted text as well.
fn shown(site: &Site<'_>, word: &Word) -> String {
    // Longer names first: one may begin with another.
    let replaced = |text: &String| {
        site.foreign.keys().rev().fold(text.clone(), |text, name| {
            let marked = format!("{MARK}{name}{MARK}");
            text.replace(&format!("${{{name}}}"), &marked).replace(&format!("${name}"), &marked)
        })
    };
    word.parts
        .iter()
        .map(|part| match &part.kind {
            PartKind::Text(text) | PartKind::Other(text) if text.contains('$') => replaced(text),
            PartKind::Text(text) | PartKind::Other(text) => text.clone(),
            PartKind::Variable(variable) => format!("{MARK}{}{MARK}", variable.name),
            PartKind::Command(_) | PartKind::Process(_) | PartKind::Arithmetic(_) => String::new(),
        })
        .collect()
}
