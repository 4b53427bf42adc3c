//! What is looked up again and again, made once: so the cost of a model grows with its files and not with their square.
//!
//! A lookup that concerns all names or all Dockerfiles belongs here and not into a loop over [`Repository::sources`]: the
//! texts are scanned once for all of them.

use std::collections::{BTreeMap, BTreeSet, HashSet};
use std::rc::Rc;
use std::sync::{Arc, LazyLock, Mutex, OnceLock, PoisonError};

use aho_corasick::{AhoCorasick, MatchKind};
use camino::{Utf8Path, Utf8PathBuf};

use crate::callers::{Build, Dockerfiles};
use crate::knowledge::engines::Version;
use crate::knowledge::files::is_credential;
use crate::knowledge::names::classify_name;
use crate::repository::Repository;
use crate::repository::reads::{self, Recorder};
use crate::source::{Source, TextRange, range};
use crate::syntax::dockerfile::Keyword;

use super::{Binding, Dockerfile, LazyDockerfile};

/// What is made when it is first asked for, by whichever of the copies of an index.
type Kept<T> = Arc<OnceLock<T>>;

/// What became of `kept` in a later state, if it was made.
fn updated<T: Clone>(kept: &Kept<T>, update: impl FnOnce(&mut T)) -> Kept<T> {
    let later = kept.get().cloned().map(|mut value| {
        update(&mut value);
        OnceLock::from(value)
    });
    Arc::new(later.unwrap_or_default())
}

/// The index of one state of the files.
#[derive(Debug)]
pub(super) struct Index {
    /// The files whose text was read, by the name in the last part of their path.
    by_name: Arc<BTreeMap<String, Vec<Utf8PathBuf>>>,
    dockerfiles: Arc<HashSet<Utf8PathBuf>>,
    /// The files whose text was read and that are no Dockerfiles, in order.
    others: Arc<Vec<Utf8PathBuf>>,
    /// The files that are no Dockerfiles and speak of build arguments.
    passing: Arc<BTreeSet<Utf8PathBuf>>,
    /// The Dockerfiles that declare each build argument, in order.
    declaring: Arc<BTreeMap<String, BTreeSet<Utf8PathBuf>>>,
    /// The names of secrets that an `ARG` or `ENV` sets somewhere, and some that one did.
    variables: Arc<BTreeSet<String>>,
    /// The files that are no Dockerfiles and name each of [`Self::variables`].
    naming: Kept<Naming>,
    placed: Arc<Placed>,
    /// The Dockerfiles that start from each image by their text, without the tag `latest`.
    heirs: Kept<BTreeMap<String, BTreeSet<Utf8PathBuf>>>,
    /// The places of words that begin a build, by the files that are no Dockerfiles.
    building: Kept<Building>,
    /// The files that are no Dockerfiles and hold a credential.
    credentials: Kept<BTreeSet<Utf8PathBuf>>,
    /// For each name that was asked for, the files that may pass it, by the folder that [`nearest_folder`] gives for them.
    near: Mutex<BTreeMap<String, Arc<Near>>>,
    /// Where a file installs a buildx that takes no secret from the environment, and its version.
    old_buildx: Option<(Utf8PathBuf, TextRange, Version)>,
    recorder: Recorder,
}

/// Which builds are of which Dockerfiles.
#[derive(Debug, Default, Clone)]
struct Placed {
    /// The builds of each file, as indices.
    by_file: BTreeMap<Utf8PathBuf, Vec<usize>>,
    /// The builds of which the Dockerfile can't be told, as indices.
    unplaced: Vec<usize>,
    /// The builds that are, or may be, of each Dockerfile, as indices in order.
    bound: BTreeMap<Utf8PathBuf, Vec<(usize, Binding)>>,
    /// The Dockerfiles whose builds may have each folder as their context, in order.
    by_context: BTreeMap<Utf8PathBuf, Vec<Utf8PathBuf>>,
}

/// What a Dockerfile adds to the index.
#[derive(Debug)]
pub(super) struct Names {
    /// The build arguments that it declares.
    arguments: BTreeSet<String>,
    /// The names of secrets that it declares or sets.
    variables: Vec<String>,
}

impl Names {
    pub(super) fn of(dockerfile: &Dockerfile) -> Self {
        Self { arguments: dockerfile.arguments.clone(), variables: variables(dockerfile).collect() }
    }
}

