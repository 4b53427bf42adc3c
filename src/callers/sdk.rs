//! Programs that build through Docker's classic build API: docker-py, Testcontainers. It has no secrets, and a `RUN --mount`
//! is an error there, so whoever builds a Dockerfile this way keeps it from being migrated.

use std::sync::LazyLock;

use camino::{Utf8Path, Utf8PathBuf};
use regex::Regex;

use super::location::{resolve, upwards};
use super::{Build, Builder, Caller, Dockerfiles, Format, Offer, Refusal, Request, Rewrite, Surroundings};
use crate::knowledge::engines::{Engine, Release};
use crate::source::{Source, range};

/// The caller for programs.
#[derive(Debug, Clone, Copy)]
pub struct Sdk;

/// The endings of programs in the languages of [`CALLS`].
const ENDINGS: [&str; 11] = ["py", "java", "kt", "kts", "scala", "go", "cs", "js", "mjs", "cjs", "ts"];

/// Calls that build: docker-py's `images.build`, and what Testcontainers calls it in Java, .NET, Go, Python and Node.
static CALLS: LazyLock<Option<Regex>> = LazyLock::new(|| {
    Regex::new(
        r"\bimages\.build\(|\bImageFromDockerfile\(|\bImageFromDockerfileBuilder\(|\bFromDockerfile\{|\bGenericContainer\.fromDockerfile\(|\bDockerImage\(path\s*=",
    )
    .ok()
});

/// The folder or the file that such a call names as a fixed text.
static PLACES: LazyLock<Option<Regex>> = LazyLock::new(|| {
    Regex::new(
        r#"(?:\bpath\s*=|\bContext:|fromDockerfile\(|WithDockerfileDirectory\(|withDockerfile\((?:Paths\.get|Path\.of)\()\s*["']([^"'\n]+)["']"#,
    )
    .ok()
});

/// How many bytes behind a call may say what it builds.
const REACH: usize = 400;

impl Caller for Sdk {
    fn format(&self) -> Format {
        Format::Program
    }

    fn recognises(&self, path: &Utf8Path) -> bool {
        // A Groovy file anywhere but in Gradle's folder for them (`src/test/groovy`) is a pipeline of Jenkins.
        let is_program = || path.ancestors().skip(1).any(|folder| folder.file_name() == Some("groovy"));
        path.extension().is_some_and(|extension| ENDINGS.contains(&extension) || extension == "groovy" && is_program())
    }

    fn builds(&self, source: &Source, around: &dyn Surroundings) -> Vec<Build> {
        let (Some(calls), text) = (CALLS.as_ref(), source.text()) else { return Vec::new() };
        let found = calls.find_iter(text).filter(|found| !is_comment(text, found.start()));
        found.enumerate().map(|(index, found)| build(index, (found.start(), found.end()), source, around)).collect()
    }

    fn pass_secrets(
        &self,
        _source: &Source,
        _around: &dyn Surroundings,
        build: &Build,
        _requests: &[Request],
    ) -> Result<Rewrite, Refusal> {
        Err(refusal(build))
    }

    fn offer(
        &self,
        _source: &Source,
        _around: &dyn Surroundings,
        build: &Build,
        _offers: &[Offer],
    ) -> Result<Rewrite, Refusal> {
        Err(refusal(build))
    }
}

fn build(index: usize, (start, end): (usize, usize), source: &Source, around: &dyn Surroundings) -> Build {
    let text = source.text();
    let mut reach = text.len().min(end + REACH);
    while !text.is_char_boundary(reach) {
        reach -= 1;
    }
    let near = text.get(start..reach).unwrap_or("");
    let named = PLACES.as_ref().and_then(|places| places.captures(near)?.get(1)).map(|found| found.as_str());
    let title = text.get(start..end).unwrap_or("").trim_end_matches(['(', '{']).to_owned();
    let call = named.map_or_else(|| title.clone(), str::to_owned);
    Build {
        dockerfiles: named
            .and_then(|named| located(named, source.path(), around))
            .unwrap_or(Dockerfiles::Unknown(call)),
        builder: Builder::WithoutSecrets(sentence()),
        index,
        ..Build::at(Format::Program, source.path(), range(start, end), title)
    }
}

/// The Dockerfile in a folder, or at a path, seen from the program or a folder above it.
fn located(named: &str, file: &Utf8Path, around: &dyn Surroundings) -> Option<Dockerfiles> {
    let folders = upwards(file.parent().unwrap_or(Utf8Path::new("")));
    let places = folders
        .iter()
        .flat_map(|folder| [format!("{named}/Dockerfile"), named.to_owned()].map(|path| resolve(folder, &path)));
    let mut known: Vec<Utf8PathBuf> = places.flatten().filter(|path| around.dockerfiles().contains(path)).collect();
    known.dedup();
    match known.as_slice() {
        [] => None,
        [one] => Some(Dockerfiles::One(one.clone())),
        _ => Some(Dockerfiles::Several(known)),
    }
}

fn sentence() -> String {
    Release::of(Engine::DockerSdk).without_secrets().unwrap_or_default()
}

fn refusal(build: &Build) -> Refusal {
    Refusal { reason: sentence(), range: build.range, instead: None }
}

fn is_comment(text: &str, at: usize) -> bool {
    let line = text[..at].rfind('\n').map_or(0, |found| found + 1);
    let line = text[line..].trim_start();
    ["#", "//", "*", "/*"].iter().any(|sign| line.starts_with(sign))
}

#[cfg(test)]
mod tests {
    use super::super::shell::tests::Files;
    use super::*;

    #[test]
    fn calls_of_libraries_build_without_secrets() {
        let around = Files::new(&["app/Dockerfile", "Dockerfile"]);
        for (file, text, path) in [
            ("tests/conftest.py", "client.images.build(\n    path=\"app\", tag='x')\n", Some("app/Dockerfile")),
            (
                "src/it/A.java",
                "var i = new ImageFromDockerfile().withDockerfile(Paths.get(\"app/Dockerfile\"));",
                Some("app/Dockerfile"),
            ),
            ("a_test.go", "FromDockerfile: tc.FromDockerfile{\n\tContext: \".\",\n}", Some("Dockerfile")),
            ("a.test.ts", "await GenericContainer.fromDockerfile(dir).build()", None),
        ] {
            let found = Sdk.builds(&Source::new(file, text.into()), &around);
            let wanted = path.map_or_else(|| found[0].dockerfiles.clone(), |path| Dockerfiles::One(path.into()));
            assert_eq!((found.len(), &found[0].dockerfiles), (1, &wanted), "{file}");
            assert!(matches!(found[0].builder, Builder::WithoutSecrets(_)));
        }
        assert_eq!(Sdk.builds(&Source::new("a.py", "# client.images.build(path='app')\n".into()), &around), []);
    }
}
