use std::cell::LazyCell;
use std::collections::BTreeSet;
use std::rc::Rc;
use std::sync::LazyLock;

use camino::Utf8Path;
use regex::Regex;

use crate::knowledge::images;
use crate::source::{LineIndex, Source, TextRange, range};
use crate::syntax::dockerfile::{self as tree, Keyword, Pair};
use crate::syntax::shell::{self, Dialect};

use super::run::Run;

/// A Dockerfile with its stages: what BuildKit would make of it.
#[derive(Debug)]
pub struct Dockerfile {
    /// The file.
    pub source: Source,
    /// Its lossless tree.
    pub parse: tree::Parse,
    /// Every instruction in order, those behind `ONBUILD` included.
    pub steps: Vec<Step>,
    /// The stages in order.
    pub stages: Vec<Stage>,
    /// Where lines begin.
    pub lines: LineIndex,
    /// The names that an `ARG` declares somewhere in it.
    pub arguments: BTreeSet<String>,
}

/// A [`Dockerfile`] that is understood when it is first looked at, which in a large repository most never are by each thread.
pub type LazyDockerfile = LazyCell<Box<Dockerfile>, Box<dyn FnOnce() -> Box<Dockerfile>>>;

/// The text of a Dockerfile, and its tree where that is kept. Other threads can have it, unlike what is made of it: a tree with its
/// positions can't cross threads.
#[derive(Debug, Clone)]
pub(super) struct Text {
    pub source: Source,
    tree: Option<tree::Parse>,
}

impl Text {
    /// The text of `source` with its `tree`, if there is one; without, it is parsed whenever it is looked at.
    pub(super) fn new(source: Source, tree: Option<tree::Parse>) -> Self {
        Self { source, tree }
    }

    /// What it says.
    pub(super) fn read(&self) -> Dockerfile {
        Dockerfile::of(self.source.clone(), self.tree.clone().unwrap_or_else(|| parse(&self.source)))
    }

    /// The same, read when it is first looked at.
    pub(super) fn lazy(&self) -> Rc<LazyDockerfile> {
        let text = self.clone();
        Rc::new(LazyCell::new(Box::new(move || Box::new(text.read()))))
    }
}

/// One instruction in its stage.
#[derive(Debug)]
pub struct Step {
    /// What it says; for `ONBUILD` the instruction that is triggered.
    pub instruction: tree::Instruction,
    /// The instruction as it stands in the file: the same, or the `ONBUILD` around it.
    pub outer: tree::Instruction,
    /// Which instruction it is.
    pub keyword: Keyword,
    /// The stage, an index into [`Dockerfile::stages`]; `None` before the first `FROM`.
    pub stage: Option<usize>,
    /// Whether it runs only in builds that start from this image.
    pub onbuild: bool,
    /// What a RUN runs, parsed when it is first asked for; `None` for all other instructions.
    pub run: Option<LazyRun>,
    /// The pairs of an `ARG`, `ENV` or `LABEL`.
    pub pairs: Vec<Pair>,
}

/// A [`Run`] that is parsed when it is first looked at: most files hold no secret, and their shell text is never needed.
pub type LazyRun = LazyCell<Run, Box<dyn FnOnce() -> Run>>;

/// One build stage.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Stage {
    /// Its name after `AS`, in lower case as BuildKit keeps it.
    pub name: Option<String>,
    /// What it starts from.
    pub base: Base,
    /// Its `FROM`, an index into [`Dockerfile::steps`].
    pub from: usize,
}

/// What a stage starts from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Base {
    /// An earlier stage, whose ARG and ENV it inherits (BuildKit `dockerfile2llb/convert.go`, experiment).
    Stage(usize),
    /// An image, as written.
    Image(String),
}

/// What text a RUN in shell form is given to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Interpreter {
    /// A shell whose language is parsed.
    Shell(Dialect),
    /// PowerShell, cmd or another program.
    Other,
}

impl Dockerfile {
    /// Reads `source`.
    #[must_use]
    pub fn new(source: Source) -> Self {
        let parse = parse(&source);
        Self::of(source, parse)
    }

    pub(super) fn of(source: Source, parse: tree::Parse) -> Self {
        let lines = LineIndex::new(source.text());
        let (steps, stages) = steps_and_stages(&parse.root());
        let declarations = steps.iter().filter(|step| step.keyword == Keyword::Arg);
        let arguments = declarations.flat_map(|step| &step.pairs).map(|pair| pair.key.clone()).collect();
        Self { source, parse, steps, stages, lines, arguments }
    }

    /// The path from the repository's root.
    #[must_use]
    pub fn path(&self) -> &Utf8Path {
        self.source.path()
    }

    /// The stages that `stage` starts from, itself included, oldest first.
    #[must_use]
    pub fn ancestry(&self, stage: usize) -> Vec<usize> {
        let mut chain = vec![stage];
        while let Some(Stage { base: Base::Stage(parent), .. }) = chain.last().and_then(|last| self.stages.get(*last)) {
            chain.push(*parent);
        }
        chain.reverse();
        chain
    }

