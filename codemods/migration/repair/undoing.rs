//! Commands that take a setting back which an earlier one kept: `pip config unset`, `git config --global --unset`. They fail
//! where nothing is kept (experiment: pip 23.2, git 2.39), so they go with the setting.

use crate::knowledge::tools::{self, Reading};
use crate::model::{Run, effective_words};
use crate::source::TextRange;
use crate::syntax::shell::{Command, CommandContext, Script, edit};

use super::super::Migration;
use super::site::Site;
use super::variables::Setting;
use super::{Refused, Repairs};

/// A command that takes a setting back.
pub(super) struct Undoing {
    step: usize,
    shell: usize,
    command: TextRange,
    /// Whether commands of its RUN read the setting before it does so.
    read_before: bool,
    /// Whether commands of its RUN read what it leaves.
    read_behind: bool,
    /// Whether it stands in the RUN that keeps the setting.
    is_here: bool,
}

impl Undoing {
    /// Whether the RUN at `step`, behind the one that keeps the setting, still reads it.
    pub(super) fn leaves_to(&self, step: usize) -> bool {
        !self.is_here && (step < self.step || (step == self.step && self.read_before))
    }

    /// Whether it is `command` of the RUN at `step`.
    pub(super) fn is(&self, step: usize, command: &Command) -> bool {
        self.step == step && self.command == command.range
    }
}

impl<'m> Migration<'m> {
    /// The command that takes back what the site keeps, if there is one. `probe` is a variable by which the readers of the setting
    /// are known.
    pub(super) fn undoing(&self, site: &Site<'m>, probe: &str) -> Result<Option<Undoing>, Refused> {
        let words: Vec<String> = site.words().into_iter().flatten().collect();
        let Some(key) = key_of(&words) else { return Ok(None) };
        let mut found = Vec::new();
        for step in std::iter::once(site.step).chain(self.later_runs(site.step)) {
            let shells = self.run(step).map(|run| run.shells.as_slice()).unwrap_or_default();
            for (index, shell) in shells.iter().enumerate() {
                let commands = shell.script.commands();
                let undoes = commands.iter().filter(|context| takes_back(&words, &key, context.command));
                for context in undoes.filter(|context| !comes_before(site, step, index, context.command)) {
                    found.push(self.undoing_by(site, (step, index), context, probe)?);
                }
            }
        }
        match found.len() {
            0 | 1 => Ok(found.pop()),
            _ => Err(Refused::because("it is taken back in several places")),
        }
    }

    fn undoing_by(
        &self,
        site: &Site<'m>,
        (step, shell): (usize, usize),
        context: &CommandContext<'m>,
        probe: &str,
    ) -> Result<Undoing, Refused> {
        let is_here = step == site.step;
        let plain = context.depth == 0 && !context.optional && context.pipeline.is_none();
        let near = self.dockerfile.steps[step].stage == self.dockerfile.steps[site.step].stage;
        let script = self.run(step).and_then(|run| run.shells.get(shell)).map(|shell| &shell.script);
        let expected = if is_here { site.index } else { 0 };
        let Some(script) = script.filter(|_| plain && near && shell == expected) else {
            let line = self.dockerfile.line_of(step);
            return Err(Refused::because(format!("whether line {line} takes it back can't be told")));
        };
        let command = context.command.range;
        let start = if is_here { site.command().range.end() } else { TextRange::default().start() };
        let read_before = reads(script, probe, |at| at.start() >= start && at.end() <= command.start());
        let read_behind = reads(script, probe, |at| at.start() >= command.end());
        Ok(Undoing { step, shell, command, read_before, read_behind, is_here })
    }

