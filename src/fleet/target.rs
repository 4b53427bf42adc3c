use std::path::Path;

use camino::Utf8Path;
use git2::{ObjectType, Oid};
use serde::{Deserialize, Serialize};

use super::TargetSettings;
use crate::forge::{Address, Remote, Transport};

/// A repository of the fleet.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Target {
    /// What it is called in every run, by whatever address: `github.com/acme/shop`, in lower case; the path of one that is on
    /// this machine only.
    pub name: String,
    /// Where it is cloned from and pushed to, without a password.
    pub url: String,
    /// What was decided for it alone.
    #[serde(default)]
    pub settings: TargetSettings,
}

impl Target {
    /// Reads a clone address or a path. The path of a work tree stands for the remote that it was cloned from (`origin`, or the
    /// only one), because nobody's work tree is touched; without a remote it stands for itself. A user and a password in an
    /// http address are dropped: they would be in process lists, and git has credential helpers for them.
    ///
    /// # Errors
    /// One clause that says why it can't be a repository.
    pub fn parse(text: &str) -> Result<Self, String> {
        if let Some(target) = Self::remote(text) {
            return Ok(target);
        }
        let path = text.strip_prefix("file://").unwrap_or(text);
        let path =
            Utf8Path::new(path).canonicalize_utf8().map_err(|error| format!("`{path}` can't be read: {error}"))?;
        let repository = git2::Repository::open_ext(&path, git2::RepositoryOpenFlags::empty(), [] as [&Path; 0])
            .map_err(|_| format!("`{path}` is no git repository"))?;
        let remotes = repository.remotes().map_err(|error| error.message().to_owned())?;
        let names: Vec<&str> = remotes.iter().flatten().flatten().collect();
        let name = if names.contains(&"origin") {
            Some("origin")
        } else {
            names.first().copied().filter(|_| names.len() == 1)
        };
        let address = name.and_then(|name| repository.find_remote(name).ok()?.url().ok().map(str::to_owned));
        match address.filter(|_| !repository.is_bare()) {
            // A remote that is on this machine as well is not followed further.
            Some(url) => {
                Ok(Self::remote(&url).unwrap_or_else(|| Self::local(url.strip_prefix("file://").unwrap_or(&url))))
            }
            None => Ok(Self::local(path.as_str())),
        }
    }

    fn local(path: &str) -> Self {
        Self { name: path.to_owned(), url: format!("file://{path}"), settings: TargetSettings::default() }
    }

    /// What an address to clone from means; `None` where it is none.
    pub(super) fn remote(url: &str) -> Option<Self> {
        let remote = Remote::parse(url)?;
        // A forge has one name for a repository, also where ssh and https spell its address differently.
        let name = match Address::new(&remote, None, None) {
            Ok(address) => format!("{}/{}", address.host, address.path()),
            Err(_) => format!("{}/{}", remote.web_host(), remote.path.join("/")),
        };
        let url = match remote.transport {
            Transport::Https | Transport::Http => without_user(url),
            _ => url.to_owned(),
        };
        Some(Self { name: name.to_lowercase(), url, settings: TargetSettings::default() })
    }
}

/// An address without the user and the password in it.
pub(super) fn without_user(url: &str) -> String {
    let Some((scheme, rest)) = url.split_once("://") else { return url.to_owned() };
    let (authority, path) = rest.split_once('/').unwrap_or((rest, ""));
    let host = authority.rsplit_once('@').map_or(authority, |(_, host)| host);
    format!("{scheme}://{host}/{path}")
}

/// The first 64 bits of the name's digest: what `printf %s NAME | git hash-object --stdin` prints begins with them.
#[must_use]
pub fn digest(name: &str) -> u64 {
    let id = Oid::hash_object(ObjectType::Blob, name.as_bytes()).unwrap_or(Oid::ZERO_SHA1);
    id.as_bytes().iter().take(8).fold(0, |sum, byte| sum << 8 | u64::from(*byte))
}

/// The name as the name of a file: readable, and another one for each name.
#[must_use]
pub fn slug(name: &str) -> String {
    let fits = |char: char| if char.is_ascii_alphanumeric() || char == '.' || char == '-' { char } else { '_' };
    let readable: String = name.trim_matches('/').chars().map(fits).collect();
    let start = readable.len().saturating_sub(100);
    format!("{}-{:016x}", readable[start..].trim_start_matches('.'), digest(name))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_repository_has_one_name_by_all_its_addresses_and_no_password() {
        let all = [
            "https://github.com/Acme/shop.git",
            "git@github.com:acme/shop",
            "ssh://git@github.com/acme/Shop.git",
            "https://me:kn0ck@github.com/acme/shop",
        ];
        for url in all {
            let target = Target::parse(url).unwrap();
            assert_eq!(target.name, "github.com/acme/shop", "{url}");
            assert!(!target.url.contains("kn0ck"), "{}", target.url);
        }
        assert_ne!(slug("a/b"), slug("a_b"));
        assert!(!slug("../../etc/passwd").contains('/'));
    }

    #[test]
    fn a_work_tree_stands_for_its_remote_and_a_bare_repository_for_itself() {
        let directory = tempfile::tempdir().unwrap();
        let root = Utf8Path::from_path(directory.path()).unwrap().canonicalize_utf8().unwrap();
        let bare = root.join("bare.git");
        git2::Repository::init_bare(&bare).unwrap();
        let work = git2::Repository::init(root.join("work")).unwrap();
        assert_eq!(Target::parse(root.join("work").as_str()).unwrap().name, root.join("work"));
        work.remote("origin", bare.as_str()).unwrap();
        assert_eq!(Target::parse(root.join("work").as_str()).unwrap(), Target::parse(bare.as_str()).unwrap());
        assert!(Target::parse(root.join("absent").as_str()).is_err());
        assert!(Target::parse(root.as_str()).is_err());
    }
}
