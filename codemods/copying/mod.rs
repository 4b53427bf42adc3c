//! Moving a copied file to mounts: what `copied-credential` and `ssh-key` have in common.

mod checks;
mod folder;
mod ignoring;

pub use checks::unfit_target;

use std::collections::BTreeSet;

use camino::Utf8Path;

use crate::callers::{Argument, Offer};
use crate::knowledge::engines::Feature;
use crate::knowledge::files::{FileVerdict, ModeCheck};
use crate::model::{BoundBuild, Content, CopiedFile, Dockerfile, FileFlow, Model, Settled, Shape};
use crate::plan::{Change, FileMount, Finding, FollowUp, Label, Severity};
use crate::syntax::dockerfile::Keyword;

/// One copied file on its way to mounts.
#[derive(Debug)]
pub struct Copying<'m> {
    model: &'m Model,
    dockerfile: &'m Dockerfile,
    /// The file.
    pub file: CopiedFile,
    /// What becomes of it in the Dockerfile.
    pub flow: FileFlow,
    /// What the chosen way takes for granted, one sentence each.
    pub doubts: Vec<String>,
    bound: Vec<BoundBuild<'m>>,
    /// The builds of this repository that run its ONBUILD triggers.
    heirs: Vec<BoundBuild<'m>>,
    shipped: Vec<usize>,
}

/// How the RUNs get what the file was for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Way {
    /// The file itself, as a secret at the same place.
    File,
    /// An ssh agent that holds the key.
    Agent,
}

impl<'m> Copying<'m> {
    /// `file`, one of the copied files of `dockerfile`, and where it goes. The commands that are `settled` don't use it.
    #[must_use]
    pub fn new(model: &'m Model, dockerfile: &'m Dockerfile, file: CopiedFile, settled: &Settled) -> Self {
        let mut flow = model.file_flow(dockerfile, &file, settled);
        if !matches!(file.verdict, FileVerdict::BuildInput(_)) {
            // The application's own settings: code that may read anything is no reason to take them for a build's.
            flow.uses.retain(|used| used.evidence.is_certain());
        }
        let bound = model.bound_builds(dockerfile);
        let shipped = dockerfile.shipped_stages(&model.targets(dockerfile));
        let mut steps = flow.uses.iter().map(|used| used.step).chain(file.sources.iter().map(|source| source.step));
        let triggers = steps.any(|step| dockerfile.steps[step].onbuild);
        let heirs = if triggers { model.builds_of_children(dockerfile) } else { Vec::new() };
        Self { model, dockerfile, file, flow, doubts: Vec::new(), bound, heirs, shipped }
    }

    /// The path in the build context.
    #[must_use]
    pub fn path(&self) -> &Utf8Path {
        &self.file.path
    }

    /// Whether nothing in a build needs the file for certain, so that it is there for the running container.
    #[must_use]
    pub fn is_for_run_time(&self) -> bool {
        let certain = self.flow.uses.iter().any(|used| used.evidence.is_certain());
        match &self.file.verdict {
            FileVerdict::BuildInput(input) => input.at_run_time && !certain && self.is_shipped(),
            FileVerdict::Runtime { at_build, .. } => !certain || !at_build,
            _ => true,
        }
    }

    /// Whether no instruction names it: it is in the image because its folder is.
    fn comes_along(&self) -> bool {
        self.file.sources.is_empty()
            && !matches!(&self.file.verdict, FileVerdict::BuildInput(input) if input.at_run_time)
    }

    /// Whether builds of other images copy it.
    fn is_triggered(&self) -> bool {
        self.entry().is_some_and(|step| self.dockerfile.steps[step].onbuild)
    }

    /// Whether it is a folder or stands for several files.
    fn holds_several(&self) -> bool {
        matches!(self.file.shape, Shape::Folder | Shape::Pattern)
    }

    /// The first instruction that brings it.
    fn entry(&self) -> Option<usize> {
        let along = self.flow.brought_by.first().copied();
        self.file.sources.first().map(|source| source.step).or(along)
    }

    /// Whether a stage that somebody may run holds the file.
    #[must_use]
    pub fn is_shipped(&self) -> bool {
        self.flow.stages.iter().any(|stage| self.shipped.contains(stage))
    }

