//! Bare repositories that each have one secret, and the program run over them.

use std::{
    fs,
    os::unix::process::CommandExt as _,
    path::{Path, PathBuf},
    process::{Child, Command, Output, Stdio},
};

const FILES: [(&str, &str); 4] = [
    (
        "Dockerfile",
        "# syntax=docker/dockerfile:1\nFROM node:22\nWORKDIR /app\nARG NPM_TOKEN=@VALUE@\nCOPY package.json .npmrc \
         ./\nRUN npm ci\n",
    ),
    (".npmrc", "//npm.example.com/:_authToken=${NPM_TOKEN}\n"),
    ("build.sh", "#!/bin/sh\nset -eu\nexport NPM_TOKEN\ndocker build --build-arg NPM_TOKEN -t app .\n"),
    ("package.json", "{}\n"),
];

/// The remotes, the cache and the state of a fleet.
pub struct Ground {
    directory: tempfile::TempDir,
    pub names: Vec<String>,
}

/// What a run left.
pub struct Run {
    pub status: Option<i32>,
    pub out: String,
    pub err: String,
}

impl Ground {
    /// A fleet of `count` repositories. `value` is what the secret is by default; empty for none.
    pub fn new(count: usize, value: &str) -> Self {
        let default = if value.is_empty() { String::new() } else { format!("={value}") };
        let files = FILES.map(|(path, text)| (path, text.replace("=@VALUE@", &default)));
        let files: Vec<(&str, &str)> = files.iter().map(|(path, text)| (*path, text.as_str())).collect();
        let names: Vec<String> = (0..count).map(|number| format!("r{number}")).collect();
        Self::of(&names.iter().map(|name| (name.as_str(), files.as_slice())).collect::<Vec<_>>())
    }

    /// A fleet of these repositories, each with its files.
    pub fn of(repositories: &[(&str, &[(&str, &str)])]) -> Self {
        let names = repositories.iter().map(|(name, _)| (*name).to_owned()).collect();
        let ground = Self { directory: tempfile::tempdir().unwrap(), names };
        fs::create_dir(ground.path("remotes")).unwrap();
        for (name, files) in repositories {
            let repository = git2::Repository::init_bare(ground.remote(name)).unwrap();
            repository.config().unwrap().set_bool("uploadpack.allowFilter", true).unwrap();
            repository.set_head("refs/heads/main").unwrap();
            ground.commit(name, "refs/heads/main", files);
        }
        let list: String = ground.names.iter().map(|name| format!("{}\n", ground.remote(name).display())).collect();
        fs::write(ground.path("list"), list).unwrap();
        ground
    }

    /// Commits these files on a branch of a remote, which has no others then than it had.
    pub fn commit(&self, name: &str, reference: &str, files: &[(&str, &str)]) -> String {
        let repository = git2::Repository::open(self.remote(name)).unwrap();
        let parent = repository.find_reference(reference).ok().map(|found| found.peel_to_commit().unwrap());
        let mut builder = git2::build::TreeUpdateBuilder::new();
        for (path, text) in files {
            builder.upsert(*path, repository.blob(text.as_bytes()).unwrap(), git2::FileMode::Blob);
        }
        let empty = || repository.find_tree(repository.treebuilder(None).unwrap().write().unwrap()).unwrap();
        let base = parent.as_ref().map_or_else(empty, |commit| commit.tree().unwrap());
        let tree = repository.find_tree(builder.create_updated(&repository, &base).unwrap()).unwrap();
        let author = git2::Signature::now("B", "b@example.com").unwrap();
        let parents: Vec<&git2::Commit> = parent.iter().collect();
        repository.commit(Some(reference), &author, &author, "x", &tree, &parents).unwrap().to_string()
    }

    pub fn path(&self, path: &str) -> PathBuf {
        self.directory.path().join(path)
    }

    pub fn remote(&self, name: &str) -> PathBuf {
        self.path("remotes").join(name)
    }

