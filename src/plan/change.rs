mod compatibility;
mod script;
mod suppression;

pub use compatibility::CACHE_KEY;
pub use script::StepEdit;
pub use suppression::{BUILDKIT_RULE, suppression};

use std::collections::{BTreeMap, BTreeSet};

use camino::{Utf8Path, Utf8PathBuf};

use crate::callers::{self, ArgumentValue, Build, Dockerfiles, Offer, Request, RequestedSecret, SecretValue};
use crate::knowledge::engines::{Answer, Feature, SecretMounts, frontend_supports};
use crate::model::{Binding, BoundBuild, Dockerfile, Model, PairPlace};
use crate::source::{Edit, TextRange, size};
use crate::syntax::dockerfile::edit::{self, EditError};

use super::draft::Draft;
use super::{Applicability, Fix, FollowUp, Label, Obstacle, StepChange};

/// How a RUN gets a secret.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Mount {
    /// As an environment variable: `--mount=type=secret,id=ID,env=NAME`.
    Variable {
        /// The secret's id.
        id: String,
        /// The variable.
        name: String,
    },
    /// As the flag says, which is written out: `--mount=type=secret,id=ID,target=PATH`.
    Flag(String),
    /// As a file below `/run/secrets` that the RUN's first command reads into a variable. The variable stays unset
    /// where no secret is offered.
    File {
        /// The secret's id.
        id: String,
        /// The variable.
        name: String,
        /// Whether it stays unset where the file is empty, too: what `--secret id=ID,env=NAME` makes of a variable that is
        /// not set (experiment), where `--build-arg NAME` passes nothing.
        unless_empty: bool,
    },
}

/// The image reference of the frontend that a header should name.
pub const FRONTEND: &str = "docker/dockerfile:1";

/// Builds one [`Fix`]: a codemod says what should be so, and every step that can't be made turns the fix Manual with
/// its reason.
#[derive(Debug)]
pub struct Change<'m> {
    pub(super) model: &'m Model,
    pub(super) dockerfile: &'m Dockerfile,
    removed: BTreeMap<usize, BTreeSet<usize>>,
    mounts: BTreeMap<usize, Vec<Mount>>,
    /// The ids of secrets without which a build has to stop.
    needed: BTreeSet<String>,
    exports: BTreeMap<usize, Vec<String>>,
    leads: BTreeMap<usize, Vec<String>>,
    requests: BTreeMap<(Utf8PathBuf, usize), Vec<Request>>,
    frontend: Option<Feature>,
    pub(super) edits: BTreeMap<Utf8PathBuf, Vec<Edit>>,
    pub(super) steps: BTreeMap<usize, StepChange>,
    assumptions: Vec<String>,
    pub(super) obstacles: Vec<Obstacle>,
    pub(super) units: BTreeSet<(Utf8PathBuf, usize)>,
    released: BTreeSet<usize>,
    follow_ups: Vec<FollowUp>,
    concealed: Vec<SecretValue>,
    asked: Vec<Request>,
    pub(super) asked_offers: Vec<Offer>,
    pub(super) draft: Draft,
    pub(super) offers: BTreeMap<(Utf8PathBuf, usize), Vec<Offer>>,
    /// The RUNs in front of which an argument for the cache is declared.
    keyed: BTreeSet<usize>,
    /// Sentences for the finding that belongs to this change.
    pub notes: Vec<String>,
}

impl<'m> Change<'m> {
    /// A change around `dockerfile` that does nothing yet.
    #[must_use]
    pub fn new(model: &'m Model, dockerfile: &'m Dockerfile) -> Self {
        Self {
            model,
            dockerfile,
            removed: BTreeMap::new(),
            mounts: BTreeMap::new(),
            needed: BTreeSet::new(),
            exports: BTreeMap::new(),
            leads: BTreeMap::new(),
            requests: BTreeMap::new(),
            frontend: None,
            edits: BTreeMap::new(),
            steps: BTreeMap::new(),
            assumptions: Vec::new(),
            obstacles: Vec::new(),
            units: BTreeSet::from([(dockerfile.path().to_owned(), 0)]),
            released: BTreeSet::new(),
            follow_ups: Vec::new(),
            concealed: Vec::new(),
            asked: Vec::new(),
            asked_offers: Vec::new(),
            draft: Draft::default(),
            offers: BTreeMap::new(),
            keyed: BTreeSet::new(),
            notes: Vec::new(),
        }
    }

