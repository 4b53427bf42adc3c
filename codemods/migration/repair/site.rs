//! Where a command stands that writes the value down.

use crate::knowledge::tools;
use crate::model::{Dockerfile, Rest, RestKind, Run, ShellText, effective_words, reads_in_place};
use crate::source::{Edit, TextRange, TextSize, slice};
use crate::syntax::shell::{Command, CommandContext, Part, PartKind, Quote, Word, edit};
use crate::syntax::view::View;

use super::Refused;

/// A command that writes the value of a variable down, in a script that can be edited.
#[derive(Clone)]
pub(super) struct Site<'m> {
    pub(super) dockerfile: &'m Dockerfile,
    pub(super) step: usize,
    pub(super) run: &'m Run,
    /// The index of its shell text in the RUN.
    pub(super) index: usize,
    pub(super) shell: &'m ShellText,
    pub(super) view: &'m View,
    pub(super) context: CommandContext<'m>,
    /// The variable that holds the value.
    pub(super) name: String,
    /// The mounted file, where the command reads it in place and not from the variable.
    pub(super) path: Option<String>,
    pub(super) kind: RestKind,
}

impl<'m> Site<'m> {
    /// The site of `rest`; `None` where its text can't be edited.
    pub(super) fn find(
        dockerfile: &'m Dockerfile,
        step: usize,
        name: &str,
        path: Option<&str>,
        rest: &Rest,
    ) -> Option<Self> {
        let run = dockerfile.steps.get(step)?.run.as_ref()?;
        let shell = run.shells.get(rest.shell)?;
        let view = shell.view.as_ref().filter(|_| shell.script.clean)?;
        let commands = shell.script.commands();
        let context = commands.into_iter().find(|context| context.command.range == rest.command)?;
        let (name, kind) = (name.to_owned(), rest.kind.clone());
        let path = path.map(str::to_owned);
        Some(Self { dockerfile, step, run, index: rest.shell, shell, view, context, name, path, kind })
    }

    /// The first command of the RUN at `step`, as a site of the value of `like`; `None` where its text can't be edited.
    pub(super) fn of_run(dockerfile: &'m Dockerfile, step: usize, like: &Self) -> Option<Self> {
        let run = dockerfile.steps.get(step)?.run.as_ref()?;
        let shell = run.shells.first()?;
        let view = shell.view.as_ref().filter(|_| shell.script.clean)?;
        let context = shell.script.commands().into_iter().next()?;
        Some(Self { step, run, index: 0, shell, view, context, ..like.clone() })
    }

