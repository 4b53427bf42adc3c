//! The texts of files, as far as they are worth keeping and within [`Limits`].

use std::fs;
use std::io::{self, Read as _};

use aho_corasick::AhoCorasick;
use camino::{Utf8Path, Utf8PathBuf};
use rayon::prelude::*;

use super::limits::{LARGEST, Limits};
use super::{Kind, Notice};
use crate::source::Source;
use crate::syntax::dockerfile::{is_too_deep, parse};

/// A file without an extension that has more bytes than this, and no interpreter's name, is no script.
const LONGEST_NAMELESS: u64 = 1 << 14;

/// What shows a build in such a file, before its migration and after.
const OPTIONS: [&[u8]; 2] = [b"--build-arg", b"--secret"];

/// The size up to which a file that is too large to be read is searched for the name of a tool, in bytes.
const LARGEST_SEARCHED: u64 = 1 << 24;

/// How many files are read at once: what they have together is in memory before it is known whether it is within the limits.
const BATCH: usize = 256;

/// What a file of [`Kind::Mention`] has to name for its text to matter.
const CONTAINER_TOOLS: [&str; 10] =
    ["docker", "podman", "buildah", "buildx", "buildctl", "nerdctl", "kaniko", "containerfile", "earthly", "\"auths\""];

/// The size from which a file of [`Kind::Text`] is none that somebody wrote to build with, in bytes.
const LARGEST_TEXT: u64 = 1 << 20;

/// What a file of [`Kind::Program`] or [`Kind::Text`] has to name to build an image: an argument of a build, or the call of a library.
const BUILDING: [&str; 7] =
    ["build-arg", "build_arg", "buildarg", "fromdockerfile", "docker.image", "docker_build.image", "dockerbuild.image"];

/// How a pointer begins that stands where Git LFS has not put the content (the specification of Git LFS, version 1).
const POINTER_MARK: &[u8] = b"version https://git-lfs.github.com/spec/v1\n";

/// What is said of such a file.
const POINTER: &str = "it is a pointer of Git LFS, and the content is not here (`git lfs pull` brings it)";

/// What is said of a Dockerfile that nobody wrote by hand.
const TOO_DEEP: &str = "its variables nest too deeply to be understood (`${A:-${B:-…}}`, over 64 levels in one line)";

/// Reads the files of one repository.
pub(super) struct Texts<'r> {
    root: &'r Utf8Path,
    limits: &'r Limits,
    /// Bytes that may still be kept.
    left: u64,
    /// What was left alone.
    pub notices: Vec<Notice>,
    /// Files that may run builds and were not read.
    pub unread: Vec<Utf8PathBuf>,
}

/// Why the text of a file is not there.
struct Unread {
    reason: String,
    /// Whether it may run a build, if it is a file that can.
    may_build: bool,
}

impl<'r> Texts<'r> {
    pub(super) fn new(root: &'r Utf8Path, limits: &'r Limits) -> Self {
        Self { root, limits, left: limits.text, notices: Vec::new(), unread: Vec::new() }
    }

    /// The texts of those of `files` that are worth keeping, in the same order. `variables` are the names that make a program
    /// worth it.
    pub(super) fn read(&mut self, files: &[(&Utf8PathBuf, Kind)], variables: &[String]) -> Vec<Source> {
        let search = Search::new(variables);
        let mut sources = Vec::new();
        for batch in files.chunks(BATCH) {
            let limits = self.limits;
            let read = |(path, kind): &(&Utf8PathBuf, Kind)| search.text(self.root, path, *kind, limits);
            let found: Vec<_> = batch.par_iter().map(read).collect();
            for ((path, kind), outcome) in batch.iter().zip(found) {
                let outcome = outcome.and_then(|source| source.map(|source| self.counted(source)).transpose());
                match outcome {
                    Ok(source) => sources.extend(source),
                    Err(unread) => self.leave(path, *kind, unread),
                }
            }
        }
        sources
    }

    fn counted(&mut self, source: Source) -> Result<Source, Unread> {
        let length = source.text().len() as u64;
        match self.left.checked_sub(length) {
            Some(left) => {
                self.left = left;
                Ok(source)
            }
            None => {
                let most = self.limits.text;
                let reason = format!("the texts of this repository have over {most} bytes, and no more are read");
                Err(Unread { reason, may_build: true })
            }
        }
    }

    fn leave(&mut self, path: &Utf8Path, kind: Kind, unread: Unread) {
        if matches!(kind, Kind::Dockerfile | Kind::Caller) {
            self.notices.push(Notice { file: path.to_owned(), reason: unread.reason });
        }
        if kind == Kind::Caller && unread.may_build {
            self.unread.push(path.to_owned());
        }
    }
}

/// What makes a text worth keeping.
struct Search {
    /// The tools, the words of [`BUILDING`] and the variables.
    mention: Option<AhoCorasick>,
    /// The words of [`BUILDING`] and the variables.
    program: Option<AhoCorasick>,
    /// The words of [`BUILDING`].
    building: Option<AhoCorasick>,
    tools: Option<AhoCorasick>,
}

