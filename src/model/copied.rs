//! Credential files that a `COPY` or `ADD` brings from the build context.

mod along;
mod pattern;
mod verdict;
mod written;

use std::collections::BTreeSet;

use camino::{Utf8Path, Utf8PathBuf};

use crate::knowledge::files::{FileVerdict, classify_file, files_named, is_credential};
use crate::source::TextRange;
use crate::syntax::dockerfile::{Instruction, Keyword, Word};

use super::{Dockerfile, Model};
use pattern::matches_pattern;
use verdict::{certificate_with_key, is_meant, named_by_variable, verdict_of};

/// One source of a `COPY` or `ADD`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct CopySource {
    /// The instruction, an index into the Dockerfile's steps.
    pub step: usize,
    /// Which of its words it is, from zero; the last word is the destination.
    pub word: usize,
}

/// How a source is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Shape {
    /// As the path of one file.
    File,
    /// As the path of a folder, whose content is copied.
    Folder,
    /// As a pattern that stands for this one file, which may be missing: `.npmrc*`, `.npmr[c]`.
    Optional,
    /// As a pattern that several files match.
    Pattern,
    /// With a variable in it.
    Computed,
}

/// What is known of the content of a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Content {
    /// It is not in the repository, or was not read: the name decides.
    Unseen,
    /// It is in the repository and holds a credential.
    Credential,
    /// It is in the repository and only has settings and references to variables.
    Harmless,
}

/// A file of the build context that is copied into an image, and by its path holds credentials.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CopiedFile {
    /// The path in the build context, as written but without `./` in front.
    pub path: Utf8PathBuf,
    /// How it is written.
    pub shape: Shape,
    /// What the path says.
    pub verdict: FileVerdict,
    /// What the content says.
    pub content: Content,
    /// Where it is copied by its name, in the order of the file; empty where it only comes along with a folder.
    pub sources: Vec<CopySource>,
    /// Who writes a secret into it in front of a build, where nothing else says that it holds one.
    pub writer: Option<Writer>,
}

/// A command that writes a secret into a file in front of a build.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Writer {
    /// The file that holds the command and the build.
    pub file: Utf8PathBuf,
    /// The command, in bytes of that file.
    pub range: TextRange,
    /// The secret, as it stands there.
    pub secret: String,
}

impl CopiedFile {
    /// Whether its path says that it is a private SSH key, or a folder of them.
    #[must_use]
    pub fn is_ssh_key(&self) -> bool {
        matches!(&self.verdict, FileVerdict::BuildInput(input) if input.ssh)
    }
}

impl Model {
    /// What [`Model::copied_files`] keeps.
    pub(super) fn find_copied_files(&self, dockerfile: &Dockerfile) -> Vec<CopiedFile> {
        let mut files: Vec<CopiedFile> = Vec::new();
        for (index, step) in dockerfile.steps.iter().enumerate() {
            if !copies_from_context(&step.instruction, step.keyword) {
                continue;
            }
            let words = step.instruction.words();
            let sources = words.split_last().map_or(&[][..], |(_, sources)| sources);
            for (word, source) in sources.iter().enumerate().filter(|(_, source)| is_path(&source.value)) {
                let place = CopySource { step: index, word };
                let written = source.value.trim_start_matches("./").trim_start_matches('/').trim_end_matches('/');
                let (path, pattern) = match written.contains(['*', '?', '[']) {
                    true => self.file_of_pattern(dockerfile, written),
                    false => (Utf8PathBuf::from(written), None),
                };
                let computed = !source.variables.is_empty();
                if source.value.ends_with('/') && is_name_of_file(&path) {
                    continue;
                }
                match files.iter_mut().find(|file| file.path == path) {
                    Some(file) => file.sources.push(place),
                    // What is in a folder of the repository is known, and looked at file by file.
                    None if pattern.is_none() && !computed && self.is_known_folder(dockerfile, &path) => {}
                    None => files.extend(self.copied_file(dockerfile, path, (pattern, source), &words, place)),
                }
            }
        }
        let along = self.brought_along(dockerfile);
        files.extend(
            along.into_iter().filter(|file| files.iter().all(|known| known.path != file.path)).collect::<Vec<_>>(),
        );
        self.add_written(dockerfile, &mut files);
        files
    }

