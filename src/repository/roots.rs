//! Where a repository begins.

use std::collections::BTreeMap;

use camino::{Utf8Path, Utf8PathBuf};

use super::ReadError;

/// A repository on disk, and which part of it is asked about.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Root {
    /// Its directory, absolute and without symbolic links.
    pub path: Utf8PathBuf,
    /// The paths asked about, relative to [`Self::path`]; empty for all of it.
    pub selection: Vec<Utf8PathBuf>,
}

/// Finds the repository of each of `paths`, in the order of the roots' paths.
///
/// A directory that holds `.git` (a directory, or the file of a linked work tree or submodule) is a root; without one
/// it is the path itself, or a file's directory. The test for `.git` is made here and not by libgit2, which refuses
/// repositories of other owners: looking at one, as a container does with a mounted work tree, has to work.
///
/// # Errors
/// A path does not exist, can't be resolved, its absolute form is not UTF-8, or it is in a bare repository.
pub fn discover(paths: &[Utf8PathBuf]) -> Result<Vec<Root>, ReadError> {
    let mut roots: BTreeMap<Utf8PathBuf, Option<Vec<Utf8PathBuf>>> = BTreeMap::new();
    for path in paths {
        let full = path
            .canonicalize_utf8()
            .map_err(|error| ReadError::Path { path: path.clone(), reason: error.to_string() })?;
        let root = enclosing(&full)?;
        sound(&root.join(".git"))?;
        let inside = full.strip_prefix(&root).unwrap_or(&full).to_owned();
        let selection = roots.entry(root).or_insert_with(|| Some(Vec::new()));
        if inside.as_str().is_empty() {
            *selection = None;
        } else if let Some(selection) = selection {
            selection.push(inside);
        }
    }
    let roots = roots.into_iter();
    Ok(roots.map(|(path, selection)| Root { path, selection: selection.unwrap_or_default() }).collect())
}

fn enclosing(full: &Utf8Path) -> Result<Utf8PathBuf, ReadError> {
    let directory = if full.is_dir() { full } else { full.parent().unwrap_or(full) };
    let found = directory.ancestors().find(|candidate| candidate.join(".git").symlink_metadata().is_ok());
    match (found, directory.ancestors().find(|candidate| is_bare(candidate))) {
        (None, Some(bare)) => Err(ReadError::Bare(bare.to_owned())),
        (found, _) => Ok(found.unwrap_or(directory).to_owned()),
    }
}

/// What git and libgit2 open in their own directory as soon as they look at a repository (gitrepository-layout).
const OPENED_BY_GIT: [&str; 12] = [
    "HEAD",
    "commondir",
    "config",
    "config.worktree",
    "gitdir",
    "index",
    "info/attributes",
    "info/exclude",
    "info/sparse-checkout",
    "objects/info/alternates",
    "packed-refs",
    "shallow",
];

/// Refuses a repository in which git would wait for the end of a pipe or of a device. No clone has one, but an archive may.
fn sound(git: &Utf8Path) -> Result<(), ReadError> {
    let directory = named_directory(git).unwrap_or_else(|| git.to_owned());
    let opened = OPENED_BY_GIT.iter().map(|name| directory.join(name));
    let odd = std::iter::once(git.to_owned()).chain(opened).find(|path| {
        let is_odd = |found: std::fs::Metadata| !found.is_file() && !found.is_dir();
        path.metadata().is_ok_and(is_odd)
    });
    match odd {
        Some(path) => Err(ReadError::Path { path, reason: "it is not a regular file".to_owned() }),
        None => Ok(()),
    }
}

/// What the file that a linked work tree or a submodule has instead of the directory names (gitrepository-layout).
fn named_directory(git: &Utf8Path) -> Option<Utf8PathBuf> {
    let is_file = git.metadata().is_ok_and(|found| found.is_file() && found.len() < 1 << 16);
    let text = is_file.then(|| std::fs::read_to_string(git).ok()).flatten()?;
    Some(git.parent()?.join(text.strip_prefix("gitdir:")?.trim()))
}

/// Whether git would take the directory for its own: gitrepository-layout.
fn is_bare(directory: &Utf8Path) -> bool {
    directory.join("HEAD").is_file() && directory.join("objects").is_dir() && directory.join("refs").is_dir()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn scratch() -> (tempfile::TempDir, Utf8PathBuf) {
        let directory = tempfile::tempdir().unwrap();
        let path = Utf8PathBuf::from_path_buf(directory.path().canonicalize().unwrap()).unwrap();
        (directory, path)
    }

    #[test]
    fn paths_of_one_repository_share_a_root() {
        let (_keep, root) = scratch();
        std::fs::create_dir_all(root.join(".git")).unwrap();
        std::fs::create_dir_all(root.join("a/b")).unwrap();
        std::fs::write(root.join("a/Dockerfile"), "FROM x\n").unwrap();
        let found = discover(&[root.join("a/b"), root.join("a/Dockerfile")]).unwrap();
        assert_eq!(found, [Root { path: root.clone(), selection: vec!["a/b".into(), "a/Dockerfile".into()] }]);
        assert_eq!(discover(&[root.join("a/b"), root.clone()]).unwrap()[0].selection, Vec::<Utf8PathBuf>::new());
    }

    #[test]
    fn without_version_control_the_directory_of_a_file_is_the_root() {
        let (_keep, root) = scratch();
        std::fs::write(root.join("Dockerfile"), "FROM x\n").unwrap();
        let found = discover(&[root.join("Dockerfile")]).unwrap();
        assert_eq!(found, [Root { path: root, selection: vec!["Dockerfile".into()] }]);
    }

    #[test]
    fn a_path_that_does_not_exist_is_an_error() {
        let (_keep, root) = scratch();
        assert!(matches!(discover(&[root.join("no")]), Err(ReadError::Path { .. })));
    }
}
