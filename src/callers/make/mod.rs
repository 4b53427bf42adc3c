//! Makefiles. Only this module sees the Makefile library, and only to find variables and recipes: no Makefile is ever
//! printed by it.
//!
//! A recipe is read as a shell script that begins with the make variables it uses: `$(FLAGS)` is `${MAKE_VARIABLE_FLAGS}`
//! there, and `FLAGS := --build-arg T=$(T)` is an array assignment in front. So a flag that stands in a make variable is
//! found, and edited, where it is written, and paths in variables are known.

mod evaluated;
mod exports;
mod goals;
mod included;
mod reference;
mod script;
#[cfg(test)]
mod tests;

use std::collections::{BTreeMap, BTreeSet};
use std::rc::Rc;

use camino::{Utf8Path, Utf8PathBuf};
use makefile_lossless::{Makefile, VariableDefinition};

use super::location::upwards;
use super::shell::{self, Foreign, Site};
use super::sieve::may_build;
use super::{Build, Caller, Format, Offer, Refusal, Request, Rewrite, Surroundings};
use crate::source::{Source, TextRange, apply_edits, range, slice};
use crate::syntax::shell::Dialect;
use evaluated::Evaluated;
use included::{is_found_by_make, is_included};
use reference::{COMPUTED, ODD, VARIABLE, is_closed, names};

pub(super) use goals::stood_for;
pub use goals::{is_echoed, is_stand_in, recipes, stand_in};
pub(super) use script::is_words;

/// Makefiles: `Makefile`, `GNUmakefile`, `Makefile.*`, `*.mk`.
#[derive(Debug, Clone, Copy, Default)]
pub struct Make;

impl Caller for Make {
    fn format(&self) -> Format {
        Format::Make
    }

    fn recognises(&self, path: &Utf8Path) -> bool {
        let name = path.file_name().unwrap_or("").to_ascii_lowercase();
        included::is_makefile(&name)
            || matches!(path.extension(), Some("mk" | "mak" | "make"))
            || name
                .split_once('.')
                .is_some_and(|(stem, end)| included::is_makefile(stem) && !matches!(end, "am" | "in"))
    }

    fn builds(&self, source: &Source, around: &dyn Surroundings) -> Vec<Build> {
        shell::builds_in(&sites(source, !is_found_by_make(source.path())), around)
    }

    fn pass_secrets(
        &self,
        source: &Source,
        around: &dyn Surroundings,
        build: &Build,
        requests: &[Request],
    ) -> Result<Rewrite, Refusal> {
        let sites = sites(source, is_included(source.path(), around));
        let passed = shell::pass_secrets_in(&sites, around, build, requests)?;
        let mut rewrite = passed.rewrite;
        let file = File::read(source, false);
        file.check(&rewrite)?;
        for provide in passed.provide {
            if let Some(edit) = file.export(&provide.variable) {
                rewrite.edits.push(edit);
            }
        }
        Ok(rewrite)
    }

    fn offer(
        &self,
        source: &Source,
        around: &dyn Surroundings,
        build: &Build,
        offers: &[Offer],
    ) -> Result<Rewrite, Refusal> {
        let rewrite = shell::offer_in(&sites(source, is_included(source.path(), around)), around, build, offers)?;
        File::read(source, false).check(&rewrite)?;
        Ok(rewrite)
    }
}

const NO_COMMAND: &str = "with the value in front of it, make may not read this line as a command any more";

const OPEN: &str = "make stops here, at a `$(` or `${` that nothing closes";

/// Make runs in the folder of the Makefile that it found; files that are included may be so from any folder above.
fn directories(path: &Utf8Path) -> Vec<Utf8PathBuf> {
    let mut directories = upwards(path.parent().unwrap_or(Utf8Path::new("")));
    if is_found_by_make(path) {
        directories.truncate(1);
    }
    directories
}

/// A variable's definition.
#[derive(Debug, Clone)]
struct Definition {
    name: String,
    /// The value as written, without a comment behind it.
    value: TextRange,
    /// `=`, `:=`, `?=`, `+=`, `!=`
    operator: String,
    /// Whether an `ifdef` or the like decides about it; where the outermost one begins.
    conditional: Option<usize>,
    /// Whether it is `target: NAME = value`.
    target_specific: bool,
    /// Whether it is `define NAME … endef`.
    multiline: bool,
    /// The bytes of the whole definition.
    range: TextRange,
}

