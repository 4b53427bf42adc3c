//! The program in a pseudo-terminal, with a person's answers.
#![cfg(unix)]

use std::{
    io::Write as _,
    process::{Command, Stdio},
};

use crate::scratch::Scratch;

/// What a review in a terminal left.
pub struct Session {
    pub status: i64,
    pub shown: String,
    restored: bool,
}

pub const QUESTION: &str = "apply this fix? [y,n,a,d,s,e,c,u,q,?] ";
pub const INTERRUPT: &str = "\u{3}";

/// A value that no file of this project holds.
pub fn canary() -> String {
    ["kn0ck", "kn0ck", "who"].join("-")
}

/// Reviews in a terminal of 80 columns: waits for each text and presses the keys then. `None` where there is no Python,
/// whose standard library has pseudo-terminals.
pub fn review(scratch: &Scratch, arguments: &[&str], steps: &[(&str, &str)]) -> Option<Session> {
    review_with(scratch, &[], arguments, steps)
}

/// The same with these variables in the environment.
pub fn review_with(
    scratch: &Scratch,
    environment: &[(&str, &str)],
    arguments: &[&str],
    steps: &[(&str, &str)],
) -> Option<Session> {
    drive(scratch, environment, arguments, &serde_json::to_string(steps).unwrap())
}

/// The same with a program that is run before the keys of the only step are pressed.
pub fn review_meanwhile(scratch: &Scratch, step: (&str, &str), program: &[&str]) -> Option<Session> {
    drive(scratch, &[], &[], &serde_json::to_string(&[(step.0, step.1, program)]).unwrap())
}

/// The same, and before the keys of some steps the terminal gets another number of columns.
pub fn review_resized(scratch: &Scratch, steps: &[(&str, &str, Option<u16>)]) -> Option<Session> {
    let step = |(text, keys, columns): &(&str, &str, Option<u16>)| match columns {
        Some(columns) => serde_json::json!([text, keys, columns]),
        None => serde_json::json!([text, keys]),
    };
    drive(scratch, &[], &[], &serde_json::Value::from(steps.iter().map(step).collect::<Vec<_>>()).to_string())
}

fn drive(scratch: &Scratch, environment: &[(&str, &str)], arguments: &[&str], steps: &str) -> Option<Session> {
    let review = scratch.command(&[]);
    let driver = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/cli/terminal.py");
    let mut command = Command::new("python3");
    command.arg(driver).arg(review.get_program()).arg("-i").args(arguments).current_dir(scratch.root());
    for (name, value) in review.get_envs() {
        match value {
            Some(value) => command.env(name, value),
            None => command.env_remove(name),
        };
    }
    for name in ["GIT_EDITOR", "VISUAL", "EDITOR"] {
        command.env_remove(name);
    }
    command
        .envs(environment.iter().copied())
        .env("TERM", "xterm-256color")
        .stdin(Stdio::piped())
        .stdout(Stdio::piped());
    let Ok(mut child) = command.spawn() else {
        eprintln!("skipped: there is no python3 to open a pseudo-terminal");
        return None;
    };
    child.stdin.take().unwrap().write_all(steps.as_bytes()).unwrap();
    let output = child.wait_with_output().unwrap();
    let result: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
    let session = Session {
        status: result["status"].as_i64().unwrap(),
        shown: result["shown"].as_str().unwrap().to_owned(),
        restored: result["restored"].as_bool().unwrap(),
    };
    session.is_sane();
    Some(session)
}

impl Session {
    /// What has to hold however a review ends.
    fn is_sane(&self) {
        assert!(self.restored, "the modes of the terminal changed\n{}", self.shown);
        let (hidden, visible) = ("\u{1b}[?25l", "\u{1b}[?25h");
        assert!(self.shown.rfind(hidden) <= self.shown.rfind(visible), "the cursor is hidden\n{}", self.shown);
        assert!(!self.shown.contains(&canary()), "{}", self.shown);
    }
}
