//! The forms of files that hold credentials, as the tools that read them want them.

use camino::Utf8Path;

use crate::knowledge::files::{FileVerdict, classify_file};

/// The content of a file at `path` with `canary` as its credential. `text` is the value as a variable holds it: what a file
/// of no known form has, with a line feed behind it, as editors leave it.
///
/// The forms are those of the tools' documentation; the hosts are made up, so that a tool goes on to use its usual ones.
pub(super) fn content(path: &Utf8Path, canary: &str, text: &str) -> String {
    let name = path.file_name().unwrap_or_default().to_ascii_lowercase();
    let whole = path.as_str().to_ascii_lowercase();
    match name.as_str() {
        name if name.contains("npmrc") => format!("//registry.example.com/:_authToken={canary}\n"),
        ".yarnrc.yml" => format!("npmScopes:\n  private:\n    npmAuthToken: \"{canary}\"\n"),
        ".netrc" | "netrc" | "_netrc" => format!("machine private.example.com\nlogin build\npassword {canary}\n"),
        ".git-credentials" | "git-credentials" => format!("https://build:{canary}@private.example.com\n"),
        ".pypirc" | "pypirc" => format!("[distutils]\nindex-servers = private\n\n[private]\npassword = {canary}\n"),
        name if name.starts_with("pip.") || name == ".pip.conf" => {
            format!("[global]\nextra-index-url = https://build:{canary}@index.example.com/simple/\n")
        }
        "auth.json" => format!(
            "{{\"http-basic\": {{\"private.example.com\": {{\"username\": \"build\", \"password\": \"{canary}\"}}}}}}\n"
        ),
        "config.json" | ".dockerconfigjson" | "dockerconfig.json" => {
            format!("{{\"auths\": {{\"images.example.com\": {{\"auth\": \"{canary}\"}}}}}}\n")
        }
        name if name.ends_with(".json") => format!("{{\"token\": \"{canary}\"}}\n"),
        name if name.contains("settings") && name.ends_with(".xml") => maven(canary),
        "nuget.config" => nuget(canary),
        "gradle.properties" | "sentry.properties" => format!("privateToken={canary}\n"),
        "credentials" if whole.contains(".aws/") => {
            format!("[default]\naws_access_key_id = build\naws_secret_access_key = {canary}\n")
        }
        name if name.ends_with(".toml") => format!("[private]\ntoken = \"{canary}\"\n"),
        name if name.starts_with(".env") || name.ends_with(".env") => format!("TOKEN={canary}\n"),
        name if name.ends_with(".yml") || name.ends_with(".yaml") => format!("token: {canary}\n"),
        _ if is_ssh_key(path) && !text.contains("PRIVATE KEY") => {
            let digits = canary.repeat(3);
            private_key(&std::array::from_fn(|line| format!("{line}{}", digits.get(..69).unwrap_or(&digits))))
        }
        _ => format!("{}\n", text.trim_end()),
    }
}

fn is_ssh_key(path: &Utf8Path) -> bool {
    matches!(classify_file(path.as_str()), FileVerdict::BuildInput(input) if input.ssh)
}

/// A text in the form of a private key of OpenSSH, which opens nothing.
pub(super) fn private_key(lines: &[String; 6]) -> String {
    let kind = "OPENSSH PRIVATE KEY";
    format!("-----BEGIN {kind}-----\n{}\n-----END {kind}-----\n", lines.join("\n"))
}

fn maven(canary: &str) -> String {
    format!(
        "<settings>\n  <servers>\n    <server>\n      <id>private</id>\n      <username>build</username>\n      \
         <password>{canary}</password>\n    </server>\n  </servers>\n</settings>\n"
    )
}

fn nuget(canary: &str) -> String {
    format!(
        "<?xml version=\"1.0\" encoding=\"utf-8\"?>\n<configuration>\n  <packageSourceCredentials>\n    <private>\n      \
         <add key=\"Username\" value=\"build\" />\n      <add key=\"ClearTextPassword\" value=\"{canary}\" />\n    \
         </private>\n  </packageSourceCredentials>\n</configuration>\n"
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::knowledge::files::holds_credential;

    #[test]
    fn every_form_holds_a_credential() {
        for path in [
            ".npmrc",
            ".netrc",
            "pip.conf",
            ".pypirc",
            "auth.json",
            ".docker/config.json",
            "settings.xml",
            "NuGet.Config",
            "gradle.properties",
            ".aws/credentials",
            "poetry/auth.toml",
            ".env",
            ".git-credentials",
            "keys/id_rsa",
            ".yarnrc.yml",
        ] {
            let canary = "c0ffee-horse-staple";
            let text = content(path.into(), canary, canary);
            assert!(text.contains(canary) && holds_credential(&text), "{path}: {text}");
        }
        assert_eq!(content("token.txt".into(), "abc", "abc"), "abc\n");
    }
}
