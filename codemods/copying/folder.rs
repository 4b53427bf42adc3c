//! Folders that were there only because of the file: a `COPY` makes the folders of its destination, and a mount makes
//! those of its target for one RUN, as root with mode 0755, and takes them away again if they are empty (experiment, Engine
//! 28.5). What needs such a folder later has to find it.

use crate::model::{Evidence, FileUse, FolderAct, ImagePath, Replacement, Step, mentions_file};
use crate::plan::Change;
use crate::source::slice;
use crate::syntax::dockerfile::Keyword;

use super::{Copying, Way};

/// A folder that goes with the file.
struct Made {
    /// The instruction that made it.
    step: usize,
    folder: ImagePath,
    /// Whom it belongs to, where that is not root.
    owner: Option<String>,
}

/// What needs the folder.
enum Need {
    /// A RUN names it.
    Run(usize),
    /// A `COPY --from` takes it to another stage, or an account works in it that is not root.
    Place,
}

impl<'m> Copying<'m> {
    /// Makes the folders that are needed, and lets commands that make them anew find them made.
    pub(super) fn keep_folders(&self, change: &mut Change<'m>, way: Way) {
        for made in self.folders_made(way) {
            if made.folder.is_absolute() && !self.is_there_before(made.step, &made.folder) {
                self.keep(change, &made, way);
            }
        }
        if way == Way::File {
            self.flow.uses.iter().for_each(|used| self.let_folders_be(change, used));
        }
    }

    fn keep(&self, change: &mut Change<'m>, made: &Made, way: Way) {
        let Some(text) = made.folder.as_target(&made.folder) else { return };
        let copied = self.dockerfile.steps[made.step].run.is_none();
        let root = self.dockerfile.runs_as_root(made.step);
        let user = self.dockerfile.user_at(made.step).unwrap_or_default();
        match (self.need(made, way), &made.owner) {
            (None, _) => {}
            (Some(Need::Run(step)), None) if self.may_make(step, &made.folder) => {
                change.run_first(step, &format!("mkdir -p {text}"));
            }
            (Some(_), None) if copied && self.may_make(made.step, &made.folder) => {
                change.replace_with_run(made.step, &format!("mkdir -p {text}"));
            }
            (Some(_), Some(owner)) if copied && root => {
                change.replace_with_run(made.step, &format!("mkdir -p {text} && chown {owner} {text}"));
            }
            (Some(_), Some(owner))
                if copied
                    && owner.split(':').next() == user.split(':').next()
                    && self.may_make(made.step, &made.folder) =>
            {
                change.replace_with_run(made.step, &format!("mkdir -p {text}"));
            }
            (Some(_), _) => {
                let place = change.place(self.dockerfile.steps[made.step].instruction.keyword_range(), "made here");
                let reason =
                    format!("the folder `{text}` is there because of the file, and later instructions need it");
                change.obstruct("folder-goes", reason, place);
            }
        }
    }

    /// Whether a RUN in the place of the step at `step` can make the folder.
    fn may_make(&self, step: usize, folder: &ImagePath) -> bool {
        let user = self.dockerfile.user_at(step).unwrap_or_default();
        let home = self.dockerfile.home_of(step, user.split(':').next().unwrap_or(""));
        let own = || home.is_some_and(|home| folder.below(&ImagePath::from_root(&home)).is_some());
        self.dockerfile.runs_as_root(step) || own()
    }

    /// Forgets the RUNs that would read the file only where a `COPY` of its folder brings it along: ssh looks for keys in
    /// one folder, and nothing names that other place.
    pub fn forget_stray_uses(&mut self) {
        let landed = if self.is_named_again() { self.landed() } else { Vec::new() };
        let stray = |used: &FileUse| {
            let target = used.target.as_deref().unwrap_or("");
            let tool = matches!(used.evidence, Evidence::Tool(_) | Evidence::Possible(_));
            tool && !landed.iter().any(|path| path == target) && !target.contains("/.ssh/")
        };
        self.flow.uses.retain(|used| !stray(used));
    }

