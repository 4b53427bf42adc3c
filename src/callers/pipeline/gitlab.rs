//! What GitLab's jobs take from elsewhere: from `default`, from the jobs that they extend, by `!reference`.

use std::collections::BTreeSet;

use super::host::Host;
use super::layout::Layout;
use super::script::{Script, variables};
use crate::callers::yaml::{Cursor, Document};
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
pub(super) fn scripts<'d>(layout: &Layout, document: &'d Document, source: &Source) -> Vec<Script<'d>> {
    let root = Cursor::root(document);
    let file = File { layout, root, source };
    let jobs = root.entries().into_iter().filter(|(name, _)| !NO_JOBS.contains(name));
    let (hidden, jobs): (Vec<_>, Vec<_>) = jobs.partition(|(name, _)| name.starts_with('.'));
    let mut found = Vec::new();
    let mut read = BTreeSet::new();
    for (_, job) in jobs.iter().chain(&hidden) {
        for script in file.scripts_of(*job) {
            let places: Vec<u32> = script.commands.iter().map(|command| command.node().range.start().into()).collect();
            let is_hidden = hidden.iter().any(|(_, other)| other.node().range == job.node().range);
            if !is_hidden || places.iter().any(|place| !read.contains(place)) {
                read.extend(places);
                found.push(script);
            }
        }
    }
    found
}

struct File<'a, 'd> {
    layout: &'a Layout,
    root: Cursor<'d>,
    source: &'a Source,
}

impl<'d> File<'_, 'd> {
    fn scripts_of(&self, job: Cursor<'d>) -> Vec<Script<'d>> {
        let chain = self.chain(job);
        let defaults = [Some(self.root), self.root.get("default")].into_iter().flatten();
        let scopes: Vec<Cursor<'_>> = defaults.chain(chain).collect();
        let nearest = |key: &str| scopes.iter().rev().find_map(|scope| scope.get(key));
        let mut scripts = Vec::new();
        for keys in self.layout.shells {
            let lists = keys.iter().filter_map(|key| nearest(key));
            let commands: Vec<Cursor<'_>> = lists.flat_map(|list| self.commands(list, MOST_LEVELS)).collect();
            if !commands.is_empty() {
                let host = Host::of(self.layout.format, &scopes, self.source.text());
                scripts.push(Script { commands, variables: variables(self.layout, &scopes), host });
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
        let names: Vec<&str> = match extends.text() {
            Some(name) => vec![name],
            None => extends.items().into_iter().filter_map(Cursor::text).collect(),
        };
        // Of several, the last one wins.
        for name in names.into_iter().rev() {
            if let Some(base) = self.root.get(name) {
                chain.push(base);
                self.extend(base, chain, levels);
            }
        }
    }

    fn commands(&self, list: Cursor<'d>, levels: usize) -> Vec<Cursor<'d>> {
        let Some(levels) = levels.checked_sub(1) else { return Vec::new() };
        if list.text().is_some() {
            return vec![list];
        }
        if self.is_reference(list) {
            let way: Vec<&str> = list.items().into_iter().filter_map(Cursor::text).collect();
            let found = way.iter().try_fold(self.root, |here, key| here.get(key));
            return found.map(|found| self.commands(found, levels)).unwrap_or_default();
        }
        list.items().into_iter().flat_map(|item| self.commands(item, levels)).collect()
    }

    /// Whether it is `!reference [job, key]` and not a list.
    fn is_reference(&self, list: Cursor<'_>) -> bool {
        let before = self.source.text().get(..usize::from(list.node().range.start())).unwrap_or("");
        before.trim_end().ends_with("!reference")
    }
}
