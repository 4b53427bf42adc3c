//! The steps of a pipeline, of its jobs, stages, deployments and templates.

use std::collections::BTreeMap;

use super::paths::expanded;
use crate::callers::shell::{Classic, Foreign, Span, between};
use crate::callers::yaml::{Cursor, Document, Path, Step as PathStep};
use crate::knowledge::engines::{Engine, Release};

/// The lists in which steps stand.
const LISTS: [&str; 1] = ["steps"];

/// A step.
pub(super) struct Step<'d> {
    /// The step itself.
    pub body: Cursor<'d>,
    /// The way to it.
    pub path: Path,
    /// The variables that the file gives a fixed text, by name in lower case: Azure does not tell letter case apart.
    pub variables: BTreeMap<String, String>,
    /// Whether its job runs on Windows, as far as the file says.
    windows: bool,
    /// The version of docker that a step before it installs, as written.
    docker: Option<&'d str>,
}

/// What `DockerInstaller@0` installs where nobody says a version (learn.microsoft.com, "DockerInstaller@0").
const INSTALLED: &str = "17.09.0-ce";

/// All steps of `document`, in the order of the text.
pub(super) fn steps(document: &Document) -> Vec<Step<'_>> {
    let mut steps = Vec::new();
    let scope = Scope { variables: BTreeMap::new(), windows: false };
    collect(Cursor::root(document), &mut vec![PathStep::Index(0)], &scope, &mut steps);
    steps
}

/// The templates that are named at or below `here`, as written.
pub(super) fn templates(here: Cursor<'_>) -> Vec<&str> {
    let own = here.get("template").and_then(Cursor::text);
    let below = here.entries().into_iter().map(|(_, value)| value).chain(here.items()).flat_map(templates);
    own.into_iter().chain(below).collect()
}

#[derive(Clone)]
struct Scope {
    variables: BTreeMap<String, String>,
    windows: bool,
}

fn collect<'d>(here: Cursor<'d>, path: &mut Path, around: &Scope, steps: &mut Vec<Step<'d>>) {
    let mut scope = around.clone();
    if let Some(variables) = here.get("variables") {
        add(variables, &mut scope.variables);
    }
    if let Some(image) = here.get("pool").and_then(|pool| pool.get("vmImage")?.text()) {
        scope.windows = image.to_lowercase().contains("windows");
    }
    for (key, value) in here.entries() {
        path.push(PathStep::Key(key.to_owned()));
        let mut docker = None;
        for (index, item) in value.items().into_iter().enumerate() {
            path.push(PathStep::Index(index));
            if LISTS.contains(&key) {
                let Scope { variables, windows } = scope.clone();
                let step = Step { body: item, path: path.clone(), variables, windows, docker };
                docker = step.installs().or(docker);
                steps.push(step);
            }
            collect(item, path, &scope, steps);
            path.pop();
        }
        if value.items().is_empty() {
            collect(value, path, &scope, steps);
        }
        path.pop();
    }
}

/// Variables are a mapping, or a list of `name` and `value`.
fn add(variables: Cursor<'_>, all: &mut BTreeMap<String, String>) {
    let mut set = |name: &str, value: Option<&str>| {
        all.remove(&name.to_lowercase());
        all.extend(value.map(|value| (name.to_lowercase(), value.to_owned())));
    };
    variables.entries().into_iter().for_each(|(name, value)| set(name, value.text()));
    for item in variables.items() {
        if let Some(name) = item.get("name").and_then(Cursor::text) {
            set(name, item.get("value").and_then(Cursor::text));
        }
    }
}

impl<'d> Step<'d> {
    /// The text of one of its keys.
    pub(super) fn text(&self, key: &str) -> Option<&'d str> {
        self.body.get(key).and_then(Cursor::text)
    }

    /// An input of its task. Azure does not tell letter case apart.
    pub(super) fn input(&self, key: &str) -> Option<Cursor<'d>> {
        let inputs = self.body.get("inputs")?;
        inputs.entries().into_iter().find(|(name, _)| name.eq_ignore_ascii_case(key)).map(|(_, value)| value)
    }

    /// The text of an input.
    pub(super) fn input_text(&self, key: &str) -> Option<&'d str> {
        self.input(key).and_then(Cursor::text)
    }

    /// The environment as far as the file gives it fixed texts: variables are exported in capitals, with `_` for a dot
    /// (learn.microsoft.com, "Define variables", "Environment variables").
    pub(super) fn environment(&self) -> BTreeMap<String, String> {
        let fixed = |text: &&str| !text.contains("$(") && !text.contains("${{");
        let variables = self.variables.iter().filter(|(_, text)| fixed(&text.as_str()));
        let exported = variables.map(|(name, text)| (name.to_uppercase().replace(['.', ' '], "_"), text.clone()));
        let own = self.body.get("env").map(Cursor::entries).unwrap_or_default();
        let own = own.into_iter().filter_map(|(name, value)| Some((name.to_owned(), value.text()?)));
        exported.chain(own.filter(|(_, text)| fixed(text)).map(|(name, text)| (name, text.to_owned()))).collect()
    }

    /// The version of docker that it installs, as written.
    fn installs(&self) -> Option<&'d str> {
        let (name, _) = self.text("task")?.split_once('@')?;
        name.eq_ignore_ascii_case("DockerInstaller").then(|| self.input_text("dockerVersion").unwrap_or(INSTALLED))
    }

    /// Why a plain `docker build` may not be BuildKit's: the docker that a step before it installs is an old one. The
    /// engine stays that of the agent.
    pub(super) fn classic(&self) -> Option<Classic> {
        let version = expanded(self.docker?, self)?;
        let release = Release { engine: Engine::Docker, version: version.parse().ok() };
        Classic::of(release, &format!("the docker {version} of `DockerInstaller@0`"))
    }

    /// The script, where a POSIX shell runs it.
    pub(super) fn script(&self) -> Option<Cursor<'d>> {
        if let Some(script) = self.body.get("bash") {
            return Some(script);
        }
        if let Some(script) = self.body.get("script") {
            return (!self.windows).then_some(script);
        }
        let task = self.text("task")?.split('@').next()?.to_lowercase();
        match task.as_str() {
            "bash" => self.input("script"),
            "cmdline" if !self.windows => self.input("script"),
            "azurecli" if self.input_text("scriptType").is_none_or(|kind| kind == "bash") => self.input("inlineScript"),
            _ => None,
        }
    }
}

/// What Azure replaces in a text: `$(NAME)` where it is a variable's name and no command, and `${{ … }}`.
pub(super) fn values<'t>(text: &'t str, step: &Step<'_>) -> Vec<Span<'t>> {
    let is_variable = |inside: &str| {
        let name = |char: char| char.is_ascii_alphanumeric() || "._-".contains(char);
        let known = step.variables.contains_key(&inside.to_lowercase());
        let telling = inside.contains(|char: char| char == '.' || char.is_ascii_uppercase());
        !inside.is_empty() && inside.chars().all(name) && (known || telling)
    };
    let macros = |text: &'t str| {
        between(text, ("$(", ")"), |inside| is_variable(inside).then(|| Foreign::Expression(inside.to_owned())))
    };
    let expressions = between(text, ("${{", "}}"), |inside| Some(Foreign::Expression(inside.to_owned())));
    expressions
        .into_iter()
        .flat_map(|span| if let Span::Text(text) = span { macros(text) } else { vec![span] })
        .collect()
}
