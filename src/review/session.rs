use std::collections::{BTreeMap, BTreeSet};
use std::rc::Rc;
use std::sync::Arc;

use camino::{Utf8Path, Utf8PathBuf};

use crate::codemods::{self, Question};
use crate::config::{self, Setting};
use crate::model::Model;
use crate::plan::{self, Applicability, Choice, FileChange, Finding, Key, Plan, Planned, Policy, Status};
use crate::repository::Repository;
use crate::source::Source;

use super::offer::Offer;

/// The answers to the fixes of one repository, and the files as they are with them.
///
/// Every accepted fix is a plan of its own on the files as the earlier ones left them, with all the checks of a plan. A
/// fix that does not pass them is not offered.
pub(super) struct Session<'a> {
    original: &'a Repository,
    policy: Policy,
    found: Vec<Arc<Finding>>,
    now: State,
    /// The states before each answer.
    earlier: Vec<State>,
}

#[derive(Clone)]
struct State {
    repository: Repository,
    findings: Rc<Vec<Arc<Finding>>>,
    accepted: Vec<Arc<Finding>>,
    skipped: BTreeSet<Key>,
    held_back: BTreeMap<Key, String>,
}

impl<'a> Session<'a> {
    pub(super) fn new(original: &'a Repository, policy: &Policy) -> Self {
        let policy = Policy { unsafe_fixes: true, ..policy.clone() };
        let findings = find(original, &policy);
        let now = State {
            repository: original.clone(),
            findings: Rc::new(findings.clone()),
            accepted: Vec::new(),
            skipped: BTreeSet::new(),
            held_back: BTreeMap::new(),
        };
        Self { original, policy, found: findings, now, earlier: Vec::new() }
    }

    /// The files with the accepted fixes.
    pub(super) fn repository(&self) -> &Repository {
        &self.now.repository
    }

    /// What is found in [`Self::repository`].
    pub(super) fn findings(&self) -> &[Arc<Finding>] {
        &self.now.findings
    }

    /// How many fixes were answered, and how many more there are.
    pub(super) fn progress(&self) -> (usize, usize) {
        let open = self.now.findings.iter().filter(|finding| self.now.is_open(finding)).count();
        (self.now.accepted.len() + self.now.skipped.len(), open)
    }

    /// The next fix that can be made, of those that are `wanted`.
    pub(super) fn next(&mut self, wanted: impl Fn(&Finding) -> bool) -> Option<Offer> {
        loop {
            let finding =
                self.now.findings.iter().find(|finding| self.now.is_open(finding) && wanted(finding))?.clone();
            let key = finding.key();
            let plan = make(&self.now.repository, &self.policy, [key.clone()]);
            let status = plan.findings.into_iter().find(|planned| planned.finding.key() == key);
            match status.map(|planned| planned.status) {
                Some(Status::Applied) => return Some(Offer { finding, files: plan.files }),
                Some(Status::HeldBack(reason)) => self.now.held_back.insert(key, reason),
                _ => self.now.held_back.insert(key, "its fix can't be made alone".to_owned()),
            };
        }
    }

    /// The offer with another content of one of its files, and what is wrong with it as a repair.
    pub(super) fn edited(&self, offer: &Offer, file: &Utf8Path, bytes: Vec<u8>) -> (Offer, Option<String>) {
        let mut edited = offer.clone();
        if let Some(change) = edited.files.get_mut(file) {
            change.after = Source::new(file, bytes);
        }
        let changed: Vec<Source> = edited.files.values().map(|change| change.after.clone()).collect();
        let now = &self.now.repository;
        let problem = plan::problem_with_edit(now, &changed, &offer.finding, &self.policy, codemods::ALL);
        (edited, problem)
    }

    pub(super) fn accept(&mut self, offer: Offer) {
        self.accept_with(offer, |_| false);
    }

    /// Accepts a fix, and as part of the same answer all later ones that are `wanted`.
    pub(super) fn accept_with(&mut self, offer: Offer, wanted: impl Fn(&Finding) -> bool) {
        self.earlier.push(self.now.clone());
        let mut next = Some(offer);
        while let Some(offer) = next {
            let changed = offer.files.into_values().map(|change| change.after);
            self.now.repository = self.now.repository.with_sources(changed);
            self.now.accepted.push(offer.finding);
            self.now.findings = Rc::new(find(&self.now.repository, &self.policy));
            next = self.next(&wanted);
        }
    }

    pub(super) fn skip(&mut self, offer: &Offer) {
        self.earlier.push(self.now.clone());
        self.now.skipped.insert(offer.finding.key());
    }

    /// What a person can decide about the fix of `finding`.
    pub(super) fn questions(&self, finding: &Finding) -> Vec<Question> {
        let model = Model::new(Rc::new(self.now.repository.clone()), |_| true);
        codemods::questions(&model, finding)
    }

