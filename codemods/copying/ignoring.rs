//! Keeping the file out of the build context, so that no `COPY` of a folder brings it again.
//!
//! `Dockerfile.dockerignore` beside the Dockerfile wins over `.dockerignore` in the context
//! (docs.docker.com/build/concepts/context).

use std::collections::BTreeSet;

use camino::{Utf8Path, Utf8PathBuf};

use crate::plan::{Change, FollowUp};

use super::Copying;

impl<'m> Copying<'m> {
    /// The ignore file gets the path where there is one, or where a `COPY` of a folder needs it. Where another Dockerfile
    /// copies the file from the same context, this one gets an ignore file of its own.
    pub(super) fn ignore(&self, change: &mut Change<'m>) {
        let path = self.path();
        let needed = self.flow.brought_by.first().copied();
        let own = Utf8PathBuf::from(format!("{}.dockerignore", self.dockerfile.path()));
        if self.model.repository.is_file(&own) && !self.is_triggered() {
            return change.ignore(&own, path);
        }
        let others = if self.is_triggered() { Vec::new() } else { self.model.copied_elsewhere(self.dockerfile, path) };
        let files: Vec<Utf8PathBuf> = self.contexts().iter().map(|context| context.join(".dockerignore")).collect();
        if self.is_triggered() {
            self.tell_heirs(change);
        }
        match (needed, others.first(), files.as_slice()) {
            (None, Some(_), _) => {}
            (Some(_), Some(_), [shared]) => change.ignore_apart(&own, shared, path),
            (Some(step), Some(other), _) => self.refuse_shared(change, step, other),
            (needed, None, _) => files.iter().for_each(|file| match needed.is_none() && !self.is_there(file) {
                true => {
                    let text = format!("add `{path}` to `{file}`, so that a later `COPY . .` does not bring it");
                    change.follow_up(FollowUp::Do(text));
                }
                false => change.ignore(file, path),
            }),
        }
    }

    /// What ONBUILD copies comes from the contexts of other builds, and not all of those are known.
    fn tell_heirs(&self, change: &mut Change<'m>) {
        let path = self.path();
        let builds = if self.heirs.is_empty() { "images" } else { "images of other repositories" };
        match self.flow.brought_by.is_empty() {
            true if self.heirs.is_empty() => change.follow_up(FollowUp::Do(format!(
                "add `{path}` to the `.dockerignore` of what is built from this image, so that no `COPY . .` brings it"
            ))),
            true => {}
            false => {
                change.assume(format!("{builds} that are built from this one have `{path}` in their `.dockerignore`"))
            }
        }
    }

    fn refuse_shared(&self, change: &mut Change<'m>, step: usize, other: &Utf8Path) {
        let path = self.path();
        let reason = format!("`{other}` copies `{path}` too, from several contexts");
        let place = change.place(self.dockerfile.steps[step].instruction.keyword_range(), "this would bring the file");
        change.obstruct("shared-context", reason, place);
    }

    fn is_there(&self, file: &Utf8Path) -> bool {
        self.model.repository.is_file(file)
    }

    fn contexts(&self) -> BTreeSet<Utf8PathBuf> {
        if self.is_triggered() {
            return self.heirs.iter().filter_map(|bound| bound.build.context.clone()).collect();
        }
        self.model.contexts_with(self.dockerfile, self.path())
    }
}
