//! Which quotes a place of a script is in, well enough to know whether a variable would be expanded there.

/// Reads a script piece by piece. Substitutions inside double quotes are taken for text: their own quotes are rare, and
/// a wrong answer only makes the script unreadable, never wrong.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct ShellQuotes {
    state: State,
    escaped: bool,
    /// Whether a `#` would begin a comment.
    word_start: bool,
}

#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
enum State {
    #[default]
    Outside,
    Single,
    Double,
    Comment,
}

impl ShellQuotes {
    /// Goes on behind `text`.
    pub(super) fn read(&mut self, text: &str) {
        for char in text.chars() {
            self.step(char);
        }
    }

    /// Whether the place is inside single quotes.
    pub(super) fn in_single(self) -> bool {
        self.state == State::Single
    }

    fn step(&mut self, char: char) {
        if std::mem::take(&mut self.escaped) {
            self.word_start = false;
            return;
        }
        let at_word_start = std::mem::replace(&mut self.word_start, char.is_whitespace() || char == ';');
        self.state = match (self.state, char) {
            (State::Outside | State::Double, '\\') => {
                self.escaped = true;
                self.state
            }
            (State::Outside, '\'') => State::Single,
            (State::Outside, '"') => State::Double,
            (State::Outside, '#') if at_word_start => State::Comment,
            (State::Single, '\'') | (State::Double, '"') | (State::Comment, '\n') => State::Outside,
            (state, _) => state,
        };
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn single(text: &str) -> bool {
        let mut quotes = ShellQuotes::default();
        quotes.read(text);
        quotes.in_single()
    }

    #[test]
    fn single_quotes_are_told_from_apostrophes() {
        assert!(single("a 'b"));
        assert!(!single("a 'b' \"it's"));
        assert!(!single("a \\'"));
        assert!(!single("a\n # it's\nb "));
        assert!(single("a#'"));
    }
}
