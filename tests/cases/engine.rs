//! Runs the tool on a case, in memory, and checks everything that a case promises.

use std::sync::Arc;

use anyhow::{Context, Result, bail, ensure};
use camino::Utf8Path;
use dfmigrate::codemods;
use dfmigrate::config::{self, Configuration};
use dfmigrate::plan::{self, Applicability, Plan, Planned, Policy, Status};
use dfmigrate::repository::Repository;
use dfmigrate::source::Source;

use super::case::{Case, Expectation, Files, is_dockerfile};
use super::compare::difference;
use super::variant::Variant;

/// Checks `case` in `variant`: with the prefilter and what is kept between rounds and without both, with its own codemod and with all of them.
pub fn run(case: &Case, variant: Variant) -> Result<()> {
    let before = in_variant(&case.before, variant);
    let after = in_variant(&case.after, variant);
    for prefilter in [true, false] {
        for alone in [true, false] {
            let policy = policy(case, alone, prefilter);
            let which = if alone { "its own codemod alone" } else { "all codemods" };
            let filter = if prefilter { "with" } else { "without" };
            check(case, &before, &after, &policy).with_context(|| format!("{which}, {filter} the prefilter"))?;
        }
    }
    Ok(())
}

/// What the tool makes of `files` under `policy` on the day of the case.
pub fn plan(case: &Case, files: &Files, policy: &Policy) -> Plan {
    let mut repository = repository(files);
    repository.today = case.today;
    plan::make(&repository, policy, codemods::ALL)
}

/// The policy under which the case's fixes are made.
pub fn policy(case: &Case, alone: bool, prefilter: bool) -> Policy {
    let select = if alone { vec![case.codemod.clone()] } else { Vec::new() };
    let foreign = Arc::clone(&case.foreign);
    let unsafe_fixes = case.expect == Expectation::Unsafe;
    Policy { unsafe_fixes, select, prefilter, reuse: prefilter, foreign, ..Policy::default() }
}

fn check(case: &Case, before: &Files, after: &Files, policy: &Policy) -> Result<()> {
    let first = plan(case, before, policy);
    let result = applied(before, &first);
    check_findings(case, &first).with_context(|| case.about.clone())?;
    if let Some(difference) = difference(&result, after) {
        bail!("{}\nwhat came out (-) and what should (+):\n{difference}", case.about);
    }
    if case.expect == Expectation::Unsafe {
        let cautious = plan(case, before, &Policy { unsafe_fixes: false, ..policy.clone() });
        ensure!(cautious.files.is_empty(), "an unsafe fix was applied without being asked for");
    }
    let again = applied(&result, &plan(case, &result, policy));
    match difference(&again, &result) {
        Some(difference) => bail!("a second run changes the result (+ is the first run's):\n{difference}"),
        None => Ok(()),
    }
}

fn check_findings(case: &Case, plan: &Plan) -> Result<()> {
    let Some(wanted) = case.expect.applicability() else {
        ensure!(plan.findings.is_empty(), "nothing should be found, but:\n{}", listed(plan.findings.iter()));
        return Ok(());
    };
    let own: Vec<&Planned> = plan.findings.iter().filter(|planned| is_own(case, planned)).collect();
    ensure!(!own.is_empty(), "{} found nothing; in all:\n{}", case.codemod, listed(plan.findings.iter()));
    for planned in &own {
        let list = || listed(own.iter().copied());
        ensure!(planned.finding.fix.applicability == wanted, "{wanted:?} was expected, but:\n{}", list());
        let done = wanted == Applicability::Manual || planned.status == Status::Applied;
        ensure!(done, "a fix was not applied:\n{}", list());
    }
    let Some(kind) = &case.because else { return Ok(()) };
    let obstacles = || own.iter().flat_map(|planned| &planned.finding.fix.obstacles);
    let named = obstacles().any(|obstacle| obstacle.kind == *kind);
    ensure!(named, "no obstacle `{kind}` among:\n{}", listed(own.iter().copied()));
    let Some(wanted) = &case.instead else { return Ok(()) };
    let texts: Vec<&str> = obstacles().filter_map(|obstacle| obstacle.instead.as_deref()).collect();
    ensure!(texts.contains(&wanted.as_str()), "the report should say to write `{wanted}`, and says {texts:?}");
    Ok(())
}

fn is_own(case: &Case, planned: &Planned) -> bool {
    let finding = &planned.finding;
    finding.codemod == case.codemod && case.file.as_ref().is_none_or(|file| finding.primary.file == *file)
}

/// The findings as a person reads them.
pub fn listed<'p>(findings: impl Iterator<Item = &'p Planned>) -> String {
    let mut text = String::new();
    for Planned { finding, status, .. } in findings {
        let fix = &finding.fix;
        let state = match status {
            Status::HeldBack(reason) => format!("{:?}, held back: {reason}", fix.applicability),
            _ => format!("{:?}", fix.applicability),
        };
        text.push_str(&format!("{}[{}] {}: {}\n", finding.primary.file, finding.codemod, state, finding.title));
        text.push_str(&format!("  fix: {}\n", fix.title));
        text.extend(fix.assumptions.iter().map(|assumption| format!("  assuming: {assumption}\n")));
        text.extend(
            fix.obstacles.iter().map(|obstacle| format!("  because: {}: {}\n", obstacle.kind, obstacle.reason)),
        );
        text.extend(fix.follow_ups.iter().map(|step| format!("  then: {step:?}\n")));
        text.extend(finding.notes.iter().map(|note| format!("  note: {note}\n")));
    }
    text
}

fn repository(files: &Files) -> Repository {
    let sources = files.iter().map(|(path, bytes)| Source::new(path.clone(), bytes.clone()));
    let dockerfiles = files.keys().filter(|path| is_dockerfile(path)).cloned().collect();
    let repository = Repository::new(files.keys().cloned(), sources, dockerfiles);
    let text = files.get(Utf8Path::new(config::FILE)).map(|bytes| String::from_utf8_lossy(bytes).into_owned());
    match text.as_deref().map(Configuration::of_text) {
        Some(Ok(configuration)) => repository.with_configuration(configuration),
        _ => repository,
    }
}

fn in_variant(files: &Files, variant: Variant) -> Files {
    files.iter().map(|(path, bytes)| (path.clone(), variant.apply(path, bytes))).collect()
}

/// `files` as the plan leaves them.
pub fn applied(files: &Files, plan: &Plan) -> Files {
    let mut result = files.clone();
    result.extend(plan.files.iter().map(|(path, change)| (path.clone(), change.after.encode())));
    result
}
