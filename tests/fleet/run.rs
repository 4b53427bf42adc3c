use std::{
    fs,
    process::Command,
    time::{Duration, Instant},
};

use crate::ground::{Ground, files};

#[test]
fn a_hundred_repositories_are_committed_and_pushed_in_one_run() {
    let ground = Ground::new(100, "");
    let run = ground.run(&["fleet", "--repos", "list"]).status(1);
    assert!(run.out.ends_with("100 repositories: 100 planned\n"), "{}", run.out);
    let start = Instant::now();
    let run = ground.run(&["fleet", "--repos", "list", "--push"]).status(1);
    let ours = start.elapsed();
    assert!(run.out.ends_with("100 repositories: 100 committed\n"), "{}", run.out);
    ground.assert_fixed_once("first");
    let start = Instant::now();
    ground.run(&["fleet", "--repos", "list", "--push"]).status(1);
    let again = start.elapsed();
    ground.assert_fixed_once("again");
    println!("100 repositories: {ours:.2?}; again: {again:.2?}; shell loop of git: {:.2?}", shell(&ground));
}

/// What a loop of the git program takes to clone each, commit a given change and push it.
fn shell(ground: &Ground) -> Duration {
    let script = "set -eu; for r in remotes/*; do git clone -q --depth 1 --filter=blob:none file://$PWD/$r loop/$r; \
                  (cd loop/$r; git switch -q -c loop; echo >> Dockerfile; git commit -q -a -m x; git push -q origin loop); \
                  done";
    let start = Instant::now();
    let mut command = ground.command(&[]);
    let mut shell = Command::new("sh");
    shell.args(["-c", script]).current_dir(command.get_current_dir().unwrap());
    shell.envs(command.get_envs().filter_map(|(name, value)| Some((name, value?))));
    let _ = command.stdin(std::process::Stdio::null());
    assert!(shell.output().unwrap().status.success());
    start.elapsed()
}

#[test]
fn one_failure_harms_no_other_and_is_tried_again() {
    let ground = Ground::new(3, "");
    let (away, here) = (ground.path("away"), ground.remote("r1"));
    fs::rename(&here, &away).unwrap();
    fs::create_dir_all(here.join("objects")).unwrap();
    fs::create_dir_all(here.join("refs")).unwrap();
    fs::write(here.join("HEAD"), "ref: refs/heads/main\n").unwrap();
    let run = ground.run(&["fleet", "--repos", "list", "--push"]).status(2);
    assert!(run.out.ends_with("3 repositories: 1 failed, 2 committed\n"), "{}", run.out);
    fs::remove_dir_all(&here).unwrap();
    fs::rename(&away, &here).unwrap();
    let run = ground.run(&["fleet", "--repos", "list", "--push", "--failed"]).status(1);
    assert!(run.out.ends_with("1 repository: 1 committed\n"), "{}", run.out);
    ground.assert_fixed_once("tried again");
}

#[test]
fn a_base_that_moved_gets_the_fix_anew_and_what_a_person_committed_stays() {
    let ground = Ground::new(2, "");
    ground.run(&["fleet", "--repos", "list", "--push"]).status(1);
    let commit = |name: &str, branch: &str, path: &str| {
        let clone = ground.path(&format!("work-{name}"));
        let script = format!(
            "git clone -q {} . && git switch -q {branch} && echo x > {path} && git add -A && git commit -q -m y && git \
             push -q",
            ground.remote(name).display()
        );
        fs::create_dir(&clone).unwrap();
        let envs: Vec<_> = ["AUTHOR", "COMMITTER"]
            .map(|who| [(format!("GIT_{who}_NAME"), "B"), (format!("GIT_{who}_EMAIL"), "b@x")])
            .concat();
        let status = Command::new("sh").args(["-c", &script]).envs(envs).current_dir(&clone).status().unwrap();
        assert!(status.success());
    };
    commit("r0", "main", "README");
    commit("r1", "dfmigrate/secrets", "by-hand");
    // The base moves, so that the branch of fixes would have to be replaced.
    ground.commit("r1", "refs/heads/main", &[("z", "")]);
    let run = ground.run(&["fleet", "--repos", "list", "--push"]);
    let branch = |name: &str| ground.branches(name)[0].clone();
    assert_eq!(branch("r0"), ("refs/heads/dfmigrate/secrets".to_owned(), 3), "{}\n{}", run.out, run.err);
    assert_eq!(ground.fixed("r0", "README"), "x\n");
    assert_eq!(branch("r1"), ("refs/heads/dfmigrate/secrets".to_owned(), 3), "{}\n{}", run.out, run.err);
    assert!(run.out.contains("has work of somebody else"), "{}\n{}", run.out, run.err);
}

#[test]
fn a_value_is_in_nothing_that_is_written_or_shown() {
    // Built here, so that no file of this repository has it.
    let value = ["pl4nted", "s3cret", "v4lue", "0123"].join("");
    let ground = Ground::new(4, &value);
    let mut child = ground.start(&["fleet", "--repos", "list", "--push", "--unsafe-fixes", "--html", "report.html"]);
    let mut lines = 0;
    while child.try_wait().unwrap().is_none() {
        for line in fs::read_dir("/proc").unwrap().flatten() {
            let arguments = fs::read(line.path().join("cmdline")).unwrap_or_default();
            lines += 1;
            assert!(!String::from_utf8_lossy(&arguments).contains(&value));
        }
    }
    assert!(lines > 0);
    let output = child.wait_with_output().unwrap();
    let status = ground.run(&["status", "--message-format", "json"]);
    let mut texts = vec![output.stdout, output.stderr, status.out.into_bytes(), status.err.into_bytes()];
    texts.extend(files(&ground.path("state")).into_iter().map(|(_, bytes)| bytes));
    texts.push(fs::read(ground.path("report.html")).unwrap());
    for name in &ground.names {
        let log = Command::new("git").arg("-C").arg(ground.remote(name)).args(["log", "--all", "--format=%B"]).output();
        texts.push(log.unwrap().stdout);
    }
    let shown = |bytes: &Vec<u8>| String::from_utf8_lossy(bytes).into_owned();
    assert!(texts.iter().map(shown).any(|text| text.contains("NPM_TOKEN")), "the finding is reported");
    for text in texts {
        assert!(!shown(&text).contains(&value), "{}", shown(&text));
    }
}
