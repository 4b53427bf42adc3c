//! Places of a command in which only a credential stands.

use std::sync::LazyLock;

use regex::{Regex, RegexSet};
use serde::Deserialize;

#[derive(Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
struct Table {
    r#use: Vec<Row>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Row {
    pattern: String,
    what: String,
    #[serde(default)]
    identity: bool,
    #[serde(rename = "source")]
    _source: String,
}

struct Patterns {
    /// All of them, for the many commands that none matches.
    set: RegexSet,
    each: Vec<(Regex, Row)>,
}

static PATTERNS: LazyLock<Patterns> = LazyLock::new(|| {
    let rows = super::table::<Table>(include_str!("uses.toml")).r#use;
    let each: Vec<(Regex, Row)> = rows.into_iter().filter_map(|row| Some((row.regex().ok()?, row))).collect();
    Patterns { set: RegexSet::new(each.iter().map(|(regex, _)| regex.as_str())).unwrap_or_default(), each }
});

impl Row {
    fn regex(&self) -> Result<Regex, regex::Error> {
        Regex::new(&self.pattern.replace('~', r"\x1F").replace("VALUE", r"\x01(\w+)\x02"))
    }
}

/// The text between the words of a command that is looked at.
pub const BETWEEN: &str = "\u{1F}";

/// How a variable is written in a command that is looked at.
#[must_use]
pub fn marked(variable: &str) -> String {
    format!("\u{1}{variable}\u{2}")
}

/// The variables of a command which stand where only a credential does, each with what it is there, as a noun with its article. The
/// command's words have [`BETWEEN`] between them and variables as [`marked`] writes them.
pub fn credentials(command: &str) -> impl Iterator<Item = (&str, &'static str)> {
    let patterns = &*PATTERNS;
    let matching = patterns.set.matches(command).into_iter().filter_map(|at| patterns.each.get(at));
    matching.flat_map(move |(regex, row)| {
        let variables = regex.captures_iter(command).filter_map(|found| found.get(1)).map(|name| name.as_str());
        let counts = |name: &&str| !row.identity || !names_somebody(name);
        variables.filter(counts).map(|name| (name, row.what.as_str()))
    })
}

/// Whether a variable of this name tells who somebody is, not what proves it.
fn names_somebody(name: &str) -> bool {
    let lower = name.to_ascii_lowercase();
    ["user", "login", "name", "account", "email", "owner", "host"].iter().any(|word| lower.contains(word))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(command: &str) -> Vec<(String, &'static str)> {
        let mut text = command.replace(' ', BETWEEN);
        for name in ["FOO", "BAR", "GIT_USER"] {
            text = text.replace(&format!("${name}"), &marked(name));
        }
        credentials(&text).map(|(name, what)| (name.to_owned(), what)).collect()
    }

    #[test]
    fn every_pattern_is_one() -> Result<(), Box<dyn std::error::Error>> {
        let table: Table = crate::knowledge::check(include_str!("uses.toml"))?;
        for row in &table.r#use {
            row.regex()?;
        }
        assert_eq!(PATTERNS.each.len(), table.r#use.len());
        assert_eq!(PATTERNS.set.len(), table.r#use.len());
        Ok(())
    }

    #[test]
    fn credentials_are_known_by_their_place() {
        for command in [
            "git clone https://me:$FOO@git.example.com/a/b.git",
            "git clone https://$GIT_USER:$FOO@git.example.com/a/b.git",
            "git clone https://$FOO@git.example.com/a/b.git",
            "git clone https://$FOO:x-oauth-basic@git.example.com/a/b.git",
            "curl -u me:$FOO https://x.example.com",
            "curl -sSfu me:$FOO https://x.example.com",
            "curl --user $FOO: https://x.example.com",
            "curl -u $FOO https://x.example.com",
            "curl -H Authorization:\tBearer\t$FOO https://x.example.com",
            "curl -H authorization:$FOO https://x.example.com",
            "curl -H PRIVATE-TOKEN:$FOO https://x.example.com",
            "curl -H X-JFrog-Art-Api:$FOO https://x.example.com",
            "wget --password=$FOO https://x.example.com",
            "docker login -u me -p $FOO r.example.com",
            "helm registry login --password $FOO r.example.com",
            "npm config set //npm.example.com/:_authToken $FOO",
            "npm config set //npm.example.com/:_authToken=$FOO",
            "echo //npm.example.com/:_authToken=\"$FOO\"",
            "echo _auth=$FOO",
            "yarn config set npmAuthToken $FOO",
            "echo machine git.example.com login me password $FOO",
            "echo <password>$FOO</password>",
            "aws configure set aws_secret_access_key $FOO",
            "composer config -g http-basic.repo.example.com me $FOO",
            "composer config --global github-oauth.git.example.com $FOO",
            "poetry config http-basic.shop me $FOO",
            "bundle config set --global gems.example.com $FOO",
            "bundle config https://gems.example.com $FOO",
        ] {
            assert!(found(command).iter().any(|(name, _)| name == "FOO"), "{command}");
        }
    }

    #[test]
    fn what_else_stands_there_is_none() {
        for command in [
            "git clone https://$GIT_USER@git.example.com/a/b.git",
            "git clone ssh://$FOO@git.example.com/a/b.git",
            "git clone https://git.example.com/$FOO@v1",
            "curl -u $GIT_USER:$BAR https://x.example.com/$FOO",
            "curl -H Accept:$FOO https://x.example.com",
            "npm config set registry $FOO",
            "npm config set //npm.example.com/:always-auth $FOO",
            "bundle config set path $FOO",
            "bundle config build.nokogiri $FOO",
            "docker build --secret $FOO .",
            "cargo --token-file $FOO",
            "mkdir -p $FOO",
        ] {
            assert!(found(command).iter().all(|(name, _)| name != "FOO"), "{command}");
            assert!(found(command).iter().all(|(name, _)| name != "GIT_USER"), "{command}");
        }
    }
}
