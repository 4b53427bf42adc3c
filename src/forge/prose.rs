//! Text that may leave the machine.

use crate::report::Redactor;

/// Redacted text: a title, or Markdown that shows every name as it is, whatever characters it has.
///
/// There is no way to make one of a plain text: it is redacted first, or it is written in this program.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Prose(String);

impl Prose {
    /// `text` in one line, redacted, for a place without Markdown.
    #[must_use]
    pub fn line(text: &str, redactor: &Redactor) -> Self {
        Self(redactor.line(text))
    }

    /// What is sent.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The number of characters, as forges count them.
    #[must_use]
    pub fn length(&self) -> usize {
        self.0.chars().count()
    }

    /// The same behind a fixed prefix, like `Draft: `.
    pub(super) fn behind(&self, prefix: &'static str) -> Self {
        Self(format!("{prefix}{}", self.0))
    }

    /// Text that came from the forge itself, with redacted parts put in: it is there already.
    pub(super) fn from_forge(text: String) -> Self {
        Self(text)
    }
}

/// Markdown in the making: headings and sentences of this program, everything else redacted and escaped.
///
/// Neither HTML nor HTML comments: Bitbucket shows them as text.
#[derive(Debug, Clone)]
pub(super) struct Markdown<'r> {
    redactor: &'r Redactor,
    heading: &'static str,
    /// Addresses that readers may follow.
    links: Vec<String>,
    text: String,
}

impl<'r> Markdown<'r> {
    /// An empty text whose headings begin with `heading`, for example `##`.
    pub(super) fn new(redactor: &'r Redactor, heading: &'static str) -> Self {
        Self { redactor, heading, links: Vec::new(), text: String::new() }
    }

    /// The same, where words that are one of `links` stay links: pull requests of this program, which the forges then show
    /// as linked. One with other characters than an address of a forge has stays code.
    pub(super) fn linking(mut self, mut links: Vec<String>) -> Self {
        links.retain(|link| is_plain_address(link));
        self.links = links;
        self
    }

    pub(super) fn heading(&mut self, title: &'static str) {
        self.block(&format!("{} {title}", self.heading));
    }

    /// Markdown that is written in this program.
    pub(super) fn fixed(&mut self, markdown: &'static str) {
        self.block(markdown);
    }

    /// A list of messages, each with its own list below.
    pub(super) fn list(&mut self, items: &[(String, Vec<String>)]) {
        let mut lines = Vec::new();
        for (item, below) in items {
            lines.push(format!("- {}", inline(&self.redactor.line(item), &self.links)));
            lines.extend(below.iter().map(|item| format!("  - {}", inline(&self.redactor.line(item), &self.links))));
        }
        self.block(&lines.join("\n"));
    }

    /// Lines for a shell.
    pub(super) fn console(&mut self, lines: &[String]) {
        let lines: Vec<String> = lines.iter().map(|line| self.redactor.line(line)).collect();
        let fence = "`".repeat(longest_run(&lines.join("\n")).max(2) + 1);
        self.block(&format!("{fence}sh\n{}\n{fence}", lines.join("\n")));
    }

    pub(super) fn finish(self) -> Prose {
        Prose(self.text)
    }

    fn block(&mut self, block: &str) {
        if !self.text.is_empty() {
            self.text.push_str("\n\n");
        }
        self.text.push_str(block);
    }
}

/// A message as inline Markdown. What it writes as code stays code, and every word that a forge might read as something
/// else (a mention, a reference, a link, markup, HTML) becomes code: nothing happens inside of that.
fn inline(message: &str, links: &[String]) -> String {
    let mut text = String::with_capacity(message.len() + 16);
    let mut rest = message;
    while let Some((before, after)) = rest.split_once('`') {
        words(before, links, &mut text);
        rest = match after.split_once('`') {
            Some((code, after)) if !code.is_empty() => {
                push_code(code, &mut text);
                after
            }
            _ => {
                push_code("`", &mut text);
                after
            }
        };
    }
    words(rest, links, &mut text);
    text
}

fn words(plain: &str, links: &[String], text: &mut String) {
    for word in plain.split_inclusive(' ') {
        let (word, blank) = word.strip_suffix(' ').map_or((word, ""), |word| (word, " "));
        let unopened = word.trim_start_matches(['(', '"']);
        let core = unopened.trim_end_matches(['.', ',', ';', ':', ')', '"', '?']);
        let opening = word.get(..word.len() - unopened.len()).unwrap_or("");
        let closing = unopened.get(core.len()..).unwrap_or("");
        if core.is_empty() || is_plain(core) || links.iter().any(|link| link == core) {
            text.push_str(word);
        } else {
            text.push_str(opening);
            push_code(core, text);
            text.push_str(closing);
        }
        text.push_str(blank);
    }
}