    /// The program with the cache and the state of this fleet, in a group of processes of its own.
    pub fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_dfmigrate"));
        command.args(arguments).current_dir(self.directory.path()).stdin(Stdio::null()).process_group(0);
        command.stdout(Stdio::piped()).stderr(Stdio::piped());
        command.env("XDG_CACHE_HOME", self.path("cache")).env("XDG_STATE_HOME", self.path("state"));
        command.env("GIT_CONFIG_GLOBAL", "/dev/null").env("GIT_CONFIG_NOSYSTEM", "1");
        for (name, value) in [("NAME", "Ada"), ("EMAIL", "ada@example.com")] {
            command.env(format!("GIT_AUTHOR_{name}"), value).env(format!("GIT_COMMITTER_{name}"), value);
        }
        command
    }

    pub fn start(&self, arguments: &[&str]) -> Child {
        self.command(arguments).spawn().unwrap()
    }

    pub fn run(&self, arguments: &[&str]) -> Run {
        Run::of(&mut self.command(arguments))
    }

    /// Has the base of a remote be where `branch` is, which goes, as a merge does.
    pub fn merge(&self, name: &str, branch: &str) {
        let repository = git2::Repository::open(self.remote(name)).unwrap();
        let reference = format!("refs/heads/{branch}");
        let tip = repository.refname_to_id(&reference).unwrap();
        repository.reference("refs/heads/main", tip, true, "merge").unwrap();
        repository.find_reference(&reference).unwrap().delete().unwrap();
    }

    /// The branches of a remote, each with the number of its commits.
    pub fn branches(&self, name: &str) -> Vec<(String, usize)> {
        let repository = git2::Repository::open(self.remote(name)).unwrap();
        let mut found = Vec::new();
        for reference in repository.references().unwrap() {
            let reference = reference.unwrap();
            let mut walk = repository.revwalk().unwrap();
            walk.push(reference.peel_to_commit().unwrap().id()).unwrap();
            found.push((String::from_utf8_lossy(reference.name_bytes()).into_owned(), walk.count()));
        }
        found.sort();
        found
    }

    /// The text of a file on the branch of the fixes.
    pub fn fixed(&self, name: &str, path: &str) -> String {
        self.text(name, "dfmigrate/secrets", path)
    }

    /// The text of a file on a branch.
    pub fn text(&self, name: &str, branch: &str, path: &str) -> String {
        let repository = git2::Repository::open(self.remote(name)).unwrap();
        let blob = repository.revparse_single(&format!("{branch}:{path}")).unwrap();
        String::from_utf8(blob.as_blob().unwrap().content().to_vec()).unwrap()
    }

    /// Asserts that each remote has the fix exactly once, and nothing else.
    pub fn assert_fixed_once(&self, about: &str) {
        let expected = [("refs/heads/dfmigrate/secrets".to_owned(), 2), ("refs/heads/main".to_owned(), 1)];
        for name in &self.names {
            assert_eq!(self.branches(name), expected, "{about}: {name}");
            assert!(self.fixed(name, "Dockerfile").contains("--mount=type=secret,id=npm_token"), "{about}: {name}");
            assert!(self.fixed(name, "build.sh").contains("--secret id=npm_token"), "{about}: {name}");
            let status = Command::new("git").arg("-C").arg(self.remote(name)).args(["fsck", "--strict"]).output();
            assert!(status.unwrap().status.success(), "{about}: {name} is damaged");
        }
    }
}

impl Run {
    pub fn of(command: &mut Command) -> Self {
        let Output { status, stdout, stderr } = command.output().unwrap();
        let text = |bytes| String::from_utf8(bytes).unwrap();
        Self { status: status.code(), out: text(stdout), err: text(stderr) }
    }

    pub fn status(self, expected: i32) -> Self {
        assert_eq!(self.status, Some(expected), "{}\n{}", self.out, self.err);
        self
    }
}

/// All files below `directory` with their bytes.
pub fn files(directory: &Path) -> Vec<(PathBuf, Vec<u8>)> {
    let mut found = Vec::new();
    for entry in fs::read_dir(directory).into_iter().flatten() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            found.extend(files(&path));
        } else {
            found.push((path.clone(), fs::read(&path).unwrap()));
        }
    }
    found
}
