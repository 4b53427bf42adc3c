#![cfg(unix)]

use std::{
    io::Read as _,
    process::{Command, Stdio},
};

use crate::scratch::{DOCKERFILE, SCRIPT, Scratch};

/// Text in the form of a credential that no scanner of this repository's own files can take for one.
fn canary() -> String {
    format!("gh{}_{}", "p", "Q7w".repeat(12))
}

#[test]
fn no_output_for_people_has_a_secret() {
    let canary = canary();
    let scratch = Scratch::committed(&[
        (
            "Dockerfile",
            &format!("FROM x\nARG GH={canary}\nARG API_PASSWORD=kn0ck-{canary}\nENV GH_TOKEN=\"{canary}\"\nRUN make\n"),
        ),
        ("build.sh", &format!("docker build --build-arg API_PASSWORD='{canary}' --build-arg GH={canary} .\n")),
        (
            "url.Dockerfile",
            &format!("FROM x\nARG INDEX_URL=https://me:{canary}@pypi.example.com/simple\nRUN pip install x\n"),
        ),
    ]);
    let commands: [&[&str]; 6] = [
        &[],
        &["--quiet"],
        &["--unsafe-fixes"],
        &["--diff", "--color=always", "--unsafe-fixes"],
        &["flags"],
        &["--fix", "--unsafe-fixes"],
    ];
    for arguments in commands {
        let run = scratch.run(arguments);
        assert!(!run.out.contains(&canary) && !run.err.contains(&canary), "{arguments:?}\n{}\n{}", run.out, run.err);
    }
}

#[test]
fn names_and_texts_do_not_reach_the_terminal_raw() {
    let odd = "a\nb\u{1b}[31m.Dockerfile";
    let text = DOCKERFILE.replace("RUN npm ci", "RUN npm ci # \u{1b}]0;x\u{7}\u{202e}");
    let scratch = Scratch::committed(&[(odd, &text), ("\u{1b}[31m.j2.Dockerfile.j2", "x"), ("Dockerfile", &text)]);
    for arguments in [&[][..], &["--quiet"], &["flags"], &["--fix", "--unsafe-fixes"]] {
        let run = scratch.run(arguments);
        let all = format!("{}{}", run.out, run.err);
        assert!(!all.contains(['\u{1b}', '\u{7}', '\u{202e}']), "{arguments:?}: {all:?}");
    }
}

#[test]
fn a_pipe_in_the_repository_does_not_block() {
    let scratch = Scratch::with_secret();
    Command::new("mkfifo").arg(scratch.path("pipe.Dockerfile")).arg(scratch.path("run.sh")).status().unwrap();
    let run = scratch.run(&[]).status(1);
    assert!(run.err.contains("notice: `pipe.Dockerfile` is left alone: it is not a regular file"), "{}", run.err);
    scratch.run(&["pipe.Dockerfile"]).status(0);
}

#[test]
fn a_reader_that_goes_away_is_no_failure() {
    let files: Vec<_> = (0..200).map(|number| (format!("d{number}/Dockerfile"), DOCKERFILE.to_owned())).collect();
    let files: Vec<_> = files.iter().map(|(path, text)| (path.as_str(), text.as_str())).collect();
    let scratch = Scratch::committed(&files);
    let mut child = scratch.command(&[]).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    drop(child.stdout.take());
    let mut err = String::new();
    child.stderr.take().unwrap().read_to_string(&mut err).unwrap();
    assert_eq!((child.wait().unwrap().code(), err.as_str()), (Some(0), ""));
}

