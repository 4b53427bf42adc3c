//! `dfmigrate fleet` and `dfmigrate status`: many repositories.

mod options;
mod record;
mod selection;
mod slots;
mod worker;

pub use options::{Fleet, Reporting, StatusOf};
pub(super) use worker::work;

use std::{
    env, fs, io,
    process::Command,
    sync::{Mutex, PoisonError},
    thread,
};

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use serde_json::json;

use super::{Deciding, Failure, Outcome, Streams, failure::safe_lines, ids, settings};
use crate::fleet::{self, Ended, Record, SCHEMA, Stage, Store, StoreError, Target, links};
use options::Form;
use slots::Slots;
use worker::Job;

pub(super) fn run(options: &Fleet, deciding: &Deciding, streams: &mut Streams) -> Result<Outcome, Failure> {
    ids::check(options.select.iter().chain(&options.ignore))?;
    // A mistake in it is one for all, and said once.
    settings::of(deciding)?;
    let store = Store::new(&options.reporting.state()?);
    let known = store.all()?;
    let targets = selection::targets(options, &known)?;
    if targets.is_empty() && options.targets.is_empty() && options.repos.is_empty() && options.org.is_empty() {
        return Err(Failure::new("no repositories are named").hint("name some, or pass `--repos` or `--org`"));
    }
    Run { options, deciding, store: &store, targets: &targets, slots: Slots::new(options.max_open, &known) }.all()?;
    let wanted = |record: &Record| targets.iter().any(|target| target.name == record.name);
    let all = store.all()?;
    let shown: Vec<Record> = all.iter().filter(|record| wanted(record)).cloned().collect();
    show(&all, &shown, &options.reporting, streams)
}

pub(super) fn status(options: &StatusOf, streams: &mut Streams) -> Result<Outcome, Failure> {
    let store = Store::new(&options.reporting.state()?);
    for other in &options.merge {
        if !other.is_dir() {
            return Err(Failure::new(format!("`{other}` is no folder with a state")));
        }
        store.merge(&Store::new(other))?;
    }
    let all = store.all()?;
    let failed = |record: &&Record| !options.failed || record.stage == Stage::Failed;
    let shown: Vec<Record> = all.iter().filter(failed).cloned().collect();
    show(&all, &shown, &options.reporting, streams)
}

/// Shows what became of the repositories `shown`; the links between them are those of all.
fn show(all: &[Record], shown: &[Record], options: &Reporting, streams: &mut Streams) -> Result<Outcome, Failure> {
    let about = |name: &str| shown.iter().any(|record| record.name == name);
    let mut links = links(all);
    links.retain(|link| about(&link.caller) || about(&link.callee));
    match options.message_format {
        Form::Human => streams.print(fleet::table(shown, &links))?,
        Form::Json => {
            let links: Vec<_> = links.iter().map(|link| json!({ "uses": link, "order": link.order() })).collect();
            let document = json!({ "schema": SCHEMA, "repositories": shown, "links": links });
            streams.print(serde_json::to_string_pretty(&document)?)?;
        }
    }
    if let Some(file) = &options.html {
        fs::write(file, fleet::page(shown, &links, fleet::now()))?;
    }
    let any = |wanted: &dyn Fn(Stage) -> bool| shown.iter().any(|record| wanted(record.stage));
    if any(&|stage| stage == Stage::Failed) {
        return Err(Failure::new("not every repository could be worked on").hint(
            "what could be done for the others was; `dfmigrate fleet --failed` with the same list tries these again",
        ));
    }
    let remains = |stage| !matches!(stage, Stage::Clean | Stage::Merged);
    Ok(if any(&remains) { Outcome::Remaining } else { Outcome::Clean })
}

/// One run over all repositories.
struct Run<'a> {
    options: &'a Fleet,
    deciding: &'a Deciding,
    store: &'a Store,
    targets: &'a [Target],
    slots: Slots,
}

impl Run<'_> {
    fn all(&self) -> Result<(), Failure> {
        let program = env::current_exe()?;
        let (state, cache) = (self.options.reporting.state()?, self.options.cache()?);
        let bar = progress(self.targets.len());
        let unsaved: Mutex<Result<(), StoreError>> = Mutex::new(Ok(()));
        let command = || -> io::Result<Command> {
            let mut command = Command::new(&program);
            command.args(["fleet-worker", "--color=never"]);
            // Nobody could tell which of several repositories asks.
            command.env("GIT_TERMINAL_PROMPT", "0").env("SSH_ASKPASS_REQUIRE", "never").env("GIT_EDITOR", "true");
            Ok(command)
        };
        let job = |number: usize| {
            let target = &self.targets[number];
            let job = Job {
                target: target.clone(),
                state: state.clone(),
                cache: cache.clone(),
                branch: self.options.branch_of(&target.settings),
                command_line: self.command_line(target)?,
                may_open: self.slots.take(&target.name),
            };
            serde_json::to_string(&job).map_err(io::Error::from)
        };
        let ended = |number: usize, ended: Ended| {
            if let Err(error) = self.ended(&self.targets[number], &ended) {
                *unsaved.lock().unwrap_or_else(PoisonError::into_inner) = Err(error);
            }
            bar.inc(1);
        };
        fleet::run_all(self.targets.len(), self.workers(), &job, &command, &ended);
        bar.finish_and_clear();
        Ok(unsaved.into_inner().unwrap_or_else(PoisonError::into_inner)?)
    }

    fn command_line(&self, target: &Target) -> io::Result<Vec<String>> {
        let mut line = self.options.command_line(&target.settings);
        line.extend(self.deciding.isolated.then(|| "--isolated".to_owned()));
        if let Some(file) = &self.deciding.config {
            line.push(format!("--config={}", camino::absolute_utf8(file)?));
        }
        Ok(line)
    }

    /// Most of the time is spent waiting for servers.
    fn workers(&self) -> usize {
        let usual = || thread::available_parallelism().map_or(4, |number| number.get() * 2).min(16);
        self.options.jobs.unwrap_or_else(usual)
    }

    fn ended(&self, target: &Target, ended: &Ended) -> Result<(), StoreError> {
        let record = self.store.load(&target.name)?;
        self.slots.settle(&target.name, record.as_ref());
        if ended.success {
            return Ok(());
        }
        // It said nothing of itself in the state, so it is said here.
        let mut record = record.unwrap_or_else(|| Record::new(target));
        let said = safe_lines(&ended.said);
        record.fail(if said.is_empty() { format!("the worker ended: {}", ended.how) } else { said }, fleet::now());
        self.store.save(&record)
    }
}

fn progress(length: usize) -> ProgressBar {
    // Nothing is drawn where standard error is no terminal.
    let bar = ProgressBar::with_draw_target(u64::try_from(length).ok(), ProgressDrawTarget::stderr());
    match ProgressStyle::with_template("{bar:30} {pos}/{len} repositories, {elapsed}") {
        Ok(style) => bar.with_style(style),
        Err(_) => bar,
    }
}
