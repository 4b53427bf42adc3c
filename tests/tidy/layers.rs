//! A room uses the rooms above it, never those below; the pure ones touch nothing outside.

use anyhow::Result;
use regex::Regex;

use super::tree::{self, File};

/// The rooms in the order of the pipeline. `config` is plain data that everything from `repository` on may read.
const ROOMS: &[&str] = &[
    "source",
    "syntax",
    "knowledge",
    "config",
    "repository",
    "callers",
    "model",
    "plan",
    "codemods",
    "report",
    "review",
    "apply",
    "image",
    "git",
    "proof",
    "forge",
    "fleet",
    "lsp",
    "cli",
];

/// Rooms that only compute.
const PURE: &[&str] = &["source", "syntax", "knowledge", "callers", "model", "plan", "codemods"];

fn room(file: &File) -> Option<String> {
    let mut parts = file.path.components();
    match parts.next()?.as_str() {
        "codemods" => Some("codemods".to_owned()),
        _ => Some(parts.next()?.as_str().trim_end_matches(".rs").to_owned()),
    }
}

fn position(room: &str) -> Option<usize> {
    ROOMS.iter().position(|known| *known == room)
}

#[test]
fn every_room_has_its_place() -> Result<()> {
    let known = |room: &String| position(room).is_some() || ["lib", "main"].contains(&room.as_str());
    let mut strangers: Vec<String> = tree::sources()?.iter().filter_map(room).filter(|room| !known(room)).collect();
    strangers.dedup();
    tree::none("rooms without a place in the order", &strangers)
}

#[test]
fn no_room_uses_one_below() -> Result<()> {
    let crate_path = Regex::new(r"\bcrate::([a-z_]+)")?;
    let mut steps = Vec::new();
    for file in tree::sources()? {
        let Some(own) = room(&file).as_deref().and_then(position) else { continue };
        for (number, line) in tree::code(&file) {
            for used in crate_path.captures_iter(line).filter_map(|captures| captures.get(1)) {
                if position(used.as_str()).is_some_and(|used| used > own) {
                    steps.push(format!("{}:{number}: {}", file.path, line.trim()));
                }
            }
        }
    }
    tree::none("steps the wrong way", &steps)
}

#[test]
fn pure_rooms_touch_nothing_outside() -> Result<()> {
    let outside = Regex::new(r"\b(std::(fs|env|io|net|process|time|thread)|anyhow|git2|dialoguer)\b")?;
    let mut found = Vec::new();
    for file in tree::sources()? {
        if room(&file).is_some_and(|room| PURE.contains(&room.as_str())) {
            let lines = tree::code(&file).filter(|(_, line)| outside.is_match(line));
            found.extend(lines.map(|(number, line)| format!("{}:{number}: {}", file.path, line.trim())));
        }
    }
    tree::none("the outside world in a pure room", &found)
}
