//! What a RUN shows of a value that it holds: where it prints it, and which files keep it.
//!
//! [`super::rests`] asks whether a value *may* come to rest and counts what is not understood; here only what is certain
//! counts, because a finding is made of it.

mod holders;
mod sink;

pub use holders::Holders;

use crate::knowledge::tools;
use crate::source::TextRange;
use crate::syntax::shell::{Command, Compound, CompoundKind, Item, Node, Redirect, Word};

use super::reading::effective_words;
use super::run::Run;
use holders::plain_words;
pub(super) use sink::written_by_argument;
use sink::{Sink, Streams, removed_paths, sink};

/// A place where a RUN shows or keeps the value.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Exposure {
    /// Which of [`Run::shells`] it stands in.
    pub shell: usize,
    /// The list item, in bytes of that shell's text.
    pub item: TextRange,
    /// The command, in bytes of that shell's text.
    pub command: TextRange,
    /// The program, as written.
    pub program: String,
    /// What happens there.
    pub kind: ExposureKind,
}

/// What happens to the value.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ExposureKind {
    /// A command whose only effect is output prints it to the build's log.
    Printed,
    /// A command prints the whole environment to the build's log.
    Environment,
    /// A tool prints it besides its work: `curl -v`.
    Verbose,
    /// The shell traces commands that have it among their words: `set -x`.
    Traced,
    /// What a tool tells of its work, or the trace of the shell, goes into a file with it.
    Reported {
        /// The file, as written.
        path: String,
    },
    /// It is written or copied into a file; its path as written, and whether a later command of the list removes it.
    Written {
        /// The file.
        path: String,
        /// Whether the same list removes it again.
        removed: bool,
    },
}

/// Where `run` shows what `holders` holds, in the order of the text.
#[must_use]
pub fn exposures(run: &Run, holders: &Holders) -> Vec<Exposure> {
    let mut found = Vec::new();
    for (index, shell) in run.shells.iter().enumerate() {
        let mut walk = Walk {
            holders,
            shell: index,
            found: Vec::new(),
            trace: None,
            is_elsewhere: false,
            streams: Streams::default(),
        };
        walk.items(&shell.script.items, &[]);
        let mut exposures = walk.found;
        if index > 0 && !first_prints_to_log(run) {
            exposures.retain(|one| !matches!(one.kind, ExposureKind::Printed | ExposureKind::Environment));
        }
        let removed = removed_paths(&shell.script);
        let is_gone = |path: &str, behind| removed.iter().any(|one| one.at >= behind && one.takes(path));
        exposures.retain(|one| match &one.kind {
            ExposureKind::Reported { path } => !is_gone(path, one.command.end()),
            _ => true,
        });
        for exposure in &mut exposures {
            if let ExposureKind::Written { path, removed: gone } = &mut exposure.kind {
                *gone = is_gone(path, exposure.command.end());
            }
        }
        found.extend(exposures);
    }
    found
}

/// The commands of `run` that do nothing but print every variable of the environment to the log: which of
/// [`Run::shells`] they stand in, and where.
#[must_use]
pub(super) fn environment_prints(run: &Run) -> Vec<(usize, TextRange)> {
    let holders = Holders { in_environment: true, ..Holders::default() };
    let all = exposures(run, &holders).into_iter();
    let prints = all.filter(|exposure| exposure.kind == ExposureKind::Environment);
    prints.map(|exposure| (exposure.shell, exposure.command)).collect()
}

/// Whether `run` expands the value anywhere in the words of a command, so that a trace shows it.
#[must_use]
pub fn is_traceable(run: &Run, holders: &Holders) -> bool {
    run.commands().any(|command| {
        let values = command.assignments.iter().map(|assignment| &assignment.value);
        values.chain(&command.words).any(|word| holders.carried_by(word))
    })
}

/// Whether everything that the commands of the first shell text print goes to the log, so that what they start prints
/// there as well.
fn first_prints_to_log(run: &Run) -> bool {
    let Some(first) = run.shells.first() else { return false };
    first
        .script
        .commands()
        .iter()
        .all(|context| context.pipeline.is_none() && !context.in_substitution && context.command.redirects.is_empty())
}

struct Walk<'h> {
    holders: &'h Holders,
    shell: usize,
    found: Vec<Exposure>,
    /// The command that switched tracing on, until it was reported.
    trace: Option<(TextRange, TextRange, String)>,
    /// Whether the shell's own output was redirected.
    is_elsewhere: bool,
    /// Where what the shell itself prints goes.
    streams: Streams,
}

