//! What a call of Compose builds: the services of its files.

use camino::{Utf8Path, Utf8PathBuf};

use super::super::command::{Piece, Program};
use super::super::location::{inside, join};
use super::super::{Dockerfiles, Surroundings, compose};

/// The Dockerfiles of `program`, a call of Compose in one of `directories`; `written` where they can't be told.
pub(super) fn dockerfiles(
    pieces: &[Piece],
    program: &Program,
    directories: &[String],
    written: &str,
    around: &dyn Surroundings,
) -> Dockerfiles {
    let unknown = || Dockerfiles::Unknown(written.to_owned());
    let Some(files) = files(pieces.get(program.index..program.operands).unwrap_or_default()) else { return unknown() };
    // Other subcommands build what the named services depend on as well.
    let only = program.title.ends_with(" build");
    let words: Vec<&str> =
        pieces.get(program.operands..).unwrap_or_default().iter().filter_map(Piece::text).filter(|_| only).collect();
    let found = directories.iter().filter_map(|directory| {
        let paths: Option<Vec<Utf8PathBuf>> = files.iter().map(|file| inside(&join(directory, file))).collect();
        let folder = inside(directory)?;
        Some(compose::dockerfiles(Utf8Path::new(&folder), &paths?, &words, around))
    });
    let paths = found.into_iter().find(|paths| !paths.is_empty()).unwrap_or_default();
    match <[Utf8PathBuf; 1]>::try_from(paths) {
        Ok([path]) => Dockerfiles::One(path),
        Err(paths) if paths.is_empty() => unknown(),
        Err(paths) => Dockerfiles::Several(paths),
    }
}

/// The operands of `--file` in front of the subcommand. `None` where one can't be told.
fn files(words: &[Piece]) -> Option<Vec<String>> {
    let mut files = Vec::new();
    let mut words = words.iter();
    while let Some(word) = words.next() {
        match word.text() {
            Some("-f" | "--file") => files.push(words.next()?.text()?.to_owned()),
            Some(text) => files.extend(text.strip_prefix("--file=").map(str::to_owned)),
            None => {}
        }
    }
    Some(files)
}