    /// The model that the change was made of.
    #[must_use]
    pub fn model(&self) -> &'m Model {
        self.model
    }

    /// Lowers the fix to Unsafe: it is right if `assumption` holds.
    pub fn assume(&mut self, assumption: impl Into<String>) {
        let assumption = assumption.into();
        if !self.assumptions.contains(&assumption) {
            self.assumptions.push(assumption);
        }
    }

    /// Lowers the fix to Manual.
    pub fn obstruct(&mut self, kind: &'static str, reason: impl Into<String>, place: Option<Label>) {
        self.obstacle(Obstacle { kind, reason: reason.into(), place, instead: None });
    }

    /// The same with what a person can write in that place.
    pub fn obstacle(&mut self, obstacle: Obstacle) {
        self.obstacles.push(obstacle);
    }

    /// A label in the Dockerfile, for [`Self::obstruct`].
    #[must_use]
    pub fn place(&self, range: TextRange, text: impl Into<String>) -> Option<Label> {
        Some(Label { file: self.dockerfile.path().to_owned(), range, text: text.into() })
    }

    /// Records what a person still has to do.
    pub fn follow_up(&mut self, follow_up: FollowUp) {
        if !self.follow_ups.contains(&follow_up) {
            self.follow_ups.push(follow_up);
        }
    }

    /// Keeps a credential that the files write out from being shown.
    pub fn conceal(&mut self, value: SecretValue) {
        self.concealed.push(value);
    }

    /// Removes one pair of an ARG or ENV, with its instruction if none is left.
    pub fn remove_pair(&mut self, place: PairPlace) {
        self.removed.entry(place.step).or_default().insert(place.pair);
    }

    /// Mounts a secret in the RUN at `step`, unless it has that mount already.
    pub fn mount(&mut self, step: usize, mount: Mount) {
        let mounts = self.mounts.entry(step).or_default();
        if !mounts.contains(&mount) {
            mounts.push(mount);
        }
    }

    /// Makes a build stop that does not pass the secret `id`, where an empty value would do harm without a word.
    pub fn need(&mut self, id: &str) {
        self.needed.insert(id.to_owned());
        self.require(Feature::Required);
    }

    /// Sets a variable at the beginning of the RUN at `step`: `export NAME="…"`.
    pub fn export(&mut self, step: usize, assignment: String) {
        let exports = self.exports.entry(step).or_default();
        if !exports.contains(&assignment) {
            exports.push(assignment);
        }
    }

    /// Puts a command in front of the RUN at `step`, which runs if the command succeeds.
    pub fn lead(&mut self, step: usize, command: String) {
        self.leads.entry(step).or_default().push(command);
    }

    /// Rewrites commands of the RUN at `step`: `edits` are edits of the file.
    pub fn edit_run(&mut self, step: usize, edits: Vec<Edit>) {
        self.steps.entry(step).or_insert(StepChange::Rewritten);
        self.push(edits);
    }

    /// The RUN at `step` has no need of the value any more.
    pub fn release(&mut self, step: usize) {
        self.released.insert(step);
    }

    /// Removes the RUN at `step`.
    pub fn remove_run(&mut self, step: usize) {
        if self.steps.insert(step, StepChange::Removed) != Some(StepChange::Removed) {
            let outer = &self.dockerfile.steps[step].outer;
            let edits = edit::remove_instruction(&self.dockerfile.source, outer);
            self.push_or_obstruct(edits, outer.text_range());
        }
    }

    /// Makes sure that the frontend knows `feature`.
    pub fn require(&mut self, feature: Feature) {
        self.frontend = Some(self.frontend.map_or(feature, |known| known.max(feature)));
    }

    /// Makes each of `builds` pass a secret in the place of a build argument, or only drop the argument, and says so to
    /// whoever knows of further ones.
    pub fn request_of_all(&mut self, builds: &[BoundBuild<'_>], argument: &str, secret: Option<RequestedSecret>) {
        let request = Request { argument: argument.to_owned(), secret, beside: false };
        self.refuse_builds_of_another(builds, argument);
        builds.iter().for_each(|bound| self.request(*bound, &request));
        self.asked.push(request);
    }

    /// Where every build that passes the argument names a Dockerfile that is not here, under another name, who builds this one
    /// is for a person to say.
    fn refuse_builds_of_another(&mut self, builds: &[BoundBuild<'_>], argument: &str) {
        let passes = |build: &Build| build.arguments.iter().any(|given| given.name == argument);
        let mut places = Vec::new();
        for build in builds.iter().map(|bound| bound.build).filter(|build| passes(build)) {
            let absent = build.dockerfiles.absent().map(Utf8Path::new);
            let Some(absent) = absent.filter(|path| path.file_name() != self.dockerfile.path().file_name()) else {
                return;
            };
            places.push((absent.to_owned(), build));
        }
        if let Some((absent, build)) = places.first() {
            let text = format!("{} is here", build.title);
            let place = Label { file: build.file.clone(), range: build.range, text };
            let reason = format!(
                "the only build that passes `{argument}` is of `{absent}`, which is not in the repository, and not of `{}`",
                self.dockerfile.path()
            );
            self.obstruct("opaque-caller", reason, Some(place));
        }
    }

    /// Makes a build honour a request, if it passes that argument.
    pub fn request(&mut self, bound: BoundBuild<'_>, request: &Request) {
        let (build, argument) = (bound.build, request.argument.as_str());
        let given = build.arguments.iter().find(|given| given.name == argument);
        let Some(given) = given else { return };
        let beside = request.beside || self.model.is_needed_elsewhere(self.dockerfile, bound, argument);
        let is_elsewhere = build.dockerfiles.absent().is_some();
        let place = Label { file: build.file.clone(), range: given.range, text: format!("{} passes it", build.title) };
        match bound.binding {
            Binding::OneOfSeveral => {
                if matches!(build.dockerfiles, Dockerfiles::Unknown(_)) {
                    let file = &build.file;
                    self.assume(format!(
                        "the build in `{file}` is of a Dockerfile that takes `{argument}`; a line `\"{file}\" = \"…\"` below \
                         `[builds]` in dfmigrate.toml can say which"
                    ));
                }
            }
            Binding::OnlyCandidate if self.model.repository.dockerfiles().len() > 1 || is_elsewhere => {
                let path = self.dockerfile.path();
                self.assume(format!("the build in `{}` is of `{path}`", build.file));
            }
            Binding::OnlyCandidate | Binding::Named => {}
        }
        // Whichever of them it builds then finds what it asks for; so does a Dockerfile that is not here.
        if beside && !request.beside {
            let others = match build.dockerfiles.absent() {
                Some(path) => format!("`{path}`, which is not in the repository, may take it"),
                None => "another Dockerfile takes it".to_owned(),
            };
            self.notes.push(format!("`{argument}` stays an argument of {} in `{}`: {others}", build.title, build.file));
            if request.secret.is_none() {
                return;
            }
        }
        if given.shared && self.is_shared_with_others(build, given.range) {
            let reason = format!("`{argument}` is passed to builds of other Dockerfiles by the same text");
            self.obstruct("shared-argument", reason, Some(place));
            return;
        }
        if matches!(given.value, ArgumentValue::Literal(_)) && build.format != callers::Format::Markdown {
            let name = argument;
            self.follow_up(FollowUp::Rotate(format!("the value of `{name}` that is written in `{}`", build.file)));
        }
        self.units.insert((build.file.clone(), build.index));
        self.requests.entry((build.file.clone(), build.index)).or_default().push(Request { beside, ..request.clone() });
    }

    /// Whether the text of an argument also belongs to builds of other Dockerfiles.
    fn is_shared_with_others(&self, build: &Build, range: TextRange) -> bool {
        let own = self.model.bound_builds(self.dockerfile);
        let same_text = |other: &&Build| other.arguments.iter().any(|given| given.range == range);
        let others = self.model.builds_of_file(&build.file).filter(same_text);
        others.into_iter().any(|other| own.iter().all(|bound| bound.build != other))
    }

    /// Writes the edits and closes the change. `title` is a verb phrase.
    #[must_use]
    pub fn finish(mut self, title: impl Into<String>) -> (Fix, Vec<String>) {
        self.check_absent();
        self.write_frontend();
        self.write_suppression();
        self.write_removals();
        self.write_mounts();
        self.write_requests();
        self.write_draft();
        self.write_offers();
        self.write_cache_keys();
        let applicability = match (self.obstacles.is_empty(), self.assumptions.is_empty()) {
            (false, _) => Applicability::Manual,
            (true, false) => Applicability::Unsafe,
            (true, true) => Applicability::Safe,
        };
        if applicability == Applicability::Manual {
            self.edits.clear();
        }
        let fix = Fix {
            units: self.units,
            released: self.released,
            title: title.into(),
            applicability,
            edits: self.edits,
            steps: self.steps,
            assumptions: self.assumptions,
            obstacles: self.obstacles,
            follow_ups: self.follow_ups,
            concealed: self.concealed,
            requests: self.asked,
            offers: self.asked_offers,
        };
        (fix, self.notes)
    }

    pub(super) fn push(&mut self, edits: impl IntoIterator<Item = Edit>) {
        self.edits.entry(self.dockerfile.path().to_owned()).or_default().extend(edits);
    }

    fn push_or_obstruct(&mut self, edits: Result<Vec<Edit>, EditError>, range: TextRange) {
        match edits {
            Ok(edits) => self.push(edits),
            Err(error) => {
                let label = self.place(range, "this can't be edited");
                self.obstruct("unparsable", error.to_string(), label);
            }
        }
    }

    /// A build in a file that is not on the disk would go on passing an argument, or not pass the secret.
    fn check_absent(&mut self) {
        let asks = !self.removed.is_empty() || !self.mounts.is_empty() || !self.requests.is_empty();
        if let ([first, rest @ ..], true) = (self.model.repository.absent_callers.as_slice(), asks) {
            let others =
                if rest.is_empty() { ", which was not read, does" } else { " and other files that were not read do" };
            self.assume(format!("`{first}`{others} not build `{}`", self.dockerfile.path()));
        }
    }

    fn write_frontend(&mut self) {
        let Some(feature) = self.frontend else { return };
        let named = self.dockerfile.frontend();
        let built_in = || self.model.secret_mounts(self.dockerfile) == SecretMounts::Variable;
        if named.is_none() && (feature < Feature::SecretEnv || built_in()) {
            // The frontend that these builders have inside knows the mount, and a header has to be pulled.
            return;
        }
        match named.as_deref().map_or(Answer::No, |frontend| frontend_supports(frontend, feature)) {
            Answer::Yes => {}
            Answer::No => self.raise_frontend(),
            Answer::Unknown => self.refuse_frontend(&named.unwrap_or_default()),
        }
    }

    /// Makes [`FRONTEND`] read the file, unless somebody chose another one on purpose.
    pub fn raise_frontend(&mut self) {
        match self.dockerfile.frontend() {
            Some(named) if !may_be_raised(&named) => self.refuse_frontend(&named),
            _ => {
                let root = self.dockerfile.parse.root();
                let edits = edit::set_syntax_directive(&self.dockerfile.source, &root, FRONTEND);
                self.push_or_obstruct(edits, TextRange::empty(size(0)));
            }
        }
    }

    fn refuse_frontend(&mut self, frontend: &str) {
        let reason = format!("the frontend `{frontend}` that the header names can't be shown to know this mount");
        let start = self.dockerfile.parse.root().directives().first().map(|directive| directive.range);
        let place = start.unwrap_or_else(|| TextRange::empty(size(0)));
        let label = self.place(place, "this frontend reads the file");
        self.obstruct("foreign-frontend", reason, label);
    }

    fn write_removals(&mut self) {
        for (index, pairs) in std::mem::take(&mut self.removed) {
            let step = &self.dockerfile.steps[index];
            let all = &step.pairs;
            let source = &self.dockerfile.source;
            let range = step.outer.text_range();
            // `ARG TOKEN # from the vault` declares `#`, `from`, … as well (experiment): they go with the last argument.
            let said = all.iter().take_while(|pair| !pair.key.starts_with('#')).count();
            if (0..said).all(|at| pairs.contains(&at)) {
                self.steps.insert(index, StepChange::Removed);
                let comment = self.moot_comment(step.outer.range().start().into());
                let edits = edit::remove_instruction(source, &step.outer);
                self.push_or_obstruct(edits.map(|edits| united(edits.into_iter().chain(comment).collect())), range);
                continue;
            }
            self.steps.insert(index, StepChange::Rewritten);
            let gone: Vec<usize> = pairs.into_iter().filter(|at| *at < all.len()).collect();
            self.push_or_obstruct(edit::remove_pairs(source, &step.instruction, &gone), range);
        }
    }

    fn write_mounts(&mut self) {
        let keys = self.mounts.keys().chain(self.exports.keys()).chain(self.leads.keys());
        let steps: BTreeSet<usize> = keys.copied().collect();
        for step in steps {
            self.steps.insert(step, StepChange::Rewritten);
            let mounts = self.mounts.remove(&step).unwrap_or_default();
            let exports = self.exports.remove(&step).unwrap_or_default();
            let leads = self.leads.remove(&step).unwrap_or_default();
            let as_root = self.dockerfile.surely_runs_as_root(step);
            let flags: Vec<String> = mounts.iter().map(|mount| self.flag(mount, as_root)).collect();
            let commands: Vec<String> = mounts.iter().filter_map(Mount::command).chain(exports).collect();
            let instruction = &self.dockerfile.steps[step].instruction;
            let source = &self.dockerfile.source;
            let in_front = in_front(&commands, &leads);
            if in_front.is_empty() && self.draft.cleanups.contains_key(&step) {
                // The commands that go and the flags that come may stand on one line.
                self.draft.flags.entry(step).or_default().extend(flags);
                continue;
            }
            let edits = match in_front.is_empty() {
                true => edit::add_mounts(source, instruction, &flags),
                false => edit::add_mounts_and_commands(source, instruction, &flags, &in_front),
            };
            let range = instruction.text_range();
            match edits {
                Err(EditError::ExecForm | EditError::Shebang) => {
                    let reason = "no shell that reads the secret's file runs this";
                    let label = self.place(range, "this RUN would have to read the secret from a file");
                    self.obstruct("exec-form-needs-file", reason, label);
                }
                edits => self.push_or_obstruct(edits, range),
            }
        }
    }

    pub(super) fn flag(&self, mount: &Mount, as_root: bool) -> String {
        let needed = mount.id().is_some_and(|id| self.needed.contains(id));
        format!("{}{}", mount.flag(as_root), if needed { ",required=true" } else { "" })
    }

    fn write_requests(&mut self) {
        let mut by_file: BTreeMap<Utf8PathBuf, Vec<(usize, Vec<Request>)>> = BTreeMap::new();
        for ((file, index), requests) in std::mem::take(&mut self.requests) {
            by_file.entry(file).or_default().push((index, requests));
        }
        for (file, requests) in by_file {
            match callers::pass_all(&self.model.repository, &file, &requests) {
                Ok(rewrite) => {
                    self.edits.entry(file).or_default().extend(rewrite.edits);
                    rewrite.assumptions.into_iter().for_each(|assumption| self.assume(assumption));
                    rewrite.lines.iter().for_each(|(file, line)| self.append(file, line));
                    for note in rewrite.notes {
                        if !self.notes.contains(&note) {
                            self.notes.push(note);
                        }
                    }
                }
                Err((index, refusal)) => self.refuse_request(file, index, &requests, refusal),
            }
        }
    }

    fn refuse_request(
        &mut self,
        file: Utf8PathBuf,
        index: usize,
        requests: &[(usize, Vec<Request>)],
        refusal: callers::Refusal,
    ) {
        let build = self.model.builds_of_file(&file).find(|build| build.index == index);
        let asked = requests.iter().find(|(other, _)| *other == index).map(|(_, requests)| requests.as_slice());
        let kind = build.map_or("opaque-caller", |build| obstacle_kind(build, asked.unwrap_or_default()));
        let title = build.map_or("a build", |build| build.title.as_str());
        let place = Some(Label { file, range: refusal.range, text: format!("{title} passes it") });
        self.obstacles.push(Obstacle { kind, reason: refusal.reason, place, instead: refusal.instead });
    }
}

/// The lines in front of a RUN: commands that come first whatever becomes of them, then those that have to succeed.
fn in_front(commands: &[String], leads: &[String]) -> Vec<String> {
    let first = (!commands.is_empty()).then(|| format!("{};", commands.join("; ")));
    first.into_iter().chain(leads.iter().map(|lead| format!("{lead} &&"))).collect()
}

fn obstacle_kind(build: &Build, requests: &[Request]) -> &'static str {
    let mut asked =
        build.arguments.iter().filter(|given| requests.iter().any(|request| request.argument == given.name));
    match asked.any(|given| matches!(given.value, ArgumentValue::Literal(_))) {
        true => "literal-in-caller",
        false => "opaque-caller",
    }
}

