//! The command on thousands of damaged and hostile archives, each in a process of its own with little memory and time.
//!
//! `DFMIGRATE_FUZZ_ARCHIVES` says how many damaged ones there are beside the hostile ones, `DFMIGRATE_FUZZ_FIRST` the number of the
//! first, to repeat a failure.

use std::{
    env, fs,
    io::Write as _,
    path::{Path, PathBuf},
    process::{Command, Output, Stdio},
    sync::atomic::{AtomicUsize, Ordering},
    thread,
    time::{Duration, Instant},
};

use tempfile::TempDir;

use super::{
    hostile,
    look::canary,
    mutation::{self, Dice},
};

/// How many archives are damaged where nobody says how many: some seconds in a program that is not optimised.
const ARCHIVES: usize = 150;

/// The most memory that the process may ask for, in KiB: address space, so also what it never touches.
const MEMORY: usize = 512 << 10;

/// The most seconds of computing.
const SECONDS: usize = 20;

/// A message fits on a screen.
const LONGEST_MESSAGE: usize = 16 << 10;

/// Ten thousand findings are told at most.
const LONGEST_REPORT: usize = 32 << 20;

/// A program that is not optimised gets smaller bombs.
const WEIGHT: usize = if cfg!(debug_assertions) { 1 } else { 16 };

/// A folder that has to stay empty, with folders around it that paths may lead to.
struct Outside {
    root: TempDir,
}

impl Outside {
    fn create() -> Self {
        let root = TempDir::with_prefix("dfmigrate-fuzz-").unwrap();
        fs::create_dir_all(root.path().join("a/b/c")).unwrap();
        Self { root }
    }

    fn working_directory(&self) -> PathBuf {
        self.root.path().join("a/b/c")
    }

    fn assert_untouched(&self) {
        let mut folder = self.root.path().to_owned();
        for name in ["a", "b", "c"] {
            assert_eq!(names(&folder), [name]);
            folder.push(name);
        }
        assert!(names(&folder).is_empty(), "{:?} appeared", names(&folder));
        assert!(!Path::new("/escaped").exists() && !Path::new("/tmp/escaped").exists());
    }
}

fn names(folder: &Path) -> Vec<String> {
    fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().file_name().to_string_lossy().into_owned()).collect()
}

/// Runs the command on an archive at its standard input.
fn run(archive: &[u8], outside: &Outside) -> Output {
    let limited = format!("ulimit -v {MEMORY}; ulimit -t {SECONDS}; exec \"$0\" \"$@\"");
    let mut command = Command::new("sh");
    command.args([
        "-c",
        &limited,
        env!("CARGO_BIN_EXE_dfmigrate"),
        "verify",
        "-",
        "--secret",
        "id=planted,env=PLANTED",
    ]);
    let folder = outside.working_directory();
    command.current_dir(&folder).env("HOME", &folder).env("TMPDIR", &folder).env("PLANTED", canary());
    let mut running = command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    let mut input = running.stdin.take().unwrap();
    thread::scope(|scope| {
        // A program that has seen enough closes its end.
        scope.spawn(move || drop(input.write_all(archive)));
        running.wait_with_output().unwrap()
    })
}

/// What is wrong with a run, if anything is.
fn judge(output: &Output) -> Result<(), String> {
    let (out, err) = (String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    let status = output.status.code();
    let obeyed = |text: &str| text.contains(|char: char| char.is_control() && char != '\n');
    let told: String = err.chars().take(2_000).collect();
    for (is_right, what) in [
        (matches!(status, Some(0..=2)), "it ends with no status of its own"),
        ((status == Some(2)) == err.contains("error: "), "failure and message don't go together"),
        (err.matches("error: ").count() < 2, "there is more than one message"),
        (!obeyed(&out) && !obeyed(&err), "a terminal would obey what it prints"),
        (!out.contains(&canary()) && !err.contains(&canary()), "the value is shown"),
        (err.len() < LONGEST_MESSAGE, "the message is endless"),
        (out.len() < LONGEST_REPORT, "the report is endless"),
    ] {
        if !is_right {
            return Err(format!("{what} ({}): {told:?}", output.status));
        }
    }
    Ok(())
}

/// What a thread has to tell.
#[derive(Default)]
struct Told {
    slowest: Option<(Duration, String)>,
    wrong: Vec<String>,
}

impl Told {
    fn join(mut self, other: Self) -> Self {
        self.wrong.extend(other.wrong);
        Self { slowest: self.slowest.max(other.slowest), wrong: self.wrong }
    }
}

/// Runs every archive, two at a time.
fn run_all(count: usize, archive: impl Fn(usize) -> (String, Vec<u8>) + Sync) {
    let (next, outside) = (AtomicUsize::new(0), Outside::create());
    let work = || {
        let mut told = Told::default();
        loop {
            let number = next.fetch_add(1, Ordering::Relaxed);
            if number >= count {
                return told;
            }
            let (name, archive) = archive(number);
            let start = Instant::now();
            if let Err(what) = judge(&run(&archive, &outside)) {
                told.wrong.push(format!("{name}: {what}"));
            }
            told.slowest = told.slowest.max(Some((start.elapsed(), name)));
        }
    };
    let told = thread::scope(|scope| {
        let other = scope.spawn(work);
        work().join(other.join().unwrap())
    });
    outside.assert_untouched();
    println!("{count} archives, the slowest: {:.1?}", told.slowest);
    assert!(told.wrong.is_empty(), "{} archives do harm:\n{}", told.wrong.len(), told.wrong.join("\n"));
}

fn number(variable: &str) -> Option<usize> {
    env::var(variable).ok()?.parse().ok()
}

#[test]
#[cfg(target_os = "linux")]
fn hostile_archives_do_no_harm() {
    let archives = hostile::all(WEIGHT);
    run_all(archives.len(), |number| archives[number].clone());
}

#[test]
#[cfg(target_os = "linux")]
fn damaged_archives_do_no_harm() {
    let first = number("DFMIGRATE_FUZZ_FIRST").unwrap_or(0);
    let count = number("DFMIGRATE_FUZZ_ARCHIVES").unwrap_or(ARCHIVES);
    run_all(count, |number| {
        let seed = (first + number) as u64;
        let (what, archive) = mutation::damaged(&mut Dice::new(seed));
        (format!("archive {seed} ({what})"), archive)
    });
}
