//! Where the project is and which version it has stands in Cargo.toml; every other place says the same (docs/releasing.md).

use std::fs;

use anyhow::{Context, Result, ensure};
use regex::Regex;

use super::tree;

/// A value of `[package]` in Cargo.toml.
pub fn package(key: &str) -> Result<String> {
    let manifest: toml::Table = toml::from_str(&fs::read_to_string(tree::root().join("Cargo.toml"))?)?;
    let value = manifest.get("package").and_then(|package| package.get(key)).and_then(toml::Value::as_str);
    Ok(value.with_context(|| format!("no `{key}` in Cargo.toml"))?.to_owned())
}

/// What `pattern` catches in the files that name the project, and is not `own`.
fn others(pattern: &str, own: &str) -> Result<Vec<String>> {
    let pattern = Regex::new(pattern)?;
    let (mut others, mut count) = (Vec::new(), 0);
    let speaks = |path: &str| path.starts_with("docs/") || ["README.md", "action.yml"].contains(&path);
    for file in tree::files()?.into_iter().filter(|file| speaks(file.path.as_str())) {
        for found in pattern.captures_iter(&file.text).filter_map(|found| found.get(1)) {
            count += 1;
            if found.as_str() != own {
                others.push(format!("{}: {}", file.path, found.as_str()));
            }
        }
    }
    ensure!(count > 1, "`{pattern}` is found {count} times");
    Ok(others)
}

#[test]
fn every_address_is_that_of_the_manifest() -> Result<()> {
    let own = package("repository")?;
    let own = own.strip_prefix("https://github.com/").context("the action needs a repository on GitHub")?;
    let addresses = r"(?:https://github\.com/|uses: )([\w.-]+/dfmigrate)\b";
    tree::none("addresses of another repository than `repository` in Cargo.toml", &others(addresses, own)?)
}

#[test]
fn every_version_is_that_of_the_manifest() -> Result<()> {
    let versions = r#"(?m)(?:/dfmigrate@v|rev: v|^  version ")(\d+\.\d+\.\d+)"#;
    tree::none("other versions than `version` in Cargo.toml", &others(versions, &package("version")?)?)
}
