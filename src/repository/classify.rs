//! What a file is for, told by its name alone: the walk sees every path once and must not open files to decide.

use camino::Utf8Path;

use crate::config;

use crate::knowledge::files::{FileVerdict, classify_file};

/// What a file is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Kind {
    /// Instructions for an image build.
    Dockerfile,
    /// A Dockerfile that another tool generates from: its text is not Dockerfile syntax yet.
    Template,
    /// A script, workflow or other file that may run builds; always read.
    Caller,
    /// A file whose content matters for what a build does: credential files, manifests, `.dockerignore`, `.env`.
    Context,
    /// Program text or data that is only of interest where it names a container tool.
    Mention,
    /// Code of an application, and the settings that it is started with: of interest where it names a variable that a
    /// Dockerfile puts into the environment.
    Program,
    /// Any other text, in whatever language: of interest where it passes build arguments. A list of endings of those that may would
    /// never end.
    Text,
    /// A file without an extension: a script if it begins with `#!`.
    Nameless,
    /// Settings of this program.
    Settings,
    /// Nothing that is read.
    Other,
}

/// Endings of files from which a Dockerfile is generated.
const TEMPLATE_ENDINGS: [&str; 12] =
    ["j2", "jinja", "jinja2", "tmpl", "tpl", "erb", "mustache", "hbs", "template", "in", "ejs", "gotmpl"];

/// Endings that make `Dockerfile.<ending>` a text about Dockerfiles, or a copy, instead of one.
const NOT_A_DOCKERFILE: [&str; 23] = [
    "md",
    "markdown",
    "rst",
    "txt",
    "html",
    "dockerignore",
    "json",
    "yaml",
    "yml",
    "toml",
    "py",
    "rb",
    "js",
    "ts",
    "go",
    "rs",
    "java",
    "bak",
    "orig",
    "rej",
    "swp",
    "lock",
    "patch",
];

/// Manifests that a package manager writes: large, and never the place where a person passes a secret.
const LOCK_FILES: [&str; 8] = [
    "package-lock.json",
    "npm-shrinkwrap.json",
    "pnpm-lock.yaml",
    "yarn.lock",
    "cargo.lock",
    "poetry.lock",
    "composer.lock",
    "gemfile.lock",
];

/// Endings of what is no text, or text in bulk that starts no program: media, archives, compiled code, documents of office programs,
/// data, styles, languages that are compiled by others, logs and patches.
const NEVER_READ: [&str; 127] = [
    "png",
    "jpg",
    "jpeg",
    "gif",
    "bmp",
    "ico",
    "icns",
    "svg",
    "webp",
    "avif",
    "tif",
    "tiff",
    "psd",
    "xcf",
    "ai",
    "eps",
    "mp3",
    "mp4",
    "m4a",
    "wav",
    "ogg",
    "flac",
    "webm",
    "mov",
    "avi",
    "mkv",
    "woff",
    "woff2",
    "ttf",
    "otf",
    "eot",
    "zip",
    "gz",
    "tgz",
    "bz2",
    "xz",
    "zst",
    "lz4",
    "tar",
    "7z",
    "rar",
    "jar",
    "war",
    "ear",
    "class",
    "so",
    "dylib",
    "dll",
    "exe",
    "o",
    "a",
    "obj",
    "lib",
    "pdb",
    "bin",
    "dat",
    "db",
    "sqlite",
    "sqlite3",
    "mdb",
    "pdf",
    "doc",
    "docx",
    "xls",
    "xlsx",
    "ppt",
    "pptx",
    "odt",
    "ods",
    "csv",
    "tsv",
    "parquet",
    "avro",
    "arrow",
    "npy",
    "npz",
    "pkl",
    "pt",
    "pth",
    "onnx",
    "h5",
    "hdf5",
    "pb",
    "safetensors",
    "gguf",
    "lock",
    "map",
    "css",
    "scss",
    "sass",
    "less",
    "styl",
    "snap",
    "sum",
    "po",
    "pot",
    "mo",
    "wasm",
    "pyc",
    "pyd",
    "whl",
    "gem",
    "deb",
    "rpm",
    "apk",
    "iso",
    "img",
    "dmg",
    "log",
    "patch",
    "diff",
    "c",
    "h",
    "cc",
    "cpp",
    "cxx",
    "hpp",
    "hh",
    "m",
    "mm",
    "s",
    "asm",
    "f90",
    "glsl",
    "proto",
    "sql",
    "thrift",
];

