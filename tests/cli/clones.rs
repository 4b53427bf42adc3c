//! Repositories that are not the usual clone.
#![cfg(unix)]

use crate::scratch::{DOCKERFILE, SCRIPT, Scratch};

const FIX: [&str; 2] = ["--fix", "--commit"];

/// A clone of `origin`, made with these options.
fn clone(origin: &Scratch, options: &[&str]) -> Scratch {
    origin.git(&["config", "uploadpack.allowFilter", "true"]);
    let scratch = Scratch::plain(&[]);
    let address = format!("file://{}", origin.root().display());
    scratch.git(&[&["clone", "-q"], options, &[&address, "."]].concat());
    scratch.author();
    scratch
}

#[test]
fn a_bare_repository_is_told_from_an_empty_directory() {
    let scratch = clone(&Scratch::with_author(), &["--bare"]);
    for arguments in [&[][..], &["objects"], &FIX] {
        let run = scratch.run(arguments).status(2);
        assert!(run.err.contains("is a bare repository, which has no files checked out"), "{}", run.err);
    }
}

#[test]
fn shallow_and_partial_clones_are_committed_to_like_others() {
    let origin = Scratch::with_author();
    origin.write("README", "x\n");
    origin.commit();
    for options in
        [&["--depth=1"][..], &["--filter=blob:none"], &["--filter=tree:0"], &["--depth=1", "--filter=blob:none"]]
    {
        let scratch = clone(&origin, options);
        let (before, branch) = (scratch.count(), options.concat().replace([':', '='], ""));
        let branch = branch.trim_start_matches('-');
        scratch.run(&["--fix", "--commit", "--branch", branch]).status(0);
        assert_eq!(
            (scratch.count(), scratch.git(&["status", "--porcelain"]).as_str()),
            (before + 1, ""),
            "{options:?}"
        );
        scratch.git(&["switch", "-q", "-"]);
        scratch.run(&["--fix", "--commit", "--branch", branch, "--push"]).status(0);
        assert_eq!(origin.git(&["rev-parse", branch]), scratch.git(&["rev-parse", branch]));
    }
}

#[test]
fn a_caller_that_is_not_checked_out_is_an_assumption() {
    let origin = Scratch::with_author();
    origin.write("deploy/image.sh", SCRIPT);
    origin.write("deploy/Dockerfile", DOCKERFILE);
    origin.commit();
    let scratch = clone(&origin, &["--sparse"]);
    let run = scratch.run(&FIX).status(1);
    assert!(run.err.contains("notice: `deploy/Dockerfile` is left alone: it is not checked out"), "{}", run.err);
    assert!(run.out.contains("assuming that `deploy/image.sh`, which was not read, does not build"), "{}", run.out);
    assert_eq!(scratch.count(), 2);
    scratch.run(&["--fix", "--unsafe-fixes", "--commit"]).status(0);
    assert_eq!(scratch.git(&["show", "--format=", "--name-only"]), "Dockerfile\nbuild.sh\n");
    assert_eq!(scratch.git(&["status", "--porcelain"]), "");
    scratch.git(&["sparse-checkout", "disable"]);
    assert_eq!(scratch.read("deploy/image.sh"), SCRIPT);
}

#[test]
fn what_is_in_a_submodule_belongs_to_another_repository() {
    let (inner, outer) = (Scratch::with_author(), Scratch::with_author());
    outer.git(&[
        "-c",
        "protocol.file.allow=always",
        "submodule",
        "--quiet",
        "add",
        inner.root().to_str().unwrap(),
        "lib",
    ]);
    outer.commit();
    let run = outer.run(&FIX).status(0);
    assert!(run.err.contains("notice: `lib` is left alone: a submodule is another repository"), "{}", run.err);
    assert_eq!(outer.git(&["show", "--format=", "--name-only"]), "Dockerfile\nbuild.sh\n");
    assert_eq!(outer.read("lib/Dockerfile"), DOCKERFILE);
    // Asked about it, the commit is made in it and nothing in the one around it.
    let before = outer.git(&["rev-parse", "HEAD"]);
    outer.git(&["-C", "lib", "config", "user.name", "Ada"]);
    outer.git(&["-C", "lib", "config", "user.email", "ada@example.com"]);
    outer.run(&["--fix", "--commit", "--branch", "fix", "lib"]).status(0);
    assert_eq!(outer.git(&["rev-parse", "HEAD"]), before);
    assert_eq!(outer.git(&["-C", "lib", "show", "--format=", "--name-only"]), "Dockerfile\nbuild.sh\n");
}

