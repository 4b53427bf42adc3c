//! Other tools on the labelled files, beside this one: all by one way to count, which is kind to tools that name a line and no
//! value.
//!
//! A result counts for a flow where it names the instruction that the value enters by, one that the label says to use it, or another
//! that names the variable, in that file; one result counts for all flows of its instruction. A result that speaks of a secret and names no such
//! instruction is false. Debatable flows count neither way.

use std::collections::{BTreeMap, BTreeSet};
use std::process::{Command, Stdio};

use anyhow::Result;
use camino::{Utf8Path, Utf8PathBuf};
use dfmigrate::model::mentions;
use dfmigrate::repository;
use dfmigrate::source::{LineIndex, TextSize, slice};
use dfmigrate::syntax::dockerfile;
use rayon::prelude::*;
use regex::Regex;
use serde_json::Value;
use tempfile::TempDir;

use crate::builds::offline;
use crate::labels::{self, Folder, Ideal, Secret};
use crate::{answer, buildkit, sample};

/// What a result says that is about a secret.
const SPEAKS: &str = r"(?i)secret|credential|password|token|sensitive|private (ssh )?key|api.?key|basic.?auth";

/// How many files one run of a tool gets.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Share {
    /// One; the engine gets it with another base, as it can pull none.
    One,
    /// Those of a folder, run in it: the tool looks at what lies beside.
    Folder,
    /// Many.
    Many,
}

/// A tool and its commands; the paths of Dockerfiles follow the first.
struct Tool {
    name: &'static str,
    command: &'static [&'static str],
    version: &'static [&'static str],
    share: Share,
}

const TOOLS: [Tool; 6] = [
    Tool {
        name: "hadolint",
        command: &["hadolint", "-f", "sarif"],
        version: &["hadolint", "--version"],
        share: Share::Many,
    },
    Tool {
        name: "tally",
        command: &["tally", "lint", "--slow-checks", "off", "--context", ".", "-f", "sarif"],
        version: &["tally", "--version"],
        share: Share::Folder,
    },
    Tool {
        name: "dockerfile-doctor",
        command: &["dockerfile-doctor", "--format", "sarif"],
        version: &["dockerfile-doctor", "--version"],
        share: Share::Many,
    },
    Tool {
        name: "dockerfile-hardener",
        command: &["dockerfile-hardener", "lint", "--format", "json"],
        version: &["dockerfile-hardener", "--version"],
        share: Share::One,
    },
    Tool {
        name: "droast",
        command: &["droast", "--format", "sarif"],
        version: &["droast", "--version"],
        share: Share::One,
    },
    Tool {
        name: BUILDKIT,
        command: &["docker", "build", "--call=check,format=json", "-f"],
        version: &["docker", "buildx", "version"],
        share: Share::One,
    },
];

const BUILDKIT: &str = "docker build --check";

/// How many files a tool that takes many gets at once.
const AT_ONCE: usize = 50;

/// The instructions that a tool names, by their first lines, and the file.
type Named = BTreeSet<(Utf8PathBuf, u32)>;

/// What became of the flows and the results.
#[derive(Default)]
struct Tally {
    /// By the codemod that the label names first: found, and all.
    found: BTreeMap<String, (usize, usize)>,
    right: usize,
    wrong: usize,
}

