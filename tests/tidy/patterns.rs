//! The numbered cases: the ways in which secrets get into images, and files that are hard to migrate. docs/patterns.md is
//! their list.

use std::fmt::Write;
use std::fs;

use anyhow::{Context, Result, ensure};
use camino::Utf8PathBuf;
use serde::Deserialize;

use super::{release, tree};

/// What a case says about itself, as far as the list shows it.
#[derive(Deserialize)]
struct Manifest {
    about: String,
    expect: String,
    because: Option<String>,
}

/// A case whose folder is called `<series>-<number>-<name>`.
struct Numbered {
    number: usize,
    name: String,
    codemod: String,
    folder: Utf8PathBuf,
    manifest: Manifest,
}

/// The last pattern: the names that only sound like secrets.
const PATTERNS: usize = 23;

const BEFORE: &str = "# Patterns and hard cases

Each line is a case: a little repository with the scripts, workflows and pages that build it, what has to become of it, and
why. `cargo test --test cases -- pattern` runs the first table, `-- hard` the second; `tests/tidy` writes this page from the
cases (`UPDATE=1 cargo test --test tidy`) and fails when a pattern has none.

`safe` is changed by `--fix`, `unsafe` by `--fix --unsafe-fixes`; `manual` is found and left alone for the reason behind it;
`none` is not found.

";

#[test]
fn the_book_lists_the_numbered_cases() -> Result<()> {
    let patterns = numbered("pattern")?;
    let numbers: Vec<usize> = patterns.iter().map(|case| case.number).collect();
    ensure!(
        numbers == (1..=PATTERNS).collect::<Vec<_>>(),
        "one case for each pattern, and these are there: {numbers:?}"
    );
    let hard = numbered("hard")?;
    ensure!(hard.windows(2).all(|pair| pair[0].number != pair[1].number), "two hard cases have the same number");
    let page = format!(
        "{BEFORE}## Ways in which a secret gets into an image\n\n{}\n## Files that are hard to migrate\n\n{}",
        table(&patterns)?,
        table(&hard)?
    );
    let path = tree::root().join("docs/patterns.md");
    if std::env::var_os("UPDATE").is_some() {
        fs::write(&path, &page)?;
    }
    let kept = fs::read_to_string(&path).with_context(|| format!("{path} is missing (UPDATE=1 writes it)"))?;
    ensure!(kept == page, "{path} differs from the cases (UPDATE=1 writes it)");
    Ok(())
}

fn numbered(series: &str) -> Result<Vec<Numbered>> {
    let mut found = Vec::new();
    for codemod in tree::root().join("codemods").read_dir_utf8()? {
        let codemod = codemod?.file_name().to_owned();
        let cases = Utf8PathBuf::from("codemods").join(&codemod).join("cases");
        let Ok(folders) = tree::root().join(&cases).read_dir_utf8() else { continue };
        for folder in folders {
            let name = folder?.file_name().to_owned();
            let Some((number, title)) = name.strip_prefix(series).and_then(|rest| rest.get(1..)?.split_once('-'))
            else {
                continue;
            };
            let folder = cases.join(&name);
            let text = fs::read_to_string(tree::root().join(&folder).join("case.toml"))?;
            let (number, name) = (number.parse()?, title.replace('-', " "));
            found.push(Numbered {
                number,
                name,
                codemod: codemod.replace('_', "-"),
                folder,
                manifest: toml::from_str(&text)?,
            });
        }
    }
    found.sort_by_key(|case| case.number);
    Ok(found)
}

fn table(cases: &[Numbered]) -> Result<String> {
    let mut text = "| | case | codemod | outcome | what it shows |\n|---|---|---|---|---|\n".to_owned();
    let repository = release::package("repository")?;
    for Numbered { number, name, codemod, folder, manifest: Manifest { about, expect, because } } in cases {
        let because = because.as_ref().map(|kind| format!(": {kind}")).unwrap_or_default();
        writeln!(
            text,
            "| {number:02} | [{name}]({repository}/tree/main/{folder}) | {codemod} | {expect}{because} | {about} |"
        )?;
    }
    Ok(text)
}
