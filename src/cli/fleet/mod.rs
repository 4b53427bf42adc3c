//! `dfmigrate fleet` and `dfmigrate status`: many repositories.

mod options;
mod record;
mod selection;
mod slots;
mod worker;

pub use options::{Fleet, Reporting, StatusOf};
pub(super) use worker::work;

use std::{
    collections::BTreeSet,
    env, fs, io,
    process::Command,
    sync::{Mutex, PoisonError},
    thread,
};

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use serde_json::json;

use super::{Deciding, Failure, Outcome, Streams, failure::safe_lines, ids, settings};
use crate::fleet::{self, Ended, Manifest, Part, Record, SCHEMA, Stage, Store, StoreError, Target, links};
use crate::forge::body::Ordered;
use crate::model::Foreign;
use crate::report::machine::pretty;
use options::Form;
use slots::Slots;
use worker::Job;

pub(super) fn run(options: &Fleet, deciding: &Deciding, streams: &mut Streams) -> Result<Outcome, Failure> {
    ids::check(options.select.iter().chain(&options.ignore))?;
    // A mistake in it is one for all, and said once.
    settings::of(deciding)?;
    let store = Store::new(&options.reporting.state()?);
    let known = store.all()?;
    let Manifest { targets, broken } = selection::targets(options, &known)?;
    if targets.is_empty() && options.targets.is_empty() && options.repos.is_empty() && options.org.is_empty() {
        return Err(Failure::new("no repositories are named").hint("name some, or pass `--repos` or `--org`"));
    }
    let slots = Slots::new(options.max_open, &known);
    Run { options, deciding, store: &store, targets: &targets, slots, bar: progress() }.all()?;
    for (target, reason) in &broken {
        let record = store.load(&target.name, Part::Own)?;
        let mut record = record.unwrap_or_else(|| Record::new(target, Part::Own));
        record.fail(reason.clone(), fleet::now());
        store.save(&record)?;
    }
    let listed = targets.iter().chain(broken.iter().map(|(target, _)| target));
    let names: BTreeSet<&str> = listed.map(|target| target.name.as_str()).collect();
    let wanted = |record: &Record| names.contains(record.name.as_str());
    let all = store.all()?;
    let shown: Vec<Record> = all.iter().filter(|record| wanted(record)).cloned().collect();
    let outcome = show(&all, &shown, &options.reporting, streams)?;
    if !options.acts() && shown.iter().any(|record| record.stage == Stage::Planned) {
        streams.remark(
            "nothing was changed: `--push` commits the fixes to a branch of each, `--pr` proposes them as well",
        )?;
    }
    Ok(outcome)
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
            streams.print_exact(pretty(&document)?.as_bytes())?;
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
    bar: ProgressBar,
}

/// A change that is worked on.
struct Task<'a> {
    target: &'a Target,
    part: Part,
    acts: bool,
    foreign: Vec<Foreign>,
    order: Vec<Ordered>,
}

impl Task<'_> {
    /// The name of its record for people.
    fn title(&self) -> String {
        Record::new(self.target, self.part).title()
    }
}

