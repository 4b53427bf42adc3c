//! Many repositories at once, on real git servers' file protocol: one run, killed runs, and what may never be written down.
#![cfg(unix)]

#[cfg(test)]
mod ground;
#[cfg(test)]
mod killed;
#[cfg(test)]
mod linked;
#[cfg(test)]
mod report;
#[cfg(test)]
mod run;
