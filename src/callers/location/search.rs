use camino::{Utf8Path, Utf8PathBuf};

use super::{ROOT, beside, inside, is_around, shown, upwards};
use crate::callers::command::UNKNOWN;
use crate::callers::outside::{Folder, Outside, is_cloned, is_own, led_to};
use crate::callers::{Dockerfiles, Surroundings};

/// What a build is of.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::callers) struct Place {
    /// The Dockerfiles.
    pub dockerfiles: Dockerfiles,
    /// The context, where there is one and it is known.
    pub context: Option<Utf8PathBuf>,
    /// What it is of where that is another repository.
    pub outside: Option<Outside>,
}

impl Place {
    /// Outside of this repository.
    pub(in crate::callers) fn elsewhere(outside: Option<Outside>) -> Self {
        Self { dockerfiles: Dockerfiles::Elsewhere, context: None, outside }
    }

    /// Outside of this repository as it lies here: the Dockerfile at `dockerfile` with the folder `context`, both of which
    /// [`super::join`] made. In one of `folders` lies another repository.
    pub(in crate::callers) fn outside(dockerfile: &str, context: &str, folders: &[Folder]) -> Self {
        let dockerfiles = match is_of_another(dockerfile, is_around(context), folders) {
            true => Dockerfiles::Elsewhere,
            false => Dockerfiles::Unknown(shown(dockerfile)),
        };
        Self { dockerfiles, context: None, outside: led_to(dockerfile, folders) }
    }

    /// Nobody can tell where.
    pub(in crate::callers) fn unknown(raw: &str) -> Self {
        Self { dockerfiles: Dockerfiles::Unknown(raw.to_owned()), context: None, outside: None }
    }
}

/// One way to read the paths of a build.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::callers) struct Reading {
    /// The Dockerfile, as [`super::join`] writes it; [`UNKNOWN`] stands for pieces that can't be told.
    pub dockerfile: String,
    /// The same as the build says it: without the directory in which it may have been started.
    pub written: String,
    /// The context from the repository's root, where it is known and inside.
    pub context: Option<Utf8PathBuf>,
    /// Whether the context is a folder around the repository.
    pub around: bool,
}

impl Reading {
    fn is_known(&self) -> bool {
        !self.dockerfile.contains(UNKNOWN)
    }

    fn is_telling(&self) -> bool {
        let fixed: String = self.written.split(UNKNOWN).collect();
        is_telling(fixed.trim_matches('/'))
    }
}

/// Which of several readings holds, for a build whose file lies in `home`: those that lead to a file. Where none does,
/// Dockerfiles nearby whose path ends alike. In one of `folders` lies another repository. `raw` is what a person is told
/// where nothing fits.
pub(in crate::callers) fn choose(
    readings: &[Reading],
    folders: &[Folder],
    home: &Utf8Path,
    raw: &str,
    around: &dyn Surroundings,
) -> Place {
    let mut found: Vec<Utf8PathBuf> = Vec::new();
    let mut contexts: Vec<&Option<Utf8PathBuf>> = Vec::new();
    for reading in readings.iter().filter(|reading| reading.is_known()) {
        let own = inside(&reading.dockerfile).filter(|_| is_own(&reading.dockerfile, folders));
        let Some(path) = own.filter(|path| around.is_file(path)) else { continue };
        push_new(&mut found, path);
        push_new(&mut contexts, &reading.context);
    }
    let context = if let [context] = contexts.as_slice() { (*context).clone() } else { None };
    let outside = readings.iter().find_map(|reading| led_to(&reading.dockerfile, folders)).filter(|_| found.is_empty());
    let guessed = readings.iter().any(|reading| !reading.is_known());
    if guessed {
        let patterns: Vec<&Reading> = readings.iter().filter(|one| !one.is_known() && one.is_telling()).collect();
        nearest_fitting(&patterns, home, around).into_iter().for_each(|path| push_new(&mut found, path));
    }
    let dockerfiles = match found.as_slice() {
        [] => missing(readings, folders, home, raw, around),
        [_] if !guessed => Dockerfiles::One(found.swap_remove(0)),
        _ => Dockerfiles::Several(found),
    };
    Place { dockerfiles, context, outside }
}

/// Whether a path says more than that it is a Dockerfile.
fn is_telling(path: &str) -> bool {
    !matches!(path, "" | "Dockerfile" | "Containerfile")
}

fn push_new<T: PartialEq>(list: &mut Vec<T>, item: T) {
    if !list.contains(&item) {
        list.push(item);
    }
}

