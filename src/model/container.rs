//! What the running container reads: its start command, what that starts, and the application's code.

use std::collections::BTreeSet;

use camino::{Utf8Path, Utf8PathBuf};

use crate::callers::Format;
use crate::knowledge::names::SecretKind;
use crate::source::{Source, slice};
use crate::syntax::dockerfile::Keyword;

use super::{Dockerfile, Model, mentions};

impl Model {
    /// The file of the repository by which the container of an image of `dockerfile` reads the variable `name` when it
    /// runs: a script that the start command names, a manifest whose scripts it starts, or, where the secret is one of
    /// the application, any code of the application.
    #[must_use]
    pub fn read_when_run(&self, dockerfile: &Dockerfile, name: &str, kind: SecretKind) -> Option<Utf8PathBuf> {
        let contexts = self.contexts(dockerfile);
        let started = start_text(dockerfile);
        let of_application = !matches!(kind, SecretKind::Fetch | SecretKind::IndexUrl | SecretKind::SshKey);
        let reads = |source: &&Source| {
            let path = source.path();
            let is_started = path.file_name().is_some_and(|file| starts(&started, file));
            let built = path.file_name().is_some_and(|file| runs_name(dockerfile, file)) && !is_started;
            let inside = contexts.iter().any(|context| path.starts_with(context));
            let code = of_application && is_code(path);
            inside && !built && (is_started || code) && mentions(source.text(), name)
        };
        let mut sources = self.index.naming(&self.repository, name).into_iter();
        sources.find(reads).map(|source| source.path().to_owned())
    }

    /// The file with a line that `wanted` is true of and that may start a container of `dockerfile`'s image: the start command, a
    /// script of the repository that it names, or a Compose file that builds the image and may give it another command.
    #[must_use]
    pub fn started_from(&self, dockerfile: &Dockerfile, wanted: impl Fn(&str) -> bool) -> Option<Utf8PathBuf> {
        let started = start_text(dockerfile);
        if started.lines().any(&wanted) {
            return Some(dockerfile.path().to_owned());
        }
        let reader = self.reader(dockerfile);
        let is_part = |char: char| char.is_ascii_alphanumeric() || matches!(char, '/' | '.' | '_' | '-');
        let words =
            started.split(|char| !is_part(char)).filter(|word| word.contains(['/', '.']) && !word.starts_with('-'));
        let scripts = words.filter_map(|word| reader.file_like(word));
        let bound = self.bound_builds(dockerfile);
        let composed = bound.iter().filter(|bound| bound.build.format == Format::Compose);
        let composed = composed.filter_map(|bound| self.repository.source(&bound.build.file));
        let mut sources = scripts.chain(composed);
        sources.find(|source| source.text().lines().any(&wanted)).map(|source| source.path().to_owned())
    }

    /// The Dockerfiles of the repository that start from the image which a build of `dockerfile` makes, by their text:
    /// they inherit its environment whatever else they do.
    #[must_use]
    pub fn heirs(&self, dockerfile: &Dockerfile) -> Vec<Utf8PathBuf> {
        let bound = self.bound_builds(dockerfile);
        let tags = bound.iter().flat_map(|bound| &bound.build.tags);
        let heirs: BTreeSet<&Utf8PathBuf> = tags.flat_map(|tag| self.index.heirs(&self.repository, tag)).collect();
        heirs.into_iter().filter(|path| *path != dockerfile.path()).cloned().collect()
    }
}

/// What starts a container of one of the images.
fn start_text(dockerfile: &Dockerfile) -> String {
    let starts = |keyword| matches!(keyword, Keyword::Cmd | Keyword::Entrypoint | Keyword::Healthcheck);
    let steps = dockerfile.steps.iter().filter(|step| starts(step.keyword));
    steps.map(|step| slice(dockerfile.source.text(), step.outer.text_range())).collect::<Vec<_>>().join("\n")
}

/// Whether the start command names `file`, or a package manager that starts the scripts of this manifest.
fn starts(text: &str, file: &str) -> bool {
    let managers = ["npm", "yarn", "pnpm", "bun"];
    mentions(text, file) || (file == "package.json" && managers.iter().any(|manager| mentions(text, manager)))
}

fn runs_name(dockerfile: &Dockerfile, file: &str) -> bool {
    dockerfile.steps.iter().filter_map(|step| step.run.as_ref()).any(|run| mentions(&run.text, file))
}

/// Whether the file is code or settings of an application, and not of its build or its tests.
fn is_code(path: &Utf8Path) -> bool {
    let name = path.file_name().unwrap_or("").to_ascii_lowercase();
    let parent = path.parent().and_then(Utf8Path::file_name).unwrap_or("");
    let settings = name.starts_with("application") || parent == "config";
    let code = match path.extension() {
        Some("yml" | "yaml" | "properties" | "ini" | "conf") => settings,
        Some(
            "js" | "mjs" | "cjs" | "jsx" | "ts" | "mts" | "cts" | "tsx" | "py" | "rb" | "go" | "php" | "java" | "kt"
            | "scala" | "rs" | "cs" | "fs" | "ex" | "exs" | "clj" | "pl" | "lua",
        ) => true,
        _ => false,
    };
    let of_build =
        [".config.", "webpack", "gulpfile", "gruntfile", "setup.py", "conftest", ".test.", ".spec.", "_test."];
    let folders =
        ["test", "tests", "__tests__", "spec", "e2e", "docs", "examples", "scripts", "node_modules", ".github"];
    let apart = path.components().any(|part| folders.contains(&part.as_str()));
    code && !apart && !of_build.iter().any(|mark| name.contains(mark))
}
