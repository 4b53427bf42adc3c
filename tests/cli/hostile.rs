//! Repositories that are built to do harm: links, folders above, files without end, and a configuration of git that runs programs.

use std::fs;
use std::os::unix::fs::symlink;
use std::process::Command;

use super::scratch::{DOCKERFILE, NPMRC, Run, SCRIPT, Scratch};

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

fn pipe(scratch: &Scratch, path: &str) {
    let _ = fs::remove_file(scratch.path(path));
    fs::create_dir_all(scratch.path(path).parent().unwrap()).unwrap();
    assert!(Command::new("mkfifo").arg(scratch.path(path)).status().unwrap().success());
}

#[test]
fn rules_without_end_are_not_waited_for() {
    let scratch = Scratch::with_secret();
    scratch.write(".gitignore", "out/\n");
    scratch.write("out/Dockerfile", DOCKERFILE);
    scratch.write("sub/deep/Dockerfile", DOCKERFILE);
    pipe(&scratch, "sub/.gitignore");
    pipe(&scratch, "sub/deep/.gitignore");
    // Where only a folder has such a file, the rules of the others count.
    let run = scratch.run(&[]).status(1);
    assert!(run.out.contains("sub/deep/Dockerfile:4") && !run.out.contains("out/"), "{}", run.out);
    assert!(run.err.contains("notice: `sub/.gitignore` is left alone: it is no regular file"), "{}", run.err);
    fs::remove_file(scratch.path(".gitignore")).unwrap();
    symlink("/dev/zero", scratch.path(".gitignore")).unwrap();
    let run = scratch.run(&[]).status(1);
    assert!(run.out.contains("out/Dockerfile:4"), "{}", run.out);
    assert!(run.err.contains("notice: `.gitignore` is left alone: it is no regular file"), "{}", run.err);
}

#[test]
fn a_directory_of_git_that_no_clone_has_is_refused() {
    for name in ["config", "index", "HEAD", "info/exclude", "shallow", "gitdir"] {
        let scratch = Scratch::with_secret();
        pipe(&scratch, &format!(".git/{name}"));
        for arguments in [&[][..], &["--fix"]] {
            let run = scratch.run(arguments).status(2);
            assert!(run.err.contains(&format!("/.git/{name}` can't be read: it is not a regular file")), "{}", run.err);
        }
    }
}

#[test]
fn what_is_more_than_a_person_writes_is_left_alone_and_told() {
    let scratch = Scratch::with_secret();
    scratch.write("long/Dockerfile", &format!("{DOCKERFILE}{}", "RUN true\n".repeat(2_000)));
    let run = scratch.run(&[]).status(1);
    let told =
        "notice: `long/Dockerfile` is left alone: it has 2005 instructions; files with over 2000 are not analysed";
    assert!(run.err.contains(told), "{}", run.err);
    let arguments: String =
        (0..128).map(|number| format!("ARG T{number}_TOKEN\nRUN curl $T{number}_TOKEN\n")).collect();
    let crowd = format!("{DOCKERFILE}{arguments}");
    scratch.write("Dockerfile", &crowd);
    let run = scratch.run(&["--fix", "--allow-dirty"]).status(1);
    assert!(
        run.out.contains("129 findings in 261 instructions are more than is repaired in one Dockerfile"),
        "{}",
        run.out
    );
    assert_eq!(scratch.read("Dockerfile"), crowd);
}

#[test]
fn a_script_that_is_too_large_to_be_read_may_build() {
    for (line, is_safe) in [("exec docker build --build-arg NPM_TOKEN .\n", false), ("exit 0\n", true)] {
        let scratch = Scratch::with_secret();
        scratch.write("install.sh", &format!("#!/bin/sh\n{line}{}", "# filler\n".repeat(120_000)));
        scratch.commit();
        let run = scratch.run(&["--fix"]);
        assert!(run.err.contains("notice: `install.sh` is left alone: it has"), "{}", run.err);
        assert_eq!(scratch.read("Dockerfile") != DOCKERFILE, is_safe, "{}", run.out);
        let assumption = "assuming that `install.sh`, which was not read, does not build `Dockerfile`";
        assert_eq!(run.out.contains(assumption), !is_safe, "{}", run.out);
    }
}

