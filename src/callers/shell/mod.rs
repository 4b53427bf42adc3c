//! Builds in shell text: scripts, and every host that embeds shell commands (workflow steps, make recipes, Markdown).
//!
//! A host describes its text as a [`Site`]; [`builds`] finds what it builds and [`pass_secrets`] rewrites it. The host
//! then provides what only it can: an `env:` entry of a step, an `export` in a Makefile ([`Provide`]).

mod assigning;
mod builtin;
mod clones;
mod composed;
mod embedded;
mod engine;
mod expand;
mod found;
mod kept;
mod offer;
mod place;
mod portable;
mod quote;
mod removal;
mod replaced;
mod rewrite;
mod script;
mod sourced;
mod state;
#[cfg(test)]
pub(super) mod tests;
mod value;
mod walk;
mod wrapper;
mod written;

use std::collections::BTreeMap;
use std::rc::Rc;

use camino::{Utf8Path, Utf8PathBuf};

pub(super) use engine::release_of_image;
pub(super) use replaced::{Replaced, Span, as_options, between};
pub use script::Shell;

use super::command::UNKNOWN;
use super::outside::Folder;
use super::sieve::may_build;
use super::{Build, Format, Offer, Refusal, Request, Rewrite, Surroundings, WrittenFile};
use crate::knowledge::engines::Release;
use crate::syntax::shell::{Dialect, Script, parse};
use crate::syntax::view::View;

/// Shell text in a file, and what its host says of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Site<'a> {
    /// The format of the file.
    pub format: Format,
    /// Its path from the repository's root.
    pub file: &'a Utf8Path,
    /// Its whole text, which the view's host ranges refer to.
    pub text: &'a str,
    /// The shell text.
    pub view: Rc<View>,
    /// Its language.
    pub dialect: Dialect,
    /// The directories in which it may be started, the nearest first, from the repository's root (the empty path is the
    /// root).
    pub directories: Vec<Utf8PathBuf>,
    /// The folder that is the root of a checkout for build systems and `git`: that of the repository, but a workflow of a
    /// project inside of it belongs to the folder that holds its `.github`.
    pub checkout: Utf8PathBuf,
    /// The folders in which another repository lies.
    pub folders: Vec<Folder>,
    /// The variables of the view that stand for text which the host replaces before the shell sees it, by name.
    pub foreign: BTreeMap<String, Foreign>,
    /// Environment variables that the host sets to a fixed text, such as `DOCKER_BUILDKIT`.
    pub environment: BTreeMap<String, String>,
    /// Where a plain `docker build` is the classic builder's unless `DOCKER_BUILDKIT` says otherwise.
    pub classic: Option<Classic>,
    /// The engine that the host brings, where it says its version.
    pub release: Option<Release>,
    /// Whether the host calls the command: nothing can stand in front of it (see [`as_options`]).
    pub options_only: bool,
    /// Whether people read and copy it: a literal value is then a placeholder, not a credential.
    pub documentation: bool,
    /// Whether commands that are not seen may run in front of it in the same shell, or a host may set its variables where that is
    /// not seen: a variable may be theirs, and not exported.
    pub sourced: bool,
}

/// Why a plain `docker build` does not use BuildKit by itself.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Classic {
    /// It does with `DOCKER_BUILDKIT=1`; what says that it does not without, as a clause.
    UnlessAsked(String),
    /// It can't pass a secret from the environment in any case; the sentence says why.
    Always(String),
}

/// What the host replaces by text before the shell sees it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Foreign {
    /// An expression of a CI system: the text between the braces, such as `secrets.NPM_TOKEN`.
    Expression(String),
    /// A variable of the host, such as make's `$(NPM_TOKEN)`: its name.
    Variable(String),
    /// The same where the shell evaluates the text once more, or may: quotes, backquotes or `$` are in it. Its name.
    Evaluated(String),
    /// Anything else: a function, a default, several expressions.
    Computed,
}

/// A variable that has to be in the environment of the command for the rewrite to work.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Provide {
    /// The environment variable.
    pub variable: String,
    /// What the host writes for its value, as it stands in the file: `${{ secrets.X }}`, `$(X)`.
    pub value: String,
}

/// The edits of a rewrite, and what they need from the host.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct ScriptRewrite {
    /// The edits inside the shell text.
    pub rewrite: Rewrite,
    /// What the host has to put into the environment.
    pub provide: Vec<Provide>,
}

