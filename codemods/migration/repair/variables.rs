//! Which variables say what a command would keep: one row for each tool.

use crate::syntax::shell::{Command, Word};

use super::Refused;
use super::site::Site;

/// What a command keeps, as variables.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Setting {
    /// A key of git's configuration and its value, for `GIT_CONFIG_KEY_n` and `GIT_CONFIG_VALUE_n` (git 2.31 and newer).
    Git(String, String),
    /// Variables of other tools and their values.
    Variables(Vec<(String, String)>),
}

impl Setting {
    /// The variable by which its readers are known.
    pub(super) fn probe(&self) -> &str {
        match self {
            Self::Git(..) => "GIT_CONFIG_COUNT",
            Self::Variables(all) => all.first().map_or("", |(name, _)| name),
        }
    }

    /// The variables, where they are the setting's own: git counts its settings, and others may be among them.
    pub(super) fn names(&self) -> Option<Vec<&str>> {
        match self {
            Self::Git(..) => None,
            Self::Variables(all) => Some(all.iter().map(|(name, _)| name.as_str()).collect()),
        }
    }

    /// Whether it is the variable `name` itself, which the mount fills.
    pub(super) fn is_itself(&self, name: &str) -> bool {
        matches!(self, Self::Variables(all) if all.iter().all(|(own, value)| own == name && *value == format!("${{{name}}}")))
    }

    /// The files in which the tool may keep it.
    pub(super) fn files(&self) -> &'static [&'static str] {
        match self.probe() {
            "GIT_CONFIG_COUNT" => &["~/.gitconfig"],
            "COMPOSER_AUTH" => &["~/.config/composer/auth.json", "~/.composer/auth.json"],
            "HF_TOKEN" => &["~/.cache/huggingface/token"],
            "WANDB_API_KEY" => &["~/.netrc"],
            probe if probe.starts_with("PIP_") => &["~/.config/pip/pip.conf"],
            probe if probe.starts_with("AWS_") => &["~/.aws/credentials"],
            probe if probe.starts_with("POETRY_") => &["~/.config/pypoetry/auth.toml"],
            probe if probe.starts_with("BUNDLE_") => &["~/.bundle/config", "/usr/local/bundle/config"],
            probe if probe.starts_with("CARGO_") => &["~/.cargo/credentials.toml", "/usr/local/cargo/credentials.toml"],
            _ => &[],
        }
    }
}

/// Whether it is a key of git's configuration.
pub(super) fn is_git(setting: &Setting) -> bool {
    matches!(setting, Setting::Git(..))
}

/// `export A="…" B="…"`, git's settings counted from `first`; empty where the mounts alone say it. cargo's own git client reads the files and not these
/// variables, so it has to start git (experiment: cargo 1.95).
pub(super) fn exported(settings: &[&Setting], first: usize, by_cargo: bool) -> String {
    let mut words = Vec::new();
    let count = first + settings.iter().filter(|setting| is_git(setting)).count();
    if count > first {
        words.push(format!("GIT_CONFIG_COUNT={count}"));
    }
    if count > first && by_cargo {
        words.push("CARGO_NET_GIT_FETCH_WITH_CLI=true".to_owned());
    }
    let mut number = first;
    for setting in settings {
        match setting {
            Setting::Git(key, value) => {
                words.push(format!("GIT_CONFIG_KEY_{number}={}", word(key)));
                words.push(format!("GIT_CONFIG_VALUE_{number}={}", word(value)));
                number += 1;
            }
            Setting::Variables(all) => {
                let made = all.iter().filter(|(name, value)| *value != format!("${{{name}}}"));
                words.extend(made.map(|(name, value)| format!("{name}={}", word(value))));
            }
        }
    }
    if words.is_empty() { String::new() } else { format!("export {}", words.join(" ")) }
}

fn word(text: &str) -> String {
    let plain = |char: char| char.is_ascii_alphanumeric() || "_./:@%+,-".contains(char);
    if !text.is_empty() && text.chars().all(plain) { text.to_owned() } else { format!("\"{text}\"") }
}

/// The words of a command, parted into flags and operands.
struct Call<'s, 'm> {
    site: &'s Site<'m>,
    flags: Vec<String>,
    operands: Vec<&'s Word>,
}

impl Call<'_, '_> {
    /// The operand at `at` as text for double quotes.
    fn value(&self, at: usize) -> Result<String, Refused> {
        let word = self.operands.get(at).and_then(|word| self.site.quoted(&word.parts));
        word.ok_or_else(|| Refused::because("its words are not understood"))
    }

    fn variable(&self, name: impl Into<String>, at: usize) -> Result<Setting, Refused> {
        self.value(at).map(|value| Setting::Variables(vec![(name.into(), value)]))
    }

