use super::*;

fn random(length: usize, alphabet: &str) -> String {
    let characters: Vec<char> = alphabet.chars().collect();
    let next = |seed: &u64| Some(seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407));
    let numbers = std::iter::successors(Some(7), next).map(|seed| usize::try_from(seed >> 40).unwrap());
    numbers.take(length).map(|number| characters[number % characters.len()]).collect()
}

const LETTERS: &str = "aZ3bY8cX1dW5eV0fU9gT2hS7";

#[test]
fn the_table_is_well_formed() -> Result<(), Box<dyn std::error::Error>> {
    let tables: Tables = crate::knowledge::check(include_str!("../values.toml"))?;
    let whole_values = [&tables.placeholder, &tables.public, &tables.pointer, &tables.switch, &tables.nothing];
    RegexSet::new(whole_values.into_iter().flatten().map(whole))?;
    RegexSet::new(tables.shape.iter().map(|shape| &shape.pattern))?;
    Ok(())
}

#[test]
fn placeholders() {
    for value in [
        "changeme",
        "CHANGE_ME",
        "change-this-please",
        "xxx",
        "xxxxxxxx",
        "****",
        "<token>",
        "<your token>",
        "none",
        "null",
        "dummy",
        "${TOKEN}",
        "$TOKEN",
        "$A:$B",
        "${TOKEN:-none}",
        "your-token-here",
        "YOUR_API_KEY",
        "password",
        "secret",
        "example",
        "PASSWORD",
        "my-secret",
        "{}",
        "{{ token }}",
        "%TOKEN%",
        "dummy-secret-for-build",
        "test",
        "build-time-secret",
        "unset",
        "replace_with_your_token",
    ] {
        assert_eq!(classify_value(value), ValueVerdict::Placeholder, "{value}");
    }
    assert_eq!(classify_value("  "), ValueVerdict::Empty);
}

#[test]
fn public_values() {
    for value in [
        "https://pypi.example.com/simple",
        "/run/secrets/token",
        "./x",
        "~/.ssh/id_rsa",
        "C:\\keys\\a",
        "1.2.3",
        "v20.11.1-alpine3.19",
        "true",
        "8080",
        "10m",
        "0xB42F6819007F00F88E364FD4036A9C25BF357DD4",
        "ssh-ed25519 AAAA me@host",
        "sha256:0123abcd",
        "certs/server.key",
        "ssh://git@git.example.com/o/r",
        "https://$HOST/simple",
        "git+ssh://git@git.example.com/a",
        "jdbc:mysql://db.example.com:3306/app?useSSL=false",
        "jdbc:h2:file:/srv/app/data",
        "jdbc:oracle:thin:@//db.example.com:1521/app",
        "downloads.example.com/models/2015",
    ] {
        assert_eq!(classify_value(value), ValueVerdict::Public, "{value}");
    }
}

#[test]
fn jdbc_addresses_with_a_password() {
    for value in [
        "jdbc:mysql://db.example.com/app?user=app&password=hunter2",
        "jdbc:sqlserver://db.example.com;user=sa;password=hunter2",
        "jdbc:oracle:thin:scott/tiger@//db.example.com:1521/app",
        "jdbc:h2:file:/srv/app;PASSWORD=hunter2",
    ] {
        assert_ne!(classify_value(value), ValueVerdict::Public, "{value}");
    }
}

#[test]
fn values_that_only_point_to_a_secret() {
    for value in ["/etc/ssl/server.key", "./certs/server.pem", "~/.ssh/id_rsa", "server.key"] {
        assert!(is_pointer(value), "{value}");
    }
    let base64_with_a_slash = format!("/{}", random(40, LETTERS));
    for value in ["hunter2", "12345678", "none", "true", "secret", &base64_with_a_slash, "https://example.com"] {
        assert!(!is_pointer(value), "{value}");
    }
    assert!(is_switch("true") && is_switch("False") && !is_switch("1") && !is_switch("truely"));
    assert!(is_nothing("null") && is_nothing("None") && !is_nothing("false") && !is_nothing("password"));
}

#[test]
fn urls_with_credentials() {
    for value in [
        "https://user:pass@pypi.example.com/simple",
        "https://$USER:$PASSWORD@pypi.example.com/simple",
        "https://${TOKEN}@git.example.com/o/r",
        "postgresql://app:app@db:5432/app",
        "mongodb+srv://u:p@cluster.example.com",
        "--extra-index-url https://aws:$T@pypi.example.com/",
    ] {
        assert!(matches!(classify_value(value), ValueVerdict::UrlWithCredentials(_)), "{value}");
    }
}

#[test]
fn credentials_by_their_form() {
    for (what, value) in [
        ("a GitHub token", format!("gh{}{}", "p_", random(36, LETTERS))),
        ("a GitLab token", format!("gl{}{}", "pat-", random(20, LETTERS))),
        ("an npm token", format!("np{}{}", "m_", random(36, LETTERS))),
        ("npm credentials of a registry", format!("//npm.example.com/:_auth{}{}", "Token=", random(10, LETTERS))),
        ("a private key", format!("-----BEGIN {} KEY-----\nabc", "OPENSSH PRIVATE")),
        ("a Hugging Face token", format!("h{}{}", "f_", random(34, "aZbYcXdWeVfU"))),
        ("a JSON Web Token", format!("ey{0}{1}.ey{0}{1}.{1}", "J", random(20, LETTERS))),
        ("random-looking text", random(32, LETTERS)),
        (
            "a JSON document with a password or token",
            r#"{"http-basic":{"h":{"username":"u","password":"hunter"}}}"#.to_owned(),
        ),
    ] {
        assert_eq!(classify_value(&value), ValueVerdict::CredentialShaped { what: what.to_owned() }, "{what}");
    }
}

#[test]
fn other_text_is_literal() {
    for value in [
        "hunter2",
        "correct horse battery staple",
        "9e107d9d372bb6826bd81d3542a419d6",
        "123e4567-e89b-12d3-a456-426614174000",
        "node:20-alpine",
        "--no-cache --prefer-offline",
        "production",
        "linux-x86_64-unknown-gnu-with-extras",
        "python3-dev libpq-dev",
        "com.example.Application",
        "debian-bookworm-slim-2024-10-21",
        "max-old-space-size=4096",
    ] {
        assert_eq!(classify_value(value), ValueVerdict::Literal, "{value}");
    }
}

#[test]
fn text_around_and_inside_variables_counts() {
    assert_eq!(classify_value("${TOKEN:-changeme}"), ValueVerdict::Placeholder);
    assert_eq!(classify_value("${PASSWORD:-hunter2}"), ValueVerdict::Literal);
    assert_eq!(classify_value("AWS_SECRET_ACCESS_KEY"), ValueVerdict::Placeholder);
    assert_eq!(classify_value("${HOME}/bin"), ValueVerdict::Public);
    assert_eq!(classify_value("prefix-$X"), ValueVerdict::Literal);
    let found = classify_value(&format!("${{TOKEN:-{}}}", random(32, LETTERS)));
    assert!(matches!(found, ValueVerdict::CredentialShaped { .. }));
    assert!(matches!(classify_value(&format!("/{}", random(40, LETTERS))), ValueVerdict::CredentialShaped { .. }));
}
