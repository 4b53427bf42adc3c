use std::fs;

use crate::scratch::{DOCKERFILE, NPMRC, SCRIPT, Scratch};

#[test]
fn a_fix_changes_the_dockerfile_and_its_caller_and_a_second_run_nothing() {
    let scratch = Scratch::with_secret();
    let run = scratch.run(&["--fix"]).status(0);
    assert!(run.out.contains("fixed 1 finding in 2 files:"), "{}", run.out);
    assert!(run.out.contains("\nbuild with:\n  docker build --secret "), "{}", run.out);
    assert!(scratch.read("Dockerfile").contains("RUN --mount=type=secret,"), "{}", scratch.read("Dockerfile"));
    assert!(!scratch.read("Dockerfile").contains("ARG NPM_TOKEN"));
    assert!(scratch.read("build.sh").contains("--secret "), "{}", scratch.read("build.sh"));
    let changed = scratch.git(&["status", "--porcelain"]);
    assert_eq!(changed, " M Dockerfile\n M build.sh\n");
    scratch.commit();
    assert!(scratch.run(&["--fix"]).status(0).out.contains("nothing to fix"));
    assert_eq!(scratch.git(&["status", "--porcelain"]), "");
}

#[test]
fn the_patch_does_what_the_fix_does() {
    for (newline, end) in [("\n", true), ("\r\n", true), ("\n", false)] {
        let scratch = Scratch::with_secret();
        for (path, text) in [("Dockerfile", DOCKERFILE), (".npmrc", NPMRC)] {
            let text = text.replace('\n', newline);
            scratch.write(path, if end { &text } else { text.trim_end() });
        }
        scratch.commit();
        let patch = scratch.command(&["--diff"]).output().unwrap();
        assert_eq!(patch.status.code(), Some(0));
        assert!(String::from_utf8_lossy(&patch.stderr).contains("1 finding in 1 file"));
        let file = tempfile::NamedTempFile::new().unwrap();
        fs::write(file.path(), &patch.stdout).unwrap();
        scratch.git(&["apply", "--check", file.path().to_str().unwrap()]);
        scratch.git(&["apply", file.path().to_str().unwrap()]);
        let applied = ["Dockerfile", "build.sh"].map(|path| scratch.read(path));
        scratch.git(&["checkout", "-q", "."]);
        scratch.run(&["--fix"]).status(0);
        assert_eq!(["Dockerfile", "build.sh"].map(|path| scratch.read(path)), applied);
        scratch.commit();
        assert_eq!(scratch.run(&["--diff"]).status(0).out, "");
    }
}

#[test]
fn work_in_progress_is_listed_and_left_alone() {
    let scratch = Scratch::with_secret();
    scratch.write("README", "x\n");
    scratch.commit();
    scratch.write("README", "y\n");
    scratch.write("build.sh", &format!("{SCRIPT}# z\n"));
    scratch.git(&["add", "build.sh"]);
    let run = scratch.run(&["--fix"]).status(2);
    assert_eq!(
        run.err,
        "error: the working directory has changes that are not committed, which a fix would mix with its own:\n  \
         * README (dirty)\n  * build.sh (staged)\n\
         help: commit them first, or pass `--allow-dirty` and `--allow-staged` to fix anyway\n"
    );
    assert_eq!(scratch.read("Dockerfile"), DOCKERFILE);
    scratch.run(&["--fix", "--allow-dirty"]).status(2);
    scratch.run(&["--fix", "--allow-dirty", "--allow-staged"]).status(0);
}

#[test]
fn a_file_that_git_could_not_bring_back_is_not_changed() {
    let scratch = Scratch::committed(&[("README", "x\n")]);
    scratch.write("Dockerfile", DOCKERFILE);
    scratch.write("build.sh", SCRIPT);
    let run = scratch.run(&["--fix"]).status(2);
    assert!(run.err.contains("* Dockerfile (not tracked)"), "{}", run.err);
}

#[test]
fn without_version_control_it_takes_a_flag() {
    let scratch = Scratch::plain(&[("Dockerfile", DOCKERFILE), (".npmrc", NPMRC), ("build.sh", SCRIPT)]);
    let run = scratch.run(&["--fix"]).status(2);
    assert!(run.err.ends_with("help: to fix anyway, pass `--allow-no-vcs`\n"), "{}", run.err);
    scratch.run(&["--fix", "--allow-no-vcs"]).status(0);
    let mut names: Vec<_> = fs::read_dir(scratch.root()).unwrap().map(|entry| entry.unwrap().file_name()).collect();
    names.sort();
    assert_eq!(names, [".npmrc", "Dockerfile", "build.sh"]);
}

#[test]
fn unsafe_fixes_are_made_only_on_request() {
    let dockerfile = "FROM node:22\nARG NPM_TOKEN=kn0ck-kn0ck\nRUN npm ci\n";
    let scratch = Scratch::committed(&[("Dockerfile", dockerfile)]);
    assert!(scratch.run(&[]).status(1).out.contains("assuming that "));
    assert!(scratch.run(&["--fix"]).status(1).out.contains("`--unsafe-fixes`"));
    assert_eq!(scratch.read("Dockerfile"), dockerfile);
    let run = scratch.run(&["--fix", "--unsafe-fixes"]).status(0);
    assert!(run.out.contains("to be done by a person:\n") && run.out.contains("rotate `NPM_TOKEN`"), "{}", run.out);
    assert!(!scratch.read("Dockerfile").contains("ARG"));
}

#[test]
fn a_run_in_a_linked_work_tree_and_below_the_root_finds_its_repository() {
    let scratch = Scratch::with_secret();
    let other = tempfile::tempdir().unwrap();
    let tree = other.path().join("tree");
    scratch.git(&["worktree", "add", "-q", "--detach", tree.to_str().unwrap()]);
    fs::create_dir(tree.join("sub")).unwrap();
    let output = scratch.command(&["--fix", ".."]).current_dir(tree.join("sub")).output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    assert!(fs::read_to_string(tree.join("Dockerfile")).unwrap().contains("--mount=type=secret"));
    assert_eq!(scratch.read("Dockerfile"), DOCKERFILE);
}

#[test]
fn a_path_limits_what_is_fixed() {
    let scratch = Scratch::with_secret();
    scratch.write("other/Dockerfile", "FROM node:22\nARG NPM_TOKEN=kn0ck-kn0ck\nRUN npm ci\n");
    scratch.commit();
    let run = scratch.run(&["--fix", "--unsafe-fixes", "other"]);
    assert_eq!(scratch.read("Dockerfile"), DOCKERFILE, "{}", run.out);
}

#[test]
fn what_only_has_the_name_of_what_was_repaired_is_not_told_as_repaired() {
    let value = "k3pt-hidden";
    let text = format!("FROM node:22\nARG DB_PASSWORD={value}\nENV DB_PASSWORD={value}\n");
    let scratch = Scratch::committed(&[("Dockerfile", &text)]);
    let run = scratch.run(&["--fix", "--unsafe-fixes"]).status(1);
    assert_eq!(scratch.read("Dockerfile"), format!("FROM node:22\nENV DB_PASSWORD={value}\n"));
    assert!(run.out.contains("fixed 1 finding in 1 file"), "{}", run.out);
}
