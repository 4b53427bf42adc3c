//! Where a repository says that its Compose is of version 1: that refuses a file with `secrets` in a `build`, for all that it
//! is called for (experiment: docker-compose 1.29.2, "services.a.build contains unsupported option: 'secrets'").

use camino::{Utf8Path, Utf8PathBuf};

use super::service::{BASE_FILES, services};
use crate::callers::yaml::Document;
use crate::callers::{Build, Refusal, Rewrite, Surroundings};
use crate::repository::is_document;

/// Refuses to give secrets to `build`, one of the file `documents`, where the repository says that its Compose does not take them,
/// or lets `rewrite` rest on it that what a document says of that is old. A file that has secrets for its builds is right about its
/// Compose.
pub(super) fn refuse_first_version(
    documents: &[Document],
    build: &Build,
    rewrite: &mut Rewrite,
    around: &dyn Surroundings,
) -> Result<(), Refusal> {
    let has_secrets = services(documents).iter().any(|service| service.build.get("secrets").is_some());
    let Some(first) = first_version(&build.file, around).filter(|_| !has_secrets) else { return Ok(()) };
    let First { path, line, says } = &first;
    if is_document(&first.path) {
        rewrite.assumptions.push(format!("Compose is of version 2.6 or later: `{path}` line {line} {says}"));
        return Ok(());
    }
    let reason = format!(
        "`{path}` line {line} {says}: version 1 refuses a file with secrets in a `build`, Compose 2.6 takes it"
    );
    Err(Refusal { reason, range: build.range, instead: None })
}

/// A place that says it.
#[derive(Debug, Clone, PartialEq, Eq)]
struct First {
    /// The file.
    path: Utf8PathBuf,
    /// The one-based line.
    line: usize,
    /// What it does, as the rest of a sentence.
    says: String,
}

/// The place that says it of what runs the Compose file `file`; what is no document comes first.
fn first_version(file: &Utf8Path, around: &dyn Surroundings) -> Option<First> {
    let say = |path: &Utf8Path, text: &str| {
        let (line, says) = said(text).filter(|_| path != file && !is_of_another_project(path, file, around))?;
        Some(First { path: path.to_owned(), line, says })
    };
    let found = |documents: bool| {
        ["docker/compose", "docker-compose"].into_iter().find_map(|word| {
            let wanted =
                |path: &Utf8Path, text: &str| say(path, text).is_some_and(|it| is_document(&it.path) == documents);
            let path = around.mentioning(word, &wanted)?;
            say(path, around.text(path)?)
        })
    };
    found(false).or_else(|| found(true))
}

/// Whether `path` lies in a project inside of the repository that has a Compose file of its own, and does not hold `file`.
fn is_of_another_project(path: &Utf8Path, file: &Utf8Path, around: &dyn Surroundings) -> bool {
    let inner = path.ancestors().skip(1).filter(|folder| !folder.as_str().is_empty());
    let has_own = |folder: &&Utf8Path| BASE_FILES.iter().any(|name| around.is_file(&folder.join(name)));
    inner.filter(|folder| !file.starts_with(folder)).any(|folder| has_own(&folder))
}

/// The first line of `text` that says it, one-based, and what it does.
fn said(text: &str) -> Option<(usize, String)> {
    let mut command = String::new();
    for (index, line) in text.lines().enumerate() {
        let line = line.trim();
        if line.starts_with('#') {
            continue;
        }
        command.push_str(line.trim_end_matches('\\'));
        let says =
            image(line).or_else(|| download(line, text)).or_else(|| package(line)).or_else(|| installed(&command));
        if let Some(says) = says {
            return Some((index + 1, says));
        }
        match line.ends_with('\\') {
            true => command.push(' '),
            false => command.clear(),
        }
    }
    None
}

/// The numbers at the begin of `text`, if they are of version 1.
fn number(text: &str) -> Option<&str> {
    let text = text.strip_prefix('v').unwrap_or(text);
    let end = text.find(|char: char| !char.is_ascii_digit() && char != '.').unwrap_or(text.len());
    text.get(..end).filter(|number| number.starts_with("1.") && number.len() > 2)
}

fn image(line: &str) -> Option<String> {
    line.split("docker/compose:").skip(1).find_map(|tag| {
        let version = number(tag.trim_start_matches("alpine-").trim_start_matches("debian-"))?;
        Some(format!("uses the image of Compose {version}"))
    })
}

/// The address of a release, whose version may stand in a variable of the same text.
fn download(line: &str, text: &str) -> Option<String> {
    line.split("docker/compose/releases/download/").skip(1).find_map(|rest| {
        let version = number(rest).or_else(|| {
            let rest = rest.strip_prefix('v').unwrap_or(rest).strip_prefix('$')?;
            let rest = rest.trim_start_matches(['{', '(', ' ']);
            let rest = ["env.", "matrix.", "vars."].iter().find_map(|scope| rest.strip_prefix(scope)).unwrap_or(rest);
            let end = rest.find(|char: char| !char.is_ascii_alphanumeric() && char != '_').unwrap_or(rest.len());
            assigned(text, rest.get(..end).filter(|name| !name.is_empty())?)
        })?;
        Some(format!("downloads Compose {version}"))
    })
}