    fn has_only(&self, known: &[&str]) -> bool {
        self.flags.iter().all(|flag| known.contains(&flag.as_str()))
    }
}

/// The setting that the command keeps, for the tools that read variables as well. Which was run with the tool and which is
/// taken from its documentation stands at each.
pub(super) fn setting(site: &Site<'_>) -> Option<Result<Setting, Refused>> {
    let command = site.command();
    let words = command.words.get(command.effective().index + 1..)?;
    let flags: Vec<String> = words.iter().map(Word::lossy).filter(|word| word.starts_with('-')).collect();
    let operands: Vec<&Word> = words.iter().filter(|word| !word.lossy().starts_with('-')).collect();
    let texts: Vec<String> = operands.iter().map(|word| word.lossy()).collect();
    let texts: Vec<&str> = texts.iter().map(String::as_str).collect();
    let call = Call { site, flags, operands };
    match (site.program()?.as_str(), texts.as_slice()) {
        // Experiment: git 2.39; variables from git 2.31 on (git-config(1), ENVIRONMENT).
        ("git", ["config", _, _]) => Some(git_setting(&call.flags, call.value(1), call.value(2))),
        // Experiment: pip 23.2.
        ("pip", ["config", "set", key, _]) => pip_setting(&call, key),
        // Experiment: poetry 2.5.1 sends them.
        ("poetry", ["config", key, _, _]) => poetry_setting(&call, key),
        // Experiment: aws 1.46.3 sends them where no --profile is given (docs.aws.amazon.com/cli, environment variables).
        ("aws", ["configure", "set", key, _]) if call.flags.is_empty() => aws_setting(&call, key),
        ("composer" | "composer.phar", ["config", rest @ ..] | ["global", "config", rest @ ..]) => {
            composer_setting(&call, rest, texts.len() - rest.len())
        }
        ("bundle" | "bundler", ["config", "set", host, _]) => bundle_setting(&call, host, 3),
        ("bundle" | "bundler", ["config", host, _]) => bundle_setting(&call, host, 2),
        // Experiment: cargo 1.95 sends what these variables hold and keeps nothing
        // (doc.rust-lang.org/cargo/reference/config.html, registry.token and registries.NAME.token).
        ("cargo", ["login", _]) if call.flags.is_empty() => Some(call.variable("CARGO_REGISTRY_TOKEN", 1)),
        ("cargo", ["login", name, _]) if call.flags == ["--registry"] => cargo_setting(&call, name, 2),
        ("cargo", ["login", _]) => match call.flags.as_slice() {
            [flag] => cargo_setting(&call, flag.strip_prefix("--registry=")?, 1),
            _ => None,
        },
        // Experiment: huggingface_hub 2.4 sends what `HF_TOKEN` holds and keeps nothing
        // (huggingface.co/docs/huggingface_hub/package_reference/environment_variables).
        ("hf", ["auth", "login", _]) if call.has_only(&["--token"]) => Some(call.variable("HF_TOKEN", 2)),
        ("hf" | "huggingface-cli", ["login", _]) if call.has_only(&["--token"]) => Some(call.variable("HF_TOKEN", 1)),
        // Experiment: wandb 0.31 sends what `WANDB_API_KEY` holds and keeps nothing
        // (docs.wandb.ai/guides/track/environment-variables).
        ("wandb", ["login", _]) if call.has_only(&["--relogin"]) => Some(call.variable("WANDB_API_KEY", 1)),
        _ => None,
    }
}

/// The value of one of the two variables needs the other one: aws stops where it finds one here and one in its file
/// (experiment: aws 1.46.3, `Partial credentials found`).
fn aws_setting(call: &Call<'_, '_>, key: &str) -> Option<Result<Setting, Refused>> {
    let known = matches!(key, "aws_access_key_id" | "aws_secret_access_key" | "aws_session_token");
    if !known {
        return None;
    }
    let site = call.site;
    let id = "AWS_ACCESS_KEY_ID";
    Some(call.value(3).and_then(|value| {
        let mut all = vec![(key.to_uppercase(), value)];
        let kept = site.run.commands().find_map(|command| key_id(site, command));
        match kept {
            _ if key != "aws_secret_access_key" => {}
            Some(value) if value == format!("${{{id}}}") => {}
            Some(value) => all.push((id.to_owned(), value)),
            None if site
                .dockerfile
                .steps_before(site.step)
                .any(|step| step.pairs.iter().any(|pair| pair.key == id)) => {}
            None => return Err(Refused::because("its key id is set elsewhere, and aws takes both from one place")),
        }
        Ok(Setting::Variables(all))
    }))
}

