use camino::Utf8Path;

use super::dotenv::{self, Kept};
use super::first::refuse_first_version;
use super::interpolation::{is_guarded, with_default};
use super::keeping::Way;
use super::layout::Layout;
use super::service::{Service, WrittenArgument};
use super::shared::Shared;
use super::{Compose, extension};
use crate::callers::verify::verified;
use crate::callers::yaml::{self, Content, Cursor, Document, Members, Patch, Path, Step};
use crate::callers::{Argument, ArgumentValue, Build, Caller, Refusal, Request, Rewrite, Surroundings};
use crate::source::{Source, TextRange};

/// A secret that the service is going to be given.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Given {
    id: String,
    variable: String,
    /// The text at which Compose stops where the variable is missing, if there was one.
    guard: Option<String>,
}

/// See [`crate::callers::Caller::pass_secrets`].
pub(super) fn pass_secrets(
    caller: &Compose,
    source: &Source,
    around: &dyn Surroundings,
    build: &Build,
    requests: &[Request],
) -> Result<Rewrite, Refusal> {
    let refuse = |reason: &str| Refusal { reason: reason.to_owned(), range: build.range, instead: None };
    let documents = yaml::read(source.text()).map_err(|error| refuse(&error.to_string()))?;
    let found = super::found(&documents, source, around);
    let mut rewrite = Rewrite::default();
    if requests.iter().any(|request| request.secret.is_some()) {
        refuse_first_version(&documents, build, &mut rewrite, around)?;
    }
    let Some((service, _)) = found.get(build.index).cloned() else {
        let extensions = extension::extensions(&documents, source, around, found.len());
        let extension = extensions.into_iter().find(|extension| extension.build.index == build.index);
        let extension = extension.ok_or_else(|| refuse("the service is not in the file"))?;
        return extension.pass_secrets(&documents, source, requests, rewrite);
    };
    let mut pass = Pass { service, build, patch: Patch::new(source), rewrite };
    let mut arguments = Vec::new();
    let mut given = Vec::new();
    for request in requests {
        pass.refuse_other_sources(found.iter().map(|(_, build)| build), request)?;
        let written = service.written_arguments().into_iter();
        for argument in written.filter(|argument| argument.name == request.argument) {
            given.extend(pass.given(&argument, request, around)?);
            arguments.extend((!request.beside).then_some(argument));
        }
    }
    given.dedup();
    pass.refuse_other_definitions(caller, source, around, &given)?;
    let is_shared = arguments.iter().any(|argument| argument.shared) && !requests.iter().any(|request| request.beside);
    if is_shared {
        let shared = Shared { documents: &documents, source, around, found: &found, requests };
        return shared.pass_secrets(pass, &arguments, &given);
    }
    let gone = arguments.iter().map(|argument| pass.place(argument));
    let mut gone = gone.collect::<Result<Vec<_>, _>>()?;
    if gone.is_empty() && given.is_empty() {
        return Ok(Rewrite::default());
    }
    gone.sort_unstable();
    let style = Layout::of(&pass.patch, &documents, service);
    let changed = pass.changed_paths(&given);
    pass.edit_build(&gone, &given, style)?;
    pass.edit_top_level(&given, style)?;
    let Pass { patch, mut rewrite, .. } = pass;
    rewrite.edits = patch.finish();
    verified(caller, source, around, build, requests, rewrite, &changed)
}

/// What a service and the file have to say for one secret, which is filled from the variable `name`.
fn by_hand(id: &str, name: &str) -> String {
    format!("build:\n  secrets: [{id}]\n\nsecrets:\n  {id}:\n    environment: {name}")
}

impl Given {
    /// The id in the mounts.
    pub(super) fn id(&self) -> &str {
        &self.id
    }

    /// Where the value comes from. For a secret, Compose does not stop where the variable is missing; it does where an
    /// extension field asks for it (experiment: Compose 2.40, buildx 0.29).
    fn definition(&self) -> Vec<String> {
        let guard = self.guard.as_ref().and_then(|guard| serde_json::to_string(guard).ok());
        let guard = guard.map(|guard| format!("x-required: {guard}"));
        std::iter::once(format!("environment: {}", self.variable)).chain(guard).collect()
    }
}

