//! Which programs are in an image for certain.

use crate::knowledge::images;
use crate::syntax::shell::Command;

use super::Dockerfile;
use super::reading::effective_words;

/// Package managers, and the words with which they install and remove.
const MANAGERS: [&str; 7] = ["apt-get", "apt", "apk", "yum", "dnf", "microdnf", "zypper"];
const INSTALLS: [&str; 3] = ["install", "add", "in"];
const REMOVES: [&str; 7] = ["remove", "purge", "autoremove", "del", "erase", "rm", "deinstall"];

/// Programs that fetch over TLS. Images and packages that have one have the authorities' certificates as well: apk and dnf
/// depend on them, apt recommends them (packages.debian.org: libcurl4, wget, git).
const FETCHERS: [&str; 3] = ["curl", "wget", "git"];

/// Options with which they take any certificate.
const TRUSTING: [&str; 3] = ["-k", "--insecure", "--no-check-certificate"];

/// Packages that are called otherwise than the program in them.
const PACKAGES: [(&str, &str); 3] = [("ssh", "openssh-client"), ("ssh", "openssh"), ("find", "findutils")];

impl Dockerfile {
    /// Whether `program` is in the image at the step at `index` for certain: the base image has it, or an earlier RUN
    /// installed or started it, and none removed packages since.
    #[must_use]
    pub fn surely_has(&self, index: usize, program: &str) -> bool {
        let based = self.base_image(index).is_some_and(|image| images::has_program(image, program));
        let brings =
            |command: &Command| starts(command, program) || (manages(command, &INSTALLS) && installs(command, program));
        self.surely_brought(index, based, brings)
    }

    /// Whether programs of the image know the certificates of public servers at the step at `index` for certain: the base
    /// image has a program that fetches, or an earlier RUN installed them or fetched something over TLS.
    #[must_use]
    pub fn surely_has_certificates(&self, index: usize) -> bool {
        let fetches = |image: &str| FETCHERS.iter().any(|program| images::has_program(image, program));
        let based = self.base_image(index).is_some_and(fetches);
        self.surely_brought(index, based, |command| {
            brings_certificates(command) || FETCHERS.iter().any(|program| starts(command, program) && trusts(command))
        })
    }

    /// Whether the image has something: it is `based` on one that has it, or a command of an earlier RUN `brings` it, and
    /// none removed packages since.
    fn surely_brought(&self, index: usize, based: bool, brings: impl Fn(&Command) -> bool) -> bool {
        let mut has = based;
        for run in self.steps_before(index).filter_map(|step| step.run.as_deref()) {
            let removes = run.commands().any(|command| manages(command, &REMOVES));
            let commands = run.shells.iter().take(1).flat_map(|shell| shell.script.commands());
            let certain = commands.filter(|context| !context.optional && !context.in_function);
            let brought = certain.map(|context| context.command).any(&brings);
            has = (has || brought) && !removes;
        }
        has
    }
}

/// Whether a package manager installs the certificates, by name or with a program that fetches.
fn brings_certificates(command: &Command) -> bool {
    let words = effective_words(command);
    let sparing =
        words.iter().flatten().any(|word| word == "--no-install-recommends" || word.contains("nstall-Recommends"));
    let fetches = || FETCHERS.iter().any(|program| installs(command, program));
    manages(command, &INSTALLS) && (installs(command, "ca-certificates") || (!sparing && fetches()))
}

/// Whether a command fetches over TLS from a server that it checks.
fn trusts(command: &Command) -> bool {
    let words = effective_words(command);
    let mut words = words.iter().flatten();
    words.clone().any(|word| word.starts_with("https://")) && !words.any(|word| TRUSTING.contains(&word.as_str()))
}

fn starts(command: &Command, program: &str) -> bool {
    command.effective_name().is_some_and(|name| name.rsplit('/').next() == Some(program))
}

fn manages(command: &Command, verbs: &[&str]) -> bool {
    let words = effective_words(command);
    let first = words.first().and_then(|word| word.as_deref()).and_then(|word| word.rsplit('/').next()).unwrap_or("");
    MANAGERS.contains(&first) && words.iter().flatten().skip(1).any(|word| verbs.contains(&word.as_str()))
}

fn installs(command: &Command, program: &str) -> bool {
    let words = effective_words(command);
    let named = |word: &String| {
        let package = word.split(['=', '~', '<', '>']).next().unwrap_or("");
        package == program || PACKAGES.contains(&(program, package))
    };
    words.iter().flatten().any(named)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::source::Source;

    #[test]
    fn a_program_is_there_once_it_was_installed() {
        let has = |text: &str, program: &str| {
            let dockerfile = Dockerfile::new(Source::new("Dockerfile", format!("{text}\nRUN true\n").into_bytes()));
            dockerfile.surely_has(dockerfile.steps.len() - 1, program)
        };
        assert!(has("FROM debian:12\nRUN apt-get update && apt-get install -y curl=7.88 git", "curl"));
        assert!(has("FROM x\nRUN apk add --no-cache openssh-client", "ssh"));
        assert!(has("FROM x\nRUN wget -O a https://example.com/a", "wget"));
        assert!(has("FROM node:22 AS a\nFROM a", "git"));
        assert!(!has("FROM debian:12\nRUN apt-get install -y curl\nRUN apt-get purge -y curl", "curl"));
        assert!(!has("FROM alpine\nRUN apk add --virtual .deps git && make && apk del .deps", "git"));
        assert!(!has("FROM x\nRUN if [ -n \"$A\" ]; then apk add curl; fi", "curl"));
        assert!(!has("FROM x\nRUN which curl", "curl"));
    }

    #[test]
    fn certificates_come_with_a_program_that_fetches() {
        let has = |text: &str| {
            let dockerfile = Dockerfile::new(Source::new("Dockerfile", format!("{text}\nRUN true\n").into_bytes()));
            dockerfile.surely_has_certificates(dockerfile.steps.len() - 1)
        };
        assert!(has("FROM node:22"));
        assert!(has("FROM debian:12\nRUN apt-get update && apt-get install -y curl"));
        assert!(has("FROM debian:12\nRUN apt-get install -y --no-install-recommends curl ca-certificates"));
        assert!(has("FROM x\nRUN wget -O a https://example.com/a"));
        assert!(!has("FROM debian:12\nRUN apt-get install -y --no-install-recommends curl"));
        assert!(!has("FROM x\nRUN curl -k -o a https://example.com/a"));
        assert!(!has("FROM x\nRUN curl -o a http://example.com/a"));
    }
}
