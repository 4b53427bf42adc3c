//! `dfmigrate flags`: how to build each Dockerfile as it stands.

use std::collections::{BTreeMap, BTreeSet};

use camino::{Utf8Path, Utf8PathBuf};

use super::{Failure, Outcome, Paths, Streams};
use crate::{
    callers::SecretSource,
    model::{BoundBuild, Dockerfile, Model},
    report::shown,
    repository::{self, Repository},
    syntax::dockerfile::Mount,
};

pub(super) fn run(paths: &Paths, streams: &mut Streams) -> Result<Outcome, Failure> {
    for root in repository::discover(&paths.paths)? {
        let repository = repository::read(&root, |dockerfiles| !dockerfiles.is_empty())?;
        for line in lines(&repository, |path| repository.is_selected(path)) {
            streams.print(line)?;
        }
    }
    Ok(Outcome::Clean)
}

/// The build line of each Dockerfile for which `wanted` holds, to be run in the root of the repository.
pub(super) fn lines(repository: &Repository, wanted: impl Fn(&Utf8Path) -> bool) -> Vec<String> {
    let model = Model::new(std::rc::Rc::new(repository.clone()), wanted);
    model.dockerfiles.iter().map(|dockerfile| line(&model, dockerfile)).collect()
}

/// The secrets that the builds of these Dockerfiles take, by id, and where each comes from, as `--secret` takes it.
pub(super) fn secrets_of(repository: &Repository, wanted: impl Fn(&Utf8Path) -> bool) -> Vec<(String, String)> {
    let model = Model::new(std::rc::Rc::new(repository.clone()), wanted);
    let of_each = model.dockerfiles.iter().map(|dockerfile| secrets(dockerfile, &model.bound_builds(dockerfile)));
    of_each.fold(BTreeMap::new(), |all, one| one.into_iter().chain(all).collect()).into_iter().collect()
}

fn line(model: &Model, dockerfile: &Dockerfile) -> String {
    let builds = model.bound_builds(dockerfile);
    let mut words = vec!["docker".to_owned(), "build".to_owned()];
    for (id, source) in secrets(dockerfile, &builds) {
        words.extend(["--secret".to_owned(), quoted(&format!("id={id},{source}"))]);
    }
    for id in ssh_ids(dockerfile) {
        words.extend(["--ssh".to_owned(), quoted(&id)]);
    }
    if let Some(target) = agreed(builds.iter().map(|bound| bound.build.target.clone())).flatten() {
        words.extend(["--target".to_owned(), quoted(&target)]);
    }
    let context = agreed(builds.iter().filter_map(|bound| bound.build.context.clone()));
    let context = context.unwrap_or_else(|| dockerfile.path().parent().unwrap_or(Utf8Path::new("")).to_owned());
    if dockerfile.path() != context.join("Dockerfile") {
        words.extend(["-f".to_owned(), quoted(dockerfile.path().as_str())]);
    }
    words.push(if context.as_str().is_empty() { ".".to_owned() } else { quoted(context.as_str()) });
    words.join(" ")
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

/// The ids of the secrets and where their values come from, as `--secret` takes it.
fn secrets(dockerfile: &Dockerfile, builds: &[BoundBuild<'_>]) -> BTreeMap<String, String> {
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
fn passed(id: &str, builds: &[BoundBuild<'_>]) -> Option<String> {
    let mut secrets = builds.iter().flat_map(|bound| &bound.build.secrets).filter(|secret| secret.id == id);
    secrets.find_map(|secret| match &secret.source {
        SecretSource::Variable(name) => Some(format!("env={name}")),
        SecretSource::File(path) => Some(format!("src={path}")),
        SecretSource::Expression(_) | SecretSource::Unknown => None,
    })
}

/// Where a secret is likely to come from, told by what the RUN gets: a variable, or a file of that name.
fn guessed(mount: &Mount, id: &str) -> String {
    if let Some(name) = mount.get("env").filter(|name| !name.is_empty()) {
        return format!("env={name}");
    }
    let target = mount.get("target").map(Utf8Path::new).filter(|target| !target.starts_with("/run/secrets"));
    match target.and_then(|target| Some((target.parent()?, target.file_name()?))) {
        Some((home, name)) if matches!(home.as_str(), "/root" | "~") || home.starts_with("/home") => {
            format!("src=$HOME/{name}")
        }
        Some((_, name)) => format!("src={name}"),
        None => format!("env={}", id.to_uppercase().replace(|char: char| !char.is_ascii_alphanumeric(), "_")),
    }
}

/// A word for a POSIX shell. Variables in it are left for the shell to expand, nothing else is.
fn quoted(word: &str) -> String {
    let word = shown::line(word);
    let plain = |char: char| char.is_ascii_alphanumeric() || "_-./=,:@%+".contains(char);
    if !word.is_empty() && word.chars().all(plain) {
        word
    } else if word.contains('$') && word.chars().all(|char| plain(char) || "${}".contains(char)) {
        format!("\"{word}\"")
    } else {
        format!("'{}'", word.replace('\'', r"'\''"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::source::Source;

    fn lines_of(dockerfile: &str, others: &[(&str, &str)]) -> Vec<String> {
        let path = Utf8PathBuf::from("Dockerfile");
        let others = others.iter().map(|(path, text)| Source::new(*path, text.as_bytes().to_vec()));
        let sources = others.chain([Source::new(path.clone(), dockerfile.as_bytes().to_vec())]);
        lines(&Repository::new([], sources, vec![path]), |_| true)
    }

    #[test]
    fn every_mount_has_its_flag() {
        let text = "FROM x\nRUN --mount=type=secret,id=npm,env=NPM_TOKEN --mount=type=ssh a\n\
                    RUN --mount=type=secret,target=/root/.netrc b\nRUN --mount=type=secret,id=my-key c\n\
                    ONBUILD RUN --mount=type=secret,id=later d\n";
        assert_eq!(
            lines_of(text, &[]),
            ["docker build --secret \"id=.netrc,src=$HOME/.netrc\" --secret id=my-key,env=MY_KEY \
             --secret id=npm,env=NPM_TOKEN --ssh default ."]
        );
    }

    #[test]
    fn words_are_quoted_for_a_shell() {
        assert_eq!(quoted("a b"), "'a b'");
        assert_eq!(quoted("$(id)"), "'$(id)'");
        assert_eq!(quoted("it's"), r"'it'\''s'");
    }
}
