use std::collections::VecDeque;
use std::io;

use camino::Utf8Path;
use dialoguer::console::Key;

use super::*;
use crate::plan::{Planned, Status};
use crate::source::Source;

/// Answers by a script and keeps what was shown.
#[derive(Default)]
struct Scripted {
    keys: VecDeque<Key>,
    choices: VecDeque<Option<usize>>,
    /// What the person makes of a file.
    edits: VecDeque<fn(&str) -> String>,
    shown: String,
}

impl Scripted {
    fn new(keys: &str) -> Self {
        Self { keys: keys.chars().map(Key::Char).collect(), ..Self::default() }
    }
}

impl Prompter for Scripted {
    fn columns(&self) -> usize {
        80
    }

    fn show(&mut self, text: &str) -> io::Result<()> {
        self.shown += &format!("{}\n", anstream::adapter::strip_str(text));
        Ok(())
    }

    fn key(&mut self, question: &str) -> io::Result<Key> {
        self.shown += &format!("{question}\n");
        self.keys.pop_front().ok_or_else(|| io::ErrorKind::UnexpectedEof.into())
    }

    fn edit(&mut self, name: &str, text: &[u8]) -> io::Result<Result<Vec<u8>, String>> {
        self.shown += &format!("(editing {name})\n");
        let edit = self.edits.pop_front();
        Ok(edit.map(|edit| edit(&String::from_utf8_lossy(text)).into_bytes()).ok_or_else(|| "no editor".to_owned()))
    }

    fn choose(&mut self, _: &str, choices: &[String]) -> io::Result<Option<usize>> {
        self.shown += &format!("{choices:?}\n");
        self.choices.pop_front().ok_or_else(|| io::ErrorKind::UnexpectedEof.into())
    }
}

const SCRIPT: &str = "export NPM_TOKEN DEPLOY_TOKEN\ndocker build --build-arg NPM_TOKEN --build-arg DEPLOY_TOKEN .\n";
const TWO: &str = "FROM node:22\nARG NPM_TOKEN\nRUN fetch $NPM_TOKEN\nARG DEPLOY_TOKEN\nRUN deploy $DEPLOY_TOKEN\n";

fn files(files: &[(&str, &str)]) -> Repository {
    let sources = files.iter().map(|(path, text)| Source::new(*path, text.as_bytes().to_vec()));
    let dockerfiles = files
        .iter()
        .map(|(path, _)| path.into())
        .filter(|path: &camino::Utf8PathBuf| path.file_name() == Some("Dockerfile"));
    Repository::new([], sources, dockerfiles.collect())
}

fn two() -> Repository {
    files(&[("Dockerfile", TWO), ("build.sh", SCRIPT)])
}

fn review_by(repository: &Repository, prompter: &mut Scripted) -> io::Result<Outcome> {
    super::repository(repository, &Policy::default(), &Redactor::default(), prompter)
}

/// What is decided with these keys, all of which have to be used.
fn decided(repository: &Repository, keys: &str) -> (Plan, String) {
    let mut prompter = Scripted::new(keys);
    let Outcome::Decided(plan) = review_by(repository, &mut prompter).unwrap() else { panic!("it was left") };
    assert_eq!(prompter.keys, [], "{}", prompter.shown);
    (plan, prompter.shown)
}

fn after(plan: &Plan, path: &str) -> String {
    plan.files.get(Utf8Path::new(path)).map_or_else(String::new, |change| change.after.text().to_owned())
}

fn texts(plan: &Plan) -> Vec<&str> {
    plan.files.values().map(|change| change.after.text()).collect()
}

fn statuses(plan: &Plan) -> Vec<(&str, Status)> {
    plan.findings.iter().map(|Planned { finding, status, .. }| (finding.subject.as_str(), status.clone())).collect()
}

#[test]
fn only_what_was_accepted_changes() {
    let (plan, shown) = decided(&two(), "ny");
    assert_eq!(statuses(&plan), [("NPM_TOKEN", Status::NotChosen), ("DEPLOY_TOKEN", Status::Applied)]);
    let dockerfile = after(&plan, "Dockerfile");
    assert!(dockerfile.contains("ARG NPM_TOKEN\n") && !dockerfile.contains("ARG DEPLOY_TOKEN"), "{dockerfile}");
    let script = after(&plan, "build.sh");
    assert!(script.contains("--build-arg NPM_TOKEN --secret id=deploy_token,env=DEPLOY_TOKEN ."), "{script}");
    assert!(shown.contains("fix 1 of 2, ") && shown.contains("fix 2 of 2, "), "{shown}");
}

