//! Commands that print what they are given, and commands that keep it to themselves.

use super::persistence::persists;
use super::table::Tools;

/// Whether the command prints its arguments or its environment, so that the value ends in the build's log unless the
/// output is redirected: `echo`, `env`, `set -x`, `curl -v`.
#[must_use]
pub fn logs(words: &[Option<String>]) -> bool {
    let Some(name) = Tools::name_of(words) else { return false };
    let rest: Vec<&str> = words.get(1..).unwrap_or_default().iter().filter_map(Option::as_deref).collect();
    let has = |flags: &[&str]| rest.iter().any(|word| flags.contains(word));
    match name {
        "echo" | "printf" | "printenv" | "cat" | "tac" | "head" | "tail" | "tee" | "yes" | "base64" | "xxd" | "od"
        | "hexdump" => true,
        "env" => words.len() == 1 || rest.iter().all(|word| word.starts_with('-')),
        "set" | "sh" | "bash" | "dash" | "ash" | "zsh" | "ksh" => words.len() == 1 && name == "set" || traces(&rest),
        "export" | "declare" | "typeset" | "readonly" => words.len() == 1 || has(&["-p", "-x"]) && rest.len() == 1,
        "compgen" => has(&["-v", "-e", "-A"]),
        "curl" => has(&["-v", "--verbose", "--trace", "--trace-ascii", "-vvv"]) || short_flags(&rest, 'v'),
        "wget" => has(&["-d", "--debug"]),
        "git" => {
            has(&["--list", "--get", "--get-all"])
                || rest.starts_with(&["remote", "-v"])
                || rest.contains(&"--get-regexp")
        }
        "npm" | "yarn" | "pnpm" | "pip" | "pip3" | "bundle" | "composer" | "poetry" | "aws" => {
            matches!(
                rest.as_slice(),
                ["config", "ls" | "list" | "get" | "debug" | "--list", ..] | ["get", ..] | ["env", ..]
            ) || matches!(rest.as_slice(), ["configure", "get" | "list" | "export-credentials", ..])
        }
        _ => false,
    }
}

/// `set -x`, `set -euxo pipefail`, `set -o xtrace`, `bash -x`.
fn traces(rest: &[&str]) -> bool {
    short_flags(rest, 'x') || rest.windows(2).any(|pair| matches!(pair, ["-o", "xtrace" | "verbose"]))
}

/// Whether one of the words is a cluster of short flags with `flag` in it, in front of the first operand.
fn short_flags(rest: &[&str], flag: char) -> bool {
    let flags = rest.iter().take_while(|word| word.starts_with('-') && **word != "--");
    flags
        .filter_map(|word| word.strip_prefix('-'))
        .any(|cluster| cluster.chars().all(|char| char.is_ascii_alphabetic()) && cluster.contains(flag))
}

/// Whether the command is known to use its arguments only in memory or over the network: nothing of them is printed or
/// written down. Commands that the table does not know are not.
#[must_use]
pub fn passes_through(words: &[Option<String>]) -> bool {
    let known = super::tool(words).is_some_and(|tool| tool.entry.transmits);
    known && persists(words).is_none() && !logs(words)
}
