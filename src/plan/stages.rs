use std::collections::{BTreeMap, BTreeSet};

use camino::Utf8PathBuf;

use super::{Choice, Codemod, FileChange, Key, Plan, Planned, Policy, Status, make};
use crate::repository::Repository;

/// A part of a plan that can be written before the next one: each finds the files as the earlier ones leave them.
#[derive(Debug, Clone)]
pub struct Stage {
    /// What it repairs.
    pub findings: Vec<Planned>,
    /// The files that it changes.
    pub files: BTreeMap<Utf8PathBuf, FileChange>,
}

/// Takes `plan`, which `policy` led to for `repository`, apart into one stage a codemod.
///
/// There is a single stage where that can't be done: fixes of several codemods can build on each other, and the stages
/// have to add up to the bytes of the plan.
#[must_use]
pub fn stages(repository: &Repository, plan: &Plan, policy: &Policy, codemods: &[&Codemod]) -> Vec<Stage> {
    let applied = || plan.findings.iter().filter(|planned| planned.status == Status::Applied);
    if plan.files.is_empty() {
        return Vec::new();
    }
    let whole = Stage { findings: applied().cloned().collect(), files: plan.files.clone() };
    let used: BTreeSet<&str> = applied().map(|planned| planned.finding.codemod).collect();
    if used.len() < 2 {
        return vec![whole];
    }
    let chosen: BTreeSet<Key> = applied().map(|planned| planned.finding.key()).collect();
    let (mut now, mut stages) = (repository.clone(), Vec::new());
    for codemod in codemods.iter().filter(|codemod| used.contains(codemod.id)) {
        let choice = Choice::Only(chosen.clone());
        // Unsafe ones among the applied were allowed, by an option or by a person.
        let only = Policy { select: vec![codemod.id.to_owned()], choice, unsafe_fixes: true, ..policy.clone() };
        let Plan { findings, files, .. } = make(&now, &only, codemods);
        now = now.with_sources(files.values().map(|change| change.after.clone()));
        let findings = findings.into_iter().filter(|planned| planned.status == Status::Applied).collect();
        stages.push(Stage { findings, files });
    }
    stages.retain(|stage| !stage.files.is_empty());
    let adds_up = plan
        .files
        .iter()
        .all(|(path, change)| now.source(path).is_some_and(|source| source.text() == change.after.text()));
    let nothing_else = stages.iter().flat_map(|stage| stage.files.keys()).all(|path| plan.files.contains_key(path));
    if adds_up && nothing_else { stages } else { vec![whole] }
}
