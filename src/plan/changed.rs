//! Which Dockerfiles a change of some files is about.

use std::collections::BTreeSet;

use camino::{Utf8Path, Utf8PathBuf};

use crate::config;
use crate::model::{Dockerfile, Model};
use crate::repository::{Kind, classify};
use crate::syntax::dockerfile::Keyword;

/// The Dockerfiles of `model` that may have other findings because the files `changed` did: they changed themselves, a file
/// that builds them did, or one that they copy and whose content is looked at.
pub(super) fn concerned(model: &Model, changed: &BTreeSet<Utf8PathBuf>) -> BTreeSet<Utf8PathBuf> {
    let settings = changed.iter().any(|path| path.file_name() == Some(config::FILE));
    let is_read = |path: &Utf8Path| model.repository.source(path).is_some();
    let is_gone = |path: &Utf8Path| !model.repository.is_file(path) && classify(path) != Kind::Other;
    let matters = |path: &&Utf8PathBuf| is_read(path) || is_gone(path);
    let changed: Vec<&Utf8Path> = changed.iter().filter(matters).map(Utf8PathBuf::as_path).collect();
    let concerned = model.understood().filter(|dockerfile| settings || is_concerned(model, dockerfile, &changed));
    concerned.map(|dockerfile| dockerfile.path().to_owned()).collect()
}

fn is_concerned(model: &Model, dockerfile: &Dockerfile, changed: &[&Utf8Path]) -> bool {
    let builds = model.bound_builds(dockerfile);
    let itself = |path: &Utf8Path| path == dockerfile.path() || builds.iter().any(|bound| bound.build.file == path);
    if changed.iter().any(|path| itself(path)) {
        return true;
    }
    let contexts = model.contexts(dockerfile);
    let copies = dockerfile.steps.iter().filter(|step| matches!(step.keyword, Keyword::Copy | Keyword::Add));
    let sources = copies.flat_map(|step| {
        let words = step.instruction.words();
        let from = step.instruction.flags().iter().any(|flag| flag.name == "from");
        let count = if from { 0 } else { words.len().saturating_sub(1) };
        words.into_iter().take(count).map(|word| word.value)
    });
    let sources: Vec<String> = sources.collect();
    let inside = |path: &Utf8Path| {
        contexts
            .iter()
            .filter_map(|context| path.strip_prefix(context).ok())
            .any(|inside| inside == ".dockerignore" || sources.iter().any(|source| takes(source, inside)))
    };
    changed.iter().any(|path| inside(path))
}

/// Whether a source of a `COPY` takes the file at `path` of the context; a pattern or variable may take any below the part
/// in front of it.
fn takes(source: &str, path: &Utf8Path) -> bool {
    let source = source.trim_start_matches("./").trim_matches('/');
    match source.find(['*', '?', '[', '$']) {
        Some(at) => path.as_str().starts_with(source.get(..at).unwrap_or_default()),
        None => source.is_empty() || source == "." || path.starts_with(source),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_source_takes_files_and_what_is_in_folders() {
        for (source, path, taken) in [
            (".", "a/b", true),
            ("./", "a", true),
            ("a/", "a/b", true),
            ("a", "ab", false),
            ("./.npmrc", ".npmrc", true),
            ("a/*.json", "a/x/y.json", true),
            ("a/*.json", "b/y.json", false),
            ("$DIR", "b/y.json", true),
        ] {
            assert_eq!(takes(source, Utf8Path::new(path)), taken, "{source} {path}");
        }
    }
}
