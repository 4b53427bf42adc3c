//! What builds hand on unread may be the build argument.

use crate::callers::{Build, Format, instead_of_argument};
use crate::model::{Binding, BoundBuild};
use crate::plan::{Change, Label, Obstacle};
use crate::source::TextRange;

use super::Migration;

impl<'m> Migration<'m> {
    /// Whatever comes in from outside may be the build argument.
    pub(super) fn check_opaque(&self, change: &mut Change<'m>, bound: &BoundBuild<'m>, opaque: &str) {
        let (build, name) = (bound.build, self.name());
        let file = &build.file;
        // Of several Dockerfiles that it may build, this one may be another build's alone, and that passes it.
        let is_settled = bound.binding == Binding::OneOfSeveral && self.passed_values().next().is_some();
        let named = self.model.names_apart_from_arguments(file, name);
        let from_outside = match build.format {
            // The rows of a matrix stand in the file.
            Format::GithubActions => !opaque.contains("matrix.") || named.is_none(),
            // An orb's name, and no variable; somebody has to pass the argument.
            Format::CircleCi => !opaque.contains(['$', '<', '"']) && self.passed_values().next().is_none(),
            _ => false,
        };
        if from_outside && !is_settled {
            let text = format!("{} takes arguments from outside", build.title);
            let place = Label { file: file.clone(), range: build.range, text };
            // A script that is not read says so in a sentence.
            let reason = match opaque.contains(' ') && !opaque.contains('$') {
                true => format!("{opaque}, and it may pass `{name}`"),
                false => format!("`{opaque}` may pass `{name}`, and it comes from outside"),
            };
            // Whoever uses the action writes its lines of secrets beside those of arguments.
            let handed_on = opaque.starts_with("${{ inputs.") && !self.secret.uses.is_empty();
            let instead = handed_on
                .then(|| "inputs:\n  secrets:\n    required: false\n\nsecrets: ${{ inputs.secrets }}".to_owned());
            change.obstacle(Obstacle { kind: "opaque-caller", reason, place: Some(place), instead });
        } else if let Some(range) = named {
            self.refuse_named(change, build, opaque, range);
        } else if let Some(list) = self.model.listed_for(build, name) {
            let text = format!("{} hands it on", build.title);
            let place = Label { file: file.clone(), range: build.range, text };
            let reason = format!(
                "`{opaque}`, which `{file}` hands on, may pass `{name}`: it is made of `{list}`, which names it"
            );
            let instead = self.flag();
            change.obstacle(Obstacle { kind: "opaque-caller", reason, place: Some(place), instead });
        } else if let Some((caller, range)) = self.model.called_with(build, name) {
            let reason =
                format!("`{opaque}`, which `{file}` hands on, may pass `{name}`: `{caller}` calls it with that name");
            let place = Label { file: caller, range, text: "called with it here".to_owned() };
            let instead = self.flag();
            change.obstacle(Obstacle { kind: "opaque-caller", reason, place: Some(place), instead });
        } else if !is_settled {
            change.assume(format!("`{opaque}`, which `{file}` hands on, does not pass `{name}`"));
        }
    }

    /// A build of which the Dockerfile can't be told is not asked about each of them: only where its file names the argument.
    pub(super) fn check_handed_on(&self, change: &mut Change<'m>) {
        for (build, range) in self.model.handed_on(self.dockerfile, self.name()) {
            if let Some(opaque) = &build.opaque {
                self.refuse_named(change, build, opaque, range);
            }
        }
    }

    fn refuse_named(&self, change: &mut Change<'m>, build: &Build, opaque: &str, range: TextRange) {
        let (name, file) = (self.name(), &build.file);
        let place = Label { file: file.clone(), range, text: "named here".to_owned() };
        let reason = format!("`{opaque}`, which `{file}` hands on, may pass `{name}`: the file names it");
        let instead = (!self.secret.uses.is_empty())
            .then(|| instead_of_argument(file, self.text_of(file), range, name, &self.id()).instead);
        change.obstacle(Obstacle { kind: "opaque-caller", reason, place: Some(place), instead });
    }

    /// What hands the secret to a build; nothing where no RUN reads it.
    fn flag(&self) -> Option<String> {
        (!self.secret.uses.is_empty()).then(|| format!("--secret id={},env={}", self.id(), self.name()))
    }
}
