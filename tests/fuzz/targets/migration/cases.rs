//! The cases of the codemods, changed: each is a repository in which a mistake was once found, or a rule of builds shows.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::LazyLock;

use arbitrary::{Result, Unstructured};
use dfmigrate::repository::{Kind, classify};
use dfmigrate::syntax::dockerfile;

use crate::Miniature;
use crate::made::{INSTRUCTIONS, NAMES, filled};

type Files = BTreeMap<String, String>;

/// Every `before` folder.
static CASES: LazyLock<Vec<Files>> = LazyLock::new(|| {
    let codemods = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../codemods");
    let folders = |path: &Path| {
        let entries = std::fs::read_dir(path).into_iter().flatten().filter_map(|entry| Some(entry.ok()?.path()));
        let mut folders: Vec<_> = entries.filter(|path| path.is_dir()).collect();
        folders.sort();
        folders
    };
    let cases = folders(&codemods).into_iter().flat_map(|codemod| folders(&codemod.join("cases")));
    cases.map(|case| files_below(&case.join("before"))).filter(|files| !files.is_empty()).collect()
});

/// Every instruction of their Dockerfiles, with its heredocs.
static INSTRUCTIONS_OF_CASES: LazyLock<Vec<String>> = LazyLock::new(|| {
    let texts = CASES.iter().flatten().filter(|(path, _)| is_dockerfile(path));
    let mut all: Vec<String> = texts.flat_map(|(_, text)| pieces(text).split_off(1)).collect();
    all.sort();
    all.dedup();
    all
});

/// Every file of theirs that is no Dockerfile.
static OTHER_FILES: LazyLock<Vec<(String, String)>> = LazyLock::new(|| {
    let files = CASES.iter().flatten().filter(|(path, _)| !is_dockerfile(path));
    files.map(|(path, text)| (path.clone(), text.clone())).collect()
});

fn files_below(root: &Path) -> Files {
    let mut files = Files::new();
    let mut folders = vec![root.to_owned()];
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(&folder).into_iter().flatten().flatten() {
            let path = entry.path();
            let name = path.strip_prefix(root).ok().and_then(Path::to_str).map(str::to_owned);
            if path.is_dir() {
                folders.push(path);
            } else if let (Some(name), Ok(text)) = (name, std::fs::read_to_string(&path)) {
                files.insert(name, text);
            }
        }
    }
    files.remove("dfmigrate.toml");
    files
}

pub fn is_dockerfile(path: &str) -> bool {
    classify(path.into()) == Kind::Dockerfile
}

/// What stands in front of the first instruction, then each instruction with what follows it.
fn pieces(text: &str) -> Vec<String> {
    let starts = dockerfile::parse(text).root().instructions();
    let mut starts: Vec<usize> = starts.iter().map(|one| usize::from(one.text_range().start())).collect();
    starts.insert(0, 0);
    starts.push(text.len());
    starts.windows(2).map(|ends| text.get(ends[0]..ends[1]).unwrap_or_default().to_owned()).collect()
}

/// A case with up to five changes.
pub fn repository(bytes: &mut Unstructured<'_>) -> Result<Miniature> {
    let unsafe_fixes = bytes.arbitrary()?;
    let mut files = bytes.choose(&CASES)?.clone();
    for _ in 0..bytes.int_in_range(0..=5)? {
        change(&mut files, bytes)?;
    }
    Ok(Miniature { files, unsafe_fixes, canary: false })
}

