//! The program as a person or a script runs it: exit status, both streams, and what is on the disk afterwards.

#[cfg(test)]
mod branch;
#[cfg(test)]
mod clones;
#[cfg(test)]
mod commit;
mod fix;
mod formats;
mod look;
#[cfg(test)]
mod push;
mod review;
mod safety;
#[cfg(test)]
mod scratch;
#[cfg(test)]
mod server;
#[cfg(test)]
mod settings;
#[cfg(test)]
mod terminal;
