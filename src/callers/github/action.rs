//! Steps that use an action which builds images.

use std::collections::BTreeSet;

use camino::{Utf8Path, Utf8PathBuf};

use super::catalog::{self, Action, Engine, ListForm};
use super::expression::classify;
use super::list::{Record, records};
use super::matrix::Row;
use super::step::{self, Step, project};
use super::tags::tags;
use crate::callers::location::{Place, absolute, is_remote, join};
use crate::callers::outside::{led_to, of_address};
use crate::callers::yaml::{self, Cursor};
use crate::callers::{
    Argument, ArgumentValue, Build, Builder, Dockerfiles, Format, PassedSecret, SecretSource, Surroundings,
};
use crate::source::{Source, TextRange, range};

/// The build that `step` does through an action; its index is set by the caller.
pub(super) fn build(step: &Step<'_>, source: &Source, around: &dyn Surroundings) -> Option<Build> {
    let uses = step.body.get("uses")?.text()?;
    let action = catalog::find(uses)?;
    let Place { dockerfiles, context, outside } = Location { step, action, file: source.path(), around }.find();
    let Arguments { arguments, opaque } = arguments(step, action, uses, (source.path(), source.text()));
    let text = |key: &str| step.input(key).and_then(Cursor::text).map(str::to_owned);
    Some(Build {
        dockerfiles,
        context,
        outside,
        target: text("target").filter(|target| !target.contains("${{")),
        tags: tags(step, source.path()),
        builder: builder(step, action, uses),
        arguments,
        opaque,
        secrets: secrets(step, source.text()),
        ssh: text("ssh").is_some(),
        ..Build::at(Format::GithubActions, source.path(), step.body.node().range, step.title())
    })
}

fn builder(step: &Step<'_>, action: &Action, uses: &str) -> Builder {
    let name = uses.split('@').next().unwrap_or(uses);
    match action.engine {
        // `secrets` came with version 2, when the action was rewritten for Buildx.
        Engine::BuildKit if is_first_version(uses) => {
            Builder::WithoutSecrets(format!("`{uses}` uses the classic builder, which has no secrets"))
        }
        Engine::BuildKit => step.release().map_or(Builder::BuildKit, Builder::of),
        Engine::Buildah => Builder::Buildah,
        Engine::None => Builder::WithoutSecrets(format!("the action `{name}` has no input for build secrets")),
    }
}

fn is_first_version(uses: &str) -> bool {
    uses.starts_with("docker/") && catalog::version(uses).is_some_and(|(major, _)| major < 2)
}

struct Arguments {
    arguments: Vec<Argument>,
    opaque: Option<String>,
}

fn arguments(step: &Step<'_>, action: &Action, uses: &str, (file, text): (&Utf8Path, &str)) -> Arguments {
    let first = action.engine == Engine::BuildKit && is_first_version(uses);
    let (key, form) = if first { ("build_args", ListForm::Commas) } else { (action.arguments, action.form) };
    let Some(input) = step.input(key).filter(|input| !input.node().is_null()) else {
        return Arguments { arguments: Vec::new(), opaque: None };
    };
    let shared = input.is_shared() && !step.body.node().range.contains_range(input.node().range);
    let Some(view) = yaml::view(text, input.node()) else {
        let opaque = input.text().map_or_else(|| key.to_owned(), str::to_owned);
        return Arguments { arguments: Vec::new(), opaque: (!opaque.trim().is_empty()).then_some(opaque) };
    };
    let mut result = Arguments { arguments: Vec::new(), opaque: None };
    for (record, at) in pairs(view.text(), form) {
        let (name, value) = record.split_once('=').map_or((record.as_str(), None), |(name, value)| (name, Some(value)));
        let range = view.host_range(at).unwrap_or(input.node().range);
        if name.contains("${{")
            && let Some(names) = names_of_rows(step, name, form, file)
        {
            let argument = |name| Argument { name, value: ArgumentValue::Composite, range, shared };
            result.arguments.extend(names.into_iter().map(argument));
        } else if name.contains("${{") || name.contains(char::is_whitespace) {
            result.opaque.get_or_insert_with(|| record.clone());
        } else if !name.starts_with('#') {
            let value = value.map_or(ArgumentValue::Inherited, classify);
            result.arguments.push(Argument { name: name.to_owned(), value, range, shared });
        }
    }
    result
}

