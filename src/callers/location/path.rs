use camino::{Utf8Path, Utf8PathBuf};

use crate::callers::command::UNKNOWN;

/// The repository's root while paths are worked out, in the folder that holds it; no file name holds these characters.
pub(in crate::callers) const ROOT: &str = "/\u{f8fc}/\u{f8fd}/\u{f8fe}";

/// The folder that holds the repository's root.
const AROUND: &str = "/\u{f8fc}/\u{f8fd}/";

/// The one that holds that.
const BEYOND: &str = "/\u{f8fc}/";

/// The path without its last component.
pub(in crate::callers) fn parent(path: &str) -> String {
    match path.trim_end_matches('/').rsplit_once('/') {
        Some(("", _)) => "/".to_owned(),
        Some((parent, _)) => parent.to_owned(),
        None => ".".to_owned(),
    }
}

/// The last component of the path.
pub(in crate::callers) fn last(path: &str) -> String {
    path.trim_end_matches('/').rsplit('/').next().unwrap_or("").to_owned()
}

/// `path` seen from `directory`, without `.` and `..`.
pub(in crate::callers) fn join(directory: &str, path: &str) -> String {
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

/// The path from the repository's root of one that [`join`] made; `None` outside of the repository.
pub(in crate::callers) fn inside(path: &str) -> Option<Utf8PathBuf> {
    let rest = path.strip_prefix(ROOT)?;
    (rest.is_empty() || rest.starts_with('/')).then(|| Utf8PathBuf::from(rest.trim_start_matches('/')))
}

/// The name of the folder beside the repository's that holds the file at `path`, which [`join`] made, and the path from there.
pub(in crate::callers) fn beside(path: &str) -> Option<(&str, &str)> {
    if inside(path).is_some() {
        return None;
    }
    path.strip_prefix(AROUND)?.split_once('/')
}

/// Whether the folder at `path`, which [`join`] made, is one around the repository's root.
pub(in crate::callers) fn is_around(path: &str) -> bool {
    ROOT.strip_prefix(path.trim_end_matches('/')).is_some_and(|rest| rest.starts_with('/'))
}

/// How a person writes `path`, which [`join`] made and which leads outside of the repository, from the root.
pub(in crate::callers) fn shown(path: &str) -> String {
    let from = |start: &str, way: &str| path.strip_prefix(start).map(|rest| format!("{way}{rest}"));
    from(AROUND, "../").or_else(|| from(BEYOND, "../../")).unwrap_or_else(|| path.to_owned())
}

/// The form in which [`join`] takes a directory that is given from the repository's root.
pub(in crate::callers) fn absolute(directory: &Utf8Path) -> String {
    join(ROOT, directory.as_str())
}

/// `path`, as written in a place whose working directory is `base`, from the repository's root. `None` where it leads
/// outside the repository: absolute, into a home directory, or too far up.
pub(in crate::callers) fn resolve(base: &Utf8Path, path: &str) -> Option<Utf8PathBuf> {
    inside(&join(&absolute(base), path))
}

/// Whether a build context is fetched from somewhere else: a URL, or Git's `host:path` form. Kaniko's `dir://` is no URL.
pub(in crate::callers) fn is_remote(context: &str) -> bool {
    let has_scheme = context.contains("://") && !context.starts_with("dir://");
    has_scheme || context.starts_with("git@") || context.starts_with("github.com/")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_are_taken_from_the_root_and_end_there() {
        let resolved = |base: &str, path: &str| resolve(Utf8Path::new(base), path).map(Utf8PathBuf::into_string);
        assert_eq!(resolved("a/b", "../c/./Dockerfile").as_deref(), Some("a/c/Dockerfile"));
        assert_eq!(resolved("", ".").as_deref(), Some(""));
        assert_eq!(resolved("a", "../../b"), None);
        assert_eq!(resolved("a", "/b"), None);
        assert_eq!(resolved("a", "~/b"), None);
        assert_eq!(resolved("a", r"b\c").as_deref(), Some("a/b/c"));
    }

    #[test]
    fn remote_contexts_are_told_from_folders() {
        let remote = ["https://git.example.com/a.git", "git@git.example.com:a/b", "github.com/a/b", "s3://bucket/a"];
        assert!(remote.iter().all(|context| is_remote(context)));
        assert!(![".", "a/b", "dir:///workspace", "github.common"].iter().any(|context| is_remote(context)));
    }
}
