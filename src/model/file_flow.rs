//! What becomes of a file that a `COPY` brought: which RUNs read it, which tidy it away, which copy it on.

use std::collections::{BTreeMap, BTreeSet, VecDeque};

use camino::Utf8Path;

use crate::knowledge::files::FileVerdict;
use crate::source::{TextRange, slice};
use crate::syntax::dockerfile::Keyword;
use crate::syntax::shell::Command;

use super::copied::copies_from_context;
use super::file_commands::Deed;
use super::reading::effective_words;
use super::run::{Form, Run};
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
}

/// A file at a place: from a step on, in a stage and those that start from it.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Sighting {
    stage: usize,
    step: usize,
    pub(super) path: ImagePath,
    /// Whether a `COPY` of a folder brought it there, not one that names it.
    pub(super) along: bool,
}

impl Sighting {
    /// The file at `path`, which a command wrote there on purpose.
    pub(super) fn of_written(path: &ImagePath) -> Self {
        Self { stage: 0, step: 0, path: path.clone(), along: false }
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
        let sighting = Sighting { stage, step: step.checked_sub(1)?, path, along: false };
        Some(tracer.trace(VecDeque::from([sighting])))
    }
}

pub(super) struct FileTracer<'m> {
    pub(super) model: &'m Model,
    pub(super) dockerfile: &'m Dockerfile,
    pub(super) readers: FileReaders<'m>,
    pub(super) given: BTreeSet<String>,
    flow: FileFlow,
}

impl<'m> FileTracer<'m> {
    /// One that has seen nothing yet.
    pub(super) fn new(model: &'m Model, dockerfile: &'m Dockerfile, readers: FileReaders<'m>) -> Self {
        let given = model.given_arguments(dockerfile);
        Self { model, dockerfile, readers, given, flow: FileFlow::default() }
    }

    fn trace(mut self, mut open: VecDeque<Sighting>) -> FileFlow {
        let mut seen = BTreeSet::new();
        while let Some(sighting) = open.pop_front() {
            if seen.insert(sighting.clone()) {
                open.extend(self.follow(&sighting));
            }
        }
        self.flow.uses.sort_by_key(|used| used.step);
        self.flow.uses.dedup();
        self.flow
    }