impl Definition {
    /// Whether blanks end the value in the Makefile `text`, as they do in front of a comment: a shell drops them from a word, an
    /// environment does not.
    fn ends_blank(&self, text: &str) -> bool {
        let (value, behind) = text.split_at(usize::from(self.value.end()));
        value.ends_with([' ', '\t']) || behind.starts_with([' ', '\t'])
    }

    /// Whether every expansion runs a program or may stop make: the value is worked out anew each time (GNU make manual, "The Two
    /// Flavors of Variables"), and what is exported is expanded for every command (experiment: GNU make 4.3).
    fn works(&self, value: &str) -> bool {
        const FUNCTIONS: [&str; 7] = ["shell", "error", "warning", "info", "file", "eval", "call"];
        let recursive = matches!(self.operator.as_str(), "=" | "?=" | "+=");
        let calls = |name: &str| ["$(", "${"].iter().any(|open| value.contains(&format!("{open}{name} ")));
        recursive && FUNCTIONS.iter().any(|name| calls(name))
    }
}

/// One command of a recipe, or all of one where `.ONESHELL` is in force: the lines that one shell gets.
#[derive(Debug, Clone, Default)]
struct Recipe {
    lines: Vec<TextRange>,
}

impl Recipe {
    /// From its first line to its last.
    fn range(&self) -> Option<TextRange> {
        Some(self.lines.first()?.cover(*self.lines.last()?))
    }
}

/// A Makefile as far as builds are concerned.
struct File<'a> {
    source: &'a Source,
    definitions: Vec<Definition>,
    recipes: Vec<Recipe>,
    /// The variables that are exported, or `None` where all of them are.
    exported: Option<Vec<String>>,
    /// The variables that `unexport` keeps from recipes, or `None` where it keeps all of them.
    withheld: Option<Vec<String>>,
    /// Whether other files are read with it, which may assign anything: it includes some, or is included.
    shared: bool,
    /// What `eval` assigns, which exports nothing.
    evaluated: Evaluated,
}

impl<'a> File<'a> {
    fn read(source: &'a Source, included: bool) -> Self {
        let text = source.text();
        let (makefile, _) = Makefile::from_str_relaxed(text);
        let one_shell = makefile.rules().any(|rule| rule.targets().any(|target| target == ".ONESHELL"));
        let all: Vec<VariableDefinition> = makefile.variable_definitions().collect();
        let mut recipes: Vec<Recipe> = Vec::new();
        let mut rule_before = None;
        for node in makefile.recipe_nodes() {
            let lines = node.line_ranges().map(own).filter(|line| inside(text, *line));
            let rule = node.parent().and_then(|rule| rule.target_ranges().next().map(own));
            match recipes.last_mut() {
                Some(recipe) if one_shell && rule.is_some() && rule == rule_before => recipe.lines.extend(lines),
                _ => recipes.push(Recipe { lines: lines.collect() }),
            }
            rule_before = rule;
        }
        let exported = exports::exported(&makefile, &all);
        let definitions = all.iter().filter_map(|definition| read_definition(text, definition)).collect();
        let withheld = exports::withheld(text);
        let (shared, evaluated) = (included || exports::includes(text), Evaluated::of(text));
        Self { source, definitions, recipes, exported, withheld, shared, evaluated }
    }

    /// Refuses to edit a command or a value with a reference that nothing closes, and to make something else of a command.
    fn check(&self, rewrite: &Rewrite) -> Result<(), Refusal> {
        let text = self.source.text();
        let edited = |at: &TextRange| rewrite.edits.iter().any(|edit| at.contains_range(edit.range()));
        let refusal = |range: TextRange, reason: &str| Err(Refusal { range, reason: reason.to_owned(), instead: None });
        let values = self.definitions.iter().map(|definition| definition.value);
        let mut all = self.recipes.iter().filter_map(Recipe::range).chain(values).filter(edited);
        if let Some(range) = all.find(|at| !is_closed(slice(text, *at))) {
            return refusal(range, OPEN);
        }
        // Where no rule stands right above a command, an assignment in front of it may be one of make.
        let command = self.recipes.iter().filter_map(Recipe::range).find(edited);
        let (Some(range), Ok(after)) = (command, apply_edits(text, &rewrite.edits)) else { return Ok(()) };
        let after = self.source.with_text(after);
        let after = File::read(&after, false);
        let is_alike = after.recipes.len() == self.recipes.len() && after.definitions.len() <= self.definitions.len();
        if is_alike { Ok(()) } else { refusal(range, NO_COMMAND) }
    }

