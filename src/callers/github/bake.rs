//! Steps that use docker/bake-action: its input `set` overrides what the bake file says of its targets, as
//! `docker buildx bake --set` does (docker/bake-action `action.yml`).

use camino::Utf8PathBuf;

use super::expression::classify;
use super::list::{Record, records};
use super::pass::NO_SECRETS_FOR_FORKS;
use super::pass_run::same_value;
use super::step::{Place, Step};
use crate::callers::offer::{refusal, refuse_beside};
use crate::callers::shell::Provide;
use crate::callers::verify::verified;
use crate::callers::yaml::{self, Cursor, Patch, Path, Step as PathStep, Style};
use crate::callers::{
    Argument, ArgumentValue, Build, Caller, Dockerfiles, Format, PassedSecret, Receipt, Refusal, Request, Rewrite,
    Surroundings, bake, environment,
};
use crate::source::{Source, TextRange, range};
use crate::syntax::view::View;

/// What stands before the `@` of `uses`.
pub(super) const ACTION: &str = "docker/bake-action";

/// An override of the input `set`.
struct Override {
    record: Record,
    /// The targets that it is for, such as `*`.
    targets: String,
    /// What it sets.
    setting: Setting,
}

enum Setting {
    /// A build argument, and its value as written; `None` where it comes from the environment.
    Argument(String, Option<String>),
    /// A secret, in the writing of `--secret`; whether it is added to those of the file.
    Secret(String, bool),
}

/// The build that `step` does, if it sets build arguments or secrets; its index is set by the caller.
pub(super) fn build(step: &Step<'_>, source: &Source, around: &dyn Surroundings) -> Option<Build> {
    let uses = step.body.get("uses")?.text()?;
    if !uses.to_lowercase().starts_with(ACTION) {
        return None;
    }
    let input = step.input("set")?;
    let mut build = Build {
        dockerfiles: Dockerfiles::Unknown(ACTION.to_owned()),
        ..Build::at(Format::GithubActions, source.path(), step.body.node().range, step.title())
    };
    let Some(view) = yaml::view(source.text(), input.node()) else {
        build.opaque = Some("set".to_owned());
        return Some(build);
    };
    let shared = input.is_shared() && !build.range.contains_range(input.node().range);
    let mut patterns = Vec::new();
    for record in records(view.text()) {
        let range = view.host_range(record.range).unwrap_or(input.node().range);
        match read(record) {
            Ok(Override { targets, setting: Setting::Argument(name, value), .. }) => {
                let value = value.as_deref().map_or(ArgumentValue::Inherited, classify);
                build.arguments.push(Argument { name, value, range, shared });
                patterns.push(targets);
            }
            Ok(Override { targets, setting: Setting::Secret(text, _), .. }) => {
                build.secrets.push(PassedSecret::written(&text, range));
                patterns.push(targets);
            }
            Err(record) if record.text.contains("${{") && !record.text.contains('=') => {
                build.opaque.get_or_insert(record.text);
            }
            Err(_) => {}
        }
    }
    let patterns: Vec<&str> = patterns.iter().map(String::as_str).collect();
    if let Some(dockerfiles) = dockerfiles(step, source, &patterns, around) {
        build.dockerfiles = dockerfiles;
    }
    let says = !build.arguments.is_empty() || !build.secrets.is_empty() || build.opaque.is_some();
    says.then_some(build)
}

/// Takes a record apart; gives it back where it sets something else.
fn read(record: Record) -> Result<Override, Record> {
    let (key, value) = record.pair();
    if let Some((targets, name)) = key.split_once(".args.") {
        let setting = Setting::Argument(name.to_owned(), value.map(str::to_owned));
        return Ok(Override { targets: targets.to_owned(), setting, record });
    }
    let secrets = key.strip_suffix(".secrets").map(|targets| (targets, false));
    match (secrets.or_else(|| key.strip_suffix(".secrets+").map(|targets| (targets, true))), value) {
        (Some((targets, added)), Some(text)) => {
            let setting = Setting::Secret(text.to_owned(), added);
            Ok(Override { targets: targets.to_owned(), setting, record })
        }
        _ => Err(record),
    }
}

/// What the targets build that fit one of `patterns`.
fn dockerfiles(step: &Step<'_>, source: &Source, patterns: &[&str], around: &dyn Surroundings) -> Option<Dockerfiles> {
    let list = |key: &str| -> Vec<String> {
        let text = step.input(key).and_then(Cursor::text).unwrap_or("");
        text.split([',', '\n']).map(str::trim).filter(|item| !item.is_empty()).map(str::to_owned).collect()
    };
    let folder = step.input("workdir").and_then(Cursor::text).unwrap_or(".");
    let Place::Inside(folder) = step.in_repository(source.path(), folder) else { return None };
    let (files, targets) = (list("files"), list("targets"));
    if files.iter().chain(&targets).any(|text| text.contains("${{")) {
        return None;
    }
    // What docker/metadata-action wrote is there as well (`cwd://` and outputs of steps): only tags and labels.
    let files: Vec<Utf8PathBuf> = files.iter().map(|file| folder.join(file.trim_start_matches("./"))).collect();
    bake::dockerfiles(&folder, &files, &targets, patterns, around)
}

