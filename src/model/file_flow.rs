//! What becomes of a file that a `COPY` brought: which RUNs read it, which tidy it away, which copy it on.

use std::collections::{BTreeMap, BTreeSet, VecDeque};

use camino::Utf8Path;

use crate::knowledge::files::FileVerdict;
use crate::source::{TextRange, TextSize};
use crate::syntax::dockerfile::Keyword;

use super::copied::copies_from_context;
use super::{CopiedFile, CopySource, Dockerfile, Evidence, FileReaders, ImagePath, Model, Settled};

/// A RUN that reads the file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FileUse {
    /// The RUN, an index into the Dockerfile's steps.
    pub step: usize,
    /// How a mount of that RUN names the file; `None` where that can't be told.
    pub target: Option<String>,
    /// Why that is thought.
    pub evidence: Evidence,
    /// Whether the RUN works where the file belongs: in its folder or below, or with a script of the working directory.
    pub near: bool,
}

/// A command that has no object without the file: `rm .npmrc`, `chmod 600 /root/.netrc`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Cleanup {
    /// The RUN.
    pub step: usize,
    /// Which of its shell texts; `None` for a RUN in JSON form that does nothing else.
    pub shell: Option<usize>,
    /// The command, in the view of that text.
    pub command: TextRange,
    /// The operands that are the file, in the view.
    pub words: Vec<TextRange>,
    /// Whether they are all its operands.
    pub whole: bool,
    /// Whether a RUN that succeeds has removed the file with it.
    pub removes: bool,
}

/// Something about the file that no mount can reproduce.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Conflict {
    /// The step.
    pub step: usize,
    /// A stable short name for counting, kebab-case.
    pub kind: &'static str,
    /// What it is, as a clause.
    pub reason: String,
    /// Whether it only matters in a RUN that gets a mount.
    pub if_mounted: bool,
    /// The command that can be replaced so that nothing is in the way any more.
    pub instead: Option<Replacement>,
}

/// A command of a RUN and what may stand in its place.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Replacement {
    /// Which of the RUN's shell texts.
    pub shell: usize,
    /// What goes, in the view of that text.
    pub at: TextRange,
    /// What comes.
    pub text: String,
    /// The program that it needs.
    pub program: &'static str,
}

/// A command of a RUN that puts the file at another place.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Move {
    /// The RUN.
    pub step: usize,
    /// Where the command ends in the RUN's shell text.
    pub end: TextSize,
    /// The new place.
    pub to: ImagePath,
    /// Whether the file stays at the old place as well.
    pub keeps: bool,
}

/// A `COPY --from` that takes the file, and nothing but it, to another stage.
pub type Onward = CopySource;

/// Where a file goes from the `COPY`s that bring it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct FileFlow {
    /// The RUNs that read it, in order; one may read it in several places.
    pub uses: Vec<FileUse>,
    /// The commands that go with it.
    pub cleanups: Vec<Cleanup>,
    /// The copies to later stages that go with it.
    pub onward: Vec<Onward>,
    /// What stands in the way.
    pub conflicts: Vec<Conflict>,
    /// The copies of a folder around it (`COPY . .`) that would bring it again.
    pub brought_by: BTreeSet<usize>,
    /// The stages in which it can be seen.
    pub stages: BTreeSet<usize>,
    /// The RUNs that remove it whatever happens, alone or with its folder.
    pub removed_in: BTreeSet<usize>,
    /// Where commands put it from where it was copied to.
    pub moves: Vec<Move>,
}

/// A file at a place: from a step on, in a stage and those that start from it.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Sighting {
    pub(super) stage: usize,
    pub(super) step: usize,
    pub(super) path: ImagePath,
    /// Whether a `COPY` of a folder brought it there, not one that names it.
    pub(super) along: bool,
    /// Where in the shell text of its step, a RUN, it begins to be there; `None` for one that is there behind its step.
    pub(super) since: Option<TextSize>,
}

impl Sighting {
    /// The file at `path`, which a command wrote there on purpose.
    pub(super) fn of_written(path: &ImagePath) -> Self {
        Self { stage: 0, step: 0, path: path.clone(), along: false, since: None }
    }
}

impl Sighting {
    fn behind(stage: usize, moved: &Move) -> Self {
        let (step, path, since) = (moved.step, moved.to.clone(), Some(moved.end));
        Self { stage, step, path, along: false, since }
    }
}

impl Model {
    /// Where `file` goes in `dockerfile`.
    #[must_use]
    pub fn file_flow(&self, dockerfile: &Dockerfile, file: &CopiedFile, settled: &Settled) -> FileFlow {
        let input = match &file.verdict {
            FileVerdict::BuildInput(input) => Some(input),
            _ => None,
        };
        let mut tracer = FileTracer::new(self, dockerfile, FileReaders { input, settled });
        tracer.follows_moves = true;
        let mut open = VecDeque::new();
        for source in &file.sources {
            open.extend(tracer.entry(source, file.path.file_name().unwrap_or("")));
        }
        open.extend(tracer.brought_again(file.path.as_path()));
        tracer.trace(open)
    }

