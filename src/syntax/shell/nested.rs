//! Shell text inside a word or a heredoc: `sh -c '…'`, `su user -c "…"`, `eval '…'`, `bash <<EOF`.

mod outer;
mod pieces;

use super::dialect::{dialect_of, file_name};
use super::wrapper::{Environment, effective};
use super::{Command, Dialect, Part, PartKind, Quote, Redirect, Script, Word, parse};
use crate::source::{TextRange, range, slice};
use crate::syntax::view::{Quoting, View};
use pieces::Pieces;

/// The text of a nested shell and its way back to the host.
///
/// The text is what the inner shell reads, except that an expansion of the *outer* shell stays as it is written: in
/// `bash -c "echo $A \$B"` the text is `echo $A $B`. So a command of the nested script shows all that it gets, but the
/// use of `A` is also reported by the outer script, at the same place of the host. [`Nested::is_outer`] tells them
/// apart; whoever counts uses leaves the outer ones off here.
#[derive(Debug, Clone)]
pub struct Nested {
    /// The text with its map to the host.
    pub view: View,
    /// The language of the inner shell.
    pub dialect: Dialect,
    /// The words of the outer text that hold it, quotes included, or the body of the heredoc, in bytes of the text that
    /// was parsed.
    pub word: TextRange,
    /// What the wrappers and the login leave of the outer shell's exported variables.
    pub environment: Environment,
    /// The expansions of the outer shell, in bytes of the nested text, in order.
    pub outer: Vec<TextRange>,
}

impl Nested {
    /// The parsed text. A plain variable that the outer shell expands is one as well where the inner shell's single quotes
    /// are around it.
    #[must_use]
    pub fn script(&self) -> Script {
        let mut script = parse(self.view.text(), self.dialect);
        outer::show(&mut script, self.view.text(), &self.outer);
        script
    }

    /// Whether a range of the nested text lies in an expansion that the outer shell makes.
    #[must_use]
    pub fn is_outer(&self, at: TextRange) -> bool {
        self.outer.iter().any(|outer| outer.contains_range(at))
    }
}

/// Which words of a command are shell text.
struct Invocation<'w> {
    words: &'w [Word],
    dialect: Dialect,
    environment: Environment,
}

/// The nested shell text of a command, if it runs any. `text` is what was parsed, which is [`View::text`] of `view`.
///
/// `None` also where the text is computed as a whole (`sh -c "$SCRIPT"`).
#[must_use]
pub fn nested(text: &str, view: &View, command: &Command) -> Option<Nested> {
    match invocation(&command.words, Dialect::Posix) {
        Some(invocation) => in_words(text, view, &invocation),
        None => in_heredoc(text, view, command),
    }
}

fn in_words(text: &str, view: &View, invocation: &Invocation<'_>) -> Option<Nested> {
    let first = invocation.words.first()?;
    let word = invocation.words.iter().fold(first.range, |all, word| all.cover(word.range));
    let mut pieces = Pieces::of_words(text);
    for (index, word) in invocation.words.iter().enumerate() {
        if let Some(before) = index.checked_sub(1).and_then(|before| invocation.words.get(before)) {
            pieces.push(" ".to_owned(), range(before.range.end().into(), word.range.start().into()));
        }
        word.parts.iter().try_for_each(|part| pieces.part(part))?;
    }
    let view = pieces.view(view, quoting(invocation.words))?;
    let (dialect, environment) = (invocation.dialect, invocation.environment);
    Some(Nested { view, dialect, word, environment, outer: pieces.outer })
}

/// `bash <<EOF`: a shell without a script of its own reads what it is fed.
fn in_heredoc(text: &str, view: &View, command: &Command) -> Option<Nested> {
    let found = command.effective();
    let dialect = dialect_of(&file_name(&command.words.get(found.index)?.literal()?))?;
    let is_flag = |word: &Word| word.literal().is_some_and(|text| text.starts_with(['-', '+']) || text == "pipefail");
    if !command.words.iter().skip(found.index + 1).all(is_flag) {
        return None;
    }
    let fed = |redirect: &&Redirect| redirect.heredoc.is_some() && matches!(redirect.descriptor, None | Some(0));
    let redirect = command.redirects.iter().rfind(fed)?;
    let body = redirect.heredoc.as_ref()?;
    let tabs = slice(text, redirect.range).trim_start_matches('0').starts_with("<<-");
    let mut pieces = Pieces::of_heredoc(text, tabs);
    body.parts.iter().try_for_each(|part| pieces.part(part))?;
    let quoted = body.parts.iter().all(|part| part.quote == Quote::Single);
    let view = pieces.view(view, if quoted { Quoting::Lines } else { Quoting::ShellWord })?;
    Some(Nested { view, dialect, word: body.range, environment: found.environment, outer: pieces.outer })
}

