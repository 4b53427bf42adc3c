//! The text of a pull request: what leaks, what changed, and what a person has to do.

use std::collections::BTreeSet;

use camino::{Utf8Path, Utf8PathBuf};
use serde::{Deserialize, Serialize};

use super::{Prose, prose::Markdown};
use crate::{
    codemods::foreign_build,
    plan::{Finding, FollowUp, Label, Planned, Status},
    report::{Redactor, counted, follow_up},
    repository::Repository,
    source::LineIndex,
};

/// What a pull request is about.
#[derive(Debug, Clone)]
pub struct Change<'a> {
    /// The files as they are on the base branch.
    pub repository: &'a Repository,
    /// The findings and what became of them, in order.
    pub findings: Vec<&'a Planned>,
    /// The files that change, from the root.
    pub files: Vec<Utf8PathBuf>,
    /// The secrets that the changed builds take, by id, and where each comes from (`env=NAME` or `src=FILE`).
    pub secrets: Vec<(String, String)>,
    /// The lines that build the changed Dockerfiles from now on.
    pub build_lines: Vec<String>,
    /// What is merged before it and behind it.
    pub order: Vec<Ordered>,
}

/// A step of what is merged in which order.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Ordered {
    /// What is done, without a final period. Names stand in backticks.
    pub text: String,
    /// The pull request that does it, where there is one.
    pub link: Option<String>,
}

/// The title: what is moved, by name if that is one.
#[must_use]
pub fn title(change: &Change<'_>, redactor: &Redactor) -> Prose {
    let subjects: BTreeSet<&str> = change.applied().map(|planned| planned.finding.subject.as_str()).collect();
    let mut subjects = subjects.into_iter();
    let text = match (subjects.next(), subjects.len()) {
        (Some(name), 0) if is_name(name) && change.is_for_others() => format!("Pass {name} to builds as a secret"),
        (_, more) if change.is_for_others() => format!("Pass {} to builds as secrets", counted(more + 1, "secret")),
        (Some(name), 0) if is_name(name) => format!("Keep {name} out of Docker images"),
        (_, more) => format!("Keep {} out of Docker images", counted(more + 1, "secret")),
    };
    Prose::line(&text, redactor)
}

/// The text, in at most `longest` characters: details go first, then all but the first items of each list.
#[must_use]
pub fn body(change: &Change<'_>, redactor: &Redactor, longest: usize) -> Prose {
    const DETAILS: [Detail; 5] = [
        Detail { items: usize::MAX, below: true },
        Detail { items: usize::MAX, below: false },
        Detail { items: 20, below: false },
        Detail { items: 5, below: false },
        Detail { items: 1, below: false },
    ];
    let written = DETAILS.iter().map(|detail| Writer { change, redactor, detail: *detail }.write());
    let mut last = None;
    for text in written {
        if text.length() <= longest {
            return text;
        }
        last = Some(text);
    }
    match last {
        Some(text) if longest >= text.length() => text,
        _ => Writer { change, redactor, detail: Detail { items: 0, below: false } }.write(),
    }
}

impl Change<'_> {
    fn applied(&self) -> impl Iterator<Item = &Planned> {
        self.findings.iter().copied().filter(|planned| planned.status == Status::Applied)
    }

    /// Whether all of it is for Dockerfiles of other repositories.
    fn is_for_others(&self) -> bool {
        let mut applied = self.applied().peekable();
        applied.peek().is_some() && applied.all(|planned| planned.finding.codemod == foreign_build::CODEMOD.id)
    }

    fn left(&self) -> impl Iterator<Item = &Planned> {
        self.findings.iter().copied().filter(|planned| planned.status != Status::Applied)
    }
}

/// A name that a title can show as it is.
fn is_name(text: &str) -> bool {
    text.len() <= 60 && text.chars().all(|char| char.is_ascii_alphanumeric() || "_.-".contains(char))
}

