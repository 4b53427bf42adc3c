//! The copies of a repository that are built.

use std::{
    collections::{BTreeMap, BTreeSet},
    fs, io,
    path::Path,
};

use camino::{Utf8Path, Utf8PathBuf};
use ignore::{DirEntry, WalkBuilder};

use crate::syntax::dockerfile::{self, DirectiveKind};

/// What a checkout has: the tracked files, and those that are neither tracked nor ignored. Everything where there is no git.
/// Git's own directories are no part of it.
///
/// # Errors
/// A folder can't be listed.
pub(super) fn files(root: &Utf8Path) -> io::Result<BTreeSet<Utf8PathBuf>> {
    let has_git = root.join(".git").symlink_metadata().is_ok();
    let mut walker = WalkBuilder::new(root);
    walker.standard_filters(false).hidden(false).git_ignore(has_git).git_exclude(has_git).require_git(false);
    let is_wanted = |entry: &DirEntry| entry.depth() == 0 || entry.file_name() != ".git";
    let mut files = BTreeSet::new();
    for entry in walker.filter_entry(is_wanted).build() {
        let entry = entry.map_err(io::Error::other)?;
        let is_folder = entry.file_type().is_none_or(|kind| kind.is_dir());
        let inside = entry.path().strip_prefix(root).ok().and_then(Utf8Path::from_path);
        files.extend(inside.filter(|_| !is_folder).map(Utf8Path::to_owned));
    }
    files.extend(
        crate::repository::tracked_files(root).into_iter().filter(|path| root.join(path).symlink_metadata().is_ok()),
    );
    Ok(files)
}

/// Copies `files` with their permissions. A link is copied as it is if it leads to something inside of `from`; others, and
/// what is neither a file nor a link, are left out.
///
/// # Errors
/// A file can't be read or written.
pub(super) fn copy(from: &Utf8Path, to: &Utf8Path, files: &BTreeSet<Utf8PathBuf>) -> io::Result<()> {
    let root = from.canonicalize_utf8()?;
    for path in files {
        let (source, target) = (root.join(path), to.join(path));
        let is_inside = source.parent().and_then(|folder| folder.canonicalize_utf8().ok());
        if is_inside.is_none_or(|folder| !folder.starts_with(&root)) {
            continue;
        }
        let kind = fs::symlink_metadata(&source)?.file_type();
        fs::create_dir_all(target.parent().unwrap_or(to))?;
        if kind.is_file() {
            fs::copy(&source, &target)?;
        } else if kind.is_symlink() && source.canonicalize_utf8().is_ok_and(|end| end.starts_with(&root)) {
            link(&fs::read_link(&source)?, &target)?;
        }
    }
    Ok(())
}

#[cfg(unix)]
fn link(points_to: &Path, at: &Utf8Path) -> io::Result<()> {
    // An absolute link would lead out of the copy.
    if points_to.is_absolute() { Ok(()) } else { std::os::unix::fs::symlink(points_to, at) }
}

#[cfg(not(unix))]
fn link(_: &Path, _: &Utf8Path) -> io::Result<()> {
    Ok(())
}

/// Writes files that a person has beside those of the repository; what is there already stays.
///
/// # Errors
/// A file can't be written.
pub(super) fn add(to: &Utf8Path, files: &BTreeMap<Utf8PathBuf, Vec<u8>>) -> io::Result<()> {
    for (path, content) in files {
        let target = to.join(path);
        if target.symlink_metadata().is_err() {
            fs::create_dir_all(target.parent().unwrap_or(to))?;
            fs::write(target, content)?;
        }
    }
    Ok(())
}

/// The text of a Dockerfile without its `# syntax=` line, if the line names `frontend`.
pub(super) fn without_frontend(text: &str, frontend: &str) -> Option<String> {
    let directives = dockerfile::parse(text).root().directives();
    let directive = directives.into_iter().find(|one| one.kind == DirectiveKind::Syntax && one.value == frontend)?;
    let (start, end) = (usize::from(directive.range.start()), usize::from(directive.range.end()));
    Some(format!("{}{}", text.get(..start)?, text.get(end..)?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ignored_files_and_links_that_lead_out_stay_behind() {
        let (from, to) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
        let root = Utf8Path::from_path(from.path()).unwrap();
        git2::Repository::init(root).unwrap();
        for (path, text) in [("a/b", "1"), (".env", "2"), (".gitignore", ".env\nkept\n"), ("kept", "3")] {
            fs::create_dir_all(root.join(path).parent().unwrap()).unwrap();
            fs::write(root.join(path), text).unwrap();
        }
        let repository = git2::Repository::open(root).unwrap();
        let mut index = repository.index().unwrap();
        index.add_all(["kept"], git2::IndexAddOption::FORCE, None).unwrap();
        index.write().unwrap();
        link(Path::new("a/b"), &root.join("inner")).unwrap();
        link(Path::new("../../../../../etc/hostname"), &root.join("outer")).unwrap();
        let target = Utf8Path::from_path(to.path()).unwrap();
        copy(root, target, &files(root).unwrap()).unwrap();
        let copied: Vec<_> = files(target).unwrap().into_iter().map(Utf8PathBuf::into_string).collect();
        assert_eq!(copied, [".gitignore", "a/b", "inner", "kept"]);
        add(target, &[(".env".into(), b"x".to_vec()), ("a/b".into(), b"x".to_vec())].into()).unwrap();
        assert_eq!(fs::read_to_string(target.join("a/b")).unwrap(), "1");
        assert!(target.join(".env").is_file());
    }

    #[test]
    fn only_the_line_of_that_frontend_goes() {
        let text = "# escape=`\r\n# syntax=docker/dockerfile:1\r\nFROM x\r\n";
        assert_eq!(without_frontend(text, "docker/dockerfile:1").as_deref(), Some("# escape=`\r\nFROM x\r\n"));
        assert_eq!(without_frontend(text, "docker/dockerfile:1.4"), None);
        assert_eq!(without_frontend("FROM x\n# syntax=docker/dockerfile:1\n", "docker/dockerfile:1"), None);
    }
}
