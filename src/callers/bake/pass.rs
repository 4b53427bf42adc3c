//! Makes targets pass secrets.

use super::edit::{Item, Patch};
use super::file::{Block, Content, same_except};
use super::target::{Files, Target, written};
use super::{Bake, read};
use crate::callers::offer::{inside, missing, refusal};
use crate::callers::verify::reads_as_asked;
use crate::callers::{
    Argument, ArgumentValue, Build, Offer, Receipt, Refusal, Request, RequestedSecret, Rewrite, SecretSource,
    Surroundings,
};
use crate::source::{Source, TextRange, apply_edits};

/// What changes in one block.
struct BlockChange<'a> {
    place: usize,
    block: &'a Block,
    gone: Vec<usize>,
    secrets: Vec<Item>,
}

/// See [`crate::callers::Caller::pass_secrets`].
pub(super) fn pass_secrets(
    source: &Source,
    around: &dyn Surroundings,
    files: &Files<'_>,
    build: &Build,
    requests: &[Request],
) -> Result<Rewrite, Refusal> {
    let targets = files.targets(around);
    let target = targets.get(build.index).ok_or_else(|| refusal("the target is not in the file", build.range))?;
    let mut changes: Vec<BlockChange<'_>> = Vec::new();
    let mut rewrite = Rewrite::default();
    for request in requests {
        if let Some(opaque) = &target.build.opaque {
            rewrite.assumptions.push(format!("`{opaque}` does not set `{}`", request.argument));
        }
        honour(target, request, &mut changes)?;
    }
    let unclear = || refusal("the target is laid out in a way that can't be edited safely", build.range);
    let mut patch = Patch::new(source, files.own.syntax);
    for change in &mut changes {
        change.gone.sort_unstable();
        patch.rewrite(change.block, &change.gone, &[("secret", &change.secrets)]).ok_or_else(unclear)?;
    }
    rewrite.edits = patch.finish();
    if rewrite.edits.is_empty() {
        return Ok(rewrite);
    }
    let text = apply_edits(source.text(), &rewrite.edits).map_err(|_| unclear())?;
    let edited = source.with_text(text);
    let after = read(edited.path(), edited.text()).ok_or_else(unclear)?;
    let changed = |block: usize, key: &str| {
        changes.iter().any(|change| change.place == block) && matches!(key, "args" | "secret")
    };
    let same = same_except((files.own, source.text()), (&after, edited.text()), &changed);
    let proven = same && reads_as_asked(&Bake, &edited, around, build, requests);
    proven.then_some(rewrite).ok_or_else(unclear)
}

/// Takes an argument out of every block of the target that sets it, and gives these blocks the secret.
fn honour<'a>(target: &Target<'a>, request: &Request, changes: &mut Vec<BlockChange<'a>>) -> Result<(), Refusal> {
    let name = &request.argument;
    let arguments: Vec<&Argument> = target.build.arguments.iter().filter(|given| given.name == *name).collect();
    if let Some((_, file)) = target.foreign.iter().find(|(foreign, _)| foreign == name) {
        let at = arguments.first().map_or(target.build.range, |given| given.range);
        return Err(refusal(format!("a target of `{file}` that it inherits sets `{name}`"), at));
    }
    if let Some((_, at)) = target.unseen.iter().find(|(unseen, _)| unseen == name) {
        return Err(refusal(format!("what the target inherits can't be told, and it may set `{name}`"), *at));
    }
    let filled: Vec<&&Argument> = arguments.iter().filter(|given| given.value != ArgumentValue::Empty).collect();
    if let [first, .., last] = filled.as_slice()
        && first.value != last.value
    {
        let reason = format!("`{name}` has different values in the target and in what it inherits");
        return Err(refusal(reason, last.range));
    }
    let set = written(target, name);
    // Secrets add up where targets inherit: one that takes the value back can't be told to.
    let is_set = |(_, block, index, _): &&(usize, &Block, usize, TextRange)| {
        let args = block.get("args").map(|args| args.value.entries()).unwrap_or_default();
        args.get(*index).is_some_and(|entry| entry.value.content != Content::Null)
    };
    let last = set.iter().rfind(is_set).and_then(|(.., at)| arguments.iter().find(|given| given.range == *at));
    if let Some(last) = last.filter(|last| !filled.is_empty() && last.value == ArgumentValue::Empty) {
        return Err(refusal(format!("`{name}` is empty in the target and not in what it inherits"), last.range));
    }
    for (place, block, index, at) in set {
        let given = arguments.iter().find(|given| given.range == at);
        let secret = request.secret.as_ref().filter(|_| given.is_some_and(|given| given.value != ArgumentValue::Empty));
        let item = match (given, secret) {
            (Some(given), Some(secret)) => item(target, given, secret)?,
            _ => None,
        };
        let known = changes.iter().position(|change| change.place == place);
        let known = known.unwrap_or_else(|| {
            changes.push(BlockChange { place, block, gone: Vec::new(), secrets: Vec::new() });
            changes.len() - 1
        });
        if let Some(change) = changes.get_mut(known) {
            if !request.beside {
                change.gone.push(index);
            }
            change.secrets.extend(item);
        }
    }
    Ok(())
}

