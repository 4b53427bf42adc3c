//! Gitea and Forgejo, from their OpenAPI description (`/swagger.v1.json` of each server).

use serde::Deserialize;
use serde_json::{Value, json};

use super::{
    Address, Facts, Forge, ForgeError, Fork, Head, Listed, People, Proposal, Prose, PullRequest, State, Update,
    github::changes,
    http::{Client, Method, Target},
    note, pages,
};

/// One repository on a server of Gitea or Forgejo.
pub struct Gitea {
    client: Client,
    address: Address,
}

/// What the title of a draft begins with (`WORK_IN_PROGRESS_PREFIXES` in the default configuration).
const DRAFT: &str = "WIP: ";

#[derive(Deserialize)]
struct Repository {
    id: u64,
    name: String,
    full_name: String,
    owner: Owner,
    clone_url: String,
    #[serde(default)]
    default_branch: String,
    #[serde(default)]
    archived: bool,
    #[serde(default)]
    fork: bool,
    permissions: Option<Permissions>,
    parent: Option<Parent>,
}

#[derive(Deserialize)]
struct Parent {
    #[serde(default)]
    full_name: String,
}

#[derive(Deserialize)]
struct Owner {
    login: String,
}

#[derive(Deserialize)]
struct Permissions {
    push: bool,
}

#[derive(Deserialize)]
struct Pull {
    number: u64,
    html_url: String,
    state: String,
    #[serde(default)]
    merged: bool,
    title: String,
    body: Option<String>,
    base: Side,
    head: Side,
}

/// One side of a pull request. `ref` names the pull request itself once the branch is gone, `label` keeps the branch.
#[derive(Deserialize)]
struct Side {
    #[serde(default)]
    label: String,
    r#ref: String,
    repo_id: i64,
}

#[derive(Deserialize)]
struct Label {
    id: u64,
    name: String,
}

impl Gitea {
    /// The repository at `address`, asked through `client`.
    #[must_use]
    pub fn new(client: Client, address: Address) -> Self {
        Self { client, address }
    }

    fn target<'s>(&'s self, rest: &[&'s str]) -> Target {
        let owner = self.address.namespace.iter().map(String::as_str);
        let name = [self.address.name.as_str()];
        Target::new(["repos"].into_iter().chain(owner).chain(name).chain(rest.iter().copied()))
    }

    fn add(&self, kind: &str, number: u64, what: &str, body: &Value) -> Result<(), ForgeError> {
        let target = self.target(&[kind, &number.to_string(), what]);
        self.client.write::<Value>(Method::Post, &target, body).map(drop)
    }

    /// Labels go by their number, which a repository or its organisation gives them.
    fn label(&self, number: u64, names: &[String], notes: &mut Vec<String>) -> Result<(), ForgeError> {
        let mut known = pages::<Label>(&self.client, &self.target(&["labels"]), "limit")?;
        let of_the_owner = Target::new(["orgs", &self.address.owner(), "labels"]);
        // A person has none, and a token need not see the organisation.
        known.extend(pages::<Label>(&self.client, &of_the_owner, "limit").unwrap_or_default());
        let id = |name: &String| known.iter().find(|label| label.name == *name).map(|label| label.id);
        notes.extend(names.iter().filter(|name| id(name).is_none()).map(|name| format!("there is no label `{name}`")));
        let ids: Vec<u64> = names.iter().filter_map(id).collect();
        if ids.is_empty() { Ok(()) } else { self.add("issues", number, "labels", &json!({"labels": ids})) }
    }

    fn request_review(&self, number: u64, reviewers: &[String]) -> Result<(), ForgeError> {
        let (teams, users): (Vec<&String>, Vec<&String>) = reviewers.iter().partition(|one| one.contains('/'));
        let teams: Vec<&str> = teams.iter().filter_map(|team| Some(team.split_once('/')?.1)).collect();
        self.add("pulls", number, "requested_reviewers", &json!({"reviewers": users, "team_reviewers": teams}))
    }

    /// The fork that the token's account has already.
    fn existing_fork(&self) -> Result<Repository, ForgeError> {
        let me: Owner = self.client.get(&Target::new(["user"]))?;
        let found: Repository = self.client.get(&Target::new(["repos", &me.login, &self.address.name]))?;
        if found.parent.as_ref().is_some_and(|parent| parent.full_name == self.address.path()) {
            return Ok(found);
        }
        let reason = format!("`{}` is there and is no fork of `{}`", found.full_name, self.address.path());
        Err(ForgeError::Impossible { reason })
    }
}