/// None of the paths is there: the script is started from a folder that can't be told, or it builds something else.
fn missing(
    readings: &[Reading],
    folders: &[Folder],
    home: &Utf8Path,
    raw: &str,
    around: &dyn Surroundings,
) -> Dockerfiles {
    let known: Vec<&Reading> = readings.iter().filter(|reading| reading.is_known()).collect();
    let outside = |reading: &&Reading| !is_own(&reading.dockerfile, folders);
    if !known.is_empty() && known.len() == readings.len() && known.iter().all(outside) {
        let own = known.iter().find(|one| !is_of_another(&one.dockerfile, one.around, folders));
        return own.map_or(Dockerfiles::Elsewhere, |one| Dockerfiles::Unknown(shown(&one.dockerfile)));
    }
    // From the root, the path is as the build writes it.
    let own = known.iter().filter(|reading| is_own(&reading.dockerfile, folders));
    let tails = own.filter_map(|reading| inside(&reading.dockerfile));
    let tail = tails.min_by_key(|tail| tail.as_str().len()).filter(|tail| is_telling(tail.as_str()));
    let Some(tail) = tail else { return Dockerfiles::Unknown(raw.to_owned()) };
    let project =
        upwards(home).into_iter().map(|folder| below(around.dockerfiles(), &folder)).find(|all| !all.is_empty());
    let fitting: Vec<Utf8PathBuf> =
        project.unwrap_or_default().iter().filter(|path| path.ends_with(&tail)).cloned().collect();
    match fitting.is_empty() {
        // The path itself tells, and not the folder in which the build may have been started.
        true if known.len() == readings.len() && known.iter().all(|reading| reading.is_telling()) => {
            Dockerfiles::Unknown(tail.into_string())
        }
        true => Dockerfiles::Unknown(raw.to_owned()),
        false => Dockerfiles::Several(fitting),
    }
}

/// Whether a path that leads outside is certainly of another repository: one that was cloned, or one in a folder beside this
/// one's. Nobody knows where this one is checked out: an absolute path, one into a home directory and one from a folder
/// around may be of it.
fn is_of_another(dockerfile: &str, around: bool, folders: &[Folder]) -> bool {
    is_cloned(dockerfile, folders) || beside(dockerfile).is_some() && !around
}

/// The Dockerfiles that fit one of `patterns`: those below the nearest folder, from `home` upwards, that has one.
fn nearest_fitting(patterns: &[&Reading], home: &Utf8Path, around: &dyn Surroundings) -> Vec<Utf8PathBuf> {
    let mut fitting: Vec<&Utf8PathBuf> = Vec::new();
    for pattern in patterns {
        let pattern = pattern.dockerfile.strip_prefix(ROOT).unwrap_or(&pattern.dockerfile);
        let all = below(around.dockerfiles(), known_folder(pattern));
        all.iter().filter(|path| fits(pattern, path)).for_each(|path| push_new(&mut fitting, path));
    }
    let within = |folder: Utf8PathBuf| -> Vec<Utf8PathBuf> {
        fitting.iter().filter(|path| path.starts_with(&folder)).map(|path| (*path).clone()).collect()
    };
    upwards(home).into_iter().map(within).find(|found| !found.is_empty()).unwrap_or_default()
}

/// The folder in front of the first piece of a pattern that can't be told.
fn known_folder(pattern: &str) -> &Utf8Path {
    let known = pattern.split(UNKNOWN).next().unwrap_or("");
    Utf8Path::new(known.rsplit_once('/').map_or("", |(folder, _)| folder.trim_start_matches('/')))
}

/// Those of `sorted` that lie at or below `folder`: in the order of paths they stand together.
fn below<'p>(sorted: &'p [Utf8PathBuf], folder: &Utf8Path) -> &'p [Utf8PathBuf] {
    let start = sorted.partition_point(|path| path.as_path() < folder);
    let rest = sorted.get(start..).unwrap_or_default();
    rest.get(..rest.partition_point(|path| path.starts_with(folder))).unwrap_or_default()
}

/// Whether `path` is `pattern` with anything in place of [`UNKNOWN`].
fn fits(pattern: &str, path: &Utf8Path) -> bool {
    let text = format!("/{path}");
    let mut pieces = pattern.split(UNKNOWN);
    let Some(mut rest) = text.strip_prefix(pieces.next().unwrap_or("")) else { return false };
    let pieces: Vec<&str> = pieces.collect();
    for (index, piece) in pieces.iter().enumerate() {
        if index + 1 == pieces.len() {
            return rest.ends_with(piece);
        }
        let Some(at) = rest.find(piece) else { return false };
        rest = &rest[at + piece.len()..];
    }
    rest.is_empty()
}
