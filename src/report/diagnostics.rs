//! Findings in rustc's form.

use std::collections::{BTreeMap, BTreeSet};

use annotate_snippets::{
    Annotation, AnnotationKind, Element, Group, Level, Renderer, Snippet, normalize_untrusted_str,
};
use camino::{Utf8Path, Utf8PathBuf};

use super::{Redactor, Shown, counted, follow_up, shown};
use crate::{
    plan::{Applicability, Finding, FollowUp, Label, Obstacle, Plan, Planned, Severity, Status},
    repository::Repository,
    source::LineIndex,
};

/// Renders findings of one plan. Texts are prepared once a file.
pub struct Diagnostics<'a> {
    redactor: &'a Redactor,
    files: BTreeMap<&'a Utf8Path, Shown>,
}

impl<'a> Diagnostics<'a> {
    /// Prepares the texts of all files that `plan` points to.
    #[must_use]
    pub fn new(plan: &'a Plan, repository: &'a Repository, redactor: &'a Redactor) -> Self {
        let places = plan.findings.iter().flat_map(|planned| labels(&planned.finding));
        let paths: BTreeSet<&Utf8Path> = places.map(|label| label.file.as_path()).collect();
        let sources = paths.into_iter().filter_map(|path| Some((path, repository.source(path)?)));
        let files = sources.map(|(path, source)| (path, Shown::new(source.text(), redactor))).collect();
        Self { redactor, files }
    }

    /// One finding, with colours as escape codes; without a line feed at the end.
    #[must_use]
    pub fn render(&self, planned: &Planned) -> String {
        let finding = &planned.finding;
        let title = level(finding.severity).primary_title(self.line(&finding.title)).id(finding.codemod);
        let places = std::iter::once(&finding.primary).chain(&finding.labels);
        let mut groups = vec![title.elements(self.snippets(places, &finding.primary)).elements(self.notes(finding))];
        groups.extend(self.remedy(planned));
        Renderer::styled().render(&groups)
    }

    /// One finding in one line: `Dockerfile:2:5: error[arg-secret]: title`.
    #[must_use]
    pub fn render_short(&self, finding: &Finding) -> String {
        let name = match finding.severity {
            Severity::Error => "error",
            Severity::Warning => "warning",
            Severity::Note => "note",
        };
        let place = self.files.get(finding.primary.file.as_path()).map_or_else(String::new, |file| {
            let at =
                LineIndex::new(file.text()).line_column(crate::source::size(file.range(finding.primary.range).start));
            format!(":{}:{}", at.line, at.column)
        });
        let file = shown::line(finding.primary.file.as_str());
        format!("{file}{place}: {name}[{}]: {}", finding.codemod, self.line(&finding.title))
    }

    fn line(&self, text: &str) -> String {
        normalize_untrusted_str(&self.redactor.line(text))
    }

    /// A snippet a file, that of the primary label first.
    fn snippets<'s>(
        &'s self,
        places: impl IntoIterator<Item = &'s Label>,
        primary: &Label,
    ) -> Vec<Snippet<'s, Annotation<'s>>> {
        let mut order: Vec<&Utf8PathBuf> = vec![&primary.file];
        let mut by_file: BTreeMap<&Utf8PathBuf, Vec<Annotation<'s>>> = BTreeMap::new();
        for label in places {
            let Some(file) = self.files.get(label.file.as_path()) else { continue };
            let kind = if label == primary { AnnotationKind::Primary } else { AnnotationKind::Context };
            let span = one_line(file.text(), file.range(label.range));
            by_file.entry(&label.file).or_default().push(kind.span(span).label(self.line(&label.text)));
            if !order.contains(&&label.file) {
                order.push(&label.file);
            }
        }
        let snippet = |path: &Utf8PathBuf| {
            let annotations = by_file.remove(path)?;
            let text = self.files.get(path.as_path())?.text();
            Some(Snippet::source(text).path(shown::line(path.as_str())).annotations(annotations))
        };
        order.into_iter().filter_map(snippet).collect()
    }

    fn notes<'s>(&'s self, finding: &Finding) -> Vec<Element<'s>> {
        let rotations = finding.fix.follow_ups.iter().filter(|step| matches!(step, FollowUp::Rotate(_))).map(follow_up);
        let notes = finding.notes.iter().cloned().chain(rotations);
        notes.map(|note| Level::NOTE.message(self.line(&note)).into()).collect()
    }

    /// What can be done about it.
    fn remedy<'s>(&'s self, planned: &'s Planned) -> Vec<Group<'s>> {
        let fix = &planned.finding.fix;
        let title = self.line(&fix.title);
        let how = match (&planned.status, fix.applicability) {
            (Status::Manual, _) | (_, Applicability::Manual) => return self.steps(planned),
            (Status::HeldBack(reason), _) => {
                let note = Level::NOTE.message(format!("this fix was held back: {}", self.line(reason)));
                return vec![Level::HELP.secondary_title(title).element(note)];
            }
            (_, Applicability::Safe) => "`dfmigrate --fix` does this",
            (_, Applicability::Unsafe) => "`dfmigrate --fix --unsafe-fixes` does this",
        };
        let assumptions = fix.assumptions.iter().map(|sentence| {
            Element::from(Level::NOTE.message(format!("assuming that {}", clause(&self.line(sentence)))))
        });
        vec![Level::HELP.secondary_title(title).elements(assumptions).element(Level::NOTE.message(how))]
    }

    /// What stands in the way of a fix, and what to do by hand.
    fn steps<'s>(&'s self, planned: &'s Planned) -> Vec<Group<'s>> {
        let fix = &planned.finding.fix;
        let mut groups: Vec<Group<'s>> = fix.obstacles.iter().map(|obstacle| self.obstacle(obstacle)).collect();
        let steps = fix.follow_ups.iter().filter(|step| !matches!(step, FollowUp::Rotate(_)));
        let steps = steps.map(|step| Element::from(Level::NOTE.message(self.line(&follow_up(step)))));
        groups.push(Level::HELP.secondary_title(format!("by hand: {}", self.line(&fix.title))).elements(steps));
        groups
    }

    fn obstacle<'s>(&'s self, obstacle: &'s Obstacle) -> Group<'s> {
        let group = Group::with_title(Level::NOTE.secondary_title(format!("no fix: {}", self.line(&obstacle.reason))));
        let snippets = obstacle.place.as_ref().map(|place| self.snippets([place], place)).unwrap_or_default();
        let instead = obstacle.instead.as_ref().map(|text| Level::HELP.message(self.instead(text)));
        group.elements(snippets).elements(instead)
    }

    /// The text to put in a place, on lines of its own if it has several.
    fn instead(&self, text: &str) -> String {
        match text.trim_end().split_once('\n') {
            None => format!("write `{}` there", self.line(text.trim())),
            Some(_) => text
                .trim_end()
                .lines()
                .fold("write there:".to_owned(), |all, line| format!("{all}\n    {}", self.line(line))),
        }
    }
}

