use std::collections::{BTreeMap, BTreeSet};
use std::rc::Rc;
use std::sync::Arc;

use camino::{Utf8Path, Utf8PathBuf};

use crate::config::Settings;
use crate::model::{Changes, Model};
use crate::repository::Repository;
use crate::source::{Edit, Source, apply_edits};

use super::answers::Answers;
use super::changed::concerned;
use super::check::problem_with;
use super::suppress::Suppressions;
use super::{Applicability, Codemod, FileChange, Finding, Key, Plan, Planned, Policy, SetAside, Status, fingerprint};

/// After this many rounds of fixes something feeds itself; real repositories need about as many rounds as one file has
/// secrets.
const MOST_ROUNDS: usize = 256;

/// How much is repaired in one Dockerfile: the square of its findings times its instructions. Each fix is made on an analysis of what
/// the one before it left, and every analysis asks of each secret what each RUN does with it. Nobody writes more than a tenth.
const MOST_WORK: usize = 64 * 64 * 256;

/// Finds what is wrong in `repository` and makes the change that `policy` allows.
///
/// Fixes that touch the same Dockerfile, the same build or the same bytes are made one after the other, each on an
/// analysis of the files as the earlier ones left them, so that no fix is written against text that has changed. After
/// each round the result is analysed again; a fix that did not do what it promised is taken out whole.
#[must_use]
pub fn make(repository: &Repository, policy: &Policy, codemods: &[&Codemod]) -> Plan {
    let mut work = Work::new(repository, policy, codemods);
    work.answers = work.answer(&work.model, None);
    work.plan(repository)
}

/// What is wrong with `changed` as a repair of `finding`, which is a finding in `repository`; `None` if it keeps what a
/// fix has to keep: BuildKit reads the result, the finding is gone, every RUN has the value still, no build passes the
/// argument, and no instruction changed but those of the fix.
#[must_use]
pub fn problem_with_edit(
    repository: &Repository,
    changed: &[Source],
    finding: &Finding,
    policy: &Policy,
    codemods: &[&Codemod],
) -> Option<String> {
    let work = Work::new(repository, policy, codemods);
    let paths: Vec<Utf8PathBuf> = changed.iter().map(|source| source.path().to_owned()).collect();
    let sources = changed.iter().cloned();
    let next = work.model.after(Rc::new(work.model.repository.with_sources(sources)), &paths);
    let answers = work.answer(&next, None);
    let left = work.wanted(&next, &answers).iter().map(|finding| finding.key()).collect();
    work.broken_promise(&next, &left, finding)
}

/// Whether one of `codemods` may find something in a Dockerfile of this text, for which `settings` were decided: a necessary
/// condition that costs nearly nothing.
#[must_use]
pub fn may_find(text: &str, settings: &Settings, codemods: &[&Codemod]) -> bool {
    // The codemods' own conditions know no names but those that everybody knows.
    let named = !settings.names.secret.is_empty() || !settings.secrets.is_empty();
    let mut active = codemods.iter().filter(|codemod| settings.codemods.includes(codemod.id));
    active.any(|codemod| named || (codemod.may_find)(text))
}

pub(super) struct Work<'p> {
    model: Rc<Model>,
    /// What is found in that state.
    answers: Answers,
    policy: &'p Policy,
    codemods: Vec<&'p Codemod>,
    /// The ids of all codemods, also of those that don't run.
    ids: Vec<&'p str>,
    /// The comments of the original files.
    suppressions: Suppressions,
    /// The Dockerfiles that findings are wanted of, where not of all.
    concerned: Option<BTreeSet<Utf8PathBuf>>,
    applied: BTreeSet<Key>,
    rejected: BTreeMap<Key, Rejection>,
    /// What is set aside because it is known.
    known: BTreeSet<Key>,
}

/// A fix that was taken out.
struct Rejection {
    /// Why, one sentence without a final period.
    reason: String,
    /// Whether another one was made near it since it was tried; `None` if it was not tried.
    outdated: Option<bool>,
}

/// The findings of the original files, as a person is told of them.
pub(super) struct Sorted {
    open: Vec<Planned>,
    set_aside: Vec<SetAside>,
}

