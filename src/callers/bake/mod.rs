//! Bake files: `docker-bake.hcl`, its JSON form, and other files in HCL or JSON that have targets. A build is a target.

mod edit;
mod file;
mod hcl;
mod json;
mod pass;
mod target;

#[cfg(test)]
mod tests;

use camino::{Utf8Path, Utf8PathBuf};

use super::offer::refusal;
use super::{Build, Caller, Dockerfiles, Format, Offer, Refusal, Request, Rewrite, Surroundings};
use crate::source::Source;
use file::BakeFile;
use target::{DEFAULT_FILES, Files};

/// The caller for bake files.
#[derive(Debug, Clone, Copy)]
pub struct Bake;

impl Caller for Bake {
    fn format(&self) -> Format {
        Format::Bake
    }

    fn recognises(&self, path: &Utf8Path) -> bool {
        let named = path.file_name().is_some_and(|name| name.contains("bake"));
        named && matches!(path.extension(), Some("hcl" | "json"))
    }

    fn recognises_text(&self, path: &Utf8Path, text: &str) -> bool {
        let target =
            |block: &file::Block| ["context", "dockerfile", "args", "tags"].iter().any(|key| block.get(key).is_some());
        matches!(path.extension(), Some("hcl" | "json"))
            && text.contains("target")
            && read(path, text).is_some_and(|file| file.of_kind("target").any(target))
    }

    fn builds(&self, source: &Source, around: &dyn Surroundings) -> Vec<Build> {
        let Some(own) = read(source.path(), source.text()) else { return unread(source) };
        let files = Files { own: &own, path: source.path(), others: others(source.path(), around) };
        files.targets(around).into_iter().map(|target| target.build).collect()
    }

    fn pass_secrets(
        &self,
        source: &Source,
        around: &dyn Surroundings,
        build: &Build,
        requests: &[Request],
    ) -> Result<Rewrite, Refusal> {
        let own = read(source.path(), source.text()).ok_or_else(|| unreadable(build))?;
        let files = Files { own: &own, path: source.path(), others: others(source.path(), around) };
        pass::pass_secrets(source, around, &files, build, requests)
    }

    fn offer(
        &self,
        source: &Source,
        around: &dyn Surroundings,
        build: &Build,
        offers: &[Offer],
    ) -> Result<Rewrite, Refusal> {
        let own = read(source.path(), source.text()).ok_or_else(|| unreadable(build))?;
        let files = Files { own: &own, path: source.path(), others: others(source.path(), around) };
        pass::offer(source, around, &files, build, offers)
    }
}

fn read(path: &Utf8Path, text: &str) -> Option<BakeFile> {
    if path.extension() == Some("json") { json::read(text) } else { hcl::read(text) }
}

/// The files that bake reads together with `path`, if that is one of those that it reads by itself.
fn others(path: &Utf8Path, around: &dyn Surroundings) -> Vec<(Utf8PathBuf, BakeFile)> {
    let folder = path.parent().unwrap_or(Utf8Path::new(""));
    if !path.file_name().is_some_and(|name| DEFAULT_FILES.contains(&name)) {
        return Vec::new();
    }
    let others = DEFAULT_FILES.iter().map(|name| folder.join(name)).filter(|other| other != path);
    others
        .filter_map(|other| Some((read(&other, around.text(&other)?)?, other)))
        .map(|(file, other)| (other, file))
        .collect()
}

fn unreadable(build: &Build) -> Refusal {
    refusal("the bake file can't be read", build.range)
}

/// A file that is called like a bake file and can't be read is not passed over.
fn unread(source: &Source) -> Vec<Build> {
    super::unreadable::builds(Format::Bake, source, &"the bake file can't be read", &["target \"", "\"target\""])
}

/// What a `bake` command builds: the Dockerfiles of its targets, `names`, that fit one of `patterns`. They are of the files
/// `paths`, or of those that bake reads by itself in `folder`. `None` where no such target is there.
pub(super) fn dockerfiles(
    folder: &Utf8Path,
    paths: &[Utf8PathBuf],
    names: &[String],
    patterns: &[&str],
    around: &dyn Surroundings,
) -> Option<Dockerfiles> {
    let defaults = DEFAULT_FILES.map(|name| folder.join(name));
    let paths = if paths.is_empty() { &defaults[..] } else { paths };
    let mut found: Option<Dockerfiles> = None;
    for path in paths {
        let Some(own) = around.text(path).and_then(|text| read(path, text)) else { continue };
        let files = Files { own: &own, path, others: others(path, around) };
        let chosen = files.chosen(names);
        for target in files.targets(around).iter().filter(|target| chosen.iter().any(|name| target.is(name))) {
            if patterns.iter().any(|pattern| fits(pattern, target.name)) {
                let own = &target.build.dockerfiles;
                found = Some(found.map_or_else(|| own.clone(), |known| known.or(own)));
            }
        }
    }
    found
}

/// Whether the name of a target fits a pattern of `--set`, of which only the star is known here.
fn fits(pattern: &str, name: &str) -> bool {
    match pattern.split_once('*') {
        None => pattern == name,
        Some((start, end)) => name.strip_prefix(start).is_some_and(|rest| end.contains('*') || rest.ends_with(end)),
    }
}
