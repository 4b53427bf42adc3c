//! From paths to plans: what all commands that look for findings begin with.

use std::{io, time::SystemTime};

use camino::Utf8PathBuf;

use super::{Arguments, Failure, Streams, ids};
use crate::{
    callers::SecretValue,
    codemods,
    config::{Date, Settings},
    plan::{self, Plan, Planned, Policy},
    report::Redactor,
    repository::{self, Repository, Root},
    source::Source,
};

/// One repository and what is to be done in it.
pub(super) struct Analysis {
    pub root: Root,
    pub repository: Repository,
    pub plan: Plan,
    pub redactor: Redactor,
}

impl Analysis {
    /// Reads and analyses the repository at `root`.
    pub(super) fn new(root: Root, policy: &Policy) -> Result<Self, Failure> {
        let repository = repository::read(&root, |dockerfiles| may_find(dockerfiles, policy))?;
        let settings = repository.settings.overruled(&policy.decided);
        let mut repository = repository.with_settings(settings);
        repository.today = today();
        let plan = plan::make(&repository, policy, codemods::ALL);
        let subjects = plan.findings.iter().map(|planned| planned.finding.subject.clone());
        let concealed = plan.findings.iter().flat_map(|planned| &planned.finding.fix.concealed);
        let redactor = Redactor::of(pointed_to(&plan, &repository), subjects, concealed.map(SecretValue::reveal));
        Ok(Self { root, repository, plan, redactor })
    }

    /// The findings, in order.
    pub(super) fn findings(&self) -> impl Iterator<Item = &Planned> {
        self.plan.findings.iter()
    }
}

/// The day in UTC.
fn today() -> Option<Date> {
    let since = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).ok()?;
    Some(Date::of_days(u32::try_from(since.as_secs() / 86_400).ok()?))
}

/// The policy that the options ask for.
pub(super) fn policy(arguments: &Arguments) -> Result<Policy, Failure> {
    ids::check(arguments.select.iter().chain(&arguments.ignore))?;
    let decided = Settings {
        engines: arguments.engines.clone(),
        keep_arg_fallback: arguments.keep_arg_fallback,
        cache_key: arguments.cache_key,
        ..Settings::default()
    };
    Ok(Policy { decided, ..policy_of(arguments.unsafe_fixes, &arguments.select, &arguments.ignore) })
}

/// The same for ids that are known.
pub(super) fn policy_of(unsafe_fixes: bool, select: &[String], ignore: &[String]) -> Policy {
    Policy { unsafe_fixes, select: select.to_vec(), ignore: ignore.to_vec(), ..Policy::default() }
}

/// All repositories that the paths lie in, analysed.
pub(super) fn all(paths: &[Utf8PathBuf], policy: &Policy) -> Result<Vec<Analysis>, Failure> {
    let roots = repository::discover(paths)?;
    roots.into_iter().map(|root| Analysis::new(root, policy)).collect()
}

/// Says what was left alone while reading.
pub(super) fn notices(analyses: &[Analysis], streams: &mut Streams) -> io::Result<()> {
    for analysis in analyses {
        let asked = analysis.repository.notices.iter().filter(|notice| analysis.repository.is_selected(&notice.file));
        for notice in asked {
            streams.notice(format_args!("`{}` is left alone: {}", notice.file, notice.reason))?;
        }
    }
    Ok(())
}

/// Whether a codemod may find something in one of these Dockerfiles, or in builds of others, so that the files that build
/// them matter.
fn may_find(dockerfiles: &[Source], policy: &Policy) -> bool {
    if !policy.foreign.is_empty() {
        return true;
    }
    let ignored = |id: &str| policy.ignore.iter().any(|ignored| ignored == id);
    let selected = |id: &str| policy.select.is_empty() || policy.select.iter().any(|selected| selected == id);
    let mut active = codemods::ALL.iter().filter(|codemod| selected(codemod.id) && !ignored(codemod.id));
    active.any(|codemod| dockerfiles.iter().any(|source| (codemod.may_find)(source.text())))
}

/// The files whose text may be shown.
fn pointed_to<'r>(plan: &Plan, repository: &'r Repository) -> impl Iterator<Item = &'r Source> {
    let mut paths: Vec<Utf8PathBuf> = plan.files.keys().cloned().collect();
    for Planned { finding, .. } in &plan.findings {
        let obstacles = finding.fix.obstacles.iter().filter_map(|obstacle| obstacle.place.as_ref());
        let places = std::iter::once(&finding.primary).chain(&finding.labels).chain(obstacles);
        paths.extend(places.map(|label| label.file.clone()));
    }
    paths.sort();
    paths.dedup();
    paths.into_iter().filter_map(|path| repository.source(&path))
}
