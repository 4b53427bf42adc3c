//! `dfmigrate --fix --pr`, with a real git remote and a forge.

use std::{
    fs,
    path::{Path, PathBuf},
    process::{Command, Stdio},
};

use dfmigrate::forge::Kind;

use super::{each::token, fake::Fake};

const NPMRC: &str = "//npm.example.com/:_authToken=${NPM_TOKEN}\n";
const SCRIPT: &str = "#!/bin/sh\nset -eu\nexport NPM_TOKEN\ndocker build --build-arg NPM_TOKEN -t app .\n";
const BRANCH: &str = "dfmigrate/secrets";

/// A forge, a bare repository in its place, and a clone.
struct Story {
    fake: Fake,
    folder: tempfile::TempDir,
}

struct Run {
    status: i32,
    out: String,
    err: String,
}

fn planted() -> String {
    ["kn0ck-", "kn0ck-2718"].concat()
}

impl Story {
    fn new(kind: Kind) -> Self {
        let story = Self { fake: Fake::start(kind), folder: tempfile::tempdir().unwrap() };
        story.git(Path::new("."), &["init", "-q", "--bare", "-b", "main", "remote"]);
        story.git(Path::new("."), &["init", "-q", "-b", "main", "clone"]);
        // A default that was written down: the value must stay where it is.
        let dockerfile = format!(
            "# syntax=docker/dockerfile:1\nFROM node:22\nWORKDIR /app\nARG NPM_TOKEN\nCOPY package.json .npmrc ./\nRUN npm ci\nRUN curl -u me:{} https://x.example.com\n",
            planted()
        );
        for (path, text) in [
            ("Dockerfile", dockerfile.as_str()),
            (".npmrc", NPMRC),
            ("build.sh", SCRIPT),
            ("package.json", "{}\n"),
            (".github/PULL_REQUEST_TEMPLATE.md", "## Summary\n\n## Checklist\n- [ ] tests\n"),
        ] {
            story.write(path, text);
        }
        for (key, value) in [("user.name", "Ada"), ("user.email", "ada@example.com"), ("commit.gpgsign", "false")] {
            story.clone_git(&["config", key, value]);
        }
        story.clone_git(&["remote", "add", "origin", &story.fake.remote()]);
        let bare = story.folder.path().join("remote");
        story.clone_git(&["config", &format!("url.{}.insteadOf", bare.display()), &story.fake.remote()]);
        story.commit("start");
        story.clone_git(&["push", "-q", "-u", "origin", "main"]);
        story
    }

    fn clone_path(&self) -> PathBuf {
        self.folder.path().join("clone")
    }

    fn write(&self, path: &str, text: &str) {
        let path = self.clone_path().join(path);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
    }

    fn commit(&self, message: &str) {
        self.clone_git(&["add", "-A"]);
        self.clone_git(&["commit", "-q", "-m", message]);
    }

    fn git(&self, below: &Path, arguments: &[&str]) -> String {
        let mut command = Command::new("git");
        command.current_dir(self.folder.path().join(below)).args(arguments);
        let output = command.env("GIT_CONFIG_GLOBAL", "/dev/null").env("GIT_CONFIG_NOSYSTEM", "1").output().unwrap();
        assert!(output.status.success(), "git {arguments:?}: {}", String::from_utf8_lossy(&output.stderr));
        String::from_utf8(output.stdout).unwrap().trim().to_owned()
    }

    fn clone_git(&self, arguments: &[&str]) -> String {
        self.git(Path::new("clone"), arguments)
    }

    fn pushed(&self) -> Option<String> {
        let found =
            self.git(Path::new("remote"), &["for-each-ref", "--format=%(objectname)", &format!("refs/heads/{BRANCH}")]);
        (!found.is_empty()).then_some(found)
    }

    fn with_environment(&self, arguments: &[&str], environment: &[(&str, &str)]) -> Run {
        let name = match self.fake.kind {
            Kind::GitHub => "github",
            Kind::GitLab => "gitlab",
            Kind::Gitea => "gitea",
            Kind::Bitbucket => "bitbucket",
            Kind::BitbucketServer => "bitbucket-server",
            Kind::Azure => "azure",
        };
        let mut command = Command::new(env!("CARGO_BIN_EXE_dfmigrate"));
        command.current_dir(self.clone_path()).args(["--fix", "--pr", "--forge", name]).args(arguments);
        // Nothing of this machine: no token, no proxy, no credential helper.
        command.env_clear().env("PATH", std::env::var_os("PATH").unwrap()).env("HOME", self.folder.path());
        command.env("GIT_CONFIG_GLOBAL", "/dev/null").env("GIT_CONFIG_NOSYSTEM", "1");
        command.envs(environment.iter().copied()).stdin(Stdio::null());
        let output = command.output().unwrap();
        let text = |bytes: Vec<u8>| String::from_utf8(bytes).unwrap();
        let run = Run { status: output.status.code().unwrap(), out: text(output.stdout), err: text(output.stderr) };
        for text in [&run.out, &run.err] {
            assert!(!text.contains(&token()) && !text.contains(&planted()), "{text}");
        }
        run
    }

