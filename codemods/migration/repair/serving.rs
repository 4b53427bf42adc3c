//! Whether a RUN that reads a folded file can write it first, with the commands of the RUN that wrote it.

use crate::model::{FileAct, FileAction, Form};
use crate::syntax::dockerfile::Keyword;
use crate::syntax::shell::Command;

use super::super::Migration;
use super::Refused;
use super::folding::{Folding, State, is_at_home};

impl<'m> Migration<'m> {
    /// Whether the commands say the same in front of the RUN at `step`.
    pub(super) fn check_reader(&self, folding: &Folding<'_, 'm>, step: usize, state: &State) -> Result<(), Refused> {
        let line = self.dockerfile.line_of(step);
        let refuse = |why: &str| Err(Refused::because(format!("line {line}, which reads it, {why}")));
        let (from, dockerfile) = (state.since, self.dockerfile);
        if let Some(why) = &state.stuck {
            return Err(Refused::because(format!("line {line} needs it as well, and {why}")));
        }
        let Some(run) = self.run(step) else { return refuse("is not understood") };
        if !matches!(run.form, Form::Shell | Form::ShellWithHeredocs | Form::Body(None)) {
            return refuse("has no shell that could write it");
        }
        if self.has_other_user(from, step) {
            return refuse("runs as another user");
        }
        if dockerfile.steps[step].onbuild || dockerfile.steps[from].onbuild {
            return refuse("belongs to another build");
        }
        let relative = !state.target.trim_matches('"').starts_with(['/', '~', '$']);
        let given = self.model.given_arguments(dockerfile);
        if relative && dockerfile.workdir_at(from, &given) != dockerfile.workdir_at(step, &given) {
            return refuse("runs in another folder");
        }
        let changed = dockerfile.steps.iter().enumerate().skip(from + 1).take(step.saturating_sub(from + 1));
        let mut names = changed.filter(|(_, step)| matches!(step.keyword, Keyword::Env | Keyword::Arg));
        let used = |name: &str| {
            state.writing.iter().any(|text| text.contains(&format!("${name}")) || text.contains(&format!("${{{name}")))
        };
        if names.any(|(_, step)| step.pairs.iter().any(|pair| used(&pair.key))) {
            return refuse("has other values for its variables");
        }
        self.check_inputs(step, state)?;
        let flags = dockerfile.steps[step].instruction.flags();
        let mut targets =
            flags.iter().filter_map(|flag| flag.mount()).filter_map(|mount| mount.get("target").map(str::to_owned));
        match targets.any(|target| target.rsplit('/').next() == Some(folding.file.file_name())) {
            true => refuse("has a mount in that place"),
            false => Ok(()),
        }
    }

    /// Whether the RUN at `step` has another home directory, in which its tools find another file or none.
    pub(super) fn is_out_of_reach(
        &self,
        folding: &Folding<'_, 'm>,
        step: usize,
        actions: &[FileAction],
        state: &State,
    ) -> bool {
        let name = folding.file.file_name();
        self.has_other_user(state.since, step)
            && is_at_home(folding.path)
            && !self.run(step).is_some_and(|run| run.mentions(name))
            && !actions.iter().any(|action| action.act == FileAct::Removes)
    }

    fn has_other_user(&self, from: usize, step: usize) -> bool {
        let (dockerfile, as_root) = (self.dockerfile, |step| self.dockerfile.runs_as_root(step));
        dockerfile.user_at(from) != dockerfile.user_at(step) && !(as_root(from) && as_root(step))
    }

    /// Whether what the commands read is still there, and the same, in front of the RUN at `step`.
    fn check_inputs(&self, step: usize, state: &State) -> Result<(), Refused> {
        let given = self.model.given_arguments(self.dockerfile);
        let moved = self.dockerfile.workdir_at(state.since, &given) != self.dockerfile.workdir_at(step, &given);
        let later = self.later_runs(state.since).into_iter().filter(|later| *later < step).chain([state.since]);
        let runs: Vec<_> = later.filter_map(|later| Some((later, self.run(later)?))).collect();
        for input in &state.inputs {
            if moved && !input.starts_with(['/', '~', '$']) {
                return Err(Refused::because(format!("`{input}` is read in another folder")));
            }
            let name = input.rsplit('/').next().unwrap_or(input);
            let changes = |command: &Command| {
                let program = command.effective_name().unwrap_or_default();
                let disturbs = matches!(program.as_str(), "rm" | "unlink" | "shred" | "mv" | "sed" | "truncate");
                disturbs && command.words.iter().any(|word| word.lossy().rsplit('/').next() == Some(name))
            };
            if let Some((at, _)) = runs.iter().find(|(_, run)| run.commands().any(changes)) {
                let line = self.dockerfile.line_of(*at);
                return Err(Refused::because(format!("line {line} changes or removes `{input}`, which it is made of")));
            }
        }
        Ok(())
    }
}
