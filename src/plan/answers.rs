//! What the codemods find in each Dockerfile, with what that rests on.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use camino::Utf8PathBuf;
use rayon::prelude::*;

use crate::model::{Changes, Dockerfile, Model};
use crate::repository::Repository;
use crate::repository::reads::Reads;

use super::{Codemod, Finding};

/// The findings of one state of the files.
#[derive(Debug, Clone, Default)]
pub(super) struct Answers(BTreeMap<Utf8PathBuf, Arc<Answer>>);

/// What is found in one Dockerfile.
#[derive(Debug)]
struct Answer {
    /// The findings of each codemod, in the order in which the codemods were asked.
    findings: Vec<Vec<Arc<Finding>>>,
    reads: Reads,
}

/// From so many Dockerfiles on it is worth it to make the model again for each thread.
const FEWEST: usize = 16;

impl Answers {
    /// The findings in `model`; those that the `changes` since these answers can't touch are kept.
    pub(super) fn of(&self, model: &Model, changes: Option<&Changes<'_>>, codemods: &[&Codemod]) -> Self {
        let kept = |dockerfile: &Dockerfile| {
            let known = self.0.get(dockerfile.path())?;
            (!changes?.touch(dockerfile, &known.reads)).then(|| (dockerfile.path().to_owned(), Arc::clone(known)))
        };
        let mut answers = BTreeMap::new();
        let mut open = Vec::new();
        for (at, dockerfile) in model.dockerfiles.iter().enumerate() {
            match kept(dockerfile) {
                Some((path, known)) => drop(answers.insert(path, known)),
                None => open.push(at),
            }
        }
        answers.extend(fresh(model, &open, codemods));
        let foreign = model.foreign_dockerfiles();
        let foreign = foreign.iter().map(|dockerfile| Answer::new(model, dockerfile, codemods).of(dockerfile));
        answers.extend(foreign);
        Self(answers)
    }

    /// All findings, in the order of the files and of the places in them.
    pub(super) fn findings(&self) -> Vec<Arc<Finding>> {
        let codemods = self.0.values().map(|answer| answer.findings.len()).max().unwrap_or(0);
        let of_codemod = |at: usize| self.0.values().filter_map(move |answer| answer.findings.get(at)).flatten();
        let mut findings: Vec<Arc<Finding>> = (0..codemods).flat_map(of_codemod).cloned().collect();
        findings.sort_by(|one, other| {
            let place = |finding: &Finding| finding.primary.range.start();
            one.primary.file.cmp(&other.primary.file).then_with(|| place(one).cmp(&place(other)))
        });
        findings
    }
}

/// What is found in those of the model's Dockerfiles that `open` names by their index.
fn fresh(model: &Model, open: &[usize], codemods: &[&Codemod]) -> Vec<(Utf8PathBuf, Arc<Answer>)> {
    let next = AtomicUsize::new(0);
    let work = |model: &Model| -> Vec<(Utf8PathBuf, Arc<Answer>)> {
        let next = || open.get(next.fetch_add(1, Ordering::Relaxed)).and_then(|at| model.dockerfiles.get(*at));
        let open = std::iter::from_fn(next);
        open.map(|dockerfile| Answer::new(model, dockerfile, codemods).of(dockerfile)).collect()
    };
    let threads = rayon::current_num_threads();
    if threads < 2 || open.len() < FEWEST {
        return work(model);
    }
    let shared = model.shared();
    let is_done = || next.load(Ordering::Relaxed) >= open.len();
    let found = (0..threads).into_par_iter().with_max_len(1);
    found.flat_map_iter(|_| if is_done() { Vec::new() } else { work(&shared.model()) }).collect()
}

impl Answer {
    fn of(self, dockerfile: &Dockerfile) -> (Utf8PathBuf, Arc<Self>) {
        (dockerfile.path().to_owned(), Arc::new(self))
    }

    fn new(model: &Model, dockerfile: &Dockerfile, codemods: &[&Codemod]) -> Self {
        let runs = |finding: &Finding| model.settings_at(&finding.dockerfile).codemods.includes(finding.codemod);
        let wanted = |finding: &Finding| is_selected(&model.repository, finding) && runs(finding);
        let (findings, reads) = model.repository.recorder().record(|| {
            let found = codemods.iter().map(|codemod| (codemod.find)(model, dockerfile).into_iter());
            found.map(|found| found.filter(wanted).map(Arc::new).collect()).collect()
        });
        Self { findings, reads }
    }
}

/// Whether one of the finding's places is in a file that was asked about.
fn is_selected(repository: &Repository, finding: &Finding) -> bool {
    let mut places = std::iter::once(&finding.primary).chain(&finding.labels);
    places.any(|label| repository.is_selected(&label.file))
}
