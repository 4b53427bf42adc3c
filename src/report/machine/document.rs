use std::collections::{BTreeMap, HashMap};

use camino::{Utf8Path, Utf8PathBuf};
use serde::Serialize;

use crate::{
    plan::{self, Applicability, Label, Obstacle, Plan, Planned, SetAside, Severity},
    report::{Redactor, diagnostics, shown},
    repository::Repository,
    source::{Edit, LineIndex, Source, TextRange},
};

/// The version of the form of a [`Document`]. Fields may be added under the same number; a reader has to pass over those
/// that it does not know. Removing one, or giving one another meaning, takes a higher number.
pub const VERSION: u32 = 1;

/// What was found in some repositories.
#[derive(Debug, Clone, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct Document {
    /// The version of the form: 1.
    pub version: u32,
    /// The version of dfmigrate that wrote it.
    pub tool_version: &'static str,
    /// Everything that was found, in the order of repositories, files and places.
    pub findings: Vec<Finding>,
    /// Findings that nobody wants to hear of, by a comment or because they are known.
    pub ignored: Vec<Ignored>,
    /// The comments that ignore findings.
    pub suppressions: Vec<Suppression>,
    /// Files that were left alone, and why.
    pub notices: Vec<Notice>,
    /// How many findings there are, by what can be done about them.
    pub count: Count,
}

/// One thing that is wrong.
#[derive(Debug, Clone, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct Finding {
    /// The root of the repository, as it was given or found; paths in the finding begin there.
    #[cfg_attr(test, schemars(with = "String"))]
    pub root: Utf8PathBuf,
    /// The id of the codemod, such as `arg-secret`.
    pub codemod: &'static str,
    /// How bad it is.
    pub severity: Level,
    /// One sentence without a final period.
    pub title: String,
    /// What it is about: the name of a variable, the path of a file.
    pub subject: String,
    /// The Dockerfile that it is about.
    #[cfg_attr(test, schemars(with = "String"))]
    pub dockerfile: Utf8PathBuf,
    /// 32 hexadecimal digits that stay the same when lines move: of the codemod, the Dockerfile, the subject and, where
    /// several findings share these, the number among them.
    pub fingerprint: String,
    /// Whether the baseline has it.
    pub known: bool,
    /// The place to look at first.
    pub place: Place,
    /// Other places: uses, where the value comes to rest, builds that pass it.
    pub related: Vec<Place>,
    /// What a person should know, one sentence each.
    pub notes: Vec<String>,
    /// What can be done about it.
    pub remedy: Remedy,
}

/// How bad a finding is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(rename_all = "lowercase")]
pub enum Level {
    /// A secret stays readable, or the build is broken.
    Error,
    /// Something that will or may leak or break.
    Warning,
    /// Worth knowing.
    Note,
}

/// What can be done about a finding.
#[derive(Debug, Clone, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct Remedy {
    /// A verb phrase.
    pub title: String,
    /// How it can be done.
    pub status: Status,
    /// What the fix takes for granted, one sentence each; only where `status` is `unsafe`.
    pub assumptions: Vec<String>,
    /// Why there is no fix; only where `status` is `manual` or `held-back`.
    pub reasons: Vec<Reason>,
    /// What a person still has to do.
    pub follow_ups: Vec<FollowUp>,
    /// The edits, all or none of which are to be made. Empty where there is no fix, and where an edit would write a text
    /// that holds a secret.
    pub changes: Vec<Change>,
}

/// How a finding can be repaired.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(rename_all = "kebab-case")]
pub enum Status {
    /// `--fix` does it.
    Safe,
    /// `--fix --unsafe-fixes` does it, if the assumptions hold.
    Unsafe,
    /// A person has to.
    Manual,
    /// A fix was made and did not hold what it promised, or collided with another one.
    HeldBack,
}

/// Something that keeps a fix from being made by a machine.
#[derive(Debug, Clone, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct Reason {
    /// A stable short name for counting, such as `writes-down`.
    pub kind: &'static str,
    /// One sentence without a final period.
    pub text: String,
    /// Where it stands.
    pub place: Option<Place>,
    /// The text to put there by hand, where it is known.
    pub instead: Option<String>,
}

/// What a person has to do after a fix, or instead of one.
#[derive(Debug, Clone, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(tag = "kind", content = "text", rename_all = "lowercase")]
pub enum FollowUp {
    /// Replace a credential that was readable.
    Rotate(String),
    /// Provide something where the image is built.
    Provide(String),
    /// Anything else.
    Do(String),
}

