//! Tokens that other programs keep.

use std::{
    io::{Read as _, Write as _},
    process::{Command, Stdio},
    thread,
    time::{Duration, Instant},
};

use super::{Credential, variables::usual_scheme};
use crate::forge::{Address, Kind, Token, token::Scheme};

/// The programs of this machine that may keep a token.
pub trait Programs {
    /// The token that one of them has for the forge of `address`.
    fn token(&self, address: &Address) -> Option<Credential>;
}

/// `gh`, `glab` and git's credential helpers. None of them may ask a person, and none sees the repository: what its
/// configuration names is not run.
#[derive(Debug, Clone, Copy, Default)]
pub struct SystemPrograms;

/// The longest time that a program may take.
const PATIENCE: Duration = Duration::from_secs(20);

impl Programs for SystemPrograms {
    fn token(&self, address: &Address) -> Option<Credential> {
        from_forge_tool(address).or_else(|| from_git(address))
    }
}

/// The tokens in the environment are not for any host, so these tools must not hand them on.
const TOKENS: &[&str] = &[
    "GH_TOKEN",
    "GITHUB_TOKEN",
    "GH_ENTERPRISE_TOKEN",
    "GITHUB_ENTERPRISE_TOKEN",
    "GITLAB_TOKEN",
    "GITLAB_ACCESS_TOKEN",
    "OAUTH_TOKEN",
];

fn from_forge_tool(address: &Address) -> Option<Credential> {
    let (program, arguments): (&str, &[&str]) = match address.kind {
        Kind::GitHub => ("gh", &["auth", "token", "--hostname"]),
        Kind::GitLab => ("glab", &["config", "get", "token", "--host"]),
        _ => return None,
    };
    let mut command = Command::new(program);
    command.args(arguments).arg(&address.host);
    let output = run(command, "")?;
    let token = Token::new(&output, usual_scheme(address.kind))?;
    Some(Credential { token, source: format!("`{program} {}`", arguments.join(" ").trim_end_matches(" --host")) })
}

/// `git credential fill` (git-scm.com, "git-credential"): attributes on standard input, attributes with the password on
/// standard output.
fn from_git(address: &Address) -> Option<Credential> {
    let mut command = Command::new("git");
    command.args(["-c", "core.askPass=", "-c", "credential.interactive=false", "credential", "fill"]);
    command.env("GIT_TERMINAL_PROMPT", "0").env("GCM_INTERACTIVE", "never");
    command.env_remove("GIT_ASKPASS").env_remove("SSH_ASKPASS").env_remove("GIT_DIR").env_remove("GIT_WORK_TREE");
    let path = match address.kind {
        Kind::Azure => format!("{}/_git/{}", address.owner(), address.name),
        _ => format!("{}.git", address.path()),
    };
    if path.contains(['\n', '\0']) || address.host.contains(['\n', '\0']) {
        return None;
    }
    let output = run(command, &format!("protocol=https\nhost={}\npath={path}\n\n", address.host))?;
    let attribute = |name: &str| output.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix('='));
    let token = Token::new(attribute("password")?, scheme(address.kind, attribute("username").unwrap_or_default()))?;
    Some(Credential { token, source: "`git credential fill`".to_owned() })
}

/// What git has may be a password or a token, which some forges take in the same place.
fn scheme(kind: Kind, user: &str) -> Scheme {
    match kind {
        Kind::Bitbucket if user == "x-token-auth" => Scheme::Bearer,
        Kind::Gitea | Kind::Bitbucket | Kind::BitbucketServer | Kind::Azure => Scheme::Basic { user: user.to_owned() },
        Kind::GitHub | Kind::GitLab => Scheme::Bearer,
    }
}

/// What `command` writes to standard output, if it succeeds in time. It runs outside of the repository.
fn run(mut command: Command, input: &str) -> Option<String> {
    for name in TOKENS {
        command.env_remove(name);
    }
    let elsewhere = std::env::temp_dir();
    command.env("GIT_CEILING_DIRECTORIES", &elsewhere).current_dir(elsewhere);
    command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::null());
    let mut child = command.spawn().ok()?;
    // Dropped at once: the program has to see the end of its input.
    let written = child.stdin.take().map(|mut stdin| stdin.write_all(input.as_bytes()));
    let deadline = Instant::now() + PATIENCE;
    let status = loop {
        match child.try_wait() {
            Ok(Some(status)) => break Some(status),
            Ok(None) if Instant::now() < deadline => thread::sleep(Duration::from_millis(10)),
            _ => break None,
        }
    };
    if !status.is_some_and(|status| status.success()) {
        let _ = child.kill();
        let _ = child.wait();
        return None;
    }
    written?.ok();
    let mut output = String::new();
    child.stdout.take()?.take(64 << 10).read_to_string(&mut output).ok()?;
    Some(output)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn programs_that_fail_or_are_missing_give_nothing() {
        assert_eq!(run(Command::new("a-program-that-nobody-has"), ""), None);
        let mut failing = Command::new("git");
        failing.arg("no-such-command");
        assert_eq!(run(failing, ""), None);
    }

    #[test]
    fn a_user_name_says_how_to_send_what_git_keeps() {
        assert_eq!(scheme(Kind::Bitbucket, "x-token-auth"), Scheme::Bearer);
        assert_eq!(scheme(Kind::Azure, "me"), Scheme::Basic { user: "me".into() });
        assert_eq!(scheme(Kind::GitHub, "me"), Scheme::Bearer);
    }
}