/// Whether an address of the web has only characters that no Markdown reads anything into.
fn is_plain_address(address: &str) -> bool {
    let path = address.strip_prefix("https://").or_else(|| address.strip_prefix("http://"));
    let fits = |char: char| char.is_ascii_alphanumeric() || "/-.:%+#".contains(char);
    path.is_some_and(|path| {
        !path.is_empty() && path.chars().all(|char| fits(char) || char == '_') && !path.contains("__")
    })
}

/// Whether no forge reads anything into a word: letters and digits, perhaps with a hyphen or an apostrophe inside.
fn is_plain(word: &str) -> bool {
    let inside = |char: char| char.is_alphanumeric() || "-'’…".contains(char);
    let speaks = word.chars().next().is_some_and(char::is_alphanumeric);
    // `GH-12` and `SHOP-12` are references to an issue.
    let reference = word.split_once('-').is_some_and(|(_, number)| number.bytes().all(|byte| byte.is_ascii_digit()));
    speaks && word.chars().all(inside) && !reference
}

/// Appends `content` as a code span, whose fence is longer than any run of backticks in it (CommonMark, "Code spans").
fn push_code(content: &str, text: &mut String) {
    // Two spans without anything between them would be read as one.
    if text.ends_with('`') {
        text.push(' ');
    }
    let fence = "`".repeat(longest_run(content) + 1);
    let pad = if content.starts_with(['`', ' ']) || content.ends_with(['`', ' ']) { " " } else { "" };
    text.push_str(&format!("{fence}{pad}{content}{pad}{fence}"));
}

fn longest_run(text: &str) -> usize {
    text.split(|char| char != '`').map(str::len).max().unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_in_a_message_is_read_as_markup() {
        for (message, expected) in [
            (
                "images built from `Dockerfile` until now hold its value",
                "images built from `Dockerfile` until now hold its value",
            ),
            ("rotate NPM_TOKEN, it's burned (really).", "rotate `NPM_TOKEN`, it's burned (really)."),
            ("thanks @security and #12, see !3", "thanks `@security` and `#12`, see `!3`"),
            (
                "<img src=x> **bold** [a](https://e.example.com)",
                "`<img` `src=x>` `**bold**` `[a](https://e.example.com`)",
            ),
            ("a|b GH-12 /close ~label $x", "`a|b` `GH-12` `/close` `~label` `$x`"),
            ("`a` @all `b`", "`a` `@all` `b`"),
            ("file `a`b` c", "file `a`b`` ` `` c"),
            ("`a`@all", "`a` `@all`"),
            ("--- 1+1", "`---` `1+1`"),
            ("``", "`` ` `` `` ` ``"),
        ] {
            assert_eq!(inline(message, &[]), expected, "{message}");
        }
    }

    #[test]
    fn only_what_was_named_stays_a_link() {
        let redactor = Redactor::default();
        let url = "https://git.example.com/acme/shop/pull/7";
        let odd = "https://git.example.com/<script>";
        let mut text = Markdown::new(&redactor, "##").linking(vec![url.to_owned(), odd.to_owned()]);
        text.list(&[(format!("first {url}, not {url}8 or {odd}"), Vec::new())]);
        assert_eq!(text.finish().as_str(), format!("- first {url}, not `{url}8` or `{odd}`"));
    }

    #[test]
    fn a_fence_is_longer_than_what_it_holds() {
        let redactor = Redactor::default();
        let mut text = Markdown::new(&redactor, "##");
        text.console(&["docker build 'a```b'".to_owned()]);
        assert_eq!(text.finish().as_str(), "````sh\ndocker build 'a```b'\n````");
    }

    #[test]
    fn a_known_value_is_in_no_part() {
        let value = ["kn0ck", "kn0ck"].concat();
        let redactor = Redactor::new([&value]);
        let mut text = Markdown::new(&redactor, "##");
        text.list(&[(format!("uses `{value}` and {value}"), vec![format!("x{value}x")])]);
        text.console(&[format!("docker build --build-arg A={value} .")]);
        let text = text.finish();
        assert!(!text.as_str().contains(&value) && !Prose::line(&value, &redactor).as_str().contains(&value));
        assert_eq!(text.as_str().matches("[redacted]").count(), 4);
    }
}
