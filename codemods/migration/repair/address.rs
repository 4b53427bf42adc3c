//! git keeps the URL of a clone, with the credentials in it, in `.git/config`. `git -c url.….insteadOf=… clone` uses the
//! same URL and keeps the plain one (experiment: git 2.39, 2.47). `-c` is older than any git that is still about, which
//! `GIT_CONFIG_COUNT` (2.31) is not.

use crate::model::effective_words;
use crate::source::{TextRange, size};
use crate::syntax::shell::{self, Command, Dialect, Part, PartKind, Word, edit};

use super::super::Migration;
use super::setting::NEW_GIT;
use super::site::{Site, is_password};
use super::variables::{Setting, exported};
use super::{Refused, Repairs};

/// A URL with credentials in a word: what to take out of it, and what git needs instead.
pub(super) struct Address {
    pub(super) userinfo: TextRange,
    /// `url.https://user:${TOKEN}@host/.insteadOf=https://host/`, as text for double quotes.
    setting: String,
    /// `url.https://user:${TOKEN}@host/.insteadOf`, as text for double quotes.
    pub(super) key: String,
    /// `https://host/`
    pub(super) plain: String,
    pub(super) host: String,
}

impl<'m> Migration<'m> {
    /// Takes the credentials out of the URL that a git command keeps; `None` for other commands.
    pub(super) fn move_address(&self, site: &Site<'m>, repairs: &mut Repairs<'m>) -> Option<Result<(), Refused>> {
        let words = site.words();
        let command = subcommand(&words).filter(|_| site.program().as_deref() == Some("git"))?;
        let keeps = matches!(command, "clone" | "remote" | "submodule" | "pull");
        keeps.then(|| self.plain_address(site, command, repairs))
    }

    /// git hands the credentials of an address that worked to its helper, and `store` writes them to `~/.git-credentials`,
    /// wherever the address stands (experiment: git 2.47; git-credential-store(1)).
    pub(super) fn check_git_store(&self) -> Result<(), Refused> {
        let stores = |text: &str| text.contains("credential.helper") && text.contains("store");
        let runs = self.dockerfile.steps.iter().filter_map(|step| step.run.as_deref());
        match runs.map(|run| run.text.as_str()).any(stores) {
            true => Err(Refused::because("git's helper `store` would write the value to `~/.git-credentials`")),
            false => Ok(()),
        }
    }

    fn plain_address(&self, site: &Site<'m>, command: &str, repairs: &mut Repairs<'m>) -> Result<(), Refused> {
        self.check_git_store()?;
        let mut edits = Vec::new();
        let mut options = String::new();
        let mut settings = Vec::new();
        for (index, word) in site.command().words.iter().enumerate().filter(|(_, word)| site.is_in(word)) {
            let (gone, setting) = match own_setting(site, index).filter(|_| command == "clone") {
                Some(own) => own,
                None => {
                    let address = address(site, word)?;
                    self.assume_no_equals_sign(site, &address, repairs);
                    (address.userinfo, address.setting)
                }
            };
            edits.push(site.replace(gone, "")?);
            options.push_str(&format!(" -c \"{setting}\""));
            settings.extend(setting.split_once('=').map(|(key, value)| Setting::Git(key.to_owned(), value.to_owned())));
        }
        if edits.is_empty() {
            return Err(Refused::because("the value is not among its words"));
        }
        if matches!(command, "clone" | "submodule" | "pull") {
            edits.push(site.insert(git_word(site.command())?, &options)?);
        }
        self.check_start_command(site)?;
        repairs.edit(site.step, edits);
        self.serve_transfers(site, &options, repairs)?;
        self.serve_scripts(site, &settings, repairs)
    }

    /// The address that the clone kept let the container reach the server as well.
    fn check_start_command(&self, site: &Site<'m>) -> Result<(), Refused> {
        self.check_started(site, &|line: &str| {
            ["pull", "fetch", "submodule", "lfs"].iter().any(|verb| line.contains(&format!("git {verb}")))
        })
    }

    /// Whether nothing that starts the container reaches a server with what the image kept so far.
    pub(super) fn check_started(&self, site: &Site<'m>, reaches: &dyn Fn(&str) -> bool) -> Result<(), Refused> {
        if !self.is_shipped(site.step) {
            return Ok(());
        }
        match self.model.started_from(self.dockerfile, reaches) {
            Some(path) if path == *self.dockerfile.path() => Err(Refused::because(
                "the start command reaches the server with it: it has to get it when it is started",
            )),
            Some(path) => Err(Refused::because(format!(
                "`{path}`, which starts the container, reaches the server with it: it has to get it when it is started"
            ))),
            None => Ok(()),
        }
    }