fn change(files: &mut Files, bytes: &mut Unstructured<'_>) -> Result<()> {
    let kind = bytes.int_in_range(0..=20)?;
    let dockerfiles: Vec<String> = files.keys().filter(|path| is_dockerfile(path)).cloned().collect();
    let every: Vec<String> = files.keys().cloned().collect();
    let path = if kind < 14 { bytes.choose(&dockerfiles)?.clone() } else { bytes.choose(&every)?.clone() };
    match kind {
        14 => drop(files.remove(&path)),
        15 => {
            let (path, text) = bytes.choose(&OTHER_FILES)?;
            files.insert(path.clone(), text.clone());
        }
        16 => rename(files, bytes)?,
        17 => {
            // Two cases in one repository.
            let others = bytes.choose(&CASES)?;
            for (path, text) in others {
                files.entry(path.clone()).or_insert_with(|| text.clone());
            }
        }
        _ => {
            let Some(text) = files.get(&path) else { return Ok(()) };
            let text = if kind < 14 { changed_instructions(text, kind, bytes)? } else { changed_lines(text, kind) };
            files.insert(path, text);
        }
    }
    Ok(())
}

/// Calls a secret by another name, everywhere.
fn rename(files: &mut Files, bytes: &mut Unstructured<'_>) -> Result<()> {
    let is_name = |word: &&str| {
        let ends = ["TOKEN", "PASSWORD", "KEY", "SECRET"].iter().any(|end| word.ends_with(end));
        ends && word.bytes().all(|byte| byte.is_ascii_uppercase() || byte == b'_')
    };
    let words = files.values().flat_map(|text| text.split(|char: char| !char.is_ascii_alphanumeric() && char != '_'));
    let mut names: Vec<String> = words.filter(is_name).map(str::to_owned).collect();
    names.sort();
    names.dedup();
    let (old, new) = (bytes.choose(&names)?.clone(), bytes.choose(&NAMES)?);
    files.values_mut().for_each(|text| *text = text.replace(&old, new));
    Ok(())
}

fn changed_instructions(text: &str, kind: u8, bytes: &mut Unstructured<'_>) -> Result<String> {
    let mut pieces = pieces(text);
    if pieces.len() < 2 {
        return Ok(text.to_owned());
    }
    let at = bytes.int_in_range(1..=pieces.len() - 1)?;
    let piece = pieces[at].clone();
    let line = if text.contains("\r\n") { "\r\n" } else { "\n" };
    let escape = if text.contains("escape=`") { '`' } else { '\\' };
    let continued = format!("{escape}{line}");
    match kind {
        0 => drop(pieces.remove(at)),
        1 => pieces.insert(at, piece),
        2 => {
            let other = bytes.int_in_range(1..=pieces.len() - 1)?;
            pieces.swap(at, other);
        }
        3 | 4 => pieces.insert(at, bytes.choose(&INSTRUCTIONS_OF_CASES)?.replace("\r\n", "\n").replace('\n', line)),
        5 => pieces.insert(at, filled(bytes.choose(&INSTRUCTIONS)?, bytes)?.replace('\n', line) + line),
        6 => pieces[at] = piece.replace(&continued, &format!("{continued}    # why{line}")),
        7 => pieces[at] = piece.replace(&continued, &format!("{escape} {line}{line}")),
        8 => pieces[at] = piece.replacen(' ', &format!(" {continued}  "), 1),
        9 => pieces[at] = format!("ONBUILD {piece}"),
        10 => pieces[at] = format!("\t{}", piece.to_lowercase()),
        11 => pieces.insert(at, format!("FROM node:22 AS later{at}{line}COPY --from=0 /app /app{line}")),
        12 => pieces[at] = piece.replacen("RUN ", &format!("RUN set -eux; {continued}"), 1),
        _ if escape == '\\' => {
            let rest = pieces.concat().replace(&continued, &format!("`{line}"));
            return Ok(format!("# escape=`{line}{rest}"));
        }
        _ => {}
    }
    Ok(pieces.concat())
}

/// Changes to a file of any kind.
fn changed_lines(text: &str, kind: u8) -> String {
    match kind {
        18 if !text.contains('\r') => text.replace('\n', "\r\n"),
        19 if !text.starts_with('\u{feff}') => format!("\u{feff}{text}"),
        _ => text.trim_end_matches(['\r', '\n']).to_owned(),
    }
}
