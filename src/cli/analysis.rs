//! From paths to plans: what all commands that look for findings begin with.

use std::{io, time::SystemTime};

use camino::Utf8PathBuf;

use super::{Arguments, Failure, Streams, settings};
use crate::{
    callers::SecretValue,
    codemods,
    config::{Configuration, Date},
    plan::{self, Plan, Planned, Policy},
    report::Redactor,
    repository::{self, Decided, Repository, Root},
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
    pub(super) fn new(root: Root, policy: &Policy, decided: &Decided) -> Result<Self, Failure> {
        let mut repository = repository::read_as_decided(&root, decided, |dockerfiles, configuration| {
            may_find(dockerfiles, configuration, policy)
        })?;
        settings::check(&repository.configuration)?;
        repository.today = today();
        let plan = plan::make(&repository, policy, codemods::ALL);
        let subjects = plan.findings.iter().map(|planned| planned.finding.subject.clone());
        let concealed = plan.findings.iter().flat_map(|planned| &planned.finding.fix.concealed);
        let names = repository.configuration.secret_names();
        let sources = pointed_to(&plan, &repository);
        let redactor = Redactor::with_patterns(sources, subjects, names, concealed.map(SecretValue::reveal));
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
pub(super) fn policy(arguments: &Arguments) -> Policy {
    Policy { unsafe_fixes: arguments.unsafe_fixes, ..Policy::default() }
}

/// All repositories that the paths of `arguments` lie in, analysed.
pub(super) fn all(arguments: &Arguments, policy: &Policy) -> Result<Vec<Analysis>, Failure> {
    let decided = settings::of_arguments(arguments)?;
    let roots = repository::discover(&arguments.paths)?;
    roots.into_iter().map(|root| Analysis::new(root, policy, &decided)).collect()
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
fn may_find(dockerfiles: &[Source], configuration: &Configuration, policy: &Policy) -> bool {
    if !policy.foreign.is_empty() {
        return true;
    }
    let codemods: Vec<_> = codemods::ALL.iter().copied().filter(|codemod| policy.includes(codemod.id)).collect();
    dockerfiles.iter().any(|source| plan::may_find(source.text(), &configuration.at(source.path()), &codemods))
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
