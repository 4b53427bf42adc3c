//! Steps whose `args` are the words of a `docker build`: no shell reads them.

use std::collections::BTreeMap;
use std::rc::Rc;

use camino::{Utf8Path, Utf8PathBuf};

use super::CloudBuild;
use super::script::CLASSIC;
use super::step::{Step, values};
use crate::callers::location::resolve;
use crate::callers::offer::{refusal, refuse_beside};
use crate::callers::shell::{self, Classic, Span};
use crate::callers::verify::verified;
use crate::callers::yaml::{Cursor, Members, Patch, Path, Step as PathStep, Style};
use crate::callers::{
    Argument, ArgumentValue, Build, Builder, Format, Receipt, Refusal, Request, RequestedSecret, Rewrite, SecretValue,
    Surroundings,
};
use crate::source::{Source, TextRange, range, slice};
use crate::syntax::shell::Dialect;
use crate::syntax::view::{Quoting, View};

/// Stands for a substitution in a word; no file name holds it.
const SUBSTITUTION: &str = "${CLOUD_BUILD_SUBSTITUTION}";

/// The build that `step` is, if it is one.
pub(super) fn build(step: &Step<'_>, source: &Source, around: &dyn Surroundings) -> Option<Build> {
    let (program, words) = step.words()?;
    let line = std::iter::once(program.to_owned()).chain(words.iter().map(|word| quoted(step, *word)));
    let line = line.collect::<Vec<_>>().join(" ");
    // What the line says is told by the room that reads shell text; where it stands is known better here.
    let site = shell::Site {
        format: Format::CloudBuild,
        file: source.path(),
        text: &line,
        view: Rc::new(View::verbatim(&line, range(0, line.len()), Quoting::Line)),
        dialect: Dialect::Bash,
        directories: vec![resolve(Utf8Path::new(""), step.directory())?],
        checkout: Utf8PathBuf::new(),
        folders: Vec::new(),
        foreign: BTreeMap::new(),
        environment: step.environment(),
        classic: Classic::of_image(step.image()).filter(|classic| matches!(classic, Classic::Always(_))),
        release: shell::release_of_image(step.image()),
        options_only: true,
        documentation: false,
        sourced: false,
    };
    let mut build = shell::builds(&site, around).into_iter().next()?;
    build.range = step.body.node().range;
    if let Some(id) = step.text("id") {
        build.title = format!("step `{id}`");
    }
    build.arguments = arguments(&words);
    let places = places(&words, "--secret");
    build.secrets.iter_mut().zip(places).for_each(|(secret, place)| secret.range = place.1);
    build.opaque = None;
    Some(build)
}

/// A word as the shell would have to be given it. Substitutions with a default in the file are put in.
fn quoted(step: &Step<'_>, word: Cursor<'_>) -> String {
    let mut quoted = String::from("\"");
    for span in values(word.text().unwrap_or("")) {
        match span {
            Span::Text(text) => quoted.push_str(&text.replace(['"', '`', '\\'], "")),
            Span::Escape { .. } => quoted.push_str("\\$"),
            Span::Value { inside, .. } => match step.substitution(inside) {
                Some(text) if !text.contains(['$', '"', '`', '\\']) => quoted.push_str(text),
                _ => quoted.push_str(SUBSTITUTION),
            },
        }
    }
    quoted.push('"');
    quoted
}

/// What stands behind each `option`: the words that say it, and their place.
fn places<'d>(words: &[Cursor<'d>], option: &str) -> Vec<(Vec<Cursor<'d>>, TextRange)> {
    let mut places = Vec::new();
    let mut index = 0;
    while let Some(word) = words.get(index) {
        index += 1;
        let text = word.text().unwrap_or("");
        let attached = text.strip_prefix(option).is_some_and(|rest| rest.starts_with('='));
        if attached {
            places.push((vec![*word], word.node().range));
        } else if text == option
            && let Some(operand) = words.get(index)
        {
            index += 1;
            places.push((vec![*word, *operand], word.node().range.cover(operand.node().range)));
        }
    }
    places
}

fn arguments(words: &[Cursor<'_>]) -> Vec<Argument> {
    let given = places(words, "--build-arg").into_iter();
    let argument = |(words, range): (Vec<Cursor<'_>>, TextRange)| {
        let (name, value) = pair(&words)?;
        let shared = words.iter().any(|word| word.is_shared());
        Some(Argument { name: name.to_owned(), value: value.map_or(ArgumentValue::Inherited, classify), range, shared })
    };
    given.filter_map(argument).collect()
}

/// Name and value of an argument.
fn pair<'d>(words: &[Cursor<'d>]) -> Option<(&'d str, Option<&'d str>)> {
    let text = words.last()?.text()?;
    let text = text.strip_prefix("--build-arg=").unwrap_or(text);
    Some(text.split_once('=').map_or((text, None), |(name, value)| (name, Some(value))))
}

