//! Bitbucket Cloud, from its OpenAPI description (developer.atlassian.com, "The Bitbucket Cloud REST API", version 2.0).

use serde::Deserialize;
use serde_json::{Value, json};

use super::{
    Address, Facts, Forge, ForgeError, Fork, Head, Listed, MOST_PAGES, PAGE_SIZE, People, Proposal, Prose, PullRequest,
    State, Update,
    http::{Client, Method, Target},
    note, without_user,
};

/// One repository on Bitbucket.
pub struct Bitbucket {
    client: Client,
    address: Address,
}

#[derive(Deserialize)]
struct Page<T> {
    #[serde(default = "Vec::new")]
    values: Vec<T>,
    next: Option<String>,
}

#[derive(Deserialize)]
struct Repository {
    uuid: String,
    full_name: String,
    mainbranch: Option<Branch>,
    links: RepositoryLinks,
    parent: Option<Value>,
}

#[derive(Deserialize)]
struct RepositoryLinks {
    #[serde(default)]
    clone: Vec<NamedLink>,
}

#[derive(Deserialize)]
struct NamedLink {
    name: String,
    href: String,
}

#[derive(Deserialize)]
struct Branch {
    name: String,
}

#[derive(Deserialize)]
struct Pull {
    id: u64,
    links: PullLinks,
    state: String,
    title: String,
    #[serde(default)]
    description: Option<String>,
    source: Side,
    destination: Side,
    #[serde(default)]
    reviewers: Vec<Account>,
}

#[derive(Deserialize)]
struct PullLinks {
    html: Link,
}

#[derive(Deserialize)]
struct Link {
    href: String,
}

#[derive(Deserialize)]
struct Side {
    branch: Branch,
    /// Missing once the fork is gone.
    repository: Option<NamedRepository>,
}

#[derive(Deserialize)]
struct NamedRepository {
    full_name: String,
}

#[derive(Deserialize)]
struct Account {
    uuid: String,
}

impl Repository {
    fn clone_url(&self) -> String {
        let https = self.links.clone.iter().find(|link| link.name == "https");
        https.map_or_else(String::new, |link| without_user(&link.href))
    }
}

impl Bitbucket {
    /// The repository at `address`, asked through `client`.
    #[must_use]
    pub fn new(client: Client, address: Address) -> Self {
        Self { client, address }
    }

    fn target<'s>(&'s self, rest: &[&'s str]) -> Target {
        let workspace = self.address.namespace.iter().map(String::as_str);
        let name = [self.address.name.as_str()];
        Target::new(["repositories"].into_iter().chain(workspace).chain(name).chain(rest.iter().copied()))
    }

    fn pull(&self, number: u64) -> Target {
        self.target(&["pullrequests", &number.to_string()])
    }

    fn all<T: serde::de::DeserializeOwned>(&self, target: &Target) -> Result<Vec<T>, ForgeError> {
        let mut items = Vec::new();
        for number in 1..=MOST_PAGES {
            let numbered = target.clone().query("pagelen", PAGE_SIZE).query("page", &number.to_string());
            let page: Page<T> = self.client.get(&numbered)?;
            items.extend(page.values);
            if page.next.is_none() {
                break;
            }
        }
        Ok(items)
    }

    /// A PUT sets everything, so what is not meant to change is sent as it is.
    fn put(&self, number: u64, update: &Update, more: &[Value]) -> Result<(), ForgeError> {
        let pull: Pull = self.client.get(&self.pull(number))?;
        let reviewers = pull.reviewers.iter().map(|one| json!({"uuid": one.uuid})).chain(more.iter().cloned());
        let title = update.title.as_ref().map_or(pull.title.as_str(), Prose::as_str);
        let description = update.body.as_ref().map_or(pull.description.as_deref().unwrap_or_default(), Prose::as_str);
        let body = json!({
            "title": title,
            "description": description,
            "destination": {"branch": {"name": pull.destination.branch.name}},
            "reviewers": reviewers.collect::<Vec<_>>(),
        });
        self.client.write::<Value>(Method::Put, &self.pull(number), &body).map(drop)
    }
}

impl From<Pull> for PullRequest {
    fn from(pull: Pull) -> Self {
        let state = match pull.state.as_str() {
            "OPEN" => State::Open,
            "MERGED" => State::Merged,
            _ => State::Closed,
        };
        Self {
            number: pull.id,
            url: pull.links.html.href,
            state,
            title: pull.title,
            body: pull.description.unwrap_or_default(),
            base: pull.destination.branch.name,
        }
    }
}

