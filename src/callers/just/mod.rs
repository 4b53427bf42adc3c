//! Justfiles: recipes of shell commands, in which `{{name}}` stands for variables (just's README, "Grammar").
//!
//! A shell of its own runs each line of a recipe; one that begins with `#!` is a script. A variable of just need not be in the
//! environment, so a value that comes from one is put in front of the command that builds.

mod file;
#[cfg(test)]
mod tests;

use std::collections::BTreeMap;
use std::rc::Rc;

use camino::{Utf8Path, Utf8PathBuf};

use super::location::upwards;
use super::shell::{self, Site};
use super::sieve::may_build;
use super::template::{Token, Values, fill};
use super::{Build, Caller, Format, Offer, Refusal, Request, Rewrite, Surroundings};
use crate::source::{Source, TextRange, slice};
use crate::syntax::shell::Dialect;
use crate::syntax::view::{Quoting, View};
use file::{File, Recipe};

/// The caller for justfiles.
#[derive(Debug, Clone, Copy)]
pub struct Just;

impl Caller for Just {
    fn format(&self) -> Format {
        Format::Just
    }

    fn recognises(&self, path: &Utf8Path) -> bool {
        let name = path.file_name().unwrap_or("").to_ascii_lowercase();
        matches!(name.as_str(), "justfile" | ".justfile") || path.extension() == Some("just")
    }

    fn builds(&self, source: &Source, around: &dyn Surroundings) -> Vec<Build> {
        shell::builds_in(&sites(source), around)
    }

    fn pass_secrets(
        &self,
        source: &Source,
        around: &dyn Surroundings,
        build: &Build,
        requests: &[Request],
    ) -> Result<Rewrite, Refusal> {
        shell::pass_secrets_in(&sites(source), around, build, requests).map(|passed| passed.rewrite)
    }

    fn offer(
        &self,
        source: &Source,
        around: &dyn Surroundings,
        build: &Build,
        offers: &[Offer],
    ) -> Result<Rewrite, Refusal> {
        shell::offer_in(&sites(source), around, build, offers)
    }
}

/// Every line of every recipe that a shell gets, and every recipe that is a script.
fn sites(source: &Source) -> Vec<Site<'_>> {
    if !may_build(source.text()) {
        return Vec::new();
    }
    let file = File::read(source.text());
    let posix = file.recipes.iter().filter(|recipe| recipe.is_posix);
    posix.flat_map(|recipe| recipe.scripts.iter().filter_map(|lines| site(source, &file, recipe, lines))).collect()
}

fn site<'s>(source: &'s Source, file: &File, recipe: &Recipe, lines: &[TextRange]) -> Option<Site<'s>> {
    let text = source.text();
    let mut plain = View::new(Quoting::Lines);
    for (index, line) in lines.iter().enumerate() {
        if let Some(before) = index.checked_sub(1).and_then(|before| lines.get(before)) {
            plain.push("\n", TextRange::new(before.end(), line.start()));
        }
        plain.push(slice(text, *line), *line);
    }
    let filled = fill(&plain, &Variables { text, file, recipe })?;
    let folder = source.path().parent().unwrap_or(Utf8Path::new(""));
    Some(Site {
        folders: Vec::new(),
        format: Format::Just,
        file: source.path(),
        text,
        view: Rc::new(filled.view),
        dialect: Dialect::Bash,
        directories: upwards(folder),
        checkout: Utf8PathBuf::new(),
        foreign: filled.foreign,
        environment: BTreeMap::new(),
        classic: None,
        release: None,
        options_only: false,
        documentation: false,
        sourced: false,
    })
}

struct Variables<'a> {
    text: &'a str,
    file: &'a File,
    recipe: &'a Recipe,
}

impl Values for Variables<'_> {
    fn token(&self, inside: &str) -> Token {
        let is_name = inside.bytes().all(|byte| matches!(byte, b'_' | b'-') || byte.is_ascii_alphanumeric());
        let is_brace = inside.starts_with('{');
        match (is_brace, is_name && !inside.is_empty()) {
            // `{{{{` is how a recipe writes two braces.
            (true, _) => Token::Odd,
            (false, true) => Token::Variable(inside.to_owned()),
            (false, false) => Token::Computed,
        }
    }

    fn values(&self, name: &str) -> Vec<View> {
        if self.recipe.parameters.iter().any(|parameter| parameter == name) {
            return Vec::new();
        }
        let fixed = self.file.variables.iter().filter(|variable| variable.name == name);
        fixed.map(|variable| View::verbatim(self.text, variable.value, Quoting::JustString)).collect()
    }
}
