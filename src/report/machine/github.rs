use std::fmt::Write as _;

use super::{Document, Finding, Level, Status};

/// The findings as workflow commands, one a line: GitHub shows them beside the lines of the files
/// (docs.github.com, "Workflow commands for GitHub Actions"). Paths begin at the root of each repository.
#[must_use]
pub fn github(document: &Document) -> String {
    let mut text = document.findings.iter().fold(String::new(), |mut text, finding| {
        let command = match finding.severity {
            Level::Error => "error",
            Level::Warning => "warning",
            Level::Note => "notice",
        };
        let span = finding.place.span;
        let _ = writeln!(
            text,
            "::{command} file={},line={},endLine={},title={}::{}",
            property(finding.place.file.as_str()),
            span.start.line,
            span.end.line,
            property(&format!("dfmigrate: {}", finding.codemod)),
            data(&message(finding)),
        );
        text
    });
    for comment in document.suppressions.iter().filter(|comment| !comment.place.text.is_empty()) {
        let (file, line) = (property(comment.place.file.as_str()), comment.place.span.start.line);
        let _ = writeln!(text, "::notice file={file},line={line},title=dfmigrate::{}", data(&comment.place.text));
    }
    text
}

/// What is wrong and what can be done about it, in a few lines.
#[must_use]
pub fn message(finding: &Finding) -> String {
    let remedy = &finding.remedy;
    let mut lines = vec![finding.title.clone()];
    lines.push(match remedy.status {
        Status::Safe => format!("{}: `dfmigrate --fix` does this", remedy.title),
        Status::Unsafe => format!("{}: `dfmigrate --fix --unsafe-fixes` does this", remedy.title),
        Status::Manual | Status::HeldBack => format!("by hand: {}", remedy.title),
    });
    lines.extend(remedy.assumptions.iter().map(|text| format!("assuming that {text}")));
    lines.extend(remedy.reasons.iter().map(|reason| format!("no fix: {}", reason.text)));
    lines.dedup();
    lines.join("\n")
}

/// The text of a command: a line feed ends one, and a percent sign begins an escape (actions/toolkit, `command.ts`).
fn data(text: &str) -> String {
    text.replace('%', "%25").replace('\r', "%0D").replace('\n', "%0A")
}

/// The value of a property, which a comma or colon would end too.
fn property(text: &str) -> String {
    data(text).replace(':', "%3A").replace(',', "%2C")
}
