//! What a copied file is: told by its path, by where it lands and by what commands do with it.

use std::collections::BTreeSet;

use camino::Utf8Path;

use super::{last, names_a_folder};
use crate::knowledge::files::{BuildInput, FileVerdict, classify_file};
use crate::knowledge::tools::{self, Reading};
use crate::knowledge::values::whole_variable;
use crate::model::file_runs::mentions_file;
use crate::model::reading::effective_words;
use crate::model::run::Run;
use crate::model::{CopiedFile, Dockerfile, ImagePath};
use crate::syntax::shell::Command;

/// What the path in the context and the one in the image say together; `None` where that is nothing.
pub(super) fn verdict_of(path: &Utf8Path, landed: &str) -> Option<FileVerdict> {
    let there = || match classify_file(landed) {
        FileVerdict::BuildInput(input) if landed.contains('/') => Some(FileVerdict::BuildInput(input)),
        _ => None,
    };
    match classify_file(path.as_str()) {
        // A key of the tests' folder that lands where ssh looks is one that something is opened with.
        FileVerdict::PublicLookAlike { by_folder: true, .. } => {
            let at_home = there().filter(|it| is_at_home(it, landed));
            at_home.or_else(|| shipped_key(path))
        }
        FileVerdict::PublicLookAlike { .. } => None,
        // The key of a package archive is public, whatever it is called.
        FileVerdict::Runtime { .. } if matches!(classify_file(landed), FileVerdict::PublicLookAlike { .. }) => None,
        // What lands as `.ssh/id_rsa` is a key, whatever it is called in the context.
        FileVerdict::Plain => {
            let is_ssh = |there: &FileVerdict| matches!(there, FileVerdict::BuildInput(input) if input.ssh);
            let known = there().filter(|there| {
                let folder = names_a_folder(last(landed));
                path.extension().is_some() || (is_ssh(there) && (!folder || speaks_of_keys(path)))
            });
            known.or_else(|| of_gnupg(landed))
        }
        FileVerdict::Runtime { what, at_build, common } => {
            Some(there().unwrap_or(FileVerdict::Runtime { what, at_build, common }))
        }
        verdict => Some(verdict),
    }
}

/// Whether a folder that becomes `.ssh` is called as one with keys is: `ssh`, `ssh-keys`.
fn speaks_of_keys(path: &Utf8Path) -> bool {
    let name = path.file_name().unwrap_or("").to_ascii_lowercase();
    path.extension().is_none() && (name.contains("ssh") || name.contains("key"))
}

/// What lands in GnuPG's home and is neither settings nor a public key.
fn of_gnupg(landed: &str) -> Option<FileVerdict> {
    let verdict = classify_file(landed);
    (landed.contains(".gnupg") && matches!(verdict, FileVerdict::Runtime { .. })).then_some(verdict)
}

/// A certificate file with its key: what servers that take both from one file are given (docs.haproxy.org, `crt`;
/// stunnel(8), `cert`; redmine.lighttpd.net, `ssl.pemfile`).
pub(super) fn certificate_with_key(path: &Utf8Path, base: &str) -> Option<FileVerdict> {
    const SERVERS: [&str; 4] = ["haproxy", "stunnel", "lighttpd", "hitch"];
    let server = base.rsplit('/').next().unwrap_or(base);
    let what = "a certificate with its private key".to_owned();
    let plain = path.extension() == Some("pem") && classify_file(path.as_str()) == FileVerdict::Plain;
    let verdict = FileVerdict::Runtime { what, at_build: false, common: false };
    (plain && SERVERS.iter().any(|known| server.starts_with(known))).then_some(verdict)
}

/// A private key by its name that a `COPY` names: whatever it was made for, the image has it.
fn shipped_key(path: &Utf8Path) -> Option<FileVerdict> {
    let name = path.file_name().unwrap_or("").to_ascii_lowercase().replace(['-', '_', '.'], "");
    let what = "a private key".to_owned();
    name.contains("privatekey").then_some(FileVerdict::Runtime { what, at_build: false, common: false })
}

/// What a source is that is one variable, by the variable's name: `${PRIVATE_KEY_FILE}`.
pub(super) fn named_by_variable(source: &str) -> Option<FileVerdict> {
    let upper = whole_variable(source)?.to_ascii_uppercase();
    let names_key = ["PRIVATE_KEY", "PRIVATEKEY", "SSH_KEY", "SIGNING_KEY"].iter().any(|words| upper.contains(words));
    let what = "a private key, by the name of the variable".to_owned();
    let verdict = FileVerdict::Runtime { what, at_build: true, common: false };
    (names_key && !upper.contains("PUBLIC")).then_some(verdict)
}

/// Whether the file lands where its tools look for it without being told.
fn is_at_home(verdict: &FileVerdict, landed: &str) -> bool {
    let FileVerdict::BuildInput(input) = verdict else { return false };
    if input.ssh { landed.contains(".ssh/") } else { landed.starts_with('/') && input.is_private_at(landed) }
}