    fn copied_file(
        &self,
        dockerfile: &Dockerfile,
        path: Utf8PathBuf,
        (pattern, source): (Option<Shape>, &Word),
        words: &[Word],
        place: CopySource,
    ) -> Option<CopiedFile> {
        let destination = words.last().map_or("", |destination| destination.value.as_str());
        // `COPY config.json /root/.docker/config.json`: the destination says what it is. What goes into a folder for
        // credentials may be a folder as well.
        let (given, name) = (self.given_arguments(dockerfile), path.file_name().unwrap_or(""));
        let landing = dockerfile.landing_among(words, place.step, name, &given);
        let landed = match landing.ok().filter(|_| !names_a_folder(last(destination))) {
            Some(landed) => landed.path().to_string(),
            None if destination.ends_with('/') => format!("{destination}{name}"),
            None => destination.to_owned(),
        };
        let computed = !source.variables.is_empty();
        let by_name = || named_by_variable(path.as_str()).filter(|_| computed);
        let usual_path = || dockerfile.expanded(source, place.step, &given);
        let by_default =
            || computed.then(usual_path).flatten().and_then(|usual| verdict_of(usual.as_str().into(), &landed));
        let by_base = || dockerfile.base_image(place.step).and_then(|base| certificate_with_key(&path, base));
        let verdict = verdict_of(&path, &landed).or_else(by_name).or_else(by_default).or_else(by_base)?;
        let contexts = self.contexts_at(dockerfile, place.step);
        let folder = names_a_folder(path.file_name().unwrap_or(""));
        let shape = match pattern {
            _ if computed => Shape::Computed,
            Some(shape) => shape,
            None if folder => Shape::Folder,
            None => Shape::File,
        };
        let texts = contexts.iter().filter_map(|context| self.repository.source(&context.join(&path)));
        let verdicts: Vec<bool> = texts.map(|source| is_credential(source.path(), source.text())).collect();
        let content = match verdicts.as_slice() {
            [] => Content::Unseen,
            found if found.contains(&true) => Content::Credential,
            _ => Content::Harmless,
        };
        let file = CopiedFile { path, shape, verdict, content, sources: vec![place], writer: None };
        let meant = content == Content::Credential
            || is_meant(dockerfile, &file, &landed)
            || (content == Content::Unseen && self.is_left_out(dockerfile, &file));
        meant.then_some(file)
    }

    /// Whether the repository holds what the same `COPY` takes besides `file`, and not `file` itself: somebody keeps it out
    /// of version control.
    fn is_left_out(&self, dockerfile: &Dockerfile, file: &CopiedFile) -> bool {
        let Some(step) = file.sources.first().and_then(|source| dockerfile.steps.get(source.step)) else {
            return false;
        };
        let words = step.instruction.words();
        let sources = words.split_last().map_or(&[][..], |(_, sources)| sources);
        let build_input = matches!(file.verdict, FileVerdict::BuildInput(_));
        let contexts = self.contexts(dockerfile);
        let here = |path: &str| contexts.iter().any(|context| self.repository.is_file(&context.join(path)));
        let others = sources.iter().map(|source| source.value.trim_start_matches("./").trim_start_matches('/'));
        build_input && others.filter(|path| *path != file.path.as_str()).any(here)
    }

