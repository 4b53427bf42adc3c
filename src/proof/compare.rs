//! Whether two images are the same apart from what a migration is for.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;

use crate::image::{Files, ListedFile, Searcher};

/// Folders whose content is of one moment: logs, caches, lists of packages, what the engine mounts.
const OF_THE_MOMENT: [&str; 16] = [
    "dev",
    "proc",
    "sys",
    "run",
    "tmp",
    "var/tmp",
    "var/log",
    "var/cache",
    "var/run",
    "var/lib/apt/lists",
    "etc/ld.so.cache",
    "etc/hosts",
    "etc/hostname",
    "etc/resolv.conf",
    ".dockerenv",
    "etc/mtab",
];

/// Parts of a path that say the same, anywhere.
const CACHES: [&str; 3] = ["__pycache__", ".cache", ".npm"];

/// What may differ between an image and that of the migrated repository.
#[derive(Debug, Default)]
pub(super) struct Expected {
    /// Files that hold a value, or that a leak was found in.
    pub leaking: BTreeSet<String>,
    /// The digests of files that the migration changes: before and after.
    pub changed: BTreeSet<(u64, u64)>,
    /// The digests of files that the migration makes.
    pub created: BTreeSet<u64>,
    /// Variables that hold a secret.
    pub variables: BTreeSet<String>,
}

/// The paths in which two images differ, and how: one sentence each without a final period.
pub(super) fn files(before: &Files, after: &Files, expected: &Expected) -> BTreeMap<String, String> {
    let paths: BTreeSet<&String> = before.keys().chain(after.keys()).collect();
    let paths = paths.into_iter().filter(|path| !is_of_the_moment(path) && !expected.leaking.contains(*path));
    let differing = paths.filter_map(|path| {
        let how = match (before.get(path), after.get(path)) {
            (Some(old), None) if old.flag == '5' && is_for_leaks(path, before, expected) => return None,
            (Some(_), None) => "is missing".to_owned(),
            (None, Some(new)) if expected.created.contains(&new.digest) && new.flag == '0' => return None,
            (None, Some(_)) => "is new".to_owned(),
            (Some(old), Some(new)) => difference(old, new, expected)?,
            (None, None) => return None,
        };
        Some((path.clone(), how))
    });
    differing.collect()
}

/// Whether a folder is there for files that leaked, and holds nothing else.
fn is_for_leaks(folder: &str, files: &Files, expected: &Expected) -> bool {
    let below = format!("{folder}/");
    let is_other = |(path, file): (&String, &ListedFile)| file.flag != '5' && !expected.leaking.contains(path);
    let inside = files.range(below.clone()..).take_while(|(path, _)| path.starts_with(&below));
    expected.leaking.iter().any(|path| path.starts_with(&below)) && !inside.into_iter().any(is_other)
}

fn difference(old: &ListedFile, new: &ListedFile, expected: &Expected) -> Option<String> {
    let mut ways = Vec::new();
    if old.flag != new.flag {
        ways.push("is of another kind".to_owned());
    }
    if old.mode != new.mode {
        ways.push(format!("has the mode {:o} instead of {:o}", new.mode, old.mode));
    }
    if old.owner != new.owner {
        let (user, group) = new.owner;
        ways.push(format!("belongs to {user}:{group} instead of {}:{}", old.owner.0, old.owner.1));
    }
    if old.target != new.target {
        ways.push("leads elsewhere".to_owned());
    }
    if old.digest != new.digest && !expected.changed.contains(&(old.digest, new.digest)) {
        ways.push("has another content".to_owned());
    }
    (!ways.is_empty()).then(|| ways.join(" and "))
}

fn is_of_the_moment(path: &str) -> bool {
    let is_below =
        |folder: &str| path.strip_prefix(folder).is_some_and(|rest| rest.is_empty() || rest.starts_with('/'));
    OF_THE_MOMENT.iter().any(|folder| is_below(folder)) || path.split('/').any(|part| CACHES.contains(&part))
}

/// The settings in which two images differ: one sentence each without a final period. Values that hold a secret are left out.
pub(super) fn configs(before: &Value, after: &Value, expected: &Expected, searcher: &Searcher) -> Vec<String> {
    let mut differences = Vec::new();
    let keys: BTreeSet<&String> =
        [before, after].iter().filter_map(|value| value.as_object()).flat_map(|all| all.keys()).collect();
    for key in keys {
        let normal = |config: &Value| normalised(key, config.get(key).unwrap_or(&Value::Null), expected, searcher);
        if normal(before) != normal(after) {
            differences.push(format!("`{key}` of the configuration differs"));
        }
    }
    differences
}