    /// Goes on with a decision, and with its place in the settings file if it is to be remembered. False where it can't be
    /// added to the file in the root, or would have no effect there.
    pub(super) fn decide(&mut self, setting: &Setting, remember: bool) -> bool {
        let repository = &self.now.repository;
        let empty = Source::new(config::FILE, Vec::new());
        let source = repository.settings_source.as_ref().unwrap_or(&empty);
        let text = remember.then(|| config::remembered(source.text(), setting));
        let Some(file) = text.map_or(Some(None), |text| text.map(|text| Some(source.with_text(text)))) else {
            return false;
        };
        let remembers = file.is_some();
        let written = repository.with_sources(file);
        // What a folder decides for itself counts more than the file in the root.
        if remembers && !self.places(setting).iter().all(|path| written.settings(path).has(setting)) {
            return false;
        }
        self.earlier.push(self.now.clone());
        self.now.repository = written.with_setting(setting);
        self.now.findings = Rc::new(find(&self.now.repository, &self.policy));
        true
    }

    /// The files that a decision is about.
    fn places(&self, setting: &Setting) -> Vec<Utf8PathBuf> {
        let of = |name: &String| {
            let about = self.now.findings.iter().filter(|finding| finding.subject == *name);
            about.map(|finding| finding.dockerfile.clone()).collect()
        };
        match setting {
            Setting::Id(name, _) | Setting::Mount(name, _) | Setting::Needed(name, _) => of(name),
            Setting::Build(file, _) => vec![file.clone()],
        }
    }

    pub(super) fn can_undo(&self) -> bool {
        !self.earlier.is_empty()
    }

    /// Takes the last answer back, if there is one.
    pub(super) fn undo(&mut self) {
        if let Some(before) = self.earlier.pop() {
            self.now = before;
        }
    }

    /// What was decided, as one change of the original files.
    pub(super) fn into_plan(self) -> Plan {
        let Self { original, found, now, .. } = self;
        let files = now.repository.sources().filter_map(|after| {
            let before = original.source(after.path())?;
            let change = FileChange { before: before.clone(), after: after.clone() };
            (before.text() != after.text()).then(|| (after.path().to_owned(), change))
        });
        let settings = now.repository.settings_source.as_ref().map(|after| {
            let before = original.settings_source.clone();
            let before = before.unwrap_or_else(|| Source::new(config::FILE, Vec::new()));
            (after.path().to_owned(), FileChange { before, after: after.clone() })
        });
        let settings = settings.filter(|(_, change)| change.before.text() != change.after.text());
        let files = files.chain(settings).collect();
        // What an accepted fix brought to light stands behind what was there before it; what one repaired along the way
        // is neither left nor fixed by its own fix.
        let known: BTreeSet<Key> = found.iter().map(|finding| finding.key()).collect();
        let left: BTreeSet<Key> = now.findings.iter().map(|finding| finding.key()).collect();
        let later = now.accepted.iter().chain(now.findings.iter()).filter(|finding| !known.contains(&finding.key()));
        let all = found.iter().chain(later);
        let accepted = |finding: &Finding| now.accepted.iter().any(|one| one.key() == finding.key());
        let told = all.filter(|finding| accepted(finding) || left.contains(&finding.key()));
        let findings = told.map(|finding| Planned::new(finding.clone(), now.status(finding)));
        Plan { findings: findings.collect(), files, ..Plan::default() }
    }
}

impl State {
    /// Whether the fix of `finding` can still be offered.
    fn is_open(&self, finding: &Finding) -> bool {
        let key = finding.key();
        let settled = self.skipped.contains(&key)
            || self.held_back.contains_key(&key)
            || self.accepted.iter().any(|accepted| accepted.key() == key);
        finding.fix.applicability > Applicability::Manual && !settled
    }

    fn status(&self, finding: &Finding) -> Status {
        let key = finding.key();
        if self.accepted.iter().any(|accepted| accepted.key() == key) {
            return Status::Applied;
        }
        match (self.held_back.get(&key), finding.fix.applicability) {
            (Some(reason), _) => Status::HeldBack(reason.clone()),
            (None, Applicability::Manual) => Status::Manual,
            (None, _) => Status::NotChosen,
        }
    }
}

/// What is found in the files as they are.
fn find(repository: &Repository, policy: &Policy) -> Vec<Arc<Finding>> {
    make(repository, policy, []).findings.into_iter().map(|planned| planned.finding).collect()
}

fn make(repository: &Repository, policy: &Policy, keys: impl IntoIterator<Item = Key>) -> Plan {
    let choice = Choice::Only(keys.into_iter().collect());
    plan::make(repository, &Policy { choice, ..policy.clone() }, codemods::ALL)
}
