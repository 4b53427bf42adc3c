//! Builds of a repository's Dockerfile that are written in another repository.

use crate::ground::{Ground, Run};

const PUSH: [&str; 4] = ["fleet", "--repos", "list", "--push"];

const SHOP: [(&str, &str); 3] = [
    (
        "Dockerfile",
        "# syntax=docker/dockerfile:1\nFROM node:22\nWORKDIR /app\nARG NPM_TOKEN\nCOPY package.json .npmrc ./\nRUN npm ci\n",
    ),
    (".npmrc", "//npm.example.com/:_authToken=${NPM_TOKEN}\n"),
    ("package.json", "{}\n"),
];

const COMPOSE: &str =
    "services:\n  shop:\n    build:\n      context: ../shop\n      args:\n        NPM_TOKEN: ${NPM_TOKEN}\n";

fn fleet() -> Ground {
    Ground::of(&[("deploy", &[("compose.yaml", COMPOSE)]), ("docs", &[("README.md", "# Docs\n")]), ("shop", &SHOP)])
}

fn branches(ground: &Ground, name: &str) -> Vec<String> {
    ground.branches(name).into_iter().map(|(branch, _)| branch.trim_start_matches("refs/heads/").to_owned()).collect()
}

fn sums(run: &Run) -> &str {
    run.out.trim_end().lines().last().unwrap()
}

#[test]
fn a_caller_passes_both_first_and_drops_the_argument_when_the_dockerfile_has_its_mount() {
    let ground = fleet();
    let run = ground.run(&["fleet", "--repos", "list"]).status(1);
    assert_eq!(sums(&run), "3 repositories: 2 planned, 1 clean", "{}", run.out);
    assert!(run.out.contains("first merge "), "{}", run.out);
    assert_eq!(branches(&ground, "deploy"), ["main"]);

    let run = ground.run(&PUSH).status(1);
    assert_eq!(sums(&run), "3 repositories: 2 committed, 1 clean", "{}", run.out);
    assert_eq!(branches(&ground, "deploy"), ["dfmigrate/secrets-callers", "main"]);
    assert_eq!(branches(&ground, "shop"), ["dfmigrate/secrets", "main"]);
    let both = ground.text("deploy", "dfmigrate/secrets-callers", "compose.yaml");
    assert!(both.contains("NPM_TOKEN: ${NPM_TOKEN}\n      secrets:\n        - npm_token\n"), "{both}");

    // Nothing is done twice.
    let before = (ground.branches("deploy"), ground.branches("shop"));
    ground.run(&PUSH).status(1);
    assert_eq!((ground.branches("deploy"), ground.branches("shop")), before);

    // The caller is merged: now it is the Dockerfile's turn, and the caller waits.
    ground.merge("deploy", "dfmigrate/secrets-callers");
    let run = ground.run(&PUSH).status(1);
    assert!(run.out.contains("passes the secret beside the build argument already, so merge"), "{}", run.out);
    assert_eq!(branches(&ground, "deploy"), ["main"]);

    // The Dockerfile is merged: the argument goes, which rests on what lies beside the clone.
    ground.merge("shop", "dfmigrate/secrets");
    let run = ground.run(&PUSH).status(1);
    assert!(run.out.contains("the fix rests on assumptions"), "{}", run.out);
    let unsafe_fixes = [&PUSH[..], &["--unsafe-fixes"]].concat();
    ground.run(&unsafe_fixes).status(1);
    let last = ground.text("deploy", "dfmigrate/secrets-callers", "compose.yaml");
    assert!(!last.contains("NPM_TOKEN: ") && last.contains("- npm_token\n"), "{last}");
    ground.merge("deploy", "dfmigrate/secrets-callers");
    let run = ground.run(&unsafe_fixes).status(0);
    assert_eq!(sums(&run), "3 repositories: 3 clean", "{}", run.out);
}

#[test]
fn a_dockerfile_that_was_merged_first_has_its_caller_repaired() {
    let ground = fleet();
    ground.run(&PUSH).status(1);
    ground.merge("shop", "dfmigrate/secrets");
    let run = ground.run(&[&PUSH[..], &["--unsafe-fixes"]].concat()).status(1);
    assert!(run.out.contains("takes the secret, so merge"), "{}", run.out);
    let text = ground.text("deploy", "dfmigrate/secrets-callers", "compose.yaml");
    assert!(!text.contains("NPM_TOKEN: ") && text.contains("- npm_token\n"), "{text}");
}

#[test]
fn what_a_caller_needs_harms_nothing_of_its_own() {
    // It has a secret of its own, in a file that also builds the other one.
    let script = "#!/bin/sh\nset -eu\nexport NPM_TOKEN API_TOKEN\ndocker build --build-arg API_TOKEN -t own .\n\
                  docker build --build-arg NPM_TOKEN -t shop ../shop\n";
    let own = "# syntax=docker/dockerfile:1\nFROM alpine\nARG API_TOKEN\nRUN curl -H \"Authorization: Bearer $API_TOKEN\" https://x.example.com\n";
    let ground = Ground::of(&[("deploy", &[("build.sh", script), ("Dockerfile", own)]), ("shop", &SHOP)]);
    let run = ground.run(&PUSH).status(1);
    assert_eq!(sums(&run), "2 repositories: 2 committed", "{}", run.out);
    let fixed = ground.fixed("deploy", "build.sh");
    assert!(fixed.contains("--secret id=api_token,env=API_TOKEN -t own"), "{fixed}");
    assert!(fixed.contains("docker build --build-arg NPM_TOKEN -t shop"), "{fixed}");
    let callers = ground.text("deploy", "dfmigrate/secrets-callers", "build.sh");
    assert!(callers.contains("docker build --build-arg API_TOKEN -t own"), "{callers}");
    assert!(callers.contains("--build-arg NPM_TOKEN --secret id=npm_token,env=NPM_TOKEN -t shop"), "{callers}");
}

#[test]
fn a_caller_that_can_not_be_edited_is_told_with_its_place() {
    let script = "#!/bin/sh\nDOCKER_BUILDKIT=0 docker build --build-arg NPM_TOKEN -t shop ../shop\n";
    let ground = Ground::of(&[("deploy", &[("build.sh", script)]), ("shop", &SHOP)]);
    let run = ground.run(&PUSH).status(1);
    assert!(run.out.contains("DOCKER_BUILDKIT=0"), "{}", run.out);
    assert!(run.out.contains("build.sh:2 of ") && run.out.contains(" builds the Dockerfile of "), "{}", run.out);
    assert_eq!(branches(&ground, "deploy"), ["main"]);
    assert_eq!(branches(&ground, "shop"), ["dfmigrate/secrets", "main"]);
}

#[test]
fn without_the_other_repository_nothing_is_asked_of_a_caller() {
    let ground = Ground::of(&[("deploy", &[("compose.yaml", COMPOSE)])]);
    let run = ground.run(&PUSH).status(0);
    assert_eq!(sums(&run), "1 repository: 1 clean", "{}", run.out);
    assert_eq!(branches(&ground, "deploy"), ["main"]);
}
