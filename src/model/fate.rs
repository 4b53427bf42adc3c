//! What becomes of a file within the script that wrote it.

use crate::knowledge::tools;
use crate::source::TextRange;
use crate::syntax::shell::{self, Command, CommandContext, Dialect, RedirectKind, Script};

use super::reading::effective_words;
use super::rest::normal;

/// How many copies of copies are followed.
const MOST_COPIES: usize = 4;

/// The commands of a script that remove files or keep them under another name, in order.
#[derive(Debug, Default)]
pub(super) struct Fates {
    /// Each path with the command that removes it.
    removed: Vec<(Place, String)>,
    /// What each command takes, and where it puts it; `None` where that can't be told.
    copied: Vec<(TextRange, Vec<String>, Option<String>)>,
    /// The files in which commands keep credentials, with their words.
    kept: Vec<(Vec<String>, Vec<String>)>,
    places: Vec<Place>,
}

/// Where a command stands.
#[derive(Debug, Clone, Copy)]
struct Place {
    range: TextRange,
    /// The outermost command that it is a part of, and how deep inside; nothing at the top.
    branch: Option<(usize, usize)>,
    /// Whether a run that succeeds may leave it out.
    optional: bool,
}

impl Place {
    fn of(context: &CommandContext<'_>) -> Self {
        let branch = (context.depth > 0).then_some((context.top_level_item, context.depth));
        Self { range: context.command.range, branch, optional: context.optional }
    }
}

impl Fates {
    pub(super) fn of(script: &Script) -> Self {
        let mut fates = Self::default();
        for context in script.commands() {
            let words: Vec<String> = effective_words(context.command).into_iter().flatten().collect();
            let place = Place::of(&context);
            fates.places.push(place);
            let all = effective_words(context.command);
            fates.kept.extend(tools::persists(&all).map(|kept| (kept.files, words.clone())));
            fates.take_back(&all, place);
            let Some((program, rest)) = words.split_first() else { continue };
            let program = program.rsplit('/').next().unwrap_or("");
            let plain = || rest.iter().filter(|word| !word.starts_with('-')).cloned();
            match program {
                "rm" | "unlink" | "shred" => fates.removed.extend(plain().map(|path| (place, path))),
                "trap" => fates.removed.extend(removed_at_exit(&all, script)),
                "ln" if rest.iter().any(|word| word.starts_with('-') && word.contains('s')) => {}
                "cp" | "mv" | "ln" | "install" | "rsync" | "scp" => {
                    let mut paths: Vec<String> = plain().collect();
                    let target = paths.pop();
                    if program == "mv" {
                        fates.removed.extend(paths.iter().map(|path| (place, path.clone())));
                    }
                    fates.copied.push((context.command.range, paths, target));
                }
                "tar" | "zip" | "dd" | "gzip" | "openssl" => {
                    let named = plain().map(|word| word.trim_start_matches("if=").to_owned());
                    fates.copied.push((context.command.range, named.collect(), None));
                }
                _ if tools::prints_files(program) => {
                    if let Some(target) = written(context.command) {
                        fates.copied.push((context.command.range, plain().collect(), Some(target)));
                    }
                }
                _ => {}
            }
        }
        fates
    }

    /// Notes that a command takes out of its files what all before it have kept there: `docker logout HOST`.
    fn take_back(&mut self, words: &[Option<String>], place: Place) {
        let Some(taken) = tools::takes_back(words) else { return };
        let others = self.kept.iter().filter(|(files, _)| files.iter().any(|file| taken.files.contains(file)));
        if others.into_iter().all(|(_, words)| taken.undoes(words)) {
            self.removed.extend(taken.files.into_iter().map(|file| (place, file)));
        }
    }

    /// Whether the script removes the file at `path` that the command at `write` wrote, and all copies that it makes of it
    /// before.
    pub(super) fn is_gone(&self, path: &str, write: TextRange) -> bool {
        self.is_gone_within(&normal(path), write, MOST_COPIES)
    }

