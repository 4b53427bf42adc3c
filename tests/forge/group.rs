//! A group of repositories on a forge, and `dfmigrate fleet` run over it.
#![cfg(unix)]

use dfmigrate::forge::Kind;
use serde_json::Value;

use super::{
    each::token,
    fake::Fake,
    ground::{Ground, Run, files},
};

pub const BRANCH: &str = "refs/heads/dfmigrate/secrets";

/// A group on a forge, whose repositories are bare ones on this disk.
pub struct Group {
    pub fake: Fake,
    pub ground: Ground,
}

fn planted() -> String {
    ["kn0ck-", "kn0ck-3141"].concat()
}

fn option(kind: Kind) -> &'static str {
    match kind {
        Kind::GitHub => "github:acme",
        Kind::GitLab => "gitlab:acme",
        Kind::Gitea => "gitea:acme",
        Kind::Bitbucket => "bitbucket:acme",
        Kind::BitbucketServer => "bitbucket-server:acme",
        Kind::Azure => "azure:acme/web",
    }
}

/// The address below which the repositories of a group are cloned from.
fn below(fake: &Fake) -> String {
    let below = match fake.kind {
        Kind::Azure => "acme/web/_git",
        Kind::BitbucketServer => "scm/acme",
        _ => "acme",
    };
    format!("{}/{below}/", fake.server.address())
}

impl Group {
    pub fn new(kind: Kind, count: usize) -> Self {
        let names: Vec<String> = (0..count).map(|number| format!("r{number}")).collect();
        Self::of(kind, &names, |_| Ground::new(count, &planted()))
    }

    /// A group of repositories with these names, which `make` makes, given the address below which they are cloned from.
    pub fn of(kind: Kind, names: &[String], make: impl FnOnce(&str) -> Ground) -> Self {
        let fake = Fake::with(kind, names);
        let ground = make(&below(&fake));
        for name in &ground.names {
            std::os::unix::fs::symlink(name, ground.remote(&format!("{name}.git"))).unwrap();
        }
        Self { fake, ground }
    }

    pub fn run(&self, arguments: &[&str]) -> Run {
        let web = self.fake.server.address();
        let named = ["fleet", "--org", option(self.fake.kind), "--forge-url", &web, "--jobs", "12", "--unsafe-fixes"];
        let mut command = self.ground.command(&[&named[..], arguments].concat());
        let host = self.fake.address().host;
        command.env("DFMIGRATE_TOKEN", token()).env("DFMIGRATE_HOST", host).env("HOME", self.ground.path("."));
        // What is cloned from the forge's address lies on this disk.
        command.env("GIT_CONFIG_COUNT", "1").env("GIT_CONFIG_VALUE_0", below(&self.fake));
        command.env("GIT_CONFIG_KEY_0", format!("url.{}/.insteadOf", self.ground.path("remotes").display()));
        let run = Run::of(&mut command);
        for text in [&run.out, &run.err] {
            assert!(!text.contains(&token()) && !text.contains(&planted()), "{text}");
        }
        run
    }

    pub fn status(&self) -> Value {
        let run = self.ground.run(&["status", "--message-format", "json"]);
        serde_json::from_str(&run.out).unwrap()
    }

    /// The stage of each repository, and why it failed.
    pub fn stages(&self) -> Vec<(String, String, String)> {
        let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
        let name = |record: &Value| text(&record["name"]).rsplit('/').next().unwrap().to_owned();
        let stage = |record: &Value| (name(record), text(&record["stage"]), text(&record["failure"]));
        self.status()["repositories"].as_array().unwrap().iter().map(stage).collect()
    }

    pub fn has_branch(&self, name: &str) -> bool {
        self.ground.branches(name).iter().any(|(branch, _)| branch == BRANCH)
    }

    pub fn pulls(&self, name: &str) -> usize {
        self.fake.others[name].lock().unwrap().pulls.len()
    }

    /// The commit that the branch of the fixes is at.
    pub fn tip(&self, name: &str) -> git2::Oid {
        git2::Repository::open(self.ground.remote(name)).unwrap().refname_to_id(BRANCH).unwrap()
    }

    /// No request was against the description, each had the token, and none had it in its address; no value of a secret
    /// is in any request, in the state, or in the clones' configuration.
    pub fn assert_well_behaved(&self) {
        let kind = self.fake.kind;
        assert_eq!(self.fake.state.lock().unwrap().violations, Vec::<String>::new(), "{kind:?}");
        self.fake.each(|name, state| assert_eq!(state.violations, Vec::<String>::new(), "{kind:?}: {name}"));
        for request in self.fake.server.requests() {
            let body = String::from_utf8_lossy(&request.body).into_owned();
            assert!(request.header("authorization").is_some(), "{kind:?}: {}", request.path);
            let address = format!("{}{:?}", request.path, request.query);
            assert!(!address.contains(&token()) && !body.contains(&token()) && !body.contains(&planted()), "{body}");
        }
        let state = files(&self.ground.path("state"));
        let logs = files(&self.ground.path("cache"));
        let logs = logs.into_iter().filter(|(path, _)| path.iter().any(|part| part == "logs" || part == "config"));
        for (path, bytes) in state.into_iter().chain(logs) {
            let text = String::from_utf8_lossy(&bytes);
            assert!(!text.contains(&token()) && !text.contains(&planted()), "{}: {text}", path.display());
        }
    }
}
