//! A fix that is killed, or refused by the disk, at each of its system calls. strace puts the fault in; without it the tests
//! say that they were skipped.

use std::collections::BTreeMap;
use std::process::Command;

use crate::scratch::Scratch;

/// The system calls by which a run changes the disk, or makes a change last.
const CALLS: &str =
    "openat,write,fsync,rename,renameat,renameat2,link,linkat,unlink,unlinkat,fchmod,mkdir,rmdir,ftruncate";

/// The files that a fix changes.
const CHANGED: [&str; 2] = ["Dockerfile", "build.sh"];

/// Two changed files, so that there is a moment between them.
fn scratch() -> Scratch {
    Scratch::with_secret()
}

type State = BTreeMap<String, String>;

/// Every file but git's own, by its name.
fn state(scratch: &Scratch) -> State {
    let entries = std::fs::read_dir(scratch.root()).unwrap().map(|entry| entry.unwrap().file_name());
    let names = entries.map(|name| name.into_string().unwrap()).filter(|name| name != ".git");
    names.map(|name| (name.clone(), scratch.read(&name))).collect()
}

/// A run of `--fix` in which the `nth` call of `name` on the main thread ends as `fault` says.
fn faulty(scratch: &Scratch, name: &str, nth: usize, fault: &str) {
    let inject = format!("inject={name}:{fault}:when={nth}");
    let mut command = traced(scratch, &["-o", "/dev/null", "-e", &inject], "--fix");
    command.output().unwrap();
}

fn traced(scratch: &Scratch, options: &[&str], argument: &str) -> Command {
    let program = scratch.command(&[]);
    let mut command = Command::new("strace");
    command.args(options).arg(program.get_program()).arg(argument).current_dir(scratch.root());
    for (name, value) in program.get_envs() {
        match value {
            Some(value) => command.env(name, value),
            None => command.env_remove(name),
        };
    }
    command
}

/// The calls of a run from the one that opens its journal on, each as which of its name it is, counted from one.
fn calls() -> Option<Vec<(String, usize)>> {
    let scratch = scratch();
    let log = tempfile::NamedTempFile::new().unwrap();
    let options = ["-o", log.path().to_str().unwrap(), "-e", &format!("trace={CALLS}")];
    let status = traced(&scratch, &options, "--fix").output().ok()?.status;
    let text = std::fs::read_to_string(log.path()).unwrap();
    if !status.success() {
        return None;
    }
    let mut counts: BTreeMap<&str, usize> = BTreeMap::new();
    let mut calls = Vec::new();
    let mut writing = false;
    for line in text.lines() {
        let Some((name, rest)) = line.split_once('(') else { continue };
        let count = counts.entry(name).or_default();
        *count += 1;
        writing |= rest.contains("dfmigrate/journal");
        if writing {
            calls.push((name.to_owned(), *count));
        }
    }
    Some(calls)
}

#[test]
fn a_fault_at_any_system_call_leaves_the_old_files_or_the_new_ones() {
    let Some(calls) = calls() else {
        println!("skipped: strace can't be run here");
        return;
    };
    let old = state(&scratch());
    let fixed = scratch();
    fixed.run(&["--fix"]).status(0);
    let new = state(&fixed);
    assert!(CHANGED.iter().all(|name| old[*name] != new[*name]));
    assert!(calls.len() > 20, "{calls:?}");
    for fault in ["signal=KILL", "error=ENOSPC"] {
        let mut outcomes = [0, 0];
        for (name, nth) in &calls {
            let scratch = scratch();
            faulty(&scratch, name, *nth, fault);
            let now = state(&scratch);
            let whole = |name: &&str| now[*name] == old[*name] || now[*name] == new[*name];
            assert!(CHANGED.iter().all(whole), "{fault} at {name} {nth}: a torn file: {now:?}");
            // The next run brings in order what this one left, whatever it is asked.
            scratch.run(&["--fix", "--allow-dirty", "package.json"]).status(0);
            let settled = state(&scratch);
            assert!(settled == old || settled == new, "{fault} at {name} {nth}: {settled:?}");
            assert!(!scratch.path(".git/dfmigrate/journal").exists(), "{fault} at {name} {nth}: the journal stays");
            outcomes[usize::from(settled == new)] += 1;
        }
        assert!(outcomes.iter().all(|count| *count > 0), "{fault}: {outcomes:?}");
    }
}
