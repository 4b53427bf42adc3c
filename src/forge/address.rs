//! From a remote to the forge that serves it.

use super::{Remote, Transport, http::Target};

/// The kinds of forges that are spoken to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Kind {
    /// github.com, *.ghe.com and GitHub Enterprise Server.
    GitHub,
    /// gitlab.com and GitLab on a server of one's own.
    GitLab,
    /// Gitea and Forgejo, which share an API.
    Gitea,
    /// bitbucket.org.
    Bitbucket,
    /// Bitbucket Data Center and Server.
    BitbucketServer,
    /// Azure DevOps Services and Server.
    Azure,
}

impl Kind {
    /// The name for people.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::GitHub => "GitHub",
            Self::GitLab => "GitLab",
            Self::Gitea => "Gitea",
            Self::Bitbucket => "Bitbucket",
            Self::BitbucketServer => "Bitbucket Data Center",
            Self::Azure => "Azure DevOps",
        }
    }

    /// The longest text of a pull request, in characters: GitHub refuses more than 65,536 (its answer 422 says so), Azure
    /// more than 4,000 (learn.microsoft.com, "Pull Requests - Create"), Bitbucket's servers more than 32,768 (the column's
    /// size), Bitbucket Cloud as many; GitLab allows 1,048,576 (docs.gitlab.com, "Application limits").
    #[must_use]
    pub fn longest_body(self) -> usize {
        match self {
            Self::GitHub | Self::Gitea => 65_536,
            Self::GitLab => 1_048_576,
            Self::Bitbucket | Self::BitbucketServer => 32_768,
            Self::Azure => 4_000,
        }
    }

    /// The forge behind a well-known host, or behind one that is called by the product's name (`gitlab.example.com`).
    #[must_use]
    pub fn of_host(host: &str) -> Option<Self> {
        match host {
            "github.com" | "ssh.github.com" => return Some(Self::GitHub),
            "gitlab.com" | "altssh.gitlab.com" => return Some(Self::GitLab),
            "codeberg.org" => return Some(Self::Gitea),
            "bitbucket.org" | "altssh.bitbucket.org" => return Some(Self::Bitbucket),
            "dev.azure.com" | "ssh.dev.azure.com" | "vs-ssh.visualstudio.com" => return Some(Self::Azure),
            _ if host.ends_with(".ghe.com") => return Some(Self::GitHub),
            _ if host.ends_with(".visualstudio.com") => return Some(Self::Azure),
            _ => {}
        }
        match host.split('.').next()? {
            "github" => Some(Self::GitHub),
            "gitlab" => Some(Self::GitLab),
            "gitea" | "forgejo" => Some(Self::Gitea),
            "bitbucket" => Some(Self::BitbucketServer),
            _ => None,
        }
    }
}

/// A repository on a forge, and where the forge's API is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Address {
    /// What kind of forge it is.
    pub kind: Kind,
    /// The host with its port, as tokens are kept by.
    pub host: String,
    /// The address of the API, without a final slash.
    pub api: String,
    /// What the repository lies in, from the outside: an owner, groups, a workspace, or an organisation and a project.
    pub namespace: Vec<String>,
    /// The repository's own name.
    pub name: String,
}

/// Why a remote is on no forge that can be spoken to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum NoForge {
    /// Nothing says what kind of forge it is, and asking it would be a request that nobody expects.
    UnknownKind,
    /// The path is not that of a repository on this kind of forge.
    Path,
}

impl Address {
    /// The forge of `remote`: of the kind `kind` if that is given, else of what its host tells. `web` is the address of the
    /// forge's first page where that can't be told from the remote: ssh on another host, a port, a path below which the
    /// forge lies.
    ///
    /// # Errors
    /// See [`NoForge`].
    pub fn new(remote: &Remote, kind: Option<Kind>, web: Option<&str>) -> Result<Self, NoForge> {
        let kind = kind.or_else(|| Kind::of_host(&remote.host)).ok_or(NoForge::UnknownKind)?;
        let site = Site::new(kind, remote, web);
        let path: Vec<&str> = remote.path.iter().map(String::as_str).collect();
        let path = path.strip_prefix(site.below.as_slice()).unwrap_or(&path);
        let address = match kind {
            Kind::GitHub => site.owned(path, 1, if site.is_cloud { "" } else { "/api/v3" }),
            Kind::GitLab => site.nested(path),
            Kind::Gitea => site.owned(path, 1, "/api/v1"),
            Kind::Bitbucket => site.owned(path, 1, "/2.0"),
            Kind::BitbucketServer => site.in_project(path),
            Kind::Azure => site.azure(path, remote),
        };
        address.ok_or(NoForge::Path)
    }

    /// The path of the repository, as people write it.
    #[must_use]
    pub fn path(&self) -> String {
        let parts: Vec<&str> = self.namespace.iter().map(String::as_str).chain([self.name.as_str()]).collect();
        parts.join("/")
    }

