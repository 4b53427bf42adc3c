//! Wrong migrations, made by taking a right one apart: `dfmigrate verify --build` has to notice each.

use std::fs;

use anyhow::{Context, Result, ensure};
use camino::{Utf8Path, Utf8PathBuf};
use dfmigrate::plan::{self, Plan, Policy};
use dfmigrate::proof::{self, Interruption, Options, Proof, Verdict};
use dfmigrate::repository::{self, Repository};
use libtest_mimic::{Completion, Failed, Trial};
use tempfile::TempDir;

const DOCKERFILE: &str = "FROM local/busybox:1\nARG API_TOKEN\nRUN test -n \"$API_TOKEN\" && date > /tmp/date\n\
                          COPY settings /etc/settings\nCMD [\"cat\", \"/etc/settings\"]\n";
const SCRIPT: &str = "#!/bin/sh\ndocker build --network=host --build-arg API_TOKEN=\"$API_TOKEN\" -t app .\n";

type Mistake = fn(&mut Plan);

const MISTAKES: [(&str, Mistake, Verdict); 6] = [
    ("verify_proves_a_right_migration", |_| {}, Verdict::Proven),
    (
        "verify_notices_a_caller_that_was_forgotten",
        |plan| drop(plan.files.remove(Utf8Path::new("build.sh"))),
        Verdict::Broken,
    ),
    (
        "verify_notices_an_argument_that_stays",
        |plan| drop(plan.files.remove(Utf8Path::new("Dockerfile"))),
        Verdict::Broken,
    ),
    (
        "verify_notices_a_value_that_is_written",
        |plan| edit(plan, "/tmp/date", "/tmp/date && echo $API_TOKEN > /token"),
        Verdict::Leaks,
    ),
    (
        "verify_notices_a_file_with_another_mode",
        |plan| edit(plan, "COPY settings", "COPY --chmod=600 settings"),
        Verdict::Differs,
    ),
    ("verify_notices_another_command", |plan| edit(plan, "CMD [\"cat\"", "CMD [\"head\""), Verdict::Differs),
];

/// One test for each mistake.
pub fn trials() -> Vec<Trial> {
    let trial = |(name, mistake, verdict): (&'static str, Mistake, Verdict)| {
        Trial::ignorable_test(name, move || {
            if let Err(reason) = crate::engine() {
                return Ok(Completion::ignored_with(reason));
            }
            check(mistake, verdict).map_err(|error| Failed::from(format!("{error:#}")))?;
            Ok(Completion::Completed)
        })
    };
    MISTAKES.into_iter().map(trial).collect()
}

fn check(mistake: Mistake, verdict: Verdict) -> Result<()> {
    let folder = TempDir::with_prefix("dfmigrate-proof-")?;
    let root = Utf8PathBuf::from_path_buf(folder.path().canonicalize()?).ok().context("the path is UTF-8")?;
    for (path, text) in [("Dockerfile", DOCKERFILE), ("build.sh", SCRIPT), ("settings", "a=1\n")] {
        fs::write(root.join(path), text)?;
    }
    let found = repository::discover(std::slice::from_ref(&root))?;
    let repository = repository::read(found.first().context("there is a root")?, |_| true)?;
    let mut plan = plan::make(&repository, &Policy::default(), dfmigrate::codemods::ALL);
    ensure!(plan.files.len() == 2, "the Dockerfile and its caller change: {:?}", plan.files.keys());
    mistake(&mut plan);
    let proof = prove(&root, &repository, &plan)?;
    let told: Vec<Verdict> = proof.rows.iter().map(|row| row.verdict).collect();
    ensure!(told == [verdict], "{told:?}:\n{}", proof::report::details(&proof));
    ensure!(fs::read_to_string(root.join("Dockerfile"))? == DOCKERFILE, "the repository was changed");
    Ok(())
}

fn prove(root: &Utf8Path, repository: &Repository, plan: &Plan) -> Result<Proof> {
    let options = Options { network: Some("host".to_owned()), ..Options::default() };
    Ok(proof::prove(root, repository, plan, &options, &Interruption::default(), &mut |_| {})?)
}

fn edit(plan: &mut Plan, from: &str, to: &str) {
    if let Some(change) = plan.files.get_mut(Utf8Path::new("Dockerfile")) {
        change.after = change.after.with_text(change.after.text().replace(from, to));
    }
}