/// A substitution as a whole is an expression of the system; nothing else is expanded.
fn classify(value: &str) -> ArgumentValue {
    match values(value).as_slice() {
        [] => ArgumentValue::Empty,
        [Span::Text(text)] => ArgumentValue::Literal(SecretValue::new(*text)),
        [Span::Value { inside, .. }] => ArgumentValue::Expression((*inside).to_owned()),
        _ => ArgumentValue::Composite,
    }
}

/// See [`crate::callers::Caller::pass_secrets`].
pub(super) fn pass_secrets(
    caller: &CloudBuild,
    source: &Source,
    around: &dyn Surroundings,
    build: &Build,
    step: &Step<'_>,
    requests: &[Request],
) -> Result<Rewrite, Refusal> {
    if let Builder::WithoutSecrets(sentence) = &build.builder {
        return Err(refusal(sentence.as_str(), build.range));
    }
    if step.body.is_shared() || step.body.get("args").is_some_and(Cursor::is_shared) {
        return Err(refusal("the step is shared with others through an anchor", build.range));
    }
    refuse_beside(build, requests)?;
    let (_, words) = step.words().ok_or_else(|| refusal("the step is not in the file", build.range))?;
    let mut pass = Pass {
        step,
        source,
        build,
        patch: Patch::new(source),
        variables: Vec::new(),
        writes: false,
        rewrite: Rewrite::default(),
    };
    let mut gone = Vec::new();
    for request in requests {
        for (written, _) in places(&words, "--build-arg") {
            if pair(&written).is_some_and(|(name, _)| name == request.argument) && !pass.honour(request, &written)? {
                let is_written = |word: &Cursor<'_>| written.iter().any(|gone| gone.node().range == word.node().range);
                gone.extend(words.iter().enumerate().filter(|(_, word)| is_written(word)).map(|(index, _)| index));
            }
        }
    }
    pass.finish(caller, around, requests, &gone)
}

struct Pass<'s, 'd> {
    step: &'s Step<'d>,
    source: &'d Source,
    build: &'s Build,
    patch: Patch<'d>,
    /// New entries of `env`.
    variables: Vec<String>,
    /// Whether a secret is passed that was not before.
    writes: bool,
    rewrite: Rewrite,
}