/// Whether a file that nobody has read is what its name says: not one of the other programs that have such files, and no
/// key that packages are signed with.
pub(super) fn is_meant(dockerfile: &Dockerfile, file: &CopiedFile, landed: &str) -> bool {
    let name = file.path.file_name().unwrap_or("");
    let step = file.sources.first().map_or(0, |source| source.step);
    let place = dockerfile.workdir_at(step, &BTreeSet::new()).join(landed);
    let runs = || dockerfile.steps.iter().filter_map(|step| step.run.as_ref());
    let named = || runs().filter(|run| mentions_file(&run.text, name));
    match &file.verdict {
        FileVerdict::BuildInput(input) if input.common => {
            let found = |place: &ImagePath| input.is_private_at(place.path().as_str());
            // A folder lands with its files, not under its name.
            let is_file = file.path.extension().is_some();
            let put = |run: &Run| run.commands().any(|it| is_put(it, input, name));
            let read = |run: &Run| !input.is_usual_in_projects() && is_read(run, input);
            found(&place) || (is_file && found(&place.join(name))) || named().any(|run| read(run) || put(run))
        }
        FileVerdict::Runtime { common: true, .. } => {
            let sources =
                |words: &[Option<String>]| matches!(words.first(), Some(Some(name)) if name == "." || name == "source");
            let told = |it: &Command| sources(&effective_words(it)) || closes(it, name);
            named().any(|run| run.commands().any(told)) || is_closed_by_copy(dockerfile, step)
        }
        FileVerdict::Runtime { .. } => !named().any(|run| is_trusted_by(run, name)),
        _ => true,
    }
}

/// Whether the command takes everybody else's right to read the file.
fn closes(command: &Command, name: &str) -> bool {
    let words: Vec<String> = effective_words(command).into_iter().flatten().collect();
    let modes = words.iter().any(|word| is_closed(word));
    words.first().is_some_and(|program| program == "chmod") && modes && words.iter().any(|it| mentions_file(it, name))
}

fn is_closed_by_copy(dockerfile: &Dockerfile, step: usize) -> bool {
    let flags = dockerfile.steps.get(step).map(|step| step.instruction.flags()).unwrap_or_default();
    flags.iter().any(|flag| flag.name == "chmod" && flag.value.as_deref().is_some_and(is_closed))
}

/// Whether a mode lets the owner alone read: `600`, `0400`, `go-rwx`, `og=`.
fn is_closed(mode: &str) -> bool {
    let octal = mode.trim_start_matches('0');
    let digits = matches!(octal.as_bytes(), [b'4'..=b'7', b'0', b'0']);
    digits || ["go-r", "og-r", "go=", "og="].iter().any(|front| mode.starts_with(front))
}

/// Whether a tool that reads such files runs.
fn is_read(run: &Run, input: &BuildInput) -> bool {
    let reads = |words: &[Option<String>]| matches!(tools::reads_file(words, Some(input)), Reading::Reads { .. });
    run.commands().any(|command| reads(&effective_words(command)))
}

/// Whether the command moves, copies or links the file to where its tools look for it.
fn is_put(command: &Command, input: &BuildInput, name: &str) -> bool {
    let words: Vec<String> = effective_words(command).into_iter().flatten().collect();
    let program = words.first().and_then(|program| program.rsplit('/').next()).unwrap_or("");
    let named = words.iter().any(|word| mentions_file(word, name));
    let target = words.last().map_or("", String::as_str);
    let found = input.is_private_at(target) || input.is_private_at(&format!("{target}/{name}"));
    matches!(program, "mv" | "cp" | "ln" | "install") && named && found
}

/// Whether the RUN takes the file as a public key of a package archive: `apt-key add`, `gpg --dearmor < FILE`, `cat FILE |
/// apt-key add -`.
fn is_trusted_by(run: &Run, name: &str) -> bool {
    let names = |command: &Command| {
        let targets = command.redirects.iter().map(|redirect| &redirect.target);
        command.words.iter().chain(targets).any(|word| mentions_file(&word.lossy(), name))
    };
    let prints = |command: &Command| command.effective_name().as_deref() == Some("cat") && names(command);
    run.commands().filter(|command| takes_archive_key(command)).any(&names)
        || (run.commands().any(takes_archive_key) && run.commands().any(prints))
}

fn takes_archive_key(command: &Command) -> bool {
    let words: Vec<String> = effective_words(command).into_iter().flatten().collect();
    let has = |word: &str| words.iter().any(|other| other == word);
    match words.first().and_then(|program| program.rsplit('/').next()).unwrap_or("") {
        "apt-key" => has("add"),
        "rpm" | "rpmkeys" => has("--import"),
        "gpg" | "gpg2" => has("--dearmor"),
        "pacman-key" => has("--add") || has("-a"),
        _ => false,
    }
}