/// The version of the first kind that `text` gives the variable `name`, in whatever format.
fn assigned<'t>(text: &'t str, name: &str) -> Option<&'t str> {
    text.match_indices(name).find_map(|(at, _)| {
        let rest = text.get(at + name.len()..)?;
        let value = rest.trim_start_matches([' ', ':', '?', '=', '"', '\'']);
        let is_value =
            rest.len() > value.len() && !text[..at].ends_with(|char: char| char.is_alphanumeric() || char == '_');
        is_value.then(|| number(value)).flatten()
    })
}

/// A requirement of Python, where Compose never got to a second version (1.29.2 is the last `docker-compose` there).
fn package(line: &str) -> Option<String> {
    let rest = line.trim_start_matches(['"', '\'', '-', ' ']).strip_prefix("docker-compose")?;
    let rest = rest.trim_start_matches([' ', '"']);
    let operator = ["==", "~=", ">=", "<=", "= \"=="].iter().find_map(|operator| rest.strip_prefix(operator))?;
    Some(format!("requires Compose {}, in Python", number(operator.trim())?))
}

/// What a command installs with the package manager of Python or of a distribution.
fn installed(command: &str) -> Option<String> {
    command.split([';', '&', '|']).find_map(|command| {
        let mut words = command.split_whitespace().map(|word| word.trim_matches(['"', '\'', ',', '[', ']', '@', '`']));
        let has = |wanted: &dyn Fn(&str) -> bool| words.clone().any(wanted);
        let is_pip = |word: &str| {
            word.strip_prefix("pip").is_some_and(|rest| rest.chars().all(|char| char.is_ascii_digit() || char == '.'))
        };
        if !has(&|word| word == "install") {
            return None;
        }
        if has(&is_pip) {
            let is_it = |word: &&str| word.split(['=', '<', '>', '~', '!', '[']).next() == Some("docker-compose");
            return words.find(is_it).map(|word| format!("installs `{word}` with pip, which has no version 2"));
        }
        let apt = has(&|word| matches!(word, "apt-get" | "apt" | "aptitude"));
        (apt && has(&|word| word == "docker-compose")).then(|| {
            "installs the distribution's `docker-compose`, which is of version 1 in Debian 12 and Ubuntu 22.04"
                .to_owned()
        })
    })
}

#[cfg(test)]
mod tests {
    use super::said;

    #[test]
    fn every_place_that_names_a_version() {
        for (text, line, says) in [
            ("image: docker/compose:1.29.2", 1, "uses the image of Compose 1.29.2"),
            ("image: \"docker/compose:alpine-1.28.5\"", 1, "uses the image of Compose 1.28.5"),
            (
                "- pip install docker-compose==1.27.4",
                1,
                "installs `docker-compose==1.27.4` with pip, which has no version 2",
            ),
            (
                "RUN pip3 install -U \\\n  docker-compose",
                2,
                "installs `docker-compose` with pip, which has no version 2",
            ),
            (
                "python -m pip install 'docker-compose<2'",
                1,
                "installs `docker-compose<2` with pip, which has no version 2",
            ),
            ("a\ndocker-compose==1.29.2\n", 2, "requires Compose 1.29.2, in Python"),
            (
                "curl -L https://github.com/docker/compose/releases/download/1.25.4/docker-compose-Linux",
                1,
                "downloads Compose 1.25.4",
            ),
            (
                "env:\n  - DOCKER_COMPOSE_VERSION=1.25.4\ncurl -L https://github.com/docker/compose/releases/download/${DOCKER_COMPOSE_VERSION}/x",
                3,
                "downloads Compose 1.25.4",
            ),
            (
                "  V: \"1.24.0\"\n  run: curl github.com/docker/compose/releases/download/${{ env.V }}/x",
                2,
                "downloads Compose 1.24.0",
            ),
            (
                "sudo apt-get install -y docker.io docker-compose && docker-compose up",
                1,
                "installs the distribution's `docker-compose`, which is of version 1 in Debian 12 and Ubuntu 22.04",
            ),
        ] {
            assert_eq!(said(text), Some((line, says.to_owned())), "{text}");
        }
    }

    #[test]
    fn second_versions_and_other_words_say_nothing() {
        for text in [
            "image: docker/compose:2.2",
            "image: docker/compose",
            "curl -L https://github.com/docker/compose/releases/download/v2.24.6/docker-compose-Linux",
            "V=2.1.1\ncurl -L https://github.com/docker/compose/releases/download/v$V/x",
            "# pip install docker-compose==1.27.4",
            "apt-get install -y docker-compose-plugin docker-compose-v2",
            "docker-compose up # installs nothing",
            "pip install tox && docker-compose build",
            "pipenv install docker-compose-tools",
        ] {
            assert_eq!(said(text), None, "{text}");
        }
    }
}