    /// Where a file goes that the RUN at `step` writes to `path`, as its commands name it. The commands that write it are to
    /// be among the settled ones of `readers`. `None` where the place can't be told.
    #[must_use]
    pub fn written_flow(
        &self,
        dockerfile: &Dockerfile,
        step: usize,
        path: &str,
        readers: FileReaders<'_>,
    ) -> Option<FileFlow> {
        let tracer = FileTracer::new(self, dockerfile, readers);
        let stage = dockerfile.steps.get(step)?.stage?;
        let nothing = ImagePath::from_root("/");
        let variables = |name: &str| tracer.variable(step, name);
        let path = tracer.scene(step, &nothing, &variables).resolve(path)?;
        // From the step in front of it, so that the rest of this RUN is looked at as well.
        let sighting = Sighting { stage, step: step.checked_sub(1)?, path, along: false, since: None };
        Some(tracer.trace(VecDeque::from([sighting])))
    }
}

pub(super) struct FileTracer<'m> {
    pub(super) model: &'m Model,
    pub(super) dockerfile: &'m Dockerfile,
    pub(super) readers: FileReaders<'m>,
    pub(super) given: BTreeSet<String>,
    pub(super) flow: FileFlow,
    /// Whether a command that moves the file is followed; otherwise it is a conflict.
    pub(super) follows_moves: bool,
}

impl<'m> FileTracer<'m> {
    /// One that has seen nothing yet.
    pub(super) fn new(model: &'m Model, dockerfile: &'m Dockerfile, readers: FileReaders<'m>) -> Self {
        let given = model.given_arguments(dockerfile);
        Self { model, dockerfile, readers, given, flow: FileFlow::default(), follows_moves: false }
    }

    fn trace(mut self, mut open: VecDeque<Sighting>) -> FileFlow {
        let mut seen = BTreeSet::new();
        while let Some(sighting) = open.pop_front() {
            if seen.insert(sighting.clone()) {
                open.extend(self.follow(&sighting));
            }
        }
        if !self.flow.moves.is_empty() {
            // Where it was copied to was not the place for it: no tool looks for it there.
            let input = self.readers.input;
            let away = |used: &FileUse| {
                let found = |target: &str| {
                    input.is_none_or(|input| input.is_found_at(target) && !input.ssh) || self.is_destination(target)
                };
                matches!(used.evidence, Evidence::Tool(_)) && !used.target.as_deref().is_some_and(found)
            };
            let kept: Vec<FileUse> = self.flow.uses.iter().filter(|used| !away(used)).cloned().collect();
            self.flow.uses = kept;
        }
        self.flow.uses.sort_by_key(|used| used.step);
        self.flow.uses.dedup();
        self.flow
    }

    fn is_destination(&self, target: &str) -> bool {
        let path = ImagePath::from_root(target);
        self.flow.moves.iter().any(|moved| moved.to == path)
    }

    fn entry(&mut self, source: &CopySource, name: &str) -> Option<Sighting> {
        let stage = self.dockerfile.steps.get(source.step)?.stage?;
        match self.dockerfile.landing(source.step, name, &self.given) {
            Ok(path) => Some(Sighting { stage, step: source.step, path, along: false, since: None }),
            Err(reason) => {
                let reason = format!("where it lands in the image is not clear: {reason}");
                self.flow.conflicts.push(Conflict {
                    step: source.step,
                    kind: "target-unknown",
                    reason,
                    if_mounted: false,
                    instead: None,
                });
                None
            }
        }
    }

    /// The copies of a folder that holds the file.
    fn brought_again(&mut self, path: &Utf8Path) -> Vec<Sighting> {
        let mut sightings = Vec::new();
        for (index, step) in self.dockerfile.steps.iter().enumerate() {
            if !copies_from_context(&step.instruction, step.keyword) {
                continue;
            }
            let words = step.instruction.words();
            let Some((destination, sources)) = words.split_last() else { continue };
            for source in sources {
                let folder = source.value.trim_start_matches("./").trim_start_matches('/').trim_end_matches('/');
                let folder = if matches!(folder, "." | "*") { "" } else { folder };
                let Some(rest) = path.strip_prefix(folder).ok().filter(|rest| !rest.as_str().is_empty()) else {
                    continue;
                };
                self.flow.brought_by.insert(index);
                let text = self.dockerfile.expand(destination, index, &self.given, 0);
                let landed = text.map(|text| self.dockerfile.workdir_at(index, &self.given).join(&text));
                let sighting = landed.zip(step.stage);
                sightings.extend(sighting.map(|(folder, stage)| Sighting {
                    stage,
                    step: index,
                    path: folder.join(rest.as_str()),
                    along: true,
                    since: None,
                }));
            }
        }
        sightings
    }

