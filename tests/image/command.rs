//! The command as a person runs it.

use std::{
    fs,
    io::Write as _,
    process::{Command, Output, Stdio},
};

use serde_json::Value;

use super::{archive::Image, look::canary};

fn dfmigrate() -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_dfmigrate"));
    command.arg("verify").env("PLANTED", canary()).env_remove("DOCKER_HOST").env("NO_COLOR", "1");
    command
}

fn leaking() -> Image {
    let image = Image::new().files("COPY token /app/ # buildkit", &[("app/token", canary().as_bytes())]);
    image.files("RUN /bin/sh -c rm /app/token # buildkit", &[("app/.wh.token", b"")])
}

fn texts(output: &Output) -> (Option<i32>, String, String) {
    let text = |bytes: &[u8]| String::from_utf8(bytes.to_vec()).unwrap();
    let (out, err) = (text(&output.stdout), text(&output.stderr));
    assert!(!out.contains(&canary()) && !err.contains(&canary()), "the value is shown: {out}{err}");
    (output.status.code(), out, err)
}

#[test]
fn a_leak_and_what_became_of_it() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("image.tar");
    fs::write(&path, leaking().saved()).unwrap();
    let (code, out, err) =
        texts(&dfmigrate().arg(&path).args(["--secret", "id=planted,env=PLANTED"]).output().unwrap());
    assert_eq!((code, err.as_str()), (Some(1), ""));
    for part in [
        "error[copied-credential]: the value of the secret `planted`, as it is\n",
        "--> app:1, layer 2 of 3: /app/token\n",
        "= made by: COPY token /app/\n",
        "= deleted by layer 3 (RUN /bin/sh -c rm /app/token), which leaves it in this one\n",
        "1 error in 1 image with 3 layers\n",
    ] {
        assert!(out.contains(part), "{part}\nnot in\n{out}");
    }
    let clean = dfmigrate().arg(&path).output().unwrap();
    assert_eq!(texts(&clean), (Some(0), "no findings in 1 image with 3 layers\n".to_owned(), String::new()));
}

#[test]
fn standard_input_folders_and_files_with_the_value() {
    let folder = tempfile::tempdir().unwrap();
    let secret = folder.path().join("secret");
    fs::write(&secret, format!("{}\n", canary())).unwrap();
    let source = format!("id=planted,src={}", secret.display());
    let mut running =
        dfmigrate().args(["-", "--secret", &source]).stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
    running.stdin.take().unwrap().write_all(&leaking().oci()).unwrap();
    assert_eq!(texts(&running.wait_with_output().unwrap()).0, Some(1));
    let layout = folder.path().join("layout");
    for (path, content) in leaking().parts() {
        let path = layout.join(path);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, content).unwrap();
    }
    assert_eq!(texts(&dfmigrate().arg(&layout).args(["--secret", &source]).output().unwrap()).0, Some(1));
}

#[test]
fn machines_get_json() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("image.tar");
    fs::write(&path, leaking().saved()).unwrap();
    let run = |format: &str| {
        let output =
            dfmigrate().arg(&path).args(["--secret", "id=planted,env=PLANTED", "--message-format", format]).output();
        let (code, out, _) = texts(&output.unwrap());
        assert_eq!(code, Some(1));
        serde_json::from_str::<Value>(&out).unwrap()
    };
    let report = run("json");
    assert_eq!(report["version"], 1);
    assert_eq!(report["findings"][0]["place"]["path"], "/app/token");
    assert_eq!(report["findings"][0]["place"]["removed"]["layer"]["number"], 3);
    assert_eq!(report["findings"][0]["what"]["encoding"], "plain");
    let log = run("sarif");
    assert_eq!(log["version"], "2.1.0");
    let result = &log["runs"][0]["results"][0];
    assert_eq!(result["ruleId"], "copied-credential");
    let place = &result["locations"][0]["physicalLocation"];
    assert_eq!((&place["artifactLocation"]["uri"], &place["region"]["startLine"]), (&"app/token".into(), &1.into()));
    let rule = &log["runs"][0]["tool"]["driver"]["rules"][0];
    assert!(rule["help"]["text"].as_str().unwrap().starts_with("# copied-credential\n"), "{rule}");
}

#[test]
fn failures_are_told() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("image.tar");
    let whole = leaking().saved();
    fs::write(&path, &whole[..whole.len() / 2]).unwrap();
    let (code, _, err) = texts(&dfmigrate().arg(&path).output().unwrap());
    assert_eq!(code, Some(2));
    assert!(err.contains("could not be read to its end"), "{err}");
    let (code, _, err) = texts(&dfmigrate().arg("./missing.tar").output().unwrap());
    assert_eq!((code, err.contains("there is no file or folder `./missing.tar`")), (Some(2), true), "{err}");
    let (code, _, err) = texts(&dfmigrate().args(["x.tar", "--secret", &canary()]).output().unwrap());
    assert_eq!(code, Some(2), "{err}");
    let unset = dfmigrate().args(["x.tar", "--secret", "id=a,env=DFMIGRATE_NOT_SET"]).output().unwrap();
    assert!(texts(&unset).2.contains("the variable `DFMIGRATE_NOT_SET` of the secret `a` is not set"));
}

/// In a pseudo-terminal; `None` where there is no Python to open one.
fn on_a_terminal(path: &std::path::Path) -> Option<(i64, String)> {
    let driver = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/cli/terminal.py");
    let mut driving = Command::new("python3");
    driving.arg(driver).arg(env!("CARGO_BIN_EXE_dfmigrate")).arg("verify").arg(path);
    let Ok(mut child) = driving.env("TERM", "xterm").stdin(Stdio::piped()).stdout(Stdio::piped()).spawn() else {
        eprintln!("skipped: there is no python3 to open a pseudo-terminal");
        return None;
    };
    child.stdin.take().unwrap().write_all(b"[]").unwrap();
    let session: Value = serde_json::from_slice(&child.wait_with_output().unwrap().stdout).unwrap();
    Some((session["status"].as_i64().unwrap(), session["shown"].as_str().unwrap().to_owned()))
}

#[test]
fn progress_is_shown_on_a_terminal_only() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("image.tar");
    // Large enough to be looked at for some moments.
    let content: Vec<u8> = (0..16_u32 << 20).map(|number| (number.wrapping_mul(2_654_435_761) >> 24) as u8).collect();
    fs::write(&path, Image::new().files("COPY a a", &[("a", &content)]).saved()).unwrap();
    let (code, out, err) = texts(&dfmigrate().arg(&path).output().unwrap());
    assert_eq!((code, out.as_str(), err.as_str()), (Some(0), "no findings in 1 image with 2 layers\n", ""));
    let Some((status, shown)) = on_a_terminal(&path) else { return };
    assert_eq!(status, 0, "{shown}");
    assert!(shown.contains(" of 16.") && shown.contains("no findings in 1 image"), "{shown:?}");
}