/// How new text has to be written in these words; words with several kinds of quotes take only text that needs none.
fn quoting(words: &[Word]) -> Quoting {
    let texts = || words.iter().flat_map(|word| &word.parts).filter(|part| matches!(part.kind, PartKind::Text(_)));
    // `'a'\''b'` is single quoted text.
    let single = |part: &Part| {
        let escaped = matches!(&part.kind, PartKind::Text(text) if text == "'") && part.quote == Quote::None;
        part.quote == Quote::Single || escaped
    };
    match () {
        () if texts().all(single) => Quoting::ShellSingle,
        () if texts().all(|part| part.quote == Quote::Double) => Quoting::ShellDouble,
        () => Quoting::ShellWord,
    }
}

fn invocation(words: &[Word], dialect: Dialect) -> Option<Invocation<'_>> {
    let found = effective(words);
    let name = file_name(&words.get(found.index)?.literal()?);
    let arguments = words.get(found.index + 1..)?;
    let inner = match name.as_str() {
        "eval" => {
            let skipped = usize::from(arguments.first().is_some_and(|word| word.literal().as_deref() == Some("--")));
            let words = arguments.get(skipped..).filter(|words| !words.is_empty())?;
            Invocation { words, dialect, environment: Environment::Kept }
        }
        "su" | "runuser" => switched_user(arguments)?,
        "trap" => Invocation { words: arguments.get(..1)?, dialect, environment: Environment::Kept },
        // `flock FILE -c text`, where the file counts as the wrapper's operand.
        "-c" => Invocation { words: arguments.get(..1)?, dialect, environment: Environment::Kept },
        "find" | "fd" => behind_exec(arguments, dialect)?,
        "script" => command_string(arguments, dialect, "")?,
        _ => command_string(arguments, dialect_of(&name)?, "oO")?,
    };
    Some(Invocation { environment: inner.environment.max(found.environment), ..inner })
}

/// `sh [flags] -c [flags] text`. `values` are the letters of flags that take the next word.
fn command_string<'w>(arguments: &'w [Word], dialect: Dialect, values: &str) -> Option<Invocation<'w>> {
    let mut seen = false;
    let mut index = 0;
    while let Some(word) = arguments.get(index) {
        let text = word.lossy();
        index += 1;
        if text == "--" {
            break;
        }
        if let Some(long) = text.strip_prefix("--") {
            index += usize::from(matches!(long, "rcfile" | "init-file"));
            seen |= long == "command";
        } else if text.len() > 1 && text.starts_with(['-', '+']) {
            seen |= text.starts_with('-') && text.contains('c');
            index += text.chars().filter(|letter| values.contains(*letter)).count();
        } else {
            index -= 1;
            break;
        }
    }
    let words = arguments.get(index..=index).filter(|_| seen)?;
    Some(Invocation { words, dialect, environment: Environment::Kept })
}

/// `su [-] [user] -c text`, in any order. Without `-s` the user's own shell reads it, which nobody knows; what people
/// write there is POSIX.
fn switched_user(arguments: &[Word]) -> Option<Invocation<'_>> {
    let mut environment = Environment::Kept;
    let mut dialect = Dialect::Posix;
    let mut found = None;
    let mut index = 0;
    while let Some(word) = arguments.get(index) {
        let text = word.lossy();
        let letters = text.strip_prefix('-').filter(|letters| !letters.starts_with('-')).unwrap_or("");
        if matches!(text.as_str(), "-" | "--login") || letters.contains('l') {
            environment = Environment::Dropped;
        }
        if matches!(text.as_str(), "--command" | "--session-command") || letters.ends_with('c') {
            found = arguments.get(index + 1..=index + 1);
            index += 1;
        } else if text == "--shell" || letters.ends_with('s') {
            let shell = arguments.get(index + 1).and_then(Word::literal);
            dialect = shell.and_then(|shell| dialect_of(&shell)).unwrap_or(dialect);
            index += 1;
        } else if matches!(text.as_str(), "--user" | "--group") || letters.ends_with(['u', 'g', 'G', 'w']) {
            index += 1;
        }
        index += 1;
    }
    Some(Invocation { words: found?, dialect, environment })
}

