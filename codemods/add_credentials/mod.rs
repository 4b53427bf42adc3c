#![doc = include_str!("page.md")]

mod source;
mod ways;

use std::collections::BTreeSet;

use super::literal_credential;
use super::migration::{FetchWay, Fetched};
use super::prelude::*;
use crate::callers::SecretValue;
use crate::knowledge::engines::Feature;
use crate::plan::{FollowUp, Mount};
use crate::syntax::dockerfile::Keyword;
use source::Source;
use ways::Fetching;

/// See the page above.
pub const CODEMOD: Codemod = Codemod {
    id: "add-credentials",
    summary: "an ADD fetches a URL with credentials in it",
    page: include_str!("page.md"),
    may_find: copies_something,
    find,
};

/// What an older builder does with a secret for a host: nothing.
const NEWER: &str = "every builder has BuildKit 0.23, which is Docker 28.3, or newer: older ones send nothing";

/// A RUN is cached, whatever the server has.
const CACHED: &str = "what is fetched stays the same, or the cache is cleared: an ADD asks the server in each build, a RUN \
                      does not";

fn find(model: &Model, dockerfile: &Dockerfile) -> Vec<Finding> {
    let mut findings: Vec<Finding> = Vec::new();
    let mut told: BTreeSet<usize> = BTreeSet::new();
    for secret in model.secrets(dockerfile).iter() {
        let migration = Migration::new(model, dockerfile, secret.clone());
        if migration.codemod() == CODEMOD.id {
            told.extend(secret.flow.outside.iter().map(|outside| outside.step));
            findings.push(of_argument(model, dockerfile, secret, migration));
        }
    }
    let adds = (0..dockerfile.steps.len()).filter(|step| dockerfile.steps[*step].keyword == Keyword::Add);
    let sources = adds.filter(|step| !told.contains(step)).flat_map(|step| Source::of_step(dockerfile, step));
    findings.extend(sources.enumerate().map(|(number, source)| of_source(model, dockerfile, &source, number + 1)));
    findings
}

/// A build argument that an ADD uses.
fn of_argument<'m>(model: &'m Model, dockerfile: &'m Dockerfile, secret: &Secret, migration: Migration<'m>) -> Finding {
    let name = &secret.flow.name;
    let title = format!("the secret build argument `{name}` is part of an address that an ADD fetches");
    let primary = "the history, the log and the provenance show the whole address";
    let steps: BTreeSet<usize> = secret.flow.outside.iter().map(|outside| outside.step).collect();
    let adds = steps.into_iter().filter(|step| dockerfile.steps[*step].keyword == Keyword::Add);
    let sources: Vec<Source> = adds.flat_map(|step| Source::of_step(dockerfile, step)).collect();
    let (fetched, assumptions, notes) = choose(model, dockerfile, &sources, migration.is_read_by_runs(), name);
    let mut finding = migration.with_fetched(fetched).finding_assuming(CODEMOD.id, title, primary, assumptions);
    finding.notes.extend(notes);
    finding.severity = Severity::Error;
    finding
}

/// The ways for the sources that have the credential `name`: BuildKit's own where the server and the engine allow it, a
/// RUN otherwise. None where one of them has neither, with what a person can do.
fn choose(
    model: &Model,
    dockerfile: &Dockerfile,
    sources: &[Source],
    is_mounted: bool,
    name: &str,
) -> (Vec<Fetched>, Vec<String>, Vec<String>) {
    let own = |source: &Source| source.variable() == Some(name);
    let hosts: Result<Vec<FetchWay>, String> = sources.iter().map(ways::by_host).collect();
    let runs: Result<Vec<Fetching>, String> =
        sources.iter().map(|source| ways::by_run(model, dockerfile, source)).collect();
    let ids: BTreeSet<String> = sources.iter().map(Source::host_id).collect();
    let all_git = sources.iter().all(|source| source.is_git);
    let hosted = hosts.clone().ok().filter(|_| ids.len() == 1 && !is_mounted && sources.iter().all(own));
    let placed = |ways: Vec<FetchWay>| {
        let steps = sources.iter().map(|source| source.step);
        steps.zip(ways).map(|(step, way)| Fetched { step, way }).collect::<Vec<_>>()
    };
    match (hosted, runs) {
        (Some(ways), _) if all_git && !sources.is_empty() => (placed(ways), Vec::new(), Vec::new()),
        (_, Ok(fetching)) if !fetching.is_empty() => {
            let assumptions =
                fetching.iter().flat_map(|one| one.assumptions.clone()).chain([CACHED.to_owned()]).collect();
            let ways = fetching.into_iter().map(|one| FetchWay::Run(one.commands)).collect();
            (placed(ways), assumptions, Vec::new())
        }
        (Some(ways), _) if !sources.is_empty() => (placed(ways), vec![NEWER.to_owned()], Vec::new()),
        (_, run) => {
            let objections = [hosts.err(), run.err()].into_iter().flatten();
            let by_hand =
                sources.iter().flat_map(|source| by_hand(source, (&model.settings(dockerfile).id_of(name), name)));
            (Vec::new(), Vec::new(), objections.map(|text| format!("left as it is: {text}")).chain(by_hand).collect())
        }
    }
}

