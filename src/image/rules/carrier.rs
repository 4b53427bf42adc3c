//! Files that are known to carry credentials, by their path; what they carry is read from their content.

use super::{entries, is_written_out, of_text, of_variable};
use crate::{
    image::finding::{Kind, Severity},
    knowledge::files::{FileVerdict, classify_file},
};

/// Settings are read as a whole up to this size in bytes.
pub(in crate::image) const LARGEST_SETTINGS: usize = 200 << 10;

/// How the content of a file is read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Carrier {
    /// Names with values, in any common notation.
    Settings,
    /// Words in pairs: `machine … login … password …`.
    Netrc,
    /// `host:port:database:user:password`.
    Pgpass,
    /// `user:hash`.
    Hashes,
    /// `NAME=value` of an application.
    Variables,
    /// Text with URLs: lock files, manifests, logs.
    Text,
    /// A binary store of keys.
    KeyStore,
}

/// The last parts of paths that decide before `knowledge::files` does: lower case, `*` for any text.
const PATHS: &[(&str, Carrier)] = &[
    (".git/config", Carrier::Settings),
    ("git/modules/*/config", Carrier::Settings),
    ("etc/gitconfig", Carrier::Settings),
    (".git-credentials", Carrier::Text),
    ("git-credentials", Carrier::Text),
    (".netrc", Carrier::Netrc),
    ("_netrc", Carrier::Netrc),
    ("netrc", Carrier::Netrc),
    ("apt/auth.conf", Carrier::Netrc),
    ("auth.conf.d/*", Carrier::Netrc),
    (".pgpass", Carrier::Pgpass),
    ("pgpass.conf", Carrier::Pgpass),
    ("etc/shadow", Carrier::Hashes),
    ("etc/shadow-", Carrier::Hashes),
    ("htpasswd", Carrier::Hashes),
    (".htpasswd", Carrier::Hashes),
    ("*.htpasswd", Carrier::Hashes),
    (".env", Carrier::Variables),
    (".env.*", Carrier::Variables),
    ("*.env", Carrier::Variables),
    (".profile", Carrier::Variables),
    (".bashrc", Carrier::Variables),
    ("etc/environment", Carrier::Variables),
    ("*.jks", Carrier::KeyStore),
    ("*.keystore", Carrier::KeyStore),
    ("*.p12", Carrier::KeyStore),
    ("*.pfx", Carrier::KeyStore),
    ("package.json", Carrier::Text),
    ("package-lock.json", Carrier::Text),
    (".package-lock.json", Carrier::Text),
    ("npm-shrinkwrap.json", Carrier::Text),
    ("yarn.lock", Carrier::Text),
    (".yarn-integrity", Carrier::Text),
    ("pnpm-lock.yaml", Carrier::Text),
    ("bun.lock", Carrier::Text),
    ("composer.json", Carrier::Text),
    ("composer.lock", Carrier::Text),
    ("installed.json", Carrier::Text),
    ("gemfile", Carrier::Text),
    ("gemfile.lock", Carrier::Text),
    ("cargo.toml", Carrier::Text),
    ("cargo.lock", Carrier::Text),
    ("go.mod", Carrier::Text),
    ("pipfile", Carrier::Text),
    ("pipfile.lock", Carrier::Text),
    ("poetry.lock", Carrier::Text),
    ("uv.lock", Carrier::Text),
    ("pyproject.toml", Carrier::Text),
    ("requirements*.txt", Carrier::Text),
    ("direct_url.json", Carrier::Text),
    ("uv.toml", Carrier::Text),
    ("sources.list", Carrier::Text),
    ("sources.list.d/*", Carrier::Text),
    ("apk/repositories", Carrier::Text),
    ("*.repo", Carrier::Settings),
    ("_logs/*", Carrier::Settings),
    ("npm-debug.log*", Carrier::Settings),
    ("yarn-error.log", Carrier::Settings),
    ("pip.log", Carrier::Text),
    (".bash_history", Carrier::Settings),
    (".ash_history", Carrier::Settings),
    ("containers/auth.json", Carrier::Settings),
    ("registry/config.json", Carrier::Settings),
    ("pdm/config.toml", Carrier::Settings),
    ("uv/credentials/*", Carrier::Settings),
    ("gh/hosts.yml", Carrier::Settings),
];

