use std::collections::BTreeSet;

use git2::Oid;

use super::own;
use crate::plan::Planned;
use crate::report::{Redactor, shown, summary::Summary};

/// The widest line that is written, in columns: what git's own documentation recommends for messages.
const COLUMNS: usize = 72;

/// What every message begins with, in the form of Conventional Commits 1.0. A scope is left out, because a repository
/// that checks messages often has a list of the scopes that it allows.
const SUBJECT: &str = "fix: hand secrets to Docker builds as mounts";

/// The message of a commit. It has no secret: every text in it is redacted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Message {
    /// The first line, at most 72 columns wide.
    pub subject: String,
    /// The paragraphs below it, without the trailers.
    pub body: String,
    /// The codemods that made the change, in order.
    pub codemods: Vec<&'static str>,
}

impl Message {
    /// The message for a commit of the fixes of `findings`.
    #[must_use]
    pub fn of<'p>(findings: impl IntoIterator<Item = &'p Planned>, redactor: &Redactor) -> Self {
        let findings: Vec<&Planned> = findings.into_iter().collect();
        let ids: BTreeSet<&'static str> = findings.iter().map(|planned| planned.finding.codemod).collect();
        let codemods: Vec<&'static str> = ids.into_iter().collect();
        let long = format!("{SUBJECT} ({})", codemods.join(", "));
        let subject = if long.len() <= COLUMNS { long } else { SUBJECT.to_owned() };
        let fixes = findings.iter().map(|planned| fixed(planned, redactor)).collect();
        let assumptions: BTreeSet<String> = findings
            .iter()
            .flat_map(|planned| &planned.finding.fix.assumptions)
            .map(|one| redactor.line(one))
            .collect();
        let summary = Summary { findings, ..Summary::default() };
        let body = [
            list(None, fixes),
            list(Some("It is assumed that:"), assumptions.into_iter().collect()),
            list(Some("Still to be done by a person:"), summary.follow_ups(redactor)),
        ];
        let body: Vec<String> = body.into_iter().flatten().collect();
        Self { subject, body: body.join("\n\n"), codemods }
    }

    /// The whole text, with the trailers by which a later run knows the commit again.
    pub(super) fn text(&self, digest: Oid) -> String {
        let codemods: String = self.codemods.iter().map(|id| format!("Dfmigrate-Codemod: {id}\n")).collect();
        format!("{}\n\n{}\n\n{codemods}{}: {digest}\n", self.subject, self.body, own::TRAILER)
    }
}

fn fixed(planned: &Planned, redactor: &Redactor) -> String {
    let finding = &planned.finding;
    let file = shown::line(finding.primary.file.as_str());
    format!("{file}, {}: {}", redactor.line(&finding.subject), redactor.line(&finding.fix.title))
}

/// A list with its headline; `None` if there is nothing in it.
fn list(headline: Option<&str>, items: Vec<String>) -> Option<String> {
    let items: Vec<String> = items.iter().map(|item| wrapped(item)).collect();
    let text = headline.into_iter().map(str::to_owned).chain(items.iter().cloned()).collect::<Vec<_>>().join("\n");
    (!items.is_empty()).then_some(text)
}

/// An item in lines that fit, broken at blanks.
fn wrapped(item: &str) -> String {
    let mut lines = vec!["-".to_owned()];
    for word in item.split(' ') {
        let fits = lines.last().is_some_and(|line| line.chars().count() + 1 + word.chars().count() <= COLUMNS);
        match lines.last_mut() {
            Some(line) if fits || line.trim().len() < 2 => {
                line.push(' ');
                line.push_str(word);
            }
            _ => lines.push(format!("  {word}")),
        }
    }
    lines.join("\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn long_items_are_broken_at_blanks_and_keep_every_word() {
        let item = format!("Dockerfile: {} {}", "word ".repeat(30).trim_end(), "x".repeat(90));
        let text = wrapped(&item);
        assert!(text.lines().all(|line| line.len() <= COLUMNS || line.trim().len() == 90), "{text}");
        assert!(
            text.starts_with("- Dockerfile: ") && text.lines().skip(1).all(|line| line.starts_with("  ")),
            "{text}"
        );
        assert_eq!(text.split_whitespace().skip(1).collect::<Vec<_>>(), item.split_whitespace().collect::<Vec<_>>());
    }
}
