//! What the tool says about a folder, in terms that can be laid beside labels.

use std::collections::BTreeSet;

use camino::{Utf8Path, Utf8PathBuf};
use dfmigrate::codemods;
use dfmigrate::plan::{self, Applicability, Plan, Planned, Policy, Status};
use dfmigrate::repository::{self, Repository, Root};
use dfmigrate::source::{LineIndex, TextSize};
use dfmigrate::syntax::dockerfile::{self, Flag, Instruction};

/// What became of a finding when unsafe fixes are asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Verdict {
    /// Left to a person, by its own reason or because the fix was taken out again.
    Manual,
    /// Fixed on assumptions.
    Unsafe,
    /// Fixed.
    Safe,
}

/// One finding.
#[derive(Debug, Clone)]
pub struct Answer {
    /// The codemod.
    pub codemod: &'static str,
    /// The Dockerfile, below the folder.
    pub file: Utf8PathBuf,
    /// What it is about.
    pub subject: String,
    /// The first line of the instruction that it points at, one-based.
    pub line: u32,
    /// The first lines of all instructions of the Dockerfile that it points at or changes, one-based.
    pub lines: BTreeSet<u32>,
    /// The first lines of the RUNs that the fix changes, one-based.
    pub changed: BTreeSet<u32>,
    /// The first lines of the RUNs that have a secret from a mount before any fix, one-based.
    pub mounted: BTreeSet<u32>,
    /// Every other place that the report shows, as a file and a one-based line.
    pub shown: BTreeSet<(Utf8PathBuf, u32)>,
    /// The files that the fix edits.
    pub edited: BTreeSet<Utf8PathBuf>,
    /// What became of it.
    pub verdict: Verdict,
    /// Why it was left to a person: the short names of the obstacles.
    pub reasons: Vec<String>,
}

/// The findings of all repositories below a folder, or of the named files, with unsafe fixes on.
pub fn of_paths(paths: &[Utf8PathBuf]) -> Vec<Answer> {
    let plans = plans(paths);
    plans.iter().flat_map(|(repository, plan)| plan.findings.iter().map(|it| answer(repository, it))).collect()
}

/// All repositories below a folder, or of the named files, each with its plan when unsafe fixes are on.
pub fn plans(paths: &[Utf8PathBuf]) -> Vec<(Repository, Plan)> {
    let roots = repository::discover(paths).unwrap_or_default();
    let plan = |root: &Root| {
        let mut repository = repository::read(root, |_| true).ok()?;
        if paths.iter().all(|path| path.is_dir()) {
            repository.selection.clear();
        }
        let plan = plan::make(&repository, &Policy { unsafe_fixes: true, ..Policy::default() }, codemods::ALL);
        Some((repository, plan))
    };
    roots.iter().filter_map(plan).collect()
}

fn answer(repository: &Repository, planned: &Planned) -> Answer {
    let finding = &planned.finding;
    let starts = Starts::of(repository, &finding.dockerfile);
    let labels = || std::iter::once(&finding.primary).chain(&finding.labels);
    let own = labels().filter(|label| label.file == finding.dockerfile).map(|label| label.range.start());
    let changed: BTreeSet<u32> = finding.fix.steps.keys().filter_map(|step| starts.lines.get(*step).copied()).collect();
    let mut lines: BTreeSet<u32> = own.map(|offset| starts.line_of(offset)).collect();
    lines.extend(&changed);
    let places = finding.fix.obstacles.iter().filter_map(|obstacle| obstacle.place.as_ref());
    let shown = labels().chain(places).filter_map(|label| {
        let source = repository.source(&label.file)?;
        Some((label.file.clone(), LineIndex::new(source.text()).line(label.range.start())))
    });
    Answer {
        codemod: finding.codemod,
        file: finding.dockerfile.clone(),
        subject: finding.subject.clone(),
        line: starts.line_of(finding.primary.range.start()),
        lines,
        changed,
        mounted: starts.mounted,
        shown: shown.collect(),
        edited: finding.fix.edits.keys().cloned().collect(),
        verdict: match (&planned.status, finding.fix.applicability) {
            (Status::Applied, Applicability::Safe) => Verdict::Safe,
            (Status::Applied, Applicability::Unsafe) => Verdict::Unsafe,
            _ => Verdict::Manual,
        },
        reasons: reasons(planned),
    }
}

fn reasons(planned: &Planned) -> Vec<String> {
    if let Status::HeldBack(reason) = &planned.status {
        return vec![format!("held back: {reason}")];
    }
    let kinds: BTreeSet<_> = planned.finding.fix.obstacles.iter().map(|obstacle| obstacle.kind.to_owned()).collect();
    kinds.into_iter().collect()
}

/// Where the instructions of a Dockerfile begin.
struct Starts {
    offsets: Vec<TextSize>,
    lines: Vec<u32>,
    mounted: BTreeSet<u32>,
}

impl Starts {
    fn of(repository: &Repository, path: &Utf8Path) -> Self {
        let text = repository.source(path).map(dfmigrate::source::Source::text).unwrap_or_default();
        let (parse, index) = (dockerfile::parse(text), LineIndex::new(text));
        let instructions = parse.root().instructions();
        let offsets: Vec<_> = instructions.iter().map(|instruction| instruction.text_range().start()).collect();
        let lines: Vec<u32> = offsets.iter().map(|offset| index.line(*offset)).collect();
        let mounts = |instruction: &Instruction| {
            let flags = instruction.flags();
            flags.iter().filter_map(Flag::mount).any(|mount| mount.kind == "secret")
        };
        let mounted = instructions.iter().zip(&lines).filter(|(instruction, _)| mounts(instruction));
        let mounted = mounted.map(|(_, line)| *line).collect();
        Self { offsets, lines, mounted }
    }

    /// The first line of the instruction that `offset` lies in.
    fn line_of(&self, offset: TextSize) -> u32 {
        let at = self.offsets.partition_point(|start| *start <= offset);
        self.lines.get(at.saturating_sub(1)).copied().unwrap_or(1)
    }
}