    /// Looks at every step that sees the file there. Returns where else it is seen because of them.
    fn follow(&mut self, sighting: &Sighting) -> Vec<Sighting> {
        let count = self.dockerfile.stages.len();
        let stages: BTreeSet<usize> =
            (0..count).filter(|stage| self.dockerfile.ancestry(*stage).contains(&sighting.stage)).collect();
        self.flow.stages.extend(&stages);
        let mut further = Vec::new();
        let mut removed: BTreeSet<usize> = BTreeSet::new();
        for (index, step) in self.dockerfile.steps.iter().enumerate() {
            let gone = |stage: usize| self.dockerfile.ancestry(stage).iter().any(|it| removed.contains(it));
            let begun = index > sighting.step || (index == sighting.step && sighting.since.is_some());
            let sees = step.stage.is_some_and(|stage| stages.contains(&stage) && !gone(stage))
                && (step.stage != Some(sighting.stage) || begun);
            match (&step.run, step.keyword) {
                (Some(run), _) if sees => {
                    let (cleanups, moves) = (self.flow.cleanups.len(), self.flow.moves.len());
                    self.look_at_run(index, run, sighting);
                    let moved: Vec<Move> = self.flow.moves.get(moves..).unwrap_or_default().to_vec();
                    let removes = self.flow.cleanups.iter().skip(cleanups).any(|cleanup| cleanup.removes);
                    if removes || moved.iter().any(|moved| !moved.keeps) {
                        removed.extend(step.stage);
                    }
                    further.extend(
                        step.stage
                            .into_iter()
                            .flat_map(|stage| moved.iter().map(move |to| Sighting::behind(stage, to))),
                    );
                }
                (None, Keyword::Copy) => {
                    let stages = stages.iter().copied().filter(|stage| !gone(*stage)).collect();
                    further.extend(self.copied_on(index, &stages, sighting));
                }
                _ => {}
            }
        }
        further
    }

    /// What a `COPY --from` of one of `stages` does with the file.
    fn copied_on(&mut self, index: usize, stages: &BTreeSet<usize>, sighting: &Sighting) -> Vec<Sighting> {
        let (path, along) = (&sighting.path, sighting.along);
        let step = &self.dockerfile.steps[index];
        let flags = step.instruction.flags();
        let from = flags.iter().find(|flag| flag.name == "from").and_then(|flag| flag.value.as_deref());
        let from = from.and_then(|name| self.dockerfile.stage_named(name));
        let (Some(_), Some(stage)) = (from.filter(|from| stages.contains(from)), step.stage) else { return Vec::new() };
        let words = step.instruction.words();
        let Some((destination, sources)) = words.split_last() else { return Vec::new() };
        let mut further = Vec::new();
        for (word, source) in sources.iter().enumerate() {
            let text = self.dockerfile.expand(source, index, &self.given, 0);
            let taken = text.map(|text| ImagePath::from_root(&text));
            match taken.as_ref().and_then(|taken| path.below(taken)) {
                Some(rest) if rest.as_str().is_empty() => {
                    self.flow.onward.push(CopySource { step: index, word });
                    let landed = self.dockerfile.landing(index, path.file_name(), &self.given);
                    further.extend(landed.map(|path| Sighting { stage, step: index, path, along, since: None }));
                }
                Some(rest) => {
                    let text = self.dockerfile.expand(destination, index, &self.given, 0);
                    let folder = text.map(|text| self.dockerfile.workdir_at(index, &self.given).join(&text));
                    further.extend(folder.map(|folder| Sighting {
                        stage,
                        step: index,
                        path: folder.join(rest.as_str()),
                        along,
                        since: None,
                    }));
                }
                None if !path.is_absolute() && source.value.ends_with(path.file_name()) => {
                    let reason = format!("whether `{}` is the file can't be told", source.value);
                    let kind = "target-unknown";
                    self.flow.conflicts.push(Conflict { step: index, kind, reason, if_mounted: false, instead: None });
                }
                None => {}
            }
        }
        further
    }
}

impl FileFlow {
    /// The targets at which each RUN needs the file, in order of the RUNs.
    #[must_use]
    pub fn targets(&self) -> BTreeMap<usize, BTreeSet<&str>> {
        let mut targets: BTreeMap<usize, BTreeSet<&str>> = BTreeMap::new();
        for used in &self.uses {
            targets.entry(used.step).or_default().extend(used.target.as_deref());
        }
        targets
    }
}