    /// The stages that a build of `target` (the last stage without one) runs.
    #[must_use]
    pub fn stages_of(&self, target: Option<&str>) -> BTreeSet<usize> {
        let named = target.and_then(|target| self.stage_named(target));
        let mut open: Vec<usize> = named.or(self.stages.len().checked_sub(1)).into_iter().collect();
        let mut reached = BTreeSet::new();
        while let Some(stage) = open.pop() {
            if !reached.insert(stage) {
                continue;
            }
            open.extend(self.ancestry(stage));
            let own = self.steps.iter().filter(|step| step.stage == Some(stage));
            let flags = own.flat_map(|step| step.instruction.flags());
            let names = flags.filter_map(|flag| match flag.mount() {
                Some(mount) => mount.get("from").map(str::to_owned),
                None => flag.value.filter(|_| flag.name == "from"),
            });
            open.extend(names.filter_map(|name| self.stage_named(&name)));
        }
        reached
    }

    /// The steps that shape the environment of the step at `index`, in the order in which BuildKit applies them:
    /// those of the stages it starts from and the earlier ones of its own.
    pub fn steps_before(&self, index: usize) -> impl DoubleEndedIterator<Item = &Step> {
        self.numbered_before(index).into_iter().map(|(_, step)| step)
    }

    /// [`Self::steps_before`], each with its index. Triggers run behind the whole stage, in their order
    /// (docs.docker.com/reference/dockerfile/#onbuild).
    #[must_use]
    pub fn numbered_before(&self, index: usize) -> Vec<(usize, &Step)> {
        let stage = self.steps.get(index).and_then(|step| step.stage);
        let triggered = self.steps.get(index).is_some_and(|step| step.onbuild);
        let ancestry = stage.map(|stage| self.ancestry(stage)).unwrap_or_default();
        let of_stage = |ancestor: usize| {
            let numbered = self.steps.iter().enumerate();
            let is_before = move |at: usize| Some(ancestor) != stage || triggered || at < index;
            numbered.filter(move |(at, step)| step.stage == Some(ancestor) && !step.onbuild && is_before(*at))
        };
        let triggers = self.steps.iter().enumerate().take(index);
        let triggers = triggers.filter(|(_, step)| triggered && step.onbuild && step.stage == stage);
        ancestry.into_iter().flat_map(of_stage).chain(triggers).collect()
    }

    /// The user of the step at `index`: the operand of the last `USER`; `None` for the base image's own.
    #[must_use]
    pub fn user_at(&self, index: usize) -> Option<String> {
        let mut before = self.steps_before(index);
        let last = before.rfind(|step| step.keyword == Keyword::User)?;
        last.instruction.words().first().map(|word| word.value.clone())
    }

    /// Whether the step at `index` runs as root, as far as the Dockerfile says.
    #[must_use]
    pub fn runs_as_root(&self, index: usize) -> bool {
        self.user_at(index).is_none_or(|user| matches!(user.split(':').next(), Some("root" | "0")))
    }

    /// Whether the step at `index` is known to run as root: a `USER` says so, or the base image's own account is root. Where
    /// neither does, a secret's file has to be readable by everyone in its RUN; a mount leaves nothing of that behind.
    #[must_use]
    pub fn surely_runs_as_root(&self, index: usize) -> bool {
        match self.user_at(index) {
            Some(_) => self.runs_as_root(index),
            None => self.base_image(index).and_then(images::runs_as_root).unwrap_or(false),
        }
    }

    /// The image that the stage of the step at `index` rests on in the end, as written.
    #[must_use]
    pub fn base_image(&self, index: usize) -> Option<&str> {
        let stage = self.steps.get(index)?.stage?;
        match &self.stages.get(*self.ancestry(stage).first()?)?.base {
            Base::Image(image) => Some(image),
            Base::Stage(_) => None,
        }
    }

    /// The frontend that the header names, such as `docker/dockerfile:1`.
    #[must_use]
    pub fn frontend(&self) -> Option<String> {
        let directives = self.parse.root().directives();
        directives.into_iter().find(|directive| directive.kind == tree::DirectiveKind::Syntax).map(|found| found.value)
    }

    /// The one-based line of a step.
    #[must_use]
    pub fn line_of(&self, step: usize) -> u32 {
        self.steps.get(step).map_or(1, |step| self.lines.line(step.outer.text_range().start()))
    }

    /// Stages that may be the image that somebody runs: the last one, those in `targets`, and all they start from.
    #[must_use]
    pub fn shipped_stages(&self, targets: &[String]) -> Vec<usize> {
        let last = self.stages.len().checked_sub(1);
        let named = targets.iter().filter_map(|target| self.stage_named(target));
        let mut shipped: Vec<usize> = last.into_iter().chain(named).flat_map(|stage| self.ancestry(stage)).collect();
        shipped.sort_unstable();
        shipped.dedup();
        shipped
    }

