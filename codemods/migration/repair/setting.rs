//! Commands that keep a setting (`git config --global`, `pip config set`), and the variables that say the same for as long
//! as a RUN lasts. The RUNs that read the setting set the variables themselves.

use crate::knowledge::git;
use crate::knowledge::tools::{self, Reading};
use crate::model::{RestKind, effective_words};
use crate::syntax::shell::{Command, CompoundKind, Node, edit};

use super::super::Migration;
use super::site::{Site, is_password};
use super::undoing::{Undoing, takes_another_back};
use super::variables::{Setting, exported, is_git, setting};
use super::written::single_spaced;
use super::{Refused, Repairs};

/// Debian 11, on which many tagged images rest without saying so, has git 2.30.
pub(super) const NEW_GIT: &str = "git in the image is 2.31 or later and reads `GIT_CONFIG_COUNT`";

/// Whether the line of a script or of an instruction fetches something with the program.
fn fetches_with(line: &str, program: &str) -> bool {
    let verbs = [
        "install",
        "ci",
        "update",
        "upgrade",
        "add",
        "sync",
        "restore",
        "download",
        "pull",
        "fetch",
        "clone",
        "submodule",
    ];
    let mut words = line.split(|char: char| !char.is_ascii_alphanumeric() && !matches!(char, '-' | '_' | '.' | '/'));
    words.any(|word| word.rsplit('/').next() == Some(program)) && words.any(|word| verbs.contains(&word))
}

/// A command whose setting becomes variables.
pub(super) struct Kept<'m> {
    pub(super) site: Site<'m>,
    pub(super) setting: Setting,
    /// The texts around the command where a condition decides about it: `if [ -n "$T" ]; then ` and `; fi`.
    condition: Option<(String, String)>,
    /// The RUNs behind it that read the setting.
    readers: Vec<usize>,
}

impl<'m> Migration<'m> {
    /// Makes variables of a setting; `None` where the command keeps none that has variables.
    pub(super) fn replace_setting(&self, site: &Site<'m>, repairs: &mut Repairs<'m>) -> Option<Result<(), Refused>> {
        if !matches!(site.kind, RestKind::Tool { .. }) {
            return None;
        }
        Some(setting(site)?.and_then(|setting| self.keep(site, setting, repairs)))
    }

    fn keep(&self, site: &Site<'m>, setting: Setting, repairs: &mut Repairs<'m>) -> Result<(), Refused> {
        self.check_git_version(site, &setting)?;
        if matches!(setting, Setting::Git(..)) {
            self.check_git_store()?;
        }
        self.check_exports(site, &setting)?;
        let condition = condition(site)?;
        let probe = setting.probe().to_owned();
        let undoing = self.undoing(site, &probe)?;
        let mut readers = self.later_readers(site.step, &probe);
        readers.retain(|step| undoing.as_ref().is_none_or(|undoing| undoing.leaves_to(*step)));
        if readers.is_empty() && !read_here(site, &probe) {
            return Err(Refused::because(
                "nothing here reads it: it seems to be kept for the images built on this one",
            ));
        }
        let named = |step: &usize| self.run(*step).is_some_and(|run| run.mentions(&probe));
        if !setting.is_itself(&site.name) && (named(&site.step) || readers.iter().any(named)) {
            return Err(Refused::because(format!("`{probe}` is set already")));
        }
        let others = repairs.kept.iter().filter(|kept| kept.setting.probe() == probe);
        let mut others = others.filter(|_| probe == "GIT_CONFIG_COUNT" || condition.is_none()).peekable();
        if others.peek().is_some() && probe == "COMPOSER_AUTH" {
            return Err(Refused::because("`COMPOSER_AUTH` holds all credentials in one text"));
        }
        let mixed = condition.is_some() || repairs.kept.iter().any(|kept| kept.condition.is_some());
        if others.peek().is_some() && mixed {
            return Err(Refused::because("only some of the settings are made under a condition"));
        }
        for file in setting.files() {
            self.check_other_uses(site, file, undoing.as_ref())?;
        }
        if let Some(program) = site.command().effective_name().filter(|_| undoing.is_none()) {
            self.check_started(site, &|line| fetches_with(line, &program))?;
        }
        self.check_git_clients(&setting, readers.iter().copied().chain([site.step]))?;
        if probe == "COMPOSER_AUTH" && is_password(&site.name) {
            let assumption = format!(
                "the value of `{}` has no `\"` and no `\\` in it, which JSON would take for its own",
                site.name
            );
            repairs.assumptions.push(assumption);
        }
        let site = site.clone();
        repairs.settled.push((site.step, site.index, site.command().range));
        if let Some(undoing) = undoing {
            self.take_out(&site, &undoing, &setting, repairs)?;
        }
        repairs.kept.push(Kept { site, setting, condition, readers });
        Ok(())
    }