/// What the file `path` with `content` gives away. The content is that of the whole file.
pub(in crate::image) fn of_file(path: &str, content: &[u8]) -> Vec<(Kind, Severity)> {
    if is_program(path) {
        return Vec::new();
    }
    let Some(carrier) = carrier(path) else { return Vec::new() };
    if carrier == Carrier::KeyStore {
        return key_store(content).into_iter().collect();
    }
    let Ok(text) = std::str::from_utf8(content) else { return Vec::new() };
    let severity = if carrier == Carrier::Hashes { Severity::Warning } else { Severity::Error };
    let mut found = match carrier {
        Carrier::Settings => entries::settings(text),
        Carrier::Netrc => entries::netrc(text),
        Carrier::Pgpass => entries::pgpass(text),
        Carrier::Hashes => entries::hashes(text),
        Carrier::Variables => variables(text),
        Carrier::Text | Carrier::KeyStore => Vec::new(),
    };
    found.extend(text.lines().flat_map(of_text));
    found.dedup();
    found.into_iter().map(|kind| (kind, severity)).collect()
}

/// Whether a file is a program or its documentation by its extension, as most files of an image are. That is only to save
/// the time of a closer look.
fn is_program(path: &str) -> bool {
    let extension = path.rsplit_once('.').map_or("", |(_, extension)| extension);
    matches!(
        extension,
        "py" | "pyc"
            | "pyi"
            | "h"
            | "hpp"
            | "c"
            | "cc"
            | "js"
            | "mjs"
            | "cjs"
            | "ts"
            | "map"
            | "html"
            | "css"
            | "md"
            | "gz"
            | "so"
            | "mo"
            | "rb"
            | "go"
            | "rs"
            | "pl"
            | "pm"
            | "class"
            | "svg"
            | "png"
            | "a"
            | "o"
    )
}

/// Whether a file is one that tools keep their settings or logs in.
pub(in crate::image) fn is_settings(path: &str) -> bool {
    carrier(path).is_some()
}

fn carrier(path: &str) -> Option<Carrier> {
    let lower = path.to_ascii_lowercase();
    let known = PATHS.iter().find(|(pattern, _)| matches_end(pattern, &lower)).map(|(_, carrier)| *carrier);
    known.or_else(|| match classify_file(path) {
        FileVerdict::BuildInput(input) => (!input.ssh).then_some(Carrier::Settings),
        FileVerdict::Runtime { .. } => has_entries(&lower).then_some(Carrier::Settings),
        FileVerdict::PublicLookAlike { .. } | FileVerdict::Plain => None,
    })
}

/// Whether a file of the application has a notation with names and values, by its extension.
fn has_entries(path: &str) -> bool {
    [".yml", ".yaml", ".json", ".toml", ".xml", ".env", ".ini", ".properties"].iter().any(|end| path.ends_with(end))
        || path.ends_with("/credentials")
}

/// Whether the last parts of `path` match those of `pattern`.
fn matches_end(pattern: &str, path: &str) -> bool {
    let mut parts = path.rsplit('/');
    pattern.rsplit('/').all(|wanted| {
        parts.next().is_some_and(|part| match wanted.split_once('*') {
            Some((front, end)) => {
                part.len() >= front.len() + end.len() && part.starts_with(front) && part.ends_with(end)
            }
            None => part == wanted,
        })
    })
}

/// Java's two formats by their magic numbers, PKCS #12 by the outermost length and the version 3.
fn key_store(content: &[u8]) -> Option<(Kind, Severity)> {
    let is_java = matches!(content, [0xfe, 0xed, 0xfe, 0xed, ..] | [0xce, 0xce, 0xce, 0xce, ..]);
    let is_pkcs = matches!(content, [0x30, 0x82, _, _, 2, 1, 3, ..] | [0x30, 0x80, 2, 1, 3, ..]);
    let is_store = is_java || is_pkcs;
    is_store.then(|| (Kind::File { what: "a key store".to_owned() }, Severity::Warning))
}

