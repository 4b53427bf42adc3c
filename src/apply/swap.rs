//! Stage, swap, settle, and the way back.

use std::{
    collections::BTreeSet,
    fs::{self, File, Metadata},
    io::{self, Write as _},
};

use camino::{Utf8Path, Utf8PathBuf};

use super::{
    ApplyError, Place,
    check::Checked,
    journal::{Entry, Journal, Phase, content_id},
};

/// Renames a file; a parameter, so that tests can make it fail.
pub(super) type Rename<'a> = &'a mut dyn FnMut(&Utf8Path, &Utf8Path) -> io::Result<()>;

/// Writes `files`, which were just checked. After an error nothing is changed, except for [`ApplyError::HalfDone`].
pub(super) fn run(
    root: &Utf8Path,
    journal: &mut Journal,
    files: &[Checked],
    rename: Rename<'_>,
) -> Result<(), ApplyError> {
    let entries: Vec<Entry> = files.iter().enumerate().map(|(number, file)| Entry::of(file, number)).collect();
    journal.begin(&entries)?;
    let mut phase = Phase::Begun;
    let outcome = stage_and_swap(root, journal, files, &entries, &mut phase, rename);
    match outcome {
        Ok(()) => settle(root, &entries),
        Err(cause) => match undo(root, &entries, phase) {
            Ok(()) => Err(cause),
            Err((path, error)) => Err(ApplyError::HalfDone { cause: Box::new(cause), path, error }),
        },
    }
}

fn stage_and_swap(
    root: &Utf8Path,
    journal: &mut Journal,
    files: &[Checked],
    entries: &[Entry],
    phase: &mut Phase,
    rename: Rename<'_>,
) -> Result<(), ApplyError> {
    for (file, entry) in files.iter().zip(entries) {
        stage(root, file, entry).map_err(|error| io_error("writing", &file.path, error))?;
    }
    sync_directories(root, entries);
    journal.staged()?;
    *phase = Phase::Staged;
    for (file, entry) in files.iter().zip(entries) {
        refuse_if_changed(root, file, entry)?;
        let swapped = rename(&root.join(&entry.new), &root.join(&entry.path));
        swapped.map_err(|error| io_error("replacing", &entry.path, error))?;
    }
    sync_directories(root, entries);
    for (file, entry) in files.iter().zip(entries) {
        // An editor may have written into the file up to the moment at which it got its second name alone.
        let old = entry.old.as_ref().map(|old| fs::read(root.join(old)));
        if old.is_some_and(|old| !old.is_ok_and(|old| old == file.before)) {
            return Err(ApplyError::Changed(file.path.clone()));
        }
    }
    journal.done()
}

/// The last look before a file is replaced: it took a while to write all of them. A program that renames its own file over this
/// one after that look would lose its work; no system call that all systems have can tell.
fn refuse_if_changed(root: &Utf8Path, file: &Checked, entry: &Entry) -> Result<(), ApplyError> {
    let path = root.join(&entry.path);
    let is_same = match &entry.old {
        Some(_) => path.symlink_metadata().is_ok_and(|now| now.is_file()) && holds(&path, &file.before),
        None => !exists(&path),
    };
    if is_same { Ok(()) } else { Err(ApplyError::Changed(file.path.clone())) }
}

fn holds(path: &Utf8Path, bytes: &[u8]) -> bool {
    fs::read(path).is_ok_and(|now| now == bytes)
}

fn io_error(step: &'static str, path: &Utf8Path, error: io::Error) -> ApplyError {
    ApplyError::Io { step, path: path.to_owned(), error }
}

/// Writes the new content beside the file, and gives the old one its second name.
fn stage(root: &Utf8Path, file: &Checked, entry: &Entry) -> io::Result<()> {
    let new = root.join(&entry.new);
    let mut target = File::options().write(true).create_new(true).open(&new)?;
    target.write_all(&file.bytes)?;
    if let Some(metadata) = &file.metadata {
        keep_owner(&new, metadata);
        target.set_permissions(metadata.permissions())?;
    }
    target.sync_all()?;
    let Some(old) = &entry.old else { return Ok(()) };
    let (path, old) = (root.join(&entry.path), root.join(old));
    fs::hard_link(&path, &old).or_else(|_| copy_whole(&path, &old))
}

/// A copy for file systems without hard links. It gets its name only when it is complete: a torn copy under that name
/// would be taken for the old content.
fn copy_whole(from: &Utf8Path, to: &Utf8Path) -> io::Result<()> {
    let part = part_of(to);
    fs::copy(from, &part)?;
    File::open(&part)?.sync_all()?;
    fs::rename(&part, to)
}

