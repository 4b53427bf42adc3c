//! The command line: arguments in, streams and an exit status out. One file a command.
//!
//! Standard output has what was asked for: findings, a patch, a summary, build lines. Errors, notices and hints go to
//! standard error. The status is 0 where nothing remains and where a patch was printed, 1 where findings remain, 2 where the
//! tool failed, 130 where a review was interrupted; a reader that closes the pipe is no failure.

mod analysis;
mod arguments;
mod baseline;
mod codemods;
mod commit;
mod completions;
mod diff;
mod explain;
mod failure;
mod fix;
mod flags;
mod fleet;
mod gate;
mod ids;
mod lsp;
mod plugin;
mod propose;
mod report;
mod review;
mod settings;
mod streams;
mod verify;

pub use arguments::{Arguments, Color, Command, Paths, ReportFormat};
pub use commit::{Committing, Parts};
pub use fleet::{Fleet, Reporting, StatusOf};
pub use propose::{ForgeName, Proposing};
pub use settings::{Config, Deciding};
pub use verify::{MessageFormat, Verify};

use std::{ffi::OsString, process::ExitCode};

use clap::Parser as _;

use failure::Failure;
use streams::Streams;

/// What a run found out.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Outcome {
    /// Nothing remains to be done.
    Clean,
    /// Findings remain.
    Remaining,
    /// A person interrupted it, and nothing was written.
    Interrupted,
}

/// Runs the program.
#[must_use]
pub fn main(arguments: impl IntoIterator<Item = OsString>) -> ExitCode {
    let arguments = match Arguments::try_parse_from(plugin::arguments(arguments)) {
        Ok(arguments) => arguments,
        Err(error) => {
            // Help and usage errors alike; a closed pipe is nothing that could still be told to anybody.
            let _ = error.print();
            return ExitCode::from(if error.use_stderr() { 2 } else { 0 });
        }
    };
    let mut streams = Streams::new(arguments.color);
    match run(&arguments, &mut streams) {
        Ok(Outcome::Clean) => ExitCode::SUCCESS,
        Ok(Outcome::Remaining) => ExitCode::from(1),
        // What a shell reports of a program that SIGINT ended.
        Ok(Outcome::Interrupted) => ExitCode::from(130),
        Err(failure) if failure.is_broken_pipe() => ExitCode::SUCCESS,
        Err(failure) => {
            let _ = streams.failure(&failure);
            ExitCode::from(2)
        }
    }
}

fn run(arguments: &Arguments, streams: &mut Streams) -> Result<Outcome, Failure> {
    let outcome = match &arguments.command {
        Some(Command::Flags(paths)) => flags::run(paths, &arguments.deciding, streams),
        Some(Command::Config(config)) => settings::run(config, &arguments.deciding, streams),
        Some(Command::Explain { id }) => explain::run(id, streams),
        Some(Command::Codemods) => codemods::run(streams),
        Some(Command::Lsp) => return lsp::run(&arguments.deciding),
        Some(Command::Completions { shell }) => completions::run(*shell, streams),
        Some(Command::Man { folder }) => completions::man(folder, streams),
        Some(Command::DockerCliPluginMetadata) => plugin::metadata(streams),
        Some(Command::Verify(verify)) => verify::run(verify, &arguments.deciding, streams),
        Some(Command::Fleet(fleet)) => fleet::run(fleet, &arguments.deciding, streams),
        Some(Command::Status(status)) => fleet::status(status, streams),
        Some(Command::FleetWorker) => fleet::work(streams),
        None if arguments.interactive => review::run(arguments, streams),
        None if arguments.proposing.pr => propose::run(arguments, streams),
        None if arguments.fix => fix::run(arguments, streams),
        None if arguments.diff => diff::run(arguments, streams),
        None if arguments.write_baseline.is_some() => baseline::write(arguments, streams),
        None => report::run(arguments, streams),
    }?;
    streams.flush()?;
    Ok(outcome)
}
