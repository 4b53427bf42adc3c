//! The build lines of a Dockerfile: what each caller would run, and a line of our own where there is none.

use std::collections::{BTreeMap, BTreeSet};

use camino::{Utf8Path, Utf8PathBuf};

use crate::{
    callers::{ArgumentValue, Build, Builder, SecretSource},
    model::{Binding, BoundBuild, Dockerfile, Entry, Model},
    syntax::dockerfile::Mount,
};

/// One `docker build`, as it is meant: what comes from where, not yet with values.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BuildLine {
    /// The caller that is followed; `None` for the line that `dfmigrate flags` prints.
    pub origin: Option<Origin>,
    /// The Dockerfile, from the repository's root.
    pub dockerfile: Utf8PathBuf,
    /// The build context, from the repository's root; empty for the root itself.
    pub context: Utf8PathBuf,
    /// The stage of `--target`.
    pub target: Option<String>,
    /// The build arguments in order: name, and where the value comes from.
    pub arguments: Vec<(String, ArgumentValue)>,
    /// The secrets: id, and where the value comes from.
    pub secrets: Vec<(String, SecretSource)>,
    /// The ids of `--ssh`.
    pub ssh: Vec<String>,
    /// The names that the caller gives the image, as written.
    pub tags: Vec<String>,
    /// How the line differs from what the caller runs, one sentence each without a final period.
    pub remarks: Vec<String>,
}

/// The caller that a line follows.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Origin {
    /// The file, from the repository's root.
    pub file: Utf8PathBuf,
    /// Which build of the file it is, zero-based.
    pub index: usize,
    /// The one-based line that it stands in.
    pub line: u32,
}

impl BuildLine {
    /// The lines of all callers that build `dockerfile`, in the order of the files.
    #[must_use]
    pub fn of_callers(model: &Model, dockerfile: &Dockerfile) -> Vec<Self> {
        let bound = model.bound_builds(dockerfile);
        bound.into_iter().map(|bound| Self::of_build(model, dockerfile, bound)).collect()
    }

    /// The line of a caller that builds `dockerfile`.
    pub(super) fn of_build(model: &Model, dockerfile: &Dockerfile, bound: BoundBuild<'_>) -> Self {
        let build = bound.build;
        let secrets = build.secrets.iter().map(|passed| (passed.id.clone(), passed.source.clone())).collect();
        // A caller says only that it forwards something.
        let ssh = if build.ssh { ssh_ids(dockerfile) } else { BTreeSet::new() };
        Self {
            origin: Some(Origin::of(model, build)),
            dockerfile: dockerfile.path().to_owned(),
            context: build.context.clone().unwrap_or_else(|| context(model, dockerfile)),
            target: build.target.clone(),
            arguments: build.arguments.iter().map(|given| (given.name.clone(), given.value.clone())).collect(),
            secrets,
            ssh: ssh.into_iter().collect(),
            tags: build.tags.clone(),
            remarks: remarks(bound),
        }
    }

    /// The line for a Dockerfile as it stands: with every secret and ssh mount it has, and the build arguments that are
    /// secrets. A secret that some build passes already comes from the same place.
    #[must_use]
    pub fn of_dockerfile(model: &Model, dockerfile: &Dockerfile) -> Self {
        let builds = model.bound_builds(dockerfile);
        let secrets = model.secrets(dockerfile);
        let arguments = secrets.iter().filter(|secret| secret.entry == Entry::Argument);
        Self {
            origin: None,
            dockerfile: dockerfile.path().to_owned(),
            context: context(model, dockerfile),
            target: agreed(builds.iter().map(|bound| bound.build.target.clone())).flatten(),
            arguments: arguments.map(|secret| (secret.flow.name.clone(), ArgumentValue::Inherited)).collect(),
            secrets: secret_sources(dockerfile, &builds).into_iter().collect(),
            ssh: ssh_ids(dockerfile).into_iter().collect(),
            tags: Vec::new(),
            remarks: Vec::new(),
        }
    }