impl Mount {
    /// The variable `name` from the secret `id`: from a file, where `as_file` says so.
    #[must_use]
    pub fn of(id: String, name: String, as_file: bool) -> Self {
        if as_file { Self::File { id, name, unless_empty: false } } else { Self::Variable { id, name } }
    }

    fn id(&self) -> Option<&str> {
        match self {
            Self::Variable { id, .. } | Self::File { id, .. } => Some(id),
            Self::Flag(_) => None,
        }
    }

    fn flag(&self, as_root: bool) -> String {
        match self {
            Self::Variable { id, name } => format!("--mount=type=secret,id={id},env={name}"),
            Self::Flag(flag) => flag.clone(),
            Self::File { id, .. } if as_root => format!("--mount=type=secret,id={id}"),
            // A secret file belongs to root with mode 0400 unless it is said otherwise (BuildKit docs, experiment).
            Self::File { id, .. } => format!("--mount=type=secret,id={id},mode=0444"),
        }
    }

    pub(super) fn command(&self) -> Option<String> {
        let Self::File { id, name, unless_empty } = self else { return None };
        let test = if *unless_empty { "-s" } else { "-f" };
        let path = format!("/run/secrets/{id}");
        Some(format!("if [ {test} {path} ]; then export {name}=\"$(cat {path})\"; fi"))
    }
}

