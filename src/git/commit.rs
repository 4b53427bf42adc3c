use std::collections::BTreeMap;

use camino::{Utf8Path, Utf8PathBuf};
use git2::Oid;

use super::{
    GitError, Hooks, Message, Repository, content, own,
    program::{self, Answer},
    work_tree,
};
use crate::apply::{self, Place, Receipt};
use crate::plan::FileChange;

/// A commit that was made.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Commit {
    /// Its name, in hexadecimal.
    pub id: String,
    /// The first line of its message.
    pub subject: String,
    /// The files of the fix, from the root.
    pub files: Vec<Utf8PathBuf>,
    /// The files that are not as they were planned, because a hook changed them or added them to the commit.
    pub changed_by_hook: Vec<Utf8PathBuf>,
}

/// Writes `files` and commits them, and nothing else, whatever is staged or changed beside them.
///
/// The git program makes the commit, with the author, the signature and the hooks that the user's configuration asks
/// for. If it is refused, the files get their old content back.
///
/// # Errors
/// A file is not as git has it, can't be written, or the commit was refused. Then nothing is changed, or the error is
/// [`GitError::Stranded`] and says where the files stand.
pub fn commit(
    repository: &Repository,
    place: &Place,
    files: &BTreeMap<Utf8PathBuf, FileChange>,
    message: &Message,
) -> Result<Commit, GitError> {
    content::check_files(repository, files)?;
    let receipt = apply::write(place, files)?;
    let before = repository.head_commit();
    match before.and_then(|before| record(repository, files, &receipt, message, before)) {
        Ok((id, changed_by_hook)) => {
            let subject = message.subject.clone();
            Ok(Commit { id: id.to_string(), subject, files: receipt.files, changed_by_hook })
        }
        Err(cause) => Err(take_back(repository, place, files, &receipt, cause)),
    }
}

/// Commits what was written. Returns the commit and what hooks changed in it.
fn record(
    repository: &Repository,
    files: &BTreeMap<Utf8PathBuf, FileChange>,
    receipt: &Receipt,
    message: &Message,
    before: Oid,
) -> Result<(Oid, Vec<Utf8PathBuf>), GitError> {
    let contents = content::contents(repository, receipt.files.iter().map(Utf8PathBuf::as_path))?;
    content::check_lines(repository, files, &contents)?;
    let digest = own::digest(&contents).map_err(|error| repository.failed(error))?;
    let answer = run_commit(repository, receipt, &message.text(digest))?;
    let after = repository.head_commit()?;
    // Git can fail after the commit was made, for example where it can't write the index any more.
    if after == before {
        return Err(GitError::Refused { output: answer.output });
    }
    let changed = changed_by_hook(repository, after, &contents)?;
    let planned: Vec<Utf8PathBuf> = changed.iter().filter(|path| contents.contains_key(*path)).cloned().collect();
    if !planned.is_empty() {
        // A hook works on a copy of the index where other changes are staged, and the index would take its change back.
        unstage(repository, &planned)?;
    }
    Ok((after, changed))
}

/// Has git commit the files of `receipt` as they are on the disk.
fn run_commit(repository: &Repository, receipt: &Receipt, message: &str) -> Result<Answer, GitError> {
    let (paths, created) = (pathspecs(&receipt.files), pathspecs(&receipt.created));
    let is_alone = work_tree::state(&repository.root)?.is_some_and(|tree| tree.staged.is_empty());
    let mut arguments = vec!["commit", "--quiet", "--cleanup=whitespace", "--file=-"];
    arguments.extend((repository.hooks == Hooks::Skip).then_some("--no-verify"));
    if is_alone {
        // As a person does it: hooks that stage what they change are made for this.
        program::must(repository, &with_paths(&["add", "--"], &paths), "")?;
        return program::run(repository, &arguments, message);
    }
    if !created.is_empty() {
        program::must(repository, &with_paths(&["add", "--intent-to-add", "--"], &created), "")?;
    }
    arguments.extend(["--only", "--"]);
    program::run(repository, &with_paths(&arguments, &paths), message)
}

/// Makes the index agree with the last commit in these files.
fn unstage(repository: &Repository, paths: &[Utf8PathBuf]) -> Result<(), GitError> {
    program::must(repository, &with_paths(&["reset", "--quiet", "--"], &pathspecs(paths)), "").map(drop)
}

/// The planned files that the commit has with other content, and the others that it has.
fn changed_by_hook(
    repository: &Repository,
    commit: Oid,
    planned: &BTreeMap<Utf8PathBuf, Oid>,
) -> Result<Vec<Utf8PathBuf>, GitError> {
    let failed = |error| repository.failed(error);
    let read = repository.read()?;
    let commit = read.find_commit(commit).map_err(failed)?;
    let (old, new) = (commit.parent(0).and_then(|parent| parent.tree()), commit.tree());
    let diff = read.diff_tree_to_tree(Some(&old.map_err(failed)?), Some(&new.map_err(failed)?), None);
    let diff = diff.map_err(failed)?;
    let mut committed = BTreeMap::new();
    for delta in diff.deltas() {
        if let Some(path) = delta.new_file().path().and_then(Utf8Path::from_path) {
            committed.insert(path.to_owned(), delta.new_file().id());
        }
    }
    let mut changed: Vec<Utf8PathBuf> =
        planned.iter().filter(|(path, id)| committed.get(*path) != Some(id)).map(|(path, _)| path.clone()).collect();
    changed.extend(committed.into_keys().filter(|path| !planned.contains_key(path)));
    Ok(changed)
}

/// Gives the files their old content again, and says what could not be done.
fn take_back(
    repository: &Repository,
    place: &Place,
    files: &BTreeMap<Utf8PathBuf, FileChange>,
    receipt: &Receipt,
    cause: GitError,
) -> GitError {
    let unstaged = unstage(repository, &receipt.files);
    match apply::revert(place, files, receipt) {
        Ok(()) => match unstaged {
            Ok(()) => cause,
            Err(error) => GitError::StillStaged { cause: Box::new(cause), error: Box::new(error) },
        },
        Err(error) => {
            let output = match cause {
                GitError::Refused { output } => output,
                other => other.to_string(),
            };
            GitError::Stranded { output, files: receipt.files.clone(), error }
        }
    }
}

/// Paths as pathspecs that mean exactly them.
fn pathspecs(paths: &[Utf8PathBuf]) -> Vec<String> {
    paths.iter().map(|path| format!(":(top,literal){path}")).collect()
}

fn with_paths<'a>(arguments: &[&'a str], paths: &'a [String]) -> Vec<&'a str> {
    arguments.iter().copied().chain(paths.iter().map(String::as_str)).collect()
}
