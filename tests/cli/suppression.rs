use crate::scratch::{DOCKERFILE, NPMRC, SCRIPT, Scratch};

/// The usual repository with another Dockerfile and script, not committed.
fn with(dockerfile: &str, script: &str) -> Scratch {
    Scratch::plain(&[("Dockerfile", dockerfile), (".npmrc", NPMRC), ("build.sh", script), ("package.json", "{}\n")])
}

fn above_the_argument(comment: &str) -> String {
    DOCKERFILE.replace("ARG NPM_TOKEN", &format!("{comment}\nARG NPM_TOKEN"))
}

const COMMENT: &str = "# dfmigrate: ignore[arg-secret] reason=\"read only, and public\"";
const CLEAN: &str = "no findings in 1 Dockerfile; 1 ignored by comments\n";

#[test]
fn a_comment_above_the_instruction_ignores_its_finding_and_is_counted() {
    let scratch = with(&above_the_argument(COMMENT), SCRIPT);
    let run = scratch.run(&[]).status(0);
    assert_eq!((run.out.as_str(), run.err.as_str()), (CLEAN, ""));
    assert_eq!(scratch.run(&["--diff", "--unsafe-fixes"]).status(0).out, "");
    scratch.run(&["--fix", "--unsafe-fixes", "--allow-no-vcs"]).status(0);
    assert_eq!(scratch.read("build.sh"), SCRIPT);
}

#[test]
fn only_the_named_codemod_and_instruction_are_ignored() {
    for dockerfile in [
        above_the_argument("# dfmigrate: ignore[env-secret]"),
        DOCKERFILE.replace("RUN npm ci", &format!("{COMMENT}\nRUN npm ci")),
        DOCKERFILE.replace("ARG NPM_TOKEN", &format!("ARG NPM_TOKEN {COMMENT}")),
        DOCKERFILE.replace("ARG NPM_TOKEN", "ARG NPM_TOKEN\n# dfmigrate: see the page about arg-secret"),
    ] {
        scratch_finds(&dockerfile);
    }
}

fn scratch_finds(dockerfile: &str) {
    let run = with(dockerfile, SCRIPT).run(&["--quiet"]).status(1);
    assert!(run.out.contains("[arg-secret]"), "{dockerfile}\n{}", run.out);
}

#[test]
fn a_comment_may_stand_between_the_lines_of_an_instruction() {
    let lines = "ENV REGION=eu \\\n    # dfmigrate: ignore[env-secret]\n    DB_PASSWORD=gh0st-writer \\\n    API_KEY=gh0st-reader";
    let dockerfile = format!("FROM node:22\n{lines}\nCMD [\"node\", \"a.js\"]\n");
    let run = with(&dockerfile, "").run(&["--quiet"]).status(1);
    assert!(run.out.contains("`API_KEY`") && !run.out.contains("DB_PASSWORD"), "{}", run.out);
}

#[test]
fn a_comment_in_a_file_that_builds_ignores_the_whole_finding() {
    let behind = SCRIPT.replace("-t app .", &format!("-t app . {COMMENT}"));
    let above = SCRIPT.replace("docker build", &format!("{COMMENT}\ndocker build"));
    for script in [&behind, &above] {
        let run = with(DOCKERFILE, script).run(&[]).status(0);
        assert_eq!(run.out, CLEAN, "{script}");
    }
    let elsewhere = SCRIPT.replace("set -eu", &format!("set -eu {COMMENT}"));
    let run = with(DOCKERFILE, &elsewhere).run(&[]).status(1);
    let notice = "notice: build.sh:2: nothing is found there by `arg-secret`: the comment can go\n";
    assert_eq!(run.err, notice);
}

#[test]
fn a_comment_above_a_step_holds_for_all_of_it() {
    let workflow = "on: push\njobs:\n  image:\n    runs-on: ubuntu-latest\n    steps:\n      - uses: actions/checkout@v4\n      \
                    # dfmigrate: ignore[arg-secret]\n      - uses: docker/build-push-action@v6\n        with:\n          \
                    build-args: |\n            NPM_TOKEN=${{ secrets.NPM_TOKEN }}\n";
    let scratch = with(DOCKERFILE, "");
    scratch.write(".github/workflows/image.yml", workflow);
    assert_eq!(scratch.run(&[]).status(0).out, CLEAN);
}

