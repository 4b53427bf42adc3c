//! `scripts` of a `package.json`: shell commands in JSON strings, which npm and its likes run in the folder of the file
//! (documentation of npm, "scripts").

use std::collections::BTreeMap;
use std::rc::Rc;

use camino::{Utf8Path, Utf8PathBuf};

use super::json;
use super::shell::{self, Site};
use super::sieve::may_build;
use super::{Build, Caller, Format, Offer, Refusal, Request, Rewrite, Surroundings};
use crate::source::Source;
use crate::syntax::shell::Dialect;
use crate::syntax::view::View;

/// The caller for `package.json`.
#[derive(Debug, Clone, Copy)]
pub struct PackageJson;

impl Caller for PackageJson {
    fn format(&self) -> Format {
        Format::PackageJson
    }

    fn recognises(&self, path: &Utf8Path) -> bool {
        path.file_name() == Some("package.json")
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
        let passed = shell::pass_secrets_in(&sites(source), around, build, requests)?;
        json::same_elsewhere(source, passed.rewrite, build.range)
    }

    fn offer(
        &self,
        source: &Source,
        around: &dyn Surroundings,
        build: &Build,
        offers: &[Offer],
    ) -> Result<Rewrite, Refusal> {
        let rewrite = shell::offer_in(&sites(source), around, build, offers)?;
        json::same_elsewhere(source, rewrite, build.range)
    }
}

/// Every script; each gets a shell of its own.
fn sites(source: &Source) -> Vec<Site<'_>> {
    if !may_build(source.text()) {
        return Vec::new();
    }
    let folder = source.path().parent().unwrap_or(Utf8Path::new(""));
    let site = |view| Site {
        folders: Vec::new(),
        format: Format::PackageJson,
        file: source.path(),
        text: source.text(),
        view: Rc::new(view),
        dialect: Dialect::Posix,
        directories: vec![folder.to_owned()],
        checkout: Utf8PathBuf::new(),
        foreign: BTreeMap::new(),
        environment: BTreeMap::new(),
        classic: None,
        release: None,
        options_only: false,
        documentation: false,
        sourced: false,
    };
    scripts(source.text()).into_iter().map(|(_, view)| site(view)).collect()
}

/// The scripts of a `package.json` or `composer.json` by their names, in the order of the text; composer may have several
/// under one name (documentation of Composer, "Scripts").
#[must_use]
pub fn scripts(text: &str) -> Vec<(String, View)> {
    json::strings_of(text, "scripts")
}