impl Pass<'_, '_> {
    /// Writes the secret in the place of the argument; `false` where that only has to go.
    fn honour(&mut self, request: &Request, written: &[Cursor<'_>]) -> Result<bool, Refusal> {
        let at = written.iter().map(|word| word.node().range).reduce(TextRange::cover).unwrap_or(self.build.range);
        let (name, value) = pair(written).unwrap_or_default();
        let kind = value.map_or(ArgumentValue::Inherited, classify);
        let Some(secret) = request.secret.as_ref().filter(|_| kind != ArgumentValue::Empty) else { return Ok(false) };
        self.check(secret, name, &kind, at)?;
        if self.build.secrets.iter().any(|passed| passed.id == secret.id) {
            return Err(refusal(format!("the step passes the secret `{}` already", secret.id), at));
        }
        if let (ArgumentValue::Expression(_), Some(value)) = (&kind, value) {
            self.provide(name, value, at)?;
        }
        self.writes = true;
        let operand = format!("id={},env={name}", secret.id);
        match written {
            [option, pair] => {
                self.write(*option, "--secret", at)?;
                self.write(*pair, &operand, at)?;
            }
            [whole] => self.write(*whole, &format!("--secret={operand}"), at)?,
            _ => {}
        }
        Ok(true)
    }

    fn check(&self, secret: &RequestedSecret, name: &str, kind: &ArgumentValue, at: TextRange) -> Result<(), Refusal> {
        let by_hand = format!("'--secret', 'id={},env={name}'", secret.id);
        let refuse = |reason: String| Refusal { instead: Some(by_hand), ..refusal(reason, at) };
        match kind {
            _ if secret.receipt == Receipt::Agent => {
                Err(refuse(format!("`{name}` is not the content of one file here")))
            }
            ArgumentValue::Literal(_) => Err(refuse(format!(
                "`{name}` has a fixed value here; a credential has to be replaced and to come from outside"
            ))),
            ArgumentValue::Composite => {
                Err(refuse(format!("`{name}` is put together from several parts, or no shell expands it here")))
            }
            _ => Ok(()),
        }
    }

    /// A substitution becomes a variable of the step.
    fn provide(&mut self, name: &str, value: &str, at: TextRange) -> Result<(), Refusal> {
        let environment = self.step.environment();
        match environment.get(name) {
            Some(known) if known == value => return Ok(()),
            Some(_) => return Err(refusal(format!("`{name}` has another value in `env`"), at)),
            None if self.step.has_secret(name) => {
                return Err(refusal(
                    format!("`{name}` is a secret of the step, and the argument is not filled from it"),
                    at,
                ));
            }
            None => {}
        }
        let entry = format!("{name}={value}");
        if !self.variables.contains(&entry) {
            self.variables.push(entry);
            let note = format!(
                "the substitution `{value}` stays readable in Cloud Build's own record of the build: `secretEnv` keeps it out"
            );
            self.rewrite.notes.push(note);
        }
        Ok(())
    }

    /// Replaces the text of a word, and keeps its quotes. A plain one that could not hold the text gets some.
    fn write(&mut self, word: Cursor<'_>, text: &str, at: TextRange) -> Result<(), Refusal> {
        let style = word.scalar().map(|scalar| scalar.style);
        let place = word.node().range;
        let flow = slice(self.source.text(), self.step.body.get("args").map_or(place, |args| args.node().range))
            .starts_with('[');
        let new = match style {
            Some(Style::Plain) if flow && text.contains(',') => format!("'{text}'"),
            Some(Style::Plain) => text.to_owned(),
            Some(Style::Single) => format!("'{text}'"),
            Some(Style::Double) => format!("\"{text}\""),
            _ => return Err(refusal("the word is written over several lines", at)),
        };
        self.patch.replace(place, &new);
        Ok(())
    }

    fn finish(
        mut self,
        caller: &CloudBuild,
        around: &dyn Surroundings,
        requests: &[Request],
        gone: &[usize],
    ) -> Result<Rewrite, Refusal> {
        let unclear = || refusal("the step is laid out in a way that can't be edited safely", self.build.range);
        let args = self.step.body.get("args").ok_or_else(unclear)?;
        if !gone.is_empty() {
            self.patch.remove_members(args.node(), gone).ok_or_else(unclear)?;
        }
        self.ask_for_buildkit();
        if !self.variables.is_empty() {
            self.add_variables().ok_or_else(unclear)?;
        }
        let mut rewrite = self.rewrite;
        rewrite.edits = self.patch.finish();
        if rewrite.edits.is_empty() {
            return Ok(rewrite);
        }
        let below =
            |key: &str| -> Path { self.step.path.iter().cloned().chain([PathStep::Key(key.to_owned())]).collect() };
        verified(caller, self.source, around, self.build, requests, rewrite, &[below("args"), below("env")])
    }

    /// The docker of the image may be older than 23.0, and builds without BuildKit by itself then.
    fn ask_for_buildkit(&mut self) {
        let buildx = self.step.args().iter().any(|word| word.text() == Some("buildx"));
        let set = self.step.environment().contains_key("DOCKER_BUILDKIT");
        let asks = self.step.args().first().and_then(|word| word.text()) == Some("build");
        if asks && self.writes && !buildx && !set {
            self.variables.insert(0, "DOCKER_BUILDKIT=1".to_owned());
            self.rewrite.assumptions.push(format!("the image builds with BuildKit as it did without: {CLASSIC}"));
        }
    }

    fn add_variables(&mut self) -> Option<()> {
        let body = self.step.body.node().as_mapping().filter(|body| !body.flow)?;
        let quoted: Vec<String> = self.variables.iter().map(|entry| format!("'{entry}'")).collect();
        let members = Members::of_lines(&quoted, true);
        if let Some((_, entry)) = body.find("env") {
            self.step.body.get("env").filter(|env| !env.is_shared())?;
            return self.patch.append_to_entry(entry, &members, 0);
        }
        let (_, args) = body.find("args")?;
        let column = self.patch.column(args.key_range.start());
        let step = args
            .value
            .as_sequence()
            .filter(|list| !list.flow)
            .map_or(0, |_| self.patch.column(args.value.range.start()).saturating_sub(column));
        self.patch.insert_entry(body, "env", &members, args.range(), step);
        Some(())
    }
}