    /// The file that a pattern stands for, as people write one to make it optional: the only one of the repository that
    /// matches, or the only credential file of such a name.
    fn file_of_pattern(&self, dockerfile: &Dockerfile, pattern: &str) -> (Utf8PathBuf, Option<Shape>) {
        let of_contexts = self.contexts(dockerfile);
        let below = |path: &Utf8Path| {
            let inside = of_contexts.iter().filter_map(|context| path.strip_prefix(context).ok());
            inside.filter(|inside| matches_pattern(pattern, inside.as_str())).map(Utf8Path::to_owned).next()
        };
        let (folder, name) = pattern.rsplit_once('/').unwrap_or(("", pattern));
        let is_deep = folder.contains(['*', '?', '[']) || name == "**";
        let fixed = if is_deep { "" } else { folder };
        let folders: BTreeSet<Utf8PathBuf> = of_contexts.iter().map(|context| context.join(fixed)).collect();
        let matching: BTreeSet<Utf8PathBuf> = match is_deep {
            true => folders.iter().flat_map(|folder| self.repository.paths_below(folder)).filter_map(below).collect(),
            false => folders.iter().flat_map(|folder| self.repository.paths_in(folder)).filter_map(below).collect(),
        };
        let named: BTreeSet<Utf8PathBuf> = match folder.contains(['*', '?', '[']) {
            true => BTreeSet::new(),
            false => files_named(name).into_iter().map(|file| Utf8Path::new(folder).join(file)).collect(),
        };
        let all: Vec<&Utf8PathBuf> = matching.union(&named).collect();
        match all.as_slice() {
            [only] => ((*only).clone(), Some(Shape::Optional)),
            _ => (Utf8PathBuf::from(pattern.replace(['*', '?', '[', ']'], "")), Some(Shape::Pattern)),
        }
    }

    /// The folders that builds of `dockerfile` use as context; the Dockerfile's own and the root where none is known.
    #[must_use]
    pub fn contexts(&self, dockerfile: &Dockerfile) -> BTreeSet<Utf8PathBuf> {
        self.index.contexts(&self.builds, dockerfile.path())
    }

    /// The same for the step at `index`: what ONBUILD copies comes from the contexts of the builds that run it.
    fn contexts_at(&self, dockerfile: &Dockerfile, index: usize) -> BTreeSet<Utf8PathBuf> {
        let triggered = dockerfile.steps.get(index).is_some_and(|step| step.onbuild);
        let builds = if triggered { self.builds_of_children(dockerfile) } else { Vec::new() };
        let known: BTreeSet<_> = builds.iter().filter_map(|bound| bound.build.context.clone()).collect();
        if known.is_empty() { self.contexts(dockerfile) } else { known }
    }

    /// The contexts from which builds of `dockerfile` take the file `path`. Where no build says what the context is: the
    /// folder that holds the file or an ignore file, else the Dockerfile's.
    #[must_use]
    pub fn contexts_with(&self, dockerfile: &Dockerfile, path: &Utf8Path) -> BTreeSet<Utf8PathBuf> {
        let known = self.index.known_contexts(&self.builds, dockerfile.path());
        if !known.is_empty() {
            return known;
        }
        let contexts = self.contexts(dockerfile);
        let holds = |context: &&Utf8PathBuf| {
            self.repository.is_file(&context.join(path)) || self.repository.is_file(&context.join(".dockerignore"))
        };
        let folder = dockerfile.path().parent().unwrap_or(Utf8Path::new("")).to_owned();
        BTreeSet::from([contexts.iter().rev().find(holds).unwrap_or(&folder).clone()])
    }

    /// The build arguments that builds of `dockerfile` set.
    #[must_use]
    pub fn given_arguments(&self, dockerfile: &Dockerfile) -> BTreeSet<String> {
        let bound = self.bound_builds(dockerfile);
        bound.iter().flat_map(|bound| &bound.build.arguments).map(|given| given.name.clone()).collect()
    }