/// What is in the addresses that buildx is fetched from.
const BUILDX: &str = "docker/buildx/releases/download/";

/// How many parts at their ends two paths have in common that may be of one file: its name and its folder's.
const LEAST_COMMON_END: usize = 2;

fn common_end(one: &Utf8Path, other: &str) -> usize {
    let parts = one.components().rev().zip(Utf8Path::new(other).components().rev());
    parts.take_while(|(one, other)| one == other).count()
}

/// The first release of buildx with `--secret id=…,env=…` (docker/buildx, commit f6d83c97b).
const FIRST_WITH_VARIABLES: Version = Version { major: 0, minor: 6 };

/// The first buildx that `text` fetches and that takes no secret from the environment.
fn old_buildx(text: &str) -> Option<(TextRange, Version)> {
    text.match_indices(BUILDX).find_map(|(at, _)| {
        let rest = text.get(at + BUILDX.len()..)?;
        let tag = rest.split(['/', ' ', '"', '\'', '\n']).next()?;
        let version: Version = tag.parse().ok()?;
        (version < FIRST_WITH_VARIABLES).then(|| (range(at, at + BUILDX.len() + tag.len()), version))
    })
}

/// Files by the deepest folder around them that holds a Dockerfile which declares a name; `None` where no folder does.
type Near = BTreeMap<Option<Utf8PathBuf>, Vec<Utf8PathBuf>>;

