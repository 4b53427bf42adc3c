//! Builds every Dockerfile of the corpus that a fix changes, before and after, on a real engine: with one stub in the place of
//! all base images and programs, and generated values in the place of the secrets. The stub leaves records of every call and of
//! the values that it could read (`stub/record`), and `dfmigrate verify --build` compares the images: so a record that only one
//! of them has is a difference, as is any other file.

mod judge;
mod text;

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::process::Command;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Mutex, PoisonError};

use anyhow::{Context, Result, ensure};
use camino::{Utf8Path, Utf8PathBuf};
use dfmigrate::model::{Content, Dockerfile, Model, Shape};
use dfmigrate::plan::{Applicability, Plan, Planned, Status};
use dfmigrate::proof::{self, BuildLine, Interruption, Options};
use dfmigrate::repository::{self, Repository};
use dfmigrate::syntax::dockerfile::{self, Keyword};
use serde::Deserialize;
use sha2::{Digest as _, Sha256};
use tempfile::TempDir;

use crate::{answer, buildkit};
use judge::{Judged, Outcome};
pub use text::offline;

/// Builds at a time. Most of the time of a short build is waiting.
const AT_A_TIME: usize = 4;

/// A repository with a plan that changes a Dockerfile.
struct Changed {
    name: String,
    home: Utf8PathBuf,
    repository: Repository,
    plan: Plan,
}

/// Prints what became of every build, of those in whose name `filter` occurs. Without an engine it says that it was skipped.
///
/// # Errors
/// A build differs in what a fix must not change, or the stub can't be built.
pub fn check(corpus: &Utf8Path, filter: &str) -> Result<()> {
    let answer = Command::new("docker").args(["version", "--format", "{{.Server.Version}}"]).output();
    if !answer.is_ok_and(|answer| answer.status.success()) {
        println!("skipped: no Docker Engine answers (DOCKER_HOST tells where one is)");
        return Ok(());
    }
    let mut folders = buildkit::repositories(corpus)?;
    folders.retain(|folder| folder.as_str().contains(filter));
    // Those of a run that somebody ends are a sample.
    folders.sort_by_key(|folder| Sha256::digest(folder.file_name().unwrap_or_default()));
    let known = known()?;
    let stub = Stub::make(&folders)?;
    let (next, judged) = (AtomicUsize::new(0), Mutex::new(Vec::<Judged>::new()));
    std::thread::scope(|scope| {
        for _ in 0..AT_A_TIME {
            scope.spawn(|| {
                while let Some(folder) = folders.get(next.fetch_add(1, Ordering::Relaxed)) {
                    for one in changed(corpus, folder) {
                        let found = built(&one, &stub.name);
                        let found = found.unwrap_or_else(|error| vec![Judged::not_built(&one.name, &error)]);
                        let found: Vec<Judged> =
                            found.into_iter().map(|found| found.read(known.get(&one.name))).collect();
                        found.iter().for_each(|one| print!("{one}"));
                        judged.lock().unwrap_or_else(PoisonError::into_inner).extend(found);
                    }
                }
            });
        }
    });
    let judged = judged.into_inner().unwrap_or_default();
    let count = |outcome: Outcome| judged.iter().filter(|one| one.outcome == outcome).count();
    println!(
        "{} builds before and after: {} the same, {} with a known difference, {} different, {} not built before",
        judged.len(),
        count(Outcome::Same),
        count(Outcome::Known),
        count(Outcome::Different),
        count(Outcome::NotBuilt),
    );
    ensure!(count(Outcome::Different) == 0, "a fix changed what a build does");
    Ok(())
}

/// The folders whose differences were read, and why they are none of the fix.
fn known() -> Result<BTreeMap<String, String>> {
    #[derive(Deserialize)]
    struct Known {
        difference: Vec<Difference>,
    }
    #[derive(Deserialize)]
    #[serde(deny_unknown_fields)]
    struct Difference {
        folder: String,
        why: String,
    }
    let known: Known = toml::from_str(include_str!("known.toml"))?;
    Ok(known.difference.into_iter().map(|one| (one.folder, one.why)).collect())
}

