//! Which files a repository has.
//!
//! What git ignores is left out, hidden files are not, symbolic links are not followed, and a directory with its own
//! `.git` (a submodule, a nested clone) is another repository. A file that is tracked although a rule ignores it is
//! part of the repository for git, so the index is asked as well.

use std::{
    collections::HashSet,
    fs::{self, FileType},
    path::{Path, PathBuf},
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicUsize, Ordering},
        mpsc,
    },
};

use camino::{Utf8Path, Utf8PathBuf};
use ignore::{DirEntry, WalkBuilder, WalkState};

use super::{Kind, Notice, ReadError, by_path::ByPath, classify, limits::LARGEST};

/// The files that were found: what each is for, by its path from the root.
#[derive(Debug, Default)]
pub(super) struct Found {
    pub files: ByPath<(Utf8PathBuf, Kind)>,
    pub notices: Vec<Notice>,
    /// Tracked files that are not checked out.
    pub absent: Vec<Utf8PathBuf>,
}

enum Seen {
    File(Utf8PathBuf, Kind),
    Notice(Notice),
}

/// Walks `root`; what lies at or below `selection` is part of it even where git ignores it.
///
/// # Errors
/// There are more than `most` files.
pub(super) fn walk(root: &Utf8Path, selection: &[Utf8PathBuf], most: usize) -> Result<Found, ReadError> {
    let (walked, tracked) = rayon::join(|| visit(root, root, most), || tracked(root));
    let mut found = collect(walked);
    let walked: HashSet<&str> = found.files.iter().map(|(path, _)| path.as_str()).collect();
    let left: Vec<Tracked> = tracked.into_iter().filter(|entry| !entry.is_one_of(&walked)).collect();
    left.into_iter().for_each(|entry| found.add_tracked(root, entry));
    for path in selection {
        if found.files.below(path).next().is_none() {
            let below = collect(visit(root, &root.join(path), most)).files.into_vec();
            found.files = std::mem::take(&mut found.files).with(below);
            found.add(look(root, path));
        }
        found.take_for_dockerfile(path);
    }
    found.notices.sort_by(|left, right| left.file.cmp(&right.file));
    found.notices.dedup();
    if found.files.len() > most { Err(ReadError::TooManyFiles(most)) } else { Ok(found) }
}

impl Found {
    fn add(&mut self, seen: Option<Seen>) {
        match seen {
            Some(Seen::File(path, kind)) => self.files.insert((path, kind)),
            Some(Seen::Notice(notice)) => self.notices.push(notice),
            None => {}
        }
    }

    fn add_tracked(&mut self, root: &Utf8Path, entry: Tracked) {
        let notice = |file, reason: &str| Seen::Notice(Notice { file, reason: reason.to_owned() });
        match entry {
            Tracked::Submodule(path) => {
                self.add(Some(notice(path, "a submodule is another repository; run on it to see its findings")));
            }
            Tracked::LeftOut(path) if root.join(&path).symlink_metadata().is_err() => {
                if matters(classify(&path)) {
                    self.add(Some(notice(path.clone(), "it is not checked out (sparse checkout)")));
                }
                self.absent.push(path);
            }
            Tracked::File(path) | Tracked::LeftOut(path) => {
                if !matches!(classify(&path), Kind::Other | Kind::Nameless | Kind::Mention | Kind::Program | Kind::Text)
                {
                    self.add(look(root, &path));
                }
            }
        }
    }

    /// A file that is named on the command line and is nothing else that is known is meant as a Dockerfile.
    fn take_for_dockerfile(&mut self, path: &Utf8Path) {
        if let Some((_, kind @ (Kind::Nameless | Kind::Text | Kind::Other))) = self.files.get_mut(path) {
            *kind = Kind::Dockerfile;
        }
    }
}

fn collect(seen: impl IntoIterator<Item = Seen>) -> Found {
    let mut found = Found::default();
    let mut files = Vec::new();
    for item in seen {
        match item {
            Seen::File(path, kind) => files.push((path, kind)),
            Seen::Notice(notice) => found.notices.push(notice),
        }
    }
    found.files = ByPath::new(files);
    found
}

