//! Credential files that a `COPY` of a folder brings along.

use camino::{Utf8Path, Utf8PathBuf};

use crate::knowledge::files::{BuildInput, FileVerdict, classify_file};
use crate::model::{Content, CopiedFile, Dockerfile, Model, Settled, Shape};
use crate::syntax::dockerfile::Instruction;

use super::copies_from_context;
use super::pattern::matches_pattern;

impl Model {
    /// The files of the repository with a credential for commands of the build that come along with a folder which
    /// `dockerfile` copies, and that no instruction names. SSH keys are looked for where the folder is one for keys.
    pub(super) fn brought_along(&self, dockerfile: &Dockerfile) -> Vec<CopiedFile> {
        let copies = dockerfile.steps.iter().filter(|step| copies_from_context(&step.instruction, step.keyword));
        let copies: Vec<Taking> = copies.map(|step| Taking::new(&step.instruction)).collect();
        let mut found = Vec::new();
        if copies.iter().all(|copy| copy.folders.is_empty()) {
            return found;
        }
        for context in self.contexts_or_own(dockerfile) {
            for file in self.index.credentials(&self.repository, &context) {
                let Ok(path) = file.strip_prefix(&context) else { continue };
                let Some(input) = copies.iter().find_map(|copy| copy.taken_as(path)) else { continue };
                if !self.is_ignored(dockerfile, &context, path) {
                    let verdict = FileVerdict::BuildInput(input);
                    let (path, shape, content) = (path.to_owned(), Shape::File, Content::Credential);
                    found.push(CopiedFile { path, shape, verdict, content, sources: Vec::new(), writer: None });
                }
            }
        }
        found
    }

    /// Whether the folder that the word `word` of the `COPY` at `step` names holds nothing but `path`, as far as builds get
    /// it. What the Dockerfile itself copies out of the folder is in it, whether the repository has it or not.
    #[must_use]
    pub fn is_alone_in_folder(&self, dockerfile: &Dockerfile, (step, word): (usize, usize), path: &Utf8Path) -> bool {
        let words = dockerfile.steps.get(step).map(|step| step.instruction.words()).unwrap_or_default();
        let Some(folder) = words.get(word).map(|word| plain_folder(&word.value)) else { return false };
        let holds_others = |context: &Utf8PathBuf| {
            let inside = self.repository.paths_below(context).filter_map(|file| file.strip_prefix(context).ok());
            let mut others = inside.filter(|file| file.starts_with(&folder) && *file != path);
            others.any(|file| !self.is_ignored(dockerfile, context, file))
        };
        let copies = dockerfile.steps.iter().filter(|step| copies_from_context(&step.instruction, step.keyword));
        let sources = copies.flat_map(|step| {
            let mut words = step.instruction.words();
            words.pop();
            words
        });
        let mut named = sources.map(|word| Utf8PathBuf::from(plain_folder(&word.value)));
        let named = named.any(|source| source.starts_with(&folder) && source != folder && source != path);
        !folder.is_empty() && !named && !self.contexts_or_own(dockerfile).iter().any(holds_others)
    }

    /// Whether `dockerfile` copies a folder around `path` and has a RUN that reads the file there.
    pub(super) fn reads_along(&self, dockerfile: &Dockerfile, path: &Utf8Path) -> bool {
        let copies = dockerfile.steps.iter().filter(|step| copies_from_context(&step.instruction, step.keyword));
        if !copies.into_iter().any(|step| Taking::new(&step.instruction).takes(path)) {
            return false;
        }
        let (verdict, shape, content) = (classify_file(path.as_str()), Shape::File, Content::Unseen);
        let (path, sources) = (path.to_owned(), Vec::new());
        let file = CopiedFile { path, shape, verdict, content, sources, writer: None };
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
    pub(super) fn is_ignored(&self, dockerfile: &Dockerfile, context: &Utf8Path, path: &Utf8Path) -> bool {
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

/// The folders that a `COPY` takes.
pub(super) struct Taking {
    /// Its sources that are folders as they are written; the context itself is empty.
    folders: Vec<String>,
    excluded: Vec<String>,
    destination: String,
}

impl Taking {
    pub(super) fn new(copy: &Instruction) -> Self {
        let words = copy.words();
        let (destination, sources) =
            words.split_last().map_or((None, &[][..]), |(last, sources)| (Some(last), sources));
        let plain = sources.iter().filter(|source| source.variables.is_empty() && !source.value.starts_with("<<"));
        let folders = plain.map(|source| plain_folder(&source.value));
        let folders = folders.filter(|path| !path.contains(['*', '?', '['])).collect();
        let excluded = copy.flags().into_iter().filter(|flag| flag.name == "exclude").filter_map(|flag| flag.value);
        let destination = destination.map(|word| word.value.trim_end_matches('/').to_owned()).unwrap_or_default();
        Self { folders, excluded: excluded.collect(), destination }
    }

    /// Whether it takes the file `path` along with a folder.
    pub(super) fn takes(&self, path: &Utf8Path) -> bool {
        let within = |folder: &String| path.strip_prefix(folder).is_ok_and(|rest| !rest.as_str().is_empty());
        self.folders.iter().any(within) && !self.excluded.iter().any(|pattern| matches_pattern(pattern, path.as_str()))
    }

    /// What the file `path` is that comes along, by its own path or by where it lands; `None` for one that no command of a
    /// build reads.
    fn taken_as(&self, path: &Utf8Path) -> Option<BuildInput> {
        if !self.takes(path) {
            return None;
        }
        let for_keys = |name: &str| name.rsplit('/').next() == Some(".ssh");
        let keys = for_keys(&self.destination) || self.folders.iter().any(|folder| for_keys(folder));
        match classify_file(path.as_str()) {
            FileVerdict::PublicLookAlike { .. } => None,
            FileVerdict::BuildInput(input) => Some(input).filter(|input| !input.ssh || keys),
            // The place in the image says what it is: `/root/.docker/config.json`.
            _ if self.destination.starts_with('/') && self.destination.contains("/.") => self.landed_as(path),
            _ => None,
        }
    }

    fn landed_as(&self, path: &Utf8Path) -> Option<BuildInput> {
        self.folders.iter().find_map(|folder| {
            let landed = format!("{}/{}", self.destination, path.strip_prefix(folder).ok()?);
            match classify_file(&landed) {
                FileVerdict::BuildInput(input) if !input.ssh && input.is_private_at(&landed) => Some(input),
                _ => None,
            }
        })
    }
}

/// A source as a path in the context; empty for all of it.
fn plain_folder(source: &str) -> String {
    let path = source.trim_start_matches("./").trim_end_matches("/.").trim_matches('/');
    if matches!(path, "." | "*") { String::new() } else { path.to_owned() }
}
