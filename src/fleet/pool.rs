use std::{
    io::{self, Write as _},
    process::{Command, Stdio},
    sync::atomic::{AtomicUsize, Ordering},
    thread,
};

/// How a worker ended.
#[derive(Debug)]
pub struct Ended {
    /// Its exit status; `None` where it has none, for example because a signal ended it.
    pub status: Option<i32>,
    /// How it ended in words, for example `signal: 9 (SIGKILL)`.
    pub how: String,
    /// Its standard error, which workers write for people.
    pub said: String,
}

/// Runs `count` processes, `workers` at a time, each with its job (by number) at its standard input, and tells `ended` about
/// each as soon as it ended.
///
/// Processes, not threads: what one repository does to its process (memory, a crash) does nothing to the others, and what the
/// processes of a run need together is bounded by their number.
pub fn run_all(
    count: usize,
    workers: usize,
    job: &(dyn Fn(usize) -> io::Result<String> + Sync),
    command: &(dyn Fn() -> io::Result<Command> + Sync),
    ended: &(dyn Fn(usize, Ended) + Sync),
) {
    let next = AtomicUsize::new(0);
    thread::scope(|scope| {
        for _ in 0..workers.clamp(1, count.max(1)) {
            scope.spawn(|| {
                loop {
                    let number = next.fetch_add(1, Ordering::Relaxed);
                    if number >= count {
                        return;
                    }
                    let result = job(number).and_then(|job| run(command()?, &job));
                    let failed = |error: io::Error| Ended { status: None, how: error.to_string(), said: String::new() };
                    ended(number, result.unwrap_or_else(failed));
                }
            });
        }
    });
}

fn run(mut command: Command, job: &str) -> io::Result<Ended> {
    let mut child = command.stdin(Stdio::piped()).stdout(Stdio::null()).stderr(Stdio::piped()).spawn()?;
    let written = child.stdin.take().map_or(Ok(()), |mut stdin| stdin.write_all(job.as_bytes()));
    let output = child.wait_with_output()?;
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    let status = output.status.code().filter(|_| written.is_ok());
    Ok(Ended { status, how: output.status.to_string(), said })
}

#[cfg(test)]
#[cfg(unix)]
mod tests {
    use super::*;
    use std::sync::Mutex;

    #[test]
    fn each_job_is_run_once_and_one_that_dies_harms_no_other() {
        let jobs = ["exit 0", "kill -9 $$", "echo no >&2; exit 3", "exit 0"];
        let job = |number: usize| Ok(jobs[number].to_owned());
        let seen = Mutex::new(Vec::new());
        let shell = || Ok(Command::new("sh"));
        run_all(4, 3, &job, &shell, &|number, ended| seen.lock().unwrap().push((number, ended.status, ended.said)));
        let mut seen = seen.into_inner().unwrap();
        seen.sort();
        let expected = [(0, Some(0), ""), (1, None, ""), (2, Some(3), "no\n"), (3, Some(0), "")];
        assert_eq!(seen, expected.map(|(number, status, said)| (number, status, said.to_owned())));
    }
}
