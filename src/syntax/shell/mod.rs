//! Shell text, parsed by a library behind one facade. No other room sees the library's types.

mod assigns;
mod dialect;
pub mod edit;
mod lower;
mod nested;
#[cfg(test)]
mod tests;
mod tree;
mod walk;
mod word;
mod wrapper;

pub use assigns::{Assign, AssignKind};
pub use dialect::{dialect_of, dialect_of_words};
pub use lower::parse;
pub use nested::{Nested, nested};
pub use tree::{
    Assignment, Body, Command, Compound, CompoundKind, Dialect, Item, Node, Operator, Part, PartKind, Quote, Redirect,
    RedirectKind, Script, Variable, Word,
};
pub use walk::{CommandContext, VariableUse};
pub use wrapper::{Effective, Environment, effective};
