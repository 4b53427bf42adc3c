//! `dfmigrate --interactive`

use super::{
    Arguments, Failure, Outcome, Streams,
    analysis::{self, Analysis},
    commit::Recorder,
    fix, report,
};
use crate::{
    plan::Policy,
    review::{self, Terminal},
};

pub(super) fn run(arguments: &Arguments, streams: &mut Streams) -> Result<Outcome, Failure> {
    let mut terminal = Terminal::open(arguments.color.into()).map_err(|error| {
        Failure::from(error).hint("`dfmigrate --diff` prints what could be done, `dfmigrate --fix` does what is safe")
    })?;
    let policy = analysis::policy(arguments)?;
    fix::recover(arguments, streams)?;
    let mut recorder = Recorder::begin(arguments)?;
    let outcome = decide(arguments, &policy, &mut terminal, &mut recorder, streams);
    recorder.end(outcome)
}

fn decide(
    arguments: &Arguments,
    policy: &Policy,
    terminal: &mut Terminal,
    recorder: &mut Recorder<'_>,
    streams: &mut Streams,
) -> Result<Outcome, Failure> {
    let everything = Policy { unsafe_fixes: true, ..policy.clone() };
    let analyses = analysis::all(arguments, &everything)?;
    if !arguments.quiet {
        analysis::notices(&analyses, streams)?;
    }
    // A refusal after the last answer would be a waste of the person's time.
    fix::gates(&analyses, arguments)?;
    let several = analyses.len() > 1;
    let mut decided = Vec::new();
    for analysis in analyses {
        if several {
            streams.remark(format_args!("\n{}", analysis.root.path))?;
        }
        match review::repository(&analysis.repository, policy, &analysis.redactor, terminal)? {
            review::Outcome::Decided(plan) => decided.push(Analysis { plan, ..analysis }),
            review::Outcome::Quit => return unwritten(Outcome::Remaining, streams),
            review::Outcome::Interrupted => return unwritten(Outcome::Interrupted, streams),
        }
    }
    let (remaining, summaries) = fix::write(&decided, arguments, policy, recorder)?;
    let outcome = report::close(&remaining, arguments.quiet, streams)?;
    fix::print_summaries(&summaries, arguments, streams)?;
    recorder.print(streams)?;
    recorder.push(streams)?;
    Ok(outcome)
}

fn unwritten(outcome: Outcome, streams: &mut Streams) -> Result<Outcome, Failure> {
    streams.remark("nothing was written")?;
    Ok(outcome)
}