/// A place in a file, with a few words about it.
#[derive(Debug, Clone, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct Place {
    /// The file, from the root.
    #[cfg_attr(test, schemars(with = "String"))]
    pub file: Utf8PathBuf,
    /// Where in it.
    pub span: Span,
    /// What is there, without a final period.
    pub text: String,
}

/// A range of a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct Span {
    /// The first character.
    pub start: Position,
    /// The character behind the last one.
    pub end: Position,
}

/// A place between two characters.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct Position {
    /// Bytes from the beginning of the file, from 0.
    pub offset: u64,
    /// The line, from 1.
    pub line: u32,
    /// Characters (Unicode scalar values) in the line, from 1.
    pub column: u32,
}

/// An edit of a file: the text of a range gets replaced.
#[derive(Debug, Clone, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct Change {
    /// The file, from the root. One that is not there is made.
    #[cfg_attr(test, schemars(with = "String"))]
    pub file: Utf8PathBuf,
    /// What is replaced.
    pub span: Span,
    /// What stands there afterwards.
    pub text: String,
}

/// A finding that is ignored.
#[derive(Debug, Clone, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct Ignored {
    /// The root of the repository.
    #[cfg_attr(test, schemars(with = "String"))]
    pub root: Utf8PathBuf,
    /// The id of the codemod.
    pub codemod: &'static str,
    /// One sentence without a final period.
    pub title: String,
    /// The Dockerfile that it is about.
    #[cfg_attr(test, schemars(with = "String"))]
    pub dockerfile: Utf8PathBuf,
    /// The fingerprint, as of other findings.
    pub fingerprint: String,
    /// The place to look at first.
    pub place: Place,
    /// The comment that ignores it, an index into `suppressions`; `null` for one that the baseline has.
    pub suppression: Option<usize>,
}

/// A comment that ignores findings.
#[derive(Debug, Clone, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct Suppression {
    /// The root of the repository.
    #[cfg_attr(test, schemars(with = "String"))]
    pub root: Utf8PathBuf,
    /// The place of the comment; its text is what to do about it, and empty where it is as it should be.
    pub place: Place,
    /// The codemods that it is about.
    pub codemods: Vec<String>,
    /// Why.
    pub reason: Option<String>,
    /// The last day on which it holds, such as `2027-01-31`.
    pub until: Option<String>,
    /// Whether it is about the whole file.
    pub whole_file: bool,
    /// What became of it.
    pub state: SuppressionState,
}

/// What became of a comment that ignores findings.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(rename_all = "kebab-case")]
pub enum SuppressionState {
    /// It ignores a finding, or what it is about was not asked for.
    Holds,
    /// There is nothing that it could ignore.
    Unused,
    /// Its day has passed, so it ignores nothing.
    Expired,
    /// It has no reason where the settings require one, so it ignores nothing.
    WithoutReason,
}

/// A file that was left alone.
#[derive(Debug, Clone, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct Notice {
    /// The root of the repository.
    #[cfg_attr(test, schemars(with = "String"))]
    pub root: Utf8PathBuf,
    /// The file, from the root.
    #[cfg_attr(test, schemars(with = "String"))]
    pub file: Utf8PathBuf,
    /// One sentence without a final period.
    pub reason: String,
}

/// How many findings there are.
#[derive(Debug, Clone, Copy, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct Count {
    /// All.
    pub findings: usize,
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
    /// What is ignored besides, by comments or because only new findings were asked for.
    pub ignored: usize,
}

/// One analysed repository.
#[derive(Clone, Copy)]
pub struct Part<'a> {
    /// Its root.
    pub root: &'a Utf8Path,
    /// Its files.
    pub repository: &'a Repository,
    /// What was found.
    pub plan: &'a Plan,
    /// What may not be shown.
    pub redactor: &'a Redactor,
}

