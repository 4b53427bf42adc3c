//! Files that hold credentials, judged by their path and by what they say.

mod content;

pub use content::{holds_credential, is_credential};

use std::collections::{BTreeMap, HashSet};
use std::sync::LazyLock;

use aho_corasick::AhoCorasick;
use serde::Deserialize;

/// What the path of a file says about its content.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum FileVerdict {
    /// Credentials for commands of the build: to be mounted.
    BuildInput(BuildInput),
    /// Credentials for the running container: no mount of the build can carry them.
    Runtime {
        /// What the file holds, as a noun with its article.
        what: String,
        /// Whether commands of a build may need it as well (`. ./.env`).
        at_build: bool,
        /// Whether other programs have files of this name, so that only the content tells what it is.
        common: bool,
    },
    /// Looks like a credential file, and what it holds is public.
    PublicLookAlike {
        /// Why, as a noun phrase.
        why: String,
        /// Whether only the folder says so: where it lands in an image tells more.
        by_folder: bool,
    },
    /// Nothing in the path speaks of credentials.
    Plain,
}

/// A file with credentials that commands of the build read.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct BuildInput {
    names: Vec<String>,
    /// The commands that read it by themselves, by their names in the table of tools.
    #[serde(default)]
    pub tools: Vec<String>,
    /// Whether a running container needs such a file as often as a build does.
    #[serde(default)]
    pub at_run_time: bool,
    /// Whether other programs have files of this name, so that only its content, its place in the image or a command tells
    /// that it holds credentials.
    #[serde(default)]
    pub common: bool,
    /// Patterns of the paths at which its tools find it by themselves; empty: wherever it has its name.
    #[serde(default)]
    places: Vec<String>,
    /// Patterns of the places where only one with credentials is put, where those are others.
    #[serde(default)]
    private: Vec<String>,
    /// What the file holds, as a noun with its article.
    pub what: String,
    /// Where the tool looks for it by default, if that is one place; `~` is the home directory.
    pub target: Option<String>,
    /// Whether it is an SSH key, for which an ssh mount is better than a secret mount.
    #[serde(default)]
    pub ssh: bool,
    /// What its reader demands of its mode.
    #[serde(default)]
    pub mode_check: ModeCheck,
    /// The tools that read it only when told so, with the options that do.
    #[serde(default)]
    pub only_with: BTreeMap<String, Vec<String>>,
    /// Where this is known from.
    pub source: String,
}

/// What a program demands of the mode of a file before it takes a credential from it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Default, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum ModeCheck {
    /// Nothing.
    #[default]
    None,
    /// That nobody else may read it where the program runs as its owner.
    OfOwner,
    /// That nobody else may read it, whoever owns it.
    Always,
}

impl ModeCheck {
    /// What is demanded of a file at `path` of an image.
    #[must_use]
    pub fn at(path: &str) -> Self {
        match classify_file(path) {
            FileVerdict::BuildInput(input) => input.mode_check,
            _ => Self::None,
        }
    }
}

impl BuildInput {
    /// A file that is no row of the table, which these tools read by themselves.
    #[must_use]
    pub fn read_by(what: &str, tools: &[&str]) -> Self {
        Self {
            names: Vec::new(),
            tools: tools.iter().map(|tool| (*tool).to_owned()).collect(),
            at_run_time: false,
            common: false,
            places: Vec::new(),
            private: Vec::new(),
            what: what.to_owned(),
            target: None,
            ssh: false,
            mode_check: ModeCheck::None,
            only_with: BTreeMap::new(),
            source: String::new(),
        }
    }

    /// Whether its tools find the file at `path` of an image without being told.
    #[must_use]
    pub fn is_found_at(&self, path: &str) -> bool {
        self.places.is_empty() || is_among(&self.places, path)
    }

    /// Whether a file at `path` of an image is one with credentials, whatever its name may mean elsewhere.
    #[must_use]
    pub fn is_private_at(&self, path: &str) -> bool {
        if self.private.is_empty() { self.is_found_at(path) } else { is_among(&self.private, path) }
    }

