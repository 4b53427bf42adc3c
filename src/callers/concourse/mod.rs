//! Concourse: tasks that run concourse/oci-build-task, whose params say what is built (its README), and the old
//! docker-image resource.

#[cfg(test)]
mod tests;

use camino::{Utf8Path, Utf8PathBuf};

use super::location::resolve;
use super::offer::{missing, refusal, refuse_beside};
use super::verify::verified;
use super::yaml::{self, Cursor, Document, Entry, Node, Patch, Path, path_to};
use super::{
    Argument, ArgumentValue, Build, Builder, Caller, Dockerfiles, Format, Offer, PassedSecret, Receipt, Refusal,
    Request, Rewrite, SecretSource, SecretValue, Surroundings, unreadable,
};
use crate::source::Source;

/// What begins the params for a build argument.
const ARGUMENT: &str = "BUILD_ARG_";

/// What begins the params for a secret's text.
const SECRET: &str = "BUILDKIT_SECRETTEXT_";

/// What begins the params for a secret's file.
const FILE: &str = "BUILDKIT_SECRET_";

/// What shows a build in a file that can't be read.
const MARKS: [&str; 2] = ["oci-build-task", "BUILD_ARG_"];

/// The caller for Concourse's pipelines and tasks.
#[derive(Debug, Clone, Copy)]
pub struct Concourse;

impl Caller for Concourse {
    fn format(&self) -> Format {
        Format::Concourse
    }

    fn recognises(&self, _: &Utf8Path) -> bool {
        false
    }

    fn recognises_text(&self, path: &Utf8Path, text: &str) -> bool {
        let task = text.contains("oci-build-task");
        let resource = text.contains("type: docker-image") && text.contains("resources:");
        yaml::has_ending(path) && (task || resource)
    }

    fn builds(&self, source: &Source, around: &dyn Surroundings) -> Vec<Build> {
        match yaml::read(source.text()) {
            Ok(documents) => found(&documents, source, around).into_iter().map(|(_, build)| build).collect(),
            Err(error) => unreadable::builds(self.format(), source, &error, &MARKS),
        }
    }

    fn pass_secrets(
        &self,
        source: &Source,
        around: &dyn Surroundings,
        build: &Build,
        requests: &[Request],
    ) -> Result<Rewrite, Refusal> {
        if let Builder::WithoutSecrets(sentence) = &build.builder {
            return Err(refusal(sentence.as_str(), build.range));
        }
        refuse_beside(build, requests)?;
        let documents = yaml::read(source.text()).map_err(|error| refusal(error.to_string(), build.range))?;
        let gone = || refusal("the task is not in the file", build.range);
        let found = found(&documents, source, around);
        let (params, _) = found.get(build.index).ok_or_else(gone)?;
        if params.is_shared() {
            return Err(refusal("the params of the task are shared with others through an anchor", build.range));
        }
        let mut patch = Patch::new(source);
        let mut rewrite = Rewrite::default();
        for request in requests {
            change(&mut patch, params.node(), build, request)?;
        }
        rewrite.edits = patch.finish();
        if rewrite.edits.is_empty() {
            return Ok(rewrite);
        }
        let changed: Vec<Path> = path_to(&documents, params.node().range).into_iter().collect();
        verified(self, source, around, build, requests, rewrite, &changed)
    }

    fn offer(&self, _: &Source, _: &dyn Surroundings, build: &Build, offers: &[Offer]) -> Result<Rewrite, Refusal> {
        if missing(build, offers)?.is_empty() {
            return Ok(Rewrite::default());
        }
        let instead = Some(format!("{SECRET}ID: ((VARIABLE))"));
        Err(Refusal { instead, ..refusal("a task of Concourse gets a secret only through its params", build.range) })
    }
}

