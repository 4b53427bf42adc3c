//! The interface that others build on stays: what `snapshots/public-api.txt` has may not go or change without a look at it.
//!
//! `cargo run --manifest-path tests/public_api/Cargo.toml` compares, and with UPDATE=1 in the environment it writes the listing.
//! What is new need not be in it.

use std::{collections::BTreeSet, fs, path::Path, process::Command};

use anyhow::{Context, Result, ensure};

/// The modules from parsing to applying. The others are public for the program and its tests, and may change at any time.
const PROMISED: [&str; 7] = ["apply", "codemods", "model", "plan", "repository", "source", "syntax"];

/// The public items of these modules, one a line.
fn listing(root: &Path) -> Result<String> {
    let mut command = Command::new("cargo");
    command.args([
        "rustdoc",
        "--lib",
        "--locked",
        "--quiet",
        "--",
        "-Z",
        "unstable-options",
        "--output-format",
        "json",
    ]);
    // The format is not a stable one, so the compiler wants to be asked for it.
    let status = command.current_dir(root).env("RUSTC_BOOTSTRAP", "1").status()?;
    ensure!(status.success(), "the documentation can't be made");
    let target = std::env::var_os("CARGO_TARGET_DIR").map_or_else(|| root.join("target"), Into::into);
    let api = public_api::Builder::from_rustdoc_json(target.join("doc/dfmigrate.json"))
        .omit_blanket_impls(true)
        .omit_auto_trait_impls(true)
        .omit_auto_derived_impls(true)
        .build()?;
    let names = PROMISED.map(|module| format!("dfmigrate::{module}"));
    let is_promised = |line: &String| {
        // The first path is the item's own; the others are its types.
        let own = line.split(['(', '<', ' ', '=']).find(|word| word.starts_with("dfmigrate::")).unwrap_or_default();
        names.iter().any(|name| own == name || own.starts_with(&format!("{name}::")))
    };
    let lines: BTreeSet<String> = api.items().map(|item| item.to_string()).filter(is_promised).collect();
    Ok(lines.into_iter().map(|line| line + "\n").collect())
}

fn main() -> Result<()> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    let now = listing(&root)?;
    let path = root.join("snapshots/public-api.txt");
    if std::env::var_os("UPDATE").is_some() {
        fs::write(&path, &now)?;
    }
    let kept = fs::read_to_string(&path).context("snapshots/public-api.txt is missing; UPDATE=1 writes it")?;
    let now: BTreeSet<&str> = now.lines().collect();
    let gone: Vec<&str> = kept.lines().filter(|line| !now.contains(line)).collect();
    ensure!(
        gone.is_empty(),
        "these are no longer public as they were. A release with that needs another version (docs/releasing.md); UPDATE=1 writes \
         the listing.\n{}",
        gone.join("\n")
    );
    println!("{} public items are as they were, {} are new", kept.lines().count(), now.len() - kept.lines().count());
    Ok(())
}
