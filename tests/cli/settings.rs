#![cfg(unix)]

use crate::scratch::{DOCKERFILE, Scratch};
use crate::terminal::{QUESTION, review};

#[test]
fn a_decision_of_the_repository_holds_for_every_fix() {
    let scratch = Scratch::with_author();
    scratch.write("dfmigrate.toml", "[secrets.NPM_TOKEN]\nid = \"npm-registry\"\nmount = \"file\"\n");
    scratch.commit();
    scratch.run(&["--fix", "--commit"]).status(0);
    assert!(
        scratch.read("Dockerfile").contains("--mount=type=secret,id=npm-registry "),
        "{}",
        scratch.read("Dockerfile")
    );
    assert!(scratch.read("build.sh").contains("--secret id=npm-registry,env=NPM_TOKEN"));
    assert!(scratch.run(&["--fix"]).status(0).out.contains("nothing to fix"));
}

#[test]
fn a_value_that_only_the_container_can_need_leaves_the_image_when_somebody_says_so() {
    let dockerfile = "FROM node:22-alpine\nENV DB_PASSWORD=gh0st-writer\nCOPY . .\nCMD [\"npm\", \"start\"]\n";
    let scratch = Scratch::committed(&[("Dockerfile", dockerfile)]);
    assert!(scratch.run(&["--diff", "--unsafe-fixes"]).out.is_empty());
    scratch.write("dfmigrate.toml", "[secrets.DB_PASSWORD]\nneeded = \"build\"\n");
    let patch = scratch.run(&["--diff", "--unsafe-fixes"]).out;
    assert!(patch.contains("-ENV DB_PASSWORD=gh0st-writer\n"), "{patch}");
}

#[test]
fn a_mistake_in_the_settings_stops_every_command() {
    let scratch = Scratch::with_secret();
    scratch.write("dfmigrate.toml", "[secrets.NPM_TOKEN]\nmuont = \"file\"\n");
    scratch.commit();
    for arguments in [&[][..], &["--fix"], &["--diff"], &["flags"]] {
        let run = scratch.run(arguments).status(2);
        let message = "error: `dfmigrate.toml` has a mistake in line 2: unknown field `muont`, expected one of `id`, \
                       `mount`, `needed`; `mount` was probably meant\n";
        assert_eq!(run.err, message, "{arguments:?}");
    }
    assert_eq!(scratch.read("Dockerfile"), DOCKERFILE);
    std::fs::remove_file(scratch.path("dfmigrate.toml")).unwrap();
    std::os::unix::fs::symlink("/etc/hostname", scratch.path("dfmigrate.toml")).unwrap();
    assert!(scratch.run(&[]).status(2).err.contains("dfmigrate.toml` can't be read: it is not a regular file"));
}

#[test]
fn what_is_chosen_in_a_review_is_remembered_and_committed_with_the_fix() {
    let scratch = Scratch::with_author();
    let down = "\u{1b}[B";
    let first =
        [(QUESTION, "c"), ("choose what?", down), ("> the id of", "\r"), ("the id of the secret `NPM_TOKEN`?", down)];
    let second = [("> npm-token", "\r"), ("for how long?", down), ("> always", "\r"), (QUESTION, "y")];
    let Some(session) = review(&scratch, &["--commit"], &[first, second].concat()) else { return };
    assert_eq!(session.status, 0, "{}", session.shown);
    assert_eq!(scratch.read("dfmigrate.toml"), "[secrets.NPM_TOKEN]\nid = \"npm-token\"\n");
    assert_eq!(scratch.git(&["show", "--format=", "--name-only"]), "Dockerfile\nbuild.sh\ndfmigrate.toml\n");
    assert!(scratch.read("build.sh").contains("--secret id=npm-token,env=NPM_TOKEN"), "{}", session.shown);
    assert_eq!(scratch.git(&["status", "--porcelain"]), "");
}
