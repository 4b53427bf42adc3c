//! Migrations made by hand. `by_hand/<case>/right/` is laid over a case and must pass; `by_hand/<case>/wrong_<what>/` makes a
//! mistake that the proof must notice.

use std::fs;
use std::path::PathBuf;
use std::sync::Arc;

use anyhow::{Result, bail};
use libtest_mimic::{Completion, Failed, Trial};

use crate::case::{Case, home};
use crate::engine::Engine;
use crate::report::Report;
use crate::round::{Migration, prove};

/// What the name of an overlay that must not pass begins with.
const WRONG: &str = "wrong_";

/// One test for each overlay.
pub fn trials(report: &Arc<Report>) -> Result<Vec<Trial>> {
    let mut trials = Vec::new();
    for case in fs::read_dir(home().join("by_hand"))? {
        let case = case?;
        let name = case.file_name().to_string_lossy().into_owned();
        for overlay in fs::read_dir(case.path())? {
            let overlay = overlay?;
            let kind = overlay.file_name().to_string_lossy().into_owned();
            let case = Case::read(&home().join("repos").join(&name))?;
            trials.push(trial(format!("by_hand_{name}_{kind}"), case, overlay.path(), kind.starts_with(WRONG), report));
        }
    }
    trials.sort_by(|one, other| one.name().cmp(other.name()));
    Ok(trials)
}

fn trial(name: String, case: Case, overlay: PathBuf, is_wrong: bool, report: &Arc<Report>) -> Trial {
    let report = Arc::clone(report);
    Trial::ignorable_test(name.clone(), move || {
        let engine = match crate::engine() {
            Ok(engine) => engine,
            Err(reason) => return Ok(Completion::ignored_with(reason)),
        };
        check(&name, &case, engine, overlay, is_wrong, &report).map_err(|error| Failed::from(format!("{error:#}")))?;
        Ok(Completion::Completed)
    })
}

fn check(name: &str, case: &Case, engine: &Engine, overlay: PathBuf, is_wrong: bool, report: &Report) -> Result<()> {
    match (prove(case, engine, &Migration::ByHand(overlay)), is_wrong) {
        (Ok(outcome), false) => report.add(name, outcome),
        (Ok(_), true) => bail!("the proof does not notice what is wrong with this migration"),
        (Err(error), true) if format!("{error:#}").contains("after the migration") => {}
        (Err(error), _) => return Err(error),
    }
    Ok(())
}