impl Walk<'_> {
    /// `outer` are the redirections of the compounds around.
    fn items(&mut self, items: &[Item], outer: &[&Redirect]) {
        for item in items {
            match &item.node {
                Node::Command(command) => self.pipeline(item, &[command], outer),
                Node::Pipeline(members) => {
                    let simple: Option<Vec<&Command>> = members.iter().map(command_of).collect();
                    match (simple, members.as_slice()) {
                        (Some(commands), _) => self.pipeline(item, &commands, outer),
                        // What a compound prints goes to its neighbour, so its commands print nothing by themselves. A trace does
                        // not, unless it is sent there.
                        (None, [Item { node: Node::Compound(compound), .. }, rest @ ..]) => {
                            self.traces(compound, rest, outer);
                        }
                        _ => {}
                    }
                }
                // What a function prints goes wherever it is called.
                Node::Compound(compound) if compound.kind == CompoundKind::Function => {}
                Node::Compound(compound) => {
                    let redirects: Vec<&Redirect> = outer.iter().copied().chain(&compound.redirects).collect();
                    compound.bodies.iter().for_each(|body| self.items(&body.items, &redirects));
                }
            }
        }
    }

    /// The traces of a compound whose output `rest` reads.
    fn traces(&mut self, compound: &Compound, rest: &[Item], outer: &[&Redirect]) {
        let Some(rest) = rest.iter().map(command_of).collect::<Option<Vec<_>>>() else { return };
        let streams = self.streams.clone();
        self.streams = streams.clone().into_pipe(&rest);
        let known = self.found.len();
        let redirects: Vec<&Redirect> = outer.iter().copied().chain(&compound.redirects).collect();
        compound.bodies.iter().for_each(|body| self.items(&body.items, &redirects));
        let of_trace = |one: &Exposure| matches!(one.kind, ExposureKind::Traced | ExposureKind::Reported { .. });
        let found = self.found.split_off(known);
        self.found.extend(found.into_iter().filter(of_trace));
        self.streams = streams;
    }

    fn pipeline(&mut self, item: &Item, commands: &[&Command], outer: &[&Redirect]) {
        for (at, command) in commands.iter().enumerate() {
            self.follow_trace(item, command, outer);
            // `exec >FILE` is for all commands behind it.
            let redirects = command.effective_name().as_deref() == Some("exec") && command.words.len() == 1;
            self.is_elsewhere |= redirects && !command.redirects.is_empty();
            if redirects {
                self.streams = std::mem::take(&mut self.streams).after(&command.redirects);
            }
            let words = effective_words(command);
            let program = words.first().cloned().flatten().unwrap_or_default();
            for path in self.holders.copies(command) {
                let kind = ExposureKind::Written { path, removed: false };
                self.note(item, command, &program, kind);
            }
            let dumps = self.holders.in_environment && dumps_environment(&words);
            if dumps || self.holders.printed_by(command) {
                let prints = commands.iter().all(|member| holders::is_filter_or_printer(member));
                let pure = prints && !commands.iter().any(|member| holders::has_effects(member));
                match sink(&commands[at..], outer) {
                    Sink::Log if self.is_elsewhere => {}
                    Sink::Log if dumps => self.note(item, command, &program, ExposureKind::Environment),
                    Sink::Log if pure => self.note(item, command, &program, ExposureKind::Printed),
                    Sink::Log if prints => self.note(item, command, &program, ExposureKind::Verbose),
                    Sink::Log | Sink::Elsewhere => {}
                    Sink::File(path) => {
                        self.note(item, command, &program, ExposureKind::Written { path, removed: false });
                    }
                }
            } else if command.words.iter().any(|word| self.holders.carried_by(word))
                && let Some(kind) = self.told(command, &words, outer)
            {
                self.note(item, command, &program, kind);
            }
        }
    }

    /// What becomes of what a tool tells of its work besides: it goes to the log, or into a file.
    fn told(&self, command: &Command, words: &[Option<String>], outer: &[&Redirect]) -> Option<ExposureKind> {
        if let Some(path) = tools::report_file(words) {
            return Some(ExposureKind::Reported { path });
        }
        if !is_verbose(command, words) {
            return None;
        }
        let streams = self.streams.clone().after(outer.iter().copied().chain(&command.redirects));
        Some(streams.errors.map_or(ExposureKind::Verbose, |path| ExposureKind::Reported { path }))
    }

    fn note(&mut self, item: &Item, command: &Command, program: &str, kind: ExposureKind) {
        let shell = self.shell;
        self.found.push(Exposure {
            shell,
            item: item.range,
            command: command.range,
            program: program.to_owned(),
            kind,
        });
    }

    /// Keeps track of `set -x`, and reports it when the first command is traced that shows the value.
    fn follow_trace(&mut self, item: &Item, command: &Command, outer: &[&Redirect]) {
        let words = plain_words(command);
        if let Some(on) = tracing(&words) {
            self.trace = on.then(|| (item.range, command.range, words.join(" ")));
            return;
        }
        let values = command.assignments.iter().map(|assignment| &assignment.value);
        if !values.chain(&command.words).any(|word: &Word| self.holders.carried_by(word)) {
            return;
        }
        if let Some((item, range, program)) = self.trace.take() {
            let file = self.streams.clone().after(outer.iter().copied()).errors;
            let kind = file.map_or(ExposureKind::Traced, |path| ExposureKind::Reported { path });
            self.found.push(Exposure { shell: self.shell, item, command: range, program, kind });
        }
    }
}