    /// Whether a program that a recipe starts can't have the variable's text from its environment, or not for certain: its shell
    /// makes another text of it, because it is assigned with quotes, backquotes or `$$`; it is assigned by `eval`, or in another
    /// file; it is a parameter; or it is kept from recipes. (What make exports reaches programs as it is.) Neither where exporting it
    /// does more than that: its value is worked out for every command of every recipe then.
    fn is_evaluated(&self, name: &str) -> bool {
        // The parameters of `call` are texts, and no variables that a program could see.
        let is_parameter = name.bytes().all(|byte| byte.is_ascii_digit());
        if is_parameter || self.withheld.as_ref().is_none_or(|names| names.iter().any(|withheld| withheld == name)) {
            return true;
        }
        let (mut seen, mut open) = (BTreeSet::new(), vec![name.to_owned()]);
        while let Some(name) = open.pop() {
            if !seen.insert(name.clone()) {
                continue;
            }
            let mut values = self.definitions.iter().filter(|definition| definition.name == name).peekable();
            let elsewhere = self.shared || self.evaluated.anything;
            if values.peek().is_none() && elsewhere || self.evaluated.names.contains(&name) {
                return true;
            }
            for definition in values {
                let text = slice(self.source.text(), definition.value);
                if text.contains(['`', '"', '\'', '\\'])
                    || text.contains("$$")
                    || definition.ends_blank(self.source.text())
                    || definition.works(text)
                {
                    return true;
                }
                open.extend(reference::references(text));
            }
        }
        false
    }
}

fn read_definition(text: &str, definition: &VariableDefinition) -> Option<Definition> {
    let branch = definition.enclosing_branches().into_iter().next();
    Some(Definition {
        name: definition.name()?,
        value: definition.value_range().map(own).filter(|value| inside(text, *value))?,
        operator: definition.assignment_operator().unwrap_or_else(|| "=".to_owned()),
        conditional: branch.map(|branch| usize::from(branch.conditional().text_range().start())),
        target_specific: definition.is_target_specific(),
        multiline: definition.is_define(),
        range: definition.name_range().map(own)?,
    })
}

/// The library has its own copy of the range type.
fn own(at: makefile_lossless::TextRange) -> TextRange {
    range(usize::from(at.start()), usize::from(at.end()))
}

fn inside(text: &str, at: TextRange) -> bool {
    text.get(usize::from(at.start())..usize::from(at.end())).is_some()
}

/// Every piece of the Makefile that a shell may get. Whether another one includes it decides where variables may come from.
fn sites(source: &Source, included: bool) -> Vec<Site<'_>> {
    let text = source.text();
    if !may_build(text) {
        return Vec::new();
    }
    let file = File::read(source, included);
    let scripts = script::Scripts::new(text, &file.definitions);
    let recipes = file.recipes.iter().filter_map(|recipe| scripts.recipe(&recipe.lines));
    let bodies = file.definitions.iter().filter_map(|definition| scripts.body(definition));
    recipes.chain(bodies).map(|view| site(&file, view)).collect()
}

fn site<'a>(file: &File<'a>, view: crate::syntax::view::View) -> Site<'a> {
    let (source, definitions) = (file.source, &file.definitions);
    let variables = names(view.text(), VARIABLE).into_iter().map(|name| {
        let foreign = if file.is_evaluated(&name) { Foreign::Evaluated } else { Foreign::Variable };
        (format!("{VARIABLE}{name}"), foreign(name))
    });
    let mut foreign: BTreeMap<String, Foreign> = variables.collect();
    foreign.extend(names(view.text(), ODD).iter().map(|name| (format!("{ODD}{name}"), Foreign::Computed)));
    foreign.insert(COMPUTED.to_owned(), Foreign::Computed);
    let mut environment = BTreeMap::new();
    for name in ["CURDIR", "PWD"] {
        if !definitions.iter().any(|definition| definition.name == name) {
            environment.insert(format!("{VARIABLE}{name}"), ".".to_owned());
        }
    }
    Site {
        format: Format::Make,
        file: source.path(),
        text: source.text(),
        view: Rc::new(view),
        dialect: Dialect::Bash,
        directories: directories(source.path()),
        checkout: Utf8PathBuf::new(),
        folders: Vec::new(),
        foreign,
        environment,
        classic: None,
        release: None,
        options_only: false,
        documentation: false,
        sourced: false,
    }
}
