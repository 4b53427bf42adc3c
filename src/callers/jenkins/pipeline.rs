//! The steps of a pipeline that build, with what surrounds them: folders, credentials, variables.

use std::collections::{BTreeMap, BTreeSet};

use super::scan::{Kind, Quotes, Token, tokens};
use crate::source::{TextRange, slice};

/// What is known at a place of a pipeline.
#[derive(Debug, Clone, Default)]
pub(super) struct Scope {
    /// The variables that are in the environment of a step: of `withCredentials`, `withEnv`, `environment`, parameters.
    exported: BTreeSet<String>,
    /// Those of them that hold the path of a file.
    files: BTreeSet<String>,
    /// Exported variables with a fixed text.
    pub fixed: BTreeMap<String, String>,
    /// Whether it is what an agent is made from: that happens before any `environment` or credential is there, and only the
    /// node's own variables are (jenkinsci/pipeline-model-definition-plugin, `DockerPipelineFromDockerfileScript.groovy`).
    of_agent: bool,
    /// The folder of `dir`, from the workspace; `None` where it can't be told.
    pub directory: Option<String>,
}

/// Where a build is written.
pub(super) enum Place {
    /// `sh`
    Script,
    /// `docker.build(image, options)`; the options end with the context.
    Call,
    /// `additionalBuildArgs` of an agent that is built from a Dockerfile.
    Agent {
        /// The Dockerfile, from the workspace.
        dockerfile: String,
        /// The context.
        context: String,
        /// Whether the agent runs on Windows.
        windows: bool,
    },
}

/// A step that may build.
pub(super) struct Step {
    /// What kind of step.
    pub place: Place,
    /// The whole step.
    pub range: TextRange,
    /// The string with its shell text; `None` where there is none.
    pub text: Option<(Token, Quotes)>,
    /// Whether the text is put together from several parts, of which the string is one.
    pub composite: bool,
    /// What surrounds it.
    pub scope: Scope,
}

impl Scope {
    /// The variable of the environment that a value in a string is, where it surely is one: `env.X`, a parameter (which is
    /// exported too), or a name that something around the step exports. Groovy stops at any other name that it does not know,
    /// and docker would pass an empty secret.
    pub(super) fn variable(&self, value: &str) -> Option<String> {
        if self.of_agent {
            return None;
        }
        let name = value.strip_prefix("env.").or_else(|| value.strip_prefix("params.")).unwrap_or(value);
        let is_name = !name.is_empty() && name.chars().all(|char| char.is_ascii_alphanumeric() || char == '_');
        (is_name && (self.exported.contains(name) || name.len() < value.len())).then(|| name.to_owned())
    }

    /// Whether the variable holds the path of a file that Jenkins has made.
    pub(super) fn is_file(&self, name: &str) -> bool {
        self.files.contains(name)
    }
}

/// How deep brackets may stand in each other; pipelines of people have a dozen levels.
const MOST_NESTING: usize = 200;

/// The steps of a pipeline. `None` where its strings can't be told, and where it is nested more deeply than
/// [`MOST_NESTING`].
pub(super) fn steps(text: &str) -> Option<Vec<Step>> {
    let tokens = tokens(text)?;
    let deepest = tokens.iter().scan(0_usize, |depth, token| {
        match token.kind {
            Kind::Open => *depth += 1,
            Kind::Close => *depth = depth.saturating_sub(1),
            _ => {}
        }
        Some(*depth)
    });
    if deepest.max().unwrap_or(0) > MOST_NESTING {
        return None;
    }
    let reader = Reader { text, tokens: &tokens };
    let mut steps = Vec::new();
    let mut scope = Scope { directory: Some(".".to_owned()), ..Scope::default() };
    reader.parameters(&mut scope);
    reader.block(0, tokens.len(), &scope, &mut steps);
    Some(steps)
}

struct Reader<'t> {
    text: &'t str,
    tokens: &'t [Token],
}