fn changed(corpus: &Utf8Path, folder: &Utf8Path) -> Vec<Changed> {
    let plans = answer::plans(&[folder.to_owned()]).into_iter();
    let changing =
        plans.filter(|(repository, plan)| repository.dockerfiles().iter().any(|path| plan.files.contains_key(path)));
    let name = folder.strip_prefix(corpus).unwrap_or(folder).to_string();
    changing
        .map(|(repository, plan)| Changed { name: name.clone(), home: folder.to_owned(), repository, plan })
        .collect()
}

/// The image that stands for all others. It goes with this value.
struct Stub {
    name: String,
}

impl Stub {
    /// Makes the image, with the accounts that the Dockerfiles name.
    fn make(folders: &[Utf8PathBuf]) -> Result<Self> {
        let mut accounts = BTreeSet::new();
        for folder in folders {
            let names = ignore::Walk::new(folder).filter_map(Result::ok).map(ignore::DirEntry::into_path);
            let dockerfiles = names.filter(|path| path.is_file() && path.to_string_lossy().contains("ockerfile"));
            dockerfiles
                .filter_map(|path| fs::read_to_string(path).ok())
                .for_each(|text| add_accounts(&text, &mut accounts));
        }
        let folder = TempDir::with_prefix("dfmigrate-builds-")?;
        let nonce = folder.path().file_name().unwrap_or_default().to_string_lossy().to_lowercase();
        let name = format!("{}:1", nonce.replace('.', ""));
        let home = Utf8Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/accuracy/builds/stub");
        let mut build = Command::new("docker");
        build.args(["build", "--quiet", "--network=none", "--tag", &name, "--build-arg"]);
        build.arg(format!("USERS={}", accounts.into_iter().collect::<Vec<_>>().join(" "))).arg(home);
        let ended = build.output().context("there is no docker")?;
        ensure!(ended.status.success(), "the stub can't be built: {}", String::from_utf8_lossy(&ended.stderr));
        Ok(Self { name })
    }
}

impl Drop for Stub {
    fn drop(&mut self) {
        // Nobody is left who could do something about a failure.
        let _ = Command::new("docker").args(["image", "rm", "--force", &self.name]).output();
    }
}

/// Adds the accounts that a Dockerfile names: `USER`, `--chown`, and commands that change to one.
fn add_accounts(text: &str, accounts: &mut BTreeSet<String>) {
    let mut named = BTreeSet::new();
    for instruction in dockerfile::parse(text).root().instructions() {
        let commands = instruction.shell().map(|view| view.text().to_owned()).unwrap_or_default();
        named.extend(account_of_commands(&commands));
        let user = instruction.words().into_iter().map(|word| word.value);
        let user = user.filter(|_| instruction.keyword() == Some(Keyword::User));
        let owners = instruction.flags().into_iter().filter(|flag| flag.name == "chown");
        let pairs = instruction.pairs().into_iter().filter(|pair| pair.key.to_uppercase().contains("USER"));
        let values = pairs.filter_map(|pair| pair.value).map(|word| word.value);
        let names = user.chain(owners.filter_map(|flag| flag.value)).chain(values);
        named.extend(names.flat_map(|name| name.split(':').map(str::to_owned).collect::<Vec<_>>()));
    }
    let is_name = |name: &String| {
        name.starts_with(|char: char| char.is_ascii_alphabetic())
            && name.chars().all(|char| char.is_ascii_alphanumeric() || matches!(char, '-' | '_'))
    };
    accounts.extend(named.into_iter().filter(is_name));
}

/// The accounts that commands of a RUN change to, or give files to.
fn account_of_commands(text: &str) -> BTreeSet<String> {
    const BEFORE: [&str; 9] = ["su", "gosu", "su-exec", "-u", "useradd", "adduser", "chown", "-R", "-m"];
    let words: Vec<&str> = text.split_whitespace().collect();
    let named = words.windows(2).filter(|pair| BEFORE.contains(&pair[0])).map(|pair| pair[1]);
    named.flat_map(|name| name.split([':', '.'])).map(str::to_owned).collect()
}

