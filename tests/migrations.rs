//! What the codemods make of real repositories: folders of the corpus are planned, and the result is held to the
//! invariants. With `--nocapture` it prints how many findings were fixed, and why the others were not. Every fifth folder
//! is taken unless `WHOLE_CORPUS` is set. The answers are held to those in `snapshots/corpus.txt`; `UPDATE=1` writes new ones
//! down, to be looked at in review.

#![allow(missing_docs)]
// The table is what the test is run for by hand.
#![allow(clippy::print_stdout)]

use std::collections::BTreeMap;

use camino::{Utf8Path, Utf8PathBuf};
use dfmigrate::codemods;
use dfmigrate::plan::{self, Applicability, Plan, Policy, Status};
use dfmigrate::repository::{self, Repository};
use dfmigrate::source::Source;
use dfmigrate::syntax::dockerfile::{self, ProblemKind};
use rayon::prelude::*;
use sha2::{Digest, Sha256};

const CORPUS: &str = "../shared/corpus/secrets";

/// What was answered when somebody last looked. A line holds the name of a folder, a digest of all that the fixes write, and how
/// many findings are fixed, fixed on assumptions, and left to a person.
const RECORDED: &str = "snapshots/corpus.txt";

/// What came out of one folder.
#[derive(Default)]
struct Outcome {
    counts: BTreeMap<(&'static str, &'static str), usize>,
    obstacles: BTreeMap<String, usize>,
    assumptions: BTreeMap<String, usize>,
    changed: usize,
    wrong: Vec<String>,
    /// The answer for each folder, as a line behind its name.
    answers: BTreeMap<String, String>,
}

/// The folders of the corpus that are looked at, in order; `None` where the corpus is not there, which is said.
fn drawn() -> Option<Vec<Utf8PathBuf>> {
    let Ok(folders) = std::fs::read_dir(CORPUS) else {
        println!("skipped: {CORPUS} is not there");
        return None;
    };
    let mut folders: Vec<Utf8PathBuf> =
        folders.filter_map(|entry| Utf8PathBuf::from_path_buf(entry.ok()?.path()).ok()).collect();
    folders.sort();
    // Every fifth is enough to see a broken invariant in a debug build; the whole of it takes minutes there.
    let step = if std::env::var_os("WHOLE_CORPUS").is_some() { 1 } else { 5 };
    Some(folders.into_iter().step_by(step).collect())
}

#[test]
fn every_folder_of_the_corpus_is_planned_and_the_result_holds() {
    let Some(folders) = drawn() else { return };
    let outcomes: Vec<Outcome> = folders.par_iter().map(|folder| outcome(folder)).collect();
    let all = outcomes.into_iter().fold(Outcome::default(), Outcome::plus);
    all.print(folders.len());
    assert!(all.wrong.is_empty(), "{}", all.wrong.join("\n"));
    assert!(all.changed > 0, "the corpus has secrets, and none was migrated");
    compare(&all.answers);
}

/// Holds the answers to the recorded ones, or records them.
fn compare(answers: &BTreeMap<String, String>) {
    let text = std::fs::read_to_string(RECORDED).unwrap_or_default();
    let lines = text.lines().filter_map(|line| line.split_once(' '));
    let mut recorded: BTreeMap<String, String> =
        lines.map(|(folder, answer)| (folder.to_owned(), answer.to_owned())).collect();
    let other = answers.iter().filter(|(folder, answer)| recorded.get(*folder) != Some(answer));
    let other: Vec<String> = other.map(|(folder, answer)| format!("{folder} {answer}")).collect();
    if std::env::var_os("UPDATE").is_some() {
        recorded.extend(answers.clone());
        let lines: String = recorded.iter().map(|(folder, answer)| format!("{folder} {answer}\n")).collect();
        let written = std::fs::write(RECORDED, lines);
        assert!(written.is_ok(), "{RECORDED}: {written:?}");
        return;
    }
    assert!(
        other.is_empty(),
        "other answers than in {RECORDED}; look at their diffs, and run with UPDATE=1 if they are right:\n{}",
        other.join("\n")
    );
}