    /// `poetry export --with-credentials` writes what the variables hold into a file (experiment: poetry-plugin-export).
    fn check_exports(&self, site: &Site<'m>, setting: &Setting) -> Result<(), Refused> {
        let exports = |step: &usize| self.run(*step).is_some_and(|run| run.text.contains("--with-credentials"));
        let is_poetry = setting.probe().starts_with("POETRY_");
        match self.later_runs(site.step).into_iter().chain([site.step]).find(|step| is_poetry && exports(step)) {
            Some(step) => {
                let line = self.dockerfile.line_of(step);
                Err(Refused::because(format!("line {line} exports the credentials into a file")))
            }
            None => Ok(()),
        }
    }

    /// Whatever else uses the file at `path` would miss it.
    fn check_other_uses(&self, site: &Site<'m>, path: &str, undoing: Option<&Undoing>) -> Result<(), Refused> {
        let file = path.rsplit('/').next().unwrap_or(path);
        // `config` alone is also what a command is called.
        let file = path
            .get(path.rfind('/').and_then(|at| path.get(..at)?.rfind('/')).map_or(0, |at| at + 1)..)
            .filter(|_| !file.contains('.'))
            .unwrap_or(file);
        if let Some(copy) = self.copied_elsewhere(site.step, path) {
            let line = self.dockerfile.line_of(copy);
            return Err(Refused::because(format!("line {line} copies the file to another stage")));
        }
        for step in self.later_runs(site.step).into_iter().chain([site.step]) {
            let Some(run) = self.run(step) else { continue };
            let uses = |words: &[Option<String>]| {
                let removes = matches!(words.first().and_then(|word| word.as_deref()), Some("rm"));
                let forced = words.iter().flatten().any(|word| word.starts_with('-') && word.contains('f'));
                let named = words.iter().flatten().any(|word| word.ends_with(file));
                let undone = words
                    .iter()
                    .flatten()
                    .any(|word| matches!(word.as_str(), "unset" | "--unset" | "--unset-all" | "--remove-section"))
                    && words.iter().flatten().any(|word| word == "config");
                (named && !(removes && forced)) || (undone && !takes_another_back(site, run, words))
            };
            let goes = |command: &Command| undoing.is_some_and(|undoing| undoing.is(step, command));
            if run.commands().any(|command| !goes(command) && uses(&effective_words(command))) {
                let line = self.dockerfile.line_of(step);
                return Err(Refused::because(format!("line {line} uses or undoes what is written")));
            }
        }
        Ok(())
    }

    pub(super) fn check_git_version(&self, site: &Site<'m>, setting: &Setting) -> Result<(), Refused> {
        let given = self.model.given_arguments(self.dockerfile);
        let image = self.dockerfile.expanded_base_image(site.step, &given).unwrap_or_default();
        if matches!(setting, Setting::Git(..)) && git::is_before_variables(&image) {
            return Err(Refused::because(format!("git in `{image}` is older than 2.31 and reads no GIT_CONFIG_COUNT")));
        }
        Ok(())
    }

    /// Some programs have a git client of their own, which reads git's files and not its variables.
    fn check_git_clients(&self, setting: &Setting, mut steps: impl Iterator<Item = usize>) -> Result<(), Refused> {
        const CLIENTS: [&str; 4] = ["poetry", "julia", "R", "Rscript"];
        let client = steps.find_map(|step| CLIENTS.into_iter().find(|client| self.runs(step, client)));
        match client.filter(|_| is_git(setting)) {
            Some(client) => Err(Refused::because(format!("the git client in {client} reads no GIT_CONFIG_COUNT"))),
            None => Ok(()),
        }
    }

    /// Writes what the kept settings come to: variables in the place of the commands, and in front of the RUNs that read
    /// them.
    pub(super) fn write_settings(&self, repairs: &mut Repairs<'m>) -> Result<(), Refused> {
        let kept = std::mem::take(&mut repairs.kept);
        if kept.iter().any(|one| is_git(&one.setting)) {
            repairs.assumptions.push(NEW_GIT.to_owned());
        }
        for (at, one) in kept.iter().enumerate() {
            let step = one.site.step;
            let before = kept.iter().take(at).filter(|other| other.site.step == step || other.readers.contains(&step));
            let first = before.filter(|other| is_git(&other.setting)).count();
            let text = exported(&[&one.setting], first, self.runs(step, "cargo"));
            let alone = kept.iter().filter(|other| other.site.step == step).count() == 1;
            if let Some(edits) = self.write_one(one, alone, &text, repairs)? {
                repairs.edit(step, edits);
            }
        }
        let steps: std::collections::BTreeSet<usize> = kept.iter().flat_map(|one| one.readers.clone()).collect();
        for step in steps {
            if repairs.removed.contains(&step) {
                continue;
            }
            let seen: Vec<&Kept<'_>> = kept.iter().filter(|one| one.readers.contains(&step)).collect();
            let settings: Vec<&Setting> = seen.iter().map(|one| &one.setting).collect();
            let text = exported(&settings, 0, self.runs(step, "cargo"));
            let conditional = seen.iter().find_map(|one| one.condition.as_ref());
            let text = match conditional.filter(|_| !text.is_empty()) {
                Some((before, behind)) => format!("{before}{text}{behind}"),
                None => text,
            };
            if !text.is_empty() {
                repairs.prelude(step, text);
            }
            for one in seen {
                repairs.reader(step, &one.site.name, "reads the setting that an earlier RUN kept");
            }
        }
        Ok(())
    }

