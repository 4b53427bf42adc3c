//! Bitbucket Data Center and Server, from the documentation of their REST API, version 1.0 (developer.atlassian.com,
//! "The Bitbucket Data Center REST API").

use serde::Deserialize;
use serde_json::{Value, json};

use super::{
    Address, Facts, Forge, ForgeError, Fork, Head, Listed, MOST_PAGES, PAGE_SIZE, People, Proposal, Prose, PullRequest,
    State, Update,
    http::{Client, Method, Target},
    note, without_user,
};

/// One repository on a server of Bitbucket.
pub struct BitbucketServer {
    client: Client,
    address: Address,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Page<T> {
    values: Vec<T>,
    is_last_page: bool,
    next_page_start: Option<u64>,
}

#[derive(Deserialize)]
struct Repository {
    slug: String,
    id: u64,
    project: Project,
    #[serde(default)]
    archived: bool,
    origin: Option<Value>,
    links: Option<RepositoryLinks>,
}

#[derive(Deserialize)]
struct Project {
    key: String,
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
#[serde(rename_all = "camelCase")]
struct Pull {
    id: u64,
    version: u64,
    state: String,
    title: String,
    description: Option<String>,
    from_ref: Reference,
    to_ref: Reference,
    links: PullLinks,
    #[serde(default)]
    reviewers: Vec<Reviewer>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Reference {
    display_id: String,
    repository: Repository,
}

#[derive(Deserialize)]
struct PullLinks {
    #[serde(rename = "self", default)]
    own: Vec<Link>,
}

#[derive(Deserialize)]
struct Link {
    href: String,
}

#[derive(Deserialize)]
struct Reviewer {
    user: User,
}

#[derive(Deserialize)]
struct User {
    name: String,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Branch {
    display_id: String,
}

impl Repository {
    fn clone_url(&self) -> String {
        let links = self.links.iter().flat_map(|links| &links.clone);
        let mut http = links.filter(|link| link.name == "http" || link.name == "https");
        http.next().map_or_else(String::new, |link| without_user(&link.href))
    }

    /// Keys and slugs differ in case from what people write.
    fn is(&self, project: &str, slug: &str) -> bool {
        self.project.key.eq_ignore_ascii_case(project) && self.slug.eq_ignore_ascii_case(slug)
    }
}

impl BitbucketServer {
    /// The repository at `address`, asked through `client`.
    #[must_use]
    pub fn new(client: Client, address: Address) -> Self {
        Self { client, address }
    }

    fn of(project: &str, slug: &str, rest: &[&str]) -> Target {
        rest.iter().fold(Target::new(["projects", project, "repos", slug]), |target, part| target.then(part))
    }

    fn target(&self, rest: &[&str]) -> Target {
        Self::of(&self.address.owner(), &self.address.name, rest)
    }

    fn pull(&self, number: u64) -> Target {
        self.target(&["pull-requests", &number.to_string()])
    }

    fn all<T: serde::de::DeserializeOwned>(&self, target: &Target) -> Result<Vec<T>, ForgeError> {
        let (mut items, mut start) = (Vec::new(), 0);
        for _ in 0..MOST_PAGES {
            let numbered = target.clone().query("limit", PAGE_SIZE).query("start", &start.to_string());
            let page: Page<T> = self.client.get(&numbered)?;
            items.extend(page.values);
            match page.next_page_start {
                Some(next) if !page.is_last_page => start = next,
                _ => break,
            }
        }
        Ok(items)
    }

    /// A PUT sets everything of the version that it names, so what is not meant to change is sent as it is.
    fn put(&self, number: u64, update: &Update) -> Result<(), ForgeError> {
        let pull: Pull = self.client.get(&self.pull(number))?;
        let title = update.title.as_ref().map_or(pull.title.as_str(), Prose::as_str);
        let description = update.body.as_ref().map_or(pull.description.as_deref().unwrap_or_default(), Prose::as_str);
        let reviewers: Vec<Value> = pull.reviewers.iter().map(|one| json!({"user": {"name": one.user.name}})).collect();
        let body = json!({
            "version": pull.version, "title": title, "description": description, "reviewers": reviewers,
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
            url: pull.links.own.into_iter().next().map_or_else(String::new, |link| link.href),
            state,
            title: pull.title,
            body: pull.description.unwrap_or_default(),
            base: pull.to_ref.display_id,
        }
    }
}

/// One side of a new pull request.
fn reference(branch: &str, project: &str, slug: &str) -> Value {
    json!({"id": format!("refs/heads/{branch}"), "repository": {"slug": slug, "project": {"key": project}}})
}

impl Forge for BitbucketServer {
    fn facts(&self) -> Result<Facts, ForgeError> {
        let found: Repository = self.client.get(&self.target(&[]))?;
        let default: Branch = self.client.get(&self.target(&["default-branch"]))?;
        Ok(Facts { default_branch: default.display_id, may_push: None, archived: found.archived })
    }

