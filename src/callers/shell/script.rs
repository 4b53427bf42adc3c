//! Shell scripts.

use std::collections::BTreeMap;
use std::rc::Rc;

use camino::{Utf8Path, Utf8PathBuf};

use super::super::location::upwards;
use super::super::{Build, Caller, Format, Offer, Refusal, Request, Rewrite, Surroundings};
use super::Site;
use crate::source::{Source, range};
use crate::syntax::shell::Dialect;
use crate::syntax::view::{Quoting, View};

/// Shell scripts: `*.sh` and files whose first line names a shell.
#[derive(Debug, Clone, Copy, Default)]
pub struct Shell;

impl Caller for Shell {
    fn format(&self) -> Format {
        Format::Shell
    }

    fn recognises(&self, path: &Utf8Path) -> bool {
        matches!(path.extension(), Some("sh" | "bash" | "zsh" | "ksh" | "bats" | "command" | "envrc"))
            || path.file_name() == Some(".envrc")
    }

    fn recognises_text(&self, path: &Utf8Path, text: &str) -> bool {
        let begins = text.trim_start_matches('\u{feff}').starts_with("#!");
        path.extension().is_none() && (interpreter(text).is_some() || !begins && runs_a_build(path, text))
    }

    fn builds(&self, source: &Source, around: &dyn Surroundings) -> Vec<Build> {
        super::builds(&site(source), around)
    }

    fn pass_secrets(
        &self,
        source: &Source,
        around: &dyn Surroundings,
        build: &Build,
        requests: &[Request],
    ) -> Result<Rewrite, Refusal> {
        super::pass_secrets(&site(source), around, build, requests).map(|rewrite| rewrite.rewrite)
    }

    fn offer(
        &self,
        source: &Source,
        around: &dyn Surroundings,
        build: &Build,
        offers: &[Offer],
    ) -> Result<Rewrite, Refusal> {
        super::offer_in(&[site(source)], around, build, offers)
    }
}

fn site(source: &Source) -> Site<'_> {
    site_of(source.path(), source.text())
}

/// The script of this path and text.
pub(super) fn site_of<'s>(file: &'s Utf8Path, text: &'s str) -> Site<'s> {
    let start = if text.starts_with('\u{feff}') { '\u{feff}'.len_utf8() } else { 0 };
    Site {
        format: Format::Shell,
        file,
        text,
        view: Rc::new(lines(text, start)),
        // Bash reads nearly every POSIX script as dash does; the reverse does not hold.
        dialect: Dialect::Bash,
        directories: upwards(file.parent().unwrap_or(Utf8Path::new(""))),
        checkout: Utf8PathBuf::new(),
        folders: Vec::new(),
        foreign: BTreeMap::new(),
        environment: BTreeMap::new(),
        classic: None,
        release: None,
        options_only: false,
        documentation: false,
        sourced: false,
    }
}

/// The script without the carriage returns of Windows line ends, which a shell that runs it does not see either.
fn lines(text: &str, start: usize) -> View {
    let mut view = View::new(Quoting::Lines);
    let mut at = start;
    for line in text.get(start..).unwrap_or("").split_inclusive('\n') {
        let end = at + line.len();
        let content = line.strip_suffix("\r\n").map_or(line, |content| content);
        view.push(content, range(at, at + content.len()));
        if line.ends_with("\r\n") {
            view.push("\n", range(end - 2, end));
        }
        at = end;
    }
    view
}

/// Whether a file without an interpreter's name is a script that builds: a line of it begins with such a command. A name in
/// capitals is that of a text for people.
fn runs_a_build(path: &Utf8Path, text: &str) -> bool {
    let name = path.file_name().unwrap_or("");
    let for_people = !name.chars().any(|char| char.is_ascii_lowercase());
    let builds = |line: &str| {
        let mut words =
            line.split_whitespace().skip_while(|word| matches!(*word, "sudo" | "exec") || word.contains('='));
        let gives = ["--build-arg", "--secret"].iter().any(|option| line.contains(option));
        matches!(words.next(), Some("docker" | "podman" | "buildah" | "nerdctl")) && gives
    };
    !for_people && text.lines().any(builds)
}

/// The shell that the first line names.
fn interpreter(text: &str) -> Option<&str> {
    let line = text.trim_start_matches('\u{feff}').lines().next()?.strip_prefix("#!")?;
    let mut words = line.split_whitespace();
    let program = words.next()?.rsplit('/').next()?;
    let shell =
        if program == "env" { words.find(|word| !word.starts_with('-') && !word.contains('='))? } else { program };
    matches!(shell, "sh" | "bash" | "zsh" | "ksh" | "dash" | "ash").then_some(shell)
}