/// Builds all changed Dockerfiles of a repository.
fn built(changed: &Changed, stub: &str) -> Result<Vec<Judged>> {
    let folder = TempDir::with_prefix("dfmigrate-builds-")?;
    let root = Utf8PathBuf::from_path_buf(folder.path().canonicalize()?).ok().context("the path is not UTF-8")?;
    let mut plan = changed.plan.clone();
    for path in changed.repository.paths() {
        copy(&changed.home.join(path), &root.join(path))?;
    }
    for path in changed.repository.dockerfiles() {
        let Some(source) = changed.repository.source(path) else { continue };
        let before = source.with_text(prepared(source.text(), stub)?);
        fs::write(root.join(path), before.encode())?;
        if let Some(change) = plan.files.get_mut(path) {
            change.after = change.after.with_text(prepared(change.after.text(), stub)?);
            change.before = before;
        }
    }
    let repository = read(&root, &plan)?;
    add_sources(&root, &repository)?;
    let repository = read(&root, &plan)?;
    let options = Options { network: Some("none".to_owned()), ..Options::default() };
    let proof = proof::prove(&root, &repository, &plan, &options, &Interruption::default(), &mut |_| {})?;
    let rows = proof.rows.iter().filter(|row| plan.files.contains_key(&row.dockerfile));
    Ok(rows.map(|row| Judged::of(&changed.name, row, &fixed(&plan, &row.dockerfile))).collect())
}

fn prepared(text: &str, stub: &str) -> Result<String> {
    text::buildable(&offline(text, stub)?)
}

fn copy(from: &Utf8Path, to: &Utf8Path) -> Result<()> {
    if from.is_file() {
        fs::create_dir_all(to.parent().unwrap_or(to))?;
        // Not `fs::copy`: the files of the corpus are read-only.
        fs::write(to, fs::read(from)?)?;
    }
    Ok(())
}

fn read(root: &Utf8Path, plan: &Plan) -> Result<Repository> {
    let found = repository::discover(&[root.to_owned()])?;
    let mut repository = repository::read(found.first().context("there is a root")?, |_| true)?;
    repository.selection = plan.files.keys().filter(|path| repository.dockerfiles().contains(path)).cloned().collect();
    Ok(repository)
}

/// What the fixes of a Dockerfile are about. A value that a person has to take out elsewhere in it is not fixed yet, and a print
/// that goes says nothing about where the value rests.
fn fixed(plan: &Plan, dockerfile: &Utf8Path) -> BTreeSet<String> {
    let is_applied = |planned: &&Planned| {
        planned.status == Status::Applied && planned.finding.fix.applicability != Applicability::Manual
    };
    let is_about_value =
        |planned: &&Planned| planned.finding.dockerfile == *dockerfile && planned.finding.codemod != "secret-logged";
    let (applied, left): (Vec<_>, Vec<_>) = plan.findings.iter().filter(is_about_value).partition(is_applied);
    let subjects = |findings: Vec<&Planned>| -> BTreeSet<String> {
        findings.into_iter().map(|planned| planned.finding.subject.clone()).collect()
    };
    &subjects(applied) - &subjects(left)
}

/// Puts a stub into the place of every source of a `COPY` that the folder lacks, but for the credentials: those get a value.
fn add_sources(root: &Utf8Path, repository: &Repository) -> Result<()> {
    let model = Model::new(std::rc::Rc::new(repository.clone()), |_| true);
    for dockerfile in &model.dockerfiles {
        let copied = model.copied_files(dockerfile);
        let unseen = copied.iter().filter(|file| file.content == Content::Unseen && file.shape == Shape::File);
        let given: BTreeSet<Utf8PathBuf> = unseen.map(|file| file.path.clone()).collect();
        let contexts = contexts(&model, dockerfile);
        for source in
            sources(dockerfile).iter().filter(|source| !given.contains(Utf8Path::new(source.trim_end_matches('/'))))
        {
            contexts.iter().try_for_each(|context| add_source(&root.join(context), source))?;
        }
        contexts.iter().try_for_each(|context| fs::create_dir_all(root.join(context)))?;
    }
    Ok(())
}