/// The member of `secret` that takes an argument's place; `None` where the target passes it already.
fn item(target: &Target<'_>, given: &Argument, secret: &RequestedSecret) -> Result<Option<Item>, Refusal> {
    let (name, id) = (&given.name, &secret.id);
    let refuse = |reason: String| {
        let instead = match secret.receipt {
            Receipt::Agent => "ssh = [\"default=KEY_FILE\"]".to_owned(),
            _ => format!("secret = [\"id={id},env={name}\"]"),
        };
        Refusal { reason, range: given.range, instead: Some(instead) }
    };
    if secret.receipt == Receipt::Agent {
        return Err(refuse(format!("`{name}` is not the content of one file here")));
    }
    let variable = match &given.value {
        ArgumentValue::Variable(variable) => variable,
        ArgumentValue::Literal(_) => {
            let reason = "has a fixed value here; a credential has to be replaced and to come from outside";
            return Err(refuse(format!("`{name}` {reason}")));
        }
        _ => {
            let reason = "is put together from several parts or has a default, and a secret takes one variable";
            return Err(refuse(format!("`{name}` {reason}")));
        }
    };
    match target.build.secrets.iter().find(|passed| passed.id == *id) {
        Some(passed) if passed.source == SecretSource::Variable(variable.clone()) => Ok(None),
        Some(passed) => {
            Err(refusal(format!("the target passes the secret `{id}` already, from another source"), passed.range))
        }
        None => Ok(Some(Item::variable(id, variable))),
    }
}

/// See [`crate::callers::Caller::offer`].
pub(super) fn offer(
    source: &Source,
    around: &dyn Surroundings,
    files: &Files<'_>,
    build: &Build,
    offers: &[Offer],
) -> Result<Rewrite, Refusal> {
    let targets = files.targets(around);
    let target = targets.get(build.index).ok_or_else(|| refusal("the target is not in the file", build.range))?;
    let missing = missing(build, offers)?;
    let (Some((place, block)), false) = (target.blocks.last(), missing.is_empty()) else {
        return Ok(Rewrite::default());
    };
    let (mut secrets, mut keys) = (Vec::new(), Vec::new());
    for offer in &missing {
        match offer {
            Offer::Variable { id, name } => secrets.push(Item::variable(id, name)),
            Offer::File { id, path } => secrets.push(Item::file(id, &in_context(target, path, build.range)?)),
            Offer::Agent { key } => keys.push(Item::agent(&in_context(target, key, build.range)?)),
        }
    }
    let unclear = || refusal("the target is laid out in a way that can't be edited safely", build.range);
    let mut patch = Patch::new(source, files.own.syntax);
    patch.rewrite(block, &[], &[("secret", &secrets), ("ssh", &keys)]).ok_or_else(unclear)?;
    let rewrite = Rewrite { edits: patch.finish(), ..Rewrite::default() };
    let text = apply_edits(source.text(), &rewrite.edits).map_err(|_| unclear())?;
    let after = read(source.path(), &text).ok_or_else(unclear)?;
    let changed = |block: usize, key: &str| block == *place && matches!(key, "secret" | "ssh");
    let same = same_except((files.own, source.text()), (&after, &text), &changed);
    same.then_some(rewrite).ok_or_else(unclear)
}

/// A file of the context from where bake is started.
fn in_context(target: &Target<'_>, path: &camino::Utf8Path, at: TextRange) -> Result<String, Refusal> {
    let source = target.context.as_ref().and_then(|context| inside(context, path));
    source.ok_or_else(|| refusal(format!("the build context can't be told, and `{path}` lies in it"), at))
}
