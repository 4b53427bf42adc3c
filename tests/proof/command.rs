//! Runs other programs, bounded in time.

use std::fs::File;
use std::io::{Read, Seek, SeekFrom};
use std::process::{Child, Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};

/// No build or other command takes longer than this, also on a machine that has other things to do.
const LIMIT: Duration = Duration::from_secs(10 * 60);

/// How a program ended.
pub struct Ended {
    /// The exit status; -1 after a signal.
    pub status: i32,
    /// Standard output and standard error, as they came.
    pub output: String,
}

impl Ended {
    /// The output, or an error that shows its end when the program failed.
    pub fn success(self, what: &str) -> Result<String> {
        if self.status != 0 {
            bail!("{what} ended with status {}:\n{}", self.status, last_lines(&self.output, 40));
        }
        Ok(self.output)
    }
}

/// Runs a program to its end, or ends it and its children when it takes longer than the limit.
pub fn run(command: &mut Command) -> Result<Ended> {
    let mut output = tempfile::tempfile()?;
    let (out, error) = (output.try_clone()?, output.try_clone()?);
    let program = command.get_program().to_string_lossy().into_owned();
    let command = command.stdin(Stdio::null()).stdout(out).stderr(error);
    let child = in_own_group(command).spawn().with_context(|| format!("cannot start {program}"))?;
    let status = wait(child).with_context(|| format!("{program} did not end in time"))?;
    Ok(Ended { status, output: read_whole(&mut output)? })
}

/// Makes the program the head of a process group, so that it can be ended with its children.
fn in_own_group(command: &mut Command) -> &mut Command {
    #[cfg(unix)]
    std::os::unix::process::CommandExt::process_group(command, 0);
    command
}

fn wait(mut child: Child) -> Result<i32> {
    let start = Instant::now();
    loop {
        if let Some(status) = child.try_wait()? {
            return Ok(status.code().unwrap_or(-1));
        }
        if start.elapsed() > LIMIT {
            // The whole group: a script that is gone would leave its docker client behind.
            Command::new("kill").args(["-KILL", "--", &format!("-{}", child.id())]).status()?;
            child.kill()?;
            child.wait()?;
            bail!("ended after {} seconds", LIMIT.as_secs());
        }
        thread::sleep(Duration::from_millis(10));
    }
}

fn read_whole(file: &mut File) -> Result<String> {
    let mut content = Vec::new();
    file.seek(SeekFrom::Start(0))?;
    file.read_to_end(&mut content)?;
    Ok(String::from_utf8_lossy(&content).into_owned())
}

/// The last `count` lines of a text.
pub fn last_lines(text: &str, count: usize) -> String {
    let lines: Vec<&str> = text.lines().collect();
    lines[lines.len().saturating_sub(count)..].join("\n")
}
