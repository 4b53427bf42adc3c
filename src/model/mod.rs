//! What the files mean together: stages and scopes, where each secret enters, who can read it, where it comes to rest,
//! and which builds pass it.
//!
//! Invariant: nothing here knows how a fix is written; everything is an answer about the files as they are.

mod accounts;
mod asking;
mod binding;
mod changes;
mod container;
mod copied;
mod credential_use;
mod derived;
mod dockerfile;
mod engines;
mod exposure;
mod fallback;
mod fate;
mod file_acts;
mod file_commands;
mod file_flow;
mod file_readers;
mod file_reading;
mod file_runs;
mod flow;
mod folder_acts;
mod foreign;
mod handed;
mod image_path;
mod in_place;
mod index;
mod inlined;
mod mounted;
mod plain_text;
mod programs;
mod reading;
mod rest;
mod run;
mod scripts;
mod secret;
mod shared;

pub use binding::{Binding, BoundBuild, Mention};
pub use changes::Changes;
pub use copied::{Content, CopiedFile, CopySource, Shape, Writer};
pub use dockerfile::{Base, Dockerfile, Interpreter, LazyDockerfile, Stage, Step};
pub use exposure::{Exposure, ExposureKind, Holders, exposures, is_traceable};
pub use fallback::{fallback_comment, is_fallback_comment};
pub use file_acts::{FileAct, FileAction};
pub use file_flow::{Cleanup, Conflict, FileFlow, FileUse, Move, Onward, Replacement};
pub use file_readers::{FileReaders, Settled};
pub use file_runs::mentions_file;
pub use flow::{Flow, OutsideUse, PairPlace, Relay};
pub use folder_acts::{FolderAct, FolderCommand};
pub use foreign::Foreign;
pub use image_path::ImagePath;
pub use in_place::{Mounted, reads_in_place};
pub use inlined::{Inlined, InlinedBy};
pub use mounted::{SECRETS, SecretMount};
pub use reading::{Evidence, Reader, effective_words};
pub use rest::{Rest, RestKind, rests, rests_in_place};
pub use run::{Form, Run, ShellText, mentions};
pub use scripts::{ScriptRest, ScriptRestKind};
pub use secret::{Entry, Secret, Use};
pub use shared::Shared;

use std::cell::{LazyCell, OnceCell};
use std::collections::HashMap;
use std::rc::Rc;
use std::sync::Arc;

use camino::{Utf8Path, Utf8PathBuf};
use rayon::prelude::*;

use crate::callers::{self, Build};
use crate::config::{Lookup, Settings};
use crate::repository::Repository;
use crate::repository::reads::Reads;
use crate::source::Source;

use dockerfile::Text;

/// One repository, understood.
#[derive(Debug)]
pub struct Model {
    /// Its files.
    pub repository: Rc<Repository>,
    /// Its Dockerfiles, in order of their paths.
    pub dockerfiles: Vec<Rc<LazyDockerfile>>,
    /// Every build that is written down in it.
    pub builds: Arc<Vec<Build>>,
    foreign: Arc<[Foreign]>,
    /// The texts of [`Self::dockerfiles`].
    texts: Arc<[Text]>,
    index: index::Index,
    /// Where each of them stands, by its path.
    places: Arc<HashMap<String, usize>>,
    secrets: Known<Secret>,
    copied: Known<CopiedFile>,
    /// What was decided for each of them.
    settings: Arc<[Arc<Settings>]>,
}

/// What was found in a Dockerfile, with what that rests on.
type Noted<T> = (Rc<[T]>, Reads);

/// What was found in each of the Dockerfiles.
#[derive(Debug)]
struct Known<T>(Vec<OnceCell<Box<Noted<T>>>>);

/// Of so many Dockerfiles the trees are kept, which take several times the memory of the texts; those of others are made again when
/// they are looked at, which takes a thirtieth of the time of looking.
const MOST_TREES: usize = 2048;

impl<T> Known<T> {
    /// Nothing yet, of so many Dockerfiles.
    fn of(dockerfiles: usize) -> Self {
        Self((0..dockerfiles).map(|_| OnceCell::new()).collect())
    }
}

