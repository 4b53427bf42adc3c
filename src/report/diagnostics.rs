//! Findings in rustc's form.

use std::collections::{BTreeMap, BTreeSet, HashSet};

use annotate_snippets::{
    Annotation, AnnotationKind, Element, Group, Level, Renderer, Snippet, normalize_untrusted_str,
};
use camino::Utf8Path;

use super::{Redactor, Shown, counted, follow_up, shown};
use crate::{
    plan::{Applicability, Finding, FollowUp, Label, Obstacle, Plan, Planned, Severity, Status},
    repository::Repository,
    source::LineIndex,
};

/// Renders findings of one plan. Texts are prepared once a file.
pub struct Diagnostics<'a> {
    redactor: &'a Redactor,
    renderer: Renderer,
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
        Self { redactor, renderer: Renderer::styled(), files }
    }

    /// The same for a terminal of `columns`: longer source lines are cut there.
    #[must_use]
    pub fn in_columns(mut self, columns: usize) -> Self {
        self.renderer = self.renderer.term_width(columns);
        self
    }

    /// One finding, with colours as escape codes; without a line feed at the end.
    #[must_use]
    pub fn render(&self, planned: &Planned) -> String {
        let mut problem = self.problem(&planned.finding);
        if planned.known {
            problem = problem.element(Level::NOTE.message("this is known: the baseline has it"));
        }
        let mut groups = vec![problem];
        groups.extend(self.remedy(planned));
        self.renderer.render(&groups)
    }

    /// One finding whose fix is offered to a person: what is wrong, what the fix takes for granted and what is to be
    /// done after it.
    #[must_use]
    pub fn render_offer(&self, finding: &Finding) -> String {
        let fix = &finding.fix;
        let steps = fix.follow_ups.iter().filter(|step| !matches!(step, FollowUp::Rotate(_)));
        let steps = steps.map(|step| Level::NOTE.message(format!("afterwards {}", self.line(&follow_up(step)))));
        let help = Level::HELP.secondary_title(self.line(&fix.title)).elements(self.assumptions(finding));
        self.renderer.render(&[self.problem(finding), help.elements(steps)])
    }

    /// What is wrong, where, and what a person should know about it.
    fn problem<'s>(&'s self, finding: &'s Finding) -> Group<'s> {
        let title = level(finding.severity).primary_title(self.line(&finding.title)).id(finding.codemod);
        let others = finding.labels.iter().map(|label| (label, AnnotationKind::Context));
        let places = std::iter::once((&finding.primary, AnnotationKind::Primary)).chain(others);
        title.elements(self.snippets(places)).elements(self.notes(finding))
    }

    fn assumptions<'s>(&'s self, finding: &'s Finding) -> impl Iterator<Item = Element<'s>> {
        finding
            .fix
            .assumptions
            .iter()
            .map(|sentence| Level::NOTE.message(format!("assuming that {}", clause(&self.line(sentence)))).into())
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

    /// A snippet a file, in the order in which the files are first named.
    fn snippets<'s>(
        &'s self,
        places: impl IntoIterator<Item = (&'s Label, AnnotationKind)>,
    ) -> Vec<Snippet<'s, Annotation<'s>>> {
        let mut files: Vec<(&'s Utf8Path, &'s Shown, Vec<Annotation<'s>>)> = Vec::new();
        for (label, kind) in places {
            let Some(shown) = self.files.get(label.file.as_path()) else { continue };
            let span = one_line(shown.text(), shown.range(label.range));
            let annotation = kind.span(span).label(self.line(&label.text));
            match files.iter_mut().find(|(path, ..)| *path == label.file) {
                Some((.., annotations)) => annotations.push(annotation),
                None => files.push((&label.file, shown, vec![annotation])),
            }
        }
        let snippet = |(path, shown, annotations): (&'s Utf8Path, &'s Shown, _)| {
            Snippet::source(shown.text()).path(shown::line(path.as_str())).annotations(annotations)
        };
        files.into_iter().map(snippet).collect()
    }

    fn notes<'s>(&'s self, finding: &Finding) -> Vec<Element<'s>> {
        let rotations = finding.fix.follow_ups.iter().filter(|step| matches!(step, FollowUp::Rotate(_))).map(follow_up);
        let notes = finding.notes.iter().cloned().chain(rotations);
        let mut seen = BTreeSet::new();
        let notes = notes.filter(|note| seen.insert(note.clone()));
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
        let assumptions = self.assumptions(&planned.finding);
        vec![Level::HELP.secondary_title(title).elements(assumptions).element(Level::NOTE.message(how))]
    }

    /// What stands in the way of a fix, and what to do by hand.
    fn steps<'s>(&'s self, planned: &'s Planned) -> Vec<Group<'s>> {
        let fix = &planned.finding.fix;
        let mut alike: Vec<(&'s Obstacle, Vec<&'s Label>)> = Vec::new();
        for obstacle in &fix.obstacles {
            let same = |(first, _): &&mut (&Obstacle, _)| {
                (&first.reason, &first.instead) == (&obstacle.reason, &obstacle.instead)
            };
            match alike.iter_mut().find(same) {
                Some((_, places)) => places.extend(&obstacle.place),
                None => alike.push((obstacle, obstacle.place.iter().collect())),
            }
        }
        let mut groups: Vec<Group<'s>> =
            alike.into_iter().map(|(obstacle, places)| self.obstacle(obstacle, &places)).collect();
        let steps = fix.follow_ups.iter().filter(|step| !matches!(step, FollowUp::Rotate(_)));
        let steps = steps.map(|step| Element::from(Level::NOTE.message(self.line(&follow_up(step)))));
        groups.push(Level::HELP.secondary_title(format!("by hand: {}", self.line(&fix.title))).elements(steps));
        groups
    }

    /// One reason against a fix, with the places where it stands and what to write there.
    fn obstacle<'s>(&'s self, obstacle: &'s Obstacle, places: &[&'s Label]) -> Group<'s> {
        let shown = places.iter().take(MOST_PLACES).map(|place| (*place, AnnotationKind::Primary));
        let more = places.len().saturating_sub(MOST_PLACES);
        let more = (more > 0).then(|| Level::NOTE.message(format!("and in {}", counted(more, "more place"))));
        Group::with_title(Level::NOTE.secondary_title(format!("no fix: {}", self.line(&obstacle.reason))))
            .elements(self.snippets(shown))
            .elements(more)
            .elements(obstacle.instead.as_ref().map(|text| Level::HELP.message(self.instead(text))))
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

/// How many places of one obstacle are shown; the first ones tell how the others look.
const MOST_PLACES: usize = 3;

/// All places of a finding.
pub(super) fn labels(finding: &Finding) -> impl Iterator<Item = &Label> {
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
    /// Those of all findings that the baseline has.
    pub known: usize,
}

impl Count {
    /// Counts `findings`.
    #[must_use]
    pub fn of<'a>(findings: impl IntoIterator<Item = &'a Planned>) -> Self {
        let mut count = Self::default();
        let mut files = HashSet::new();
        for planned in findings {
            count.findings += 1;
            count.known += usize::from(planned.known);
            files.insert(planned.finding.primary.file.as_str());
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
        let known = if self.known == 0 { String::new() } else { format!(" ({} known)", self.known) };
        let found = format!("{}{known} in {}", counted(self.findings, "finding"), counted(self.files, "file"));
        if kinds.is_empty() { found } else { format!("{found}: {}", kinds.join(", ")) }
    }
}

#[cfg(test)]
mod tests;