/// What is found below `start`; of more than `most` files, some.
fn visit(root: &Utf8Path, start: &Utf8Path, most: usize) -> Vec<Seen> {
    let odd: Arc<Mutex<Vec<PathBuf>>> = Arc::default();
    let first = has_odd_rules(root, start.as_std_path());
    let mut seen =
        visit_with(root, start.as_std_path(), if first { Rules::None } else { Rules::Own(Arc::clone(&odd)) }, most);
    let mut folders = std::mem::take(&mut *odd.lock().unwrap_or_else(PoisonError::into_inner));
    folders.iter().for_each(|folder| seen.extend(visit_with(root, folder, Rules::None, most)));
    folders.extend(first.then(|| start.as_std_path().to_owned()));
    seen.extend(folders.iter().map(|folder| {
        let file = relative(root, &folder.join(IGNORE_FILE)).unwrap_or_else(|lossy| lossy);
        Seen::Notice(Notice { file, reason: ODD_RULES.to_owned() })
    }));
    seen
}

/// Which files of rules count in a walk.
enum Rules {
    /// Those of git, except in folders whose own file of rules can't be read. They are not entered, and put here.
    Own(Arc<Mutex<Vec<PathBuf>>>),
    /// None: whatever is there is looked at.
    None,
}

fn visit_with(root: &Utf8Path, start: &Path, rules: Rules, most: usize) -> Vec<Seen> {
    let mut walker = WalkBuilder::new(start);
    walker.hidden(false).ignore(false).parents(false).require_git(false).threads(rayon::current_num_threads().min(8));
    let exclude = root.join(".git/info/exclude");
    walker.git_ignore(matches!(rules, Rules::Own(_))).git_exclude(!is_odd(root, exclude.as_std_path()));
    let top = root.to_owned();
    walker.filter_entry(move |entry| {
        let is_folder = entry.depth() > 0 && entry.file_type().is_some_and(|kind| kind.is_dir());
        match &rules {
            _ if !is_folder => true,
            _ if is_foreign(entry) => false,
            Rules::Own(odd) if has_odd_rules(&top, entry.path()) => {
                odd.lock().unwrap_or_else(PoisonError::into_inner).push(entry.path().to_owned());
                false
            }
            _ => true,
        }
    });
    let (sender, receiver) = mpsc::channel();
    let count = AtomicUsize::new(0);
    walker.build_parallel().run(|| {
        let (sender, count) = (sender.clone(), &count);
        Box::new(move |entry| {
            let Some(seen) = see(root, entry) else { return WalkState::Continue };
            // The receiver outlives the walk; nothing can be lost here.
            let _ = sender.send(seen);
            if count.fetch_add(1, Ordering::Relaxed) > most { WalkState::Quit } else { WalkState::Continue }
        })
    });
    drop(sender);
    receiver.into_iter().collect()
}

/// The name of git's files of rules (gitignore(5)).
const IGNORE_FILE: &str = ".gitignore";

/// What is said of such a file that is not read.
const ODD_RULES: &str =
    "it is no regular file of this repository, or has over 1 MiB; what it would have git ignore is looked at";

/// Whether the rules of `folder` must not be read: the library would wait for the end of a pipe or of a device.
fn has_odd_rules(root: &Utf8Path, folder: &Path) -> bool {
    is_odd(root, &folder.join(IGNORE_FILE))
}

/// Whether the file at `path` is there and is nothing to be opened: no regular file, one that a symbolic link finds outside of
/// the repository, or one that is too large.
fn is_odd(root: &Utf8Path, path: &Path) -> bool {
    let (Ok(named), Ok(found)) = (path.symlink_metadata(), path.metadata()) else { return false };
    let leads_out = || !path.canonicalize().is_ok_and(|target| target.starts_with(root));
    let is_sound = found.is_file() && found.len() <= LARGEST;
    !found.is_dir() && (!is_sound || named.is_symlink() && leads_out())
}

fn see(root: &Utf8Path, entry: Result<DirEntry, ignore::Error>) -> Option<Seen> {
    match entry {
        Ok(entry) => seen_entry(root, entry.path(), entry.file_type()?),
        Err(error) => {
            let path = path_of(&error)?;
            let file = relative(root, path).unwrap_or_else(|lossy| lossy);
            let reason = error.io_error().map_or_else(|| error.to_string(), ToString::to_string);
            Some(Seen::Notice(Notice { file, reason: format!("could not be read: {reason}") }))
        }
    }
}

/// Whether a directory is git's own, or another repository.
fn is_foreign(entry: &DirEntry) -> bool {
    entry.file_name() == ".git" || entry.path().join(".git").symlink_metadata().is_ok()
}

fn path_of(error: &ignore::Error) -> Option<&Path> {
    match error {
        ignore::Error::WithPath { path, .. } => Some(path),
        ignore::Error::WithDepth { err, .. } | ignore::Error::WithLineNumber { err, .. } => path_of(err),
        _ => None,
    }
}

