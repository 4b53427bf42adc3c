//! The services give nothing to a stranger.

use std::io::{Read, Write};
use std::net::TcpStream;

use anyhow::{Context, Result, ensure};

use super::Check;
use crate::canary::{Canary, base64};
use crate::service::Service;

pub const CHECKS: [(&str, Check); 3] = [
    ("services_answer_401_without_credential", refuse_strangers),
    ("services_answer_404_to_a_wrong_credential", refuse_wrong_credentials),
    ("services_answer_the_right_credential", answer_friends),
];

const PATHS: [&str; 10] = [
    "npm/private-widget",
    "npm/private-widget/-/private-widget-1.0.0.tgz",
    "pypi/simple/private-widget/",
    "git/private-widget.git/info/refs?service=git-upload-pack",
    "git/private-widget.git/HEAD",
    "code/private-widget.git/info/refs?service=git-upload-pack",
    "apt/dists/stable/Release",
    "apt/dists/stable/main/binary-amd64/Packages",
    "apt/pool/private-widget_1.0.0_all.deb",
    "files/widget.txt",
];

fn refuse_strangers() -> Result<()> {
    expect(|_| String::new(), "401")
}

fn refuse_wrong_credentials() -> Result<()> {
    expect(|_| format!("Authorization: Bearer {}\r\n", Canary::generate().value()), "404")
}

fn answer_friends() -> Result<()> {
    expect(|canary| format!("Authorization: Bearer {}\r\n", canary.value()), "200")?;
    expect(
        |canary| format!("Authorization: Basic {}\r\n", base64(format!("build:{}", canary.value()).as_bytes())),
        "200",
    )?;
    expect(|canary| format!("PRIVATE-TOKEN: {}\r\n", canary.value()), "200")
}

/// Every path answers with `status` to a request with the header that `header` makes of the right credential.
fn expect(header: impl Fn(&Canary) -> String, status: &str) -> Result<()> {
    let canary = Canary::generate();
    let service = Service::start(&canary, "nonce")?;
    let location = service.location();
    let (address, prefix) = location.split_once('/').context("a location is an address and a path")?;
    for path in PATHS {
        let mut stream = TcpStream::connect(address)?;
        write!(stream, "GET /{prefix}/{path} HTTP/1.1\r\nHost: {address}\r\n{}\r\n", header(&canary))?;
        let mut answer = Vec::new();
        stream.read_to_end(&mut answer)?;
        let head = String::from_utf8_lossy(&answer).lines().next().unwrap_or_default().to_owned();
        ensure!(head.contains(status), "{path} answers {head}");
    }
    ensure!((service.given() > 0) == (status == "200"), "{} requests counted", service.given());
    Ok(())
}
