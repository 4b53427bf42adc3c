use std::collections::BTreeSet;

use crate::knowledge::tools;
use crate::model::mounted::SecretMount;
use crate::model::rest::{written_by_option, written_by_sed};
use crate::model::run::Run;
use crate::model::{Dockerfile, SECRETS};
use crate::syntax::shell::{AssignKind, Command, Item, Node, PartKind, RedirectKind, Script, Variable, Word};

/// What holds a secret's value in one RUN: variables, and files that are mounted.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Holders {
    /// The variables, also those that the RUN itself fills from the others.
    pub variables: BTreeSet<String>,
    /// The files, as the RUN names them: their paths, and `$NAME` for variables with such a path.
    pub paths: BTreeSet<String>,
    /// Whether one of the variables is in the environment before the RUN does anything.
    pub in_environment: bool,
}

/// Commands that do nothing but print their arguments.
const PRINTERS: [&str; 4] = ["echo", "printf", "printenv", "yes"];

/// Commands that print the files they are given, or standard input.
const READERS: [&str; 13] =
    ["cat", "tac", "head", "tail", "base64", "xxd", "od", "hexdump", "tr", "cut", "rev", "sort", "tee"];

/// The command that prints standard input with variables filled in, those that its operand refers to (envsubst(1)).
const FILLER: &str = "envsubst";

/// Commands that print text made of their arguments and of what they read.
const EDITORS: [&str; 3] = ["sed", "awk", "jq"];

impl Holders {
    /// What holds the value of the variables `names`, which are in the environment of `run`.
    #[must_use]
    pub fn of_variables(run: &Run, names: impl IntoIterator<Item = String>) -> Self {
        let variables: BTreeSet<String> = names.into_iter().collect();
        Self { in_environment: !variables.is_empty(), variables, paths: BTreeSet::new() }.followed(run)
    }

    /// What holds the values of `mounts`, some of those of the RUN at `step`.
    #[must_use]
    pub fn of_mounts(dockerfile: &Dockerfile, step: usize, mounts: &[SecretMount]) -> Self {
        let variables: BTreeSet<String> = mounts.iter().filter_map(|mount| mount.variable.clone()).collect();
        let paths = mounts.iter().filter_map(|mount| mount.path.clone()).collect();
        let holders = Self { in_environment: !variables.is_empty(), variables, paths };
        match dockerfile.steps.get(step).and_then(|step| step.run.as_deref()) {
            Some(run) => holders.followed(run),
            None => holders,
        }
    }

    /// With the variables that `run` fills from those that are known.
    fn followed(mut self, run: &Run) -> Self {
        loop {
            let before = (self.variables.len(), self.paths.len());
            for shell in &run.shells {
                for assign in shell.script.all_assigns() {
                    let reads = assign.kind == AssignKind::Read
                        && assign.command.is_some_and(|command| self.reads_file_from_input(command));
                    if reads || assign.value.is_some_and(|value| self.carried_by(value)) {
                        self.variables.insert(assign.name);
                    } else if let Some(text) = assign.value.and_then(Word::literal) {
                        let path = text.strip_prefix(&format!("{}=", assign.name)).unwrap_or(&text);
                        if self.paths.contains(path) {
                            self.paths.insert(format!("${}", assign.name));
                        }
                    }
                }
            }
            if before == (self.variables.len(), self.paths.len()) {
                return self;
            }
        }
    }

    /// Whether the value is part of what the word becomes.
    #[must_use]
    pub fn carried_by(&self, word: &Word) -> bool {
        word.parts.iter().any(|part| match &part.kind {
            PartKind::Variable(variable) => self.carried_by_variable(variable),
            PartKind::Command(script) => self.printed_by_script(script),
            PartKind::Text(_) | PartKind::Process(_) | PartKind::Arithmetic(_) | PartKind::Other(_) => false,
        })
    }

    fn carried_by_variable(&self, variable: &Variable) -> bool {
        let operand = variable.operand.as_deref();
        let shows = match variable.operator.as_deref() {
            Some("+" | ":+") => false,
            Some("#") => operand.is_some(),
            _ => true,
        };
        (shows && self.variables.contains(&variable.name)) || operand.is_some_and(|word| self.carried_by(word))
    }

