//! Lists in the order of paths.
//!
//! A tree of paths would do the same. But a path of `camino` is compared part by part, which for a large repository took longer than
//! to read the files that matter.

use std::cmp::Ordering;

use camino::{Utf8Path, Utf8PathBuf};
use rayon::prelude::*;

use super::Kind;
use crate::source::Source;

/// What has the path of a file.
pub(super) trait HasPath {
    /// The path, from the root.
    fn path(&self) -> &Utf8Path;
}

impl HasPath for Utf8PathBuf {
    fn path(&self) -> &Utf8Path {
        self
    }
}

impl HasPath for (Utf8PathBuf, Kind) {
    fn path(&self) -> &Utf8Path {
        &self.0
    }
}

impl HasPath for Source {
    fn path(&self) -> &Utf8Path {
        self.path()
    }
}

/// Things in the order of their paths, of each path one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct ByPath<T>(Vec<T>);

impl<T> Default for ByPath<T> {
    fn default() -> Self {
        Self(Vec::new())
    }
}

/// The order of two paths: that of their parts, as the standard library has it.
fn order(one: &Utf8Path, other: &Utf8Path) -> Ordering {
    let (left, right) = (one.as_str().as_bytes(), other.as_str().as_bytes());
    if is_odd(left) || is_odd(right) {
        return one.as_std_path().cmp(other.as_std_path());
    }
    // A part that ends comes before one that goes on.
    let rank = |byte: &u8| if *byte == b'/' { 0 } else { 1 + u16::from(*byte) };
    match left.iter().zip(right).find(|(one, other)| one != other) {
        Some((one, other)) => rank(one).cmp(&rank(other)),
        None => left.len().cmp(&right.len()),
    }
}

/// Whether a path may have a part that is no name: none, `.` or `..`, or the root.
fn is_odd(path: &[u8]) -> bool {
    let is_slash = |byte: Option<&u8>| byte.is_none_or(|byte| *byte == b'/');
    is_slash(path.first())
        || path.iter().enumerate().any(|(at, byte)| matches!(byte, b'/' | b'.') && is_slash(path.get(at + 1)))
}

impl<T: HasPath> ByPath<T> {
    /// These, of several with the same path the last one.
    pub(super) fn new(mut all: Vec<T>) -> Self
    where
        T: Send,
    {
        let is_in_order = all.is_sorted_by(|one, other| order(one.path(), other.path()) == Ordering::Less);
        if !is_in_order {
            all.reverse();
            all.par_sort_by(|one, other| order(one.path(), other.path()));
            all.dedup_by(|one, kept| one.path() == kept.path());
        }
        Self(all)
    }

    /// These and `others`, which count more.
    pub(super) fn with(mut self, others: Vec<T>) -> Self
    where
        T: Send,
    {
        if others.is_empty() {
            return self;
        }
        self.0.extend(others);
        Self::new(self.0)
    }

    fn place(&self, path: &Utf8Path) -> Result<usize, usize> {
        self.0.binary_search_by(|one| order(one.path(), path))
    }

    pub(super) fn get(&self, path: &Utf8Path) -> Option<&T> {
        self.place(path).ok().and_then(|at| self.0.get(at))
    }

    pub(super) fn get_mut(&mut self, path: &Utf8Path) -> Option<&mut T> {
        self.place(path).ok().and_then(|at| self.0.get_mut(at))
    }

    pub(super) fn contains(&self, path: &Utf8Path) -> bool {
        self.place(path).is_ok()
    }

    /// Puts `one` in the place of what has its path.
    pub(super) fn insert(&mut self, one: T) {
        match self.place(one.path()) {
            Ok(at) => self.0[at] = one,
            Err(at) => self.0.insert(at, one),
        }
    }

