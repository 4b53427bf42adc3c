//! Asks BuildKit itself about every Dockerfile of the corpus that a fix changes: `docker build --check` on the text before
//! and after, with the base images replaced by one that is there.

use std::collections::BTreeSet;
use std::io::Write;
use std::process::{Command, Stdio};

use anyhow::Context;
use camino::{Utf8Path, Utf8PathBuf};
use dfmigrate::plan::{Applicability, Planned, Status};
use rayon::prelude::*;

use crate::answer;
use crate::builds::offline;

/// The image that stands for every base.
pub const BASE: &str = "local/busybox:1";

/// What BuildKit says about a text.
struct Verdict {
    refused: bool,
    /// The names in its warnings `SecretsUsedInArgOrEnv`.
    named: BTreeSet<String>,
    said: String,
}

/// A Dockerfile that a fix changes.
struct Changed {
    path: Utf8PathBuf,
    before: String,
    after: String,
    /// What the fixes in it are about.
    fixed: BTreeSet<String>,
}

/// Prints how many Dockerfiles were asked about and what is wrong with them.
///
/// # Errors
///
/// No engine, and a Dockerfile that BuildKit took before and refuses now, or warns of for a name that was fixed.
pub fn check(corpus: &Utf8Path) -> anyhow::Result<()> {
    let folders = repositories(corpus)?;
    let changed: Vec<Changed> = folders.par_iter().flat_map_iter(|folder| changed(folder)).collect();
    let mut wrong = Vec::new();
    let (mut accepted, mut refused_before) = (0, 0);
    for one in &changed {
        let (before, after) = (verdict(&one.before)?, verdict(&one.after)?);
        let named: Vec<&String> = after.named.iter().filter(|name| one.fixed.contains(*name)).collect();
        match (before.refused, after.refused) {
            (true, _) => refused_before += 1,
            (false, true) => wrong.push(format!("{}: refused after the fix: {}", one.path, after.said)),
            (false, false) if !named.is_empty() => wrong.push(format!("{}: still warns of {named:?}", one.path)),
            (false, false) => accepted += 1,
        }
    }
    println!(
        "{} changed Dockerfiles: {accepted} accepted before and after, {refused_before} refused before already, {} wrong",
        changed.len(),
        wrong.len()
    );
    anyhow::ensure!(wrong.is_empty(), "{}", wrong.join("\n"));
    Ok(())
}

pub fn repositories(corpus: &Utf8Path) -> anyhow::Result<Vec<Utf8PathBuf>> {
    let mut folders = Vec::new();
    for (batch, below) in [("secrets", ""), ("pairs", "before")] {
        for entry in corpus.join(batch).read_dir_utf8()? {
            folders.push(entry?.path().join(below));
        }
    }
    folders.sort();
    Ok(folders)
}

fn changed(folder: &Utf8Path) -> Vec<Changed> {
    let mut found = Vec::new();
    for (repository, plan) in answer::plans(&[folder.to_owned()]) {
        for (path, change) in plan.files.iter().filter(|(path, _)| repository.dockerfiles().contains(path)) {
            let is_applied = |planned: &&Planned| {
                planned.status == Status::Applied && planned.finding.fix.applicability != Applicability::Manual
            };
            let applied = plan.findings.iter().filter(is_applied);
            let own = applied.filter(|planned| planned.finding.dockerfile == **path);
            let arguments = own.filter(|planned| matches!(planned.finding.codemod, "arg-secret" | "env-secret"));
            found.push(Changed {
                path: folder.join(path),
                before: change.before.text().to_owned(),
                after: change.after.text().to_owned(),
                fixed: arguments.map(|planned| planned.finding.subject.clone()).collect(),
            });
        }
    }
    found
}

fn verdict(text: &str) -> anyhow::Result<Verdict> {
    let text = offline(text, BASE)?;
    let mut check = Command::new("docker");
    check.args(["build", "--check", "--progress=plain", "-"]);
    let streams = check.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut running = streams.spawn().context("no docker")?;
    running.stdin.take().context("no standard input")?.write_all(text.as_bytes())?;
    let output = running.wait_with_output()?;
    let said = format!("{}{}", String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    anyhow::ensure!(!said.contains("Cannot connect to the Docker daemon"), "no engine: {said}");
    let secrets = said.split("SecretsUsedInArgOrEnv").skip(1);
    let named = secrets.filter_map(|warning| warning.split("(ARG \"").nth(1).or(warning.split("(ENV \"").nth(1)));
    Ok(Verdict {
        refused: said.contains("ERROR: ") && !output.status.success() && !said.contains("Check complete"),
        named: named.filter_map(|rest| rest.split('"').next()).map(str::to_owned).collect(),
        said: said.lines().rev().find(|line| line.contains("ERROR")).unwrap_or_default().to_owned(),
    })
}
