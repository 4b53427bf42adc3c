//! A credential file that only one RUN needs is removed where it is used.

use crate::knowledge::files::{BuildInput, FileVerdict, classify_file};
use crate::knowledge::tools::{self, Reading};
use crate::model::{Form, RestKind, effective_words};
use crate::syntax::shell::{Command, RedirectKind};

use super::super::Migration;
use super::site::Site;
use super::{Refused, Repairs};

/// Programs that read no credential file but those of their own: they can't need another that an earlier RUN wrote.
const INERT: [&str; 22] = [
    "apt-get", "apt", "apk", "yum", "dnf", "rm", "mkdir", "chmod", "chown", "ln", "mv", "cp", "ls", "cd", "echo",
    "printf", "useradd", "adduser", "groupadd", "addgroup", "true", "set",
];

impl<'m> Migration<'m> {
    /// Removes the file at the end of the RUN that wrote it and used it; `None` where no file is written.
    pub(super) fn fold(&self, site: &Site<'m>, repairs: &mut Repairs<'m>) -> Option<Result<(), Refused>> {
        let RestKind::File(path) = &site.kind else { return None };
        let FileVerdict::BuildInput(input) = classify_file(path) else { return None };
        Some(self.remove_where_used(site, path, &input, repairs))
    }

    fn remove_where_used(
        &self,
        site: &Site<'m>,
        path: &str,
        input: &BuildInput,
        repairs: &mut Repairs<'m>,
    ) -> Result<(), Refused> {
        let name = path.rsplit('/').next().unwrap_or(path);
        let only_writes = |redirect: &crate::syntax::shell::Redirect| redirect.kind == RedirectKind::Write;
        if !site.command().redirects.iter().all(only_writes) || site.index > 0 || site.run.form != Form::Shell {
            return Err(Refused::because("the file is not made by this RUN alone"));
        }
        if !self.uses_here(site, input) {
            return Err(Refused::because(
                "the RUN that writes it does not use it: write it and remove it in the RUN that does",
            ));
        }
        if let Some(copy) = self.copied_elsewhere(site.step, path) {
            let line = self.dockerfile.line_of(copy);
            return Err(Refused::because(format!("line {line} copies it to another stage")));
        }
        if let Some(step) = self.later_runs(site.step).into_iter().find(|step| self.may_need(*step, name, input)) {
            let line = self.dockerfile.line_of(step);
            return Err(Refused::because(format!(
                "line {line} may need it: write it and remove it in every RUN that needs it"
            )));
        }
        let last = site.shell.script.items.last().filter(|item| item.operator.is_none());
        let last = last.ok_or_else(|| Refused::because("nothing can be put behind the last command"))?;
        let target = self.target(site).unwrap_or_else(|| path.to_owned());
        let edit = site.insert(last.range.end(), &format!(" && rm -f {target}"))?;
        repairs.edit(site.step, [edit]);
        Ok(())
    }

    /// The file as the command names it, quotes included.
    fn target(&self, site: &Site<'m>) -> Option<String> {
        let written = |redirect: &&crate::syntax::shell::Redirect| redirect.kind == RedirectKind::Write;
        let redirect = site.command().redirects.iter().rfind(written)?;
        Some(site.raw(redirect.target.range).to_owned())
    }

    fn uses_here(&self, site: &Site<'m>, input: &BuildInput) -> bool {
        let end = site.command().range.end();
        let commands = site.shell.script.commands().into_iter();
        let mut behind = commands.filter(|context| context.command.range.start() >= end);
        // In another folder the same words would name another file.
        behind.any(|context| !is_inert(context.command, input))
            && !site.run.commands().any(|command| command.name().as_deref() == Some("cd"))
    }

    fn may_need(&self, step: usize, name: &str, input: &BuildInput) -> bool {
        let Some(run) = self.run(step) else { return true };
        let forced = |command: &Command| {
            let words: Vec<String> = effective_words(command).into_iter().flatten().collect();
            words.first().is_some_and(|word| word == "rm")
                && words.iter().any(|word| word.starts_with('-') && word.contains('f'))
        };
        let needs = |command: &Command| {
            let words = effective_words(command);
            let named = words.iter().flatten().any(|word| word.contains(name));
            (named && !forced(command)) || !is_inert(command, input)
        };
        !run.is_understood() || run.shells.is_empty() || run.commands().any(needs)
    }
}

/// Whether a command can't need the file that `input` describes.
fn is_inert(command: &Command, input: &BuildInput) -> bool {
    let words = effective_words(command);
    let Some(program) = words.first().cloned().flatten() else { return true };
    let listed = INERT.contains(&program.as_str()) && !input.tools.contains(&program);
    listed && tools::reads(&words, "NETRC") == Reading::Never
}
