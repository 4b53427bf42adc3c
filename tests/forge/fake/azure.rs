use serde_json::{Value, json};

use super::{Call, NAME, OWNER, Pull, State, text};
use crate::server::Reply;

const PROJECT: &str = "web";

pub fn answer(state: &mut State, call: &Call<'_>) -> Option<Reply> {
    let [OWNER, PROJECT, "_apis", "git", "repositories", rest @ ..] = call.segments else { return None };
    Some(match (call.method, rest) {
        ("GET", []) => Reply::Json(200, json!({"count": 5, "value": state.list(repository)})),
        ("GET", [NAME]) => Reply::Json(200, repository(NAME, state.archived)),
        ("GET", [NAME, "pullrequests"]) => {
            let branch = call.request.query("searchCriteria.sourceRefName").unwrap_or_default();
            let fits = |pull: &&Pull| format!("refs/heads/{}", pull.branch) == branch;
            let short = |pull: &Pull| {
                let mut shown = shown(pull);
                shown["description"] = pull.body.chars().take(400).collect::<String>().into();
                shown
            };
            let found: Vec<Value> = state.pulls.iter().rev().filter(fits).map(short).collect();
            Reply::Json(200, json!({"count": found.len(), "value": found}))
        }
        ("GET", [NAME, "pullrequests", number]) => Reply::Json(200, shown(state.pull(number)?)),
        ("POST", [NAME, "pullrequests"]) => {
            let pull = Pull {
                from_fork: call.body.get("forkSource").is_some(),
                branch: short(&call.text("sourceRefName")),
                base: short(&call.text("targetRefName")),
                title: call.text("title"),
                body: call.text("description"),
                draft: call.body["isDraft"] == true,
                ..Pull::default()
            };
            match state.open(pull) {
                Some(pull) => Reply::Json(201, shown(pull)),
                None => Reply::Json(409, json!({"$id": "1", "message": "TF401179: An active pull request exists."})),
            }
        }
        ("PATCH", [NAME, "pullrequests", number]) => {
            let pull = state.pull(number)?;
            call.body["title"].as_str().iter().for_each(|title| pull.title = (*title).to_owned());
            call.body["description"].as_str().iter().for_each(|body| pull.body = (*body).to_owned());
            Reply::Json(200, shown(pull))
        }
        ("POST", [NAME, "pullRequests", number, "labels"]) => {
            state.pull(number)?.labels.push(call.text("name"));
            Reply::Json(200, json!({"name": "x"}))
        }
        ("PUT", [NAME, "pullRequests", number, "reviewers", id]) => {
            state.pull(number)?.reviewers.push((*id).to_owned());
            Reply::Json(200, json!({"vote": 0}))
        }
        ("POST", [NAME, "pullRequests", number, "threads"]) => {
            state.pull(number)?.comments.push(text(&call.body["comments"][0], &["content"]));
            Reply::Json(200, json!({"id": 1}))
        }
        _ => return None,
    })
}

fn short(reference: &str) -> String {
    reference.strip_prefix("refs/heads/").unwrap_or_default().to_owned()
}

fn repository(name: &str, disabled: bool) -> Value {
    json!({
        "id": "00000000-0000-0000-0000-000000000001",
        "name": name,
        "project": {"id": "00000000-0000-0000-0000-000000000002", "name": PROJECT},
        "defaultBranch": "refs/heads/main",
        "isDisabled": disabled,
        "remoteUrl": format!("https://{OWNER}@azure.example.com/{OWNER}/{PROJECT}/_git/{name}"),
    })
}

fn shown(pull: &Pull) -> Value {
    json!({
        "pullRequestId": pull.number,
        "status": match pull.state { "open" => "active", "merged" => "completed", _ => "abandoned" },
        "title": pull.title,
        "description": pull.body,
        "sourceRefName": format!("refs/heads/{}", pull.branch),
        "targetRefName": format!("refs/heads/{}", pull.base),
        "isDraft": pull.draft,
    })
}
