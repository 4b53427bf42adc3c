//! From an analysis to what is written down of it.

use std::{collections::BTreeSet, fs};

use camino::Utf8Path;

use crate::{
    cli::{Failure, analysis::Analysis},
    fleet::{self, Found, Part, Record, Reference},
    plan::{Planned, Severity, Status},
    report::summary::Summary,
    repository,
    source::LineIndex,
};

/// The largest file that is looked at for uses of other repositories, in bytes.
const LARGEST: u64 = 1 << 20;

/// Writes down what an analysis found, redacted, and for a repository's own change what others have to know of it.
pub(super) fn describe(record: &mut Record, analysis: &Analysis) -> Result<(), Failure> {
    record.findings = analysis.findings().map(|planned| found(planned, analysis)).collect();
    let summary = Summary { findings: analysis.findings().collect(), ..Summary::default() };
    record.steps = summary.follow_ups(&analysis.redactor);
    record.files = analysis.plan.files.keys().cloned().collect();
    if record.part == Part::Callers {
        return Ok(());
    }
    record.references = references(&record.name, &analysis.root.path);
    record.interfaces = fleet::interfaces(&analysis.repository, analysis.findings());
    let dockerfiles = analysis.repository.dockerfiles();
    let read_whole = analysis.repository.sources().any(|source| dockerfiles.iter().all(|path| path != source.path()));
    // Where nothing can leak, an analysis ends behind the Dockerfiles, and where there are none it reads nothing.
    record.builds = match read_whole {
        true => fleet::outer_builds(&analysis.repository, &analysis.redactor),
        false => fleet::outer_builds(&repository::read(&analysis.root, |_| true)?, &analysis.redactor),
    };
    Ok(())
}

fn found(planned: &Planned, analysis: &Analysis) -> Found {
    let finding = &planned.finding;
    let line = |text: &str| analysis.redactor.line(text.trim_end_matches('.'));
    let file = &finding.primary.file;
    let number = analysis
        .repository
        .source(file)
        .map(|source| LineIndex::new(source.text()).line(finding.primary.range.start()));
    Found {
        codemod: finding.codemod.to_owned(),
        severity: match finding.severity {
            Severity::Error => "error",
            Severity::Warning => "warning",
            Severity::Note => "note",
        }
        .to_owned(),
        place: line(&number.map_or_else(|| file.to_string(), |number| format!("{file}:{number}"))),
        title: line(&finding.title),
        fixed: planned.status == Status::Applied,
        reason: reason(planned, &line),
    }
}

/// Why it is not part of the change.
fn reason(planned: &Planned, line: &dyn Fn(&str) -> String) -> Option<String> {
    match &planned.status {
        Status::Applied => None,
        Status::Unsafe => {
            let assumptions: Vec<String> = planned.finding.fix.assumptions.iter().map(|text| line(text)).collect();
            Some(format!("the fix rests on assumptions (`--unsafe-fixes`): {}", assumptions.join("; ")))
        }
        Status::NotChosen => Some("not chosen".to_owned()),
        Status::HeldBack(reason) => Some(format!("held back: {}", line(reason))),
        Status::Manual => {
            let obstacles = planned.finding.fix.obstacles.iter();
            let reasons: BTreeSet<String> = obstacles.map(|obstacle| line(&obstacle.reason)).collect();
            Some(format!("by hand: {}", Vec::from_iter(reasons).join("; ")))
        }
    }
}

/// What the files that run builds take from other repositories. They are read here because a repository without a Dockerfile
/// has none that an analysis would read.
fn references(own: &str, root: &Utf8Path) -> Vec<Reference> {
    let mut found = Vec::new();
    for path in repository::tracked_files(root).iter().filter(|path| may_build(path)) {
        let full = root.join(path);
        let fits = full.symlink_metadata().is_ok_and(|metadata| metadata.is_file() && metadata.len() <= LARGEST);
        if let Some(text) = fits.then(|| fs::read_to_string(&full).ok()).flatten() {
            found.extend(fleet::references(path.as_str(), &text, own));
        }
    }
    found
}

fn may_build(path: &Utf8Path) -> bool {
    let name = path.file_name().unwrap_or_default().to_lowercase();
    matches!(path.extension(), Some("yml" | "yaml" | "sh" | "bash" | "mk" | "hcl")) || name.ends_with("makefile")
}