    fn entry(&mut self, source: &CopySource, name: &str) -> Option<Sighting> {
        let stage = self.dockerfile.steps.get(source.step)?.stage?;
        match self.dockerfile.landing(source.step, name, &self.given) {
            Ok(path) => Some(Sighting { stage, step: source.step, path, along: false }),
            Err(reason) => {
                let reason = format!("where it lands in the image is not clear: {reason}");
                self.flow.conflicts.push(Conflict {
                    step: source.step,
                    kind: "target-unknown",
                    reason,
                    if_mounted: false,
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
            let sees = step.stage.is_some_and(|stage| stages.contains(&stage) && !gone(stage))
                && (step.stage != Some(sighting.stage) || index > sighting.step);
            match (&step.run, step.keyword) {
                (Some(run), _) if sees => {
                    let before = self.flow.cleanups.len();
                    self.look_at_run(index, run, sighting);
                    if self.flow.cleanups.iter().skip(before).any(|cleanup| cleanup.removes) {
                        removed.extend(step.stage);
                    }
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
                    further.extend(landed.map(|path| Sighting { stage, step: index, path, along }));
                }
                Some(rest) => {
                    let text = self.dockerfile.expand(destination, index, &self.given, 0);
                    let folder = text.map(|text| self.dockerfile.workdir_at(index, &self.given).join(&text));
                    further.extend(folder.map(|folder| Sighting {
                        stage,
                        step: index,
                        path: folder.join(rest.as_str()),
                        along,
                    }));
                }
                None if !path.is_absolute() && source.value.ends_with(path.file_name()) => {
                    let reason = format!("whether `{}` is the file can't be told", source.value);
                    let kind = "target-unknown";
                    self.flow.conflicts.push(Conflict { step: index, kind, reason, if_mounted: false });
                }
                None => {}
            }
        }
        further
    }

    fn look_at_run(&mut self, index: usize, run: &Run, sighting: &Sighting) {
        let path = &sighting.path;
        let workdir = self.dockerfile.workdir_at(index, &self.given);
        let (deeds, mentioned) = match &run.form {
            Form::Exec(arguments) if run.shells.is_empty() => self.exec_deeds(index, arguments, &workdir, path),
            _ => self.shell_deeds(index, run, &workdir, path),
        };
        if deeds {
            return;
        }
        let Some(evidence) = self.evidence((index, run), sighting, mentioned) else { return };
        let target = path.as_target(&workdir);
        let near = workdir.below(&path.join("..")).is_some() || run.commands().any(starts_own_script);
        self.flow.uses.push(FileUse { step: index, target, evidence, near });
    }

    /// A RUN in JSON form: it removes the file or sets its mode and does nothing else, or it is read as words. Returns whether it is done with.
    fn exec_deeds(
        &mut self,
        index: usize,
        arguments: &[String],
        workdir: &ImagePath,
        path: &ImagePath,
    ) -> (bool, bool) {
        let is_file = |text: &String| path.below(&workdir.join(text)).is_some_and(|rest| rest.as_str().is_empty());
        let named = arguments.iter().any(|argument| mentions_file(argument, path.file_name()));
        let program = arguments.first().and_then(|program| program.rsplit('/').next()).unwrap_or("");
        let owns = matches!(program, "chmod" | "chown" | "chgrp");
        let operands = arguments.iter().skip(1).filter(|word| !word.starts_with('-')).skip(usize::from(owns));
        let operands: Vec<&String> = operands.collect();
        let tends = owns || matches!(program, "rm" | "unlink" | "shred");
        if tends && !operands.is_empty() && operands.iter().all(|operand| is_file(operand)) {
            let none = TextRange::default();
            self.flow.cleanups.push(Cleanup {
                step: index,
                shell: None,
                command: none,
                words: Vec::new(),
                whole: true,
                removes: !owns,
            });
            return (true, false);
        }
        let (kind, reason) = match program {
            _ if !named => return (false, false),
            _ if tends => ("not-separable", format!("`{program}` in JSON form has other files as well")),
            "cp" | "mv" | "ln" | "install" | "tee" | "dd" | "rsync" | "tar" | "zip" | "sed" => {
                ("file-changed", format!("`{program}` copies or writes `{}`", path.file_name()))
            }
            _ => return (false, true),
        };
        self.flow.conflicts.push(Conflict { step: index, kind, reason, if_mounted: false });
        (false, named)
    }

    /// Notes what the commands do with the file. Returns that there is more to see, and whether one of them names it.
    fn shell_deeds(&mut self, index: usize, run: &Run, workdir: &ImagePath, path: &ImagePath) -> (bool, bool) {
        let (dockerfile, given) = (self.dockerfile, self.given.clone());
        let variables = |name: &str| dockerfile.variable_at(index, name, &given);
        let mut scene = self.scene(index, path, &variables);
        let mut tidied = 0;
        for (number, shell) in run.shells.iter().enumerate() {
            // Where a `cd` went before, the text inside another shell may begin anywhere.
            scene.directory = scene.directory.filter(|directory| directory == workdir);
            for context in shell.script.commands() {
                let command = context.command;
                if self.readers.is_settled(index, number, command.range) {
                    let text = shell.view.as_ref().map_or("", |view| slice(view.text(), command.range));
                    tidied += count_mentions(text, path.file_name());
                    continue;
                }
                if number == 0 && context.depth == 0 && scene.removes(command) {
                    self.flow.removed_in.insert(index);
                }
                match scene.deed(command) {
                    Deed::Tends { words, whole, removes } => {
                        let text = shell.view.as_ref().map_or("", |view| slice(view.text(), command.range));
                        tidied += count_mentions(text, path.file_name());
                        let (shell, command) = (Some(number), command.range);
                        let removes = removes && !context.optional;
                        self.flow.cleanups.push(Cleanup { step: index, shell, command, words, whole, removes });
                    }
                    Deed::Spreads(reason) => {
                        let kind = "file-changed";
                        self.flow.conflicts.push(Conflict { step: index, kind, reason, if_mounted: false });
                    }
                    Deed::Disturbs(reason) => {
                        let kind = "folder-changed";
                        self.flow.conflicts.push(Conflict { step: index, kind, reason, if_mounted: true });
                    }
                    Deed::Keeps(reason) => {
                        let kind = "writes-down";
                        self.flow.conflicts.push(Conflict { step: index, kind, reason, if_mounted: true });
                    }
                    Deed::Names | Deed::Nothing => {}
                }
                tidied += scene.names_of_others(command);
                scene.follow(&context);
            }
        }
        (false, count_mentions(&run.text, path.file_name()) > tidied)
    }
}

/// Whether the command starts a program of the working directory; autoconf's script reads no credentials.
fn starts_own_script(command: &Command) -> bool {
    let program = effective_words(command).into_iter().next().flatten().unwrap_or_default();
    program.starts_with("./") && !matches!(program.as_str(), "./configure" | "./Configure" | "./config")
}

/// Whether a file of this name stands anywhere in `text`.
pub(super) fn mentions_file(text: &str, name: &str) -> bool {
    count_mentions(text, name) > 0
}

fn count_mentions(text: &str, name: &str) -> usize {
    let is_part = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-');
    let whole = |at: usize| {
        let before = at.checked_sub(1).and_then(|before| text.as_bytes().get(before)).copied();
        let after = text.as_bytes().get(at + name.len()).copied();
        // `id_rsa.pub` is another file.
        let longer =
            after == Some(b'.') && text.as_bytes().get(at + name.len() + 1).is_some_and(u8::is_ascii_alphanumeric);
        !before.is_some_and(|byte| is_part(byte) || byte == b'.') && !after.is_some_and(is_part) && !longer
    };
    if name.is_empty() { 0 } else { text.match_indices(name).filter(|(at, _)| whole(*at)).count() }
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
