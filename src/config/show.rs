//! Settings for people: TOML that could be written into a file, with who decided what.

use std::fmt::Write as _;

use camino::Utf8Path;

use super::tree::{Leaf, Origin, Table, Tree};

/// The column from which origins stand, in characters, where the values are not longer.
const COLUMN: usize = 40;

/// All of `table`, which comes of `files`.
pub(super) fn settings(table: &Table, files: &[&Utf8Path]) -> String {
    let mut text = String::new();
    if !files.is_empty() {
        text.push_str("# From these files; the later one counts more:\n");
        files.iter().for_each(|file| line(&mut text, format_args!("#   {file}"), None));
        text.push('\n');
    }
    write_table(&mut text, table, "");
    text
}

fn write_table(text: &mut String, table: &Table, header: &str) {
    for (key, tree) in table {
        let key = super::remember::key(key);
        match tree {
            Tree::Leaf(leaf) => line(text, format_args!("{key} = {}", leaf.value), Some(&leaf.origin)),
            Tree::List(leaves) if !is_of_tables(leaves) => write_list(text, &key, leaves),
            Tree::List(_) | Tree::Table(_) => {}
        }
    }
    for (key, tree) in table {
        let key = super::remember::key(key);
        let path = if header.is_empty() { key } else { format!("{header}.{key}") };
        match tree {
            Tree::Table(inner) => {
                let has_values = inner.values().any(|tree| !matches!(tree, Tree::Table(_)));
                if has_values {
                    line(text, format_args!("\n[{path}]"), None);
                }
                write_table(text, inner, &path);
            }
            Tree::List(leaves) if is_of_tables(leaves) => {
                leaves.iter().for_each(|leaf| write_entry(text, &path, leaf));
            }
            Tree::List(_) | Tree::Leaf(_) => {}
        }
    }
}

fn is_of_tables(leaves: &[Leaf]) -> bool {
    leaves.first().is_some_and(|leaf| leaf.value.is_table())
}

/// A list in one line where all of it was decided in one place, else one entry a line.
fn write_list(text: &mut String, key: &str, leaves: &[Leaf]) {
    let Some(first) = leaves.first() else { return line(text, format_args!("{key} = []"), None) };
    if leaves.iter().all(|leaf| leaf.origin == first.origin) {
        let all = leaves.iter().map(|leaf| leaf.value.to_string()).collect::<Vec<_>>().join(", ");
        return line(text, format_args!("{key} = [{all}]"), Some(&first.origin));
    }
    line(text, format_args!("{key} = ["), None);
    for leaf in leaves {
        line(text, format_args!("  {},", leaf.value), Some(&leaf.origin));
    }
    line(text, "]", None);
}

/// One entry of an array of tables.
fn write_entry(text: &mut String, path: &str, leaf: &Leaf) {
    line(text, format_args!("\n[[{path}]]"), Some(&leaf.origin));
    for (key, value) in leaf.value.as_table().into_iter().flatten() {
        line(text, format_args!("{} = {value}", super::remember::key(key)), None);
    }
}

fn line(text: &mut String, content: impl std::fmt::Display, origin: Option<&Origin>) {
    let content = content.to_string();
    let _ = match origin {
        Some(origin) => {
            let newline = if content.starts_with('\n') { "\n" } else { "" };
            writeln!(text, "{newline}{:<COLUMN$}  # {origin}", content.trim_start_matches('\n'))
        }
        None => writeln!(text, "{content}"),
    };
}