    /// The files of the repository in the folder `source` of the context, from there; none for a file.
    #[must_use]
    pub fn files_in(&self, dockerfile: &Dockerfile, source: &str) -> Vec<Utf8PathBuf> {
        let folder = source.trim_start_matches("./").trim_matches('/');
        let places = self.contexts(dockerfile).into_iter().map(|context| context.join(folder));
        let below = |place: Utf8PathBuf| {
            let inside = self.repository.paths_below(&place).filter_map(|file| file.strip_prefix(&place).ok());
            inside.filter(|rest| !rest.as_str().is_empty()).map(Utf8Path::to_owned).collect::<Vec<_>>()
        };
        if folder.is_empty() { Vec::new() } else { places.flat_map(below).collect() }
    }

    fn is_known_folder(&self, dockerfile: &Dockerfile, path: &Utf8Path) -> bool {
        !path.as_str().is_empty() && self.contexts(dockerfile).iter().any(|context| self.is_folder(&context.join(path)))
    }

    fn is_folder(&self, path: &Utf8Path) -> bool {
        self.repository.paths_below(path).any(|file| file != path)
    }

    /// The other Dockerfiles that need the file `path` of the same context and obey the context's ignore file, by their
    /// paths: they copy it themselves, or copy a folder around it and read it.
    #[must_use]
    pub fn copied_elsewhere(&self, dockerfile: &Dockerfile, path: &Utf8Path) -> Vec<Utf8PathBuf> {
        let contexts = self.contexts_with(dockerfile, path);
        // Only those: a note of each Dockerfile for each file would cost the square of them in time and memory.
        let near = contexts.iter().flat_map(|context| self.index.with_context(context));
        let own = |other: &Utf8PathBuf| Utf8PathBuf::from(format!("{other}.dockerignore"));
        let concerned = |other: &&Utf8PathBuf| {
            let apart = self.dockerfile(other).is_some_and(|it| self.contexts_with(it, path).is_disjoint(&contexts));
            *other != dockerfile.path() && !apart && !self.repository.is_file(&own(other))
        };
        let needs = |other: &&Utf8PathBuf| {
            let text = self.repository.source(other).map_or("", |source| source.text());
            (text.contains(path.as_str()) && text.lines().any(|line| copies(line, path)))
                || self.dockerfile(other).is_some_and(|other| self.reads_along(other, path))
        };
        let others: BTreeSet<&Utf8PathBuf> = near.collect();
        others.into_iter().filter(concerned).filter(needs).cloned().collect()
    }
}

/// Whether a line of a Dockerfile copies the file `path`, as far as the line tells.
fn copies(line: &str, path: &Utf8Path) -> bool {
    let mut words = line.split_whitespace();
    let keyword = words.next().unwrap_or("");
    let copy = keyword.eq_ignore_ascii_case("copy") || keyword.eq_ignore_ascii_case("add");
    copy && words.any(|word| word.trim_matches(['"', '[', ']', ',']).ends_with(path.as_str()))
}

/// Whether tools know this name as that of a file, so that a folder of the name is something else: `COPY kubeconfig/ /srv`.
fn is_name_of_file(path: &Utf8Path) -> bool {
    let file = matches!(classify_file(path.as_str()), FileVerdict::BuildInput(input) if !input.ssh);
    file && !names_a_folder(path.file_name().unwrap_or(""))
}

fn last(path: &str) -> &str {
    path.trim_end_matches('/').rsplit('/').next().unwrap_or("")
}

/// Whether a path of this name is a folder wherever it exists: the folders that tools keep credentials in.
pub(super) fn names_a_folder(name: &str) -> bool {
    matches!(name, ".ssh" | ".aws" | ".docker" | ".kube" | ".gnupg")
}

/// Whether a `COPY` or `ADD` takes its sources from the build context.
pub(super) fn copies_from_context(instruction: &Instruction, keyword: Keyword) -> bool {
    matches!(keyword, Keyword::Copy | Keyword::Add) && instruction.flags().iter().all(|flag| flag.name != "from")
}

/// Whether a source is a path and neither a URL nor a heredoc.
fn is_path(source: &str) -> bool {
    !source.starts_with("<<") && !source.contains("://") && !source.starts_with("git@")
}