/// Renames the params of one argument, or takes them out.
fn change(patch: &mut Patch<'_>, params: &Node, build: &Build, request: &Request) -> Result<(), Refusal> {
    let unclear = || refusal("the params of the task can't be edited safely", build.range);
    let mapping = params.as_mapping().ok_or_else(unclear)?;
    let key = format!("{ARGUMENT}{}", request.argument);
    let Some((place, entry)) = mapping.find(&key) else { return Ok(()) };
    let value = classify(entry);
    let Some(secret) = request.secret.as_ref().filter(|_| value != ArgumentValue::Empty) else {
        return patch.remove_members(params, &[place]).ok_or_else(unclear);
    };
    let refuse = |reason: String| {
        let instead = Some(format!("{SECRET}{}: (({}))", secret.id, request.argument.to_lowercase()));
        Refusal { instead, ..refusal(reason, entry.range()) }
    };
    let name = &request.argument;
    if secret.receipt == Receipt::Agent {
        return Err(refuse(format!("`{name}` is not the content of one file here")));
    }
    if matches!(value, ArgumentValue::Literal(_)) {
        return Err(refuse(format!(
            "`{name}` has a fixed value here; a credential has to be replaced and to come from outside"
        )));
    }
    if build.secrets.iter().any(|passed| passed.id == secret.id) {
        return Err(refuse(format!("the task passes the secret `{}` already", secret.id)));
    }
    patch.replace(entry.key_range, &format!("{SECRET}{}", secret.id));
    Ok(())
}