    /// Where a comment in front of the first instruction says that a program writes the file, so that an edit would be lost.
    #[must_use]
    pub fn says_generated(&self) -> Option<TextRange> {
        let text = self.source.text();
        let head = self.steps.first().map_or(text.len(), |step| usize::from(step.outer.text_range().start()));
        let found = GENERATED.as_ref()?.find(text.get(..head)?)?;
        Some(range(found.start(), found.end()))
    }

    /// The stage that `--target NAME` selects: a name in any letter case, or a zero-based number.
    #[must_use]
    pub fn stage_named(&self, target: &str) -> Option<usize> {
        let lower = target.to_lowercase();
        let by_name = self.stages.iter().position(|stage| stage.name.as_deref() == Some(lower.as_str()));
        by_name.or_else(|| target.parse().ok().filter(|index| *index < self.stages.len()))
    }
}

pub(super) fn parse(source: &Source) -> tree::Parse {
    tree::parse(source.text())
}

/// Images whose default shell is `cmd /S /C` (BuildKit `dockerfile2llb/convert.go`, `defaultShell` by platform).
fn is_windows_image(image: &str) -> bool {
    let image = image.to_lowercase();
    ["microsoft.com/windows", "nanoserver", "servercore", "windowsservercore", "microsoft/windows"]
        .iter()
        .any(|mark| image.contains(mark))
}

/// What the shell form means at the end of each stage, and so at the beginning of the stages that start from it.
type Shells = Vec<Interpreter>;

fn steps_and_stages(root: &tree::Dockerfile) -> (Vec<Step>, Vec<Stage>) {
    let mut steps = Vec::new();
    let mut stages: Vec<Stage> = Vec::new();
    let mut shells = Shells::new();
    for outer in root.instructions() {
        let Some(outer_keyword) = outer.keyword() else { continue };
        if outer_keyword == Keyword::From {
            let stage = stage_of(&outer, &stages, steps.len());
            shells.push(initial_shell(&stage.base, &shells));
            stages.push(stage);
        }
        let triggered = (outer_keyword == Keyword::Onbuild).then(|| outer.triggered()).flatten();
        let onbuild = triggered.is_some();
        let instruction = triggered.unwrap_or_else(|| outer.clone());
        let keyword = instruction.keyword().unwrap_or(outer_keyword);
        if let (Keyword::Shell, false, Some(shell)) = (keyword, onbuild, shells.last_mut()) {
            *shell = declared_shell(&instruction).unwrap_or(*shell);
        }
        let run = (keyword == Keyword::Run).then(|| lazy_run(&instruction, &shells));
        let has_pairs = matches!(keyword, Keyword::Arg | Keyword::Env | Keyword::Label);
        let pairs = if has_pairs { instruction.pairs() } else { Vec::new() };
        steps.push(Step { instruction, outer, keyword, stage: stages.len().checked_sub(1), onbuild, run, pairs });
    }
    (steps, stages)
}

fn lazy_run(instruction: &tree::Instruction, shells: &Shells) -> LazyRun {
    let instruction = instruction.clone();
    let interpreter = shells.last().copied().unwrap_or(Interpreter::Shell(Dialect::Posix));
    LazyCell::new(Box::new(move || Run::new(&instruction, interpreter)))
}

fn initial_shell(base: &Base, shells: &Shells) -> Interpreter {
    match base {
        Base::Stage(parent) => shells.get(*parent).copied().unwrap_or(Interpreter::Shell(Dialect::Posix)),
        Base::Image(image) if is_windows_image(image) => Interpreter::Other,
        Base::Image(_) => Interpreter::Shell(Dialect::Posix),
    }
}

fn declared_shell(instruction: &tree::Instruction) -> Option<Interpreter> {
    let words = instruction.json()?;
    let program = words.first()?;
    Some(shell::dialect_of(&program.value).map_or(Interpreter::Other, Interpreter::Shell))
}

fn stage_of(from: &tree::Instruction, earlier: &[Stage], step: usize) -> Stage {
    let words = from.words();
    let image = words.first().map(|word| word.value.clone()).unwrap_or_default();
    let named = words.get(1).is_some_and(|word| word.value.eq_ignore_ascii_case("as"));
    let name = words.get(2).filter(|_| named).map(|word| word.value.to_lowercase());
    let parent = earlier.iter().rposition(|stage| stage.name.as_deref() == Some(image.to_lowercase().as_str()));
    Stage { name, base: parent.map_or(Base::Image(image), Base::Stage), from: step }
}

/// What generators write at the top of what they make (docker-library's `apply-templates.sh`, `go generate`, protobuf).
static GENERATED: LazyLock<Option<Regex>> = LazyLock::new(|| {
    const MADE: &str = r"(auto-?generated\b|generated (via|by|from|using|with)\b)";
    const KEEP_OFF: &str = r"(do not|don't) (edit|modify|change)( (it|this file|this) | )?(directly|by hand|manually)?";
    Regex::new(&format!(r"(?im)^[ \t]*#.*({MADE}|{KEEP_OFF}).*$")).ok()
});