    /// Whether two lines run the same build, whoever runs it.
    #[must_use]
    pub fn runs_as(&self, other: &Self) -> bool {
        let own = Self { origin: None, tags: Vec::new(), remarks: Vec::new(), ..self.clone() };
        own == Self { origin: None, tags: Vec::new(), remarks: Vec::new(), ..other.clone() }
    }
}

impl std::fmt::Display for Origin {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(formatter, "{}:{}", self.file, self.line)
    }
}

impl Origin {
    fn of(model: &Model, build: &Build) -> Self {
        let text = model.repository.source(&build.file).map_or("", |source| source.text());
        let before = text.get(..usize::from(build.range.start())).unwrap_or("");
        let line = u32::try_from(before.matches('\n').count() + 1).unwrap_or(u32::MAX);
        Self { file: build.file.clone(), index: build.index, line }
    }
}

/// In what the line can't follow the caller.
fn remarks(bound: BoundBuild<'_>) -> Vec<String> {
    let mut remarks = Vec::new();
    let build = bound.build;
    match &build.builder {
        builder if builder.is_buildah() => remarks.push("Podman or Buildah is stood in for by BuildKit".to_owned()),
        Builder::WithoutSecrets(why) => remarks.push(format!("BuildKit stands in for another builder: {why}")),
        _ => {}
    }
    if let Some(opaque) = &build.opaque {
        remarks.push(format!("what `{opaque}` adds to the build is left out"));
    }
    if build.context.is_none() {
        remarks.push("its build context can't be told, so the one that is likely is used".to_owned());
    }
    if bound.binding == Binding::OneOfSeveral {
        remarks.push("it builds one of several Dockerfiles, or all of them".to_owned());
    }
    remarks
}

/// The context that all builds agree on, else the Dockerfile's own folder.
fn context(model: &Model, dockerfile: &Dockerfile) -> Utf8PathBuf {
    let builds = model.bound_builds(dockerfile);
    let contexts = agreed(builds.iter().filter_map(|bound| bound.build.context.clone()));
    contexts.unwrap_or_else(|| dockerfile.path().parent().unwrap_or(Utf8Path::new("")).to_owned())
}

/// What all of `values` are, if there is one and they agree.
fn agreed<T: PartialEq>(values: impl IntoIterator<Item = T>) -> Option<T> {
    let mut values = values.into_iter();
    let first = values.next()?;
    values.all(|other| other == first).then_some(first)
}

/// The mounts of a kind in the RUNs of this build. Those behind `ONBUILD` belong to builds that start from its image.
fn mounts<'d>(dockerfile: &'d Dockerfile, kind: &'d str) -> impl Iterator<Item = Mount> + 'd {
    let steps = dockerfile.steps.iter().filter(|step| !step.onbuild);
    let mounts = steps.flat_map(|step| step.instruction.flags()).filter_map(|flag| flag.mount());
    mounts.filter(move |mount| mount.kind == kind)
}

fn ssh_ids(dockerfile: &Dockerfile) -> BTreeSet<String> {
    let id = |mount: Mount| mount.get("source").or_else(|| mount.get("id")).unwrap_or("default").to_owned();
    mounts(dockerfile, "ssh").map(id).collect()
}

