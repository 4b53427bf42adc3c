//! The ways to fetch the same without credentials in a URL: BuildKit sends a secret by itself, or a RUN fetches it.

use camino::Utf8Path;

use super::source::Source;
use crate::codemods::migration::FetchWay;
use crate::model::{Dockerfile, Form, ImagePath, Model};

/// Why a way is not open, as a clause.
pub(super) type Objection = String;

/// Hosts that take a token as a bearer token as well as in a URL (docs.github.com/rest/authentication).
const BEARERS: [&str; 4] = ["github.com", "api.github.com", "raw.githubusercontent.com", "codeload.github.com"];

/// The user that BuildKit sends a git token with (BuildKit `source/git/source.go`).
const GIT_USER: &str = "x-access-token";

/// The way by a secret that BuildKit sends, where the server gets from it what the URL gave it.
///
/// # Errors
/// Why that can't be shown.
pub(super) fn by_host(source: &Source) -> Result<FetchWay, Objection> {
    if source.variable().is_none() && !source.variables.is_empty() {
        return Err("the credential is made of several pieces".to_owned());
    }
    let known = BEARERS.contains(&source.host_name());
    let same = if source.is_git { known || source.user.as_deref() == Some(GIT_USER) } else { known };
    if !same {
        let sent = if source.is_git { "as the password of `x-access-token`" } else { "as a bearer token" };
        return Err(format!("BuildKit sends it {sent}, and whether `{}` takes that can't be told", source.host));
    }
    let id = if source.is_git { source.host_id() } else { format!("HTTP_AUTH_TOKEN_{}", source.host_name()) };
    Ok(FetchWay::Host { id, word: source.word, address: source.plain.clone() })
}

/// The command of a RUN that fetches the same.
///
/// # Errors
/// Why there is none.
pub(super) fn by_run(model: &Model, dockerfile: &Dockerfile, source: &Source) -> Result<String, Objection> {
    let step = source.step;
    if !source.is_only {
        return Err("the ADD has other sources as well".to_owned());
    }
    if !dockerfile.surely_runs_as_root(step) {
        return Err("an ADD writes as root, and the RUN would run as another account".to_owned());
    }
    if dockerfile.steps_before(step).any(|step| step.run.as_ref().is_some_and(|run| run.form == Form::Foreign)) {
        return Err("no POSIX shell runs the RUNs there".to_owned());
    }
    let (url, target) = (quoted(&source.url)?, Target::new(model, dockerfile, source)?);
    if source.is_git { cloned(dockerfile, source, &target) } else { downloaded(dockerfile, source, &url, &target) }
}

/// The text as a word of a shell in which variables are expanded.
fn quoted(text: &str) -> Result<String, Objection> {
    if text.contains(['"', '\\', '`', '\'', '!', '\n']) || text.contains("$(") {
        return Err("its text means something else to a shell".to_owned());
    }
    let plain = |char: char| char.is_ascii_alphanumeric() || "/._-+:@=,".contains(char);
    Ok(if text.chars().all(plain) { text.to_owned() } else { format!("\"{text}\"") })
}

/// Where the ADD puts what it fetches.
struct Target {
    path: ImagePath,
    /// The path in the words of the Dockerfile.
    text: String,
    /// The commands that make the folder around it.
    made: String,
}

impl Target {
    fn new(model: &Model, dockerfile: &Dockerfile, source: &Source) -> Result<Self, Objection> {
        let name = base_name(&source.plain);
        let given = model.given_arguments(dockerfile);
        let named = source.target.ends_with(['/', '.']);
        if named && (source.is_git || name.is_empty() || name.contains('%')) {
            return Err(format!("what `{}` is called there can't be told", source.target));
        }
        let path = dockerfile.landing(source.step, &name, &given)?;
        let inside = path.file_name() == name && base_name(&source.target) != name;
        let folder = source.target.trim_end_matches('/');
        let text = match (inside || named, folder) {
            (true, "." | "./") => name.clone(),
            (true, folder) => format!("{folder}/{name}"),
            (false, _) => source.target.clone(),
        };
        let text = quoted(&text)?;
        let parent = path.parent();
        let there = parent.is_in_every_image() || parent == dockerfile.workdir_at(source.step, &given);
        let folder = Utf8Path::new(text.trim_matches('"')).parent().map_or("", Utf8Path::as_str);
        let made = if there || folder.is_empty() { String::new() } else { format!("mkdir -p {} && ", quoted(folder)?) };
        Ok(Self { path, text, made })
    }
}