impl Search {
    fn new(variables: &[String]) -> Self {
        // One pass over a text finds them all; a variable in other letters is found as well, which costs nothing but memory.
        let words = |lists: &[&[&str]]| AhoCorasick::builder().ascii_case_insensitive(true).build(lists.concat()).ok();
        let variables: Vec<&str> = variables.iter().map(String::as_str).collect();
        Self {
            mention: words(&[&CONTAINER_TOOLS, &BUILDING, &variables]),
            program: words(&[&BUILDING, &variables]),
            building: words(&[&BUILDING]),
            tools: words(&[&CONTAINER_TOOLS]),
        }
    }

    fn mentions(&self, bytes: &[u8]) -> bool {
        self.tools.as_ref().is_none_or(|tools| tools.is_match(bytes))
    }

    /// The text of a file; `None` if it is not worth keeping.
    fn text(&self, root: &Utf8Path, path: &Utf8Path, kind: Kind, limits: &Limits) -> Result<Option<Source>, Unread> {
        let full = root.join(path);
        let bytes = bytes(&full, kind).map_err(|reason| Unread { reason, may_build: self.may_build(&full) })?;
        if bytes.starts_with(POINTER_MARK) {
            return Err(Unread { reason: POINTER.to_owned(), may_build: true });
        }
        let wanted = match kind {
            Kind::Mention => self.mention.as_ref().is_none_or(|words| words.is_match(&bytes)),
            Kind::Program => self.program.as_ref().is_none_or(|words| words.is_match(&bytes)),
            Kind::Text => self.building.as_ref().is_none_or(|words| words.is_match(&bytes)),
            Kind::Nameless => !bytes.is_empty(),
            _ => true,
        };
        let source = wanted.then(|| Source::new(path.to_owned(), bytes));
        let dockerfile = source.as_ref().filter(|_| kind == Kind::Dockerfile);
        match dockerfile.and_then(|source| too_much(source.text(), limits)) {
            Some(reason) => Err(Unread { reason, may_build: true }),
            None => Ok(source),
        }
    }

    /// Whether a file whose text is not read may run a build: it names a tool that does, or that can't be told.
    fn may_build(&self, path: &Utf8Path) -> bool {
        let Ok(mut bytes) = beginning(path) else { return true };
        let is_whole = bytes.len() as u64 <= LARGEST_SEARCHED;
        // In UTF-16, every other byte of a name is zero.
        bytes.retain(|byte| *byte != 0);
        !is_whole || self.mentions(&bytes)
    }
}

fn beginning(path: &Utf8Path) -> io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    if path.symlink_metadata()?.is_file() {
        fs::File::open(path)?.take(LARGEST_SEARCHED + 1).read_to_end(&mut bytes)?;
    }
    Ok(bytes)
}

/// What is said of a Dockerfile that nobody wrote by hand.
fn too_much(text: &str, limits: &Limits) -> Option<String> {
    if is_too_deep(text) {
        return Some(TOO_DEEP.to_owned());
    }
    let most = limits.instructions;
    let count = if text.len() > most { parse(text).root().instructions().len() } else { 0 };
    (count > most).then(|| format!("it has {count} instructions; files with over {most} are not analysed"))
}

/// The content of a file, empty for a nameless one that is not a script: it begins with `#!`, or passes build arguments
/// (a shell runs a file without an interpreter's name by itself).
pub(super) fn bytes(path: &Utf8Path, kind: Kind) -> Result<Vec<u8>, String> {
    let unreadable = |error: std::io::Error| format!("it could not be read: {error}");
    // The walk saw a regular file, but what stands there now may be another one: opening a FIFO would wait forever.
    let metadata = fs::symlink_metadata(path).map_err(unreadable)?;
    if !metadata.is_file() {
        return Err("it is not a regular file".to_owned());
    }
    if kind == Kind::Text && metadata.len() > LARGEST_TEXT {
        return Ok(Vec::new());
    }
    if metadata.len() > LARGEST {
        return Err(format!("it has {} bytes; files over {LARGEST} bytes are not read", metadata.len()));
    }
    let mut file = fs::File::open(path).map_err(unreadable)?;
    let mut bytes = Vec::with_capacity(usize::try_from(metadata.len()).unwrap_or_default());
    if kind == Kind::Nameless {
        (&mut file).take(2).read_to_end(&mut bytes).map_err(unreadable)?;
        if bytes != b"#!" && metadata.len() > LONGEST_NAMELESS {
            return Ok(Vec::new());
        }
    }
    let is_script = kind != Kind::Nameless || bytes == b"#!";
    file.take(LARGEST).read_to_end(&mut bytes).map_err(unreadable)?;
    let shows = |option: &&[u8]| bytes.windows(option.len()).any(|window| window == *option);
    if !is_script && !OPTIONS.iter().any(shows) {
        return Ok(Vec::new());
    }
    if bytes.contains(&0) { Err("it holds NUL bytes, so it is not a text file in UTF-8".to_owned()) } else { Ok(bytes) }
}