/// A setting without the places of secrets. Empty lists and objects are nothing at all.
fn normalised(key: &str, value: &Value, expected: &Expected, searcher: &Searcher) -> Value {
    let leaks = |text: &str| !searcher.values_in(text.as_bytes()).is_empty();
    let is_secret = |text: &str| text.split_once('=').is_some_and(|(name, _)| expected.variables.contains(name));
    let kept = match (key, value) {
        // The engine names the container's image or build after it.
        ("Image" | "Hostname", _) => Value::Null,
        ("OnBuild", Value::Array(items)) => {
            Value::Array(items.iter().filter_map(|item| trigger(item.as_str()?, expected)).collect())
        }
        (_, Value::Array(items)) => {
            let mut kept: Vec<Value> = items
                .iter()
                .filter(|item| item.as_str().is_none_or(|text| !(leaks(text) || key == "Env" && is_secret(text))))
                .cloned()
                .collect();
            if key == "Env" {
                kept.sort_by_key(Value::to_string);
            }
            Value::Array(kept)
        }
        (_, Value::Object(members)) => {
            let clean =
                |(name, member): &(&String, &Value)| !leaks(name) && member.as_str().is_none_or(|text| !leaks(text));
            let kept = members.iter().filter(clean).map(|(name, member)| (name.clone(), member.clone()));
            Value::Object(kept.collect())
        }
        (_, other) => other.clone(),
    };
    match &kept {
        Value::Array(items) if items.is_empty() => Value::Null,
        Value::Object(members) if members.is_empty() => Value::Null,
        Value::String(text) if text.is_empty() => Value::Null,
        Value::Bool(false) => Value::Null,
        _ => kept,
    }
}

/// An ONBUILD trigger without what a migration changes in it: mounts of secrets, and the `ARG` or `ENV` of a secret.
fn trigger(text: &str, expected: &Expected) -> Option<Value> {
    let is_mount = |word: &&str| word.starts_with("--mount=type=secret") || word.starts_with("--mount=type=ssh");
    let words: Vec<&str> = text.split_whitespace().filter(|word| !is_mount(word)).collect();
    let name = words.get(1).map(|word| word.split('=').next().unwrap_or(word));
    let declares =
        words.first().is_some_and(|keyword| ["ARG", "ENV"].iter().any(|one| keyword.eq_ignore_ascii_case(one)));
    let is_secret = declares && name.is_some_and(|name| expected.variables.contains(name));
    (!is_secret).then(|| Value::String(words.join(" ")))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::image::NamedSecret;

    fn file(mode: u64, digest: u64) -> ListedFile {
        ListedFile { flag: '0', mode, owner: (0, 0), target: String::new(), digest }
    }

    fn searcher() -> Searcher {
        Searcher::new(vec![NamedSecret::new("token", "kn0ck-kn0ck").unwrap()]).unwrap()
    }

    #[test]
    fn every_difference_is_told_but_those_that_are_expected() {
        let before: Files =
            [("a", 1), ("b", 1), ("c", 1), ("d", 1), ("root/.npmrc", 1), ("var/log/x", 1), ("Makefile", 7)]
                .map(|(path, digest)| (path.to_owned(), file(0o644, digest)))
                .into();
        let mut after = before.clone();
        after.remove("a");
        after.remove("root/.npmrc");
        after.remove("var/log/x");
        after.insert("b".to_owned(), file(0o600, 2));
        after.insert("new".to_owned(), file(0o644, 1));
        after.insert("c".to_owned(), ListedFile { owner: (1000, 0), ..file(0o644, 1) });
        after.insert("Makefile".to_owned(), file(0o644, 8));
        let expected =
            Expected { leaking: ["root/.npmrc".to_owned()].into(), changed: [(7, 8)].into(), ..Expected::default() };
        let told: Vec<String> =
            files(&before, &after, &expected).iter().map(|(path, how)| format!("{path} {how}")).collect();
        assert_eq!(
            told,
            [
                "a is missing",
                "b has the mode 600 instead of 644 and has another content",
                "c belongs to 1000:0 instead of 0:0",
                "new is new",
            ]
        );
        assert!(files(&before, &before, &Expected::default()).is_empty());
    }

    #[test]
    fn a_configuration_may_lose_its_secrets_and_nothing_else() {
        let expected = Expected { variables: ["EMPTY_TOKEN".to_owned()].into(), ..Expected::default() };
        let before = json!({
            "Env": ["PATH=/bin", "TOKEN=kn0ck-kn0ck", "EMPTY_TOKEN="], "Cmd": ["a"], "Labels": {"t": "kn0ck-kn0ck"},
            "OnBuild": ["ARG EMPTY_TOKEN", "RUN npm ci"], "Image": "sha256:1", "Tty": false,
        });
        let after = json!({
            "Env": ["PATH=/bin"], "Cmd": ["a"], "Labels": null,
            "OnBuild": ["RUN --mount=type=secret,id=t,env=EMPTY_TOKEN npm ci"], "Image": "sha256:2",
        });
        assert_eq!(configs(&before, &after, &expected, &searcher()), Vec::<String>::new());
        let wrong = json!({"Env": ["PATH=/bin", "A=1"], "Cmd": ["b"], "User": "node", "OnBuild": ["RUN npm i"]});
        assert_eq!(
            configs(&before, &wrong, &expected, &searcher()),
            ["Cmd", "Env", "OnBuild", "User"].map(|key| format!("`{key}` of the configuration differs"))
        );
    }
}
