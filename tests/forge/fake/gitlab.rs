use serde_json::{Value, json};

use super::{Call, FORK_ID, FORK_OWNER, NAME, OWN_ID, OWNER, Pull, State};
use crate::server::Reply;

const PATH: &str = "acme/shop";

pub fn answer(state: &mut State, call: &Call<'_>) -> Option<Reply> {
    Some(match (call.method, call.segments) {
        ("GET", ["projects", PATH]) => Reply::Json(200, project(OWNER, OWN_ID, state)),
        ("GET", ["projects", "8"]) => Reply::Json(200, project(FORK_OWNER, FORK_ID, state)),
        ("GET", ["projects", PATH, "forks"]) => {
            call.paged(state.forked.then(|| project(FORK_OWNER, FORK_ID, state)).into_iter().collect())
        }
        ("POST", ["projects", PATH, "fork"]) => {
            state.forked = true;
            let mut fork = project(FORK_OWNER, FORK_ID, state);
            fork["import_status"] = "scheduled".into();
            Reply::Json(201, fork)
        }
        ("GET", ["projects", PATH, "merge_requests"]) => {
            let branch = call.request.query("source_branch");
            let found = state.pulls.iter().rev().filter(|pull| branch.is_none_or(|branch| branch == pull.branch));
            call.paged(found.map(shown).collect())
        }
        ("POST", ["projects", source @ (PATH | "8"), "merge_requests"]) => {
            let pull = Pull {
                from_fork: *source == "8" && call.body["target_project_id"] == OWN_ID,
                branch: call.text("source_branch"),
                base: call.text("target_branch"),
                title: call.text("title"),
                body: call.text("description"),
                draft: call.text("title").starts_with("Draft: "),
                ..Pull::default()
            };
            match state.open(pull) {
                Some(pull) => Reply::Json(201, shown(pull)),
                None => Reply::Json(
                    409,
                    json!({"message": ["Another open merge request already exists for this source branch: !1"]}),
                ),
            }
        }
        ("PUT", ["projects", PATH, "merge_requests", number]) => {
            let pull = state.pull(number)?;
            call.body["title"].as_str().iter().for_each(|title| pull.title = (*title).to_owned());
            call.body["description"].as_str().iter().for_each(|body| pull.body = (*body).to_owned());
            call.body["add_labels"].as_str().iter().for_each(|label| pull.labels.push((*label).to_owned()));
            if call.body["reviewer_ids"] == json!([21]) {
                pull.reviewers.push("rita".to_owned());
            }
            if call.body["assignee_ids"] == json!([22]) {
                pull.assignees.push("anna".to_owned());
            }
            Reply::Json(200, shown(pull))
        }
        ("POST", ["projects", PATH, "merge_requests", number, "notes"]) => {
            state.pull(number)?.comments.push(call.text("body"));
            Reply::Json(201, json!({"id": 1}))
        }
        ("GET", ["users"]) => Reply::Json(
            200,
            match call.request.query("username") {
                Some("rita") => json!([{"id": 21, "username": "rita"}]),
                Some("anna") => json!([{"id": 22, "username": "anna"}]),
                _ => json!([]),
            },
        ),
        ("GET", ["groups", OWNER, "projects"]) => {
            call.paged(state.list(|name, is_archived| listed(name, is_archived, state)))
        }
        _ => return None,
    })
}

fn project(owner: &str, id: u64, state: &State) -> Value {
    json!({
        "id": id,
        "path": NAME,
        "path_with_namespace": format!("{owner}/{NAME}"),
        "http_url_to_repo": format!("https://gitlab.example.com/{owner}/{NAME}.git"),
        "default_branch": "main",
        "archived": state.archived,
        "namespace": {"full_path": owner},
        "import_status": "finished",
        "permissions": {
            "project_access": {"access_level": if state.read_only { 20 } else { 30 }, "notification_level": 3},
            "group_access": null,
        },
    })
}

fn listed(name: &str, is_archived: bool, state: &State) -> Value {
    let mut one = project(OWNER, OWN_ID, state);
    one["path_with_namespace"] = format!("{OWNER}/{name}").into();
    one["http_url_to_repo"] = format!("https://gitlab.example.com/{OWNER}/{name}.git").into();
    one["archived"] = is_archived.into();
    one
}

fn shown(pull: &Pull) -> Value {
    json!({
        "iid": pull.number,
        "web_url": format!("https://gitlab.example.com/{PATH}/-/merge_requests/{}", pull.number),
        "state": match pull.state { "open" => "opened", other => other },
        "title": pull.title,
        "description": pull.body,
        "target_branch": pull.base,
        "source_branch": pull.branch,
        "source_project_id": if pull.from_fork { FORK_ID } else { OWN_ID },
        "target_project_id": OWN_ID,
    })
}
