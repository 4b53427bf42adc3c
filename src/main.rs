//! The command line program; everything it does is in [`dfmigrate::cli`].

use std::process::ExitCode;

fn main() -> ExitCode {
    dfmigrate::cli::main(std::env::args_os())
}
