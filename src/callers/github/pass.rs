//! Rewriting the inputs of docker/build-push-action and its likes.

use super::action::written_secrets;
use super::catalog;
use super::list::{Record, records};
use super::step::Step;
use crate::callers::verify::verified;
use crate::callers::yaml::{self, Cursor, Node, Patch, Path, Scalar, Step as PathStep, Style};
use crate::callers::{ArgumentValue, Build, Builder, Caller, Refusal, Request, Rewrite, Surroundings};
use crate::source::{Source, TextRange, slice};
use crate::syntax::view::View;

/// The inputs that may change.
const INPUTS: [&str; 3] = ["build-args", "secrets", "secret-envs"];

/// What a person should know of a secret in a workflow that pull requests start. docker/build-push-action warns of an empty
/// value and leaves the secret out (actions-toolkit `src/buildx/build.ts`), bake passes an empty one (experiment).
pub(super) const NO_SECRETS_FOR_FORKS: &str =
    "pull requests from forks get no secrets from GitHub: their builds run without this one";

/// See [`Caller::pass_secrets`], for a `step` that uses an action.
pub(super) fn pass_secrets(
    caller: &dyn Caller,
    source: &Source,
    around: &dyn Surroundings,
    build: &Build,
    step: &Step<'_>,
    requests: &[Request],
) -> Result<Rewrite, Refusal> {
    refuse_builder(build)?;
    let unclear = || refusal(build.range, "the inputs of the step are laid out in a way that can't be edited safely");
    let Some(input) = step.input("build-args") else { return Ok(Rewrite::default()) };
    let with = step.body.get("with").ok_or_else(unclear)?;
    if with.is_shared() || input.is_shared() {
        return Err(refusal(build.range, "the inputs of the step are shared with other steps through an anchor"));
    }
    let view = yaml::view(source.text(), input.node()).ok_or_else(unclear)?;
    let mut pass = Pass { step, source, view: &view, patch: Patch::new(source), rewrite: Rewrite::default() };
    let chosen = pass.choose(requests, build.range)?;
    if chosen.gone.is_empty() && chosen.secrets.is_empty() && chosen.variables.is_empty() {
        return Ok(Rewrite::default());
    }
    pass.edit(with, input, &chosen).ok_or_else(unclear)?;
    let Pass { patch, mut rewrite, .. } = pass;
    rewrite.edits = patch.finish();
    let changed: Vec<Path> = INPUTS.iter().map(|key| below(&step.path, key)).collect();
    verified(caller, source, around, build, requests, rewrite, &changed)
}

fn below(step: &Path, key: &str) -> Path {
    let keys = ["with", key].map(|key| PathStep::Key(key.to_owned()));
    step.iter().cloned().chain(keys).collect()
}

fn refusal(range: TextRange, reason: impl Into<String>) -> Refusal {
    Refusal { reason: reason.into(), range, instead: None }
}

fn refuse_builder(build: &Build) -> Result<(), Refusal> {
    match &build.builder {
        builder if builder.is_buildah() => {
            let reason = "the action has no input for secrets, only flags of Buildah in `extra-args`";
            let instead = Some("extra-args: --secret id=ID,env=VARIABLE".to_owned());
            Err(Refusal { instead, ..refusal(build.range, reason) })
        }
        Builder::WithoutSecrets(reason) => Err(refusal(build.range, reason.as_str())),
        _ => Ok(()),
    }
}

/// What leaves `build-args` and what comes to the other inputs.
#[derive(Default)]
struct Chosen {
    gone: Vec<Record>,
    kept: usize,
    /// New records of `secrets`.
    secrets: Vec<String>,
    /// New records of `secret-envs`.
    variables: Vec<String>,
}

struct Pass<'s, 'd> {
    step: &'s Step<'d>,
    source: &'d Source,
    view: &'s View,
    patch: Patch<'d>,
    rewrite: Rewrite,
}

