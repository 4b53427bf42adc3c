//! Stand-ins for the base image of Debian that have only what a case asks for: the engine writes the whole base out for
//! every image that is looked into, and that is most of the time of a proof.

use std::collections::{BTreeMap, HashSet};
use std::path::Path;
use std::process::{Command, Stdio};
use std::sync::{Mutex, MutexGuard, PoisonError};

use anyhow::{Result, ensure};

use crate::canary::unique_digits;
use crate::command;
use crate::workspace;

/// The image that the case repositories name.
pub const WHOLE: &str = "local/debian-dev:1";

/// What no case reads.
const UNREAD: [&str; 9] = [
    "/usr/share/locale",
    "/usr/share/doc",
    "/usr/share/man",
    "/usr/share/info",
    "/usr/share/perl",
    "/usr/lib/x86_64-linux-gnu/gconv",
    "/usr/share/zoneinfo",
    "/var/lib/apt/lists/*",
    "/var/cache/*",
];
const NODE: [&str; 4] =
    ["/usr/local/bin/node", "/usr/local/bin/npm", "/usr/local/bin/npx", "/usr/local/lib/node_modules"];
const PYTHON: [&str; 5] =
    ["/usr/lib/python3", "/usr/lib/python3.11", "/usr/share/python-wheels", "/usr/bin/python3*", "/usr/bin/pip*"];
const GIT: [&str; 4] = ["/usr/bin/git*", "/usr/bin/scalar", "/usr/lib/git-core", "/usr/share/git-core"];

/// The large programs that a case runs; all others are in each stand-in. A case that misses one fails.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Programs {
    node: bool,
    python: bool,
    git: bool,
}

impl Programs {
    /// Those that the files below a folder name as a word of its own, in whatever way.
    pub fn named_in(folder: &Path) -> Result<Self> {
        let files = workspace::read(folder)?;
        let words = files.values().flat_map(|content| content.split(|byte| !byte.is_ascii_alphanumeric()));
        let named: HashSet<&[u8]> = words.collect();
        let names = |words: &[&str]| words.iter().any(|word| named.contains(word.as_bytes()));
        Ok(Self {
            node: names(&["node", "npm", "npx", "yarn"]),
            python: names(&["python", "python3", "pip", "pip3"]),
            git: names(&["git"]),
        })
    }

    /// What the stand-in lacks of the whole image.
    fn removed(self) -> Vec<&'static str> {
        let without = |has: bool, files: &'static [&'static str]| if has { &[] } else { files };
        let parts: [&[&str]; 4] =
            [&UNREAD, without(self.node, &NODE), without(self.python, &PYTHON), without(self.git, &GIT)];
        parts.concat()
    }
}

/// The stand-ins that were made so far.
#[derive(Default)]
pub struct StandIns(Mutex<BTreeMap<Programs, StandIn>>);

struct StandIn {
    name: String,
    layers: Vec<String>,
}

impl StandIns {
    /// The name of the image with these programs, which is made when it is asked for first.
    pub fn image(&self, programs: Programs) -> Result<String> {
        let mut made = self.made();
        if let Some(known) = made.get(&programs) {
            return Ok(known.name.clone());
        }
        let name = WHOLE.replace(":1", &format!(":proof-{}", unique_digits(12)));
        let layers = make(&name, &programs.removed())?;
        made.insert(programs, StandIn { name: name.clone(), layers });
        Ok(name)
    }

    /// The digests of their layers.
    pub fn layers(&self) -> HashSet<String> {
        self.made().values().flat_map(|one| one.layers.clone()).collect()
    }

    /// Takes them away.
    pub fn remove(&self) -> Result<()> {
        for one in std::mem::take(&mut *self.made()).into_values() {
            docker(&["image", "rm", "--force", &one.name])?;
        }
        Ok(())
    }

    fn made(&self) -> MutexGuard<'_, BTreeMap<Programs, StandIn>> {
        // A test that failed while it held the lock has left no stand-in behind.
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Makes an image of one layer from the whole one without the files that match `removed`. Returns the digest of the layer.
fn make(name: &str, removed: &[&str]) -> Result<Vec<String>> {
    let settings = docker(&["image", "inspect", "--format", "{{range .Config.Env}}{{println .}}{{end}}", WHOLE])?;
    let settings = settings.lines().filter(|line| !line.is_empty()).map(|line| format!("--change=ENV {line}"));
    let mut packing = Command::new("docker");
    packing.args(["run", "--rm", "--network=none", "--entrypoint", "tar", WHOLE, "--create", "--one-file-system"]);
    packing.args(removed.iter().map(|path| format!("--exclude=.{path}"))).args(["--directory=/", "."]);
    let mut packing = packing.stdout(Stdio::piped()).spawn()?;
    let stream = packing.stdout.take().map_or_else(Stdio::null, Stdio::from);
    let mut import = Command::new("docker");
    import.arg("import").args(settings).args(["-", name]).stdin(stream).stdout(Stdio::null());
    let imported = import.status()?;
    ensure!(packing.wait()?.success() && imported.success(), "the base image {name} could not be made");
    layers(name)
}

/// The digests of the layers of an image, 64 hexadecimal digits each.
pub fn layers(image: &str) -> Result<Vec<String>> {
    let layers = docker(&["image", "inspect", "--format", "{{range .RootFS.Layers}}{{println .}}{{end}}", image])?;
    Ok(layers.lines().filter_map(|line| line.trim().strip_prefix("sha256:")).map(str::to_owned).collect())
}

fn docker(arguments: &[&str]) -> Result<String> {
    command::run(Command::new("docker").args(arguments))?.success(&format!("docker {}", arguments[0]))
}