/// One service whose build is being given secrets.
pub(super) struct Pass<'d> {
    pub service: Service<'d>,
    pub build: &'d Build,
    pub patch: Patch<'d>,
    pub rewrite: Rewrite,
}

impl Pass<'_> {
    fn refusal(&self, range: TextRange, reason: impl Into<String>) -> Refusal {
        Refusal { reason: reason.into(), range, instead: None }
    }

    /// A top-level secret has one source for all services, so services that fill the same argument of the same
    /// Dockerfile from different variables can't share its id.
    fn refuse_other_sources<'b>(
        &self,
        builds: impl Iterator<Item = &'b Build>,
        request: &Request,
    ) -> Result<(), Refusal> {
        let value = |build: &Build| {
            let own = build.arguments.iter().find(|argument| argument.name == request.argument)?;
            source_variable(&own.name, &own.value).map(|variable| (variable, own.range))
        };
        let Some((own, range)) = value(self.build) else { return Ok(()) };
        let mut others = builds.filter(|other| other.dockerfiles == self.build.dockerfiles);
        let different =
            others.find_map(|other| Some((&other.title, value(other)?.0)).filter(|(_, other)| *other != own));
        match different {
            Some((title, other)) => {
                let name = &request.argument;
                Err(self.refusal(range, format!("{title} fills `{name}` from `{other}`, this service from `{own}`")))
            }
            None => Ok(()),
        }
    }

    /// A secret of the project has one source: another argument of the same service can't fill it as well, and a file that is put over
    /// this one (`docker compose -f A -f B`) may give it another, which wins or stops Compose (experiment: Compose 2.40).
    fn refuse_other_definitions(
        &self,
        caller: &Compose,
        source: &Source,
        around: &dyn Surroundings,
        given: &[Given],
    ) -> Result<(), Refusal> {
        let at = self.build.range;
        for (index, one) in given.iter().enumerate() {
            if let Some(other) = given.iter().take(index).find(|other| other.id == one.id) {
                let reason =
                    format!("`{}` and `{}` would both fill the secret `{}`", other.variable, one.variable, one.id);
                return Err(self.refusal(at, reason));
            }
            let defines = |path: &Utf8Path, text: &str| {
                let beside =
                    path != source.path() && path.parent() == source.path().parent() && caller.recognises(path);
                beside && yaml::read(text).is_ok_and(|documents| defines_otherwise(&documents, one))
            };
            if let Some(path) = around.mentioning(&one.id, &defines) {
                return Err(self.refusal(at, format!("the secret `{}` has another source in `{path}`", one.id)));
            }
        }
        Ok(())
    }

    /// Where the argument stands in the service's own `args`.
    fn place(&self, argument: &WrittenArgument<'_>) -> Result<usize, Refusal> {
        let service = self.service.name;
        let args = self.service.build.get("args").filter(|args| !args.is_shared());
        let reason =
            || format!("the build arguments of service {service} come from an anchor that other places use too");
        let place = argument.place.filter(|_| args.is_some() && !argument.shared);
        let place = place.ok_or_else(|| self.refusal(argument.range, reason()))?;
        let value = args.and_then(|args| args.node().children().nth(place));
        if value.is_some_and(|value| value.anchor.is_some()) {
            let reason = format!("the value of `{}` carries an anchor that other places may use", argument.name);
            return Err(self.refusal(argument.range, reason));
        }
        Ok(place)
    }

    /// The secret that takes the argument's place, if one has to.
    fn given(
        &mut self,
        argument: &WrittenArgument<'_>,
        request: &Request,
        around: &dyn Surroundings,
    ) -> Result<Option<Given>, Refusal> {
        let value = argument.value();
        let Some(secret) = request.secret.as_ref().filter(|_| value != ArgumentValue::Empty) else { return Ok(None) };
        let variable = source_variable(argument.name, &value).ok_or_else(|| {
            let name = argument.name;
            // Whose default goes, or what has to hold all of the text.
            let alone = argument.text.and_then(with_default);
            let reason = match (&value, alone) {
                (ArgumentValue::Literal(_), _) => format!(
                    "the value of `{name}` is written in the file: it has to come from the environment, and to be replaced"
                ),
                (_, Some(variable)) => format!("`{name}` has a default, and a secret takes the variable `{variable}` alone"),
                _ => format!(
                    "`{name}` is put together from several parts, and a secret takes one variable: export `{name}` with all of the text first"
                ),
            };
            let by_hand = by_hand(&secret.id, alone.unwrap_or(name));
            Refusal { instead: Some(by_hand), ..self.refusal(argument.range, reason) }
        })?;
        self.say_where_from(&variable, around);
        if argument.text.is_none() && self.is_alias(argument) {
            // It reads as a name alone for as long as the anchor is empty.
            let name = argument.name;
            self.rewrite.assumptions.push(format!(
                "nobody writes the value of `{name}` at its anchor in the file: the build reads it from the environment"
            ));
        }
        let guard = argument.text.filter(|text| is_guarded(text)).map(str::to_owned);
        Ok(Some(Given { id: secret.id.clone(), variable, guard }))
    }

    /// Whether its value is written at an anchor elsewhere.
    fn is_alias(&self, argument: &WrittenArgument<'_>) -> bool {
        let args = self.service.build.get("args");
        let value = args.zip(argument.place).and_then(|(args, place)| args.node().children().nth(place));
        value.is_some_and(|value| matches!(value.content, Content::Alias(_)))
    }

    /// For a build argument every version of Compose reads `.env`; for a secret it does since 2.40.
    fn say_where_from(&mut self, variable: &str, around: &dyn Surroundings) {
        let newer = format!("Compose is of version 2.40 or later, or `{variable}` is exported where it builds");
        let why = dotenv::kept_in(&self.build.file, variable, around).map(|kept| match kept {
            Kept::Shown(path) | Kept::Told(path, Way::Shows) => {
                format!("`{path}` shows it in `.env`, which Compose read")
            }
            Kept::Told(path, Way::Writes) => format!("`{path}` writes it into `.env`, which Compose read"),
            Kept::Told(path, Way::Reads) => {
                format!("`{path}` reads `.env` and exports nothing of it, and Compose read that")
            }
            Kept::Given(path) => format!("`{path}` gives Compose an `--env-file`, which it read"),
        });
        let (list, text) = match why {
            Some(why) => (&mut self.rewrite.assumptions, format!("{newer}: {why} for no secret before")),
            None => (
                &mut self.rewrite.notes,
                format!(
                    "Compose reads `{variable}` from `.env` for a secret since 2.40; before, only from the exported environment"
                ),
            ),
        };
        if !list.contains(&text) {
            list.push(text);
        }
    }

    /// The secret for an argument that the extended service of another file passes.
    pub(super) fn taken_over(&self, argument: &Argument, request: &Request) -> Result<Option<Given>, Refusal> {
        let passed = argument.value != ArgumentValue::Empty;
        let Some(secret) = request.secret.as_ref().filter(|_| passed) else { return Ok(None) };
        let variable = source_variable(&argument.name, &argument.value).ok_or_else(|| {
            let reason = format!("`{}` is not one variable in the service that is extended", argument.name);
            Refusal { instead: Some(by_hand(&secret.id, &argument.name)), ..self.refusal(argument.range, reason) }
        })?;
        Ok(Some(Given { id: secret.id.clone(), variable, guard: None }))
    }

    fn changed_paths(&self, given: &[Given]) -> Vec<Path> {
        let key = |text: &str| Step::Key(text.to_owned());
        let document = Step::Index(self.service.document);
        let build = [document, key("services"), key(self.service.name), key("build")];
        let inside = |last: &str| build.iter().cloned().chain([key(last)]).collect();
        let mut paths: Vec<Path> = vec![inside("args"), inside("secrets")];
        paths.extend(self.top_level_paths(given));
        paths
    }

    pub(super) fn top_level_paths(&self, given: &[Given]) -> Vec<Path> {
        let top = vec![Step::Index(self.service.document), Step::Key("secrets".to_owned())];
        let present = self.service.root.get("secrets").is_some_and(|secrets| !secrets.node().is_null());
        if !present {
            return vec![top];
        }
        given.iter().map(|given| [top.as_slice(), &[Step::Key(given.id.clone())]].concat()).collect()
    }

    /// Takes the arguments at the places `gone` out of `build.args` and puts the secrets into `build.secrets`.
    fn edit_build(&mut self, gone: &[usize], given: &[Given], layout: Layout) -> Result<(), Refusal> {
        let ids: Vec<String> = given.iter().map(|given| given.id.clone()).filter(|id| !self.has_secret(id)).collect();
        let unclear = self.refusal(self.build.range, "its `build` is laid out in a way that can't be edited safely");
        let body = self.service.build;
        if !ids.is_empty() && body.get("secrets").is_some_and(Cursor::is_shared) {
            return Err(unclear);
        }
        let secrets = Members::of_lines(&ids, true);
        self.patch.exchange(body.node(), "args", gone, "secrets", &secrets, layout.sequence).ok_or(unclear)
    }

    fn has_secret(&self, id: &str) -> bool {
        self.service.secrets().iter().any(|secret| secret.id == id)
    }

    /// Adds the sources to the top-level `secrets`.
    pub(super) fn edit_top_level(&mut self, given: &[Given], layout: Layout) -> Result<(), Refusal> {
        let top = self.service.root.get("secrets");
        let mut missing = Vec::new();
        for given in given {
            match top.and_then(|top| top.get(&given.id)) {
                None => missing.push(given),
                Some(secret) if secret.get("environment").and_then(Cursor::text) == Some(&given.variable) => {}
                Some(secret) => {
                    let reason = format!("the secret `{}` exists with another source", given.id);
                    return Err(self.refusal(secret.node().range, reason));
                }
            }
        }
        if missing.is_empty() {
            return Ok(());
        }
        let unclear = self.refusal(self.build.range, "the top-level `secrets` can't be edited safely");
        self.add_top_level(&missing, layout).ok_or(unclear)
    }

    fn add_top_level(&mut self, missing: &[&Given], layout: Layout) -> Option<()> {
        let root = self.service.root.node().as_mapping().filter(|root| !root.flow)?;
        let block = missing.iter().flat_map(|given| {
            let inner = given.definition().into_iter().map(|line| format!("{}{line}", " ".repeat(layout.mapping)));
            std::iter::once(format!("{}:", given.id)).chain(inner).collect::<Vec<_>>()
        });
        let flow = missing.iter().map(|given| format!("{}: {{{}}}", given.id, given.definition().join(", ")));
        let secrets = Members { block: block.collect(), flow: flow.collect::<Vec<_>>().join(", ") };
        if let Some((_, entry)) = root.find("secrets") {
            self.service.root.get("secrets").filter(|top| !top.is_shared())?;
            return self.patch.append_to_entry(entry, &secrets, layout.mapping);
        }
        let mut lines = vec!["secrets:".to_owned()];
        lines.extend(secrets.indented(layout.mapping));
        self.patch.append_section(root.entries.last()?.range(), &lines, layout.airy);
        Some(())
    }
}

/// Whether the file gives the secret another source than its variable.
fn defines_otherwise(documents: &[Document], given: &Given) -> bool {
    let definitions = documents.iter().filter_map(|document| Cursor::root(document).get("secrets")?.get(&given.id));
    let another = |secret: Cursor<'_>| {
        let variable = secret.get("environment").and_then(Cursor::text);
        secret.get("file").is_some() || variable.is_some_and(|variable| variable != given.variable)
    };
    definitions.into_iter().any(another)
}

/// The environment variable that holds the value, where it is exactly one.
fn source_variable(name: &str, value: &ArgumentValue) -> Option<String> {
    match value {
        ArgumentValue::Inherited => Some(name.to_owned()),
        ArgumentValue::Variable(variable) => Some(variable.clone()),
        _ => None,
    }
}