impl Index {
    /// The index of `repository`, with what each of its Dockerfiles that was understood adds to it.
    pub(super) fn new<'d>(
        repository: &Repository,
        known: impl Iterator<Item = (&'d Utf8Path, &'d Names)>,
        builds: &[Build],
    ) -> Self {
        let dockerfiles: HashSet<Utf8PathBuf> = repository.dockerfiles().iter().cloned().collect();
        let mut others = Vec::new();
        let mut by_name: BTreeMap<String, Vec<Utf8PathBuf>> = BTreeMap::new();
        let mut passing = BTreeSet::new();
        let mut buildx = None;
        for source in repository.sources() {
            buildx = buildx.or_else(|| {
                old_buildx(source.text()).map(|(range, version)| (source.path().to_owned(), range, version))
            });
            let name = source.path().file_name().unwrap_or("").to_owned();
            by_name.entry(name).or_default().push(source.path().to_owned());
            if dockerfiles.contains(source.path()) {
                continue;
            }
            others.push(source.path().to_owned());
            let is_caller = !repository.is_excluded_caller(source.path());
            if is_caller && super::binding::has_argument_word(source.text()) {
                passing.insert(source.path().to_owned());
            }
        }
        let mut declaring: BTreeMap<String, BTreeSet<Utf8PathBuf>> = BTreeMap::new();
        let mut variables = BTreeSet::new();
        for (path, names) in known {
            declare(&mut declaring, path, &names.arguments);
            variables.extend(names.variables.iter().cloned());
        }
        let mut index = Self {
            by_name: Arc::new(by_name),
            dockerfiles: Arc::new(dockerfiles),
            others: Arc::new(others),
            passing: Arc::new(passing),
            declaring: Arc::new(declaring),
            variables: Arc::new(variables),
            naming: Kept::default(),
            placed: Arc::default(),
            heirs: Kept::default(),
            building: Kept::default(),
            credentials: Kept::default(),
            near: Mutex::default(),
            old_buildx: buildx,
            recorder: repository.recorder().clone(),
        };
        index.bind(repository, builds);
        index
    }

    /// The index of a later state, in which only the texts of `changed` differ and `replaced` are the Dockerfiles among
    /// them, before and after.
    pub(super) fn after(
        &self,
        repository: &Repository,
        changed: &[Utf8PathBuf],
        replaced: &[(Rc<LazyDockerfile>, Rc<LazyDockerfile>)],
        builds: &[Build],
    ) -> Self {
        let mut index = self.noted_by(&self.recorder);
        if replaced.iter().any(|(before, after)| !starts_from_the_same(before, after)) {
            index.heirs = Kept::default();
        }
        let texts = changed.iter().filter_map(|path| repository.source(path));
        let texts: Vec<&Source> = texts.filter(|source| !self.is_dockerfile(source.path())).collect();
        index.building = updated(&self.building, |building| {
            changed.iter().for_each(|path| drop(building.remove(path)));
            update_building(building, repository, &texts);
        });
        index.credentials = updated(&self.credentials, |credentials| update_credentials(credentials, &texts));
        index.naming = updated(&self.naming, |naming| naming.replace(changed, &texts));
        for source in texts {
            if let Err(at) = index.others.binary_search_by(|path| path.as_path().cmp(source.path())) {
                Arc::make_mut(&mut index.others).insert(at, source.path().to_owned());
            }
            let is_caller = !repository.is_excluded_caller(source.path());
            let is_passing = is_caller && super::binding::has_argument_word(source.text());
            if is_passing != index.passing.contains(source.path()) {
                let passing = Arc::make_mut(&mut index.passing);
                if is_passing {
                    passing.insert(source.path().to_owned())
                } else {
                    passing.remove(source.path())
                };
            }
        }
        for (before, after) in replaced.iter().filter(|(before, after)| before.arguments != after.arguments) {
            let declaring = Arc::make_mut(&mut index.declaring);
            for name in &before.arguments {
                declaring.get_mut(name).map(|paths| paths.remove(before.path()));
            }
            declare(declaring, after.path(), &after.arguments);
        }
        index.bind(repository, builds);
        index
    }

    /// The same index; what is looked at in it is noted by `recorder`.
    pub(super) fn noted_by(&self, recorder: &Recorder) -> Self {
        Self {
            by_name: Arc::clone(&self.by_name),
            dockerfiles: Arc::clone(&self.dockerfiles),
            others: Arc::clone(&self.others),
            passing: Arc::clone(&self.passing),
            declaring: Arc::clone(&self.declaring),
            variables: Arc::clone(&self.variables),
            naming: Arc::clone(&self.naming),
            placed: Arc::clone(&self.placed),
            heirs: Arc::clone(&self.heirs),
            building: Arc::clone(&self.building),
            credentials: Arc::clone(&self.credentials),
            near: Mutex::default(),
            old_buildx: self.old_buildx.clone(),
            recorder: recorder.clone(),
        }
    }

    /// Takes note of what each of `builds` is of.
    pub(super) fn bind(&mut self, repository: &Repository, builds: &[Build]) {
        let mut placed = Placed::default();
        for (at, build) in builds.iter().enumerate() {
            placed.by_file.entry(build.file.clone()).or_default().push(at);
            if matches!(build.dockerfiles, Dockerfiles::Unknown(_)) {
                placed.unplaced.push(at);
            }
            for (path, binding) in self.bindings(repository, build) {
                placed.bound.entry(path).or_default().push((at, binding));
            }
        }
        self.placed = Arc::new(placed);
        self.place_contexts(repository, builds);
    }

    fn place_contexts(&mut self, repository: &Repository, builds: &[Build]) {
        let mut by_context: BTreeMap<Utf8PathBuf, Vec<Utf8PathBuf>> = BTreeMap::new();
        for path in repository.dockerfiles() {
            for context in self.contexts(builds, path) {
                by_context.entry(context).or_default().push(path.clone());
            }
        }
        Arc::make_mut(&mut self.placed).by_context = by_context;
    }

    /// The contexts that builds of the Dockerfile at `path` name; its own folder and the root where none does.
    pub(super) fn contexts(&self, builds: &[Build], path: &Utf8Path) -> BTreeSet<Utf8PathBuf> {
        let known = self.known_contexts(builds, path);
        if !known.is_empty() {
            return known;
        }
        BTreeSet::from([path.parent().unwrap_or(Utf8Path::new("")).to_owned(), Utf8PathBuf::new()])
    }

    /// The contexts that builds of the Dockerfile at `path` name.
    pub(super) fn known_contexts(&self, builds: &[Build], path: &Utf8Path) -> BTreeSet<Utf8PathBuf> {
        let bound = self.bound(path).iter().filter_map(|(at, _)| builds.get(*at));
        bound.filter_map(|build| build.context.clone()).collect()
    }

    /// The Dockerfiles of which builds may have `context` as their context, in order.
    pub(super) fn with_context(&self, context: &Utf8Path) -> &[Utf8PathBuf] {
        self.recorder.note(|reads| reads::insert(&mut reads.contexts, context));
        self.placed.by_context.get(context).map(Vec::as_slice).unwrap_or_default()
    }

    /// The Dockerfiles that start from an image of this name, by their text.
    pub(super) fn heirs(&self, repository: &Repository, image: &str) -> impl Iterator<Item = &Utf8PathBuf> {
        self.recorder.note(|reads| reads.bases = true);
        let new = || {
            let mut heirs: BTreeMap<String, BTreeSet<Utf8PathBuf>> = BTreeMap::new();
            for source in repository.dockerfiles().iter().filter_map(|path| repository.source(path)) {
                for image in source.text().lines().filter_map(inherited) {
                    let image = super::without_latest(image).to_owned();
                    heirs.entry(image).or_default().insert(source.path().to_owned());
                }
            }
            heirs
        };
        let heirs = self.heirs.get_or_init(|| self.recorder.unnoted(new));
        heirs.get(super::without_latest(image)).into_iter().flatten()
    }

    /// The Dockerfiles that a build is of, as far as can be told.
    fn bindings(&self, repository: &Repository, build: &Build) -> Vec<(Utf8PathBuf, Binding)> {
        match &build.dockerfiles {
            Dockerfiles::One(path) => vec![(path.clone(), Binding::Named)],
            Dockerfiles::Several(paths) => {
                let mut paths = paths.clone();
                paths.sort();
                paths.dedup();
                let binding = if paths.len() == 1 { Binding::OnlyCandidate } else { Binding::OneOfSeveral };
                paths.into_iter().map(|path| (path, binding)).collect()
            }
            Dockerfiles::Elsewhere => Vec::new(),
            Dockerfiles::Unknown(_) => {
                match (repository.settings(&build.file).builds.get(&build.file), repository.dockerfiles()) {
                    (Some(decided), _) => vec![(decided.clone(), Binding::Named)],
                    (None, [only]) => vec![(only.clone(), Binding::OnlyCandidate)],
                    (None, _) => self.bindings_by_argument(build),
                }
            }
        }
    }

    /// A build whose Dockerfile can't be told is of those that declare one of the arguments it passes, and among them of
    /// the ones nearest to its file.
    fn bindings_by_argument(&self, build: &Build) -> Vec<(Utf8PathBuf, Binding)> {
        let names = build.arguments.iter().map(|given| given.name.as_str());
        let declaring: Vec<&BTreeSet<Utf8PathBuf>> = names.filter_map(|name| self.declaring.get(name)).collect();
        let Some(folder) = nearest_folder(&build.file, &declaring) else { return Vec::new() };
        let mut nearest: BTreeSet<&Utf8PathBuf> = declaring.iter().flat_map(|paths| below(paths, folder)).collect();
        if let Some(absent) = build.dockerfiles.absent() {
            // The folder may have had another name when that was written.
            let all = || declaring.iter().flat_map(|paths| paths.iter());
            let most = all().map(|path| common_end(path, absent)).max().filter(|most| *most >= LEAST_COMMON_END);
            nearest.extend(all().filter(|path| Some(common_end(path, absent)) == most));
        }
        let binding = if nearest.len() == 1 { Binding::OnlyCandidate } else { Binding::OneOfSeveral };
        nearest.into_iter().map(|path| (path.clone(), binding)).collect()
    }

    /// Where a file installs a buildx that takes no secret from the environment, and its version.
    pub(super) fn old_buildx(&self) -> Option<&(Utf8PathBuf, TextRange, Version)> {
        self.old_buildx.as_ref()
    }

    /// Whether the same files speak of build arguments in the state `after`, and the same Dockerfiles declare them.
    pub(super) fn passes_alike(&self, after: &Self) -> bool {
        Arc::ptr_eq(&self.passing, &after.passing) && Arc::ptr_eq(&self.declaring, &after.declaring)
    }

    /// Whether the file at `path` is no Dockerfile and speaks of build arguments.
    pub(super) fn speaks_of_arguments(&self, path: &Utf8Path) -> bool {
        self.passing.contains(path)
    }

    /// The Dockerfiles that declare the build argument `name`, in order.
    pub(super) fn declaring(&self, name: &str) -> impl Iterator<Item = &Utf8PathBuf> {
        self.declaring.get(name).into_iter().flatten()
    }

    /// The files that are no Dockerfiles, name the variable and speak of build arguments, in order, but for those to which
    /// another Dockerfile that declares it is nearer than the one at `dockerfile`. Near means: below the deepest common folder.
    pub(super) fn passing<'r>(&self, repository: &'r Repository, dockerfile: &Utf8Path, name: &str) -> Vec<&'r Source> {
        self.recorder.note(|reads| reads::name(&mut reads.passed, name));
        let near = self.near(repository, name);
        let around = dockerfile.ancestors().skip(1).map(|folder| Some(folder.to_owned()));
        let mut paths: Vec<&Utf8PathBuf> =
            around.chain([None]).filter_map(|folder| near.get(&folder)).flatten().collect();
        paths.sort();
        self.recorder.unnoted(|| paths.into_iter().filter_map(|path| repository.source(path)).collect())
    }

    fn near(&self, repository: &Repository, name: &str) -> Arc<Near> {
        let known = || self.near.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(known) = known().get(name) {
            return Arc::clone(known);
        }
        let mut near = Near::new();
        let declaring = self.declaring.get(name);
        let naming = self.recorder.unnoted(|| self.naming(repository, name));
        for path in naming.into_iter().map(Source::path).filter(|path| self.passing.contains(*path)) {
            let nearest = declaring.and_then(|paths| nearest_folder(path, &[paths]));
            near.entry(nearest.map(Utf8Path::to_owned)).or_default().push(path.to_owned());
        }
        let near = Arc::new(near);
        known().insert(name.to_owned(), Arc::clone(&near));
        near
    }

    /// The files that are no Dockerfiles and name the variable, and maybe more, in order.
    pub(super) fn naming<'r>(&self, repository: &'r Repository, name: &str) -> Vec<&'r Source> {
        self.recorder.note(|reads| reads::name(&mut reads.named, name));
        self.recorder.unnoted(|| {
            if self.variables.contains(name) {
                let new = || Naming::new(&self.variables, self.texts(repository));
                let paths = self.naming.get_or_init(new).files.get(name).into_iter().flatten();
                return paths.filter_map(|path| repository.source(path)).collect();
            }
            self.texts(repository).filter(|source| source.text().contains(name)).collect()
        })
    }

    /// Whether the file at `path` is one of those.
    pub(super) fn is_naming(&self, repository: &Repository, path: &Utf8Path, name: &str) -> bool {
        match self.naming.get().filter(|_| self.variables.contains(name)) {
            Some(naming) => naming.files.get(name).is_some_and(|files| files.contains(path)),
            None => {
                let source = repository.source(path).filter(|_| !self.is_dockerfile(path));
                source.is_some_and(|source| source.text().contains(name))
            }
        }
    }

    /// The files that are no Dockerfiles, in order.
    fn texts<'r>(&self, repository: &'r Repository) -> impl Iterator<Item = &'r Source> {
        self.others.iter().filter_map(|path| repository.source(path))
    }

    /// The files with this name in the last part of their path, in order.
    pub(super) fn named(&self, name: &str) -> &[Utf8PathBuf] {
        self.by_name.get(name).map(Vec::as_slice).unwrap_or_default()
    }

    /// Those of them that lie below `home` or in a folder around it, in order.
    pub(super) fn named_near<'i>(&'i self, name: &str, home: &Utf8Path) -> Vec<&'i Utf8PathBuf> {
        let named = self.named(name);
        let above = home.ancestors().skip(1).filter_map(|folder| named.binary_search(&folder.join(name)).ok());
        let first = named.partition_point(|path| path.as_path() < home);
        let below = named[first..].iter().take_while(|path| path.starts_with(home));
        let mut near: Vec<&Utf8PathBuf> = above.filter_map(|at| named.get(at)).chain(below).collect();
        near.sort();
        near
    }

    /// The Dockerfiles whose builds are others in a later state, `after`, or are written in one of `files`.
    pub(super) fn rebuilt<'i>(
        &'i self,
        builds: &[Build],
        (after, builds_after): (&'i Self, &[Build]),
        files: &BTreeSet<&Utf8Path>,
    ) -> BTreeSet<&'i Utf8Path> {
        let of = |index: &Self, builds: &[Build], path: &Utf8PathBuf| -> Vec<(Utf8PathBuf, usize, Binding)> {
            let bound = index.placed.bound.get(path).into_iter().flatten();
            let known = bound.filter_map(|(at, binding)| builds.get(*at).map(|build| (build, *binding)));
            known.map(|(build, binding)| (build.file.clone(), build.index, binding)).collect()
        };
        let paths = self.placed.bound.keys().chain(after.placed.bound.keys());
        let differ = |path: &&'i Utf8PathBuf| {
            let (one, other) = (of(self, builds, path), of(after, builds_after, path));
            one != other || one.iter().any(|(file, ..)| files.contains(file.as_path()))
        };
        paths.filter(differ).map(Utf8PathBuf::as_path).collect()
    }

    /// The folders that are the context of other builds in a later state.
    pub(super) fn other_contexts<'i>(&'i self, after: &'i Self) -> BTreeSet<&'i Utf8Path> {
        let folders = self.placed.by_context.keys().chain(after.placed.by_context.keys());
        let differ =
            |folder: &&Utf8PathBuf| self.placed.by_context.get(*folder) != after.placed.by_context.get(*folder);
        folders.filter(differ).map(Utf8PathBuf::as_path).collect()
    }

    /// Whether the file at `path` is one of the repository's Dockerfiles.
    pub(super) fn is_dockerfile(&self, path: &Utf8Path) -> bool {
        self.dockerfiles.contains(path)
    }

    /// The builds that are, or may be, of the Dockerfile at `path`, as indices in order.
    pub(super) fn bound(&self, path: &Utf8Path) -> &[(usize, Binding)] {
        self.recorder.note(|reads| reads::insert(&mut reads.builds, path));
        self.placed.bound.get(path).map(Vec::as_slice).unwrap_or_default()
    }

    /// The builds that `file` writes down, as indices in order.
    pub(super) fn of_file(&self, file: &Utf8Path) -> &[usize] {
        self.recorder.note_file(file);
        self.placed.by_file.get(file).map(Vec::as_slice).unwrap_or_default()
    }

    /// The builds of which the Dockerfile can't be told, as indices in order.
    pub(super) fn unplaced(&self) -> &[usize] {
        self.recorder.note(|reads| reads.unplaced = true);
        &self.placed.unplaced
    }

    /// The places of [`BUILDING`] words in files that are no Dockerfiles.
    pub(super) fn building(&self, repository: &Repository) -> &Building {
        self.recorder.note(|reads| reads.unread_builds = true);
        self.building.get_or_init(|| {
            self.recorder.unnoted(|| {
                let mut building = Building::new();
                update_building(&mut building, repository, &self.texts(repository).collect::<Vec<_>>());
                building
            })
        })
    }

    /// The files below `folder` that are no Dockerfiles and hold a credential, in order.
    pub(super) fn credentials<'i>(
        &'i self,
        repository: &Repository,
        folder: &'i Utf8Path,
    ) -> impl Iterator<Item = &'i Utf8PathBuf> {
        self.recorder.note(|reads| reads::insert(&mut reads.credentials, folder));
        let credentials = self.credentials.get_or_init(|| {
            self.recorder.unnoted(|| {
                let mut credentials = BTreeSet::new();
                update_credentials(&mut credentials, &self.texts(repository).collect::<Vec<_>>());
                credentials
            })
        });
        below(credentials, folder)
    }
}