    /// The finding: `title` says what leaks, `what` the same for the first copy.
    #[must_use]
    pub fn finding(&self, codemod: &'static str, title: String, what: &str, way: Way) -> Finding {
        let mut change = Change::new(self.model, self.dockerfile);
        self.check(&mut change, way);
        self.doubts.iter().for_each(|doubt| change.assume(doubt));
        if self.is_for_run_time() {
            if self.file.writer.is_none() {
                self.check_run_time(&mut change);
            }
        } else {
            self.move_to_mounts(&mut change, way);
        }
        let id = self.id();
        let count = self.flow.targets().len();
        let verb = match way {
            _ if count == 0 || self.is_for_run_time() || (way == Way::File && self.holds_several()) => {
                format!("leave `{}` out of the image", self.path())
            }
            Way::File => {
                format!("mount `{}` as secret `{id}` in {count} RUN instruction{}", self.path(), plural(count))
            }
            Way::Agent => format!("mount an ssh agent with the key in {count} RUN instruction{}", plural(count)),
        };
        let (fix, notes) = change.finish(verb);
        let severity = if self.is_shipped() { Severity::Error } else { Severity::Warning };
        let (primary, labels) = self.labels(what);
        let dockerfile = self.dockerfile.path().to_owned();
        Finding { codemod, severity, dockerfile, subject: self.path().to_string(), title, primary, labels, notes, fix }
    }

    fn labels(&self, what: &str) -> (Label, Vec<Label>) {
        let label = |step: usize, word: Option<usize>, text: String| {
            let instruction = &self.dockerfile.steps[step].instruction;
            let word = word.and_then(|word| instruction.words().get(word).map(|word| word.range));
            let range = word.unwrap_or_else(|| instruction.keyword_range());
            Label { file: self.dockerfile.path().to_owned(), range, text }
        };
        let mut copies = self.file.sources.iter();
        let first = copies.next().map(|source| label(source.step, Some(source.word), what.to_owned()));
        let others = copies.map(|source| label(source.step, Some(source.word), "copied again".to_owned()));
        let onward = self.flow.onward.iter().map(|on| label(on.step, Some(on.word), "copied on from there".to_owned()));
        let name = self.path().file_name().unwrap_or("").to_owned();
        let uses = self.flow.uses.iter().map(|used| label(used.step, None, used.evidence.describe(&name)));
        let given = self.naming_arguments().map(|(bound, given)| Label {
            file: bound.build.file.clone(),
            range: given.range,
            text: format!("{} says which file it is", bound.build.title),
        });
        let primary = first.unwrap_or_else(|| label(self.entry().unwrap_or(0), None, format!("comes along: {what}")));
        (primary, others.chain(onward).chain(uses).chain(given).collect())
    }

    /// The build arguments that the path of the file is made of.
    fn naming_arguments(&self) -> impl Iterator<Item = (&BoundBuild<'m>, &Argument)> {
        let computed = self.file.shape == Shape::Computed;
        let arguments = self
            .bound
            .iter()
            .filter(move |_| computed)
            .flat_map(|bound| bound.build.arguments.iter().map(move |given| (bound, given)));
        let path = self.path().as_str();
        arguments.filter(|(_, given)| {
            let name = &given.name;
            path.contains(&format!("${{{name}}}")) || path.split('/').any(|part| part == format!("${name}"))
        })
    }

    fn move_to_mounts(&self, change: &mut Change<'m>, way: Way) {
        self.file.sources.iter().for_each(|source| change.remove_source(*source));
        self.flow.onward.iter().for_each(|source| change.remove_source(*source));
        self.leave_out_folders(change);
        self.flow.cleanups.iter().for_each(|cleanup| change.clean_up(cleanup.clone()));
        self.keep_folders(change, way);
        self.mount(change, way);
        if !self.flow.uses.is_empty() {
            change.require(Feature::Mount);
            self.offer(change, way);
        }
        if !self.flow.uses.is_empty() || !self.is_shipped() || self.comes_along() {
            self.ignore(change);
        }
        self.tell(change, way);
    }

    /// Takes a folder out of its `COPY` that would be empty without the file: a source that is not there stops the build.
    fn leave_out_folders(&self, change: &mut Change<'m>) {
        for step in &self.flow.brought_by {
            let words = self.dockerfile.steps[*step].instruction.words().len();
            for word in (0..words.saturating_sub(1))
                .filter(|word| self.model.is_alone_in_folder(self.dockerfile, (*step, *word), self.path()))
            {
                let folder = self.dockerfile.steps[*step].instruction.words().swap_remove(word).value;
                change.assume(format!("`{folder}` holds nothing but `{}` where the image is built", self.path()));
                change.remove_source(crate::model::CopySource { step: *step, word });
            }
        }
    }

