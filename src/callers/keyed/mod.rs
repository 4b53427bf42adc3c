//! Builds that a YAML file describes by keys of other tools than Compose: arguments under one key, secrets under another.
//!
//! What differs between the tools is said by each in a [`Tool`]; reading, editing and the proof of the edit are the same.

mod ansible;
mod kamal;
mod service;
mod skaffold;
#[cfg(test)]
mod tests;

use camino::{Utf8Path, Utf8PathBuf};

use super::compose::{WrittenArgument, listed_arguments, mapped_arguments};
use super::verify::verified;
use super::yaml::{self, Cursor, Document, Members, Patch, Path, Step};
use super::{
    Argument, ArgumentValue, Build, Builder, Caller, Format, Offer, Receipt, Refusal, Request, Rewrite, Surroundings,
    unreadable,
};
use crate::source::{Source, TextRange};

/// Skaffold's `skaffold.yaml`.
pub const SKAFFOLD: Keyed = Keyed(&skaffold::Skaffold);
/// Kamal's `config/deploy.yml`.
pub const KAMAL: Keyed = Keyed(&kamal::Kamal);
/// Tasks of Ansible.
pub const ANSIBLE: Keyed = Keyed(&ansible::Ansible);
/// The files of services that build a repository's Dockerfile.
pub const SERVICE: Keyed = Keyed(&service::Service);

/// The caller for the files of one tool.
#[derive(Clone, Copy)]
pub struct Keyed(&'static dyn Tool);

/// A build as a file describes it.
struct Described<'d> {
    /// The build without its arguments and secrets.
    build: Build,
    /// The mapping that holds both keys.
    body: Cursor<'d>,
    /// The key of the arguments, and that of the secrets.
    keys: (&'static str, &'static str),
    /// What a fix takes for granted.
    assumptions: Vec<String>,
    /// Lines that other files lack: the build argument, the file, the line.
    lacking: Vec<(String, Utf8PathBuf, String)>,
}

/// What is said of one tool.
trait Tool: Sync {
    /// The format.
    fn format(&self) -> Format;

    /// Whether it reads a YAML file of this path.
    fn recognises(&self, path: &Utf8Path) -> bool;

    /// Words of which one is in every file that builds.
    fn words(&self) -> &'static [&'static str];

    /// The builds of a document, in the order of the text.
    fn builds<'d>(&self, document: &'d Document, source: &Source, around: &dyn Surroundings) -> Vec<Described<'d>>;

    /// What the value of an argument is.
    fn value(&self, text: &str) -> ArgumentValue;

    /// The member of the list of secrets that hands over what an argument held, or why there is none.
    fn member(&self, id: &str, name: &str, value: &ArgumentValue, text: Option<&str>) -> Result<String, String>;

    /// The secret that a member of the list is: its id and the variable it comes from.
    fn passed(&self, member: Cursor<'_>) -> Option<super::PassedSecret>;
}

impl Caller for Keyed {
    fn format(&self) -> Format {
        self.0.format()
    }

    fn recognises(&self, path: &Utf8Path) -> bool {
        (path.extension().is_none() || yaml::has_ending(path)) && self.0.recognises(path)
    }

    fn builds(&self, source: &Source, around: &dyn Surroundings) -> Vec<Build> {
        if !self.0.words().iter().any(|word| source.text().contains(word)) {
            return Vec::new();
        }
        match yaml::read(source.text()) {
            Ok(documents) => self.found(&documents, source, around).into_iter().map(|one| one.build).collect(),
            Err(error) => unreadable::builds(self.format(), source, &error, self.0.words()),
        }
    }

    fn pass_secrets(
        &self,
        source: &Source,
        around: &dyn Surroundings,
        build: &Build,
        requests: &[Request],
    ) -> Result<Rewrite, Refusal> {
        let refuse = |reason: &str| refusal(build.range, reason);
        if let Builder::WithoutSecrets(sentence) = &build.builder {
            return Err(refuse(sentence));
        }
        let documents = yaml::read(source.text()).map_err(|error| refuse(&error.to_string()))?;
        let mut all = self.found(&documents, source, around).into_iter();
        let found =
            all.find(|one| one.build.index == build.index).ok_or_else(|| refuse("the build is not in the file"))?;
        let (mut gone, mut members) = (Vec::new(), Vec::new());
        for request in requests {
            for argument in written(found.body, found.keys.0).iter().filter(|one| one.name == request.argument) {
                gone.push(own_place(found.body, argument)?);
                members.extend(self.member(&found, argument, request)?);
            }
        }
        if gone.is_empty() {
            return Ok(Rewrite::default());
        }
        gone.sort_unstable();
        members.dedup();
        let mut patch = Patch::new(source);
        let step = patch.step_of_lists(&documents, found.body.node()).unwrap_or(2);
        let unclear = || refuse("the build is laid out in a way that can't be edited safely");
        patch
            .exchange(found.body.node(), found.keys.0, &gone, found.keys.1, &Members::of_lines(&members, true), step)
            .ok_or_else(unclear)?;
        let changed = changed(&documents, &found);
        let asked = |name: &str| requests.iter().any(|request| request.argument == name);
        let others: Vec<String> = build
            .arguments
            .iter()
            .filter(|given| !asked(&given.name))
            .map(|given| format!("`{}`", given.name))
            .collect();
        let mut assumptions = found.assumptions;
        assumptions.retain(|assumption| !others.iter().any(|other| assumption.contains(other)));
        let lacking = found.lacking.into_iter().filter(|(name, ..)| asked(name));
        let lines = lacking.map(|(_, file, line)| (file, line)).collect();
        let rewrite = Rewrite { edits: patch.finish(), assumptions, notes: Vec::new(), lines };
        verified(self, source, around, build, requests, rewrite, &changed)
    }

