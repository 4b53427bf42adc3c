//! RUNs that have the secret from a mount already: the mount has to give what the repaired commands use.

use crate::callers::SecretSource;
use crate::knowledge::engines::Feature;
use crate::model::{Mounted, RestKind, Run};
use crate::plan::Change;
use crate::source::{Edit, slice};

use super::super::Migration;
use super::Repairs;
use super::site::Site;

impl<'m> Migration<'m> {
    /// Makes the mounts of repaired RUNs fill the variable that the new commands use, and keep the file where another
    /// command reads it.
    pub(super) fn adapt_mounts(&self, repairs: &mut Repairs<'m>, change: &mut Change<'m>) {
        let Some(mounted) = &self.mounted else { return };
        let fresh = repairs.readers.iter().any(|reader| !mounted.steps.contains(&reader.step));
        for step in self.unfilled(mounted, repairs) {
            match self.with_variable(step, mounted, repairs) {
                Some(edit) => repairs.edit(step, [edit]),
                None => {
                    let range = self.dockerfile.steps[step].instruction.keyword_range();
                    let place = change.place(range, "this mount can't be changed");
                    change.obstruct("writes-down", "the mount is written in a way that can't be edited", place);
                }
            }
            if self.model.has_only_files(self.dockerfile) {
                let range = self.dockerfile.steps[step].instruction.keyword_range();
                let place = change.place(range, "this RUN would need the secret as a variable");
                change.obstruct(
                    "engine-without-env",
                    "an engine that builds it gives a RUN a secret as a file only",
                    place,
                );
            }
            change.require(Feature::SecretEnv);
            self.assume_no_newline(repairs);
        }
        if fresh {
            self.assume_no_newline(repairs);
        }
    }

    /// The RUNs with a mount of the file alone, whose commands use the variable in places where nothing has filled it.
    fn unfilled(&self, mounted: &Mounted, repairs: &Repairs<'m>) -> Vec<usize> {
        let released = self.released(repairs);
        let read = |step: &usize| repairs.readers.iter().any(|reader| reader.step == *step);
        let in_place = |step: &usize| mounted.path.is_some() && repairs.edits.contains_key(step);
        let is_filled = |step: &usize| {
            let mounts = self.dockerfile.secret_mounts(*step);
            mounts.iter().any(|mount| mount.id == mounted.id && mount.variable.as_ref() == Some(&mounted.name))
        };
        let stays = |step: &usize| !released.contains(step) && !repairs.removed.contains(step);
        let uses = |step: &usize| in_place(step) || read(step) || repairs.unfilled.contains_key(step);
        mounted.steps.iter().copied().filter(|step| stays(step) && uses(step) && !is_filled(step)).collect()
    }

    /// The edit that makes the mount of a RUN fill a variable as well.
    fn with_variable(&self, step: usize, mounted: &Mounted, repairs: &Repairs<'m>) -> Option<Edit> {
        let mount = self.dockerfile.secret_mounts(step).into_iter().find(|mount| mount.id == mounted.id)?;
        let (path, name) = (mount.path.filter(|_| mount.variable.is_none())?, &mounted.name);
        let raw = slice(self.dockerfile.source.text(), mount.range);
        let run = self.run(step)?;
        let named = self.dockerfile.steps[step].instruction.flags().into_iter().filter_map(|flag| flag.mount());
        let has_target = named
            .filter(|other| other.get("id") == Some(mounted.id.as_str()))
            .any(|other| other.get("target").is_some());
        let gone = match mounted.path {
            Some(_) => self.reads_replaced(step, run, name, &path),
            None => repairs.unfilled.get(&step).copied().unwrap_or_default(),
        };
        let keeps_file = has_target || run.text.matches(&path).count() <= gone;
        let target = if keeps_file { String::new() } else { format!(",target={path}") };
        (!raw.ends_with(['"', '\''])).then(|| Edit::insert(mount.range.end(), format!(",env={name}{target}")))
    }

    /// How often the commands that are repaired read the file in place.
    fn reads_replaced(&self, step: usize, run: &Run, name: &str, path: &str) -> usize {
        let rests = self.rests_of(run, name).into_iter();
        let replaced = rests.filter(|rest| matches!(rest.kind, RestKind::File(_) | RestKind::Tool { .. }));
        let sites = replaced.filter_map(|rest| Site::find(self.dockerfile, step, name, Some(path), &rest));
        sites.map(|site| site.raw(site.command().range).matches(path).count()).sum()
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
