use proptest::prelude::*;

use super::check;
use crate::syntax::shell::{Dialect, parse};

/// Words that make trouble next to each other.
const TOKENS: [&str; 44] = [
    "a", "echo", "X=1", "$X", "${X}", "${X:-b}", "\"", "'", "`", "$(", ")", "(", "{", "}", ";", "&&", "||", "|", "&",
    "\n", " ", "  ", "\\\n", "\\", "<<E\n", "E\n", "<", ">", "2>&1", "if", "then", "fi", "for", "in", "do", "done",
    "case", "esac", ";;", "[[", "]]", "$((", "))", "ä",
];

proptest! {
    #![proptest_config(ProptestConfig::with_cases(400))]

    #[test]
    fn arbitrary_text_is_read_without_panic(text in any::<String>()) {
        for dialect in [Dialect::Posix, Dialect::Bash] {
            let script = parse(&text, dialect);
            prop_assert_eq!(check(&text, &script), Ok(()));
        }
    }

    #[test]
    fn token_soup_is_read_without_panic(tokens in proptest::collection::vec(0..TOKENS.len(), 0..24)) {
        let text: String = tokens.into_iter().filter_map(|index| TOKENS.get(index).copied()).collect();
        for dialect in [Dialect::Posix, Dialect::Bash] {
            let script = parse(&text, dialect);
            prop_assert_eq!(check(&text, &script), Ok(()));
        }
    }
}
