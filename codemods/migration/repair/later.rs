//! What comes behind a RUN that wrote the value down, and lives on it or cleans it up.

use crate::knowledge::tools::{self, Reading};
use crate::model::effective_words;
use crate::source::TextRange;
use crate::syntax::dockerfile::{Keyword, Word};
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

    /// The first instruction that takes the file at `path`, as the RUN at `step` names it, out of its stage.
    pub(super) fn copied_elsewhere(&self, step: usize, path: &str) -> Option<usize> {
        let stage = self.dockerfile.steps[step].stage?;
        // Where a clone is made is up to its command, which names the folder.
        let run = self.run(step).filter(|_| path.starts_with(".git/"));
        let is_named = |source: &str| {
            let folder = source.trim_end_matches('/').rsplit('/').next().unwrap_or_default();
            run.is_some_and(|run| !folder.is_empty() && run.mentions(folder))
        };
        let name = self.dockerfile.stages[stage].name.clone();
        let path = self.absolute(step, path);
        let given = self.model.given_arguments(self.dockerfile);
        let text = |word: &Word, index: usize| {
            self.dockerfile.expanded(word, index, &given).unwrap_or_else(|| word.value.clone())
        };
        let copies = |index: &usize| {
            let step = &self.dockerfile.steps[*index];
            let flags = step.instruction.flags();
            let from = flags.into_iter().find(|flag| flag.name == "from").and_then(|flag| flag.value);
            let ours = from.is_some_and(|from| Some(from.to_lowercase()) == name || from == stage.to_string());
            let words = step.instruction.words();
            let sources = words.iter().take(words.len().saturating_sub(1));
            ours && sources
                .into_iter()
                .map(|word| text(word, *index))
                .any(|source| covers(&source, &path) || is_named(&source))
        };
        (0..self.dockerfile.steps.len())
            .filter(|step| self.dockerfile.steps[*step].keyword == Keyword::Copy)
            .find(copies)
    }

    /// Where `path` is in the image; the home directory is taken to be root's.
    fn absolute(&self, step: usize, path: &str) -> String {
        for home in ["~/", "$HOME/", "${HOME}/"] {
            if let Some(rest) = path.strip_prefix(home) {
                return format!("/root/{rest}");
            }
        }
        let folders = self.dockerfile.steps_before(step).filter(|step| step.keyword == Keyword::Workdir);
        let folders = folders.filter_map(|step| step.instruction.words().first().map(|word| word.value.clone()));
        let mut all: Vec<String> = folders.collect();
        all.push(path.trim_start_matches("./").to_owned());
        let last = all.iter().rposition(|folder| folder.starts_with('/')).unwrap_or(0);
        let joined = all.split_off(last).iter().map(|folder| folder.trim_matches('/')).collect::<Vec<_>>().join("/");
        format!("/{joined}")
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

/// Whether the source of a COPY takes the file at `path` with it.
fn covers(source: &str, path: &str) -> bool {
    let source = source.trim_start_matches("./").trim_matches('/');
    let fixed = source.split(['*', '?', '[', '$']).next().unwrap_or_default();
    let path = path.trim_start_matches('/');
    let is_folder = path.strip_prefix(source).is_some_and(|rest| rest.is_empty() || rest.starts_with('/'));
    matches!(source, "" | ".") || is_folder || (fixed != source && path.starts_with(fixed))
}
