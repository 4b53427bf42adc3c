//! GitLab, from its documentation of the REST API, version 4 (docs.gitlab.com, "Merge requests API", "Projects API").

use std::time::Duration;

use serde::Deserialize;
use serde_json::{Value, json};

use super::{
    Address, Facts, Forge, ForgeError, Fork, Head, Listed, People, Proposal, Prose, PullRequest, State, Update,
    github::changes,
    http::{Client, Method, Target},
    note, pages,
};

/// One project on GitLab.
pub struct GitLab {
    client: Client,
    address: Address,
}

/// What the title of a draft begins with (docs.gitlab.com, "Draft merge requests").
const DRAFT: &str = "Draft: ";

/// The role from which pushing is allowed (docs.gitlab.com, "Members API", "Roles": 30 is Developer).
const DEVELOPER: u32 = 30;

#[derive(Deserialize)]
struct Project {
    id: u64,
    path: String,
    path_with_namespace: String,
    http_url_to_repo: String,
    default_branch: Option<String>,
    #[serde(default)]
    archived: bool,
    permissions: Option<Permissions>,
    namespace: Option<Namespace>,
    import_status: Option<String>,
    forked_from_project: Option<Value>,
}

#[derive(Deserialize)]
struct Permissions {
    project_access: Option<Access>,
    group_access: Option<Access>,
}

#[derive(Deserialize)]
struct Access {
    access_level: u32,
}

#[derive(Deserialize)]
struct Namespace {
    full_path: String,
}

#[derive(Deserialize)]
struct MergeRequest {
    iid: u64,
    web_url: String,
    state: String,
    title: String,
    description: Option<String>,
    target_branch: String,
    source_project_id: Option<u64>,
    target_project_id: u64,
}

#[derive(Deserialize)]
struct User {
    id: u64,
}

impl GitLab {
    /// The project at `address`, asked through `client`.
    #[must_use]
    pub fn new(client: Client, address: Address) -> Self {
        Self { client, address }
    }

    fn target(&self, rest: &[&str]) -> Target {
        rest.iter().fold(Target::new(["projects", &self.address.path()]), |target, part| target.then(part))
    }

    fn set(&self, number: u64, body: &Value) -> Result<(), ForgeError> {
        let target = self.target(&["merge_requests", &number.to_string()]);
        self.client.write::<Value>(Method::Put, &target, body).map(drop)
    }

    /// The numbers of people, by their user names.
    fn users(&self, names: &[String], notes: &mut Vec<String>) -> Result<Vec<u64>, ForgeError> {
        let mut ids = Vec::new();
        for name in names {
            let found: Vec<User> = self.client.get(&Target::new(["users"]).query("username", name))?;
            match found.first() {
                Some(user) => ids.push(user.id),
                None => notes.push(format!("there is no user `{name}`")),
            }
        }
        Ok(ids)
    }

    fn add_people(
        &self,
        number: u64,
        field: &str,
        names: &[String],
        notes: &mut Vec<String>,
    ) -> Result<(), ForgeError> {
        let ids = self.users(names, notes)?;
        if ids.is_empty() { Ok(()) } else { self.set(number, &json!({field: ids})) }
    }

    /// A fork is copied in the background; nothing can be pushed before that ends.
    fn forked(&self, mut fork: Project) -> Result<Fork, ForgeError> {
        const STEP: Duration = Duration::from_secs(2);
        const STEPS: usize = 60;
        let is_ready = |fork: &Project| matches!(fork.import_status.as_deref(), None | Some("none" | "finished"));
        for _ in 0..STEPS {
            if is_ready(&fork) {
                break;
            }
            self.client.pause(STEP);
            fork = self.client.get(&Target::new(["projects", &fork.id.to_string()]))?;
        }
        let owner = fork.namespace.map_or_else(String::new, |namespace| namespace.full_path);
        Ok(Fork { owner, name: fork.path, id: fork.id.to_string(), clone_url: fork.http_url_to_repo })
    }
}

impl From<MergeRequest> for PullRequest {
    fn from(request: MergeRequest) -> Self {
        let state = match request.state.as_str() {
            // `locked` is the moment in which it is merged.
            "opened" | "locked" => State::Open,
            "merged" => State::Merged,
            _ => State::Closed,
        };
        Self {
            number: request.iid,
            url: request.web_url,
            state,
            title: request.title,
            body: request.description.unwrap_or_default(),
            base: request.target_branch,
        }
    }
}