impl Model {
    /// Understands the Dockerfiles for which `wanted` holds, and all builds of the repository.
    #[must_use]
    pub fn new(repository: Rc<Repository>, wanted: impl Fn(&Utf8Path) -> bool) -> Self {
        let sources = repository.dockerfiles().iter().filter_map(|path| repository.source(path));
        let chosen: Vec<&Source> = sources.filter(|source| wanted(source.path())).collect();
        let keeps_trees = chosen.len() <= MOST_TREES;
        let read = |source: &&Source| {
            let tree = dockerfile::parse(source);
            let names = index::Names::of(&Dockerfile::of((*source).clone(), tree.clone()));
            (Text::new((*source).clone(), keeps_trees.then_some(tree)), names)
        };
        let (texts, names): (Vec<Text>, Vec<index::Names>) = chosen.par_iter().map(read).unzip();
        let builds = if texts.is_empty() { Vec::new() } else { callers::builds(&repository) };
        let named = texts.iter().map(|text| text.source.path()).zip(&names);
        let index = index::Index::new(&repository, named, &builds);
        let dockerfiles = texts.iter().map(Text::lazy).collect();
        Self::of(repository, texts.into(), dockerfiles, builds, index)
    }

    /// The same for `repository`, a later state of the files in which only those of `changed` differ: what was
    /// understood of the others is kept.
    #[must_use]
    pub fn after(&self, repository: Rc<Repository>, changed: &[Utf8PathBuf]) -> Self {
        let mut replaced = Vec::new();
        let (mut texts, mut dockerfiles) = (Arc::clone(&self.texts), self.dockerfiles.clone());
        for path in changed {
            let Some(source) = repository.source(path) else { continue };
            let Some(at) = self.places.get(path.as_str()) else { continue };
            let text = Text::new(source.clone(), Some(dockerfile::parse(source)));
            let old = std::mem::replace(&mut dockerfiles[*at], text.lazy());
            Arc::make_mut(&mut texts)[*at] = text;
            replaced.push((old, Rc::clone(&dockerfiles[*at])));
        }
        let kept = self.builds.iter().filter(|build| !changed.contains(&build.file)).cloned();
        let fresh = changed.iter().filter_map(|path| repository.source(path));
        let fresh = fresh.flat_map(|source| callers::builds_in(&repository, source));
        let mut builds: Vec<Build> = kept.chain(fresh).collect();
        builds.sort_by(|left, right| (&left.file, left.index).cmp(&(&right.file, right.index)));
        let builds = foreign::elsewhere(&self.foreign, builds);
        let index = self.index.after(&repository, changed, &replaced, &builds);
        Self { foreign: Arc::clone(&self.foreign), ..Self::of(repository, texts, dockerfiles, builds, index) }
    }

    fn of(
        repository: Rc<Repository>,
        texts: Arc<[Text]>,
        dockerfiles: Vec<Rc<LazyDockerfile>>,
        builds: Vec<Build>,
        index: index::Index,
    ) -> Self {
        let paths = || texts.iter().map(|text| text.source.path());
        let places: HashMap<String, usize> =
            paths().enumerate().map(|(at, path)| (path.as_str().to_owned(), at)).collect();
        let (secrets, copied) = (Known::of(texts.len()), Known::of(texts.len()));
        let mut lookup = Lookup::new(&repository.configuration);
        let settings: Arc<[Arc<Settings>]> = paths().map(|path| lookup.at(path)).collect();
        let (builds, foreign, places) = (Arc::new(builds), Arc::default(), Arc::new(places));
        Self { repository, dockerfiles, builds, foreign, texts, index, places, secrets, copied, settings }
    }

    /// [`Self::dockerfiles`], all of them looked at.
    pub(crate) fn understood(&self) -> impl Iterator<Item = &Dockerfile> {
        self.dockerfiles.iter().map(|one| LazyCell::force(one).as_ref())
    }

    /// The paths of [`Self::dockerfiles`].
    pub(crate) fn paths(&self) -> impl Iterator<Item = &Utf8Path> {
        self.texts.iter().map(|text| text.source.path())
    }

    /// The secrets of `dockerfile`: those that enter as build arguments first, each group in the order of the file.
    #[must_use]
    pub fn secrets(&self, dockerfile: &Dockerfile) -> Rc<[Secret]> {
        self.known(&self.secrets, dockerfile, || self.find_secrets(dockerfile))
    }

    /// The credential files that `dockerfile` copies from its context, in the order of the first copy; those that only come
    /// along with a folder last.
    #[must_use]
    pub fn copied_files(&self, dockerfile: &Dockerfile) -> Rc<[CopiedFile]> {
        self.known(&self.copied, dockerfile, || self.find_copied_files(dockerfile))
    }