    /// Whether what a substitution's script prints has the value in it.
    fn printed_by_script(&self, script: &Script) -> bool {
        script.items.iter().any(|item| match &item.node {
            Node::Command(command) => self.is_bare_input(command) || self.printed_by(command),
            Node::Pipeline(members) => {
                let commands: Option<Vec<&Command>> = members.iter().map(simple).collect();
                commands.is_some_and(|commands| {
                    let first = commands.iter().position(|command| self.printed_by(command));
                    first.is_some_and(|at| commands[at + 1..].iter().all(|command| is_filter_or_printer(command)))
                })
            }
            Node::Compound(_) => false,
        })
    }

    /// `$(</run/secrets/x)` of bash.
    fn is_bare_input(&self, command: &Command) -> bool {
        command.words.is_empty() && command.assignments.is_empty() && self.reads_file_from_input(command)
    }

    fn reads_file_from_input(&self, command: &Command) -> bool {
        let reads = |kind: RedirectKind| kind == RedirectKind::Read;
        command.redirects.iter().any(|redirect| reads(redirect.kind) && self.is_path(&redirect.target))
    }

    /// Whether what a command prints has the value in it, because printing is what the command does.
    #[must_use]
    pub fn printed_by(&self, command: &Command) -> bool {
        let name = command.effective_name().unwrap_or_default();
        let arguments = command.effective_arguments();
        let carried = || arguments.iter().any(|word| self.carried_by(word));
        let here = || {
            let here = command
                .redirects
                .iter()
                .filter(|redirect| matches!(redirect.kind, RedirectKind::Heredoc | RedirectKind::HereString));
            here.map(|redirect| redirect.heredoc.as_ref().unwrap_or(&redirect.target)).any(|word| self.carried_by(word))
        };
        let file = || arguments.iter().any(|word| self.is_path(word)) || self.reads_file_from_input(command);
        match name.as_str() {
            "printf" if assigns(arguments) => false,
            "printenv" => arguments.iter().filter_map(Word::literal).any(|name| self.variables.contains(&name)),
            name if PRINTERS.contains(&name) => carried(),
            name if READERS.contains(&name) => here() || file(),
            // Without a format it prints whatever the template refers to, which may not be the value.
            FILLER => arguments.iter().filter_map(Word::literal).any(|format| self.referred_to(&format)),
            "sed" if edits_in_place(arguments) => false,
            _ if acts_besides(command) => false,
            name if EDITORS.contains(&name) => carried() || file(),
            _ => false,
        }
    }

    fn referred_to(&self, format: &str) -> bool {
        self.variables.iter().any(|name| tools::references(format, name))
    }

    /// The files that a command makes with the value in them, apart from redirections.
    pub(super) fn copies(&self, command: &Command) -> Vec<String> {
        let name = command.effective_name().unwrap_or_default();
        let arguments = command.effective_arguments();
        let operands: Vec<&Word> = arguments.iter().filter(|word| !word.lossy().starts_with('-')).collect();
        match (name.as_str(), operands.as_slice()) {
            ("cp" | "mv" | "install", [sources @ .., target]) if sources.iter().any(|word| self.is_path(word)) => {
                let target = target.lossy();
                let copied = |source: &Word| match target.strip_suffix('/') {
                    Some(folder) => format!("{folder}/{}", source.lossy().rsplit('/').next().unwrap_or_default()),
                    None => target.clone(),
                };
                sources.iter().filter(|word| self.is_path(word)).map(|word| copied(word)).collect()
            }
            ("sed", [script, files @ ..]) if edits_in_place(arguments) && self.carried_by(script) => {
                files.iter().map(|word| word.lossy()).collect()
            }
            ("dd", _) => {
                let word =
                    |key: &str| operands.iter().find_map(|word| word.lossy().strip_prefix(key).map(str::to_owned));
                let reads = word("if=").is_some_and(|path| self.paths.contains(&path));
                word("of=").filter(|_| reads).into_iter().collect()
            }
            _ => Vec::new(),
        }
    }