#[test]
fn files_that_look_like_a_repository_of_git_have_nothing_run() {
    let scratch = Scratch::with_author();
    let mark = scratch.path("ran");
    let program = format!("touch {}", mark.display());
    // A bare repository can be committed as files of another one (`safe.bareRepository` of git).
    for (path, text) in [
        ("app/HEAD", "ref: refs/heads/main\n".to_owned()),
        (
            "app/config",
            format!("[core]\n\tbare = false\n\tworktree = .\n\tfsmonitor = {program}\n\thooksPath = hooks\n"),
        ),
        ("app/objects/info/x", String::new()),
        ("app/refs/heads/x", String::new()),
        ("app/hooks/pre-commit", format!("#!/bin/sh\n{program}\n")),
        ("app/Dockerfile", DOCKERFILE.to_owned()),
        ("app/.npmrc", NPMRC.to_owned()),
        ("app/build.sh", SCRIPT.to_owned()),
        ("app/package.json", "{}\n".to_owned()),
        (".gitattributes", "* filter=x diff=x merge=x text\n".to_owned()),
        (".gitmodules", format!("[submodule \"x\"]\n\tpath = x\n\turl = ext::{program}\n\tupdate = !{program}\n")),
        (".githooks/pre-commit", format!("#!/bin/sh\n{program}\n")),
    ] {
        scratch.write(path, &text);
    }
    Command::new("chmod")
        .args(["+x", "app/hooks/pre-commit", ".githooks/pre-commit"])
        .current_dir(scratch.root())
        .status()
        .unwrap();
    scratch.commit();
    for arguments in [&["app"][..], &["--diff", "app"], &["--fix", "--commit", "--branch", "fix", "app"]] {
        let run = scratch.run(arguments);
        assert!(run.status <= 1, "{}", run.err);
    }
    assert!(scratch.git(&["show", "--format=", "--name-only", "fix"]).contains("app/Dockerfile\n"));
    assert!(!mark.exists());
    // On its own it is the directory of a repository, in which nothing is looked at.
    fs::remove_dir_all(scratch.path(".git")).unwrap();
    let run = scratch.run(&["--fix", "--commit", "app"]).status(2);
    assert!(run.err.contains("is a bare repository"), "{}", run.err);
    assert!(!mark.exists());
}

/// The first of the characters that a terminal obeys or that reorder others, with what stands around it.
fn raw(text: &str) -> Option<String> {
    let is_raw = |char: char| {
        (char.is_control() && !matches!(char, '\n' | '\t'))
            || matches!(char, '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
    };
    let at = text.find(is_raw)?;
    Some(text.chars().skip(text[..at].chars().count().saturating_sub(60)).take(120).collect::<String>())
}

/// A text without the colours of the program itself.
fn without_colours(text: &str) -> String {
    let behind = |piece: &str| match piece.split_once('m') {
        Some((code, rest)) if code.starts_with('[') => rest.to_owned(),
        _ => format!("\u{1b}{piece}"),
    };
    let mut pieces = text.split('\u{1b}');
    let first = pieces.next().unwrap_or_default().to_owned();
    first + &pieces.map(behind).collect::<String>()
}

#[test]
fn nothing_that_a_terminal_obeys_is_in_any_format() {
    let odd = "a\nb\u{1b}[31m\u{202e}::error::x%0A<script>`|";
    let code = "\u{1b}]0;x\u{7}\u{1b}[31m\u{202e}\u{9b}31m";
    let sound =
        format!("FROM node:22 AS b\nARG NPM_TOKEN\n# {code}\nCOPY package.json .npmrc ./\nRUN npm ci # {code}\n");
    let odder = format!(
        "FROM x{code} AS s{code}\nARG T{code}_TOKEN\nARG NPM_TOKEN\nCOPY {code}/id_rsa /root/.ssh/id_rsa\nRUN echo $NPM_TOKEN > /a{code}\nENV \
         X_PASSWORD=\"hun{code}ter2\"\nRUN git clone https://$NPM_TOKEN@git.example.com/{code}/b\nRUN {code}foo $NPM_TOKEN\nUSER {code}\nBAD{code} x\n"
    );
    let script = format!("#!/bin/sh\n# {code}\nexport NPM_TOKEN\ndocker build --build-arg NPM_TOKEN -t '{code}' .\n");
    let compose = "services:\n  \"a\\e[31m\":\n    build:\n      context: .\n      dockerfile: \"x\\e\\u202e\"\n      args:\n        NPM_TOKEN: \"\\e[31m\"\n";
    let bake =
        "{\"target\":{\"a\\u001b[31m\":{\"args\":{\"NPM_TOKEN\":\"\\u001b[31m\"},\"dockerfile\":\"x\\u009b\\n\"}}}\n";
    let scratch = Scratch::committed(&[
        ("Dockerfile", &sound),
        (&format!("{odd}.Dockerfile"), &sound),
        (&format!("{odd}/Dockerfile"), &odder),
        (&format!("{odd}.Dockerfile.j2"), "x"),
        (".npmrc", NPMRC),
        ("package.json", "{}\n"),
        ("build.sh", &script),
        (&format!("{odd}.sh"), &script.replace(" .\n", &format!(" -f 'no{code}/Dockerfile' .\n"))),
        ("compose.yml", compose),
        ("docker-bake.json", bake),
    ]);
    let formats = ["human", "short", "json", "sarif", "github", "gitlab", "markdown"];
    let formats = formats.iter().map(|format| vec!["--message-format", format]);
    let others = [
        vec![],
        vec!["--unsafe-fixes"],
        vec!["--color=always"],
        vec!["--diff", "--unsafe-fixes", "--color=always"],
        vec!["flags"],
        vec!["config", "--show"],
        vec![odd],
        vec!["nowhere\u{1b}[31m"],
        vec!["--baseline", "no\u{1b}[31m"],
        vec!["--changed-since", "no\u{1b}[31m"],
    ];
    for arguments in formats.chain(others).chain([vec!["--fix", "--unsafe-fixes"]]) {
        let Run { out, err, status } = scratch.run(&arguments);
        for text in [out, err] {
            assert_eq!(raw(&without_colours(&text)), None, "{arguments:?}");
            if arguments.contains(&"github") {
                assert!(text.lines().all(|line| line.starts_with("::")), "{text}");
            }
        }
        assert!((0..=2).contains(&status));
    }
}
