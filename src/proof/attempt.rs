//! One `docker build`, and what it leaves behind.

use std::{collections::BTreeSet, env, fs, process::Command};

use camino::{Utf8Path, Utf8PathBuf};
use serde_json::Value;

use super::{
    BuildLine, Options, ProofError,
    engine::{Engine, Inspected},
    inputs::{Hidden, Input, Inputs},
    leak::{self, Leak},
};
use crate::image::{Files, Searcher};

/// How many lines of a build that fails are shown.
const SHOWN_LINES: usize = 12;

/// Variables that programs between here and the build act on: a build argument of that name goes on the command line.
const ACTED_ON: [&str; 12] = [
    "PATH",
    "HOME",
    "TMPDIR",
    "SSH_AUTH_SOCK",
    "HTTP_PROXY",
    "HTTPS_PROXY",
    "ALL_PROXY",
    "NO_PROXY",
    "DOCKER_",
    "BUILDX_",
    "BUILDKIT_",
    "OTEL_",
];

/// Where builds are run.
pub(super) struct Yard<'y> {
    pub engine: &'y Engine,
    pub options: &'y Options,
    pub searcher: &'y Searcher,
    /// A folder for secrets, metadata and keys.
    pub scratch: &'y Utf8Path,
}

/// What became of a build.
pub(super) enum Attempt {
    Built(Box<Built>),
    /// It ran and failed; the reason, without secrets.
    Failed(String),
    /// It could not run here; the reason, without secrets.
    NotRun(String),
}

/// An image that was built.
pub(super) struct Built {
    /// Its name.
    pub image: String,
    /// What the engine tells of it.
    pub inspected: Inspected,
    /// Where the values rest.
    pub leaks: BTreeSet<Leak>,
    /// What it adds to the layers that it starts from.
    pub added: Files,
    /// Whether the provenance was looked at.
    pub has_record: bool,
}

/// An image that stands for another one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Stand {
    /// The image as a Dockerfile names it.
    pub image: String,
    /// The local one.
    pub local: String,
}

/// Whether the user's ssh agent can be handed to a build.
fn has_agent() -> bool {
    env::var_os("SSH_AUTH_SOCK").is_some_and(|socket| !socket.is_empty())
}

impl Yard<'_> {
    /// Builds `line` in `folder`, and looks into what comes out. `old` are layers that are older than the values.
    pub(super) fn build(
        &self,
        line: &BuildLine,
        inputs: &Inputs,
        folder: &Utf8Path,
        stands: &[Stand],
        name: &str,
        old: &[String],
    ) -> Result<Attempt, ProofError> {
        let image = format!("{}:{name}", self.engine.repository);
        let metadata = self.scratch.join(format!("{name}.json"));
        let mut command = self.command(line, &image, &metadata, stands);
        self.give(&mut command, inputs, name)?;
        for id in &line.ssh {
            match self.ssh(id)? {
                Some(flag) => drop(command.args(["--ssh", &flag])),
                None => {
                    return Ok(Attempt::NotRun(
                        "it needs an ssh agent (`SSH_AUTH_SOCK`), or the program `ssh-keygen`".to_owned(),
                    ));
                }
            }
        }
        command.arg("--").arg(if line.context.as_str().is_empty() { Utf8Path::new(".") } else { &line.context });
        let ended = self.engine.build(command.current_dir(folder))?;
        if !ended.succeeded {
            let failure = self.failure(&ended.output);
            let lacks_key = !line.ssh.is_empty() && !has_agent();
            return Ok(match failure {
                Attempt::Failed(why) if lacks_key => Attempt::NotRun(format!(
                    "it mounts an ssh agent, and none runs here (`SSH_AUTH_SOCK`): with a key that opens nothing it fails:\n{why}"
                )),
                failure => failure,
            });
        }
        let record = fs::read(&metadata).ok().and_then(|text| serde_json::from_slice::<Value>(&text).ok());
        self.look(image, &ended.output, record.as_ref(), old)
    }

    fn command(&self, line: &BuildLine, image: &str, metadata: &Utf8Path, stands: &[Stand]) -> Command {
        let mut command = Command::new("docker");
        // Secrets are no part of a cache key: a step with one would be answered from a build with another value.
        command.args(["buildx", "build", "--progress=plain", "--no-cache", "--load"]);
        command.args(["--tag", image, "--metadata-file", metadata.as_str(), "--file", line.dockerfile.as_str()]);
        command.env("BUILDX_METADATA_PROVENANCE", "max").env("BUILDX_NO_DEFAULT_ATTESTATIONS", "1");
        if let Some(target) = &line.target {
            command.args(["--target", target]);
        }
        if let Some(network) = &self.options.network {
            command.args(["--network", network]);
        }
        for Stand { image, local } in stands {
            command.arg("--build-context").arg(format!("{image}=docker-image://{local}"));
        }
        command
    }

    /// Hands over arguments and secrets: the latter as files that nobody else may read.
    fn give(&self, command: &mut Command, inputs: &Inputs, name: &str) -> Result<(), ProofError> {
        for (argument, input) in &inputs.arguments {
            match input {
                Input::Secret(Hidden(text)) if !is_acted_on(argument) => {
                    command.args(["--build-arg", argument]).env(argument, String::from_utf8_lossy(text).as_ref());
                }
                Input::Secret(Hidden(text)) => {
                    command.arg("--build-arg").arg(format!("{argument}={}", String::from_utf8_lossy(text)));
                }
                Input::Plain(text) => drop(command.arg("--build-arg").arg(format!("{argument}={text}"))),
            }
        }
        for (index, (id, Hidden(text))) in inputs.secrets.iter().enumerate() {
            // The folder is open to its owner only.
            let file = self.scratch.join(format!("{name}-secret-{index}"));
            fs::write(&file, text)?;
            command.arg("--secret").arg(format!("id={id},src={file}"));
        }
        Ok(())
    }

    /// The operand of `--ssh`: the agent that runs, else a key that opens nothing.
    fn ssh(&self, id: &str) -> Result<Option<String>, ProofError> {
        if has_agent() {
            return Ok(Some(id.to_owned()));
        }
        let key: Option<Utf8PathBuf> = self.engine.ssh_key(self.scratch)?;
        Ok(key.map(|key| format!("{id}={key}")))
    }

    /// Looks for the values in everything that a build left.
    pub(super) fn look(
        &self,
        image: String,
        log: &str,
        record: Option<&Value>,
        old: &[String],
    ) -> Result<Attempt, ProofError> {
        let Some(inspected) = self.engine.inspect(&image)? else {
            let why =
                "the builder did not hand the image to the engine: `docker buildx use default` chooses one that does";
            return Ok(Attempt::NotRun(why.to_owned()));
        };
        let mut report = self.engine.look(&image, self.searcher, old)?;
        let added = report.images.pop().map(|image| image.files).unwrap_or_default();
        let mut leaks = leak::in_image(&report);
        let provenance = record.and_then(|record| record.get("buildx.build.provenance"));
        provenance.into_iter().for_each(|record| self.engine.remember(record));
        leaks.extend(provenance.into_iter().flat_map(|record| leak::in_record(record, self.searcher)));
        leaks.extend(leak::in_log(log, self.searcher));
        Ok(Attempt::Built(Box::new(Built { image, inspected, leaks, added, has_record: provenance.is_some() })))
    }

    fn failure(&self, log: &str) -> Attempt {
        match obstacle(log) {
            Some(why) => Attempt::NotRun(self.searcher.redact(&why)),
            None => {
                let tail: Vec<&str> = log.lines().filter(|line| !line.trim().is_empty()).collect();
                let tail = tail.get(tail.len().saturating_sub(SHOWN_LINES)..).unwrap_or_default();
                let lines: Vec<String> = tail.iter().map(|line| self.searcher.redact(line)).collect();
                Attempt::Failed(lines.join("\n"))
            }
        }
    }
}

