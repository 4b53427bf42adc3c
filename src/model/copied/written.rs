//! Files of the build context that somebody writes a secret into in front of a build.

use camino::{Utf8Path, Utf8PathBuf};

use crate::callers::WrittenFile;
use crate::knowledge::files::classify_file;
use crate::model::{Binding, Content, CopiedFile, CopySource, Dockerfile, Model, Settled, Shape, Writer};

use super::along::Taking;
use super::copies_from_context;

impl Model {
    /// Adds the files that a build of `dockerfile` finds in its context because commands in front of it wrote a secret into
    /// them, where an instruction brings them into an image that somebody may run.
    pub(super) fn add_written(&self, dockerfile: &Dockerfile, files: &mut Vec<CopiedFile>) {
        for bound in self.bound_builds(dockerfile) {
            let build = bound.build;
            let Some(context) = build.context.as_ref().filter(|_| bound.binding != Binding::OneOfSeveral) else {
                continue;
            };
            for written in &build.written {
                let Ok(path) = written.path.strip_prefix(context) else { continue };
                // A file of which it is known that it holds a credential is one already.
                let known = files.iter().position(|file| file.path == path);
                if known.is_some_and(|at| files[at].content != Content::Harmless) {
                    continue;
                }
                if let Some(file) = self.written_file(dockerfile, (context, path), written, &build.file) {
                    known.map(|at| files.remove(at));
                    files.push(file);
                }
            }
        }
    }

    fn written_file(
        &self,
        dockerfile: &Dockerfile,
        (context, path): (&Utf8Path, &Utf8Path),
        written: &WrittenFile,
        file: &Utf8PathBuf,
    ) -> Option<CopiedFile> {
        let copies = || {
            let steps = dockerfile.steps.iter().enumerate();
            steps.filter(|(_, step)| copies_from_context(&step.instruction, step.keyword))
        };
        let named = |word: &str| word.trim_start_matches("./").trim_start_matches('/') == path;
        let sources = copies().flat_map(|(step, copy)| {
            let words = copy.instruction.words();
            let sources = words.iter().take(words.len().saturating_sub(1)).enumerate();
            let named = sources.filter(|(_, word)| named(&word.value)).map(|(word, _)| CopySource { step, word });
            named.collect::<Vec<_>>()
        });
        let sources: Vec<CopySource> = sources.collect();
        let along = || copies().any(|(_, step)| Taking::new(&step.instruction).takes(path));
        if self.is_ignored(dockerfile, context, path) || (sources.is_empty() && !along()) {
            return None;
        }
        let writer = Writer { file: file.clone(), range: written.range, secret: written.secret.clone() };
        let found = CopiedFile {
            path: path.to_owned(),
            shape: Shape::File,
            verdict: classify_file(path.as_str()),
            content: Content::Credential,
            sources,
            writer: Some(writer),
        };
        let stages = self.file_flow(dockerfile, &found, &Settled::new()).stages;
        let shipped = dockerfile.shipped_stages(&self.targets(dockerfile));
        shipped.iter().any(|stage| stages.contains(stage)).then_some(found)
    }
}