    /// Whether something may tell ssh where the key is: an instruction that names it, settings of ssh.
    fn is_named_again(&self) -> bool {
        let name = self.path().file_name().unwrap_or("");
        let is_source = |step: usize| self.file.sources.iter().any(|source| source.step == step);
        let others = self.dockerfile.steps.iter().enumerate().filter(|(step, _)| !is_source(*step));
        let source = self.dockerfile.source.text();
        let mut texts = others.map(|(_, step)| slice(source, step.instruction.text_range()));
        let settings = ["ssh_config", ".ssh/config", "IdentityFile", "GIT_SSH"];
        texts.any(|text| mentions_file(text, name) || settings.iter().any(|setting| text.contains(setting)))
    }

    pub(super) fn landed(&self) -> Vec<String> {
        let places = self.file.sources.iter().filter_map(|source| Some((source.step, self.landing(source.step)?)));
        places.filter_map(|(step, path)| path.as_target(&self.workdir(step))).collect()
    }

    /// Where the COPY at `step` puts the file.
    pub(super) fn landing(&self, step: usize) -> Option<ImagePath> {
        let given = self.model.given_arguments(self.dockerfile);
        self.dockerfile.landing(step, self.path().file_name().unwrap_or(""), &given).ok()
    }

    /// Where the step at `step` works.
    pub(super) fn workdir(&self, step: usize) -> ImagePath {
        self.dockerfile.workdir_at(step, &self.model.given_arguments(self.dockerfile))
    }

    /// The folders around the file whose COPY goes whole, and those that a RUN made in which a mount makes them now.
    fn folders_made(&self, way: Way) -> Vec<Made> {
        let mut made = Vec::new();
        for source in &self.file.sources {
            let instruction = &self.dockerfile.steps[source.step].instruction;
            let gone = self.file.sources.iter().filter(|other| other.step == source.step).count();
            if instruction.words().len() != gone + 1 {
                continue;
            }
            let chown = instruction.flags().into_iter().find(|flag| flag.name == "chown").and_then(|flag| flag.value);
            let owner = chown.filter(|owner| !matches!(owner.split(':').next(), Some("root" | "0" | "")));
            let folder = self.landing(source.step).map(|path| path.parent());
            made.extend(folder.map(|folder| Made { step: source.step, folder, owner }));
        }
        for moved in self.flow.moves.iter().filter(|_| way == Way::File) {
            let folder = moved.to.parent();
            if self.mounts_in(moved.step, &folder) {
                made.push(Made { step: moved.step, folder, owner: None });
            }
        }
        made
    }

    /// Whether the RUN at `step` gets the file in `folder`.
    fn mounts_in(&self, step: usize, folder: &ImagePath) -> bool {
        let within = |used: &FileUse| {
            let target = used.target.as_deref().map(|target| self.workdir(step).join(target));
            target.is_some_and(|target| target.below(folder).is_some())
        };
        self.flow.uses.iter().any(|used| used.step == step && within(used))
    }

    /// Whether the folder is there for the step at `index` whatever brings the file: it is one of every image, somebody works
    /// in it, or an earlier instruction made it or needed it.
    fn is_there_before(&self, index: usize, folder: &ImagePath) -> bool {
        let home = self.dockerfile.base_image(index).and_then(crate::knowledge::images::home);
        if folder.is_in_every_image() || home.is_some_and(|home| ImagePath::from_root(home) == *folder) {
            return true;
        }
        let earlier = (0..index).filter(|at| self.is_seen(*at, index));
        earlier.into_iter().any(|at| self.makes(at, folder)) || self.workdir(index).below(folder).is_some()
    }

    /// Whether what the step at `at` makes is there for the one at `index`.
    fn is_seen(&self, at: usize, index: usize) -> bool {
        let stage = |step: usize| self.dockerfile.steps.get(step).and_then(|step: &Step| step.stage);
        let trigger = |step: usize| self.dockerfile.steps[step].onbuild;
        let (Some(own), Some(later)) = (stage(at), stage(index)) else { return false };
        self.dockerfile.ancestry(later).contains(&own) && trigger(at) == trigger(index)
    }

    /// Whether the folder is there behind the step at `at` because of it.
    fn makes(&self, at: usize, folder: &ImagePath) -> bool {
        let step = &self.dockerfile.steps[at];
        match step.keyword {
            Keyword::Workdir => self.workdir(at + 1).below(folder).is_some(),
            Keyword::Copy | Keyword::Add => self.still_brings(at, folder),
            Keyword::Run => {
                let commands = self.model.folder_commands(self.dockerfile, at, folder);
                commands.iter().any(|command| command.act != FolderAct::Asks && !self.is_moot(at, command.command))
            }
            _ => false,
        }
    }