    /// What the repository lies in, as one text.
    #[must_use]
    pub fn owner(&self) -> String {
        self.namespace.join("/")
    }
}

/// Where a forge is.
struct Site<'r> {
    kind: Kind,
    /// `http` for a server that git reaches by http, which the client only allows on this machine.
    scheme: &'static str,
    host: String,
    is_cloud: bool,
    /// The parts of the path that belong to the forge and not to the repository.
    below: Vec<&'r str>,
}

impl<'r> Site<'r> {
    fn new(kind: Kind, remote: &Remote, web: Option<&'r str>) -> Self {
        let plain = |scheme: bool| if scheme { "http" } else { "https" };
        match web.and_then(|web| web.split_once("://")) {
            Some((scheme, rest)) => {
                let (host, below) = rest.split_once('/').unwrap_or((rest, ""));
                let below = below.split('/').filter(|part| !part.is_empty()).collect();
                Self { kind, scheme: plain(scheme == "http"), host: host.to_ascii_lowercase(), is_cloud: false, below }
            }
            None => {
                let (host, is_cloud) =
                    cloud(kind, &remote.host).map_or((remote.web_host(), false), |host| (host, true));
                let scheme = plain(remote.transport == Transport::Http && !is_cloud);
                Self { kind, scheme, host, is_cloud, below: Vec::new() }
            }
        }
    }

    fn address(&self, api: &str, namespace: &[&str], name: &str) -> Option<Address> {
        let named = !namespace.is_empty() && !name.is_empty();
        let host = match self.kind {
            Kind::GitHub if self.is_cloud => format!("api.{}", self.host),
            Kind::Bitbucket if self.is_cloud => format!("api.{}", self.host),
            _ => self.host.clone(),
        };
        named.then(|| Address {
            kind: self.kind,
            host: self.host.clone(),
            api: format!("{}://{host}{api}", self.scheme),
            namespace: namespace.iter().map(|part| (*part).to_owned()).collect(),
            name: name.to_owned(),
        })
    }

    /// The repository is the last part of the path, its `depth` owners come before it, and the rest is where the forge lies.
    fn owned(&self, path: &[&str], depth: usize, api: &str) -> Option<Address> {
        let (name, rest) = path.split_last()?;
        let (outside, namespace) = rest.split_at_checked(rest.len().checked_sub(depth)?)?;
        let below = Target::new(self.below.iter().chain(outside).copied());
        self.address(&format!("{}{api}", below.path()), namespace, name)
    }

    /// Groups nest, so only `web` could tell where GitLab lies if not at the root.
    fn nested(&self, path: &[&str]) -> Option<Address> {
        let (name, namespace) = path.split_last()?;
        let below = Target::new(self.below.iter().copied());
        self.address(&format!("{}/api/v4", below.path()), namespace, name)
    }

    /// Bitbucket's servers: `/scm/PROJECT/name` over https, behind which the forge lies, and `/PROJECT/name` over ssh.
    fn in_project(&self, path: &[&str]) -> Option<Address> {
        match path.iter().rposition(|part| *part == "scm") {
            Some(at) if path.len() == at + 3 => {
                let below = self.below.iter().chain(path.get(..at)?).copied().collect();
                let inside = Site { below, host: self.host.clone(), ..*self };
                inside.owned(path.get(at + 1..)?, 1, "/rest/api/1.0")
            }
            _ if path.len() == 2 => self.owned(path, 1, "/rest/api/1.0"),
            _ => None,
        }
    }

    /// `/ORGANISATION/PROJECT/_git/name`, with `_git/name` alone for the project's repository of the same name; over ssh
    /// `v3/ORGANISATION/PROJECT/name` (learn.microsoft.com, "Clone an existing Git repo").
    fn azure(&self, path: &[&str], remote: &Remote) -> Option<Address> {
        if let ["v3", organisation, project, name] = path {
            return self.address(Target::new([*organisation]).path(), &[organisation, project], name);
        }
        let at = path.iter().position(|part| *part == "_git")?;
        let (before, after) = (path.get(..at)?, path.get(at + 1..)?);
        let name = match after {
            [name] | ["_full" | "_optimized", name] => *name,
            _ => return None,
        };
        let legacy = remote.host.strip_suffix(".visualstudio.com");
        let (collection, project) = match (legacy, before) {
            (Some(organisation), before) => {
                let project = before.iter().rfind(|part| **part != "DefaultCollection");
                (vec![organisation], project.copied().unwrap_or(name))
            }
            (None, [collection]) => (vec![*collection], name),
            (None, [collection @ .., project]) => (collection.to_vec(), *project),
            (None, []) => return None,
        };
        let api = Target::new(self.below.iter().chain(&collection).copied());
        self.address(api.path(), &[collection.join("/").as_str(), project], name)
    }
}

