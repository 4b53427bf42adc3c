//! What must not stand in any file: registries' real host names, anything that looks like a live credential, and paths of
//! the machine that somebody happened to work on.

use anyhow::Result;
use regex::Regex;

use super::tree::{self, File};

/// Host names in two parts, so that this file doesn't hold them either.
const REGISTRIES: &[(&str, &str)] = &[
    ("npmjs", "org"),
    ("npmjs", "com"),
    ("yarnpkg", "com"),
    ("pypi", "org"),
    ("pythonhosted", "org"),
    ("rubygems", "org"),
    ("packagist", "org"),
    ("repo.maven.apache", "org"),
    ("nuget", "org"),
    ("proxy.golang", "org"),
    ("ghcr", "io"),
    ("quay", "io"),
    ("npm.pkg.github", "com"),
    ("pkg", "dev"),
    ("jfrog", "io"),
];

/// Shapes of real tokens; none of the patterns matches itself.
const CREDENTIALS: &[&str] = &[
    r"\bgh[opsur]_[A-Za-z0-9]{36}\b",
    r"\bgithub_pat_[A-Za-z0-9_]{60,}",
    r"\bglpat-[A-Za-z0-9_-]{20}\b",
    r"\bnpm_[A-Za-z0-9]{36}\b",
    r"\bpypi-[A-Za-z0-9_-]{50,}",
    r"\bhf_[A-Za-z]{34}\b",
    r"\bA(?:KIA|SIA)[0-9A-Z]{16}\b",
    r"\bxox[abprs]-[0-9A-Za-z-]{10,}",
    r"\bsk_live_[0-9A-Za-z]{16,}",
    r"\beyJ[A-Za-z0-9_-]{10,}\.eyJ[A-Za-z0-9_-]{10,}\.",
    r"-{5}BEGIN (?:[A-Z]+ )?PRIVATE KEY-{5}\s+[A-Za-z0-9+/]{40}",
];

/// Every file but the lock file, which names the registry that all of Rust uses.
fn searched() -> Result<Vec<File>> {
    Ok(tree::files()?.into_iter().filter(|file| file.path != "Cargo.lock").collect())
}

fn matches(pattern: &Regex) -> Result<Vec<String>> {
    let mut found = Vec::new();
    for file in searched()? {
        let lines = file.text.lines().enumerate().filter(|(_, line)| pattern.is_match(line));
        found.extend(lines.map(|(index, _)| format!("{}:{}", file.path, index + 1)));
    }
    Ok(found)
}

#[test]
fn no_registry_is_named() -> Result<()> {
    let names: Vec<String> =
        REGISTRIES.iter().map(|(name, domain)| regex::escape(&format!("{name}.{domain}"))).collect();
    tree::none("host names of registries (use *.example.com)", &matches(&Regex::new(&names.join("|"))?)?)
}

#[test]
fn nothing_looks_like_a_live_credential() -> Result<()> {
    tree::none("texts shaped like credentials", &matches(&Regex::new(&CREDENTIALS.join("|"))?)?)
}

#[test]
fn no_path_of_this_machine() -> Result<()> {
    let folder = tree::root();
    if folder.components().count() < 3 {
        return Ok(());
    }
    tree::none("the absolute path of the project", &matches(&Regex::new(&regex::escape(folder.as_str()))?)?)
}
