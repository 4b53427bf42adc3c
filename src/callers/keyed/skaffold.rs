//! Skaffold (skaffold.dev, "skaffold.yaml"; pkg/skaffold/docker/image.go): `build.artifacts[].docker` with `buildArgs` and
//! `secrets`.

use camino::{Utf8Path, Utf8PathBuf};

use super::{Described, Tool, not_one_variable};
use crate::callers::location::resolve;
use crate::callers::yaml::{Cursor, Document};
use crate::callers::{
    ArgumentValue, Build, Builder, Dockerfiles, Format, PassedSecret, SecretSource, SecretValue, Surroundings,
};
use crate::source::Source;

/// See above.
pub(super) struct Skaffold;

impl Tool for Skaffold {
    fn format(&self) -> Format {
        Format::Skaffold
    }

    fn recognises(&self, path: &Utf8Path) -> bool {
        path.file_name().is_some_and(|name| name.starts_with("skaffold"))
    }

    fn words(&self) -> &'static [&'static str] {
        &["artifacts"]
    }

    fn builds<'d>(&self, document: &'d Document, source: &Source, around: &dyn Surroundings) -> Vec<Described<'d>> {
        let root = Cursor::root(document);
        let profiles = root.get("profiles").map(Cursor::items).unwrap_or_default();
        let mut found = Vec::new();
        for scope in std::iter::once(root).chain(profiles) {
            let Some(build) = scope.get("build") else { continue };
            for artifact in build.get("artifacts").map(Cursor::items).unwrap_or_default() {
                found.extend(described(root, build, artifact, source, around));
            }
        }
        found
    }

    /// A template of Go over the environment: `{{.NAME}}`.
    fn value(&self, text: &str) -> ArgumentValue {
        let inside = text.trim().strip_prefix("{{").and_then(|rest| rest.strip_suffix("}}")).map(str::trim);
        let is_name =
            |name: &str| !name.is_empty() && name.bytes().all(|byte| byte == b'_' || byte.is_ascii_alphanumeric());
        match inside.and_then(|inside| inside.strip_prefix('.')).filter(|name| is_name(name)) {
            Some(name) => ArgumentValue::Variable(name.to_owned()),
            None if text.is_empty() => ArgumentValue::Empty,
            None if text.contains("{{") => ArgumentValue::Composite,
            None => ArgumentValue::Literal(SecretValue::new(text)),
        }
    }

    fn member(&self, id: &str, name: &str, value: &ArgumentValue, _text: Option<&str>) -> Result<String, String> {
        match value {
            ArgumentValue::Inherited => Ok(format!("{{id: {id}, env: {name}}}")),
            ArgumentValue::Variable(variable) => Ok(format!("{{id: {id}, env: {variable}}}")),
            other => Err(not_one_variable(name, other)),
        }
    }

    fn passed(&self, member: Cursor<'_>) -> Option<PassedSecret> {
        let text = |key: &str| member.get(key).and_then(Cursor::text).map(str::to_owned);
        let source = text("env").map(SecretSource::Variable).or_else(|| text("src").map(SecretSource::File));
        let source = source.unwrap_or(SecretSource::Unknown);
        Some(PassedSecret { id: text("id")?, source, range: member.node().range })
    }
}

fn described<'d>(
    root: Cursor<'d>,
    build: Cursor<'d>,
    artifact: Cursor<'d>,
    source: &Source,
    around: &dyn Surroundings,
) -> Option<Described<'d>> {
    let kaniko = artifact.get("kaniko");
    let body = artifact.get("docker").or(kaniko)?;
    let image = artifact.get("image").and_then(Cursor::text).unwrap_or("?");
    let folder = source.path().parent().unwrap_or(Utf8Path::new(""));
    let context = artifact.get("context").and_then(Cursor::text).unwrap_or(".");
    let context = resolve(folder, context).filter(|path| !path.as_str().contains("{{"));
    let written = body.get("dockerfile").and_then(Cursor::text).unwrap_or("Dockerfile");
    let builder = match without(build, kaniko.is_some()).or_else(|| too_old(root)) {
        Some(sentence) => Builder::WithoutSecrets(sentence),
        None => Builder::BuildKit,
    };
    let asks = build.get("local").and_then(|local| local.get("useBuildkit")).and_then(Cursor::text) == Some("true");
    let assumption =
        "Skaffold builds with BuildKit (`build.local.useBuildkit: true`, or `DOCKER_BUILDKIT=1`)".to_owned();
    Some(Described {
        build: Build {
            dockerfiles: dockerfiles(context.as_deref(), written, around),
            context,
            target: body.get("target").and_then(Cursor::text).map(str::to_owned),
            tags: vec![image.to_owned()],
            builder,
            ssh: body.get("ssh").is_some(),
            ..Build::at(Format::Skaffold, source.path(), artifact.node().range, format!("artifact {image}"))
        },
        body,
        keys: ("buildArgs", "secrets"),
        assumptions: (!asks).then_some(assumption).into_iter().collect(),
        lacking: Vec::new(),
    })
}

fn dockerfiles(context: Option<&Utf8Path>, written: &str, around: &dyn Surroundings) -> Dockerfiles {
    let path: Option<Utf8PathBuf> = context.and_then(|context| resolve(context, written));
    match path.filter(|path| around.is_file(path)) {
        Some(path) => Dockerfiles::One(path),
        None => Dockerfiles::Unknown(written.to_owned()),
    }
}

/// Why Skaffold hands no secrets to what builds: only the local docker gets them.
fn without(build: Cursor<'_>, kaniko: bool) -> Option<String> {
    if kaniko || build.get("cluster").is_some() {
        return Some(
            "Skaffold builds it with kaniko, which has no `--secret` and passes over `RUN --mount`".to_owned(),
        );
    }
    if build.get("googleCloudBuild").is_some() {
        return Some("Skaffold hands no secrets to Google Cloud Build".to_owned());
    }
    let off = build.get("local")?.get("useBuildkit")?.text() == Some("false");
    off.then(|| "`useBuildkit: false` selects the classic builder".to_owned())
}

/// `secrets` with `env` came with v2beta24.
fn too_old(root: Cursor<'_>) -> Option<String> {
    let version = root.get("apiVersion").and_then(Cursor::text)?;
    let rest = version.strip_prefix("skaffold/v")?;
    let number = |text: &str| text.chars().take_while(char::is_ascii_digit).collect::<String>().parse::<u32>().ok();
    let major = number(rest)?;
    let beta = rest.split_once("beta").and_then(|(_, beta)| number(beta));
    let old = major < 2 || major == 2 && beta.is_some_and(|beta| beta < 24) || rest.contains("alpha");
    old.then(|| format!("`apiVersion: {version}` has no `secrets` with `env` (they came with `skaffold/v2beta24`)"))
}
