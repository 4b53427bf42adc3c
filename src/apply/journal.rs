//! The record of a run in progress: a line of JSON that names the files, a line `staged` once their new contents are on
//! the disk, and a line `done` once all are swapped.
//!
//! A line without its end was being written when the run was killed. Then what it allows had not begun: nothing is
//! renamed before `staged` is on the disk, and no old content removed before `done` is.

use std::{
    fs::{self, File, TryLockError},
    io::{self, Read as _, Seek as _, Write as _},
};

use camino::{Utf8Path, Utf8PathBuf};
use serde::{Deserialize, Serialize};

use super::{
    ApplyError, Place,
    check::{self, Checked},
};

const STAGED: &str = "staged";
const DONE: &str = "done";

/// How far a run came.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Phase {
    /// New contents are being written beside the files.
    Begun,
    /// The files are being swapped.
    Staged,
    /// All files are swapped; leftovers are being removed.
    Done,
}

/// The names of one file while it is being replaced, all from the root and in one directory.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Entry {
    /// The file.
    pub path: Utf8PathBuf,
    /// Where its new content is written first.
    pub new: Utf8PathBuf,
    /// The second name of its old content; `None` for a file that is created.
    pub old: Option<Utf8PathBuf>,
    /// What tells the new content from any other: its git blob id, in hexadecimal.
    pub id: String,
}

impl Entry {
    pub(super) fn of(file: &Checked, number: usize) -> Self {
        let run = std::process::id();
        let name = |ending| file.path.with_file_name(format!("{PREFIX}{run}-{number}.{ending}"));
        let old = file.metadata.is_some().then(|| name("old"));
        Self { path: file.path.clone(), new: name("new"), old, id: content_id(&file.bytes) }
    }

    /// Whether this program can have written the entry: a journal in an untrusted directory could name anything.
    fn is_own(&self, root: &Utf8Path) -> bool {
        let beside = |other: &Utf8PathBuf| {
            other.parent() == self.path.parent() && other.file_name().is_some_and(|name| name.starts_with(PREFIX))
        };
        check::is_inside(&self.path)
            && !check::has_linked_parent(root, &self.path)
            && beside(&self.new)
            && self.old.as_ref().is_none_or(beside)
    }
}

/// The git blob id of `bytes`; empty where it can't be computed, which no content equals.
pub(super) fn content_id(bytes: &[u8]) -> String {
    git2::Oid::hash_object(git2::ObjectType::Blob, bytes).map(|id| id.to_string()).unwrap_or_default()
}

/// How the names of files begin that exist only during a run.
pub(super) const PREFIX: &str = ".dfmigrate-";

/// What a journal says.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Record {
    pub entries: Vec<Entry>,
    pub phase: Phase,
}

/// The open and locked journal of a root: one run at a time writes there.
#[derive(Debug)]
pub(super) struct Journal {
    path: Utf8PathBuf,
    file: File,
}

impl Journal {
    /// Creates or opens the journal and locks it.
    pub(super) fn open(place: &Place) -> Result<Self, ApplyError> {
        let path = place.journal.clone();
        let failed = |error| ApplyError::Io { step: "opening the journal", path: path.clone(), error };
        let is_link = |path: &Utf8Path| fs::symlink_metadata(path).is_ok_and(|metadata| metadata.is_symlink());
        if let Some(directory) = path.parent() {
            // Without git it is the root, which may have been reached by a link.
            if directory != place.root && is_link(directory) {
                return Err(ApplyError::ForeignJournal(path));
            }
            fs::create_dir_all(directory).map_err(failed)?;
        }
        if fs::symlink_metadata(&path).is_ok_and(|metadata| !metadata.is_file()) {
            return Err(ApplyError::ForeignJournal(path));
        }
        let file = File::options().read(true).write(true).create(true).truncate(false).open(&path).map_err(failed)?;
        match file.try_lock() {
            Ok(()) => Ok(Self { path, file }),
            Err(TryLockError::WouldBlock) => Err(ApplyError::Busy(path)),
            // Some network file systems have no locks. Working without one is what git does there, too.
            Err(TryLockError::Error(_)) => Ok(Self { path, file }),
        }
    }

    /// What an earlier run left here.
    pub(super) fn record(&mut self, root: &Utf8Path) -> Result<Option<Record>, ApplyError> {
        let mut text = String::new();
        self.file.rewind().and_then(|()| self.file.read_to_string(&mut text)).map_err(|error| self.failed(error))?;
        let Some((first, rest)) = text.split_once('\n') else { return Ok(None) };
        let entries: Vec<Entry> =
            serde_json::from_str(first).map_err(|_| ApplyError::ForeignJournal(self.path.clone()))?;
        if !entries.iter().all(|entry| entry.is_own(root)) {
            return Err(ApplyError::ForeignJournal(self.path.clone()));
        }
        let mut lines = rest.split_inclusive('\n').filter_map(|line| line.strip_suffix('\n'));
        let phase = match (lines.next(), lines.next()) {
            (Some(STAGED), Some(DONE)) => Phase::Done,
            (Some(STAGED), _) => Phase::Staged,
            _ => Phase::Begun,
        };
        Ok(Some(Record { entries, phase }))
    }

    /// Begins a run over these files.
    pub(super) fn begin(&mut self, entries: &[Entry]) -> Result<(), ApplyError> {
        let line = serde_json::to_string(entries).map_err(|error| self.failed(error.into()))?;
        self.file
            .set_len(0)
            .and_then(|()| self.file.rewind())
            .and_then(|()| self.append(&line))
            .map_err(|error| self.failed(error))
    }

    /// Records that all new contents are on the disk.
    pub(super) fn staged(&mut self) -> Result<(), ApplyError> {
        self.append(STAGED).map_err(|error| self.failed(error))
    }

    /// Records that all files are swapped.
    pub(super) fn done(&mut self) -> Result<(), ApplyError> {
        self.append(DONE).map_err(|error| self.failed(error))
    }

    /// Ends the run. Without git the file lies among the user's own and must not stay.
    pub(super) fn remove(self) -> Result<(), ApplyError> {
        let Self { path, file } = self;
        let outcome = fs::remove_file(&path);
        drop(file);
        outcome.map_err(|error| ApplyError::Io { step: "removing the journal", path: path.clone(), error })?;
        // Empty only if it was made for the journal.
        if let Some(directory) = path.parent().filter(|directory| directory.file_name() == Some("dfmigrate")) {
            let _ = fs::remove_dir(directory);
        }
        Ok(())
    }

    fn append(&mut self, line: &str) -> io::Result<()> {
        self.file.write_all(format!("{line}\n").as_bytes())?;
        self.file.sync_all()
    }

    fn failed(&self, error: io::Error) -> ApplyError {
        ApplyError::Io { step: "writing the journal", path: self.path.clone(), error }
    }
}
