//! Runs other programs: bounded in time, and ended with their children when somebody presses Ctrl-C.

use std::{
    fs::File,
    io::{self, Read as _, Seek as _, SeekFrom},
    process::{Child, Command, Stdio},
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    thread,
    time::{Duration, Instant},
};

use super::ProofError;

/// How often a running program is looked at.
const TICK: Duration = Duration::from_millis(20);
/// No build may take longer than this.
const LONGEST: Duration = Duration::from_secs(2 * 60 * 60);

/// Whether somebody wants the run to end. A second wish ends the program at once.
#[derive(Debug, Clone, Default)]
pub struct Interruption(Arc<AtomicBool>);

impl Interruption {
    /// Listens to SIGINT (Ctrl-C) and SIGTERM from now on.
    ///
    /// # Errors
    /// The system refuses a handler.
    pub fn of_signals() -> io::Result<Self> {
        let flag = Arc::new(AtomicBool::new(false));
        for signal in [signal_hook::consts::SIGINT, signal_hook::consts::SIGTERM] {
            signal_hook::flag::register_conditional_shutdown(signal, 130, Arc::clone(&flag))?;
            signal_hook::flag::register(signal, Arc::clone(&flag))?;
        }
        Ok(Self(flag))
    }

    fn is_wanted(&self) -> bool {
        self.0.load(Ordering::SeqCst)
    }

    /// # Errors
    /// [`ProofError::Interrupted`] if somebody wants the run to end.
    pub(super) fn check(&self) -> Result<(), ProofError> {
        if self.is_wanted() { Err(ProofError::Interrupted) } else { Ok(()) }
    }
}

/// How a program ended.
#[derive(Debug)]
pub(super) struct Ended {
    /// Whether its status was 0.
    pub succeeded: bool,
    /// Standard output and standard error, as they came.
    pub output: String,
}

impl Ended {
    /// The output of a program that had to succeed.
    pub(super) fn success(self, what: &str) -> Result<String, ProofError> {
        let line = || self.output.lines().rev().find(|line| !line.trim().is_empty()).unwrap_or_default();
        if self.succeeded { Ok(self.output) } else { Err(ProofError::Engine(format!("{what}: {}", line().trim()))) }
    }
}

/// Runs a program to its end.
pub(super) fn run(command: &mut Command, interruption: &Interruption) -> Result<Ended, ProofError> {
    let mut output = String::new();
    let succeeded = run_into(command, interruption, &mut output)?;
    Ok(Ended { succeeded, output })
}

/// Runs a program to its end and tells whether its status was 0. Its output is there also if it was ended early.
pub(super) fn run_into(
    command: &mut Command,
    interruption: &Interruption,
    output: &mut String,
) -> Result<bool, ProofError> {
    let mut file = tempfile::tempfile()?;
    let (out, error) = (file.try_clone()?, file.try_clone()?);
    let child = in_own_group(command.stdin(Stdio::null()).stdout(out).stderr(error)).spawn()?;
    let succeeded = wait(child, interruption);
    *output = whole(&mut file)?;
    succeeded
}

/// Makes the program the head of a process group: Ctrl-C does not reach it by itself, and it is ended with its children.
fn in_own_group(command: &mut Command) -> &mut Command {
    #[cfg(unix)]
    std::os::unix::process::CommandExt::process_group(command, 0);
    command
}

fn wait(mut child: Child, interruption: &Interruption) -> Result<bool, ProofError> {
    let start = Instant::now();
    loop {
        if let Some(status) = child.try_wait()? {
            return Ok(status.success());
        }
        let is_late = start.elapsed() > LONGEST;
        if is_late || interruption.is_wanted() {
            end(&mut child)?;
            let late =
                || ProofError::Engine(format!("a program did not end within {} hours", LONGEST.as_secs() / 3600));
            return Err(if is_late { late() } else { ProofError::Interrupted });
        }
        thread::sleep(TICK);
    }
}

/// Ends the whole group: a script that is gone would leave its docker client behind.
fn end(child: &mut Child) -> io::Result<()> {
    if cfg!(unix) {
        let group = format!("-{}", child.id());
        let _ = Command::new("kill").args(["-TERM", "--", &group]).status();
        let asked = Instant::now();
        while asked.elapsed() < Duration::from_secs(3) && child.try_wait()?.is_none() {
            thread::sleep(TICK);
        }
        let _ = Command::new("kill").args(["-KILL", "--", &group]).stderr(Stdio::null()).status();
    }
    child.kill()?;
    child.wait().map(drop)
}

fn whole(file: &mut File) -> io::Result<String> {
    let mut content = Vec::new();
    file.seek(SeekFrom::Start(0))?;
    file.read_to_end(&mut content)?;
    Ok(String::from_utf8_lossy(&content).into_owned())
}