impl Pass<'_, '_> {
    fn choose(&mut self, requests: &[Request], range: TextRange) -> Result<Chosen, Refusal> {
        let mut chosen = Chosen::default();
        let all = records(self.view.text());
        let is_written = |request: &&Request| all.iter().any(|record| record.pair().0 == request.argument);
        let is_computed = all.iter().any(|record| record.pair().0.contains("${{"));
        if let Some(request) = requests.iter().find(|request| is_computed && !is_written(request)) {
            let reason = format!("the name `{}` comes from the matrix, for some of its rows", request.argument);
            return Err(refusal(range, reason));
        }
        for record in all {
            let Some(request) = requests.iter().find(|request| request.argument == record.pair().0) else {
                chosen.kept += 1;
                continue;
            };
            let at = self.view.host_range(record.range).unwrap_or(range);
            if let Some(secret) = &request.secret {
                self.choose_secret(&record, &secret.id, at, &mut chosen)?;
            }
            match request.beside {
                true => chosen.kept += 1,
                false => chosen.gone.push(record),
            }
        }
        Ok(chosen)
    }

    fn choose_secret(&mut self, record: &Record, id: &str, at: TextRange, chosen: &mut Chosen) -> Result<(), Refusal> {
        let (name, value) = record.pair();
        let kind = value.map_or(ArgumentValue::Inherited, super::expression::classify);
        self.note_forks(self.step.is_secret(name, &kind) || value.is_some_and(|value| value.contains("secrets.")));
        match kind {
            ArgumentValue::Empty => return Ok(()),
            ArgumentValue::Literal(_) => {
                let reason = format!(
                    "the value of `{name}` is written in the workflow: it has to come from a secret, and to be replaced"
                );
                return Err(refusal(at, reason));
            }
            _ => {}
        }
        if self.is_passed(id, name, value, at)? {
            return Ok(());
        }
        match value {
            Some(_) => {
                self.note_value(name);
                push_new(&mut chosen.secrets, renamed(record, slice(self.view.text(), record.range), name, id));
            }
            None if self.has_secret_envs() => push_new(&mut chosen.variables, format!("{id}={name}")),
            None => push_new(&mut chosen.secrets, format!("{id}=${{{{ env.{name} }}}}")),
        }
        Ok(())
    }

    /// Whether the step passes a secret `id` already.
    fn is_passed(&self, id: &str, name: &str, value: Option<&str>, at: TextRange) -> Result<bool, Refusal> {
        let written = |key| written_secrets(self.step, key, self.source.text()).into_iter();
        let mut passed = written("secrets").chain(written("secret-envs")).chain(written("secret-files"));
        let Some((_, place)) = passed.find(|(record, _)| record.pair().0 == id) else { return Ok(false) };
        let same_text = written("secrets").any(|(record, _)| record.pair() == (id, value));
        let same_variable = written("secret-envs").any(|(record, _)| {
            let variable = record.pair().1.unwrap_or("");
            let stated = self.step.environment(variable).and_then(Cursor::text);
            record.pair().0 == id && if value.is_none() { variable == name } else { stated == value }
        });
        if same_text || same_variable {
            return Ok(true);
        }
        let place = if place.is_empty() { at } else { place };
        Err(refusal(place, format!("the step passes the secret `{id}` already, from another source")))
    }

    /// `secret-envs` exists since version 5.1 of docker/build-push-action.
    fn has_secret_envs(&self) -> bool {
        let uses = self.step.body.get("uses").and_then(Cursor::text).unwrap_or("");
        catalog::version(uses).is_none_or(|(major, minor)| (major, minor.unwrap_or(u32::MAX)) >= (5, 1))
    }

    fn note_value(&mut self, name: &str) {
        let lower = name.to_lowercase();
        if ["ssh", "pem", "json", "cert", "private_key"].iter().any(|part| lower.contains(part)) {
            let note = format!("the action cuts a value of several lines behind its first line: check `{name}`");
            self.rewrite.notes.push(note);
        }
    }

    fn note_forks(&mut self, secret: bool) {
        let note = NO_SECRETS_FOR_FORKS;
        if secret && self.step.runs_for_forks() && !self.rewrite.notes.iter().any(|known| known == note) {
            self.rewrite.notes.push(note.to_owned());
        }
    }

