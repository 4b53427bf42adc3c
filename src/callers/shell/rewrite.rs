//! Makes a build pass secrets.

use super::super::command::{Family, is_name};
use super::super::{
    Argument, ArgumentValue, Builder, Format, PassedSecret, Receipt, Refusal, Request, RequestedSecret, SecretSource,
    Surroundings,
};
use super::found::{Found, FoundArgument, file_of, variable_of};
use super::portable::{Bound, is_portable};
use super::removal::with_its_line;
use super::sourced::is_sourced;
use super::state::Provision;
use super::{Foreign, Provide, ScriptRewrite, Site, value};
use crate::knowledge::values::{ValueVerdict, classify_value};
use crate::source::{Edit, TextRange, apply_edits, slice};
use crate::syntax::view::Seam;

/// Variables that mean something to docker or the shell; an assignment in front of a build would change that.
const TAKEN: &[&str] = &[
    "PATH",
    "HOME",
    "PWD",
    "IFS",
    "DOCKER_HOST",
    "DOCKER_CONFIG",
    "DOCKER_CONTEXT",
    "DOCKER_BUILDKIT",
    "UID",
    "EUID",
    "PPID",
    "SHELLOPTS",
    "BASHOPTS",
];

/// Where a secret's value comes from in the new command line.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Origin {
    /// Nowhere: the argument was empty.
    Dropped,
    /// An environment variable.
    Variable(String),
    /// A file; the operand's text in the host.
    File(String),
}

/// A rewrite in the making.
struct Draft<'a> {
    site: &'a Site<'a>,
    around: &'a dyn Surroundings,
    found: &'a Found,
    result: ScriptRewrite,
    /// The assignments in front of the command, as the host writes them, by variable.
    prefixes: Vec<(String, String)>,
    /// The variables that `sudo` has to keep.
    kept: Vec<String>,
    /// Whether the arguments of the request that is honoured stay.
    beside: bool,
}

/// The edits that make `found` honour all `requests`.
pub(super) fn pass(
    site: &Site<'_>,
    found: &Found,
    requests: &[Request],
    around: &dyn Surroundings,
) -> Result<ScriptRewrite, Refusal> {
    let (result, prefixes, kept) = (ScriptRewrite::default(), Vec::new(), Vec::new());
    let mut draft = Draft { site, around, found, result, prefixes, kept, beside: false };
    for request in requests {
        draft.honour(request)?;
    }
    let rewrite = draft.finish()?;
    match !found.clean || still_parses(site, &rewrite.rewrite.edits) {
        true => Ok(rewrite),
        false => Err(refusal("the words of this command can't be taken apart", found.build.range, None)),
    }
}

/// Whether a text that is nothing but shell is still read without an error when it is edited.
fn still_parses(site: &Site<'_>, edits: &[Edit]) -> bool {
    let is_shell = site.view.text() == site.text;
    !is_shell || apply_edits(site.text, edits).is_ok_and(|text| super::read(&text, site.dialect).clean)
}

