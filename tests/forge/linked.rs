//! Pull requests of a fleet whose repositories build each other's Dockerfiles.
#![cfg(unix)]

use dfmigrate::forge::Kind;

use super::{ground::Ground, group::Group};

const DOCKERFILE: &str = "# syntax=docker/dockerfile:1\nFROM node:22\nWORKDIR /app\nARG NPM_TOKEN\n\
                          COPY package.json .npmrc ./\nRUN npm ci\n";
const NPMRC: &str = "//npm.example.com/:_authToken=${NPM_TOKEN}\n";
const OWN: &str = "dfmigrate/secrets";
const CALLERS: &str = "dfmigrate/secrets-callers";

/// A shop, and a repository that deploys it from its address.
fn deployed(kind: Kind) -> Group {
    let names = ["deploy", "shop"].map(str::to_owned);
    Group::of(kind, &names, |below| {
        let script = format!(
            "#!/bin/sh\nset -eu\nexport NPM_TOKEN\ndocker build --build-arg NPM_TOKEN -t shop {below}shop.git#main\n"
        );
        let shop = [("Dockerfile", DOCKERFILE), (".npmrc", NPMRC), ("package.json", "{}\n")];
        Ground::of(&[("deploy", &[("deploy.sh", script.as_str())]), ("shop", &shop)])
    })
}

/// The text of the newest pull request from a branch, with its number.
fn body(group: &Group, name: &str, branch: &str) -> (u64, String) {
    let state = group.fake.others[name].lock().unwrap();
    let pull = state.pulls.iter().rev().find(|pull| pull.branch == branch);
    let pull = pull.unwrap_or_else(|| panic!("{name} has none from {branch}: {:?}", state.pulls));
    (pull.number, pull.body.clone())
}

/// The lines of the section about the order.
fn order(body: &str) -> Vec<&str> {
    let section = body.split("### In this order\n\n").nth(1).unwrap_or_else(|| panic!("no order in\n{body}"));
    section.lines().take_while(|line| line.starts_with("- ")).collect()
}

fn close(group: &Group, name: &str, branch: &str, state: &'static str) {
    let mut known = group.fake.others[name].lock().unwrap();
    known
        .pulls
        .iter_mut()
        .filter(|pull| pull.branch == branch && pull.state == "open")
        .for_each(|pull| pull.state = state);
}

#[test]
fn both_pull_requests_say_which_is_merged_first_and_lead_to_each_other() {
    for kind in [Kind::GitHub, Kind::GitLab, Kind::Gitea] {
        let group = deployed(kind);
        let run = group.run(&["--pr"]).status(1);
        let (number, of_caller) = body(&group, "deploy", CALLERS);
        assert_eq!(number, 1, "{kind:?}\n{}", run.out);
        let (_, of_callee) = body(&group, "shop", OWN);
        let web = group.fake.server.address();
        let [first, then, last] = order(&of_callee)[..] else { panic!("{kind:?}: {of_callee}") };
        assert!(
            first.contains("passes the secret beside the build argument, in `deploy.sh:4`: http"),
            "{kind:?}: {first}"
        );
        assert!(first.contains(&format!("{web}/acme/deploy/")), "{kind:?}: {first}");
        assert!(then.starts_with("- then this request: BuildKit ignores a secret that no mount asks for"), "{then}");
        assert!(last.contains("the build argument goes from") && last.contains("/acme/deploy`"), "{last}");
        let [first, then, _] = order(&of_caller)[..] else { panic!("{kind:?}: {of_caller}") };
        assert!(first.starts_with("- first this request"), "{kind:?}: {first}");
        assert!(then.contains(&format!("{web}/acme/shop/")), "{kind:?}: {then}");
        assert!(of_caller.contains("This repository builds a Dockerfile of another one"), "{of_caller}");
        let pushed = group.ground.text("deploy", CALLERS, "deploy.sh");
        assert!(pushed.contains("--build-arg NPM_TOKEN --secret id=npm_token,env=NPM_TOKEN -t shop"), "{pushed}");

        // The second run says the same, and sends nothing.
        let before = group.fake.server.requests().len();
        group.run(&["--pr"]).status(1);
        let requests = group.fake.server.requests().split_off(before);
        assert!(requests.iter().all(|request| request.method == "GET"), "{kind:?}: {requests:?}");

        // The caller is merged: the other one says that its turn has come.
        group.ground.merge("deploy", CALLERS);
        close(&group, "deploy", CALLERS, "merged");
        group.run(&["--pr"]).status(1);
        let (_, of_callee) = body(&group, "shop", OWN);
        assert!(order(&of_callee)[0].contains("passes the secret beside the build argument already"), "{of_callee}");

        // Both are: a new request takes the argument away.
        group.ground.merge("shop", OWN);
        close(&group, "shop", OWN, "merged");
        let run = group.run(&["--pr"]).status(1);
        let (number, of_caller) = body(&group, "deploy", CALLERS);
        assert_eq!(number, 2, "{kind:?}\n{}", run.out);
        assert!(order(&of_caller)[0].contains("takes the secret already"), "{of_caller}");
        let pushed = group.ground.text("deploy", CALLERS, "deploy.sh");
        assert!(pushed.contains("docker build --secret id=npm_token,env=NPM_TOKEN -t shop"), "{pushed}");
        group.ground.merge("deploy", CALLERS);
        close(&group, "deploy", CALLERS, "merged");
        let run = group.run(&["--pr"]).status(0);
        assert!(run.out.ends_with("2 repositories: 2 merged\n"), "{kind:?}\n{}", run.out);
        group.assert_well_behaved();
    }
}

