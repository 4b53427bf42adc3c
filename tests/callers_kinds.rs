//! Every format passes an argument as a secret however it is given: by name, by value, by expression, next to other
//! arguments, beside a secret that is there; and refuses what it can't pass. `callers_kinds.toml` beside this file is the
//! table; a format without an entry fails.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;

use anyhow::{Context, Result, bail, ensure};
use camino::Utf8Path;
use dfmigrate::callers::{self, Build, Receipt, Request, RequestedSecret};
use dfmigrate::repository::Repository;
use dfmigrate::source::{Source, apply_edits};
use serde::Deserialize;

/// The ways in which an argument may be given.
const KINDS: [&str; 6] = ["name", "value", "expression", "beside", "existing", "refusal"];

/// What stands for the argument in a file.
const PLACE: &str = "@@";

/// One format.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Table {
    /// The path of its file.
    path: String,
    /// The file, with [`PLACE`] in it.
    file: String,
    /// The id of the secret.
    #[serde(default = "id")]
    id: String,
    /// What is put there, by kind.
    #[serde(default)]
    passed: BTreeMap<String, String>,
    /// The same, for what is refused.
    #[serde(default)]
    refused: BTreeMap<String, String>,
    /// Why a kind can't be written in the format.
    #[serde(default)]
    never: BTreeMap<String, String>,
}

fn id() -> String {
    "t".to_owned()
}

fn tables() -> Result<BTreeMap<String, Table>> {
    let path = Utf8Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/callers_kinds.toml");
    Ok(toml::from_str(&fs::read_to_string(path)?)?)
}

fn builds(path: &str, text: &str) -> Vec<Build> {
    callers::builds(&repository(path, text)).into_iter().filter(|build| build.file == path).collect()
}

fn repository(path: &str, text: &str) -> Repository {
    let file = Source::new(path, text.as_bytes().to_vec());
    let dockerfile = Source::new("Dockerfile", b"FROM scratch\nARG T\n".to_vec());
    Repository::new([], [file, dockerfile], vec!["Dockerfile".into()])
}

/// The file after all of its builds pass `T` as the secret `id`, or the reason of the refusal.
fn passed(path: &str, text: &str, id: &str) -> Result<Result<String, String>> {
    let secret = RequestedSecret { id: id.to_owned(), receipt: Receipt::Variable };
    let request = Request { argument: "T".to_owned(), secret: Some(secret), beside: false };
    let asked: Vec<_> = builds(path, text).iter().map(|build| (build.index, vec![request.clone()])).collect();
    ensure!(!asked.is_empty(), "no build is found in\n{text}");
    Ok(match callers::pass_all(&repository(path, text), path.into(), &asked) {
        Ok(rewrite) => Ok(apply_edits(text, &rewrite.edits)?),
        Err((_, refusal)) => Err(refusal.reason),
    })
}

#[test]
fn every_format_has_every_kind() -> Result<()> {
    let tables = tables()?;
    let formats: BTreeSet<&str> = callers::ALL.iter().map(|caller| caller.format().name()).collect();
    let written: BTreeSet<&str> = tables.keys().map(String::as_str).collect();
    assert_eq!(formats, written);
    for (format, table) in &tables {
        let kinds: BTreeSet<&str> = [&table.passed, &table.refused, &table.never]
            .into_iter()
            .flat_map(BTreeMap::keys)
            .map(String::as_str)
            .collect();
        assert_eq!(kinds, BTreeSet::from(KINDS), "{format}");
        let count = table.passed.len() + table.refused.len() + table.never.len();
        assert_eq!(count, KINDS.len(), "{format} has one entry a kind");
        assert!(table.refused.contains_key("refusal"), "{format}");
        let caller = callers::recognised(Utf8Path::new(&table.path), &table.file);
        assert_eq!(caller.map(|caller| caller.format().name()), Some(format.as_str()));
    }
    Ok(())
}

#[test]
fn what_can_be_passed_is() -> Result<()> {
    let mut wrong = Vec::new();
    for (format, table) in tables()? {
        for (kind, written) in &table.passed {
            if let Err(error) = look(&table, &table.file.replace(PLACE, written)) {
                wrong.push(format!("{format} by {kind}: {error:#}"));
            }
        }
    }
    ensure!(wrong.is_empty(), "{}", wrong.join("\n\n"));
    Ok(())
}

fn look(table: &Table, before: &str) -> Result<()> {
    let Table { path, id, .. } = table;
    let after = passed(path, before, id)?.map_err(anyhow::Error::msg).with_context(|| before.to_owned())?;
    let windows = |text: &str| text.replace('\n', "\r\n");
    ensure!(passed(path, &windows(before), id)? == Ok(windows(&after)), "CRLF differs for\n{after}");
    ensure!(passed(path, &after, id)? == Ok(after.clone()), "a second run changes\n{after}");
    let (old, new) = (builds(path, before), builds(path, &after));
    ensure!(old.len() == new.len(), "{} builds became {}:\n{after}", old.len(), new.len());
    for (old, new) in old.iter().zip(&new) {
        let others = |build: &Build| -> Vec<_> {
            let others = build.arguments.iter().filter(|given| given.name != "T");
            others.map(|given| (given.name.clone(), given.value.clone())).collect()
        };
        ensure!(old.arguments.iter().any(|given| given.name == "T"), "the argument is not read:\n{before}");
        ensure!(new.arguments.iter().all(|given| given.name != "T"), "the argument stays:\n{after}");
        ensure!(others(old) == others(new), "other arguments changed:\n{after}");
        let has = |wanted: &str| new.secrets.iter().any(|secret| secret.id == wanted);
        ensure!(has(id) && old.secrets.iter().all(|secret| has(&secret.id)), "the secrets are not right:\n{after}");
    }
    // No line is touched that passes something else.
    for line in before.lines().filter(|line| line.contains("keep")) {
        ensure!(after.lines().any(|other| other == line), "`{line}` changed:\n{after}");
    }
    Ok(())
}

#[test]
fn what_can_not_be_passed_is_refused() -> Result<()> {
    for (format, table) in tables()? {
        for (kind, written) in &table.refused {
            let before = table.file.replace(PLACE, written);
            match passed(&table.path, &before, &table.id).with_context(|| format!("{format} by {kind}"))? {
                Ok(after) => bail!("{format} by {kind} became\n{after}"),
                Err(reason) => ensure!(!reason.is_empty() && !reason.ends_with('.'), "{format} by {kind}: {reason}"),
            }
        }
    }
    Ok(())
}
