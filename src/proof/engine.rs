//! The Docker Engine, through the `docker` program.

use std::{
    cell::RefCell,
    collections::{BTreeMap, BTreeSet, HashMap},
    fs,
    io::{self, Read},
    process::{Child, Command, Stdio},
};

use camino::{Utf8Path, Utf8PathBuf};
use serde::Deserialize;
use serde_json::Value;

use super::{
    ProofError,
    cache::{Steps, entries},
    process::{Ended, Interruption, run, run_into},
};
use crate::image::{ImageReader, Limits, ListedFile, Report, Searcher, listing};

/// How many cache entries are named in one command.
const ENTRIES_AT_ONCE: usize = 200;

/// An engine that builds for one run. Dropped, it takes away what the run made.
pub(super) struct Engine {
    interruption: Interruption,
    /// The repository that the images of this run belong to; nobody else's begin like that.
    pub repository: String,
    /// The cache entries that were there before.
    entries: BTreeSet<String>,
    /// What its builds did, by which their cache entries are told.
    steps: RefCell<Steps>,
    containers: RefCell<Vec<String>>,
    frontends: RefCell<HashMap<String, bool>>,
}

/// What `docker image inspect` tells, as far as it is used (moby, `api/types/image`).
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default, rename_all = "PascalCase")]
pub(super) struct Inspected {
    /// What identifies the image.
    pub id: String,
    /// How a container of it runs.
    pub config: Value,
    #[serde(rename = "RootFS")]
    root: RootFs,
}

#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default, rename_all = "PascalCase")]
struct RootFs {
    layers: Vec<String>,
}

impl Inspected {
    /// The digests of the layers' content, the lowest first.
    pub(super) fn layers(&self) -> &[String] {
        &self.root.layers
    }
}

impl Engine {
    /// The engine that `docker` talks to.
    ///
    /// # Errors
    /// [`ProofError::NoEngine`] with the reason.
    pub(super) fn find(interruption: Interruption) -> Result<Self, ProofError> {
        let absent = |why: &str| ProofError::NoEngine(why.to_owned());
        let answer = run(Command::new("docker").args(["version", "--format", "{{.Server.Version}}"]), &interruption);
        let answer = match answer {
            Err(ProofError::Io(_)) => return Err(absent("the program `docker` is not there")),
            other => other?,
        };
        if !answer.succeeded {
            return Err(absent("no Docker Engine answers (`DOCKER_HOST` or the context tells where one is)"));
        }
        if !run(Command::new("docker").args(["buildx", "version"]), &interruption)?.succeeded {
            return Err(absent("`docker` has no plugin `buildx`"));
        }
        let repository = format!("dfmigrate-verify-{}", nonce());
        let mut engine = Self {
            interruption,
            repository,
            entries: BTreeSet::new(),
            steps: RefCell::default(),
            containers: RefCell::default(),
            frontends: RefCell::default(),
        };
        let listed = engine.docker(&["buildx", "du", "--format", "json"])?;
        engine.entries = entries(&listed).map(|entry| entry.id).collect();
        Ok(engine)
    }

    /// Runs a command to its end.
    pub(super) fn run(&self, command: &mut Command) -> Result<Ended, ProofError> {
        self.interruption.check()?;
        run(command, &self.interruption)
    }

    /// Runs a build to its end, and remembers what it did, also if it does not end by itself.
    pub(super) fn build(&self, command: &mut Command) -> Result<Ended, ProofError> {
        self.interruption.check()?;
        let mut output = String::new();
        let succeeded = run_into(command, &self.interruption, &mut output);
        self.steps.borrow_mut().read_log(&output);
        Ok(Ended { succeeded: succeeded?, output })
    }

    /// Remembers what the provenance says that a build did.
    pub(super) fn remember(&self, provenance: &Value) {
        self.steps.borrow_mut().read_record(provenance);
    }

    fn docker(&self, arguments: &[&str]) -> Result<String, ProofError> {
        let what = format!("docker {}", arguments.iter().take(2).copied().collect::<Vec<_>>().join(" "));
        self.run(Command::new("docker").args(arguments))?.success(&what)
    }

    /// Whether the image of a frontend can be had. Asked once for each.
    pub(super) fn has_frontend(&self, image: &str, folder: &Utf8Path) -> Result<bool, ProofError> {
        if let Some(known) = self.frontends.borrow().get(image) {
            return Ok(*known);
        }
        fs::create_dir_all(folder)?;
        fs::write(folder.join("Dockerfile"), format!("# syntax={image}\nFROM scratch\n"))?;
        let mut build = Command::new("docker");
        build.args(["buildx", "build", "--progress=plain", "--output=type=cacheonly"]).arg(folder);
        let is_there = self.build(&mut build)?.succeeded;
        self.frontends.borrow_mut().insert(image.to_owned(), is_there);
        Ok(is_there)
    }