/// What a person can write instead.
fn by_hand(source: &Source, (lower, name): (&str, &str)) -> Vec<String> {
    let (id, plain, target) = (source.host_id(), &source.plain, &source.target);
    let newer = if source.is_git { "BuildKit 0.8" } else { "BuildKit 0.23, which is Docker 28.3," };
    let value = match (source.is_git, &source.user) {
        (false, Some(_)) => "env=…` whose value is `Basic ` and the base64 of user, colon and password".to_owned(),
        _ => format!("env={name}`"),
    };
    let (address, reference) = source.url.split_once('#').unwrap_or((&source.url, ""));
    let file = if source.names_folder() { source.file() } else { target.clone() };
    let folder = target.trim_end_matches('/');
    let command = match (source.is_git, reference) {
        (true, "") => format!("git clone \"{address}\" {folder} && rm -rf {folder}/.git"),
        (true, _) => format!(
            "git clone \"{address}\" {folder} && git -C {folder} checkout \"{}\" && rm -rf {folder}/.git",
            reference.split(':').next().unwrap_or(reference)
        ),
        (false, _) => format!("curl -fsSL -o {file} \"{}\"", source.url),
    };
    vec![
        format!(
            "{newer} and newer send the secret `{id}` by themselves: write `ADD {plain} {target}`, and build with `--secret id={id},{value}"
        ),
        format!("every BuildKit can do it in a RUN: `RUN --mount=type=secret,id={lower},env={name} {command}`"),
    ]
}

/// An ADD whose credential is written out, or comes from a variable that nothing shows to be a secret's.
fn of_source<'m>(model: &'m Model, dockerfile: &'m Dockerfile, source: &Source, number: usize) -> Finding {
    let mut change = Change::new(model, dockerfile);
    refuse_broken_file(&mut change, dockerfile);
    refuse_builders_without_secrets(&mut change, model, dockerfile);
    let path = dockerfile.path();
    let name = if source.user.is_some() { "BUILD_PASSWORD" } else { "BUILD_TOKEN" };
    let free = !crate::model::mentions(dockerfile.source.text(), name);
    match by_new_secret(model, dockerfile, source, name).filter(|_| free && source.variables.is_empty()) {
        Some((way, assumptions)) => {
            change.conceal(SecretValue::new(source.credential.as_str()));
            let id = replace(&mut change, model, dockerfile, source, (&way, name));
            literal_credential::offer_new(&mut change, model, dockerfile, (&id, name), [source.step]);
            change.assume(format!("the new credential is in `{name}` wherever `{path}` is built"));
            assumptions.into_iter().for_each(|assumption| change.assume(assumption));
        }
        None => {
            let label = change.place(source.place, "the builder, not a RUN, fetches this");
            let reason = "an ADD sees no mounted secret, and which of the two other ways is right can't be told";
            change.obstruct("used-in-add", reason, label);
            let variable = source.variables.last().cloned().unwrap_or_else(|| name.to_owned());
            let shown = shown(source, &variable);
            change.notes.extend(by_hand(&shown, (&model.settings(dockerfile).id_of(&variable), &variable)));
        }
    }
    let burned = match source.variables.last() {
        None => format!("the credentials for `{}` that are written in `{path}`", source.host),
        Some(variable) => format!("`{variable}`: images built from `{path}` until now hold its value"),
    };
    change.follow_up(FollowUp::Rotate(burned));
    let (fix, notes) = change.finish("leave the credentials out of the URL");
    let text = "the history, the log and the provenance show the whole URL".to_owned();
    Finding {
        codemod: CODEMOD.id,
        severity: Severity::Error,
        dockerfile: path.to_owned(),
        subject: format!("ADD from {} ({number})", source.host),
        title: format!("an ADD fetches from `{}` with credentials in the URL", source.host),
        primary: Label { file: path.to_owned(), range: source.place, text },
        labels: Vec::new(),
        notes,
        fix,
    }
}

/// The source with a variable in the place of what is written out.
fn shown(source: &Source, variable: &str) -> Source {
    let credential = format!("${{{variable}}}");
    let url = if source.variables.is_empty() {
        source.url.replace(&source.credential, &credential)
    } else {
        source.url.clone()
    };
    Source {
        url,
        credential,
        plain: source.plain.clone(),
        host: source.host.clone(),
        user: source.user.clone(),
        variables: vec![variable.to_owned()],
        target: source.target.clone(),
        ..*source
    }
}

/// The way for a credential that a new secret takes the place of.
fn by_new_secret(
    model: &Model,
    dockerfile: &Dockerfile,
    source: &Source,
    name: &str,
) -> Option<(FetchWay, Vec<String>)> {
    let shown = shown(source, name);
    match (ways::by_host(&shown), ways::by_run(model, dockerfile, &shown)) {
        (Ok(way), _) if source.is_git => Some((way, Vec::new())),
        (_, Ok(Fetching { commands, assumptions })) => {
            Some((FetchWay::Run(commands), assumptions.into_iter().chain([CACHED.to_owned()]).collect()))
        }
        (Ok(way), _) => Some((way, vec![NEWER.to_owned()])),
        (Err(_), Err(_)) => None,
    }
}

/// Changes the ADD. Returns the id of the secret that it needs then.
fn replace<'m>(
    change: &mut Change<'m>,
    model: &'m Model,
    dockerfile: &'m Dockerfile,
    source: &Source,
    (way, name): (&FetchWay, &str),
) -> String {
    match way {
        FetchWay::Host { id, word, address } => {
            change.rename_source(source.step, *word, address);
            id.clone()
        }
        FetchWay::Run(commands) => {
            let (id, name) = (model.settings(dockerfile).id_of(name), name.to_owned());
            let as_file = model.has_only_files(dockerfile);
            change.fetch(source.step, &Mount::of(id.clone(), name, as_file), commands);
            change.require(if as_file { Feature::Mount } else { Feature::SecretEnv });
            id
        }
    }
}
