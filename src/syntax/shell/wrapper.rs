//! Commands that run another command: `sudo -E env A=b timeout 5 npm ci` runs `npm`.

use super::dialect::file_name;
use super::{Command, Word};

/// What a wrapper does to the environment of the command that it runs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Environment {
    /// All variables reach the command.
    Kept,
    /// Only named ones do: `sudo --preserve-env=A,B`.
    Listed,
    /// None do: `env -i`, `sudo` without `-E`, `su -`, `exec -c`.
    Dropped,
}

/// The command behind all wrappers.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Effective {
    /// The index of the effective command's name in the words that were asked about.
    pub index: usize,
    /// What is left of the environment there.
    pub environment: Environment,
    /// Words between wrappers that set a variable for the command (`env A=b`), as indices.
    pub assignments: Vec<usize>,
}

/// How a wrapper's own arguments look.
struct Wrapper {
    name: &'static str,
    /// Short flags that take the next word as their value where nothing is glued to them.
    values: &'static str,
    /// Long flags that take the next word as their value.
    long_values: &'static [&'static str],
    /// How many operands come before the command.
    operands: usize,
    /// Whether `NAME=value` operands come before the command.
    assigns: bool,
    /// What it does to the environment without any flag.
    environment: Environment,
}

const fn wrapper(name: &'static str, values: &'static str, operands: usize) -> Wrapper {
    Wrapper { name, values, long_values: &[], operands, assigns: false, environment: Environment::Kept }
}

/// The usual wrappers with their flags. What `su`, `env -i` and `sudo` do to the environment comes from an experiment
/// with builds and from sudo's documentation; the flags are those of the GNU and util-linux tools and were not each tried.
const WRAPPERS: &[Wrapper] = &[
    Wrapper {
        long_values: &[
            "--user",
            "--group",
            "--host",
            "--prompt",
            "--close-from",
            "--chdir",
            "--chroot",
            "--role",
            "--type",
        ],
        assigns: true,
        environment: Environment::Dropped,
        ..wrapper("sudo", "ugChprtTUDR", 0)
    },
    Wrapper { environment: Environment::Dropped, ..wrapper("doas", "uC", 0) },
    Wrapper { assigns: true, long_values: &["--unset", "--chdir"], ..wrapper("env", "uC", 0) },
    wrapper("command", "", 0),
    wrapper("builtin", "", 0),
    wrapper("exec", "a", 0),
    wrapper("eatmydata", "", 0),
    wrapper("fakeroot", "lsbi", 0),
    wrapper("setsid", "", 0),
    wrapper("nohup", "", 0),
    wrapper("chronic", "", 0),
    wrapper("unbuffer", "", 0),
    wrapper("linux32", "", 0),
    wrapper("linux64", "", 0),
    Wrapper { long_values: &["--adjustment"], ..wrapper("nice", "n", 0) },
    Wrapper { long_values: &["--class", "--classdata"], ..wrapper("ionice", "cn", 0) },
    Wrapper { long_values: &["--input", "--output", "--error"], ..wrapper("stdbuf", "ioe", 0) },
    Wrapper { long_values: &["--output", "--format"], ..wrapper("time", "of", 0) },
    Wrapper { long_values: &["--kill-after", "--signal"], ..wrapper("timeout", "ks", 1) },
    Wrapper {
        long_values: &["--arg-file", "--delimiter", "--max-lines", "--max-args", "--max-procs", "--max-chars"],
        ..wrapper("xargs", "aEdILnPs", 0)
    },
    wrapper("chroot", "", 1),
    wrapper("gosu", "", 1),
    wrapper("su-exec", "", 1),
    wrapper("setuser", "", 1),
    wrapper("s6-setuidgid", "", 1),
    wrapper("chpst", "ueb/Cndmofcrtlp", 0),
    wrapper("taskset", "", 1),
    wrapper("faketime", "", 1),
    wrapper("flock", "wEc", 1),
    wrapper("dumb-init", "r", 0),
    wrapper("tini", "pev", 0),
    wrapper("catatonit", "", 0),
    wrapper("xvfb-run", "nefpsw", 0),
    wrapper("dbus-run-session", "", 0),
    Wrapper { long_values: &["--reuid", "--regid", "--groups", "--inh-caps"], ..wrapper("setpriv", "", 0) },
    wrapper("busybox", "", 0),
];

impl Command {
    /// The command behind all wrappers; index 0 and [`Environment::Kept`] where there are none.
    #[must_use]
    pub fn effective(&self) -> Effective {
        effective(&self.words)
    }

    /// The name of the effective command without its folder, if it is static text.
    #[must_use]
    pub fn effective_name(&self) -> Option<String> {
        let word = self.words.get(self.effective().index)?;
        word.literal().map(|name| file_name(&name))
    }

