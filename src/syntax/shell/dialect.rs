use super::Dialect;

/// The dialect of an interpreter, named as in a shebang (`#!/usr/bin/env bash`, with or without `#!`), as a program
/// (`/bin/sh`, `bash.exe`), or as the words of a SHELL instruction joined by blanks (`/bin/bash -o pipefail -c`).
///
/// `None` for what no shell of this room reads: python, pwsh, cmd, fish, csh.
#[must_use]
pub fn dialect_of(interpreter: &str) -> Option<Dialect> {
    let line = interpreter.lines().next()?.trim();
    let mut words = line.strip_prefix("#!").unwrap_or(line).split_whitespace().peekable();
    let mut program = file_name(words.next()?);
    if program == "env" {
        // `env -S bash -e`, `env -i PATH=x sh`
        let program_of_env = words.find(|word| !word.starts_with('-') && !word.contains('='))?;
        program = file_name(program_of_env);
    }
    if program == "busybox" {
        program = file_name(words.next()?);
    }
    dialect_of_program(&program)
}

/// The dialect of a SHELL instruction's words, or of the words in front of a shell's command text.
#[must_use]
pub fn dialect_of_words<'w>(words: impl IntoIterator<Item = &'w str>) -> Option<Dialect> {
    let words: Vec<&str> = words.into_iter().collect();
    dialect_of(&words.join(" "))
}

fn dialect_of_program(program: &str) -> Option<Dialect> {
    match program {
        "sh" | "dash" | "ash" => Some(Dialect::Posix),
        "bash" | "zsh" | "ksh" | "ksh93" | "mksh" | "rbash" => Some(Dialect::Bash),
        _ => None,
    }
}

/// The last component of a path of either kind, in lower case and without `.exe`.
pub(super) fn file_name(path: &str) -> String {
    let name = path.rsplit(['/', '\\']).next().unwrap_or(path).to_ascii_lowercase();
    name.strip_suffix(".exe").map(str::to_owned).unwrap_or(name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn interpreters_have_a_dialect_or_none() {
        for sh in ["#!/bin/sh", "sh", "/bin/ash -eo pipefail -c", "#!/usr/bin/env -S dash -e", "busybox sh"] {
            assert_eq!(dialect_of(sh), Some(Dialect::Posix), "{sh}");
        }
        for bash in ["#! /bin/bash -ex", "#!/usr/bin/env bash", "zsh", r"C:\msys\bash.exe -c"] {
            assert_eq!(dialect_of(bash), Some(Dialect::Bash), "{bash}");
        }
        for other in ["#!/usr/bin/env python3", "pwsh -Command", "cmd /S /C", "powershell", "fish", ""] {
            assert_eq!(dialect_of(other), None, "{other}");
        }
        assert_eq!(dialect_of_words(["/bin/bash", "-o", "pipefail", "-c"]), Some(Dialect::Bash));
    }
}
