//! Files that fit into a head.

use anyhow::{Result, ensure};

use super::tree;

const LONGEST: usize = 800;
const MEDIAN: usize = 200;

#[test]
fn no_file_is_long_and_most_are_short() -> Result<()> {
    let mut lengths: Vec<(usize, String)> =
        tree::sources()?.iter().map(|file| (file.text.lines().count(), file.path.to_string())).collect();
    lengths.sort();
    let long: Vec<String> =
        lengths.iter().filter(|(lines, _)| *lines > LONGEST).map(|(lines, path)| format!("{path}: {lines}")).collect();
    tree::none("files over 800 lines", &long)?;
    let median = lengths.get(lengths.len() / 2).map_or(0, |(lines, _)| *lines);
    ensure!(median <= MEDIAN, "the median file has {median} lines");
    Ok(())
}

#[test]
fn every_module_says_what_it_is() -> Result<()> {
    let is_module = |name: Option<&str>| matches!(name, Some("mod.rs" | "lib.rs" | "main.rs"));
    let documented = |text: &str| text.starts_with("//!") || text.starts_with("#![doc = include_str!");
    let silent: Vec<String> = tree::sources()?
        .into_iter()
        .filter(|file| is_module(file.path.file_name()) && !documented(&file.text))
        .map(|file| file.path.into_string())
        .collect();
    tree::none("modules without a first paragraph", &silent)
}
