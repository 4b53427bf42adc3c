//! Runs a GitHub workflow the way a runner and docker/build-push-action would, as far as building an image goes.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;
use std::process::Command;
use std::str::FromStr;

use anyhow::{Context, Result, bail};
use regex::Regex;
use yaml_edit::{Document, Mapping};

use crate::canary::unique_digits;

/// The commands of all steps of all jobs. `${{ secrets.<name> }}` becomes `value`; secret files are written below `folder`.
pub fn commands(workflow: &str, name: &str, value: &str, folder: &Path) -> Result<Vec<Command>> {
    let document = Document::from_str(workflow).context("the workflow is not YAML")?;
    let root = document.as_mapping().context("the workflow is not a mapping")?;
    let scope = Scope { name, value, folder };
    let mut commands = Vec::new();
    for (_, job) in root.get_mapping("jobs").context("the workflow has no jobs")?.iter() {
        let job = job.as_mapping().context("a job is not a mapping")?;
        for step in job.get_sequence("steps").context("a job has no steps")?.values() {
            let step = step.as_mapping().context("a step is not a mapping")?;
            let mut environment = scope.texts(&root, "env");
            environment.extend(scope.texts(job, "env"));
            environment.extend(scope.texts(step, "env"));
            commands.extend(scope.command(step)?.map(|mut command| {
                command.envs(environment);
                command
            }));
        }
    }
    Ok(commands)
}

struct Scope<'a> {
    name: &'a str,
    value: &'a str,
    folder: &'a Path,
}

impl Scope<'_> {
    fn command(&self, step: &Mapping) -> Result<Option<Command>> {
        if let Some(script) = self.text(step, "run") {
            let mut command = Command::new("bash");
            command.args(["-e", "-c", &script]);
            return Ok(Some(command));
        }
        let action = self.text(step, "uses").context("a step neither runs nor uses something")?;
        match action.split('@').next().unwrap_or_default() {
            "docker/build-push-action" => self.build(&self.texts(step, "with")).map(Some),
            "actions/checkout" | "docker/setup-buildx-action" | "docker/login-action" => Ok(None),
            other => bail!("no translation for the action {other}"),
        }
    }

    /// The build command that build-push-action makes of its inputs (docker/build-push-action src/context.ts `getBuildArgs`).
    fn build(&self, inputs: &BTreeMap<String, String>) -> Result<Command> {
        let mut command = Command::new("docker");
        command.args(["buildx", "build"]);
        for (input, flag) in [("build-args", "--build-arg"), ("labels", "--label"), ("tags", "--tag")] {
            for item in items(inputs, input) {
                command.args([flag, &item]);
            }
        }
        for (input, flag) in [("file", "--file"), ("target", "--target"), ("network", "--network")] {
            if let Some(text) = inputs.get(input) {
                command.args([flag, text.trim()]);
            }
        }
        for secret in items(inputs, "secrets") {
            // A secret without a value is left out with a warning (actions-toolkit src/buildx/build.ts `resolveSecret`).
            if let Some((id, value)) = secret.split_once('=').filter(|(_, value)| !value.is_empty()) {
                command.arg("--secret").arg(self.secret_file(id, value)?);
            }
        }
        for item in items(inputs, "ssh") {
            command.args(["--ssh", &item]);
        }
        for (input, key) in [("secret-envs", "env"), ("secret-files", "src")] {
            for (id, place) in items(inputs, input).iter().filter_map(|item| item.split_once('=')) {
                command.arg("--secret").arg(format!("id={id},{key}={place}"));
            }
        }
        command.arg("--load").arg(inputs.get("context").map_or(".", |context| context.trim()));
        Ok(command)
    }

    /// Writes the value as given to a file of its own and names it for the build.
    fn secret_file(&self, id: &str, value: &str) -> Result<String> {
        let file = self.folder.join(format!("secret-{}", unique_digits(8)));
        fs::write(&file, value)?;
        Ok(format!("id={id},src={}", file.display()))
    }

    fn text(&self, mapping: &Mapping, key: &str) -> Option<String> {
        mapping.get(key)?.as_scalar().map(|scalar| self.expanded(&scalar.as_string()))
    }

    /// The scalars of the mapping at `key`, expressions replaced.
    fn texts(&self, mapping: &Mapping, key: &str) -> BTreeMap<String, String> {
        let inner = mapping.get_mapping(key);
        let entries = inner.iter().flat_map(|inner| inner.iter()).filter_map(|(key, value)| {
            Some((key.as_scalar()?.as_string(), self.expanded(&value.as_scalar()?.as_string())))
        });
        entries.collect()
    }

    /// `text` with the secret in place of its expression. A secret that is not set is empty, any other expression gives `none`.
    fn expanded(&self, text: &str) -> String {
        let Ok(expression) = Regex::new(r"\$\{\{\s*(\S+?)\s*\}\}") else { return text.to_owned() };
        let wanted = format!("secrets.{}", self.name);
        let replaced = expression.replace_all(text, |found: &regex::Captures<'_>| {
            let expression = &found[1];
            let other = if expression.starts_with("secrets.") { "" } else { "none" };
            if expression == wanted { self.value } else { other }.to_owned()
        });
        replaced.into_owned()
    }
}

/// The items of a list input: one a line, empty lines and comments left out; an item in double quotes loses them and may go on over several
/// lines (actions-toolkit src/util.ts `getInputList` with `ignoreComma`).
fn items(inputs: &BTreeMap<String, String>, input: &str) -> Vec<String> {
    let text = inputs.get(input).map(String::as_str).unwrap_or_default();
    let mut items = Vec::new();
    let mut rest = text.trim_start();
    while !rest.is_empty() {
        let end = if rest.starts_with('"') { closing_quote(rest) } else { rest.find('\n').unwrap_or(rest.len()) };
        let (item, after) = rest.split_at(end);
        items.push(item.trim().trim_matches('"').replace("\"\"", "\""));
        rest = after.trim_start();
    }
    items
}

/// The offset after the quote that closes the one at the start of `text`; doubled quotes stand for themselves.
fn closing_quote(text: &str) -> usize {
    let mut offset = 1;
    while let Some(next) = text.get(offset..).and_then(|rest| rest.find('"')) {
        offset += next + 1;
        if !text[offset..].starts_with('"') {
            return offset;
        }
        offset += 1;
    }
    text.len()
}
