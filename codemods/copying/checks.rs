//! What keeps a copied file from being moved, or makes it a guess.

use std::collections::BTreeSet;

use camino::Utf8Path;

use crate::callers::{Builder, Dockerfiles};
use crate::knowledge::files::FileVerdict;
use crate::model::{Binding, BoundBuild, Dockerfile, FileUse, Form, Shape, mentions};
use crate::plan::{Change, Label, Obstacle};
use crate::source::{TextRange, slice};
use crate::syntax::dockerfile::{Keyword, ProblemKind};
use crate::syntax::shell::Word;

use super::{Copying, Way};

impl<'m> Copying<'m> {
    pub(super) fn check(&self, change: &mut Change<'m>, way: Way) {
        self.check_file(change);
        self.check_shape(change);
        self.check_writer(change);
        if self.is_for_run_time() {
            return;
        }
        self.check_conflicts(change);
        self.check_mounts(change, way);
        self.check_start(change);
        self.check_builds(change);
        self.check_triggers(change);
    }

    /// BuildKit refuses the file as it is: nothing that is concluded from it can be relied on.
    fn check_file(&self, change: &mut Change<'m>) {
        let mut problems = self.dockerfile.parse.problems().iter();
        if let Some(problem) = problems.find(|problem| problem.kind == ProblemKind::Rejected) {
            let place = change.place(problem.range, "BuildKit stops here");
            change.obstruct("unparsable", format!("BuildKit refuses this file: {}", problem.message), place);
        }
    }

    /// What is written in front of one build is not there for the others, which could not hand it over.
    fn check_writer(&self, change: &mut Change<'m>) {
        let Some(writer) = &self.file.writer else { return };
        let place = Label {
            file: writer.file.clone(),
            range: writer.range,
            text: format!("writes `{}` into `{}`", writer.secret, self.path()),
        };
        let reason = format!(
            "`{}` writes `{}` into `{}` in front of the build: keep the file out of the context with `.dockerignore`, and hand \
             the secret itself to the RUN that needs it, or to the container when it is started",
            writer.file,
            writer.secret,
            self.path()
        );
        change.obstruct("written-for-the-build", reason, Some(place));
    }

    fn check_shape(&self, change: &mut Change<'m>) {
        let path = self.path();
        let archive = matches!(path.extension(), Some("tar" | "tgz" | "gz" | "zip" | "xz" | "bz2"));
        let (kind, reason) = match self.file.shape {
            Shape::File if archive => (
                "copies-folder",
                format!("`{path}` is an archive of several files: each that is secret has to be handed over by itself"),
            ),
            Shape::File => return,
            Shape::Folder if self.file.is_ssh_key() => (
                "copies-folder",
                format!(
                    "`{path}` is a folder: copy what is public in it by name (`known_hosts`, `config`), and hand over the key"
                ),
            ),
            Shape::Optional => {
                // No secret is offered where the file is missing, and a mount without one is none; `src=` has to exist.
                change.assume(format!("the pattern of the COPY stands for `{path}` alone, which every build has"));
                return;
            }
            Shape::Folder => (
                "copies-folder",
                format!(
                    "`{path}` is a folder that is not in the repository, and a secret is one file: mount each that is needed"
                ),
            ),
            Shape::Pattern => {
                ("pattern-source", "the pattern may match several files, and a secret is one file".to_owned())
            }
            Shape::Computed => ("source-unknown", format!("which file `{path}` is depends on a build argument")),
        };
        let place = self.file.sources.first().and_then(|source| {
            let word = self.dockerfile.steps[source.step].instruction.words().get(source.word)?.range;
            change.place(word, "this source")
        });
        change.obstacle(Obstacle { kind, reason, place, instead: self.by_hand() });
    }

    /// What a person writes in front of the commands that need a file of a folder or an archive.
    fn by_hand(&self) -> Option<String> {
        if self.file.is_ssh_key() {
            return Some("RUN --mount=type=ssh".to_owned());
        }
        let file = self.usual_file()?;
        let source = self.file.sources.first()?;
        let folder = self.landing(source.step)?;
        let target = folder.join(file).as_target(&self.workdir(source.step))?;
        Some(format!("RUN --mount=type=secret,id={},target={target}", self.id()))
    }

