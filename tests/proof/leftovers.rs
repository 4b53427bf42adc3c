//! What `dfmigrate verify --build` leaves behind, however it ends: nothing of its own, and everything of others.

use std::fs;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail, ensure};
use libtest_mimic::{Completion, Failed, Trial};
use tempfile::TempDir;

use crate::canary::unique_digits;
use crate::command;

/// How long a build may take to get to its last step, and a run to end.
const PATIENCE: Duration = Duration::from_secs(120);

/// One test for each way to end, and one for what others do meanwhile.
pub fn trials() -> Vec<Trial> {
    let all: [(&str, fn() -> Result<()>); 3] = [
        ("verify_leaves_nothing_after_an_interruption", interrupted),
        ("verify_leaves_nothing_after_a_failure", failed),
        ("verify_leaves_the_cache_of_others", beside_others),
    ];
    let trial = |(name, check): (&'static str, fn() -> Result<()>)| {
        Trial::ignorable_test(name, move || {
            if let Err(reason) = crate::engine() {
                return Ok(Completion::ignored_with(reason));
            }
            check().map_err(|error| Failed::from(format!("{error:#}")))?;
            Ok(Completion::Completed)
        })
    };
    all.into_iter().map(trial).collect()
}

/// Two Dockerfiles: one that is built to its end, and one that ends with `last`.
struct Scene {
    /// What every step and image of this test has in its name.
    nonce: String,
    folder: TempDir,
}

impl Scene {
    fn new(last: &str) -> Result<Self> {
        let scene =
            Self { nonce: format!("run{}", unique_digits(12)), folder: TempDir::with_prefix("dfmigrate-proof-")? };
        let nonce = &scene.nonce;
        for (name, end) in [("first", "true"), ("second", last)] {
            let folder = scene.folder.path().join("repository").join(name);
            fs::create_dir_all(&folder)?;
            let dockerfile = format!(
                "FROM local/busybox:1\nLABEL run={nonce}\nARG API_TOKEN\nCOPY Dockerfile /{nonce}\n\
                 RUN test -n \"$API_TOKEN\" && echo {nonce} > /said\nRUN echo {nonce} && {end}\n"
            );
            fs::write(folder.join("Dockerfile"), dockerfile)?;
        }
        fs::create_dir(scene.folder.path().join("temporary"))?;
        Ok(scene)
    }

    fn start(&self) -> Result<Child> {
        let mut tool = Command::new(env!("CARGO_BIN_EXE_dfmigrate"));
        tool.args(["verify", "--build", ".", "--network", "host"]).current_dir(self.folder.path().join("repository"));
        tool.env("TMPDIR", self.temporary()).env("NO_COLOR", "1");
        Ok(tool.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null()).spawn()?)
    }

    fn temporary(&self) -> std::path::PathBuf {
        self.folder.path().join("temporary")
    }

    /// The cache entries that come from the Dockerfiles of this test.
    fn entries(&self) -> Result<Vec<String>> {
        let filter = format!("description~={}", self.nonce);
        let listed = docker(&["buildx", "du", "--format", "json", "--filter", &filter])?;
        Ok(listed.lines().filter(|line| line.contains(&self.nonce)).map(str::to_owned).collect())
    }

    /// Whether images, containers, cache entries and temporary folders of this test are gone.
    fn is_left_clean(&self) -> Result<()> {
        let label = format!("label=run={}", self.nonce);
        for kind in ["image", "container"] {
            let left = docker(&[kind, "ls", "--all", "--quiet", "--filter", &label])?;
            ensure!(left.trim().is_empty(), "of each {kind} something is left: {left}");
        }
        ensure!(fs::read_dir(self.temporary())?.count() == 0, "temporary files are left");
        let left = self.entries()?;
        ensure!(left.is_empty(), "cache entries are left:\n{}", left.join("\n"));
        Ok(())
    }
}

fn interrupted() -> Result<()> {
    let scene = Scene::new("sleep 600")?;
    let mut tool = scene.start()?;
    let is_sleeping = || Ok(scene.entries()?.iter().any(|entry| entry.contains("sleep 600")));
    let slept = wait_for(is_sleeping).context("the last step does not begin");
    command::run(Command::new("kill").args(["-INT", &tool.id().to_string()]))?;
    let status = ended(&mut tool)?;
    slept?;
    ensure!(status == 130, "the status is {status}");
    scene.is_left_clean()
}

fn failed() -> Result<()> {
    let scene = Scene::new("false")?;
    let status = ended(&mut scene.start()?)?;
    ensure!(status == 2, "the status is {status}");
    scene.is_left_clean()
}

/// Somebody else builds on the same engine while a run goes on.
fn beside_others() -> Result<()> {
    let scene = Scene::new("sleep 600")?;
    let mut tool = scene.start()?;
    let other = format!("other{}", unique_digits(12));
    let is_sleeping = || Ok(scene.entries()?.iter().any(|entry| entry.contains("sleep 600")));
    let begun = wait_for(is_sleeping).and_then(|()| build_other(scene.folder.path(), &other));
    command::run(Command::new("kill").args(["-INT", &tool.id().to_string()]))?;
    let status = ended(&mut tool)?;
    begun?;
    let filter = format!("description~={other}");
    let kept = docker(&["buildx", "du", "--format", "json", "--filter", &filter])?;
    docker(&["buildx", "prune", "--force", "--filter", &filter])?;
    ensure!(status == 130, "the status is {status}");
    ensure!(kept.contains(&other), "the entry of the other build is gone");
    scene.is_left_clean()
}

/// Leaves an entry in the cache that has `name` in its description, and no image.
fn build_other(folder: &Path, name: &str) -> Result<()> {
    let folder = folder.join("other");
    fs::create_dir(&folder)?;
    fs::write(folder.join("Dockerfile"), format!("FROM local/busybox:1\nRUN echo {name} > /name\n"))?;
    let mut build = Command::new("docker");
    build.args(["buildx", "build", "--network=host", "--output=type=cacheonly"]).arg(folder);
    command::run(&mut build)?.success("the other build").map(drop)
}

fn wait_for(is_so: impl Fn() -> Result<bool>) -> Result<()> {
    let start = Instant::now();
    while !is_so()? {
        if start.elapsed() > PATIENCE {
            bail!("waited for {} seconds", PATIENCE.as_secs());
        }
        thread::sleep(Duration::from_millis(200));
    }
    Ok(())
}

fn ended(tool: &mut Child) -> Result<i32> {
    let start = Instant::now();
    loop {
        if let Some(status) = tool.try_wait()? {
            return Ok(status.code().unwrap_or(-1));
        }
        if start.elapsed() > PATIENCE {
            tool.kill()?;
            tool.wait()?;
            bail!("dfmigrate did not end within {} seconds", PATIENCE.as_secs());
        }
        thread::sleep(Duration::from_millis(50));
    }
}

fn docker(arguments: &[&str]) -> Result<String> {
    command::run(Command::new("docker").args(arguments))?.success(&format!("docker {}", arguments[0]))
}