#[test]
fn a_caller_s_pull_request_that_a_person_closed_stays_closed_and_the_other_one_says_what_it_needs() {
    let group = deployed(Kind::GitHub);
    group.run(&["--pr"]).status(1);
    close(&group, "deploy", CALLERS, "closed");
    let run = group.run(&["--pr"]).status(1);
    assert_eq!(group.pulls("deploy"), 1);
    assert!(run.out.contains("closed"), "{}", run.out);
    let (_, of_callee) = body(&group, "shop", OWN);
    assert!(order(&of_callee)[0].ends_with("in `deploy.sh:4`"), "no link to what is closed: {of_callee}");
}

#[test]
fn a_reusable_workflow_that_builds_whoever_calls_it_goes_first() {
    let workflow = "on:\n  workflow_call:\n    secrets:\n      NPM_TOKEN:\n        required: false\njobs:\n  image:\n    runs-on: \
                    ubuntu-latest\n    steps:\n      - uses: actions/checkout@v4\n      - uses: docker/build-push-action@v6\n        \
                    with:\n          build-args: NPM_TOKEN=${{ secrets.NPM_TOKEN }}\n          push: true\n";
    let caller = "on: push\njobs:\n  image:\n    uses: acme/ci/.github/workflows/image.yml@v1\n    secrets: inherit\n";
    let names = ["ci", "app", "other"].map(str::to_owned);
    let group = Group::of(Kind::GitHub, &names, |_| {
        let app = [
            ("Dockerfile", DOCKERFILE),
            (".npmrc", NPMRC),
            ("package.json", "{}\n"),
            (".github/workflows/ci.yml", caller),
        ];
        Ground::of(&[("ci", &[(".github/workflows/image.yml", workflow)]), ("app", &app), ("other", &app)])
    });
    let run = group.run(&["--pr"]).status(1);
    let (_, of_ci) = body(&group, "ci", CALLERS);
    assert_eq!(group.pulls("ci"), 1, "{}", run.out);
    assert!(order(&of_ci).iter().any(|line| line.contains("/acme/app`, once it uses a version of this")), "{of_ci}");
    let text = group.ground.text("ci", CALLERS, ".github/workflows/image.yml");
    assert!(
        text.contains("build-args: NPM_TOKEN=${{ secrets.NPM_TOKEN }}\n          secrets: |\n            npm_token=${{ secrets.NPM_TOKEN }}\n"),
        "{text}"
    );
    for name in ["app", "other"] {
        let (_, of_app) = body(&group, name, OWN);
        let first = order(&of_app)[0];
        assert!(first.contains("this repository uses a version of it that does: http"), "{first}");
    }
    group.assert_well_behaved();
}