/// The names of the arguments that `text` stands for in the rows of the job's matrix, in all of them together; `None` where
/// anything of it is not written in the file.
fn names_of_rows(step: &Step<'_>, text: &str, form: ListForm, file: &Utf8Path) -> Option<BTreeSet<String>> {
    let mut names = BTreeSet::new();
    for row in step.rows()? {
        let expanded = step.expand(text, &row, file)?;
        let records = pairs(&expanded, form).into_iter().map(|(record, _)| record);
        names.extend(records.filter_map(|record| record.split('=').next().map(|name| name.trim().to_owned())));
    }
    Some(names)
}

/// Each `NAME=value` or `NAME` of an input, and where it stands in the input's text.
fn pairs(text: &str, form: ListForm) -> Vec<(String, TextRange)> {
    let owned = |(word, at): (&str, TextRange)| (word.trim().to_owned(), at);
    match form {
        ListForm::Lines => records(text).into_iter().map(|Record { range, text, .. }| (text, range)).collect(),
        ListForm::Commas => words(text, |char| matches!(char, ',' | '\n')).into_iter().map(owned).collect(),
        ListForm::Flags => flags(text),
    }
}

/// The operands of `--build-arg` in a command line, or in a JSON list of words.
fn flags(text: &str) -> Vec<(String, TextRange)> {
    let mut pairs = Vec::new();
    let mut expected = false;
    for (word, at) in words(text, |char| char.is_whitespace() || matches!(char, '"' | '\'' | ',' | '[' | ']')) {
        let attached = word.strip_prefix("--build-arg=");
        if let Some(pair) = attached.or_else(|| expected.then_some(word)) {
            pairs.push((pair.to_owned(), at));
        }
        expected = word == "--build-arg";
    }
    pairs
}

fn words(text: &str, separator: impl Fn(char) -> bool) -> Vec<(&str, TextRange)> {
    let mut start = 0;
    let mut words = Vec::new();
    for piece in text.split_inclusive(&separator) {
        let word = piece.trim_end_matches(&separator);
        if !word.trim().is_empty() {
            words.push((word, range(start, start + word.len())));
        }
        start += piece.len();
    }
    words
}

/// The secrets of the inputs `secrets`, `secret-envs` and `secret-files`.
fn secrets(step: &Step<'_>, text: &str) -> Vec<PassedSecret> {
    type Reading = fn(&str) -> SecretSource;
    let inputs: [(&str, Reading); 3] = [
        ("secrets", |value| match classify(value) {
            ArgumentValue::Expression(expression) => SecretSource::Expression(expression),
            _ => SecretSource::Unknown,
        }),
        ("secret-envs", |value| SecretSource::Variable(value.to_owned())),
        ("secret-files", |value| SecretSource::File(value.to_owned())),
    ];
    let mut secrets = Vec::new();
    for (key, source) in inputs {
        for (record, range) in written_secrets(step, key, text) {
            if let (id, Some(value)) = record.pair() {
                secrets.push(PassedSecret { id: id.to_owned(), source: source(value), range });
            }
        }
    }
    secrets
}

/// The records of one of the secret inputs, and where they stand in the file.
pub(super) fn written_secrets(step: &Step<'_>, key: &str, text: &str) -> Vec<(Record, TextRange)> {
    let Some(input) = step.input(key) else { return Vec::new() };
    let Some(view) = yaml::view(text, input.node()) else { return Vec::new() };
    let records = records(view.text()).into_iter();
    records.map(|record| (record.clone(), view.host_range(record.range).unwrap_or(input.node().range))).collect()
}

/// Where the Dockerfile and the context of a step are.
struct Location<'s, 'd> {
    step: &'s Step<'d>,
    action: &'s Action,
    file: &'s Utf8Path,
    around: &'s dyn Surroundings,
}

