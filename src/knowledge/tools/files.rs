//! Which commands read a credential file.

use super::table::TOOLS;
use super::{Reading, code, first_operand, inner_command, script};

/// Whether the command reads a configuration file that the tools named `readers` read by themselves, without naming it.
#[must_use]
pub fn reads_file(words: &[Option<String>], readers: &[String]) -> Reading {
    if let Some(inner) = inner_command(words) {
        return reads_file(inner, readers);
    }
    let Some((tool, rest)) = TOOLS.resolve(words) else { return script(words) };
    let entry = tool.entry;
    if entry.names.iter().any(|name| name == tool.name && readers.contains(name)) {
        return Reading::Reads { why: format!("{} reads it", tool.name), certain: true };
    }
    let first = first_operand(rest);
    let installs = first.is_some_and(|first| entry.installs.iter().any(|known| known == first));
    // What only fetches packages of its own kind has no use for the settings of another package manager.
    if installs && entry.ecosystem.is_some() {
        return Reading::Never;
    }
    match code(entry, rest, first) {
        Some(why) => Reading::RunsCode { why: why.to_owned() },
        None => Reading::Never,
    }
}

/// Whether the command does something that contacts no server, so that it has no use for a key: `git config`, `npm set`.
#[must_use]
pub fn is_offline(words: &[Option<String>]) -> bool {
    let Some((tool, rest)) = TOOLS.resolve(words) else { return false };
    first_operand(rest).is_some_and(|first| tool.entry.offline.iter().any(|known| known == first))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn reading(command: &str) -> &'static str {
        let words: Vec<_> = command.split(' ').map(|word| Some(word.to_owned())).collect();
        match reads_file(&words, &["npm".to_owned(), "yarn".to_owned()]) {
            Reading::Never => "never",
            Reading::Reads { .. } => "reads",
            Reading::RunsCode { .. } => "code",
            Reading::Unknown => "unknown",
        }
    }

    #[test]
    fn what_contacts_no_server_is_told_apart() {
        let offline =
            |command: &str| is_offline(&command.split(' ').map(|word| Some(word.to_owned())).collect::<Vec<_>>());
        assert!(offline("git config --global user.name x") && offline("pip3 config list"));
        assert!(!offline("git clone git@git.example.com:a/b") && !offline("frobnicate") && !offline("git"));
    }

    #[test]
    fn readers_and_what_runs_code_are_told_apart() {
        for (expected, command) in [
            ("reads", "npm ci"),
            ("reads", "/usr/bin/yarn install --frozen-lockfile"),
            ("never", "pip install -r requirements.txt"),
            ("never", "apt-get install -y git"),
            ("code", "make all"),
            ("code", "./build.sh"),
            ("unknown", "frobnicate"),
        ] {
            assert_eq!(reading(command), expected, "{command}");
        }
    }
}
