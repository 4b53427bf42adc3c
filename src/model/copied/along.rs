//! Credential files that a `COPY` of a folder brings along.

use camino::{Utf8Path, Utf8PathBuf};

use crate::knowledge::files::{FileVerdict, classify_file};
use crate::model::{Content, CopiedFile, Dockerfile, Model, Settled, Shape};
use crate::syntax::dockerfile::Instruction;

use super::copies_from_context;
use super::pattern::matches_pattern;

impl Model {
    /// The files of the repository with a credential for commands of the build that come along with a folder which
    /// `dockerfile` copies, and that no instruction names. SSH keys are not looked for: they are named where they matter.
    pub(super) fn brought_along(&self, dockerfile: &Dockerfile) -> Vec<CopiedFile> {
        let copies = dockerfile.steps.iter().filter(|step| copies_from_context(&step.instruction, step.keyword));
        let copies: Vec<&Instruction> = copies.map(|step| &step.instruction).collect();
        let mut found = Vec::new();
        if copies.iter().all(|copy| folders(copy).is_empty()) {
            return found;
        }
        for context in self.contexts_or_own(dockerfile) {
            for file in self.index.credentials(&self.repository) {
                let Ok(path) = file.strip_prefix(&context) else { continue };
                let FileVerdict::BuildInput(input) = classify_file(path.as_str()) else { continue };
                let comes =
                    || copies.iter().any(|copy| takes(copy, path)) && !self.is_ignored(dockerfile, &context, path);
                if !input.ssh && comes() {
                    let verdict = FileVerdict::BuildInput(input);
                    let (path, shape, content) = (path.to_owned(), Shape::File, Content::Credential);
                    found.push(CopiedFile { path, shape, verdict, content, sources: Vec::new() });
                }
            }
        }
        found
    }

    /// Whether `dockerfile` copies a folder around `path` and has a RUN that reads the file there.
    pub(super) fn reads_along(&self, dockerfile: &Dockerfile, path: &Utf8Path) -> bool {
        let copies = dockerfile.steps.iter().filter(|step| copies_from_context(&step.instruction, step.keyword));
        if !copies.into_iter().any(|step| takes(&step.instruction, path)) {
            return false;
        }
        let (verdict, shape, content) = (classify_file(path.as_str()), Shape::File, Content::Unseen);
        let file = CopiedFile { path: path.to_owned(), shape, verdict, content, sources: Vec::new() };
        self.file_flow(dockerfile, &file, &Settled::new()).uses.iter().any(|used| used.evidence.is_certain())
    }

    fn contexts_or_own(&self, dockerfile: &Dockerfile) -> Vec<Utf8PathBuf> {
        let mut known: Vec<_> = self.index.known_contexts(&self.builds, dockerfile.path()).into_iter().collect();
        if known.is_empty() {
            known.push(dockerfile.path().parent().unwrap_or(Utf8Path::new("")).to_owned());
        }
        known
    }

    /// Whether the ignore file keeps `path` out of the context: the last line that matches it or a folder around it
    /// decides (docs.docker.com/build/concepts/context).
    fn is_ignored(&self, dockerfile: &Dockerfile, context: &Utf8Path, path: &Utf8Path) -> bool {
        let own = Utf8PathBuf::from(format!("{}.dockerignore", dockerfile.path()));
        let rules = self.repository.source(&own).or_else(|| self.repository.source(&context.join(".dockerignore")));
        let mut ignored = false;
        for line in rules.map_or("", |rules| rules.text()).lines().map(str::trim) {
            let (kept, pattern) = line.strip_prefix('!').map_or((false, line), |pattern| (true, pattern));
            let pattern = pattern.trim().trim_start_matches("./").trim_matches('/');
            let matches =
                path.ancestors().any(|part| !part.as_str().is_empty() && matches_pattern(pattern, part.as_str()));
            if !line.starts_with('#') && !pattern.is_empty() && matches {
                ignored = !kept;
            }
        }
        ignored
    }
}

/// The sources of `copy` that are folders as they are written; the context itself is empty.
fn folders(copy: &Instruction) -> Vec<String> {
    let words = copy.words();
    let sources = words.split_last().map_or(&[][..], |(_, sources)| sources);
    let plain = sources.iter().filter(|source| source.variables.is_empty() && !source.value.starts_with("<<"));
    let trimmed = plain.map(|source| source.value.trim_start_matches("./").trim_matches('/'));
    let folder = |path: &str| if matches!(path, "." | "*") { String::new() } else { path.to_owned() };
    trimmed.map(folder).filter(|path| !path.contains(['*', '?', '['])).collect()
}

/// Whether `copy` takes the file `path` along with a folder.
fn takes(copy: &Instruction, path: &Utf8Path) -> bool {
    let mut excluded = copy.flags().into_iter().filter(|flag| flag.name == "exclude").filter_map(|flag| flag.value);
    let within = |folder: String| path.strip_prefix(&folder).is_ok_and(|rest| !rest.as_str().is_empty());
    !excluded.any(|pattern| matches_pattern(&pattern, path.as_str())) && folders(copy).into_iter().any(within)
}
