use std::{fs, io};

use super::{check::Checked, journal::Entry, *};
use crate::source::Source;

struct Scratch {
    _keep: tempfile::TempDir,
    place: Place,
}

impl Scratch {
    fn new(files: &[(&str, &str)]) -> Self {
        let keep = tempfile::tempdir().unwrap();
        let root = Utf8PathBuf::from_path_buf(keep.path().canonicalize().unwrap()).unwrap();
        for (path, text) in files {
            fs::create_dir_all(root.join(path).parent().unwrap()).unwrap();
            fs::write(root.join(path), text).unwrap();
        }
        Self { _keep: keep, place: Place::without_git(&root) }
    }

    fn path(&self, path: &str) -> Utf8PathBuf {
        self.place.root.join(path)
    }

    fn text(&self, path: &str) -> String {
        fs::read_to_string(self.path(path)).unwrap()
    }

    /// All names in the root's tree, so that leftovers show.
    fn names(&self) -> Vec<String> {
        let walk = ignore::WalkBuilder::new(&self.place.root).hidden(false).build();
        let files = walk.filter_map(Result::ok).filter(|entry| entry.file_type().is_some_and(|kind| !kind.is_dir()));
        let mut names: Vec<_> =
            files.map(|entry| entry.path().strip_prefix(&self.place.root).unwrap().display().to_string()).collect();
        names.sort();
        names
    }

    fn checked(&self, files: &BTreeMap<Utf8PathBuf, FileChange>) -> Vec<Checked> {
        check::all(&self.place.root, files).unwrap()
    }
}

fn changes(files: &[(&str, &str, &str)]) -> BTreeMap<Utf8PathBuf, FileChange> {
    let change = |path: &str, before: &str, after: &str| {
        let before = Source::new(path, before.into());
        (path.into(), FileChange { after: before.with_text(after), before })
    };
    files.iter().map(|(path, before, after)| change(path, before, after)).collect()
}

#[test]
fn all_files_are_written_and_nothing_is_left_behind() {
    let scratch = Scratch::new(&[("Dockerfile", "a"), ("ci/build.sh", "b")]);
    let files = changes(&[("Dockerfile", "a", "A"), ("ci/build.sh", "b", "B"), (".dockerignore", "", "C")]);
    let receipt = write(&scratch.place, &files).unwrap();
    assert_eq!(receipt.files, [".dockerignore", "Dockerfile", "ci/build.sh"]);
    assert_eq!((scratch.text("Dockerfile"), scratch.text("ci/build.sh")), ("A".to_owned(), "B".to_owned()));
    assert_eq!(scratch.names(), [".dockerignore", "Dockerfile", "ci/build.sh"]);
}

#[cfg(unix)]
#[test]
fn the_mode_of_a_file_stays() {
    use std::os::unix::fs::PermissionsExt as _;
    let scratch = Scratch::new(&[("build.sh", "a")]);
    fs::set_permissions(scratch.path("build.sh"), fs::Permissions::from_mode(0o751)).unwrap();
    write(&scratch.place, &changes(&[("build.sh", "a", "A")])).unwrap();
    assert_eq!(fs::metadata(scratch.path("build.sh")).unwrap().permissions().mode() & 0o7777, 0o751);
}

#[test]
fn a_file_that_changed_meanwhile_stops_the_run() {
    let scratch = Scratch::new(&[("a", "1"), ("b", "edited")]);
    let error = write(&scratch.place, &changes(&[("a", "1", "2"), ("b", "1", "2")])).unwrap_err();
    assert!(matches!(error, ApplyError::Changed(path) if path == "b"));
    assert_eq!((scratch.text("a").as_str(), scratch.names().len()), ("1", 2));
}

