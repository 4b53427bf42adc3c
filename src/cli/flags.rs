//! `dfmigrate flags`: how to build each Dockerfile as it stands.

use std::collections::BTreeMap;

use camino::Utf8Path;

use super::{Deciding, Failure, Outcome, Paths, Streams, settings};
use crate::{
    callers::SecretSource,
    model::{Dockerfile, Model},
    proof::BuildLine,
    report::shown,
    repository::{self, Repository},
};

pub(super) fn run(paths: &Paths, deciding: &Deciding, streams: &mut Streams) -> Result<Outcome, Failure> {
    let decided = settings::of(deciding)?;
    for root in repository::discover(&paths.paths)? {
        let repository = repository::read_as_decided(&root, &decided, |dockerfiles, _| !dockerfiles.is_empty())?;
        settings::check(&repository.configuration)?;
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
    let lines = model.dockerfiles.iter().map(|dockerfile| BuildLine::of_dockerfile(&model, dockerfile));
    // The first Dockerfile that asks for a secret says where it comes from.
    let of_each = lines.map(|line| {
        line.secrets.iter().filter_map(|(id, source)| Some((id.clone(), operand(source)?))).collect::<BTreeMap<_, _>>()
    });
    of_each.fold(BTreeMap::new(), |all, one| one.into_iter().chain(all).collect()).into_iter().collect()
}

/// A secret's source as `--secret` takes it. A line of our own has no other ones.
fn operand(source: &SecretSource) -> Option<String> {
    match source {
        SecretSource::File(path) => Some(format!("src={path}")),
        SecretSource::Variable(name) => Some(format!("env={name}")),
        SecretSource::Expression(_) | SecretSource::Unknown => None,
    }
}

fn line(model: &Model, dockerfile: &Dockerfile) -> String {
    let line = BuildLine::of_dockerfile(model, dockerfile);
    let mut words = vec!["docker".to_owned(), "build".to_owned()];
    for (id, source) in &line.secrets {
        let Some(source) = operand(source) else { continue };
        words.extend(["--secret".to_owned(), quoted(&format!("id={id},{source}"))]);
    }
    for id in &line.ssh {
        words.extend(["--ssh".to_owned(), quoted(id)]);
    }
    if let Some(target) = &line.target {
        words.extend(["--target".to_owned(), quoted(target)]);
    }
    if line.dockerfile != line.context.join("Dockerfile") {
        words.extend(["-f".to_owned(), quoted(line.dockerfile.as_str())]);
    }
    words.push(if line.context.as_str().is_empty() { ".".to_owned() } else { quoted(line.context.as_str()) });
    words.join(" ")
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
    use camino::Utf8PathBuf;

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
