//! Where a script stands and which Dockerfile its paths lead to.

use camino::{Utf8Path, Utf8PathBuf};

use super::super::command::{BuildCommand, Family, Operand, UNKNOWN};
use super::super::{Dockerfiles, Surroundings};

/// The repository's root while paths are worked out; no file name holds the character.
pub(super) const ROOT: &str = "/\u{f8fe}";

/// The path without its last component.
pub(super) fn parent(path: &str) -> String {
    match path.trim_end_matches('/').rsplit_once('/') {
        Some(("", _)) => "/".to_owned(),
        Some((parent, _)) => parent.to_owned(),
        None => ".".to_owned(),
    }
}

/// The last component of the path.
pub(super) fn last(path: &str) -> String {
    path.trim_end_matches('/').rsplit('/').next().unwrap_or("").to_owned()
}

/// `path` seen from `directory`, without `.` and `..`.
pub(super) fn join(directory: &str, path: &str) -> String {
    let path = path.replace('\\', "/");
    let whole = if path.starts_with(['/', '~']) { path } else { format!("{directory}/{path}") };
    let mut parts: Vec<&str> = Vec::new();
    for part in whole.split('/') {
        match part {
            "" | "." => {}
            ".." if parts.last().is_some_and(|last| *last != ".." && !last.contains(UNKNOWN)) => {
                parts.pop();
            }
            part => parts.push(part),
        }
    }
    let start = if whole.starts_with('~') { "" } else { "/" };
    format!("{start}{}", parts.join("/"))
}

/// The path from the repository's root; `None` outside of it.
pub(super) fn inside(path: &str) -> Option<Utf8PathBuf> {
    let rest = path.strip_prefix(ROOT)?;
    (rest.is_empty() || rest.starts_with('/')).then(|| Utf8PathBuf::from(rest.trim_start_matches('/')))
}

/// The absolute path of a directory given from the repository's root.
pub(super) fn absolute(directory: &Utf8Path) -> String {
    join(ROOT, directory.as_str())
}

/// What a build is of.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Place {
    /// The Dockerfiles.
    pub dockerfiles: Dockerfiles,
    /// The context, where there is one and it is known.
    pub context: Option<Utf8PathBuf>,
}

/// One way to read the paths of a command line.
struct Reading {
    dockerfile: String,
    context: Option<Utf8PathBuf>,
}

/// What `command` builds, started in one of `directories`. `input` is the file that is redirected to standard input.
pub(super) fn resolve(
    command: &BuildCommand,
    directories: &[String],
    input: Option<&Operand>,
    raw: &str,
    around: &dyn Surroundings,
) -> Place {
    let elsewhere = Place { dockerfiles: Dockerfiles::Elsewhere, context: None };
    let context = command.context.as_ref();
    let from_input = |operand: Option<&Operand>| operand.and_then(Operand::text) == Some("-");
    if context.and_then(Operand::text).is_some_and(is_remote) {
        return elsewhere;
    }
    let file = match (from_input(context) || from_input(command.file.as_ref()), input) {
        (true, None) => return elsewhere,
        (true, Some(input)) => Some(input),
        (false, _) => command.file.as_ref(),
    };
    if context.is_none() && file.is_none() && (!command.opaque.is_empty() || !command.program.family.has_context()) {
        return Place { dockerfiles: Dockerfiles::Unknown(raw.to_owned()), context: None };
    }
    let readings = readings(command.program.family, directories, context, file, around);
    choose(&readings, raw, around)
}

fn readings(
    family: Family,
    directories: &[String],
    context: Option<&Operand>,
    file: Option<&Operand>,
    around: &dyn Surroundings,
) -> Vec<Reading> {
    let here = [".".to_owned()];
    let mut readings = Vec::new();
    for directory in directories {
        for context in context.map_or(&here[..], |context| &context.texts) {
            let context = join(directory, context);
            let local = inside(&context).filter(|path| !path.as_str().contains(UNKNOWN));
            let mut push = |dockerfile: String| readings.push(Reading { dockerfile, context: local.clone() });
            match file {
                // Kaniko and buildctl look for the file in the context, docker from where it is called.
                Some(file) => file.texts.iter().for_each(|file| {
                    let base = if matches!(family, Family::Kaniko | Family::Buildctl) { &context } else { directory };
                    push(join(base, file));
                }),
                None => push(join(&context, default_name(family, &context, around))),
            }
        }
    }
    readings
}

