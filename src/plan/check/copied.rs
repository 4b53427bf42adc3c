//! Whether every RUN that read a copied file still has it: read from the instructions before and after, not from the flow
//! that the fix was made of.

use crate::knowledge::files::{BuildInput, FileVerdict, classify_file};
use crate::knowledge::tools::{self, Reading};
use crate::model::{Dockerfile, ImagePath, Model, Run, effective_words};
use crate::plan::{Fix, StepChange};
use crate::syntax::dockerfile::Keyword;

/// A file that a `COPY` of `old` brings and the same one of `new` does not.
struct Gone {
    step: usize,
    path: ImagePath,
    /// What its name says, where that is a file that tools read by themselves.
    input: Option<BuildInput>,
}

/// The first RUN that named the file or ran a tool that reads it, and would not have it any more. The agent takes the
/// place of a private key, so keys of ssh are not looked for.
pub(super) fn lost_file(before: &Model, old: &Dockerfile, new: &Dockerfile, fix: &Fix) -> Option<String> {
    gone(before, old, new, fix).iter().find_map(|file| {
        let stage = old.steps[file.step].stage;
        for (index, step) in old.steps.iter().enumerate().skip(file.step + 1) {
            let Some(run) = step.run.as_deref().filter(|_| step.stage == stage) else { continue };
            let workdir = old.workdir_at(index, &before.given_arguments(old));
            let use_of_it = Use { file, run, workdir };
            let kept = super::run_after(old, new, fix, index);
            if use_of_it.reads() && kept.is_some_and(|step| !mounts(before, new, step, file)) {
                let (line, path) = (old.line_of(index), file.path.path());
                return Some(format!("the RUN of line {line} would no longer see `{path}`"));
            }
            if use_of_it.ends() {
                break;
            }
        }
        None
    })
}

fn gone(before: &Model, old: &Dockerfile, new: &Dockerfile, fix: &Fix) -> Vec<Gone> {
    let given = before.given_arguments(old);
    let mut found = Vec::new();
    for (index, step) in old.steps.iter().enumerate() {
        let copies = matches!(step.keyword, Keyword::Copy | Keyword::Add);
        if !copies || !fix.steps.contains_key(&index) {
            continue;
        }
        let removed = fix.steps.keys().filter(|at| **at < index && fix.steps[*at] == StepChange::Removed).count();
        let whole = fix.steps.get(&index) == Some(&StepChange::Removed);
        let left = new.steps.get(index - removed).filter(|_| !whole);
        let left: Vec<String> = left.iter().flat_map(|step| step.instruction.words()).map(|word| word.value).collect();
        for word in step.instruction.words().iter().filter(|word| !left.contains(&word.value)) {
            let name = word.value.trim_end_matches(['*', ']']).rsplit('/').next().unwrap_or("").replace('[', "");
            let input = match classify_file(&word.value) {
                FileVerdict::BuildInput(input) if input.ssh => continue,
                FileVerdict::BuildInput(input) => Some(input),
                _ => None,
            };
            let landed = old.landing(index, &name, &given);
            found.extend(landed.ok().map(|path| Gone { step: index, path, input }));
        }
    }
    found
}

/// A RUN behind the `COPY` of a file that goes.
struct Use<'u> {
    file: &'u Gone,
    run: &'u Run,
    workdir: ImagePath,
}