    /// Whether a `COPY` puts something else than the file into the folder.
    fn still_brings(&self, at: usize, folder: &ImagePath) -> bool {
        let words = self.dockerfile.steps[at].instruction.words();
        let Some((destination, sources)) = words.split_last() else { return false };
        let gone = self.file.sources.iter().chain(&self.flow.onward).filter(|source| source.step == at).count();
        let target = self.workdir(at).join(&destination.value);
        let is_folder = sources.len() > 1 || destination.value.ends_with(['/', '.']);
        let made = if is_folder { target } else { target.parent() };
        sources.len() > gone && made.below(folder).is_some()
    }

    fn is_moot(&self, step: usize, command: crate::source::TextRange) -> bool {
        self.flow.cleanups.iter().any(|cleanup| {
            cleanup.step == step && cleanup.whole && cleanup.shell.is_some() && cleanup.command.contains_range(command)
        })
    }

    /// What needs the folder first, unless an instruction in front of that one makes it.
    fn need(&self, made: &Made, way: Way) -> Option<Need> {
        let works =
            |used: &FileUse| self.mounts_in(used.step, &made.folder) && !self.dockerfile.runs_as_root(used.step);
        if made.owner.is_some() && way == Way::File && self.flow.uses.iter().any(works) {
            return Some(Need::Place);
        }
        for (index, step) in self.dockerfile.steps.iter().enumerate().skip(made.step + 1) {
            if self.takes_on(made, index, step) {
                return Some(Need::Place);
            }
            if !self.is_seen(made.step, index) || (way == Way::File && self.mounts_in(index, &made.folder)) {
                continue;
            }
            let named = self.first_of(index, step, &made.folder);
            match named {
                Some(FolderAct::Needs) => return Some(Need::Run(index)),
                Some(_) => return None,
                None if step.run.is_none() && self.makes(index, &made.folder) => return None,
                None => {}
            }
        }
        None
    }

    /// What the first command of a RUN that is about the folder and stays does with it.
    fn first_of(&self, index: usize, step: &Step, folder: &ImagePath) -> Option<FolderAct> {
        step.run.as_ref()?;
        let commands = self.model.folder_commands(self.dockerfile, index, folder);
        let stays = commands.iter().filter(|it| it.act != FolderAct::Asks && !self.is_moot(index, it.command));
        stays.map(|command| command.act).next()
    }

    /// Whether a `COPY --from` takes the folder itself.
    fn takes_on(&self, made: &Made, index: usize, step: &Step) -> bool {
        let flags = step.instruction.flags();
        let from = flags.iter().find(|flag| flag.name == "from").and_then(|flag| flag.value.as_deref());
        let from = from.and_then(|name| self.dockerfile.stage_named(name));
        let own = self.dockerfile.steps[made.step].stage;
        let sees = from.zip(own).is_some_and(|(from, own)| self.dockerfile.ancestry(from).contains(&own));
        let words = step.instruction.words();
        let sources = words.split_last().map_or(&[][..], |(_, sources)| sources);
        let gone = |word: usize| self.flow.onward.iter().any(|source| source.step == index && source.word == word);
        sees && sources
            .iter()
            .enumerate()
            .any(|(word, source)| !gone(word) && ImagePath::from_root(&source.value) == made.folder)
    }

    /// Lets `mkdir` of a folder around the mount succeed, which the mount has made already.
    fn let_folders_be(&self, change: &mut Change<'m>, used: &FileUse) {
        let Some(target) = used.target.as_deref() else { return };
        let mut folder = self.workdir(used.step).join(target).parent();
        while folder.is_absolute() && !folder.is_in_every_image() {
            for command in self.model.folder_commands(self.dockerfile, used.step, &folder) {
                if command.act == FolderAct::MakesAnew {
                    let (shell, at, text) = (command.shell, command.name, "mkdir -p".to_owned());
                    change.reword(used.step, Replacement { shell, at, text, program: "mkdir" });
                }
            }
            folder = folder.parent();
        }
    }
}