/// `find … -exec sh -c text {} \;`
fn behind_exec(arguments: &[Word], dialect: Dialect) -> Option<Invocation<'_>> {
    let is_exec = |word: &Word| matches!(word.literal().as_deref(), Some("-exec" | "-execdir" | "-ok" | "-x"));
    let exec = arguments.iter().position(is_exec)?;
    invocation(arguments.get(exec + 1..)?, dialect)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::source::apply_edits;

    fn nest(text: &str) -> Option<Nested> {
        let view = View::verbatim(text, range(0, text.len()), Quoting::Line);
        let script = parse(text, Dialect::Bash);
        assert!(script.clean, "{text}");
        nested(text, &view, script.commands().first().expect("a command").command)
    }

    #[test]
    fn nested_text_is_found_behind_wrappers_and_flags() {
        for (text, inner, environment) in [
            ("sh -c 'a $B'", "a $B", Environment::Kept),
            ("/bin/bash -exo pipefail -lc 'a'", "a", Environment::Kept),
            ("sudo -E bash -c \"a\"", "a", Environment::Kept),
            ("sudo env X=1 sh -c a", "a", Environment::Dropped),
            ("su node -c 'npm ci'", "npm ci", Environment::Kept),
            ("su - node -s /bin/bash -c 'npm ci'", "npm ci", Environment::Dropped),
            ("su -l -c 'npm ci' node", "npm ci", Environment::Dropped),
            ("eval a 'b c'", "a b c", Environment::Kept),
            ("exec timeout 5 sh -c 'it'\\''s'", "it's", Environment::Kept),
            ("trap 'rm f' EXIT", "rm f", Environment::Kept),
            ("flock /l -c 'a'", "a", Environment::Kept),
            ("bash -e <<'E'\na $X\nE\n", "a $X\n", Environment::Kept),
            ("sh <<-E\n\ta \\$X \\\"\n\t\tb\n\tE\n", "a $X \\\"\nb\n", Environment::Kept),
            ("find . -exec sh -c 'cat \"$1\"' _ {} +", "cat \"$1\"", Environment::Kept),
        ] {
            let nested = nest(text).unwrap_or_else(|| panic!("{text} has nested text"));
            assert_eq!((nested.view.text(), nested.environment), (inner, environment), "{text}");
        }
        for text in ["sh script.sh", "bash -c \"$X\"", "python -c 'x'", "su node", "sh -e", "cat <<E\na\nE\n"] {
            assert!(nest(text).is_none(), "{text}");
        }
    }

    #[test]
    fn outer_expansions_stay_and_are_told_apart() {
        let nested = nest(r#"bash -c "curl \"$A\" \$B '${C}'""#).expect("nested");
        assert_eq!(nested.view.text(), r#"curl "$A" $B '${C}'"#);
        let script = nested.script();
        let uses: Vec<_> =
            script.variables().iter().map(|it| (it.variable.name.clone(), nested.is_outer(it.range))).collect();
        assert_eq!(uses, [("A".to_owned(), true), ("B".to_owned(), false), ("C".to_owned(), true)]);
        assert_eq!(nested.outer.len(), 2);
    }

    #[test]
    fn edits_of_nested_text_are_quoted_for_the_outer_shell() {
        for (text, expected) in [("sh -c 'a b'", "sh -c 'a x'\\''$y'"), ("sh -c \"a \\\"b\"", "sh -c \"a \\\"x'\\$y\"")]
        {
            let nested = nest(text).expect("nested");
            let end = nested.view.text().len();
            let edit = nested.view.edit(range(end - 1, end), "x'$y").expect("editable");
            assert_eq!(apply_edits(text, &[edit]).as_deref(), Ok(expected));
        }
        let nested = nest("sh -c ab").expect("nested");
        assert!(nested.view.edit(range(0, 2), "a b").is_err());
    }
}
