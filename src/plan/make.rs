use std::collections::{BTreeMap, BTreeSet};

use camino::{Utf8Path, Utf8PathBuf};

use crate::model::Model;
use crate::repository::Repository;
use crate::source::{Edit, Source, apply_edits};

use super::check::problem_with;
use super::{Applicability, Codemod, FileChange, Finding, Plan, Planned, Policy, Status};

/// What identifies a finding while the files change under it.
type Key = (&'static str, Utf8PathBuf, String);

/// After this many rounds of fixes something feeds itself; real repositories need about as many rounds as one file has
/// secrets.
const MOST_ROUNDS: usize = 256;

/// Finds what is wrong in `repository` and makes the change that `policy` allows.
///
/// Fixes that touch the same Dockerfile, the same build or the same bytes are made one after the other, each on an
/// analysis of the files as the earlier ones left them, so that no fix is written against text that has changed. After
/// each round the result is analysed again; a fix that did not do what it promised is taken out whole.
#[must_use]
pub fn make(repository: &Repository, policy: &Policy, codemods: &[&Codemod]) -> Plan {
    let mut work = Work::new(repository, policy, codemods);
    let found = work.find(|_| true);
    let mut findings = found.clone();
    for _ in 0..MOST_ROUNDS {
        let chosen = work.choose(&findings);
        if chosen.is_empty() {
            break;
        }
        work.apply(&chosen);
        let open: BTreeSet<Utf8PathBuf> = findings.iter().map(|finding| finding.primary.file.clone()).collect();
        findings = work.find(|path| open.contains(path));
    }
    work.into_plan(found)
}

struct Work<'p> {
    original: &'p Repository,
    current: Repository,
    policy: &'p Policy,
    codemods: Vec<&'p Codemod>,
    applied: BTreeSet<Key>,
    rejected: BTreeMap<Key, String>,
}

impl<'p> Work<'p> {
    fn new(original: &'p Repository, policy: &'p Policy, codemods: &[&'p Codemod]) -> Self {
        let wanted = |codemod: &&Codemod| {
            let named = |ids: &[String]| ids.iter().any(|id| id == codemod.id);
            (policy.select.is_empty() || named(&policy.select)) && !named(&policy.ignore)
        };
        Self {
            original,
            current: original.clone(),
            policy,
            codemods: codemods.iter().copied().filter(wanted).collect(),
            applied: BTreeSet::new(),
            rejected: BTreeMap::new(),
        }
    }

    fn find(&self, open: impl Fn(&Utf8Path) -> bool) -> Vec<Finding> {
        let prefilter = self.policy.prefilter;
        let triggered = |path: &Utf8Path| {
            let text = self.current.source(path).map_or("", Source::text);
            !prefilter || self.codemods.iter().any(|codemod| (codemod.may_find)(text))
        };
        let model = Model::new(&self.current, |path| open(path) && triggered(path));
        let mut findings: Vec<Finding> = self.codemods.iter().flat_map(|codemod| (codemod.find)(&model)).collect();
        findings.sort_by_key(|finding| (finding.primary.file.clone(), finding.primary.range.start()));
        findings
    }

    /// The fixes that the policy allows and that can be made together.
    fn choose<'f>(&self, findings: &'f [Finding]) -> Vec<&'f Finding> {
        let least = if self.policy.unsafe_fixes { Applicability::Unsafe } else { Applicability::Safe };
        let mut units: BTreeSet<&(Utf8PathBuf, usize)> = BTreeSet::new();
        let mut edits: BTreeMap<&Utf8PathBuf, Vec<&Edit>> = BTreeMap::new();
        let mut chosen = Vec::new();
        for finding in findings {
            let fix = &finding.fix;
            let key = finding.key();
            if fix.applicability < least || self.rejected.contains_key(&key) || self.applied.contains(&key) {
                continue;
            }
            let collides = fix.edits.iter().any(|(file, own)| {
                let others = edits.get(file).map(Vec::as_slice).unwrap_or_default();
                others.iter().any(|other| own.iter().any(|edit| edit.collides_with(other)))
            });
            if collides || fix.units.iter().any(|unit| units.contains(unit)) {
                continue;
            }
            units.extend(&fix.units);
            for (file, own) in &fix.edits {
                edits.entry(file).or_default().extend(own);
            }
            chosen.push(finding);
        }
        chosen
    }

    /// Applies `chosen`, or those of them that keep their promise.
    fn apply(&mut self, chosen: &[&Finding]) {
        let mut rest: Vec<&Finding> = chosen.to_vec();
        while !rest.is_empty() {
            let Some(next) = self.with_edits(&rest) else { break };
            let failed: Vec<(Key, String)> =
                rest.iter().filter_map(|finding| Some((finding.key(), self.broken_promise(&next, finding)?))).collect();
            if failed.is_empty() {
                self.applied.extend(rest.iter().map(|finding| finding.key()));
                self.current = next;
                return;
            }
            rest.retain(|finding| failed.iter().all(|(key, _)| *key != finding.key()));
            self.rejected.extend(failed);
        }
    }

    /// The repository with these fixes; a fix that can't even be applied is rejected.
    fn with_edits(&mut self, chosen: &[&Finding]) -> Option<Repository> {
        let mut edits: BTreeMap<&Utf8PathBuf, Vec<Edit>> = BTreeMap::new();
        for finding in chosen {
            for (file, own) in &finding.fix.edits {
                edits.entry(file).or_default().extend(own.iter().cloned());
            }
        }
        let mut changed = Vec::new();
        for (file, edits) in edits {
            let source = self.current.source(file)?;
            match apply_edits(source.text(), &edits) {
                Ok(text) => changed.push(source.with_text(text)),
                Err(overlap) => {
                    let culprits = chosen.iter().filter(|finding| finding.fix.edits.contains_key(file));
                    self.rejected.extend(culprits.map(|finding| (finding.key(), overlap.to_string())));
                    return None;
                }
            }
        }
        Some(self.current.with_sources(changed))
    }

    fn broken_promise(&self, next: &Repository, finding: &Finding) -> Option<String> {
        let path = finding.primary.file.clone();
        let before = Model::new(&self.current, |candidate| candidate == path);
        let after = Model::new(next, |candidate| candidate == path);
        let again = self.codemods.iter().filter(|codemod| codemod.id == finding.codemod);
        if again.flat_map(|codemod| (codemod.find)(&after)).any(|other| other.key() == finding.key()) {
            return Some("the same finding is there after the fix".to_owned());
        }
        problem_with(&before, &after, finding)
    }

    fn into_plan(self, found: Vec<Finding>) -> Plan {
        let status = |finding: &Finding| {
            let key = finding.key();
            if self.applied.contains(&key) {
                return Status::Applied;
            }
            match (self.rejected.get(&key), finding.fix.applicability) {
                (Some(reason), _) => Status::HeldBack(reason.clone()),
                (None, Applicability::Manual) => Status::Manual,
                (None, Applicability::Unsafe) => Status::Unsafe,
                (None, Applicability::Safe) => Status::HeldBack("another fix had to be made first".to_owned()),
            }
        };
        let findings = found.into_iter().map(|finding| Planned { status: status(&finding), finding }).collect();
        let changed = self.current.sources().filter_map(|after| {
            let before = self.original.source(after.path())?;
            let change = FileChange { before: before.clone(), after: after.clone() };
            (before.text() != after.text()).then(|| (after.path().to_owned(), change))
        });
        Plan { findings, files: changed.collect() }
    }
}