    /// Takes the command out; where variables stand for the setting and commands behind read without it, they go there.
    pub(super) fn take_out(
        &self,
        site: &Site<'m>,
        undoing: &Undoing,
        setting: &Setting,
        repairs: &mut Repairs<'m>,
    ) -> Result<(), Refused> {
        let own = if undoing.is_here { Some(site.clone()) } else { Site::of_run(self.dockerfile, undoing.step, site) };
        let found = own.ok_or_else(|| Refused::because("what takes it back can't be edited"))?;
        repairs.settled.push((undoing.step, undoing.shell, undoing.command));
        if undoing.read_behind && (undoing.is_here || undoing.read_before) {
            let names = setting.names().ok_or_else(|| Refused::because("commands behind it read what it leaves"))?;
            let edit = found.replace(undoing.command, &format!("unset {}", names.join(" ")))?;
            repairs.edit(undoing.step, [edit]);
            return Ok(());
        }
        if !undoing.is_here && self.does_nothing_else(&found, repairs) {
            repairs.removed.insert(undoing.step);
            return Ok(());
        }
        let host = self.dockerfile.source.text();
        let edits = match edit::remove_item(host, found.view, &found.shell.script, undoing.command) {
            Ok(edits) => edits,
            Err(_) => vec![found.replace(undoing.command, "true")?],
        };
        repairs.edit(undoing.step, edits);
        Ok(())
    }
}

/// Whether a command stands in front of the one that keeps the setting.
fn comes_before(site: &Site<'_>, step: usize, shell: usize, command: &Command) -> bool {
    (step, shell) == (site.step, site.index) && command.range.start() < site.command().range.end()
}

/// The setting of `TOOL config [set|unset] KEY`.
fn key_of(words: &[String]) -> Option<String> {
    let at = words.iter().position(|word| word == "config")?;
    let operands = words.iter().skip(at + 1).filter(|word| !word.starts_with('-'));
    operands.filter(|word| !matches!(word.as_str(), "set" | "unset")).map(String::clone).next()
}

/// Whether the words take a setting back.
fn is_undoing(words: &[String]) -> bool {
    let marks = ["unset", "--unset", "--unset-all", "--remove-section", "--delete"];
    words.iter().any(|word| word == "config") && words.iter().any(|word| marks.contains(&word.as_str()))
}

/// Whether `key` is the setting `named`, or one of the section `named`.
fn is_in(key: &str, named: &str) -> bool {
    key.strip_prefix(named).is_some_and(|rest| rest.is_empty() || rest.starts_with('.'))
}

/// Whether `command` takes `key` out of the settings of the tool that `words` start.
fn takes_back(words: &[String], key: &str, command: &Command) -> bool {
    let tool = |words: &[String]| {
        let words: Vec<Option<String>> = words.iter().cloned().map(Some).collect();
        let known = tools::tool(&words).map(|tool| tool.name().to_owned());
        known.or_else(|| words.first().cloned().flatten())
    };
    let others: Vec<String> = effective_words(command).into_iter().flatten().collect();
    let section = others.iter().any(|word| word == "--remove-section");
    let named = |named: String| named == key || (section && is_in(key, &named));
    is_undoing(&others) && tool(words) == tool(&others) && key_of(&others).is_some_and(named)
}

/// Whether `words` take back another setting than that of `site`: one that a command of the RUN keeps, or one of another kind.
pub(super) fn takes_another_back(site: &Site<'_>, run: &Run, words: &[Option<String>]) -> bool {
    let own: Vec<String> = site.words().into_iter().flatten().collect();
    let words: Vec<String> = words.iter().flatten().cloned().collect();
    let (Some(key), Some(named)) = (key_of(&own), key_of(&words)) else { return false };
    let kind = |key: &str| key.split('.').next().unwrap_or_default().to_owned();
    let kept = || {
        run.commands().any(|command| {
            let words: Vec<String> = effective_words(command).into_iter().flatten().collect();
            !is_undoing(&words) && key_of(&words).is_some_and(|kept| is_in(&kept, &named))
        })
    };
    !is_in(&key, &named) && (kind(&key) != kind(&named) || kept())
}

/// Whether a command of the script, among those that `part` takes, reads the setting.
fn reads(script: &Script, probe: &str, part: impl Fn(TextRange) -> bool) -> bool {
    script.commands().into_iter().filter(|context| part(context.command.range)).any(|context| {
        let words = effective_words(context.command);
        let configures = words.get(1).is_some_and(|word| word.as_deref() == Some("config"));
        !configures && !words.is_empty() && tools::reads(&words, probe) != Reading::Never
    })
}
