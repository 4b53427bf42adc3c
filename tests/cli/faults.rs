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
    let mut command = traced(scratch, &["-o", "/dev/null", "-e", &inject], &["--fix"]);
    command.output().unwrap();
}

fn traced(scratch: &Scratch, options: &[&str], arguments: &[&str]) -> Command {
    let program = scratch.command(&[]);
    let mut command = Command::new("strace");
    command.args(options).arg(program.get_program()).args(arguments).current_dir(scratch.root());
    for (name, value) in program.get_envs() {
        match value {
            Some(value) => command.env(name, value),
            None => command.env_remove(name),
        };
    }
    command
}

/// Those of `names` that a run calls from the one that opens its journal on, each as which of its name it is, counted from one.
fn calls(scratch: &Scratch, names: &str, arguments: &[&str]) -> Option<Vec<(String, usize)>> {
    let log = tempfile::NamedTempFile::new().unwrap();
    let options = ["-o", log.path().to_str().unwrap(), "-e", &format!("trace={names},openat")];
    let status = traced(scratch, &options, arguments).output().ok()?.status;
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
        if writing && names.split(',').any(|wanted| wanted == name) {
            calls.push((name.to_owned(), *count));
        }
    }
    Some(calls)
}

#[test]
fn a_fault_at_any_system_call_leaves_the_old_files_or_the_new_ones() {
    let Some(calls) = calls(&scratch(), CALLS, &["--fix"]) else {
        println!("skipped: strace can't be run here");
        return;
    };
    let old = state(&scratch());
    let fixed = scratch();
    fixed.run(&["--fix"]).status(0);
    let new = state(&fixed);
    assert!(CHANGED.iter().all(|name| old[*name] != new[*name]));
    assert!(calls.len() > 20, "{calls:?}");
    // A full disk, one that is read-only or broken, and a file that somebody has taken the rights of, in turn.
    let refused = ["error=ENOSPC", "error=EROFS", "error=EIO", "error=EACCES"];
    for (fault, faults) in [("kill", &["signal=KILL"][..]), ("error", &refused), ("another error", &refused[1..])] {
        let mut outcomes = [0, 0];
        for ((name, nth), fault) in calls.iter().zip(faults.iter().cycle()) {
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

/// The system calls around which a commit comes about.
const CALLS_OF_A_COMMIT: &str =
    "write,fsync,rename,renameat,renameat2,link,linkat,unlink,unlinkat,clone,clone3,vfork,wait4,waitid";

#[test]
fn a_kill_at_any_moment_of_a_commit_loses_nothing() {
    let commit = ["--fix", "--commit"];
    let Some(calls) = calls(&Scratch::with_author(), CALLS_OF_A_COMMIT, &commit) else {
        println!("skipped: strace can't be run here");
        return;
    };
    assert!(calls.len() > 10, "{calls:?}");
    let old = state(&Scratch::with_author());
    for (name, nth) in &calls {
        let scratch = Scratch::with_author();
        let before = scratch.git(&["rev-parse", "HEAD"]);
        let inject = format!("inject={name}:signal=KILL:when={nth}");
        traced(&scratch, &["-o", "/dev/null", "-e", &inject], &commit).output().unwrap();
        // The git program goes on alone where it had been started.
        let lock = scratch.path(".git/index.lock");
        (0..100).take_while(|_| lock.exists()).for_each(|_| std::thread::sleep(std::time::Duration::from_millis(50)));
        scratch.run(&["--fix", "--allow-dirty", "package.json"]).status(0);
        let now = state(&scratch);
        let is_committed = scratch.git(&["rev-parse", "HEAD"]) != before;
        assert_eq!(now.keys().collect::<Vec<_>>(), old.keys().collect::<Vec<_>>(), "{name} {nth}");
        let changed = CHANGED.iter().filter(|file| now[**file] != old[**file]).count();
        assert!(changed == 0 || changed == CHANGED.len(), "{name} {nth}: {now:?}");
        assert!(!is_committed || changed > 0, "{name} {nth}: committed and taken back");
        scratch.git(&["fsck", "--strict"]);
        assert!(!scratch.path(".git/dfmigrate/journal").exists(), "{name} {nth}: the journal stays");
    }
}

#[test]
fn of_two_runs_at_once_one_fixes_and_nothing_is_mixed() {
    let fixed = scratch();
    fixed.run(&["--fix"]).status(0);
    for _ in 0..5 {
        let scratch = scratch();
        let start =
            || scratch.command(&["--fix", "--allow-dirty"]).stderr(std::process::Stdio::piped()).spawn().unwrap();
        for run in [start(), start()] {
            let output = run.wait_with_output().unwrap();
            let told = String::from_utf8_lossy(&output.stderr).into_owned();
            // The other one holds the journal, or has changed the files in the meantime.
            let is_told = told.contains("another run is writing here") || told.contains("changed while it was being");
            assert!(output.status.code() == Some(0) || is_told, "{told}");
        }
        assert_eq!(state(&scratch), state(&fixed));
    }
}