/// Many projects under one root share names, scripts and pipelines: the most that can be overlooked.
#[test]
fn nothing_that_is_kept_or_left_out_changes_the_result() {
    let Some(folders) = drawn() else { return };
    let groups: Vec<Vec<Utf8PathBuf>> = folders.chunks(25).map(<[_]>::to_vec).collect();
    groups.par_iter().for_each(|folders| {
        let repository = together(folders);
        let usual = Policy { unsafe_fixes: true, ..Policy::default() };
        let plan = plan::make(&repository, &usual, codemods::ALL);
        let slow = Policy { prefilter: false, reuse: false, ..usual };
        assert_same(&plan, &plan::make(&repository, &slow, codemods::ALL));
    });
}

/// What many threads find is what one finds, and in the same order.
#[test]
fn the_number_of_threads_changes_nothing() {
    let Some(folders) = drawn() else { return };
    let usual = Policy { unsafe_fixes: true, ..Policy::default() };
    for folders in folders.chunks(40).step_by(3) {
        let repository = together(folders);
        let with_threads = |count: usize| {
            let pool = rayon::ThreadPoolBuilder::new().num_threads(count).build().expect("a pool");
            pool.install(|| plan::make(&repository, &usual, codemods::ALL))
        };
        let one = with_threads(1);
        [2, 5].into_iter().for_each(|count| assert_same(&one, &with_threads(count)));
    }
}

fn assert_same(plan: &Plan, other: &Plan) {
    assert_eq!(plan.findings.len(), other.findings.len());
    for (one, other) in plan.findings.iter().zip(&other.findings) {
        assert_eq!((&one.finding, &one.status), (&other.finding, &other.status));
    }
    let texts = |plan: &Plan| -> BTreeMap<Utf8PathBuf, String> {
        plan.files.iter().map(|(path, change)| (path.clone(), change.after.text().to_owned())).collect()
    };
    assert_eq!(texts(plan), texts(other));
}

/// The repositories of several folders as folders of one.
fn together(folders: &[Utf8PathBuf]) -> Repository {
    let (mut paths, mut sources, mut dockerfiles) = (Vec::new(), Vec::new(), Vec::new());
    for folder in folders {
        let name = Utf8Path::new(folder.file_name().unwrap_or_default());
        for root in repository::discover(std::slice::from_ref(folder)).unwrap_or_default() {
            let Ok(read) = repository::read(&root, |_| true) else { continue };
            paths.extend(read.paths().map(|path| name.join(path)));
            sources.extend(read.sources().map(|source| Source::new(name.join(source.path()), source.encode())));
            dockerfiles.extend(read.dockerfiles().iter().map(|path| name.join(path)));
        }
    }
    dockerfiles.sort();
    Repository::new(paths, sources, dockerfiles)
}

fn outcome(folder: &Utf8Path) -> Outcome {
    let mut outcome = Outcome::default();
    let Ok(roots) = repository::discover(&[folder.to_owned()]) else { return outcome };
    for root in roots {
        let Ok(mut repository) = repository::read(&root, |_| true) else { continue };
        repository.selection.clear();
        let policy = Policy { unsafe_fixes: true, ..Policy::default() };
        let plan = plan::make(&repository, &policy, codemods::ALL);
        outcome.count(&plan);
        outcome.check(folder, &repository, &plan, &policy);
        outcome.record(folder, &plan);
    }
    outcome
}

