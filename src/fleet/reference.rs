//! Where the text of a repository names another one.

use std::sync::LazyLock;

use regex::Regex;
use serde::{Deserialize, Serialize};

use super::Target;

/// A place in one repository that names another.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Reference {
    /// The [name](Target::name) of the other repository.
    pub to: String,
    /// The file and the line, from the root.
    pub place: String,
    /// How it is used.
    pub kind: Kind,
    /// The workflow, or the folder of the action, from the root of the other repository.
    #[serde(default)]
    pub path: Option<String>,
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
    /// A workflow of the one builds the other one's Dockerfile when the other one runs it.
    Called,
}

impl Kind {
    /// What it does, between the place and the other repository.
    #[must_use]
    pub fn does(self) -> &'static str {
        match self {
            Self::Workflow => "runs a workflow or action of",
            Self::Build => "builds the Dockerfile of",
            Self::Called => "builds, when it is run from there, the Dockerfile of",
        }
    }
}

static USES: LazyLock<Option<Regex>> = LazyLock::new(|| {
    Regex::new(r#"^\s*(?:-\s+)?uses:\s*["']?([A-Za-z0-9_.-]+/[A-Za-z0-9_.-]+)(?:/([^@\s"']*))?@"#).ok()
});

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
        let mut add = |to: String, kind: Kind, used: Option<String>| {
            if to != own {
                found.push(Reference { to, place: format!("{path}:{}", number + 1), kind, path: used });
            }
        };
        let used = USES.as_ref().and_then(|uses| uses.captures(text));
        if let Some((used, repository)) =
            used.and_then(|used| Some((used.get(2), used.get(1)?.as_str().to_lowercase())))
        {
            let used = used.map_or("", |used| used.as_str()).trim_end_matches('/').to_owned();
            add(format!("{host}/{repository}"), Kind::Workflow, Some(used));
        } else if !text.trim_start().starts_with('#') && (text.contains("build") || text.contains("context")) {
            let addresses = ADDRESS.iter().flat_map(|address| address.find_iter(text));
            let remotes =
                addresses.filter_map(|address| crate::forge::Remote::parse(address.as_str()).map(|_| address));
            for address in remotes {
                add(Target::remote(address.as_str()).map_or_else(String::new, |target| target.name), Kind::Build, None);
            }
        }
    }
    found.retain(|reference| !reference.to.is_empty());
    found
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
}
