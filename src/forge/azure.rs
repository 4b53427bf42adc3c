//! Azure DevOps Services and Server, from their OpenAPI description (version 7.1 of the Git API).

use serde::Deserialize;
use serde_json::{Value, json};

use super::{
    Address, Facts, Forge, ForgeError, Fork, Head, Listed, MOST_PAGES, PAGE_SIZE, People, Proposal, Prose, PullRequest,
    State, Update,
    github::changes,
    http::{Client, Method, Target},
    note, without_user,
};

/// Without the second header a request with a wrong token is sent on to a sign-in page.
pub(super) const HEADERS: &[(&str, &str)] = &[("accept", "application/json"), ("x-tfs-fedauthredirect", "Suppress")];

/// The newest version that is no preview; Azure DevOps Server 2022 has it since its update 2.
const VERSION: &str = "7.1";

/// One repository on Azure DevOps.
pub struct Azure {
    client: Client,
    address: Address,
}

#[derive(Deserialize)]
struct Many<T> {
    value: Vec<T>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Repository {
    name: String,
    project: Project,
    default_branch: Option<String>,
    #[serde(default)]
    is_disabled: bool,
    #[serde(default)]
    is_fork: bool,
    remote_url: Option<String>,
}

#[derive(Deserialize)]
struct Project {
    name: String,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Pull {
    pull_request_id: u64,
    status: String,
    title: String,
    description: Option<String>,
    target_ref_name: String,
    fork_source: Option<Value>,
}

impl Azure {
    /// The repository at `address`, asked through `client`.
    #[must_use]
    pub fn new(client: Client, address: Address) -> Self {
        Self { client, address }
    }

    fn target(&self, rest: &[&str]) -> Target {
        let project = self.address.namespace.last().map_or("", String::as_str);
        let target = Target::new([project, "_apis", "git", "repositories", &self.address.name]);
        rest.iter().fold(target, |target, part| target.then(part))
    }

    /// The API doesn't mind letter case, its description does.
    fn pull(&self, number: u64, rest: &[&str]) -> Target {
        let kind = if rest.is_empty() { "pullrequests" } else { "pullRequests" };
        rest.iter().fold(self.target(&[kind, &number.to_string()]), |target, part| target.then(part))
    }

    fn write(&self, method: Method, target: Target, body: &Value) -> Result<(), ForgeError> {
        self.client.write::<Value>(method, &target.query("api-version", VERSION), body).map(drop)
    }

    /// The page of a pull request: answers name only the API's own address.
    fn page(&self, number: u64) -> String {
        let project = self.address.namespace.last().map_or("", String::as_str);
        let number = number.to_string();
        let path = Target::new([project, "_git", &self.address.name, "pullrequest", &number]);
        format!("{}{}", self.address.api, path.path())
    }

    fn read(&self, pull: Pull) -> PullRequest {
        let state = match pull.status.as_str() {
            "active" => State::Open,
            "completed" => State::Merged,
            _ => State::Closed,
        };
        PullRequest {
            number: pull.pull_request_id,
            url: self.page(pull.pull_request_id),
            state,
            title: pull.title,
            body: pull.description.unwrap_or_default(),
            base: short(&pull.target_ref_name).to_owned(),
        }
    }
}

/// A branch without `refs/heads/`.
fn short(reference: &str) -> &str {
    reference.strip_prefix("refs/heads/").unwrap_or(reference)
}

impl Forge for Azure {
    fn facts(&self) -> Result<Facts, ForgeError> {
        let found: Repository = self.client.get(&self.target(&[]).query("api-version", VERSION))?;
        let default_branch = found.default_branch.as_deref().map(short).unwrap_or_default().to_owned();
        Ok(Facts { default_branch, may_push: None, archived: found.is_disabled })
    }