#[cfg(unix)]
#[test]
fn links_directories_and_paths_outside_are_refused() {
    let scratch = Scratch::new(&[("real/a", "1"), ("twice", "1"), ("directory/x", "1")]);
    std::os::unix::fs::symlink("real/a", scratch.path("link")).unwrap();
    std::os::unix::fs::symlink("real", scratch.path("linked")).unwrap();
    fs::hard_link(scratch.path("twice"), scratch.path("again")).unwrap();
    for path in ["link", "linked/a", "twice", "directory", "../outside", "/outside"] {
        let error = write(&scratch.place, &changes(&[(path, "1", "2")])).unwrap_err();
        assert!(matches!(error, ApplyError::Unfit(..)), "{path}: {error}");
    }
    assert_eq!(scratch.text("real/a"), "1");
}

#[test]
fn a_failure_in_the_middle_brings_everything_back() {
    let scratch = Scratch::new(&[("a", "1"), ("b", "1")]);
    let files = changes(&[("a", "1", "2"), ("b", "1", "2"), ("0", "", "new")]);
    let mut journal = Journal::open(&scratch.place).unwrap();
    let mut count = 0;
    let failing: &mut dyn FnMut(&Utf8Path, &Utf8Path) -> io::Result<()> = &mut |from, to| {
        count += 1;
        if count < 3 { fs::rename(from, to) } else { Err(io::Error::other("disk on fire")) }
    };
    let error = swap::run(&scratch.place.root, &mut journal, &scratch.checked(&files), failing).unwrap_err();
    assert_eq!(error.to_string(), "replacing `b` failed; nothing was changed");
    journal.remove().unwrap();
    assert_eq!((scratch.text("a"), scratch.text("b")), ("1".to_owned(), "1".to_owned()));
    assert_eq!(scratch.names(), ["a", "b"]);
}

/// What is found after a run of which each renaming is preceded by `meanwhile`, which gets the number of the renaming.
fn disturbed(meanwhile: impl Fn(&Scratch, usize)) -> (Scratch, ApplyError) {
    let scratch = Scratch::new(&[("a", "1"), ("b", "1"), ("c", "1")]);
    let files = changes(&[("a", "1", "2"), ("b", "1", "2"), ("c", "1", "2"), ("d", "", "new")]);
    let mut journal = Journal::open(&scratch.place).unwrap();
    let mut count = 0;
    let renaming: &mut dyn FnMut(&Utf8Path, &Utf8Path) -> io::Result<()> = &mut |from, to| {
        meanwhile(&scratch, count);
        count += 1;
        fs::rename(from, to)
    };
    let error = swap::run(&scratch.place.root, &mut journal, &scratch.checked(&files), renaming).unwrap_err();
    journal.remove().unwrap();
    (scratch, error)
}

#[test]
fn what_somebody_writes_while_files_are_replaced_stays() {
    for name in ["a", "b", "c", "d"] {
        let into = |scratch: &Scratch, number: usize| {
            if number == 0 {
                fs::write(scratch.path(name), "mine").unwrap();
            }
        };
        let over = |scratch: &Scratch, number: usize| {
            if number == 0 && name != "a" {
                fs::write(scratch.path("other"), "mine").unwrap();
                fs::rename(scratch.path("other"), scratch.path(name)).unwrap();
            } else if number == 0 {
                into(scratch, number);
            }
        };
        for (scratch, error) in [disturbed(into), disturbed(over)] {
            assert!(matches!(&error, ApplyError::Changed(path) if path == name), "{name}: {error}");
            assert_eq!(scratch.text(name), "mine");
            for other in ["a", "b", "c"].iter().filter(|other| **other != name) {
                assert_eq!(scratch.text(other), "1", "{other} where {name} changed");
            }
            assert_eq!(scratch.names().len(), if name == "d" { 4 } else { 3 }, "{:?}", scratch.names());
        }
    }
}

#[cfg(unix)]
#[test]
fn a_journal_is_written_behind_no_link() {
    let (scratch, outside) = (Scratch::new(&[("a", "1")]), Scratch::new(&[("journal", "notes")]));
    std::os::unix::fs::symlink(&outside.place.root, scratch.path("linked")).unwrap();
    let place = Place { root: scratch.place.root.clone(), journal: scratch.path("linked/journal") };
    assert!(matches!(write(&place, &changes(&[("a", "1", "2")])), Err(ApplyError::ForeignJournal(_))));
    assert_eq!((scratch.text("a"), outside.text("journal")), ("1".to_owned(), "notes".to_owned()));
}