    fn run(&self, arguments: &[&str]) -> Run {
        let host = self.fake.address().host;
        self.with_environment(arguments, &[("DFMIGRATE_TOKEN", &token()), ("DFMIGRATE_HOST", &host)])
    }
}

impl Run {
    fn status(self, expected: i32) -> Self {
        assert_eq!(self.status, expected, "\n--- out\n{}\n--- err\n{}", self.out, self.err);
        self
    }
}

#[test]
fn from_a_finding_to_a_pull_request_that_a_person_closes() {
    // One that keeps drafts apart, one that has them in the title, one that cuts texts; `each` has all of them.
    for kind in [Kind::GitHub, Kind::GitLab, Kind::Azure] {
        let story = Story::new(kind);
        let head = story.clone_git(&["rev-parse", "HEAD"]);

        // The first run opens it, and leaves the work tree as it was.
        let run = story.run(&["--draft"]).status(1);
        assert!(run.out.contains("was pushed, and is new there\nopened http"), "{kind:?}: {}", run.out);
        assert!(run.out.contains("Keep NPM_TOKEN out of Docker images"), "{kind:?}: {}", run.out);
        assert_eq!(story.clone_git(&["branch", "--show-current"]), "main");
        assert_eq!(
            (story.clone_git(&["rev-parse", "HEAD"]), story.clone_git(&["status", "--short"])),
            (head, String::new())
        );
        let first = story.pushed().unwrap();
        let commit = story.git(Path::new("remote"), &["show", BRANCH, "--", "build.sh", "Dockerfile"]);
        assert!(commit.contains("+docker build --secret id=npm_token,env=NPM_TOKEN -t app ."), "{commit}");
        {
            let state = story.fake.state.lock().unwrap();
            let pull = &state.pulls[0];
            assert_eq!((pull.branch.as_str(), pull.base.as_str(), pull.draft), (BRANCH, "main", true), "{kind:?}");
            assert!(pull.body.contains("`npm_token` from the variable `NPM_TOKEN`"), "{}", pull.body);
            assert!(!pull.body.contains(&planted()) && pull.body.contains("literal-credential"), "{}", pull.body);
            let has_template = matches!(kind, Kind::GitHub | Kind::Gitea);
            assert_eq!(pull.body.contains("- [ ] tests"), has_template, "{kind:?}: {}", pull.body);
        }
        let message = story.git(Path::new("remote"), &["log", "-1", "--format=%B", BRANCH]);
        assert!(!message.contains(&planted()), "{message}");

        // The second one changes nothing.
        let run = story.run(&[]).status(1);
        assert!(run.out.contains("is up to date\nhttp"), "{kind:?}: {}", run.out);
        assert_eq!(story.pushed(), Some(first.clone()));

        // The base moves and has one more: the same request says so.
        story.write(
            "web/Dockerfile",
            "# syntax=docker/dockerfile:1\nFROM node:22\nARG NPM_TOKEN\nCOPY .npmrc package.json ./\nRUN npm ci\n",
        );
        story.write("web/.npmrc", NPMRC);
        story.write("web/package.json", "{}\n");
        story.write("web.sh", &SCRIPT.replace("app .", "web web"));
        story.commit("web");
        let run = story.run(&[]).status(1);
        assert!(run.out.contains("updated http"), "{kind:?}: {}", run.out);
        {
            let state = story.fake.state.lock().unwrap();
            assert!(
                state.pulls.len() == 1 && state.pulls[0].body.contains("`web/Dockerfile:3`"),
                "{}",
                state.pulls[0].body
            );
        }
        let second = story.pushed().unwrap();
        assert_ne!(second, first);

        // A person closes it: nothing is pushed and nothing asked again.
        story.fake.state.lock().unwrap().pulls[0].state = "closed";
        let run = story.run(&[]).status(1);
        assert!(run.err.contains("was closed, and that is respected"), "{kind:?}: {}", run.err);
        assert_eq!((story.pushed(), story.fake.state.lock().unwrap().pulls.len()), (Some(second), 1));
        assert_eq!(story.fake.state.lock().unwrap().violations, Vec::<String>::new(), "{kind:?}");
    }
}

#[test]
fn work_of_somebody_else_on_the_branch_stays() {
    let story = Story::new(Kind::GitHub);
    story.run(&[]).status(1);
    story.clone_git(&["switch", "-q", BRANCH]);
    story.write("Dockerfile", "FROM scratch\n");
    story.commit("mine");
    story.clone_git(&["push", "-q", "origin", BRANCH]);
    story.clone_git(&["switch", "-q", "main"]);
    let before = (story.pushed(), story.fake.state.lock().unwrap().pulls[0].body.clone());
    let run = story.run(&[]).status(2);
    assert!(run.err.contains("work of somebody else"), "{}", run.err);
    assert_eq!((story.pushed(), story.fake.state.lock().unwrap().pulls[0].body.clone()), before);
    assert_eq!(story.clone_git(&["branch", "--show-current"]), "main");
}

