//! What `$(eval …)` assigns, in a recipe or elsewhere (GNU make manual, "The eval Function").

use std::collections::BTreeSet;

/// The variables that calls of `eval` assign.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Evaluated {
    /// Those that are named.
    pub names: BTreeSet<String>,
    /// Whether one may assign any variable: what it evaluates is worked out.
    pub anything: bool,
}

impl Evaluated {
    /// Those in the text of a Makefile.
    pub fn of(text: &str) -> Self {
        let mut all = Self::default();
        let calls = ["$(eval", "${eval"].iter().flat_map(|begin| text.split(begin).skip(1));
        for call in calls.filter(|call| call.starts_with(char::is_whitespace)) {
            match assigned(call.trim_start()) {
                Some(name) => drop(all.names.insert(name.to_owned())),
                None => all.anything = true,
            }
        }
        all
    }
}

/// The variable that a text assigns, which begins with it.
fn assigned(text: &str) -> Option<&str> {
    let text = text.strip_prefix("override ").unwrap_or(text).trim_start();
    let is_part = |char: char| char.is_ascii_alphanumeric() || matches!(char, '_' | '-' | '.');
    let end = text.find(|char| !is_part(char))?;
    let (name, rest) = text.split_at(end);
    let operator = rest.trim_start().trim_start_matches([':', '?', '+', '!']);
    (!name.is_empty() && operator.starts_with('=')).then_some(name)
}

#[cfg(test)]
mod tests {
    use super::Evaluated;

    #[test]
    fn names_are_told_where_they_are_written() {
        for (text, names, anything) in [
            ("a:\n\t$(eval T := $(shell x))\n\tb", vec!["T"], false),
            ("a:\n\t$(eval T=1)${eval U ?= 2}$(eval override V ::= 3)", vec!["T", "U", "V"], false),
            ("$(eval $(call x,T))", vec![], true),
            ("$(eval include x.mk)\n$(eval T += 1)", vec!["T"], true),
            ("T = $(evaluate x) eval T = 1", vec![], false),
        ] {
            let names = names.into_iter().map(str::to_owned).collect();
            assert_eq!(Evaluated::of(text), Evaluated { names, anything }, "{text}");
        }
    }
}