impl<'a> Run<'a> {
    /// Looks at all repositories before anything is changed in one: only then it is known which of them depend on each other.
    /// What builds of other repositories have to pass is changed first, so that the links are there when the others are
    /// proposed; then it is told which pull requests those are.
    fn all(&self) -> Result<(), Failure> {
        let look = |target: &'a Target| Task { target, part: Part::Own, acts: false, foreign: vec![], order: vec![] };
        let open = self.work(&self.targets.iter().map(look).collect::<Vec<_>>())?;
        let told = self.callers(&[])?;
        let records = self.store.all()?;
        let links = links(&records);
        let own = |target: &&'a Target| {
            let order = fleet::order(&target.name, Part::Own, &links, &records);
            Task { target, part: Part::Own, acts: true, foreign: vec![], order }
        };
        self.work(&open.iter().map(own).collect::<Vec<_>>())?;
        if self.options.pr {
            self.callers(&told)?;
        }
        self.bar.finish_and_clear();
        Ok(())
    }

    /// Works on builds of other repositories' Dockerfiles, where their pull requests would say something else than `told`. Gives
    /// what is said by now.
    fn callers(&self, told: &[(String, Vec<Ordered>)]) -> Result<Vec<(String, Vec<Ordered>)>, Failure> {
        let records = self.store.all()?;
        let links = links(&records);
        let mut tasks = Vec::new();
        let mut says = Vec::new();
        for target in self.targets {
            let foreign = fleet::foreign(&target.name, &records);
            let order = fleet::order(&target.name, Part::Callers, &links, &records);
            let waits = |record: &Record| !matches!(record.stage, Stage::Clean | Stage::Merged);
            let known = records.iter().find(|record| record.name == target.name && record.part == Part::Callers);
            says.push((target.name.clone(), order.clone()));
            if (!foreign.is_empty() || known.is_some_and(waits)) && !told.contains(&says[says.len() - 1]) {
                tasks.push(Task { target, part: Part::Callers, acts: self.options.acts(), foreign, order });
            }
        }
        self.work(&tasks).map(|_| says)
    }

    /// Does what the tasks ask for, each in a process of its own, and gives the repositories in which something is left to do.
    fn work(&self, tasks: &[Task<'a>]) -> Result<Vec<&'a Target>, Failure> {
        let program = env::current_exe()?;
        let (state, cache) = (self.options.reporting.state()?, self.options.cache()?);
        self.bar.inc_length(u64::try_from(tasks.len()).unwrap_or_default());
        let unsaved: Mutex<Result<(), StoreError>> = Mutex::new(Ok(()));
        let open: Mutex<Vec<usize>> = Mutex::default();
        let command = || -> io::Result<Command> {
            let mut command = Command::new(&program);
            command.args(["fleet-worker", "--color=never"]);
            // Nobody could tell which of several repositories asks.
            command.env("GIT_TERMINAL_PROMPT", "0").env("SSH_ASKPASS_REQUIRE", "never").env("GIT_EDITOR", "true");
            Ok(command)
        };
        let job = |number: usize| {
            let Task { target, part, acts, foreign, order } = &tasks[number];
            let job = Job {
                target: (*target).clone(),
                part: *part,
                state: state.clone(),
                cache: cache.clone(),
                branch: self.options.branch_of(&target.settings, *part),
                search: self.search(target, *part)?,
                steps: self.options.steps(&target.settings, *part),
                acts: *acts,
                foreign: foreign.clone(),
                order: order.clone(),
                may_open: *acts && self.slots.take(&tasks[number].title()),
            };
            serde_json::to_string(&job).map_err(io::Error::from)
        };
        let ended = |number: usize, ended: Ended| {
            if let Err(error) = self.ended(&tasks[number], &ended) {
                *unsaved.lock().unwrap_or_else(PoisonError::into_inner) = Err(error);
            }
            if ended.status == Some(1) {
                open.lock().unwrap_or_else(PoisonError::into_inner).push(number);
            }
            self.bar.inc(1);
        };
        fleet::run_all(tasks.len(), self.workers(), &job, &command, &ended);
        unsaved.into_inner().unwrap_or_else(PoisonError::into_inner)?;
        let mut open = open.into_inner().unwrap_or_else(PoisonError::into_inner);
        open.sort_unstable();
        Ok(open.into_iter().map(|number| tasks[number].target).collect())
    }

    /// The options that decide what is found in a repository.
    fn search(&self, target: &Target, part: Part) -> io::Result<Vec<String>> {
        let mut line = self.options.search(&target.settings, part);
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

    fn ended(&self, task: &Task<'_>, ended: &Ended) -> Result<(), StoreError> {
        let record = self.store.load(&task.target.name, task.part)?;
        if task.acts {
            self.slots.settle(&task.title(), record.as_ref());
        }
        if matches!(ended.status, Some(0 | 1)) {
            return Ok(());
        }
        // It said nothing of itself in the state, so it is said here.
        let mut record = record.unwrap_or_else(|| Record::new(task.target, task.part));
        let said = safe_lines(&ended.said);
        record.fail(if said.is_empty() { format!("the worker ended: {}", ended.how) } else { said }, fleet::now());
        self.store.save(&record)
    }
}

fn progress() -> ProgressBar {
    // Nothing is drawn where standard error is no terminal.
    let bar = ProgressBar::with_draw_target(Some(0), ProgressDrawTarget::stderr());
    match ProgressStyle::with_template("{bar:30} {pos}/{len} steps, {elapsed}") {
        Ok(style) => bar.with_style(style),
        Err(_) => bar,
    }
}
