//! Comments by which somebody says that a finding is known and stays: in Dockerfiles and in the files that build them.

mod comment;
mod reach;

pub use comment::Comment;

use std::sync::Arc;

use camino::{Utf8Path, Utf8PathBuf};

use super::{Finding, Label};
use crate::callers::recognised;
use crate::repository::Repository;
use crate::source::{LineIndex, Source, TextRange, slice};

/// A comment that silences findings.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Suppression {
    /// The file that it stands in, from the repository's root.
    pub file: Utf8PathBuf,
    /// Its line, from 1.
    pub line: u32,
    /// Where it stands, to the end of the line.
    pub range: TextRange,
    /// What it says.
    pub comment: Comment,
    /// What became of it.
    pub state: SuppressionState,
    /// What it is about; `None` for the whole file.
    reach: Option<TextRange>,
}

/// What became of a [`Suppression`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SuppressionState {
    /// It silences a finding, or nobody looked for those that it is about.
    Holds,
    /// There is nothing that it could silence.
    Unused,
    /// Its day has passed, so it silences nothing.
    Expired,
    /// It has no reason where the settings require one, so it silences nothing.
    WithoutReason,
}

/// A comment that can't be understood.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CommentMistake {
    /// The file that it stands in, from the repository's root.
    pub file: Utf8PathBuf,
    /// Its line, from 1.
    pub line: u32,
    /// Where it stands, to the end of the line.
    pub range: TextRange,
    /// What is wrong, without a final period.
    pub message: String,
    /// The word that was probably meant.
    pub suggestion: Option<String>,
}

impl Suppression {
    /// What a person should do about it, without a final period; `None` where it is as it should be.
    #[must_use]
    pub fn complaint(&self) -> Option<String> {
        let list = self.comment.codemods.iter().map(|id| format!("`{id}`")).collect::<Vec<_>>().join(" and ");
        match self.state {
            SuppressionState::Holds => None,
            SuppressionState::Unused => Some(format!("nothing is found there by {list}: the comment can go")),
            SuppressionState::Expired => {
                let until = self.comment.until.map(|date| date.to_string()).unwrap_or_default();
                Some(format!("the comment held until {until}, so {list} is looked for again"))
            }
            SuppressionState::WithoutReason => {
                Some(format!("the comment has no `reason=\"…\"`, which the settings require: {list} is looked for"))
            }
        }
    }

    /// Whether it is about `finding`. In the Dockerfile that the finding is about its first place decides; in a file that
    /// builds it any place does, because a fix is made in all files or not at all.
    fn concerns(&self, finding: &Finding) -> bool {
        let within = |label: &&Label| {
            label.file == self.file && self.reach.is_none_or(|reach| reach.intersect(label.range).is_some())
        };
        let named = self.comment.codemods.iter().any(|id| id == finding.codemod);
        named
            && match finding.dockerfile == self.file {
                true if self.reach.is_none() => true,
                true => within(&&finding.primary),
                false => std::iter::once(&finding.primary).chain(&finding.labels).any(|label| within(&label)),
            }
    }
}

/// All comments of a state of the files.
#[derive(Debug, Clone, Default)]
pub(super) struct Suppressions {
    pub all: Vec<Suppression>,
    pub mistakes: Vec<CommentMistake>,
    /// The files that have one.
    pub files: Vec<Utf8PathBuf>,
}

impl Suppressions {
    /// The comments of `repository`, which may name the codemods `known`. None count in a repository whose own settings
    /// don't.
    pub(super) fn of(repository: &Repository, known: &[&str]) -> Self {
        if repository.configuration.is_isolated() {
            return Self::default();
        }
        let marked = repository.sources().filter(|source| source.text().contains(comment::MARK));
        let files = marked.map(|source| source.path().to_owned()).collect();
        Self { files, ..Self::default() }.again(repository, known)
    }

    /// The same files as they are in another state.
    pub(super) fn again(&self, repository: &Repository, known: &[&str]) -> Self {
        let mut read = Self { files: self.files.clone(), ..Self::default() };
        for source in self.files.iter().filter_map(|file| repository.source(file)) {
            read.add(repository, source, known);
        }
        read
    }

    fn add(&mut self, repository: &Repository, source: &Source, known: &[&str]) {
        let (path, text) = (source.path(), source.text());
        let is_dockerfile = repository.dockerfiles().iter().any(|dockerfile| dockerfile == path);
        let caller = if is_dockerfile { None } else { recognised(path, text).map(|caller| caller.format()) };
        let openers = caller.map_or(if is_dockerfile { &["#"][..] } else { &[] }, comment::openers);
        let lines = LineIndex::new(text);
        for range in comment::places(text, openers, is_dockerfile) {
            let line = lines.line(range.start());
            let file = path.to_owned();
            match comment::read(slice(text, range), known) {
                None => {}
                Some(Err(comment::Mistake { message, suggestion })) => {
                    self.mistakes.push(CommentMistake { file, line, range, message, suggestion });
                }
                Some(Ok(comment)) => {
                    let reach = (!comment.whole_file).then(|| match caller {
                        Some(format) => reach::of_caller(text, range, format),
                        None => reach::of_dockerfile(text, range),
                    });
                    let state = state(repository, path, &comment);
                    self.all.push(Suppression { file, line, range, comment, state, reach });
                }
            }
        }
    }

    /// The comment that silences `finding`.
    pub(super) fn silencing(&self, finding: &Finding) -> Option<usize> {
        let holds = |one: &Suppression| one.state == SuppressionState::Holds;
        self.all.iter().position(|one| holds(one) && one.concerns(finding))
    }

    /// Takes note of the comments that are about none of `findings`, of which `looked_for` tells whether they were looked
    /// for.
    pub(super) fn look_for_use(&mut self, findings: &[Arc<Finding>], looked_for: impl Fn(&Utf8Path, &str) -> bool) {
        for one in &mut self.all {
            let asked = one.comment.codemods.iter().all(|id| looked_for(&one.file, id));
            let useless = one.state == SuppressionState::Holds || one.state == SuppressionState::Expired;
            if asked && useless && !findings.iter().any(|finding| one.concerns(finding)) {
                one.state = SuppressionState::Unused;
            }
        }
    }
}

fn state(repository: &Repository, file: &Utf8Path, comment: &Comment) -> SuppressionState {
    let passed = repository.today.zip(comment.until).is_some_and(|(today, until)| today > until);
    let required = repository.settings(file).suppressions.require_reason == Some(true);
    match passed {
        true => SuppressionState::Expired,
        false if required && comment.reason.is_none() => SuppressionState::WithoutReason,
        false => SuppressionState::Holds,
    }
}
