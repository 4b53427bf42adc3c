//! What a repository takes from another one when it builds an image, and what that means for the order of two changes.

use std::sync::LazyLock;

use regex::Regex;
use serde::{Deserialize, Serialize};

use super::{Record, Stage, Target};
use crate::report::shown::line;

/// A place in one repository that names another.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Reference {
    /// The [name](Target::name) of the other repository.
    pub to: String,
    /// The file and the line, from the root.
    pub place: String,
    /// How it is used.
    pub kind: Kind,
}

/// How a repository uses another.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Kind {
    /// It runs a workflow or an action of it: `uses: acme/ci/.github/workflows/image.yml@v1` (docs.github.com, "Reuse
    /// workflows").
    Workflow,
    /// It builds its Dockerfile from its address: `docker build https://git.example.com/acme/shop.git#main` (docs.docker.com,
    /// "Build context", "Git repositories").
    Build,
}

impl Kind {
    /// What it does, behind the place.
    #[must_use]
    pub fn does(self) -> &'static str {
        match self {
            Self::Workflow => "runs a workflow or action of it",
            Self::Build => "builds it from its address",
        }
    }
}

/// Two repositories of a fleet, one of which has something to change that the other uses.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Link {
    /// The one that uses the other.
    pub caller: String,
    /// The one that is used, where something leaks.
    pub callee: String,
    /// Where, in the caller.
    pub place: String,
    /// How.
    pub kind: Kind,
}

impl Link {
    /// Which change is merged first, and what to look for: one sentence without a final period.
    ///
    /// BuildKit ignores a secret that no mount asks for, so a caller that builds from an address can pass it before the
    /// Dockerfile wants it. A workflow refuses a secret that it does not declare (docs.github.com, "Workflow syntax",
    /// `jobs.<job_id>.secrets`), so there the workflow comes first.
    #[must_use]
    pub fn order(&self) -> String {
        let (caller, callee) = (line(&self.caller), line(&self.callee));
        match self.kind {
            Kind::Build => format!(
                "first have {caller} pass the secret beside the build argument, then merge {callee}, then remove the \
                 argument from {caller}"
            ),
            Kind::Workflow => format!(
                "first merge {callee} with its new secrets not required, then have {caller} pass them, at the version that \
                 has them"
            ),
        }
    }
}

static USES: LazyLock<Option<Regex>> =
    LazyLock::new(|| Regex::new(r#"^\s*(?:-\s+)?uses:\s*["']?([A-Za-z0-9_.-]+/[A-Za-z0-9_.-]+)(?:/[^@\s"']*)?@"#).ok());

static ADDRESS: LazyLock<Option<Regex>> = LazyLock::new(|| {
    Regex::new(r#"(?:https?://|ssh://|git@)[A-Za-z0-9_.@:/%~-]+?\.git\b|(?:https?|ssh)://[A-Za-z0-9_.@:/%~-]+"#).ok()
});

/// What the text of the file `path` takes from other repositories. `own` is the name of the repository that has it: workflows
/// name others on the same host only.
#[must_use]
pub fn references(path: &str, text: &str, own: &str) -> Vec<Reference> {
    let host = own.split('/').next().unwrap_or_default();
    let mut found: Vec<Reference> = Vec::new();
    for (number, text) in text.lines().enumerate() {
        let mut add = |to: String, kind: Kind| {
            if to != own {
                found.push(Reference { to, place: format!("{path}:{}", number + 1), kind });
            }
        };
        let used = USES.as_ref().and_then(|uses| uses.captures(text)?.get(1));
        if let Some(used) = used {
            add(format!("{host}/{}", used.as_str().to_lowercase()), Kind::Workflow);
        } else if !text.trim_start().starts_with('#') && (text.contains("build") || text.contains("context")) {
            let addresses = ADDRESS.iter().flat_map(|address| address.find_iter(text));
            let remotes =
                addresses.filter_map(|address| crate::forge::Remote::parse(address.as_str()).map(|_| address));
            for address in remotes {
                add(Target::parse(address.as_str()).map_or_else(|_| String::new(), |target| target.name), Kind::Build);
            }
        }
    }
    found.retain(|reference| !reference.to.is_empty());
    found
}

/// The uses between repositories of one fleet where the one that is used has something to change.
#[must_use]
pub fn links(records: &[Record]) -> Vec<Link> {
    let changes = |name: &str| {
        let waits =
            |record: &Record| !matches!(record.stage, Stage::Merged | Stage::Clean) && !record.findings.is_empty();
        records.iter().any(|record| record.name == name && waits(record))
    };
    let link = |record: &Record, reference: &Reference| Link {
        caller: record.name.clone(),
        callee: reference.to.clone(),
        place: reference.place.clone(),
        kind: reference.kind,
    };
    let all = records.iter().flat_map(|record| record.references.iter().map(move |reference| (record, reference)));
    all.filter(|(_, reference)| changes(&reference.to)).map(|(record, reference)| link(record, reference)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn workflows_and_addresses_of_other_repositories_are_found() {
        let workflow = "jobs:\n  image:\n    uses: Acme/ci/.github/workflows/image.yml@v1\n  x:\n    steps:\n    - uses: \
                        'acme/build-action@main'\n    - uses: ./local\n    - run: docker build \
                        https://github.com/acme/shop.git#main\n";
        let found = references("w.yml", workflow, "github.com/acme/deploy");
        let found: Vec<_> = found.iter().map(|found| (found.to.as_str(), found.place.as_str(), found.kind)).collect();
        assert_eq!(
            found,
            [
                ("github.com/acme/ci", "w.yml:3", Kind::Workflow),
                ("github.com/acme/build-action", "w.yml:6", Kind::Workflow),
                ("github.com/acme/shop", "w.yml:8", Kind::Build),
            ]
        );
        assert!(references("b.sh", "# docker build https://github.com/acme/shop.git\n", "x").is_empty());
        assert!(references("b.sh", "curl https://github.com/acme/shop.git\n", "x").is_empty());
    }

    #[test]
    fn only_one_that_has_something_to_change_is_linked() {
        let record = |name: &str| Record::new(&Target::parse(&format!("https://github.com/acme/{name}")).unwrap());
        let mut caller = record("deploy");
        caller.references = references("b.sh", "docker build git@github.com:acme/shop.git#main", &caller.name);
        let mut callee = record("shop");
        callee.reach(Stage::Clean, 1);
        assert!(links(&[caller.clone(), callee.clone()]).is_empty());
        callee.findings.push(super::super::Found {
            codemod: "arg-secret".into(),
            severity: "error".into(),
            place: "Dockerfile:2".into(),
            title: String::new(),
            fixed: true,
            reason: None,
        });
        callee.reach(Stage::Planned, 2);
        let found = links(&[caller, callee]);
        assert_eq!(found.len(), 1);
        assert!(
            found[0].order().starts_with("first have github.com/acme/deploy pass the secret"),
            "{}",
            found[0].order()
        );
    }
}
