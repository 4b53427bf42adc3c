use serde_json::{Value, json};

use super::{Call, FORK_OWNER, NAME, OWNER, Pull, State, text};
use crate::server::Reply;

pub fn answer(state: &mut State, call: &Call<'_>) -> Option<Reply> {
    Some(match (call.method, call.segments) {
        ("GET", ["repositories", OWNER, NAME]) => Reply::Json(200, repository(OWNER, NAME)),
        ("GET", ["repositories", OWNER]) => page(call, state.list(|name, _| repository(OWNER, name))),
        ("POST", ["repositories", OWNER, NAME, "forks"]) => {
            state.forked = true;
            Reply::Json(201, repository(FORK_OWNER, NAME))
        }
        ("GET", ["repositories", OWNER, NAME, "pullrequests"]) => {
            let states: Vec<&str> = call
                .request
                .query
                .iter()
                .filter(|(name, _)| name == "state")
                .map(|(_, value)| value.as_str())
                .collect();
            let wanted = call.request.query("q");
            let fits = |pull: &&Pull| {
                states.contains(&state_of(pull))
                    && wanted.is_none_or(|query| query == format!("source.branch.name = \"{}\"", pull.branch))
            };
            page(call, state.pulls.iter().rev().filter(fits).map(shown).collect())
        }
        ("GET", ["repositories", OWNER, NAME, "pullrequests", number]) => Reply::Json(200, shown(state.pull(number)?)),
        ("POST", ["repositories", OWNER, NAME, "pullrequests"]) => {
            let pull = Pull {
                from_fork: text(&call.body, &["source", "repository", "full_name"]).starts_with(FORK_OWNER),
                branch: text(&call.body, &["source", "branch", "name"]),
                base: text(&call.body, &["destination", "branch", "name"]),
                title: call.text("title"),
                body: call.text("description"),
                draft: call.body["draft"] == true,
                ..Pull::default()
            };
            match state.open(pull) {
                Some(pull) => Reply::Json(201, shown(pull)),
                None => Reply::Json(
                    400,
                    json!({"type": "error", "error": {"message": "There is already an open pull request"}}),
                ),
            }
        }
        ("PUT", ["repositories", OWNER, NAME, "pullrequests", number]) => {
            let pull = state.pull(number)?;
            // What is not sent is taken away.
            pull.title = call.text("title");
            pull.body = call.text("description");
            let reviewers = call.body["reviewers"].as_array().into_iter().flatten();
            let id = |one: &Value| one["uuid"].as_str().or_else(|| one["account_id"].as_str()).map(str::to_owned);
            pull.reviewers = reviewers.filter_map(id).collect();
            Reply::Json(200, shown(pull))
        }
        ("POST", ["repositories", OWNER, NAME, "pullrequests", number, "comments"]) => {
            state.pull(number)?.comments.push(text(&call.body, &["content", "raw"]));
            Reply::Json(201, json!({"id": 1}))
        }
        _ => return None,
    })
}

fn page(call: &Call<'_>, items: Vec<Value>) -> Reply {
    let number: usize = call.request.query("page").map_or(1, |page| page.parse().unwrap());
    let (start, end) = ((number - 1) * 2, (number * 2).min(items.len()));
    let mut page = json!({"pagelen": 2, "page": number, "values": items.get(start..end).unwrap_or_default()});
    if end < items.len() {
        page["next"] = "https://api.bitbucket.example.com/next".into();
    }
    Reply::Json(200, page)
}

fn repository(owner: &str, name: &str) -> Value {
    json!({
        "uuid": "{00000000-0000-0000-0000-000000000001}",
        "full_name": format!("{owner}/{name}"),
        "mainbranch": {"type": "branch", "name": "main"},
        "links": {"clone": [
            {"name": "https", "href": format!("https://robot@bitbucket.example.com/{owner}/{name}.git")},
            {"name": "ssh", "href": format!("git@bitbucket.example.com:{owner}/{name}.git")},
        ]},
    })
}

fn state_of(pull: &Pull) -> &'static str {
    match pull.state {
        "open" => "OPEN",
        "merged" => "MERGED",
        _ => "DECLINED",
    }
}

fn shown(pull: &Pull) -> Value {
    let owner = if pull.from_fork { FORK_OWNER } else { OWNER };
    json!({
        "id": pull.number,
        "links": {"html": {"href": format!("https://bitbucket.example.com/{OWNER}/{NAME}/pull-requests/{}", pull.number)}},
        "state": state_of(pull),
        "title": pull.title,
        "description": pull.body,
        "source": {"branch": {"name": pull.branch}, "repository": {"full_name": format!("{owner}/{NAME}")}},
        "destination": {"branch": {"name": pull.base}, "repository": {"full_name": format!("{OWNER}/{NAME}")}},
        "reviewers": pull.reviewers.iter().map(|one| json!({"uuid": one})).collect::<Vec<_>>(),
    })
}