/// The web host of a public forge whose ssh lies elsewhere, or whose API has a host of its own.
fn cloud(kind: Kind, host: &str) -> Option<String> {
    let known = match (kind, host) {
        (Kind::GitHub, "github.com" | "ssh.github.com") => "github.com",
        (Kind::GitHub, host) if host.ends_with(".ghe.com") => host,
        (Kind::GitLab, "gitlab.com" | "altssh.gitlab.com") => "gitlab.com",
        (Kind::Bitbucket, "bitbucket.org" | "altssh.bitbucket.org") => "bitbucket.org",
        (Kind::Azure, "dev.azure.com" | "ssh.dev.azure.com" | "vs-ssh.visualstudio.com") => "dev.azure.com",
        (Kind::Azure, host) if host.ends_with(".visualstudio.com") => "dev.azure.com",
        _ => return None,
    };
    Some(known.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(url: &str, kind: Option<Kind>, web: Option<&str>) -> String {
        match Address::new(&Remote::parse(url).unwrap(), kind, web) {
            Ok(found) => format!("{} {} {}", found.kind.name(), found.api, found.path()),
            Err(error) => format!("{error:?}"),
        }
    }

    #[test]
    fn known_hosts_tell_the_forge_and_its_api() {
        for (url, expected) in [
            ("git@github.com:acme/shop.git", "GitHub https://api.github.com acme/shop"),
            ("ssh://git@ssh.github.com:443/acme/shop", "GitHub https://api.github.com acme/shop"),
            ("https://acme.ghe.com/acme/shop", "GitHub https://api.acme.ghe.com acme/shop"),
            ("https://github.example.com/acme/shop", "GitHub https://github.example.com/api/v3 acme/shop"),
            ("https://gitlab.com/a/b/c/shop.git", "GitLab https://gitlab.com/api/v4 a/b/c/shop"),
            ("ssh://git@gitlab.example.com:2222/a/shop", "GitLab https://gitlab.example.com/api/v4 a/shop"),
            ("https://codeberg.org/acme/shop", "Gitea https://codeberg.org/api/v1 acme/shop"),
            (
                "https://gitea.example.com:3000/sub/acme/shop",
                "Gitea https://gitea.example.com:3000/sub/api/v1 acme/shop",
            ),
            ("git@bitbucket.org:acme/shop.git", "Bitbucket https://api.bitbucket.org/2.0 acme/shop"),
            (
                "https://bitbucket.example.com/git/scm/ACME/shop.git",
                "Bitbucket Data Center https://bitbucket.example.com/git/rest/api/1.0 ACME/shop",
            ),
            (
                "ssh://git@bitbucket.example.com:7999/ACME/shop.git",
                "Bitbucket Data Center https://bitbucket.example.com/rest/api/1.0 ACME/shop",
            ),
            ("https://acme@dev.azure.com/acme/Web/_git/shop", "Azure DevOps https://dev.azure.com/acme acme/Web/shop"),
            ("https://dev.azure.com/acme/_git/shop", "Azure DevOps https://dev.azure.com/acme acme/shop/shop"),
            ("git@ssh.dev.azure.com:v3/acme/Web/shop", "Azure DevOps https://dev.azure.com/acme acme/Web/shop"),
            (
                "https://acme.visualstudio.com/DefaultCollection/Web/_git/shop",
                "Azure DevOps https://dev.azure.com/acme acme/Web/shop",
            ),
            ("https://acme.visualstudio.com/Web/_git/shop", "Azure DevOps https://dev.azure.com/acme acme/Web/shop"),
            ("https://acme.visualstudio.com/_git/shop", "Azure DevOps https://dev.azure.com/acme acme/shop/shop"),
        ] {
            assert_eq!(shown(url, None, None), expected, "{url}");
        }
    }

    #[test]
    fn what_the_host_does_not_tell_is_given() {
        let azure = shown("https://tfs.example.com/tfs/Main/Web/_git/shop", Some(Kind::Azure), None);
        assert_eq!(azure, "Azure DevOps https://tfs.example.com/tfs/Main tfs/Main/Web/shop");
        let web = Some("https://code.example.com:8443/git");
        let gitlab = shown("https://code.example.com:8443/git/a/b/shop", Some(Kind::GitLab), web);
        assert_eq!(gitlab, "GitLab https://code.example.com:8443/git/api/v4 a/b/shop");
        let over_ssh = shown("git@ssh.example.com:a/b/shop", Some(Kind::GitLab), web);
        assert_eq!(over_ssh, "GitLab https://code.example.com:8443/git/api/v4 a/b/shop");
    }

    #[test]
    fn nothing_is_guessed() {
        assert_eq!(shown("https://code.example.com/a/b", None, None), "UnknownKind");
        assert_eq!(shown("https://github.com/a", None, None), "Path");
        assert_eq!(shown("https://dev.azure.com/acme/Web/shop", None, None), "Path");
    }
}
