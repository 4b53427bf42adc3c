#![cfg(unix)]

use std::fs;

use crate::scratch::{DOCKERFILE, NPMRC, SCRIPT, Scratch};

const FIX: [&str; 2] = ["--fix", "--commit"];

/// That a run changed nothing: no file, no commit, no branch.
fn assert_untouched(scratch: &Scratch, commits: usize) {
    assert_eq!((scratch.count(), scratch.git(&["status", "--porcelain"]).as_str()), (commits, ""));
    assert_eq!(scratch.read("Dockerfile"), DOCKERFILE);
    assert_eq!(scratch.git(&["for-each-ref", "refs/heads"]).lines().count(), 1);
}

#[test]
fn a_fix_is_committed_with_its_files_and_a_message() {
    let scratch = Scratch::with_author();
    let run = scratch.run(&FIX).status(0);
    assert!(run.out.contains("\ncommitted to `"), "{}", run.out);
    assert_eq!(scratch.git(&["status", "--porcelain"]), "");
    assert_eq!(scratch.git(&["show", "--format=", "--name-only"]), "Dockerfile\nbuild.sh\n");
    assert_eq!(scratch.git(&["log", "-1", "--format=%an %ae"]), "Ada ada@example.com\n");
    let message = scratch.git(&["log", "-1", "--format=%B"]);
    assert!(
        message.starts_with("fix: hand secrets to Docker builds as mounts (arg-secret)\n\n- Dockerfile, NPM_TOKEN: ")
    );
    assert!(message.lines().all(|line| line.len() <= 72), "{message}");
    let trailers = scratch.git(&["log", "-1", "--format=%(trailers:only,unfold)"]);
    assert!(trailers.starts_with("Dfmigrate-Codemod: arg-secret\nDfmigrate-Change: "), "{message}");
    let again = scratch.run(&FIX).status(0);
    assert!(!again.out.contains("committed"), "{}", again.out);
    assert_eq!(scratch.count(), 2);
}

#[test]
fn what_is_committed_is_what_the_patch_says() {
    let (one, two) = (Scratch::with_author(), Scratch::with_author());
    one.run(&FIX).status(0);
    let patch = two.command(&["--diff"]).output().unwrap();
    fs::write(two.path("p"), &patch.stdout).unwrap();
    two.git(&["apply", "--index", "p"]);
    assert_eq!(one.git(&["rev-parse", "HEAD^{tree}"]), two.git(&["write-tree"]));
}

#[test]
fn one_commit_a_codemod_adds_up_to_one_commit_in_all() {
    let dockerfile = format!("{DOCKERFILE}ENV API_TOKEN=kn0ck-kn0ck\nRUN fetch $API_TOKEN\n");
    let make = || {
        let scratch = Scratch::committed(&[
            ("Dockerfile", &dockerfile),
            (".npmrc", NPMRC),
            ("build.sh", SCRIPT),
            ("package.json", "{}\n"),
        ]);
        scratch.author();
        scratch
    };
    let (each, all) = (make(), make());
    let run = each.run(&["--fix", "--unsafe-fixes", "--commit=each"]);
    assert_eq!(each.count(), 3, "{}{}", run.out, run.err);
    all.run(&["--fix", "--unsafe-fixes", "--commit=all"]);
    assert_eq!(all.count(), 2);
    assert_eq!(each.git(&["rev-parse", "HEAD^{tree}"]), all.git(&["rev-parse", "HEAD^{tree}"]));
    let subjects = each.git(&["log", "-2", "--format=%s"]);
    assert!(subjects.contains("(arg-secret)") && subjects.contains("(env-secret)"), "{subjects}");
}

#[test]
fn what_the_user_staged_and_changed_stays_as_it_is() {
    let scratch = Scratch::with_author();
    scratch.write("README", "1\n");
    scratch.write("notes", "1\n");
    scratch.commit();
    scratch.write("README", "2\n");
    scratch.git(&["add", "README"]);
    scratch.write("notes", "2\n");
    scratch.run(&FIX).status(2);
    scratch.run(&["--fix", "--commit", "--allow-dirty", "--allow-staged"]).status(0);
    assert_eq!(scratch.git(&["status", "--porcelain"]), "M  README\n M notes\n");
    assert_eq!(scratch.git(&["show", "--format=", "--name-only"]), "Dockerfile\nbuild.sh\n");
}

#[test]
fn a_file_of_the_fix_with_changes_of_the_user_is_not_committed() {
    let scratch = Scratch::with_author();
    scratch.write("build.sh", &format!("{SCRIPT}# mine\n"));
    let run = scratch.run(&["--fix", "--commit", "--allow-dirty"]).status(2);
    assert!(run.err.contains("* build.sh has changes that are not committed"), "{}", run.err);
    scratch.git(&["add", "build.sh"]);
    let run = scratch.run(&["--fix", "--commit", "--allow-staged"]).status(2);
    assert!(run.err.contains("* build.sh has staged changes"), "{}", run.err);
    assert_eq!(scratch.read("Dockerfile"), DOCKERFILE);
    let scratch = Scratch::with_author();
    scratch.git(&["update-index", "--assume-unchanged", "build.sh"]);
    let run = scratch.run(&FIX).status(2);
    assert!(run.err.contains("* build.sh is marked as not to be looked at"), "{}", run.err);
    assert_untouched(&scratch, 1);
}