    /// Whether the word is the path of a mounted file, or a pattern for all of them.
    fn is_path(&self, word: &Word) -> bool {
        let text = word.lossy();
        let all = text.strip_prefix(SECRETS).is_some_and(|rest| rest.starts_with('*'));
        self.paths.contains(&text) || (all && self.paths.iter().any(|path| path.starts_with(SECRETS)))
    }
}

fn edits_in_place(arguments: &[Word]) -> bool {
    arguments.iter().any(|word| tools::edits_in_place(&word.lossy()))
}

/// Whether a command does nothing but print text, so that a list is the same without it.
pub(super) fn is_filter_or_printer(command: &Command) -> bool {
    let name = command.effective_name().unwrap_or_default();
    let known = PRINTERS.contains(&name.as_str())
        || READERS.contains(&name.as_str())
        || EDITORS.contains(&name.as_str())
        || name == FILLER;
    let arguments = command.effective_arguments();
    let writes = (name == "printf" && assigns(arguments)) || edits_in_place(arguments) || acts_besides(command);
    known && !writes && command.assignments.is_empty()
}

/// Whether a program that is written among the words writes files or runs commands, or may: awk's `>`, `|`, `system` and
/// `getline`, sed's `w` and `e` (POSIX.1-2024, XCU awk and sed; the GNU manual of sed for `e`), and what `sort -o` writes.
fn acts_besides(command: &Command) -> bool {
    let texts: Vec<String> = command.effective_arguments().iter().map(Word::lossy).collect();
    let is_run = |text: &String| {
        let flags =
            text.strip_prefix('s').and_then(|text| text.strip_suffix('e')).map(|text| text.trim_end_matches('g'));
        flags.is_some_and(|text| text.ends_with(|char: char| !char.is_alphanumeric() && !char.is_whitespace()))
    };
    match command.effective_name().as_deref() {
        Some("awk") => texts.iter().any(|text| [">", "|", "system", "getline"].iter().any(|way| text.contains(way))),
        Some("sed") => written_by_sed(command).is_some() || texts.iter().any(is_run),
        Some("sort") => written_by_option(command).is_some(),
        _ => false,
    }
}

/// Whether `printf` puts what it makes into a variable instead of printing it (bash(1), `printf -v`).
fn assigns(arguments: &[Word]) -> bool {
    arguments.first().is_some_and(|word| word.lossy() == "-v")
}

/// Whether expanding the words of a command does something: an assignment (`${X:=y}`, `$((x++))`), a guard (`${X:?}`), a
/// command that is none of those that only print.
pub(super) fn has_effects(command: &Command) -> bool {
    let targets = command.redirects.iter().map(|redirect| redirect.heredoc.as_ref().unwrap_or(&redirect.target));
    command.words.iter().chain(targets).any(expands_with_effects)
}

fn expands_with_effects(word: &Word) -> bool {
    word.parts.iter().any(|part| match &part.kind {
        PartKind::Text(_) | PartKind::Other(_) => false,
        PartKind::Variable(variable) => {
            let does =
                |operator: &str| operator.contains(['=', '?']) || operator.contains("++") || operator.contains("--");
            variable.operator.as_deref().is_some_and(does)
                || variable.operand.as_deref().is_some_and(expands_with_effects)
        }
        PartKind::Arithmetic(word) => expands_with_effects(word),
        PartKind::Command(script) | PartKind::Process(script) => script.commands().iter().any(|context| {
            const TELLING: [&str; 9] =
                ["date", "hostname", "whoami", "id", "uname", "pwd", "basename", "dirname", "nproc"];
            let command = context.command;
            let name = command.effective_name().unwrap_or_default();
            let harmless = is_filter_or_printer(command) || TELLING.contains(&name.as_str());
            !harmless || has_effects(command) || command.redirects.iter().any(|it| it.kind != RedirectKind::Read)
        }),
    })
}

/// The words behind all wrappers as plain text.
pub(super) fn plain_words(command: &Command) -> Vec<String> {
    command.words.iter().skip(command.effective().index).map(Word::lossy).collect()
}

fn simple(item: &Item) -> Option<&Command> {
    match &item.node {
        Node::Command(command) => Some(command),
        _ => None,
    }
}
