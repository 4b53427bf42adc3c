//! Steps that run a script.

use std::collections::BTreeMap;
use std::rc::Rc;

use camino::{Utf8Path, Utf8PathBuf};

use super::expression::{Piece, classify, spans};
use super::matrix::Row;
use super::step::{Place, Step, project};
use crate::callers::shell::{self, Foreign, Replaced, Site, Span};
use crate::callers::yaml::{self, Cursor};
use crate::callers::{ArgumentValue, Build, Dockerfiles, Format, SecretSource, Surroundings, WrittenFile};
use crate::source::Source;
use crate::syntax::shell::{Dialect, Word, parse};
use crate::syntax::view::{Quoting, View};

/// The most combinations of a matrix for which a script is read.
const MAXIMUM_ROWS: usize = 32;

/// Commands that read no variable but those that they are given by name.
const READS_NO_VARIABLE: [&str; 16] = [
    "docker", "podman", "buildah", "set", "cd", "echo", "printf", "test", "[", "[[", "true", ":", "exit", "mkdir",
    "cp", "rm",
];

/// What shows a build in a script that can't be read.
const MARKS: [&str; 3] = ["docker build", "buildx build", "docker image build"];

/// The script of a step, as its shell reads it.
pub(super) struct Script<'d> {
    /// The script with every `${{ … }}` in it as a variable of its own.
    pub view: Rc<View>,
    /// What these variables stand for.
    pub foreign: BTreeMap<String, Foreign>,
    /// The text between the braces, by variable.
    expressions: BTreeMap<String, String>,
    step: &'d Step<'d>,
    source: &'d Source,
}

impl<'d> Script<'d> {
    /// The script of `step`; `None` where there is none, it is not for a POSIX shell, or it can't be mapped.
    pub(super) fn of(step: &'d Step<'d>, source: &'d Source) -> Option<Self> {
        let run = step.body.get("run")?;
        if !is_posix(step) {
            return None;
        }
        let plain = yaml::view(source.text(), run.node())?;
        let Replaced { view, foreign, inside } =
            Replaced::new(&plain, &values(plain.text()), "GITHUB_EXPRESSION", Quoting::Lines)?;
        Some(Self { view: Rc::new(view), foreign, expressions: inside, step, source })
    }

    /// The script's place, for one combination of the matrix.
    pub(super) fn site(&self, row: &Row) -> Site<'_> {
        let file = self.source.path();
        let mut environment = BTreeMap::new();
        for (variable, inside) in &self.expressions {
            let value = self.step.expand(&format!("${{{{ {inside} }}}}"), row, file);
            environment.extend(value.map(|value| (variable.clone(), value)));
        }
        for (name, value) in self.step.all_environment() {
            let value = value.text().and_then(|text| self.step.expand(text, row, file));
            environment.extend(value.map(|value| (name.to_owned(), value)));
        }
        let posix = self.step.run_setting("shell").is_some_and(|shell| shell.split_whitespace().next() == Some("sh"));
        Site {
            format: Format::GithubActions,
            file,
            text: self.source.text(),
            view: Rc::clone(&self.view),
            dialect: if posix { Dialect::Posix } else { Dialect::Bash },
            directories: directory(self.step, row, file).into_iter().collect(),
            checkout: project(file).to_owned(),
            folders: self.step.folders(file),
            foreign: self.foreign.clone(),
            environment,
            classic: None,
            release: self.step.release(),
            options_only: false,
            documentation: false,
            sourced: false,
        }
    }

    /// A combination of the matrix; they only differ in what is built, not in how it is written.
    pub(super) fn first_row(&self) -> Row {
        self.rows().into_iter().next().unwrap_or_default()
    }

    /// Whether a line of the script gives `name` a value.
    pub(super) fn assigns(&self, name: &str) -> bool {
        let words = ["", "export ", "declare -x ", "local ", "readonly "];
        let assigns = |line: &str| words.iter().any(|word| line.trim_start().starts_with(&format!("{word}{name}=")));
        self.view.text().lines().any(assigns)
    }

    /// A command of the script that may read any variable of its environment without naming it; `None` if all of them
    /// only build, or are the shell's own.
    pub(super) fn other_program(&self) -> Option<String> {
        let script = parse(self.view.text(), Dialect::Bash);
        let names = script.commands().into_iter().filter_map(|context| context.command.words.first().map(Word::lossy));
        names.into_iter().find(|name| !READS_NO_VARIABLE.contains(&name.as_str()))
    }

    /// Whether an expression of the script is `env.NAME` of this name.
    pub(super) fn is_exported(&self, name: &str) -> bool {
        self.foreign.values().any(|foreign| matches!(foreign, Foreign::Variable(known) if known == name))
    }

    /// Whether anything that the script is read with differs between the combinations.
    fn depends_on_matrix(&self) -> bool {
        let mut texts = self.step.all_environment().into_iter().filter_map(|(_, value)| value.text());
        let directory = self.step.run_setting("working-directory");
        let mut expressions = self.expressions.values();
        texts.any(|text| text.contains("matrix"))
            || directory.is_some_and(|text| text.contains("matrix"))
            || expressions.any(|text| text.contains("matrix"))
    }

    /// The combinations of the job's matrix, as far as they are known.
    fn rows(&self) -> Vec<Row> {
        if !self.depends_on_matrix() {
            return vec![Row::new()];
        }
        let mut rows = self.step.rows().unwrap_or_default();
        rows.truncate(MAXIMUM_ROWS);
        if rows.is_empty() { vec![Row::new()] } else { rows }
    }
}