impl Document {
    /// What was found in all of `parts`.
    #[must_use]
    pub fn of(parts: &[Part<'_>]) -> Self {
        let count = diagnostics::Count::of(parts.iter().flat_map(|part| &part.plan.findings));
        let notice = |part: &Part<'_>, notice: &crate::repository::Notice| Notice {
            root: part.root.to_owned(),
            file: path(&notice.file),
            reason: part.redactor.line(&notice.reason),
        };
        let asked = |part: &'_ Part<'_>| {
            let notices = part.repository.notices.iter().filter(|it| part.repository.is_selected(&it.file));
            notices.map(|it| notice(part, it)).collect::<Vec<_>>()
        };
        let before = |offset: &mut usize, part: &Part<'_>| {
            let own = *offset;
            *offset += part.plan.suppressions.len();
            Some(own)
        };
        let offsets: Vec<usize> = parts.iter().scan(0, before).collect();
        let writers: Vec<Writer<'_>> = parts.iter().map(|part| Writer::new(*part)).collect();
        Self {
            version: VERSION,
            tool_version: env!("CARGO_PKG_VERSION"),
            findings: writers.iter().flat_map(Writer::findings).collect(),
            ignored: writers.iter().zip(&offsets).flat_map(|(writer, offset)| writer.ignored(*offset)).collect(),
            suppressions: writers.iter().flat_map(Writer::suppressions).collect(),
            notices: parts.iter().flat_map(asked).collect(),
            count: Count {
                findings: count.findings,
                safe: count.safe,
                r#unsafe: count.r#unsafe,
                manual: count.manual,
                held_back: count.held_back,
                known: count.known,
                ignored: parts.iter().map(|part| part.plan.set_aside.len()).sum(),
            },
        }
    }
}

/// Writes the findings of one repository down.
struct Writer<'a> {
    part: Part<'a>,
    /// The texts that places are in, by their paths, and their lines.
    files: HashMap<&'a str, (&'a str, LineIndex)>,
}

impl<'a> Writer<'a> {
    fn new(part: Part<'a>) -> Self {
        let fixes = part.plan.findings.iter().flat_map(|planned| planned.finding.fix.edits.keys());
        let places = part.plan.findings.iter().flat_map(|planned| diagnostics::labels(&planned.finding));
        let aside = part.plan.set_aside.iter().map(|aside| aside.finding.primary.file.as_path());
        let aside = aside.chain(part.plan.suppressions.iter().map(|comment| comment.file.as_path()));
        let paths = places.map(|label| label.file.as_path()).chain(fixes.map(Utf8PathBuf::as_path)).chain(aside);
        let mut files = HashMap::new();
        for path in paths {
            if !files.contains_key(path.as_str())
                && let Some(source) = part.repository.source(path)
            {
                files.insert(path.as_str(), (source.text(), LineIndex::new(source.text())));
            }
        }
        Self { part, files }
    }

    fn findings(&self) -> Vec<Finding> {
        self.part.plan.findings.iter().map(|planned| self.finding(planned)).collect()
    }

    fn finding(&self, planned: &Planned) -> Finding {
        let finding = &planned.finding;
        Finding {
            root: self.part.root.to_owned(),
            codemod: finding.codemod,
            severity: match finding.severity {
                Severity::Error => Level::Error,
                Severity::Warning => Level::Warning,
                Severity::Note => Level::Note,
            },
            title: self.line(&finding.title),
            subject: self.line(&finding.subject),
            fingerprint: planned.fingerprint(),
            known: planned.known,
            dockerfile: path(&finding.dockerfile),
            place: self.place(&finding.primary),
            related: finding.labels.iter().map(|label| self.place(label)).collect(),
            notes: finding.notes.iter().map(|note| self.line(note)).collect(),
            remedy: self.remedy(planned),
        }
    }

    /// `offset` is where the comments of this repository begin among those of all.
    fn ignored(&self, offset: usize) -> Vec<Ignored> {
        let ignored = |aside: &SetAside| Ignored {
            root: self.part.root.to_owned(),
            codemod: aside.finding.codemod,
            title: self.line(&aside.finding.title),
            dockerfile: path(&aside.finding.dockerfile),
            fingerprint: aside.fingerprint.clone(),
            place: self.place(&aside.finding.primary),
            suppression: aside.suppression.map(|index| offset + index),
        };
        self.part.plan.set_aside.iter().map(ignored).collect()
    }

