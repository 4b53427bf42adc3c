use crate::scratch::{DOCKERFILE, NPMRC, SCRIPT, Scratch};

/// Two services of one repository: one was always there.
fn services() -> Scratch {
    let scratch = Scratch::with_author();
    scratch.run(&["--write-baseline", "baseline.json"]).status(0);
    scratch.commit();
    let dockerfile = DOCKERFILE.replace("NPM_TOKEN", "NODE_AUTH_TOKEN");
    scratch.write("web/Dockerfile", &dockerfile);
    scratch.write("web/.npmrc", &NPMRC.replace("NPM_TOKEN", "NODE_AUTH_TOKEN"));
    scratch.write("web/package.json", "{}\n");
    let script = SCRIPT.replace("NPM_TOKEN", "NODE_AUTH_TOKEN");
    scratch.write("build-web.sh", &script.replace("-t app .", "-t web web"));
    scratch
}

#[test]
fn what_is_known_does_not_fail_and_is_known_wherever_its_lines_go() {
    let scratch = Scratch::with_secret();
    let run = scratch.run(&["--write-baseline", "baseline.json"]).status(0);
    assert_eq!(run.out, "1 finding written to `baseline.json`\n");
    scratch.write("Dockerfile", &DOCKERFILE.replace("WORKDIR", "RUN true\n\nWORKDIR"));
    let run = scratch.run(&["--baseline", "baseline.json"]).status(0);
    assert!(run.out.contains("note: this is known: the baseline has it"), "{}", run.out);
    assert!(run.out.ends_with("1 finding (1 known) in 1 file: 1 can be fixed with `--fix`\n"), "{}", run.out);
    let run = scratch.run(&["--baseline", "baseline.json", "--only-new"]).status(0);
    assert_eq!(run.out, "no findings in 1 Dockerfile; 1 known\n");
}

#[test]
fn what_is_new_fails_and_alone_is_fixed() {
    let scratch = services();
    let options = ["--baseline", "baseline.json", "--only-new"];
    let run = scratch.run(&[&options[..], &["--quiet"]].concat()).status(1);
    assert!(run.out.starts_with("web/Dockerfile:4:5: ") && run.out.lines().count() == 1, "{}", run.out);
    scratch.commit();
    scratch.run(&[&options[..], &["--fix"]].concat()).status(0);
    assert!(scratch.read("web/Dockerfile").contains("--mount=type=secret"), "{}", scratch.read("web/Dockerfile"));
    assert_eq!((scratch.read("Dockerfile").as_str(), scratch.read("build.sh").as_str()), (DOCKERFILE, SCRIPT));
}

#[test]
fn the_other_forms_tell_what_is_known() {
    let scratch = services();
    let json = scratch.run(&["--baseline", "baseline.json", "--message-format", "json"]).status(1).out;
    let value: serde_json::Value = serde_json::from_str(&json).unwrap();
    let known: Vec<_> = value["findings"].as_array().unwrap().iter().map(|it| it["known"].clone()).collect();
    assert_eq!((known, &value["count"]["known"]), (vec![true.into(), false.into()], &1.into()));
    let sarif = scratch.run(&["--baseline", "baseline.json", "--message-format", "sarif"]).status(1).out;
    assert_eq!(sarif.matches("\"baselineState\": \"unchanged\"").count(), 1);
}

#[test]
fn what_was_repaired_can_go_from_the_baseline() {
    let scratch = Scratch::with_secret();
    scratch.run(&["--write-baseline", "baseline.json"]).status(0);
    scratch.commit();
    scratch.run(&["--fix"]).status(0);
    let run = scratch.run(&["--baseline", "baseline.json"]).status(0);
    assert_eq!(run.err, "notice: 1 finding of the baseline can go: `--write-baseline`\n");
}

#[test]
fn a_file_that_is_no_baseline_is_an_error() {
    let scratch = Scratch::with_secret();
    assert!(
        scratch
            .run(&["--baseline", "no.json"])
            .status(2)
            .err
            .starts_with("error: the baseline `no.json` can't be read\n")
    );
    scratch.write("a.json", "{}");
    assert!(scratch.run(&["--baseline", "a.json"]).status(2).err.starts_with("error: `a.json` is no baseline\n"));
    scratch.write("a.json", "{\"version\": 2, \"findings\": []}");
    assert!(scratch.run(&["--baseline", "a.json"]).status(2).err.contains("the form 2 of a baseline"));
}

#[test]
fn no_value_gets_into_a_baseline() {
    let scratch = Scratch::plain(&[("Dockerfile", "FROM a\nENV DB_PASSWORD=gh0st-writer\nCMD echo $DB_PASSWORD\n")]);
    scratch.run(&["--write-baseline", "baseline.json"]).status(0);
    let text = scratch.read("baseline.json");
    assert!(text.contains("\"DB_PASSWORD\"") && !text.contains("gh0st"), "{text}");
}

/// Whether something is found since the first commit, after `change`.
fn finds_after(change: impl Fn(&Scratch)) -> bool {
    let scratch = Scratch::with_author();
    scratch.git(&["branch", "base"]);
    scratch.write("docs/page.md", "old\n");
    scratch.commit();
    change(&scratch);
    let before_commit = scratch.run(&["--changed-since", "base", "--quiet"]);
    scratch.commit();
    let after_commit = scratch.run(&["--changed-since", "base", "--quiet"]);
    assert_eq!(before_commit.status, after_commit.status, "{}{}", before_commit.err, after_commit.err);
    after_commit.status == 1
}

#[test]
fn a_change_is_about_the_dockerfile_its_builds_and_what_it_copies() {
    assert!(!finds_after(|_| {}));
    assert!(!finds_after(|scratch| scratch.write("docs/page.md", "new\n")));
    assert!(finds_after(|scratch| scratch.write("Dockerfile", &format!("{DOCKERFILE}RUN true\n"))));
    assert!(finds_after(|scratch| scratch.write("build.sh", &format!("{SCRIPT}true\n"))));
    assert!(finds_after(|scratch| scratch.write(".npmrc", &format!("{NPMRC}fund=false\n"))));
    assert!(finds_after(|scratch| scratch.write("dfmigrate.toml", "ids = \"kebab\"\n")));
}

#[test]
fn a_change_of_the_branch_that_it_goes_to_is_none_of_it() {
    let scratch = Scratch::with_author();
    scratch.git(&["checkout", "-q", "-b", "work"]);
    scratch.write("docs/page.md", "new\n");
    scratch.commit();
    scratch.git(&["checkout", "-q", "-b", "base", "HEAD~1"]);
    scratch.write("build.sh", &format!("{SCRIPT}true\n"));
    scratch.commit();
    scratch.git(&["checkout", "-q", "work"]);
    scratch.run(&["--changed-since", "base"]).status(0);
}

#[test]
fn a_revision_that_is_not_there_is_an_error() {
    let run = Scratch::with_secret().run(&["--changed-since", "no-such"]).status(2);
    assert_eq!(run.err, "error: `no-such` names no commit of this repository\n");
}
