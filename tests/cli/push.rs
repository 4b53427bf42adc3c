#![cfg(unix)]

use std::{path::Path, process::Command};

use crate::scratch::Scratch;
use crate::server::Server;

const PUSH: [&str; 5] = ["--fix", "--commit", "--branch", "fix", "--push"];

/// A bare repository and a clone of it on `main`.
struct Pair {
    server: tempfile::TempDir,
    clone: Scratch,
}

fn git(at: &Path, arguments: &[&str]) -> String {
    let mut command = Command::new("git");
    command.arg("-C").arg(at).args(arguments).env("GIT_CONFIG_GLOBAL", "/dev/null").env("GIT_CONFIG_NOSYSTEM", "1");
    let output = command.output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).unwrap().trim().to_owned()
}

impl Pair {
    fn new() -> Self {
        let server = tempfile::tempdir().unwrap();
        git(server.path(), &["init", "-q", "--bare", "-b", "main"]);
        let clone = Scratch::with_author();
        clone.git(&["branch", "-q", "-m", "main"]);
        clone.git(&["remote", "add", "origin", server.path().to_str().unwrap()]);
        clone.git(&["push", "-q", "-u", "origin", "main"]);
        Self { server, clone }
    }

    /// A second clone, as another machine has one.
    fn another(&self) -> Scratch {
        let scratch = Scratch::plain(&[]);
        scratch.git(&["clone", "-q", self.server.path().to_str().unwrap(), "."]);
        scratch.author();
        scratch
    }

    fn head(&self, branch: &str) -> String {
        git(self.server.path(), &["rev-parse", branch])
    }
}

#[test]
fn a_branch_is_pushed_once() {
    let pair = Pair::new();
    let run = pair.clone.run(&PUSH).status(0);
    assert!(run.out.ends_with("`origin/fix` was pushed, and is new there\n"), "{}", run.out);
    assert_eq!(pair.head("fix"), pair.clone.git(&["rev-parse", "fix"]).trim());
    assert_eq!(pair.clone.git(&["config", "branch.fix.remote"]), "origin\n");
    pair.clone.git(&["switch", "-q", "main"]);
    let run = pair.clone.run(&PUSH).status(0);
    assert!(run.out.ends_with("`origin/fix` is up to date\n"), "{}", run.out);
    // Another machine goes on with what is there.
    let before = pair.head("fix");
    let another = pair.another();
    another.run(&PUSH).status(0);
    assert_eq!(pair.head("fix"), before);
}

#[test]
fn the_current_branch_is_pushed_and_never_replaced() {
    let pair = Pair::new();
    let another = pair.another();
    another.write("README", "x\n");
    another.commit();
    another.git(&["push", "-q"]);
    let before = pair.head("main");
    let run = pair.clone.run(&["--fix", "--commit", "--push"]).status(2);
    assert!(run.err.contains("the branch `origin/main` has work of somebody else"), "{}", run.err);
    assert!(run.err.contains("already committed: "), "{}", run.err);
    assert_eq!(pair.head("main"), before);
    another.run(&["--fix", "--commit", "--push"]).status(0);
    assert_eq!(pair.head("main"), another.git(&["rev-parse", "main"]).trim());
}

#[test]
fn own_commits_are_replaced_when_the_base_moved() {
    let pair = Pair::new();
    pair.clone.run(&PUSH).status(0);
    let first = pair.head("fix");
    pair.clone.git(&["switch", "-q", "main"]);
    pair.clone.write("README", "x\n");
    pair.clone.commit();
    let run = pair.clone.run(&PUSH).status(0);
    assert!(run.out.contains("in place of the commits of an earlier run"), "{}", run.out);
    assert_ne!(pair.head("fix"), first);
    assert_eq!(git(pair.server.path(), &["rev-list", "--count", "main..fix"]), "2");
}

