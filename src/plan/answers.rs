//! What the codemods find in each Dockerfile, with what that rests on.

use std::collections::HashMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use camino::Utf8Path;
use rayon::prelude::*;

use crate::model::{Changes, Dockerfile, Model};
use crate::repository::Repository;
use crate::repository::reads::Reads;

use super::{Codemod, Finding};

/// The findings of one state of the files, by the text of each Dockerfile's path: to compare two paths part by part takes longer.
#[derive(Debug, Clone, Default)]
pub(super) struct Answers(HashMap<String, Arc<Answer>>);

/// What is found in one Dockerfile.
#[derive(Debug)]
struct Answer {
    /// The findings, each with the place of its codemod among those that were asked.
    findings: Box<[(usize, Arc<Finding>)]>,
    reads: Reads,
}

/// From so many Dockerfiles on it is worth it to make the model again for each thread.
const FEWEST: usize = 16;

/// In so many parts a thread looks at its Dockerfiles. Between two it forgets what it understood, so that not all of it is in memory at
/// once.
const PARTS: usize = 16;

impl Answers {
    /// The findings in `model`; those that the `changes` since these answers can't touch are kept.
    pub(super) fn of(&self, model: &Model, changes: Option<&Changes<'_>>, codemods: &[&Codemod]) -> Self {
        let kept = |path: &Utf8Path| {
            let known = self.0.get(path.as_str())?;
            (!changes?.touch(path, &known.reads)).then(|| (path.to_string(), Arc::clone(known)))
        };
        let mut answers = HashMap::new();
        let mut open = Vec::new();
        for (at, path) in model.paths().enumerate() {
            match kept(path) {
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
        let mut findings: Vec<&(usize, Arc<Finding>)> = self.0.values().flat_map(|answer| &answer.findings).collect();
        findings.sort_by(|(codemod, one), (others, other)| {
            let place = |finding: &Finding| finding.primary.range.start();
            let files = || one.primary.file.cmp(&other.primary.file);
            let dockerfiles = || one.dockerfile.cmp(&other.dockerfile);
            files().then_with(|| place(one).cmp(&place(other))).then_with(|| codemod.cmp(others)).then_with(dockerfiles)
        });
        findings.into_iter().map(|(_, finding)| Arc::clone(finding)).collect()
    }
}

/// What is found in those of the model's Dockerfiles that `open` names by their index.
fn fresh(model: &Model, open: &[usize], codemods: &[&Codemod]) -> Vec<(String, Arc<Answer>)> {
    let next = AtomicUsize::new(0);
    let work = |model: &Model, most: usize| -> Vec<(String, Arc<Answer>)> {
        let next = || open.get(next.fetch_add(1, Ordering::Relaxed)).and_then(|at| model.dockerfiles.get(*at));
        let open = std::iter::from_fn(next).take(most);
        open.map(|dockerfile| Answer::new(model, dockerfile, codemods).of(dockerfile)).collect()
    };
    let threads = rayon::current_num_threads();
    if threads < 2 || open.len() < FEWEST {
        return work(model, usize::MAX);
    }
    let shared = model.shared();
    let most = FEWEST.max(open.len() / (threads * PARTS));
    let is_done = || next.load(Ordering::Relaxed) >= open.len();
    let part = || if is_done() { None } else { Some(work(&shared.model(), most)) };
    let found = (0..threads).into_par_iter().with_max_len(1);
    found.flat_map_iter(|_| std::iter::from_fn(part).flatten()).collect()
}

impl Answer {
    fn of(self, dockerfile: &Dockerfile) -> (String, Arc<Self>) {
        (dockerfile.path().to_string(), Arc::new(self))
    }

    fn new(model: &Model, dockerfile: &Dockerfile, codemods: &[&Codemod]) -> Self {
        let runs = |finding: &Finding| model.settings_at(&finding.dockerfile).codemods.includes(finding.codemod);
        let wanted = |finding: &Finding| is_selected(&model.repository, finding) && runs(finding);
        let (findings, reads) = model.repository.recorder().record(|| {
            let found = codemods.iter().enumerate();
            let found = found
                .flat_map(|(at, codemod)| (codemod.find)(model, dockerfile).into_iter().zip(std::iter::repeat(at)));
            found.filter(|(finding, _)| wanted(finding)).map(|(finding, at)| (at, Arc::new(finding))).collect()
        });
        Self { findings, reads }
    }
}

/// Whether one of the finding's places is in a file that was asked about.
fn is_selected(repository: &Repository, finding: &Finding) -> bool {
    let mut places = std::iter::once(&finding.primary).chain(&finding.labels);
    places.any(|label| repository.is_selected(&label.file))
}
