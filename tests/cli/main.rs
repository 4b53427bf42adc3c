//! The program as a person or a script runs it: exit status, both streams, and what is on the disk afterwards.

#[cfg(test)]
mod baseline;
#[cfg(test)]
mod branch;
#[cfg(test)]
mod choices;
#[cfg(test)]
mod client;
#[cfg(test)]
mod clones;
#[cfg(test)]
mod commit;
#[cfg(test)]
mod distribution;
#[cfg(test)]
#[cfg(target_os = "linux")]
mod faults;
#[cfg(test)]
mod fix;
mod formats;
#[cfg(test)]
#[cfg(unix)]
mod hostile;
mod look;
#[cfg(test)]
mod lsp;
#[cfg(test)]
mod neovim;
#[cfg(test)]
mod pipelines;
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
mod ssh;
#[cfg(test)]
mod suppression;
#[cfg(test)]
mod terminal;