/// The value of `aws configure set aws_access_key_id VALUE`.
fn key_id(site: &Site<'_>, command: &Command) -> Option<String> {
    let words: Vec<String> = command.words.iter().map(Word::lossy).collect();
    let texts: Vec<&str> = words.iter().map(String::as_str).collect();
    match texts.as_slice() {
        ["aws", "configure", "set", "aws_access_key_id", _] => site.quoted(&command.words.get(4)?.parts),
        _ => None,
    }
}

fn cargo_setting(call: &Call<'_, '_>, registry: &str, at: usize) -> Option<Result<Setting, Refused>> {
    let plain = registry.chars().all(|char| char.is_ascii_alphanumeric() || matches!(char, '-' | '_'));
    let name = registry.to_uppercase().replace('-', "_");
    plain.then(|| call.variable(format!("CARGO_REGISTRIES_{name}_TOKEN"), at))
}

fn pip_setting(call: &Call<'_, '_>, key: &str) -> Option<Result<Setting, Refused>> {
    let name = key.split_once('.').filter(|(part, _)| matches!(*part, "global" | "install"))?.1;
    let known = matches!(name, "index-url" | "extra-index-url");
    known.then(|| call.variable(format!("PIP_{}", name.to_uppercase().replace('-', "_")), 3))
}

fn poetry_setting(call: &Call<'_, '_>, key: &str) -> Option<Result<Setting, Refused>> {
    let name = key.strip_prefix("http-basic.")?.to_uppercase().replace(['-', '.'], "_");
    Some(call.value(2).and_then(|user| {
        let pair = |suffix: &str, value| (format!("POETRY_HTTP_BASIC_{name}_{suffix}"), value);
        Ok(Setting::Variables(vec![pair("USERNAME", user), pair("PASSWORD", call.value(3)?)]))
    }))
}

/// `COMPOSER_AUTH` is what `auth.json` would hold (getcomposer.org/doc/articles/authentication-for-private-packages.md;
/// experiment: composer 2.5.5 sends them to the host, with its port, and keeps nothing). They are put into JSON as they are,
/// so they must have no `"` or `\` in them, which tokens have not.
fn composer_setting(call: &Call<'_, '_>, rest: &[&str], from: usize) -> Option<Result<Setting, Refused>> {
    let [key, values @ ..] = rest else { return None };
    let (kind, host) = key.split_once('.')?;
    let at = from + 1;
    let json = match (kind, values) {
        ("github-oauth" | "gitlab-token" | "gitlab-oauth" | "bearer", [_]) => {
            call.value(at).map(|token| format!("\\\"{token}\\\""))
        }
        ("http-basic", [_, _]) => call.value(at).and_then(|user| {
            let password = call.value(at + 1)?;
            Ok(format!("{{\\\"username\\\": \\\"{user}\\\", \\\"password\\\": \\\"{password}\\\"}}"))
        }),
        _ => return None,
    };
    let known = call.has_only(&["-g", "--global", "-a", "--auth", "--no-interaction", "-n", "-q", "--quiet"]);
    if host.contains('$') || !known {
        return Some(Err(Refused::because("its words are not understood")));
    }
    let all = json.map(|json| format!("{{\\\"{kind}\\\": {{\\\"{host}\\\": {json}}}}}"));
    Some(all.map(|all| Setting::Variables(vec![("COMPOSER_AUTH".to_owned(), all)])))
}

/// `BUNDLE_` and the host in capitals, with `__` for a dot and `___` for a hyphen (bundle-config(1); experiment: bundler
/// 2.3.15 sends them and keeps nothing).
fn bundle_setting(call: &Call<'_, '_>, host: &str, at: usize) -> Option<Result<Setting, Refused>> {
    let plain = |char: char| char.is_ascii_alphanumeric() || matches!(char, '.' | '-');
    let is_host = host.contains('.') && host.chars().all(plain) && call.has_only(&["--global", "--local"]);
    let name = host.to_uppercase().replace('-', "___").replace('.', "__");
    is_host.then(|| call.variable(format!("BUNDLE_{name}"), at))
}

fn git_setting(
    flags: &[String],
    key: Result<String, Refused>,
    value: Result<String, Refused>,
) -> Result<Setting, Refused> {
    let global = flags.iter().any(|flag| flag == "--global" || flag == "--system");
    let known = flags.iter().all(|flag| matches!(flag.as_str(), "--global" | "--system" | "--add" | "--replace-all"));
    if !global || !known {
        return Err(Refused::because("only settings for all repositories have variables"));
    }
    Ok(Setting::Git(key?, value?))
}