/// Names of files that matter for what a build does.
const CONTEXT_NAMES: [&str; 26] = [
    ".npmrc",
    "npmrc",
    ".yarnrc",
    ".yarnrc.yml",
    ".pypirc",
    "pip.conf",
    "pip.ini",
    ".netrc",
    "_netrc",
    ".dockerignore",
    ".containerignore",
    ".gitconfig",
    ".gitmodules",
    ".curlrc",
    ".wgetrc",
    ".envrc",
    "package.json",
    "gemfile",
    "go.mod",
    "composer.json",
    "auth.json",
    "nuget.config",
    "settings.xml",
    "pyproject.toml",
    "setup.cfg",
    "pipfile",
];

/// Names of files that run builds.
const CALLER_NAMES: [&str; 11] = [
    "makefile",
    "gnumakefile",
    "justfile",
    ".justfile",
    "jenkinsfile",
    "taskfile",
    "rakefile",
    "earthfile",
    "tiltfile",
    "procfile",
    "captain-definition",
];

/// Tells what the file at `path` is for.
#[must_use]
pub fn classify(path: &Utf8Path) -> Kind {
    let name = path.file_name().unwrap_or_default().to_ascii_lowercase();
    let extension = name.rsplit_once('.').filter(|(stem, _)| !stem.is_empty()).map(|(_, ending)| ending);
    if let Some(kind) = dockerfile(path.file_name().unwrap_or_default(), &name, extension) {
        return kind;
    }
    if LOCK_FILES.contains(&name.as_str()) {
        return Kind::Other;
    }
    if is_context(&name) || is_credential_file(path) {
        return Kind::Context;
    }
    if CALLER_NAMES.contains(&name.as_str()) || name.starts_with("jenkinsfile") || name.starts_with("makefile.") {
        return Kind::Caller;
    }
    if name.starts_with("procfile.") {
        return Kind::Mention;
    }
    if name.contains("bake") && matches!(extension, Some("json")) {
        return Kind::Caller;
    }
    if path.file_name() == Some(config::FILE) {
        return Kind::Settings;
    }
    match extension {
        Some(
            "sh" | "bash" | "zsh" | "ksh" | "dash" | "mk" | "mak" | "make" | "yml" | "yaml" | "hcl" | "just" | "groovy"
            | "jenkinsfile" | "ps1" | "bat" | "cmd",
        ) => Kind::Caller,
        Some(
            "json" | "jsonc" | "json5" | "toml" | "md" | "markdown" | "py" | "rb" | "gradle" | "kts" | "xml" | "tf"
            | "bzl" | "nix" | "rst" | "adoc" | "mdx" | "fish",
        ) => Kind::Mention,
        Some(
            "js" | "mjs" | "cjs" | "jsx" | "ts" | "mts" | "cts" | "tsx" | "go" | "php" | "java" | "kt" | "scala" | "rs"
            | "cs" | "fs" | "ex" | "exs" | "clj" | "pl" | "lua" | "properties" | "ini" | "conf",
        ) => Kind::Program,
        None if !name.starts_with('.') => Kind::Nameless,
        Some(ending) if !NEVER_READ.contains(&ending) => Kind::Text,
        _ => Kind::Other,
    }
}