#[test]
fn a_pointer_of_git_lfs_is_not_taken_for_a_script() {
    let scratch = Scratch::with_author();
    scratch.write("deploy.sh", "version https://git-lfs.github.com/spec/v1\noid sha256:00\nsize 5\n");
    scratch.commit();
    let run = scratch.run(&FIX).status(1);
    assert!(run.err.contains("notice: `deploy.sh` is left alone: it is a pointer of Git LFS"), "{}", run.err);
    assert!(run.out.contains("assuming that `deploy.sh`, which was not read, does not build"), "{}", run.out);
}

#[test]
fn a_filter_of_the_user_is_applied_as_git_does() {
    let scratch = Scratch::with_author();
    // As git-crypt and others do: git has another content than the work tree.
    scratch.write(".gitattributes", "build.sh filter=hidden\n");
    scratch.git(&["config", "filter.hidden.clean", "tr a-y b-z"]);
    scratch.git(&["config", "filter.hidden.smudge", "tr b-z a-y"]);
    scratch.git(&["config", "filter.hidden.required", "true"]);
    scratch.git(&["rm", "-q", "--cached", "build.sh"]);
    scratch.commit();
    assert_eq!(scratch.git(&["status", "--porcelain"]), "");
    scratch.run(&FIX).status(0);
    assert_eq!(scratch.git(&["status", "--porcelain"]), "");
    assert!(
        scratch.read("build.sh").contains("--secret ") && !scratch.git(&["show", "HEAD:build.sh"]).contains("docker")
    );
}

#[test]
fn names_that_differ_by_case_only_are_one_file_on_some_disks() {
    let scratch = Scratch::with_author();
    scratch.write("BUILD.sh", "true\n");
    scratch.commit();
    scratch.git(&["config", "core.ignorecase", "true"]);
    let run = scratch.run(&FIX).status(2);
    assert!(run.err.contains("* build.sh has another name in git that differs by case only"), "{}", run.err);
    assert_eq!((scratch.read("Dockerfile").as_str(), scratch.count()), (DOCKERFILE, 2));
}

#[test]
fn a_link_that_stands_as_a_text_file_is_not_committed() {
    let scratch = Scratch::with_author();
    // What git checks out where the disk has no symbolic links.
    scratch.git(&["config", "core.symlinks", "false"]);
    let id = scratch.git(&["rev-parse", "HEAD:build.sh"]);
    scratch.git(&["update-index", "--cacheinfo", &format!("120000,{},build.sh", id.trim())]);
    scratch.git(&["commit", "-q", "-m", "x"]);
    assert_eq!(scratch.git(&["status", "--porcelain"]), "");
    let run = scratch.run(&FIX).status(2);
    assert!(run.err.contains("* build.sh is a symbolic link for git"), "{}", run.err);
}

#[test]
fn a_repository_of_a_form_that_is_not_known_is_refused_with_its_name() {
    let scratch = Scratch::with_author();
    scratch.git(&["config", "core.repositoryFormatVersion", "1"]);
    scratch.git(&["config", "extensions.refStorage", "files"]);
    let run = scratch.run(&FIX).status(2);
    assert!(run.err.contains("extensions.refstorage"), "{}", run.err);
    assert_eq!(scratch.read("Dockerfile"), DOCKERFILE);
}