    fn suppressions(&self) -> Vec<Suppression> {
        let suppression = |one: &plan::Suppression| Suppression {
            root: self.part.root.to_owned(),
            place: Place {
                file: path(&one.file),
                span: self.span(&one.file, one.range),
                text: self.line(&one.complaint().unwrap_or_default()),
            },
            codemods: one.comment.codemods.clone(),
            reason: one.comment.reason.as_ref().map(|reason| self.line(reason)),
            until: one.comment.until.map(|date| date.to_string()),
            whole_file: one.comment.whole_file,
            state: match one.state {
                plan::SuppressionState::Holds => SuppressionState::Holds,
                plan::SuppressionState::Unused => SuppressionState::Unused,
                plan::SuppressionState::Expired => SuppressionState::Expired,
                plan::SuppressionState::WithoutReason => SuppressionState::WithoutReason,
            },
        };
        self.part.plan.suppressions.iter().map(suppression).collect()
    }

    fn remedy(&self, planned: &Planned) -> Remedy {
        let fix = &planned.finding.fix;
        let status = match (&planned.status, fix.applicability) {
            (plan::Status::HeldBack(_), _) => Status::HeldBack,
            (plan::Status::Manual, _) | (_, Applicability::Manual) => Status::Manual,
            (_, Applicability::Unsafe) => Status::Unsafe,
            (_, Applicability::Safe) => Status::Safe,
        };
        let held_back = match &planned.status {
            plan::Status::HeldBack(text) => {
                Some(Reason { kind: "held-back", text: self.line(text), place: None, instead: None })
            }
            _ => None,
        };
        let can_be_made = matches!(status, Status::Safe | Status::Unsafe);
        Remedy {
            title: self.line(&fix.title),
            status,
            assumptions: fix.assumptions.iter().map(|text| self.line(text)).collect(),
            reasons: held_back.into_iter().chain(fix.obstacles.iter().map(|it| self.reason(it))).collect(),
            follow_ups: fix.follow_ups.iter().map(|it| self.follow_up(it)).collect(),
            changes: if can_be_made { self.changes(&fix.edits) } else { Vec::new() },
        }
    }

    fn reason(&self, obstacle: &Obstacle) -> Reason {
        Reason {
            kind: obstacle.kind,
            text: self.line(&obstacle.reason),
            place: obstacle.place.as_ref().map(|label| self.place(label)),
            instead: obstacle.instead.as_ref().map(|text| self.lines(text)),
        }
    }

    fn follow_up(&self, follow_up: &plan::FollowUp) -> FollowUp {
        match follow_up {
            plan::FollowUp::Rotate(text) => FollowUp::Rotate(self.line(text)),
            plan::FollowUp::Provide(text) => FollowUp::Provide(self.line(text)),
            plan::FollowUp::Do(text) => FollowUp::Do(self.line(text)),
        }
    }

    fn changes(&self, edits: &BTreeMap<Utf8PathBuf, Vec<Edit>>) -> Vec<Change> {
        let all = edits.iter().flat_map(|(file, edits)| edits.iter().map(move |edit| (file, edit)));
        let changes = all.map(|(file, edit)| {
            let text = edit.text.clone();
            // A path or a text that would not be shown as it is can't be handed on.
            let is_exact = self.line(&text) == shown::line(&text) && path(file) == *file;
            is_exact.then(|| Change { file: file.clone(), span: self.span(file, edit.range()), text })
        });
        changes.collect::<Option<Vec<_>>>().unwrap_or_default()
    }

    fn place(&self, label: &Label) -> Place {
        Place { file: path(&label.file), span: self.span(&label.file, label.range), text: self.line(&label.text) }
    }

    fn span(&self, file: &Utf8Path, range: TextRange) -> Span {
        let known = self.files.get(file.as_str());
        let other = || self.part.repository.source(file).map(Source::text).unwrap_or_default();
        let text = known.map_or_else(other, |(text, _)| *text);
        let position = |offset| {
            let at = known.map(|(_, index)| index.line_column(offset));
            let (line, bytes) = at.map_or((1, 1), |at| (at.line, at.column as usize));
            let end = usize::from(offset).min(text.len());
            let start = (end + 1).saturating_sub(bytes);
            let column = text.get(start..end).map_or(bytes, |before| before.chars().count() + 1);
            Position { offset: end as u64, line, column: u32::try_from(column).unwrap_or(u32::MAX) }
        };
        Span { start: position(range.start()), end: position(range.end()) }
    }

    fn line(&self, text: &str) -> String {
        self.part.redactor.line(text)
    }

    fn lines(&self, text: &str) -> String {
        text.trim_end().lines().map(|line| self.line(line)).collect::<Vec<_>>().join("\n")
    }
}

fn path(path: &Utf8Path) -> Utf8PathBuf {
    shown::line(path.as_str()).into()
}