fn variables(text: &str) -> Vec<Kind> {
    let lines = text.lines().map(str::trim).filter(|line| !line.starts_with('#'));
    let pairs = lines.filter_map(|line| line.strip_prefix("export ").unwrap_or(line).split_once('='));
    let unquoted = pairs.map(|(name, value)| (name.trim(), value.trim().trim_matches(['"', '\''])));
    unquoted.filter(|(_, value)| is_written_out(value)).filter_map(|(name, value)| of_variable(name, value)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(path: &str, text: &str) -> bool {
        !of_file(path, text.as_bytes()).is_empty()
    }

    #[test]
    fn settings_with_credentials() {
        let auth = "_auth";
        for (path, text) in [
            ("/root/.npmrc", format!("//npm.example.com/:{auth}Token=kn0ck-kn0ck\n")),
            (
                "/root/.npm/_logs/2026-debug-0.log",
                format!("9 argv \"config\" \"set\" \"//h/:{auth}Token=kn0ck-kn0ck\"\n"),
            ),
            ("/app/.git/config", "[remote \"origin\"]\n\turl = https://x:kn0ck-kn0ck@git.example.com/r\n".to_owned()),
            ("/app/.git/config", "[http]\n\textraheader = AUTHORIZATION: basic a24wY2sta24wY2s=\n".to_owned()),
            ("/root/.netrc", "machine h.example.com login me password kn0ck-kn0ck\n".to_owned()),
            ("/etc/pip.conf", "[global]\nindex-url = https://me:kn0ck-kn0ck@pypi.example.com/simple\n".to_owned()),
            ("/root/.nuget/NuGet/NuGet.Config", "<add key=\"ClearTextPassword\" value=\"kn0ck-kn0ck\" />".to_owned()),
            ("/root/.docker/config.json", "{\"auths\":{\"h\":{\"auth\":\"bWU6a24wY2sta24wY2s=\"}}}".to_owned()),
            ("/root/.m2/settings.xml", "<server><password>kn0ck-kn0ck</password></server>".to_owned()),
            ("/root/.gradle/gradle.properties", "repoPassword=kn0ck-kn0ck\n".to_owned()),
            ("/root/.pypirc", "[x]\nusername = me\npassword = kn0ck-kn0ck\n".to_owned()),
            ("/root/.aws/credentials", "[default]\naws_secret_access_key = kn0ck-kn0ck/kn0ck\n".to_owned()),
            ("/root/.bundle/config", "---\nBUNDLE_GEMS__EXAMPLE__COM: \"me:kn0ck-kn0ck\"\n".to_owned()),
            ("/app/yarn.lock", "resolved \"https://me:kn0ck-kn0ck@npm.example.com/a.tgz\"\n".to_owned()),
            ("/app/.yarnrc.yml", "npmAuthToken: kn0ck-kn0ck\n".to_owned()),
            ("/root/.pgpass", "db:5432:app:me:kn0ck-kn0ck\n".to_owned()),
            ("/app/.env", "DEBUG=1\nDB_PASSWORD=kn0ck-kn0ck\n".to_owned()),
            ("/usr/local/cargo/credentials.toml", "[registry]\ntoken = \"kn0ck-kn0ck\"\n".to_owned()),
            ("/root/.kube/config", "users:\n- user:\n    token: kn0ck-kn0ck\n".to_owned()),
            ("/root/auth.json", "{\"github-oauth\": {\"h.example.com\": \"kn0ck-kn0ck\"}}".to_owned()),
        ] {
            assert!(found(path, &text), "{path}: {text}");
            let reference = text.replace("kn0ck-kn0ck/kn0ck", "${X}").replace("kn0ck-kn0ck", "${X}");
            assert!(reference == text || !found(path, &reference), "{path}: {reference}");
            if !path.ends_with("config.json") && !text.contains("extraheader") {
                assert!(!found("/app/notes.txt", &text), "{text}");
            }
        }
    }

    #[test]
    fn settings_without_credentials() {
        for (path, text) in [
            ("/root/.npmrc", "registry=https://npm.example.com/\nalways-auth=true\n"),
            ("/app/.git/config", "[core]\n\tbare = false\n[remote \"origin\"]\n\turl = https://git.example.com/r\n"),
            ("/etc/shadow", "root:*:19000:0:99999:7:::\ndaemon:!:1::::::\n"),
            ("/etc/pip.conf", "[global]\nindex-url = https://pypi.example.com/simple\n"),
            ("/root/.docker/config.json", "{\"credsStore\": \"pass\", \"auths\": {}}"),
            ("/app/package.json", "{\"repository\": \"git+ssh://git@git.example.com/a/b\"}"),
        ] {
            assert!(!found(path, text), "{path}: {text}");
        }
    }
}