impl<'p> Work<'p> {
    fn new(original: &'p Repository, policy: &'p Policy, codemods: &[&'p Codemod]) -> Self {
        let active: Vec<_> = codemods.iter().copied().filter(|codemod| policy.includes(codemod.id)).collect();
        let text = |path: &Utf8Path| original.source(path).map_or("", Source::text);
        let may_find = |path: &Utf8Path| may_find(text(path), &original.settings(path), &active);
        // Triggers run in the builds of other Dockerfiles, which may have nothing of their own to be found.
        let has_triggers = |path: &Utf8PathBuf| text(path).to_ascii_lowercase().contains("onbuild");
        let all = !policy.prefilter || original.dockerfiles().iter().any(|path| may_find(path) && has_triggers(path));
        let triggered = |path: &Utf8Path| all || may_find(path);
        let model = Model::new(Rc::new(original.noted_apart()), triggered).knowing(&policy.foreign);
        Self::on(Rc::new(model), Answers::default(), original, policy, codemods)
    }

    /// The work on a state that was understood before, and what is found in it.
    pub(super) fn on(
        model: Rc<Model>,
        answers: Answers,
        original: &Repository,
        policy: &'p Policy,
        codemods: &[&'p Codemod],
    ) -> Self {
        let ids: Vec<&str> = codemods.iter().map(|codemod| codemod.id).collect();
        let codemods: Vec<_> = codemods.iter().copied().filter(|codemod| policy.includes(codemod.id)).collect();
        let suppressions = Suppressions::of(original, &ids);
        let concerned = original.changed.as_ref().map(|changed| concerned(&model, changed));
        let (applied, rejected, known) = (BTreeSet::new(), BTreeMap::new(), BTreeSet::new());
        Self { model, answers, policy, codemods, ids, suppressions, concerned, applied, rejected, known }
    }

    /// Makes fixes in rounds until none is left.
    pub(super) fn plan(mut self, original: &Repository) -> Plan {
        let sorted = self.sort(original);
        let mut findings = self.wanted(&self.model, &self.answers);
        self.hold_back_crowds(&findings);
        for _ in 0..MOST_ROUNDS {
            let chosen = self.choose(&findings);
            if chosen.is_empty() {
                if self.reconsider() {
                    continue;
                }
                break;
            }
            match self.apply(&chosen) {
                Some(next) => findings = next,
                None => continue,
            }
        }
        self.into_plan(original, sorted)
    }

    /// Takes every fix that is sure enough for applied, without trying it.
    pub(super) fn trust(&mut self) {
        let findings = self.wanted(&self.model, &self.answers);
        self.hold_back_crowds(&findings);
        let sure = findings.iter().filter(|finding| self.is_open(finding));
        let sure: Vec<Key> = sure.map(|finding| finding.key()).collect();
        self.applied.extend(sure);
    }

    /// What is found in `model`, a later state in which `files` changed: of what they can't touch, the same as before.
    fn answer(&self, model: &Model, files: Option<&[Utf8PathBuf]>) -> Answers {
        let changes = files.filter(|_| self.policy.reuse).map(|files| Changes::new(&self.model, model, files));
        self.answers.of(model, changes.as_ref(), &self.codemods)
    }

    /// The findings that a fix may be made for.
    fn wanted(&self, model: &Model, answers: &Answers) -> Vec<Arc<Finding>> {
        let mut findings = self.all(answers);
        if !self.suppressions.files.is_empty() {
            let comments = self.suppressions.again(&model.repository, &self.ids);
            findings.retain(|finding| comments.silencing(finding).is_none());
        }
        findings.retain(|finding| !self.known.contains(&finding.key()));
        findings
    }

    /// Finds everything in the original files, and sets aside what nobody wants to hear of.
    pub(super) fn sort(&mut self, original: &Repository) -> Sorted {
        let all = self.all(&self.answers);
        let runs = |file: &Utf8Path, id: &str| {
            let asked = original.is_selected(file) && original.changed.is_none();
            asked
                && self.codemods.iter().any(|codemod| codemod.id == id)
                && original.settings(file).codemods.includes(id)
        };
        self.suppressions.look_for_use(&all, runs);
        let mut numbers: BTreeMap<Key, usize> = BTreeMap::new();
        let mut sorted = Sorted { open: Vec::new(), set_aside: Vec::new() };
        for finding in all {
            let number = numbers.entry(finding.key()).or_default();
            *number += 1;
            let fingerprint = fingerprint(&finding, *number);
            let known = self.policy.known.contains(&fingerprint);
            let suppression = self.suppressions.silencing(&finding);
            if suppression.is_some() || (known && self.policy.only_new) {
                sorted.set_aside.push(SetAside { finding, fingerprint, suppression });
            } else {
                sorted.open.push(Planned { finding, status: Status::Manual, number: *number, known });
            }
        }
        let open: BTreeSet<Key> = sorted.open.iter().map(|planned| planned.finding.key()).collect();
        let known = sorted.set_aside.iter().filter(|aside| aside.suppression.is_none());
        self.known = known.map(|aside| aside.finding.key()).filter(|key| !open.contains(key)).collect();
        sorted
    }

    /// The findings of the files that were asked about, in their order.
    fn all(&self, answers: &Answers) -> Vec<Arc<Finding>> {
        let mut findings = answers.findings();
        findings.retain(|finding| self.is_concerned(finding));
        findings
    }

    /// Whether the changes that are asked about are about `finding`.
    fn is_concerned(&self, finding: &Finding) -> bool {
        let Some((concerned, changed)) = self.concerned.as_ref().zip(self.model.repository.changed.as_ref()) else {
            return true;
        };
        let mut places = std::iter::once(&finding.primary).chain(&finding.labels);
        concerned.contains(&finding.dockerfile) || places.any(|label| changed.contains(&label.file))
    }

    /// Holds back all fixes of a Dockerfile that has too many: made in part, a second run would make others.
    fn hold_back_crowds(&mut self, findings: &[Arc<Finding>]) {
        let mut crowds: BTreeMap<&Utf8Path, Vec<Key>> = BTreeMap::new();
        for finding in findings.iter().filter(|finding| finding.fix.applicability > Applicability::Manual) {
            crowds.entry(&finding.dockerfile).or_default().push(finding.key());
        }
        for (path, keys) in crowds {
            let steps = self.model.dockerfile(path).map_or(0, |dockerfile| dockerfile.steps.len());
            let count = keys.len();
            if count.saturating_pow(2).saturating_mul(steps) > MOST_WORK {
                let many =
                    format!("{count} findings in {steps} instructions are more than is repaired in one Dockerfile");
                let untried = || Rejection { reason: many.clone(), outdated: None };
                self.rejected.extend(keys.into_iter().map(|key| (key, untried())));
            }
        }
    }

    /// Forgets that a fix was taken out that was tried before another one near it was made: what stood in its way may be gone, and a
    /// second run would try it. One at a time, as two of them may be in each other's way.
    fn reconsider(&mut self) -> bool {
        let outdated = self.rejected.iter().find(|(_, rejection)| rejection.outdated == Some(true));
        let key = outdated.map(|(key, _)| key.clone());
        key.is_some_and(|key| self.rejected.remove(&key).is_some())
    }

    /// Takes note that fixes of `made` were made: of those that were taken out, it outdates what is of the same Dockerfile, or of one
    /// that is built by a file that builds it as well.
    fn outdate(&mut self, made: &BTreeSet<&Utf8Path>) {
        let callers = |path: &Utf8Path| -> BTreeSet<&Utf8Path> {
            let builds = self.model.dockerfile(path).into_iter().flat_map(|one| self.model.bound_builds(one));
            builds.map(|bound| bound.build.file.as_path()).collect()
        };
        let tried = self.rejected.iter_mut().filter(|(_, rejection)| rejection.outdated == Some(false));
        let mut tried = tried.peekable();
        if tried.peek().is_none() {
            return;
        }
        let around: BTreeSet<&Utf8Path> = made.iter().flat_map(|path| callers(path)).collect();
        for ((_, path, _), rejection) in tried {
            let is_near = made.contains(path.as_path()) || !around.is_disjoint(&callers(path));
            rejection.outdated = Some(is_near);
        }
    }

    fn reject(&mut self, key: Key, reason: String) {
        self.rejected.insert(key, Rejection { reason, outdated: Some(false) });
    }

    /// The fixes that the policy allows and that can be made together.
    fn choose<'f>(&self, findings: &'f [Arc<Finding>]) -> Vec<&'f Finding> {
        let mut units: BTreeSet<&(Utf8PathBuf, usize)> = BTreeSet::new();
        let mut edits: BTreeMap<&Utf8PathBuf, Vec<&Edit>> = BTreeMap::new();
        let mut chosen = Vec::new();
        for finding in findings.iter().map(Arc::as_ref) {
            let fix = &finding.fix;
            if !self.is_open(finding) {
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

    /// Whether the policy allows the fix of `finding`, and nothing has come of it yet.
    fn is_open(&self, finding: &Finding) -> bool {
        let least = if self.policy.unsafe_fixes { Applicability::Unsafe } else { Applicability::Safe };
        let key = finding.key();
        let settled = self.rejected.contains_key(&key) || self.applied.contains(&key);
        finding.fix.applicability >= least && !settled && self.policy.choice.includes(&key)
    }

    /// Applies those of `chosen` that keep their promise. Returns what is found in the result; `None` if none did.
    fn apply(&mut self, chosen: &[&Finding]) -> Option<Vec<Arc<Finding>>> {
        let mut rest: Vec<&Finding> = chosen.to_vec();
        while !rest.is_empty() {
            let (repository, changed) = self.with_edits(&rest)?;
            let next = self.model.after(Rc::new(repository), &changed);
            let answers = self.answer(&next, Some(&changed));
            let findings = self.wanted(&next, &answers);
            let left: BTreeSet<Key> = findings.iter().map(|finding| finding.key()).collect();
            let failed: BTreeMap<Key, String> = rest
                .iter()
                .filter_map(|finding| Some((finding.key(), self.broken_promise(&next, &left, finding)?)))
                .collect();
            if failed.is_empty() {
                self.applied.extend(rest.iter().map(|finding| finding.key()));
                self.outdate(&rest.iter().map(|finding| finding.dockerfile.as_path()).collect());
                (self.model, self.answers) = (Rc::new(next), answers);
                return Some(findings);
            }
            rest.retain(|finding| !failed.contains_key(&finding.key()));
            failed.into_iter().for_each(|(key, reason)| self.reject(key, reason));
        }
        None
    }

    /// The repository with these fixes, and the files that changed; a fix that can't even be applied is rejected.
    fn with_edits(&mut self, chosen: &[&Finding]) -> Option<(Repository, Vec<Utf8PathBuf>)> {
        let mut edits: BTreeMap<&Utf8PathBuf, Vec<Edit>> = BTreeMap::new();
        for finding in chosen {
            for (file, own) in &finding.fix.edits {
                edits.entry(file).or_default().extend(own.iter().cloned());
            }
        }
        let mut changed = Vec::new();
        for (file, edits) in edits {
            let source = self.source(file)?;
            match apply_edits(source.text(), &edits) {
                Ok(text) => changed.push(source.with_text(text)),
                Err(overlap) => {
                    let culprits = chosen.iter().filter(|finding| finding.fix.edits.contains_key(file));
                    culprits.for_each(|finding| self.reject(finding.key(), overlap.to_string()));
                    return None;
                }
            }
        }
        let paths = changed.iter().map(|source| source.path().to_owned()).collect();
        Some((self.model.repository.with_sources(changed), paths))
    }

    /// The file as it is; empty where a fix creates it.
    fn source(&self, file: &Utf8Path) -> Option<Source> {
        let repository = &self.model.repository;
        let fresh = (!repository.is_file(file)).then(|| Source::new(file.to_owned(), Vec::new()));
        repository.source(file).cloned().or(fresh)
    }

    /// Whether the state `next`, in which the findings of `left` are found, is not what the fix of `finding` promised.
    fn broken_promise(&self, next: &Model, left: &BTreeSet<Key>, finding: &Finding) -> Option<String> {
        if left.contains(&finding.key()) {
            return Some("the same finding is there after the fix".to_owned());
        }
        problem_with(&self.model, next, finding)
    }

    pub(super) fn into_plan(self, original: &Repository, sorted: Sorted) -> Plan {
        // An earlier fix may have made another finding of one, which was fixed then: what two secrets of one file need is one
        // command, and the first fix that moves it moves it for both.
        let repaired: BTreeSet<_> = self.applied.iter().map(|(_, dockerfile, subject)| (dockerfile, subject)).collect();
        let left: BTreeSet<Key> = self.all(&self.answers).iter().map(|finding| finding.key()).collect();
        let status = |finding: &Finding| {
            let key = finding.key();
            let is_repaired = repaired.contains(&(&finding.dockerfile, &finding.subject)) && !left.contains(&key);
            if is_repaired || self.applied.contains(&key) {
                return Status::Applied;
            }
            match (self.rejected.get(&key), finding.fix.applicability) {
                (Some(rejection), _) => Status::HeldBack(rejection.reason.clone()),
                (None, Applicability::Manual) => Status::Manual,
                (None, _) if !self.policy.choice.includes(&key) => Status::NotChosen,
                (None, Applicability::Unsafe) => Status::Unsafe,
                (None, Applicability::Safe) => Status::HeldBack("another fix had to be made first".to_owned()),
            }
        };
        let planned = |one: Planned| Planned { status: status(&one.finding), ..one };
        let findings = sorted.open.into_iter().map(planned).collect();
        // Fixes make files and take none away, and both lists are in the order of paths.
        let mut originals = original.sources().peekable();
        let changed = self.model.repository.sources().filter_map(|after| {
            let path = after.path();
            let before = originals.next_if(|before| before.path().as_str() == path.as_str());
            if before.is_some_and(|before| before.is_same_text(after)) {
                return None;
            }
            let before = before.cloned().unwrap_or_else(|| Source::new(path.to_owned(), Vec::new()));
            (before.text() != after.text()).then(|| (path.to_owned(), FileChange { before, after: after.clone() }))
        });
        Plan {
            findings,
            files: changed.collect(),
            set_aside: sorted.set_aside,
            suppressions: self.suppressions.all,
            mistakes: self.suppressions.mistakes,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::codemods;

    #[test]
    fn a_fix_is_tried_again_when_what_stood_in_its_way_is_gone() {
        let text = "FROM node:22\nENV API_TOKEN=c4n4ryV4lu3xQ9zT7\nRUN echo $API_TOKEN | tool login\nARG API_TOKEN\nRUN npm ci\n";
        let source = Source::new("Dockerfile", text.into());
        let repository = Repository::new([], [source], vec!["Dockerfile".into()]);
        let policy = Policy { unsafe_fixes: true, ..Policy::default() };
        let plan = make(&repository, &policy, codemods::ALL);
        let applied = plan.findings.iter().filter(|planned| planned.status == Status::Applied);
        assert_eq!(applied.map(|planned| planned.finding.codemod).collect::<Vec<_>>(), ["env-secret", "arg-secret"]);
        // Without the other fix the RUN behind the argument would see that one.
        let alone = make(&repository, &Policy { ignore: vec!["arg-secret".to_owned()], ..policy }, codemods::ALL);
        assert!(matches!(alone.findings[0].status, Status::HeldBack(_)), "{:?}", alone.findings[0].status);
    }

    #[test]
    fn a_fix_is_tried_again_when_the_other_dockerfile_of_a_command_has_changed() {
        let files = [
            ("api/Dockerfile", "FROM node:22\nFROM node:22\nARG NPM_TOKEN\nCOPY .npmrc ./\nRUN npm ci\n"),
            ("api/.npmrc", "//npm.example.com/:_authToken=${NPM_TOKEN}\n"),
            // The arguments of the first stage go by themselves, and then the command may stop to pass one.
            (
                "web/Dockerfile",
                "FROM node:22\nARG NPM_TOKEN\nARG NEWS_TOKEN\nFROM node:22\nCOPY --from=0 /app /app\nENV NPM_TOKEN=$NPM_TOKEN\n\
                 COPY package.json .npmrc server.js ./\nRUN npm ci\nCMD [\"sh\", \"-c\", \"curl $NPM_TOKEN\"]\n",
            ),
            ("web/.npmrc", "//npm.example.com/:_authToken=${NPM_TOKEN}\n"),
            ("build.sh", "for one in api web; do\n  docker build --build-arg NPM_TOKEN -t $one $one\ndone\n"),
        ];
        let sources = files.map(|(path, text)| Source::new(path, text.into()));
        let dockerfiles = vec!["api/Dockerfile".into(), "web/Dockerfile".into()];
        let repository = Repository::new([], sources, dockerfiles);
        let policy = Policy { unsafe_fixes: true, ..Policy::default() };
        let plan = make(&repository, &policy, codemods::ALL);
        let after = |path: &str| plan.files.get(Utf8Path::new(path)).map_or("", |change| change.after.text());
        assert!(after("api/Dockerfile").contains("--mount=type=secret,id=npm_token"), "{:?}", plan.findings);
        assert!(after("build.sh").contains("--secret id=npm_token"), "{}", after("build.sh"));
    }
}
