//! What a comment says: `dfmigrate: ignore[arg-secret] reason="…" until=2027-01-31`.

use std::sync::LazyLock;

use regex::Regex;

use crate::callers::Format;
use crate::config::{Date, nearest};
use crate::source::{TextRange, range};

/// What stands in front of the word in every such comment.
pub(super) const MARK: &str = "dfmigrate:";

const WORDS: [&str; 2] = ["ignore", "ignore-file"];
const OPTIONS: [&str; 2] = ["reason", "until"];

/// What a comment asks for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Comment {
    /// The codemods that it silences, in its order.
    pub codemods: Vec<String>,
    /// Why, if it says so.
    pub reason: Option<String>,
    /// The last day on which it holds.
    pub until: Option<Date>,
    /// Whether it is about the whole file.
    pub whole_file: bool,
}

/// A comment that can't be understood.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Mistake {
    pub message: String,
    /// The word that was probably meant.
    pub suggestion: Option<String>,
}

impl Mistake {
    fn new(message: impl Into<String>) -> Self {
        Self { message: message.into(), suggestion: None }
    }

    fn unknown<'w>(word: &str, what: &str, known: impl IntoIterator<Item = &'w str> + Clone) -> Self {
        let list = known.clone().into_iter().map(|word| format!("`{word}`")).collect::<Vec<_>>().join(" and ");
        let suggestion = nearest(word, known).map(str::to_owned);
        Self { message: format!("`{word}` is no {what} here; there are {list}"), suggestion }
    }
}

/// The places where a comment of ours may begin in `text`: each from the comment's first character to the end of its line.
/// `openers` begin a comment of the format; one that has to stand first in its line is no comment behind other text.
pub(super) fn places(text: &str, openers: &[&str], first: bool) -> Vec<TextRange> {
    let place = |(at, _)| {
        let line = text.get(..at)?.rfind('\n').map_or(0, |feed| feed + 1);
        let before = text.get(line..at)?.trim_end_matches([' ', '\t']);
        let opener = openers.iter().find(|opener| ends_with_word(before, opener))?;
        let start = before.len() - opener.len();
        let code = before.get(..start)?;
        let apart = code.is_empty() || code.ends_with([' ', '\t']);
        let alone = code.trim().is_empty();
        let end = text.get(at..)?.find('\n').map_or(text.len(), |feed| at + feed);
        (apart && (alone || !first)).then(|| range(line + start, end))
    };
    text.match_indices(MARK).filter_map(place).collect()
}

fn ends_with_word(text: &str, word: &str) -> bool {
    let start = text.len().checked_sub(word.len());
    start.and_then(|start| text.get(start..)).is_some_and(|end| end.eq_ignore_ascii_case(word))
}

/// How comments begin in a format; nothing where it has none.
pub(super) fn openers(format: Format) -> &'static [&'static str] {
    match format {
        Format::PackageJson => &[],
        Format::Markdown => &["<!--"],
        Format::Jenkins | Format::Devcontainer => &["//"],
        Format::Bake | Format::Program => &["#", "//"],
        Format::Batch => &["rem", "::"],
        _ => &["#"],
    }
}

/// Reads `comment`, a text from the comment's first character to the end of the line. `None` if it only speaks of us.
pub(super) fn read(comment: &str, known: &[&str]) -> Option<Result<Comment, Mistake>> {
    let (_, text) = comment.split_once(MARK)?;
    let text = text.trim().trim_end_matches("-->").trim_end();
    let found = HEAD.as_ref()?.captures(text)?;
    let word = found.get(1)?.as_str();
    let list = found.get(2).map(|list| list.as_str());
    if !WORDS.contains(&word) {
        // Prose such as `see the page` has no brackets.
        return list.map(|_| Err(Mistake::unknown(word, "word", WORDS)));
    }
    let rest = text.get(found.get(0)?.end()..)?;
    Some(said(word, list, rest, known))
}

static HEAD: LazyLock<Option<Regex>> = LazyLock::new(|| Regex::new(r"^([A-Za-z-]+)[ \t]*(?:\[([^\]]*)\])?").ok());