fn seen_entry(root: &Utf8Path, path: &Path, kind: FileType) -> Option<Seen> {
    if kind.is_dir() {
        return None;
    }
    let notice = |file, reason: &str| Some(Seen::Notice(Notice { file, reason: reason.to_owned() }));
    let file = match relative(root, path) {
        Ok(file) => file,
        Err(lossy) if matters(classify(&lossy)) => return notice(lossy, "its name is not UTF-8"),
        Err(_) => return None,
    };
    let class = classify(&file);
    if kind.is_file() {
        return if class == Kind::Template {
            notice(file, "a template for a Dockerfile is not analysed; run on what is generated from it")
        } else {
            Some(Seen::File(file, class))
        };
    }
    if !matters(class) {
        return None;
    }
    if class == Kind::Settings {
        return notice(file, "it is not a regular file, so its settings don't count");
    }
    if !kind.is_symlink() {
        return notice(file, "it is not a regular file");
    }
    let inside = path.canonicalize().is_ok_and(|target| target.starts_with(root));
    if inside { None } else { notice(file, "a symbolic link that leads out of the repository is not followed") }
}

fn matters(kind: Kind) -> bool {
    matches!(kind, Kind::Dockerfile | Kind::Template | Kind::Caller | Kind::Settings)
}

/// The path from the root with forward slashes, or a readable form of one that is not UTF-8.
fn relative(root: &Utf8Path, path: &Path) -> Result<Utf8PathBuf, Utf8PathBuf> {
    let inside = path.strip_prefix(root).unwrap_or(path);
    let slashes = |text: &str| if cfg!(windows) { text.replace('\\', "/").into() } else { Utf8PathBuf::from(text) };
    inside.to_str().map(slashes).ok_or_else(|| slashes(&inside.to_string_lossy()))
}

/// One file that the walk left out, if it is there and no directory on the way to it is a symbolic link.
fn look(root: &Utf8Path, path: &Utf8Path) -> Option<Seen> {
    let linked = path.ancestors().skip(1).filter(|above| !above.as_str().is_empty()).any(|above| {
        let metadata = fs::symlink_metadata(root.join(above));
        metadata.is_ok_and(|metadata| metadata.file_type().is_symlink())
    });
    let metadata = fs::symlink_metadata(root.join(path)).ok()?;
    if linked { None } else { seen_entry(root, root.join(path).as_std_path(), metadata.file_type()) }
}

/// The files that git tracks below `root` and that a checkout has; none where the repository can't be opened (another owner, no
/// git at all).
#[must_use]
pub fn tracked_files(root: &Utf8Path) -> Vec<Utf8PathBuf> {
    let file = |tracked| match tracked {
        Tracked::File(path) => Some(path),
        Tracked::LeftOut(_) | Tracked::Submodule(_) => None,
    };
    tracked(root).into_iter().filter_map(file).collect()
}

/// What the index says of a file.
enum Tracked {
    File(Utf8PathBuf),
    /// A sparse checkout leaves it out.
    LeftOut(Utf8PathBuf),
    Submodule(Utf8PathBuf),
}

impl Tracked {
    /// Whether it is a file that was `walked`, so that there is nothing more to be known of it.
    fn is_one_of(&self, walked: &HashSet<&str>) -> bool {
        match self {
            Self::File(path) | Self::LeftOut(path) => walked.contains(path.as_str()),
            Self::Submodule(_) => false,
        }
    }
}

/// The mode of a submodule in an index (gitformat-index).
const SUBMODULE: u32 = 0o160_000;

/// The bit `skip-worktree` of the extended flags of an index entry (gitformat-index).
const SKIPPED: u16 = 1 << 14;

/// The tracked files; none where the repository can't be opened (another owner, no git at all).
fn tracked(root: &Utf8Path) -> Vec<Tracked> {
    let index = git2::Repository::open(root).and_then(|repository| repository.index());
    let Ok(index) = index else { return Vec::new() };
    let tracked = index.iter().filter_map(|entry| {
        let path = Utf8PathBuf::from(String::from_utf8(entry.path).ok()?);
        let is_left_out = entry.flags_extended & SKIPPED != 0;
        Some(match entry.mode {
            SUBMODULE => Tracked::Submodule(path),
            _ if is_left_out => Tracked::LeftOut(path),
            _ => Tracked::File(path),
        })
    });
    tracked.collect()
}