/// The params of every task that builds, with the build.
fn found<'d>(documents: &'d [Document], source: &Source, around: &dyn Surroundings) -> Vec<(Cursor<'d>, Build)> {
    let mut found = Vec::new();
    documents.iter().for_each(|document| collect(Cursor::root(document), None, source, around, &mut found));
    found.sort_by_key(|(_, build): &(Cursor<'_>, Build)| build.range.start());
    found.dedup_by_key(|(_, build)| build.range);
    found.iter_mut().enumerate().for_each(|(index, (_, build))| build.index = index);
    found
}

fn collect<'d>(
    here: Cursor<'d>,
    around_it: Option<Cursor<'d>>,
    source: &Source,
    around: &dyn Surroundings,
    found: &mut Vec<(Cursor<'d>, Build)>,
) {
    let repository = here.get("image_resource").and_then(|image| image.get("source")?.get("repository")?.text());
    if repository.is_some_and(|name| name.ends_with("oci-build-task")) {
        // The params of the step that runs a task come before those of the task itself.
        let outer = around_it.and_then(|step| step.get("params"));
        if let Some(params) = outer.or_else(|| here.get("params")) {
            let build = build(params, around_it.unwrap_or(here), source, around);
            found.push((params, build));
        }
    }
    if let (Some(_), Some(params)) = (here.get("put"), here.get("params"))
        && params.get("build").is_some()
        && let Some(args) = params.get("build_args").filter(|args| args.node().as_mapping().is_some())
    {
        found.push((params, resource(here, params, args, source, around)));
    }
    for (_, value) in here.entries() {
        collect(value, Some(here), source, around, found);
    }
    for item in here.items() {
        collect(item, None, source, around, found);
    }
}

fn build(params: Cursor<'_>, step: Cursor<'_>, source: &Source, around: &dyn Surroundings) -> Build {
    let text = |key: &str| params.get(key).and_then(Cursor::text);
    let entries = params.node().as_mapping().map(|mapping| mapping.entries.as_slice()).unwrap_or_default();
    let own = |entry: &Entry| {
        let name = entry.key.strip_prefix(ARGUMENT)?.to_owned();
        Some(Argument { name, value: classify(entry), range: entry.range(), shared: false })
    };
    let secret = |entry: &Entry| {
        let value = entry.value.as_scalar().map(|scalar| scalar.text.clone()).unwrap_or_default();
        let (id, source) = match (entry.key.strip_prefix(SECRET), entry.key.strip_prefix(FILE)) {
            (Some(id), _) => (id, reference(&value).map_or(SecretSource::Unknown, SecretSource::Expression)),
            (None, id) => (id?, SecretSource::File(value)),
        };
        Some(PassedSecret { id: id.to_owned(), source, range: entry.range() })
    };
    let context = text("CONTEXT").unwrap_or(".");
    let dockerfile = text("DOCKERFILE").map_or_else(|| format!("{context}/Dockerfile"), str::to_owned);
    let (dockerfiles, context) = places(&dockerfile, context, around);
    Build {
        dockerfiles,
        context,
        outside: None,
        target: text("TARGET").map(str::to_owned),
        arguments: entries.iter().filter_map(own).collect(),
        secrets: entries.iter().filter_map(secret).collect(),
        opaque: text("BUILD_ARGS_FILE").map(|file| format!("BUILD_ARGS_FILE: {file}")),
        ssh: text("BUILDKIT_SSH").is_some(),
        ..empty(step, source)
    }
}

/// A build of the docker-image resource, which Concourse has given up for the task: it knows no secrets.
fn resource(
    step: Cursor<'_>,
    params: Cursor<'_>,
    args: Cursor<'_>,
    source: &Source,
    around: &dyn Surroundings,
) -> Build {
    let text = |key: &str| params.get(key).and_then(Cursor::text);
    let context = text("build").unwrap_or(".");
    let dockerfile = text("dockerfile").map_or_else(|| format!("{context}/Dockerfile"), str::to_owned);
    let (dockerfiles, context) = places(&dockerfile, context, around);
    let entries = args.node().as_mapping().map(|mapping| mapping.entries.as_slice()).unwrap_or_default();
    let own = |entry: &Entry| Argument {
        name: entry.key.clone(),
        value: classify(entry),
        range: entry.range(),
        shared: false,
    };
    let sentence = "the docker-image resource of Concourse has no secrets; `oci-build-task` takes them";
    Build {
        dockerfiles,
        context,
        outside: None,
        builder: Builder::WithoutSecrets(sentence.to_owned()),
        arguments: entries.iter().map(own).collect(),
        ..empty(step, source)
    }
}

fn empty(step: Cursor<'_>, source: &Source) -> Build {
    let name = ["task", "put"].iter().find_map(|key| step.get(key)?.text());
    let title = name.map_or_else(|| "task".to_owned(), |name| format!("task `{name}`"));
    Build::at(Format::Concourse, source.path(), step.node().range, title)
}

/// Paths begin with the folder that an input of the task gets, which holds this repository or another one.
fn places(dockerfile: &str, context: &str, around: &dyn Surroundings) -> (Dockerfiles, Option<Utf8PathBuf>) {
    let inside = |path: &str| resolve(Utf8Path::new(""), path);
    let below = |path: &str| {
        let path = inside(path)?;
        let mut parts = path.components();
        parts.next()?;
        Some(parts.as_path().to_owned())
    };
    let candidates = [(below(dockerfile), below(context)), (inside(dockerfile), inside(context))];
    for (dockerfile, context) in candidates {
        if let Some(path) = dockerfile.filter(|path| around.is_file(path)) {
            return (Dockerfiles::One(path), context);
        }
    }
    (Dockerfiles::Unknown(dockerfile.to_owned()), None)
}

/// Where the value of a param comes from: `((name))` is a variable of the pipeline.
fn classify(entry: &Entry) -> ArgumentValue {
    let Some(scalar) = entry.value.as_scalar() else { return ArgumentValue::Composite };
    if entry.value.is_null() || scalar.text.is_empty() {
        return ArgumentValue::Empty;
    }
    match reference(&scalar.text) {
        Some(name) => ArgumentValue::Expression(name),
        None if scalar.text.contains("((") => ArgumentValue::Composite,
        None => ArgumentValue::Literal(SecretValue::new(scalar.text.clone())),
    }
}

/// The name in `((name))`, and nothing else.
fn reference(text: &str) -> Option<String> {
    let inside = text.trim().strip_prefix("((")?.strip_suffix("))")?;
    (!inside.contains("((")).then(|| inside.trim().to_owned())
}
