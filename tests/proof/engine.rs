//! The Docker Engine that the proof runs on, through the `docker` program.

use std::collections::HashSet;
use std::path::Path;
use std::process::{Command, Stdio};
use std::sync::{Mutex, PoisonError};

use anyhow::{Context, Result};
use serde::Deserialize;

use crate::base::{self, Programs, StandIns};
use crate::command;
use crate::scan::{Stored, read_stored};

/// The images that the case repositories start from; nothing is pulled.
const BASES: [&str; 2] = ["local/busybox:1", base::WHOLE];

/// How many cache entries are named in one command.
const ENTRIES_AT_ONCE: usize = 200;

/// A reachable engine that has the base images.
pub struct Engine {
    /// The digests of the base images' layers, which need no search.
    base_layers: HashSet<String>,
    stand_ins: StandIns,
    /// The cache entries that were there before.
    entries: HashSet<String>,
    /// What the steps of this run have in their commands.
    nonces: Mutex<Vec<String>>,
}

impl Engine {
    /// The engine that `docker` talks to, or one sentence that says why there is none to prove anything with.
    pub fn find() -> std::result::Result<Self, String> {
        docker(&["version", "--format", "{{.Server.Version}}"])
            .map_err(|_| "no Docker Engine answers (DOCKER_HOST tells where one is)".to_owned())?;
        let mut base_layers = HashSet::new();
        for base in BASES {
            base_layers.extend(base::layers(base).map_err(|_| format!("the Docker Engine has no image {base}"))?);
        }
        let entries = entries().map_err(|error| error.to_string())?.into_iter().map(|(id, _)| id).collect();
        Ok(Self { base_layers, stand_ins: StandIns::default(), entries, nonces: Mutex::default() })
    }

    /// The image that stands for [`base::WHOLE`] in a case: it has the programs that the files below `folder` name.
    pub fn base_for(&self, folder: &Path) -> Result<String> {
        self.stand_ins.image(Programs::named_in(folder)?)
    }

    /// Takes away what belongs to all cases of a run: the bases, and what its builds left in the cache. That is done once,
    /// because the engine goes through its whole cache each time.
    pub fn end(&self) -> Result<()> {
        self.stand_ins.remove()?;
        let nonces = self.nonces.lock().unwrap_or_else(PoisonError::into_inner);
        let is_own = |description: &str| {
            description.starts_with("local source for ") || nonces.iter().any(|nonce| description.contains(nonce))
        };
        let left = entries()?.into_iter();
        let left = left.filter(|(id, description)| !self.entries.contains(id) && is_own(description));
        let own: Vec<String> = left.map(|(id, _)| id).collect();
        for some in own.chunks(ENTRIES_AT_ONCE) {
            docker(&["buildx", "prune", "--force", "--filter", &format!("id~=^({})$", some.join("|"))])?;
        }
        Ok(())
    }

    /// The names of all images below `prefix`, e.g. `dfm-proof-k3j1/app:latest`.
    pub fn images(&self, prefix: &str) -> Result<Vec<String>> {
        let filter = format!("reference={prefix}/*");
        let listed = docker(&["image", "ls", "--filter", &filter, "--format", "{{.Repository}}:{{.Tag}}"])?;
        Ok(listed.lines().map(str::to_owned).collect())
    }

    /// Saves images into one stream and reads it, base layers left out.
    pub fn save(&self, images: &[String]) -> Result<Stored> {
        let mut saving = Command::new("docker").arg("save").args(images).stdout(Stdio::piped()).spawn()?;
        let stream = saving.stdout.take().context("docker save has no output")?;
        let known: HashSet<String> = self.base_layers.union(&self.stand_ins.layers()).cloned().collect();
        let stored = read_stored(std::io::BufReader::with_capacity(1 << 20, stream), &known);
        // Without a reader the program ends by itself, also after an error.
        saving.wait()?;
        stored
    }