/// Prints a table of all tools that are installed.
///
/// # Errors
/// Labels or files that can't be read.
pub fn print(root: &Utf8Path, corpus: &Utf8Path) -> Result<()> {
    let folders = labels::read(&root.join("tests/accuracy/labels"))?;
    let (plain, folders): (Vec<_>, Vec<_>) = folders.into_iter().partition(|folder| folder.batch == "plain");
    let plain = sample::plain(corpus, &plain)?;
    let mut columns = Vec::new();
    for tool in TOOLS.iter().filter(|tool| is_there(tool)) {
        columns.push((tool.name.to_owned(), others(tool, corpus, &folders)?, others(tool, corpus, &plain)?));
        println!("{} is done", tool.name);
    }
    columns.insert(0, ("dfmigrate".to_owned(), own(corpus, &folders), own_plain(corpus, &plain)));
    let codemods: BTreeSet<&String> = columns.iter().flat_map(|(_, tally, _)| tally.found.keys()).collect();
    println!("| | {} |", columns.iter().map(|(name, ..)| name.clone()).collect::<Vec<_>>().join(" | "));
    println!("|---|{}", "---|".repeat(columns.len()));
    for codemod in codemods {
        row(codemod, &columns, |tally, _| {
            let (found, all) = tally.found.get(codemod).copied().unwrap_or_default();
            format!("{found} of {all}")
        });
    }
    let sum = |tally: &Tally| tally.found.values().fold((0, 0), |sum, one| (sum.0 + one.0, sum.1 + one.1));
    row("recall", &columns, |tally, _| percent(sum(tally).0, sum(tally).1));
    row("instructions named, rightly", &columns, |tally, _| tally.right.to_string());
    row("instructions named, wrongly", &columns, |tally, _| tally.wrong.to_string());
    row("precision", &columns, |tally, _| percent(tally.right, tally.right + tally.wrong));
    row("wrongly in the 500 files without known leaks", &columns, |_, plain| plain.wrong.to_string());
    Ok(())
}

fn row(title: &str, columns: &[(String, Tally, Tally)], cell: impl Fn(&Tally, &Tally) -> String) {
    let cells: Vec<String> = columns.iter().map(|(_, tally, plain)| cell(tally, plain)).collect();
    println!("| {title} | {} |", cells.join(" | "));
}

#[allow(clippy::cast_precision_loss, reason = "counts of a few thousand")]
fn percent(part: usize, whole: usize) -> String {
    if whole == 0 { "–".to_owned() } else { format!("{:.1} %", 100.0 * part as f64 / whole as f64) }
}

fn is_there(tool: &Tool) -> bool {
    let mut version = Command::new(tool.version[0]);
    let ran = version.args(&tool.version[1..]).stdin(Stdio::null()).output();
    ran.is_ok_and(|output| output.status.success())
}

/// What dfmigrate names.
fn own(corpus: &Utf8Path, folders: &[Folder]) -> Tally {
    let named = |folder: &Folder| {
        let home = corpus.join(crate::source(folder));
        let answers = answer::of_paths(std::slice::from_ref(&home)).into_iter();
        answers.map(|answer| instruction(&home, answer.file, answer.line)).collect()
    };
    let named: Vec<Named> = folders.par_iter().map(named).collect();
    judged(corpus, folders, &named)
}

fn own_plain(corpus: &Utf8Path, plain: &[Folder]) -> Tally {
    let answers = crate::of_plain(corpus, plain);
    let named = |file: &Folder| {
        let own = crate::of_file(&answers, &file.path).into_iter();
        let home = corpus.join(crate::home(&file.path));
        let named = own.map(|answer| instruction(&home, answer.file, answer.line));
        named.map(|(path, line)| (named_file(file, path), line)).collect()
    };
    judged(corpus, plain, &plain.iter().map(named).collect::<Vec<Named>>())
}

/// The instruction that holds the one-based `line` of `file`, by its first line, as labels have it.
fn instruction(home: &Utf8Path, file: Utf8PathBuf, line: u32) -> (Utf8PathBuf, u32) {
    let text = std::fs::read_to_string(home.join(&file)).unwrap_or_default();
    let line = first_line(&text, line);
    (file, line)
}

/// A label of `plain/` is about one file, whose flows name no other.
fn named_file(folder: &Folder, file: Utf8PathBuf) -> Utf8PathBuf {
    if folder.batch == "plain" { Utf8PathBuf::new() } else { file }
}

/// A Dockerfile of a labelled folder.
#[derive(Clone)]
struct Asked {
    folder: usize,
    home: Utf8PathBuf,
    file: Utf8PathBuf,
}

