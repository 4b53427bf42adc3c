//! Paths in a pipeline, which begin with variables more often than not.

use camino::{Utf8Path, Utf8PathBuf};

use super::step::Step;
use crate::callers::location;

/// The variables that hold the folder of the checkout (learn.microsoft.com, "Use predefined variables").
const CHECKOUTS: [&str; 4] =
    ["build.sourcesdirectory", "system.defaultworkingdirectory", "build.repository.localpath", "pipeline.workspace/s"];

/// How often a variable whose value names another one is looked up.
const DEPTH: usize = 4;

/// The value of the variable `name`, where it is known.
pub(super) fn value(name: &str, step: &Step<'_>) -> Option<String> {
    let name = name.trim().to_lowercase();
    let name = name.strip_prefix("variables.").unwrap_or(&name);
    if CHECKOUTS.contains(&name) {
        return Some(".".to_owned());
    }
    expand(step.variables.get(name)?, step, DEPTH)
}

/// `text` with its variables replaced; `None` where one is not known.
pub(super) fn expanded(text: &str, step: &Step<'_>) -> Option<String> {
    expand(text, step, DEPTH)
}

fn expand(text: &str, step: &Step<'_>, depth: usize) -> Option<String> {
    let depth = depth.checked_sub(1)?;
    let mut expanded = String::new();
    let mut rest = text;
    while let Some((before, behind)) = rest.split_once("$(") {
        let (name, behind) = behind.split_once(')')?;
        expanded.push_str(before);
        let lower = name.to_lowercase();
        let value = if CHECKOUTS.contains(&lower.as_str()) {
            ".".to_owned()
        } else {
            expand(step.variables.get(&lower)?, step, depth)?
        };
        expanded.push_str(&value);
        rest = behind;
    }
    expanded.push_str(rest);
    (!expanded.contains("${{")).then_some(expanded)
}

/// A path from the repository's root; `None` where it can't be told or leads out of it.
pub(super) fn resolve(text: &str, step: &Step<'_>) -> Option<Utf8PathBuf> {
    location::resolve(Utf8Path::new(""), &expanded(text, step)?)
}
