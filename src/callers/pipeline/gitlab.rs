//! What GitLab's jobs take from elsewhere: from `default`, from the jobs that they extend, by `!reference`.

use std::collections::BTreeSet;

use camino::Utf8Path;
use regex::Regex;

use super::host::Host;
use super::layout::Layout;
use super::script::{Script, variables};
use crate::callers::Surroundings;
use crate::callers::yaml::{self, Cursor, Document};
use crate::source::Source;

/// Entries at the top that are no jobs (docs.gitlab.com, "Global keywords").
const NO_JOBS: [&str; 11] = [
    "default",
    "include",
    "stages",
    "variables",
    "workflow",
    "image",
    "services",
    "before_script",
    "after_script",
    "cache",
    "spec",
];

/// How many jobs a job may extend one behind the other (docs.gitlab.com: at most eleven levels).
const MOST_LEVELS: usize = 11;

/// The scripts of all jobs. A hidden job, which only others extend, is read by itself where none of them runs its commands.
pub(super) fn scripts<'d>(
    layout: &Layout,
    document: &'d Document,
    source: &Source,
    around: &dyn Surroundings,
) -> Vec<Script<'d>> {
    let root = Cursor::root(document);
    let is_main = source.path().file_name().is_some_and(|name| name.starts_with(".gitlab-ci.y"));
    let taken_over = !is_main || root.get("include").is_some_and(|include| brings_commands(include, around));
    let file = File { layout, root, source, taken_over };
    let jobs = root.entries().into_iter().filter(|(name, _)| !NO_JOBS.contains(name));
    let (hidden, jobs): (Vec<_>, Vec<_>) = jobs.partition(|(name, _)| name.starts_with('.'));
    let mut found = Vec::new();
    let mut read = BTreeSet::new();
    for (_, job) in jobs.iter().chain(&hidden) {
        for mut script in file.scripts_of(*job) {
            let places: Vec<u32> = script.commands.iter().map(|command| command.node().range.start().into()).collect();
            let is_hidden = hidden.iter().any(|(_, other)| other.node().range == job.node().range);
            if !is_hidden || places.iter().any(|place| !read.contains(place)) {
                script.unseen |= is_hidden;
                read.extend(places);
                found.push(script);
            }
        }
    }
    let place = |command: &Cursor<'_>| command.node().range.start();
    let unseen = found.iter().filter(|script| script.unseen).flat_map(|script| script.commands.iter().map(place));
    let unseen: BTreeSet<_> = unseen.collect();
    found.iter_mut().for_each(|script| script.unseen |= script.commands.iter().any(|it| unseen.contains(&place(it))));
    found
}

/// Whether one of the files that are included may say what all jobs run first. GitLab's own templates know nothing of the
/// secrets of a repository.
fn brings_commands(include: Cursor<'_>, around: &dyn Surroundings) -> bool {
    let one = |entry: Cursor<'_>| {
        let text = local(entry).and_then(|path| around.text(Utf8Path::new(path)));
        match text {
            Some(text) => ["before_script", "default:", "include:"].iter().any(|word| text.contains(word)),
            None => entry.get("template").is_none(),
        }
    };
    let entries = include.items();
    if entries.is_empty() { one(include) } else { entries.into_iter().any(one) }
}

/// Whether `source`, a pipeline of the project in the folder `project`, includes the file at `path`.
pub(super) fn takes_in(source: &Source, project: &Utf8Path, path: &Utf8Path) -> bool {
    let text = source.text();
    if !path.file_name().is_some_and(|name| text.contains(name)) && !text.contains("*.y") {
        return false;
    }
    let Ok(documents) = yaml::read(text) else { return false };
    let includes = documents.iter().filter_map(|document| Cursor::root(document).get("include"));
    let entries = includes.flat_map(|include| {
        let entries = include.items();
        if entries.is_empty() { vec![include] } else { entries }
    });
    let named = |local: &str| names(local, path) || path.strip_prefix(project).is_ok_and(|path| names(local, path));
    entries.filter_map(local).any(named)
}

/// Whether `pattern` names the file at `path`: `**` is anything, `*` anything without a slash (docs.gitlab.com,
/// "include:local with wildcard file paths").
fn names(pattern: &str, path: &Utf8Path) -> bool {
    if !pattern.contains('*') {
        return pattern == path;
    }
    let pattern = regex::escape(pattern).replace(r"\*\*", ".*").replace(r"\*", "[^/]*");
    Regex::new(&format!("^{pattern}$")).is_ok_and(|pattern| pattern.is_match(path.as_str()))
}

