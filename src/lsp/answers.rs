//! What an editor is told of findings: diagnostics, code actions, pages.

use std::cell::RefCell;
use std::collections::{BTreeMap, HashMap};
use std::rc::Rc;

use camino::{Utf8Path, Utf8PathBuf};
use lsp_types::{
    CodeAction, CodeActionKind, CreateFile, CreateFileOptions, Diagnostic, DiagnosticRelatedInformation,
    DiagnosticSeverity, DiagnosticTag, DocumentChangeOperation, DocumentChanges, Hover, HoverContents, Location,
    MarkupContent, MarkupKind, NumberOrString, OneOf, OptionalVersionedTextDocumentIdentifier, Range, ResourceOp,
    TextDocumentEdit, TextEdit, Uri, WorkspaceEdit,
};

use super::position::{Encoding, Lines};
use super::workspace::{Open, Workspace};
use crate::codemods;
use crate::report::machine::{self, Change, Finding, Level, Place, Status, SuppressionState};
use crate::source::{Edit, Source};
use crate::syntax::dockerfile;

/// The kind of the action that makes all safe fixes at once, which editors can ask for when a file is saved.
pub(super) const FIX_ALL: CodeActionKind = CodeActionKind::new("source.fixAll.dfmigrate");

/// How a client wants to be answered.
#[derive(Debug, Clone, Copy)]
pub(super) struct Manner {
    pub encoding: Encoding,
    /// Whether it takes edits of documents with versions.
    pub versions: bool,
    /// Whether an edit may make files.
    pub makes_files: bool,
}

/// The address of a file.
pub(super) fn uri(path: &Utf8Path) -> Option<Uri> {
    url::Url::from_file_path(path).ok()?.as_str().parse().ok()
}

/// The file at an address; `None` for what is no file.
pub(super) fn path(uri: &Uri) -> Option<Utf8PathBuf> {
    let path = url::Url::parse(uri.as_str()).ok()?.to_file_path().ok()?;
    Utf8PathBuf::from_path_buf(path).ok()
}

/// The answers about one repository.
pub(super) struct Answers<'w> {
    workspace: &'w Workspace,
    open: &'w BTreeMap<Utf8PathBuf, Open>,
    manner: Manner,
    /// The files that places were asked of until now: most hold several.
    files: RefCell<HashMap<String, Rc<File<'w>>>>,
}

/// A file that has places in it.
struct File<'w> {
    lines: Lines<'w>,
    uri: Option<Uri>,
}

impl<'w> Answers<'w> {
    pub(super) fn new(workspace: &'w Workspace, open: &'w BTreeMap<Utf8PathBuf, Open>, manner: Manner) -> Self {
        Self { workspace, open, manner, files: RefCell::default() }
    }