/// How much is said.
#[derive(Debug, Clone, Copy)]
struct Detail {
    /// The items of a list at most.
    items: usize,
    /// Whether items have lists of their own.
    below: bool,
}

type Item = (String, Vec<String>);

struct Writer<'a> {
    change: &'a Change<'a>,
    redactor: &'a Redactor,
    detail: Detail,
}

impl Writer<'_> {
    fn write(&self) -> Prose {
        let links = self.change.order.iter().filter_map(|step| step.link.clone()).collect();
        let mut text = Markdown::new(self.redactor, "###").linking(links);
        text.fixed(match self.change.is_for_others() {
            true => {
                "This repository builds a Dockerfile of another one, in which secrets move to [BuildKit secret \
                 mounts](https://docs.docker.com/build/building/secrets/): a build argument stays readable in an image's \
                 history. This has the builds pass what that Dockerfile takes."
            }
            false => {
                "A build argument stays readable in an image's history, an `ENV` in its configuration, a file in its \
                 layers. This moves secrets to [BuildKit secret \
                 mounts](https://docs.docker.com/build/building/secrets/), in the Dockerfile and in every file of this \
                 repository that builds it."
            }
        });
        if !self.change.order.is_empty() {
            text.heading("In this order");
            text.list(&self.order());
        }
        let found = if self.change.is_for_others() { "What is not passed" } else { "What leaks" };
        self.section(&mut text, found, self.leaks());
        self.section(&mut text, "What changes", self.changes());
        self.section(&mut text, "What is taken for granted", self.assumptions());
        self.section(&mut text, "Before you merge", self.follow_ups(|step| !matches!(step, FollowUp::Rotate(_))));
        self.section(&mut text, "The secrets of the build", self.secrets());
        if !self.change.build_lines.is_empty() && self.detail.items > 0 {
            text.heading("How to build it");
            text.console(&self.shortened(&self.change.build_lines));
        }
        self.section(&mut text, "What to rotate", self.follow_ups(|step| matches!(step, FollowUp::Rotate(_))));
        self.section(&mut text, "What is left for a person", self.left());
        text.fixed(
            "*Written by dfmigrate. A later run updates this text as long as nobody edits it, and the branch as long as \
             nobody else commits to it. If you close this request, it stays closed.*",
        );
        text.finish()
    }

    fn section(&self, text: &mut Markdown<'_>, title: &'static str, items: Vec<Item>) {
        if items.is_empty() {
            return;
        }
        text.heading(title);
        let more = items.len().saturating_sub(self.detail.items);
        let mut shown: Vec<Item> = items.into_iter().take(self.detail.items).collect();
        if !self.detail.below {
            shown.iter_mut().for_each(|(_, below)| below.clear());
        }
        if more > 0 {
            let what = if shown.is_empty() { counted(more, "item") } else { format!("and {more} more") };
            shown.push((what, Vec::new()));
        }
        text.list(&shown);
    }

    fn shortened(&self, lines: &[String]) -> Vec<String> {
        lines.iter().take(self.detail.items).cloned().collect()
    }

    /// What is merged before it and behind it. It is never shortened away: a wrong order breaks builds.
    fn order(&self) -> Vec<Item> {
        let item = |step: &Ordered| match &step.link {
            Some(link) => (format!("{}: {link}", step.text), Vec::new()),
            None => (step.text.clone(), Vec::new()),
        };
        self.change.order.iter().map(item).collect()
    }

    /// Where each secret leaks, and how that was found.
    fn leaks(&self) -> Vec<Item> {
        let item = |planned: &Planned| {
            let finding = &planned.finding;
            let places = finding.labels.iter().map(|label| format!("{}: {}", self.place(label), label.text));
            (self.headline(finding), places.chain(finding.notes.iter().cloned()).collect())
        };
        self.change.applied().map(item).collect()
    }

    fn changes(&self) -> Vec<Item> {
        let files = self.change.files.iter().map(|file| code(file.as_str())).collect::<Vec<_>>().join(", ");
        let fixes = self.change.applied().map(|planned| {
            let fix = &planned.finding;
            (format!("{}: {}", code(fix.primary.file.as_str()), fix.fix.title), Vec::new())
        });
        let files = (!files.is_empty()).then(|| (format!("Files: {files}"), Vec::new()));
        fixes.chain(files).collect()
    }

    fn assumptions(&self) -> Vec<Item> {
        unique(self.change.applied().flat_map(|planned| planned.finding.fix.assumptions.iter().cloned()))
    }

    fn follow_ups(&self, wanted: impl Fn(&FollowUp) -> bool) -> Vec<Item> {
        let steps = self.change.applied().flat_map(|planned| &planned.finding.fix.follow_ups);
        let steps: BTreeSet<&FollowUp> = steps.filter(|step| wanted(step)).collect();
        // Under this heading the verb would stand in front of every item.
        unique(steps.into_iter().map(|step| match step {
            FollowUp::Rotate(what) => what.trim_end_matches('.').to_owned(),
            other => follow_up(other),
        }))
    }

    fn secrets(&self) -> Vec<Item> {
        let item = |(id, source): &(String, String)| {
            let from = match source.split_once('=') {
                Some(("env", name)) => format!("from the variable {}", code(name)),
                Some(("src", path)) => format!("from the file {}", code(path)),
                _ => String::new(),
            };
            (format!("{} {from}", code(id)), Vec::new())
        };
        self.change.secrets.iter().map(item).collect()
    }

    /// What was found and is not repaired here, with the reasons and what to write instead.
    fn left(&self) -> Vec<Item> {
        let item = |planned: &Planned| {
            let fix = &planned.finding.fix;
            let obstacles = fix.obstacles.iter().map(|obstacle| {
                let place = obstacle.place.as_ref().map(|label| format!("{}: ", self.place(label))).unwrap_or_default();
                let instead = obstacle.instead.as_deref().map(|text| text.trim().lines().collect::<Vec<_>>().join(" "));
                let instead = instead.map(|text| format!("; write {} there", code(&text))).unwrap_or_default();
                format!("{place}{}{instead}", obstacle.reason)
            });
            let reasons = match &planned.status {
                Status::HeldBack(reason) => vec![format!("held back: {reason}")],
                Status::Unsafe => {
                    let assumed = fix.assumptions.iter().map(|assumption| format!("assuming: {assumption}"));
                    std::iter::once("possible with `--unsafe-fixes`".to_owned()).chain(assumed).collect()
                }
                Status::NotChosen => vec!["not chosen in the review".to_owned()],
                Status::Manual | Status::Applied => obstacles.collect(),
            };
            (self.headline(&planned.finding), reasons)
        };
        self.change.left().map(item).collect()
    }

    fn headline(&self, finding: &Finding) -> String {
        format!("{}: {} ({})", self.place(&finding.primary), finding.title, code(finding.codemod))
    }

    /// `file:line` as code.
    fn place(&self, label: &Label) -> String {
        let line = |path: &Utf8Path| {
            let source = self.change.repository.source(path)?;
            Some(LineIndex::new(source.text()).line(label.range.start()))
        };
        match line(&label.file) {
            Some(line) => code(&format!("{}:{line}", label.file)),
            None => code(label.file.as_str()),
        }
    }
}

/// A name as code of a message. A backtick in it would end the code, and is what nobody has in a name.
fn code(name: &str) -> String {
    format!("`{}`", name.replace('`', "'"))
}

/// Every text once, in order.
fn unique(texts: impl IntoIterator<Item = String>) -> Vec<Item> {
    let mut seen = BTreeSet::new();
    texts.into_iter().filter(|text| seen.insert(text.clone())).map(|text| (text, Vec::new())).collect()
}

#[cfg(test)]
mod tests;
