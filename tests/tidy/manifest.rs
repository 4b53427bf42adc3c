//! What the package says about itself.

use anyhow::{Context, Result, ensure};
use toml::Table;

use super::tree;

#[test]
fn the_package_is_described() -> Result<()> {
    let manifest: Table = toml::from_str(&std::fs::read_to_string(tree::root().join("Cargo.toml"))?)?;
    let package = manifest.get("package").and_then(|package| package.as_table()).context("there is no [package]")?;
    for field in
        ["name", "version", "edition", "rust-version", "description", "license", "readme", "keywords", "include"]
    {
        ensure!(package.contains_key(field), "Cargo.toml has no `{field}`");
    }
    let keywords = package.get("keywords").and_then(|keywords| keywords.as_array()).context("keywords are a list")?;
    ensure!(keywords.len() <= 5, "at most five keywords are allowed");
    for file in ["LICENSE-MIT", "LICENSE-APACHE"] {
        ensure!(tree::root().join(file).is_file(), "{file} is missing");
    }
    Ok(())
}
