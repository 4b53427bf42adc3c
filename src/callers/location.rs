//! Paths as callers write them, turned into paths from the repository's root.

use camino::{Utf8Component, Utf8Path, Utf8PathBuf};

/// `path`, as written in a place whose working directory is `base`, from the repository's root. `None` where it leads
/// outside the repository: absolute, into a home directory, or too far up.
#[must_use]
pub fn resolve(base: &Utf8Path, path: &str) -> Option<Utf8PathBuf> {
    if path.starts_with('~') {
        return None;
    }
    let mut resolved = Utf8PathBuf::new();
    for component in base.components().chain(Utf8Path::new(path).components()) {
        match component {
            Utf8Component::Normal(name) => resolved.push(name),
            Utf8Component::CurDir => {}
            Utf8Component::ParentDir => {
                if !resolved.pop() {
                    return None;
                }
            }
            Utf8Component::RootDir | Utf8Component::Prefix(_) => return None,
        }
    }
    Some(resolved)
}

/// Whether a build context is fetched from somewhere else: a URL, or Git's `host:path` form.
#[must_use]
pub fn is_remote(context: &str) -> bool {
    context.contains("://") || context.starts_with("git@") || context.starts_with("github.com/")
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
    }
}
