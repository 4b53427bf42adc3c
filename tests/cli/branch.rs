#![cfg(unix)]

use crate::scratch::{DOCKERFILE, Scratch};

fn current(scratch: &Scratch) -> String {
    scratch.git(&["rev-parse", "--abbrev-ref", "HEAD"]).trim().to_owned()
}

/// A repository on `main`.
fn repository() -> Scratch {
    let scratch = Scratch::with_author();
    scratch.git(&["branch", "-q", "-m", "main"]);
    scratch
}

const FIX: [&str; 4] = ["--fix", "--commit", "--branch", "fix"];

#[test]
fn a_branch_is_made_and_a_second_run_finds_it_done() {
    let scratch = repository();
    let run = scratch.run(&FIX).status(0);
    assert!(run.out.contains("committed to `fix`:"), "{}", run.out);
    assert_eq!((current(&scratch).as_str(), scratch.count()), ("fix", 2));
    scratch.git(&["switch", "-q", "main"]);
    assert_eq!(scratch.read("Dockerfile"), DOCKERFILE);
    let before = scratch.git(&["rev-parse", "fix"]);
    let run = scratch.run(&FIX).status(0);
    assert!(run.out.contains("nothing to fix"), "{}", run.out);
    assert_eq!((current(&scratch).as_str(), scratch.git(&["rev-parse", "fix"])), ("main", before));
}

#[test]
fn a_branch_without_a_commit_does_not_stay() {
    let scratch = repository();
    scratch.run(&FIX).status(0);
    scratch.git(&["switch", "-q", "main"]);
    scratch.git(&["merge", "-q", "fix"]);
    scratch.git(&["branch", "-q", "-d", "fix"]);
    assert!(scratch.run(&FIX).status(0).out.contains("nothing to fix"));
    assert_eq!(scratch.git(&["branch", "--format=%(refname:short)"]), "main\n");
    let refused = repository();
    refused.hook("pre-commit", "exit 1");
    refused.run(&FIX).status(2);
    assert_eq!(refused.git(&["branch", "--format=%(refname:short)"]), "main\n");
    refused.git(&["switch", "-q", "--detach"]);
    let head = refused.git(&["rev-parse", "HEAD"]);
    refused.run(&FIX).status(2);
    assert_eq!((current(&refused), refused.git(&["rev-parse", "HEAD"])), ("HEAD".to_owned(), head));
}

#[test]
fn a_branch_begins_at_the_base() {
    let scratch = repository();
    scratch.git(&["switch", "-q", "-c", "work"]);
    scratch.write("README", "x\n");
    scratch.commit();
    scratch.run(&["--fix", "--commit", "--branch", "fix", "--base", "main"]).status(0);
    assert_eq!(scratch.git(&["rev-list", "main..fix"]).lines().count(), 1);
    assert!(!scratch.path("README").exists());
    let run = scratch.run(&["--fix", "--commit", "--branch", "other", "--base", "nowhere"]).status(2);
    assert!(run.err.contains("`nowhere` names no commit"), "{}", run.err);
    let run = scratch.run(&["--fix", "--commit", "--branch", "a..b"]).status(2);
    assert!(run.err.contains("`a..b` can't be the name of a branch"), "{}", run.err);
}

#[test]
fn a_branch_of_this_program_is_made_anew_when_its_base_moved() {
    let scratch = repository();
    scratch.run(&FIX).status(0);
    scratch.git(&["switch", "-q", "main"]);
    scratch.write("README", "x\n");
    scratch.commit();
    scratch.run(&FIX).status(0);
    assert_eq!(scratch.git(&["rev-list", "main..fix"]).lines().count(), 1);
    assert_eq!(scratch.git(&["merge-base", "main", "fix"]), scratch.git(&["rev-parse", "main"]));
    // A fix that fails then leaves the branch as it was.
    let before = scratch.git(&["rev-parse", "fix"]);
    scratch.git(&["switch", "-q", "main"]);
    scratch.write("README", "y\n");
    scratch.commit();
    scratch.hook("pre-commit", "exit 1");
    scratch.run(&FIX).status(2);
    assert_eq!((current(&scratch).as_str(), scratch.git(&["rev-parse", "fix"])), ("main", before));
}

#[test]
fn a_branch_with_the_work_of_a_person_is_left_alone() {
    for amend in [false, true] {
        let scratch = repository();
        scratch.run(&FIX).status(0);
        scratch.write("build.sh", &format!("{}# better\n", scratch.read("build.sh")));
        scratch.git(&["add", "-A"]);
        let commit: &[&str] = if amend { &["--amend", "--no-edit"] } else { &["-m", "x"] };
        scratch.git(&[&["commit", "-q"], commit].concat());
        let before = scratch.git(&["rev-parse", "fix"]);
        scratch.git(&["switch", "-q", "main"]);
        let run = scratch.run(&FIX).status(2);
        assert!(run.err.contains("the branch `fix` has work of somebody else"), "{}", run.err);
        assert_eq!((current(&scratch).as_str(), scratch.git(&["rev-parse", "fix"])), ("main", before));
        assert_eq!(scratch.read("Dockerfile"), DOCKERFILE);
    }
}

#[test]
fn work_in_progress_is_found_before_a_branch_is_checked_out() {
    let scratch = repository();
    scratch.write("build.sh", "#\n");
    let run = scratch.run(&FIX).status(2);
    assert!(run.err.contains("* build.sh (dirty)"), "{}", run.err);
    assert_eq!(scratch.git(&["branch", "--format=%(refname:short)"]), "main\n");
}

#[test]
fn options_that_need_each_other_say_so() {
    let scratch = repository();
    for arguments in [
        &["--commit"][..],
        &["--fix", "--branch", "x"],
        &["--fix", "--commit", "--base", "main"],
        &["--fix", "--push"],
        &["--diff", "--commit"],
    ] {
        assert!(scratch.run(arguments).status(2).err.contains("required arguments were not provided"), "{arguments:?}");
    }
}