/// The ids of the secrets and where their values come from.
fn secret_sources(dockerfile: &Dockerfile, builds: &[BoundBuild<'_>]) -> BTreeMap<String, SecretSource> {
    let mut secrets = BTreeMap::new();
    for mount in mounts(dockerfile, "secret") {
        let Some(id) = id(&mount) else { continue };
        let source = passed(&id, builds).unwrap_or_else(|| guessed(&mount, &id));
        secrets.entry(id).or_insert(source);
    }
    secrets
}

/// The id of a secret mount: `source` before `id`, and without both the last part of the target (BuildKit
/// `dockerfile2llb/convert_secrets.go`).
fn id(mount: &Mount) -> Option<String> {
    let written = mount.get("source").or_else(|| mount.get("id"));
    let id =
        written.map(str::to_owned).or_else(|| Utf8PathBuf::from(mount.get("target")?).file_name().map(str::to_owned));
    id.filter(|id| !id.is_empty())
}

/// Where a build in the repository takes the secret from.
fn passed(id: &str, builds: &[BoundBuild<'_>]) -> Option<SecretSource> {
    let mut secrets = builds.iter().flat_map(|bound| &bound.build.secrets).filter(|secret| secret.id == id);
    let is_plain = |source: &SecretSource| matches!(source, SecretSource::Variable(_) | SecretSource::File(_));
    secrets.find(|secret| is_plain(&secret.source)).map(|secret| secret.source.clone())
}

/// Where a secret is likely to come from, told by what the RUN gets: a variable, or a file of that name.
fn guessed(mount: &Mount, id: &str) -> SecretSource {
    if let Some(name) = mount.get("env").filter(|name| !name.is_empty()) {
        return SecretSource::Variable(name.to_owned());
    }
    let target = mount.get("target").map(Utf8Path::new).filter(|target| !target.starts_with("/run/secrets"));
    match target.and_then(|target| Some((target.parent()?, target.file_name()?))) {
        Some((home, name)) if matches!(home.as_str(), "/root" | "~") || home.starts_with("/home") => {
            SecretSource::File(format!("$HOME/{name}"))
        }
        Some((_, name)) => SecretSource::File(name.to_owned()),
        None => SecretSource::Variable(id.to_uppercase().replace(|char: char| !char.is_ascii_alphanumeric(), "_")),
    }
}

#[cfg(test)]
mod tests {
    use std::rc::Rc;

    use super::*;
    use crate::{repository::Repository, source::Source};

    fn model(files: &[(&str, &str)]) -> Model {
        let sources = files.iter().map(|(path, text)| Source::new(*path, text.as_bytes().to_vec()));
        Model::new(Rc::new(Repository::new([], sources, vec!["Dockerfile".into()])), |_| true)
    }

    #[test]
    fn a_line_says_what_its_caller_says() {
        let model = model(&[
            ("Dockerfile", "FROM x AS one\nARG NPM_TOKEN\nRUN npm ci\n"),
            (
                "build.sh",
                "#!/bin/sh\ncd app\n\ndocker build --target one --build-arg NPM_TOKEN=$T -f ../Dockerfile ..\n",
            ),
        ]);
        let lines = BuildLine::of_callers(&model, &model.dockerfiles[0]);
        let [line] = lines.as_slice() else { panic!("{lines:?}") };
        assert_eq!(line.origin, Some(Origin { file: "build.sh".into(), index: 0, line: 4 }));
        assert_eq!((line.context.as_str(), line.target.as_deref()), ("", Some("one")));
        assert_eq!(line.arguments, [("NPM_TOKEN".to_owned(), ArgumentValue::Variable("T".to_owned()))]);
    }

    #[test]
    fn without_a_caller_every_mount_and_every_secret_argument_is_there() {
        let text =
            "FROM x\nARG API_TOKEN\nARG VERSION\nRUN --mount=type=secret,id=npm,env=NPM_TOKEN --mount=type=ssh a\n";
        let model = model(&[("Dockerfile", text)]);
        assert!(BuildLine::of_callers(&model, &model.dockerfiles[0]).is_empty());
        let line = BuildLine::of_dockerfile(&model, &model.dockerfiles[0]);
        assert_eq!(line.arguments, [("API_TOKEN".to_owned(), ArgumentValue::Inherited)]);
        assert_eq!(line.secrets, [("npm".to_owned(), SecretSource::Variable("NPM_TOKEN".to_owned()))]);
        assert_eq!(line.ssh, ["default"]);
    }
}
