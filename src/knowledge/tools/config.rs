//! Configuration files of tools, which may refer to any variable.

use serde::Deserialize;

use super::table::TOOLS;

/// A file from which a tool takes settings and in which variables of the environment may be named.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ConfigFile {
    pub(super) id: String,
    /// Where it may be: relative to the project, or below `~/`. `*` stands for any text without a slash.
    pub paths: Vec<String>,
    /// How the tool's documentation writes a reference to the variable `NAME`.
    pub reference: String,
    /// Where this is known from.
    pub source: String,
}

/// The configuration files of a command in which variables may be named; empty for commands without any.
#[must_use]
pub fn config_files(words: &[Option<String>]) -> Vec<&'static ConfigFile> {
    let Some(tool) = super::tool(words) else { return Vec::new() };
    TOOLS.config.iter().filter(|file| tool.entry.config.contains(&file.id)).collect()
}

/// Whether a text (a configuration file, a program) refers to a variable of its environment, in any of the ways that the
/// tools and languages of the table know. The bare name alone is no reference.
#[must_use]
pub fn references(config_text: &str, variable: &str) -> bool {
    if variable.is_empty() || !config_text.contains(variable) {
        return false;
    }
    let forms: Vec<(&str, &str)> = TOOLS.references.forms.iter().filter_map(|form| form.split_once("NAME")).collect();
    config_text.match_indices(variable).any(|(at, _)| {
        let before = config_text.get(..at).unwrap_or("");
        let behind = config_text.get(at + variable.len()..).unwrap_or("");
        let whole = !behind.starts_with(|char: char| char.is_ascii_alphanumeric() || char == '_');
        whole && forms.iter().any(|(open, close)| ends_with(before, open) && behind.starts_with(close))
    })
}

/// Whether `text` ends with `suffix` in any letter case.
fn ends_with(text: &str, suffix: &str) -> bool {
    let start = text.len().checked_sub(suffix.len());
    start.and_then(|start| text.get(start..)).is_some_and(|end| end.eq_ignore_ascii_case(suffix))
}
