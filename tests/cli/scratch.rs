//! A small repository on disk, and the program run in it.

use std::{
    fs,
    path::{Path, PathBuf},
    process::{Command, Output, Stdio},
};

/// A Dockerfile with a secret that a safe fix moves: npm reads it by the configuration that is there, one script builds it.
pub const DOCKERFILE: &str = "# syntax=docker/dockerfile:1\nFROM node:22\nWORKDIR /app\nARG NPM_TOKEN\nCOPY package.json .npmrc ./\nRUN npm ci\n";
pub const NPMRC: &str = "//npm.example.com/:_authToken=${NPM_TOKEN}\n";
pub const SCRIPT: &str = "#!/bin/sh\nset -eu\nexport NPM_TOKEN\ndocker build --build-arg NPM_TOKEN -t app .\n";

/// What a run left.
pub struct Run {
    pub status: i32,
    pub out: String,
    pub err: String,
}

pub struct Scratch(tempfile::TempDir);

impl Scratch {
    /// A directory without version control.
    pub fn plain(files: &[(&str, &str)]) -> Self {
        let scratch = Self(tempfile::tempdir().unwrap());
        for (path, text) in files {
            scratch.write(path, text);
        }
        scratch
    }

    /// A repository in which these files are committed.
    pub fn committed(files: &[(&str, &str)]) -> Self {
        let scratch = Self::plain(files);
        scratch.git(&["init", "-q"]);
        scratch.commit();
        scratch
    }

    /// A committed repository with one safe finding.
    pub fn with_secret() -> Self {
        Self::committed(&[
            ("Dockerfile", DOCKERFILE),
            (".npmrc", NPMRC),
            ("build.sh", SCRIPT),
            ("package.json", "{}\n"),
        ])
    }

    /// The same with an author in its configuration.
    pub fn with_author() -> Self {
        let scratch = Self::with_secret();
        scratch.author();
        scratch
    }

    /// Says in the repository's configuration who commits.
    pub fn author(&self) {
        for (key, value) in [("user.name", "Ada"), ("user.email", "ada@example.com"), ("commit.gpgsign", "false")] {
            self.git(&["config", key, value]);
        }
    }

    /// Writes a hook.
    pub fn hook(&self, name: &str, script: &str) {
        let path = format!(".git/hooks/{name}");
        self.write(&path, &format!("#!/bin/sh\n{script}\n"));
        Command::new("chmod").arg("+x").arg(self.path(&path)).status().unwrap();
    }

    /// How many commits HEAD has.
    pub fn count(&self) -> usize {
        self.git(&["rev-list", "HEAD"]).lines().count()
    }

    pub fn root(&self) -> &Path {
        self.0.path()
    }

    pub fn path(&self, path: &str) -> PathBuf {
        self.root().join(path)
    }

    pub fn write(&self, path: &str, text: &str) {
        let path = self.path(path);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
    }

    pub fn read(&self, path: &str) -> String {
        fs::read_to_string(self.path(path)).unwrap()
    }

    pub fn commit(&self) {
        self.git(&["add", "-A"]);
        self.git(&["-c", "user.name=A", "-c", "user.email=a@example.com", "commit", "-q", "--allow-empty", "-m", "x"]);
    }

    /// Runs git without the configuration of the machine, and gives its standard output.
    pub fn git(&self, arguments: &[&str]) -> String {
        let mut command = Command::new("git");
        command.args(arguments).current_dir(self.root());
        let output = command.env("GIT_CONFIG_GLOBAL", "/dev/null").env("GIT_CONFIG_NOSYSTEM", "1").output().unwrap();
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        String::from_utf8(output.stdout).unwrap()
    }

    pub fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_dfmigrate"));
        command.args(arguments).current_dir(self.root()).stdin(Stdio::null());
        for name in ["NO_COLOR", "CLICOLOR", "CLICOLOR_FORCE", "CI"] {
            command.env_remove(name);
        }
        command.env("GIT_CONFIG_GLOBAL", "/dev/null").env("GIT_CONFIG_NOSYSTEM", "1");
        command
    }

    pub fn run(&self, arguments: &[&str]) -> Run {
        let Output { status, stdout, stderr } = self.command(arguments).output().unwrap();
        let text = |bytes| String::from_utf8(bytes).unwrap();
        Run { status: status.code().unwrap(), out: text(stdout), err: text(stderr) }
    }
}

impl Run {
    /// Asserts the status; shows both streams if it is another one.
    pub fn status(self, expected: i32) -> Self {
        assert_eq!(self.status, expected, "\n--- out\n{}\n--- err\n{}", self.out, self.err);
        self
    }
}