    /// What is in `known` of `dockerfile`; the first who asks finds it.
    fn known<T>(&self, known: &Known<T>, dockerfile: &Dockerfile, find: impl FnOnce() -> Vec<T>) -> Rc<[T]> {
        let place = self.places.get(dockerfile.path().as_str()).and_then(|at| known.0.get(*at));
        let Some(place) = place else { return find().into() };
        let recorder = self.repository.recorder();
        // Whoever asks first is not the only one whose answer rests on it.
        let known = place.get_or_init(|| Box::new(recorder.record(|| find().into())));
        recorder.note_all(&known.1);
        Rc::clone(&known.0)
    }

    /// What was decided for `dockerfile`.
    #[must_use]
    pub fn settings(&self, dockerfile: &Dockerfile) -> Arc<Settings> {
        self.settings_at(dockerfile.path())
    }

    /// What was decided for the file at `path`.
    #[must_use]
    pub fn settings_at(&self, path: &Utf8Path) -> Arc<Settings> {
        let known = self.places.get(path.as_str()).and_then(|at| self.settings.get(*at));
        known.cloned().unwrap_or_else(|| self.repository.settings(path))
    }

    /// The Dockerfile at `path`.
    #[must_use]
    pub fn dockerfile(&self, path: &Utf8Path) -> Option<&Dockerfile> {
        self.repository.recorder().note_file(path);
        self.places.get(path.as_str()).and_then(|at| self.dockerfiles.get(*at)).map(|one| LazyCell::force(one).as_ref())
    }

    /// The files with this name in the last part of their path whose text was read, in order.
    pub fn files_named(&self, name: &str) -> impl Iterator<Item = &Source> {
        self.index.named(name).iter().filter_map(|path| self.repository.source(path))
    }

    /// What reads a value in the RUNs of `dockerfile`.
    #[must_use]
    pub fn reader<'d>(&'d self, dockerfile: &'d Dockerfile) -> Reader<'d> {
        Reader::new(&self.repository, &self.index, dockerfile.path())
    }

    /// The Dockerfiles of the repository with a stage that starts from the image which a build of `dockerfile` makes. Its
    /// ONBUILD triggers run in their builds.
    #[must_use]
    pub fn children(&self, dockerfile: &Dockerfile) -> Vec<&Dockerfile> {
        let named = self.bound_builds(dockerfile).into_iter().filter(|bound| bound.binding == Binding::Named);
        let tags: Vec<&str> = named.flat_map(|bound| &bound.build.tags).map(|tag| without_latest(tag)).collect();
        if tags.is_empty() {
            return Vec::new();
        }
        let starts_from =
            |stage: &Stage| matches!(&stage.base, Base::Image(image) if tags.contains(&without_latest(image)));
        self.repository.recorder().note(|reads| reads.bases = true);
        let others = self.understood().filter(|other| other.path() != dockerfile.path());
        let children = others.filter(|other| other.stages.iter().any(starts_from));
        children.inspect(|child| self.repository.recorder().note_file(child.path())).collect()
    }

    /// The builds that run the ONBUILD triggers of `dockerfile`: those of its [`Self::children`] that make a stage which
    /// starts from it.
    #[must_use]
    pub fn builds_of_children(&self, dockerfile: &Dockerfile) -> Vec<BoundBuild<'_>> {
        let named = self.bound_builds(dockerfile).into_iter().filter(|bound| bound.binding == Binding::Named);
        let tags: Vec<&str> = named.flat_map(|bound| &bound.build.tags).map(|tag| without_latest(tag)).collect();
        let starts = |child: &Dockerfile, stage: usize| {
            let base = child.stages.get(stage).map(|stage| &stage.base);
            matches!(base, Some(Base::Image(image)) if tags.contains(&without_latest(image)))
        };
        let children = self.children(dockerfile).into_iter();
        let reached = |child: &Dockerfile, bound: &BoundBuild<'_>| {
            child.stages_of(bound.build.target.as_deref()).into_iter().any(|stage| starts(child, stage))
        };
        children
            .flat_map(|child| self.bound_builds(child).into_iter().filter(move |bound| reached(child, bound)))
            .collect()
    }

    /// The targets that the builds of `dockerfile` name.
    #[must_use]
    pub fn targets(&self, dockerfile: &Dockerfile) -> Vec<String> {
        self.bound_builds(dockerfile).iter().filter_map(|bound| bound.build.target.clone()).collect()
    }
}

/// An image's name without the tag that a name without one stands for.
fn without_latest(image: &str) -> &str {
    image.strip_suffix(":latest").unwrap_or(image)
}
