#![cfg(unix)]

use crate::scratch::{DOCKERFILE, NPMRC, SCRIPT, Scratch};
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
    for arguments in [&[][..], &["--fix"], &["--diff"], &["flags"], &["config", "--show"]] {
        let run = scratch.run(arguments).status(2);
        let message = "error: `dfmigrate.toml` has a mistake in line 2: `muont` is no setting here; there are `id`, \
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

/// Two services of one repository, each with a secret and a script that builds it.
fn services() -> Scratch {
    let script = |name: &str| SCRIPT.replace("-t app .", name);
    Scratch::committed(&[
        ("api/Dockerfile", DOCKERFILE),
        ("api/.npmrc", NPMRC),
        ("api/package.json", "{}\n"),
        ("build-api.sh", &script("api")),
        ("web/Dockerfile", DOCKERFILE),
        ("web/.npmrc", NPMRC),
        ("web/package.json", "{}\n"),
        ("build-web.sh", &script("web")),
    ])
}

#[test]
fn a_build_of_what_is_no_dockerfile_is_a_mistake_and_one_that_is_said_is_edited() {
    let scratch = Scratch::committed(&[
        ("api/Dockerfile", DOCKERFILE),
        ("web/Dockerfile", DOCKERFILE),
        ("ci/build.sh", "#!/bin/sh\ndocker build --build-arg NPM_TOKEN \"$1\"\n"),
    ]);
    let run = scratch.run(&["--select", "arg-secret"]).status(1);
    assert!(run.out.contains("a line `\"ci/build.sh\" = \"…\"` below `[builds]` in dfmigrate.toml"), "{}", run.out);
    // A build of nobody's would keep its argument, and the fix of the Dockerfile would look safe.
    scratch.write("dfmigrate.toml", "[builds]\n\"no/such.sh\" = \"x\"\n\"ci/build.sh\" = \"api/Dockerfil\"\n");
    let run = scratch.run(&[]).status(2);
    assert_eq!(
        run.err,
        "error: `dfmigrate.toml` has a mistake in line 3: `ci/build.sh` can't build `api/Dockerfil`, which is no Dockerfile of \
         the repository; `api/Dockerfile` was probably meant\n"
    );
    scratch.write("dfmigrate.toml", "[builds]\n\"ci/build.sh\" = \"api/Dockerfile\"\n");
    scratch.commit();
    scratch.run(&["--fix", "--unsafe-fixes", "api"]);
    assert!(
        scratch.read("ci/build.sh").contains("--secret id=npm_token,env=NPM_TOKEN"),
        "{}",
        scratch.read("ci/build.sh")
    );
}

#[test]
fn a_file_in_a_folder_decides_for_what_is_below_it() {
    let scratch = services();
    scratch.write("dfmigrate.toml", "ids = \"kebab\"\nmount = \"file\"\n[paths.\"web/\"]\nmount = \"env\"\n");
    scratch.write("api/dfmigrate.toml", "ids = \"same\"\n");
    scratch.commit();
    scratch.run(&["--fix"]).status(0);
    assert!(
        scratch.read("api/Dockerfile").contains("RUN --mount=type=secret,id=NPM_TOKEN "),
        "{}",
        scratch.read("api/Dockerfile")
    );
    assert!(
        scratch.read("api/Dockerfile").contains("$(cat /run/secrets/NPM_TOKEN)"),
        "{}",
        scratch.read("api/Dockerfile")
    );
    assert!(scratch.read("web/Dockerfile").contains("RUN --mount=type=secret,id=npm-token,env=NPM_TOKEN npm ci"));
    assert!(scratch.read("build-api.sh").contains("--secret id=NPM_TOKEN,env=NPM_TOKEN"));
    assert!(scratch.read("build-web.sh").contains("--secret id=npm-token,env=NPM_TOKEN"));
}

#[test]
fn an_organisation_decides_and_a_repository_decides_otherwise_unless_it_is_isolated() {
    let scratch = Scratch::with_secret();
    let organisation = Scratch::plain(&[
        ("dfmigrate.toml", "extends = \"base.toml\"\n[names]\nsecret = [\"ACME_*\"]\n"),
        ("base.toml", "ids = \"kebab\"\n"),
    ]);
    let file = organisation.path("dfmigrate.toml").to_str().unwrap().to_owned();
    let patch = |options: &[&str]| scratch.run(&[&["--diff", "--config", &file][..], options].concat()).out;
    assert!(patch(&[]).contains("--secret id=npm-token,env=NPM_TOKEN"), "{}", patch(&[]));
    let by_variable = scratch.command(&["--diff"]).env("DFMIGRATE_CONFIG", &file).output().unwrap();
    assert_eq!(String::from_utf8(by_variable.stdout).unwrap(), patch(&[]));
    scratch.write("dfmigrate.toml", "ids = \"same\"\n");
    assert!(patch(&[]).contains("--secret id=NPM_TOKEN,env=NPM_TOKEN"), "{}", patch(&[]));
    assert!(patch(&["--isolated"]).contains("--secret id=npm-token,env=NPM_TOKEN"));
    // A repository can't switch off what is checked in isolation, not even with a mistake.
    scratch.write("dfmigrate.toml", "[codemods]\nignore = [\"arg-secret\"]\n[dockerfiles]\nexclude = [\"*\"]\n");
    scratch.run(&[]).status(0);
    scratch.run(&["--isolated"]).status(1);
    scratch.run(&["--isolated", "--config", &file]).status(1);
    scratch.write("dfmigrate.toml", "[codemods\n");
    scratch.run(&["--isolated"]).status(1);
    scratch.run(&[]).status(2);
    let absent = scratch.run(&["--config", "absent.toml"]).status(2);
    assert!(absent.err.starts_with("error: `absent.toml` can't be read: "), "{}", absent.err);
}

#[test]
fn a_repository_extends_its_own_files_only() {
    let scratch = Scratch::with_secret();
    let outside = Scratch::plain(&[("base.toml", "ids = \"kebab\"\n")]);
    scratch.write("tools/base.toml", "ids = \"kebab\"\n");
    scratch.write("dfmigrate.toml", "extends = \"tools/base.toml\"\n");
    assert!(scratch.run(&["--diff"]).status(0).out.contains("--secret id=npm-token,"));
    std::os::unix::fs::symlink(outside.path("base.toml"), scratch.path("link.toml")).unwrap();
    let absolute = outside.path("base.toml").to_str().unwrap().to_owned();
    for path in ["../base.toml", "link.toml", &absolute] {
        scratch.write("dfmigrate.toml", &format!("\nextends = \"{path}\"\n"));
        let run = scratch.run(&[]).status(2);
        assert!(run.err.starts_with("error: `dfmigrate.toml` has a mistake in line 2: "), "{}", run.err);
        assert!(run.err.contains("is not in this repository; a file outside is given by `--config`"), "{}", run.err);
    }
}

#[test]
fn names_of_secrets_are_added_and_taken_out() {
    let scratch = Scratch::committed(&[
        (
            "Dockerfile",
            "FROM x\nARG ACME_SESAME\nRUN echo \"$ACME_SESAME\" | fetch\nARG DEPLOY_TOKEN=3\nRUN deploy $DEPLOY_TOKEN\n",
        ),
        ("a/Dockerfile", "FROM x\nENV ACME_SESAME=kn0ck-kn0ck-77\nRUN ACME_SESAME=kn0ck-kn0ck-78 fetch\n"),
    ]);
    let found = |options: &[&str]| scratch.run(&[&["--quiet"][..], options].concat()).out;
    assert!(!found(&[]).contains("ACME_SESAME") && found(&[]).contains("DEPLOY_TOKEN"), "{}", found(&[]));
    scratch.write("dfmigrate.toml", "[names]\nsecret = [\"acme_*\"]\nignore = [\"DEPLOY_TOKEN\"]\n");
    let all = found(&[]);
    assert!(
        all.contains("Dockerfile:2:5") && all.contains("a/Dockerfile:2:5") && !all.contains("DEPLOY_TOKEN"),
        "{all}"
    );
    assert!(all.contains("literal-credential"), "{all}");
    let shown = scratch.run(&[]).out + &scratch.run(&["--message-format", "json"]).out;
    assert!(shown.contains("ACME_SESAME") && !shown.contains("kn0ck"), "{shown}");
}

#[test]
fn files_are_what_somebody_says_they_are() {
    let scratch = Scratch::committed(&[
        ("images/app.df", DOCKERFILE),
        ("images/.npmrc", NPMRC),
        ("vendor/Dockerfile", DOCKERFILE),
        ("ci/image.yml", "app:\n  script:\n    - docker build -f images/app.df --build-arg NPM_TOKEN images\n"),
        ("docs/old.sh", "docker build -f images/app.df --build-arg NPM_TOKEN=$1 images\n"),
    ]);
    assert!(scratch.run(&["--quiet"]).out.contains("vendor/Dockerfile:4:5"));
    scratch.write(
        "dfmigrate.toml",
        "[dockerfiles]\ninclude = [\"*.df\"]\nexclude = [\"vendor/\"]\n[callers]\nexclude = [\"docs/\"]\n\
         [callers.include]\n\"ci/*.yml\" = \"gitlab\"\n",
    );
    let found = scratch.run(&["--quiet"]).status(1).out;
    assert!(found.contains("images/app.df:4:5") && !found.contains("vendor"), "{found}");
    scratch.run(&["--fix", "--allow-dirty"]).status(0);
    assert!(
        scratch.read("ci/image.yml").contains("--secret id=npm_token,env=NPM_TOKEN"),
        "{}",
        scratch.read("ci/image.yml")
    );
    assert!(scratch.read("docs/old.sh").contains("--build-arg NPM_TOKEN=$1"));
}

#[test]
fn codemods_are_selected_for_paths_and_the_command_line_counts_more() {
    let scratch = services();
    scratch.write("dfmigrate.toml", "[paths.\"web/\".codemods]\nignore = [\"arg-secret\"]\n");
    let found = |options: &[&str]| scratch.run(&[&["--quiet"][..], options].concat()).out;
    assert!(found(&[]).contains("api/Dockerfile") && !found(&[]).contains("web/Dockerfile"), "{}", found(&[]));
    assert!(found(&["--select", "arg-secret"]).contains("web/Dockerfile"));
    assert_eq!(found(&["--ignore", "arg-secret"]), "");
}

#[test]
fn a_word_that_names_nothing_is_an_error_with_its_line() {
    let scratch = Scratch::with_secret();
    for (text, message) in [
        (
            "[codemods]\nignore = [\"arg-secrets\"]\n",
            "line 2: there is no codemod `arg-secrets`; `arg-secret` was probably meant\n",
        ),
        ("[callers.include]\n\"x\" = \"gitlap\"\n", "; `gitlab` was probably meant\n"),
    ] {
        scratch.write("dfmigrate.toml", text);
        let run = scratch.run(&[]).status(2);
        assert!(
            run.err.starts_with("error: `dfmigrate.toml` has a mistake in line ") && run.err.contains(message),
            "{}",
            run.err
        );
    }
}

#[test]
fn the_settings_are_shown_with_who_decided_them() {
    let scratch = services();
    scratch.write("dfmigrate.toml", "mount = \"file\"\n");
    scratch.write("api/dfmigrate.toml", "\nids = \"same\"\n");
    let shown = |path: &str| scratch.run(&["config", "--show", path]).status(0).out;
    assert_eq!(
        shown("api/Dockerfile"),
        "# From these files; the later one counts more:\n#   dfmigrate.toml\n#   api/dfmigrate.toml\n\n\
         cache-key = false                         # default\n\
         ids = \"same\"                              # api/dfmigrate.toml:2\n\
         mount = \"file\"                            # dfmigrate.toml:1\n"
    );
    assert_eq!(shown("api"), shown("api/Dockerfile"));
    assert!(shown(".").contains("ids = \"lower-snake\"                       # default\n"), "{}", shown("."));
}
