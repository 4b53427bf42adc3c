//! The console blocks of the documentation, run as a person would paste them, in a copy of the example repository.
//!
//! A block whose commands begin with `$ ` is a transcript: the lines below a command are what it has to print (`...` stands
//! for any lines, `[..]` for any text in a line), and the next transcript of the page goes on where it ended. The lines of
//! other blocks are alternatives: each begins anew, and must end with status 0 or 1.
#![cfg(unix)]

#[cfg(test)]
mod blocks;
#[cfg(test)]
mod elsewhere;
#[cfg(test)]
mod ground;
