//! A workflow is run as the action would run it, and only the `# syntax=` line is taken out of a Dockerfile.

use std::fs;
use std::process::Command;

use anyhow::{Result, ensure};
use tempfile::TempDir;

use super::Check;
use crate::{workflow, workspace};

pub const CHECKS: [(&str, Check); 4] = [
    ("workflow_build_arguments_become_flags", build_arguments),
    ("workflow_secrets_become_files", secrets),
    ("workflow_run_step_gets_its_environment", run_step),
    ("syntax_directive_is_left_out", syntax_directive),
];

const INPUTS: &str = "jobs:
  image:
    runs-on: ubuntu-latest
    steps:
      - uses: actions/checkout@v4
      - uses: docker/build-push-action@v6
        with:
          context: .
          file: ./Dockerfile
          tags: images.example.com/app
          INPUT: |
            ONE=${{ secrets.TOKEN }}
            EMPTY=${{ secrets.OTHER_TOKEN_NOT_GIVEN }}
";

fn build_arguments() -> Result<()> {
    let arguments = arguments(&INPUTS.replace("INPUT", "build-args"))?;
    ensure!(arguments.starts_with("buildx build --build-arg ONE=value --build-arg EMPTY= --tag"), "{arguments}");
    ensure!(arguments.ends_with("--file ./Dockerfile --load ."), "{arguments}");
    Ok(())
}

fn secrets() -> Result<()> {
    let folder = TempDir::new()?;
    let commands = workflow::commands(&INPUTS.replace("INPUT", "secrets"), "TOKEN", "value", folder.path())?;
    let line = line(&commands);
    ensure!(!line.contains("value") && line.contains("--secret id=ONE,src="), "{line}");
    ensure!(!line.contains("EMPTY"), "an empty secret is left out: {line}");
    for content in workspace::read(folder.path())?.into_values() {
        ensure!(content == b"value", "the file holds something else");
    }
    Ok(())
}

fn run_step() -> Result<()> {
    let workflow = "jobs:\n  image:\n    steps:\n      - run: docker build --build-arg T=${{ secrets.TOKEN }} .\n        env:\n          A: x\n";
    let folder = TempDir::new()?;
    let commands = workflow::commands(workflow, "TOKEN", "value", folder.path())?;
    ensure!(line(&commands) == "-e -c docker build --build-arg T=value .", "{}", line(&commands));
    ensure!(commands.iter().all(|command| command.get_envs().count() == 1), "the step's environment is missing");
    Ok(())
}

fn syntax_directive() -> Result<()> {
    let folder = TempDir::new()?;
    let file = folder.path().join("Dockerfile");
    for (text, expected) in [
        ("# syntax=docker/dockerfile:1\nFROM x\n", "FROM x\n"),
        ("# escape=`\r\n# Syntax = docker/dockerfile:1\r\nFROM x\r\n", "# escape=`\r\nFROM x\r\n"),
        ("FROM x\n# syntax=docker/dockerfile:1\n", "FROM x\n# syntax=docker/dockerfile:1\n"),
    ] {
        fs::write(&file, text)?;
        workspace::drop_syntax_directives(folder.path())?;
        ensure!(fs::read_to_string(&file)? == expected, "{text:?}");
    }
    Ok(())
}

fn arguments(workflow: &str) -> Result<String> {
    let folder = TempDir::new()?;
    Ok(line(&workflow::commands(workflow, "TOKEN", "value", folder.path())?))
}

fn line(commands: &[Command]) -> String {
    let arguments = commands.iter().flat_map(|command| command.get_args());
    arguments.map(|argument| argument.to_string_lossy()).collect::<Vec<_>>().join(" ")
}
