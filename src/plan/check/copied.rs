//! Whether every RUN that read a copied file still has it: read from the instructions before and after, not from the flow
//! that the fix was made of.

use camino::Utf8PathBuf;

use crate::knowledge::files::{BuildInput, FileVerdict, classify_file};
use crate::knowledge::tools::{self, Reading};
use crate::model::{Dockerfile, ImagePath, Model, Run, Step, effective_words};
use crate::plan::{Fix, StepChange};
use crate::syntax::dockerfile::{Keyword, Word};

/// A file that a `COPY` of `old` brings and the same one of `new` does not.
struct Gone {
    step: usize,
    /// Where it lies; several places where a command moved it to what may be a folder or a file.
    places: Vec<ImagePath>,
    /// What its name says, where that is a file that tools read by themselves.
    input: Option<BuildInput>,
}

/// The first RUN that named the file or ran a tool that reads it, and would not have it any more. The agent takes the
/// place of a private key, so keys of ssh are not looked for.
pub(super) fn lost_file(before: &Model, old: &Dockerfile, new: &Dockerfile, fix: &Fix) -> Option<String> {
    gone(before, old, fix, new).into_iter().find_map(|mut file| {
        let stage = old.steps[file.step].stage;
        for (index, step) in old.steps.iter().enumerate().skip(file.step + 1) {
            let Some(run) = step.run.as_deref().filter(|_| step.stage == stage) else { continue };
            let workdir = old.workdir_at(index, &before.given_arguments(old));
            let use_of_it = Use { file: &file, run, workdir };
            if use_of_it.is_hidden(step) {
                continue;
            }
            let kept = super::run_after(new, fix, index);
            let moved = use_of_it.moved();
            let reads = use_of_it.reads();
            let ends = use_of_it.ends();
            file.places.extend(moved);
            if reads && kept.is_some_and(|step| !mounts(before, new, step, &file)) {
                let (line, path) = (old.line_of(index), file.places[0].path());
                return Some(format!("the RUN of line {line} would no longer see `{path}`"));
            }
            if ends {
                break;
            }
        }
        None
    })
}

fn gone(before: &Model, old: &Dockerfile, fix: &Fix, new: &Dockerfile) -> Vec<Gone> {
    let mut found = Vec::new();
    for (index, step) in old.steps.iter().enumerate() {
        let copies = matches!(step.keyword, Keyword::Copy | Keyword::Add);
        if !copies || !fix.steps.contains_key(&index) {
            continue;
        }
        let removed = fix.steps.keys().filter(|at| **at < index && fix.steps[*at] == StepChange::Removed).count();
        let whole = fix.steps.get(&index) != Some(&StepChange::Rewritten);
        let left = new.steps.get(index - removed).filter(|_| !whole);
        let left: Vec<String> = left.iter().flat_map(|step| step.instruction.words()).map(|word| word.value).collect();
        let words = step.instruction.words();
        let sources = words.split_last().map_or(&[][..], |(_, sources)| sources);
        // What the builder fetches from elsewhere is no file of the context.
        let gone = |word: &&Word| !left.contains(&word.value) && !word.value.contains("://");
        for word in sources.iter().filter(gone) {
            found.extend(files_of(before, old, index, &word.value));
        }
    }
    found
}

