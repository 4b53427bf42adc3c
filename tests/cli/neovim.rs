//! A session of a real editor with the built program.

use std::process::Command;

use crate::scratch::Scratch;

#[test]
fn neovim_shows_what_is_found_and_makes_the_same_fix() {
    let scratch = Scratch::with_secret();
    let script = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/cli/neovim.lua");
    let mut command = Command::new("nvim");
    command.args(["--headless", "--clean", "-S", script]).current_dir(scratch.root());
    command.env("DFMIGRATE", env!("CARGO_BIN_EXE_dfmigrate"));
    // Nothing of this machine's own editor.
    for (name, folder) in [("XDG_STATE_HOME", "state"), ("XDG_CACHE_HOME", "cache"), ("XDG_DATA_HOME", "data")] {
        command.env(name, scratch.path(".git").join(folder));
    }
    let Ok(output) = command.output() else {
        eprintln!("skipped: there is no Neovim");
        return;
    };
    let shown = String::from_utf8(output.stdout).unwrap();
    let line = shown.lines().find(|line| line.starts_with('{'));
    let errors = String::from_utf8_lossy(&output.stderr).into_owned();
    let session: serde_json::Value = serde_json::from_str(line.unwrap_or_else(|| panic!("{shown}{errors}"))).unwrap();
    assert!(session["messages"][0].as_str().unwrap().contains("`NPM_TOKEN`"), "{session}");
    assert!(session["page"].as_str().unwrap().starts_with("# arg-secret\n"), "{session}");
    assert_eq!(session["titles"][0], "mount it as the secret `npm_token` in the RUN that reads it");
    assert_eq!(session["left"], 0, "{session}");
    let edited = ["Dockerfile", "build.sh"].map(|path| scratch.read(path));
    scratch.git(&["checkout", "-q", "."]);
    scratch.run(&["--fix"]).status(0);
    assert_eq!(edited, ["Dockerfile", "build.sh"].map(|path| scratch.read(path)));
}