/// The files with [`BUILDING`] words, each with their places.
pub(super) type Building = BTreeMap<Utf8PathBuf, Arc<(Source, Vec<TextRange>)>>;

/// Adds the words that begin a build in these texts.
fn update_building(building: &mut Building, repository: &Repository, texts: &[&Source]) {
    for source in texts {
        let counts = !repository.is_excluded_caller(source.path());
        let places = if counts { building_words(source.text()) } else { Vec::new() };
        if !places.is_empty() {
            building.insert(source.path().to_owned(), Arc::new(((*source).clone(), places)));
        }
    }
}

/// Finds anew which of these texts hold a credential.
fn update_credentials(credentials: &mut BTreeSet<Utf8PathBuf>, texts: &[&Source]) {
    for source in texts {
        if is_credential(source.path(), source.text()) {
            credentials.insert(source.path().to_owned());
        } else {
            credentials.remove(source.path());
        }
    }
}

/// Whether the stages of two states of a Dockerfile start from the same images.
pub(super) fn starts_from_the_same(before: &Dockerfile, after: &Dockerfile) -> bool {
    let bases = |dockerfile: &Dockerfile| dockerfile.stages.iter().map(|stage| stage.base.clone()).collect::<Vec<_>>();
    let written = |dockerfile: &Dockerfile| -> Vec<String> {
        dockerfile.source.text().lines().filter_map(inherited).map(str::to_owned).collect()
    };
    bases(before) == bases(after) && written(before) == written(after)
}

