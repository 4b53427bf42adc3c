use serde_json::{Value, json};

use super::{Call, NAME, OWNER, Pull, State, text};
use crate::server::Reply;

const FORK_PROJECT: &str = "~robot";

pub fn answer(state: &mut State, call: &Call<'_>) -> Option<Reply> {
    Some(match (call.method, call.segments) {
        ("GET", ["projects", OWNER, "repos", NAME]) => Reply::Json(200, repository(OWNER, NAME, state.archived)),
        ("GET", ["projects", OWNER, "repos", NAME, "default-branch"]) => {
            Reply::Json(200, json!({"id": "refs/heads/main", "displayId": "main", "type": "BRANCH"}))
        }
        ("GET", ["projects", OWNER, "repos"]) => {
            page(call, state.list(|name, is_archived| repository(OWNER, name, is_archived)))
        }
        ("POST", ["projects", OWNER, "repos", NAME]) => {
            state.forked = true;
            Reply::Json(201, repository(FORK_PROJECT, NAME, false))
        }
        ("GET", ["projects", project, "repos", NAME, "pull-requests"]) => {
            let at = call.request.query("at").unwrap_or_default();
            let fits =
                |pull: &&Pull| format!("refs/heads/{}", pull.branch) == at && pull.from_fork == (*project != OWNER);
            page(call, state.pulls.iter().rev().filter(fits).map(shown).collect())
        }
        ("GET", ["projects", OWNER, "repos", NAME, "pull-requests", number]) => {
            Reply::Json(200, shown(state.pull(number)?))
        }
        ("POST", ["projects", OWNER, "repos", NAME, "pull-requests"]) => {
            let pull = Pull {
                from_fork: text(&call.body, &["fromRef", "repository", "project", "key"]) == FORK_PROJECT,
                branch: short(&text(&call.body, &["fromRef", "id"])),
                base: short(&text(&call.body, &["toRef", "id"])),
                title: call.text("title"),
                body: call.text("description"),
                draft: call.body["draft"] == true,
                ..Pull::default()
            };
            match state.open(pull) {
                Some(pull) => Reply::Json(201, shown(pull)),
                None => Reply::Json(409, json!({"errors": [{"message": "Only one pull request may be open"}]})),
            }
        }
        ("PUT", ["projects", OWNER, "repos", NAME, "pull-requests", number]) => {
            let pull = state.pull(number)?;
            if call.body["version"] != version(pull) {
                return Some(Reply::Json(409, json!({"errors": [{"message": "out of date"}]})));
            }
            // What is not sent is taken away.
            pull.title = call.text("title");
            pull.body = call.text("description");
            let reviewers = call.body["reviewers"].as_array().into_iter().flatten();
            pull.reviewers = reviewers.map(|one| text(one, &["user", "name"])).collect();
            Reply::Json(200, shown(pull))
        }
        ("POST", ["projects", OWNER, "repos", NAME, "pull-requests", number, "participants"]) => {
            state.pull(number)?.reviewers.push(text(&call.body, &["user", "name"]));
            Reply::Json(200, json!({}))
        }
        ("POST", ["projects", OWNER, "repos", NAME, "pull-requests", number, "comments"]) => {
            state.pull(number)?.comments.push(call.text("text"));
            Reply::Json(201, json!({"id": 1}))
        }
        _ => return None,
    })
}

fn short(reference: &str) -> String {
    reference.strip_prefix("refs/heads/").unwrap_or_default().to_owned()
}

fn version(pull: &Pull) -> u64 {
    pull.reviewers.len() as u64
}

fn page(call: &Call<'_>, items: Vec<Value>) -> Reply {
    let start: usize = call.request.query("start").map_or(0, |start| start.parse().unwrap());
    let end = (start + 2).min(items.len());
    let is_last = end == items.len();
    Reply::Json(
        200,
        json!({
            "size": end - start, "limit": 2, "start": start, "isLastPage": is_last,
            "nextPageStart": if is_last { Value::Null } else { end.into() },
            "values": items.get(start..end).unwrap_or_default(),
        }),
    )
}

fn repository(project: &str, slug: &str, archived: bool) -> Value {
    json!({
        "slug": slug,
        "id": 1,
        "project": {"key": project},
        "archived": archived,
        "links": {"clone": [
            {"name": "ssh", "href": format!("ssh://git@bitbucket.example.com:7999/{project}/{slug}.git")},
            {"name": "http", "href": format!("https://bitbucket.example.com/scm/{project}/{slug}.git")},
        ]},
    })
}

fn shown(pull: &Pull) -> Value {
    let project = if pull.from_fork { FORK_PROJECT } else { OWNER };
    let side = |branch: &str, project| json!({"id": format!("refs/heads/{branch}"), "displayId": branch, "repository": repository(project, NAME, false)});
    json!({
        "id": pull.number,
        "version": version(pull),
        "state": match pull.state { "open" => "OPEN", "merged" => "MERGED", _ => "DECLINED" },
        "title": pull.title,
        "description": pull.body,
        "fromRef": side(&pull.branch, project),
        "toRef": side(&pull.base, OWNER),
        "reviewers": pull.reviewers.iter().map(|name| json!({"user": {"name": name}})).collect::<Vec<_>>(),
        "links": {"self": [{"href": format!("https://bitbucket.example.com/projects/{OWNER}/repos/{NAME}/pull-requests/{}", pull.number)}]},
    })
}
