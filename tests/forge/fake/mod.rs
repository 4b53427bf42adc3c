//! Forges in memory: just enough of each API to keep pull requests.

mod azure;
mod bitbucket;
mod bitbucket_server;
mod gitea;
mod github;
mod gitlab;

use std::sync::{Arc, Mutex};

use dfmigrate::forge::{Address, Kind, Remote};
use serde_json::{Value, json};

use super::{
    schema::Schema,
    server::{Reply, Request, Server},
};

/// The repository of all tests, and the fork that the token's account gets.
pub const OWNER: &str = "acme";
pub const NAME: &str = "shop";
pub const FORK_OWNER: &str = "robot";
pub const OWN_ID: u64 = 7;
pub const FORK_ID: u64 = 8;

#[derive(Debug, Clone, Default)]
pub struct Pull {
    pub number: u64,
    pub branch: String,
    pub from_fork: bool,
    pub base: String,
    pub title: String,
    pub body: String,
    /// `open`, `closed` or `merged`.
    pub state: &'static str,
    pub draft: bool,
    pub labels: Vec<String>,
    pub reviewers: Vec<String>,
    pub assignees: Vec<String>,
    pub comments: Vec<String>,
}

#[derive(Debug, Default)]
pub struct State {
    pub pulls: Vec<Pull>,
    pub forked: bool,
    pub archived: bool,
    pub read_only: bool,
    pub violations: Vec<String>,
}

impl State {
    /// Keeps a new pull request; `None` if there is an open one from the branch.
    fn open(&mut self, pull: Pull) -> Option<&mut Pull> {
        let same =
            |known: &Pull| (known.state, &known.branch, known.from_fork) == ("open", &pull.branch, pull.from_fork);
        if self.pulls.iter().any(same) {
            return None;
        }
        let number = self.pulls.len() as u64 + 1;
        self.pulls.push(Pull { number, state: "open", ..pull });
        self.pulls.last_mut()
    }

    fn pull(&mut self, number: &str) -> Option<&mut Pull> {
        self.pulls.iter_mut().find(|pull| pull.number.to_string() == number)
    }
}

/// A forge of one kind, running.
pub struct Fake {
    pub kind: Kind,
    pub server: Server,
    pub state: Arc<Mutex<State>>,
}

impl Fake {
    pub fn start(kind: Kind) -> Self {
        let state = Arc::<Mutex<State>>::default();
        let (kept, schema) = (state.clone(), Schema::of(kind));
        let server = Server::start(move |request| {
            let mut state = kept.lock().unwrap();
            let base = base(kind);
            let violations = schema.violations(request, base);
            state.violations.extend(violations);
            let segments = request.segments(base);
            let segments: Vec<&str> = segments.iter().map(String::as_str).collect();
            let call = Call { method: &request.method, segments: &segments, request, body: request.json() };
            match kind {
                Kind::GitHub => github::answer(&mut state, &call),
                Kind::GitLab => gitlab::answer(&mut state, &call),
                Kind::Gitea => gitea::answer(&mut state, &call),
                Kind::Bitbucket => bitbucket::answer(&mut state, &call),
                Kind::BitbucketServer => bitbucket_server::answer(&mut state, &call),
                Kind::Azure => azure::answer(&mut state, &call),
            }
            .unwrap_or_else(|| Reply::Json(404, json!({"message": "Not Found"})))
        });
        Self { kind, server, state }
    }

    /// The address of a remote of the repository.
    pub fn remote(&self) -> String {
        let path = match self.kind {
            Kind::Azure => format!("{OWNER}/web/_git/{NAME}"),
            Kind::BitbucketServer => format!("scm/{OWNER}/{NAME}.git"),
            _ => format!("{OWNER}/{NAME}.git"),
        };
        format!("{}/{path}", self.server.address())
    }

    pub fn address(&self) -> Address {
        Address::new(&Remote::parse(&self.remote()).unwrap(), Some(self.kind), None).unwrap()
    }
}

/// Where the API lies below the server's root.
fn base(kind: Kind) -> &'static str {
    match kind {
        Kind::GitHub => "/api/v3",
        Kind::GitLab => "/api/v4",
        Kind::Gitea => "/api/v1",
        Kind::Bitbucket => "/2.0",
        Kind::BitbucketServer => "/rest/api/1.0",
        Kind::Azure => "",
    }
}

/// A request, taken apart.
pub struct Call<'r> {
    pub method: &'r str,
    pub segments: &'r [&'r str],
    pub request: &'r Request,
    pub body: Value,
}

impl Call<'_> {
    fn text(&self, name: &str) -> String {
        self.body[name].as_str().unwrap_or_default().to_owned()
    }

    fn texts(&self, name: &str) -> Vec<String> {
        self.body[name].as_array().into_iter().flatten().filter_map(|one| Some(one.as_str()?.to_owned())).collect()
    }

    /// A page of `items` by number, two a page so that reading on is tested, with the header that names the next one.
    fn paged(&self, items: Vec<Value>) -> Reply {
        let page: usize = self.request.query("page").map_or(1, |page| page.parse().unwrap());
        let (start, end) = ((page - 1) * 2, (page * 2).min(items.len()));
        let part = items.get(start..end).unwrap_or_default();
        let mut headers = vec![("content-type", "application/json".to_owned())];
        if end < items.len() {
            headers.push(("link", "<http://127.0.0.1/next>; rel=\"next\"".to_owned()));
        }
        Reply::Full(200, headers, json!(part).to_string().into_bytes())
    }
}

fn text(body: &Value, path: &[&str]) -> String {
    path.iter().fold(body, |value, name| &value[*name]).as_str().unwrap_or_default().to_owned()
}