impl Forge for Bitbucket {
    fn facts(&self) -> Result<Facts, ForgeError> {
        let found: Repository = self.client.get(&self.target(&[]))?;
        let default_branch = found.mainbranch.map_or_else(String::new, |branch| branch.name);
        Ok(Facts { default_branch, may_push: None, archived: false })
    }

    fn find(&self, head: &Head) -> Result<Vec<PullRequest>, ForgeError> {
        // Backslash and quote are escaped in a text of the query language ("Filter and sort API objects").
        let branch = head.branch.replace('\\', "\\\\").replace('"', "\\\"");
        let target = self.target(&["pullrequests"]).query("q", &format!("source.branch.name = \"{branch}\""));
        let target = ["OPEN", "MERGED", "DECLINED", "SUPERSEDED"]
            .into_iter()
            .fold(target, |target, state| target.query("state", state))
            .query("sort", "-created_on");
        let from =
            head.fork.as_ref().map_or_else(|| self.address.path(), |fork| format!("{}/{}", fork.owner, fork.name));
        let found = self.all::<Pull>(&target)?.into_iter();
        let is_from = |pull: &Pull| pull.source.repository.as_ref().is_some_and(|source| source.full_name == from);
        Ok(found
            .filter(|pull| pull.source.branch.name == head.branch && is_from(pull))
            .map(PullRequest::from)
            .collect())
    }

    fn create(&self, proposal: &Proposal) -> Result<PullRequest, ForgeError> {
        let mut body = json!({
            "title": proposal.title.as_str(),
            "description": proposal.body.as_str(),
            "source": {"branch": {"name": proposal.head.branch}},
            "destination": {"branch": {"name": proposal.base}},
            "draft": proposal.draft,
            "close_source_branch": true,
        });
        if let Some(fork) = &proposal.head.fork {
            body["source"]["repository"] = json!({"full_name": format!("{}/{}", fork.owner, fork.name)});
        }
        Ok(self.client.write::<Pull>(Method::Post, &self.target(&["pullrequests"]), &body)?.into())
    }

    fn update(&self, number: u64, update: &Update) -> Result<(), ForgeError> {
        self.put(number, update, &[])
    }

    fn involve(&self, number: u64, people: &People) -> Result<Vec<String>, ForgeError> {
        let mut notes = Vec::new();
        if !people.labels.is_empty() || !people.assignees.is_empty() {
            notes.push("Bitbucket has no labels and no assignees for pull requests".to_owned());
        }
        // `{…}` is a UUID, everything else an account id; user names are no longer taken.
        let account =
            |name: &String| if name.starts_with('{') { json!({"uuid": name}) } else { json!({"account_id": name}) };
        let reviewers: Vec<Value> = people.reviewers.iter().map(account).collect();
        if !reviewers.is_empty()
            && let Err(error) = self.put(number, &Update::default(), &reviewers)
        {
            notes.push(note("the reviewers were not added", &error));
        }
        Ok(notes)
    }

    fn comment(&self, number: u64, text: &Prose) -> Result<(), ForgeError> {
        let body = json!({"content": {"raw": text.as_str()}});
        self.client.write::<Value>(Method::Post, &self.pull(number).then("comments"), &body).map(drop)
    }

    fn repositories(&self, group: &str) -> Result<Vec<Listed>, ForgeError> {
        let found = self.all::<Repository>(&Target::new(["repositories", group]))?;
        let listed = |one: Repository| Listed {
            clone_url: one.clone_url(),
            is_fork: one.parent.is_some(),
            path: one.full_name,
            default_branch: one.mainbranch.map_or_else(String::new, |branch| branch.name),
        };
        Ok(found.into_iter().map(listed).collect())
    }

    fn fork(&self) -> Result<Fork, ForgeError> {
        let fork: Repository = self.client.write(Method::Post, &self.target(&["forks"]), &json!({}))?;
        let clone_url = fork.clone_url();
        let (owner, name) = fork.full_name.split_once('/').unwrap_or_default();
        Ok(Fork { owner: owner.to_owned(), name: name.to_owned(), id: fork.uuid.clone(), clone_url })
    }
}
