//! `dfmigrate completions` and `dfmigrate man`: what packages install beside the program.

use std::fs;

use camino::Utf8Path;
use clap::CommandFactory as _;
use clap_complete::Shell;

use super::{Arguments, Failure, Outcome, Streams};
use crate::report::counted;

pub(super) fn run(shell: Shell, streams: &mut Streams) -> Result<Outcome, Failure> {
    let mut script = Vec::new();
    clap_complete::generate(shell, &mut shown(), "dfmigrate", &mut script);
    streams.print_exact(&script)?;
    Ok(Outcome::Clean)
}

/// The program without the commands that only programs call: `clap_complete` would offer them.
fn shown() -> clap::Command {
    let whole = Arguments::command();
    let commands = whole.get_subcommands().filter(|command| !command.is_hide_set()).cloned();
    clap::Command::new("dfmigrate").args(whole.get_arguments().cloned()).subcommands(commands.collect::<Vec<_>>())
}

pub(super) fn man(folder: &Utf8Path, streams: &mut Streams) -> Result<Outcome, Failure> {
    let failed = |error: std::io::Error| anyhow::Error::from(error).context(format!("`{folder}` can't be written"));
    fs::create_dir_all(folder).map_err(failed)?;
    clap_mangen::generate_to(Arguments::command(), folder).map_err(failed)?;
    let count = folder.read_dir_utf8().map_err(failed)?.count();
    streams.remark(format_args!("{} in `{folder}`", counted(count, "page")))?;
    Ok(Outcome::Clean)
}
