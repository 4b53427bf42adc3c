//! Repositories that are built to do harm: links, folders above, files without end, and a configuration of git that runs programs.

use std::fs;
use std::os::unix::fs::symlink;
use std::process::Command;

use super::scratch::{DOCKERFILE, NPMRC, SCRIPT, Scratch};

/// Everything below a folder, as paths and texts.
fn everything(scratch: &Scratch) -> Vec<(String, String)> {
    let mut all = Vec::new();
    for entry in walkdir(scratch.root()) {
        let path = entry.strip_prefix(scratch.root()).unwrap().display().to_string();
        all.push((path, fs::read_to_string(&entry).unwrap_or_default()));
    }
    all.sort();
    all
}

fn walkdir(folder: &std::path::Path) -> Vec<std::path::PathBuf> {
    let entries = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    entries.flat_map(|path| if path.is_dir() && !path.is_symlink() { walkdir(&path) } else { vec![path] }).collect()
}

#[test]
fn a_hard_link_is_not_written_through() {
    let outside = Scratch::plain(&[("shared.Dockerfile", DOCKERFILE), ("shared.sh", SCRIPT)]);
    let scratch = Scratch::with_secret();
    for (path, other) in [("Dockerfile", "shared.Dockerfile"), ("build.sh", "shared.sh")] {
        fs::remove_file(scratch.path(path)).unwrap();
        fs::hard_link(outside.path(other), scratch.path(path)).unwrap();
    }
    let before = everything(&outside);
    let run = scratch.run(&["--fix", "--allow-dirty"]).status(2);
    assert!(run.err.contains("`Dockerfile` has several hard links"), "{}", run.err);
    assert_eq!((scratch.read("Dockerfile").as_str(), everything(&outside)), (DOCKERFILE, before));
}

#[test]
fn folders_that_are_links_lead_nowhere() {
    let outside = Scratch::plain(&[("app/Dockerfile", DOCKERFILE), ("app/.npmrc", NPMRC), ("app/build.sh", SCRIPT)]);
    let scratch = Scratch::with_secret();
    symlink(outside.path("app"), scratch.path("app")).unwrap();
    symlink("..", scratch.path("up")).unwrap();
    symlink(".", scratch.path("again")).unwrap();
    symlink("/dev/zero", scratch.path("zero.Dockerfile")).unwrap();
    symlink("/dev/zero", scratch.path("zero.sh")).unwrap();
    let before = everything(&outside);
    let run = scratch.run(&["--fix", "--unsafe-fixes", "--allow-dirty"]);
    assert!(run.status <= 1, "{}", run.err);
    assert_eq!(everything(&outside), before);
    assert!(!run.out.contains("app/Dockerfile") && !run.out.contains("again/"), "{}", run.out);
}

#[test]
fn paths_that_lead_above_the_repository_are_not_followed() {
    let around = Scratch::plain(&[("credentials/.npmrc", "//npm.example.com/:_authToken=a-value-of-others\n")]);
    let dockerfile =
        "FROM node:22\nARG NPM_TOKEN\nCOPY ../credentials/.npmrc ../../../../etc/passwd /root/\nRUN npm ci\n";
    for (path, text) in [
        ("repository/Dockerfile", dockerfile),
        (
            "repository/build.sh",
            "docker build --build-arg NPM_TOKEN -f ../credentials/Dockerfile ..\n. ../credentials/.npmrc\n",
        ),
        (
            "repository/Makefile",
            "include ../../../../../etc/passwd\nall:\n\tdocker build --build-arg NPM_TOKEN ../credentials\n",
        ),
        (
            "repository/compose.yml",
            "include: [../credentials/compose.yml]\nservices:\n  a:\n    build:\n      context: ..\n      dockerfile: ../../etc/passwd\n      args: [NPM_TOKEN]\n",
        ),
        ("repository/dfmigrate.toml", "extends = \"../credentials/.npmrc\"\n"),
    ] {
        around.write(path, text);
    }
    let before = everything(&around);
    for arguments in
        [&["repository"][..], &["repository", "--diff"], &["repository", "--isolated", "--fix", "--unsafe-fixes"]]
    {
        let run = around.run(arguments);
        let shown = format!("{}{}", run.out, run.err);
        assert!(!shown.contains("a-value-of-others") && !shown.contains("root:x:"), "{shown}");
    }
    let outside = |all: Vec<(String, String)>| all.into_iter().filter(|(path, _)| !path.starts_with("repository/"));
    assert!(outside(before).eq(outside(everything(&around))));
}

#[test]
fn what_a_configuration_includes_is_not_run_either() {
    let scratch = Scratch::with_secret();
    let mark = scratch.path("ran");
    let program = format!("touch {}", mark.display());
    scratch
        .write(".git/more", &format!("[core]\n\tfsmonitor = {program}\n\tpager = {program}\n\teditor = {program}\n"));
    scratch.write("hooks/pre-commit", &format!("#!/bin/sh\n{program}\n"));
    scratch.write("hooks/post-index-change", &format!("#!/bin/sh\n{program}\n"));
    Command::new("chmod").args(["-R", "+x"]).arg(scratch.path("hooks")).status().unwrap();
    for (key, value) in [
        ("include.path", "more"),
        ("includeIf.gitdir:/**.path", "more"),
        ("core.hooksPath", "hooks"),
        ("core.attributesFile", "../.gitattributes"),
        ("alias.status", &format!("!{program}")),
    ] {
        scratch.git(&["config", key, value]);
    }
    for arguments in [&[][..], &["--diff"], &["flags"], &["--fix"], &["--fix", "--allow-dirty"]] {
        scratch.run(arguments);
    }
    assert!(!mark.exists());
}

#[test]
fn a_work_tree_that_is_said_to_be_elsewhere_is_not_written() {
    let outside = Scratch::plain(&[("Dockerfile", DOCKERFILE), (".npmrc", NPMRC), ("build.sh", SCRIPT)]);
    let scratch = Scratch::with_secret();
    scratch.git(&["config", "core.worktree", outside.root().to_str().unwrap()]);
    let before = everything(&outside);
    for arguments in [&[][..], &["--diff"], &["--fix", "--allow-dirty", "--unsafe-fixes"]] {
        scratch.run(arguments);
    }
    assert_eq!(everything(&outside), before);
}

#[test]
fn what_is_endless_ends() {
    let many = |text: &str| text.repeat(20_000);
    let expansions = format!("{}x{}", many("${A:-"), many("}"));
    let texts = [
        format!("ENV B={expansions}"),
        format!("RUN echo {expansions}"),
        format!("RUN {}npm ci", many("sh -c ")),
        format!("RUN {}npm ci{}", many("sh -c \""), many("\"")),
        format!("RUN {}npm ci", many("env A=1 ")),
        format!("ENV {}", many("A=1 ")),
        format!("RUN true {}", many("<<E ")),
        format!("COPY {} /", many("a ")),
    ];
    for text in texts {
        let scratch = Scratch::with_secret();
        scratch.write("other/Dockerfile", &format!("FROM a\nARG NPM_TOKEN\n{text}\nRUN npm ci\n"));
        // What takes the square of this length would not end while somebody waits for the tests.
        let run = scratch.run(&["--quiet"]);
        assert!(run.status <= 1, "{}", run.err);
    }
}