    /// Whether it is found at `path` because of the folder, and not only because it has its name there.
    #[must_use]
    pub fn belongs_at(&self, path: &str) -> bool {
        let patterns = self.places.iter().chain(&self.private).filter(|pattern| pattern.contains('/'));
        is_among(&patterns.cloned().collect::<Vec<_>>(), path)
    }

    /// Whether projects have such files without credentials, so that a command which reads it tells nothing.
    #[must_use]
    pub fn is_usual_in_projects(&self) -> bool {
        !self.private.is_empty()
    }
}

fn is_among(patterns: &[String], path: &str) -> bool {
    let path = path.to_ascii_lowercase();
    let parts: Vec<&str> = path.split('/').filter(|part| !part.is_empty() && *part != ".").collect();
    matches_path(patterns, &parts)
}

/// Judges a path: the source of a `COPY`, or where it is copied to. Forward and backward slashes part it.
#[must_use]
pub fn classify_file(path: &str) -> FileVerdict {
    let path = path.trim_end_matches(['/', '\\']).replace('\\', "/").to_ascii_lowercase();
    let parts: Vec<&str> = path.split('/').filter(|part| !part.is_empty() && *part != ".").collect();
    if !SIEVE.may_match(&parts) {
        return FileVerdict::Plain;
    }
    let tables = &*TABLES;
    if let Some(row) = tables.public.iter().find(|row| row.matches(&parts)) {
        return FileVerdict::PublicLookAlike { why: row.why.clone(), by_folder: !row.folders.is_empty() };
    }
    if let Some(input) = tables.build_input.iter().find(|input| matches_path(&input.names, &parts)) {
        return FileVerdict::BuildInput(input.clone());
    }
    match tables.runtime.iter().find(|row| matches_path(&row.names, &parts)) {
        Some(row) => FileVerdict::Runtime { what: row.what.clone(), at_build: row.at_build, common: row.common },
        None => FileVerdict::Plain,
    }
}

/// The names of build inputs that `pattern`, the last part of a `COPY` source, may stand for: `.npmrc` for `.npm*`. None for
/// a pattern of few letters, which people write for other files, and for keys of ssh.
#[must_use]
pub fn files_named(pattern: &str) -> Vec<String> {
    let plain = pattern.replace(['[', ']'], "");
    let fixed = plain.split(['*', '?']).next().unwrap_or("");
    let names = TABLES.build_input.iter().filter(|input| !input.ssh).flat_map(|input| &input.names);
    let literal = names.filter(|name| !name.contains(['*', '/']) && fixed.len() >= SHORTEST_FIXED);
    literal.filter(|name| matches_name(&plain, name)).cloned().collect()
}

/// How many letters of a pattern must be fixed for it to mean one file: `.npm*`.
const SHORTEST_FIXED: usize = 4;

fn matches_path(patterns: &[String], parts: &[&str]) -> bool {
    patterns.iter().any(|pattern| {
        let mut parts = parts.iter().rev();
        pattern.rsplit('/').all(|wanted| parts.next().is_some_and(|part| matches_name(wanted, part)))
    })
}

/// Whether `pattern` matches all of `name`; `*` stands for any text.
#[must_use]
pub fn matches_name(pattern: &str, name: &str) -> bool {
    let Some((front, rest)) = pattern.split_once('*') else { return pattern.eq_ignore_ascii_case(name) };
    // Every file of a repository is asked about: most are told by their first or last letters.
    let last = pattern.rsplit('*').next().unwrap_or("");
    let ends = name.len().checked_sub(last.len()).and_then(|at| name.get(at..));
    let begins = name.get(..front.len()).is_some_and(|head| head.eq_ignore_ascii_case(front));
    begins && ends.is_some_and(|tail| tail.eq_ignore_ascii_case(last)) && {
        let behind = name.get(front.len()..).unwrap_or("");
        let mut starts = behind.char_indices().map(|(at, _)| at).chain([behind.len()]);
        starts.any(|at| behind.get(at..).is_some_and(|behind| matches_name(rest, behind)))
    }
}

