//! Where the lines are run: a clone of a repository with the example, and a home of its own. Nothing leaves the machine.

use std::{
    fs,
    os::unix::fs::{PermissionsExt as _, symlink},
    path::{Path, PathBuf},
    process::{Command, Stdio},
};

/// The real engine is not asked: `save` gives the archive beside the work tree, and a plugin is called as Docker calls it.
const DOCKER: &str = "#!/bin/sh\n[ \"$1\" = image ] && shift\nif [ \"$1\" = save ]; then exec cat \"$HOME/app.tar\"; fi\n\
    exec \"$HOME/.docker/cli-plugins/docker-$1\" \"$@\"\n";
/// A stand-in for the builds that `cargo` would make.
const CARGO: &str = "#!/bin/sh\nexit 0\n";
/// A server of git that several addresses of the pages stand for.
const GIT: &str = "[user]\n\tname = Ada\n\temail = ada@example.com\n[init]\n\tdefaultBranch = main\n[advice]\n\tdetachedHead = false\n\
    [url \"REMOTE\"]\n\tinsteadOf = https://github.com/acme/shop.git\n\tinsteadOf = git@github.com:acme/shop.git\n";

pub struct Ground {
    folder: tempfile::TempDir,
}

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

fn copy(from: &Path, to: &Path) {
    fs::create_dir_all(to).unwrap();
    for entry in fs::read_dir(from).unwrap() {
        let entry = entry.unwrap();
        let target = to.join(entry.file_name());
        if entry.file_type().unwrap().is_dir() {
            copy(&entry.path(), &target);
        } else {
            fs::copy(entry.path(), target).unwrap();
        }
    }
}

impl Ground {
    pub fn new() -> Self {
        let ground = Self { folder: tempfile::tempdir().unwrap() };
        let (home, work, remote) = (ground.path("home"), ground.path("work"), ground.path("remote"));
        fs::create_dir_all(home.join("bin")).unwrap();
        fs::create_dir_all(home.join(".docker/cli-plugins")).unwrap();
        symlink(env!("CARGO_BIN_EXE_dfmigrate"), home.join("bin/dfmigrate")).unwrap();
        for (name, script) in [("docker", DOCKER), ("cargo", CARGO)] {
            let path = home.join("bin").join(name);
            fs::write(&path, script).unwrap();
            fs::set_permissions(path, fs::Permissions::from_mode(0o755)).unwrap();
        }
        fs::write(home.join(".gitconfig"), GIT.replace("REMOTE", &remote.display().to_string())).unwrap();
        copy(&root().join("docs/example"), &work);
        for inner in ["services/api", "services/web"] {
            copy(&root().join("docs/example"), &work.join(inner));
            fs::remove_file(work.join(inner).join("README.md")).unwrap();
        }
        ground.prepare(
            "git init -q . && git add -A && git commit -qm start && git clone -q --bare . \"$REMOTE\" && \
             git remote add origin https://github.com/acme/shop.git && git fetch -q && git branch -q -u origin/main && \
             git clone -q --bare . \"$REMOTE.bank\" && git clone -q \"$REMOTE.bank\" ../bank && echo \"$REMOTE\" > ../home/repos.txt",
        );
        ground
    }

    fn path(&self, path: &str) -> PathBuf {
        self.folder.path().join(path)
    }

    fn prepare(&self, script: &str) {
        let (status, printed) = self.shell(script);
        assert_eq!(status, 0, "{printed}");
    }

    /// Makes the image that `app.tar`, `docker save` and names of images stand for.
    fn image(&self) {
        let script = "python3 \"$ROOT/tests/bench/image.py\" 8 > ~/app.tar";
        self.prepare(script);
    }

    /// Runs a line, with what its stand-ins stand for; gives the status and both streams.
    pub fn run(&self, line: &str) -> (i32, String) {
        if line.contains("verify") && !self.path("home/app.tar").exists() {
            self.image();
        }
        let words = [
            ("cargo run -- ", "dfmigrate ".to_owned()),
            ("docs/example", root().join("docs/example").display().to_string()),
            ("/tmp/example", self.path("example").display().to_string()),
            (" app.tar", " ~/app.tar".to_owned()),
            (" IMAGE ", " ~/app.tar ".to_owned()),
            (" repos.txt", " ~/repos.txt".to_owned()),
            ("tests/bench/image.py 5120", format!("{} 8", root().join("tests/bench/image.py").display())),
        ];
        let line = words.iter().fold(line.to_owned(), |line, (word, meant)| line.replace(word, meant));
        self.shell(&line)
    }

    fn shell(&self, script: &str) -> (i32, String) {
        let mut command = Command::new("sh");
        // What a `cd` left is where the next line is run.
        let script =
            format!("cd \"$(cat ~/folder 2>/dev/null || pwd)\"\n{script}\nstatus=$?\npwd > ~/folder\nexit $status");
        command.args(["-c", &script]).current_dir(self.path("work")).env_clear();
        let path = format!("{}:{}", self.path("home/bin").display(), std::env::var("PATH").unwrap());
        command.env("PATH", path).env("HOME", self.path("home")).env("GIT_CONFIG_NOSYSTEM", "1");
        command.env("REMOTE", self.path("remote")).env("ROOT", root()).env("NPM_TOKEN", "kn0ck-kn0ck");
        let output = command.stdin(Stdio::null()).output().unwrap();
        let text = [output.stdout, output.stderr].concat();
        let text = String::from_utf8(text).unwrap().replace(&self.folder.path().display().to_string(), "");
        (output.status.code().unwrap(), text)
    }
}