/// The builds that `step` runs, in the order of its script.
pub(super) fn builds(step: &Step<'_>, source: &Source, around: &dyn Surroundings) -> Vec<Build> {
    let Some(script) = Script::of(step, source) else { return unreadable(step, source) };
    let mut builds: Vec<Build> = Vec::new();
    for row in script.rows() {
        for build in shell::builds(&script.site(&row), around) {
            match builds.iter_mut().find(|known| known.range == build.range) {
                Some(known) => known.merge(build),
                None => builds.push(build),
            }
        }
    }
    let shared = step.body.get("run").is_some_and(Cursor::is_shared);
    for build in &mut builds {
        build.arguments.iter_mut().for_each(|argument| argument.shared |= shared);
        name_expressions(step, build);
    }
    builds
}

/// The files that the steps before `step` write a secret into.
pub(super) fn written_before(step: &Step<'_>, source: &Source, around: &dyn Surroundings) -> Vec<WrittenFile> {
    let writes = |body: &&Cursor<'_>| {
        let text = body.get("run").and_then(Cursor::text);
        text.is_some_and(|text| text.contains('$') && (text.contains('>') || text.contains("tee ")))
    };
    let earlier = step.earlier.iter().filter(writes).map(|body| Step { body: *body, ..step.clone() });
    let scripts: Vec<Step<'_>> = earlier.collect();
    let written = scripts.iter().filter_map(|step| Script::of(step, source));
    written.flat_map(|script| shell::written(&script.site(&script.first_row()), around)).collect()
}

/// A secret from a variable that the step fills with an argument's expression has that argument's value.
fn name_expressions(step: &Step<'_>, build: &mut Build) {
    for passed in &mut build.secrets {
        let SecretSource::Variable(variable) = &passed.source else { continue };
        let filled = step.environment(variable).and_then(Cursor::text).map(classify);
        if let Some(ArgumentValue::Expression(text)) = filled
            && build.arguments.iter().any(|given| given.value == ArgumentValue::Expression(text.clone()))
        {
            passed.source = SecretSource::Expression(text);
        }
    }
}

/// A step whose script is not for a POSIX shell, or written in a way that has no view, but mentions a build.
fn unreadable(step: &Step<'_>, source: &Source) -> Vec<Build> {
    let Some(run) = step.body.get("run") else { return Vec::new() };
    let mentions = run.text().is_some_and(|text| MARKS.iter().any(|mark| text.contains(mark)));
    if !mentions {
        return Vec::new();
    }
    let reason = match step.run_setting("shell") {
        Some(shell) if !is_posix(step) => format!("the script is for `{shell}`, not for a POSIX shell"),
        _ if !is_posix(step) => "the script is for PowerShell, the shell of Windows runners".to_owned(),
        _ => "the script is written in a way that can't be read".to_owned(),
    };
    vec![Build {
        dockerfiles: Dockerfiles::Unknown(reason.clone()),
        opaque: Some(reason),
        ..Build::at(Format::GithubActions, source.path(), step.body.node().range, step.title())
    }]
}

/// Whether the step's shell is one; without `shell:` it is bash, but PowerShell on Windows runners.
fn is_posix(step: &Step<'_>) -> bool {
    match step.run_setting("shell") {
        Some(shell) => matches!(shell.split_whitespace().next(), Some("bash" | "sh")),
        None => !step.job.and_then(|job| job.get("runs-on")?.text()).is_some_and(|runner| runner.contains("windows")),
    }
}

/// GitHub puts the values of expressions in before the shell sees the script.
fn values(text: &str) -> Vec<Span<'_>> {
    let span = |(piece, written)| match piece {
        Piece::Text(text) => Span::Text(text),
        Piece::Expression(inside) => {
            let foreign = exported(inside).map_or_else(|| Foreign::Expression(inside.to_owned()), Foreign::Variable);
            Span::Value { written, inside, foreign }
        }
    };
    spans(text).into_iter().map(span).collect()
}

/// The environment variable behind `env.NAME`: GitHub exports all of them to the script.
fn exported(expression: &str) -> Option<String> {
    let name = expression.strip_prefix("env.")?;
    name.bytes().all(|byte| byte == b'_' || byte.is_ascii_alphanumeric()).then(|| name.to_owned())
}

/// Where the script starts, from the repository's root; `None` where that is not known.
fn directory(step: &Step<'_>, row: &Row, file: &Utf8Path) -> Option<Utf8PathBuf> {
    let written = step.run_setting("working-directory").unwrap_or(".");
    match step.in_repository(file, &step.expand(written, row, file)?) {
        Place::Inside(path) => Some(path),
        Place::Foreign(path) => Some(project(file).join(path)),
        Place::Elsewhere => None,
    }
}
