//! The git program, run in one repository.

use std::{
    ffi::OsStr,
    io::Write as _,
    process::{Command, Output, Stdio},
};

use super::{GitError, Repository};

/// The variables that name a repository: they are set inside a hook, and would lead git elsewhere. It is what
/// `git rev-parse --local-env-vars` prints, without those that hold configuration.
const LOCAL: [&str; 12] = [
    "GIT_ALTERNATE_OBJECT_DIRECTORIES",
    "GIT_OBJECT_DIRECTORY",
    "GIT_DIR",
    "GIT_WORK_TREE",
    "GIT_IMPLICIT_WORK_TREE",
    "GIT_GRAFT_FILE",
    "GIT_INDEX_FILE",
    "GIT_NO_REPLACE_OBJECTS",
    "GIT_REPLACE_REF_BASE",
    "GIT_PREFIX",
    "GIT_SHALLOW_FILE",
    "GIT_COMMON_DIR",
];

/// What the git program answered.
pub(super) struct Answer {
    /// Whether its status was 0.
    pub success: bool,
    /// Its standard output.
    pub text: String,
    /// What it and the hooks said on both streams, redacted, for people.
    pub output: String,
}

/// Runs git with `arguments` and `input` at its standard input. Nothing secret may be in the arguments: every user of
/// the machine sees them in the list of processes.
pub(super) fn run(repository: &Repository, arguments: &[&str], input: &str) -> Result<Answer, GitError> {
    run_with(repository, arguments, input, &[])
}

fn run_with(
    repository: &Repository,
    arguments: &[&str],
    input: &str,
    environment: &[(&str, &OsStr)],
) -> Result<Answer, GitError> {
    let mut command = Command::new("git");
    command.arg("-C").arg(&repository.root).args(arguments);
    for name in LOCAL {
        command.env_remove(name);
    }
    command.envs(environment.iter().copied());
    if !repository.may_ask {
        command.env("GIT_TERMINAL_PROMPT", "0").env("SSH_ASKPASS_REQUIRE", "never").env("GIT_EDITOR", "true");
    }
    let output = exchange(&mut command, input).map_err(GitError::Program)?;
    let said = [&output.stderr, &output.stdout].map(|bytes| redacted(repository, bytes));
    Ok(Answer {
        success: output.status.success(),
        text: String::from_utf8_lossy(&output.stdout).into_owned(),
        output: said.iter().filter(|text| !text.is_empty()).cloned().collect::<Vec<_>>().join("\n"),
    })
}

/// The same, where a failure is an error.
pub(super) fn must(repository: &Repository, arguments: &[&str], input: &str) -> Result<String, GitError> {
    must_with(repository, arguments, input, &[])
}

/// The same with these variables in the environment.
pub(super) fn must_with(
    repository: &Repository,
    arguments: &[&str],
    input: &str,
    environment: &[(&str, &OsStr)],
) -> Result<String, GitError> {
    let answer = run_with(repository, arguments, input, environment)?;
    if answer.success {
        return Ok(answer.text);
    }
    let verb = arguments.first().copied().unwrap_or_default();
    Err(GitError::Failed { command: format!("git {verb}"), output: answer.output })
}

/// Writes the input while the output is read: either may be larger than a pipe holds.
fn exchange(command: &mut Command, input: &str) -> std::io::Result<Output> {
    let mut child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn()?;
    let stdin = child.stdin.take();
    std::thread::scope(|scope| {
        scope.spawn(move || {
            // A program that does not read its input is no failure; one that needed it tells so itself.
            let _ = stdin.map(|mut stdin| stdin.write_all(input.as_bytes()));
        });
        child.wait_with_output()
    })
}

fn redacted(repository: &Repository, bytes: &[u8]) -> String {
    let text = String::from_utf8_lossy(bytes);
    let lines: Vec<String> = text.lines().map(|line| repository.redactor.line(line.trim_end())).collect();
    lines.join("\n").trim().to_owned()
}