impl Forge for GitLab {
    fn facts(&self) -> Result<Facts, ForgeError> {
        let found: Project = self.client.get(&self.target(&[]))?;
        let levels = found.permissions.iter().flat_map(|permissions| {
            permissions.project_access.iter().chain(&permissions.group_access).map(|access| access.access_level)
        });
        // An administrator has no role and may push all the same.
        let may_push = levels.max().map(|level| level >= DEVELOPER);
        Ok(Facts { default_branch: found.default_branch.unwrap_or_default(), may_push, archived: found.archived })
    }

    fn find(&self, head: &Head) -> Result<Vec<PullRequest>, ForgeError> {
        let target = self.target(&["merge_requests"]).query("source_branch", &head.branch).query("state", "all");
        let target = target.query("order_by", "created_at").query("sort", "desc");
        let found = pages::<MergeRequest>(&self.client, &target, "per_page")?;
        let from = |request: &MergeRequest| match &head.fork {
            Some(fork) => request.source_project_id.is_some_and(|id| id.to_string() == fork.id),
            None => request.source_project_id == Some(request.target_project_id),
        };
        Ok(found.into_iter().filter(from).map(PullRequest::from).collect())
    }

    fn create(&self, proposal: &Proposal) -> Result<PullRequest, ForgeError> {
        let title = if proposal.draft { proposal.title.behind(DRAFT) } else { proposal.title.clone() };
        let mut body = json!({
            "title": title.as_str(),
            "description": proposal.body.as_str(),
            "source_branch": proposal.head.branch,
            "target_branch": proposal.base,
            "remove_source_branch": true,
        });
        // A merge request belongs to the project that it goes to, but is asked for at the one that it comes from.
        let target = match &proposal.head.fork {
            Some(fork) => {
                let own: Project = self.client.get(&self.target(&[]))?;
                body["target_project_id"] = own.id.into();
                Target::new(["projects", &fork.id, "merge_requests"])
            }
            None => self.target(&["merge_requests"]),
        };
        Ok(self.client.write::<MergeRequest>(Method::Post, &target, &body)?.into())
    }

    fn update(&self, number: u64, update: &Update) -> Result<(), ForgeError> {
        self.set(number, &changes(update, "description"))
    }

    fn involve(&self, number: u64, people: &People) -> Result<Vec<String>, ForgeError> {
        let mut notes = Vec::new();
        if !people.labels.is_empty()
            && let Err(error) = self.set(number, &json!({"add_labels": people.labels.join(",")}))
        {
            notes.push(note("the labels were not added", &error));
        }
        for (what, field, names) in
            [("reviewers", "reviewer_ids", &people.reviewers), ("assignees", "assignee_ids", &people.assignees)]
        {
            if let Err(error) = self.add_people(number, field, names, &mut notes) {
                notes.push(note(&format!("the {what} were not added"), &error));
            }
        }
        Ok(notes)
    }

    fn comment(&self, number: u64, text: &Prose) -> Result<(), ForgeError> {
        let target = self.target(&["merge_requests", &number.to_string(), "notes"]);
        self.client.write::<Value>(Method::Post, &target, &json!({"body": text.as_str()})).map(drop)
    }

    fn repositories(&self, group: &str) -> Result<Vec<Listed>, ForgeError> {
        let in_group = Target::new(["groups", group, "projects"]).query("archived", "false");
        let in_group = in_group.query("include_subgroups", "true").query("with_shared", "false");
        let found = match pages::<Project>(&self.client, &in_group, "per_page") {
            Err(ForgeError::NotFound { .. }) => {
                let of_user = Target::new(["users", group, "projects"]).query("archived", "false");
                pages::<Project>(&self.client, &of_user, "per_page")?
            }
            other => other?,
        };
        let listed = |one: Project| Listed {
            path: one.path_with_namespace,
            clone_url: one.http_url_to_repo,
            default_branch: one.default_branch.unwrap_or_default(),
            is_fork: one.forked_from_project.is_some(),
        };
        Ok(found.into_iter().filter(|one| !one.archived).map(listed).collect())
    }

    fn fork(&self) -> Result<Fork, ForgeError> {
        let own = self.target(&["forks"]).query("owned", "true");
        let existing = pages::<Project>(&self.client, &own, "per_page")?.into_iter().next();
        let fork = match existing {
            Some(fork) => fork,
            None => self.client.write(Method::Post, &self.target(&["fork"]), &json!({}))?,
        };
        self.forked(fork)
    }
}
