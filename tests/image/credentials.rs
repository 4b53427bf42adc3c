//! Credentials that nobody named: they are found by their form, and what only looks like them is not.

use dfmigrate::image::Limits;
use serde_json::json;

use super::{
    archive::{Image, Method, tar, zip},
    look::{line, verify_with},
};

const RANDOM: &str = "aZ3bY8cX1dW5eV0fU9gT2hS7iR4jQ6kP1lO3";
const BODY: &str = "b3BlbnNzaC1rZXktdjEAAAAABG5vbmUAAAAEbm9uZQAAAAAAAAABAAAAMwAAAAtzc2\ngtZWQyNTUxOQAAACCh5RiVqP";

fn private_key() -> String {
    format!("-----BEGIN OPENSSH {0} KEY-----\n{BODY}\n-----END OPENSSH {0} KEY-----\n", "PRIVATE")
}

fn found(archive: &[u8]) -> Vec<String> {
    let report = verify_with(archive, Vec::new(), Limits::default());
    assert_eq!(report.problems, []);
    report.findings.iter().map(line).collect()
}

fn file(path: &str, content: &str) -> Vec<u8> {
    Image::new().files("RUN /bin/sh -c setup # buildkit", &[(path, content.as_bytes())]).saved()
}

#[test]
fn files_with_credentials() {
    let auth = "_auth";
    let token = format!("gh{}{RANDOM}", "p_");
    for (path, content, expected) in [
        ("root/.ssh/id_ed25519", private_key(), "a private key | written-credential"),
        ("app/config.json", format!("{{\"key\": {}}}", json!(private_key())), "a private key |"),
        ("app/main.js", format!("const t = '{token}';"), "a GitHub token | written-credential"),
        (
            "root/.npmrc",
            format!("//npm.example.com/:{auth}Token=kn0ck-kn0ck\n"),
            "a credential as `_authToken` | persisted-credential",
        ),
        (
            "src/.git/config",
            "\turl = https://x:kn0ck-kn0ck@git.example.com/r\n".to_owned(),
            "a URL with a password or token | persisted-credential",
        ),
        ("root/.netrc", "machine h login u password kn0ck-kn0ck".to_owned(), "a credential as `password` |"),
        (
            "app/yarn.lock",
            "resolved \"https://u:kn0ck-kn0ck@npm.example.com/a\"".to_owned(),
            "a URL with a password or token |",
        ),
        ("etc/shadow", format!("root:$6${RANDOM}:19000:0:::::\n"), "hashes of passwords |"),
        ("app/.env", "DB_PASSWORD=kn0ck-kn0ck\n".to_owned(), "a value of `DB_PASSWORD`"),
    ] {
        let lines = found(&file(path, &content));
        assert!(lines.iter().any(|line| line.contains(expected)), "{path}: {lines:?}");
        assert!(!lines.iter().any(|line| line.contains("kn0ck") || line.contains(RANDOM)), "{lines:?}");
    }
}

#[test]
fn a_settings_file_in_an_archive() {
    let jar = zip(&[("conf/.npmrc", format!("{}Token=kn0ck-kn0ck", "//h/:_auth").as_bytes())], Method::Deflated);
    let archive = Image::new().layer("COPY a.jar .", tar(&[("a.jar", &jar)])).saved();
    assert_eq!(
        found(&archive),
        ["layer 2 of 2: /a.jar!/conf/.npmrc | a credential as `_authToken` | copied-credential"]
    );
}

#[test]
fn metadata_with_credentials() {
    let key = "NPM_TOKEN";
    for (image, expected) in [
        (
            Image::new().metadata(&format!("RUN |1 {key}=kn0ck-kn0ck /bin/sh -c npm ci # buildkit")),
            "history: entry 2 | a value of `NPM_TOKEN`, which is the name of a secret | arg-secret",
        ),
        (
            Image::new().config("Env", json!([format!("{key}=kn0ck-kn0ck")])),
            "configuration: config.Env[0] | a value of `NPM_TOKEN`, which is the name of a secret | env-secret",
        ),
        (
            Image::new().metadata("RUN /bin/sh -c git clone https://u:kn0ck-kn0ck@git.example.com/r # buildkit"),
            "history: entry 2 | a URL with a password or token | literal-credential",
        ),
        (
            Image::new().attestation(json!({ "args": { format!("build-arg:{key}"): "kn0ck-kn0ck" } })),
            "attestation: predicate.args.build-arg:NPM_TOKEN | a value of `NPM_TOKEN`, which is the name of a secret | arg-secret",
        ),
    ] {
        assert_eq!(found(&image.oci()), [expected]);
    }
}

#[test]
fn look_alikes() {
    for (path, content) in [
        ("usr/bin/ssh", format!("-----BEGIN {}-----\0-----END", "OPENSSH PRIVATE KEY")),
        ("app/README", format!("export GITHUB_TOKEN=gh{}{}", "p_", "x".repeat(36))),
        ("root/.npmrc", "registry=https://npm.example.com/\n//npm.example.com/:_authToken=${NPM_TOKEN}\n".to_owned()),
        ("app/.git/config", "[remote \"origin\"]\nurl = https://git.example.com/r\n".to_owned()),
        ("etc/shadow", "root:*:19000:0:::::\n".to_owned()),
        ("app/package.json", "{\"repository\": \"git+ssh://git@git.example.com/r\"}".to_owned()),
    ] {
        assert_eq!(found(&file(path, &content)), [""; 0], "{path}");
    }
    let reference = Image::new().metadata("RUN |1 NPM_TOKEN= /bin/sh -c npm ci").metadata("ARG NPM_TOKEN");
    assert_eq!(found(&reference.config("Env", json!(["TOKEN_FILE=/run/secrets/t", "API_KEY="])).saved()), [""; 0]);
}

#[test]
fn keys_of_tests_do_not_count() {
    let report =
        verify_with(&file("usr/lib/node_modules/x/test/key.pem", &private_key()), Vec::new(), Limits::default());
    assert!(report.findings.iter().all(|finding| finding.severity == dfmigrate::image::Severity::Note));
    assert_eq!(report.findings.len(), 1);
}
