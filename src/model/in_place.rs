use std::collections::BTreeMap;

use crate::syntax::shell::{PartKind, Word};

use super::Dockerfile;
use super::run::{Run, assigned_name};

/// A secret that RUNs get by a mount, under one of the names by which their commands use it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Mounted {
    /// The secret's id.
    pub id: String,
    /// The variable that holds the value; one made of the id where the commands read the file in place.
    pub name: String,
    /// The mounted file, where commands read it in place: `$(cat /run/secrets/token)`.
    pub path: Option<String>,
    /// The RUNs, indices into [`Dockerfile::steps`].
    pub steps: Vec<usize>,
}

impl Dockerfile {
    /// The secrets that RUNs mount: one for each variable that a mount fills, that a RUN fills from the mounted file, and
    /// for each file that is read in place.
    #[must_use]
    pub fn mounted(&self) -> Vec<Mounted> {
        let mut found: BTreeMap<(String, String, Option<String>), Vec<usize>> = BTreeMap::new();
        for (index, step) in self.steps.iter().enumerate() {
            let Some(run) = &step.run else { continue };
            let mounts = step.instruction.flags().into_iter().filter_map(|flag| flag.mount());
            for mount in mounts.filter(|mount| mount.kind == "secret") {
                let target = mount.get("target").map(str::to_owned);
                let id = mount.get("id").or_else(|| mount.get("source")).map(str::to_owned);
                let Some(id) = id.or_else(|| Some(target.as_ref()?.rsplit('/').next()?.to_owned())) else { continue };
                if let Some(name) = mount.get("env") {
                    found.entry((id, name.to_owned(), None)).or_default().push(index);
                    continue;
                }
                let file = id.rsplit('/').next().unwrap_or(&id);
                let path = target.unwrap_or_else(|| format!("/run/secrets/{file}"));
                for name in filled_from(run, &path) {
                    found.entry((id.clone(), name, None)).or_default().push(index);
                }
                found.entry((id.clone(), variable_of(&id), Some(path))).or_default().push(index);
            }
        }
        found.into_iter().map(|((id, name, path), steps)| Mounted { id, name, path, steps }).collect()
    }
}

/// Whether an expansion in `word` is the content of the file: `$(cat PATH)`, `$(< PATH)`.
#[must_use]
pub fn reads_in_place(word: &Word, path: &str) -> bool {
    word.parts.iter().any(|part| match &part.kind {
        PartKind::Command(script) => script.commands().iter().any(|context| {
            let words = context.command.words.iter().chain(context.command.redirects.iter().map(|one| &one.target));
            words.into_iter().any(|word| word.literal().as_deref() == Some(path))
        }),
        _ => false,
    })
}

fn filled_from(run: &Run, path: &str) -> Vec<String> {
    let mut names = Vec::new();
    for command in run.commands() {
        let assigned = command.assignments.iter().filter(|assignment| reads_in_place(&assignment.value, path));
        names.extend(assigned.map(|assignment| assignment.name.clone()));
        let words = command.words.iter().filter(|word| reads_in_place(word, path));
        let exports = matches!(command.name().as_deref(), Some("export" | "local" | "readonly" | "declare"));
        names.extend(words.filter(|_| exports).filter_map(assigned_name));
    }
    names.sort();
    names.dedup();
    names
}

/// The usual spelling of a variable for a secret's id: `npm-token` is `NPM_TOKEN`.
fn variable_of(id: &str) -> String {
    let letter = |char: char| if char.is_ascii_alphanumeric() { char.to_ascii_uppercase() } else { '_' };
    let name: String = id.chars().map(letter).collect();
    if name.starts_with(|char: char| char.is_ascii_digit()) { format!("SECRET_{name}") } else { name }
}