/// Every build of the text, in the order of the file; [`Build::index`] counts from zero.
#[must_use]
pub fn builds(site: &Site<'_>, around: &dyn Surroundings) -> Vec<Build> {
    found(site, around).iter().map(|found| found.build.clone()).collect()
}

/// The files that all of the text writes a secret into, and that are there at its end.
pub(super) fn written(site: &Site<'_>, around: &dyn Surroundings) -> Vec<WrittenFile> {
    let script = read(site.view.text(), site.dialect);
    walk::Walk::new(site, around, script.clean).written_by(&script.items)
}

/// The edits that make `build`, one of [`builds`], honour the requests.
///
/// # Errors
/// A [`Refusal`] where one of the requests can't be honoured.
pub fn pass_secrets(
    site: &Site<'_>,
    around: &dyn Surroundings,
    build: &Build,
    requests: &[Request],
) -> Result<ScriptRewrite, Refusal> {
    pass_secrets_in(std::slice::from_ref(site), around, build, requests)
}

/// Every build of several texts of one file, in the order of the file.
pub(super) fn builds_in(sites: &[Site<'_>], around: &dyn Surroundings) -> Vec<Build> {
    let mut all: Vec<Build> = Vec::new();
    for build in sites.iter().flat_map(|site| builds(site, around)) {
        if !all.iter().any(|known| known.range == build.range) {
            all.push(build);
        }
    }
    all.sort_by_key(|build| build.range.start());
    for (index, build) in all.iter_mut().enumerate() {
        build.index = index;
    }
    all
}

/// [`pass_secrets`] for a build of [`builds_in`].
pub(super) fn pass_secrets_in(
    sites: &[Site<'_>],
    around: &dyn Surroundings,
    build: &Build,
    requests: &[Request],
) -> Result<ScriptRewrite, Refusal> {
    // A text that does not hold the command itself can't be the one: reading it would be in vain.
    for site in sites.iter().filter(|site| site.view.holds(build.range)) {
        let all = found(site, around);
        if let Some(found) = all.iter().find(|found| is_same(&found.build, build)) {
            return rewrite::pass(site, found, requests, around);
        }
    }
    Err(gone(build))
}

/// The edits that make `build`, one of [`builds_in`], hand over what is missing of `offers`.
///
/// # Errors
/// A [`Refusal`] where one of them can't be handed over.
pub(super) fn offer_in(
    sites: &[Site<'_>],
    around: &dyn Surroundings,
    build: &Build,
    offers: &[Offer],
) -> Result<Rewrite, Refusal> {
    for site in sites.iter().filter(|site| site.view.holds(build.range)) {
        let all = found(site, around);
        if let Some(found) = all.iter().find(|found| is_same(&found.build, build)) {
            return offer::offer(site, found, offers);
        }
    }
    Err(gone(build))
}

fn is_same(one: &Build, other: &Build) -> bool {
    one.range == other.range && one.title == other.title
}

fn gone(build: &Build) -> Refusal {
    Refusal { reason: "the build is not in this text any more".to_owned(), range: build.range, instead: None }
}

fn found(site: &Site<'_>, around: &dyn Surroundings) -> Rc<[found::Found]> {
    if !may_build(site.view.text()) {
        return Rc::default();
    }
    kept::found(site, around, || find(site, around))
}

/// The parse of a text. A shell reads a backslash at the very end as the begin of a line that does not come.
fn read(text: &str, dialect: Dialect) -> Script {
    match text.ends_with('\\') {
        true => parse(&format!("{text}\n"), dialect),
        false => parse(text, dialect),
    }
}

fn find(site: &Site<'_>, around: &dyn Surroundings) -> Vec<found::Found> {
    let script = read(site.view.text(), site.dialect);
    let mut merged: Vec<found::Found> = Vec::new();
    let mut all = walk::Walk::new(site, around, script.clean).run(&script.items);
    all.extend(embedded::unused(site, &script, &all));
    for found in all {
        match merged.iter_mut().find(|known| known.build.range == found.build.range) {
            Some(known) => known.merge(found),
            None => merged.push(found),
        }
    }
    merged.sort_by_key(|found| found.build.range.start());
    for (index, found) in merged.iter_mut().enumerate() {
        found.build.index = index;
    }
    merged
}
