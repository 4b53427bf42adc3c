//! Where the output of a pipeline goes, and which files a list removes.

use crate::model::rest::{normal, written_by_option};
use crate::source::TextSize;
use crate::syntax::shell::{Command, CommandContext, Redirect, RedirectKind, Script, Word};

use super::holders::{is_filter_or_printer, plain_words};

/// Where output goes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Sink {
    /// To the build's log.
    Log,
    /// Into this file.
    File(String),
    /// To another command, or nowhere.
    Elsewhere,
}

/// Where what the first command of `pipeline` prints ends up. `outer` are the redirections of the compounds around, the
/// innermost last.
pub(super) fn sink(pipeline: &[&Command], outer: &[&Redirect]) -> Sink {
    for (at, command) in pipeline.iter().enumerate() {
        // `tee FILE > /dev/null` writes the file, whatever becomes of its output.
        if at > 0
            && let Some(file) = written_by(command)
        {
            return Sink::File(file);
        }
        if at > 0 && !is_filter_or_printer(command) {
            return Sink::Elsewhere;
        }
        if let Some(sink) = command.redirects.iter().rev().find_map(redirected) {
            return sink;
        }
    }
    outer.iter().rev().find_map(|redirect| redirected(redirect)).unwrap_or(Sink::Log)
}

/// The file that a command writes what it reads to as it is, and not encrypted or decrypted.
fn written_by(command: &Command) -> Option<String> {
    let is_cipher = matches!(command.effective_name().as_deref(), Some("openssl" | "gpg" | "gpg2" | "age"));
    written_by_argument(command).or_else(|| written_by_option(command).filter(|_| !is_cipher))
}

/// The file that `tee FILE`, `sponge FILE` or `dd of=FILE` writes standard input to.
pub(in crate::model) fn written_by_argument(command: &Command) -> Option<String> {
    match command.effective_name()?.as_str() {
        "tee" | "sponge" => operands(command).find(|path| !path.starts_with("/dev/")),
        "dd" => operands(command).find_map(|word| word.strip_prefix("of=").map(str::to_owned)),
        _ => None,
    }
}

fn operands(command: &Command) -> impl Iterator<Item = String> {
    command.effective_arguments().iter().map(Word::lossy).filter(|word| !word.starts_with('-'))
}

/// What a redirection makes of standard output; `None` where it is about something else.
fn redirected(redirect: &Redirect) -> Option<Sink> {
    if redirect.descriptor.is_some_and(|descriptor| descriptor != 1) {
        return None;
    }
    if redirect.kind == RedirectKind::Duplicate {
        return Some(if matches!(redirect.target.lossy().as_str(), "1" | "2") { Sink::Log } else { Sink::Elsewhere });
    }
    let writes = matches!(redirect.kind, RedirectKind::Write | RedirectKind::Append | RedirectKind::ReadWrite);
    if !writes {
        return None;
    }
    let path = redirect.target.lossy();
    Some(match path.as_str() {
        "/dev/stdout" | "/dev/stderr" | "/dev/tty" | "/proc/self/fd/1" | "/proc/self/fd/2" => Sink::Log,
        path if path.starts_with("/dev/") || path.starts_with(">(") => Sink::Elsewhere,
        _ => Sink::File(path),
    })
}

/// The files that standard output and standard error go to; `None` for the log, a pipe, and what can't be told.
#[derive(Debug, Clone, Default)]
pub(super) struct Streams {
    output: Option<String>,
    /// Where what a tool tells of its work goes, and the trace of a shell.
    pub(super) errors: Option<String>,
}

impl Streams {
    /// After `redirects`, from left to right (POSIX.1-2024, XCU 2.7).
    pub(super) fn after<'r>(mut self, redirects: impl IntoIterator<Item = &'r Redirect>) -> Self {
        for redirect in redirects {
            let target = match redirect.kind {
                RedirectKind::Duplicate if redirect.target.lossy() == "1" => self.output.clone(),
                RedirectKind::Duplicate if redirect.target.lossy() == "2" => self.errors.clone(),
                _ => match redirected(&Redirect { descriptor: None, ..redirect.clone() }) {
                    Some(Sink::File(path)) => Some(path),
                    Some(Sink::Log | Sink::Elsewhere) => None,
                    None => continue,
                },
            };
            match redirect.descriptor {
                Some(2) => self.errors = target,
                None | Some(1) => self.output = target,
                Some(_) => {}
            }
        }
        self
    }

    /// Where a compound writes whose output is read by `pipeline`.
    pub(super) fn into_pipe(self, pipeline: &[&Command]) -> Self {
        let first = pipeline.first().and_then(|command| written_by(command)).map(Sink::File);
        match first.unwrap_or_else(|| sink(pipeline, &[])) {
            Sink::File(path) => Self { output: Some(path), ..self },
            Sink::Log | Sink::Elsewhere => Self { output: None, ..self },
        }
    }
}

/// A file or folder that a list removes.
pub(super) struct Removal {
    /// Where the command begins.
    pub(super) at: TextSize,
    path: String,
}

impl Removal {
    /// Whether `path` goes with it.
    pub(super) fn takes(&self, path: &str) -> bool {
        let path = normal(path);
        let inside = path.strip_prefix(self.path.trim_end_matches('/')).is_some_and(|rest| rest.starts_with('/'));
        path == self.path || inside
    }
}

/// What `mv` takes away to a place from which it is removed later.
fn moved_away(context: &CommandContext<'_>, removals: &[Removal]) -> Option<Removal> {
    let words = plain_words(context.command);
    let ("mv", false) = (words.first()?.as_str(), context.optional) else { return None };
    let [source, target] = words.iter().skip(1).filter(|word| !word.starts_with('-')).collect::<Vec<_>>()[..] else {
        return None;
    };
    let at = context.command.range.start();
    let gone = removals.iter().any(|removal| removal.at > at && removal.takes(target));
    gone.then(|| Removal { at, path: normal(source) })
}

/// What `rm` and the like remove in `script`.
pub(super) fn removed_paths(script: &Script) -> Vec<Removal> {
    let mut removals = Vec::new();
    for context in script.commands() {
        let words = plain_words(context.command);
        let removes = matches!(words.first().map(String::as_str), Some("rm" | "unlink" | "shred"));
        if !removes || context.optional {
            continue;
        }
        let paths = words.iter().skip(1).filter(|word| !word.starts_with('-'));
        removals.extend(paths.map(|path| Removal { at: context.command.range.start(), path: normal(path) }));
    }
    let moved: Vec<Removal> = script.commands().iter().filter_map(|context| moved_away(context, &removals)).collect();
    removals.extend(moved);
    removals
}