/// Words that begin a build of an image in any file: a pipeline's, a program's.
const BUILDING: [&str; 9] = [
    "docker build ",
    "docker image build ",
    "buildx build ",
    "docker.build(",
    "podman build ",
    "buildah bud ",
    "buildah build ",
    "kaniko/executor",
    "build-push-action",
];

static BUILDING_WORDS: LazyLock<Option<AhoCorasick>> = LazyLock::new(|| AhoCorasick::new(BUILDING).ok());

/// The places of [`BUILDING`] words, word by word.
fn building_words(text: &str) -> Vec<TextRange> {
    let Some(words) = BUILDING_WORDS.as_ref() else { return Vec::new() };
    let mut found: Vec<(usize, TextRange)> = words
        .find_overlapping_iter(text)
        .map(|found| (found.pattern().as_usize(), range(found.start(), found.end())))
        .collect();
    found.sort_by_key(|(word, at)| (*word, at.start()));
    found.into_iter().map(|(_, at)| at).collect()
}

/// The image that a line of a Dockerfile starts from, as it is written.
fn inherited(line: &str) -> Option<&str> {
    let mut words = line.split_whitespace();
    words.next().filter(|word| word.eq_ignore_ascii_case("from"))?;
    words.find(|word| !word.starts_with("--"))
}

