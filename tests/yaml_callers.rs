//! Workflows, actions and Compose files of the corpus, when it is there: nothing panics, every rewrite is proven.

#![allow(clippy::expect_used, clippy::print_stdout, reason = "a survey prints what it counts")]

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use camino::{Utf8Path, Utf8PathBuf};
use dfmigrate::callers::compose::Compose;
use dfmigrate::callers::github::GithubActions;
use dfmigrate::callers::{
    ArgumentValue, Caller, Dockerfiles, Receipt, Request, RequestedSecret, Surroundings, recognised,
};
use dfmigrate::source::{Source, apply_edits};

struct Folder {
    root: PathBuf,
}

impl Surroundings for Folder {
    fn is_file(&self, path: &Utf8Path) -> bool {
        self.root.join(path).is_file()
    }

    fn dockerfiles(&self) -> &[Utf8PathBuf] {
        &[]
    }

    fn text(&self, _: &Utf8Path) -> Option<&str> {
        None
    }
}

fn yaml_files(folder: &Path, found: &mut Vec<PathBuf>) {
    for entry in std::fs::read_dir(folder).into_iter().flatten().flatten() {
        let path = entry.path();
        if path.is_dir() {
            yaml_files(&path, found);
        } else if path.extension().is_some_and(|extension| extension == "yml" || extension == "yaml") {
            found.push(path);
        }
    }
}

fn kind(value: &ArgumentValue) -> &'static str {
    match value {
        ArgumentValue::Inherited => "by name",
        ArgumentValue::Variable(_) => "variable",
        ArgumentValue::Expression(_) => "expression",
        ArgumentValue::File(_) => "file",
        ArgumentValue::Empty => "empty",
        ArgumentValue::Literal(_) => "literal",
        ArgumentValue::Composite => "composite",
    }
}

fn is_secret(name: &str) -> bool {
    let upper = name.to_uppercase();
    ["TOKEN", "SECRET", "PASS", "KEY", "AUTH", "DATABASE_URL", "PAT", "CRED"].iter().any(|part| upper.contains(part))
}

/// Runs both callers over every repository below `set` and rewrites every argument with a secret-looking name.
fn survey(set: &Path, counts: &mut BTreeMap<String, usize>) {
    for entry in std::fs::read_dir(set).into_iter().flatten().flatten() {
        let (path, before) = (entry.path(), entry.path().join("before"));
        let repository = if before.is_dir() { before } else { path };
        let mut files = Vec::new();
        yaml_files(&repository, &mut files);
        let around = Folder { root: repository.clone() };
        for file in files {
            let Ok(relative) = file.strip_prefix(&repository) else { continue };
            let Some(relative) = relative.to_str() else { continue };
            let source = Source::new(relative, std::fs::read(&file).unwrap_or_default());
            for caller in [&GithubActions as &dyn Caller, &Compose] {
                let own = recognised(source.path(), source.text()).map(|known| known.format());
                if own == Some(caller.format()) {
                    survey_file(caller, &source, &around, counts);
                }
            }
        }
    }
}

fn survey_file(caller: &dyn Caller, source: &Source, around: &Folder, counts: &mut BTreeMap<String, usize>) {
    let shown = std::env::var_os("SHOW").is_some();
    let mut count = |key: String| *counts.entry(format!("{}: {key}", caller.format())).or_default() += 1;
    count("files".to_owned());
    for build in caller.builds(source, around) {
        count("builds".to_owned());
        count(match &build.dockerfiles {
            Dockerfiles::One(_) => "Dockerfile: one".to_owned(),
            Dockerfiles::Several(_) => "Dockerfile: several".to_owned(),
            Dockerfiles::Elsewhere => "Dockerfile: elsewhere".to_owned(),
            Dockerfiles::Unknown(_) => "Dockerfile: unknown".to_owned(),
        });
        if shown && let Dockerfiles::Unknown(text) = &build.dockerfiles {
            println!("UNKNOWN {} {}: {text}", around.root.display(), source.path());
        }
        if build.opaque.is_some() {
            count("opaque".to_owned());
        }
        for argument in &build.arguments {
            count(format!("argument: {}", kind(&argument.value)));
            if !is_secret(&argument.name) {
                continue;
            }
            let secret = Some(RequestedSecret { id: argument.name.to_lowercase(), receipt: Receipt::Variable });
            let request = Request { argument: argument.name.clone(), secret, beside: false };
            match caller.pass_secrets(source, around, &build, &[request]) {
                Ok(rewrite) => {
                    count("secret argument: rewritten".to_owned());
                    let after = apply_edits(source.text(), &rewrite.edits).expect("edits that do not overlap");
                    if shown {
                        let diff = similar::TextDiff::from_lines(source.text(), &after);
                        println!("REWRITTEN {} {} {}", around.root.display(), source.path(), argument.name);
                        println!("{}", diff.unified_diff().context_radius(2));
                    }
                }
                Err(refusal) => {
                    count(format!("secret argument, {}: refused", kind(&argument.value)));
                    if shown {
                        println!("REFUSED {} {}: {}", around.root.display(), source.path(), refusal.reason);
                    }
                }
            }
        }
    }
}

#[test]
fn the_corpus_is_read_and_every_rewrite_is_proven() {
    let corpus = Path::new(env!("CARGO_MANIFEST_DIR")).join("../shared/corpus");
    if !corpus.is_dir() {
        return;
    }
    let mut counts = BTreeMap::new();
    for set in ["secrets", "plain", "pairs"] {
        survey(&corpus.join(set), &mut counts);
    }
    for (key, count) in &counts {
        println!("{count:6} {key}");
    }
    assert!(counts.values().sum::<usize>() > 0);
}
