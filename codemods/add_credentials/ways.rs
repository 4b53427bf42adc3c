//! The ways to fetch the same without credentials in a URL: BuildKit sends a secret by itself, or a RUN fetches it.

use camino::Utf8Path;

use super::source::Source;
use crate::codemods::migration::FetchWay;
use crate::knowledge::images;
use crate::model::{Dockerfile, Form, Model};

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

/// What a RUN does to fetch the same.
#[derive(Debug, Clone, Default)]
pub(super) struct Fetching {
    /// The commands, each of which runs if those before it succeeded.
    pub commands: Vec<String>,
    /// What they take for granted, one sentence each.
    pub assumptions: Vec<String>,
}

/// The RUN that fetches the same.
///
/// # Errors
/// Why there is none.
pub(super) fn by_run(model: &Model, dockerfile: &Dockerfile, source: &Source) -> Result<Fetching, Objection> {
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
    if source.url.starts_with("https:") && !dockerfile.surely_has_certificates(step) {
        return Err("whether programs in the image know the server's certificate can't be told".to_owned());
    }
    if source.is_git { cloned(model, dockerfile, source) } else { downloaded(model, dockerfile, source) }
}

/// The text as a word of a shell in which variables are expanded.
fn quoted(text: &str) -> Result<String, Objection> {
    let slashed = |part: &str| part.split('}').next().is_some_and(|inner| inner.contains('/'));
    if text.contains(['"', '\\', '`', '\'', '!', '\n']) || text.contains("$(") || text.split("${").skip(1).any(slashed)
    {
        return Err("its text means something else to a shell".to_owned());
    }
    let plain = |char: char| char.is_ascii_alphanumeric() || "/._-+:@=,".contains(char);
    Ok(if text.chars().all(plain) { text.to_owned() } else { format!("\"{text}\"") })
}

/// The file that an ADD downloads to.
struct Target {
    /// The path in the words of the Dockerfile.
    text: String,
    /// The folder around it, where it has to be made.
    folder: Option<String>,
    /// What is taken for granted about it.
    assumption: Option<String>,
}

impl Target {
    fn new(model: &Model, dockerfile: &Dockerfile, source: &Source) -> Result<Self, Objection> {
        let name = source.file_name();
        let given = model.given_arguments(dockerfile);
        let named = source.names_folder();
        if named && (name.is_empty() || name.contains('%')) {
            return Err(format!("what the file in `{}` is called can't be told", source.target));
        }
        let destination = dockerfile.destination(source.step, &given)?;
        let (path, assumption) = match dockerfile.landing(source.step, &name, &given) {
            Ok(path) => (path, None),
            Err(_) => (destination.clone(), Some(format!("`{}` is no folder", source.target))),
        };
        let text = quoted(&if path == destination { source.target.clone() } else { source.file() })?;
        let parent = path.parent();
        // busybox, and images made of it, have no /opt, /srv or /usr/local.
        let base = dockerfile.base_image(source.step).unwrap_or_default();
        let usual = images::has_program(base, "tar") && !base.contains("busybox");
        let top = matches!(parent.path().as_str(), "" | "root" | "tmp" | "etc" | "usr" | "var" | "home");
        let there =
            (parent.is_in_every_image() && (usual || top)) || parent == dockerfile.workdir_at(source.step, &given);
        let folder = Utf8Path::new(text.trim_matches('"')).parent().map_or("", Utf8Path::as_str);
        let folder = if there || folder.is_empty() { None } else { Some(quoted(folder)?) };
        Ok(Self { text, folder, assumption })
    }
}

