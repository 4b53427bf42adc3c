//! `dfmigrate --fix`

use super::{
    Arguments, Failure, Outcome, Streams,
    analysis::{self, Analysis},
    commit::Recorder,
    flags, gate, report,
};
use crate::{
    apply::{self, Place, Receipt},
    codemods,
    plan::{self, Policy},
    report::summary::Summary,
    repository,
};

pub(super) fn run(arguments: &Arguments, streams: &mut Streams) -> Result<Outcome, Failure> {
    let policy = analysis::policy(arguments)?;
    recover(arguments, streams)?;
    let mut recorder = Recorder::begin(arguments)?;
    let outcome = fix(arguments, &policy, &mut recorder, streams);
    recorder.end(outcome)
}

fn fix(
    arguments: &Arguments,
    policy: &Policy,
    recorder: &mut Recorder<'_>,
    streams: &mut Streams,
) -> Result<Outcome, Failure> {
    let analyses = analysis::all(arguments, policy)?;
    if !arguments.quiet {
        analysis::notices(&analyses, streams)?;
    }
    let (remaining, summaries) = write(&analyses, arguments, policy, recorder)?;
    let outcome = report::print(&remaining, arguments.quiet, streams)?;
    print_summaries(&summaries, arguments, streams)?;
    recorder.print(streams)?;
    recorder.push(streams)?;
    Ok(outcome)
}

/// Where each repository that changes is written, if what has to hold before that does.
pub(super) fn gates(analyses: &[Analysis], arguments: &Arguments) -> Result<Vec<Option<Place>>, Failure> {
    let place =
        |analysis: &Analysis| (!analysis.plan.files.is_empty()).then(|| gate::pass(analysis, arguments)).transpose();
    analyses.iter().map(place).collect()
}

/// Writes the plans. Returns what is found in the files then, and the summary of each repository.
pub(super) fn write(
    analyses: &[Analysis],
    arguments: &Arguments,
    policy: &Policy,
    recorder: &mut Recorder<'_>,
) -> Result<(Vec<Analysis>, Vec<String>), Failure> {
    // All gates before the first write: two repositories are not one change, but a refusal is one answer.
    let places = gates(analyses, arguments)?;
    let (mut remaining, mut summaries) = (Vec::new(), Vec::new());
    for (analysis, place) in analyses.iter().zip(places) {
        let receipt = match place {
            Some(place) => recorder.write(analysis, &place, policy)?,
            None => Receipt::default(),
        };
        let after = analysed_again(analysis, policy);
        summaries.push(summary(analysis, &after, receipt).render(&analysis.redactor));
        remaining.push(after);
    }
    Ok((remaining, summaries))
}

/// Prints the summaries, each behind an empty line.
pub(super) fn print_summaries(
    summaries: &[String],
    arguments: &Arguments,
    streams: &mut Streams,
) -> Result<(), Failure> {
    for summary in summaries.iter().filter(|_| !arguments.quiet) {
        streams.print(format_args!("\n{summary}"))?;
    }
    Ok(())
}

/// Undoes what a killed run left, before anything is read.
pub(super) fn recover(arguments: &Arguments, streams: &mut Streams) -> Result<(), Failure> {
    for root in repository::discover(&arguments.paths)? {
        let tree = crate::git::state(&root.path).ok().flatten();
        let place = match tree {
            Some(tree) => Place::in_git(&root.path, &tree.git_directory),
            None => Place::without_git(&root.path),
        };
        if apply::recover(&place)? {
            streams.remark(format_args!(
                "an earlier run in `{}` was interrupted; its files are consistent again",
                root.path
            ))?;
        }
    }
    Ok(())
}

/// What is found in the files as they were written.
pub(super) fn analysed_again(before: &Analysis, policy: &Policy) -> Analysis {
    let repository = before.repository.with_sources(before.plan.files.values().map(|change| change.after.clone()));
    let plan = plan::make(&repository, policy, codemods::ALL);
    Analysis { root: before.root.clone(), plan, redactor: before.redactor.clone(), repository }
}

fn summary<'a>(before: &'a Analysis, after: &Analysis, receipt: Receipt) -> Summary<'a> {
    let changed = |path: &camino::Utf8Path| receipt.files.iter().any(|file| file == path);
    // A line without mounts says nothing that the reader did not know.
    let mut build_lines = flags::lines(&after.repository, changed);
    build_lines.retain(|line| line.contains(" --secret ") || line.contains(" --ssh "));
    Summary { findings: before.findings().collect(), build_lines, files: receipt.files }
}
