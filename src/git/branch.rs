use git2::{BranchType, Oid, Sort};

use super::{GitError, Head, Repository, own, program, remote, repository::short};

/// A branch that was switched to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Branch {
    /// Its short name.
    pub name: String,
    /// What was checked out before.
    pub from: Head,
    /// The commit that it was at when it was switched to, in hexadecimal.
    pub start: String,
    /// How it came to be checked out.
    pub how: How,
}

/// How a branch came to be checked out.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum How {
    /// It was already.
    Current,
    /// It was made.
    Created,
    /// It was there, with no commits but this program's own on top of its base.
    Reused,
    /// It was there with own commits only, and its base has moved: it was made anew from the base. It was at this
    /// commit before, in hexadecimal.
    Renewed(String),
}

/// Checks out the branch `name` for a fix, creating it from `base`, a revision, or from what is checked out.
///
/// A branch of that name that is there already, here or on the remote as far as was fetched, is used if every commit on
/// it is own (see [`is_own`](super::is_own)).
///
/// # Errors
/// The name is none for a branch, the base no commit, the branch has work of somebody else, or git can't check it out.
pub fn switch(repository: &Repository, name: &str, base: Option<&str>) -> Result<Branch, GitError> {
    if !git2::Branch::name_is_valid(name).unwrap_or(false) {
        return Err(GitError::BranchName(name.to_owned()));
    }
    let read = repository.read()?;
    let base_commit = resolve(&read, base.unwrap_or("HEAD"))?;
    let from = repository.head.clone();
    let made = |start: Oid, how| Branch { name: name.to_owned(), from: from.clone(), start: start.to_string(), how };
    if base.is_none() && repository.head == Head::Branch(name.to_owned()) {
        return Ok(made(base_commit, How::Current));
    }
    let (here, there) = (tip(&read, name), fetched(repository, &read, name));
    let known = here.map(|tip| (name.to_owned(), tip)).into_iter().chain(there.clone());
    for (shown, tip) in known {
        if let Some(foreign) = foreign(&read, tip, base_commit).map_err(|error| repository.failed(error))? {
            return Err(GitError::Foreign { branch: shown, commit: short(foreign) });
        }
    }
    let continues = |tip: &Oid| *tip == base_commit || read.graph_descendant_of(*tip, base_commit).unwrap_or(false);
    match here {
        Some(tip) if continues(&tip) => {
            program::must(repository, &["switch", "--quiet", name], "")?;
            Ok(made(tip, How::Reused))
        }
        Some(tip) => {
            start_at(repository, "--force-create", name, base_commit)?;
            Ok(made(base_commit, How::Renewed(tip.to_string())))
        }
        None => {
            // What an earlier run pushed from another clone is gone on with, not done again.
            let start = there.map(|(_, tip)| tip).filter(continues).unwrap_or(base_commit);
            start_at(repository, "--create", name, start)?;
            Ok(made(start, How::Created))
        }
    }
}

fn start_at(repository: &Repository, how: &str, name: &str, commit: Oid) -> Result<(), GitError> {
    let arguments = ["switch", "--quiet", "--no-track", how, name, &commit.to_string()];
    program::must(repository, &arguments, "").map(drop)
}

impl Branch {
    /// Goes back to what was checked out before. A branch that was created and got no commit is removed again, one that
    /// was made anew and got none is put back.
    ///
    /// # Errors
    /// Git can't check it out.
    pub fn leave(&self, repository: &Repository) -> Result<(), GitError> {
        let origin = match &self.from {
            _ if self.how == How::Current => return Ok(()),
            Head::Branch(name) => vec!["switch", "--quiet", name],
            Head::Detached(commit) => vec!["switch", "--quiet", "--detach", commit],
            Head::Unborn(_) => return Ok(()),
        };
        let is_empty = tip(&repository.read()?, &self.name).is_some_and(|tip| tip.to_string() == self.start);
        let undo = match &self.how {
            How::Created if is_empty => vec!["branch", "--quiet", "-D", "--", &self.name],
            How::Renewed(before) if is_empty && self.from == Head::Branch(self.name.clone()) => {
                vec!["reset", "--quiet", "--keep", before]
            }
            How::Renewed(before) if is_empty => vec!["branch", "--quiet", "--force", "--no-track", &self.name, before],
            _ => Vec::new(),
        };
        program::must(repository, &origin, "")?;
        if undo.is_empty() { Ok(()) } else { program::must(repository, &undo, "").map(drop) }
    }
}

/// The commit that a revision names.
fn resolve(repository: &git2::Repository, revision: &str) -> Result<Oid, GitError> {
    let commit = repository.revparse_single(revision).and_then(|object| object.peel_to_commit());
    commit.map(|commit| commit.id()).map_err(|_| GitError::Revision(revision.to_owned()))
}

/// The last commit of a branch.
pub(super) fn tip(repository: &git2::Repository, name: &str) -> Option<Oid> {
    repository.find_branch(name, BranchType::Local).ok()?.get().peel_to_commit().ok().map(|commit| commit.id())
}

/// The branch as it was last fetched from the remote that it would be pushed to, with the name to show.
fn fetched(repository: &Repository, read: &git2::Repository, name: &str) -> Option<(String, Oid)> {
    let remote = remote::of(repository, name, None).ok()?;
    let shown = format!("{remote}/{name}");
    let commit = read.find_branch(&shown, BranchType::Remote).ok()?.get().peel_to_commit().ok()?;
    Some((shown, commit.id()))
}

/// The first commit of `tip` that `base` does not have and that is not own.
pub(super) fn foreign(repository: &git2::Repository, tip: Oid, base: Oid) -> Result<Option<Oid>, git2::Error> {
    let mut walk = repository.revwalk()?;
    walk.set_sorting(Sort::TOPOLOGICAL | Sort::REVERSE)?;
    walk.push(tip)?;
    walk.hide(base)?;
    for commit in walk {
        let commit = commit?;
        if !own::is_own_commit(repository, commit)? {
            return Ok(Some(commit));
        }
    }
    Ok(None)
}
