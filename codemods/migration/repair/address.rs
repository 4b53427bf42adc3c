//! git keeps the URL of a clone, with the credentials in it, in `.git/config`. `git -c url.….insteadOf=… clone` uses the
//! same URL and keeps the plain one (experiment: git 2.39, 2.47). `-c` is older than any git that is still about, which
//! `GIT_CONFIG_COUNT` (2.31) is not.

use crate::model::effective_words;
use crate::source::{TextRange, size};
use crate::syntax::shell::{Command, Part, PartKind, Word, edit};

use super::super::Migration;
use super::site::{Site, is_password};
use super::{Refused, Repairs};

/// A URL with credentials in a word: what to take out of it, and what git needs instead.
struct Address {
    userinfo: TextRange,
    /// `url.https://user:${TOKEN}@host/.insteadOf=https://host/`, as text for double quotes.
    setting: String,
    host: String,
}

impl<'m> Migration<'m> {
    /// Takes the credentials out of the URL that a git command keeps; `None` for other commands.
    pub(super) fn move_address(&self, site: &Site<'m>, repairs: &mut Repairs<'m>) -> Option<Result<(), Refused>> {
        let words = site.words();
        let command = subcommand(&words).filter(|_| site.program().as_deref() == Some("git"))?;
        let keeps = matches!(command, "clone" | "remote" | "submodule");
        keeps.then(|| self.plain_address(site, command, repairs))
    }

    fn plain_address(&self, site: &Site<'m>, command: &str, repairs: &mut Repairs<'m>) -> Result<(), Refused> {
        let mut words = site.command().words.iter().filter(|word| site.is_in(word));
        let (Some(word), None) = (words.next(), words.next()) else {
            return Err(Refused::because("only the value in one URL can be taken out of it"));
        };
        let address = address(site, word)?;
        let mut edits = vec![site.replace(address.userinfo, "")?];
        if command == "clone" || command == "submodule" {
            edits.push(site.insert(git_word(site.command())?, &format!(" -c \"{}\"", address.setting))?);
        }
        if is_password(&site.name) || address.host.contains("bitbucket") {
            let assumption =
                format!("the value of `{}` has no `=` in it, which `git -c` would take for its own", site.name);
            repairs.assumptions.push(assumption);
        }
        repairs.edit(site.step, edits);
        self.serve_transfers(site, &address, repairs)
    }

    /// Gives the setting to the git commands that reach the server later, in the same RUN and in those behind it.
    fn serve_transfers(&self, site: &Site<'m>, address: &Address, repairs: &mut Repairs<'m>) -> Result<(), Refused> {
        let steps = std::iter::once(site.step).chain(self.later_runs(site.step));
        for step in steps {
            let Some(run) = self.run(step) else { continue };
            for shell in &run.shells {
                for context in shell.script.commands() {
                    let command = context.command;
                    let behind = step != site.step || command.range.start() >= site.command().range.end();
                    if !behind || !transfers(command) {
                        continue;
                    }
                    let view = shell.view.as_ref().filter(|_| shell.script.clean);
                    let view = view.ok_or_else(|| Refused::because("a later git command can't be edited"))?;
                    let text = format!(" -c \"{}\"", address.setting);
                    let edit = view.insert(git_word(command)?, &text);
                    repairs.edit(step, [edit.map_err(|seam| Refused::because(edit::Refusal::from(seam).to_string()))?]);
                    if step != site.step {
                        repairs.reader(step, &site.name, "git reaches the server with the URL of an earlier RUN");
                    }
                }
            }
        }
        Ok(())
    }
}

/// The first word behind `git` that is neither a flag nor the value of one.
fn subcommand(words: &[Option<String>]) -> Option<&str> {
    let mut words = words.iter().skip(1).map(|word| word.as_deref().unwrap_or(""));
    while let Some(word) = words.next() {
        match word {
            "-C" | "-c" | "--git-dir" | "--work-tree" | "--namespace" => drop(words.next()),
            _ if word.starts_with('-') => {}
            _ => return Some(word),
        }
    }
    None
}

/// Whether a git command reaches the server of a clone that is there already.
fn transfers(command: &Command) -> bool {
    let words = effective_words(command);
    let is_git = words.first().cloned().flatten().is_some_and(|name| name == "git" || name.ends_with("/git"));
    is_git && matches!(subcommand(&words), Some("pull" | "fetch" | "push" | "lfs" | "submodule" | "ls-remote"))
}

/// Where the word `git` ends.
fn git_word(command: &Command) -> Result<crate::source::TextSize, Refused> {
    let word = command.words.get(command.effective().index);
    word.map(|word| word.range.end()).ok_or_else(|| Refused::because("git is started in a way that is not understood"))
}

fn address(site: &Site<'_>, word: &Word) -> Result<Address, Refused> {
    site.plain_uses(word)?;
    find_address(site, word).ok_or_else(|| Refused::because("the value is not in the user's part of an http URL"))
}

fn find_address(site: &Site<'_>, word: &Word) -> Option<Address> {
    let first = word.parts.iter().find(|part| !matches!(&part.kind, PartKind::Text(text) if text.is_empty()))?;
    let start = text_of(site, first)?;
    let scheme = ["https://", "http://"].into_iter().find(|scheme| start.starts_with(scheme))?;
    let begin = first.range.start() + size(scheme.len());
    let is_at =
        |part: &&Part| part.range.start() >= begin && text_of(site, part).is_some_and(|text| text.contains('@'));
    let last = word.parts.iter().find(is_at)?;
    let (before, host) = text_of(site, last)?.split_once('@')?;
    let end = last.range.start() + size(before.len() + 1);
    let host = host.split_once('/')?.0.to_owned();
    let userinfo = TextRange::new(begin, end);
    let raw = site.raw(userinfo);
    let balanced = |quote: char| raw.matches(quote).count().is_multiple_of(2);
    if host.is_empty() || !balanced('"') || !balanced('\'') {
        return None;
    }
    let inside = |part: &&Part| part.range.start() >= first.range.start() && part.range.end() <= last.range.end();
    let parts: Vec<Part> = word.parts.iter().filter(inside).cloned().collect();
    let all = site.quoted(&parts)?;
    let user = all.strip_prefix(scheme)?.split('@').next()?;
    let setting = format!("url.{scheme}{user}@{host}/.insteadOf={scheme}{host}/");
    Some(Address { userinfo, setting, host })
}

/// The text of a part that stands in the script as it is, without escapes.
fn text_of<'p>(site: &Site<'_>, part: &'p Part) -> Option<&'p str> {
    match &part.kind {
        PartKind::Text(text) => Some(text.as_str()).filter(|text| site.raw(part.range) == *text),
        _ => None,
    }
}