    /// The edits of the RUN that kept the setting; `None` where the whole RUN goes.
    fn write_one(
        &self,
        one: &Kept<'m>,
        alone: bool,
        text: &str,
        repairs: &mut Repairs<'m>,
    ) -> Result<Option<Vec<crate::source::Edit>>, Refused> {
        let site = &one.site;
        if self.does_nothing_else(site, repairs) {
            repairs.removed.insert(site.step);
            return Ok(None);
        }
        let is_read = read_here(site, one.setting.probe());
        if is_read {
            // The variables are made of the value, so this RUN goes on using it.
            repairs.reader(site.step, &site.name, "reads the setting that was kept here");
        }
        if alone && one.condition.is_none() && (!is_read || text.is_empty()) {
            let host = self.dockerfile.source.text();
            if let Ok(edits) = edit::remove_item(host, site.view, &site.shell.script, site.command().range) {
                return Ok(Some(edits));
            }
        }
        if !is_read {
            repairs.settled.retain(|settled| *settled != (site.step, site.index, site.command().range));
        }
        let text = if text.is_empty() { "true" } else { text };
        site.replace(site.command().range, text).map(|edit| Some(vec![edit]))
    }

    /// Whether every command of the RUN is one that goes, or asks whether it should.
    pub(super) fn does_nothing_else(&self, site: &Site<'m>, repairs: &Repairs<'m>) -> bool {
        let is_settled = |at| {
            let mut settled =
                repairs.settled.iter().filter(|(step, shell, _)| (*step, *shell) == (site.step, site.index));
            settled.any(|(.., range)| range.contains_range(at))
        };
        let asks = |name: Option<String>| matches!(name.as_deref(), Some("[" | "test" | ":" | "true" | "set"));
        let mut commands = site.shell.script.commands().into_iter();
        site.run.shells.len() == 1
            && commands.all(|context| is_settled(context.command.range) || asks(context.command.name()))
    }
}

/// Whether a command behind it in the same RUN reads the setting.
fn read_here(site: &Site<'_>, probe: &str) -> bool {
    let end = site.command().range.end();
    site.shell.script.commands().into_iter().filter(|context| context.command.range.start() >= end).any(|context| {
        let words = effective_words(context.command);
        let keeps = tools::persists(&words).is_some();
        !keeps && !words.is_empty() && tools::reads(&words, probe) != Reading::Never
    })
}

/// What decides about the command, if anything does.
fn condition(site: &Site<'_>) -> Result<Option<(String, String)>, Refused> {
    let context = site.context;
    if site.index > 0 || context.pipeline.is_some() || context.in_substitution || context.in_function {
        return Err(Refused::because("its variables would not reach the commands that need them"));
    }
    if context.depth == 0 {
        let certain = !context.optional;
        return if certain { Ok(None) } else { Err(Refused::because("it runs only after another command")) };
    }
    let holds = |range: crate::source::TextRange| range.contains_range(site.command().range);
    let item = site.shell.script.items.iter().find(|item| holds(item.range));
    let Some((item, Node::Compound(compound))) = item.map(|item| (item, &item.node)) else {
        return Err(Refused::because("it stands in a construct that is not understood"));
    };
    let asks = |name: Option<String>| matches!(name.as_deref(), Some("[" | "test" | ":" | "true"));
    let mut others =
        site.shell.script.commands().into_iter().filter(|other| item.range.contains_range(other.command.range));
    let only =
        others.all(|other| site.command().range.contains_range(other.command.range) || asks(other.command.name()));
    if compound.kind != CompoundKind::If || context.depth != 1 || !only {
        return Err(Refused::because("it stands in a construct that does more"));
    }
    let before = site.raw(crate::source::TextRange::new(item.range.start(), site.command().range.start()));
    let behind = site.raw(crate::source::TextRange::new(site.command().range.end(), item.range.end()));
    Ok(Some((single_spaced(before), single_spaced(behind))))
}