#[test]
fn a_finding_is_shown_with_its_assumptions_and_the_patch_of_all_files() {
    let (_, shown) = decided(&two(), "nd");
    for part in [
        "warning[arg-secret]: ",
        "note: assuming that ",
        "note: rotate `NPM_TOKEN`",
        "-ARG NPM_TOKEN\n",
        "+++ b/build.sh",
    ] {
        assert!(shown.contains(part), "{part}\n{shown}");
    }
    assert!(!shown.contains("--unsafe-fixes"), "{shown}");
}

#[test]
fn the_patches_that_were_shown_add_up_to_what_is_written() {
    let (plan, shown) = decided(&two(), "yy");
    let (first, second) = shown.split_once("fix 2 of 2").unwrap();
    let header = "+# syntax=docker/dockerfile:1";
    assert!(first.contains(header) && !second.contains(header), "{shown}");
    for (path, old) in [("Dockerfile", TWO), ("build.sh", SCRIPT)] {
        let new = after(&plan, path);
        let mut fresh = new.lines().filter(|line| !old.lines().any(|old| old == *line));
        assert!(fresh.all(|line| shown.contains(&format!("\n+{line}\n"))), "{shown}\n{new}");
    }
    let all = texts(&plan).concat();
    let mut added = second.lines().filter(|line| !line.starts_with("+++")).filter_map(|line| line.strip_prefix('+'));
    assert!(added.all(|line| all.contains(&format!("{line}\n"))), "{second}\n{all}");
}

#[test]
fn undo_takes_back_the_last_answer_whatever_it_was() {
    assert_eq!(texts(&decided(&two(), "yunuyy").0), texts(&decided(&two(), "yy").0));
    let (plan, shown) = decided(&two(), "uyuuny");
    assert_eq!(shown.matches("there is no answer in this repository to undo").count(), 2);
    assert_eq!(texts(&plan), texts(&decided(&two(), "ny").0));
}

#[test]
fn all_of_this_codemod_covers_only_assumptions_that_were_read() {
    let repository = two();
    // Both fixes assume something about their own RUN.
    let (plan, _) = decided(&repository, "an");
    assert_eq!(statuses(&plan), [("NPM_TOKEN", Status::Applied), ("DEPLOY_TOKEN", Status::NotChosen)]);
    let safe = files(&[
        ("a/Dockerfile", "FROM node:22\nARG NPM_TOKEN\nRUN echo hello\nARG B_TOKEN\nRUN echo hello\n"),
        ("b/Dockerfile", "FROM node:22\nARG NPM_TOKEN\nRUN echo hello\n"),
    ]);
    let (plan, shown) = decided(&safe, "a");
    assert!(shown.contains("fix 1 of 3, safe"), "{shown}");
    assert!(plan.findings.iter().all(|planned| planned.status == Status::Applied));
    assert_eq!(plan.files.len(), 2);
}

#[test]
fn done_keeps_what_was_accepted_and_asks_no_more() {
    assert_eq!(texts(&decided(&two(), "yd").0), texts(&decided(&two(), "yn").0));
}

#[test]
fn quitting_and_interrupting_decide_nothing() {
    assert!(matches!(review_by(&two(), &mut Scripted::new("yq")).unwrap(), Outcome::Quit));
    let mut interrupted = Scripted::new("y");
    interrupted.keys.push_back(Key::CtrlC);
    assert!(matches!(review_by(&two(), &mut interrupted).unwrap(), Outcome::Interrupted));
    review_by(&two(), &mut Scripted::new("y")).unwrap_err();
}

#[test]
fn other_keys_are_told_what_to_do_and_help_fits_into_80_columns() {
    let (_, shown) = decided(&two(), "x?d");
    assert!(shown.contains("press one of the keys in brackets"), "{shown}");
    assert!(shown.contains(HELP) && HELP.lines().all(|line| line.len() < 80) && QUESTION.len() < 80);
    for key in QUESTION.split(['[', ']']).nth(1).unwrap().split(',') {
        assert!(HELP.lines().any(|line| line.starts_with(&format!("{key}  "))), "{key}");
    }
}

#[test]
fn the_page_and_whole_files_are_shown_on_request() {
    let mut prompter = Scripted { choices: [Some(0), Some(1), None].into(), ..Scripted::new("sssd") };
    review_by(&two(), &mut prompter).unwrap();
    let shown = &prompter.shown;
    assert!(shown.contains("\"Dockerfile as it would be\", \"build.sh as it would be\""), "{shown}");
    assert!(shown.contains("## Fix safety"), "{shown}");
    assert!(shown.contains("\nDockerfile\n# syntax=docker/dockerfile:1\nFROM node:22\n"), "{shown}");
}

