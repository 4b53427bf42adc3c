//! What comes behind a RUN that wrote the value down, and lives on it or cleans it up.

use crate::knowledge::tools::{self, Reading};
use crate::model::effective_words;
use crate::source::TextRange;
use crate::syntax::dockerfile::Keyword;
use crate::syntax::shell::Command;

use super::super::Migration;

impl<'m> Migration<'m> {
    /// The RUNs behind `step` that see the files which it wrote: those of its stage and of stages built on it.
    pub(super) fn later_runs(&self, step: usize) -> Vec<usize> {
        let Some(stage) = self.dockerfile.steps[step].stage else { return Vec::new() };
        let follows = |index: usize| {
            let other = self.dockerfile.steps[index].stage;
            other.is_some_and(|other| {
                (other == stage && index > step) || (other != stage && self.dockerfile.ancestry(other).contains(&stage))
            })
        };
        let steps = self.dockerfile.steps.iter().enumerate();
        let runs = steps.filter(|(index, step)| step.run.is_some() && follows(*index));
        runs.map(|(index, _)| index).collect()
    }

    /// Those of them in which something may read the variable `probe`.
    pub(super) fn later_readers(&self, step: usize, probe: &str) -> Vec<usize> {
        let reader = self.model.reader(self.dockerfile);
        let reads = |step: &usize| self.run(*step).is_some_and(|run| reader.reads(run, probe).is_some());
        self.later_runs(step).into_iter().filter(reads).collect()
    }

    /// Whether a RUN starts `program` by name.
    pub(super) fn runs(&self, step: usize, program: &str) -> bool {
        let starts =
            |command: &Command| effective_words(command).first().cloned().flatten().as_deref() == Some(program);
        self.run(step).is_some_and(|run| run.commands().any(starts))
    }

    /// Whether a later RUN removes `path`.
    pub(super) fn is_removed_later(&self, step: usize, path: &str) -> bool {
        let name = path.rsplit('/').next().unwrap_or(path);
        let removes = |command: &Command| {
            let words: Vec<String> = effective_words(command).into_iter().flatten().collect();
            let removes = matches!(words.first().map(String::as_str), Some("rm" | "unlink" | "shred"));
            removes && words.iter().any(|word| word.rsplit('/').next() == Some(name))
        };
        let mut runs = self.later_runs(step).into_iter().filter_map(|later| self.run(later));
        runs.any(|run| run.commands().any(removes))
    }

    /// The instruction that takes the file named `name` out of the stage of `step`, if there is one.
    pub(super) fn copied_elsewhere(&self, step: usize, name: &str) -> Option<usize> {
        let stage = self.dockerfile.steps[step].stage?;
        let stage_name = self.dockerfile.stages[stage].name.clone();
        let copies = |index: &usize| {
            let step = &self.dockerfile.steps[*index];
            let from =
                step.instruction.flags().into_iter().find(|flag| flag.name == "from").and_then(|flag| flag.value);
            let from = from.map(|from| from.to_lowercase());
            let ours = from.is_some_and(|from| Some(&from) == stage_name.as_ref() || from == stage.to_string());
            let words = step.instruction.words();
            let mut sources = words.iter().take(words.len().saturating_sub(1)).map(|word| word.value.as_str());
            let covers = |source: &str| {
                let source = source.trim_end_matches('/');
                matches!(source, "" | "/root" | "." | "~" | "/home") || source.rsplit('/').next() == Some(name)
            };
            ours && sources.any(covers)
        };
        let steps = 0..self.dockerfile.steps.len();
        steps.filter(|index| self.dockerfile.steps[*index].keyword == Keyword::Copy).find(copies)
    }

    /// Whether the RUN at `step` still uses the variable `name` outside the commands that are `settled`.
    pub(super) fn needs(&self, step: usize, name: &str, settled: &[(usize, usize, TextRange)]) -> bool {
        let Some(run) = self.run(step) else { return true };
        let is_settled = |shell: usize, at: TextRange| {
            settled.iter().any(|(of, index, range)| *of == step && *index == shell && range.contains_range(at))
        };
        run.shells.iter().enumerate().any(|(index, shell)| {
            let named = shell.script.uses(name).iter().any(|found| !is_settled(index, found.range));
            let commands = shell.script.commands();
            let reads = commands.iter().filter(|context| !is_settled(index, context.command.range)).any(|context| {
                let words = effective_words(context.command);
                !words.is_empty() && tools::reads(&words, name) != Reading::Never
            });
            named || reads
        })
    }
}