/// See [`Caller::pass_secrets`].
pub(super) fn pass_secrets(
    caller: &dyn Caller,
    source: &Source,
    around: &dyn Surroundings,
    build: &Build,
    step: &Step<'_>,
    requests: &[Request],
) -> Result<Rewrite, Refusal> {
    let unclear = || refusal("the inputs of the step are laid out in a way that can't be edited safely", build.range);
    refuse_beside(build, requests)?;
    let Some(input) = step.input("set") else { return Ok(Rewrite::default()) };
    if input.is_shared() || step.body.is_shared() {
        return Err(refusal("the inputs of the step are shared with other steps through an anchor", build.range));
    }
    let view = yaml::view(source.text(), input.node()).ok_or_else(unclear)?;
    let mut pass = Pass { step, build, patch: Patch::new(source), wanted: Vec::new(), rewrite: Rewrite::default() };
    let overrides: Vec<Override> = records(view.text()).into_iter().filter_map(|record| read(record).ok()).collect();
    for request in requests {
        for given in &overrides {
            if let Setting::Argument(name, value) = &given.setting
                && *name == request.argument
            {
                let at = view.host_range(given.record.range).unwrap_or(build.range);
                let new = pass.replacement(request, given, (name, value.as_deref()), &overrides, at)?;
                pass.write(&view, input, given, new.as_deref()).ok_or_else(unclear)?;
            }
        }
    }
    if !pass.wanted.is_empty() {
        let wanted: Vec<&Provide> = pass.wanted.iter().collect();
        let added = environment::add(&mut pass.patch, step.body, &wanted, &["with"]);
        added.ok_or_else(|| refusal("the `env` of the step can't be edited safely", build.range))?;
    }
    let changed = changed_paths(step, &pass.wanted);
    let Pass { patch, mut rewrite, .. } = pass;
    rewrite.edits = patch.finish();
    if rewrite.edits.is_empty() {
        return Ok(rewrite);
    }
    verified(caller, source, around, build, requests, rewrite, &changed)
}

struct Pass<'s, 'd> {
    step: &'s Step<'d>,
    build: &'s Build,
    patch: Patch<'d>,
    /// What the environment of the step still lacks.
    wanted: Vec<Provide>,
    rewrite: Rewrite,
}

impl Pass<'_, '_> {
    /// The override that takes the place of the argument's; `None` where that only goes.
    fn replacement(
        &mut self,
        request: &Request,
        given: &Override,
        (name, value): (&str, Option<&str>),
        all: &[Override],
        at: TextRange,
    ) -> Result<Option<String>, Refusal> {
        let kind = value.map_or(ArgumentValue::Inherited, classify);
        let Some(secret) = request.secret.as_ref().filter(|_| kind != ArgumentValue::Empty) else { return Ok(None) };
        let replaces = |one: &Override| matches!(one.setting, Setting::Secret(_, false));
        if secret.receipt == Receipt::Agent || all.iter().any(replaces) {
            let reason = "the secrets and keys of a bake target have to be written in its file here";
            let instead = Some(format!("secret = [\"id={},env={name}\"]", secret.id));
            return Err(Refusal { instead, ..refusal(reason, at) });
        }
        let variable = match &kind {
            ArgumentValue::Literal(_) => {
                let reason = format!(
                    "the value of `{name}` is written in the workflow: it has to come from a secret, and to be replaced"
                );
                return Err(refusal(reason, at));
            }
            ArgumentValue::Expression(text) if text.starts_with("env.") => text.trim_start_matches("env.").to_owned(),
            _ => {
                if let Some(value) = value {
                    self.provide(name, value, at)?;
                }
                name.to_owned()
            }
        };
        if self.build.secrets.iter().any(|passed| passed.id == secret.id) {
            let reason = format!("the step passes the secret `{}` already", secret.id);
            return Err(refusal(reason, at));
        }
        let assumption = "the step has buildx 0.22 or later, which knows `secrets+=`".to_owned();
        if !self.rewrite.assumptions.contains(&assumption) {
            self.rewrite.assumptions.push(assumption);
        }
        Ok(Some(format!("{}.secrets+=id={},env={variable}", given.targets, secret.id)))
    }

    fn provide(&mut self, name: &str, value: &str, at: TextRange) -> Result<(), Refusal> {
        if value.contains("secrets.") && self.step.runs_for_forks() {
            let note = NO_SECRETS_FOR_FORKS.to_owned();
            if !self.rewrite.notes.contains(&note) {
                self.rewrite.notes.push(note);
            }
        }
        match self.step.environment(name).and_then(Cursor::text) {
            Some(text) if same_value(text, value) => {}
            Some(_) => return Err(refusal(format!("`{name}` has another value in `env`"), at)),
            None => {
                let provide = Provide { variable: name.to_owned(), value: value.to_owned() };
                if !self.wanted.contains(&provide) {
                    self.wanted.push(provide);
                }
            }
        }
        Ok(())
    }

    /// Writes the new override, or takes the old one out.
    fn write(&mut self, view: &View, input: Cursor<'_>, given: &Override, new: Option<&str>) -> Option<()> {
        let at = given.record.range;
        if let Some(new) = new {
            let written = view.text().get(usize::from(at.start())..usize::from(at.end()))?;
            let blanks = written.len() - written.trim_start().len();
            let at = range(usize::from(at.start()) + blanks, at.end().into());
            self.patch.push(view.edit(at, new).ok()?);
            return Some(());
        }
        let block = matches!(input.scalar()?.style, Style::Literal | Style::Folded);
        if block && records(view.text()).len() > 1 {
            self.patch.remove_lines(view.host_range(at)?);
            return Some(());
        }
        None
    }
}

fn changed_paths(step: &Step<'_>, wanted: &[Provide]) -> Vec<Path> {
    let below = |keys: &[&str]| -> Path {
        step.path.iter().cloned().chain(keys.iter().map(|key| PathStep::Key((*key).to_owned()))).collect()
    };
    let mut paths = vec![below(&["with", "set"])];
    match step.body.get("env").filter(|env| !env.node().is_null()) {
        Some(_) => paths.extend(wanted.iter().map(|provide| below(&["env", &provide.variable]))),
        None => paths.push(below(&["env"])),
    }
    paths
}