    /// The file of a folder that tools keep credentials in.
    pub(super) fn usual_file(&self) -> Option<&'static str> {
        match self.path().file_name().filter(|_| self.file.shape == Shape::Folder)? {
            ".aws" => Some("credentials"),
            ".docker" => Some("config.json"),
            ".kube" => Some("config"),
            _ => None,
        }
    }

    fn check_conflicts(&self, change: &mut Change<'m>) {
        let mounted = |step: usize| self.flow.uses.iter().any(|used| used.step == step);
        for conflict in self.flow.conflicts.iter().filter(|conflict| !conflict.if_mounted || mounted(conflict.step)) {
            let instead = conflict.instead.as_ref().filter(|it| self.dockerfile.surely_has(conflict.step, it.program));
            if let Some(instead) = instead {
                change.reword(conflict.step, instead.clone());
                continue;
            }
            let range = self.keyword(conflict.step);
            let place = change.place(range, "here");
            change.obstruct(conflict.kind, conflict.reason.clone(), place);
        }
        // A key is for servers, wherever the RUN works.
        let reads = |used: &FileUse| used.evidence.is_certain() || (used.near && !self.file.is_ssh_key());
        if !self.flow.uses.iter().any(reads) && self.is_shipped() && !self.comes_along() {
            let place = self.entry().and_then(|step| change.place(self.keyword(step), "copied here"));
            let sure = if self.flow.uses.is_empty() { "" } else { " for certain" };
            let path = self.path();
            let reason = format!("no RUN reads `{path}`{sure}: the container, or an image built from this one, may");
            change.obstruct("run-time-value", reason, place);
        }
    }

    fn check_mounts(&self, change: &mut Change<'m>, way: Way) {
        for used in &self.flow.uses {
            let step = &self.dockerfile.steps[used.step];
            if matches!(step.run.as_ref().map(|run| &run.form), Some(Form::Foreign)) {
                let reason = "Windows containers are not built with secret mounts yet";
                change.obstruct("windows-shell", reason, Some(self.reader(used)));
            }
            if way == Way::File {
                self.check_target(change, used);
                self.assume_no_writer(change, used);
            }
        }
    }

    /// A mount is read-only: a script that is handed the path has to leave the file as it is.
    fn assume_no_writer(&self, change: &mut Change<'m>, used: &FileUse) {
        let name = self.path().file_name().unwrap_or("");
        let Some(run) = self.dockerfile.steps[used.step].run.as_deref() else { return };
        let landed = used.target.as_deref().and_then(|target| target.rsplit('/').next()).unwrap_or(name);
        for command in run.commands() {
            let program = command.words.get(command.effective().index).and_then(Word::literal).unwrap_or_default();
            let mut arguments = command.effective_arguments().iter().map(Word::lossy);
            if program.contains('/') && arguments.any(|word| word.rsplit('/').next() == Some(landed)) {
                change.assume(format!("`{program}` does not write to `{landed}`: a mount can only be read"));
            }
        }
    }

    fn check_target(&self, change: &mut Change<'m>, used: &FileUse) {
        if let Some((kind, reason)) = unfit_target(self.dockerfile, used) {
            change.obstruct(kind, reason, Some(self.reader(used)));
        }
    }

    fn reader(&self, used: &FileUse) -> Label {
        let (file, range) = (self.dockerfile.path().to_owned(), self.keyword(used.step));
        Label { file, range, text: "this RUN reads it".to_owned() }
    }

    /// The start command may read the file, or fetch something with it.
    fn check_start(&self, change: &mut Change<'m>) {
        if !self.is_shipped() {
            return;
        }
        let name = self.path().file_name().unwrap_or("");
        for step in self.dockerfile.steps.iter().filter(|step| is_start(step.keyword)) {
            let range = step.outer.text_range();
            let text = slice(self.dockerfile.source.text(), range);
            let fetches =
                || self.file.is_ssh_key() && self.stays() && SSH_TOOLS.iter().any(|tool| mentions(text, tool));
            if fetches() {
                let reason = format!("the start command uses ssh: {}", self.run_time_way());
                let place = change.place(range, "a build's key does not reach the container");
                change.obstruct("run-time-value", reason, place);
            } else if text.contains(name) {
                let reason = format!("the start command names `{name}`: {}", self.run_time_way());
                let place = change.place(range, "a build secret does not reach the container");
                change.obstruct("run-time-value", reason, place);
            }
        }
        if self.stays() {
            // Whoever works in the container may read it: a package manager in a shell, an entry point that fills a
            // home folder from it.
            change.assume(format!("the running container does not need `{name}` from the image"));
            self.check_environment(change, name);
        }
    }

    /// An ENV that says where the file is tells the container as well: a client of a service reads it there.
    fn check_environment(&self, change: &mut Change<'m>, name: &str) {
        let shipped = self.shipped.iter().filter(|stage| self.flow.stages.contains(stage));
        let stages: BTreeSet<usize> = shipped.flat_map(|stage| self.dockerfile.ancestry(*stage)).collect();
        let steps = self.dockerfile.steps.iter().filter(|step| step.keyword == Keyword::Env);
        let of_image = steps.filter(|step| step.stage.is_some_and(|stage| stages.contains(&stage)));
        let for_clients = !matches!(&self.file.verdict, FileVerdict::BuildInput(input) if !input.at_run_time);
        for pair in of_image.flat_map(|step| &step.pairs) {
            let path = pair.value.as_ref().map(|value| Utf8Path::new(&value.value));
            if path.and_then(Utf8Path::file_name) != Some(name) {
                continue;
            }
            if for_clients {
                let reason = format!("`{}` tells the container where `{name}` is: {}", pair.key, self.run_time_way());
                let place = change.place(pair.key_range, "a build secret does not reach the container");
                change.obstruct("run-time-value", reason, place);
            } else {
                change.assume(format!("nothing in the running container follows `{}` to `{name}`", pair.key));
            }
        }
    }

    /// Whether the image that somebody runs still has the file: brought once and removed by a RUN, it is not there, however
    /// readable the layer below keeps it.
    fn stays(&self) -> bool {
        let stage = |step: usize| self.dockerfile.steps.get(step).and_then(|step| step.stage);
        let mut shipped = self.flow.stages.iter().filter(|stage| self.shipped.contains(stage));
        shipped.any(|shipped| {
            let ancestry = self.dockerfile.ancestry(*shipped);
            let within = |step: usize| stage(step).is_some_and(|stage| ancestry.contains(&stage));
            let copies = self.file.sources.iter().chain(&self.flow.onward).map(|source| source.step);
            let bringing: Vec<usize> =
                copies.chain(self.flow.brought_by.iter().copied()).filter(|step| within(*step)).collect();
            let [only] = bringing.as_slice() else { return true };
            if self.flow.moves.iter().any(|moved| moved.keeps && within(moved.step)) {
                return true;
            }
            let removed = |step: usize| within(step) && step > *only;
            let cleaned = self.flow.cleanups.iter().any(|it| it.removes && removed(it.step));
            !cleaned && !self.flow.removed_in.iter().any(|step| removed(*step))
        })
    }

    fn check_builds(&self, change: &mut Change<'m>) {
        if self.flow.uses.is_empty() {
            return;
        }
        let builds = self.bound.iter().chain(&self.heirs);
        // A build that is only guessed to be of this file says nothing about it.
        let guessed = |bound: &&BoundBuild<'_>| {
            bound.binding == Binding::OneOfSeveral && matches!(bound.build.dockerfiles, Dockerfiles::Unknown(_))
        };
        for bound in builds.filter(|bound| !guessed(bound)) {
            if let Builder::WithoutSecrets(sentence) = &bound.build.builder {
                let text = format!("{} builds it", bound.build.title);
                let place = Label { file: bound.build.file.clone(), range: bound.build.range, text };
                change.obstruct("builder-without-secrets", sentence.clone(), Some(place));
            }
        }
        let dockerfile = self.dockerfile.path();
        for mention in self.model.unread_builds(self.dockerfile) {
            let file = mention.file.clone();
            if mention.prose {
                continue;
            }
            let reason = format!("`{file}` seems to build `{dockerfile}` in a way that is not understood");
            let place = Label { file, range: mention.range, text: "a build".to_owned() };
            change.obstruct("unedited-mention", reason, Some(place));
        }
        let bound = |build: &crate::callers::Build| self.bound.iter().any(|known| std::ptr::eq(known.build, build));
        for build in self.model.unplaced_builds().filter(|build| !bound(build)) {
            change.assume(format!("{} in `{}` does not build `{dockerfile}`", build.title, build.file));
        }
    }

    fn check_triggers(&self, change: &mut Change<'m>) {
        let entries = self.file.sources.iter().map(|source| source.step).chain(self.flow.brought_by.iter().copied());
        let mut steps = self.flow.uses.iter().map(|used| used.step).chain(entries);
        if steps.any(|step| self.dockerfile.steps[step].onbuild) {
            let id = self.id();
            let others = if self.heirs.is_empty() { "images" } else { "images of other repositories" };
            change.assume(format!("{others} that are built from this one pass the secret `{id}`"));
        }
    }

    /// A file that no RUN needs can't be a mount of the build.
    pub(super) fn check_run_time(&self, change: &mut Change<'m>) {
        let place = self.entry().and_then(|step| change.place(self.keyword(step), "copied here"));
        if !self.is_shipped() {
            return self.leave_to_reader(change, place);
        }
        let certain = self.flow.uses.iter().any(|used| used.evidence.is_certain());
        let (path, way) = (self.path(), self.run_time_way());
        let reason = match certain {
            true => format!("what a RUN makes of `{path}` stays in the image, and the container needs it: {way}"),
            false => format!("the container reads `{path}`, not the build: {way}"),
        };
        change.obstruct("run-time-value", reason, place);
    }

    /// Nobody runs the stage, so that a RUN of it needs the file, and none says so.
    fn leave_to_reader(&self, change: &mut Change<'m>, place: Option<Label>) {
        let (path, id) = (self.path(), self.id());
        let target = self.landed().into_iter().next().unwrap_or_else(|| path.to_string());
        let reason = format!(
            "which RUN of the stage reads `{path}` can't be told: mount it in the one that does, and leave it out of the COPY and \
             of the context"
        );
        let instead = Some(format!("RUN --mount=type=secret,id={id},target={target} …"));
        change.obstacle(Obstacle { kind: "reader-unknown", reason, place, instead });
    }

    fn run_time_way(&self) -> String {
        let name = self.path().file_name().unwrap_or("");
        format!(
            "hand it over when the container is started (`docker run --volume`, `secrets:` of a Compose service, a \
             Kubernetes secret), and leave `{name}` out of the image"
        )
    }

    fn keyword(&self, step: usize) -> TextRange {
        self.dockerfile.steps[step].instruction.keyword_range()
    }
}