/// What the flags of the ADD say about the result, as commands.
fn finishing(dockerfile: &Dockerfile, source: &Source, target: &Target) -> Result<Vec<String>, Objection> {
    let (mut mode, mut owner, mut sum) = (None, None, None);
    for flag in dockerfile.steps[source.step].instruction.flags() {
        let value = flag.value.unwrap_or_default();
        match flag.name.as_str() {
            "chmod" => mode = Some(value),
            "chown" => owner = Some(value),
            "checksum" => sum = Some(value),
            "link" => {}
            other => return Err(format!("nothing in a RUN stands for `--{other}`")),
        }
    }
    if owner.is_some() && target.folder.is_some() {
        return Err("the folders around it get its owner, too".to_owned());
    }
    let text = &target.text;
    let checked = match sum.as_deref().map(|sum| sum.split_once(':')) {
        None => None,
        Some(Some(("sha256", sum))) => Some(format!("echo \"{sum}  {}\" | sha256sum -c -", text.trim_matches('"'))),
        Some(_) => return Err("nothing in a RUN stands for its checksum".to_owned()),
    };
    // Whatever the server says, a file that an ADD downloads has mode 0600 (BuildKit docs, experiment on Engine 28.5).
    let mode = format!("chmod {} {text}", mode.unwrap_or_else(|| "600".to_owned()));
    let owner = owner.map(|owner| format!("chown {owner} {text}"));
    Ok(checked.into_iter().chain([mode]).chain(owner).collect())
}

fn downloaded(model: &Model, dockerfile: &Dockerfile, source: &Source) -> Result<Fetching, Objection> {
    let (url, target) = (quoted(&source.url)?, Target::new(model, dockerfile, source)?);
    let fetch = match () {
        () if dockerfile.surely_has(source.step, "curl") => "curl -fsSL -o",
        () if dockerfile.surely_has(source.step, "wget") => "wget -q -O",
        () => return Err("whether the image has curl or wget can't be told".to_owned()),
    };
    let finishing = finishing(dockerfile, source, &target)?;
    let made = target.folder.map(|folder| format!("mkdir -p {folder}"));
    let fetched = format!("{fetch} {} {url}", target.text);
    let commands = made.into_iter().chain([fetched]).chain(finishing).collect();
    Ok(Fetching { commands, assumptions: target.assumption.into_iter().collect() })
}

/// A clone without `.git`, as an ADD makes it.
fn cloned(model: &Model, dockerfile: &Dockerfile, source: &Source) -> Result<Fetching, Objection> {
    if !dockerfile.surely_has(source.step, "git") {
        return Err("whether the image has git can't be told".to_owned());
    }
    if !dockerfile.steps[source.step].instruction.flags().iter().all(|flag| flag.name == "link") {
        return Err("nothing in a RUN stands for its flags".to_owned());
    }
    let (address, reference) = source.reference();
    let (login, host) = (source.login(), &source.host);
    if reference.contains([':', '/']) || address.contains('?') {
        return Err("what it takes of the repository has no plain form in a RUN".to_owned());
    }
    // A commit is no branch: `--branch` takes branches and tags.
    if reference.len() == 40 && reference.chars().all(|char| char.is_ascii_hexdigit()) {
        return Err("a commit can't be cloned by its name".to_owned());
    }
    let given = model.given_arguments(dockerfile);
    let path = dockerfile.destination(source.step, &given)?;
    if path.is_usual_folder() || dockerfile.is_filled_before(source.step, &path, &given) {
        return Err(format!("something else is in `{}`, and git clones into an empty folder only", source.target));
    }
    let branch = if reference.is_empty() { String::new() } else { format!("--branch {} ", quoted(reference)?) };
    // An address with credentials would be kept in the configuration of the clone and of its submodules.
    let rule =
        quoted(&format!("url.{}@{host}/.insteadOf={}://{host}/", login, login.split(':').next().unwrap_or("https")))?;
    let address = quoted(address)?;
    let text = quoted(source.target.trim_end_matches('/'))?;
    Ok(Fetching {
        commands: vec![
            format!("git -c {rule} clone --depth 1 --recurse-submodules --shallow-submodules {branch}{address} {text}"),
            format!("rm -rf {text}/.git"),
        ],
        assumptions: vec![format!("`{}` is empty before, or not there", source.target)],
    })
}
