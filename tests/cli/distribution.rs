use std::process::Command;

use crate::scratch::Scratch;

#[test]
fn every_shell_gets_completions() {
    let scratch = Scratch::plain(&[]);
    for shell in ["bash", "zsh", "fish", "powershell", "elvish"] {
        let script = scratch.run(&["completions", shell]).status(0).out;
        assert!(script.contains("changed-since") && script.contains("dfmigrate"), "{shell}: {script}");
        assert!(
            !script.contains("fleet-worker") && script.contains("explain"),
            "{shell}: what programs call is offered"
        );
    }
    let script = scratch.run(&["completions", "bash"]).out;
    scratch.write("dfmigrate.bash", &script);
    let checked = Command::new("bash").args(["-n", "dfmigrate.bash"]).current_dir(scratch.root()).status().unwrap();
    assert!(checked.success());
}

#[test]
fn every_command_has_a_manual_page() {
    let scratch = Scratch::plain(&[]);
    let run = scratch.run(&["man", "pages"]).status(0);
    assert!(run.err.ends_with(" pages in `pages`\n"), "{}", run.err);
    assert!(scratch.read("pages/dfmigrate.1").contains("\\-\\-changed\\-since"));
    assert!(scratch.read("pages/dfmigrate-verify.1").contains(".SH NAME"));
}

#[test]
fn the_version_says_what_it_was_built_of() {
    let scratch = Scratch::plain(&[]);
    assert_eq!(scratch.run(&["-V"]).status(0).out, format!("dfmigrate {}\n", env!("CARGO_PKG_VERSION")));
    let long = scratch.run(&["--version"]).status(0).out;
    assert!(long.contains("\ncommit: ") && long.contains(std::env::consts::ARCH), "{long}");
}

#[cfg(unix)]
#[test]
fn docker_can_call_it_as_a_plugin() {
    let scratch = Scratch::with_secret();
    std::os::unix::fs::symlink(env!("CARGO_BIN_EXE_dfmigrate"), scratch.path(".git/docker-dfmigrate")).unwrap();
    let plugin = |arguments: &[&str]| {
        let mut command = Command::new(scratch.path(".git/docker-dfmigrate"));
        let output = command.args(arguments).current_dir(scratch.root());
        String::from_utf8(output.output().unwrap().stdout).unwrap()
    };
    let metadata: serde_json::Value = serde_json::from_str(&plugin(&["docker-cli-plugin-metadata"])).unwrap();
    assert_eq!(metadata["SchemaVersion"], "0.1.0");
    assert!(plugin(&["dfmigrate", "--quiet"]).contains("Dockerfile:4:5: "));
}