fn contexts(model: &Model, dockerfile: &Dockerfile) -> BTreeSet<Utf8PathBuf> {
    let mut lines = BuildLine::of_callers(model, dockerfile);
    lines.push(BuildLine::of_dockerfile(model, dockerfile));
    lines.into_iter().map(|line| line.context).collect()
}

/// What the Dockerfile takes from its context, without `./` and `../` in front, which lead nowhere else in a build.
fn sources(dockerfile: &Dockerfile) -> BTreeSet<String> {
    let mut sources = BTreeSet::new();
    for step in &dockerfile.steps {
        let mut flags = step.instruction.flags().into_iter();
        match step.keyword {
            Keyword::Copy | Keyword::Add if flags.all(|flag| flag.name != "from") => {
                let words = step.instruction.words();
                let count = words.len().saturating_sub(1);
                sources.extend(words.into_iter().take(count).map(|word| word.value));
            }
            Keyword::Run => {
                let mounts = flags.filter_map(|flag| flag.mount());
                let bound = mounts.filter(|mount| mount.kind == "bind" && mount.get("from").is_none());
                sources.extend(bound.filter_map(|mount| mount.get("source").map(str::to_owned)));
            }
            _ => {}
        }
    }
    let plain = sources.iter().map(|source| {
        let parts = source.split('/').filter(|part| !matches!(*part, "" | "." | ".."));
        let tail = if source.ends_with('/') { "/" } else { "" };
        format!("{}{tail}", parts.collect::<Vec<_>>().join("/"))
    });
    // The folder that a pattern begins with has to be there.
    let told = plain.map(|source| match source.find(['*', '?', '[']) {
        Some(at) => source
            .get(..at)
            .and_then(|start| start.rsplit_once('/'))
            .map_or_else(String::new, |(folder, _)| format!("{folder}/")),
        None => source,
    });
    told.filter(|source| source.len() > 1 && !source.contains(['$', '<'])).collect()
}

fn add_source(context: &Utf8Path, source: &str) -> Result<()> {
    let path = context.join(source.trim_end_matches('/'));
    if path.exists() {
        return Ok(());
    }
    if is_folder(source) {
        fs::create_dir_all(&path)?;
        fs::write(path.join("stub"), "a stub\n")?;
    } else {
        fs::create_dir_all(path.parent().unwrap_or(context))?;
        let recorder = include_bytes!("stub/recorder");
        fs::write(&path, recorder)?;
        executable(&path)?;
    }
    Ok(())
}

#[cfg(unix)]
fn executable(path: &Utf8Path) -> Result<()> {
    use std::os::unix::fs::PermissionsExt as _;
    Ok(fs::set_permissions(path, fs::Permissions::from_mode(0o755))?)
}

#[cfg(not(unix))]
fn executable(_: &Utf8Path) -> Result<()> {
    Ok(())
}

/// What a name without a file is likely to be.
fn is_folder(source: &str) -> bool {
    const FILES: [&str; 16] = [
        "Makefile",
        "Gemfile",
        "Rakefile",
        "Procfile",
        "Pipfile",
        "LICENSE",
        "VERSION",
        "Dockerfile",
        "Caddyfile",
        "Brewfile",
        "mvnw",
        "gradlew",
        "artisan",
        "entrypoint",
        "start",
        text::UNTOLD,
    ];
    const FOLDERS: [&str; 12] = [
        ".git", ".mvn", ".yarn", ".ssh", ".aws", ".docker", ".m2", ".gradle", ".config", ".bundle", ".cargo", ".github",
    ];
    let name = source.trim_end_matches('/').rsplit('/').next().unwrap_or_default();
    source.ends_with('/') || FOLDERS.contains(&name) || !name.contains('.') && !FILES.contains(&name)
}