#[test]
fn a_hook_that_refuses_leaves_everything_as_it_was() {
    for name in ["pre-commit", "commit-msg"] {
        let scratch = Scratch::with_author();
        scratch.hook(name, "echo 'the checks failed'; exit 1");
        let run = scratch.run(&FIX).status(2);
        assert!(run.err.contains("git refused the commit; the files are again what they were:"), "{}", run.err);
        assert!(run.err.contains("the checks failed") && run.err.contains("--no-verify"), "{}", run.err);
        assert_untouched(&scratch, 1);
        scratch.run(&["--fix", "--commit", "--no-verify"]).status(0);
        assert_eq!(scratch.count(), 2);
    }
}

#[test]
fn a_hook_that_changes_files_and_refuses_is_told_where_they_stand() {
    let scratch = Scratch::with_author();
    scratch.hook("pre-commit", "echo '# formatted' >> build.sh; exit 1");
    let run = scratch.run(&FIX).status(2);
    assert!(run.err.contains("the fix is in the work tree and not committed (Dockerfile, build.sh)"), "{}", run.err);
    assert!(scratch.read("build.sh").ends_with("# formatted\n") && scratch.count() == 1);
}

#[test]
fn a_hook_that_changes_the_commit_is_told_and_the_commit_is_not_own() {
    let scratch = Scratch::with_author();
    scratch.hook("pre-commit", "echo '# formatted' >> build.sh; git add build.sh");
    let run = scratch.run(&FIX).status(0);
    assert!(run.err.contains("notice: a hook changed what was committed (build.sh)"), "{}", run.err);
    assert_eq!(scratch.git(&["status", "--porcelain"]), "");
    scratch.git(&["switch", "-q", "-c", "fix"]);
    scratch.git(&["switch", "-q", "--detach", "HEAD~1"]);
    let run = scratch.run(&["--fix", "--commit", "--branch", "fix"]).status(2);
    assert!(run.err.contains("the branch `fix` has work of somebody else"), "{}", run.err);
}

#[test]
fn a_hook_that_changes_the_commit_beside_staged_work_leaves_no_change_of_its_own_staged() {
    let scratch = Scratch::with_author();
    scratch.write("README", "1\n");
    scratch.git(&["add", "README"]);
    scratch.hook("pre-commit", "echo '# formatted' >> build.sh; git add build.sh");
    scratch.run(&["--fix", "--commit", "--allow-staged"]).status(0);
    assert_eq!(scratch.git(&["status", "--porcelain"]), "A  README\n");
    assert!(scratch.git(&["show", "HEAD:build.sh"]).ends_with("# formatted\n"));
}

#[test]
fn nothing_is_committed_where_git_is_in_the_middle_of_something() {
    let scratch = Scratch::with_author();
    scratch.git(&["switch", "-q", "--detach"]);
    let run = scratch.run(&FIX).status(2);
    assert!(run.err.contains("no branch is checked out") && run.err.contains("`--allow-detached`"), "{}", run.err);
    fs::write(scratch.path(".git/index.lock"), "").unwrap();
    let run = scratch.run(&["--fix", "--commit", "--allow-detached"]).status(2);
    assert!(run.err.contains("index.lock` exists"), "{}", run.err);
    fs::remove_file(scratch.path(".git/index.lock")).unwrap();
    fs::write(scratch.path(".git/MERGE_HEAD"), scratch.git(&["rev-parse", "HEAD"])).unwrap();
    let run = scratch.run(&["--fix", "--commit", "--allow-detached"]).status(2);
    assert!(run.err.contains("a merge is going on"), "{}", run.err);
    fs::remove_file(scratch.path(".git/MERGE_HEAD")).unwrap();
    scratch.git(&["bisect", "start"]);
    assert!(scratch.run(&["--fix", "--commit", "--allow-detached"]).status(2).err.contains("a bisect is going on"));
    scratch.git(&["bisect", "reset"]);
    assert_untouched(&scratch, 1);
    scratch.run(&["--fix", "--commit", "--allow-detached"]).status(0);
    assert_eq!(scratch.count(), 2);
}

#[test]
fn without_a_commit_an_author_or_a_repository_nothing_is_committed() {
    let empty = Scratch::plain(&[("Dockerfile", DOCKERFILE)]);
    assert!(empty.run(&["--fix", "--commit", "--allow-no-vcs"]).status(2).err.contains("is in no git repository"));
    empty.git(&["init", "-q", "-b", "main"]);
    assert!(empty.run(&FIX).status(2).err.contains("there is no commit on `main` yet"));
    let scratch = Scratch::with_secret();
    scratch.git(&["config", "user.useConfigOnly", "true"]);
    assert!(scratch.run(&FIX).status(2).err.contains("git does not know who commits"));
    assert_untouched(&scratch, 1);
}

