//! What the files leave open and a person decides, in a real terminal.
#![cfg(unix)]

use crate::scratch::{NPMRC, SCRIPT, Scratch};
use crate::terminal::{INTERRUPT, QUESTION, canary, review, review_resized};

const DOWN: &str = "\u{1b}[B";
const ESCAPE: &str = "\u{1b}";
const ENTER: &str = "\r";

/// An ENV with a credential that a RUN reads: whether the running container needs it, nothing tells.
fn with_variable() -> Scratch {
    let dockerfile = format!("FROM node:22\nENV API_KEY={}\nRUN ./fetch $API_KEY\n", canary());
    Scratch::committed(&[("Dockerfile", &dockerfile)])
}

/// Two Dockerfiles that take the same argument, and a script that does not say which one it builds.
fn with_two() -> Scratch {
    let dockerfile =
        "# syntax=docker/dockerfile:1\nFROM node:22\nARG NPM_TOKEN\nCOPY package.json .npmrc ./\nRUN npm ci\n";
    let script = SCRIPT.replace("-t app .", "-f \"$1\" .");
    let files = ["a", "b"].map(|folder| {
        [("Dockerfile", dockerfile), (".npmrc", NPMRC), ("package.json", "{}\n")]
            .map(|(name, text)| (format!("{folder}/{name}"), text.to_owned()))
    });
    let files: Vec<(String, String)> = files.concat();
    let mut files: Vec<(&str, &str)> = files.iter().map(|(path, text)| (path.as_str(), text.as_str())).collect();
    files.push(("build.sh", &script));
    Scratch::committed(&files)
}

#[test]
fn an_environment_variable_is_for_the_build_or_for_the_container() {
    for (answer, keys, expected) in [("only while", ENTER, true), ("in the running", DOWN, false)] {
        let scratch = with_variable();
        let mut steps =
            vec![(QUESTION, "c"), ("choose what?", DOWN), ("> the id of", DOWN), ("> when `API_KEY`", ENTER)];
        steps.push(("when `API_KEY` is needed?", keys));
        if !expected {
            steps.push(("> in the running", ENTER));
        }
        steps.push(("for how long?", DOWN));
        steps.push(("> always", ENTER));
        if expected {
            steps.push((QUESTION, "y"));
        }
        let Some(session) = review(&scratch, &[], &steps) else { return };
        let needed = if expected { "build" } else { "run" };
        assert!(session.shown.contains(answer), "{}", session.shown);
        assert_eq!(
            scratch.read("dfmigrate.toml"),
            format!("[secrets.API_KEY]\nneeded = \"{needed}\"\n"),
            "{}",
            session.shown
        );
        assert_eq!(scratch.read("Dockerfile").contains("--mount=type=secret"), expected, "{}", session.shown);
        // What was decided is not asked again, and holds without a terminal.
        let run = scratch.run(&["--fix", "--allow-dirty", "--unsafe-fixes"]);
        assert!(!run.out.contains("the running container does not need"), "{}", run.out);
        assert_eq!(scratch.read("Dockerfile").contains("ENV API_KEY"), !expected, "{}", run.out);
    }
}

#[test]
fn the_form_of_a_mount_is_chosen_for_this_time_only() {
    let scratch = Scratch::with_secret();
    let steps = [
        (QUESTION, "c"),
        ("choose what?", ENTER),
        ("how RUN gets `NPM_TOKEN`?", DOWN),
        ("> as a file", ENTER),
        ("for how long?", ENTER),
        (QUESTION, "y"),
    ];
    let Some(session) = review(&scratch, &[], &steps) else { return };
    assert_eq!(session.status, 0, "{}", session.shown);
    assert!(scratch.read("Dockerfile").contains("/run/secrets/npm_token"), "{}", scratch.read("Dockerfile"));
    assert!(!scratch.path("dfmigrate.toml").exists());
}

#[test]
fn which_dockerfile_a_file_builds_is_asked_where_a_fix_depends_on_it_and_only_there() {
    let scratch = with_two();
    let steps = [
        ("a fix depends on it: what `build.sh` builds?", DOWN),
        ("> b/Dockerfile", ENTER),
        ("for how long?", DOWN),
        ("> always", ENTER),
        (QUESTION, "y"),
        (QUESTION, "y"),
    ];
    let Some(session) = review(&scratch, &[], &steps) else { return };
    assert_eq!(scratch.read("dfmigrate.toml"), "[builds]\n\"build.sh\" = \"b/Dockerfile\"\n", "{}", session.shown);
    assert!(scratch.read("build.sh").contains("--secret id=npm_token"), "{}", session.shown);
    // Where the files say it, nobody is asked.
    let Some(session) = review(&Scratch::with_secret(), &[], &[(QUESTION, "q")]) else { return };
    assert!(!session.shown.contains("depends on it"), "{}", session.shown);
}