#[test]
fn a_file_can_be_ignored_as_a_whole() {
    let whole = COMMENT.replace("ignore", "ignore-file");
    assert_eq!(with(&format!("{DOCKERFILE}{whole}\n"), SCRIPT).run(&[]).status(0).out, CLEAN);
    assert_eq!(with(DOCKERFILE, &format!("{SCRIPT}{whole}\n")).run(&[]).status(0).out, CLEAN);
}

#[test]
fn a_comment_that_ignores_nothing_is_told_unless_nobody_looked() {
    let scratch = with(&format!("{DOCKERFILE}# dfmigrate: ignore[secret-logged]\nRUN true\n"), SCRIPT);
    let notice = "notice: Dockerfile:7: nothing is found there by `secret-logged`: the comment can go\n";
    assert_eq!(scratch.run(&[]).status(1).err, notice);
    assert_eq!(scratch.run(&["--select", "arg-secret"]).status(1).err, "");
    assert_eq!(scratch.run(&["--quiet"]).status(1).err, "");
    let github = scratch.run(&["--message-format", "github"]).status(1).out;
    assert!(github.contains("::notice file=Dockerfile,line=7,title=dfmigrate::nothing is found there"), "{github}");
}

#[test]
fn a_comment_ends_with_its_day() {
    let run = with(&above_the_argument("# dfmigrate: ignore[arg-secret] until=2020-01-31"), SCRIPT).run(&[]).status(1);
    let notice = "notice: Dockerfile:4: the comment held until 2020-01-31, so `arg-secret` is looked for again\n";
    assert_eq!(run.err, notice);
    let run = with(&above_the_argument("# dfmigrate: ignore[arg-secret] until=2999-01-31"), SCRIPT).run(&[]).status(0);
    assert_eq!((run.out.as_str(), run.err.as_str()), (CLEAN, ""));
}

#[test]
fn a_team_can_require_reasons() {
    let scratch = with(&above_the_argument("# dfmigrate: ignore[arg-secret]"), SCRIPT);
    scratch.run(&[]).status(0);
    scratch.write("dfmigrate.toml", "[suppressions]\nrequire-reason = true\n");
    let run = scratch.run(&[]).status(1);
    let notice = "notice: Dockerfile:4: the comment has no `reason=\"…\"`, which the settings require: `arg-secret` is \
                  looked for\n";
    assert_eq!(run.err, notice);
    scratch.write("Dockerfile", &above_the_argument(COMMENT));
    assert_eq!(scratch.run(&[]).status(0).err, "");
}

#[test]
fn a_mistake_stops_every_command_that_looks() {
    let scratch = with(&above_the_argument("# dfmigrate: ignore[arg-secert]"), SCRIPT);
    for arguments in [&[][..], &["--diff"], &["--fix", "--allow-no-vcs"], &["--message-format", "json"]] {
        let run = scratch.run(arguments).status(2);
        let message = "error: `Dockerfile` has a mistake in the comment in line 4: there is no codemod `arg-secert`; \
                       `arg-secret` was probably meant\n";
        assert_eq!(run.err, message, "{arguments:?}");
    }
}

#[test]
fn comments_do_not_count_where_the_repository_decides_nothing() {
    for comment in [COMMENT, "# dfmigrate: ignore[no-such]"] {
        let run = with(&above_the_argument(comment), SCRIPT).run(&["--isolated", "--quiet"]).status(1);
        assert!(run.out.contains("[arg-secret]"), "{}", run.out);
    }
}

#[test]
fn json_has_what_is_ignored_and_by_which_comment() {
    let scratch = with(&above_the_argument(COMMENT), SCRIPT);
    let run = scratch.run(&["--message-format", "json"]).status(0);
    let value: serde_json::Value = serde_json::from_str(&run.out).unwrap();
    assert_eq!(value["count"]["ignored"], 1);
    assert_eq!(value["ignored"][0]["codemod"], "arg-secret");
    let comment = &value["suppressions"][value["ignored"][0]["suppression"].as_u64().unwrap() as usize];
    assert_eq!(comment["reason"], "read only, and public");
    assert_eq!((&comment["place"]["span"]["start"]["line"], &comment["state"]), (&4.into(), &"holds".into()));
}