impl Location<'_, '_> {
    fn find(&self) -> Place {
        let text = |key: &str| self.step.input(key).and_then(Cursor::text).unwrap_or("");
        let context = text(self.action.context).trim();
        let dockerfile = self.dockerfile();
        let written = if dockerfile.is_empty() { context } else { dockerfile };
        let Some(rows) = self.step.rows() else {
            let computed = [context, dockerfile].iter().any(|text| text.contains("matrix."));
            return if computed { Place::unknown(written) } else { self.one(context, dockerfile, &Row::new()) };
        };
        let found: Vec<_> = rows.iter().map(|row| self.one(context, dockerfile, row)).collect();
        let first = found.first();
        let same = |place: &&Place| found.iter().all(|other| other.context == place.context);
        let context = first.filter(same).and_then(|place| place.context.clone());
        let same = |place: &&Place| found.iter().all(|other| other.outside == place.outside);
        let outside = first.filter(same).and_then(|place| place.outside.clone());
        let dockerfiles = together(found.into_iter().map(|place| place.dockerfiles).collect());
        Place { dockerfiles, context, outside }
    }

    fn dockerfile(&self) -> &str {
        let names = if self.action.engine == Engine::Buildah {
            &["containerfiles", "dockerfiles"][..]
        } else {
            &[self.action.dockerfile]
        };
        names.iter().find_map(|key| self.step.input(key)?.text()).unwrap_or("").trim()
    }

    fn one(&self, context: &str, dockerfile: &str, row: &Row) -> Place {
        let expanded = |text: &str| self.step.expand(text, row, self.file);
        let Some(file) = expanded(dockerfile) else { return Place::unknown(dockerfile) };
        if let Some(folder) = own_repository(context, self.action) {
            let Some(folder) = expanded(folder) else { return Place::unknown(context) };
            // In a Git context the Dockerfile's path counts from the context, not from the workspace.
            return self.existing(&folder, &format!("{folder}/{}", or_dockerfile(&file)));
        }
        let Some(context) = expanded(context) else { return Place::unknown(context) };
        if is_remote(&context) {
            return Place::elsewhere(of_address(&context, Some(&file)));
        }
        let default = format!("{context}/Dockerfile");
        self.existing(&context, if file.is_empty() { &default } else { &file })
    }

    fn existing(&self, context: &str, dockerfile: &str) -> Place {
        let inner = |path: &str| join(&absolute(project(self.file)), path);
        let (folder, folders) = (inner(context), self.step.folders(self.file));
        let context = match self.step.in_repository(self.file, context) {
            step::Place::Inside(path) => Some(path),
            step::Place::Foreign(_) | step::Place::Elsewhere => None,
        };
        let dockerfiles = match self.step.in_repository(self.file, dockerfile) {
            step::Place::Elsewhere => return Place::outside(&inner(dockerfile), &folder, &folders),
            step::Place::Foreign(path) => return Place::elsewhere(led_to(&inner(path.as_str()), &folders)),
            step::Place::Inside(path) if self.around.is_file(&path) => Dockerfiles::One(path),
            step::Place::Inside(path) => Dockerfiles::Unknown(path.to_string()),
        };
        Place { dockerfiles, context, outside: None }
    }
}

fn or_dockerfile(file: &str) -> &str {
    if file.is_empty() { "Dockerfile" } else { file }
}

/// The folder below the root of this repository, where the context is its Git URL: the default of
/// docker/build-push-action, `{{defaultContext}}:folder`, or the URL written out.
fn own_repository<'t>(context: &'t str, action: &Action) -> Option<&'t str> {
    if context.is_empty() {
        return Some(".");
    }
    if let Some(rest) = context.strip_prefix("{{defaultContext}}") {
        return Some(rest.strip_prefix(':').unwrap_or("."));
    }
    let own = action.engine == Engine::BuildKit && is_remote(context) && context.contains("github.repository }}");
    own.then(|| {
        context.split_once('#').and_then(|(_, fragment)| fragment.split_once(':')).map_or(".", |(_, folder)| folder)
    })
}

/// What several combinations of a matrix build: anything not known makes all of it unknown.
fn together(all: Vec<Dockerfiles>) -> Dockerfiles {
    if let Some(unknown) = all.iter().find(|dockerfiles| matches!(dockerfiles, Dockerfiles::Unknown(_))) {
        return unknown.clone();
    }
    let paths = all
        .into_iter()
        .filter_map(|dockerfiles| if let Dockerfiles::One(path) = dockerfiles { Some(path) } else { None });
    let mut paths: Vec<Utf8PathBuf> = paths.collect();
    paths.sort();
    paths.dedup();
    match paths.len() {
        0 => Dockerfiles::Elsewhere,
        1 => Dockerfiles::One(paths.swap_remove(0)),
        _ => Dockerfiles::Several(paths),
    }
}
