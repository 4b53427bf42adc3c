use serde_json::{Value, json};

use super::{Call, FORK_ID, FORK_OWNER, NAME, OWN_ID, OWNER, Pull, State};
use crate::server::Reply;

pub fn answer(state: &mut State, call: &Call<'_>) -> Option<Reply> {
    Some(match (call.method, call.segments) {
        ("GET", ["repos", OWNER, NAME]) => Reply::Json(200, repository(OWNER, OWN_ID, state)),
        ("POST", ["repos", OWNER, NAME, "forks"]) => {
            state.forked = true;
            Reply::Json(202, repository(FORK_OWNER, FORK_ID, state))
        }
        ("GET", ["repos", OWNER, NAME, "pulls"]) => {
            let wanted = call.request.query("head");
            let found = state.pulls.iter().rev().filter(|pull| wanted.is_none_or(|head| head == label(pull)));
            call.paged(found.map(shown).collect())
        }
        ("POST", ["repos", OWNER, NAME, "pulls"]) => {
            let head = call.text("head");
            let pull = Pull {
                from_fork: head.starts_with(FORK_OWNER),
                branch: head.rsplit(':').next().unwrap().to_owned(),
                base: call.text("base"),
                title: call.text("title"),
                body: call.text("body"),
                draft: call.body["draft"] == true,
                ..Pull::default()
            };
            match state.open(pull) {
                Some(pull) => Reply::Json(201, shown(pull)),
                None => Reply::Json(
                    422,
                    json!({"message": "Validation Failed", "errors": [{"message": format!("A pull request already exists for {head}.")}]}),
                ),
            }
        }
        ("PATCH", ["repos", OWNER, NAME, "pulls", number]) => {
            let pull = state.pull(number)?;
            call.body["title"].as_str().iter().for_each(|title| pull.title = (*title).to_owned());
            call.body["body"].as_str().iter().for_each(|body| pull.body = (*body).to_owned());
            Reply::Json(200, shown(pull))
        }
        ("POST", ["repos", OWNER, NAME, "pulls", number, "requested_reviewers"]) => {
            let pull = state.pull(number)?;
            pull.reviewers.extend(call.texts("reviewers"));
            pull.reviewers.extend(call.texts("team_reviewers").iter().map(|team| format!("{OWNER}/{team}")));
            Reply::Json(201, shown(pull))
        }
        ("POST", ["repos", OWNER, NAME, "issues", number, what]) => {
            let pull = state.pull(number)?;
            match *what {
                "labels" => pull.labels.extend(call.texts("labels")),
                "assignees" => pull.assignees.extend(call.texts("assignees")),
                "comments" => pull.comments.push(call.text("body")),
                _ => return None,
            }
            Reply::Json(201, json!({}))
        }
        ("GET", ["orgs", OWNER, "repos"]) => {
            call.paged(state.list(|name, is_archived| listed(name, is_archived, state)))
        }
        _ => return None,
    })
}

fn label(pull: &Pull) -> String {
    format!("{}:{}", if pull.from_fork { FORK_OWNER } else { OWNER }, pull.branch)
}

fn repository(owner: &str, id: u64, state: &State) -> Value {
    json!({
        "id": id,
        "name": NAME,
        "full_name": format!("{owner}/{NAME}"),
        "owner": {"login": owner},
        "clone_url": format!("https://github.example.com/{owner}/{NAME}.git"),
        "default_branch": "main",
        "archived": state.archived,
        "permissions": {"admin": false, "push": !state.read_only, "pull": true},
    })
}

fn listed(name: &str, is_archived: bool, state: &State) -> Value {
    let mut one = repository(OWNER, OWN_ID, state);
    one["full_name"] = format!("{OWNER}/{name}").into();
    one["clone_url"] = format!("https://github.example.com/{OWNER}/{name}.git").into();
    one["archived"] = is_archived.into();
    one
}

fn shown(pull: &Pull) -> Value {
    json!({
        "number": pull.number,
        "html_url": format!("https://github.example.com/{OWNER}/{NAME}/pull/{}", pull.number),
        "state": if pull.state == "open" { "open" } else { "closed" },
        "merged_at": (pull.state == "merged").then_some("2026-01-02T03:04:05Z"),
        "title": pull.title,
        "body": pull.body,
        "draft": pull.draft,
        "base": {"ref": pull.base},
        "head": {"ref": pull.branch, "label": label(pull)},
    })
}