impl Use<'_> {
    /// Whether a command names the file, or is one that reads it where it lies.
    fn reads(&self) -> bool {
        self.run.commands().any(|command| {
            let words = effective_words(command);
            if matches!(program(&words), "rm" | "unlink" | "shred" | "chmod" | "chown" | "chgrp" | "cd") {
                return false;
            }
            let found = self.file.input.as_ref().filter(|input| input.is_found_at(self.file.path.path().as_str()));
            let by_itself =
                found.is_some_and(|input| matches!(tools::reads_file(&words, &input.tools), Reading::Reads { .. }));
            by_itself || (!self.changes_folder() && words.iter().skip(1).any(|word| self.is_file(word)))
        })
    }

    /// Whether the file is not there any more behind the RUN.
    fn ends(&self) -> bool {
        let takes = |words: &[Option<String>]| {
            matches!(program(words), "rm" | "unlink" | "mv") && words.iter().any(|word| self.is_file(word))
        };
        self.run.commands().any(|command| takes(&effective_words(command)))
    }

    fn changes_folder(&self) -> bool {
        self.run.commands().any(|command| matches!(program(&effective_words(command)), "cd" | "pushd"))
    }

    fn is_file(&self, word: &Option<String>) -> bool {
        let plain = word.as_deref().filter(|word| !word.is_empty() && !word.contains(['$', '~', '*']));
        plain.is_some_and(|word| self.workdir.join(word) == self.file.path)
    }
}

fn program(words: &[Option<String>]) -> &str {
    let first = words.first().and_then(|word| word.as_deref()).unwrap_or("");
    first.rsplit('/').next().unwrap_or("")
}

/// Whether the RUN at `step` has a secret at the place of the file.
fn mounts(before: &Model, new: &Dockerfile, step: usize, file: &Gone) -> bool {
    let workdir = new.workdir_at(step, &before.given_arguments(new));
    let flags = new.steps[step].instruction.flags();
    flags.iter().filter_map(|flag| flag.mount()).filter(|mount| mount.kind == "secret").any(|mount| {
        let target = ["target", "dst", "destination"].iter().find_map(|key| mount.get(key));
        target.is_some_and(|target| workdir.join(target) == file.path)
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::plan::Applicability;
    use crate::repository::Repository;
    use crate::source::Source;
    use std::collections::BTreeMap;
    use std::rc::Rc;

    fn model(text: &str) -> Model {
        let source = Source::new("Dockerfile", text.as_bytes().to_vec());
        let repository = Repository::new([], [source], vec!["Dockerfile".into()]);
        Model::new(Rc::new(repository), |_| true)
    }

    fn lost(run: &str, after: &str) -> Option<String> {
        let head = "FROM node:22\nWORKDIR /app\n";
        let before = model(&format!("{head}COPY .npmrc ./\n{run}\n"));
        let after = model(&format!("{head}{after}\n"));
        let fix = Fix {
            title: String::new(),
            applicability: Applicability::Safe,
            edits: BTreeMap::new(),
            steps: BTreeMap::from([(2, StepChange::Removed), (3, StepChange::Rewritten)]),
            units: [].into(),
            released: [].into(),
            assumptions: Vec::new(),
            obstacles: Vec::new(),
            follow_ups: Vec::new(),
            concealed: Vec::new(),
            requests: Vec::new(),
            offers: Vec::new(),
        };
        lost_file(&before, &before.dockerfiles[0], &after.dockerfiles[0], &fix)
    }

    #[test]
    fn a_run_that_read_the_file_needs_its_mount() {
        let mount = "--mount=type=secret,id=npmrc,target=/app/.npmrc";
        assert_eq!(lost("RUN npm ci", &format!("RUN {mount} npm ci")), None);
        assert_eq!(lost("RUN cat .npmrc", &format!("RUN {mount} cat .npmrc")), None);
        assert_eq!(lost("RUN npm ci && rm .npmrc", &format!("RUN {mount} npm ci")), None);
        assert_eq!(lost("RUN apt-get update", "RUN apt-get update"), None);
        assert!(lost("RUN npm ci", "RUN npm ci").is_some());
        assert!(lost("RUN cat /app/.npmrc", "RUN cat /app/.npmrc").is_some());
        let elsewhere = "RUN --mount=type=secret,id=npmrc,target=/root/.npmrc npm ci";
        assert!(lost("RUN npm ci", elsewhere).is_some());
    }
}