#[test]
fn a_branch_that_a_person_pushed_to_is_respected() {
    let pair = Pair::new();
    pair.clone.run(&PUSH).status(0);
    let person = pair.another();
    person.git(&["switch", "-q", "fix"]);
    person.write("README", "x\n");
    person.commit();
    person.git(&["push", "-q"]);
    let theirs = pair.head("fix");
    pair.clone.git(&["switch", "-q", "main"]);
    pair.clone.write("other", "x\n");
    pair.clone.commit();
    let run = pair.clone.run(&PUSH).status(2);
    assert!(run.err.contains("the branch `origin/fix` has work of somebody else"), "{}", run.err);
    assert_eq!(pair.head("fix"), theirs);
    // A clone that knows of it does not even begin.
    let late = pair.another();
    let run = late.run(&PUSH).status(2);
    assert!(run.err.contains("the branch `origin/fix` has work of somebody else"), "{}", run.err);
    assert_eq!(late.git(&["branch", "--format=%(refname:short)"]), "main\n");
}

#[test]
fn a_push_that_is_refused_keeps_the_commit_and_says_so() {
    let pair = Pair::new();
    let hook = pair.server.path().join("hooks/pre-receive");
    std::fs::write(&hook, "#!/bin/sh\necho 'not in the freeze'; exit 1\n").unwrap();
    Command::new("chmod").arg("+x").arg(&hook).status().unwrap();
    let run = pair.clone.run(&PUSH).status(2);
    assert!(run.err.contains("`git push` failed") && run.err.contains("not in the freeze"), "{}", run.err);
    assert!(run.err.contains("help: already committed: "), "{}", run.err);
    assert_eq!(pair.clone.git(&["rev-list", "--count", "main..fix"]), "1\n");
    std::fs::remove_file(hook).unwrap();
    pair.clone.git(&["switch", "-q", "main"]);
    assert!(pair.clone.run(&PUSH).status(0).out.contains("`origin/fix` was pushed"));
}

#[test]
fn what_a_hook_changed_is_not_pushed() {
    let pair = Pair::new();
    pair.clone.hook("pre-commit", "echo '# formatted' >> build.sh; git add build.sh");
    let run = pair.clone.run(&PUSH).status(2);
    assert!(run.err.contains("error: a hook changed what was committed (build.sh)"), "{}", run.err);
    assert_eq!(git(pair.server.path(), &["branch", "--format=%(refname:short)"]), "main");
}

#[test]
fn the_remote_is_the_one_that_git_would_take() {
    let pair = Pair::new();
    let other = tempfile::tempdir().unwrap();
    git(other.path(), &["init", "-q", "--bare"]);
    pair.clone.git(&["remote", "add", "fork", other.path().to_str().unwrap()]);
    pair.clone.git(&["config", "remote.pushDefault", "fork"]);
    pair.clone.run(&PUSH).status(0);
    assert_eq!(git(other.path(), &["branch", "--format=%(refname:short)"]), "fix");
    pair.clone.git(&["switch", "-q", "main"]);
    pair.clone.run(&[&PUSH[..], &["--remote", "origin"]].concat()).status(0);
    assert_eq!(pair.head("fix"), pair.clone.git(&["rev-parse", "fix"]).trim());
    pair.clone.git(&["switch", "-q", "main"]);
    let run = pair.clone.run(&[&PUSH[..], &["--remote", "nowhere"]].concat()).status(2);
    assert!(run.err.contains("there is no remote `nowhere`"), "{}", run.err);
    pair.clone.git(&["remote", "remove", "origin"]);
    pair.clone.git(&["remote", "remove", "fork"]);
    let run = pair.clone.run(&PUSH).status(2);
    assert!(run.err.contains("there is no remote to push to"), "{}", run.err);
}