fn is_acted_on(name: &str) -> bool {
    let upper = name.to_ascii_uppercase();
    ACTED_ON.iter().any(|known| if known.ends_with('_') { upper.starts_with(known) } else { upper == *known })
}

/// What kept a build from running at all, by what BuildKit and buildx say (experiments with buildx 0.29 and BuildKit 0.25).
fn obstacle(log: &str) -> Option<String> {
    let error = log.lines().rev().find(|line| line.starts_with("ERROR: "))?;
    for words in ["failed to resolve source metadata for ", "pull access denied for "] {
        if let Some((_, rest)) = error.split_once(words) {
            let image = rest.split(": ").next().unwrap_or(rest).split(',').next().unwrap_or(rest).trim();
            let image = image.trim_start_matches("docker.io/library/").trim_start_matches("docker.io/");
            return Some(format!(
                "the image `{image}` can't be pulled here (`--base {image}=LOCAL` stands another one in for it)"
            ));
        }
    }
    let words = ["Cannot connect to the Docker daemon", "error during connect", "network bridge not found"];
    let known = words.iter().find(|words| error.contains(**words))?;
    Some(match *known {
        "network bridge not found" => {
            "the engine has no network for builds (`--network host` uses the machine's)".to_owned()
        }
        other => other.to_owned(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_keeps_a_build_from_running_is_told_from_a_failure() {
        let pull = "#2 ERROR: x\nERROR: failed to build: failed to solve: node:22-alpine: failed to resolve source metadata \
                    for docker.io/library/node:22-alpine: failed to do request: Head \"https://images.example.com\"";
        let why = obstacle(pull).unwrap();
        assert!(why.starts_with("the image `node:22-alpine` can't be pulled here"), "{why}");
        let denied =
            "ERROR: failed to solve: pull access denied, repository does not exist: pull access denied for a/b, x";
        assert!(obstacle(denied).unwrap().starts_with("the image `a/b`"));
        assert_eq!(
            obstacle("ERROR: failed to build: process \"/bin/sh -c npm ci\" did not complete: exit code: 1"),
            None
        );
    }

    #[test]
    fn variables_that_programs_act_on_are_told() {
        assert!(is_acted_on("DOCKER_AUTH_CONFIG") && is_acted_on("https_proxy") && is_acted_on("PATH"));
        assert!(!is_acted_on("NPM_TOKEN") && !is_acted_on("PATHS"));
    }
}