impl Draft<'_> {
    fn honour(&mut self, request: &Request) -> Result<(), Refusal> {
        self.beside = request.beside;
        let all: Vec<(&Argument, Option<&FoundArgument>)> = self
            .found
            .build
            .arguments
            .iter()
            .enumerate()
            .map(|(index, argument)| (argument, self.found.arguments.get(index)))
            .filter(|(argument, _)| argument.name == request.argument)
            .collect();
        if let Some(opaque) = self.found.build.opaque.as_ref().filter(|_| self.found.family.is_some()) {
            self.assume(format!("`{opaque}` does not set `{}`", request.argument));
        }
        let last = all.iter().rposition(|(argument, _)| !argument.shared);
        for (index, (argument, written)) in all.into_iter().enumerate() {
            let Some(written) = written else {
                return Err(refusal(
                    &format!("the build is not a command here but {}", self.found.build.title),
                    argument.range,
                    None,
                ));
            };
            let overridden = !argument.shared && Some(index) != last;
            if !self.found.clean {
                return Err(refusal("the script around this build can't be read in full", argument.range, None));
            }
            match request.secret.as_ref().filter(|_| !overridden) {
                Some(secret) => self.replace(argument, written, secret)?,
                None => self.remove(written.written.range)?,
            }
        }
        Ok(())
    }

    fn replace(
        &mut self,
        argument: &Argument,
        written: &FoundArgument,
        secret: &RequestedSecret,
    ) -> Result<(), Refusal> {
        if let Builder::WithoutSecrets(sentence) = &self.found.build.builder {
            return Err(refusal(sentence, argument.range, self.instead(argument, secret)));
        }
        let bake = self.found.family == Some(Family::Bake);
        if bake && (secret.receipt == Receipt::Agent || self.found.replaces_secrets) {
            let reason = "the secrets and keys of a bake target have to be written in its file here";
            return Err(refusal(
                reason,
                argument.range,
                Some(format!("secret = [\"id={},env={}\"]", secret.id, argument.name)),
            ));
        }
        if secret.receipt == Receipt::Agent {
            return self.replace_key(argument, written);
        }
        if self.found.family == Some(Family::Fly) {
            return self.replace_for_fly(argument, written, secret);
        }
        let known = self.found.build.secrets.iter().find(|passed| passed.id == secret.id);
        // An earlier run that passed it beside the argument put its value in front of the command.
        let assigned = |passed: &PassedSecret| matches!(&passed.source, SecretSource::Variable(name) if self.found.assigned.contains(name));
        if known.is_some_and(|passed| self.beside || assigned(passed)) {
            return self.remove(written.written.range);
        }
        let known = known.is_some();
        let origin = self.origin(argument, written, secret).map_err(|refusal| {
            let by_hand = self.site.options_only.then(|| format!("--secret id={},env={}", secret.id, argument.name));
            Refusal { instead: refusal.instead.clone().or(by_hand), ..refusal }
        })?;
        let operand = match origin {
            _ if known => None,
            Origin::Dropped => None,
            Origin::Variable(name) => {
                self.keep(&name, argument)?;
                Some(format!("id={},env={name}", secret.id))
            }
            Origin::File(path) if path.contains(['$', ' ']) => {
                let quote = value::quoted(self.found, "\"").unwrap_or_default();
                Some(format!("{quote}id={},src={path}{quote}", secret.id))
            }
            Origin::File(path) => Some(format!("id={},src={path}", secret.id)),
        };
        match operand {
            Some(operand) if self.found.family == Some(Family::Bake) => self.set(written, &operand, argument),
            Some(operand) => self.write(written.written.range, ("--secret", &operand), argument),
            None => self.remove(written.written.range),
        }
    }

    /// `--build-arg NAME=value` becomes `--build-secret ID=value`: fly takes the value itself, as it stands.
    fn replace_for_fly(
        &mut self,
        argument: &Argument,
        written: &FoundArgument,
        secret: &RequestedSecret,
    ) -> Result<(), Refusal> {
        let (name, at) = (&argument.name, written.written.range);
        let known = self.found.build.secrets.iter().any(|passed| passed.id == secret.id);
        if known || argument.value == ArgumentValue::Empty {
            return self.remove(at);
        }
        let instead = self.instead(argument, secret);
        match argument.value {
            ArgumentValue::Inherited => {
                return Err(refusal("`fly deploy` takes no build argument by its name alone", argument.range, instead));
            }
            ArgumentValue::Literal(_) if !self.site.documentation => {
                let reason = format!(
                    "`{name}` has a fixed value here; a credential has to be replaced and to come from outside"
                );
                return Err(refusal(&reason, argument.range, instead));
            }
            _ => {}
        }
        let edit = self.found.view.edit(at, "").map_err(|seam| sealed(seam, argument.range))?;
        let old = slice(self.site.text, edit.range());
        let new = old.replacen("--build-arg", "--build-secret", 1).replacen(
            &format!("{name}="),
            &format!("{}=", secret.id),
            1,
        );
        self.result.rewrite.edits.push(match self.beside {
            true => Edit::insert(edit.range().end(), format!(" {new}")),
            false => Edit::replace(edit.range(), new),
        });
        Ok(())
    }

    /// `--set targets.secrets+=…`: the plain `=` would take away the secrets that the file gives the targets.
    fn set(&mut self, written: &FoundArgument, operand: &str, argument: &Argument) -> Result<(), Refusal> {
        let targets = written.written.targets.as_deref().unwrap_or("*");
        let quote =
            if targets.contains('*') { value::quoted(self.found, "\"").unwrap_or_default() } else { String::new() };
        self.assume("buildx is of version 0.22 or later: it knows `--set …secrets+=`".to_owned());
        let set = format!("{quote}{targets}.secrets+={operand}{quote}");
        self.write(written.written.range, ("--set", &set), argument)
    }

    /// The builder loads the key file into an agent, in the place of the argument that held its content.
    fn replace_key(&mut self, argument: &Argument, written: &FoundArgument) -> Result<(), Refusal> {
        let name = &argument.name;
        if argument.value == ArgumentValue::Empty {
            return self.remove(written.written.range);
        }
        if self.found.build.ssh {
            let reason = "the build forwards an ssh agent already, and whether that one has the key can't be told";
            return Err(refusal(reason, argument.range, None));
        }
        let path = self.file(written).filter(|_| matches!(argument.value, ArgumentValue::File(_)));
        let Some(path) = path else {
            let instead = Some("--ssh default=KEY_FILE".to_owned());
            return Err(refusal(&format!("`{name}` is not the content of one file here"), argument.range, instead));
        };
        let quote =
            if path.contains(['$', ' ']) { value::quoted(self.found, "\"").unwrap_or_default() } else { String::new() };
        self.write(written.written.range, ("--ssh", &format!("{quote}default={path}{quote}")), argument)
    }

    /// Puts `--secret` or `--ssh` in the place of `--build-arg` or behind it, joined to its operand in the same way.
    fn write(&mut self, at: TextRange, flag: (&str, &str), argument: &Argument) -> Result<(), Refusal> {
        let (option, operand) = flag;
        let joined = slice(self.found.view.text(), at).trim_start_matches(['"', '\'']).split('=').next();
        let joined = joined.is_some_and(|option| option.starts_with("--") && !option.contains(char::is_whitespace));
        let separator = if joined { '=' } else { ' ' };
        // PowerShell takes a comma outside of quotes for the sign of a list (about_Arrays).
        let list = self.site.format == Format::PowerShell && !operand.starts_with('"');
        let operand = if list { format!("\"{operand}\"") } else { operand.to_owned() };
        // The operand is in the host's words already where it came from there, and plain otherwise.
        let place = self.found.view.edit(at, "").map_err(|seam| sealed(seam, argument.range))?.range();
        let text = format!("{option}{separator}{operand}");
        self.result.rewrite.edits.push(match self.beside {
            true => Edit::insert(place.end(), format!(" {text}")),
            false => Edit::replace(place, text),
        });
        Ok(())
    }

    fn origin(
        &mut self,
        argument: &Argument,
        written: &FoundArgument,
        secret: &RequestedSecret,
    ) -> Result<Origin, Refusal> {
        let name = &argument.name;
        if let Some(changed) = &written.changed {
            let reason = format!(
                "`{changed}` may have another value by the time of the command than where the option is collected"
            );
            return Err(refusal(&reason, argument.range, None));
        }
        match &argument.value {
            ArgumentValue::Empty => Ok(Origin::Dropped),
            ArgumentValue::Inherited => {
                if written.provision == Provision::Plain {
                    self.note(format!("`{name}` is not exported, so the build got no value before either"));
                }
                Ok(Origin::Variable(name.clone()))
            }
            ArgumentValue::Literal(_) if self.site.documentation => {
                if !self.shows(argument, written) {
                    self.note(format!(
                        "the value of `{name}` is read from the environment now: it has to be exported first"
                    ));
                }
                Ok(Origin::Variable(name.clone()))
            }
            ArgumentValue::Literal(_) => Err(refusal(
                &format!("`{name}` has a fixed value here; a credential has to be replaced and to come from outside"),
                argument.range,
                Some(format!("--secret id={},env={name}", secret.id)),
            )),
            ArgumentValue::Variable(_) | ArgumentValue::Expression(_) => self.variable(argument, written),
            // Bake asks for leave to read files outside of its folder.
            ArgumentValue::File(_) if secret.receipt == Receipt::File && self.found.family != Some(Family::Bake) => {
                match self.file(written) {
                    Some(path) => Ok(Origin::File(path)),
                    None => self.assign(argument, written),
                }
            }
            ArgumentValue::File(_) => self.assign(argument, written),
            ArgumentValue::Composite => self.composite(argument, written),
        }
    }

    fn file(&self, written: &FoundArgument) -> Option<String> {
        let path = file_of(written.written.value.as_ref()?)?;
        value::path(self.site, self.found, path).ok()
    }

    fn variable(&mut self, argument: &Argument, written: &FoundArgument) -> Result<Origin, Refusal> {
        let Some(variable) = written.written.value.as_ref().and_then(variable_of) else {
            return self.assign(argument, written);
        };
        self.note_fixed(written, &variable.name);
        if let Some(origin) = self.foreign(argument, written, &variable.name) {
            return Ok(origin);
        }
        let guarded = matches!(variable.operator.as_deref(), Some("?" | ":?"));
        match written.provision {
            _ if self.site.foreign.contains_key(&variable.name) => self.assign(argument, written),
            Provision::Plain => self.assign(argument, written),
            Provision::Untold if !self.is_of_the_host(&variable.name) => {
                self.assign_or_trust(argument, written, &variable.name)
            }
            Provision::Outside if self.is_of_another_shell(&variable.name) => {
                self.assign_or_trust(argument, written, &variable.name)
            }
            _ if guarded => self.assign(argument, written),
            Provision::Outside if self.found.nounset && !argument.shared && !written.maybe => {
                self.note(format!("`set -u` still stops the script where `{}` is missing", variable.name));
                self.assign(argument, written)
            }
            Provision::Untold | Provision::Outside | Provision::Exported => Ok(Origin::Variable(variable.name.clone())),
        }
    }

    /// Whether a script that sources this one may have set the variable, for itself alone.
    fn is_of_another_shell(&self, variable: &str) -> bool {
        !self.is_of_the_host(variable) && is_sourced(self.site, self.around)
    }

    /// Whether the host exports the variable: it stays exported when a script assigns it.
    fn is_of_the_host(&self, variable: &str) -> bool {
        // docs.gitlab.com, "Predefined CI/CD variables reference"
        let is_predefined = self.site.format == Format::GitLab && variable.starts_with("CI_");
        is_predefined || self.site.environment.contains_key(variable)
    }

    /// In front of the command a value reaches it, whether its variable is exported or not.
    fn assign_or_trust(
        &mut self,
        argument: &Argument,
        written: &FoundArgument,
        variable: &str,
    ) -> Result<Origin, Refusal> {
        let assigned = self.assign(argument, written);
        if assigned.is_ok() || self.site.options_only {
            return assigned;
        }
        self.assume(format!(
            "`{variable}` is exported where `{}` runs: what sets it there is not seen",
            self.site.file
        ));
        Ok(Origin::Variable(variable.to_owned()))
    }

    fn note_fixed(&mut self, written: &FoundArgument, variable: &str) {
        if !written.fixed || written.provision == Provision::Outside {
            return;
        }
        let name = match self.site.foreign.get(variable) {
            Some(Foreign::Variable(name) | Foreign::Evaluated(name) | Foreign::Expression(name)) => name,
            Some(Foreign::Computed) | None => variable,
        };
        self.note(format!(
            "`{name}` has a fixed value in this file; a credential has to be replaced and to come from outside"
        ));
    }

    /// A value that is one variable or expression of the host: the host has to put it into the environment.
    fn foreign(&mut self, argument: &Argument, written: &FoundArgument, variable: &str) -> Option<Origin> {
        let value = written.written.value.as_ref()?;
        let name = match self.site.foreign.get(variable)? {
            Foreign::Variable(name) => {
                let host = self.found.view.host_range(value.range).map(|at| slice(self.site.text, at).to_owned());
                self.provide(name.clone(), host.unwrap_or_default());
                name.clone()
            }
            Foreign::Expression(text) => {
                let whole = value::expression(self.site, self.found, value).unwrap_or_else(|| text.clone());
                self.provide(argument.name.clone(), whole);
                argument.name.clone()
            }
            // What is handed on by the environment is not evaluated; an assignment in front of the command is.
            Foreign::Evaluated(_) | Foreign::Computed => return None,
        };
        Some(Origin::Variable(name))
    }

    fn composite(&mut self, argument: &Argument, written: &FoundArgument) -> Result<Origin, Refusal> {
        let word = written.written.value.as_ref();
        if let Some(text) = word.and_then(|word| value::expression(self.site, self.found, word)) {
            self.provide(argument.name.clone(), text);
            return Ok(Origin::Variable(argument.name.clone()));
        }
        self.assign(argument, written)
    }

    /// Keeps what a document shows in the place of a value, such as `<your token>`, in front of the command: whoever copies
    /// it sees where the value goes, and passes no empty secret.
    fn shows(&mut self, argument: &Argument, written: &FoundArgument) -> bool {
        let (name, ArgumentValue::Literal(value)) = (&argument.name, &argument.value) else { return false };
        let verdict = classify_value(value.reveal());
        let is_credential =
            matches!(verdict, ValueVerdict::CredentialShaped { .. } | ValueVerdict::UrlWithCredentials(_));
        let range = written.written.value.as_ref().map(|word| word.range);
        let host = range.and_then(|range| self.found.view.host_range(range)).map(|at| slice(self.site.text, at));
        let Some(shown) = host.filter(|shown| !is_credential && !shown.is_empty() && !shown.contains('\n')) else {
            return false;
        };
        let taken = TAKEN.contains(&name.as_str()) || self.found.assigned.contains(name);
        if taken || argument.shared || !self.site.format.assigns_in_front() || self.site.options_only {
            return false;
        }
        // The value of `"NAME=…"` ends with a quote that begins in front of it.
        let closes = |quote| shown.ends_with(quote) && shown.matches(quote).count() % 2 == 1;
        let shown = if closes('"') || closes('\'') { shown.get(..shown.len() - 1).unwrap_or("") } else { shown };
        let plain = |char: char| char.is_ascii_alphanumeric() || "_./:@%+=,-".contains(char);
        let text = match shown.chars().all(plain) || shown.starts_with(['"', '\'']) {
            true => shown.to_owned(),
            false => format!("\"{shown}\""),
        };
        if !self.prefixes.iter().any(|(known, _)| known == name) {
            self.prefixes.push((name.clone(), text));
        }
        true
    }

    /// Puts `NAME=value` in front of the command: into its environment, and into no other one's.
    fn assign(&mut self, argument: &Argument, written: &FoundArgument) -> Result<Origin, Refusal> {
        let name = &written.assignable;
        let stuck = |reason: String| Err(refusal(&reason, argument.range, None));
        if self.site.options_only {
            let reason = format!(
                "the value of `{name}` is no variable of the environment, and nothing can be put into that here"
            );
            return stuck(reason);
        }
        let Some(word) = written.written.value.as_ref() else { return Ok(Origin::Variable(name.clone())) };
        if self.found.evaluated {
            return stuck(format!("`eval` runs the command, and the value of `{name}` is not exported"));
        }
        if !is_name(name) {
            return stuck(format!("`{name}` is no name that a variable of the shell can have"));
        }
        if TAKEN.contains(&name.as_str()) || self.found.assigned.contains(name) {
            return stuck(format!("`{name}` has another meaning in the environment of this command"));
        }
        match is_portable(self.site, self.found, word, written.written.range) {
            Err(Bound::ToItsPlace) if argument.shared => {
                return stuck(format!("the value of `{name}` is worked out where the options are collected"));
            }
            Err(Bound::ToItsBranch) if argument.shared => {
                return stuck(format!("`{name}` is demanded in a branch that not every build takes"));
            }
            _ => {}
        }
        if !self.site.format.assigns_in_front() {
            let host = self.found.view.host_range(word.range).map(|at| slice(self.site.text, at).to_owned());
            let Some(host) = host.filter(|host| !host.is_empty()) else {
                return stuck(format!("the value of `{name}` can't be written in front of the command"));
            };
            self.provide(name.clone(), host);
            return Ok(Origin::Variable(name.clone()));
        }
        // bash's `time` is a keyword; dash and busybox run a program of that name, which takes the assignment for a command
        // (experiment: dash 0.5.12, busybox 1.35).
        let before = self.found.view.text().get(..usize::from(self.found.prefix)).unwrap_or("").trim_end();
        if before.rsplit(char::is_whitespace).find(|word| *word != "-p") == Some("time") {
            return stuck(format!("`time` stands where the value of `{name}` has to go"));
        }
        // Where the option is left out its variable may be unset, which `set -u` (a recipe may say so outside of its text) takes for an
        // error.
        let at_times = written.maybe || self.found.handed_on;
        let optional = at_times && (self.found.nounset || self.site.format == Format::Make);
        let text = match optional {
            true => value::optional(self.found, word),
            false => value::assigned(self.site, self.found, word),
        };
        let Ok(text) = text else {
            return stuck(format!("the value of `{name}` can't be written in front of the command"));
        };
        match self.prefixes.iter().find(|(known, _)| known == name) {
            Some((_, known)) if *known != text => {
                return stuck(format!("`{name}` has different values in different places"));
            }
            Some(_) => {}
            None => self.prefixes.push((name.clone(), text)),
        }
        Ok(Origin::Variable(name.clone()))
    }

    fn keep(&mut self, name: &str, argument: &Argument) -> Result<(), Refusal> {
        if self.found.cleared {
            return Err(refusal(
                "the environment does not reach this build (`env -i`, `env -u`, `su -`)",
                argument.range,
                None,
            ));
        }
        if let Some(what) = &self.found.elevation {
            return Err(refusal(&elevated(what), argument.range, None));
        }
        if self.found.sudo.is_some() && !self.kept.iter().any(|kept| kept == name) {
            self.kept.push(name.to_owned());
        }
        Ok(())
    }

    fn remove(&mut self, at: TextRange) -> Result<(), Refusal> {
        if self.beside {
            return Ok(());
        }
        let edit = self.found.view.edit(at, "").map_err(|seam| sealed(seam, self.found.build.range))?;
        self.result.rewrite.edits.push(Edit::delete(with_its_line(
            self.site.text,
            edit.range(),
            self.site.format.continuation(),
        )));
        Ok(())
    }

    fn provide(&mut self, variable: String, value: String) {
        let provide = Provide { variable, value };
        if !self.result.provide.contains(&provide) {
            self.result.provide.push(provide);
        }
    }

    fn note(&mut self, note: String) {
        if !self.result.rewrite.notes.contains(&note) {
            self.result.rewrite.notes.push(note);
        }
    }

    fn assume(&mut self, assumption: String) {
        if !self.result.rewrite.assumptions.contains(&assumption) {
            self.result.rewrite.assumptions.push(assumption);
        }
    }

    /// What to write by hand where the program has a flag of its own.
    fn instead(&self, argument: &Argument, secret: &RequestedSecret) -> Option<String> {
        match self.found.family? {
            Family::Fly => {
                let reference = match &argument.value {
                    ArgumentValue::Variable(name) => format!("\"${{{name}}}\""),
                    _ => "…".to_owned(),
                };
                Some(format!("--build-secret {}={reference}", secret.id))
            }
            Family::Compose => {
                let (id, name) = (&secret.id, &argument.name);
                Some(format!("build:\n  secrets: [{id}]\n\nsecrets:\n  {id}:\n    environment: {name}"))
            }
            Family::Docker => Some(format!("--secret id={},env={}", secret.id, argument.name)),
            Family::Kaniko => Some(format!("docker buildx build --secret id={},env={}", secret.id, argument.name)),
            _ => None,
        }
    }

    fn adds_secret(&self) -> bool {
        self.result.rewrite.edits.iter().any(|edit| edit.text.contains("--secret"))
    }

    fn finish(mut self) -> Result<ScriptRewrite, Refusal> {
        if self.result.rewrite.edits.is_empty() {
            return Ok(self.result);
        }
        let place = |at| self.found.view.host_offset(at);
        let inside = || refusal("the command begins inside an escape", self.found.build.range, None);
        let asked = self.found.ask().filter(|_| self.adds_secret());
        if !self.prefixes.is_empty() || asked.is_some() {
            let mut text = asked.as_ref().map_or("", |(_, text, _)| text).to_owned();
            text.extend(self.prefixes.iter().map(|(name, value)| format!("{name}={value} ")));
            let at = self.found.prefix_in_host().ok_or_else(inside)?;
            self.result.rewrite.edits.push(Edit::insert(at, text));
        }
        if let Some((_, _, assumption)) = asked {
            self.assume(assumption);
        }
        if let Some(sudo) = self.found.sudo.filter(|_| !self.kept.is_empty()) {
            let at = place(sudo).ok_or_else(inside)?;
            let names = self.kept.join(",");
            self.result.rewrite.edits.push(Edit::insert(at, format!(" --preserve-env={names}")));
            self.assume(format!("the sudo rules allow `--preserve-env={names}`"));
        }
        if let Some(program) = self.found.guessed.clone() {
            self.assume(format!("`{program}` is docker or takes `--secret` as docker does"));
        }
        Ok(self.result)
    }
}

/// Why no variable can be shown to reach a build whose environment `what` may change.
pub(super) fn elevated(what: &str) -> String {
    format!("`{what}` may run it with another environment, which no variable reaches without `--preserve-env`")
}

fn refusal(reason: &str, range: TextRange, instead: Option<String>) -> Refusal {
    Refusal { reason: reason.to_owned(), range, instead }
}

fn sealed(seam: Seam, range: TextRange) -> Refusal {
    let reason = match seam {
        Seam::InsideEscape => "the argument begins or ends inside an escape",
        Seam::Comment => "a comment stands between the option and its value",
        Seam::Unwritable => "the new option can't be written here",
    };
    refusal(reason, range, None)
}
