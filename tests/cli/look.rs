use crate::scratch::{DOCKERFILE, NPMRC, Scratch};

#[test]
fn without_options_findings_are_reported_and_nothing_changes() {
    let scratch = Scratch::with_secret();
    let run = scratch.run(&[]).status(1);
    assert!(run.out.contains("[arg-secret]: ") && run.out.contains("--> Dockerfile:4:5"), "{}", run.out);
    assert!(run.out.ends_with("1 finding in 1 file: 1 can be fixed with `--fix`\n"), "{}", run.out);
    assert_eq!((run.err.as_str(), scratch.git(&["status", "--porcelain"]).as_str()), ("", ""));
}

#[test]
fn where_nothing_is_found_the_status_is_0() {
    let scratch = Scratch::committed(&[("Dockerfile", "FROM scratch\n")]);
    assert_eq!(scratch.run(&[]).status(0).out, "no findings in 1 Dockerfile\n");
    assert_eq!(Scratch::plain(&[]).run(&[]).status(0).out, "no Dockerfiles found\n");
}

#[test]
fn a_dockerfile_that_buildkit_refuses_is_named_where_nothing_is_found_in_it() {
    let scratch = Scratch::committed(&[("Dockerfile", "FROM scratch\n=\nENV NPM_TOKEN $NPM_TOKEN\n")]);
    let run = scratch.run(&[]).status(0);
    assert_eq!(run.err, "notice: `Dockerfile` is left alone: BuildKit refuses line 2: '=' is not an instruction\n");
    scratch.write("Dockerfile", "FROM scratch\n=\nARG NPM_TOKEN\nRUN npm ci\n");
    assert_eq!(scratch.run(&[]).status(1).err, "");
}

#[test]
fn a_path_limits_the_findings_but_not_the_files_that_build_them() {
    let scratch = Scratch::with_secret();
    scratch.write("other/Dockerfile", DOCKERFILE);
    let run = scratch.run(&["other"]).status(1);
    assert!(run.out.contains("--> other/Dockerfile:4:5") && !run.out.contains("--> Dockerfile"), "{}", run.out);
    assert!(scratch.run(&["--quiet", "Dockerfile", "other"]).out.lines().count() == 2);
}

#[test]
fn what_does_not_exist_is_a_failure() {
    let run = Scratch::plain(&[]).run(&["absent"]).status(2);
    assert!(run.err.starts_with("error: `absent` can't be read: "), "{}", run.err);
}

#[test]
fn codemods_are_selected_and_ignored_by_their_ids() {
    let scratch = Scratch::with_secret();
    scratch.run(&["--ignore", "arg-secret"]).status(0);
    scratch.run(&["--select", "arg-secret,env-secret"]).status(1);
    let run = scratch.run(&["--select", "arg-secrets"]).status(2);
    assert_eq!(
        run.err,
        "error: there is no codemod `arg-secrets`\nhelp: a codemod with a similar id is `arg-secret`\n"
    );
}

#[test]
fn codemods_are_listed_and_explained() {
    let scratch = Scratch::plain(&[]);
    let list = scratch.run(&["codemods"]).status(0).out;
    for line in list.lines() {
        let id = line.split_whitespace().next().unwrap();
        assert!(scratch.run(&["explain", id]).status(0).out.starts_with(&format!("# {id}\n")), "{id}");
    }
    assert!(list.contains("arg-secret"));
    scratch.run(&["explain", "zzz"]).status(2);
}

#[test]
fn flags_prints_the_line_that_builds_each_dockerfile() {
    let scratch = Scratch::committed(&[
        ("Dockerfile", "FROM x\nRUN --mount=type=secret,id=npm,env=NPM_TOKEN npm ci\nRUN --mount=type=ssh git fetch\n"),
        ("api/prod.Dockerfile", "FROM x\nRUN --mount=type=secret,id=key make\n"),
    ]);
    let run = scratch.run(&["flags"]).status(0);
    assert_eq!(
        run.out,
        "docker build --secret id=npm,env=NPM_TOKEN --ssh default .\n\
         docker build --secret id=key,env=KEY -f api/prod.Dockerfile api\n"
    );
    assert_eq!(scratch.run(&["flags", "api"]).out.lines().count(), 1);
}

#[test]
fn help_and_usage_errors_go_where_they_belong() {
    let scratch = Scratch::plain(&[]);
    assert!(scratch.run(&["--help"]).status(0).out.contains("Exit status:"));
    assert!(scratch.run(&["--nonsense"]).status(2).err.starts_with("error: "));
    assert!(scratch.run(&["--fix", "--diff"]).status(2).err.starts_with("error: "));
    assert!(scratch.run(&["--allow-dirty"]).status(2).err.contains("--fix"));
}

#[test]
fn colours_are_for_terminals_unless_they_are_asked_for() {
    let scratch = Scratch::with_secret();
    assert!(!scratch.run(&[]).out.contains('\u{1b}'));
    assert!(scratch.run(&["--color", "always"]).out.contains('\u{1b}'));
    let forced = scratch.command(&[]).env("CLICOLOR_FORCE", "1").output().unwrap();
    assert!(forced.stdout.contains(&0x1b));
    let never = scratch.command(&[]).env("CLICOLOR_FORCE", "1").env("NO_COLOR", "1").output().unwrap();
    assert!(!never.stdout.contains(&0x1b));
}

#[test]
fn a_proof_without_an_engine_says_so_and_changes_nothing() {
    let scratch = Scratch::with_secret();
    let nowhere = "unix:///nowhere/docker.sock";
    let output = scratch.command(&["verify", "--build"]).env("DOCKER_HOST", nowhere).output().unwrap();
    let err = String::from_utf8(output.stderr).unwrap();
    assert_eq!(output.status.code(), Some(2), "{err}");
    assert!(err.contains("no Docker Engine answers") || err.contains("`docker` is not there"), "{err}");
    assert_eq!(scratch.read("Dockerfile"), DOCKERFILE);
}

#[test]
fn a_proof_needs_no_engine_where_nothing_is_secret() {
    let scratch = Scratch::committed(&[("Dockerfile", "FROM scratch\n")]);
    let run = scratch.run(&["verify", "--build"]).status(0);
    assert_eq!(run.out, "0 builds; 1 Dockerfile without secrets not built\n");
    let wrong = scratch.run(&["verify", "--build", "--base", "node"]).status(2);
    assert!(wrong.err.contains("IMAGE=LOCAL"), "{}", wrong.err);
}

#[test]
fn what_builds_a_folder_from_elsewhere_counts_for_it() {
    let deploy = "import os\n\nfor folder in os.listdir('.'):\n    \
                  os.system(f'docker build --build-arg NPM_TOKEN={token} {folder}')\n";
    let scratch = Scratch::committed(&[
        ("app/Dockerfile", DOCKERFILE),
        ("app/.npmrc", NPMRC),
        ("app/package.json", "{}\n"),
        ("tools/deploy.py", deploy),
    ]);
    let run = scratch.run(&["app"]).status(1);
    assert!(run.out.contains("tools/deploy.py"), "{}", run.out);
    assert_eq!(scratch.run(&["--diff", "--unsafe-fixes", "app"]).out, "");
    scratch.write("dfmigrate.toml", "[callers]\nexclude = [\"tools/\"]\n");
    let patch = scratch.run(&["--diff", "--unsafe-fixes", "app"]).out;
    assert!(patch.contains("+++ b/app/Dockerfile\n"), "{patch}");
}
