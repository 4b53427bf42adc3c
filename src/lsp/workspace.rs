//! One repository, as it is on the disk under what is being typed.

use std::collections::{BTreeMap, BTreeSet};

use camino::{Utf8Path, Utf8PathBuf};

use super::Options;
use crate::codemods;
use crate::config::{self, SettingsError, SettingsFile};
use crate::plan::{self, Choice, CommentMistake, Key, Policy, Session};
use crate::report::machine::{Document, Finding, Part, Place, Status};
use crate::report::redact::Written;
use crate::report::{Redactor, shown};
use crate::repository::{self, Kind, ReadError, Repository, Root, classify};
use crate::source::{Edit, Source, line_edits};

/// A text that the client has open: the editor's is the one that counts.
#[derive(Debug, Clone)]
pub(super) struct Open {
    pub version: i32,
    pub text: String,
}

/// A repository that files are open of.
pub(super) struct Workspace {
    root: Root,
    on_disk: Option<Repository>,
    session: Session<'static>,
    written: Written,
    /// Why the disk could not be read the last time.
    pub error: Option<ReadError>,
    pub found: Found,
}

/// What was found in one state of the files.
#[derive(Default)]
pub(super) struct Found {
    pub repository: Repository,
    pub document: Option<Document>,
    pub mistakes: Vec<CommentMistake>,
    pub settings: Option<SettingsError>,
}

fn session() -> Session<'static> {
    Session::new(Policy { unsafe_fixes: true, ..Policy::default() }, codemods::ALL)
}

impl Workspace {
    pub(super) fn new(root: Root) -> Self {
        Self {
            root,
            on_disk: None,
            session: session(),
            written: Written::default(),
            error: None,
            found: Found::default(),
        }
    }

    /// The root of the repository.
    pub(super) fn path(&self) -> &Utf8Path {
        &self.root.path
    }

    /// Has findings of the file or folder at `path` reported as well.
    pub(super) fn include(&mut self, path: &Utf8Path) {
        let Ok(inside) = path.strip_prefix(&self.root.path) else { return };
        let selection = &mut self.root.selection;
        if inside.as_str().is_empty() {
            selection.clear();
        } else if !selection.is_empty() && !selection.iter().any(|selected| inside.starts_with(selected)) {
            selection.push(inside.to_owned());
        }
    }

    /// Reads the disk. If that fails, what was read before stays.
    pub(super) fn read(&mut self, options: &Options) {
        // A caller matters as soon as somebody types a secret into a Dockerfile.
        match repository::read_as_decided(&self.root, &options.decided, |_, _| true) {
            Ok(repository) => (self.on_disk, self.session, self.error) = (Some(repository), session(), None),
            Err(error) => self.error = Some(error),
        }
    }

    /// Looks for findings in the files with what is `open`, by absolute paths. Only a `careful` look tries their fixes and tells of files
    /// that are not open: in a large folder, to tell of all takes longer than to find what an edit changed.
    pub(super) fn look(&mut self, open: &BTreeMap<Utf8PathBuf, Open>, options: &Options, careful: bool) {
        let Some(on_disk) = &self.on_disk else { return };
        let inside = open.iter().filter_map(|(path, open)| Some((path.strip_prefix(&self.root.path).ok()?, open)));
        let matters = |path: &Utf8Path| on_disk.source(path).is_some() || classify(path) != Kind::Other;
        let typed = inside.filter(|(path, _)| matters(path));
        let sources = typed.map(|(path, open)| Source::new(path, open.text.clone().into_bytes()));
        let mut repository = on_disk.with_sources(sources.collect::<Vec<_>>());
        repository.today = (options.today)();
        let session = &mut self.session;
        let mut plan = if careful { session.plan(&repository) } else { session.findings(&repository) };
        let redactor = Redactor::of_plan_knowing(&plan, &repository, &mut self.written);
        if !careful {
            let is_open = |file: &Utf8Path| open.contains_key(&self.root.path.join(file));
            plan.findings.retain(|planned| is_open(&planned.finding.primary.file));
        }
        let part = Part { root: &self.root.path, repository: &repository, plan: &plan, redactor: &redactor };
        let document = Some(Document::of(&[part]));
        let settings = repository.settings_source.as_ref().filter(|_| !options.decided.isolated);
        let settings = settings.and_then(|file| SettingsFile::read(Utf8Path::new(config::FILE), file.text()).err());
        self.found = Found { document, mistakes: plan.mistakes, settings, repository };
    }

    /// The edits that make all safe fixes with a place in `file`, by the paths from the root: what `--fix` would do about them.
    /// None where a text in them must not be shown.
    pub(super) fn safe_fixes(&self, file: &Utf8Path) -> BTreeMap<Utf8PathBuf, Vec<Edit>> {
        let is_here = |place: &Place| place.file == file;
        let findings = self.found.document.iter().flat_map(|document| &document.findings);
        let safe = findings.filter(|finding| finding.remedy.status == Status::Safe);
        let here = safe.filter(|finding| std::iter::once(&finding.place).chain(&finding.related).any(is_here));
        let key = |finding: &Finding| (finding.codemod, finding.dockerfile.clone(), finding.subject.clone());
        let keys: BTreeSet<Key> = here.map(key).collect();
        if keys.is_empty() {
            return BTreeMap::new();
        }
        let repository = &self.found.repository;
        let plan = plan::make(repository, &Policy { choice: Choice::Only(keys), ..Policy::default() }, codemods::ALL);
        let redactor = Redactor::of_plan(&plan, repository);
        let edits: BTreeMap<Utf8PathBuf, Vec<Edit>> = plan
            .files
            .iter()
            .map(|(path, change)| (path.clone(), line_edits(change.before.text(), change.after.text())))
            .collect();
        let is_exact = |edit: &Edit| redactor.line(&edit.text) == shown::line(&edit.text);
        if edits.values().flatten().all(is_exact) { edits } else { BTreeMap::new() }
    }
}