#[test]
fn a_choice_that_is_left_decides_nothing_and_an_interrupted_one_writes_nothing() {
    let scratch = Scratch::with_secret();
    let steps = [(QUESTION, "c"), ("choose what?", ENTER), ("how RUN gets", ESCAPE), (QUESTION, "y")];
    let Some(session) = review(&scratch, &[], &steps) else { return };
    assert_eq!(session.status, 0, "{}", session.shown);
    assert!(scratch.read("Dockerfile").contains("env=NPM_TOKEN") && !scratch.path("dfmigrate.toml").exists());
    for steps in [
        &[(QUESTION, "c"), ("choose what?", INTERRUPT)][..],
        &[(QUESTION, "c"), ("choose what?", ENTER), ("how RUN gets", ENTER), ("for how long?", INTERRUPT)],
    ] {
        let scratch = Scratch::with_secret();
        let Some(session) = review(&scratch, &[], steps) else { return };
        assert_eq!(session.status, -2, "SIGINT ends it\n{}", session.shown);
        assert_eq!(scratch.git(&["status", "--porcelain"]), "");
    }
    let scratch = with_two();
    let Some(session) = review(&scratch, &[], &[("a fix depends on it", INTERRUPT)]) else { return };
    assert_eq!(session.status, -2, "{}", session.shown);
    assert_eq!(scratch.git(&["status", "--porcelain"]), "");
}

#[test]
fn an_answer_is_taken_back_and_all_of_a_codemod_is_accepted_at_once() {
    let scratch = Scratch::with_secret();
    let script = SCRIPT.replace("-t app .", "-t web web");
    for (path, text) in
        [("web/Dockerfile", crate::scratch::DOCKERFILE), ("web/.npmrc", NPMRC), ("web/package.json", "{}\n")]
    {
        scratch.write(path, text);
    }
    scratch.write("web.sh", &script);
    scratch.commit();
    let steps = [(QUESTION, "n"), ("fix 2 of 2", ""), (QUESTION, "u"), ("fix 1 of 2", ""), (QUESTION, "a")];
    let Some(session) = review(&scratch, &[], &steps) else { return };
    assert_eq!(session.status, 0, "{}", session.shown);
    assert!(session.shown.contains("fixed 2 findings in 4 files"), "{}", session.shown);
    assert_eq!(scratch.git(&["status", "--porcelain"]), " M Dockerfile\n M build.sh\n M web.sh\n M web/Dockerfile\n");
}

#[test]
fn what_is_shown_fits_into_the_window_as_it_is_now() {
    let scratch = Scratch::with_secret();
    scratch.write("build.sh", &SCRIPT.replace("-t app", &format!("--label x={}", "y".repeat(200))));
    scratch.write("web/Dockerfile", crate::scratch::DOCKERFILE);
    scratch.write("web/.npmrc", NPMRC);
    scratch.write("web/package.json", "{}\n");
    scratch.write("web.sh", &SCRIPT.replace("-t app .", &format!("--label x={} web", "y".repeat(200))));
    scratch.commit();
    for columns in [100, 60, 50] {
        // The window changes while the first question waits; the next fix is shown in its new width.
        let steps = [
            (QUESTION, "n", Some(columns)),
            (QUESTION, "c", None),
            ("choose what?", ESCAPE, None),
            (QUESTION, "q", None),
        ];
        let Some(session) = review_resized(&scratch, &steps) else { return };
        assert_eq!(session.status, 1, "{}", session.shown);
        let plain = anstream::adapter::strip_str(&session.shown).to_string();
        let (_, second) = plain.split_once("fix 2 of 2").unwrap();
        let (finding, choice) = second.split_once("diff --git").unwrap();
        // Labels below a line of source are not cut: they are the message.
        let numbered =
            |line: &&str| line.trim_start().starts_with(|char: char| char.is_ascii_digit()) && line.contains(" | ");
        let source: Vec<&str> = finding.lines().filter(numbered).collect();
        assert!(!source.is_empty());
        let (_, choice) = choice.split_once("choose what?").unwrap();
        for line in source.into_iter().chain(choice.lines().filter(|line| line.starts_with(['>', ' ']))) {
            assert!(line.trim_end().chars().count() <= usize::from(columns), "{columns}: {line}");
        }
    }
}
