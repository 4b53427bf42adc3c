//! GitHub, from its OpenAPI description (`api.github.com`, version 2022-11-28; Enterprise Server has the same paths below
//! `/api/v3`).

use serde::Deserialize;
use serde_json::{Value, json};

use super::{
    Address, Facts, Forge, ForgeError, Fork, Head, Listed, People, Proposal, Prose, PullRequest, State, Update,
    http::{Client, Method, Target},
    note, pages,
};

pub(super) const HEADERS: &[(&str, &str)] =
    &[("accept", "application/vnd.github+json, application/json"), ("x-github-api-version", "2022-11-28")];

/// One repository on GitHub.
pub struct GitHub {
    client: Client,
    address: Address,
}

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
    merged_at: Option<String>,
    title: String,
    body: Option<String>,
    base: Branch,
}

#[derive(Deserialize)]
struct Branch {
    r#ref: String,
}

impl GitHub {
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

    /// Where the label and people of an issue or pull request are added.
    fn add(&self, kind: &str, number: u64, what: &str, body: &Value) -> Result<(), ForgeError> {
        let target = self.target(&[kind, &number.to_string(), what]);
        self.client.write::<Value>(Method::Post, &target, body).map(drop)
    }
}

impl From<Pull> for PullRequest {
    fn from(pull: Pull) -> Self {
        let state = match (pull.state.as_str(), &pull.merged_at) {
            ("open", _) => State::Open,
            (_, Some(_)) => State::Merged,
            (_, None) => State::Closed,
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

impl Forge for GitHub {
    fn facts(&self) -> Result<Facts, ForgeError> {
        let found: Repository = self.client.get(&self.target(&[]))?;
        let may_push = found.permissions.map(|permissions| permissions.push);
        Ok(Facts { default_branch: found.default_branch, may_push, archived: found.archived })
    }

    fn find(&self, head: &Head) -> Result<Vec<PullRequest>, ForgeError> {
        let owner = head.fork.as_ref().map_or_else(|| self.address.owner(), |fork| fork.owner.clone());
        let target = self.target(&["pulls"]).query("state", "all").query("sort", "created").query("direction", "desc");
        let target = target.query("head", &format!("{owner}:{}", head.branch));
        Ok(pages::<Pull>(&self.client, &target, "per_page")?.into_iter().map(PullRequest::from).collect())
    }

    fn create(&self, proposal: &Proposal) -> Result<PullRequest, ForgeError> {
        let mut body = json!({
            "title": proposal.title.as_str(),
            "body": proposal.body.as_str(),
            "head": proposal.head.branch,
            "base": proposal.base,
            "draft": proposal.draft,
        });
        if let Some(fork) = &proposal.head.fork {
            // The name is needed where both repositories belong to one organisation.
            body["head"] = format!("{}:{}", fork.owner, proposal.head.branch).into();
            body["head_repo"] = fork.name.clone().into();
        }
        Ok(self.client.write::<Pull>(Method::Post, &self.target(&["pulls"]), &body)?.into())
    }

    fn update(&self, number: u64, update: &Update) -> Result<(), ForgeError> {
        let target = self.target(&["pulls", &number.to_string()]);
        self.client.write::<Value>(Method::Patch, &target, &changes(update, "body")).map(drop)
    }

    fn involve(&self, number: u64, people: &People) -> Result<Vec<String>, ForgeError> {
        let (teams, users): (Vec<&String>, Vec<&String>) =
            people.reviewers.iter().partition(|reviewer| reviewer.contains('/'));
        let teams: Vec<&str> = teams.iter().filter_map(|team| Some(team.split_once('/')?.1)).collect();
        let wanted = [
            ("the labels", "issues", "labels", json!({"labels": people.labels}), people.labels.is_empty()),
            (
                "the reviewers",
                "pulls",
                "requested_reviewers",
                json!({"reviewers": users, "team_reviewers": teams}),
                people.reviewers.is_empty(),
            ),
            (
                "the assignees",
                "issues",
                "assignees",
                json!({"assignees": people.assignees}),
                people.assignees.is_empty(),
            ),
        ];
        let mut notes = Vec::new();
        for (what, kind, place, body, is_empty) in wanted {
            if !is_empty && let Err(error) = self.add(kind, number, place, &body) {
                notes.push(note(&format!("{what} were not added"), &error));
            }
        }
        Ok(notes)
    }

    fn comment(&self, number: u64, text: &Prose) -> Result<(), ForgeError> {
        self.add("issues", number, "comments", &json!({"body": text.as_str()}))
    }

    fn repositories(&self, group: &str) -> Result<Vec<Listed>, ForgeError> {
        let of = |kind| pages::<Repository>(&self.client, &Target::new([kind, group, "repos"]), "per_page");
        // An account is an organisation or a person.
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
        // An own fork that is there is the answer as well.
        let body = json!({"default_branch_only": true});
        let fork: Repository = self.client.write(Method::Post, &self.target(&["forks"]), &body)?;
        Ok(Fork { owner: fork.owner.login, name: fork.name, id: fork.id.to_string(), clone_url: fork.clone_url })
    }
}

/// The fields of an update; the text is called `body` by GitHub and Gitea, `description` by the others.
pub(super) fn changes(update: &Update, text: &str) -> Value {
    let title = update.title.iter().map(|title| ("title".to_owned(), title.as_str().into()));
    let text = update.body.iter().map(|body| (text.to_owned(), body.as_str().into()));
    Value::Object(title.chain(text).collect())
}
