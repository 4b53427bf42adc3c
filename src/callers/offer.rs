//! Making several builds of a file hand something over, and what all callers need for that.

use camino::Utf8Path;

use super::location::is_remote;
use super::{Build, Builder, Format, Offer, Refusal, Request, Rewrite, SecretSource};
use crate::callers::routing::caller_of;
use crate::repository::Repository;
use crate::source::{TextRange, apply_edits, line_edits, range};

/// The edits of `file` that make several of its builds, named by their index, hand over their offers.
///
/// What comes out is read again: every build has to hand over what it was asked for, and nothing else about it may differ.
///
/// # Errors
/// The index of the build that refuses, with its [`Refusal`]; then nothing is done.
pub fn offer_all(
    repository: &Repository,
    file: &Utf8Path,
    offers: &[(usize, Vec<Offer>)],
) -> Result<Rewrite, (usize, Refusal)> {
    let unread = |index| (index, refusal("its file can't be edited safely", range(0, 0)));
    let first = offers.first().map_or(0, |(index, _)| *index);
    let original = repository.source(file).ok_or_else(|| unread(first))?;
    let caller = caller_of(repository, original).ok_or_else(|| unread(first))?;
    let mut source = original.clone();
    let mut builds = caller.builds(original, repository);
    let mut all = Rewrite::default();
    for (index, offers) in offers {
        let find = |builds: &[Build]| builds.iter().find(|build| build.index == *index).cloned();
        let build = find(&builds).ok_or_else(|| unread(*index))?;
        let rewrite = caller.offer(&source, repository, &build, offers).map_err(|refusal| (*index, refusal))?;
        let text = apply_edits(source.text(), &rewrite.edits).map_err(|_| unread(*index))?;
        source = source.with_text(text);
        builds = caller.builds(&source, repository);
        let holds = find(&builds).is_some_and(|after| hands_over(&build, &after, offers));
        if !holds {
            return Err((*index, refusal("the result would not read as it should", build.range)));
        }
        all.assumptions.extend(rewrite.assumptions);
        all.notes.extend(rewrite.notes);
        all.edits = rewrite.edits;
    }
    if offers.len() > 1 {
        all.edits = line_edits(original.text(), source.text());
    }
    Ok(all)
}

/// Whether `after` is `before` with the offers.
fn hands_over(before: &Build, after: &Build, offers: &[Offer]) -> bool {
    let arguments = |build: &Build| -> Vec<_> {
        build.arguments.iter().map(|given| (given.name.clone(), given.value.clone())).collect()
    };
    let passed = |id: &str| after.secrets.iter().any(|passed| passed.id == id);
    let asked = offers.iter().all(|offer| match offer {
        Offer::File { id, .. } | Offer::Variable { id, .. } => passed(id),
        Offer::Agent { .. } => after.ssh,
    });
    asked
        && before.secrets.iter().all(|old| passed(&old.id))
        && arguments(before) == arguments(after)
        && (&before.context, &before.target, &before.builder) == (&after.context, &after.target, &after.builder)
}

/// Refuses requests that keep the argument, in a format whose edits put the secret in its place.
pub(super) fn refuse_beside(build: &Build, requests: &[Request]) -> Result<(), Refusal> {
    let wanted = requests.iter().filter(|request| request.beside).find_map(|request| {
        let given = build.arguments.iter().find(|given| given.name == request.argument)?;
        let id = &request.secret.as_ref()?.id;
        (!build.secrets.iter().any(|passed| passed.id == *id)).then_some((given, id))
    });
    match wanted {
        Some((given, id)) => {
            let reason = format!("the secret `{id}` has to be put beside the build argument by hand here");
            Err(refusal(reason, given.range))
        }
        None => Ok(()),
    }
}

/// A refusal without a text to put there instead.
pub(super) fn refusal(reason: impl Into<String>, range: TextRange) -> Refusal {
    Refusal { reason: reason.into(), range, instead: None }
}

/// The offers that `build` does not honour yet.
///
/// # Errors
/// It runs something without secrets, passes another one under the same id, or forwards an agent of which nothing is known.
pub(super) fn missing(build: &Build, offers: &[Offer]) -> Result<Vec<Offer>, Refusal> {
    if let Builder::WithoutSecrets(sentence) = &build.builder {
        return Err(refusal(sentence.as_str(), build.range));
    }
    let mut missing = Vec::new();
    for offer in offers {
        if !is_met(build, offer)? {
            missing.push(offer.clone());
        }
    }
    Ok(missing)
}

/// Whether `build` honours `offer`. A new credential may come from anywhere: whoever passes its id knows from where.
fn is_met(build: &Build, offer: &Offer) -> Result<bool, Refusal> {
    let passed = |id: &str| build.secrets.iter().find(|passed| passed.id == id);
    match offer {
        Offer::Agent { .. } if build.ssh => {
            let reason = "the build forwards an ssh agent already, and whether that one has the key can't be told";
            Err(refusal(reason, build.range))
        }
        Offer::Agent { .. } => Ok(false),
        Offer::Variable { id, .. } => Ok(passed(id).is_some()),
        Offer::File { id, path } => match passed(id) {
            None => Ok(false),
            Some(passed) if is_of(&passed.source, path) => Ok(true),
            Some(passed) => {
                Err(refusal(format!("the build passes the secret `{id}` already, from another source"), passed.range))
            }
        },
    }
}

fn is_of(source: &SecretSource, path: &Utf8Path) -> bool {
    matches!(source, SecretSource::File(file) if Utf8Path::new(file).ends_with(path))
}

/// Where a person has to put the value of the variable `name` so that `build` can hand it over; `None` where it hands the
/// secret `id` over already.
pub fn to_provide(build: &Build, id: &str, name: &str) -> Option<String> {
    let (passed, file) = (build.secrets.iter().any(|passed| passed.id == id), &build.file);
    let place = match build.format {
        Format::GithubActions => format!("the CI secret `{name}`, with the new value, to the workflow `{file}`"),
        _ => format!("the new value as `{name}` in the environment of the build in `{file}`"),
    };
    (!passed).then_some(place)
}

/// The path of a file of the context from where the context is written as `context`: `./app` and `.npmrc` give
/// `app/.npmrc`. `None` where the context is no folder on this disk.
pub(super) fn inside(context: &str, path: &Utf8Path) -> Option<String> {
    if context.is_empty() || context == "-" || is_remote(context) || context.starts_with('~') {
        return None;
    }
    let folder = context.trim_end_matches('/');
    let folder = folder.strip_suffix("/.").unwrap_or(folder);
    let folder = folder.strip_prefix("./").unwrap_or(folder);
    let plain = |text: &str| !text.contains([',', '"', '\'', '\\', '*', '?', '\n']);
    if !plain(folder) || !plain(path.as_str()) {
        return None;
    }
    match folder {
        "." => Some(path.to_string()),
        "" => Some(format!("/{path}")),
        folder => Some(format!("{folder}/{path}")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_of_the_context_is_named_from_where_the_build_runs() {
        let path = |context| inside(context, Utf8Path::new(".npmrc"));
        assert_eq!(path(".").as_deref(), Some(".npmrc"));
        assert_eq!(path("./").as_deref(), Some(".npmrc"));
        assert_eq!(path("./app/").as_deref(), Some("app/.npmrc"));
        assert_eq!(path("..").as_deref(), Some("../.npmrc"));
        assert_eq!(path("https://git.example.com/x.git"), None);
        assert_eq!(path("-"), None);
    }
}
