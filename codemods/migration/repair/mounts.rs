//! RUNs that have the secret from a mount already: the mount has to give what the repaired commands use.

use crate::callers::SecretSource;
use crate::knowledge::engines::Feature;
use crate::model::RestKind;
use crate::plan::Change;
use crate::source::{Edit, slice};

use super::super::Migration;
use super::Repairs;
use super::site::Site;

impl<'m> Migration<'m> {
    /// Makes the mounts of repaired RUNs fill the variable that takes the place of `$(cat …)`, and keep the file where
    /// another command reads it.
    pub(super) fn adapt_mounts(&self, repairs: &mut Repairs<'m>, change: &mut Change<'m>) {
        let Some(mounted) = &self.mounted else { return };
        let steps: Vec<usize> = mounted.steps.clone();
        let edited = |step: &usize| repairs.edits.contains_key(step) && !repairs.removed.contains(step);
        let edited: Vec<usize> = steps.into_iter().filter(edited).collect();
        let fresh = repairs.readers.iter().any(|reader| !mounted.steps.contains(&reader.step));
        if let Some(path) = &mounted.path {
            let released = self.released(repairs);
            for step in edited.into_iter().filter(|step| !released.contains(step)) {
                match self.with_variable(step, path, &mounted.name) {
                    Some(edit) => repairs.edit(step, [edit]),
                    None => {
                        let range = self.dockerfile.steps[step].instruction.keyword_range();
                        let place = change.place(range, "this mount can't be changed");
                        change.obstruct("writes-down", "the mount is written in a way that can't be edited", place);
                    }
                }
                change.require(Feature::SecretEnv);
                self.assume_no_newline(repairs);
            }
        }
        if fresh {
            self.assume_no_newline(repairs);
        }
    }

    /// The edit that makes the mount of a RUN fill a variable as well.
    fn with_variable(&self, step: usize, path: &str, name: &str) -> Option<Edit> {
        let id = &self.mounted.as_ref()?.id;
        let instruction = &self.dockerfile.steps[step].instruction;
        let ours = |flag: &&crate::syntax::dockerfile::Flag| {
            flag.mount().is_some_and(|mount| mount.kind == "secret" && mount.get("id") == Some(id.as_str()))
        };
        let flags = instruction.flags();
        let flag = flags.iter().find(ours)?;
        let raw = slice(self.dockerfile.source.text(), flag.range);
        let has_target = flag.mount()?.get("target").is_some();
        let run = self.run(step)?;
        let replaced = self
            .rests_of(run, name)
            .into_iter()
            .filter(|rest| matches!(rest.kind, RestKind::File(_) | RestKind::Tool { .. }));
        let replaced = replaced.filter_map(|rest| Site::find(self.dockerfile, step, name, Some(path), &rest));
        let replaced: usize = replaced.map(|site| site.raw(site.command().range).matches(path).count()).sum();
        let keeps_file = has_target || run.text.matches(path).count() <= replaced;
        let target = if keeps_file { String::new() } else { format!(",target={path}") };
        (!raw.ends_with(['"', '\''])).then(|| Edit::insert(flag.range.end(), format!(",env={name}{target}")))
    }

    /// `$(cat …)` drops the line break at the end of the file, a mount with `env=` does not (experiment).
    fn assume_no_newline(&self, repairs: &mut Repairs<'m>) {
        let id = self.id();
        let mut passed =
            self.bound.iter().flat_map(|bound| &bound.build.secrets).filter(|secret| secret.id == id).peekable();
        let known = passed.peek().is_some() && passed.all(|secret| matches!(secret.source, SecretSource::Variable(_)));
        let from_file = self.mounted.as_ref().is_some_and(|mounted| {
            let flags = mounted.steps.iter().flat_map(|step| self.dockerfile.steps[*step].instruction.flags());
            flags.filter_map(|flag| flag.mount()).any(|mount| mount.get("env").is_none())
        });
        let assumption = format!("the value of the secret `{id}` does not end in a line break");
        if from_file && !known && !repairs.assumptions.contains(&assumption) {
            repairs.assumptions.push(assumption);
        }
    }
}