fn said(word: &str, list: Option<&str>, rest: &str, known: &[&str]) -> Result<Comment, Mistake> {
    let named = list.unwrap_or_default().split(',').map(str::trim).filter(|id| !id.is_empty());
    let codemods: Vec<String> = named.map(str::to_owned).collect();
    if codemods.is_empty() {
        return Err(Mistake::new(format!("it does not say what is ignored: `{word}[arg-secret]`")));
    }
    if let Some(id) = codemods.iter().find(|id| !known.contains(&id.as_str())) {
        let suggestion = nearest(id, known.iter().copied()).map(str::to_owned);
        return Err(Mistake { message: format!("there is no codemod `{id}`"), suggestion });
    }
    let mut comment = Comment { codemods, reason: None, until: None, whole_file: word == "ignore-file" };
    let mut rest = rest.trim_start();
    while !rest.is_empty() {
        let end = rest.find(|char: char| !char.is_ascii_alphanumeric() && char != '-').unwrap_or(rest.len());
        let (option, behind) = rest.split_at(end);
        let Some(behind) = behind.strip_prefix('=').filter(|_| OPTIONS.contains(&option)) else {
            let option = if option.is_empty() { rest.split_whitespace().next().unwrap_or(rest) } else { option };
            return Err(Mistake::unknown(option, "option", OPTIONS));
        };
        let (value, behind) = value(option, behind)?;
        match option {
            "until" => {
                let date = value.parse().map_err(|hint| Mistake::new(format!("`{value}` is no date: {hint}")))?;
                comment.until = Some(date);
            }
            _ if value.trim().is_empty() => return Err(Mistake::new("its reason is empty")),
            _ => comment.reason = Some(value.trim().to_owned()),
        }
        rest = behind.trim_start();
    }
    Ok(comment)
}

/// A value in quotes or of one word, and what stands behind it.
fn value<'t>(option: &str, text: &'t str) -> Result<(&'t str, &'t str), Mistake> {
    match text.chars().next().filter(|char| matches!(char, '"' | '\'')) {
        Some(quote) => text
            .get(1..)
            .and_then(|text| text.split_once(quote))
            .ok_or_else(|| Mistake::new(format!("the quote of its `{option}` is not closed"))),
        None => Ok(text.split_at(text.find(char::is_whitespace).unwrap_or(text.len()))),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const KNOWN: [&str; 2] = ["arg-secret", "env-secret"];

    fn message(text: &str) -> String {
        let mistake = read(text, &KNOWN).unwrap().unwrap_err();
        let meant = mistake.suggestion.map(|word| format!(" ({word}?)")).unwrap_or_default();
        mistake.message + &meant
    }

    #[test]
    fn a_comment_says_what_why_and_until_when() {
        let text = "#  dfmigrate: ignore[arg-secret,env-secret] reason=\"a public key\" until=2027-01-31  ";
        let comment = read(text, &KNOWN).unwrap().unwrap();
        assert_eq!(comment.codemods, KNOWN);
        assert_eq!(comment.reason.as_deref(), Some("a public key"));
        assert_eq!((comment.until, comment.whole_file), ("2027-01-31".parse().ok(), false));
        let html = read("<!-- dfmigrate: ignore-file[arg-secret] reason=shown -->", &KNOWN).unwrap().unwrap();
        assert_eq!((html.reason.as_deref(), html.whole_file), (Some("shown"), true));
    }

    #[test]
    fn what_only_speaks_of_us_is_passed_over() {
        for text in
            ["# dfmigrate: see the page", "# dfmigrate: NPM_TOKEN may come as a build argument until 2027-03-31"]
        {
            assert_eq!(read(text, &KNOWN), None, "{text}");
        }
    }

    #[test]
    fn a_mistake_is_told_with_what_was_meant() {
        for (text, expected) in [
            (
                "# dfmigrate: ignroe[arg-secret]",
                "`ignroe` is no word here; there are `ignore` and `ignore-file` (ignore?)",
            ),
            ("# dfmigrate: ignore[arg-secert]", "there is no codemod `arg-secert` (arg-secret?)"),
            ("# dfmigrate: ignore", "it does not say what is ignored: `ignore[arg-secret]`"),
            ("# dfmigrate: ignore[] reason=x", "it does not say what is ignored: `ignore[arg-secret]`"),
            (
                "# dfmigrate: ignore[arg-secret] raeson=x",
                "`raeson` is no option here; there are `reason` and `until` (reason?)",
            ),
            ("# dfmigrate: ignore[arg-secret] because", "`because` is no option here; there are `reason` and `until`"),
            ("# dfmigrate: ignore[arg-secret] -- public", "`--` is no option here; there are `reason` and `until`"),
            ("# dfmigrate: ignore[arg-secret] reason=\"public", "the quote of its `reason` is not closed"),
            ("# dfmigrate: ignore[arg-secret] reason=\" \"", "its reason is empty"),
            ("# dfmigrate: ignore[arg-secret] until=soon", "`soon` is no date: a date is written like `2027-03-31`"),
        ] {
            assert_eq!(message(text), expected, "{text}");
        }
    }

    #[test]
    fn only_a_comment_of_the_format_counts() {
        let count = |text: &str, openers: &[&str], first| places(text, openers, first).len();
        assert_eq!(count("ARG A # dfmigrate: ignore[x]\n", &["#"], true), 0);
        assert_eq!(count("docker build . # dfmigrate: ignore[x]\n", &["#"], false), 1);
        assert_eq!(count("docker build .# dfmigrate: ignore[x]\n", &["#"], false), 0);
        assert_eq!(count("REM dfmigrate: ignore[x]\r\n:: dfmigrate: ignore[x]\r\n", &["rem", "::"], false), 2);
        assert_eq!(count("say \"dfmigrate: ignore[x]\"\n", &["#"], false), 0);
    }
}