    fn edit(&mut self, with: Cursor<'_>, input: Cursor<'_>, chosen: &Chosen) -> Option<()> {
        let mapping = with.node().as_mapping().filter(|mapping| !mapping.flow)?;
        let (place, entry) = mapping.find("build-args")?;
        if chosen.kept == 0 {
            let replaced = !chosen.secrets.is_empty() || !chosen.variables.is_empty();
            if mapping.entries.len() == 1 && !replaced {
                return None;
            }
            self.patch.remove_members(with.node(), &[place])?;
        } else {
            self.remove_records(input.node(), &chosen.gone)?;
        }
        let column = self.patch.column(entry.key_range.start());
        let indentation = self.indentation(input.node(), column);
        for (key, lines) in [("secrets", &chosen.secrets), ("secret-envs", &chosen.variables)] {
            if !lines.is_empty() {
                let layout = (column, indentation);
                add_records(&mut self.patch, self.source, with, (key, lines), entry.range(), layout)?;
            }
        }
        Some(())
    }

    /// The column of the lines in the step's block scalars.
    fn indentation(&self, input: &Node, column: usize) -> usize {
        let block = input.as_scalar().is_some_and(|scalar| matches!(scalar.style, Style::Literal | Style::Folded));
        let first = self.view.host_start().filter(|_| block);
        first.map_or(column + 2, |first| self.patch.column(first))
    }

    fn remove_records(&mut self, input: &Node, gone: &[Record]) -> Option<()> {
        let block = matches!(input.as_scalar()?.style, Style::Literal | Style::Folded);
        for record in gone {
            if block {
                self.patch.remove_lines(self.view.host_range(record.range)?);
                continue;
            }
            let text = self.view.text();
            let behind = text.get(usize::from(record.range.end())..)?.find('\n');
            let (start, end) = match behind {
                Some(at) => (record.range.start().into(), usize::from(record.range.end()) + at + 1),
                None => (text.get(..usize::from(record.range.start()))?.trim_end().len(), text.len()),
            };
            self.patch.push(self.view.edit(crate::source::range(start, end), "").ok()?);
        }
        Some(())
    }
}

/// Adds `lines` to the input `key`, or that input behind the one at `behind`. `layout` is the column of the keys and that
/// of the lines.
pub(super) fn add_records(
    patch: &mut Patch<'_>,
    source: &Source,
    with: Cursor<'_>,
    (key, lines): (&str, &[String]),
    behind: TextRange,
    layout: (usize, usize),
) -> Option<()> {
    let Some((_, entry)) = with.node().as_mapping()?.find(key) else {
        let mut block = vec![format!("{}{key}: |", " ".repeat(layout.0))];
        block.extend(indented(lines, layout.1));
        patch.insert_behind(behind, &block);
        return Some(());
    };
    let value = Some(&entry.value).filter(|value| value.anchor.is_none())?;
    let scalar = value.as_scalar()?;
    match scalar.style {
        Style::Folded => return None,
        Style::Literal => {
            let first = yaml::view(source.text(), value).and_then(|view| view.host_start());
            let column = first.map_or(layout.1, |first| patch.column(first));
            patch.insert_behind(value.range, &indented(lines, column));
        }
        _ => make_block(patch, value, scalar, lines, layout.1)?,
    }
    Some(())
}

/// One line, or none, becomes a block with `lines` behind it, unless a comment would end up inside the block.
fn make_block(patch: &mut Patch<'_>, value: &Node, scalar: &Scalar, lines: &[String], column: usize) -> Option<()> {
    if !patch.ends_its_line(value.range) {
        return None;
    }
    let old = scalar.text.lines().filter(|line| !line.trim().is_empty()).map(str::to_owned);
    let all: Vec<String> = old.chain(lines.iter().cloned()).collect();
    let blank = if scalar.style == Style::Missing { " " } else { "" };
    patch.replace(value.range, &format!("{blank}|\n{}", indented(&all, column).join("\n")));
    Some(())
}

fn indented(lines: &[String], column: usize) -> Vec<String> {
    lines.iter().map(|line| format!("{}{line}", " ".repeat(column))).collect()
}

/// The record as written, with the argument's name replaced by the secret's id.
fn renamed(record: &Record, written: &str, name: &str, id: &str) -> String {
    let skipped = usize::from(record.quoted);
    let rest = written.trim_start().get(skipped + name.len()..).unwrap_or("");
    format!("{}{id}{rest}", if record.quoted { "\"" } else { "" })
}

fn push_new(lines: &mut Vec<String>, line: String) {
    if !lines.contains(&line) {
        lines.push(line);
    }
}
