//! The same requests against the forges' own descriptions, served by prism. Optional: it needs npm packages and files
//! that are not part of this project.
//!
//! ```sh
//! npm install @octokit/openapi @stoplight/prism-cli
//! npx prism mock -p 4010 node_modules/@octokit/openapi/generated/api.github.com.json &
//! npx prism mock -p 4011 swagger.v1.json &     # of any server of Gitea or Forgejo
//! npx prism mock -p 4012 git.json &            # vsts-rest-api-specs, specification/git/7.1
//! DFMIGRATE_PRISM='github=4010 gitea=4011 azure=4012' cargo test --test forge -- prism --nocapture
//! ```
//!
//! Prism answers a request that is not as described with an error, and all others with the description's examples, which
//! have to be readable.

use dfmigrate::forge::{self, Address, ForgeError, Fork, Head, Kind, People, Proposal, Scheme, Token, Update};

use super::each::{prose, settings};

#[test]
fn requests_are_as_the_forges_describe_them() {
    let Ok(servers) = std::env::var("DFMIGRATE_PRISM") else {
        println!("skipped: DFMIGRATE_PRISM is not set");
        return;
    };
    for server in servers.split_whitespace() {
        let (name, port) = server.split_once('=').unwrap();
        let (kind, api) = match name {
            "github" => (Kind::GitHub, ""),
            "gitea" => (Kind::Gitea, ""),
            "azure" => (Kind::Azure, "/acme"),
            _ => panic!("no description of {name}"),
        };
        let results = ask(kind, &format!("http://127.0.0.1:{port}{api}"));
        for (call, result) in &results {
            println!("{name} {call}: {}", result.as_ref().map_or_else(ToString::to_string, |()| "ok".to_owned()));
        }
        let failed: Vec<_> = results.iter().filter(|(_, result)| result.is_err()).collect();
        assert!(failed.is_empty(), "{name}: {failed:?}");
        println!("{name}: {} calls as described", results.len());
    }
}

type Called = (&'static str, Result<(), ForgeError>);

fn ask(kind: Kind, api: &str) -> Vec<Called> {
    let namespace = if kind == Kind::Azure { vec!["acme".into(), "web".into()] } else { vec!["acme".into()] };
    let host = "127.0.0.1".to_owned();
    let address = Address { kind, host, api: api.to_owned(), namespace, name: "shop".into() };
    // Gitea's description wants the scheme `token` or `Basic`.
    let scheme = if kind == Kind::Gitea { Scheme::Gitea } else { Scheme::Basic { user: String::new() } };
    let forge = forge::open(&address, Token::new("abc", scheme).as_ref(), settings()).unwrap();
    let fork = Fork {
        owner: "robot".into(),
        name: "shop".into(),
        id: "11111111-0000-4000-8000-000000000001".into(),
        clone_url: String::new(),
    };
    let head = |fork| Head { branch: "dfmigrate/secrets".into(), fork };
    let proposal = |fork| Proposal {
        head: head(fork),
        base: "main".into(),
        title: prose("Keep A out"),
        body: prose("text"),
        draft: true,
    };
    let reviewer = if kind == Kind::Azure { "11111111-0000-4000-8000-000000000002" } else { "rita" };
    let mut people =
        People { labels: vec!["security".into()], reviewers: vec![reviewer.into()], assignees: Vec::new() };
    if kind != Kind::Azure {
        people.reviewers.push("acme/team".into());
        people.assignees.push("anna".into());
    }
    let told = forge.involve(1, &people).map(|notes| {
        // Labels of the example server have other names.
        let wrong: Vec<_> = notes.iter().filter(|note| !note.starts_with("there is no label")).collect();
        assert!(wrong.is_empty(), "{kind:?}: {wrong:?}");
    });
    let mut calls = vec![
        ("facts", forge.facts().map(drop)),
        ("find", forge.find(&head(None)).map(drop)),
        ("find in a fork", forge.find(&head(Some(fork.clone()))).map(drop)),
        ("create", forge.create(&proposal(None)).map(drop)),
        ("create from a fork", forge.create(&proposal(Some(fork))).map(drop)),
        ("update", forge.update(1, &Update { title: Some(prose("t")), body: Some(prose("b")) })),
        ("involve", told),
        ("comment", forge.comment(1, &prose("c"))),
        ("repositories", forge.repositories(if kind == Kind::Azure { "web" } else { "acme" }).map(drop)),
    ];
    if kind != Kind::Azure {
        calls.push(("fork", forge.fork().map(drop)));
    }
    calls
}