#[test]
fn what_only_a_person_can_repair_is_listed_and_not_asked_about() {
    let repository = files(&[("Dockerfile", "FROM node:22\nARG NPM_TOKEN\nUSER $NPM_TOKEN\nRUN fetch $NPM_TOKEN\n")]);
    let (plan, shown) = decided(&repository, "");
    assert_eq!(statuses(&plan), [("NPM_TOKEN", Status::Manual)]);
    assert!(shown.starts_with("1 finding to be repaired by hand\nDockerfile:2:5: "), "{shown}");
    assert!(shown.contains("\n  no fix: USER uses `NPM_TOKEN`"), "{shown}");
}

#[test]
fn a_written_secret_is_not_shown() {
    let value = ["kn0ck", "kn0ck"].join("-");
    let text = TWO.replace("ARG NPM_TOKEN", &format!("ARG NPM_TOKEN={value}"));
    let mut prompter = Scripted { choices: [Some(0), Some(1)].into(), ..Scripted::new("ssnssyd") };
    prompter.choices.extend([Some(1), Some(2)]);
    review_by(&files(&[("Dockerfile", &text), ("build.sh", SCRIPT)]), &mut prompter).unwrap();
    assert!(prompter.shown.contains("[redacted]") && !prompter.shown.contains(&value), "{}", prompter.shown);
}

/// The plan of an edited review of [`two`].
fn edited(keys: &str, choices: &[Option<usize>], edits: &[fn(&str) -> String]) -> (Plan, String) {
    let (choices, edits) = (choices.to_vec().into(), edits.to_vec().into());
    let mut prompter = Scripted { choices, edits, ..Scripted::new(keys) };
    let Outcome::Decided(plan) = review_by(&two(), &mut prompter).unwrap() else { panic!("it was left") };
    assert!(prompter.keys.is_empty() && prompter.choices.is_empty() && prompter.edits.is_empty(), "{}", prompter.shown);
    (plan, prompter.shown)
}

#[test]
fn an_edit_that_keeps_the_promises_is_shown_and_written() {
    let (plan, shown) =
        edited("eyn", &[Some(0)], &[|text| text.replace("RUN --mount", "# The registry.\nRUN --mount")]);
    assert!(shown.contains("(editing Dockerfile)") && shown.contains("+# The registry.\n"), "{shown}");
    assert!(after(&plan, "Dockerfile").contains("# The registry.\nRUN --mount=type=secret,id=npm_token"), "{shown}");
    assert_eq!(statuses(&plan), [("NPM_TOKEN", Status::Applied), ("DEPLOY_TOKEN", Status::NotChosen)]);
}

#[test]
fn an_edit_that_breaks_a_promise_is_edited_again_taken_or_dropped() {
    let back: fn(&str) -> String = |text| text.replace("--secret id=npm_token,env=NPM_TOKEN", "--build-arg NPM_TOKEN");
    let same: fn(&str) -> String = |text| text.to_owned();
    let spoilt: fn(&str) -> String = |text| text.replace("RUN --mount", "RN --mount");
    let problem = "the edit does not keep what this fix has to keep: ";
    let (plan, shown) = edited("end", &[Some(1), Some(2)], &[back]);
    assert!(
        shown.contains(&format!("{problem}the same finding is there")) || shown.contains("would still pass"),
        "{shown}"
    );
    assert!(plan.files.is_empty(), "{shown}");
    let (plan, shown) = edited("ey", &[Some(0), Some(1)], &[spoilt]);
    assert!(shown.contains(problem) && shown.contains("fix 1 of 2, unsafe"), "{shown}");
    assert!(shown.contains("assuming that the edit is right although a check says: "), "{shown}");
    assert!(after(&plan, "Dockerfile").contains("RN --mount"), "{shown}");
    let (plan, shown) = edited("end", &[Some(0), Some(0)], &[spoilt, |text| text.replace("RN --mount", "RUN --mount")]);
    assert_eq!(shown.matches("(editing Dockerfile)").count(), 2);
    assert!(shown.contains("nothing was changed") && plan.files.is_empty(), "{shown}");
    let (_, shown) = edited("ed", &[Some(0)], &[same]);
    assert!(shown.contains("nothing was changed"), "{shown}");
    assert!(edited("ed", &[Some(1)], &[]).1.contains("no editor"));
    assert!(!edited("ed", &[None], &[]).1.contains("(editing"));
}

#[test]
fn an_edit_is_undone_like_an_answer() {
    let comment: fn(&str) -> String = |text| text.replace("RUN --mount", "# mine\nRUN --mount");
    let (plan, _) = edited("eyuyd", &[Some(0)], &[comment]);
    assert!(!after(&plan, "Dockerfile").contains("# mine"));
}