    /// What `docker history --no-trunc` prints for an image.
    pub fn history(&self, image: &str) -> Result<String> {
        docker(&["history", "--no-trunc", image])
    }

    /// Runs shell commands, each in a shell of its own, in one container without network, up to the first that fails; that one is
    /// the last line of the output.
    pub fn run_in(&self, image: &str, commands: &[String]) -> Result<command::Ended> {
        let script = "for command; do sh -c \"$command\" || { echo \"$command\"; exit 1; }; done";
        let arguments = ["run", "--rm", "--network=none", "--entrypoint", "sh", image, "-c", script, "sh"];
        command::run(Command::new("docker").args(arguments).args(commands))
    }

    /// The provenance of every build that was started with the buildx configuration in `folder`.
    pub fn provenance(&self, folder: &Path) -> Result<String> {
        let mut all = String::new();
        for build in builds(folder)? {
            all.push_str(&docker(&["buildx", "history", "inspect", &build])?);
            // A build that failed has a record without attachments.
            let attachment = ["buildx", "history", "inspect", "attachment", "--type", "provenance", &build];
            all.push_str(&docker(&attachment).unwrap_or_default());
        }
        Ok(all)
    }

    /// Gives every image below the prefix `from` a second name below the prefix `to`, with its id as tag: it stays when a later build
    /// takes its first name, and an image that has several tags is there once.
    pub fn keep(&self, from: &str, to: &str) -> Result<()> {
        for image in self.images(from)? {
            let id = docker(&["image", "inspect", "--format", "{{slice .Id 7 19}}", &image])?;
            let name = image.rsplit_once(':').map_or(image.as_str(), |(name, _)| name).replacen(from, to, 1);
            docker(&["image", "tag", &image, &format!("{name}:{}", id.trim())])?;
        }
        Ok(())
    }

    /// Takes the names below `prefix` away; an image without another name is removed.
    pub fn forget(&self, prefix: &str) -> Result<()> {
        for image in self.images(prefix)? {
            docker(&["image", "rm", "--force", &image])?;
        }
        Ok(())
    }

    /// Removes the images below `prefixes`; what the builds with `nonce` left in the cache goes with [`Engine::end`]. The records of the builds stay until the
    /// engine drops them: BuildKit 0.25 was seen to end with a nil dereference (`filterHistoryEvents`) when records were listed after
    /// many a `buildx history rm`.
    pub fn clean(&self, prefixes: &[String], nonce: &str) -> Result<()> {
        for prefix in prefixes {
            self.forget(prefix)?;
        }
        self.nonces.lock().unwrap_or_else(PoisonError::into_inner).push(nonce.to_owned());
        Ok(())
    }
}

/// The entries of the build cache: the id of each, and what made it.
fn entries() -> Result<Vec<(String, String)>> {
    #[derive(Deserialize)]
    #[serde(rename_all = "PascalCase")]
    struct Entry {
        #[serde(rename = "ID")]
        id: String,
        #[serde(default)]
        description: String,
    }
    let listed = docker(&["buildx", "du", "--format", "json"])?;
    let entries = listed.lines().filter_map(|line| serde_json::from_str::<Entry>(line).ok());
    Ok(entries.map(|entry| (entry.id, entry.description)).collect())
}

/// The ids of the builds that the buildx configuration in `folder` remembers (`refs/<builder>/<node>/<id>`).
fn builds(folder: &Path) -> Result<Vec<String>> {
    let files = crate::workspace::read(folder)?.into_keys();
    let inside = files.filter(|path| path.starts_with("refs") && path.components().count() == 4);
    let names = inside.filter_map(|path| Some(path.file_name()?.to_string_lossy().into_owned()));
    Ok(names.filter(|name| !name.starts_with('_')).collect())
}

fn docker(arguments: &[&str]) -> Result<String> {
    command::run(Command::new("docker").args(arguments))?.success(&format!("docker {}", arguments[0]))
}
