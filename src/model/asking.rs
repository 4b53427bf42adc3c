//! Whether git asks a program for the credentials of a server: such a program may read any variable.

use std::sync::LazyLock;

use regex::Regex;

use crate::source::Source;

/// The files that git's settings are read from (git-config(1), FILES), and how projects name what they copy there.
pub(super) const SETTINGS: [&str; 2] = [".gitconfig", "gitconfig"];

/// A helper (gitcredentials(7)), of one server or of all, on the command line, in the environment or in a file of settings; what
/// it is follows.
static HELPER: LazyLock<Option<Regex>> =
    LazyLock::new(|| Regex::new(r#"(?im)(?:\bcredential\.(?:\S+\.)?helper\b|^\s*helper)[\s=,"']+(?P<what>\S+)"#).ok());

/// A program for a question or for the connection (git(1), ENVIRONMENT; git-config(1)); what it is may follow.
static PROGRAM: LazyLock<Option<Regex>> = LazyLock::new(|| {
    let names =
        r"GIT_ASKPASS|SSH_ASKPASS|core\.askpass|^\s*askpass|GIT_SSH(?:_COMMAND)?|core\.sshcommand|^\s*sshcommand";
    Regex::new(&format!(r#"(?im)(?:{names})[\s=,"']+(?P<what>\S+)"#)).ok()
});

/// Settings that come from a file.
static COPIED: LazyLock<Option<Regex>> =
    LazyLock::new(|| Regex::new(r"(?im)^\s*(?:ONBUILD\s+)?(?:COPY|ADD)\s[^\n]*gitconfig").ok());

/// Helpers of git itself, which read their own files only (git-credential-store(1), git-credential-cache(1)), and `ssh`, which
/// reads no variable with a secret.
const NO_PROGRAMS: [&str; 3] = ["store", "cache", "ssh"];

/// Whether the text of a Dockerfile, a script or settings makes git ask a program.
pub(super) fn makes_git_ask(text: &str) -> bool {
    let set = |pattern: &Option<Regex>| {
        let found = pattern.iter().flat_map(|pattern| pattern.captures_iter(text));
        let mut programs = found.filter_map(|found| found.name("what"));
        programs.any(|what| !NO_PROGRAMS.contains(&what.as_str().trim_matches(['"', '\''])))
    };
    set(&HELPER) || set(&PROGRAM) || text.contains("auth setup-git")
}

/// Whether git of an image that `dockerfile` makes may ask a program. `settings` are the files of the repository that may be git's.
pub(super) fn may_ask(dockerfile: &str, settings: &[&Source]) -> bool {
    let copied = COPIED.as_ref().is_some_and(|copied| copied.is_match(dockerfile));
    let unseen = copied && settings.is_empty();
    makes_git_ask(dockerfile) || unseen || (copied && settings.iter().any(|source| makes_git_ask(source.text())))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn programs_are_told_from_what_git_does_itself() {
        for text in [
            "RUN git config --global credential.helper '!f() { echo \"password=$T\"; }; f'",
            "RUN git config --global credential.https://git.example.com.helper /usr/bin/helper",
            "RUN git -c credential.helper='!f' clone https://git.example.com/x",
            "[credential]\n\thelper = \"!f\"",
            "ENV GIT_ASKPASS=/askpass.sh",
            "ENV GIT_ASKPASS /askpass.sh",
            "RUN GIT_SSH=/ssh.sh git clone git@git.example.com:x",
            "[core]\n\taskPass = /askpass.sh",
            "RUN gh auth setup-git",
        ] {
            assert!(makes_git_ask(text), "{text}");
        }
        for text in [
            "RUN git config --global credential.helper store",
            "RUN git config --global credential.helper 'cache --timeout=3600'",
            "ENV GIT_SSH_COMMAND=\"ssh -o StrictHostKeyChecking=no\"",
            "RUN git clone https://git.example.com/helper",
            "# a helper for the credentials",
        ] {
            assert!(!makes_git_ask(text), "{text}");
        }
    }

    #[test]
    fn settings_that_are_copied_are_looked_at() {
        let dockerfile = "COPY docker/gitconfig /root/.gitconfig\n";
        let settings = |text: &str| Source::new("docker/gitconfig", text.as_bytes().to_vec());
        assert!(may_ask(dockerfile, &[]));
        assert!(may_ask(dockerfile, &[&settings("[credential]\n  helper = !f\n")]));
        assert!(!may_ask(dockerfile, &[&settings("[user]\n  name = x\n")]));
        assert!(!may_ask("FROM x\n", &[&settings("[credential]\n  helper = !f\n")]));
    }
}
