//! Patterns of `COPY` sources and ignore files (Go's `filepath.Match`; docs.docker.com/reference/dockerfile, "Source").

/// Whether `pattern` matches all of `path`: `*`, `?` and `[…]` stand for letters of one part, `**` for any parts.
pub(in crate::model) fn matches_pattern(pattern: &str, path: &str) -> bool {
    match pattern.split_once('/') {
        Some(("**", rest)) => {
            let mut tails = path.match_indices('/').map(|(at, _)| at + 1).chain([0]);
            tails.any(|at| path.get(at..).is_some_and(|tail| matches_pattern(rest, tail)))
        }
        Some((first, rest)) => {
            path.split_once('/').is_some_and(|(part, tail)| matches_part(first, part) && matches_pattern(rest, tail))
        }
        None if pattern == "**" => true,
        None => !path.contains('/') && matches_part(pattern, path),
    }
}

fn matches_part(pattern: &str, part: &str) -> bool {
    let mut letters = pattern.chars();
    match letters.next() {
        None => part.is_empty(),
        Some('*') => {
            let rest = letters.as_str();
            let mut starts = part.char_indices().map(|(at, _)| at).chain([part.len()]);
            starts.any(|at| part.get(at..).is_some_and(|tail| matches_part(rest, tail)))
        }
        Some('[') => {
            let Some((set, rest)) = letters.as_str().split_once(']') else { return false };
            first(part, |letter| is_in(set, letter)).is_some_and(|tail| matches_part(rest, tail))
        }
        Some('?') => first(part, |_| true).is_some_and(|tail| matches_part(letters.as_str(), tail)),
        Some('\\') => matches_part(letters.as_str(), part),
        Some(wanted) => first(part, |letter| letter == wanted).is_some_and(|tail| matches_part(letters.as_str(), tail)),
    }
}

/// What stands behind the first letter of `part`, if that is `wanted`.
fn first(part: &str, wanted: impl Fn(char) -> bool) -> Option<&str> {
    let mut letters = part.chars();
    letters.next().is_some_and(wanted).then_some(letters.as_str())
}

/// Whether `letter` is in the set between brackets: `abc`, `a-z`, `^a`.
fn is_in(set: &str, letter: char) -> bool {
    let (negated, set) = set.strip_prefix('^').map_or((false, set), |set| (true, set));
    let letters: Vec<char> = set.chars().collect();
    let within = letters.windows(3).any(|range| range[1] == '-' && (range[0]..=range[2]).contains(&letter));
    (within || letters.contains(&letter)) != negated
}

#[cfg(test)]
mod tests {
    use super::matches_pattern;

    #[test]
    fn patterns_match_parts_of_paths() {
        for (pattern, path) in [
            (".npmrc*", ".npmrc"),
            (".npmr[c]", ".npmrc"),
            ("config/*.xml", "config/settings.xml"),
            ("**/.npmrc", "a/b/.npmrc"),
            ("**/.npmrc", ".npmrc"),
            ("a/**", "a/b/c"),
            ("file-[0-9]?.txt", "file-7x.txt"),
            ("[^a]b", "cb"),
        ] {
            assert!(matches_pattern(pattern, path), "{pattern} {path}");
        }
        for (pattern, path) in [(".npmrc", "a/.npmrc"), ("*", "a/b"), ("a/*.xml", "a/b/c.xml"), ("[^a]b", "ab")] {
            assert!(!matches_pattern(pattern, path), "{pattern} {path}");
        }
    }
}
