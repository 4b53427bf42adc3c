//! Which programs are in an image for certain.

use crate::knowledge::images;
use crate::syntax::shell::Command;

use super::Dockerfile;
use super::reading::effective_words;

/// Package managers, and the words with which they install and remove.
const MANAGERS: [&str; 7] = ["apt-get", "apt", "apk", "yum", "dnf", "microdnf", "zypper"];
const INSTALLS: [&str; 3] = ["install", "add", "in"];
const REMOVES: [&str; 7] = ["remove", "purge", "autoremove", "del", "erase", "rm", "deinstall"];

/// Packages that are called otherwise than the program in them.
const PACKAGES: [(&str, &str); 3] = [("ssh", "openssh-client"), ("ssh", "openssh"), ("find", "findutils")];

impl Dockerfile {
    /// Whether `program` is in the image at the step at `index` for certain: the base image has it, or an earlier RUN
    /// installed or started it, and none removed packages since.
    #[must_use]
    pub fn surely_has(&self, index: usize, program: &str) -> bool {
        let mut has = self.base_image(index).is_some_and(|image| images::has_program(image, program));
        for run in self.steps_before(index).filter_map(|step| step.run.as_deref()) {
            let removes = run.commands().any(|command| manages(command, &REMOVES));
            let commands = run.shells.iter().take(1).flat_map(|shell| shell.script.commands());
            let certain = commands.filter(|context| !context.optional && !context.in_function);
            let brought = certain
                .map(|context| context.command)
                .any(|command| starts(command, program) || (manages(command, &INSTALLS) && installs(command, program)));
            has = (has || brought) && !removes;
        }
        has
    }
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
}