fn part_of(path: &Utf8Path) -> Utf8PathBuf {
    Utf8PathBuf::from(format!("{path}.part"))
}

/// Gives the new file the owner of the old one. Only a privileged user can, and only then can they differ.
#[cfg(unix)]
fn keep_owner(path: &Utf8Path, metadata: &Metadata) {
    use std::os::unix::fs::{MetadataExt as _, chown};
    let same = fs::symlink_metadata(path).is_ok_and(|new| (new.uid(), new.gid()) == (metadata.uid(), metadata.gid()));
    if !same {
        let _ = chown(path, Some(metadata.uid()), Some(metadata.gid()));
    }
}

#[cfg(not(unix))]
fn keep_owner(_: &Utf8Path, _: &Metadata) {}

/// Makes names durable. Not every file system can; the contents are synced in any case.
fn sync_directories(root: &Utf8Path, entries: &[Entry]) {
    let directories: BTreeSet<_> = entries.iter().filter_map(|entry| entry.path.parent()).collect();
    for directory in directories {
        let _ = File::open(root.join(directory)).and_then(|directory| directory.sync_all());
    }
}

/// Undoes or settles what an earlier run left. True if there was something.
pub(super) fn undo_or_settle(place: &Place, journal: &mut Journal) -> Result<bool, ApplyError> {
    let Some(record) = journal.record(&place.root)? else { return Ok(false) };
    if record.phase == Phase::Done {
        settle(&place.root, &record.entries)?;
        return Ok(true);
    }
    if record.phase == Phase::Staged {
        for entry in &record.entries {
            refuse_if_edited(place, entry)?;
        }
    }
    undo(&place.root, &record.entries, record.phase).map_err(|(path, error)| io_error("restoring", &path, error))?;
    Ok(true)
}

/// Refuses to undo where a person has worked on the file since.
fn refuse_if_edited(place: &Place, entry: &Entry) -> Result<(), ApplyError> {
    if is_edited(&place.root, entry) {
        let (path, old) = (entry.path.clone(), entry.old.clone());
        return Err(ApplyError::Edited { path, old, journal: place.journal.clone() });
    }
    Ok(())
}

/// Whether the file holds neither its old content nor its new one.
fn is_edited(root: &Utf8Path, entry: &Entry) -> bool {
    let read = |path: &Utf8Path| fs::read(root.join(path)).ok();
    let (now, old) = (read(&entry.path), entry.old.as_deref().and_then(read));
    let is_new = now.as_ref().is_some_and(|now| content_id(now) == entry.id);
    let is_settled = entry.old.is_some() && old.is_none();
    !is_new && now != old && !is_settled
}

/// Brings back every old content. All are tried, the first failure is returned.
fn undo(root: &Utf8Path, entries: &[Entry], phase: Phase) -> Result<(), (Utf8PathBuf, io::Error)> {
    let outcomes: Vec<_> = entries.iter().map(|entry| (entry, undo_one(root, entry, phase))).collect();
    sync_directories(root, entries);
    let failed = outcomes.into_iter().find_map(|(entry, outcome)| Some((entry.path.clone(), outcome.err()?)));
    failed.map_or(Ok(()), Err)
}

fn undo_one(root: &Utf8Path, entry: &Entry, phase: Phase) -> io::Result<()> {
    let (path, new) = (root.join(&entry.path), root.join(&entry.new));
    match &entry.old {
        Some(old) => {
            let old = root.join(old);
            remove(&part_of(&old))?;
            // A new content that is still there was not renamed: then the file is as this program found it, or somebody else's.
            if phase == Phase::Staged && exists(&old) && !exists(&new) {
                if is_edited(root, entry) {
                    return Err(io::Error::other("it was edited meanwhile"));
                }
                fs::rename(&old, &path)?;
            }
            // Renaming one name of a file to another of its names does nothing and leaves both (rename(2)).
            remove(&old)?;
        }
        // Before the swap a file of that name is not this program's, and a new content that is still there was not
        // renamed.
        None if phase == Phase::Staged && !exists(&new) => remove(&path)?,
        None => {}
    }
    remove(&new)
}

/// Removes what a finished run leaves.
fn settle(root: &Utf8Path, entries: &[Entry]) -> Result<(), ApplyError> {
    for old in entries.iter().filter_map(|entry| entry.old.as_ref()) {
        remove(&root.join(old)).map_err(|error| ApplyError::Leftover { path: old.clone(), error })?;
    }
    Ok(())
}

fn exists(path: &Utf8Path) -> bool {
    path.symlink_metadata().is_ok()
}

fn remove(path: &Utf8Path) -> io::Result<()> {
    match fs::remove_file(path) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error),
        _ => Ok(()),
    }
}