/// `Dockerfile`, `Dockerfile.prod`, `app.Dockerfile`, `Containerfile-dev`: the names that Docker, Podman and their
/// editors know, in any letter case.
fn dockerfile(written: &str, name: &str, extension: Option<&str>) -> Option<Kind> {
    let begins = ["dockerfile", "containerfile"]
        .iter()
        .filter_map(|stem| name.strip_prefix(stem))
        .any(|rest| rest.is_empty() || rest.starts_with(['.', '-', '_']));
    // `new_Dockerfile`, `DevDockerfile`: a program that makes one is not written with a capital.
    let capital = extension.is_none() && ["Dockerfile", "Containerfile"].iter().any(|stem| written.ends_with(stem));
    if capital {
        return Some(Kind::Dockerfile);
    }
    let ends = matches!(extension, Some("dockerfile" | "containerfile"));
    if ends {
        return Some(Kind::Dockerfile);
    }
    let inner = extension.map_or(name, |ending| name.strip_suffix(ending).unwrap_or(name).trim_end_matches('.'));
    let stem = begins || inner.ends_with(".dockerfile") || inner.ends_with(".containerfile");
    if !stem {
        return None;
    }
    match extension {
        Some(ending) if TEMPLATE_ENDINGS.contains(&ending) => Some(Kind::Template),
        Some(ending) if NOT_A_DOCKERFILE.contains(&ending) || ending.ends_with('~') => None,
        _ => begins.then_some(Kind::Dockerfile),
    }
}

fn is_context(name: &str) -> bool {
    CONTEXT_NAMES.contains(&name)
        || name == ".env"
        || name.starts_with(".env.")
        || name.ends_with(".env")
        || name.ends_with(".dockerignore")
        || name.starts_with("requirements") && name.ends_with(".txt")
}

/// Whether the file may hold a credential, which only its content can tell.
fn is_credential_file(path: &Utf8Path) -> bool {
    matches!(classify_file(path.as_str()), FileVerdict::BuildInput(_) | FileVerdict::Runtime { .. })
}

/// Whether the file at `path` is prose by its ending: a person runs its commands, or only reads about them, and may have other versions
/// of what it speaks of.
#[must_use]
pub fn is_document(path: &Utf8Path) -> bool {
    matches!(path.extension(), Some("md" | "mdx" | "markdown" | "rst" | "adoc" | "txt" | "html"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn kinds(names: &[&str]) -> Vec<Kind> {
        names.iter().map(|name| classify(Utf8Path::new(name))).collect()
    }

    #[test]
    fn dockerfiles_are_known_by_their_usual_names() {
        assert_eq!(kinds(&["new_Dockerfile", "ArgsDockerfile"]), [Kind::Dockerfile; 2]);
        assert_eq!(kinds(&["make-dockerfile", "render_dockerfile"]), [Kind::Nameless; 2]);
        let names =
            ["Dockerfile", "a/dockerfile", "Dockerfile.prod", "x.Dockerfile", "x.dockerfile", "Containerfile.dev"];
        assert!(kinds(&names).iter().all(|kind| *kind == Kind::Dockerfile));
        assert!(
            kinds(&["Dockerfile-alpine", "DOCKERFILE", "Dockerfile.1.2"]).iter().all(|kind| *kind == Kind::Dockerfile)
        );
    }

    #[test]
    fn what_only_sounds_like_one_is_not() {
        assert_eq!(
            kinds(&["Dockerfile.md", "Dockerfile.dockerignore", "Dockerfiles", "dockerfile.py"]),
            [Kind::Mention, Kind::Context, Kind::Nameless, Kind::Mention,]
        );
        assert_eq!(kinds(&["Dockerfile.j2", "app.Dockerfile.tmpl", "Dockerfile.prod.erb"]), [Kind::Template; 3]);
    }

    #[test]
    fn callers_and_context_files_are_told_apart() {
        assert_eq!(
            kinds(&["Makefile", "ci/build.sh", "Jenkinsfile.release", "docker-bake.hcl", "docker-bake.json"]),
            [Kind::Caller; 5]
        );
        assert_eq!(
            kinds(&[".npmrc", "requirements-dev.txt", ".env.local", "prod.env", "gradle.properties", "tls/server.key"]),
            [Kind::Context; 6]
        );
        assert_eq!(
            kinds(&["logo.png", "package-lock.json", ".gitattributes", "build", "notes.md"]),
            [Kind::Other, Kind::Other, Kind::Other, Kind::Nameless, Kind::Mention,]
        );
        assert_eq!(kinds(&["src/App.csproj", ".drone.star", "deploy.sh.j2", "BUILD.bazel"]), [Kind::Text; 4]);
    }
}
