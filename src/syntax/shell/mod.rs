//! Shell text, parsed by a library behind one facade. No other room sees the library's types.

mod lower;
#[cfg(test)]
mod tests;
mod tree;
mod walk;
mod word;

pub use lower::parse;
pub use tree::{
    Assignment, Body, Command, Compound, CompoundKind, Dialect, Item, Node, Operator, Part, PartKind, Quote, Redirect,
    RedirectKind, Script, Variable, Word,
};
pub use walk::{CommandContext, VariableUse};