    fn find(&self, head: &Head) -> Result<Vec<PullRequest>, ForgeError> {
        let source = match &head.fork {
            Some(fork) => Self::of(&fork.owner, &fork.name, &["pull-requests"]),
            None => self.target(&["pull-requests"]),
        };
        let target = source.query("direction", "OUTGOING").query("at", &format!("refs/heads/{}", head.branch));
        let mut found = self.all::<Pull>(&target.query("state", "ALL").query("order", "NEWEST"))?;
        let owner = self.address.owner();
        found.retain(|pull| {
            pull.from_ref.display_id == head.branch && pull.to_ref.repository.is(&owner, &self.address.name)
        });
        Ok(found.into_iter().map(PullRequest::from).collect())
    }

    fn create(&self, proposal: &Proposal) -> Result<PullRequest, ForgeError> {
        let (owner, name) = (self.address.owner(), self.address.name.as_str());
        let from = proposal.head.fork.as_ref().map_or((owner.as_str(), name), |fork| (&fork.owner, &fork.name));
        let mut body = json!({
            "title": proposal.title.as_str(),
            "description": proposal.body.as_str(),
            "fromRef": reference(&proposal.head.branch, from.0, from.1),
            "toRef": reference(&proposal.base, &owner, name),
        });
        // Older servers refuse what they don't know, and drafts exist since 8.18.
        if proposal.draft {
            body["draft"] = true.into();
        }
        Ok(self.client.write::<Pull>(Method::Post, &self.target(&["pull-requests"]), &body)?.into())
    }

    fn update(&self, number: u64, update: &Update) -> Result<(), ForgeError> {
        match self.put(number, update) {
            // Somebody changed it in between: once more on what it is now.
            Err(ForgeError::Conflict { .. }) => self.put(number, update),
            other => other,
        }
    }

    fn involve(&self, number: u64, people: &People) -> Result<Vec<String>, ForgeError> {
        let mut notes = Vec::new();
        if !people.labels.is_empty() || !people.assignees.is_empty() {
            notes.push("Bitbucket has no labels and no assignees for pull requests".to_owned());
        }
        for name in &people.reviewers {
            let body = json!({"user": {"name": name}, "role": "REVIEWER"});
            if let Err(error) = self.client.write::<Value>(Method::Post, &self.pull(number).then("participants"), &body)
            {
                notes.push(note(&format!("the reviewer `{name}` was not added"), &error));
            }
        }
        Ok(notes)
    }

    fn comment(&self, number: u64, text: &Prose) -> Result<(), ForgeError> {
        let body = json!({"text": text.as_str()});
        self.client.write::<Value>(Method::Post, &self.pull(number).then("comments"), &body).map(drop)
    }

    fn repositories(&self, group: &str) -> Result<Vec<Listed>, ForgeError> {
        let found = self.all::<Repository>(&Target::new(["projects", group, "repos"]))?;
        let listed = |one: Repository| Listed {
            clone_url: one.clone_url(),
            path: format!("{}/{}", one.project.key, one.slug),
            default_branch: String::new(),
            is_fork: one.origin.is_some(),
        };
        Ok(found.into_iter().filter(|one| !one.archived).map(listed).collect())
    }

    fn fork(&self) -> Result<Fork, ForgeError> {
        let fork: Repository = self.client.write(Method::Post, &self.target(&[]), &json!({}))?;
        let clone_url = fork.clone_url();
        Ok(Fork { owner: fork.project.key, name: fork.slug, id: fork.id.to_string(), clone_url })
    }
}
