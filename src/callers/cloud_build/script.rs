//! Steps that run a script.

use std::rc::Rc;

use camino::{Utf8Path, Utf8PathBuf};

use super::CloudBuild;
use super::step::{Step, values};
use crate::callers::Format;
use crate::callers::location::resolve;
use crate::callers::scripts::Scripts;
use crate::callers::shell::{Classic, Replaced, Site, release_of_image};
use crate::callers::yaml::{self, Document};
use crate::source::Source;
use crate::syntax::shell::Dialect;
use crate::syntax::view::Quoting;

/// Why a plain `docker build` may be the classic builder's: the image of the step may have an old docker.
pub(super) const CLASSIC: &str =
    "the docker of Cloud Build's image builds without BuildKit where it is older than 23.0";

/// The scripts of `steps`.
pub(super) fn scripts<'s>(
    caller: &'s CloudBuild,
    documents: &'s [Document],
    steps: &[Step<'_>],
    source: &'s Source,
) -> Scripts<'s> {
    Scripts { caller, source, documents, sites: steps.iter().filter_map(|step| site(step, source)).collect() }
}

fn site<'s>(step: &Step<'_>, source: &'s Source) -> Option<Site<'s>> {
    let (script, replaces) = step.script()?;
    let plain = yaml::view(source.text(), script.node())?;
    let spans = if replaces { values(plain.text()) } else { Vec::new() };
    let (view, foreign) = if replaces {
        // The host halves `$$`, as make does.
        let Replaced { view, foreign, .. } = Replaced::new(&plain, &spans, "SUBSTITUTION", Quoting::Make)?;
        (view, foreign)
    } else {
        (plain, std::collections::BTreeMap::new())
    };
    Some(Site {
        format: Format::CloudBuild,
        file: source.path(),
        text: source.text(),
        view: Rc::new(view),
        dialect: Dialect::Bash,
        directories: vec![resolve(Utf8Path::new(""), step.directory())?],
        checkout: Utf8PathBuf::new(),
        folders: Vec::new(),
        foreign,
        environment: step.environment().into_iter().filter(|(_, value)| !value.contains('$')).collect(),
        classic: Classic::of_image(step.image()).or_else(|| Some(Classic::UnlessAsked(CLASSIC.to_owned()))),
        release: release_of_image(step.image()),
        options_only: false,
        documentation: false,
        sourced: false,
    })
}