/// Leaves the disk as a run that was killed after `swapped` files.
fn kill_after(scratch: &Scratch, files: &BTreeMap<Utf8PathBuf, FileChange>, swapped: usize) {
    let checked = scratch.checked(files);
    let entries: Vec<Entry> = checked.iter().enumerate().map(|(number, file)| Entry::of(file, number)).collect();
    let mut journal = Journal::open(&scratch.place).unwrap();
    journal.begin(&entries).unwrap();
    for (file, entry) in checked.iter().zip(&entries) {
        fs::write(scratch.place.root.join(&entry.new), &file.bytes).unwrap();
        if let Some(old) = &entry.old {
            fs::hard_link(scratch.place.root.join(&entry.path), scratch.place.root.join(old)).unwrap();
        }
    }
    journal.staged().unwrap();
    for entry in entries.iter().take(swapped) {
        fs::rename(scratch.place.root.join(&entry.new), scratch.place.root.join(&entry.path)).unwrap();
    }
}

#[test]
fn a_killed_run_is_undone_by_the_next() {
    let files = changes(&[("a", "1", "2"), ("b", "1", "2"), ("0", "", "new")]);
    for swapped in 0..=3 {
        let scratch = Scratch::new(&[("a", "1"), ("b", "1")]);
        kill_after(&scratch, &files, swapped);
        assert!(recover(&scratch.place).unwrap());
        assert_eq!(scratch.names(), ["a", "b"], "after {swapped}");
        assert_eq!((scratch.text("a"), scratch.text("b")), ("1".to_owned(), "1".to_owned()));
        assert!(!recover(&scratch.place).unwrap());
    }
}

#[test]
fn a_finished_run_that_was_killed_is_settled() {
    let scratch = Scratch::new(&[("a", "1")]);
    let files = changes(&[("a", "1", "2")]);
    kill_after(&scratch, &files, 1);
    let mut journal = Journal::open(&scratch.place).unwrap();
    journal.record(&scratch.place.root).unwrap();
    journal.done().unwrap();
    drop(journal);
    assert!(recover(&scratch.place).unwrap());
    assert_eq!((scratch.text("a").as_str(), scratch.names().len()), ("2", 1));
}

#[test]
fn what_a_person_did_after_a_kill_is_not_undone() {
    let scratch = Scratch::new(&[("a", "1")]);
    kill_after(&scratch, &changes(&[("a", "1", "2")]), 1);
    fs::write(scratch.path("a"), "mine").unwrap();
    assert!(matches!(recover(&scratch.place), Err(ApplyError::Edited { .. })));
    assert_eq!(scratch.text("a"), "mine");
}

#[test]
fn a_torn_or_foreign_journal_does_no_harm() {
    let scratch = Scratch::new(&[("a", "1")]);
    fs::write(&scratch.place.journal, "[{\"path\":\"a\",\"ne").unwrap();
    assert!(!recover(&scratch.place).unwrap());
    for path in ["../x", "/etc/x", "a"] {
        let line = format!("[{{\"path\":\"{path}\",\"new\":\"../y\",\"old\":null,\"id\":\"\"}}]\nstaged\n");
        fs::write(&scratch.place.journal, line).unwrap();
        assert!(matches!(recover(&scratch.place), Err(ApplyError::ForeignJournal(_))));
    }
    assert_eq!(scratch.text("a"), "1");
}

#[test]
fn one_run_at_a_time() {
    let scratch = Scratch::new(&[("a", "1")]);
    let _running = Journal::open(&scratch.place).unwrap();
    assert!(matches!(write(&scratch.place, &changes(&[("a", "1", "2")])), Err(ApplyError::Busy(_))));
}
