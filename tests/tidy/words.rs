//! Words that say nothing, and calls that end the program.

use anyhow::Result;
use regex::Regex;

use super::tree;

const EMPTY: &[&str] = &["util", "utils", "helper", "helpers", "common", "manager", "misc"];

#[test]
fn no_module_has_an_empty_name() -> Result<()> {
    let is_empty = |part: &str| EMPTY.contains(&part.trim_end_matches(".rs"));
    let declared = Regex::new(r"^\s*(?:pub(?:\([a-z]+\))? )?mod ([a-z_]+)")?;
    let mut found = Vec::new();
    for file in tree::files()?.into_iter().filter(|file| file.path.extension() == Some("rs")) {
        if file.path.components().any(|part| is_empty(part.as_str())) {
            found.push(file.path.to_string());
        }
        let modules = file.text.lines().filter_map(|line| declared.captures(line)?.get(1));
        found.extend(
            modules.filter(|name| is_empty(name.as_str())).map(|name| format!("{}: {}", file.path, name.as_str())),
        );
    }
    tree::none("modules that say nothing", &found)
}

#[test]
fn nothing_ends_the_program() -> Result<()> {
    let ending = Regex::new(r"\.unwrap\(\)|\b(panic|todo|unimplemented|dbg|print|println|eprint|eprintln)!\(")?;
    let mut found = Vec::new();
    for file in tree::sources()? {
        let lines = tree::code(&file).filter(|(_, line)| ending.is_match(line));
        found.extend(lines.map(|(number, line)| format!("{}:{number}: {}", file.path, line.trim())));
    }
    tree::none("calls that have no place outside tests", &found)
}
