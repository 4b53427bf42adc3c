//! Forges: every request against the forge's description, what a run makes of what is there, and every fault that a
//! server or a network can have. The servers are on this machine.

mod clock;
mod each;
mod fake;
mod faults;
mod prism;
mod schema;
mod server;
mod trust;
