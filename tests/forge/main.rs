//! Forges: every request against the forge's description, what a run makes of what is there, and every fault that a
//! server or a network can have. The servers are on this machine.

#[cfg(test)]
mod clock;
#[cfg(test)]
mod command;
#[cfg(test)]
mod each;
#[cfg(test)]
mod fake;
#[cfg(test)]
mod faults;
#[cfg(test)]
mod fleet;
#[cfg(test)]
#[path = "../fleet/ground.rs"]
#[allow(dead_code, reason = "the tests of whole runs use all of it")]
mod ground;
#[cfg(test)]
mod group;
#[cfg(test)]
mod linked;
#[cfg(test)]
mod prism;
#[cfg(test)]
mod schema;
#[cfg(test)]
mod server;
#[cfg(test)]
mod trust;
