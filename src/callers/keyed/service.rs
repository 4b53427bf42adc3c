//! Services that build a Dockerfile of the repository with variables of their own as build arguments: Heroku's `heroku.yml`,
//! Render's `render.yaml` and CapRover's `captain-definition`. None takes a secret from a variable.

use camino::Utf8Path;

use super::{Described, Tool};
use crate::callers::location::resolve;
use crate::callers::yaml::{Cursor, Document};
use crate::callers::{ArgumentValue, Build, Builder, Dockerfiles, Format, PassedSecret, SecretValue, Surroundings};
use crate::knowledge::engines::{Engine, Release};
use crate::source::Source;

/// The file of CapRover, JSON, which YAML takes in (yaml.org/spec/1.2.2, 1.3).
const CAPTAIN: &str = "captain-definition";

/// See above.
pub(super) struct Service;

impl Tool for Service {
    fn format(&self) -> Format {
        Format::Service
    }

    fn recognises(&self, path: &Utf8Path) -> bool {
        matches!(path.file_name(), Some("heroku.yml" | "render.yaml" | "render.yml" | CAPTAIN))
    }

    fn words(&self) -> &'static [&'static str] {
        &["docker"]
    }

    fn builds<'d>(&self, document: &'d Document, source: &Source, around: &dyn Surroundings) -> Vec<Described<'d>> {
        let root = Cursor::root(document);
        match source.path().file_name() {
            Some("heroku.yml") => heroku(root, source, around),
            Some(CAPTAIN) => captain(root, source, around).into_iter().collect(),
            _ => render(root, source, around),
        }
    }

    fn value(&self, text: &str) -> ArgumentValue {
        if text.is_empty() { ArgumentValue::Empty } else { ArgumentValue::Literal(SecretValue::new(text)) }
    }

    fn member(&self, _id: &str, name: &str, _value: &ArgumentValue, _text: Option<&str>) -> Result<String, String> {
        Err(format!("`{name}` can't be passed as a secret here"))
    }

    fn passed(&self, _member: Cursor<'_>) -> Option<PassedSecret> {
        None
    }
}

/// `build.docker` has a Dockerfile for each process, `build.config` their arguments.
fn heroku<'d>(root: Cursor<'d>, source: &Source, around: &dyn Surroundings) -> Vec<Described<'d>> {
    let Some(body) = root.get("build") else { return Vec::new() };
    let processes = body.get("docker").map(Cursor::entries).unwrap_or_default();
    let one = |(name, process): (&str, Cursor<'d>)| {
        let written = process.text().or_else(|| process.get("dockerfile")?.text()).unwrap_or("Dockerfile");
        described(body, Engine::Heroku, name, written, source, around)
    };
    processes.into_iter().map(one).collect()
}

/// A service with `runtime: docker` (or `env: docker`, as it was called).
fn render<'d>(root: Cursor<'d>, source: &Source, around: &dyn Surroundings) -> Vec<Described<'d>> {
    let is_docker = |service: &Cursor<'d>| {
        ["runtime", "env"].iter().any(|key| service.get(key).and_then(Cursor::text) == Some("docker"))
    };
    let services = root.get("services").map(Cursor::items).unwrap_or_default().into_iter().filter(is_docker);
    let one = |service: Cursor<'d>| {
        let text = |key: &str| service.get(key).and_then(Cursor::text);
        let written = text("dockerfilePath").unwrap_or("Dockerfile");
        described(service, Engine::Render, text("name").unwrap_or("?"), written, source, around)
    };
    services.map(one).collect()
}

/// `dockerfilePath` names the Dockerfile; with `imageName` or `dockerfileLines` none of the repository is built.
fn captain<'d>(root: Cursor<'d>, source: &Source, around: &dyn Surroundings) -> Option<Described<'d>> {
    let written = root.get("dockerfilePath")?.text()?;
    Some(described(root, Engine::CapRover, "CapRover", written, source, around))
}

fn described<'d>(
    body: Cursor<'d>,
    engine: Engine,
    name: &str,
    written: &str,
    source: &Source,
    around: &dyn Surroundings,
) -> Described<'d> {
    let folder = source.path().parent().unwrap_or(Utf8Path::new(""));
    let path = resolve(folder, written).filter(|path| around.is_file(path));
    let sentence = Release::of(engine).without_secrets().unwrap_or_default();
    Described {
        build: Build {
            dockerfiles: path.map_or_else(|| Dockerfiles::Unknown(written.to_owned()), Dockerfiles::One),
            builder: Builder::WithoutSecrets(sentence),
            ..Build::at(Format::Service, source.path(), body.node().range, format!("service {name}"))
        },
        body,
        keys: ("config", "secrets"),
        assumptions: Vec::new(),
        lacking: Vec::new(),
    }
}
