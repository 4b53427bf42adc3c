//! Railway builds the Dockerfile of a repository with the variables of the service as build arguments; it has no build
//! secrets. `railway.json` or `railway.toml` shows that it does (docs.railway.com, "Config as Code").

use camino::Utf8Path;
use serde::Deserialize;

use super::location::resolve;
use super::offer::refusal;
use super::{Build, Builder, Caller, Dockerfiles, Format, Offer, Refusal, Request, Rewrite, Surroundings};
use crate::knowledge::engines::{Engine, Release};
use crate::source::{Source, range};

/// The caller for Railway's configuration.
#[derive(Debug, Clone, Copy)]
pub struct Railway;

/// What a configuration says of the build, as far as it matters here.
#[derive(Debug, Deserialize)]
struct Settings {
    #[serde(default)]
    build: BuildSettings,
}

#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase")]
struct BuildSettings {
    builder: Option<String>,
    dockerfile_path: Option<String>,
}

impl Caller for Railway {
    fn format(&self) -> Format {
        Format::Railway
    }

    fn recognises(&self, path: &Utf8Path) -> bool {
        matches!(path.file_name(), Some("railway.json" | "railway.toml"))
    }

    fn builds(&self, source: &Source, around: &dyn Surroundings) -> Vec<Build> {
        settings(source).and_then(|settings| build(settings.build, source, around)).into_iter().collect()
    }

    fn pass_secrets(
        &self,
        _source: &Source,
        _around: &dyn Surroundings,
        build: &Build,
        _requests: &[Request],
    ) -> Result<Rewrite, Refusal> {
        Err(refusal(sentence(), build.range))
    }

    fn offer(
        &self,
        _source: &Source,
        _around: &dyn Surroundings,
        build: &Build,
        _offers: &[Offer],
    ) -> Result<Rewrite, Refusal> {
        Err(refusal(sentence(), build.range))
    }
}

fn sentence() -> String {
    Release::of(Engine::Railway).without_secrets().unwrap_or_default()
}

/// `None` for a file that is neither: Railway would refuse it.
fn settings(source: &Source) -> Option<Settings> {
    match source.path().extension() {
        Some("toml") => toml::from_str(source.text()).ok(),
        _ => serde_json::from_str(source.text()).ok(),
    }
}

/// Without a word on the builder, Railway takes the Dockerfile where there is one (docs.railway.com, "Dockerfiles").
fn build(settings: BuildSettings, source: &Source, around: &dyn Surroundings) -> Option<Build> {
    let docker = settings.builder.as_deref().is_none_or(|builder| builder.eq_ignore_ascii_case("dockerfile"));
    let folder = source.path().parent().unwrap_or(Utf8Path::new(""));
    let written = settings.dockerfile_path.as_deref().unwrap_or("Dockerfile");
    let here = resolve(folder, written.trim_start_matches('/')).filter(|path| around.is_file(path));
    let dockerfile = here.or_else(|| resolve(Utf8Path::new(""), written).filter(|path| around.is_file(path)));
    let dockerfile = dockerfile.filter(|_| docker)?;
    Some(Build {
        dockerfiles: Dockerfiles::One(dockerfile),
        builder: Builder::WithoutSecrets(sentence()),
        ..Build::at(Format::Railway, source.path(), range(0, source.text().trim_end().len()), "Railway".to_owned())
    })
}

#[cfg(test)]
mod tests {
    use super::super::shell::tests::Files;
    use super::*;

    fn built(path: &str, text: &str) -> Option<Dockerfiles> {
        let around = Files::new(&["Dockerfile", "web/Dockerfile", "web/api.Dockerfile"]);
        Railway.builds(&Source::new(path, text.into()), &around).pop().map(|build| build.dockerfiles)
    }

    #[test]
    fn the_configuration_says_what_is_built() {
        let one = |path: &str| Some(Dockerfiles::One(path.into()));
        for (path, text, expected) in [
            ("railway.json", r#"{"build": {"builder": "DOCKERFILE"}}"#, one("Dockerfile")),
            (
                "railway.toml",
                "[build]\nbuilder = \"dockerfile\"\ndockerfilePath = \"web/api.Dockerfile\"\n",
                one("web/api.Dockerfile"),
            ),
            ("web/railway.json", r#"{"deploy": {"startCommand": "x"}}"#, one("web/Dockerfile")),
            ("web/railway.toml", "[build]\ndockerfilePath = \"/Dockerfile\"\n", one("web/Dockerfile")),
            ("railway.toml", "[build]\nbuilder = \"NIXPACKS\"\n", None),
            ("railway.json", "{", None),
            ("other/railway.json", r#"{"build": {"builder": "DOCKERFILE"}}"#, one("Dockerfile")),
        ] {
            assert_eq!(built(path, text), expected, "{path}: {text}");
        }
    }
}