#[test]
fn a_dry_run_shows_everything_and_asks_nobody() {
    let story = Story::new(Kind::GitHub);
    let run = story.with_environment(&["--dry-run"], &[]).status(1);
    for part in [
        "`acme/shop` on GitHub: from `dfmigrate/secrets` to `main`",
        "commits:\n  fix: ",
        "title: Keep NPM_TOKEN out of Docker images",
        "## Summary\n\n[//]: # (dfmigrate:begin ",
        "docker build --secret id=npm_token,env=NPM_TOKEN .",
    ] {
        assert!(run.out.contains(part), "{part}\n{}", run.out);
    }
    assert!(story.fake.server.requests().is_empty() && story.pushed().is_none());
    assert_eq!(story.clone_git(&["for-each-ref", "--format=%(refname:short)", "refs/heads"]), "main");
    assert_eq!(story.clone_git(&["status", "--short"]), "");
}

#[test]
fn nothing_is_changed_before_the_forge_agrees() {
    let story = Story::new(Kind::GitHub);
    let unchanged =
        || story.pushed().is_none() && story.clone_git(&["for-each-ref", "refs/heads"]).lines().count() == 1;
    // No token, and one for another host.
    let run = story.with_environment(&[], &[]).status(2);
    assert!(run.err.contains("there is no token for `127.0.0.1:"), "{}", run.err);
    let others = [("DFMIGRATE_TOKEN", token()), ("GITHUB_TOKEN", token()), ("GH_TOKEN", token())];
    let others: Vec<(&str, &str)> = others.iter().map(|(name, value)| (*name, value.as_str())).collect();
    let run = story.with_environment(&[], &others).status(2);
    assert!(run.err.contains("name it with `DFMIGRATE_HOST=127.0.0.1:"), "{}", run.err);
    assert!(story.fake.server.requests().is_empty() && unchanged());
    story.fake.state.lock().unwrap().read_only = true;
    let run = story.run(&[]).status(2);
    assert!(run.err.contains("the token may not push to `acme/shop`"), "{}", run.err);
    story.fake.state.lock().unwrap().archived = true;
    let run = story.run(&[]).status(1);
    assert!(run.err.contains("the repository is archived"), "{}", run.err);
    assert!(unchanged());
}

#[test]
fn a_fork_is_pushed_to_where_the_repository_is_closed() {
    let story = Story::new(Kind::GitHub);
    story.fake.state.lock().unwrap().read_only = true;
    story.git(Path::new("."), &["init", "-q", "--bare", "-b", "main", "fork"]);
    let fork = story.folder.path().join("fork");
    let instead = format!("url.{}.insteadOf", fork.display());
    story.clone_git(&["config", &instead, "https://github.example.com/robot/shop.git"]);
    for expected in ["opened https://", "is up to date\nhttps://"] {
        let run = story.run(&["--fork"]).status(1);
        assert!(run.out.contains(expected), "{}", run.out);
    }
    assert!(story.pushed().is_none());
    assert!(story.git(Path::new("fork"), &["for-each-ref"]).contains(BRANCH));
    let state = story.fake.state.lock().unwrap();
    assert!(state.pulls.len() == 1 && state.pulls[0].from_fork, "{:?}", state.pulls);
}

#[test]
fn no_more_are_opened_than_wanted() {
    let story = Story::new(Kind::GitHub);
    let run = story.run(&["--max-open", "0"]).status(1);
    assert!(run.err.contains("`acme/shop` waits: 0 pull requests are open"), "{}", run.err);
    assert!(story.pushed().is_none());
    story.run(&["--max-open", "1"]).status(1);
    // One that is open is kept up to date whatever the number is.
    let run = story.run(&["--max-open", "1"]).status(1);
    assert!(run.out.contains("is up to date\nhttps://"), "{}", run.out);
}

#[test]
fn people_are_told_once() {
    let story = Story::new(Kind::GitHub);
    let people = ["--label", "security", "--reviewer", "rita", "--reviewer", "acme/platform", "--assignee", "anna"];
    story.run(&people).status(1);
    story.fake.state.lock().unwrap().pulls[0].labels.clear();
    story.run(&people).status(1);
    let state = story.fake.state.lock().unwrap();
    let pull = &state.pulls[0];
    assert_eq!((pull.labels.len(), pull.assignees.as_slice()), (0, ["anna".to_owned()].as_slice()));
    assert_eq!(pull.reviewers, ["rita", "acme/platform"]);
}
