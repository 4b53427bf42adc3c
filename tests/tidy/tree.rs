//! The files of the project.

use std::fs;

use anyhow::{Context, Result};
use camino::{Utf8Path, Utf8PathBuf};

/// One text file of the project.
pub struct File {
    /// Its path from the project's root.
    pub path: Utf8PathBuf,
    /// Its text; bytes that are not UTF-8 are replaced.
    pub text: String,
}

/// The folder of `Cargo.toml`.
pub fn root() -> &'static Utf8Path {
    Utf8Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// Every file that is not ignored by git, in order of the paths.
pub fn files() -> Result<Vec<File>> {
    let walk = ignore::WalkBuilder::new(root())
        .hidden(false)
        .parents(false)
        .filter_entry(|entry| entry.file_name() != ".git")
        .sort_by_file_path(Ord::cmp)
        .build();
    let mut files = Vec::new();
    for entry in walk {
        let path = Utf8PathBuf::try_from(entry?.into_path())?;
        if path.is_file() {
            let text = String::from_utf8_lossy(&fs::read(&path).context(path.clone())?).into_owned();
            files.push(File { path: path.strip_prefix(root())?.to_owned(), text });
        }
    }
    Ok(files)
}

/// The Rust files of the library, the program and the codemods.
pub fn sources() -> Result<Vec<File>> {
    let is_source = |file: &File| {
        let below = file.path.starts_with("src") || file.path.starts_with("codemods");
        below && file.path.extension() == Some("rs")
    };
    Ok(files()?.into_iter().filter(is_source).collect())
}

/// The lines of a Rust file before its unit tests, with their one-based numbers, without comments.
pub fn code(file: &File) -> impl Iterator<Item = (usize, &str)> {
    let is_tests =
        file.path.file_stem() == Some("tests") || file.path.components().any(|part| part.as_str() == "tests");
    let lines = file.text.lines().take_while(move |line| !is_tests && line.trim() != "#[cfg(test)]");
    lines.enumerate().map(|(index, line)| (index + 1, line)).filter(|(_, line)| !line.trim_start().starts_with("//"))
}

/// What stands in the root. The last two and `.github` are where their hosts look for them: GitHub for the action and the
/// workflows, pre-commit for the hooks.
const TOP: &[&str] = &[
    ".ci",
    ".gitignore",
    "Cargo.lock",
    "Cargo.toml",
    "LICENSE-APACHE",
    "LICENSE-MIT",
    "README.md",
    "clippy.toml",
    "codemods",
    "deny.toml",
    "docs",
    "rustfmt.toml",
    "snapshots",
    "src",
    "tests",
    ".github",
    ".pre-commit-hooks.yaml",
    "action.yml",
];

#[test]
fn nothing_else_stands_in_the_root() -> Result<()> {
    let top = |file: File| file.path.components().next().map(|part| part.as_str().to_owned());
    let mut strangers: Vec<String> = files()?.into_iter().filter_map(top).collect();
    strangers.dedup();
    strangers.retain(|name| !TOP.contains(&name.as_str()));
    none("files and folders that have no place in the root", &strangers)
}

/// Fails with the list of what was found, if there is any.
pub fn none(what: &str, found: &[String]) -> Result<()> {
    anyhow::ensure!(found.is_empty(), "{what}:\n  {}", found.join("\n  "));
    Ok(())
}