    /// The words behind the effective command's name.
    #[must_use]
    pub fn effective_arguments(&self) -> &[Word] {
        self.words.get(self.effective().index + 1..).unwrap_or_default()
    }
}

/// The command behind all wrappers in `words`. Stops at the last word that can be told: where a wrapper runs nothing
/// (`command -v x`, `sudo -l`), the wrapper is the command.
#[must_use]
pub fn effective(words: &[Word]) -> Effective {
    let mut found = Effective { index: 0, environment: Environment::Kept, assignments: Vec::new() };
    while let Some(wrapper) = words.get(found.index).and_then(known) {
        let mut next = found.clone();
        if !wrapper.step(words, &mut next) || next.index >= words.len() {
            break;
        }
        found = next;
    }
    found
}

fn known(word: &Word) -> Option<&'static Wrapper> {
    let name = file_name(&word.literal()?);
    WRAPPERS.iter().find(|wrapper| wrapper.name == name)
}

impl Wrapper {
    /// Moves `at` behind this wrapper and its arguments; `false` where it runs no command.
    fn step(&self, words: &[Word], at: &mut Effective) -> bool {
        let mut environment = self.environment;
        let mut operands = self.operands;
        at.index += 1;
        while let Some(word) = words.get(at.index) {
            let text = word.lossy();
            if text == "--" {
                at.index += 1;
                break;
            }
            if self.runs_nothing(&text) {
                return false;
            }
            if text.starts_with('-') {
                environment = self.changed(environment, &text);
                at.index += if self.takes_value(&text) { 2 } else { 1 };
            } else if self.assigns && is_assignment(&text) {
                at.assignments.push(at.index);
                at.index += 1;
            } else {
                break;
            }
        }
        while operands > 0 && at.index < words.len() {
            operands -= 1;
            at.index += 1;
        }
        at.environment = at.environment.max(environment);
        true
    }

    fn takes_value(&self, flag: &str) -> bool {
        if flag.starts_with("--") {
            return self.long_values.contains(&flag);
        }
        let mut letters = flag.chars().skip(1);
        let value = letters.find(|letter| self.values.contains(*letter));
        value.is_some() && letters.next().is_none()
    }

    fn changed(&self, environment: Environment, flag: &str) -> Environment {
        let short = |letter: char| !flag.starts_with("--") && flag.contains(letter);
        match self.name {
            "sudo" if flag == "--preserve-env" || short('E') => Environment::Kept,
            "sudo" if flag.starts_with("--preserve-env=") => Environment::Listed,
            "env" if flag == "-" || flag == "--ignore-environment" || short('i') => Environment::Dropped,
            "exec" if short('c') => Environment::Dropped,
            "setpriv" if flag == "--reset-env" => Environment::Dropped,
            _ => environment,
        }
    }

    fn runs_nothing(&self, flag: &str) -> bool {
        match self.name {
            "command" => matches!(flag, "-v" | "-V" | "-pv"),
            "sudo" => matches!(flag, "-l" | "-v" | "-k" | "-K" | "-e" | "--list" | "--validate"),
            "env" => flag.starts_with("-S") || flag.starts_with("--split-string"),
            _ => false,
        }
    }
}

/// Whether a word reads `NAME=value`.
fn is_assignment(text: &str) -> bool {
    let Some((name, _)) = text.split_once('=') else { return false };
    let valid = name.chars().all(|char| char.is_ascii_alphanumeric() || char == '_');
    valid && !name.is_empty() && !name.starts_with(|char: char| char.is_ascii_digit())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::syntax::shell::{Dialect, parse};

    fn found(text: &str) -> (String, Environment) {
        let script = parse(text, Dialect::Posix);
        let command = script.commands().first().expect("a command").command.clone();
        (command.effective_name().expect("a name"), command.effective().environment)
    }

    #[test]
    fn wrappers_are_looked_through() {
        for (text, name, environment) in [
            ("npm ci", "npm", Environment::Kept),
            ("sudo -E -u app /usr/bin/npm ci", "npm", Environment::Kept),
            ("sudo -uapp A=b npm ci", "npm", Environment::Dropped),
            ("sudo --preserve-env=A npm ci", "npm", Environment::Listed),
            ("env -i A=b -u C timeout -k 5 10 nice -n 5 npm", "npm", Environment::Dropped),
            ("exec gosu app dumb-init -- npm", "npm", Environment::Kept),
            ("xargs -n 1 -I{} npm {}", "npm", Environment::Kept),
            ("command -v npm", "command", Environment::Kept),
            ("chroot /mnt sh -c x", "sh", Environment::Kept),
            ("sudo", "sudo", Environment::Kept),
            ("env", "env", Environment::Kept),
        ] {
            assert_eq!(found(text), (name.to_owned(), environment), "{text}");
        }
    }
}
