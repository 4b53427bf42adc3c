//! `dfmigrate verify --build` on the same repositories: it has to come to the same answer by its own means, from what it reads
//! in the callers instead of their scripts.

use std::fs;
use std::path::Path;
use std::process::Command;
use std::sync::Arc;
use std::time::Instant;

use anyhow::{Context, Result, ensure};
use libtest_mimic::{Completion, Failed, Trial};
use tempfile::TempDir;

use crate::base;
use crate::canary::{Canary, unique_digits};
use crate::case::{Case, Expectation, home};
use crate::command::{self, Ended};
use crate::engine::Engine;
use crate::report::Report;
use crate::scan::Searcher;
use crate::service::Service;
use crate::workspace::{self, Addresses};

/// The variable that hands the value to the program.
const VARIABLE: &str = "PLANTED";

/// One test for each case that is migrated.
pub fn trials(cases: Vec<Case>, report: &Arc<Report>) -> Vec<Trial> {
    let is_migrated =
        |case: &Case| matches!(case.manifest.expect, Expectation::Migrates) && case.manifest.allows.is_empty();
    let migrated = cases.into_iter().filter(|case| is_migrated(case) && case.manifest.only_by_steps.is_empty());
    migrated.map(|case| trial(format!("verify_{}", case.name), case, report)).collect()
}

fn trial(name: String, case: Case, report: &Arc<Report>) -> Trial {
    let report = Arc::clone(report);
    Trial::ignorable_test(name, move || {
        let engine = match crate::engine() {
            Ok(engine) => engine,
            Err(reason) => return Ok(Completion::ignored_with(reason)),
        };
        let start = Instant::now();
        let expected = &case.manifest.differences;
        let ran = verify(&case, engine).and_then(|ended| match expected.as_slice() {
            [] => proven(&ended),
            expected => differs(&ended, expected),
        });
        ran.map_err(|error| Failed::from(format!("{error:#}")))?;
        report.add_verified(start.elapsed());
        Ok(Completion::Completed)
    })
}

/// The repository that the README shows, with an image that stands in for the one it starts from.
pub fn example() -> Trial {
    Trial::ignorable_test("verify_example_of_the_readme", || {
        if let Err(reason) = crate::engine() {
            return Ok(Completion::ignored_with(reason));
        }
        prove_example().map_err(|error| Failed::from(format!("{error:#}")))?;
        Ok(Completion::Completed)
    })
}

fn prove_example() -> Result<()> {
    let canary = Canary::generate();
    let nonce = format!("run{}", unique_digits(8));
    let service = Service::start(&canary, &nonce)?;
    let addresses = Addresses::of(&service, &canary, &nonce, base::WHOLE.to_owned());
    let folder = TempDir::with_prefix("dfmigrate-proof-")?;
    let (stand, repository) = (folder.path().join("stand"), folder.path().join("example"));
    addresses.copy(&home().join("example"), &stand)?;
    workspace::duplicate(&Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/example"), &repository)?;
    let image = format!("{}/node", addresses.images);
    let mut build = Command::new("docker");
    command::run(build.args(["build", "--quiet", "--tag", &image]).arg(&stand))?
        .success("the build of the stand-in")?;
    let mut tool = Command::new(env!("CARGO_BIN_EXE_dfmigrate"));
    tool.args(["verify", "--build", ".", "--network", "host", "--base", &format!("node:22-alpine={image}")]);
    tool.args(["--secret", &format!("id=NPM_TOKEN,env={VARIABLE}")]).env(VARIABLE, canary.value());
    let ended = command::run(tool.current_dir(&repository).env("NO_COLOR", "1"));
    command::run(Command::new("docker").args(["image", "rm", "--force", &image]))?;
    let ended = ended?;
    proven(&ended)?;
    ensure!(service.given() >= 4, "the builds fetched {} private files:\n{}", service.given(), ended.output);
    for caller in ["Makefile:6", "build.sh:8", "README.md:8", "compose.yaml:2", ".github/workflows/image.yml:13"] {
        ensure!(ended.output.contains(caller), "the build of {caller} is not there:\n{}", ended.output);
    }
    Ok(())
}

/// Runs the program on a copy of the case, with the services that it needs.
fn verify(case: &Case, engine: &Engine) -> Result<Ended> {
    let canary = Canary::with_key()?;
    let nonce = format!("run{}", unique_digits(8));
    let service = Service::start(&canary, &nonce)?;
    let base = engine.base_for(&case.repository)?;
    let addresses = Addresses::of(&service, &canary, &nonce, base);
    let folder = TempDir::with_prefix("dfmigrate-proof-")?;
    addresses.copy(&case.repository, folder.path())?;
    let manifest = &case.manifest;
    for (path, content) in &manifest.files {
        fs::write(folder.path().join(path), addresses.fill_in(content))?;
    }
    let mut tool = Command::new(env!("CARGO_BIN_EXE_dfmigrate"));
    tool.args(["verify", "--build", ".", "--network", "host"]).args(&manifest.fix);
    let id = if manifest.secret.is_empty() { &manifest.argument } else { &manifest.secret };
    if !id.is_empty() {
        let value = addresses.fill_in(&manifest.value);
        tool.args(["--secret", &format!("id={id},env={VARIABLE}")]).env(VARIABLE, value);
    }
    let ended = command::run(tool.current_dir(folder.path()).env("NO_COLOR", "1"))?;
    let searcher = Searcher::new(&canary)?;
    ensure!(searcher.find(ended.output.as_bytes()).is_none(), "dfmigrate verify --build prints the value");
    ensure!(fs::read_dir(folder.path())?.count() > 0, "the repository is gone");
    Ok(ended)
}

/// Whether the run proved something, and all of it.
fn proven(ended: &Ended) -> Result<()> {
    ensure!(ended.status == 0, "dfmigrate verify --build ended with {}:\n{}", ended.status, ended.output);
    let closing = ended.output.lines().last().context("nothing is printed")?;
    ensure!(closing.contains(" proven") && !closing.contains("not proven"), "nothing is proven:\n{}", ended.output);
    Ok(())
}

/// Whether both images were built, the migrated one has nothing of the value, and they differ in just these lines.
fn differs(ended: &Ended, expected: &[String]) -> Result<()> {
    let told = ended.output.lines().skip_while(|line| *line != "  files of the image differ:").skip(1);
    let told: Vec<&str> = told.take_while(|line| line.starts_with("    ")).map(str::trim).collect();
    ensure!(told == expected, "the differences are {told:?}:\n{}", ended.output);
    let row = ended.output.lines().find(|line| line.ends_with(" DIFFERS")).context("no build is said to differ")?;
    ensure!(row.contains("builds  none  "), "the migrated image has the value: {row}");
    ensure!(ended.status == 1, "it ended with {}:\n{}", ended.status, ended.output);
    Ok(())
}
