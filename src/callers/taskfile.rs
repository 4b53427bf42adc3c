//! Taskfiles of Task: YAML with shell commands, in which `{{.NAME}}` stands for variables (taskfile.dev, "Schema").
//!
//! A shell of its own runs each command. A variable of Task need not be in its environment, so a value that comes from one is
//! put in front of the command that builds.

use std::collections::BTreeMap;
use std::rc::Rc;

use camino::{Utf8Path, Utf8PathBuf};

use super::location::upwards;
use super::scripts::Scripts;
use super::shell::{self, Site};
use super::sieve::may_build;
use super::template::{Token, Values, fill};
use super::yaml::{self, Cursor, Document};
use super::{Build, Caller, Format, Offer, Refusal, Request, Rewrite, Surroundings, unreadable};
use crate::source::Source;
use crate::syntax::shell::Dialect;
use crate::syntax::view::View;

/// The caller for Taskfiles.
#[derive(Debug, Clone, Copy)]
pub struct Taskfile;

impl Caller for Taskfile {
    fn format(&self) -> Format {
        Format::Taskfile
    }

    fn recognises(&self, path: &Utf8Path) -> bool {
        let name = path.file_name().unwrap_or("").to_ascii_lowercase();
        yaml::has_ending(path) && name.split('.').next() == Some("taskfile")
    }

    fn builds(&self, source: &Source, around: &dyn Surroundings) -> Vec<Build> {
        if !may_build(source.text()) {
            return Vec::new();
        }
        match yaml::read(source.text()) {
            Ok(documents) => shell::builds_in(&sites(&documents, source), around),
            Err(error) => unreadable::builds(self.format(), source, &error, &["docker build", "buildx build"]),
        }
    }

    fn pass_secrets(
        &self,
        source: &Source,
        around: &dyn Surroundings,
        build: &Build,
        requests: &[Request],
    ) -> Result<Rewrite, Refusal> {
        let documents = read(source, build)?;
        scripts(self, source, &documents).pass_secrets(around, build, requests)
    }

    fn offer(
        &self,
        source: &Source,
        around: &dyn Surroundings,
        build: &Build,
        offers: &[Offer],
    ) -> Result<Rewrite, Refusal> {
        let documents = read(source, build)?;
        scripts(self, source, &documents).offer(around, build, offers)
    }
}

fn scripts<'a>(caller: &'a Taskfile, source: &'a Source, documents: &'a [Document]) -> Scripts<'a> {
    Scripts { caller, source, documents, sites: sites(documents, source) }
}

fn read(source: &Source, build: &Build) -> Result<Vec<Document>, Refusal> {
    yaml::read(source.text()).map_err(|error| Refusal { reason: error.to_string(), range: build.range, instead: None })
}

/// Every command of every task, as a script of its own.
fn sites<'s>(documents: &[Document], source: &'s Source) -> Vec<Site<'s>> {
    let Some(root) = documents.first().map(Cursor::root) else { return Vec::new() };
    let tasks = root.get("tasks").map(Cursor::entries).unwrap_or_default();
    let of_task = |(_, task): (&str, Cursor<'_>)| {
        let scopes = [root, task];
        let commands = commands(task).into_iter();
        commands.filter_map(move |command| site(command, &scopes, source)).collect::<Vec<_>>()
    };
    tasks.into_iter().flat_map(of_task).collect()
}

/// The commands of a task: a text, a list, or what stands under `cmds` and `cmd`.
fn commands(task: Cursor<'_>) -> Vec<Cursor<'_>> {
    if task.text().is_some() {
        return vec![task];
    }
    let items = task.items().into_iter();
    let named = ["cmds", "cmd", "defer"].into_iter().filter_map(|key| task.get(key));
    items.chain(named).flat_map(commands).collect()
}

fn site<'s>(command: Cursor<'_>, scopes: &[Cursor<'_>; 2], source: &'s Source) -> Option<Site<'s>> {
    let plain = yaml::view(source.text(), command.node())?;
    let filled = fill(&plain, &Variables { scopes, source })?;
    let folder = source.path().parent().unwrap_or(Utf8Path::new(""));
    Some(Site {
        folders: Vec::new(),
        format: Format::Taskfile,
        file: source.path(),
        text: source.text(),
        view: Rc::new(filled.view),
        dialect: Dialect::Bash,
        directories: directories(folder, scopes),
        checkout: Utf8PathBuf::new(),
        foreign: filled.foreign,
        environment: environment(scopes),
        classic: None,
        release: None,
        options_only: false,
        documentation: false,
        sourced: false,
    })
}

/// A task runs in `dir`, seen from the Taskfile; one that another Taskfile includes, from that one's folder.
fn directories(folder: &Utf8Path, scopes: &[Cursor<'_>; 2]) -> Vec<Utf8PathBuf> {
    let written = scopes.iter().rev().find_map(|scope| scope.get("dir")?.text());
    match written.filter(|text| !text.contains("{{")) {
        Some(directory) => super::location::resolve(folder, directory).into_iter().collect(),
        None => upwards(folder),
    }
}

/// The variables that are exported to the commands with a fixed text.
fn environment(scopes: &[Cursor<'_>; 2]) -> BTreeMap<String, String> {
    let entries = scopes.iter().filter_map(|scope| scope.get("env")).flat_map(Cursor::entries);
    let fixed =
        entries.filter_map(|(name, value)| Some((name, value.text().filter(|text| !text.contains(['{', '$']))?)));
    fixed.map(|(name, text)| (name.to_owned(), text.to_owned())).collect()
}

struct Variables<'a, 's> {
    scopes: &'a [Cursor<'a>; 2],
    source: &'s Source,
}

impl Values for Variables<'_, '_> {
    /// Templates of Go: `.NAME`, a call, a condition (pkg.go.dev/text/template, "Actions").
    fn token(&self, inside: &str) -> Token {
        let is_name =
            |name: &str| !name.is_empty() && name.bytes().all(|byte| byte == b'_' || byte.is_ascii_alphanumeric());
        match inside.split_whitespace().next() {
            Some("if" | "end") => Token::Control,
            Some("else" | "range" | "with" | "define" | "block" | "template") => Token::Odd,
            Some(word) if word == inside && word.strip_prefix('.').is_some_and(is_name) => {
                Token::Variable(word[1..].to_owned())
            }
            _ => Token::Computed,
        }
    }

    fn values(&self, name: &str) -> Vec<View> {
        let nearest = self.scopes.iter().rev().find_map(|scope| scope.get("vars")?.get(name));
        nearest.and_then(|value| yaml::view(self.source.text(), value.node())).into_iter().collect()
    }
}