#[test]
fn line_endings_are_committed_as_the_attributes_say() {
    let crlf = |text: &str| text.replace('\n', "\r\n");
    for (attributes, autocrlf) in [("* text=auto eol=crlf\n", "false"), ("", "true"), ("", "input"), ("", "false")] {
        let scratch = Scratch::plain(&[]);
        scratch.git(&["init", "-q"]);
        scratch.author();
        scratch.git(&["config", "core.autocrlf", autocrlf]);
        if !attributes.is_empty() {
            scratch.write(".gitattributes", attributes);
        }
        let ending: &dyn Fn(&str) -> String = if autocrlf == "input" { &|text| text.to_owned() } else { &crlf };
        for (path, text) in [("Dockerfile", DOCKERFILE), (".npmrc", NPMRC), ("build.sh", SCRIPT)] {
            scratch.write(path, &ending(text));
        }
        scratch.commit();
        scratch.run(&FIX).status(0);
        assert_eq!(scratch.git(&["status", "--porcelain"]), "", "{attributes} {autocrlf}");
        let changed = scratch.git(&["show", "--format=", "--numstat", "--", "build.sh"]);
        assert_eq!(changed, "1\t1\tbuild.sh\n", "{attributes} {autocrlf}");
    }
}

#[test]
fn a_file_whose_other_lines_an_attribute_would_rewrite_is_not_committed() {
    let scratch = Scratch::with_author();
    let text = SCRIPT.replace('\n', "\r\n");
    scratch.write("build.sh", &text);
    scratch.commit();
    // From now on git wants line feeds, and what is there still has `\r\n`.
    scratch.write(".gitattributes", "*.sh text\n");
    scratch.git(&["add", ".gitattributes"]);
    scratch.git(&["commit", "-q", "-m", "x"]);
    let run = scratch.run(&["--fix", "--commit", "--allow-dirty"]).status(2);
    assert!(run.err.contains("* build.sh "), "{}", run.err);
    assert_eq!((scratch.read("Dockerfile").as_str(), scratch.read("build.sh")), (DOCKERFILE, text));
    assert_eq!(scratch.count(), 3);
}

#[test]
fn a_signed_commit_is_signed_with_ssh() {
    let scratch = Scratch::with_author();
    let key = scratch.path(".git/key");
    let made =
        std::process::Command::new("ssh-keygen").args(["-q", "-t", "ed25519", "-N", "", "-f"]).arg(&key).status();
    if !made.is_ok_and(|status| status.success()) {
        eprintln!("skipped: there is no ssh-keygen");
        return;
    }
    for (name, value) in [("commit.gpgsign", "true"), ("gpg.format", "ssh"), ("user.signingkey", key.to_str().unwrap())]
    {
        scratch.git(&["config", name, value]);
    }
    scratch.run(&FIX).status(0);
    assert!(scratch.git(&["cat-file", "commit", "HEAD"]).contains("BEGIN SSH SIGNATURE"));
    scratch.git(&["reset", "-q", "--hard", "HEAD~1"]);
    fs::remove_file(&key).unwrap();
    let run = scratch.run(&FIX).status(2);
    assert!(run.err.contains("git refused the commit"), "{}", run.err);
    assert_untouched(&scratch, 1);
}

#[test]
fn a_linked_work_tree_commits_to_its_own_branch() {
    let scratch = Scratch::with_author();
    let other = tempfile::tempdir().unwrap();
    let tree = other.path().join("tree");
    scratch.git(&["worktree", "add", "-q", "-b", "other", tree.to_str().unwrap()]);
    let output = scratch.command(&FIX).current_dir(&tree).output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    assert_eq!(scratch.git(&["rev-list", "other"]).lines().count(), 2);
    assert_eq!(scratch.git(&["status", "--porcelain"]), "");
    assert_eq!(scratch.read("Dockerfile"), DOCKERFILE);
}

#[test]
fn no_value_of_a_secret_is_in_a_message_or_in_what_a_hook_says() {
    let canary = ["kn0ck", "kn0ck", "who"].join("-");
    let dockerfile = format!("FROM node:22\nARG API_TOKEN={canary}\nRUN fetch $API_TOKEN\n");
    let scratch = Scratch::committed(&[("Dockerfile", &dockerfile)]);
    scratch.author();
    scratch.hook("pre-commit", "git diff --cached; ps -ef; exit 1");
    let run = scratch.run(&["--fix", "--unsafe-fixes", "--commit"]).status(2);
    assert!(run.err.contains("-ARG API_TOKEN=[redacted]"), "{}", run.err);
    assert!(!run.err.contains(&canary) && !run.out.contains(&canary), "{}{}", run.out, run.err);
    scratch.hook("pre-commit", "ps -eo args > .git/processes");
    scratch.run(&["--fix", "--unsafe-fixes", "--commit"]).status(0);
    assert!(!scratch.git(&["log", "-1", "--format=%B"]).contains(&canary));
    assert!(!scratch.read(".git/processes").contains(&canary));
}
