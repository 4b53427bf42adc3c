//! Shell text, parsed by a library behind one facade. No other room sees the library's types.

mod tree;

pub use tree::{
    Assignment, Body, Command, Compound, CompoundKind, Dialect, Item, Node, Operator, Part, PartKind, Quote, Redirect,
    RedirectKind, Script, Variable, Word,
};