/// Why a build that may be of several Dockerfiles is left alone, and what decides it.
pub(super) fn one_of_several(build: &Build) -> String {
    let (title, file) = (&build.title, &build.file);
    format!(
        "`{title}` builds one of several Dockerfiles, or all of them; a line `\"{file}\" = \"…\"` below `[builds]` in \
         dfmigrate.toml can say which"
    )
}

/// Whether the header names the official frontend by a plain tag: a digest or a mirror was chosen on purpose.
#[must_use]
pub fn may_be_raised(frontend: &str) -> bool {
    let image = frontend.split_whitespace().next().unwrap_or("");
    let name = image.strip_prefix("docker.io/").unwrap_or(image);
    let repository = name.split([':', '@']).next().unwrap_or("");
    !image.contains('@') && matches!(repository, "docker/dockerfile" | "docker/dockerfile-upstream")
}

/// Deletions that touch each other, as one.
fn united(mut edits: Vec<Edit>) -> Vec<Edit> {
    edits.sort();
    let mut result: Vec<Edit> = Vec::new();
    for edit in edits {
        match result.last_mut() {
            Some(last)
                if last.text.is_empty() && edit.text.is_empty() && last.range().end() >= edit.range().start() =>
            {
                *last = Edit::delete(last.range().cover(edit.range()));
            }
            _ => result.push(edit),
        }
    }
    result
}
