//! What hooks and pipelines run: the script of the action, the commands of the book.

#![cfg(unix)]

use std::process::{Command, Output};

use crate::scratch::{DOCKERFILE, Scratch};

fn read(path: &str) -> String {
    std::fs::read_to_string(std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join(path)).unwrap()
}

/// The script of the action's last step.
fn script() -> String {
    let action = read("action.yml");
    let (_, script) = action.rsplit_once("      run: |\n").unwrap();
    script.lines().map(|line| line.strip_prefix("        ").unwrap_or(line)).collect::<Vec<_>>().join("\n")
}

/// Runs the script as GitHub does, with these inputs.
fn check(scratch: &Scratch, inputs: &[(&str, &str)]) -> (Option<i32>, String) {
    let mut command = Command::new("bash");
    command.args(["--noprofile", "--norc", "-eo", "pipefail", "-c", &script()]).current_dir(scratch.root());
    let defaults = [
        ("PATHS", "."),
        ("ARGUMENTS", ""),
        ("ONLY_CHANGED", "false"),
        ("BASE", ""),
        ("ISOLATED", "false"),
        ("SARIF", ""),
        ("FAIL", "true"),
    ];
    command.envs(defaults).envs(inputs.iter().copied()).env("PROGRAM", env!("CARGO_BIN_EXE_dfmigrate"));
    command.env("GITHUB_STEP_SUMMARY", scratch.path(".git/summary")).env("GITHUB_OUTPUT", scratch.path(".git/output"));
    let Output { status, stdout, .. } = command.output().unwrap();
    (status.code(), String::from_utf8(stdout).unwrap())
}

#[test]
fn the_action_annotates_summarises_and_fails() {
    let scratch = Scratch::with_author();
    let (status, out) = check(&scratch, &[("SARIF", ".git/report.sarif")]);
    assert_eq!(status, Some(1));
    assert!(out.starts_with("::warning file=Dockerfile,line=4,"), "{out}");
    assert!(scratch.read(".git/summary").contains("| `Dockerfile:4` |"));
    assert!(scratch.read(".git/report.sarif").contains("\"arg-secret\""));
    assert_eq!(scratch.read(".git/output"), "findings=true\n");
    assert_eq!(check(&scratch, &[("FAIL", "false")]).0, Some(0));
    assert_eq!(check(&scratch, &[("ARGUMENTS", "--no-such-option")]).0, Some(2));
}

#[test]
fn the_action_looks_at_what_a_pull_request_is_about() {
    let scratch = Scratch::with_author();
    let base = scratch.git(&["rev-parse", "HEAD"]);
    let inputs = [("ONLY_CHANGED", "true"), ("BASE", base.trim())];
    assert_eq!(check(&scratch, &inputs).0, Some(0));
    scratch.write("Dockerfile", &format!("{DOCKERFILE}RUN true\n"));
    scratch.commit();
    assert_eq!(check(&scratch, &inputs).0, Some(1));
}