    fn mount(&self, change: &mut Change<'m>, way: Way) {
        let id = self.id();
        let by_name = match &self.file.verdict {
            FileVerdict::BuildInput(input) => input.mode_check,
            _ => ModeCheck::None,
        };
        for (step, targets) in self.flow.targets() {
            if way == Way::Agent {
                change.mount_file(step, &FileMount::Agent);
                continue;
            }
            for target in targets.into_iter().filter(|target| !self.is_mounted(step, target)) {
                let check = by_name.max(ModeCheck::at(target));
                change.mount_file(step, &FileMount::Secret { id: id.clone(), target: target.to_owned(), check });
            }
        }
    }

    fn is_mounted(&self, step: usize, target: &str) -> bool {
        let flags = self.dockerfile.steps[step].instruction.flags();
        flags.iter().filter_map(|flag| flag.mount()).any(|mount| {
            let place = ["target", "dst", "destination"].iter().find_map(|key| mount.get(key));
            mount.kind == "secret" && place == Some(target)
        })
    }

    fn offer(&self, change: &mut Change<'m>, way: Way) {
        let offer = match way {
            Way::File => Offer::File { id: self.id(), path: self.path().to_owned() },
            Way::Agent => Offer::Agent { key: self.path().to_owned() },
        };
        // What ONBUILD runs is run by builds of other Dockerfiles.
        let own = self.flow.uses.iter().map(|used| &self.dockerfile.steps[used.step]).filter(|step| !step.onbuild);
        let mounted: BTreeSet<usize> = own.filter_map(|step| step.stage).collect();
        for bound in &self.bound {
            // A secret whose file is missing stops docker even where nothing mounts it.
            if self.dockerfile.stages_of(bound.build.target.as_deref()).is_disjoint(&mounted) {
                continue;
            }
            change.offer(*bound, offer.clone());
        }
        if self.flow.uses.iter().any(|used| self.dockerfile.steps[used.step].onbuild) {
            self.heirs.iter().for_each(|bound| change.offer(*bound, offer.clone()));
        }
        change.offer_elsewhere(offer);
    }

    fn tell(&self, change: &mut Change<'m>, way: Way) {
        let (path, dockerfile) = (self.path(), self.dockerfile.path());
        let what = format!("what `{path}` holds: images built from `{dockerfile}` until now have it");
        change.follow_up(FollowUp::Rotate(what));
        if self.file.content == Content::Credential {
            change.follow_up(FollowUp::Do(format!("take `{path}` out of version control: it holds a credential")));
        }
        if self.bound.is_empty() && !self.flow.uses.is_empty() {
            let flag = match way {
                Way::File if self.file.shape == Shape::Folder && self.file.is_ssh_key() => {
                    format!("--ssh default={path}/KEY")
                }
                Way::File if self.file.shape == Shape::Folder => {
                    format!("--secret id={},src={path}/{}", self.id(), self.usual_file().unwrap_or("FILE"))
                }
                Way::File => format!("--secret id={},src={path}", self.id()),
                Way::Agent => format!("--ssh default={path}"),
            };
            let unknown = self.model.unplaced_builds().next().is_some();
            let builds = if unknown { "" } else { " (no file here builds it)" };
            let text = format!("`{flag}` wherever `{dockerfile}` is built{builds}");
            change.follow_up(FollowUp::Provide(text));
        }
    }

    /// The file's name in lower case without dots, with its folder's where the name alone says little; another one if the
    /// Dockerfile has a secret of that id.
    pub(super) fn id(&self) -> String {
        let name = self.path().file_name().unwrap_or("");
        let parent = self.path().parent().and_then(Utf8Path::file_name).unwrap_or("");
        let general = matches!(name, "config" | "config.json" | "credentials" | "config.toml" | "auth.conf");
        let text = match self.usual_file() {
            Some(file) => format!("{name}_{file}"),
            None if general && !parent.is_empty() => format!("{parent}_{name}"),
            None => name.to_owned(),
        };
        let words = text.split(|char: char| !char.is_ascii_alphanumeric()).filter(|word| !word.is_empty());
        let words = words.collect::<Vec<_>>().join("_").to_ascii_lowercase();
        let id = self.model.settings(self.dockerfile).ids.unwrap_or_default().id(&words);
        let runs = self.dockerfile.steps.iter().filter(|step| step.keyword == Keyword::Run);
        let mut mounts = runs.flat_map(|step| step.instruction.flags()).filter_map(|flag| flag.mount());
        match mounts.any(|mount| mount.kind == "secret" && mount.get("id") == Some(&id)) {
            true => format!("{id}_file"),
            false => id,
        }
    }
}

fn plural(count: usize) -> &'static str {
    if count == 1 { "" } else { "s" }
}