    fn offer(
        &self,
        _source: &Source,
        _around: &dyn Surroundings,
        build: &Build,
        _offers: &[Offer],
    ) -> Result<Rewrite, Refusal> {
        Err(refusal(build.range, &format!("a {} is not made to hand over a file yet", build.format)))
    }
}

impl Keyed {
    fn found<'d>(&self, documents: &'d [Document], source: &Source, around: &dyn Surroundings) -> Vec<Described<'d>> {
        let all = documents.iter().flat_map(|document| self.0.builds(document, source, around));
        all.enumerate().map(|(index, one)| self.complete(index, one)).collect()
    }

    fn complete<'d>(&self, index: usize, found: Described<'d>) -> Described<'d> {
        let Described { build, body, keys, assumptions, lacking } = found;
        let argument = |one: WrittenArgument<'_>| Argument {
            name: one.name.to_owned(),
            value: one.text.map_or(ArgumentValue::Inherited, |text| self.0.value(text)),
            range: one.range,
            shared: one.shared,
        };
        let arguments = written(body, keys.0).into_iter().map(argument).collect();
        let members = body.get(keys.1).map(Cursor::items).unwrap_or_default();
        let secrets = members.into_iter().filter_map(|member| self.0.passed(member)).collect();
        Described { build: Build { arguments, secrets, index, ..build }, body, keys, assumptions, lacking }
    }

    fn member(
        &self,
        found: &Described<'_>,
        argument: &WrittenArgument<'_>,
        request: &Request,
    ) -> Result<Option<String>, Refusal> {
        let value = argument.text.map_or(ArgumentValue::Inherited, |text| self.0.value(text));
        let Some(secret) = request.secret.as_ref().filter(|_| value != ArgumentValue::Empty) else { return Ok(None) };
        if secret.receipt == Receipt::Agent {
            return Err(refusal(argument.range, &format!("`{}` is not the content of one file here", argument.name)));
        }
        if found.build.secrets.iter().any(|passed| passed.id == secret.id) {
            return Ok(None);
        }
        let member = self.0.member(&secret.id, argument.name, &value, argument.text);
        let by_hand = || {
            let named = self.0.member(&secret.id, argument.name, &ArgumentValue::Inherited, None);
            named.ok().map(|member| format!("{}:\n  - {member}", found.keys.1))
        };
        member.map(Some).map_err(|reason| Refusal { instead: by_hand(), ..refusal(argument.range, &reason) })
    }
}

/// The arguments under `key`, from either form.
fn written<'d>(body: Cursor<'d>, key: &str) -> Vec<WrittenArgument<'d>> {
    let Some(arguments) = body.get(key) else { return Vec::new() };
    if arguments.node().as_mapping().is_some() { mapped_arguments(arguments) } else { listed_arguments(arguments) }
}

/// Where an argument stands, if no other place sees its text.
fn own_place(body: Cursor<'_>, argument: &WrittenArgument<'_>) -> Result<usize, Refusal> {
    let place = argument.place.filter(|_| !argument.shared && !body.is_shared());
    place.ok_or_else(|| refusal(argument.range, "the build arguments come from an anchor that other places use too"))
}

fn changed(documents: &[Document], found: &Described<'_>) -> Vec<Path> {
    let Some(way) = yaml::path_to(documents, found.body.node().range) else { return Vec::new() };
    let below = |key: &str| way.iter().cloned().chain([Step::Key(key.to_owned())]).collect();
    vec![below(found.keys.0), below(found.keys.1)]
}

fn refusal(range: TextRange, reason: &str) -> Refusal {
    Refusal { reason: reason.to_owned(), range, instead: None }
}

/// Why an argument's value can't come from one variable of the environment.
fn not_one_variable(name: &str, value: &ArgumentValue) -> String {
    match value {
        ArgumentValue::Literal(_) => format!(
            "the value of `{name}` is written in the file: it has to come from the environment, and to be replaced"
        ),
        _ => format!("`{name}` is put together from several parts or has a default, and a secret takes one variable"),
    }
}
