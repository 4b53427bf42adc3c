//! The same through a real engine, where one answers.

use std::{
    fs,
    process::{Command, Stdio},
};

use super::look::canary;

const BASE: &str = "local/busybox:1";

/// The last step deletes what the first ones left: in vain.
const DOCKERFILE: &str = "FROM local/busybox:1
ARG T
RUN true
COPY token /root/token
RUN mkdir /app && gzip -c /root/token > /app/token.gz && base64 /root/token > /app/token.txt
RUN rm /root/token
";

fn docker(arguments: &[&str]) -> bool {
    let status = Command::new("docker").args(arguments).stdout(Stdio::null()).stderr(Stdio::null()).status();
    status.is_ok_and(|status| status.success())
}

#[test]
fn an_image_of_a_running_engine() {
    if !docker(&["image", "inspect", BASE]) {
        println!("skipped: no Docker Engine with the image {BASE} answers");
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("Dockerfile"), DOCKERFILE).unwrap();
    fs::write(folder.path().join("token"), format!("{}\n", canary())).unwrap();
    let tag = format!("dfm-verify-test:{}", std::process::id());
    let path = folder.path().to_str().unwrap();
    let argument = format!("T={}", canary());
    assert!(docker(&["build", "--quiet", "--network=none", "--build-arg", &argument, "--tag", &tag, path]));
    let archive = folder.path().join("image.tar");
    assert!(docker(&["save", "--output", archive.to_str().unwrap(), &tag]));
    let outputs = [tag.as_str(), archive.to_str().unwrap(), BASE].map(|image| {
        let mut command = Command::new(env!("CARGO_BIN_EXE_dfmigrate"));
        command.args(["verify", image, "--secret", "id=planted,env=PLANTED"]).env("PLANTED", canary());
        let output = command.output().unwrap();
        (output.status.code(), String::from_utf8(output.stdout).unwrap())
    });
    docker(&["image", "rm", "--force", &tag]);
    for (code, out) in &outputs[..2] {
        assert_eq!(*code, Some(1), "{out}");
        assert!(!out.contains(&canary()));
        for part in [
            "error[arg-secret]: the value of the secret `planted`, as it is",
            "layer 3 of 5: /root/token\n",
            "deleted by layer 5 (RUN ",
            "layer 4 of 5: /app/token.gz\n",
            "the value of the secret `planted`, in base64",
        ] {
            assert!(out.contains(part), "{part}\nnot in\n{out}");
        }
    }
    let [.., (code, out)] = &outputs;
    assert_eq!((*code, out.as_str()), (Some(0), "no findings in 1 image with 1 layer\n"));
}