fn base_name(url: &str) -> String {
    let path = url.split(['?', '#']).next().unwrap_or("").trim_end_matches('/');
    path.rsplit('/').next().unwrap_or("").to_owned()
}

/// What the flags of the ADD say about the result, as commands.
fn finishing(dockerfile: &Dockerfile, source: &Source, target: &Target) -> Result<String, Objection> {
    let flags = dockerfile.steps[source.step].instruction.flags();
    let (mut mode, mut owner, mut sum) = (None, None, None);
    for flag in flags {
        let value = flag.value.unwrap_or_default();
        match flag.name.as_str() {
            "chmod" => mode = Some(value),
            "chown" => owner = Some(value),
            "checksum" => sum = Some(value),
            "link" => {}
            other => return Err(format!("nothing in a RUN stands for `--{other}`")),
        }
    }
    if owner.is_some() && !target.made.is_empty() {
        return Err("the folders around it get its owner, too".to_owned());
    }
    let text = &target.text;
    let checked = match sum.as_deref().map(|sum| sum.split_once(':')) {
        None => String::new(),
        Some(Some(("sha256", sum))) => format!(" && echo \"{sum}  {}\" | sha256sum -c -", text.trim_matches('"')),
        Some(_) => return Err("nothing in a RUN stands for its checksum".to_owned()),
    };
    // Whatever the server says, a file that an ADD downloads has mode 0600 (BuildKit docs, experiment on Engine 28.5).
    let mode = match mode {
        Some(mode) => format!(" && chmod {mode} {text}"),
        None if source.is_git => String::new(),
        None => format!(" && chmod 600 {text}"),
    };
    let owner = owner.map(|owner| format!(" && chown {owner} {text}")).unwrap_or_default();
    Ok(format!("{checked}{mode}{owner}"))
}

fn downloaded(dockerfile: &Dockerfile, source: &Source, url: &str, target: &Target) -> Result<String, Objection> {
    let fetch = match () {
        () if dockerfile.surely_has(source.step, "curl") => "curl -fsSL -o",
        () if dockerfile.surely_has(source.step, "wget") => "wget -q -O",
        () => return Err("whether the image has curl or wget can't be told".to_owned()),
    };
    let finishing = finishing(dockerfile, source, target)?;
    Ok(format!("{}{fetch} {} {url}{finishing}", target.made, target.text))
}

/// A clone without `.git`, as an ADD makes it.
fn cloned(dockerfile: &Dockerfile, source: &Source, target: &Target) -> Result<String, Objection> {
    if !dockerfile.surely_has(source.step, "git") {
        return Err("whether the image has git can't be told".to_owned());
    }
    if !dockerfile.steps[source.step].instruction.flags().iter().all(|flag| flag.name == "link") {
        return Err("nothing in a RUN stands for its flags".to_owned());
    }
    let (address, reference) = source.url.split_once('#').unwrap_or((&source.url, ""));
    if reference.contains([':', '/']) || address.contains('?') || target.path.is_usual_folder() {
        return Err("what it takes of the repository, or where it goes, has no plain form in a RUN".to_owned());
    }
    // A commit is no branch: `--branch` takes branches and tags.
    if reference.len() == 40 && reference.chars().all(|char| char.is_ascii_hexdigit()) {
        return Err("a commit can't be cloned by its name".to_owned());
    }
    let branch = if reference.is_empty() { String::new() } else { format!("--branch {} ", quoted(reference)?) };
    let text = &target.text;
    Ok(format!(
        "git clone --depth 1 --recurse-submodules --shallow-submodules {branch}{} {text} && rm -rf {text}/.git",
        quoted(address)?
    ))
}
