//! The `env` of a step in a YAML file.

use super::shell::Provide;
use super::yaml::{Cursor, Members, Patch};
use crate::source::TextRange;

/// Adds `missing` to the mapping `env` of `step`, which is made where there is none: before the first of `keys` that the step
/// has, or behind it where that shares its line with the dash of the step.
pub(super) fn add(patch: &mut Patch<'_>, step: Cursor<'_>, missing: &[&Provide], keys: &[&str]) -> Option<()> {
    let body = step.node().as_mapping().filter(|body| !body.flow)?;
    let pairs = |quoted: &[char]| missing.iter().map(|provide| pair(provide, quoted)).collect::<Vec<String>>();
    let variables = Members { block: pairs(&[]), flow: pairs(&['{', '}', '[', ']', ',']).join(", ") };
    if let Some((_, entry)) = body.find("env") {
        step.get("env").filter(|env| !env.is_shared())?;
        return patch.append_to_entry(entry, &variables, 2);
    }
    let (_, near) = keys.iter().find_map(|key| body.find(key))?;
    let column = patch.column(near.key_range.start());
    if patch.prefix(near.key_range.start()).trim().is_empty() {
        let mut lines = vec![format!("{}env:", " ".repeat(column))];
        lines.extend(variables.indented(column + 2));
        patch.insert_before(near.key_range.start(), &lines);
    } else {
        patch.insert_entry(body, "env", &variables, TextRange::empty(near.range().end()), 2);
    }
    Some(())
}

/// `NAME: value`, quoted where plain YAML would read something else: with one of `indicators`, for example.
fn pair(provide: &Provide, indicators: &[char]) -> String {
    let (name, value) = (&provide.variable, &provide.value);
    let safe_start = value.starts_with(|char: char| char.is_ascii_alphanumeric() || matches!(char, '$' | '/' | '_'));
    let safe_inside = !value.contains(": ") && !value.contains(" #") && !value.contains(indicators);
    let plain = safe_start && safe_inside && !value.ends_with([':', ' ']);
    if plain { format!("{name}: {value}") } else { format!("{name}: '{}'", value.replace('\'', "''")) }
}
