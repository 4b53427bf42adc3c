//! The corpus: real files, and what BuildKit's own parser read in them.
//!
//! The corpus is not part of the project. Where its folder is absent, the tests say so and pass.

#![allow(clippy::print_stdout, clippy::expect_used, reason = "a test may speak and fail")]

use std::path::{Path, PathBuf};

use dfmigrate::source::{LineIndex, Source};
use dfmigrate::syntax::dockerfile::{
    Dockerfile, Instruction, Keyword, ProblemKind, SyntaxKind, SyntaxNode, lines, parse,
};
use rayon::prelude::*;
use serde::Deserialize;
use sha2::{Digest, Sha256};

/// Files that are read otherwise than by BuildKit; `docs/buildkit-differences.md` gives the reasons.
const DIFFERENT: [&str; 0] = [];

/// What BuildKit read in one file.
#[derive(Debug, Deserialize)]
struct Expected {
    path: String,
    sha256: String,
    ok: bool,
    #[serde(default)]
    fails_in: String,
    #[serde(default)]
    syntax: String,
    #[serde(default)]
    escape: Option<String>,
    #[serde(default)]
    instructions: Vec<Reading>,
}

/// One instruction, as BuildKit or this project reads it.
#[derive(Debug, Deserialize, PartialEq, Eq)]
struct Reading {
    cmd: String,
    lines: (u32, u32),
    #[serde(default)]
    flags: Vec<String>,
    #[serde(default)]
    json: bool,
    #[serde(default)]
    heredocs: Vec<String>,
    #[serde(default)]
    args: Vec<String>,
    #[serde(default)]
    text_sha: String,
}

fn corpus() -> Option<PathBuf> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../shared/corpus");
    let found = folder.is_dir().then_some(folder);
    if found.is_none() {
        println!("skipped: the corpus is not here");
    }
    found
}

fn files(folder: &Path) -> Vec<PathBuf> {
    let entries = std::fs::read_dir(folder).into_iter().flatten().flatten().map(|entry| entry.path());
    let (folders, mut found): (Vec<_>, Vec<_>) = entries.partition(|path| path.is_dir());
    found.extend(folders.iter().flat_map(|folder| files(folder)));
    found
}

#[test]
fn every_file_comes_back_byte_for_byte() {
    let Some(folder) = corpus() else { return };
    let changed: Vec<_> = files(&folder)
        .into_par_iter()
        .filter(|path| {
            let bytes = std::fs::read(path).unwrap_or_default();
            let source = Source::new("file", bytes.clone());
            let tree = parse(source.text()).root().syntax().text().to_string();
            source.encode_text(&tree) != bytes
        })
        .collect();
    assert!(changed.is_empty(), "{changed:#?}");
}

#[test]
fn every_file_is_read_as_buildkit_reads_it() {
    let Some(folder) = corpus() else { return };
    let record = std::fs::read_to_string(folder.join("buildkit.jsonl")).expect("the record can be read");
    let differences: Vec<_> = record
        .par_lines()
        .filter_map(|line| {
            let expected: Expected = serde_json::from_str(line).expect("the record is JSON");
            let found = difference(&folder, &expected)?;
            Some((expected.path, found))
        })
        .collect();
    let paths: Vec<_> = differences.iter().map(|(path, _)| path.as_str()).collect();
    assert_eq!(paths, DIFFERENT, "{differences:#?}");
}

/// The first thing that is read differently.
fn difference(folder: &Path, expected: &Expected) -> Option<String> {
    let Ok(bytes) = std::fs::read(folder.join(&expected.path)) else { return Some("no such file".to_owned()) };
    if hash(&bytes, 16) != expected.sha256 {
        return Some("another file".to_owned());
    }
    let source = Source::new(expected.path.clone(), bytes);
    let parsed = parse(source.text());
    let rejected = parsed.problems().iter().find(|problem| problem.kind == ProblemKind::Rejected);
    if rejected.is_none() != expected.ok {
        return Some(format!("accepted: {}, but {rejected:?}", expected.ok));
    }
    let root = parsed.root();
    if expected.fails_in == "parser" {
        return None;
    }
    if let Some(escape) = &expected.escape
        && *escape != root.escape().to_string()
    {
        return Some(format!("escape {:?}", root.escape()));
    }
    if frontend(&root) != expected.syntax && expected.ok {
        return Some(format!("frontend {:?}", frontend(&root)));
    }
    let found = readings(&source, &root);
    if found.len() != expected.instructions.len() {
        return Some(format!("{} instructions, but {}", expected.instructions.len(), found.len()));
    }
    let pairs = expected.instructions.iter().zip(&found);
    let known = |reading: &Reading| Keyword::parse(&reading.cmd).is_some();
    pairs
        .filter(|(expected, _)| known(expected))
        .find(|(expected, found)| expected != found)
        .map(|pair| format!("{pair:#?}"))
}