impl Outcome {
    fn count(&mut self, plan: &Plan) {
        for planned in &plan.findings {
            let fix = &planned.finding.fix;
            let word = match (&planned.status, fix.applicability) {
                (Status::HeldBack(_), _) => "held back",
                (_, Applicability::Safe) => "safe",
                (_, Applicability::Unsafe) => "unsafe",
                (_, Applicability::Manual) => "manual",
            };
            *self.counts.entry((planned.finding.codemod, word)).or_default() += 1;
            if let Status::HeldBack(reason) = &planned.status {
                *self.obstacles.entry(format!("held back: {}", general(reason))).or_default() += 1;
            }
            let mut kinds: Vec<&str> = fix.obstacles.iter().map(|obstacle| obstacle.kind).collect();
            kinds.sort_unstable();
            kinds.dedup();
            kinds.iter().for_each(|kind| *self.obstacles.entry((*kind).to_owned()).or_default() += 1);
            if fix.applicability == Applicability::Unsafe {
                fix.assumptions.iter().for_each(|text| *self.assumptions.entry(general(text)).or_default() += 1);
            }
        }
    }

    fn record(&mut self, folder: &Utf8Path, plan: &Plan) {
        let mut digest = Sha256::new();
        for (path, change) in &plan.files {
            digest.update(format!("{path}\0{}\0", change.after.text()));
        }
        let digest: String = digest.finalize().iter().take(6).map(|byte| format!("{byte:02x}")).collect();
        let count = |word| self.counts.iter().filter(|((_, of), _)| *of == word).map(|(_, count)| count).sum::<usize>();
        let (safe, unsafe_, manual) = (count("safe"), count("unsafe"), count("manual") + count("held back"));
        let name = folder.file_name().unwrap_or_default().to_owned();
        self.answers.insert(name, format!("{digest} {safe} {unsafe_} {manual}"));
    }

    fn check(&mut self, folder: &Utf8Path, repository: &Repository, plan: &Plan, policy: &Policy) {
        let rejections = |text: &str| {
            let parse = dockerfile::parse(text);
            parse.problems().iter().filter(|problem| problem.kind == ProblemKind::Rejected).count()
        };
        for (path, change) in &plan.files {
            self.changed += 1;
            let is_dockerfile = repository.dockerfiles().contains(path);
            if is_dockerfile && rejections(change.after.text()) > rejections(change.before.text()) {
                self.wrong.push(format!("{folder}: BuildKit would refuse {path} after the fix"));
            }
        }
        let after = repository.with_sources(plan.files.values().map(|change| change.after.clone()));
        let again = plan::make(&after, policy, codemods::ALL);
        if !again.files.is_empty() {
            let files: Vec<_> = again.files.keys().map(|path| path.as_str()).collect();
            self.wrong.push(format!("{folder}: a second run would change {}", files.join(", ")));
        }
    }

    fn plus(mut self, other: Self) -> Self {
        other.counts.into_iter().for_each(|(key, count)| *self.counts.entry(key).or_default() += count);
        other.obstacles.into_iter().for_each(|(key, count)| *self.obstacles.entry(key).or_default() += count);
        other.assumptions.into_iter().for_each(|(key, count)| *self.assumptions.entry(key).or_default() += count);
        self.changed += other.changed;
        self.wrong.extend(other.wrong);
        self.answers.extend(other.answers);
        self
    }

    fn print(&self, folders: usize) {
        println!("{folders} folders, {} files changed", self.changed);
        self.counts.iter().for_each(|((codemod, word), count)| println!("{count:6}  {codemod}: {word}"));
        for (title, table) in [("reasons for manual", &self.obstacles), ("assumptions of unsafe", &self.assumptions)] {
            println!("{title}:");
            let mut rows: Vec<_> = table.iter().collect();
            rows.sort_by_key(|(_, count)| std::cmp::Reverse(**count));
            rows.iter().take(14).for_each(|(text, count)| println!("{count:6}  {text}"));
        }
    }
}

/// A sentence without its names, so that like can be counted with like.
fn general(text: &str) -> String {
    text.split('`').enumerate().map(|(at, part)| if at % 2 == 0 { part } else { "…" }).collect()
}