#[test]
fn nothing_that_a_repository_configures_is_run() {
    let scratch = Scratch::with_secret();
    let mark = scratch.path("ran");
    let program = format!("touch {}", mark.display());
    let keys = ["fsmonitor", "editor", "pager", "sshCommand", "askPass", "alternateRefsCommand"]
        .map(|key| format!("core.{key}"));
    let others =
        ["filter.x.clean", "filter.x.smudge", "filter.x.process", "diff.external", "diff.x.textconv", "diff.x.command"];
    let more = ["gpg.program", "credential.helper", "merge.x.driver", "sequence.editor", "uploadpack.packObjectsHook"];
    for key in keys.iter().map(String::as_str).chain(others).chain(more) {
        scratch.git(&["config", key, &program]);
    }
    scratch.git(&["config", "filter.x.required", "true"]);
    scratch.git(&["config", "commit.gpgsign", "true"]);
    scratch.git(&["config", "remote.origin.url", &format!("ext::{program}")]);
    scratch.git(&["config", "remote.origin.uploadpack", &program]);
    for hook in ["post-index-change", "pre-commit", "commit-msg", "post-checkout", "reference-transaction", "pre-push"]
    {
        scratch.hook(hook, &program);
    }
    scratch.write(".git/info/attributes", "* filter=x diff=x merge=x\n");
    std::fs::write(scratch.path("build.sh"), format!("{SCRIPT}#\n")).unwrap();
    for arguments in [&[][..], &["--diff"], &["flags"], &["-i"], &["--fix"]] {
        scratch.run(arguments);
    }
    scratch.run(&["--fix", "--allow-dirty"]).status(0);
    assert!(!mark.exists());
}

#[test]
fn what_is_nested_without_end_stops_nothing() {
    let many = |text: &str| text.repeat(5000);
    let pipeline = format!("{} sh 'docker build --build-arg NPM_TOKEN .'{}\n", many("node {"), many("}"));
    let bake = format!("target \"app\" {{ args = {{ NPM_TOKEN = {}{} }} }}\n", many("["), many("]"));
    let hostile = [
        ("Dockerfile", format!("{DOCKERFILE}{}RUN true\n", many("ONBUILD "))),
        ("Dockerfile", format!("{DOCKERFILE}RUN echo {}x{}\n", many("$("), many(")"))),
        ("Dockerfile", format!("{DOCKERFILE}RUN {}true{}\n", many("( "), many(" )"))),
        ("Jenkinsfile", pipeline),
        ("docker-bake.hcl", bake),
        ("compose.yaml", format!("services:\n  app:\n    build: {}{}\n", many("["), many("]"))),
        ("package.json", format!("{{\"scripts\": {}{}}}\n", many("["), many("]"))),
        ("README.md", format!("{} docker build --build-arg NPM_TOKEN .\n", many("> "))),
        ("Makefile", format!("A = {}{}\nx:\n\tdocker build $(A) .\n", many("$("), many(")"))),
    ];
    for (path, text) in hostile {
        let scratch = Scratch::with_secret();
        scratch.write(path, &text);
        let run = scratch.command(&["--diff"]).output().unwrap();
        let shown = String::from_utf8_lossy(&run.stderr).into_owned();
        assert!(run.status.code().is_some_and(|code| code <= 1), "{path}: {:?} {shown}", run.status);
    }
}

#[test]
fn what_is_too_large_is_left_alone_and_told() {
    let scratch = Scratch::with_secret();
    scratch.write("huge.Dockerfile", &format!("FROM x\n{}", "RUN true\n".repeat(200_000)));
    scratch.write(&format!("{}Dockerfile", "deep/".repeat(500)), DOCKERFILE);
    let run = scratch.run(&[]).status(1);
    assert!(run.err.contains("notice: `huge.Dockerfile` is left alone: "), "{}", run.err);
    assert!(run.out.contains("deep/deep/Dockerfile"), "{}", run.out);
}

#[test]
fn a_symbolic_link_is_not_followed_out_of_the_repository() {
    let outside = Scratch::plain(&[("Dockerfile", DOCKERFILE)]);
    let scratch = Scratch::committed(&[("README", "x\n")]);
    std::os::unix::fs::symlink(outside.path("Dockerfile"), scratch.path("Dockerfile")).unwrap();
    let run = scratch.run(&["--fix", "--allow-dirty", "--unsafe-fixes", "."]).status(0);
    assert!(run.err.contains("leads out of the repository"), "{}", run.err);
    assert_eq!(outside.read("Dockerfile"), DOCKERFILE);
}
