use camino::Utf8Path;
use serde::Serialize;

use super::{Document, Finding, Level, github::message, pretty};

/// One issue of a code quality report (docs.gitlab.com, "Code Quality report format").
#[derive(Serialize)]
struct Issue<'d> {
    description: String,
    check_name: &'d str,
    fingerprint: &'d str,
    severity: &'static str,
    location: Location<'d>,
}

#[derive(Serialize)]
struct Location<'d> {
    path: &'d Utf8Path,
    lines: Lines,
}

#[derive(Serialize)]
struct Lines {
    begin: u32,
}

/// The findings as a code quality report of GitLab, with a line feed at the end.
///
/// # Errors
///
/// Never in practice: every part can be written as JSON.
pub fn gitlab(document: &Document) -> serde_json::Result<String> {
    pretty(&document.findings.iter().map(issue).collect::<Vec<_>>())
}

fn issue(finding: &Finding) -> Issue<'_> {
    Issue {
        description: message(finding),
        check_name: finding.codemod,
        fingerprint: &finding.fingerprint,
        severity: match finding.severity {
            Level::Error => "critical",
            Level::Warning => "major",
            Level::Note => "info",
        },
        location: Location { path: &finding.place.file, lines: Lines { begin: finding.place.span.start.line } },
    }
}