#[derive(Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields, rename_all = "kebab-case")]
struct Tables {
    public: Vec<Public>,
    published_key: Vec<PublishedKey>,
    build_input: Vec<BuildInput>,
    runtime: Vec<Runtime>,
}

impl Tables {
    /// The patterns of all rows, each with the folders one of which has to be around.
    fn patterns(&self) -> impl Iterator<Item = (&String, &[String])> {
        let public = self.public.iter().flat_map(|row| row.names.iter().map(|name| (name, row.folders.as_slice())));
        let inputs = self.build_input.iter().flat_map(|row| &row.names);
        let others = inputs.chain(self.runtime.iter().flat_map(|row| &row.names));
        public.chain(others.map(|name| (name, [].as_slice())))
    }
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Public {
    names: Vec<String>,
    #[serde(default)]
    folders: Vec<String>,
    why: String,
    #[serde(rename = "source")]
    _source: String,
}

impl Public {
    fn matches(&self, parts: &[&str]) -> bool {
        let around = parts.split_last().map_or(&[][..], |(_, folders)| folders);
        let within = || around.iter().any(|part| self.folders.iter().any(|folder| folder == part));
        matches_path(&self.names, parts) && (self.folders.is_empty() || within())
    }
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct PublishedKey {
    part: String,
    #[serde(rename = "source")]
    _source: String,
}

/// Whether `text` holds a private key that its makers published for everybody.
fn is_published_key(text: &str) -> bool {
    TABLES.published_key.iter().any(|key| text.contains(&key.part))
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
struct Runtime {
    names: Vec<String>,
    what: String,
    #[serde(default)]
    at_build: bool,
    #[serde(default)]
    common: bool,
    #[serde(rename = "source")]
    _source: String,
}

static TABLES: LazyLock<Tables> = LazyLock::new(|| super::table(include_str!("files.toml")));

static SIEVE: LazyLock<Sieve> = LazyLock::new(|| Sieve::of(TABLES.patterns()));

/// Tells most paths that are in no table at once: every file of a repository is asked about.
#[derive(Debug, Default)]
struct Sieve {
    /// The last parts of patterns, those without a `*`.
    exact: HashSet<String>,
    /// The longest piece of each of the others. One that is nothing but `*` is told by a folder.
    pieces: Option<AhoCorasick>,
    folders: HashSet<String>,
}

impl Sieve {
    fn of<'n>(patterns: impl Iterator<Item = (&'n String, &'n [String])>) -> Self {
        let (mut all, mut pieces) = (Self::default(), Vec::new());
        for (pattern, folders) in patterns {
            let pattern = pattern.to_ascii_lowercase();
            let mut parts = pattern.rsplit('/');
            let last = parts.next().unwrap_or("");
            let longest = last.split('*').max_by_key(|piece| piece.len()).unwrap_or("");
            match (last.contains('*'), longest) {
                (false, _) => drop(all.exact.insert(last.to_owned())),
                (true, "") => all.folders.extend(parts.next().map(str::to_owned).into_iter().chain(folders.to_vec())),
                (true, longest) => pieces.push(longest.to_owned()),
            }
        }
        Self { pieces: AhoCorasick::new(pieces).ok(), ..all }
    }

    /// Whether a pattern may match a path of these parts, in lower case.
    fn may_match(&self, parts: &[&str]) -> bool {
        let Some((last, around)) = parts.split_last() else { return false };
        self.exact.contains(*last)
            || self.pieces.as_ref().is_none_or(|pieces| pieces.is_match(last))
            || around.iter().any(|folder| self.folders.contains(*folder))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn class(path: &str) -> &'static str {
        match classify_file(path) {
            FileVerdict::BuildInput(input) if input.ssh => "ssh",
            FileVerdict::BuildInput(_) => "build",
            FileVerdict::Runtime { .. } => "runtime",
            FileVerdict::PublicLookAlike { .. } => "public",
            FileVerdict::Plain => "plain",
        }
    }

    #[test]
    fn the_table_is_well_formed() -> Result<(), Box<dyn std::error::Error>> {
        let tables: Tables = crate::knowledge::check(include_str!("files.toml"))?;
        let inputs = tables.build_input.iter().flat_map(|row| &row.names);
        let names = inputs.chain(tables.public.iter().flat_map(|row| &row.names));
        for name in tables.build_input.iter().flat_map(|row| &row.tools) {
            assert!(crate::knowledge::tools::tool(&[Some(name.clone())]).is_some(), "{name} is not in tools.toml");
        }
        assert!(names.chain(tables.runtime.iter().flat_map(|row| &row.names)).all(|name| name.is_ascii()));
        Ok(())
    }

    #[test]
    fn no_pattern_is_lost_in_the_sieve() {
        for (pattern, folders) in TABLES.patterns() {
            for filling in ["", "x", "a.b"] {
                let path = pattern.to_ascii_lowercase().replace('*', filling);
                let path = folders.first().map_or_else(|| path.clone(), |folder| format!("{folder}/y/{path}"));
                let parts: Vec<&str> = path.split('/').collect();
                assert!(SIEVE.may_match(&parts) || path.is_empty() || path.ends_with('/'), "{pattern} as {path}");
            }
        }
        for path in ["src/main.rs", "web/index.ts", "docs/guide.md", "a/b/c.go", "Dockerfile"] {
            assert!(!SIEVE.may_match(&path.split('/').collect::<Vec<_>>()), "{path}");
        }
    }

    #[test]
    fn tools_find_their_files_at_their_places() {
        let FileVerdict::BuildInput(input) = classify_file("ci/settings.xml") else { panic!("it is maven's") };
        for (expected, path) in [
            (true, "/root/.m2/settings.xml"),
            (true, "/usr/share/maven/conf/settings.xml"),
            (true, "/opt/apache-maven-3.9.6/conf/settings.xml"),
            (false, "/app/ci/settings.xml"),
            (false, "/usr/share/maven/ref/settings.xml"),
        ] {
            assert_eq!(input.is_found_at(path), expected, "{path}");
        }
    }

    #[test]
    fn paths_of_credentials() {
        for (expected, paths) in [
            (
                "build",
                ".npmrc ./config/.npmrc /root/.npmrc pip.conf settings.xml m2-settings.xml nuget.config NuGet.Config .netrc auth.json",
            ),
            (
                "build",
                "~/.docker/config.json .docker .aws/credentials gradle.properties kubeconfig .s3cfg .pgpass C:\\Users\\x\\.npmrc",
            ),
            ("ssh", "id_rsa keys/id_ed25519 .ssh/ .ssh /root/.ssh/id_rsa deploy_key github_rsa"),
            (
                "runtime",
                "server.key htpasswd .htpasswd .env .env.production keystore.jks munge.key secrets.yml nginx.key logstash-forwarder.key",
            ),
            (
                "public",
                "id_rsa.pub authorized_keys .ssh/authorized_keys insecure_id_rsa ca.crt ca-certificates.crt .env.example known_hosts .env.erb",
            ),
            (
                "public",
                "test/fixtures/id_rsa tests/server.key src/testdata/.npmrc settings.example.xml .npmrc.dist config.sample.env",
            ),
            (
                "public",
                "nodesource.gpg.key RPM-GPG-KEY-EPEL /etc/apt/trusted.gpg.d/x.key truststore.jks elasticsearch-truststore.jks",
            ),
            (
                "plain",
                "package.json src/ . app/config.json nginx/auth.conf Dockerfile env keyboard.conf monkey.py config settings.py",
            ),
            ("plain", ""),
        ] {
            for path in paths.split(' ') {
                assert_eq!(class(path), expected, "{path}");
            }
        }
    }
}
