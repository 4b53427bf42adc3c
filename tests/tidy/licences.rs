//! Every dependency has a licence that `deny.toml` allows. The same check as `cargo deny check licenses`, without a tool
//! to install.

use std::collections::BTreeSet;
use std::process::Command;

use anyhow::{Context, Result, ensure};
use toml::Table;

use super::tree;

#[test]
fn every_licence_is_allowed() -> Result<()> {
    let allowed = allowed()?;
    // What other systems need is not here before it is asked for the first time: a build fetches its own only.
    let output = Command::new(env!("CARGO"))
        .args(["tree", "--locked", "--target", "all", "--edges", "normal,build,dev", "--no-dedupe", "--prefix", "none"])
        .args(["--format", "{p}\t{l}"])
        .current_dir(tree::root())
        .output()?;
    ensure!(output.status.success(), "cargo tree failed: {}", String::from_utf8_lossy(&output.stderr));
    let listing = String::from_utf8(output.stdout)?;
    let packages: BTreeSet<(&str, &str)> = listing.lines().filter_map(|line| line.split_once('\t')).collect();
    ensure!(!packages.is_empty(), "cargo tree lists no packages");
    let refused: Vec<String> = packages
        .into_iter()
        .filter(|(_, licence)| !is_allowed(licence, &allowed))
        .map(|(package, licence)| format!("{package}: {licence:?}"))
        .collect();
    tree::none("licences that deny.toml doesn't allow", &refused)
}

fn allowed() -> Result<BTreeSet<String>> {
    let policy: Table = toml::from_str(&std::fs::read_to_string(tree::root().join("deny.toml"))?)?;
    let list = policy.get("licenses").and_then(|licences| licences.get("allow")).and_then(toml::Value::as_array);
    let names = list.context("deny.toml has no [licenses] allow")?.iter().filter_map(toml::Value::as_str);
    Ok(names.map(str::to_owned).collect())
}

fn is_allowed(licence: &str, allowed: &BTreeSet<String>) -> bool {
    // Some old packages still write `MIT/Apache-2.0`.
    let words = licence.replace('/', " OR ").replace('(', " ( ").replace(')', " ) ");
    either(&mut words.split_whitespace().peekable(), allowed)
}

type Words<'w> = std::iter::Peekable<std::str::SplitWhitespace<'w>>;

/// An SPDX expression: `OR` binds less than `AND`.
fn either(words: &mut Words<'_>, allowed: &BTreeSet<String>) -> bool {
    let mut holds = both(words, allowed);
    while words.next_if_eq(&"OR").is_some() {
        holds |= both(words, allowed);
    }
    holds
}

fn both(words: &mut Words<'_>, allowed: &BTreeSet<String>) -> bool {
    let mut holds = one(words, allowed);
    while words.next_if_eq(&"AND").is_some() {
        holds &= one(words, allowed);
    }
    holds
}

fn one(words: &mut Words<'_>, allowed: &BTreeSet<String>) -> bool {
    match words.next() {
        Some("(") => {
            let holds = either(words, allowed);
            words.next_if_eq(&")");
            holds
        }
        Some(name) => {
            // An exception only adds permissions.
            if words.next_if_eq(&"WITH").is_some() {
                words.next();
            }
            allowed.contains(name)
        }
        None => false,
    }
}
