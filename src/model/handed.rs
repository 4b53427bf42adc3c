//! What builds hand on that can't be read: where it may come from.

use camino::{Utf8Path, Utf8PathBuf};

use crate::callers::{Build, Dockerfiles, Format};
use crate::source::{Source, TextRange};

use super::binding::{has_argument_word, in_comment, occurrences};
use super::{Binding, Dockerfile, Model, mentions_file};

/// Endings of files that show what another one, of the name in front, holds.
const SAMPLES: [&str; 6] = [".example", ".sample", ".template", ".dist", ".tpl", ".default"];

impl Model {
    /// The builds near `dockerfile` of which the Dockerfile can't be told and that hand on something unread, in files that
    /// name the build argument `name`, with that place. What is handed on may be it, and the Dockerfile this one.
    #[must_use]
    pub fn handed_on(&self, dockerfile: &Dockerfile, name: &str) -> Vec<(&Build, TextRange)> {
        let near = self.index.passing(&self.repository, dockerfile.path(), name).into_iter();
        let named = near.filter_map(|source| Some((source, self.names_apart_from_arguments(source.path(), name)?)));
        let bound = self.bound_builds(dockerfile);
        let is_asked = |build: &Build| {
            let decided = self.repository.settings(&build.file).builds.contains_key(&build.file);
            let several = bound.iter().filter(|bound| bound.binding != Binding::OneOfSeveral);
            decided || several.into_iter().any(|bound| bound.build == build)
        };
        let is_open = |build: &&Build| {
            let unplaced = matches!(build.dockerfiles, Dockerfiles::Unknown(_)) && build.format != Format::Markdown;
            build.opaque.is_some() && unplaced && !is_asked(build)
        };
        let first = named.filter_map(|(source, at)| Some((self.builds_of_file(source.path()).find(is_open)?, at)));
        first.collect()
    }

    /// A file of variables that gives `name` a value, or shows how, and that `build` hands on as arguments, as it seems:
    /// `.env`. The name is that in the text of the build's file.
    #[must_use]
    pub fn listed_for(&self, build: &Build, name: &str) -> Option<String> {
        let opaque = build.opaque.as_deref()?;
        let text = self.repository.source(&build.file)?.text();
        let home = build.file.parent().unwrap_or(Utf8Path::new(""));
        let is_handed_on = |file: &str| {
            let in_words = mentions_file(opaque, file);
            in_words || build.format != Format::Markdown && has_argument_word(text) && mentions_file(text, file)
        };
        let lists = self.index.naming(&self.repository, name).into_iter().filter(|source| gives(source, name));
        let around = lists.filter(|source| source.path().parent().is_some_and(|folder| home.starts_with(folder)));
        let shown = around.filter_map(|source| source.path().file_name());
        let mut names = shown.map(|file| SAMPLES.iter().find_map(|end| file.strip_suffix(end)).unwrap_or(file));
        names.find(|file| is_handed_on(file)).map(str::to_owned)
    }

    /// Where a file calls the script that holds `build` with the name of the build argument, where the build hands on what the
    /// script is given: `./build.sh NPM_TOKEN`.
    #[must_use]
    pub fn called_with(&self, build: &Build, name: &str) -> Option<(Utf8PathBuf, TextRange)> {
        if !is_parameter(build.opaque.as_deref()?) {
            return None;
        }
        let script = build.file.file_name()?;
        let callers = self.index.naming(&self.repository, name).into_iter();
        let callers = callers.filter(|source| source.path() != build.file);
        callers.filter_map(|source| Some((source.path().to_owned(), self.call_of(source, script, name)?))).next()
    }

    fn call_of(&self, source: &Source, script: &str, name: &str) -> Option<TextRange> {
        let text = source.text();
        let builds: Vec<&Build> = self.builds_of_file(source.path()).collect();
        // A call that is read as a build says itself what it passes.
        let is_read = |at: TextRange| builds.iter().any(|build| build.range.contains_range(at));
        let in_front = |at: TextRange| {
            let before = &text[..usize::from(at.start())];
            let mut lines = before.rsplit('\n');
            let line = lines.next().unwrap_or("");
            let joined = lines.take_while(|line| line.trim_end().ends_with('\\'));
            std::iter::once(line).chain(joined).any(|line| mentions_file(line, script))
        };
        occurrences(text, name).find(|at| in_front(*at) && !is_read(*at) && !in_comment(text, *at))
    }
}

/// Whether a line of the file gives `name` a value and nothing else, as a file of variables does.
fn gives(source: &Source, name: &str) -> bool {
    let is_script = matches!(source.path().extension(), Some("sh" | "bash" | "zsh" | "md" | "yml" | "yaml"));
    let is_it = |line: &str| {
        let line = line.trim_start();
        let line = line.strip_prefix("export ").unwrap_or(line);
        line.strip_prefix(name).is_some_and(|rest| rest.starts_with('='))
    };
    !is_script && source.text().lines().any(is_it)
}

/// Whether a word of the shell is one of a script's own parameters: `"$1"`, `$@`, `${@:2}`.
fn is_parameter(word: &str) -> bool {
    let mut dollars = word.match_indices('$').filter_map(|(at, _)| word.get(at + 1..));
    dollars.any(|rest| rest.trim_start_matches('{').starts_with(|char: char| matches!(char, '1'..='9' | '@' | '*')))
}