    fn is_gone_within(&self, path: &str, write: TextRange, copies: usize) -> bool {
        let behind = |at: TextRange| at.start() >= write.end();
        let branch = self.places.iter().find(|place| place.range == write).and_then(|place| place.branch);
        // A branch that may write the file and always removes it leaves none.
        let is_sure = |place: &Place| !place.optional || branch.is_some() && place.branch == branch;
        let mut removals =
            self.removed.iter().filter(|(place, target)| behind(place.range) && is_sure(place) && covers(target, path));
        let Some((end, _)) = removals.next() else { return false };
        let made = self.copied.iter().filter(|(at, sources, _)| {
            behind(*at) && at.start() <= end.range.start() && sources.iter().any(|source| covers(source, path))
        });
        let name = path.rsplit('/').next().unwrap_or(path);
        made.into_iter().all(|(at, _, target)| {
            let Some(target) = target.as_ref().filter(|_| copies > 0) else { return false };
            let inside = format!("{}/{name}", target.trim_end_matches('/'));
            [target.as_str(), &inside].iter().any(|copy| self.is_gone_within(&normal(copy), *at, copies - 1))
        })
    }
}

/// What a `trap` of the shell's end removes, as places behind everything else.
fn removed_at_exit(words: &[Option<String>], script: &Script) -> Vec<(Place, String)> {
    let [_, Some(text), signals @ ..] = words else { return Vec::new() };
    if !signals.iter().flatten().any(|signal| matches!(signal.as_str(), "EXIT" | "0")) {
        return Vec::new();
    }
    let end = script.commands().iter().map(|context| context.command.range.end()).max().unwrap_or_default();
    let place = Place { range: TextRange::empty(end), branch: None, optional: false };
    let parsed = shell::parse(text, Dialect::Bash);
    let removing = parsed.commands().into_iter().filter(|context| !context.optional);
    let removing = removing.map(|context| effective_words(context.command));
    let removing = removing.filter(|words| words.first().and_then(Option::as_deref) == Some("rm"));
    let named = removing.flat_map(|words| words.into_iter().skip(1).flatten());
    named.filter(|word| !word.starts_with('-')).map(|path| (place, path)).collect()
}

/// Whether `target`, as a command names it, is `path` or a folder around it.
fn covers(target: &str, path: &str) -> bool {
    let target = normal(target);
    target == path || path.strip_prefix(target.trim_end_matches('/')).is_some_and(|rest| rest.starts_with('/'))
}

/// The file into which a command's output goes.
fn written(command: &Command) -> Option<String> {
    let writes = |kind| matches!(kind, RedirectKind::Write | RedirectKind::Append | RedirectKind::ReadWrite);
    let mut redirects = command.redirects.iter().filter(|redirect| writes(redirect.kind));
    redirects.find(|redirect| redirect.descriptor.is_none_or(|descriptor| descriptor == 1)).map(|it| it.target.lossy())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::syntax::shell::{Dialect, parse};

    fn is_gone(script: &str) -> bool {
        let script = format!("echo $T > /etc/f; {script}");
        let script = parse(&script, Dialect::Bash);
        let write = script.commands()[0].command.range;
        Fates::of(&script).is_gone("/etc/f", write)
    }

    #[test]
    fn a_file_is_gone_with_all_its_copies() {
        for script in [
            "rm /etc/f",
            "use && rm -f /etc/f",
            "rm -rf /etc",
            "cp /etc/f /tmp/g && rm /etc/f /tmp/g",
            "cp /etc/f /tmp && use; rm -r /tmp; rm /etc/f",
            "rm /etc/f; cp /etc/f /srv",
            "ln -s /etc/f /srv/x; use; rm /etc/f",
            "mv /etc/f /etc/g; use; rm /etc/g",
            "trap 'rm -f /etc/f' EXIT; use",
            "trap \"rm -f /etc/f\" INT 0 && use",
        ] {
            assert!(is_gone(script), "{script}");
        }
    }

    #[test]
    fn a_branch_that_writes_it_may_remove_it() {
        let script = parse("if a; then echo $T > /etc/f; use; rm /etc/f; fi", Dialect::Bash);
        let write = script.commands()[1].command.range;
        assert!(Fates::of(&script).is_gone("/etc/f", write));
    }

    #[test]
    fn a_copy_or_a_branch_keeps_it() {
        for script in [
            "use",
            "cp /etc/f /srv/x && rm /etc/f",
            "cp -r /etc /srv && rm -r /etc/f",
            "cat /etc/f > /srv/x; rm /etc/f",
            "tar cf /srv/x.tar /etc && rm /etc/f",
            "use || rm /etc/f",
            "if use; then rm /etc/f; fi",
            "ln /etc/f /srv/x && rm /etc/f",
            "mv /etc/f /etc/g; use",
            "trap 'rm -f /etc/f' INT; use",
            "trap 'use || rm -f /etc/f' EXIT",
        ] {
            assert!(!is_gone(script), "{script}");
        }
    }
}