    /// What is known of an image; `None` if the engine has none of that name.
    pub(super) fn inspect(&self, image: &str) -> Result<Option<Inspected>, ProofError> {
        let answer = self.run(Command::new("docker").args(["image", "inspect", "--", image]))?;
        if !answer.succeeded {
            return Ok(None);
        }
        let images: Vec<Inspected> = serde_json::from_str(&answer.output)
            .map_err(|error| ProofError::Engine(format!("docker image inspect: {error}")))?;
        Ok(images.into_iter().next())
    }

    /// Looks into an image for what `searcher` knows, and lists its files, except for the layers with these digests.
    pub(super) fn look(&self, image: &str, searcher: &Searcher, old: &[String]) -> Result<Report, ProofError> {
        let mut reader = ImageReader::new(searcher, Limits::default()).with_files().passing_over(old);
        self.stream(&["image", "save", "--", image], |output| {
            reader.archive(output);
            Ok(())
        })?;
        let report = reader.finish();
        match report.problems.first() {
            Some(problem) => {
                Err(ProofError::Engine(format!("the image could not be read to its end: {}", problem.what)))
            }
            None => Ok(report),
        }
    }

    /// The files that a container of the image sees.
    pub(super) fn files(&self, image: &str) -> Result<BTreeMap<String, ListedFile>, ProofError> {
        // No container runs; the command is there for images without one of their own.
        let created = self.docker(&["container", "create", "--network=none", "--pull=never", "--", image, "true"])?;
        let id = created.lines().last().unwrap_or_default().trim().to_owned();
        self.containers.borrow_mut().push(id.clone());
        let mut files = BTreeMap::new();
        self.stream(&["container", "export", "--", &id], |output| {
            files = listing(output).map_err(|error| ProofError::Engine(format!("docker container export: {error}")))?;
            Ok(())
        })?;
        self.docker(&["container", "rm", "--force", "--volumes", &id])?;
        self.containers.borrow_mut().retain(|known| *known != id);
        Ok(files)
    }

    fn stream(
        &self,
        arguments: &[&str],
        read: impl FnOnce(&mut dyn Read) -> Result<(), ProofError>,
    ) -> Result<(), ProofError> {
        self.interruption.check()?;
        let mut command = Command::new("docker");
        command.args(arguments).stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::null());
        let mut child: Child = command.spawn()?;
        let done = match child.stdout.take() {
            Some(mut output) => read(&mut output).and_then(|()| Ok(io::copy(&mut output, &mut io::sink()).map(drop)?)),
            None => Ok(()),
        };
        // Without a reader the program ends by itself, also after an error.
        let succeeded = child.wait()?.success();
        self.interruption.check()?;
        let failed = || {
            ProofError::Engine(format!(
                "`docker {}` failed",
                arguments.iter().take(2).copied().collect::<Vec<_>>().join(" ")
            ))
        };
        done.and_then(|()| if succeeded { Ok(()) } else { Err(failed()) })
    }

    /// Takes away the containers, images and cache entries of this run, as far as they are there.
    fn clean(&self) -> Result<(), ProofError> {
        // What was wished to end has ended; this has to be done.
        let quiet = Interruption::default();
        let docker = |arguments: &[&str]| run(Command::new("docker").args(arguments), &quiet);
        for container in self.containers.borrow().iter() {
            docker(&["container", "rm", "--force", "--volumes", container])?;
        }
        let filter = format!("reference={}", self.repository);
        let images = docker(&["image", "ls", "--filter", &filter, "--format", "{{.Repository}}:{{.Tag}}"])?;
        for image in images.output.lines().filter(|line| line.starts_with(&self.repository)) {
            docker(&["image", "rm", "--force", image])?;
        }
        let listed = docker(&["buildx", "du", "--format", "json"])?;
        let steps = self.steps.borrow();
        let fresh = entries(&listed.output).filter(|entry| !self.entries.contains(&entry.id));
        let own: Vec<String> = fresh.filter(|entry| steps.made(&entry.description)).map(|entry| entry.id).collect();
        for some in own.chunks(ENTRIES_AT_ONCE) {
            docker(&["buildx", "prune", "--force", "--filter", &format!("id~=^({})$", some.join("|"))])?;
        }
        Ok(())
    }

    /// A key for `--ssh` where no agent runs, made in `folder`.
    pub(super) fn ssh_key(&self, folder: &Utf8Path) -> Result<Option<Utf8PathBuf>, ProofError> {
        let key = folder.join("ssh-key");
        if key.is_file() {
            return Ok(Some(key));
        }
        let mut command = Command::new("ssh-keygen");
        command.args(["-q", "-t", "ed25519", "-N", "", "-C", "", "-f"]).arg(&key);
        match self.run(&mut command) {
            Ok(ended) => Ok(ended.succeeded.then_some(key)),
            Err(ProofError::Io(_)) => Ok(None),
            Err(error) => Err(error),
        }
    }
}

impl Drop for Engine {
    fn drop(&mut self) {
        // Nobody is left who could do something about a failure.
        let _ = self.clean();
    }
}

/// Digits that no other run has.
fn nonce() -> String {
    use std::hash::{BuildHasher as _, Hasher as _, RandomState};
    format!("{:016x}", RandomState::new().build_hasher().finish())
}