/// Podman and Buildah prefer a `Containerfile` (`buildah/imagebuildah/build.go`).
fn default_name(family: Family, context: &str, around: &dyn Surroundings) -> &'static str {
    let containerfile =
        family == Family::Buildah && inside(&join(context, "Containerfile")).is_some_and(|path| around.is_file(&path));
    if containerfile { "Containerfile" } else { "Dockerfile" }
}

fn choose(readings: &[Reading], raw: &str, around: &dyn Surroundings) -> Place {
    let is_known = |reading: &&Reading| !reading.dockerfile.contains(UNKNOWN);
    let mut found: Vec<Utf8PathBuf> = Vec::new();
    let mut contexts: Vec<Option<Utf8PathBuf>> = Vec::new();
    for reading in readings.iter().filter(is_known) {
        let Some(path) = inside(&reading.dockerfile).filter(|path| around.is_file(path)) else { continue };
        if !found.contains(&path) {
            found.push(path);
        }
        if !contexts.contains(&reading.context) {
            contexts.push(reading.context.clone());
        }
    }
    let context = if let [context] = contexts.as_mut_slice() { context.take() } else { None };
    for path in readings.iter().filter(|reading| !is_known(reading)).flat_map(|reading| matching(reading, around)) {
        if !found.contains(&path) {
            found.push(path);
        }
    }
    let guessed = readings.iter().any(|reading| !is_known(&reading));
    let dockerfiles = match found.as_slice() {
        [] => missing(readings, raw, around),
        [_] if !guessed => Dockerfiles::One(found.swap_remove(0)),
        _ => Dockerfiles::Several(found),
    };
    Place { dockerfiles, context }
}

/// The Dockerfiles that fit a path of which only pieces are known.
fn matching<'a>(reading: &Reading, around: &'a dyn Surroundings) -> impl Iterator<Item = Utf8PathBuf> + use<'a> {
    let pattern = reading.dockerfile.strip_prefix(ROOT).unwrap_or(&reading.dockerfile).to_owned();
    let fixed: String = pattern.split(UNKNOWN).collect();
    let telling = !matches!(fixed.trim_matches('/'), "" | "Dockerfile" | "Containerfile");
    let dockerfiles = around.dockerfiles().iter();
    dockerfiles.filter(move |path| telling && fits(&pattern, &format!("/{path}"))).cloned()
}

/// Whether `text` is `pattern` with anything in place of [`UNKNOWN`]. A pattern that begins with it is open in front.
fn fits(pattern: &str, text: &str) -> bool {
    let mut pieces = pattern.split(UNKNOWN);
    let Some(mut rest) = text.strip_prefix(pieces.next().unwrap_or("").trim_end_matches("//")) else { return false };
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

/// None of the paths is there: the script is started from a folder that can't be told, or it builds something else.
fn missing(readings: &[Reading], raw: &str, around: &dyn Surroundings) -> Dockerfiles {
    let known: Vec<&Reading> = readings.iter().filter(|reading| !reading.dockerfile.contains(UNKNOWN)).collect();
    if !known.is_empty() && known.len() == readings.len() && known.iter().all(|one| inside(&one.dockerfile).is_none()) {
        return Dockerfiles::Elsewhere;
    }
    let tail = |reading: &&Reading| inside(&reading.dockerfile).map(|path| format!("/{path}"));
    let tails: Vec<String> = known.iter().filter_map(tail).collect();
    let shortest = tails.iter().min_by_key(|tail| tail.len());
    let Some(shortest) = shortest else { return Dockerfiles::Unknown(raw.to_owned()) };
    let fitting: Vec<Utf8PathBuf> =
        around.dockerfiles().iter().filter(|path| format!("/{path}").ends_with(shortest.as_str())).cloned().collect();
    if fitting.is_empty() { Dockerfiles::Unknown(raw.to_owned()) } else { Dockerfiles::Several(fitting) }
}

fn is_remote(context: &str) -> bool {
    ["http://", "https://", "git://", "ssh://", "git@", "github.com/", "oci-layout://", "s3://", "gs://"]
        .iter()
        .any(|scheme| context.starts_with(scheme))
}
