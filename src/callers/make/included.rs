//! Whether a Makefile is read as a part of another one.

use camino::Utf8Path;

use super::Surroundings;
use super::exports::included;

/// The names that make looks for by itself, in lower case (GNU make manual, "What Name to Give Your Makefile").
pub(super) fn is_makefile(name: &str) -> bool {
    matches!(name, "makefile" | "gnumakefile")
}

/// Whether make finds the file by itself in its folder.
pub(super) fn is_found_by_make(path: &Utf8Path) -> bool {
    path.file_name().is_some_and(|name| is_makefile(&name.to_ascii_lowercase()))
}

/// Whether it is, or may be, read as a part of another Makefile, which may assign variables and export none of them. A file
/// that make does not find by itself is there for that.
pub(super) fn is_included(path: &Utf8Path, around: &dyn Surroundings) -> bool {
    let Some(name) = path.file_name().filter(|_| is_found_by_make(path)) else { return true };
    let is_it = |word: &str| word.rsplit('/').next() == Some(name);
    around.mentioning(name, &|other, text| other != path && included(text).any(is_it)).is_some()
}
