//! The command line program; everything it does is in [`dfmigrate::cli`].

use std::process::ExitCode;

/// Trees are very many small allocations: a check takes a seventh less with this one than with glibc's (docs/performance.md).
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> ExitCode {
    dfmigrate::cli::main(std::env::args_os())
}
