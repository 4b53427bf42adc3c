use serde_json::{Value, json};

use super::{Call, FORK_ID, FORK_OWNER, NAME, OWN_ID, OWNER, Pull, State};
use crate::server::Reply;

pub fn answer(state: &mut State, call: &Call<'_>) -> Option<Reply> {
    Some(match (call.method, call.segments) {
        ("GET", ["repos", OWNER, NAME]) => Reply::Json(200, repository(OWNER, OWN_ID, state)),
        ("GET", ["repos", FORK_OWNER, NAME]) if state.forked => {
            let mut fork = repository(FORK_OWNER, FORK_ID, state);
            fork["parent"] = repository(OWNER, OWN_ID, state);
            Reply::Json(200, fork)
        }
        ("GET", ["user"]) => Reply::Json(200, json!({"login": FORK_OWNER})),
        ("POST", ["repos", OWNER, NAME, "forks"]) => {
            if std::mem::replace(&mut state.forked, true) {
                Reply::Json(409, json!({"message": "repository already exists"}))
            } else {
                Reply::Json(202, repository(FORK_OWNER, FORK_ID, state))
            }
        }
        // Like Gitea, it does not know the filter by branch.
        ("GET", ["repos", OWNER, NAME, "pulls"]) => call.paged(state.pulls.iter().map(shown).collect()),
        ("POST", ["repos", OWNER, NAME, "pulls"]) => {
            let head = call.text("head");
            let pull = Pull {
                from_fork: head.starts_with(FORK_OWNER),
                branch: head.rsplit(':').next().unwrap().to_owned(),
                base: call.text("base"),
                title: call.text("title"),
                body: call.text("body"),
                draft: call.text("title").starts_with("WIP: "),
                ..Pull::default()
            };
            match state.open(pull) {
                Some(pull) => Reply::Json(201, shown(pull)),
                None => Reply::Json(409, json!({"message": "pull request already exists for these targets"})),
            }
        }
        ("PATCH", ["repos", OWNER, NAME, "pulls", number]) => {
            let pull = state.pull(number)?;
            call.body["title"].as_str().iter().for_each(|title| pull.title = (*title).to_owned());
            call.body["body"].as_str().iter().for_each(|body| pull.body = (*body).to_owned());
            pull.assignees.extend(call.texts("assignees"));
            Reply::Json(201, shown(pull))
        }
        ("POST", ["repos", OWNER, NAME, "pulls", number, "requested_reviewers"]) => {
            let pull = state.pull(number)?;
            pull.reviewers.extend(call.texts("reviewers"));
            pull.reviewers.extend(call.texts("team_reviewers").iter().map(|team| format!("{OWNER}/{team}")));
            Reply::Json(201, json!([]))
        }
        ("GET", ["repos", OWNER, NAME, "labels"]) => call
            .paged(["a", "b", "security"].iter().zip(1..).map(|(name, id)| json!({"id": id, "name": name})).collect()),
        ("POST", ["repos", OWNER, NAME, "issues", number, what]) => {
            let pull = state.pull(number)?;
            match *what {
                "labels" if call.body["labels"] == json!([3]) => pull.labels.push("security".to_owned()),
                "comments" => pull.comments.push(call.text("body")),
                _ => return None,
            }
            Reply::Json(200, json!([]))
        }
        ("GET", ["orgs", OWNER, "repos"]) => {
            call.paged(state.list(|name, is_archived| listed(name, is_archived, state)))
        }
        _ => return None,
    })
}

fn repository(owner: &str, id: u64, state: &State) -> Value {
    json!({
        "id": id,
        "name": NAME,
        "full_name": format!("{owner}/{NAME}"),
        "owner": {"login": owner},
        "clone_url": format!("https://gitea.example.com/{owner}/{NAME}.git"),
        "default_branch": "main",
        "archived": state.archived,
        "permissions": {"admin": false, "push": !state.read_only, "pull": true},
        "parent": null,
    })
}

fn listed(name: &str, is_archived: bool, state: &State) -> Value {
    let mut one = repository(OWNER, OWN_ID, state);
    one["full_name"] = format!("{OWNER}/{name}").into();
    one["clone_url"] = format!("https://gitea.example.com/{OWNER}/{name}.git").into();
    one["archived"] = is_archived.into();
    one
}

fn shown(pull: &Pull) -> Value {
    let open = pull.state == "open";
    // The branch of a pull request that is done is gone.
    let reference = if open { pull.branch.clone() } else { format!("refs/pull/{}/head", pull.number) };
    json!({
        "number": pull.number,
        "html_url": format!("https://gitea.example.com/{OWNER}/{NAME}/pulls/{}", pull.number),
        "state": if open { "open" } else { "closed" },
        "merged": pull.state == "merged",
        "title": pull.title,
        "body": pull.body,
        "base": {"label": pull.base, "ref": pull.base, "repo_id": OWN_ID},
        "head": {"label": pull.branch, "ref": reference, "repo_id": if pull.from_fork { FORK_ID } else { OWN_ID }},
    })
}
