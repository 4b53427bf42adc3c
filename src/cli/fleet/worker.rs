//! The process that works on one repository of a fleet.

use std::io;

use clap::Parser as _;
use serde::{Deserialize, Serialize};

use super::record;
use crate::{
    cli::{
        Arguments, Failure, Outcome, Streams,
        analysis::{self, Analysis},
        commit::{self, Recorder},
        propose::{self, Settled},
        settings,
    },
    config::Layer,
    fleet::{self, Cache, Part, Place, Record, Request, RequestState, Seen, Stage, Store, Target},
    forge::{Head, PullRequest, State, body::Ordered},
    git::{self, Heads},
    model::Foreign,
    plan::Policy,
    report::Redactor,
    repository::{self, Decided},
    source::Digest,
};

/// What is to be done.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(super) struct Job {
    pub target: Target,
    /// Which of its changes.
    pub part: Part,
    pub state: camino::Utf8PathBuf,
    pub cache: camino::Utf8PathBuf,
    /// The branch for the fixes.
    pub branch: String,
    /// The options that decide what is found.
    pub search: Vec<String>,
    /// The options that say what is to be done with it.
    pub steps: Vec<String>,
    /// Whether that is done now, and not only looked whether there is something to do.
    pub acts: bool,
    /// What is known of the Dockerfiles of other repositories that are built in it.
    pub foreign: Vec<Foreign>,
    /// What is merged before the change and behind it.
    pub order: Vec<Ordered>,
    /// Whether a new pull request may be opened.
    pub may_open: bool,
}

/// Does it, and writes down what became of it. What is only looked at leaves something to do, or nothing.
pub(in crate::cli) fn work(streams: &mut Streams) -> Result<Outcome, Failure> {
    let job: Job = serde_json::from_reader(io::stdin().lock())?;
    // Whoever holds the clone is the only one who writes the record.
    let cache = Cache::new(&job.cache);
    let place = cache.enter(&job.target).map_err(commit::failure)?;
    let store = Store::new(&job.state);
    let known = store.load(&job.target.name, job.part)?;
    let is_new = known.is_none();
    let mut record = known.unwrap_or_else(|| Record::new(&job.target, job.part));
    record.url.clone_from(&job.target.url);
    let before = record.clone();
    let arguments = arguments(&job, &place)?;
    let decided = settings::of_arguments(&arguments)?;
    let done = Work { job: &job, place: &place, arguments, decided }.run(&mut record, streams);
    let outcome = match done {
        Ok(outcome) => {
            record.failure = None;
            outcome
        }
        Err(failure) => {
            record.fail(told(&failure), fleet::now());
            Outcome::Clean
        }
    };
    // Most repositories build no other one's Dockerfile, of which nothing has to be said.
    let is_idle = job.part == Part::Callers && is_new && record.stage == Stage::Clean;
    if record != before && !is_idle {
        store.save(&record)?;
    }
    // A clone in which something failed is not trusted again.
    if record.failure.is_none() {
        place.leave().map_err(commit::failure)?;
    }
    Ok(outcome)
}

fn arguments(job: &Job, place: &Place) -> Result<Arguments, Failure> {
    let steps = if job.acts { &job.steps[..] } else { &[] };
    let line = ["dfmigrate"].into_iter().chain(job.search.iter().chain(steps).map(String::as_str));
    let arguments = Arguments::try_parse_from(line)?;
    Ok(Arguments { paths: vec![place.mirror.root().clone()], ..arguments })
}

/// A failure as a text of several lines.
fn told(failure: &Failure) -> String {
    let redactor = Redactor::default();
    let safe = |text: String| text.lines().map(|line| redactor.line(line)).collect::<Vec<_>>().join("\n");
    let causes: Vec<String> = failure.chain().map(|cause| safe(cause.to_string())).collect();
    let hints = failure.hints().iter().map(|hint| format!("\nhelp: {}", safe(hint.clone())));
    hints.fold(causes.join(": "), |text, hint| text + &hint)
}

struct Work<'a> {
    job: &'a Job,
    place: &'a Place,
    arguments: Arguments,
    decided: Decided,
}

