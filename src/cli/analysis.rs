//! From paths to plans: what all commands that look for findings begin with.

use std::{collections::BTreeSet, io, time::SystemTime};

use camino::Utf8PathBuf;
use rayon::prelude::*;

use super::{Arguments, Failure, Streams, baseline, settings};
use crate::{
    codemods,
    config::{Configuration, Date},
    git,
    plan::{self, CommentMistake, Plan, Planned, Policy},
    report::Redactor,
    repository::{self, Decided, Notice, Repository, Root},
    source::{LineIndex, Source},
    syntax::dockerfile::{self, ProblemKind},
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
        Self::of_changes(root, policy, decided, None)
    }

    /// The same, limited to what changed since a revision.
    fn of_changes(root: Root, policy: &Policy, decided: &Decided, since: Option<&str>) -> Result<Self, Failure> {
        let mut repository = repository::read_as_decided(&root, decided, |dockerfiles, configuration| {
            may_find(dockerfiles, configuration, policy)
        })?;
        settings::check(&repository.configuration)?;
        repository.today = today();
        repository.changed = since.map(|revision| git::changed_since(&root.path, revision)).transpose()?;
        let plan = plan::make(&repository, policy, codemods::ALL);
        if let Some(mistake) = plan.mistakes.first() {
            return Err(self::mistake(mistake));
        }
        let unread = refused(&repository, &plan);
        repository.notices.extend(unread);
        let redactor = Redactor::of_plan(&plan, &repository);
        Ok(Self { root, repository, plan, redactor })
    }

    /// The findings, in order.
    pub(super) fn findings(&self) -> impl Iterator<Item = &Planned> {
        self.plan.findings.iter()
    }
}

/// The Dockerfiles that BuildKit refuses and that no finding speaks of: that nothing was found in them means little.
fn refused(repository: &Repository, plan: &Plan) -> Vec<Notice> {
    let found: BTreeSet<&Utf8PathBuf> = plan.findings.iter().map(|planned| &planned.finding.dockerfile).collect();
    let asked = |path: &&Utf8PathBuf| {
        repository.is_selected(path) && repository.changed.as_ref().is_none_or(|changed| changed.contains(*path))
    };
    let silent = repository.dockerfiles().par_iter().filter(|path| !found.contains(path)).filter(asked);
    let notice = |path: &Utf8PathBuf| {
        let text = repository.source(path)?.text();
        let parse = dockerfile::parse(text);
        let problem = parse.problems().iter().find(|problem| problem.kind == ProblemKind::Rejected)?;
        let line = LineIndex::new(text).line(problem.range.start());
        Some(Notice { file: path.clone(), reason: format!("BuildKit refuses line {line}: {}", problem.message) })
    };
    silent.filter_map(notice).collect()
}

/// The day in UTC.
pub(super) fn today() -> Option<Date> {
    let since = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).ok()?;
    Some(Date::of_days(u32::try_from(since.as_secs() / 86_400).ok()?))
}

/// The policy that the options ask for.
pub(super) fn policy(arguments: &Arguments) -> Result<Policy, Failure> {
    let known = arguments.baseline.as_deref().map(baseline::read).transpose()?.unwrap_or_default();
    let (unsafe_fixes, only_new) = (arguments.unsafe_fixes, arguments.only_new);
    Ok(Policy { unsafe_fixes, only_new, known: known.into(), ..Policy::default() })
}

/// All repositories that the paths of `arguments` lie in, analysed.
pub(super) fn all(arguments: &Arguments, policy: &Policy) -> Result<Vec<Analysis>, Failure> {
    let decided = settings::of_arguments(arguments)?;
    let roots = repository::discover(&arguments.paths)?;
    let since = arguments.changed_since.as_deref();
    roots.into_iter().map(|root| Analysis::of_changes(root, policy, &decided, since)).collect()
}

/// Says what was left alone while reading.
pub(super) fn notices(analyses: &[Analysis], streams: &mut Streams) -> io::Result<()> {
    for analysis in analyses {
        let asked = analysis.repository.notices.iter().filter(|notice| analysis.repository.is_selected(&notice.file));
        for notice in asked {
            streams.notice(format_args!("`{}` is left alone: {}", notice.file, notice.reason))?;
        }
        for comment in &analysis.plan.suppressions {
            if let Some(complaint) = comment.complaint() {
                streams.notice(format_args!("{}:{}: {complaint}", comment.file, comment.line))?;
            }
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

/// A comment that can't be understood, as a failure: what it was meant to ignore is not known.
fn mistake(mistake: &CommentMistake) -> Failure {
    let meant = mistake.suggestion.as_ref().map(|word| format!("; `{word}` was probably meant")).unwrap_or_default();
    Failure::new(format!(
        "`{}` has a mistake in the comment in line {}: {}{meant}",
        mistake.file, mistake.line, mistake.message
    ))
}