    pub(super) fn command(&self) -> &'m Command {
        self.context.command
    }

    /// The words without wrappers, as text with the names of variables.
    pub(super) fn words(&self) -> Vec<Option<String>> {
        effective_words(self.command())
    }

    /// The program, by the name under which the table of tools lists it.
    pub(super) fn program(&self) -> Option<String> {
        let words = self.words();
        let known = tools::tool(&words).map(|tool| tool.name().to_owned());
        known.or_else(|| words.first().cloned().flatten())
    }

    pub(super) fn is_onbuild(&self) -> bool {
        self.dockerfile.steps[self.step].onbuild
    }

    /// What the tool's own rule says to do instead with the secret `id`, as a clause.
    pub(super) fn remedy(&self, id: &str) -> String {
        match &self.kind {
            RestKind::Tool { remedy, .. } => {
                format!("a person has to choose another form: {}", tools::remedy_for(remedy, id, &self.name))
            }
            RestKind::File(path) => {
                let name = &self.name;
                format!(
                    "which RUNs need it can't be told: if only this build does, write it where it is used (`RUN \
                     --mount=type=secret,id={id},env={name} … > {path} && … && rm -f {path}`); if the container does, write it when \
                     that is started (`docker run --env {name}`)"
                )
            }
            RestKind::Hashed(_) | RestKind::Log | RestKind::NotUnderstood(_) => "what it does is not known".to_owned(),
        }
    }

    /// The text that stands at `at`.
    pub(super) fn raw(&self, at: TextRange) -> &'m str {
        slice(self.view.text(), at)
    }

    /// Whether the value is in `word`.
    pub(super) fn is_in(&self, word: &Word) -> bool {
        match &self.path {
            Some(path) => reads_in_place(word, path),
            None => word.mentions(&self.name),
        }
    }

    /// The expansions of the value in `word`, all of which are plain: `$NAME` or `${NAME}`, not inside a substitution.
    pub(super) fn plain_uses<'w>(&self, word: &'w Word) -> Result<Vec<&'w Part>, Refused> {
        if let Some(path) = &self.path {
            let is_plain = |part: &&Part| {
                let raw = self.raw(part.range);
                raw == format!("$(cat {path})") || raw == format!("$(< {path})") || raw == format!("$(<{path})")
            };
            let plain: Vec<&Part> = word.parts.iter().filter(is_plain).collect();
            let all = self.raw(word.range).matches(path.as_str()).count();
            return match plain.len() == all {
                true => Ok(plain),
                false => Err(Refused::because(format!("`{path}` is not read as it is"))),
            };
        }
        let is_plain = |part: &&Part| match &part.kind {
            PartKind::Variable(variable) => variable.name == self.name && variable.operator.is_none(),
            _ => false,
        };
        let plain: Vec<&Part> = word.parts.iter().filter(is_plain).collect();
        let uses = self.shell.script.uses(&self.name);
        let all = uses.iter().filter(|found| word.range.contains_range(found.range)).count();
        if plain.is_empty() || plain.len() != all {
            return Err(Refused::because(format!("`{}` is not used as it is", self.name)));
        }
        Ok(plain)
    }

    /// The edit of the file that makes `at` read `text`.
    pub(super) fn replace(&self, at: TextRange, text: &str) -> Result<Edit, Refused> {
        edit::replace_word(self.view, at, text).map_err(|refusal| Refused::because(refusal.to_string()))
    }

    /// The edit of the file that puts `text` behind the byte at `offset`.
    pub(super) fn insert(&self, offset: TextSize, text: &str) -> Result<Edit, Refused> {
        self.view.insert(offset, text).map_err(|seam| Refused::because(edit::Refusal::from(seam).to_string()))
    }

    fn reads_file(&self, part: &Part) -> bool {
        let word = Word { range: part.range, parts: vec![part.clone()] };
        self.path.as_ref().is_some_and(|path| reads_in_place(&word, path))
    }

    /// The value of `parts` as text for double quotes; `None` where a part has a meaning of its own.
    pub(super) fn quoted(&self, parts: &[Part]) -> Option<String> {
        let piece = |part: &Part| match &part.kind {
            PartKind::Text(text) => Some(escaped(text)),
            PartKind::Variable(variable) if variable.operator.is_none() => Some(format!("${{{}}}", variable.name)),
            PartKind::Command(_) if self.reads_file(part) => Some(format!("${{{}}}", self.name)),
            PartKind::Command(_) if self.raw(part.range).starts_with("$(") => Some(self.raw(part.range).to_owned()),
            _ => None,
        };
        parts.iter().map(piece).collect()
    }
}

/// Text as it is written between double quotes.
fn escaped(text: &str) -> String {
    let mut result = String::with_capacity(text.len());
    for char in text.chars() {
        if matches!(char, '"' | '$' | '`' | '\\') {
            result.push('\\');
        }
        result.push(char);
    }
    result
}

/// Whether `part` is quoted so that a reference in it can be written with a backslash.
pub(super) fn takes_backslash(part: &Part) -> bool {
    matches!(part.quote, Quote::None | Quote::Double)
}

/// Whether a variable of this name may hold a password, which has other characters than a token.
pub(super) fn is_password(name: &str) -> bool {
    ["PASS", "PWD"].iter().any(|word| name.to_ascii_uppercase().contains(word))
}
