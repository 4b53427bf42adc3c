//! The files of a fix as git has them, and as it would have them.

use std::{collections::BTreeMap, fs};

use camino::{Utf8Path, Utf8PathBuf};
use git2::{Index, IndexEntry, Oid};

use super::{GitError, Repository, program, work_tree::SKIPPED};
use crate::plan::FileChange;

/// The bit `assume-unchanged` of an index entry's flags (gitformat-index).
const ASSUMED: u16 = 1 << 15;

/// The file mode of a symbolic link and of a submodule in trees and the index.
const NOT_FILES: [u32; 2] = [0o120_000, 0o160_000];

/// Checks that a commit of `files` would hold the planned change and nothing else: git has each file exactly as it was
/// read, in the last commit and in the index, and no attribute would rewrite other lines of it.
///
/// # Errors
/// A file has changes of somebody else, is not tracked, or is of a kind that git would not commit as it is planned.
pub fn check_files(repository: &Repository, files: &BTreeMap<Utf8PathBuf, FileChange>) -> Result<(), GitError> {
    let mut unfit: Vec<(Utf8PathBuf, &'static str)> = Vec::new();
    let mut tracked = Vec::new();
    let known = Known::read(repository)?;
    for (path, change) in files {
        match known.look(path, change) {
            Look::Unfit(why) => unfit.push((path.clone(), why)),
            Look::New => {}
            Look::Tracked(id) => tracked.push((path, id)),
        }
    }
    let now = contents(repository, tracked.iter().map(|(path, _)| path.as_path()))?;
    let changed = tracked.iter().filter(|(path, committed)| now.get(*path) != Some(committed));
    unfit.extend(changed.map(|(path, _)| ((*path).clone(), "has changes that are not committed")));
    if unfit.is_empty() { Ok(()) } else { Err(GitError::Unfit(unfit)) }
}

/// What git knows of a file.
enum Look {
    /// It would not be committed as planned, for this reason.
    Unfit(&'static str),
    /// It is created.
    New,
    /// The last commit and the index have it with this content.
    Tracked(Oid),
}

/// The index and the last commit.
struct Known {
    repository: git2::Repository,
    index: git2::Index,
    head: Oid,
    ignores_case: bool,
}

impl Known {
    fn read(repository: &Repository) -> Result<Self, GitError> {
        let failed = |error| repository.failed(error);
        let read = repository.read()?;
        let index = read.index().map_err(failed)?;
        let head = read.head().and_then(|head| head.peel_to_tree()).map_err(failed)?.id();
        let ignores_case = read.config().and_then(|config| config.get_bool("core.ignorecase")).unwrap_or(false);
        Ok(Self { repository: read, index, head, ignores_case })
    }

    fn look(&self, path: &Utf8Path, change: &FileChange) -> Look {
        if self.ignores_case && self.has_twin(path) {
            return Look::Unfit("has another name in git that differs by case only");
        }
        match self.index.get_path(path.as_std_path(), 0) {
            Some(entry) => self.look_at(path, &entry),
            None if self.index.get_path(path.as_std_path(), 2).is_some() => Look::Unfit("has a conflict"),
            None if !change.before.text().is_empty() => Look::Unfit("is not tracked"),
            None if self.repository.is_path_ignored(path.as_std_path()).unwrap_or(false) => {
                Look::Unfit("would be created, and git ignores it")
            }
            None => Look::New,
        }
    }

    fn look_at(&self, path: &Utf8Path, entry: &IndexEntry) -> Look {
        if NOT_FILES.contains(&(entry.mode & 0o170_000)) {
            return Look::Unfit("is a symbolic link for git");
        }
        if entry.flags & ASSUMED != 0 || entry.flags_extended & SKIPPED != 0 {
            return Look::Unfit("is marked as not to be looked at (assume-unchanged or skip-worktree)");
        }
        let tree = self.repository.find_tree(self.head);
        match tree.and_then(|tree| tree.get_path(path.as_std_path())) {
            Ok(committed) if committed.id() == entry.id => Look::Tracked(entry.id),
            Ok(_) => Look::Unfit("has staged changes"),
            Err(_) => Look::Unfit("is staged and was never committed"),
        }
    }

    /// Whether the index has the path in another case: on a disk that ignores case both are one file.
    fn has_twin(&self, path: &Utf8Path) -> bool {
        let lower = path.as_str().to_lowercase();
        self.index.iter().any(|entry| {
            entry.path != path.as_str().as_bytes() && String::from_utf8_lossy(&entry.path).to_lowercase() == lower
        })
    }
}

/// The blob that git would commit for each file as it is on the disk: with line endings and filters as the attributes
/// say. It is asked with a copy of the index, because it knows which files are to keep their `\r\n` only by what is
/// there, and the user's own index is not to change before the commit.
pub(super) fn contents<'a>(
    repository: &Repository,
    paths: impl IntoIterator<Item = &'a Utf8Path>,
) -> Result<BTreeMap<Utf8PathBuf, Oid>, GitError> {
    let paths: Vec<&Utf8Path> = paths.into_iter().collect();
    let input: String = paths.iter().map(|path| format!("{path}\0")).collect();
    let io = GitError::Io;
    let folder = tempfile::tempdir_in(&repository.git_directory).map_err(io)?;
    let copy = folder.path().join("index");
    fs::copy(repository.git_directory.join("index"), &copy).map_err(io)?;
    let environment = [("GIT_INDEX_FILE", copy.as_os_str())];
    program::must_with(repository, &["update-index", "--add", "-z", "--stdin"], &input, &environment)?;
    let index = Index::open(&copy).map_err(|error| repository.failed(error))?;
    let id = |path: &&Utf8Path| Some(((*path).to_owned(), index.get_path(path.as_std_path(), 0)?.id));
    Ok(paths.iter().filter_map(id).collect())
}

/// Checks that the lines which a commit of `contents` changes are those that were planned: an attribute such as `text`
/// or a filter can rewrite all others along with them.
///
/// # Errors
/// Other lines would change in a file.
pub(super) fn check_lines(
    repository: &Repository,
    files: &BTreeMap<Utf8PathBuf, FileChange>,
    contents: &BTreeMap<Utf8PathBuf, Oid>,
) -> Result<(), GitError> {
    let failed = |error| repository.failed(error);
    let read = repository.read()?;
    let tree = read.head().and_then(|head| head.peel_to_tree()).map_err(failed)?;
    let mut unfit = Vec::new();
    for (path, change) in files {
        let old = match tree.get_path(path.as_std_path()) {
            Ok(entry) => read.find_blob(entry.id()).map_err(failed)?.content().to_owned(),
            Err(_) => Vec::new(),
        };
        let Some(new) = contents.get(path) else { continue };
        let new = read.find_blob(*new).map_err(failed)?;
        let planned = (change.before.encode(), change.after.encode());
        let exact = old == planned.0 && new.content() == planned.1;
        if !exact && changed_lines(&old, new.content()) != changed_lines(&planned.0, &planned.1) {
            unfit.push((path.clone(), "would change in other lines as well: its line endings or a filter rewrite it"));
        }
    }
    if unfit.is_empty() { Ok(()) } else { Err(GitError::Unfit(unfit)) }
}

/// How many lines go and how many come.
fn changed_lines(old: &[u8], new: &[u8]) -> (usize, usize) {
    let lines = |text: &[u8]| text.split(|byte| *byte == b'\n').map(<[u8]>::to_vec).collect::<Vec<_>>();
    let operations = similar::capture_diff_slices(similar::Algorithm::Myers, &lines(old), &lines(new));
    let changed = operations.iter().filter(|operation| operation.tag() != similar::DiffTag::Equal);
    changed.fold((0, 0), |(gone, come), one| (gone + one.old_range().len(), come + one.new_range().len()))
}