fn others(tool: &Tool, corpus: &Utf8Path, folders: &[Folder]) -> Result<Tally> {
    let speaks = Regex::new(SPEAKS)?;
    let asked = |(at, folder): (usize, &Folder)| {
        let path = corpus.join(crate::source(folder));
        let home = if path.is_file() { path.parent().unwrap_or(&path).to_owned() } else { path.clone() };
        let files = dockerfiles(&path, &home).into_iter();
        files.map(|file| Asked { folder: at, home: home.clone(), file }).collect::<Vec<_>>()
    };
    let all: Vec<Vec<Asked>> = folders.iter().enumerate().collect::<Vec<_>>().into_par_iter().map(asked).collect();
    let runs: Vec<Vec<Asked>> = match tool.share {
        Share::One => all.into_iter().flatten().map(|one| vec![one]).collect(),
        Share::Folder => all,
        Share::Many => all.concat().chunks(AT_ONCE).map(<[Asked]>::to_vec).collect(),
    };
    let found: Vec<(usize, Utf8PathBuf, u32)> =
        runs.par_iter().flat_map_iter(|run| spoken(tool, run, &speaks)).collect();
    let mut named: Vec<Named> = folders.iter().map(|_| Named::new()).collect();
    for (at, file, line) in found {
        named[at].insert((named_file(&folders[at], file), line));
    }
    Ok(judged(corpus, folders, &named))
}

/// The instructions that one run of a tool names in results that speak of secrets.
fn spoken(tool: &Tool, run: &[Asked], speaks: &Regex) -> Vec<(usize, Utf8PathBuf, u32)> {
    let said = results(tool, run).into_iter().filter(|result| speaks.is_match(&result.text));
    let place = |result: Said| {
        let is_own = |one: &&Asked| result.file.is_empty() || one.home.join(&one.file).as_str().ends_with(&result.file);
        let one = run.iter().find(is_own)?;
        let (file, line) = instruction(&one.home, one.file.clone(), result.line);
        Some((one.folder, file, line))
    };
    said.filter_map(place).collect()
}

/// The Dockerfiles of a labelled folder, or the one file.
fn dockerfiles(path: &Utf8Path, home: &Utf8Path) -> Vec<Utf8PathBuf> {
    if path.is_file() {
        return path.strip_prefix(home).map(Utf8Path::to_owned).into_iter().collect();
    }
    let roots = repository::discover(&[path.to_owned()]).unwrap_or_default();
    let read = roots.iter().filter_map(|root| repository::read(root, |_| true).ok());
    read.flat_map(|repository| repository.dockerfiles().to_vec()).collect()
}

/// The first line of the instruction that a line lies in, one-based as the line.
fn first_line(text: &str, line: u32) -> u32 {
    let index = LineIndex::new(text);
    let starts = dockerfile::parse(text).root().instructions();
    let starts = starts.iter().map(|instruction| index.line(instruction.text_range().start()));
    let first: TextSize = 0.into();
    starts.filter(|start| *start <= line).max().unwrap_or_else(|| index.line(first))
}

fn judged(corpus: &Utf8Path, folders: &[Folder], named: &[Named]) -> Tally {
    let mut tally = Tally::default();
    for (folder, named) in folders.iter().zip(named) {
        tally.add(&corpus.join(crate::root(folder)), folder, named);
    }
    tally
}

/// The first lines of the instructions of the file at `path` that name the variable or file `name`: an `ENV` that copies an
/// argument is as good a place as the argument.
fn mentioning(path: &Utf8Path, name: &str) -> impl Iterator<Item = u32> {
    let text = std::fs::read_to_string(path).unwrap_or_default();
    let index = LineIndex::new(&text);
    let instructions = dockerfile::parse(&text).root().instructions().into_iter();
    let found = instructions.map(|instruction| instruction.text_range());
    let found = found.filter(|at| mentions(slice(&text, *at), name));
    found.map(|at| index.line(at.start())).collect::<Vec<_>>().into_iter()
}

