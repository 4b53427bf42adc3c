//! `--pr`: fixes as pull requests.
//!
//! Everything is planned before anything is asked, and every forge is asked before anything is changed: a request that a
//! person closed costs no commit.

mod look;
mod options;
mod prospect;

pub(super) use look::{failure, open};
pub use options::{ForgeName, Proposing};
pub(super) use prospect::address;

use camino::Utf8PathBuf;

use super::{
    Arguments, Failure, Outcome, Streams,
    analysis::{self, Analysis},
    commit::Recorder,
    fix, report,
};
use crate::{
    forge::{
        PullRequest,
        body::Ordered,
        propose::{self, Outcome as Proposed, Standing, Wanted},
    },
    git,
    plan::Policy,
    report::shown::line,
};
use look::{Answer, Looked};
use prospect::Prospect;

pub(super) fn run(arguments: &Arguments, streams: &mut Streams) -> Result<Outcome, Failure> {
    let arguments = options::implied(arguments);
    let policy = analysis::policy(&arguments)?;
    if !arguments.proposing.dry_run {
        fix::recover(&arguments, streams)?;
    }
    let analyses = analysis::all(&arguments, &policy)?;
    if !arguments.quiet {
        analysis::notices(&analyses, streams)?;
    }
    let changing = analyses.iter().filter(|analysis| !analysis.plan.files.is_empty());
    let prospects = changing.map(|analysis| Prospect::new(analysis, &arguments, &[])).collect::<Result<Vec<_>, _>>()?;
    if arguments.proposing.dry_run {
        for prospect in &prospects {
            prospect.print(&policy, &arguments, streams)?;
        }
    } else {
        let proposed = propose_all(prospects, &policy, &arguments, streams)?;
        // What is proposed is out of the way, what is not remains.
        let settled = |analysis: Analysis| match proposed.contains(&analysis.root.path) {
            true => fix::analysed_again(&analysis, &policy),
            false => analysis,
        };
        let analyses: Vec<Analysis> = analyses.into_iter().map(settled).collect();
        return report::close(&analyses, arguments.quiet, streams);
    }
    report::close(&analyses, arguments.quiet, streams)
}

/// What became of a single repository's pull request.
pub(super) enum Settled {
    /// It is open, and up to date.
    Open(PullRequest),
    /// A person closed it.
    Declined(PullRequest),
    /// None can be opened, for this reason.
    Refused(&'static str),
}

/// Proposes the fixes of one repository, and says in which `order` they are merged with those of others. Without `may_open`,
/// one that is open is brought up to date and none is opened.
pub(super) fn single(
    analysis: &Analysis,
    policy: &Policy,
    arguments: &Arguments,
    (order, may_open): (&[Ordered], bool),
    streams: &mut Streams,
) -> Result<Settled, Failure> {
    let arguments = options::implied(arguments);
    match look::look(Prospect::new(analysis, &arguments, order)?, &arguments)? {
        Answer::Declined(request) => Ok(Settled::Declined(request)),
        Answer::Refused(reason) => Ok(Settled::Refused(reason)),
        Answer::Ready(looked) if looked.standing == Standing::Free && !may_open => {
            Ok(Settled::Refused("as many pull requests are open as are wanted at once"))
        }
        Answer::Ready(looked) => propose(&looked, policy, &arguments, streams).map(Settled::Open),
    }
}

/// Proposes one after the other, and tells the roots for which that was done. What fails in one repository is told and
/// harms no other.
fn propose_all(
    prospects: Vec<Prospect<'_>>,
    policy: &Policy,
    arguments: &Arguments,
    streams: &mut Streams,
) -> Result<Vec<Utf8PathBuf>, Failure> {
    let several = prospects.len() > 1;
    let mut failures = Vec::new();
    let mut looked = Vec::new();
    for prospect in prospects {
        let path = prospect.address.path();
        match look::look(prospect, arguments) {
            Ok(Answer::Ready(found)) => looked.push(*found),
            Ok(answer) => answer.tell(&line(&path), streams)?,
            Err(failure) => failures.push((path, failure)),
        }
    }
    let mut proposed = Vec::new();
    let mut open = looked.iter().filter(|looked| matches!(looked.standing, Standing::Open(_))).count();
    for looked in &looked {
        let is_new = looked.standing == Standing::Free;
        if is_new && arguments.proposing.max_open.is_some_and(|most| open >= most) {
            let path = line(&looked.prospect.address.path());
            streams.notice(format_args!("`{path}` waits: {open} pull requests are open, and no more are wanted"))?;
            continue;
        }
        match propose(looked, policy, arguments, streams) {
            Ok(_) => {
                open += usize::from(is_new);
                proposed.push(looked.prospect.root().to_owned());
            }
            Err(failure) => failures.push((looked.prospect.address.path(), failure)),
        }
    }
    let about = |path: &str, failure: Failure| match several {
        true => failure.hint(format!("this was about `{}`; what could be done for the others was", line(path))),
        false => failure,
    };
    let Some((last, failure)) = failures.pop() else { return Ok(proposed) };
    for (path, failure) in failures {
        streams.failure(&about(&path, failure))?;
    }
    Err(about(&last, failure))
}

/// Commits, pushes and proposes the fixes of one repository. What was checked out before is again afterwards.
fn propose(
    looked: &Looked<'_>,
    policy: &Policy,
    arguments: &Arguments,
    streams: &mut Streams,
) -> Result<PullRequest, Failure> {
    let mut arguments = Arguments { paths: looked.prospect.paths(), ..arguments.clone() };
    if let Some(fork) = &looked.head.fork {
        looked.prospect.set_fork(&fork.clone_url)?;
        arguments.committing.remote = Some(git::FORK.to_owned());
    }
    let mut recorder = Recorder::begin(&arguments)?;
    let outcome = push(&arguments, policy, &mut recorder, streams).map(|()| Outcome::Clean);
    recorder.end_elsewhere(outcome)?;
    let wanted = looked.prospect.wanted(&looked.head, &arguments);
    let proposed = match &looked.standing {
        Standing::Open(request) => propose::update(looked.forge.as_ref(), &wanted, request),
        Standing::Free | Standing::Declined(_) => propose::create(looked.forge.as_ref(), &wanted),
    };
    told(proposed.map_err(look::failure)?, &wanted, streams)
}

/// Commits and pushes the fixes to the branch of the recorder.
pub(super) fn push(
    arguments: &Arguments,
    policy: &Policy,
    recorder: &mut Recorder<'_>,
    streams: &mut Streams,
) -> Result<(), Failure> {
    // Anew: the branch may have the fixes of an earlier run.
    let analyses: Vec<Analysis> = analysis::all(arguments, policy)?;
    fix::write(&analyses, arguments, policy, recorder)?;
    recorder.print(streams)?;
    recorder.push(streams)
}

fn told(proposed: Proposed, wanted: &Wanted, streams: &mut Streams) -> Result<PullRequest, Failure> {
    Ok(match proposed {
        Proposed::Created { request, notes } => {
            streams.print(format_args!("opened {}: {}", line(&request.url), wanted.title.as_str()))?;
            for note in notes {
                streams.notice(note)?;
            }
            request
        }
        Proposed::Updated(request) => {
            streams.print(format_args!("updated {}", line(&request.url)))?;
            request
        }
        Proposed::Unchanged(request) => {
            streams.print(format_args!("{} is up to date", line(&request.url)))?;
            request
        }
        Proposed::Edited(request) => {
            streams.notice(format_args!("somebody edited the text of {}, so it stays", line(&request.url)))?;
            request
        }
    })
}
