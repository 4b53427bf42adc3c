//! Writes the value of a build argument as the value of an assignment, in the host's own words.

use super::found::{Found, variable_of};
use super::{Foreign, Site};
use crate::source::{TextRange, range, slice};
use crate::syntax::shell::{Part, PartKind, Quote, Word};

/// Why a value can't be moved.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Stuck;

/// `value` as a double-quoted word, or as it stands where it is quoted already or needs no quotes.
pub(super) fn assigned(site: &Site<'_>, found: &Found, value: &Word) -> Result<String, Stuck> {
    let host = |at: TextRange| found.view.host_range(at).map(|host| slice(site.text, host)).ok_or(Stuck);
    let raw = host(value.range)?;
    // In single quotes nothing of a value that the host puts there means anything to the shell, whatever it holds.
    let filled = || value.parts.iter().filter(|part| !matches!(&part.kind, PartKind::Text(text) if text.is_empty()));
    if filled().any(|part| matches!(part.kind, PartKind::Variable(_)))
        && filled().all(|part| part.quote == Quote::Single || leaves_single_quotes(found, part))
    {
        let inside = filled().map(|part| host(part.range)).collect::<Result<String, Stuck>>()?;
        let quote = quoted(found, "'")?;
        return Ok(format!("{quote}{inside}{quote}"));
    }
    if let [Part { kind: PartKind::Variable(variable), quote: Quote::None, .. }] = value.parts.as_slice()
        && matches!(site.foreign.get(&variable.name), Some(Foreign::Evaluated(_)))
    {
        return Ok(raw.to_owned());
    }
    let balanced = value.parts.iter().all(|part| part.quote == Quote::None)
        || (raw.len() > 1 && raw.starts_with('"') && raw.ends_with('"') && is_one_string(value));
    let bare = matches!(value.parts.as_slice(), [Part { kind: PartKind::Variable(_), .. }]);
    let flat = value.parts.iter().all(|part| !matches!(&part.kind, PartKind::Text(_) | PartKind::Other(_)));
    if balanced && (raw.starts_with('"') || flat && !bare) {
        return Ok(raw.to_owned());
    }
    let mut text = quoted(found, "\"")?;
    // The name of a variable without braces that ends the text so far.
    let mut name: Option<&str> = None;
    for part in &value.parts {
        let piece = match (&part.kind, part.quote) {
            (PartKind::Text(plain), quote) if quote != Quote::Double => quoted(found, &escape(plain))?,
            (PartKind::Process(_) | PartKind::Other(_), _) => return Err(Stuck),
            _ => host(part.range)?.to_owned(),
        };
        if let Some(name) =
            name.filter(|_| piece.starts_with(|char: char| char.is_ascii_alphanumeric() || "_[".contains(char)))
        {
            text.insert(text.len() - name.len(), '{');
            text.push('}');
        }
        name = match &part.kind {
            PartKind::Variable(variable) => Some(variable.name.as_str()).filter(|name| piece.ends_with(name)),
            _ => name.filter(|_| piece.is_empty()),
        };
        text.push_str(&piece);
    }
    text.push_str(&quoted(found, "\"")?);
    Ok(text)
}

/// `value`, which is one variable, as a double-quoted word that is empty where the variable is not set.
pub(super) fn optional(found: &Found, value: &Word) -> Result<String, Stuck> {
    let variable =
        variable_of(value).filter(|variable| matches!(variable.operator.as_deref(), None | Some("-" | ":-")));
    let name = &variable.ok_or(Stuck)?.name;
    quoted(found, &format!("\"${{{name}-}}\""))
}

/// Whether a variable that stands for what the host puts in is inside single quotes, which its view leaves for it (see
/// [`super::Replaced::new`]): the quotes in front of it are nowhere in the file.
fn leaves_single_quotes(found: &Found, part: &Part) -> bool {
    const LEAVING: &str = "'\"";
    let Some(start) = usize::from(part.range.start()).checked_sub(LEAVING.len()) else { return false };
    let before = range(start, start + LEAVING.len());
    found.view.text().get(start..).is_some_and(|text| text.starts_with(LEAVING))
        && found.view.host_range(before).is_some_and(TextRange::is_empty)
}

/// Whether all of the word is inside one pair of double quotes.
fn is_one_string(value: &Word) -> bool {
    value.parts.iter().all(|part| part.quote == Quote::Double)
        && value.parts.windows(2).all(|pair| matches!(pair, [left, right] if left.range.end() == right.range.start()))
}

/// The host's text of a value that consists of text and the host's own expressions; `None` for anything else.
pub(super) fn expression(site: &Site<'_>, found: &Found, value: &Word) -> Option<String> {
    let mut text = String::new();
    let mut any = false;
    for part in &value.parts {
        match &part.kind {
            PartKind::Text(plain) => text.push_str(plain),
            PartKind::Variable(variable) if variable.operator.is_none() => match site.foreign.get(&variable.name) {
                Some(Foreign::Expression(_)) => {
                    any = true;
                    text.push_str(slice(site.text, found.view.host_range(part.range)?));
                }
                _ => return None,
            },
            _ => return None,
        }
    }
    any.then_some(text)
}

/// The path of a `src=`, with `~` written so that the shell expands it there (docker does not: experiment).
pub(super) fn path(site: &Site<'_>, found: &Found, word: &Word) -> Result<String, Stuck> {
    let mut text = String::new();
    for (index, part) in word.parts.iter().enumerate() {
        match &part.kind {
            PartKind::Text(plain) | PartKind::Other(plain) if index == 0 && part.quote == Quote::None => {
                let home = plain.strip_prefix('~').filter(|rest| rest.is_empty() || rest.starts_with('/'));
                match home {
                    Some(rest) => text.push_str(&quoted(found, &format!("$HOME{rest}"))?),
                    None => text.push_str(&quoted(found, &escape(plain))?),
                }
            }
            PartKind::Text(plain) | PartKind::Other(plain) => text.push_str(&quoted(found, &escape(plain))?),
            PartKind::Variable(_) | PartKind::Command(_) => {
                let host = found.view.host_range(part.range).ok_or(Stuck)?;
                text.push_str(slice(site.text, host));
            }
            PartKind::Process(_) | PartKind::Arithmetic(_) => return Err(Stuck),
        }
    }
    // The operand is one CSV record (`docker/buildx/util/buildflags/secrets.go`).
    let fits = !text.contains([',', '"', '\n', '*', '?']) && !text.starts_with('~');
    fits.then_some(text).ok_or(Stuck)
}

/// `text` as the host writes it.
pub(super) fn quoted(found: &Found, text: &str) -> Result<String, Stuck> {
    found.view.insert(found.prefix, text).map(|edit| edit.text).map_err(|_| Stuck)
}

/// `text` between double quotes.
fn escape(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for char in text.chars() {
        if matches!(char, '"' | '$' | '`' | '\\') {
            escaped.push('\\');
        }
        escaped.push(char);
    }
    escaped
}