impl Tally {
    fn add(&mut self, home: &Utf8Path, folder: &Folder, named: &Named) {
        let mut known: BTreeMap<(Utf8PathBuf, u32), Secret> = BTreeMap::new();
        for flow in &folder.flow {
            let file = named_file(folder, flow.file.clone());
            let lines: BTreeSet<u32> = mentioning(&home.join(&flow.file), &flow.name)
                .chain(std::iter::once(flow.line))
                .chain(flow.used.iter().copied())
                .collect();
            let lines = || lines.iter().map(|line| (file.clone(), *line));
            for place in lines() {
                let best = known.entry(place).or_insert(flow.secret);
                if rank(flow.secret) > rank(*best) {
                    *best = flow.secret;
                }
            }
            if flow.secret == Secret::Yes && flow.ideal > Ideal::None {
                let codemod = flow.codemods.first().cloned().unwrap_or_default();
                let count = self.found.entry(codemod).or_default();
                count.0 += usize::from(lines().any(|place| named.contains(&place)));
                count.1 += 1;
            }
        }
        for place in named {
            match known.get(place) {
                Some(Secret::Yes) => self.right += 1,
                Some(Secret::Debatable) => {}
                Some(Secret::No) | None => self.wrong += 1,
            }
        }
    }
}

fn rank(secret: Secret) -> usize {
    match secret {
        Secret::No => 0,
        Secret::Debatable => 1,
        Secret::Yes => 2,
    }
}

/// A result: the file as the tool writes it, nothing where it names none; the one-based line; its rule and its message.
struct Said {
    file: String,
    line: u32,
    text: String,
}

fn results(tool: &Tool, run: &[Asked]) -> Vec<Said> {
    let Some(first) = run.first() else { return Vec::new() };
    let mut command = Command::new(tool.command[0]);
    command.args(&tool.command[1..]).current_dir(&first.home).env("NO_COLOR", "1").stdin(Stdio::null());
    let stand_in = TempDir::with_prefix("dfmigrate-peers-");
    match (tool.name, &stand_in) {
        (BUILDKIT, Ok(folder)) => {
            let text = std::fs::read_to_string(first.home.join(&first.file)).unwrap_or_default();
            let path = folder.path().join("Dockerfile");
            let written = offline(&text, buildkit::BASE).map(|text| std::fs::write(&path, text));
            if !matches!(written, Ok(Ok(()))) {
                return Vec::new();
            }
            command.arg(path).arg(folder.path());
        }
        _ if tool.share == Share::Many => drop(command.args(run.iter().map(|one| one.home.join(&one.file)))),
        _ => drop(command.args(run.iter().map(|one| &one.file))),
    }
    let Ok(output) = command.output() else { return Vec::new() };
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    let start = text.find(['{', '[']).unwrap_or(text.len());
    let mut found = Vec::new();
    for document in serde_json::Deserializer::from_str(&text[start..]).into_iter::<Value>().map_while(Result::ok) {
        gather(&document, &mut found);
    }
    if tool.name == BUILDKIT {
        found.iter_mut().for_each(|said| said.file.clear());
    }
    found
}

/// Every object that has a line and a text, of whatever format: SARIF, or that of the tool.
fn gather(value: &Value, found: &mut Vec<Said>) {
    match value {
        Value::Array(items) => items.iter().for_each(|item| gather(item, found)),
        Value::Object(members) => {
            let line = ["/locations/0/physicalLocation/region/startLine", "/location/ranges/0/start/line"];
            let line = line.iter().find_map(|pointer| value.pointer(pointer));
            let line = line.or_else(|| ["line", "line_number", "lineNumber"].iter().find_map(|key| members.get(*key)));
            let line = line.and_then(Value::as_u64).and_then(|line| u32::try_from(line).ok());
            let file = value.pointer("/locations/0/physicalLocation/artifactLocation/uri");
            let file = file.and_then(Value::as_str).unwrap_or_default();
            let names = ["ruleId", "rule", "rule_id", "ruleName", "message", "description", "detail"];
            // Not the whole of it: a path may have the word in it.
            let told: Vec<String> = names.iter().filter_map(|name| members.get(*name)).map(Value::to_string).collect();
            match line.filter(|_| !told.is_empty()) {
                Some(line) => {
                    let file = file.trim_start_matches("file://").trim_start_matches("./").to_owned();
                    found.push(Said { file, line, text: told.join(" ") });
                }
                None => members.values().for_each(|member| gather(member, found)),
            }
        }
        _ => {}
    }
}