impl Work<'_> {
    fn run(&self, record: &mut Record, streams: &mut Streams) -> Result<Outcome, Failure> {
        let (mirror, branch) = (&self.place.mirror, &self.job.branch);
        let heads = mirror.heads(self.job.target.settings.base.as_deref(), branch).map_err(commit::failure)?;
        if heads.base == *branch {
            return Err(Failure::new(format!("`{branch}` is the branch that the fixes are for"))
                .hint("choose another name with `--branch`"));
        }
        let seen = self.seen(&heads)?;
        if self.is_known(record, &seen) {
            return Ok(self.left(record, &seen));
        }
        mirror.check_out(&heads, branch).map_err(commit::failure)?;
        let policy = Policy { foreign: self.job.foreign.clone().into(), ..analysis::policy(&self.arguments)? };
        let mut roots = repository::discover(&self.arguments.paths)?;
        let root = roots.pop().ok_or_else(|| Failure::new("the clone has no files"))?;
        let analysis = Analysis::new(root, &policy, &self.decided)?;
        record::describe(record, &analysis)?;
        let stage = self.reach(record, &analysis, &policy, &heads, streams)?;
        let pushed = if stage == Stage::Planned { None } else { mirror.tip(branch).map_err(commit::failure)? };
        let seen = Seen { own_commit: pushed.or(seen.own_commit.clone()), ..seen };
        record.reach(stage, fleet::now());
        let left = self.left(record, &seen);
        record.seen = Some(seen);
        Ok(left)
    }

    /// What is looked at, and what is done with it.
    fn seen(&self, heads: &Heads) -> Result<Seen, Failure> {
        let foreign = match self.job.foreign.as_slice() {
            [] => String::new(),
            known => format!(" {:016x}", fleet::digest(&serde_json::to_string(known)?)),
        };
        let options = format!("{} {}{foreign}{}", env!("CARGO_PKG_VERSION"), self.job.search.join(" "), self.decided());
        Ok(Seen {
            base: heads.base.clone(),
            base_commit: heads.base_commit.clone(),
            branch: self.job.branch.clone(),
            own_commit: heads.own_commit.clone(),
            options,
            steps: if self.job.acts { self.job.steps.join(" ") } else { String::new() },
        })
    }

    /// A digest of what the organisation decided, if it did.
    fn decided(&self) -> String {
        let layers: Vec<String> = self.decided.organisation.iter().map(Layer::written).collect();
        if layers.is_empty() { String::new() } else { format!(" {}", Digest::of(layers.iter().map(String::as_str))) }
    }

    /// Whether the record says all that there is to say. A forge is asked in any case: people answer there.
    fn is_known(&self, record: &Record, seen: &Seen) -> bool {
        let Some(known) = record.seen.as_ref().filter(|_| record.stage != Stage::Failed) else { return false };
        match self.job.acts {
            true => !self.arguments.proposing.pr && known == seen,
            false => {
                let same = |seen: &Seen| (seen.base.clone(), seen.base_commit.clone(), seen.options.clone());
                same(known) == same(seen)
            }
        }
    }

    /// Whether something is left to do by those who act.
    fn left(&self, record: &Record, seen: &Seen) -> Outcome {
        if self.job.acts || self.job.steps.is_empty() {
            return Outcome::Clean;
        }
        let done = Seen { steps: self.job.steps.join(" "), ..seen.clone() };
        let is_done = record.seen.as_ref() == Some(&done);
        let waits = record.request.as_ref().is_some_and(|request| request.state == RequestState::Open);
        let proposes = self.job.steps.iter().any(|step| step == "--pr");
        let open = !record.files.is_empty() && (proposes || !is_done);
        if open || proposes && waits { Outcome::Remaining } else { Outcome::Clean }
    }

    /// Goes as far as it was asked to.
    fn reach(
        &self,
        record: &mut Record,
        analysis: &Analysis,
        policy: &Policy,
        heads: &Heads,
        streams: &mut Streams,
    ) -> Result<Stage, Failure> {
        let known = [Stage::Committed, Stage::Proposed, Stage::Closed].contains(&record.stage);
        if analysis.plan.files.is_empty() {
            self.follow(record)?;
            let merged = record.request.as_ref().is_some_and(|request| request.state == RequestState::Merged);
            return Ok(match (record.findings.is_empty(), merged) {
                (true, true) => Stage::Merged,
                (true, false) => Stage::Clean,
                (false, _) => Stage::Refused,
            });
        }
        if self.arguments.proposing.pr {
            return self.propose(record, analysis, policy, streams);
        }
        if self.arguments.committing.push {
            return self.push(policy, streams).map(|()| Stage::Committed);
        }
        Ok(if heads.own_commit.is_some() && known { record.stage } else { Stage::Planned })
    }

    fn push(&self, policy: &Policy, streams: &mut Streams) -> Result<(), Failure> {
        let mut recorder = Recorder::begin(&self.arguments)?;
        let outcome = propose::push(&self.arguments, policy, &mut recorder, streams).map(|()| Outcome::Clean);
        recorder.end_elsewhere(outcome).map(drop)
    }

    fn propose(
        &self,
        record: &mut Record,
        analysis: &Analysis,
        policy: &Policy,
        streams: &mut Streams,
    ) -> Result<Stage, Failure> {
        let how = (self.job.order.as_slice(), self.job.may_open);
        match propose::single(analysis, policy, &self.arguments, how, streams)? {
            Settled::Open(request) => {
                record.request = Some(as_known(&request));
                Ok(Stage::Proposed)
            }
            Settled::Declined(request) => {
                record.request = Some(as_known(&request));
                Ok(Stage::Closed)
            }
            Settled::Refused(reason) => {
                record.steps.insert(0, format!("nothing is proposed yet: {reason}"));
                Ok(Stage::Planned)
            }
        }
    }

    /// Asks what became of a pull request that has nothing to do any more.
    fn follow(&self, record: &mut Record) -> Result<(), Failure> {
        let Some(request) = record.request.as_mut().filter(|_| self.arguments.proposing.pr) else { return Ok(()) };
        let Some(repository) = git::Repository::open(self.place.mirror.root())? else { return Ok(()) };
        let address = propose::address(&repository, "", &self.arguments)?;
        let head = Head { branch: self.job.branch.clone(), fork: None };
        let found = propose::open(&address)?.find(&head).map_err(propose::failure)?;
        if let Some(found) = found.iter().find(|found| found.number == request.number) {
            *request = as_known(found);
        }
        Ok(())
    }
}

fn as_known(request: &PullRequest) -> Request {
    let state = match request.state {
        State::Open => RequestState::Open,
        State::Closed => RequestState::Closed,
        State::Merged => RequestState::Merged,
    };
    Request { url: request.url.clone(), number: request.number, state }
}
