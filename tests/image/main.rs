//! `dfmigrate verify`: values planted in every place where a build may leave them, damaged archives, and a real engine.

#[cfg(test)]
mod archive;
#[cfg(test)]
mod command;
#[cfg(test)]
mod credentials;
#[cfg(test)]
mod damage;
#[cfg(test)]
mod engine;
#[cfg(test)]
mod fuzz;
#[cfg(test)]
mod hidden;
#[cfg(test)]
mod hostile;
#[cfg(test)]
mod look;
#[cfg(test)]
mod mutation;
#[cfg(test)]
mod pack;