/// Which files name which variables, found in one pass over each text.
#[derive(Debug, Clone, Default)]
struct Naming {
    names: Vec<String>,
    words: Option<AhoCorasick>,
    files: BTreeMap<String, BTreeSet<Utf8PathBuf>>,
}

impl Naming {
    fn new<'r>(names: &BTreeSet<String>, sources: impl Iterator<Item = &'r Source>) -> Self {
        let names: Vec<String> = names.iter().cloned().collect();
        // A name that is a word of its own is the longest one that begins where it does.
        let words = AhoCorasick::builder().match_kind(MatchKind::LeftmostLongest).build(&names).ok();
        let mut naming = Self { names, words, files: BTreeMap::new() };
        sources.for_each(|source| naming.add(source));
        naming
    }

    fn add(&mut self, source: &Source) {
        let text = source.text().as_bytes();
        let is_apart = |at: Option<usize>| at.and_then(|at| text.get(at)).is_none_or(|byte| !is_word(*byte));
        for found in self.words.iter().flat_map(|words| words.find_iter(text)) {
            let name = self.names.get(found.pattern().as_usize());
            let apart = is_apart(found.start().checked_sub(1)) && is_apart(Some(found.end()));
            if let Some(name) = name.filter(|_| apart) {
                self.files.entry(name.clone()).or_default().insert(source.path().to_owned());
            }
        }
    }

    fn replace(&mut self, changed: &[Utf8PathBuf], texts: &[&Source]) {
        self.files.values_mut().for_each(|files| files.retain(|path| !changed.contains(path)));
        texts.iter().for_each(|source| self.add(source));
    }
}