    /// Gives the settings, as variables, to the RUNs behind it that run a script of the repository in which git reaches the
    /// server.
    fn serve_scripts(&self, site: &Site<'m>, settings: &[Setting], repairs: &mut Repairs<'m>) -> Result<(), Refused> {
        for step in self.later_runs(site.step) {
            let commands = self.run(step).into_iter().flat_map(|run| run.commands());
            for script in commands.filter_map(|command| self.unread_script(&effective_words(command), step)) {
                repairs.assumptions.push(format!(
                    "`{script}`, which is not in the repository, does not reach a server with the address that git kept"
                ));
            }
        }
        let steps = self.later_runs(site.step).into_iter().filter(|step| self.runs_transfer(*step));
        for step in steps {
            if settings.is_empty() || self.run(step).is_some_and(|run| run.mentions("GIT_CONFIG_COUNT")) {
                return Err(Refused::because("a later script reaches the server of the clone"));
            }
            self.check_git_version(site, &settings[0])?;
            let settings: Vec<&Setting> = settings.iter().collect();
            repairs.prelude(step, exported(&settings, 0, self.runs(step, "cargo")));
            repairs.reader(step, &site.name, "runs a script that reaches the server of a clone");
            repairs.assumptions.push(NEW_GIT.to_owned());
        }
        Ok(())
    }

    /// Whether the RUN at `step` runs a script of the repository in which git reaches a server.
    fn runs_transfer(&self, step: usize) -> bool {
        let reader = self.model.reader(self.dockerfile);
        let scripts = self.run(step).into_iter().flat_map(|run| run.commands());
        scripts.filter_map(|command| reader.script_of(&effective_words(command))).any(|script| {
            let parsed = shell::parse(script.text(), Dialect::Bash);
            parsed.commands().into_iter().any(|context| transfers(context.command))
        })
    }

    fn assume_no_equals_sign(&self, site: &Site<'m>, address: &Address, repairs: &mut Repairs<'m>) {
        if is_password(&site.name) || address.host.contains("bitbucket") {
            let assumption =
                format!("the value of `{}` has no `=` in it, which `git -c` would take for its own", site.name);
            repairs.assumptions.push(assumption);
        }
    }

    /// Gives the settings to the git commands that reach the server later, in the same RUN and in those behind it.
    fn serve_transfers(&self, site: &Site<'m>, options: &str, repairs: &mut Repairs<'m>) -> Result<(), Refused> {
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
                    let edit = view.insert(git_word(command)?, options);
                    repairs.edit(step, [edit.map_err(|seam| Refused::because(edit::Refusal::from(seam).to_string()))?]);
                    if step != site.step {
                        repairs.reader(step, &site.name, "git reaches the server of a clone that an earlier RUN made");
                    }
                }
            }
        }
        Ok(())
    }
}

/// The word at `index` where it is a setting that `git clone` keeps (`-c KEY=VALUE`), with its option and the blank in front of
/// both, and what it says, as text for double quotes. `git -c KEY=VALUE clone` does not keep it (experiment: git 2.39, 2.47).
fn own_setting(site: &Site<'_>, index: usize) -> Option<(TextRange, String)> {
    let words = &site.command().words;
    let clone = words.iter().position(|word| word.lossy() == "clone")?;
    let (word, option) = (words.get(index)?, words.get(index.checked_sub(1)?)?);
    let joined = word.lossy().starts_with("--config=");
    let apart = matches!(option.lossy().as_str(), "-c" | "--config") && index > clone + 1;
    if index < clone || !(joined || apart) {
        return None;
    }
    let text = site.quoted(&word.parts)?;
    let setting = text.strip_prefix("--config=").filter(|_| joined).unwrap_or(&text).to_owned();
    let before = words.get(if joined { index - 1 } else { index.checked_sub(2)? })?;
    Some((TextRange::new(before.range.end(), word.range.end()), setting))
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

pub(super) fn address(site: &Site<'_>, word: &Word) -> Result<Address, Refused> {
    site.plain_uses(word)?;
    find_address(site, word).ok_or_else(|| Refused::because("the value is not in the user's part of an http URL"))
}

fn find_address(site: &Site<'_>, word: &Word) -> Option<Address> {
    let first = word.parts.iter().find(|part| !matches!(&part.kind, PartKind::Text(text) if text.is_empty()))?;
    let start = text_of(site, first)?;
    let (at, scheme) = ["https://", "http://"].into_iter().find_map(|scheme| Some((start.find(scheme)?, scheme)))?;
    // Package managers write `git+https://…`, with or without the package's name in front.
    let by_git = start[..at].ends_with("git+");
    if !start[..at].is_empty() && !by_git {
        return None;
    }
    // What another program fetches over HTTP, such as an index, git's settings have no part in.
    let is_git = site.command().effective_name().as_deref() == Some("git");
    let repository = word.lossy();
    let path = repository.split(['#', '?']).next().unwrap_or("");
    if !is_git && !by_git && !path.ends_with(".git") && !path.contains(".git@") {
        return None;
    }
    let begin = first.range.start() + size(at + scheme.len());
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
    let user = all.split_once(scheme)?.1.split('@').next()?;
    let (key, plain) = (format!("url.{scheme}{user}@{host}/.insteadOf"), format!("{scheme}{host}/"));
    Some(Address { userinfo, setting: format!("{key}={plain}"), key, plain, host })
}

/// The text of a part that stands in the script as it is, without escapes.
fn text_of<'p>(site: &Site<'_>, part: &'p Part) -> Option<&'p str> {
    match &part.kind {
        PartKind::Text(text) => Some(text.as_str()).filter(|text| site.raw(part.range) == *text),
        _ => None,
    }
}