#[test]
fn a_password_in_the_address_of_a_remote_is_not_shown() {
    let canary = ["kn0ck", "kn0ck", "who"].join("-");
    let pair = Pair::new();
    // Nobody listens at port 9 of this machine.
    pair.clone.git(&["remote", "set-url", "origin", &format!("http://me:{canary}@127.0.0.1:9/x.git")]);
    let run = pair.clone.run(&PUSH).status(2);
    assert!(run.err.contains("`git ls-remote` failed"), "{}", run.err);
    assert!(!run.err.contains(&canary) && !run.out.contains(&canary), "{}{}", run.out, run.err);
}

#[test]
fn a_server_with_a_password_gets_it_from_the_credential_helper_and_nobody_else_sees_it() {
    let canary = ["kn0ck", "kn0ck", "who"].join("-");
    let pair = Pair::new();
    git(pair.server.path(), &["config", "http.receivepack", "true"]);
    let (parent, name) = (pair.server.path().parent().unwrap(), pair.server.path().file_name().unwrap());
    let server = Server::start(parent, &canary);
    let address = format!("http://127.0.0.1:{}/{}", server.port, name.to_str().unwrap());
    pair.clone.git(&["remote", "set-url", "origin", &address]);
    // Without a helper nothing is asked for at a terminal that is not there.
    let output = pair.clone.command(&PUSH).env("GIT_TERMINAL_PROMPT", "0").output().unwrap();
    assert_eq!(output.status.code(), Some(2));
    assert!(server.refused.load(std::sync::atomic::Ordering::SeqCst) > 0);
    assert!(String::from_utf8_lossy(&output.stderr).contains("help: already committed: "));
    pair.clone.git(&["switch", "-q", "main"]);
    pair.clone.write(".git/password", &format!("username=me\npassword={canary}\n"));
    let helper = format!("!cat {}", pair.clone.path(".git/password").display());
    pair.clone.git(&["config", "credential.helper", &helper]);
    pair.clone.hook("pre-push", "ps -eo args > .git/processes");
    let run = pair.clone.run(&PUSH).status(0);
    assert!(run.out.ends_with("`origin/fix` was pushed, and is new there\n"), "{}", run.out);
    assert_eq!(pair.head("fix"), pair.clone.git(&["rev-parse", "fix"]).trim());
    let processes = pair.clone.read(".git/processes");
    assert!(processes.contains("git") && !processes.contains(&canary), "{processes}");
    assert!(!run.out.contains(&canary) && !run.err.contains(&canary));
    // The remote moved and the base did as well: fetched, checked and replaced over the network.
    pair.clone.git(&["switch", "-q", "main"]);
    pair.clone.write("README", "x\n");
    pair.clone.commit();
    let run = pair.clone.run(&PUSH).status(0);
    assert!(run.out.contains("in place of the commits of an earlier run"), "{}", run.out);
}

/// A server of git's own protocol; it ends with the test.
struct Daemon {
    child: std::process::Child,
    port: u16,
}

impl Daemon {
    /// Serves the repositories that lie beside the one of `pair`.
    fn start(pair: &Pair) -> Self {
        let port = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
        let parent = pair.server.path().parent().unwrap();
        // The program itself: `git daemon` would start it and leave it behind when it is ended.
        let mut daemon = Command::new(Path::new(&git(parent, &["--exec-path"])).join("git-daemon"));
        daemon.args(["--export-all", "--enable=receive-pack", "--listen=127.0.0.1", "--reuseaddr"]);
        daemon.stderr(std::process::Stdio::null());
        let child =
            daemon.arg(format!("--port={port}")).arg(format!("--base-path={}", parent.display())).spawn().unwrap();
        for _ in 0..100 {
            if std::net::TcpStream::connect(("127.0.0.1", port)).is_ok() {
                break;
            }
            std::thread::sleep(std::time::Duration::from_millis(50));
        }
        Self { child, port }
    }
}

