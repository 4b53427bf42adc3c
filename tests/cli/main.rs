//! The program as a person or a script runs it: exit status, both streams, and what is on the disk afterwards.

mod fix;
mod look;
mod review;
mod safety;
#[cfg(test)]
mod scratch;
#[cfg(test)]
mod terminal;
