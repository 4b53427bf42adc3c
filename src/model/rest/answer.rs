//! What a download that needs the value brings, where that may be the value itself.

use crate::knowledge::files::{FileVerdict, classify_file};
use crate::syntax::shell::{Command, Word, dialect_of};

use super::RestKind;
use super::chain::Link;

/// What becomes of the answer that the command gets, which asks a server with the value: `is_value` says which words have it, and `goes` where
/// what it prints comes to rest.
///
/// A server that is asked for a credential file may put the credential into it, as Artifactory does with its settings for npm
/// (jfrog.com, "npm Registry": `curl -u … /api/npm/auth`). The script behind an address with a token in it may write that address
/// down, as those do that set up a repository of packages (cloudsmith.com, packagecloud.io).
pub(super) fn of(
    command: &Command,
    chain: &[Link<'_>],
    goes: impl FnOnce() -> Option<RestKind>,
    is_value: impl Fn(&Word) -> bool,
) -> Option<RestKind> {
    let program = command.effective_name().filter(|name| matches!(name.as_str(), "curl" | "wget"))?;
    let words: Vec<String> = command.effective_arguments().iter().map(Word::lossy).collect();
    if let Some(path) = output(&program, &words, goes).filter(|path| is_credential(path)) {
        let is_login = words.iter().any(|word| word.contains("/api/npm/") && word.contains("auth"));
        return Some(if is_login { RestKind::File(path) } else { RestKind::NotUnderstood(program) });
    }
    let is_address = |word: &&Word| word.lossy().contains("://");
    let in_address = command.effective_arguments().iter().filter(is_address).any(is_value);
    let shell = chain.iter().find_map(|link| match link {
        Link::Command(reader) => reader.effective_name().filter(|name| dialect_of(name).is_some()),
        Link::Redirects(_) => None,
    });
    shell.filter(|_| in_address).map(RestKind::NotUnderstood)
}

/// The file that the answer is written to.
fn output(program: &str, words: &[String], goes: impl FnOnce() -> Option<RestKind>) -> Option<String> {
    let options: &[&str] = if program == "curl" { &["-o", "--output"] } else { &["-O", "--output-document"] };
    let is_option = |word: &str| options.contains(&word);
    let named = words.windows(2).find(|pair| is_option(&pair[0])).map(|pair| pair[1].clone());
    let joined = || words.iter().find_map(|word| word.split_once('=').filter(|(option, _)| is_option(option)));
    let piped = || match goes()? {
        RestKind::File(path) => Some(path),
        _ => None,
    };
    named.or_else(|| joined().map(|(_, path)| path.to_owned())).or_else(piped)
}

fn is_credential(path: &str) -> bool {
    matches!(classify_file(path), FileVerdict::BuildInput(_)) || path.starts_with("/etc/apt/sources.list")
}