fn frontend(root: &Dockerfile) -> String {
    use dfmigrate::syntax::dockerfile::DirectiveKind::Syntax;
    let value = root.directives().into_iter().find(|directive| directive.kind == Syntax).map(|found| found.value);
    value.unwrap_or_default().split(' ').next().unwrap_or("").to_owned()
}

fn readings(source: &Source, root: &Dockerfile) -> Vec<Reading> {
    let index = LineIndex::new(source.text());
    let instructions = root.instructions();
    let mut instructions = instructions.iter();
    root.syntax()
        .children()
        .filter(|node| node.kind() != SyntaxKind::Directive)
        .map(|node| match node.kind() {
            SyntaxKind::Instruction => reading(source, &index, instructions.next().expect("an instruction a node")),
            _ => unknown(&index, &node),
        })
        .collect()
}

fn unknown(index: &LineIndex, node: &SyntaxNode) -> Reading {
    Reading {
        cmd: String::new(),
        lines: lines(index, node.text_range()),
        flags: Vec::new(),
        json: false,
        heredocs: Vec::new(),
        args: Vec::new(),
        text_sha: String::new(),
    }
}

fn reading(source: &Source, index: &LineIndex, instruction: &Instruction) -> Reading {
    let keyword = instruction.keyword().expect("an instruction has a keyword");
    let hashed = matches!(
        keyword,
        Keyword::Run | Keyword::Cmd | Keyword::Entrypoint | Keyword::Healthcheck | Keyword::Onbuild | Keyword::Shell
    );
    let values = values(instruction, keyword);
    let flags = instruction.flags().into_iter().map(|flag| match flag.value {
        Some(value) => format!("--{}={value}", flag.name),
        None => format!("--{}", flag.name),
    });
    let heredocs = instruction.heredocs().into_iter().map(|heredoc| {
        let body = dfmigrate::source::slice(source.text(), heredoc.body_range);
        format!("{}:{}", heredoc.name, hash(&source.encode_text(body), 12))
    });
    Reading {
        cmd: keyword.as_str().to_ascii_lowercase(),
        lines: lines(index, instruction.range()),
        flags: flags.collect(),
        json: instruction.json().is_some(),
        heredocs: heredocs.collect(),
        text_sha: if hashed { hash(&source.encode_text(&values.join("\0")), 16) } else { String::new() },
        args: if hashed { Vec::new() } else { values.iter().map(|value| lossy(&source.encode_text(value))).collect() },
    }
}

/// The values of BuildKit's nodes.
fn values(instruction: &Instruction, keyword: Keyword) -> Vec<String> {
    if keyword == Keyword::Onbuild {
        return vec![String::new()];
    }
    let mut values = Vec::new();
    for node in instruction.syntax().children() {
        match node.kind() {
            SyntaxKind::Word | SyntaxKind::Shell => values.push(joined(&node)),
            SyntaxKind::Pair if keyword == Keyword::Arg => values.push(joined(&node)),
            SyntaxKind::Pair => values.extend(pair(&node)),
            _ => {}
        }
    }
    values.extend(instruction.json().into_iter().flatten().map(|string| string.value));
    values
}

/// As Go writes JSON: one U+FFFD for each byte that is not UTF-8.
fn lossy(bytes: &[u8]) -> String {
    let chunks = bytes.utf8_chunks();
    chunks.map(|chunk| chunk.valid().to_owned() + &"\u{fffd}".repeat(chunk.invalid().len())).collect()
}

fn pair(node: &SyntaxNode) -> [String; 3] {
    let tokens = |kind| {
        let tokens = node.children_with_tokens().filter_map(|child| child.into_token());
        tokens.filter(|token| token.kind() == kind).map(|token| token.text().to_owned()).collect::<String>()
    };
    let value = node.children().next().map(|value| joined(&value)).unwrap_or_default();
    [tokens(SyntaxKind::Key), value, tokens(SyntaxKind::Equals)]
}

fn joined(node: &SyntaxNode) -> String {
    let tokens = node.descendants_with_tokens().filter_map(|child| child.into_token());
    tokens.filter(|token| !token.kind().is_dropped()).map(|token| token.text().to_owned()).collect()
}

fn hash(bytes: &[u8], digits: usize) -> String {
    let hex: String = Sha256::digest(bytes).iter().map(|byte| format!("{byte:02x}")).collect();
    hex[..digits].to_owned()
}
