//! Makes a build hand over a file or a variable, or a key through an ssh agent.

use camino::Utf8Path;

use super::super::command::{Family, Operand};
use super::super::location::is_remote;
use super::super::offer::{inside, missing, refusal};
use super::super::{Offer, Refusal, Rewrite};
use super::assigning::assigns;
use super::found::{Found, written};
use super::rewrite::elevated;
use super::{Site, value};
use crate::source::{Edit, TextRange, range, slice};

/// The edits that make `found` hand over what is missing of `offers`.
pub(super) fn offer(site: &Site<'_>, found: &Found, offers: &[Offer]) -> Result<Rewrite, Refusal> {
    let at = found.build.range;
    let missing = missing(&found.build, offers)?;
    if missing.is_empty() {
        return Ok(Rewrite::default());
    }
    if !found.clean {
        return Err(refusal("the script around this build can't be read in full", at));
    }
    if !matches!(found.family, Some(Family::Docker | Family::Buildx | Family::Buildah)) {
        let title = &found.build.title;
        return Err(refusal(format!("`{title}` is not known to take `--secret` and `--ssh` as docker does"), at));
    }
    let place = found.options.and_then(|options| found.view.host_offset(options));
    let place = place.ok_or_else(|| refusal("the options of this command can't be edited", at))?;
    let mut rewrite = Rewrite::default();
    let mut text = String::new();
    for offer in &missing {
        text.push(' ');
        text.push_str(&option(site, found, offer)?);
    }
    rewrite.edits.push(Edit::insert(place, text));
    if let Some((at, text, assumption)) = found.ask() {
        rewrite.edits.push(Edit::insert(at, text));
        rewrite.assumptions.push(assumption);
    }
    keep_variables(site, found, &missing, &mut rewrite)?;
    if let Some(program) = &found.guessed {
        rewrite.assumptions.push(format!("`{program}` is docker or takes `--secret` as docker does"));
    }
    Ok(rewrite)
}

/// Makes sure that the variables that are offered reach the command and mean nothing else in its script.
fn keep_variables(site: &Site<'_>, found: &Found, missing: &[Offer], rewrite: &mut Rewrite) -> Result<(), Refusal> {
    let named = |offer: &Offer| if let Offer::Variable { name, .. } = offer { Some(name.clone()) } else { None };
    let names: Vec<String> = missing.iter().filter_map(named).collect();
    let at = found.build.range;
    if names.is_empty() {
        return Ok(());
    }
    if found.cleared {
        return Err(refusal("the environment does not reach this build (`env -i`, `su -`)", at));
    }
    if let Some(what) = &found.elevation {
        return Err(refusal(elevated(what), at));
    }
    if let Some(name) = names.iter().find(|name| assigns(site.text, name)) {
        return Err(refusal(format!("`{}` gives `{name}` a value of its own", site.file), at));
    }
    if let Some(sudo) = found.sudo {
        let place = found.view.host_offset(sudo);
        let place = place.ok_or_else(|| refusal("the options of `sudo` can't be edited", at))?;
        let names = names.join(",");
        rewrite.edits.push(Edit::insert(place, format!(" --preserve-env={names}")));
        rewrite.assumptions.push(format!("the sudo rules allow `--preserve-env={names}`"));
    }
    Ok(())
}

fn option(site: &Site<'_>, found: &Found, offer: &Offer) -> Result<String, Refusal> {
    let (option, front, path) = match offer {
        Offer::Variable { id, name } => return Ok(format!("--secret id={id},env={name}")),
        Offer::File { id, path } => ("--secret", format!("id={id},src="), path),
        Offer::Agent { key } => ("--ssh", "default=".to_owned(), key),
    };
    let context = found.context.as_ref();
    let source = context.and_then(|context| match context.text() {
        Some(text) => inside(text, path).filter(|source| !source.contains([' ', '$', '`'])),
        None => computed(site, found, context, path),
    });
    let source = source.ok_or_else(|| {
        let reason = match context.and_then(Operand::text).is_some_and(is_remote) {
            true => format!("the build context is fetched from its address, so its `{path}` is on no disk here"),
            false => format!("the build context can't be told, and `{path}` lies in it"),
        };
        let instead = Some(format!("{option} {front}{path}"));
        Refusal { instead, ..refusal(reason, found.build.range) }
    })?;
    Ok(if source.contains(['$', '`']) {
        let quote = value::quoted(found, "\"").unwrap_or_default();
        format!("{option} {quote}{front}{source}{quote}")
    } else {
        format!("{option} {front}{source}")
    })
}

/// The path below a context that is a variable or begins with one, in the host's own words.
fn computed(site: &Site<'_>, found: &Found, context: &Operand, path: &Utf8Path) -> Option<String> {
    let raw = slice(found.view.text(), context.range);
    let inner = raw.strip_prefix('"').and_then(|rest| rest.strip_suffix('"')).unwrap_or(raw);
    let start = usize::from(context.range.start()) + usize::from(inner.len() < raw.len());
    let at: TextRange = range(start, start + inner.len());
    // `$@` and `$*` are more than one word, and a default may hold anything.
    let plain = |char: char| char.is_ascii_alphanumeric() || "${}_-./".contains(char);
    let is_folder = inner.starts_with('$') && inner.chars().all(plain) && !inner.contains(":");
    is_folder.then(|| format!("{}/{path}", written(site, at).trim_end_matches('/')))
}