/// The file that a source of the `COPY` at `step` is, or the credential files in the folder that it is.
fn files_of(before: &Model, old: &Dockerfile, step: usize, word: &str) -> Vec<Gone> {
    let given = before.given_arguments(old);
    let gone = |name: &str, input: Option<BuildInput>| {
        let path = old.landing(step, name, &given).ok()?;
        Some(Gone { step, places: vec![path], input })
    };
    let inside = before.files_in(old, word);
    if inside.is_empty() {
        let name = word.trim_end_matches(['*', ']']).rsplit('/').next().unwrap_or("").replace('[', "");
        return match classify_file(word) {
            FileVerdict::BuildInput(input) if input.ssh => Vec::new(),
            FileVerdict::BuildInput(input) => gone(&name, Some(input)).into_iter().collect(),
            _ => gone(&name, None).into_iter().collect(),
        };
    }
    let folder = old.steps[step].instruction.words().last().map(|word| word.value.clone()).unwrap_or_default();
    let landed = |file: &Utf8PathBuf| old.workdir_at(step, &given).join(&format!("{folder}/{file}"));
    let known = inside.iter().filter_map(|file| match classify_file(landed(file).path().as_str()) {
        FileVerdict::BuildInput(input) if !input.ssh => {
            Some(Gone { step, places: vec![landed(file)], input: Some(input) })
        }
        _ => None,
    });
    known.collect()
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
            if matches!(program(&words), "rm" | "unlink" | "shred" | "chmod" | "chown" | "chgrp" | "cd")
                || self.moves(&words)
            {
                return false;
            }
            let is_found =
                |input: &&BuildInput| self.file.places.iter().any(|place| input.is_found_at(place.path().as_str()));
            let found = self.file.input.as_ref().filter(is_found);
            let by_itself =
                found.is_some_and(|input| matches!(tools::reads_file(&words, Some(input)), Reading::Reads { .. }));
            by_itself || (!self.changes_folder() && words.iter().skip(1).any(|word| self.is_file(word)))
        })
    }

    /// Whether a command puts the file at another place.
    fn moves(&self, words: &[Option<String>]) -> bool {
        let sources = words.split_last().map_or(&[][..], |(_, sources)| sources);
        matches!(program(words), "mv" | "cp" | "ln" | "install") && sources.iter().any(|word| self.is_file(word))
    }

    /// The places to which commands move the file.
    fn moved(&self) -> Vec<ImagePath> {
        let commands = self.run.commands().map(effective_words).filter(|words| self.moves(words));
        let name = self.file.places[0].file_name().to_owned();
        let targets = commands.filter_map(|words| words.last().cloned().flatten());
        let places = targets.flat_map(|target| {
            let target = self.workdir.join(&target.replacen('~', "/root", 1));
            [target.join(&name), target]
        });
        places.collect()
    }

    /// Whether the file is not there any more behind the RUN.
    fn ends(&self) -> bool {
        let takes = |words: &[Option<String>]| {
            matches!(program(words), "rm" | "unlink") && words.iter().any(|word| self.is_file(word))
        };
        self.run.commands().any(|command| takes(&effective_words(command)))
    }

    /// Whether a cache or an empty folder lies over the file.
    fn is_hidden(&self, step: &Step) -> bool {
        step.instruction.flags().iter().filter_map(|flag| flag.mount()).any(|mount| {
            let target = ["target", "dst", "destination"].iter().find_map(|key| mount.get(key));
            let over = |place: &ImagePath| target.is_some_and(|it| place.below(&self.workdir.join(it)).is_some());
            matches!(mount.kind.as_str(), "cache" | "tmpfs") && self.file.places.iter().all(over)
        })
    }

    fn changes_folder(&self) -> bool {
        self.run.commands().any(|command| matches!(program(&effective_words(command)), "cd" | "pushd"))
    }

    fn is_file(&self, word: &Option<String>) -> bool {
        let plain = word.as_deref().filter(|word| !word.is_empty() && !word.contains(['$', '~', '*']));
        plain.is_some_and(|word| self.file.places.contains(&self.workdir.join(word)))
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
        target.is_some_and(|target| file.places.contains(&workdir.join(target)))
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
        let moved = "RUN mv .npmrc /root/.npmrc && npm ci";
        let cached = "RUN --mount=type=cache,target=/app npm ci";
        assert_eq!(lost(moved, "RUN --mount=type=secret,id=npmrc,target=/root/.npmrc npm ci"), None);
        assert_eq!(lost(cached, cached), None);
        assert!(lost(moved, "RUN npm ci").is_some());
        assert!(lost("RUN npm ci", "RUN npm ci").is_some());
        assert!(lost("RUN cat /app/.npmrc", "RUN cat /app/.npmrc").is_some());
        let elsewhere = "RUN --mount=type=secret,id=npmrc,target=/root/.npmrc npm ci";
        assert!(lost("RUN npm ci", elsewhere).is_some());
    }
}
