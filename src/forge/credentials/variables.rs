//! Tokens in the environment.

use super::Credential;
use crate::forge::{Address, Kind, Token, token::Scheme};

type Reader<'e> = &'e dyn Fn(&str) -> Option<String>;

/// The first variable that holds a token for the host of `address`.
pub(super) fn find(address: &Address, variable: Reader<'_>) -> Option<Credential> {
    let candidates = own(address, variable).into_iter().chain(match address.kind {
        Kind::GitHub => github(address, variable),
        Kind::GitLab => gitlab(address, variable),
        Kind::Gitea => gitea(address, variable),
        Kind::Bitbucket => bitbucket(address, variable),
        Kind::BitbucketServer => bitbucket_server(address, variable),
        Kind::Azure => azure(address, variable),
    });
    candidates.into_iter().find_map(|(name, scheme)| {
        let token = Token::new(&variable(name)?, scheme)?;
        Some(Credential { token, source: format!("`{name}`") })
    })
}

type Candidates = Vec<(&'static str, Scheme)>;

/// How a token is sent where nothing else is known.
pub(super) fn usual_scheme(kind: Kind) -> Scheme {
    match kind {
        Kind::Gitea => Scheme::Gitea,
        Kind::Azure => Scheme::Basic { user: String::new() },
        Kind::GitHub | Kind::GitLab | Kind::Bitbucket | Kind::BitbucketServer => Scheme::Bearer,
    }
}

fn own(address: &Address, variable: Reader<'_>) -> Candidates {
    let meant = named(variable, "DFMIGRATE_HOST").is_some_and(|host| host == address.host);
    only_if(meant, vec![("DFMIGRATE_TOKEN", usual_scheme(address.kind))])
}

/// As for `gh` (cli.github.com, "gh help environment"), but a token for a server of one's own needs that server's name.
/// A job of GitHub Actions gets the server's address with its token (docs.github.com, "Variables reference").
fn github(address: &Address, variable: Reader<'_>) -> Candidates {
    let host = address.host.as_str();
    let named_host = named(variable, "GH_HOST").is_some_and(|named| named == host);
    let is_own = host != "github.com" && !host.ends_with(".ghe.com");
    let mut found =
        only_if(host == "github.com" || named_host && host.ends_with(".ghe.com"), vec![("GH_TOKEN", Scheme::Bearer)]);
    let server = named(variable, "GITHUB_SERVER_URL").unwrap_or_else(|| "github.com".to_owned());
    found.extend(only_if(server == host, vec![("GITHUB_TOKEN", Scheme::Bearer)]));
    let enterprise = vec![("GH_ENTERPRISE_TOKEN", Scheme::Bearer), ("GITHUB_ENTERPRISE_TOKEN", Scheme::Bearer)];
    found.extend(only_if(named_host && is_own, enterprise));
    found
}

/// As for `glab` (docs.gitlab.com, "GitLab CLI", environment variables); `CI_SERVER_URL` is set in jobs. A job's own token
/// can't open merge requests.
fn gitlab(address: &Address, variable: Reader<'_>) -> Candidates {
    let server = ["GITLAB_HOST", "GL_HOST", "CI_SERVER_URL"].iter().find_map(|name| named(variable, name));
    let server = server.unwrap_or_else(|| "gitlab.com".to_owned());
    only_if(server == address.host, vec![("GITLAB_TOKEN", Scheme::Bearer)])
}

/// There is no host that all of Gitea's and Forgejo's users mean. Their actions set the names that GitHub's have.
fn gitea(address: &Address, variable: Reader<'_>) -> Candidates {
    let is = |name| named(variable, name).is_some_and(|host| host == address.host);
    let mut found = only_if(is("GITEA_SERVER_URL"), vec![("GITEA_TOKEN", Scheme::Gitea)]);
    found.extend(only_if(is("FORGEJO_SERVER_URL"), vec![("FORGEJO_TOKEN", Scheme::Gitea)]));
    found.extend(only_if(is("GITHUB_SERVER_URL"), vec![("GITHUB_TOKEN", Scheme::Gitea)]));
    found
}

/// Access tokens of a repository or workspace are sent as they are, API tokens with the mail address of the account
/// (support.atlassian.com, "Using API tokens").
fn bitbucket(address: &Address, variable: Reader<'_>) -> Candidates {
    let basic = |token, user| variable(user).map(|user| (token, Scheme::Basic { user }));
    let mut found = vec![("BITBUCKET_ACCESS_TOKEN", Scheme::Bearer), ("BITBUCKET_TOKEN", Scheme::Bearer)];
    found.extend(basic("BITBUCKET_API_TOKEN", "BITBUCKET_EMAIL"));
    found.extend(basic("BITBUCKET_APP_PASSWORD", "BITBUCKET_USERNAME"));
    only_if(address.host == "bitbucket.org", found)
}

fn bitbucket_server(address: &Address, variable: Reader<'_>) -> Candidates {
    let meant = named(variable, "BITBUCKET_SERVER_URL").is_some_and(|host| host == address.host);
    only_if(meant, vec![("BITBUCKET_SERVER_TOKEN", Scheme::Bearer)])
}

/// `AZURE_DEVOPS_EXT_PAT` is that of `az devops`; a job gets `SYSTEM_ACCESSTOKEN` and the address of its collection
/// (learn.microsoft.com, "Predefined variables").
fn azure(address: &Address, variable: Reader<'_>) -> Candidates {
    let server = named(variable, "SYSTEM_COLLECTIONURI")
        .map(|host| if host.ends_with(".visualstudio.com") { "dev.azure.com".to_owned() } else { host });
    let server = server.unwrap_or_else(|| "dev.azure.com".to_owned());
    let pat = ("AZURE_DEVOPS_EXT_PAT", Scheme::Basic { user: String::new() });
    only_if(server == address.host, vec![pat, ("SYSTEM_ACCESSTOKEN", Scheme::Bearer)])
}

fn only_if(meant: bool, candidates: Candidates) -> Candidates {
    if meant { candidates } else { Vec::new() }
}

/// The host that a variable names, alone or in an address.
fn named(variable: Reader<'_>, name: &str) -> Option<String> {
    let value = variable(name)?;
    let value = value.trim();
    let rest = value.split_once("://").map_or(value, |(_, rest)| rest);
    let host = rest.split(['/', '?', '#']).next().unwrap_or(rest);
    (!host.is_empty()).then(|| host.to_ascii_lowercase())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::forge::Remote;

    /// Which variable's token goes to the forge of `url`.
    fn chosen(url: &str, kind: Option<Kind>, set: &[(&str, &str)]) -> Option<String> {
        let address = Address::new(&Remote::parse(url).unwrap(), kind, None).unwrap();
        let read = |name: &str| set.iter().find(|(known, _)| *known == name).map(|(_, value)| (*value).to_owned());
        find(&address, &read).map(|found| found.source)
    }

    #[test]
    fn a_token_goes_to_the_host_that_it_is_meant_for() {
        let all = [
            ("GH_TOKEN", "a"),
            ("GITHUB_TOKEN", "a"),
            ("GH_ENTERPRISE_TOKEN", "a"),
            ("GITLAB_TOKEN", "a"),
            ("GITEA_TOKEN", "a"),
            ("FORGEJO_TOKEN", "a"),
            ("BITBUCKET_TOKEN", "a"),
            ("BITBUCKET_SERVER_TOKEN", "a"),
            ("AZURE_DEVOPS_EXT_PAT", "a"),
            ("SYSTEM_ACCESSTOKEN", "a"),
            ("DFMIGRATE_TOKEN", "a"),
        ];
        for (url, expected) in [
            ("https://github.com/a/b", Some("`GH_TOKEN`")),
            ("https://gitlab.com/a/b", Some("`GITLAB_TOKEN`")),
            ("https://bitbucket.org/a/b", Some("`BITBUCKET_TOKEN`")),
            ("https://dev.azure.com/a/b/_git/c", Some("`AZURE_DEVOPS_EXT_PAT`")),
            ("https://github.example.com/a/b", None),
            ("https://evil.ghe.com/a/b", None),
            ("https://gitlab.example.com/a/b", None),
            ("https://codeberg.org/a/b", None),
            ("https://bitbucket.example.com/scm/a/b", None),
        ] {
            assert_eq!(chosen(url, None, &all).as_deref(), expected, "{url}");
        }
    }

    #[test]
    fn a_server_of_ones_own_is_named() {
        let set = |name: &'static str, token: &'static str| [(name, "https://git.example.com/x"), (token, "a")];
        for (kind, name, token) in [
            (Kind::GitHub, "GH_HOST", "GH_ENTERPRISE_TOKEN"),
            (Kind::GitHub, "GITHUB_SERVER_URL", "GITHUB_TOKEN"),
            (Kind::GitLab, "CI_SERVER_URL", "GITLAB_TOKEN"),
            (Kind::Gitea, "GITEA_SERVER_URL", "GITEA_TOKEN"),
            (Kind::Gitea, "GITHUB_SERVER_URL", "GITHUB_TOKEN"),
            (Kind::BitbucketServer, "BITBUCKET_SERVER_URL", "BITBUCKET_SERVER_TOKEN"),
            (Kind::GitLab, "DFMIGRATE_HOST", "DFMIGRATE_TOKEN"),
        ] {
            let found = chosen("https://git.example.com/a/b", Some(kind), &set(name, token));
            assert_eq!(found, Some(format!("`{token}`")));
            assert_eq!(chosen("https://other.example.com/a/b", Some(kind), &set(name, token)), None);
        }
        // In a job on a server of one's own, the job's token is not for the public one.
        let job = [("GITHUB_SERVER_URL", "https://github.example.com"), ("GITHUB_TOKEN", "a")];
        assert_eq!(chosen("https://github.com/a/b", None, &job), None);
    }
}