    /// What is at or below `folder`, in order.
    pub(super) fn below<'s>(&'s self, folder: &'s Utf8Path) -> impl Iterator<Item = &'s T> {
        let first = self.0.partition_point(|one| order(one.path(), folder) == Ordering::Less);
        self.0[first..].iter().take_while(move |one| one.path().starts_with(folder))
    }

    /// What is in `folder` and in none of the folders in it, in order.
    pub(super) fn directly_in<'s>(&'s self, folder: &'s Utf8Path) -> impl Iterator<Item = &'s T> {
        let mut left = &self.0[self.0.partition_point(|one| order(one.path(), folder) == Ordering::Less)..];
        std::iter::from_fn(move || {
            loop {
                let (one, others) = left.split_first()?;
                let mut parts = one.path().strip_prefix(folder).ok()?.components();
                match (parts.next(), parts.next()) {
                    (Some(inner), Some(_)) => {
                        let inner = folder.join(inner.as_str());
                        left = &left[left.partition_point(|one| one.path().starts_with(&inner))..];
                    }
                    (name, _) => {
                        left = others;
                        if name.is_some() {
                            return Some(one);
                        }
                    }
                }
            }
        })
    }

    pub(super) fn iter(&self) -> std::slice::Iter<'_, T> {
        self.0.iter()
    }

    pub(super) fn iter_mut(&mut self) -> std::slice::IterMut<'_, T> {
        self.0.iter_mut()
    }

    pub(super) fn len(&self) -> usize {
        self.0.len()
    }

    pub(super) fn into_vec(self) -> Vec<T> {
        self.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn paths(all: &[&str]) -> ByPath<Utf8PathBuf> {
        ByPath::new(all.iter().map(Utf8PathBuf::from).collect())
    }

    #[test]
    fn paths_are_in_the_order_of_their_parts() {
        let all = paths(&["b", "a-b/x", "a/z", "a", "a/b/c", "b"]);
        let in_order: Vec<&str> = all.iter().map(|path| path.as_str()).collect();
        assert_eq!(in_order, ["a", "a/b/c", "a/z", "a-b/x", "b"]);
        let below: Vec<&str> = all.below("a".into()).map(|path| path.as_str()).collect();
        assert_eq!(below, ["a", "a/b/c", "a/z"]);
        assert_eq!(all.below("".into()).count(), 5);
        let direct = |folder: &str| all.directly_in(folder.into()).map(|path| path.to_string()).collect::<Vec<_>>();
        assert_eq!(
            (direct("a"), direct("a/b"), direct("")),
            (vec!["a/z".into()], vec!["a/b/c".into()], vec!["a".into(), "b".into()])
        );
        assert!(all.contains("a//z".into()) && !all.contains("a-b".into()));
    }

    #[test]
    fn the_order_is_that_of_the_standard_library() {
        let mut all = vec![String::new()];
        for length in 0..4 {
            let longest: Vec<String> = all.iter().filter(|path| path.len() == length).cloned().collect();
            all.extend(longest.iter().flat_map(|path| "/.a-".chars().map(move |char| format!("{path}{char}"))));
        }
        for (one, other) in all.iter().flat_map(|one| all.iter().map(move |other| (one.as_str(), other.as_str()))) {
            let expected = std::path::Path::new(one).cmp(std::path::Path::new(other));
            assert_eq!(order(one.into(), other.into()), expected, "{one} {other}");
        }
    }

    #[test]
    fn of_one_path_the_last_counts() {
        let mut all =
            ByPath::new(vec![Source::new("b", vec![b'1']), Source::new("a", vec![]), Source::new("b", vec![b'2'])]);
        assert_eq!(all.get("b".into()).map(Source::text), Some("2"));
        all.insert(Source::new("b", vec![b'3']));
        all.insert(Source::new("0", vec![]));
        let texts: Vec<_> = all.iter().map(|source| (source.path().as_str(), source.text())).collect();
        assert_eq!(texts, [("0", ""), ("a", ""), ("b", "3")]);
    }
}