/// Whether the command switches tracing on or off: `set -ex`, `set -o xtrace`, `set +x`.
fn tracing(words: &[String]) -> Option<bool> {
    let ("set", flags) = (words.first()?.as_str(), &words[1..]) else { return None };
    let cluster = |sign: char| {
        let leading = flags.iter().take_while(|flag| flag.starts_with(['-', '+']));
        let mut of_sign = leading.filter_map(move |flag| flag.strip_prefix(sign));
        of_sign.any(|letters| letters.contains('x') && letters.chars().all(|letter| letter.is_ascii_alphabetic()))
    };
    let long = |sign: &str| {
        flags.windows(2).any(|pair| pair[0].ends_with('o') && pair[0].starts_with(sign) && pair[1] == "xtrace")
    };
    if cluster('+') || long("+") {
        return Some(false);
    }
    (cluster('-') || long("-")).then_some(true)
}

/// Whether the command prints every variable of its environment.
pub(super) fn dumps_environment(words: &[Option<String>]) -> bool {
    let words: Vec<&str> = words.iter().map(|word| word.as_deref().unwrap_or("$")).collect();
    // With assignments and no command behind them, env prints what a command would have got.
    let assigns = |words: &[&str]| words.iter().all(|word| word.contains('=') && !word.starts_with(['-', '=']));
    let assigned = matches!(words.as_slice(), ["env", rest @ ..] if !rest.is_empty() && assigns(rest));
    assigned
        || matches!(
            words.as_slice(),
            ["env" | "printenv" | "set" | "export"]
                | ["env" | "printenv", "-0" | "--null"]
                | ["export" | "declare", "-p" | "-x" | "-xp" | "-px"]
        )
}

/// Whether the tool prints what it sends; commands that do nothing but print, and tracing, are not meant.
fn is_verbose(command: &Command, words: &[Option<String>]) -> bool {
    let name = command.effective_name().unwrap_or_default();
    // git prints its arguments and the addresses that it asks for (experiment: git 2.47; it hides the headers).
    let traced = |name: &str| name.starts_with("GIT_TRACE") || name == "GIT_CURL_VERBOSE";
    let by_variable = name == "git" && command.assignments.iter().any(|one| traced(&one.name));
    by_variable || (matches!(name.as_str(), "curl" | "wget" | "git" | "http" | "npm") && tools::logs(words))
}