/// The file of the repository that an entry of `include` names, from the root of the project.
fn local(entry: Cursor<'_>) -> Option<&str> {
    let local = entry.text().filter(|text| !text.contains("://")).or_else(|| entry.get("local")?.text())?;
    Some(local.trim_start_matches('/')).filter(|local| !local.is_empty())
}

struct File<'a, 'd> {
    layout: &'a Layout,
    root: Cursor<'d>,
    source: &'a Source,
    /// Whether other files may say what its jobs run first.
    taken_over: bool,
}

impl<'d> File<'_, 'd> {
    fn scripts_of(&self, job: Cursor<'d>) -> Vec<Script<'d>> {
        let chain = self.chain(job);
        let defaults = [Some(self.root), self.root.get("default")].into_iter().flatten();
        let scopes: Vec<Cursor<'_>> = defaults.chain(chain).collect();
        let nearest = |key: &str| scopes.iter().rev().find_map(|scope| scope.get(key));
        let mut scripts = Vec::new();
        for keys in self.layout.shells {
            let lists: Vec<Cursor<'_>> = keys.iter().filter_map(|key| nearest(key)).collect();
            let partial = lists.len() < keys.len();
            let unseen = partial && (self.taken_over || self.extends_another_file(&scopes))
                || lists.iter().any(|list| self.refers_to_another_file(*list, MOST_LEVELS));
            let commands: Vec<Cursor<'_>> =
                lists.into_iter().flat_map(|list| self.commands(list, MOST_LEVELS)).collect();
            if !commands.is_empty() {
                let host = Host::of(self.layout.format, &scopes, self.source.text());
                scripts.push(Script { commands, variables: variables(self.layout, &scopes), host, unseen });
            }
        }
        scripts
    }

    /// The jobs that `job` extends, the farthest first, and itself.
    fn chain(&self, job: Cursor<'d>) -> Vec<Cursor<'d>> {
        let mut chain = vec![job];
        self.extend(job, &mut chain, MOST_LEVELS);
        chain.reverse();
        chain
    }

    fn extend(&self, job: Cursor<'d>, chain: &mut Vec<Cursor<'d>>, levels: usize) {
        let (Some(extends), Some(levels)) = (job.get("extends"), levels.checked_sub(1)) else { return };
        // Of several, the last one wins.
        for name in listed(extends).into_iter().rev() {
            if let Some(base) = self.root.get(name) {
                chain.push(base);
                self.extend(base, chain, levels);
            }
        }
    }

    /// Whether one of the jobs extends a job that this file does not have.
    fn extends_another_file(&self, scopes: &[Cursor<'_>]) -> bool {
        let names = scopes.iter().filter_map(|scope| scope.get("extends")).flat_map(listed);
        names.into_iter().any(|name| self.root.get(name).is_none())
    }

    /// Whether it has commands by a `!reference` to what this file does not have.
    fn refers_to_another_file(&self, list: Cursor<'d>, levels: usize) -> bool {
        let Some(levels) = levels.checked_sub(1) else { return false };
        match self.is_reference(list) {
            true => self.referred(list).is_none_or(|found| self.refers_to_another_file(found, levels)),
            false => list.items().into_iter().any(|item| self.refers_to_another_file(item, levels)),
        }
    }

    /// What a `!reference` stands for.
    fn referred(&self, list: Cursor<'d>) -> Option<Cursor<'d>> {
        let way: Vec<&str> = list.items().into_iter().filter_map(Cursor::text).collect();
        way.iter().try_fold(self.root, |here, key| here.get(key))
    }

    fn commands(&self, list: Cursor<'d>, levels: usize) -> Vec<Cursor<'d>> {
        let Some(levels) = levels.checked_sub(1) else { return Vec::new() };
        if list.text().is_some() {
            return vec![list];
        }
        if self.is_reference(list) {
            return self.referred(list).map(|found| self.commands(found, levels)).unwrap_or_default();
        }
        list.items().into_iter().flat_map(|item| self.commands(item, levels)).collect()
    }

    /// Whether it is `!reference [job, key]` and not a list.
    fn is_reference(&self, list: Cursor<'_>) -> bool {
        let before = self.source.text().get(..usize::from(list.node().range.start())).unwrap_or("");
        before.trim_end().ends_with("!reference")
    }
}

/// The texts of a list, or the single one.
fn listed(value: Cursor<'_>) -> Vec<&str> {
    match value.text() {
        Some(text) => vec![text],
        None => value.items().into_iter().filter_map(Cursor::text).collect(),
    }
}