impl<'t> Reader<'t> {
    fn word(&self, index: usize) -> Option<&'t str> {
        self.tokens.get(index).filter(|token| token.kind == Kind::Word).map(|token| slice(self.text, token.range))
    }

    fn is_mark(&self, index: usize, char: char) -> bool {
        self.tokens.get(index).is_some_and(|token| token.kind == Kind::Mark(char))
    }

    fn opens(&self, index: usize, char: char) -> bool {
        self.tokens
            .get(index)
            .is_some_and(|token| token.kind == Kind::Open && slice(self.text, token.range).starts_with(char))
    }

    /// The text of a string without values and escapes.
    fn literal(&self, index: usize) -> Option<&'t str> {
        let token = self.tokens.get(index)?;
        let Kind::Text(quotes) = token.kind else { return None };
        let inside = slice(self.text, token.range).get(quotes.width()..)?;
        let inside = inside.get(..inside.len().checked_sub(quotes.width())?)?;
        let special = inside.contains('\\') || quotes.replaces() && inside.contains('$');
        (!special && quotes != Quotes::Slashes).then_some(inside)
    }

    /// Behind the bracket that closes the one at `open`.
    fn closing(&self, open: usize, end: usize) -> usize {
        let mut depth = 0_usize;
        for index in open..end {
            match self.tokens.get(index).map(|token| token.kind) {
                Some(Kind::Open) => depth += 1,
                Some(Kind::Close) => {
                    depth = depth.saturating_sub(1);
                    if depth == 0 {
                        return index + 1;
                    }
                }
                _ => {}
            }
        }
        end
    }

    /// Parameters of the pipeline are exported, wherever they are declared.
    fn parameters(&self, scope: &mut Scope) {
        for index in 0..self.tokens.len() {
            let kind = self.word(index).unwrap_or("");
            let declares = matches!(kind, "string" | "password" | "text" | "choice" | "booleanParam")
                && self.opens(index + 1, '(');
            if declares {
                let end = self.closing(index + 1, self.tokens.len());
                scope.exported.extend(self.named(index + 1, end, "name").map(str::to_owned));
            }
            // `env.NAME = …` exports from there on.
            if let Some(name) = kind.strip_prefix("env.").filter(|_| self.is_mark(index + 1, '=')) {
                scope.exported.insert(name.to_owned());
            }
        }
    }

    /// The fixed text behind `key:` between two tokens.
    fn named(&self, start: usize, end: usize, key: &str) -> Option<&'t str> {
        (start..end).find_map(|index| {
            let is_key = self.word(index) == Some(key) && self.is_mark(index + 1, ':');
            if is_key { self.literal(index + 2) } else { None }
        })
    }

    /// The same for a directive of a block, `key 'text'`, or an entry of a map, `key: 'text'`: the place of the string.
    fn setting(&self, start: usize, end: usize, key: &str) -> Option<usize> {
        let mut depth = 0_usize;
        for index in start..end {
            match self.tokens.get(index).map(|token| token.kind) {
                Some(Kind::Open) => depth += 1,
                Some(Kind::Close) => depth = depth.saturating_sub(1),
                _ => {}
            }
            if depth <= 1 && self.word(index) == Some(key) {
                let value = index + 1 + usize::from(self.is_mark(index + 1, ':') || self.opens(index + 1, '('));
                let is_text = self.tokens.get(value).is_some_and(|token| matches!(token.kind, Kind::Text(_)));
                return is_text.then_some(value);
            }
        }
        None
    }

    /// Goes through the statements between two tokens.
    fn block(&self, start: usize, end: usize, around: &Scope, steps: &mut Vec<Step>) {
        let mut scope = around.clone();
        self.environment(start, end, &mut scope);
        let (mut index, mut statement) = (start, start);
        while index < end {
            if self.opens(index, '{') {
                let close = self.closing(index, end);
                let inner = self.inside(statement, index, &scope);
                self.agent(statement, index, close, &scope, steps);
                self.block(index + 1, close.saturating_sub(1), &inner, steps);
                (index, statement) = (close, close);
                continue;
            }
            if let Some(word) = self.word(index) {
                self.step(word, index, end, &scope, steps);
            }
            let ends = matches!(self.tokens.get(index).map(|token| token.kind), Some(Kind::Line | Kind::Mark(';')));
            index += 1;
            // A statement goes on behind a line that ends inside of brackets.
            if ends && self.depth(statement, index) == 0 {
                statement = index;
            }
        }
    }

    fn depth(&self, start: usize, end: usize) -> usize {
        (start..end).fold(0_usize, |depth, index| match self.tokens.get(index).map(|token| token.kind) {
            Some(Kind::Open) => depth + 1,
            Some(Kind::Close) => depth.saturating_sub(1),
            _ => depth,
        })
    }

    /// The variables of an `environment { … }` that stands directly in the block: they hold for all of it.
    fn environment(&self, start: usize, end: usize, scope: &mut Scope) {
        let mut index = start;
        while index < end {
            if self.word(index) == Some("environment") && self.opens(index + 1, '{') {
                let close = self.closing(index + 1, end);
                for at in index + 2..close {
                    let name = self.word(at).filter(|name| !name.contains('.') && self.is_mark(at + 1, '='));
                    if let Some(name) = name {
                        scope.exported.insert(name.to_owned());
                        scope.fixed.remove(name);
                        scope.fixed.extend(self.literal(at + 2).map(|text| (name.to_owned(), text.to_owned())));
                    }
                }
                return;
            }
            index = if self.opens(index, '{') { self.closing(index, end) } else { index + 1 };
        }
    }

    /// What is known inside of the block that the statement opens.
    fn inside(&self, statement: usize, open: usize, around: &Scope) -> Scope {
        let mut scope = around.clone();
        for index in statement..open {
            match self.word(index) {
                Some("withCredentials") => self.credentials(index, open, &mut scope),
                Some("withEnv") => {
                    let texts = (index..open).filter_map(|at| self.assignment(at));
                    scope.exported.extend(texts.map(str::to_owned));
                }
                Some("dir") => {
                    let folder = self.literal(index + 1 + usize::from(self.opens(index + 1, '(')));
                    let whole = scope.directory.as_ref().zip(folder).map(|(known, folder)| format!("{known}/{folder}"));
                    scope.directory = whole;
                }
                _ => {}
            }
        }
        scope
    }

    /// The name in a string `NAME=…`.
    fn assignment(&self, index: usize) -> Option<&'t str> {
        let token = self.tokens.get(index)?;
        let Kind::Text(quotes) = token.kind else { return None };
        let inside = slice(self.text, token.range).get(quotes.width()..)?;
        let name = inside.split_once('=')?.0;
        name.chars().all(|char| char.is_ascii_alphanumeric() || char == '_').then_some(name)
    }

    /// The variables of bindings such as `string(credentialsId: 'x', variable: 'TOKEN')`.
    fn credentials(&self, start: usize, end: usize, scope: &mut Scope) {
        let mut kind = "";
        for index in start..end {
            let Some(word) = self.word(index) else { continue };
            if self.opens(index + 1, '(') {
                kind = word;
            }
            let names = matches!(
                word,
                "variable"
                    | "usernameVariable"
                    | "passwordVariable"
                    | "keyFileVariable"
                    | "keystoreVariable"
                    | "passphraseVariable"
                    | "accessKeyVariable"
                    | "secretKeyVariable"
            );
            if let Some(name) = self.literal(index + 2).filter(|_| names && self.is_mark(index + 1, ':')) {
                scope.exported.insert(name.to_owned());
                let file = matches!(word, "keyFileVariable" | "keystoreVariable")
                    || word == "variable" && matches!(kind, "file" | "certificate");
                if file {
                    scope.files.insert(name.to_owned());
                }
            }
        }
    }

    fn step(&self, word: &str, index: usize, end: usize, scope: &Scope, steps: &mut Vec<Step>) {
        match word {
            "sh" => steps.extend(self.script(index, end, scope)),
            "docker.build" if self.opens(index + 1, '(') => steps.push(self.call(index, end, scope)),
            "dockerfile" if self.is_mark(index + 1, ':') && self.opens(index + 2, '[') => {
                let close = self.closing(index + 2, end);
                steps.extend(self.built_agent(index, index + 2, close, scope));
            }
            _ => {}
        }
    }

    /// `agent { dockerfile { … } }` and `agent { dockerfile true }`.
    fn agent(&self, statement: usize, open: usize, close: usize, scope: &Scope, steps: &mut Vec<Step>) {
        let last = (statement..open).rev().find_map(|index| self.word(index));
        match last {
            Some("dockerfile") => steps.extend(self.built_agent(statement, open, close, scope)),
            Some("agent") => {
                let plain = (open..close)
                    .find(|index| self.word(*index) == Some("dockerfile") && self.word(index + 1) == Some("true"));
                steps.extend(plain.and_then(|index| self.built_agent(index, index, index + 2, scope)));
            }
            _ => {}
        }
    }

    /// `sh 'text'`, `sh(script: 'text', returnStdout: true)`, `sh label: 'x', script: 'text'`.
    fn script(&self, index: usize, end: usize, scope: &Scope) -> Option<Step> {
        let stop = if self.opens(index + 1, '(') {
            self.closing(index + 1, end)
        } else {
            (index + 1..end)
                .find(|at| self.tokens.get(*at).is_some_and(|token| token.kind == Kind::Line))
                .unwrap_or(end)
        };
        let first = index + 1 + usize::from(self.opens(index + 1, '('));
        let named = (first..stop).find(|at| self.word(*at) == Some("script") && self.is_mark(at + 1, ':'));
        let place = named.map_or(first, |at| at + 2);
        Some(Step {
            place: Place::Script,
            range: self.cover(index, stop),
            text: Some(self.string(place)?),
            composite: self.is_mark(place + 1, '+'),
            scope: scope.clone(),
        })
    }

    fn string(&self, index: usize) -> Option<(Token, Quotes)> {
        let token = *self.tokens.get(index)?;
        if let Kind::Text(quotes) = token.kind { Some((token, quotes)) } else { None }
    }

    /// `docker.build(image)` and `docker.build(image, 'options')`.
    fn call(&self, index: usize, end: usize, scope: &Scope) -> Step {
        let close = self.closing(index + 1, end);
        let mut depth = 0_usize;
        let mut comma = None;
        for at in index + 1..close {
            match self.tokens.get(at).map(|token| token.kind) {
                Some(Kind::Open) => depth += 1,
                Some(Kind::Close) => depth = depth.saturating_sub(1),
                Some(Kind::Mark(',')) if depth == 1 => comma = comma.or(Some(at)),
                _ => {}
            }
        }
        let second: Vec<usize> = comma.map_or_else(Vec::new, |comma| {
            let is_line = |at: &usize| self.tokens.get(*at).is_some_and(|token| token.kind == Kind::Line);
            (comma + 1..close - 1).filter(|at| !is_line(at)).collect()
        });
        let text = second.first().and_then(|at| self.string(*at));
        Step {
            place: Place::Call,
            range: self.cover(index, close),
            text,
            composite: second.len() > 1 || !second.is_empty() && text.is_none(),
            scope: scope.clone(),
        }
    }

    fn built_agent(&self, start: usize, open: usize, close: usize, scope: &Scope) -> Option<Step> {
        let literal = |key: &str| self.setting(open, close, key).map(|at| self.literal(at));
        let (folder, file) = (literal("dir").unwrap_or(Some(".")), literal("filename").unwrap_or(Some("Dockerfile")));
        let options = self.setting(open, close, "additionalBuildArgs");
        let label = self.setting(open, close, "label").and_then(|at| self.literal(at)).unwrap_or("");
        let known = folder.zip(file).map(|(folder, file)| (format!("{folder}/{file}"), folder.to_owned()));
        let (dockerfile, context) = known.unwrap_or_else(|| ("$DOCKERFILE".to_owned(), "$CONTEXT".to_owned()));
        Some(Step {
            place: Place::Agent { dockerfile, context, windows: label.to_lowercase().contains("windows") },
            range: self.cover(start, close),
            text: options.and_then(|at| self.string(at)),
            composite: options.is_some_and(|at| self.is_mark(at + 1, '+')),
            scope: Scope { of_agent: true, fixed: BTreeMap::new(), ..scope.clone() },
        })
    }

    fn cover(&self, start: usize, end: usize) -> TextRange {
        let at = |index: usize| self.tokens.get(index).map(|token| token.range);
        let is_line = |index: &usize| self.tokens.get(*index).is_some_and(|token| token.kind == Kind::Line);
        let first = (start..end).find(|index| !is_line(index)).and_then(at);
        let last = (start..end).rev().find(|index| !is_line(index)).and_then(at);
        first.zip(last).map(|(first, last)| first.cover(last)).unwrap_or_default()
    }
}
