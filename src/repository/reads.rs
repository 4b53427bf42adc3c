//! What an answer about a repository rests on: noted while it is worked out, so that it is worked out again only when
//! something of that has changed.

use std::collections::HashSet;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use camino::{Utf8Path, Utf8PathBuf};

/// What was looked at. Nobody asks for an order, and in one of paths each would be compared with several others, part by part.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Reads {
    /// Files whose text or builds were read, or of which it was asked whether they exist.
    pub files: HashSet<Utf8PathBuf>,
    /// Folders whose files were listed; the empty path stands for all.
    pub folders: HashSet<Utf8PathBuf>,
    /// Whether all texts were looked at.
    pub texts: bool,
    /// Variables whose naming files were asked for.
    pub named: HashSet<String>,
    /// Build arguments of which it was asked which files near the Dockerfile seem to pass them.
    pub passed: HashSet<String>,
    /// Dockerfiles whose builds were asked for.
    pub builds: HashSet<Utf8PathBuf>,
    /// Folders of which it was asked whose builds have them as context.
    pub contexts: HashSet<Utf8PathBuf>,
    /// Folders whose files with credentials were asked for.
    pub credentials: HashSet<Utf8PathBuf>,
    /// Whether it was asked what builds that no caller understands there are of the Dockerfile.
    pub unread_builds: bool,
    /// Whether it was asked which builds can't be told apart.
    pub unplaced: bool,
    /// Whether it was asked which Dockerfiles start from an image.
    pub bases: bool,
    /// Words of which it was asked which files hold them.
    pub mentioned: HashSet<String>,
}

impl Reads {
    fn add(&mut self, other: &Self) {
        let Self { files, folders, texts, named, passed, builds, contexts, credentials, mentioned, .. } = other;
        for (own, others) in [
            (&mut self.files, files),
            (&mut self.folders, folders),
            (&mut self.builds, builds),
            (&mut self.contexts, contexts),
            (&mut self.credentials, credentials),
        ] {
            others.iter().for_each(|path| insert(own, path));
        }
        named.iter().for_each(|one| name(&mut self.named, one));
        passed.iter().for_each(|one| name(&mut self.passed, one));
        mentioned.iter().for_each(|one| name(&mut self.mentioned, one));
        self.texts |= texts;
        self.unread_builds |= other.unread_builds;
        self.unplaced |= other.unplaced;
        self.bases |= other.bases;
    }
}

/// Takes note of what is looked at in one repository, as long as somebody wants to know.
#[derive(Debug, Clone, Default)]
pub struct Recorder(Arc<Notes>);

#[derive(Debug, Default)]
struct Notes {
    active: AtomicBool,
    reads: Mutex<Reads>,
}

impl Recorder {
    /// Does `work`, and says what it looked at. Within the work of another call, that looked at the same.
    pub fn record<T>(&self, work: impl FnOnce() -> T) -> (T, Reads) {
        let outer = self.replace(Reads::default());
        let before = self.0.active.swap(true, Ordering::Relaxed);
        let result = work();
        self.0.active.store(before, Ordering::Relaxed);
        let reads = self.replace(outer);
        self.note_all(&reads);
        (result, reads)
    }

    /// Whether somebody wants to know what is looked at.
    #[must_use]
    pub fn is_active(&self) -> bool {
        self.0.active.load(Ordering::Relaxed)
    }

    /// Does `work` without noting what it looks at: for what is worked out once for all answers.
    pub fn unnoted<T>(&self, work: impl FnOnce() -> T) -> T {
        let before = self.0.active.swap(false, Ordering::Relaxed);
        let result = work();
        self.0.active.store(before, Ordering::Relaxed);
        result
    }

    /// Takes note of something that is looked at.
    pub fn note(&self, what: impl FnOnce(&mut Reads)) {
        if self.is_active() {
            what(&mut self.0.reads.lock().unwrap_or_else(PoisonError::into_inner));
        }
    }

    /// Takes note of a file.
    pub fn note_file(&self, path: &Utf8Path) {
        self.note(|reads| insert(&mut reads.files, path));
    }

    /// Takes note of what an earlier answer rests on, which is given again.
    pub fn note_all(&self, reads: &Reads) {
        self.note(|own| own.add(reads));
    }

    fn replace(&self, reads: Reads) -> Reads {
        std::mem::replace(&mut self.0.reads.lock().unwrap_or_else(PoisonError::into_inner), reads)
    }
}

/// Puts `path` into `paths`; most were noted before, and cost nothing then.
pub fn insert(paths: &mut HashSet<Utf8PathBuf>, path: &Utf8Path) {
    if !paths.contains(path) {
        paths.insert(path.to_owned());
    }
}

/// The same for a name.
pub fn name(names: &mut HashSet<String>, name: &str) {
    if !names.contains(name) {
        names.insert(name.to_owned());
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_is_looked_at_meanwhile_is_noted() {
        let recorder = Recorder::default();
        recorder.note_file("before".into());
        let ((), reads) = recorder.record(|| {
            recorder.note_file("a".into());
            recorder.unnoted(|| recorder.note_file("b".into()));
            recorder.note(|reads| reads.unplaced = true);
        });
        assert_eq!(reads, Reads { files: HashSet::from(["a".into()]), unplaced: true, ..Reads::default() });
        assert_eq!(recorder.record(|| ()).1, Reads::default());
    }

    #[test]
    fn what_is_recorded_within_is_part_of_it() {
        let recorder = Recorder::default();
        let ((), outer) = recorder.record(|| {
            recorder.note_file("a".into());
            let ((), inner) = recorder.record(|| recorder.note_file("b".into()));
            assert_eq!(inner.files, HashSet::from(["b".into()]));
            let ((), unnoted) = recorder.unnoted(|| recorder.record(|| recorder.note_file("c".into())));
            assert_eq!(unnoted.files, HashSet::from(["c".into()]));
        });
        assert_eq!(outer.files, HashSet::from(["a".into(), "b".into()]));
    }
}
