//! Forges in memory: just enough of each API to keep pull requests.

mod azure;
mod bitbucket;
mod bitbucket_server;
mod gitea;
mod github;
mod gitlab;

use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex},
};

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
    /// What goes wrong.
    pub fault: Option<Fault>,
    /// The names of the repositories of the group; the fourth of them is archived.
    pub listed: Vec<String>,
}

/// Requests that are answered in another way than they should be.
#[derive(Debug, Clone, Copy)]
pub struct Fault {
    /// Which requests; all of them for `None`.
    pub method: Option<&'static str>,
    /// How many times more.
    pub times: usize,
    /// Whether the request is carried out all the same.
    pub carried_out: bool,
    pub reply: fn() -> Reply,
}

impl State {
    /// The repositories of the group, each made of its name and whether it is archived.
    fn list(&self, shown: impl Fn(&str, bool) -> Value) -> Vec<Value> {
        self.listed.iter().enumerate().map(|(place, name)| shown(name, place == 3)).collect()
    }

    /// The wrong answer to `request`, and whether it is carried out, if something is to go wrong.
    fn failing(&mut self, request: &Request) -> Option<(Reply, bool)> {
        let fault = self.fault.as_mut().filter(|fault| fault.times > 0)?;
        let hit = fault.method.is_none_or(|method| method == request.method);
        fault.times -= usize::from(hit);
        hit.then(|| ((fault.reply)(), fault.carried_out))
    }

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
    /// The repository of most tests.
    pub state: Arc<Mutex<State>>,
    /// The other repositories of the group.
    pub others: Arc<BTreeMap<String, Mutex<State>>>,
}

impl Fake {
    pub fn start(kind: Kind) -> Self {
        let listed = (0..5).map(|number: usize| number.to_string()).collect();
        Self::serve(kind, State { listed, ..State::default() }, &[])
    }

    /// A forge with these repositories in the group. Their clone addresses are on this server.
    pub fn with(kind: Kind, names: &[String]) -> Self {
        Self::serve(kind, State { listed: names.to_vec(), ..State::default() }, names)
    }

    fn serve(kind: Kind, state: State, names: &[String]) -> Self {
        let state = Arc::new(Mutex::new(state));
        let others = names.iter().map(|name| (name.clone(), Mutex::default()));
        let others = Arc::new(others.collect::<BTreeMap<String, Mutex<State>>>());
        let (kept, others_kept, schema) = (state.clone(), others.clone(), Schema::of(kind));
        let server = Server::start(move |request| {
            let base = base(kind);
            let segments = request.segments(base);
            let about = |name: &String| segments.iter().any(|one| one == name || *one == format!("{OWNER}/{name}"));
            let found = others_kept.iter().find(|(name, _)| about(name));
            let (name, state) = found.map_or((NAME, &*kept), |(name, state)| (name.as_str(), state));
            let mut state = state.lock().unwrap();
            state.violations.extend(schema.violations(request, base));
            let fault = state.failing(request);
            if let Some((reply, false)) = fault {
                return reply;
            }
            // Each of the answers below speaks of one repository by one name.
            let path = format!("{OWNER}/{name}");
            let own = |one: &'_ String| match one {
                one if one == name => NAME.to_owned(),
                one if *one == path => format!("{OWNER}/{NAME}"),
                one => one.clone(),
            };
            let segments: Vec<String> = segments.iter().map(own).collect();
            let segments: Vec<&str> = segments.iter().map(String::as_str).collect();
            let call = Call { method: &request.method, segments: &segments, request, body: request.json() };
            let reply =
                answer(kind, &mut state, &call).unwrap_or_else(|| Reply::Json(404, json!({"message": "Not Found"})));
            let here = (!others_kept.is_empty()).then(|| request.header("host")).flatten();
            fault.map_or_else(|| localized(reply, name, here), |(reply, _)| reply)
        });
        Self { kind, server, state, others }
    }

    /// The repositories of the group with their names, locked one after the other.
    pub fn each(&self, mut look: impl FnMut(&str, &mut State)) {
        self.others.iter().for_each(|(name, state)| look(name, &mut state.lock().unwrap()));
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

fn answer(kind: Kind, state: &mut State, call: &Call<'_>) -> Option<Reply> {
    match kind {
        Kind::GitHub => github::answer(state, call),
        Kind::GitLab => gitlab::answer(state, call),
        Kind::Gitea => gitea::answer(state, call),
        Kind::Bitbucket => bitbucket::answer(state, call),
        Kind::BitbucketServer => bitbucket_server::answer(state, call),
        Kind::Azure => azure::answer(state, call),
    }
}

/// An answer about the repository `name`, with addresses on this server where it is known by `host`. What people wrote stays.
fn localized(reply: Reply, name: &str, host: Option<&str>) -> Reply {
    let local = |mut body: Value| {
        localize(&mut body, name, host);
        body
    };
    match reply {
        Reply::Json(status, body) => Reply::Json(status, local(body)),
        Reply::Full(status, headers, body) => {
            let body = local(serde_json::from_slice(&body).unwrap());
            Reply::Full(status, headers, body.to_string().into_bytes())
        }
        other => other,
    }
}

fn localize(value: &mut Value, name: &str, host: Option<&str>) {
    match value {
        Value::String(text) => {
            if text == NAME {
                *text = name.to_owned();
            }
            *text = text.replace(&format!("/{NAME}"), &format!("/{name}"));
            for known in host.iter().flat_map(|_| HOSTS) {
                *text = text.replace(&format!("https://{known}.example.com"), &format!("http://{}", host.unwrap()));
            }
        }
        Value::Array(items) => items.iter_mut().for_each(|item| localize(item, name, host)),
        Value::Object(fields) => {
            let written = |key: &str| matches!(key, "body" | "description" | "title");
            fields.iter_mut().filter(|(key, _)| !written(key)).for_each(|(_, field)| localize(field, name, host));
        }
        Value::Null | Value::Bool(_) | Value::Number(_) => {}
    }
}

const HOSTS: [&str; 6] = ["github", "gitlab", "gitea", "robot@bitbucket", "bitbucket", "acme@azure"];

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