    fn find(&self, head: &Head) -> Result<Vec<PullRequest>, ForgeError> {
        let target = self.target(&["pullrequests"]).query("searchCriteria.status", "all");
        let mut target = target.query("searchCriteria.sourceRefName", &format!("refs/heads/{}", head.branch));
        if let Some(fork) = &head.fork {
            target = target.query("searchCriteria.sourceRepositoryId", &fork.id);
        }
        let mut found = Vec::new();
        for page in 0..MOST_PAGES {
            let skip = found.len().to_string();
            let part = target.clone().query("$top", PAGE_SIZE).query("$skip", &skip).query("api-version", VERSION);
            let part: Many<Pull> = self.client.get(&part)?;
            let is_last = part.value.len().to_string() != PAGE_SIZE;
            found.extend(part.value);
            if is_last || page + 1 == MOST_PAGES {
                break;
            }
        }
        found.retain(|pull| pull.fork_source.is_some() == head.fork.is_some());
        found.sort_by_key(|pull| std::cmp::Reverse(pull.pull_request_id));
        // A list cuts descriptions after 400 characters.
        let whole = |pull: Pull| match pull.status.as_str() {
            "active" => self.client.get(&self.pull(pull.pull_request_id, &[]).query("api-version", VERSION)),
            _ => Ok(pull),
        };
        found.into_iter().map(|pull| whole(pull).map(|pull| self.read(pull))).collect()
    }

    fn create(&self, proposal: &Proposal) -> Result<PullRequest, ForgeError> {
        let mut body = json!({
            "title": proposal.title.as_str(),
            "description": proposal.body.as_str(),
            "sourceRefName": format!("refs/heads/{}", proposal.head.branch),
            "targetRefName": format!("refs/heads/{}", proposal.base),
            "isDraft": proposal.draft,
        });
        if let Some(fork) = &proposal.head.fork {
            body["forkSource"] = json!({"repository": {"id": fork.id}});
        }
        let target = self.target(&["pullrequests"]).query("api-version", VERSION);
        Ok(self.read(self.client.write(Method::Post, &target, &body)?))
    }

    fn update(&self, number: u64, update: &Update) -> Result<(), ForgeError> {
        self.write(Method::Patch, self.pull(number, &[]), &changes(update, "description"))
    }

    fn involve(&self, number: u64, people: &People) -> Result<Vec<String>, ForgeError> {
        let mut notes = Vec::new();
        for label in &people.labels {
            if let Err(error) = self.write(Method::Post, self.pull(number, &["labels"]), &json!({"name": label})) {
                notes.push(note(&format!("the label `{label}` was not added"), &error));
            }
        }
        for id in &people.reviewers {
            if let Err(error) = self.write(Method::Put, self.pull(number, &["reviewers", id]), &json!({"vote": 0})) {
                notes.push(note(&format!("the reviewer `{id}` was not added"), &error));
            }
        }
        if !people.assignees.is_empty() {
            notes.push("Azure DevOps has no assignees for pull requests".to_owned());
        }
        Ok(notes)
    }

    fn comment(&self, number: u64, text: &Prose) -> Result<(), ForgeError> {
        // Closed, because a policy may keep a pull request with active threads from being completed.
        let comment = json!({"parentCommentId": 0, "content": text.as_str(), "commentType": "text"});
        self.write(Method::Post, self.pull(number, &["threads"]), &json!({"comments": [comment], "status": "closed"}))
    }

    fn repositories(&self, group: &str) -> Result<Vec<Listed>, ForgeError> {
        let target = Target::new([group, "_apis", "git", "repositories"]).query("api-version", VERSION);
        let found: Many<Repository> = self.client.get(&target)?;
        let listed = |one: Repository| Listed {
            path: format!("{}/{}", one.project.name, one.name),
            clone_url: one.remote_url.as_deref().map(without_user).unwrap_or_default(),
            default_branch: one.default_branch.as_deref().map(short).unwrap_or_default().to_owned(),
            is_fork: one.is_fork,
        };
        Ok(found.value.into_iter().filter(|one| !one.is_disabled).map(listed).collect())
    }

    fn fork(&self) -> Result<Fork, ForgeError> {
        // A fork needs a project and a name, which nobody but its owner can choose.
        let reason = "Azure DevOps makes no fork by itself: make one, clone it, and run dfmigrate there".to_owned();
        Err(ForgeError::Impossible { reason })
    }
}