impl Drop for Daemon {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Has the clone of `pair` reach its server at `port`.
fn reach(pair: &Pair, port: u16) {
    let name = pair.server.path().file_name().unwrap().to_str().unwrap();
    pair.clone.git(&["remote", "set-url", "origin", &format!("git://127.0.0.1:{port}/{name}")]);
}

#[test]
fn the_git_protocol_works_as_well() {
    let pair = Pair::new();
    let daemon = Daemon::start(&pair);
    reach(&pair, daemon.port);
    let run = pair.clone.run(&PUSH).status(0);
    assert!(run.out.ends_with("`origin/fix` was pushed, and is new there\n"), "{}", run.out);
}

/// Hands on what is sent to `port` until the client has sent so many bytes in one connection, and then hangs up.
fn cut(port: u16, bytes: u64) -> u16 {
    use std::io::{Read as _, copy};
    use std::net::{Shutdown, TcpListener, TcpStream};
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let own = listener.local_addr().unwrap().port();
    std::thread::spawn(move || {
        for client in listener.incoming().map_while(Result::ok) {
            let Ok(server) = TcpStream::connect(("127.0.0.1", port)) else { return };
            let (mut answers, mut asks) = (server.try_clone().unwrap(), client.try_clone().unwrap());
            std::thread::spawn(move || copy(&mut answers, &mut asks));
            std::thread::spawn(move || {
                let _ = copy(&mut (&client).take(bytes), &mut &server);
                let _ = (client.shutdown(Shutdown::Both), server.shutdown(Shutdown::Both));
            });
        }
    });
    own
}

#[test]
fn a_connection_that_breaks_keeps_the_commit_and_the_next_run_pushes_it() {
    let pair = Pair::new();
    let daemon = Daemon::start(&pair);
    let mut commits = std::collections::BTreeSet::new();
    // Before a word, within the greeting, in front of the objects, among them.
    for bytes in [0, 10, 150, 300, 600] {
        reach(&pair, cut(daemon.port, bytes));
        let run = pair.clone.run(&PUSH).status(2);
        assert!(run.err.starts_with("error: "), "{bytes}: {}", run.err);
        commits.insert(pair.clone.git(&["rev-parse", "fix"]));
        assert_eq!(pair.clone.git(&["status", "--porcelain"]), "");
        assert!(!git(pair.server.path(), &["branch"]).contains("fix"));
        pair.clone.git(&["switch", "-q", "main"]);
    }
    reach(&pair, daemon.port);
    pair.clone.run(&PUSH).status(0);
    commits.insert(pair.clone.git(&["rev-parse", "fix"]));
    assert_eq!(commits.len(), 1, "{commits:?}");
    assert_eq!(pair.head("fix"), pair.clone.git(&["rev-parse", "fix"]).trim());
}

/// A key that `ssh-keygen` makes; `None` where there is none.
fn key(pair: &Pair, name: &str) -> Option<std::path::PathBuf> {
    let path = pair.clone.path(&format!(".git/{name}"));
    let made = Command::new("ssh-keygen").args(["-q", "-t", "ed25519", "-N", "", "-f"]).arg(&path).status();
    made.is_ok_and(|status| status.success()).then_some(path)
}

#[test]
fn over_ssh_it_is_pushed_with_the_key_and_the_known_hosts_of_the_users_configuration() {
    let pair = Pair::new();
    let (Some(own), Some(wrong), Some(host)) = (key(&pair, "own"), key(&pair, "wrong"), key(&pair, "host")) else {
        eprintln!("skipped: there is no ssh-keygen");
        return;
    };
    if Command::new("ssh").arg("-V").output().is_err() {
        eprintln!("skipped: there is no ssh");
        return;
    }
    let server = crate::ssh::Server::start(pair.server.path(), &own, &host);
    let known = std::fs::read_to_string(host.with_extension("pub")).unwrap();
    pair.clone.write(".git/known", &format!("[127.0.0.1]:{} {known}", server.port));
    let address = format!("ssh://git@127.0.0.1:{}{}", server.port, pair.server.path().display());
    pair.clone.git(&["remote", "set-url", "origin", &address]);
    let with = |key: &Path, hosts: &str| {
        let options = "-F /dev/null -o IdentitiesOnly=yes -o BatchMode=yes -o StrictHostKeyChecking=yes -o GlobalKnownHostsFile=/dev/null";
        let hosts = pair.clone.path(hosts);
        let command = format!("ssh {options} -o UserKnownHostsFile={} -i {}", hosts.display(), key.display());
        pair.clone.git(&["config", "core.sshCommand", &command]);
    };
    // A server that is not known, and a key that is not let in: the commit stays, and nothing hangs.
    for (key, hosts, said) in
        [(&own, ".git/none", "Host key verification failed"), (&wrong, ".git/known", "Permission denied")]
    {
        with(key, hosts);
        let run = pair.clone.run(&PUSH).status(2);
        assert!(run.err.contains(said) && run.err.contains("help: already committed: "), "{}", run.err);
        pair.clone.git(&["switch", "-q", "main"]);
        pair.clone.git(&["branch", "-q", "-D", "fix"]);
    }
    with(&own, ".git/known");
    let run = pair.clone.run(&PUSH).status(0);
    assert!(run.out.ends_with("`origin/fix` was pushed, and is new there\n"), "{}", run.out);
    assert_eq!(pair.head("fix"), pair.clone.git(&["rev-parse", "fix"]).trim());
    pair.clone.git(&["switch", "-q", "main"]);
    assert!(pair.clone.run(&PUSH).status(0).out.ends_with("`origin/fix` is up to date\n"));
    // The base moved: fetched, checked and replaced over ssh as well.
    pair.clone.write("README", "x\n");
    pair.clone.commit();
    let run = pair.clone.run(&PUSH).status(0);
    assert!(run.out.contains("in place of the commits of an earlier run"), "{}", run.out);
}

#[test]
fn a_signed_commit_is_pushed_and_known_again() {
    let pair = Pair::new();
    let Some(key) = key(&pair, "own") else {
        eprintln!("skipped: there is no ssh-keygen");
        return;
    };
    for (name, value) in [("commit.gpgsign", "true"), ("gpg.format", "ssh"), ("user.signingkey", key.to_str().unwrap())]
    {
        pair.clone.git(&["config", name, value]);
    }
    pair.clone.run(&PUSH).status(0);
    assert!(git(pair.server.path(), &["cat-file", "commit", "fix"]).contains("BEGIN SSH SIGNATURE"));
    // Own commits are known by their change, not by their bytes: a signed one is replaced like others.
    pair.clone.git(&["switch", "-q", "main"]);
    pair.clone.write("README", "x\n");
    pair.clone.git(&["-c", "commit.gpgsign=false", "add", "-A"]);
    pair.clone.git(&["-c", "commit.gpgsign=false", "commit", "-q", "-m", "x"]);
    let run = pair.clone.run(&PUSH).status(0);
    assert!(run.out.contains("in place of the commits of an earlier run"), "{}", run.out);
    assert!(git(pair.server.path(), &["cat-file", "commit", "fix"]).contains("BEGIN SSH SIGNATURE"));
}

#[test]
fn a_hook_that_refuses_the_push_keeps_the_commit() {
    let pair = Pair::new();
    pair.clone.hook("pre-push", "echo 'not on a Friday' >&2; exit 1");
    let run = pair.clone.run(&PUSH).status(2);
    assert!(run.err.contains("not on a Friday") && run.err.contains("help: already committed: "), "{}", run.err);
    assert_eq!(git(pair.server.path(), &["branch", "--format=%(refname:short)"]), "main");
    pair.clone.git(&["switch", "-q", "main"]);
    pair.clone.run(&[&PUSH[..], &["--no-verify"]].concat()).status(0);
    assert_eq!(pair.head("fix"), pair.clone.git(&["rev-parse", "fix"]).trim());
}
