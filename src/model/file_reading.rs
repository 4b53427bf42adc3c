//! Which commands read a file, and where it lies for them.

use crate::knowledge::images;
use crate::knowledge::tools::{self, Reading};
use crate::syntax::shell;

use super::file_commands::Scene;
use super::file_flow::{FileTracer, Sighting};
use super::file_runs::{Window, mentions_file};
use super::reading::{MOST_SCRIPT_DEPTH, effective_words};
use super::run::{Form, Run};
use super::scripts::dialect_of;
use super::{Evidence, ImagePath};

impl FileTracer<'_> {
    /// The file and the place where the commands of the step at `index` run.
    pub(super) fn scene<'f>(
        &self,
        index: usize,
        file: &'f ImagePath,
        variables: &'f dyn Fn(&str) -> Option<String>,
    ) -> Scene<'f> {
        let directory = Some(self.dockerfile.workdir_at(index, &self.given));
        Scene { file, text: "", directory, home: self.home(index), variables }
    }

    /// The value that the builder gives a variable at the step at `index`, where it can be told.
    pub(super) fn variable(&self, index: usize, name: &str) -> Option<String> {
        self.dockerfile.variable_at(index, name, &self.given)
    }

    /// The home directory of whoever runs the step.
    fn home(&self, index: usize) -> Option<ImagePath> {
        if let Some(home) = self.dockerfile.variable_at(index, "HOME", &self.given) {
            return Some(ImagePath::from_root(&home));
        }
        let Some(user) = self.dockerfile.user_at(index) else {
            let base = self.dockerfile.base_image(index);
            return match base.and_then(images::runs_as_root) {
                Some(false) => base.and_then(images::home).map(ImagePath::from_root),
                // Most images run as root.
                Some(true) | None => Some(ImagePath::from_root("/root")),
            };
        };
        let name = user.split(':').next().unwrap_or("");
        self.dockerfile.home_of(index, name).map(|home| ImagePath::from_root(&home))
    }

    /// Whether the file lies where its tools look for it. One that a `COPY` names was put where somebody needs it.
    pub(super) fn is_found(&self, sighting: &Sighting) -> bool {
        self.readers.input.is_none_or(|input| input.is_found_at(sighting.path.path().as_str()))
    }

    /// Whether the RUN reads the file, and why that is thought.
    pub(super) fn evidence(
        &self,
        (index, run): (usize, &Run),
        sighting: &Sighting,
        mentioned: bool,
        window: Window,
    ) -> Option<Evidence> {
        if mentioned {
            return Some(Evidence::Named);
        }
        if let Form::Exec(arguments) = &run.form
            && run.shells.is_empty()
        {
            return self.words_read(&arguments.iter().cloned().map(Some).collect::<Vec<_>>(), sighting, 0);
        }
        if !run.is_understood() || run.shells.is_empty() {
            return Some(Evidence::Possible("runs text that is not understood".to_owned()));
        }
        let commands = self.readers.open_commands(index, run, |shell, at| window.holds(shell, at));
        strongest(commands.map(|command| self.words_read(&effective_words(command), sighting, 0)))
    }

    /// Whether git may be told to use ssh in place of the address that it is given (git-config(1), `url.<base>.insteadOf`).
    fn redirects_git(&self) -> bool {
        let text = self.dockerfile.source.text().to_ascii_lowercase();
        ["insteadof", ".gitconfig", "git_config"].iter().any(|word| text.contains(word))
    }

    /// Whether a command of these words reads the file, and why that is thought.
    pub(super) fn words_read(&self, words: &[Option<String>], sighting: &Sighting, depth: usize) -> Option<Evidence> {
        if words.is_empty() {
            return None;
        }
        let reader = self.model.reader(self.dockerfile);
        if let Some(script) = reader.script_of(words).filter(|_| depth < MOST_SCRIPT_DEPTH) {
            if mentions_file(script.text(), sighting.path.file_name()) {
                return Some(Evidence::Script(script.path().to_owned()));
            }
            let parsed = dialect_of(script).map(|dialect| shell::parse(script.text(), dialect));
            if let Some(parsed) = parsed.filter(|parsed| parsed.clean) {
                let commands = parsed.commands();
                let read = commands.iter().map(|it| self.words_read(&effective_words(it.command), sighting, depth + 1));
                return strongest(read);
            }
            return Some(Evidence::Possible(format!("runs `{}`", script.path())));
        }
        let program = words.first().cloned().flatten().unwrap_or_else(|| "a command".to_owned());
        match tools::reads_file(words, self.readers.input) {
            _ if self.readers.over_network() && (tools::is_offline(words) || tools::fetches_by_name(words)) => None,
            _ if self.readers.over_network() && tools::names_no_ssh(words) && !self.redirects_git() => None,
            Reading::Never => None,
            Reading::Reads { .. } if sighting.along && !self.is_found(sighting) => None,
            Reading::Reads { why, .. } => Some(Evidence::Tool(why)),
            Reading::RunsCode { why } => Some(Evidence::Possible(why)),
            Reading::Unknown => Some(Evidence::Possible(format!("runs `{program}`"))),
        }
    }
}

fn strongest(evidence: impl Iterator<Item = Option<Evidence>>) -> Option<Evidence> {
    let found: Vec<Evidence> = evidence.flatten().collect();
    found.iter().find(|found| found.is_certain()).or(found.first()).cloned()
}
