use git2::Oid;

use super::{GitError, Hooks, Repository, branch, program, remote, repository::short};

/// What a push did.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Pushed {
    /// The remote's name.
    pub remote: String,
    /// The branch, by its short name here and there.
    pub branch: String,
    /// The commit that the remote's branch is at now, in hexadecimal.
    pub commit: String,
    /// What happened to the remote's branch.
    pub how: Moved,
}

/// What a push did to the remote's branch.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Moved {
    /// It was there already, at the same commit.
    Unchanged,
    /// It was made.
    Created,
    /// It got the new commits on top of what it had.
    Advanced,
    /// Its commits, all of them own, were replaced.
    Replaced,
}

/// Pushes the branch `name` to `remote`, or to the one that the configuration says.
///
/// The remote is asked first. Commits of somebody else are never overwritten: only with `replace`, which is for a branch
/// that this program made, may commits go away there, and only if all of them are own and nobody pushed meanwhile.
///
/// # Errors
/// There is no such remote, it can't be reached, refuses, or has work of somebody else on the branch.
pub fn push(repository: &Repository, name: &str, remote: Option<&str>, replace: bool) -> Result<Pushed, GitError> {
    let remote = remote::of(repository, name, remote)?;
    let read = repository.read()?;
    let local = branch::tip(&read, name).ok_or_else(|| GitError::Revision(name.to_owned()))?;
    let there = ask(repository, &remote, name)?;
    let how = match there {
        None => Moved::Created,
        Some(there) if there == local => Moved::Unchanged,
        Some(there) if read.graph_descendant_of(local, there).unwrap_or(false) => Moved::Advanced,
        Some(there) => {
            let shown = format!("{remote}/{name}");
            may_replace(repository, &remote, name, local, there, replace, shown)?;
            Moved::Replaced
        }
    };
    if how != Moved::Unchanged {
        let lease = there.filter(|_| how == Moved::Replaced);
        send(repository, &remote, name, how == Moved::Created, lease)?;
    }
    Ok(Pushed { remote, branch: name.to_owned(), commit: local.to_string(), how })
}

/// Where the remote's branch is; `None` if there is none.
fn ask(repository: &Repository, remote: &str, name: &str) -> Result<Option<Oid>, GitError> {
    let reference = format!("refs/heads/{name}");
    let text = program::must(repository, &["ls-remote", "--quiet", "--", remote, &reference], "")?;
    // The pattern also matches `refs/remotes/x/refs/heads/name`.
    let mut lines = text.lines().filter_map(|line| line.split_once('\t'));
    let found = lines.find(|(_, found)| *found == reference).map(|(id, _)| Oid::from_str(id));
    found.transpose().map_err(|error| repository.failed(error))
}

/// Checks that nothing of somebody else goes away when `local` takes the place of `there`.
fn may_replace(
    repository: &Repository,
    remote: &str,
    name: &str,
    local: Oid,
    there: Oid,
    replace: bool,
    shown: String,
) -> Result<(), GitError> {
    if !replace {
        return Err(GitError::Foreign { branch: shown, commit: short(there) });
    }
    let reference = format!("refs/heads/{name}");
    let quietly = ["fetch", "--quiet", "--no-tags", "--no-write-fetch-head", "--no-recurse-submodules"];
    program::must(repository, &[&quietly[..], &["--", remote, &reference]].concat(), "")?;
    // Opened anew: what was fetched is in a pack that the earlier view does not know.
    let read = repository.read()?;
    let foreign = branch::foreign(&read, there, local).map_err(|error| repository.failed(error))?;
    foreign.map_or(Ok(()), |commit| Err(GitError::Foreign { branch: shown, commit: short(commit) }))
}

/// Pushes. A branch that is `new` follows the remote's from then on.
fn send(repository: &Repository, remote: &str, name: &str, new: bool, lease: Option<Oid>) -> Result<(), GitError> {
    let reference = format!("refs/heads/{name}");
    let both = format!("{reference}:{reference}");
    let lease = lease.map(|there| format!("--force-with-lease={reference}:{there}"));
    let mut arguments = vec!["push", "--quiet"];
    arguments.extend(new.then_some("--set-upstream"));
    arguments.extend(lease.as_deref());
    arguments.extend((repository.hooks == Hooks::Skip).then_some("--no-verify"));
    arguments.extend(["--", remote, &both]);
    program::must(repository, &arguments, "").map(drop)
}