/// Takes note of the build arguments that the Dockerfile at `path` declares.
fn declare(declaring: &mut BTreeMap<String, BTreeSet<Utf8PathBuf>>, path: &Utf8Path, arguments: &BTreeSet<String>) {
    for name in arguments {
        declaring.entry(name.clone()).or_default().insert(path.to_owned());
    }
}

/// The names of secrets that `dockerfile` declares or sets, as far as they are made of letters, digits and `_`.
fn variables(dockerfile: &Dockerfile) -> impl Iterator<Item = String> {
    let steps = dockerfile.steps.iter().filter(|step| matches!(step.keyword, Keyword::Arg | Keyword::Env));
    let names = steps.flat_map(|step| &step.pairs).map(|pair| &pair.key);
    names.filter(|name| name.bytes().all(is_word) && classify_name(name).kind().is_some()).cloned()
}

fn is_word(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || byte == b'_'
}

/// The deepest folder around `file` that holds any of these paths.
fn nearest_folder<'f>(file: &'f Utf8Path, paths: &[&BTreeSet<Utf8PathBuf>]) -> Option<&'f Utf8Path> {
    file.ancestors().skip(1).find(|folder| paths.iter().any(|paths| below(paths, folder).next().is_some()))
}

/// Those of `paths` that lie below `folder`: in the order of paths they stand together.
fn below<'p>(paths: &'p BTreeSet<Utf8PathBuf>, folder: &Utf8Path) -> impl Iterator<Item = &'p Utf8PathBuf> + use<'p> {
    let folder = folder.to_owned();
    paths.range(folder.clone()..).take_while(move |path| path.starts_with(&folder))
}
