//! Where the people of a repository keep the values of its Compose file.

use camino::{Utf8Path, Utf8PathBuf};

use super::keeping::{Way, way};
use crate::callers::Surroundings;

/// What is read as `.env`, and what it is copied from.
const FILES: [&str; 8] = [
    ".env",
    ".env.example",
    ".env.sample",
    ".env.template",
    ".env.dist",
    ".env.local.example",
    "env.example",
    "example.env",
];

/// How people hand Compose the values.
pub(super) enum Kept {
    /// This file shows the variable in `.env`.
    Shown(Utf8PathBuf),
    /// This script names another file on the command line.
    Given(Utf8PathBuf),
    /// This file writes, reads or shows `.env`.
    Told(Utf8PathBuf, Way),
}

/// Where `name` is kept for the Compose file `file`, as far as the repository tells.
pub(super) fn kept_in(file: &Utf8Path, name: &str, around: &dyn Surroundings) -> Option<Kept> {
    let folder = file.parent().unwrap_or(Utf8Path::new(""));
    let names = |text: &str| {
        text.lines().any(|line| {
            let line = line.trim_start_matches(['#', ' ', '\t']);
            let line = line.strip_prefix("export ").unwrap_or(line);
            line.strip_prefix(name).is_some_and(|rest| rest.trim_start().starts_with('='))
        })
    };
    let shown = FILES.iter().map(|one| folder.join(one)).find(|path| around.text(path).is_some_and(names));
    let gives = |line: &str| line.contains("--env-file") && line.contains("compose");
    let is_giving = |path: &Utf8Path, text: &str| path != file && text.replace("\\\n", " ").lines().any(gives);
    let given = || around.mentioning("--env-file", &is_giving);
    let told_by = |path: &Utf8Path, text: &str| {
        let is_other = path != file && !around.dockerfiles().iter().any(|dockerfile| dockerfile == path);
        way(path, text, name, folder).filter(|_| is_other)
    };
    let told = || {
        let path = around.mentioning(".env", &|path, text| told_by(path, text).is_some())?;
        Some(Kept::Told(path.to_owned(), told_by(path, around.text(path)?)?))
    };
    shown.map(Kept::Shown).or_else(told).or_else(|| given().map(|path| Kept::Given(path.to_owned())))
}
