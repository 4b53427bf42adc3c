//! Assignments to a variable, told by the look of a text, whichever of shell, make and host reads it.

/// What the assignments `NAME=`, `NAME := ` of `text` give the variable, to the end of the line.
pub(super) fn given<'t>(text: &'t str, name: &'t str) -> impl Iterator<Item = &'t str> {
    mentions(text, name).filter_map(|(_, behind)| value(behind)?.lines().next().or(Some("")))
}

/// Whether `text` sets the variable: `NAME=`, `NAME := `, `read NAME`.
pub(super) fn assigns(text: &str, name: &str) -> bool {
    let reads =
        |before: &str| ["read ", "read -r ", "read -s ", "read -rs ", "unset "].iter().any(|end| before.ends_with(end));
    mentions(text, name).any(|(before, behind)| reads(before) || value(behind).is_some())
}

/// What stands in front of the name and behind it wherever it is a word that no `$` expands.
fn mentions<'t>(text: &'t str, name: &'t str) -> impl Iterator<Item = (&'t str, &'t str)> {
    let is_part = |char: char| char == '_' || char.is_ascii_alphanumeric();
    let places = text.match_indices(name).filter_map(|(at, _)| Some((text.get(..at)?, text.get(at + name.len()..)?)));
    places.filter(move |(before, behind)| {
        !before.ends_with(is_part) && !before.ends_with(['$', '{', '-']) && !behind.starts_with(is_part)
    })
}

/// What stands behind the operator of an assignment.
fn value(behind: &str) -> Option<&str> {
    behind.trim_start_matches([' ', '\t']).trim_start_matches([':', '?', '+', '!']).strip_prefix('=')
}
