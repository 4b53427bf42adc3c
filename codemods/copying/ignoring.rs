//! Keeping the file out of the build context, so that no `COPY` of a folder brings it again.

use camino::Utf8PathBuf;

use crate::plan::{Change, FollowUp, Label};

use super::Copying;

impl<'m> Copying<'m> {
    /// The ignore file gets the path where there is one, or where a `COPY` of a folder needs it.
    pub(super) fn ignore(&self, change: &mut Change<'m>) {
        let path = self.path();
        let needed = self.flow.brought_by.first().copied();
        let files = self.ignore_files();
        let others = self.model.copied_elsewhere(self.dockerfile, path);
        for file in &files {
            let exists = self.model.repository.is_file(file);
            match (needed, others.first()) {
                (Some(step), Some(other)) => {
                    let reason = format!("`{other}` copies `{path}` too, so `{file}` can't leave it out");
                    let range = self.dockerfile.steps[step].instruction.keyword_range();
                    let text = "this would bring the file into the image".to_owned();
                    let place = Label { file: self.dockerfile.path().to_owned(), range, text };
                    change.obstruct("shared-context", reason, Some(place));
                }
                (None, Some(_)) => {}
                (None, None) if !exists => {
                    let text = format!("add `{path}` to `{file}`, so that a later `COPY . .` does not bring it");
                    change.follow_up(FollowUp::Do(text));
                }
                (_, None) => change.ignore(file, path),
            }
        }
    }

    /// `Dockerfile.dockerignore` beside the Dockerfile wins over `.dockerignore` in the context
    /// (docs.docker.com/build/concepts/context).
    fn ignore_files(&self) -> Vec<Utf8PathBuf> {
        let own = Utf8PathBuf::from(format!("{}.dockerignore", self.dockerfile.path()));
        if self.model.repository.is_file(&own) {
            return vec![own];
        }
        let contexts = self.model.contexts(self.dockerfile);
        let all: Vec<Utf8PathBuf> = contexts.iter().map(|context| context.join(".dockerignore")).collect();
        if self.bound.iter().any(|bound| bound.build.context.is_some()) {
            return all;
        }
        // No build says what the context is: the folder that holds the file or an ignore file, else the Dockerfile's.
        let holds = |context: &&Utf8PathBuf| {
            self.model.repository.is_file(&context.join(self.path()))
                || self.model.repository.is_file(&context.join(".dockerignore"))
        };
        let folder = self.dockerfile.path().parent().unwrap_or("".into()).to_owned();
        let chosen = contexts.iter().rev().find(holds).unwrap_or(&folder);
        vec![chosen.join(".dockerignore")]
    }
}
