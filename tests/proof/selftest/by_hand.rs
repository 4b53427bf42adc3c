//! Migrations made by hand. `by_hand/<case>/right/` is laid over a case and must pass; `by_hand/<case>/wrong_<what>/` makes a
//! mistake that the proof must notice with the words of `by_hand/<case>/wrong_<what>.txt`.

use std::fs;
use std::path::PathBuf;
use std::sync::Arc;

use anyhow::{Result, bail};
use libtest_mimic::{Completion, Failed, Trial};

use crate::case::{Case, Expectation, home};
use crate::engine::Engine;
use crate::report::Report;
use crate::round::{Migration, prove};

/// One test for each overlay.
pub fn trials(report: &Arc<Report>) -> Result<Vec<Trial>> {
    let mut trials = Vec::new();
    for case in fs::read_dir(home().join("by_hand"))? {
        let case = case?;
        let name = case.file_name().to_string_lossy().into_owned();
        for overlay in fs::read_dir(case.path())?.filter_map(Result::ok).filter(|entry| entry.path().is_dir()) {
            let overlay = overlay.path();
            let kind = overlay.file_name().unwrap_or_default().to_string_lossy().into_owned();
            let mut case = Case::read(&home().join("repos").join(&name))?;
            // A person can do what the program refuses.
            case.manifest.expect = Expectation::Migrates;
            trials.push(trial(format!("by_hand_{name}_{kind}"), case, overlay, report));
        }
    }
    trials.sort_by(|one, other| one.name().cmp(other.name()));
    Ok(trials)
}

fn trial(name: String, case: Case, overlay: PathBuf, report: &Arc<Report>) -> Trial {
    let report = Arc::clone(report);
    Trial::ignorable_test(name.clone(), move || {
        let engine = match crate::engine() {
            Ok(engine) => engine,
            Err(reason) => return Ok(Completion::ignored_with(reason)),
        };
        check(&name, &case, engine, overlay, &report).map_err(|error| Failed::from(format!("{error:#}")))?;
        Ok(Completion::Completed)
    })
}

fn check(name: &str, case: &Case, engine: &Engine, overlay: PathBuf, report: &Report) -> Result<()> {
    let mistake = fs::read_to_string(overlay.with_extension("txt")).ok();
    match (prove(case, engine, &Migration::ByHand(overlay)), mistake) {
        (Ok(outcome), None) => report.add(name, outcome),
        (Ok(_), Some(_)) => bail!("the proof does not notice what is wrong with this migration"),
        (Err(error), Some(words)) if noticed(&error, words.trim()) => {}
        (Err(error), _) => return Err(error),
    }
    Ok(())
}

/// Whether the error is about the migrated repository and contains the given words.
fn noticed(error: &anyhow::Error, words: &str) -> bool {
    let message = format!("{error:#}");
    message.contains("after the migration") && message.contains(words)
}