/// Why a RUN can't have a file mounted where it reads it: the kind of obstacle and a clause.
pub fn unfit_target(dockerfile: &Dockerfile, used: &FileUse) -> Option<(&'static str, String)> {
    let Some(target) = used.target.as_deref() else {
        let reason = "its path in this RUN depends on a working directory that can't be told";
        return Some(("target-unknown", reason.to_owned()));
    };
    if target.contains([',', '"', '$', ' ', '\'']) {
        return Some(("target-unknown", format!("`{target}` can't be written as the target of a mount")));
    }
    // An empty file would stay in a cache, and a read-only mount has no room for another one (experiment).
    let flags = dockerfile.steps[used.step].instruction.flags();
    let within = flags.iter().filter_map(|flag| flag.mount()).any(|mount| {
        let folder = ["target", "dst", "destination"].iter().find_map(|key| mount.get(key)).unwrap_or("");
        let inside = target.strip_prefix(folder.trim_end_matches('/')).is_some_and(|rest| rest.starts_with('/'));
        matches!(mount.kind.as_str(), "cache" | "bind") && !folder.is_empty() && inside
    });
    let reason = "another mount of this RUN lies around it, in which a mounted file leaves a trace or has no room";
    within.then(|| ("nested-mount", reason.to_owned()))
}

/// Commands that ask for a key, as a start command names them.
const SSH_TOOLS: [&str; 7] = ["git", "ssh", "scp", "sftp", "rsync", "autossh", "ansible"];

fn is_start(keyword: Keyword) -> bool {
    matches!(keyword, Keyword::Cmd | Keyword::Entrypoint | Keyword::Healthcheck)
}
