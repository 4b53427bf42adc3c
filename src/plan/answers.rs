//! What the codemods find in each Dockerfile, with what that rests on.

use std::collections::BTreeMap;
use std::rc::Rc;

use camino::Utf8PathBuf;

use crate::model::{Changes, Dockerfile, Model};
use crate::repository::Repository;
use crate::repository::reads::Reads;

use super::{Codemod, Finding};

/// The findings of one state of the files.
#[derive(Debug, Default)]
pub(super) struct Answers(BTreeMap<Utf8PathBuf, Rc<Answer>>);

/// What is found in one Dockerfile.
#[derive(Debug)]
struct Answer {
    /// The findings of each codemod, in the order in which the codemods were asked.
    findings: Vec<Vec<Rc<Finding>>>,
    reads: Reads,
}

impl Answers {
    /// The findings in `model`; those that the `changes` since these answers can't touch are kept.
    pub(super) fn of(&self, model: &Model, changes: Option<&Changes<'_>>, codemods: &[&Codemod]) -> Self {
        let kept = |dockerfile: &Dockerfile| {
            let known = self.0.get(dockerfile.path())?;
            (!changes?.touch(dockerfile, &known.reads)).then(|| Rc::clone(known))
        };
        let own = model.dockerfiles.iter().map(Rc::as_ref).map(|dockerfile| {
            let answer = kept(dockerfile).unwrap_or_else(|| Rc::new(Answer::new(model, dockerfile, codemods)));
            (dockerfile.path().to_owned(), answer)
        });
        let foreign = model.foreign_dockerfiles();
        let foreign = foreign
            .iter()
            .map(|dockerfile| (dockerfile.path().to_owned(), Rc::new(Answer::new(model, dockerfile, codemods))));
        Self(own.chain(foreign).collect())
    }

    /// All findings, in the order of the files and of the places in them.
    pub(super) fn findings(&self) -> Vec<Rc<Finding>> {
        let codemods = self.0.values().map(|answer| answer.findings.len()).max().unwrap_or(0);
        let of_codemod = |at: usize| self.0.values().filter_map(move |answer| answer.findings.get(at)).flatten();
        let mut findings: Vec<Rc<Finding>> = (0..codemods).flat_map(of_codemod).cloned().collect();
        findings.sort_by(|one, other| {
            let place = |finding: &Finding| finding.primary.range.start();
            one.primary.file.cmp(&other.primary.file).then_with(|| place(one).cmp(&place(other)))
        });
        findings
    }
}

impl Answer {
    fn new(model: &Model, dockerfile: &Dockerfile, codemods: &[&Codemod]) -> Self {
        let runs = |finding: &Finding| model.settings_at(&finding.dockerfile).codemods.includes(finding.codemod);
        let wanted = |finding: &Finding| is_selected(&model.repository, finding) && runs(finding);
        let (findings, reads) = model.repository.recorder().record(|| {
            let found = codemods.iter().map(|codemod| (codemod.find)(model, dockerfile).into_iter());
            found.map(|found| found.filter(wanted).map(Rc::new).collect()).collect()
        });
        Self { findings, reads }
    }
}

/// Whether one of the finding's places is in a file that was asked about.
fn is_selected(repository: &Repository, finding: &Finding) -> bool {
    let mut places = std::iter::once(&finding.primary).chain(&finding.labels);
    places.any(|label| repository.is_selected(&label.file))
}
