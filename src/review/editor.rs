//! A file in the person's editor.

use std::{
    env,
    ffi::{OsStr, OsString},
    fs,
    io::{self, Read as _},
    process::{Command, Stdio},
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
};

use signal_hook::{consts::SIGINT, flag};

/// Lets the person edit `text` under the file name `name`, which tells the editor the language. The copy lies in a
/// directory that only this user can read, and is removed afterwards. The inner error is a sentence for the person.
pub(super) fn edit(name: &str, text: &[u8]) -> io::Result<Result<Vec<u8>, String>> {
    let Some(editor) = editor() else {
        return Ok(Err("there is no editor: set GIT_EDITOR, VISUAL or EDITOR".to_owned()));
    };
    let directory = tempfile::Builder::new().prefix("dfmigrate-edit-").tempdir()?;
    let file = directory.path().join(name);
    fs::write(&file, text)?;
    // Ctrl-C in the editor is for the editor; the terminal sends it to this process as well.
    let interrupts = Interrupts::ignore()?;
    // Standard output may be a file.
    let status = command(&editor).arg(&file).stdout(Stdio::from(io::stderr())).status();
    drop(interrupts);
    match status {
        Ok(status) if status.success() => {
            let mut edited = Vec::new();
            fs::File::open(&file)?.read_to_end(&mut edited)?;
            Ok(Ok(edited))
        }
        Ok(status) => Ok(Err(format!("the editor failed ({status})"))),
        Err(error) => Ok(Err(format!("the editor can't be run: {error}"))),
    }
}

/// The setting is a shell command. As git does, a plain program is started without a shell, which a Ctrl-C in the editor
/// would end.
fn command(editor: &OsStr) -> Command {
    let is_plain =
        editor.to_str().is_some_and(|text| !text.contains(|char| "|&;<>()$`\\\"' \t\n*?[#~=%".contains(char)));
    if is_plain {
        return Command::new(editor);
    }
    let mut script = editor.to_owned();
    script.push(" \"$@\"");
    let mut shell = Command::new("sh");
    shell.arg("-c").arg(script).arg(editor);
    shell
}

/// The editor, by git's rules (git-var): `GIT_EDITOR`, `core.editor`, `VISUAL` on a terminal that can move its cursor,
/// `EDITOR`, `vi`. The repository's own configuration is not asked: it may be a stranger's.
fn editor() -> Option<OsString> {
    let set = |name: &str| env::var_os(name).filter(|value| !value.is_empty());
    let is_dumb = env::var_os("TERM").is_none_or(|terminal| terminal == "dumb");
    let configured =
        || git2::Config::open_default().and_then(|mut config| config.snapshot()?.get_string("core.editor"));
    set("GIT_EDITOR")
        .or_else(|| configured().ok().map(OsString::from))
        .or_else(|| set("VISUAL").filter(|_| !is_dumb))
        .or_else(|| set("EDITOR"))
        .or_else(|| (!is_dumb).then(|| OsString::from("vi")))
}

/// For as long as it lives, SIGINT does not end this process.
struct Interrupts(Arc<AtomicBool>);

impl Interrupts {
    fn ignore() -> io::Result<Self> {
        let are_fatal = Arc::new(AtomicBool::new(false));
        flag::register_conditional_default(SIGINT, Arc::clone(&are_fatal))?;
        Ok(Self(are_fatal))
    }
}

impl Drop for Interrupts {
    fn drop(&mut self) {
        // The action stays registered: without one the signal would be ignored from now on.
        self.0.store(true, Ordering::SeqCst);
    }
}