/// All places of a finding.
fn labels(finding: &Finding) -> impl Iterator<Item = &Label> {
    let obstacles = finding.fix.obstacles.iter().filter_map(|obstacle| obstacle.place.as_ref());
    std::iter::once(&finding.primary).chain(&finding.labels).chain(obstacles)
}

fn level(severity: Severity) -> Level<'static> {
    match severity {
        Severity::Error => Level::ERROR,
        Severity::Warning => Level::WARNING,
        Severity::Note => Level::NOTE,
    }
}

/// The part of `span` in its first line: an instruction over thirty lines is named by where it begins.
fn one_line(text: &str, span: std::ops::Range<usize>) -> std::ops::Range<usize> {
    let length = text.get(span.clone()).and_then(|text| text.find('\n'));
    span.start..length.map_or(span.end, |length| span.start + length)
}

/// A sentence as the end of another one.
fn clause(sentence: &str) -> String {
    let sentence = sentence.trim_end_matches('.');
    let mut chars = sentence.chars();
    match (chars.next(), chars.next()) {
        // Not `NPM_TOKEN is …`.
        (Some(first), Some(second)) if first.is_uppercase() && !second.is_uppercase() && second != '_' => {
            first.to_lowercase().chain(sentence.chars().skip(1)).collect()
        }
        _ => sentence.to_owned(),
    }
}

/// How many findings there are, by what can be done about them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Count {
    /// All findings.
    pub findings: usize,
    /// The files that their primary labels are in.
    pub files: usize,
    /// Those with a safe fix.
    pub safe: usize,
    /// Those with an unsafe fix.
    pub r#unsafe: usize,
    /// Those that a person has to repair.
    pub manual: usize,
    /// Those whose fix was taken out again.
    pub held_back: usize,
}

impl Count {
    /// Counts `findings`.
    #[must_use]
    pub fn of<'a>(findings: impl IntoIterator<Item = &'a Planned>) -> Self {
        let mut count = Self::default();
        let mut files = BTreeSet::new();
        for planned in findings {
            count.findings += 1;
            files.insert(&planned.finding.primary.file);
            let of_kind = match (&planned.status, planned.finding.fix.applicability) {
                (Status::HeldBack(_), _) => &mut count.held_back,
                (Status::Manual, _) | (_, Applicability::Manual) => &mut count.manual,
                (_, Applicability::Unsafe) => &mut count.r#unsafe,
                (_, Applicability::Safe) => &mut count.safe,
            };
            *of_kind += 1;
        }
        count.files = files.len();
        count
    }

    /// The closing line, without a line feed.
    #[must_use]
    pub fn line(&self) -> String {
        let kinds = [
            (self.safe, "can be fixed with `--fix`"),
            (self.r#unsafe, "with `--fix --unsafe-fixes`"),
            (self.manual, "to be done by hand"),
            (self.held_back, "held back"),
        ];
        let kinds: Vec<_> =
            kinds.iter().filter(|(count, _)| *count > 0).map(|(count, what)| format!("{count} {what}")).collect();
        let found = format!("{} in {}", counted(self.findings, "finding"), counted(self.files, "file"));
        if kinds.is_empty() { found } else { format!("{found}: {}", kinds.join(", ")) }
    }
}

#[cfg(test)]
mod tests;
