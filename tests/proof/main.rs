//! The end-to-end proof: little repositories are built by their own scripts on a real Docker Engine with a generated value in the place of the
//! secret, before and after `dfmigrate --fix`. Before, the value is found in the image; after, it is nowhere.
//!
//! * `repos/<name>/` holds the repositories that dfmigrate migrates,
//! * `seeds/seed<n>_…/` the examples of the documents that the project started from, `<n>` being the document's number,
//! * `by_hand/<name>/` migrations made by hand, right and wrong ones, which show that the proof can fail.
//!
//! Without an engine the cases are skipped, with the reason. `DOCKER_HOST` says where the engine is.

mod base;
mod canary;
mod case;
mod command;
mod engine;
mod key;
mod leftovers;
mod report;
mod round;
mod scan;
mod selftest;
mod service;
mod verify;
mod workflow;
mod workspace;
mod wrong;

use std::io;
use std::process::ExitCode;
use std::sync::{Arc, OnceLock};

use libtest_mimic::{Arguments, Completion, Failed, Trial};

use case::Case;
use engine::Engine;
use report::Report;
use round::{Migration, prove};

/// Builds at a time: an engine gains little from more.
const BUILDS_AT_A_TIME: usize = 2;

/// The engine, looked for once, or why there is none.
fn engine() -> Result<&'static Engine, &'static String> {
    static ENGINE: OnceLock<Result<Engine, String>> = OnceLock::new();
    ENGINE.get_or_init(Engine::find).as_ref()
}

fn main() -> anyhow::Result<ExitCode> {
    let mut arguments = Arguments::from_args();
    arguments.test_threads.get_or_insert(BUILDS_AT_A_TIME);
    let report = Arc::new(Report::default());
    let mut trials = selftest::trials();
    trials.push(verify::example());
    trials.extend(wrong::trials());
    trials.extend(leftovers::trials());
    trials.extend(verify::trials(Case::all("repos")?, &report));
    for case in [Case::all("repos")?, Case::all("seeds")?].concat() {
        trials.push(trial(case, &report));
    }
    trials.extend(selftest::by_hand(&report)?);
    let conclusion = libtest_mimic::run(&arguments, trials);
    if let Ok(engine) = engine() {
        engine.end()?;
    }
    report.print().or_else(|error| if error.kind() == io::ErrorKind::BrokenPipe { Ok(()) } else { Err(error) })?;
    Ok(conclusion.exit_code())
}

/// The test that proves a case, skipped where it can't run.
fn trial(case: Case, report: &Arc<Report>) -> Trial {
    let report = Arc::clone(report);
    Trial::ignorable_test(case.name.clone(), move || {
        let engine = match engine() {
            Ok(engine) => engine,
            Err(reason) => return Ok(Completion::ignored_with(reason)),
        };
        let outcome = prove(&case, engine, &Migration::Tool).map_err(|error| Failed::from(format!("{error:#}")))?;
        report.add(&case.name, outcome);
        Ok(Completion::Completed)
    })
}
