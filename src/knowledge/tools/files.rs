//! Which commands read a credential file.

use super::table::TOOLS;
use super::tells_about_itself;
use super::{Reading, code, first_operand, inner_command, script};
use crate::knowledge::files::BuildInput;

/// Whether the command reads a file that the tools of `input` read by themselves, without naming it; `None` is a file that no
/// tool reads so.
#[must_use]
pub fn reads_file(words: &[Option<String>], input: Option<&BuildInput>) -> Reading {
    if let Some(inner) = inner_command(words) {
        return reads_file(inner, input);
    }
    if tells_about_itself(words) {
        return Reading::Never;
    }
    let Some((tool, rest)) = TOOLS.resolve(words) else { return script(words) };
    let entry = tool.entry;
    let reads = |input: &&BuildInput| entry.names.iter().any(|name| name == tool.name && input.tools.contains(name));
    if let Some(input) = input.filter(reads) {
        let told = |options: &Vec<String>| rest.iter().any(|word| is_option(word, options));
        return match input.only_with.get(tool.name).is_none_or(told) {
            true => Reading::Reads { why: format!("{} reads it", tool.name), certain: true },
            false => Reading::Never,
        };
    }
    let first = first_operand(rest);
    let installs = entry.installs_by(first);
    // What only fetches packages of its own kind has no use for the settings of another package manager.
    if installs && entry.ecosystem.is_some() {
        return Reading::Never;
    }
    match code(entry, rest, first) {
        Some(why) => Reading::RunsCode { why: why.to_owned() },
        None => Reading::Never,
    }
}

/// Whether a word is one of the options, or a cluster of letters with one; a word that is not static may be.
fn is_option(word: &Option<String>, options: &[String]) -> bool {
    let Some(word) = word.as_deref() else { return true };
    let in_cluster = |option: &str| {
        let letters = option.strip_prefix('-').filter(|letters| letters.len() == 1);
        letters.is_some_and(|letter| word.starts_with('-') && !word.starts_with("--") && word.contains(letter))
    };
    word.contains('$') || options.iter().any(|option| word.split('=').next() == Some(option) || in_cluster(option))
}

/// Whether the command does something that contacts no server, so that it has no use for a key: `git config`, `npm set`.
#[must_use]
pub fn is_offline(words: &[Option<String>]) -> bool {
    let Some((tool, rest)) = TOOLS.resolve(words) else { return false };
    let operands = || rest.iter().flatten().map(String::as_str).filter(|word| !word.starts_with('-'));
    tool.entry.offline.iter().any(|known| {
        let mut words = operands();
        known.split(' ').all(|known| words.next() == Some(known))
    }) && first_operand(rest).is_some()
}

/// Whether every address among the words is one of another protocol than ssh, so that the command has no use for a key
/// unless git's settings or submodules lead to one.
#[must_use]
pub fn names_no_ssh(words: &[Option<String>]) -> bool {
    const FETCHERS: [&str; 3] = ["git", "curl", "wget"];
    let program = words.first().and_then(Option::as_deref).unwrap_or("");
    let other = |word: &str| ["https://", "http://", "git://", "ftp://"].iter().any(|scheme| word.starts_with(scheme));
    let mut known = words.iter().map(Option::as_deref);
    let ssh = |word: &str| word.starts_with("ssh:") || word.contains("+ssh:") || (word.contains('@') && !other(word));
    FETCHERS.contains(&program.rsplit('/').next().unwrap_or(""))
        && words.iter().flatten().any(|word| other(word))
        && known.all(|word| word.is_some_and(|word| !ssh(word) && !word.contains("recurs") && !word.contains('$')))
}

/// Options of pip that name files or repositories to install from (pip.pypa.io/en/stable/cli/pip_install).
const PIP_SOURCES: [&str; 6] = ["-r", "--requirement", "-c", "--constraint", "-e", "--editable"];

/// Whether the command only fetches packages by their names from an index, which serves no repositories: what such a package
/// depends on comes from an index as well (packaging.python.org, direct references; npm takes the dependencies of a project
/// into account unless it installs globally). It has no use for a key.
#[must_use]
pub fn fetches_by_name(words: &[Option<String>]) -> bool {
    let Some((tool, rest)) = TOOLS.resolve(words) else { return false };
    let Some(words) = rest.iter().cloned().collect::<Option<Vec<String>>>() else { return false };
    let has = |options: &[&str]| words.iter().any(|word| options.contains(&word.as_str()));
    let plain = |word: &String| word.starts_with('-') || !word.trim_start_matches('@').contains([':', '/', '$']);
    let scoped = |word: &String| word.starts_with('@') && word.matches('/').count() == 1 && !word.contains(':');
    let named = words.iter().skip(1).filter(|word| !word.starts_with('-')).count() > 0;
    let first = first_operand(rest);
    let fetches = match tool.name {
        "pip" => matches!(first, Some("install" | "download" | "wheel")) && !has(&PIP_SOURCES) && !has(&["."]),
        "npm" | "pnpm" => matches!(first, Some("install" | "i" | "add")) && has(&["-g", "--global"]),
        _ => false,
    };
    fetches && named && words.iter().all(|word| plain(word) || scoped(word))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn reading(command: &str) -> &'static str {
        let words: Vec<_> = command.split(' ').map(|word| Some(word.to_owned())).collect();
        match reads_file(&words, Some(&BuildInput::read_by("", &["npm", "yarn"]))) {
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
        assert!(offline("git lfs install --skip-smudge") && !offline("git lfs pull") && !offline("git lfs"));
        assert!(!offline("git clone git@git.example.com:a/b") && !offline("frobnicate") && !offline("git"));
    }

    #[test]
    fn packages_that_are_named_come_from_an_index() {
        let by_name =
            |command: &str| fetches_by_name(&command.split(' ').map(|word| Some(word.to_owned())).collect::<Vec<_>>());
        for command in ["pip3 install requests==2.6.0", "pip install --upgrade pip", "npm i -g yo @angular/cli@15"] {
            assert!(by_name(command), "{command}");
        }
        for command in [
            "pip install -r requirements.txt",
            "pip install git+ssh://git@git.example.com/a/b",
            "pip install .",
            "pip install",
            "npm install left-pad",
            "npm install -g git@git.example.com:a/b",
            "pip install --no-cache-dir ./lib",
        ] {
            assert!(!by_name(command), "{command}");
        }
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