/// A repository in which `NPM_TOKEN` can be mounted in both forms under any id, and `API_KEY` stays in an ENV.
fn open() -> Repository {
    let dockerfile =
        "FROM node:22\nARG NPM_TOKEN\nRUN fetch $NPM_TOKEN\nENV API_KEY=kn0ck-kn0ck-who\nRUN fetch $API_KEY\n";
    files(&[("Dockerfile", dockerfile), ("build.sh", "export NPM_TOKEN\ndocker build --build-arg NPM_TOKEN .\n")])
}

fn chosen(repository: &Repository, keys: &str, choices: &[usize]) -> (Plan, String) {
    let choices = choices.iter().map(|choice| Some(*choice)).collect();
    let mut prompter = Scripted { choices, ..Scripted::new(keys) };
    let Outcome::Decided(plan) = review_by(repository, &mut prompter).unwrap() else { panic!("it was left") };
    assert!(prompter.keys.is_empty() && prompter.choices.is_empty(), "{}", prompter.shown);
    (plan, prompter.shown)
}

#[test]
fn the_form_and_the_id_of_a_mount_are_chosen() {
    let (plan, shown) = chosen(&open(), "cyd", &[0, 1, 0]);
    assert!(shown.contains("[\"as a variable (as shown)\", \"as a file\"]"), "{shown}");
    assert!(after(&plan, "Dockerfile").contains("RUN --mount=type=secret,id=npm_token "), "{shown}");
    assert!(!plan.files.contains_key(Utf8Path::new("dfmigrate.toml")));
    let (plan, shown) = chosen(&open(), "cyd", &[1, 1, 0]);
    assert!(shown.contains("[\"npm_token\", \"npm-token\", \"NPM_TOKEN\"]"), "{shown}");
    assert!(after(&plan, "Dockerfile").contains("id=npm-token,env=NPM_TOKEN"), "{shown}");
    assert!(after(&plan, "build.sh").contains("--secret id=npm-token,env=NPM_TOKEN"), "{shown}");
}

#[test]
fn what_is_remembered_is_written_with_the_fix_and_holds_the_next_time() {
    let (plan, _) = chosen(&open(), "cyd", &[1, 1, 1]);
    assert_eq!(after(&plan, "dfmigrate.toml"), "[secrets.NPM_TOKEN]\nid = \"npm-token\"\n");
    let next = open().with_sources([plan.files[Utf8Path::new("dfmigrate.toml")].after.clone()]);
    let (again, _) = decided(&next, "yd");
    assert_eq!(after(&again, "Dockerfile"), after(&plan, "Dockerfile"));
    // Taken back, it is not written.
    assert!(chosen(&open(), "cud", &[1, 1, 1]).0.files.is_empty());
}

#[test]
fn whether_the_container_needs_a_value_is_decided() {
    let (_, shown) = chosen(&open(), "ncd", &[2, 0, 0]);
    let (before, behind) =
        shown.split_once("[\"only while the image is built\", \"in the running container\"]").unwrap();
    let assumption = "assuming that the running container does not need `API_KEY`";
    assert!(before.contains(assumption) && !behind.contains(assumption), "{shown}");
    let (plan, shown) = chosen(&open(), "nc", &[2, 1, 1]);
    assert_eq!(after(&plan, "dfmigrate.toml"), "[secrets.API_KEY]\nneeded = \"run\"\n");
    assert!(!shown.split_once("for").unwrap().1.contains("fix 2 of 2, safe"), "{shown}");
}

#[test]
fn what_a_file_builds_is_asked_only_where_a_fix_depends_on_it() {
    let dockerfile = "FROM node:22\nARG NPM_TOKEN\nRUN fetch $NPM_TOKEN\n";
    let script = "export NPM_TOKEN\ndocker build --build-arg NPM_TOKEN -f \"$1\" .\n";
    let repository = files(&[("a/Dockerfile", dockerfile), ("b/Dockerfile", dockerfile), ("build.sh", script)]);
    let (plan, shown) = chosen(&repository, "yd", &[0, 1]);
    assert!(shown.contains("[\"a/Dockerfile\", \"b/Dockerfile\"]"), "{shown}");
    assert!(
        after(&plan, "a/Dockerfile").contains("--mount") && after(&plan, "build.sh").contains("--secret"),
        "{shown}"
    );
    assert_eq!(after(&plan, "dfmigrate.toml"), "[builds]\n\"build.sh\" = \"a/Dockerfile\"\n");
    assert!(!decided(&two(), "d").1.contains("depends on it"));
}
