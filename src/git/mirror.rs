use std::ffi::OsStr;

use camino::{Utf8Path, Utf8PathBuf};

use super::{GitError, Repository, branch, program};

/// A clone that only this program works in, so that whatever is in it besides commits may be thrown away.
///
/// It is shallow and has no blobs but those that were checked out, as far as the server knows how to leave them away
/// (git-scm.com, "partial-clone").
pub struct Mirror {
    repository: Repository,
}

/// What the remote has, of the branches that were asked about.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Heads {
    /// The branch that the fixes are for.
    pub base: String,
    /// The commit that it is at, in hexadecimal.
    pub base_commit: String,
    /// The commit that the branch of the fixes is at, in hexadecimal; `None` if there is no such branch.
    pub own_commit: Option<String>,
}

/// The only remote of a mirror.
const REMOTE: &str = "origin";

/// How much history is fetched where a branch of fixes has to be compared with its base. It is a guess that saves time: what
/// is not enough is fetched completely.
const COMPARED: &str = "--depth=50";

impl Mirror {
    /// Makes an empty mirror of `url` in `directory`. The address gets into its configuration and into no argument.
    ///
    /// # Errors
    /// The directory can't be written.
    pub fn create(directory: &Utf8Path, url: &str) -> Result<Self, GitError> {
        let failed = |error| GitError::Git { root: directory.to_owned(), error };
        let made = git2::Repository::init(directory).map_err(failed)?;
        made.remote(REMOTE, url).map_err(failed)?;
        drop(made);
        Self::open(directory)?.ok_or_else(|| GitError::Remote(None))
    }

    /// The mirror in `directory`; `None` if there is none.
    ///
    /// # Errors
    /// It can't be read.
    pub fn open(directory: &Utf8Path) -> Result<Option<Self>, GitError> {
        let found = Repository::open(directory)?;
        Ok(found.map(|repository| Self { repository: Repository { may_ask: false, ..repository } }))
    }

    /// Has the mirror follow `url` from now on: a repository may have moved.
    ///
    /// # Errors
    /// The configuration can't be written.
    pub fn follow(&self, url: &str) -> Result<(), GitError> {
        let set = self.repository.read()?.remote_set_url(REMOTE, url);
        set.map_err(|error| self.repository.failed(error))
    }

    /// The root of its work tree.
    #[must_use]
    pub fn root(&self) -> &Utf8PathBuf {
        &self.repository.root
    }

    /// Asks the remote for `base`, or its default branch, and for the branch of fixes `own`.
    ///
    /// # Errors
    /// The remote can't be reached or has no such base.
    pub fn heads(&self, base: Option<&str>, own: &str) -> Result<Heads, GitError> {
        let own = format!("refs/heads/{own}");
        let wanted = base.map_or_else(|| "HEAD".to_owned(), |base| format!("refs/heads/{base}"));
        let text = self.git(&["ls-remote", "--quiet", "--symref", "--", REMOTE, &wanted, &own])?;
        let lines: Vec<(&str, &str)> = text.lines().filter_map(|line| line.split_once('\t')).collect();
        let commit = |name: &str| {
            let found = lines.iter().find(|(id, found)| *found == name && !id.starts_with("ref: "));
            found.map(|(id, _)| (*id).to_owned())
        };
        let default =
            lines.iter().find_map(|(id, name)| id.strip_prefix("ref: refs/heads/").filter(|_| *name == "HEAD"));
        let name = base.or(default).ok_or_else(|| GitError::Unborn("HEAD".to_owned()))?;
        let base_commit = commit(&wanted).ok_or_else(|| GitError::Revision(name.to_owned()))?;
        Ok(Heads { base: name.to_owned(), base_commit, own_commit: commit(&own) })
    }

    /// Fetches what `heads` tells, and checks out the base as it is there. Everything else goes away: files, changes, and
    /// commits on the branch `own` that were never pushed.
    ///
    /// # Errors
    /// The remote can't be reached, or the files can't be written.
    pub fn check_out(&self, heads: &Heads, own: &str) -> Result<(), GitError> {
        self.fetch(heads, own)?;
        let base = &heads.base;
        let start = tracked(base);
        self.git(&["checkout", "--quiet", "--force", "--no-track", "-B", base, &start])?;
        self.git(&["clean", "--quiet", "-ffdx"])?;
        self.forget(&format!("refs/heads/{own}"))?;
        if heads.own_commit.is_none() { self.forget(&tracked(own)) } else { Ok(()) }
    }

    /// The commit that the branch `name` is at here, in hexadecimal.
    ///
    /// # Errors
    /// The mirror can't be read.
    pub fn tip(&self, name: &str) -> Result<Option<String>, GitError> {
        Ok(branch::tip(&self.repository.read()?, name).map(|commit| commit.to_string()))
    }

    fn fetch(&self, heads: &Heads, own: &str) -> Result<(), GitError> {
        let wanted = [Some((&*heads.base, &heads.base_commit)), heads.own_commit.as_ref().map(|commit| (own, commit))];
        let read = self.repository.read()?;
        let at = |name: &str| read.refname_to_id(&tracked(name)).ok().map(|commit| commit.to_string());
        if wanted.iter().flatten().all(|(name, commit)| at(name).as_ref() == Some(*commit)) {
            return Ok(());
        }
        let branches = wanted.iter().flatten().map(|(name, _)| format!("+refs/heads/{name}:{}", tracked(name)));
        let branches: Vec<String> = branches.collect();
        let branches: Vec<&str> = branches.iter().map(String::as_str).collect();
        let depth = if heads.own_commit.is_some() { COMPARED } else { "--depth=1" };
        self.fetch_with(&[depth], &branches)?;
        match &heads.own_commit {
            // Without a common commit, everything in the base would look like work of somebody else.
            Some(own) if !self.have_common(own, &heads.base_commit)? => self.fetch_with(&["--unshallow"], &branches),
            _ => Ok(()),
        }
    }

    fn have_common(&self, one: &str, other: &str) -> Result<bool, GitError> {
        let read = self.repository.read()?;
        let failed = |error| self.repository.failed(error);
        if !read.is_shallow() {
            return Ok(true);
        }
        let [one, other] = [one, other].map(git2::Oid::from_str);
        Ok(read.merge_base(one.map_err(failed)?, other.map_err(failed)?).is_ok())
    }

    fn fetch_with(&self, options: &[&str], branches: &[&str]) -> Result<(), GitError> {
        let always =
            ["fetch", "--quiet", "--no-tags", "--no-write-fetch-head", "--no-recurse-submodules", "--no-auto-gc"];
        let arguments = [&always[..], &["--filter=blob:none"], options, &["--", REMOTE], branches].concat();
        self.git(&arguments).map(drop)
    }

    fn forget(&self, reference: &str) -> Result<(), GitError> {
        let read = self.repository.read()?;
        match read.find_reference(reference) {
            Ok(mut found) => found.delete().map_err(|error| self.repository.failed(error)),
            Err(_) => Ok(()),
        }
    }

    /// Pointers of Git LFS stay what they are: nothing here reads what they point to.
    fn git(&self, arguments: &[&str]) -> Result<String, GitError> {
        program::must_with(&self.repository, arguments, "", &[("GIT_LFS_SKIP_SMUDGE", OsStr::new("1"))])
    }
}

fn tracked(name: &str) -> String {
    format!("refs/remotes/{REMOTE}/{name}")
}