impl From<Pull> for PullRequest {
    fn from(pull: Pull) -> Self {
        let state = match (pull.state.as_str(), pull.merged) {
            ("open", _) => State::Open,
            (_, true) => State::Merged,
            (_, false) => State::Closed,
        };
        Self {
            number: pull.number,
            url: pull.html_url,
            state,
            title: pull.title,
            body: pull.body.unwrap_or_default(),
            base: pull.base.r#ref,
        }
    }
}

impl Forge for Gitea {
    fn facts(&self) -> Result<Facts, ForgeError> {
        let found: Repository = self.client.get(&self.target(&[]))?;
        let may_push = found.permissions.map(|permissions| permissions.push);
        Ok(Facts { default_branch: found.default_branch, may_push, archived: found.archived })
    }

    /// Forgejo filters by branch (its description, version 16). Gitea ignores the parameter, so all of its are read.
    fn find(&self, head: &Head) -> Result<Vec<PullRequest>, ForgeError> {
        let target = self.target(&["pulls"]).query("state", "all").query("sort", "recentupdate");
        let target = target.query("head", &head.branch);
        let mut pulls = pages::<Pull>(&self.client, &target, "limit")?;
        pulls.retain(|pull| {
            let repository = match &head.fork {
                Some(fork) => pull.head.repo_id.to_string() == fork.id,
                None => pull.head.repo_id == pull.base.repo_id,
            };
            repository && (pull.head.label == head.branch || pull.head.r#ref == head.branch)
        });
        pulls.sort_by_key(|pull| std::cmp::Reverse(pull.number));
        Ok(pulls.into_iter().map(PullRequest::from).collect())
    }

    fn create(&self, proposal: &Proposal) -> Result<PullRequest, ForgeError> {
        let title = if proposal.draft { proposal.title.behind(DRAFT) } else { proposal.title.clone() };
        let head = match &proposal.head.fork {
            Some(fork) => format!("{}:{}", fork.owner, proposal.head.branch),
            None => proposal.head.branch.clone(),
        };
        let body = json!({
            "title": title.as_str(), "body": proposal.body.as_str(), "head": head, "base": proposal.base,
        });
        Ok(self.client.write::<Pull>(Method::Post, &self.target(&["pulls"]), &body)?.into())
    }

    fn update(&self, number: u64, update: &Update) -> Result<(), ForgeError> {
        let target = self.target(&["pulls", &number.to_string()]);
        self.client.write::<Value>(Method::Patch, &target, &changes(update, "body")).map(drop)
    }

    fn involve(&self, number: u64, people: &People) -> Result<Vec<String>, ForgeError> {
        let mut notes = Vec::new();
        if !people.labels.is_empty()
            && let Err(error) = self.label(number, &people.labels, &mut notes)
        {
            notes.push(note("the labels were not added", &error));
        }
        if !people.reviewers.is_empty()
            && let Err(error) = self.request_review(number, &people.reviewers)
        {
            notes.push(note("the reviewers were not added", &error));
        }
        if !people.assignees.is_empty() {
            let target = self.target(&["pulls", &number.to_string()]);
            let body = json!({"assignees": people.assignees});
            if let Err(error) = self.client.write::<Value>(Method::Patch, &target, &body) {
                notes.push(note("the assignees were not added", &error));
            }
        }
        Ok(notes)
    }

    fn comment(&self, number: u64, text: &Prose) -> Result<(), ForgeError> {
        self.add("issues", number, "comments", &json!({"body": text.as_str()}))
    }

    fn repositories(&self, group: &str) -> Result<Vec<Listed>, ForgeError> {
        let of = |kind| pages::<Repository>(&self.client, &Target::new([kind, group, "repos"]), "limit");
        let found = match of("orgs") {
            Err(ForgeError::NotFound { .. }) => of("users")?,
            other => other?,
        };
        let listed = |one: Repository| Listed {
            path: one.full_name,
            clone_url: one.clone_url,
            default_branch: one.default_branch,
            is_fork: one.fork,
        };
        Ok(found.into_iter().filter(|one| !one.archived).map(listed).collect())
    }

    fn fork(&self) -> Result<Fork, ForgeError> {
        let fork = match self.client.write::<Repository>(Method::Post, &self.target(&["forks"]), &json!({})) {
            Err(ForgeError::Conflict { .. }) => self.existing_fork()?,
            other => other?,
        };
        Ok(Fork { owner: fork.owner.login, name: fork.name, id: fork.id.to_string(), clone_url: fork.clone_url })
    }
}