    fn file(&self, path: &Utf8Path) -> Rc<File<'w>> {
        if let Some(known) = self.files.borrow().get(path.as_str()) {
            return Rc::clone(known);
        }
        let lines = Lines::new(self.text(path), self.manner.encoding);
        let file = Rc::new(File { lines, uri: uri(&self.absolute(path)) });
        self.files.borrow_mut().insert(path.to_string(), Rc::clone(&file));
        file
    }

    fn findings(&self) -> impl Iterator<Item = &'w Finding> {
        self.workspace.found.document.iter().flat_map(|document| &document.findings)
    }

    fn text(&self, file: &Utf8Path) -> &'w str {
        let repository = &self.workspace.found.repository;
        let own = || repository.settings_source.as_ref().filter(|source| source.path() == file);
        repository.source(file).or_else(own).map(Source::text).unwrap_or_default()
    }

    fn range(&self, place: &Place) -> Range {
        self.file(&place.file).lines.range(place.span.start.offset, place.span.end.offset)
    }

    fn absolute(&self, file: &Utf8Path) -> Utf8PathBuf {
        self.workspace.path().join(file)
    }

    /// All diagnostics, by absolute paths.
    pub(super) fn diagnostics(&self) -> BTreeMap<String, Vec<Diagnostic>> {
        let mut files: BTreeMap<String, Vec<Diagnostic>> = BTreeMap::new();
        let mut add =
            |file: &Utf8Path, diagnostic| files.entry(self.absolute(file).into_string()).or_default().push(diagnostic);
        self.findings().for_each(|finding| add(&finding.place.file, self.diagnostic(finding)));
        let found = &self.workspace.found;
        for mistake in &found.mistakes {
            let lines = &self.file(&mistake.file).lines;
            let range = lines.range(u32::from(mistake.range.start()).into(), u32::from(mistake.range.end()).into());
            let meant = mistake.suggestion.as_ref().map(|word| format!("; `{word}` was probably meant"));
            add(
                &mistake.file,
                ours(range, DiagnosticSeverity::ERROR, mistake.message.clone() + &meant.unwrap_or_default()),
            );
        }
        let comments = found.document.iter().flat_map(|document| &document.suppressions);
        for comment in comments.filter(|comment| !comment.place.text.is_empty()) {
            let mut told =
                ours(self.range(&comment.place), DiagnosticSeverity::INFORMATION, comment.place.text.clone());
            told.tags = (comment.state == SuppressionState::Unused).then(|| vec![DiagnosticTag::UNNECESSARY]);
            add(&comment.place.file, told);
        }
        if let Some(error) = &found.settings {
            let line = u32::try_from(error.line.saturating_sub(1)).unwrap_or_default();
            let range = Range::new(lsp_types::Position::new(line, 0), lsp_types::Position::new(line + 1, 0));
            add(&error.file, ours(range, DiagnosticSeverity::ERROR, error.to_string()));
        }
        files
    }

    fn diagnostic(&self, finding: &Finding) -> Diagnostic {
        let severity = match finding.severity {
            Level::Error => DiagnosticSeverity::ERROR,
            Level::Warning => DiagnosticSeverity::WARNING,
            Level::Note => DiagnosticSeverity::INFORMATION,
        };
        let related = finding.related.iter().filter_map(|place| {
            let location = Location::new(self.file(&place.file).uri.clone()?, self.range(place));
            Some(DiagnosticRelatedInformation { location, message: place.text.clone() })
        });
        Diagnostic {
            code: Some(NumberOrString::String(finding.codemod.to_owned())),
            related_information: Some(related.collect()),
            ..ours(self.range(&finding.place), severity, machine::message(finding))
        }
    }

    /// The findings with a place in `file` that touches `range`.
    fn at(&self, file: &Utf8Path, range: Range) -> Vec<&'w Finding> {
        let touches = |place: &Place| {
            let own = self.range(place);
            place.file == file && own.start <= range.end && range.start <= own.end
        };
        let all = self.findings();
        all.filter(|finding| std::iter::once(&finding.place).chain(&finding.related).any(touches)).collect()
    }

    /// What can be done about the findings in `range` of the file at `path`.
    pub(super) fn actions(&self, path: &Utf8Path, range: Range) -> Vec<CodeAction> {
        let Ok(file) = path.strip_prefix(self.workspace.path()) else { return Vec::new() };
        let found = self.at(file, range);
        let fixes = found.iter().filter_map(|finding| self.fix(finding));
        let ignores = found.iter().filter_map(|finding| self.ignore(finding));
        fixes.chain(ignores).collect()
    }

    /// All safe fixes that are about the file at `path`, in one edit.
    pub(super) fn all_safe(&self, path: &Utf8Path) -> Option<CodeAction> {
        let file = path.strip_prefix(self.workspace.path()).ok()?;
        let fixes = self.workspace.safe_fixes(file);
        let text_edits = |(file, edits): (&'_ Utf8PathBuf, &'_ Vec<Edit>)| {
            let lines = &self.file(file).lines;
            let text_edit = |edit: &Edit| TextEdit {
                range: lines.range(u32::from(edit.range().start()).into(), u32::from(edit.range().end()).into()),
                new_text: edit.text.clone(),
            };
            edits.iter().map(text_edit).collect()
        };
        let edits = fixes.iter().map(|(file, edits)| (file.as_path(), text_edits((file, edits)))).collect();
        Some(CodeAction {
            title: "make all safe fixes of dfmigrate that are about this file".to_owned(),
            kind: Some(FIX_ALL),
            edit: Some(self.edit(edits)?),
            ..CodeAction::default()
        })
        .filter(|_| !fixes.is_empty())
    }

    fn fix(&self, finding: &Finding) -> Option<CodeAction> {
        let remedy = &finding.remedy;
        let assuming = match remedy.status {
            Status::Safe => String::new(),
            Status::Unsafe => format!(" (assuming that {})", remedy.assumptions.join("; ")),
            Status::Manual | Status::HeldBack => return None,
        };
        let mut edits: BTreeMap<&Utf8Path, Vec<TextEdit>> = BTreeMap::new();
        for Change { file, span, text } in &remedy.changes {
            let range = self.file(file).lines.range(span.start.offset, span.end.offset);
            edits.entry(file).or_default().push(TextEdit { range, new_text: text.clone() });
        }
        let mut action = self.action(finding, format!("{}{assuming}", remedy.title), edits)?;
        action.is_preferred = Some(remedy.status == Status::Safe);
        Some(action)
    }

    /// A comment above the instruction that the finding points to.
    fn ignore(&self, finding: &Finding) -> Option<CodeAction> {
        let file = &finding.place.file;
        let text = self.text(file);
        let at = u32::try_from(finding.place.span.start.offset).ok()?;
        let instructions = (*file == finding.dockerfile).then(|| dockerfile::parse(text).root().instructions())?;
        let instruction = instructions.iter().find(|one| one.range().contains(at.into()))?;
        let lines = &self.file(file).lines;
        let start = u64::from(u32::from(instruction.range().start()));
        let newline = if text.contains("\r\n") { "\r\n" } else { "\n" };
        let new_text = format!("# dfmigrate: ignore[{}]{newline}", finding.codemod);
        let edits = BTreeMap::from([(file.as_path(), vec![TextEdit { range: lines.range(start, start), new_text }])]);
        self.action(finding, format!("ignore {} here with a comment", finding.codemod), edits)
    }

    fn action(
        &self,
        finding: &Finding,
        title: String,
        edits: BTreeMap<&Utf8Path, Vec<TextEdit>>,
    ) -> Option<CodeAction> {
        if edits.is_empty() {
            return None;
        }
        Some(CodeAction {
            title,
            kind: Some(CodeActionKind::QUICKFIX),
            diagnostics: Some(vec![self.diagnostic(finding)]),
            edit: Some(self.edit(edits)?),
            ..CodeAction::default()
        })
    }

    /// The edits in the form that the client takes; `None` if it has none for them.
    fn edit(&self, edits: BTreeMap<&Utf8Path, Vec<TextEdit>>) -> Option<WorkspaceEdit> {
        let repository = &self.workspace.found.repository;
        let is_new = |file: &Utf8Path| !repository.is_file(file);
        if edits.keys().any(|file| is_new(file)) && !(self.manner.makes_files && self.manner.versions) {
            return None;
        }
        if !self.manner.versions {
            let changes = edits.into_iter().map(|(file, edits)| Some((self.file(file).uri.clone()?, edits)));
            return Some(WorkspaceEdit { changes: Some(changes.collect::<Option<_>>()?), ..WorkspaceEdit::default() });
        }
        let mut operations = Vec::new();
        for (file, edits) in edits {
            let path = self.absolute(file);
            let uri = uri(&path)?;
            if is_new(file) {
                let options = CreateFileOptions { overwrite: Some(false), ignore_if_exists: Some(true) };
                let make = CreateFile { uri: uri.clone(), options: Some(options), annotation_id: None };
                operations.push(DocumentChangeOperation::Op(ResourceOp::Create(make)));
            }
            let version = self.open.get(&path).map(|open| open.version);
            operations.push(DocumentChangeOperation::Edit(TextDocumentEdit {
                text_document: OptionalVersionedTextDocumentIdentifier { uri, version },
                edits: edits.into_iter().map(OneOf::Left).collect(),
            }));
        }
        let changes = DocumentChanges::Operations(operations);
        Some(WorkspaceEdit { document_changes: Some(changes), ..WorkspaceEdit::default() })
    }

    /// The page of the codemod that found something at `position` of the file at `path`.
    pub(super) fn page(&self, path: &Utf8Path, position: lsp_types::Position) -> Option<Hover> {
        let file = path.strip_prefix(self.workspace.path()).ok()?;
        let found = self.at(file, Range::new(position, position));
        let codemod = codemods::by_id(found.first()?.codemod)?;
        let value = codemod.page.to_owned();
        Some(Hover {
            contents: HoverContents::Markup(MarkupContent { kind: MarkupKind::Markdown, value }),
            range: None,
        })
    }
}

fn ours(range: Range, severity: DiagnosticSeverity, message: String) -> Diagnostic {
    Diagnostic {
        range,
        severity: Some(severity),
        source: Some("dfmigrate".to_owned()),
        message,
        ..Diagnostic::default()
    }
}