fn command_of(item: &Item) -> Option<&Command> {
    match &item.node {
        Node::Command(command) => Some(command),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::Dockerfile;
    use crate::source::Source;

    fn found(command: &str) -> Vec<ExposureKind> {
        let text = format!("FROM scratch\nRUN --mount=type=secret,id=t,env=T --mount=type=secret,id=f {command}\n");
        let dockerfile = Dockerfile::new(Source::new("Dockerfile", text.into_bytes()));
        let holders = Holders::of_mounts(&dockerfile, 1, &dockerfile.secret_mounts(1));
        let run = dockerfile.steps[1].run.as_deref().expect("a RUN");
        exposures(run, &holders).into_iter().map(|exposure| exposure.kind).collect()
    }

    fn written(path: &str, removed: bool) -> ExposureKind {
        ExposureKind::Written { path: path.to_owned(), removed }
    }

    fn reported() -> ExposureKind {
        ExposureKind::Reported { path: "c".to_owned() }
    }

    #[test]
    fn what_only_prints_is_found() {
        for command in [
            "echo $T",
            "printenv T",
            "cat /run/secrets/f",
            "echo \"$T\" | base64",
            "A=$(cat /run/secrets/f) && echo $A",
            "if true; then echo \"token: ${T}\"; fi",
            "sh -c 'echo $T'",
            "echo $T >&2",
            "envsubst '${T}' < .npmrc",
            "cat a | envsubst '$T'",
        ] {
            assert_eq!(found(command), [ExposureKind::Printed], "{command}");
        }
        assert_eq!(found("env"), [ExposureKind::Environment]);
        assert_eq!(found("env KEY=$(id -u) LEVEL=2"), [ExposureKind::Environment]);
        assert_eq!(found("env KEY=1 make"), []);
        assert_eq!(found("curl -sv -H \"A: $T\" https://a.example.com"), [ExposureKind::Verbose]);
        assert_eq!(found("set -eux; make; curl -u a:$T https://a.example.com"), [ExposureKind::Traced]);
    }

    #[test]
    fn what_shows_nothing_is_not_found() {
        for command in [
            "echo ${#T}",
            "envsubst < .npmrc",
            "envsubst '$U' < .npmrc",
            "echo ${T:+set}",
            "echo '$T'",
            "echo $T > /dev/null",
            "echo $T | docker login --password-stdin r.example.com",
            "V=$(curl -H \"A: $T\" https://a.example.com) && echo $V",
            "set -x; make",
            "set -x; set +x; curl -u a:$T https://a.example.com",
            "npm ci --userconfig /run/secrets/f",
            "curl -H \"A: $T\" -o out https://a.example.com",
            "curl -v -H \"A: b\" https://a.example.com",
            "env A=b make",
            "echo done",
            "f() { echo $T; }; X=$(f)",
            "sh -c 'echo $T' | docker login --password-stdin r.example.com",
            "exec 3>f; echo $T >&3",
            "awk -v t=$T '{gsub(/@/, t); print > \"/etc/c\"}' /etc/tpl",
            "awk -v t=$T 'BEGIN{print t | \"curl -K - x.example.com\"}'",
            "echo $T | sed -n 'w /opt/w'",
        ] {
            assert_eq!(found(command), [], "{command}");
        }
    }

    #[test]
    fn files_that_keep_the_value_are_found() {
        assert_eq!(found("cat /run/secrets/f > /app/c"), [written("/app/c", false)]);
        assert_eq!(found("cp /run/secrets/f /app/c && make"), [written("/app/c", false)]);
        assert_eq!(found("echo $T | tee /app/c"), [written("/app/c", false)]);
        assert_eq!(found("echo $T >c; make; rm -f c"), [written("c", true)]);
        assert_eq!(found("{ echo a; echo $T; } > c"), [written("c", false)]);
        assert_eq!(found("sed -i \"s/x/$T/\" c"), [written("c", false)]);
        assert_eq!(found("envsubst '$T' < a > c"), [written("c", false)]);
        assert_eq!(found("env > c"), [written("c", false)]);
        assert_eq!(found("printf $T | sort -o c"), [written("c", false)]);
        let get = "curl -v -H \"A: $T\" https://a.example.com";
        assert_eq!(found(&format!("{get} 2> c")), [reported()]);
        assert_eq!(found(&format!("{get} > c 2>&1")), [reported()]);
        assert_eq!(found(&format!("{get} 2>&1 > c")), [ExposureKind::Verbose]);
        assert_eq!(found(&format!("{get} > c")), [ExposureKind::Verbose]);
        assert_eq!(found(&format!("{get} 2> /dev/null")), [ExposureKind::Verbose]);
        assert_eq!(found("curl --libcurl c -H \"A: $T\" https://a.example.com"), [reported()]);
        let get = "curl -H \"A: $T\" https://a.example.com";
        assert_eq!(found(&format!("exec 2>c; set -x; {get}")), [reported()]);
        assert_eq!(found(&format!("set -ex; {{ {get}; echo; }} > c 2>&1")), [reported()]);
        assert_eq!(found(&format!("(set -x; {get}) 2>&1 | tee c")), [reported()]);
        assert_eq!(found(&format!("(set -x; {get}) | tee c")), [ExposureKind::Traced]);
    }
}
