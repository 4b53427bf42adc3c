//! How right the tool is on real files. `cargo test --test accuracy` checks that the labels point at what is there,
//! `cargo test --test accuracy -- --report` measures the tool by them, `--remarks` also prints every answer that is not what
//! the labels say. README.md beside this file says what the labels are.

// The tables are what it is run for.
#![allow(clippy::print_stdout)]

mod answer;
mod buildkit;
mod builds;
mod labels;
mod peers;
mod sample;
mod score;
mod table;

use std::collections::BTreeMap;
use std::process::ExitCode;

use camino::{Utf8Path, Utf8PathBuf};
use rayon::prelude::*;

use answer::Answer;
use labels::Folder;
use score::Score;

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let has = |flag: &str| arguments.iter().any(|argument| argument == flag);
    let root = Utf8Path::new(env!("CARGO_MANIFEST_DIR"));
    let corpus = root.join("../shared/corpus");
    if !corpus.is_dir() {
        println!("skipped: {corpus} is not there\n\n0 passed, 0 failed, 1 skipped");
        return ExitCode::SUCCESS;
    }
    let filter = arguments.iter().find(|argument| !argument.starts_with('-')).map_or("", String::as_str);
    let done = match () {
        () if has("--buildkit") => buildkit::check(&corpus),
        () if has("--peers") => peers::print(root, &corpus),
        () if has("--builds") => builds::check(&corpus, filter),
        () => run(root, &corpus, has("--remarks"), has("--report")),
    };
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            println!("{error:#}");
            ExitCode::FAILURE
        }
    }
}

fn run(root: &Utf8Path, corpus: &Utf8Path, remarks: bool, report: bool) -> anyhow::Result<()> {
    let folders = labels::read(&root.join("tests/accuracy/labels"))?;
    if !report && !remarks {
        return check(corpus, &folders);
    }
    let (plain, folders): (Vec<_>, Vec<_>) = folders.into_iter().partition(|folder| folder.batch == "plain");
    let score = scored(&folders, |folder| answer::of_paths(&[corpus.join(source(folder))]));
    let plain = sample::plain(corpus, &plain)?;
    let answers = of_plain(corpus, &plain);
    let plain_score = scored(&plain, |file| of_file(&answers, &file.path));
    table::print(&score, &plain_score);
    if remarks {
        score
            .remarks
            .iter()
            .chain(&plain_score.remarks)
            .for_each(|remark| println!("{}: {}", remark.kind, remark.text));
    }
    Ok(())
}

/// The answers about files of `plain/`, by their folder. The corpus gives the files names of its own, so each is named, as a
/// user would name it.
fn of_plain(corpus: &Utf8Path, plain: &[Folder]) -> BTreeMap<Utf8PathBuf, Vec<Answer>> {
    let mut homes: BTreeMap<Utf8PathBuf, Vec<Utf8PathBuf>> = BTreeMap::new();
    plain.iter().for_each(|file| homes.entry(home(&file.path)).or_default().push(corpus.join(&file.path)));
    homes.into_par_iter().map(|(home, files)| (home, answer::of_paths(&files))).collect()
}

/// Every label points at a line of a file that is there.
fn check(corpus: &Utf8Path, folders: &[Folder]) -> anyhow::Result<()> {
    let mut flows = 0;
    for folder in folders {
        let home = root(folder);
        let callers = |flow: &labels::Flow| flow.caller.iter().map(|at| (at.file.clone(), at.line)).collect::<Vec<_>>();
        let places = folder.flow.iter().flat_map(|flow| [vec![(flow.file.clone(), flow.line)], callers(flow)].concat());
        for (file, line) in places {
            let path = corpus.join(&home).join(&file);
            let bytes = std::fs::read(&path).map_err(|error| anyhow::anyhow!("{}: {path}: {error}", folder.path))?;
            let lines = bytes.split(|byte| *byte == b'\n').count();
            anyhow::ensure!(line > 0 && line as usize <= lines, "{}: {file} has no line {line}", folder.path);
        }
        flows += folder.flow.len();
    }
    println!("{} folders with {flows} flows are labelled\n\n1 passed, 0 failed", folders.len());
    Ok(())
}

fn scored(folders: &[Folder], answers: impl Fn(&Folder) -> Vec<Answer> + Sync) -> Score {
    let answers: Vec<Vec<Answer>> = folders.par_iter().map(&answers).collect();
    let mut score = Score::default();
    folders.iter().zip(&answers).for_each(|(folder, answers)| score.add(folder, answers));
    score
}

/// The folder that the files of the labels are named from.
fn root(folder: &Folder) -> Utf8PathBuf {
    if folder.batch == "plain" { home(&folder.path) } else { source(folder) }
}

/// The folder whose files are labelled: of a pair it is the state before.
fn source(folder: &Folder) -> Utf8PathBuf {
    if folder.path.starts_with("pairs") { folder.path.join("before") } else { folder.path.clone() }
}

/// The folder of `plain/` that a file lies in.
fn home(path: &Utf8Path) -> Utf8PathBuf {
    path.components().take(2).collect()
}

/// The answers about one file of `plain/`, among those about its folder.
fn of_file(answers: &BTreeMap<Utf8PathBuf, Vec<Answer>>, path: &Utf8Path) -> Vec<Answer> {
    let home = home(path);
    let own = path.strip_prefix(&home).unwrap_or(path);
    answers.get(&home).into_iter().flatten().filter(|answer| answer.file == own).cloned().collect()
}
