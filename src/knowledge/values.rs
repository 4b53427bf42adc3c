//! Values: what the text of an `ARG` default, an `ENV` or a build argument shows about itself.

mod url;

use std::sync::LazyLock;

use regex::{Regex, RegexSet};
use serde::Deserialize;

pub use url::{Userinfo, UserinfoPart, url_userinfo};

/// The length, in characters, from which random-looking text counts as a credential.
const RANDOM_LENGTH: usize = 20;

/// Bits per character from which text counts as random: base64 of random bytes has over 4 at this length, words about 3.
const RANDOM_ENTROPY: f64 = 3.6;

/// What text without a known form is called.
const RANDOM: &str = "random-looking text";

/// What a value looks like. The value itself is never part of the verdict.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ValueVerdict {
    /// Nothing, or only blanks.
    Empty,
    /// Stands for a value that comes from elsewhere: `changeme`, `<token>`, `${TOKEN}`, `dummy`.
    Placeholder,
    /// No secret by its form: a URL without credentials, a path, a version, a number, a boolean, a public key. (A password of
    /// digits alone looks like this, too.)
    Public,
    /// Holds a URL with credentials, written out or as variables.
    UrlWithCredentials(Userinfo),
    /// Has the form of a credential.
    CredentialShaped {
        /// What kind, with its article: `a GitHub token`.
        what: String,
    },
    /// Any other text: a password may look like this, and most other things do.
    Literal,
}

/// Judges a value, given without the quotes of its file. `$NAME` and `${NAME}` in it count as variables.
#[must_use]
pub fn classify_value(value: &str) -> ValueVerdict {
    let value = value.trim();
    let tables = &*VALUES;
    if value.is_empty() {
        return ValueVerdict::Empty;
    }
    if let Some(what) = tables.shape(value) {
        return ValueVerdict::CredentialShaped { what: what.to_owned() };
    }
    if let Some(userinfo) = url_userinfo(value).filter(|userinfo| userinfo.is_credential(value)) {
        return ValueVerdict::UrlWithCredentials(userinfo);
    }
    if tables.placeholder.is_match(value) || tables.nothing.is_match(value) {
        return ValueVerdict::Placeholder;
    }
    if let Some(literal) = without_variables(value) {
        let text = literal.chars().any(char::is_alphanumeric);
        return if text { classify_value(&literal) } else { ValueVerdict::Placeholder };
    }
    // Base64 may begin like a path.
    let path_like = value.starts_with('/') && !is_below_known_root(value) && is_random(value);
    if !path_like
        && (tables.public.is_match(value) || tables.pointer.is_match(value) || is_switch(value) || is_url(value))
    {
        return ValueVerdict::Public;
    }
    if is_random(value) {
        return ValueVerdict::CredentialShaped { what: RANDOM.to_owned() };
    }
    ValueVerdict::Literal
}

impl ValueVerdict {
    /// Whether it has the known form of a credential, and does not only look random.
    #[must_use]
    pub fn has_known_form(&self) -> bool {
        matches!(self, Self::CredentialShaped { what } if what != RANDOM)
    }
}

/// The variable that a text is as a whole: `$TOKEN`, `${TOKEN}`.
#[must_use]
pub fn whole_variable(text: &str) -> Option<&str> {
    let name = text.strip_prefix('$')?;
    let name = name.strip_prefix('{').and_then(|name| name.strip_suffix('}')).unwrap_or(name);
    let whole = !name.is_empty() && name.chars().all(|char| char.is_ascii_alphanumeric() || char == '_');
    whole.then_some(name)
}

/// Whether a variable that is set to `value` waits for one: its own name, or, but for passwords, what it holds
/// (`MIXPANEL_TOKEN=token`), however it is written.
#[must_use]
pub fn is_own_name(value: &str, name: &str) -> bool {
    let plain = |text: &str| text.chars().filter(char::is_ascii_alphanumeric).collect::<String>().to_ascii_lowercase();
    let (value, name) = (plain(value), plain(name));
    let holds = ["token", "secret", "key"].iter().any(|noun| value == *noun && name.ends_with(noun));
    let is_name = name.len() >= 8 && value.ends_with(&name) && value.len() <= name.len() + 10;
    holds || is_name || (!value.is_empty() && value == name)
}

/// Whether the value is a path. Under the name of a secret it says where the secret is: `SSL_KEY=/etc/ssl/server.key`.
#[must_use]
pub fn is_pointer(value: &str) -> bool {
    let value = value.trim();
    VALUES.pointer.is_match(value) && !is_random(value)
}

/// Whether the value is a switch. Under the name of a secret it may say whether there is one: `COMPOSER_AUTH=false`.
#[must_use]
pub fn is_switch(value: &str) -> bool {
    VALUES.switch.is_match(value.trim())
}

/// Whether the value says that there is none, or asks for one: `null`, `<token>`, `changeme`. Unlike `password` or `test`
/// it is nothing that anybody would use.
#[must_use]
pub fn is_nothing(value: &str) -> bool {
    VALUES.nothing.is_match(value.trim())
}

/// The value with every variable replaced by its default (`${A:-text}`), or by nothing; `None` if there are no variables.
/// The result is shorter than the value.
fn without_variables(value: &str) -> Option<String> {
    let variable = VALUES.variable.as_ref()?;
    if !variable.is_match(value) {
        return None;
    }
    let default = |found: &regex::Captures| found.get(1).map_or(String::new(), |word| word.as_str().to_owned());
    Some(variable.replace_all(value, default).into_owned())
}

/// Whether the value is a path below a folder of the Filesystem Hierarchy Standard, or one that images have at their root.
fn is_below_known_root(value: &str) -> bool {
    const ROOTS: [&str; 24] = [
        "app",
        "bin",
        "boot",
        "build",
        "code",
        "data",
        "dev",
        "etc",
        "home",
        "lib",
        "mnt",
        "opt",
        "proc",
        "root",
        "run",
        "sbin",
        "src",
        "srv",
        "sys",
        "tmp",
        "usr",
        "var",
        "workspace",
        "www",
    ];
    let mut parts = value.trim_start_matches('/').split('/');
    parts.next().is_some_and(|first| ROOTS.contains(&first)) && parts.next().is_some()
}

fn is_url(value: &str) -> bool {
    value.split_once("://").is_some_and(|(scheme, rest)| {
        // `jdbc:mysql://` has a driver in front of the scheme.
        let scheme = scheme.strip_prefix("jdbc:").unwrap_or(scheme);
        !rest.is_empty() && scheme.chars().all(|char| char.is_ascii_alphanumeric() || "+-.".contains(char))
    }) && !value.contains(char::is_whitespace)
        && !has_secret_query(value)
}

/// Whether the query of a URL, or the properties of a JDBC address, have a filled parameter that is named like a secret
/// (`?token=…`, `?sig=…`, `;password=…`).
fn has_secret_query(value: &str) -> bool {
    let Some((_, query)) = value.split_once(['?', ';']) else { return false };
    query.split(['&', ';']).filter_map(|pair| pair.split_once('=')).any(|(name, value)| {
        let secret = super::names::classify_name(name).kind().is_some() || matches!(name, "sig" | "X-Amz-Signature");
        secret && !value.is_empty()
    })
}

/// Long text from the alphabet of encodings, of letters and digits mixed as no word has them. Hexadecimal text and UUIDs
/// don't count: checksums and commits look the same, so there the name has to decide.
fn is_random(value: &str) -> bool {
    let alphabet = value.chars().all(|char| char.is_ascii_alphanumeric() || "+/=_-".contains(char));
    let hexadecimal = value.chars().all(|char| char.is_ascii_hexdigit() || char == '-');
    let digits: Vec<bool> = value.bytes().map(|byte| byte.is_ascii_digit()).collect();
    let changes = digits.windows(2).filter(|pair| pair.first() != pair.last()).count();
    let small = value.chars().any(|char| char.is_ascii_lowercase());
    let large = value.chars().any(|char| char.is_ascii_uppercase());
    let longest_word = value.split(|char: char| !char.is_ascii_lowercase()).map(str::len).max().unwrap_or(0);
    // `owner/repository` is the name of a repository or an image.
    let named = value.split_once('/').is_some_and(|(owner, name)| {
        let word =
            |text: &str| text.starts_with(|char: char| char.is_ascii_alphabetic()) && !text.contains(['/', '+', '=']);
        word(owner) && word(name) && changes * 8 < value.len()
    });
    value.len() >= RANDOM_LENGTH
        && !named
        && alphabet
        && !hexadecimal
        && (changes * 5 >= value.len() || (small && large && changes * 12 >= value.len()))
        && longest_word <= 8
        && entropy(value) >= RANDOM_ENTROPY
}

/// Shannon entropy in bits per byte.
fn entropy(value: &str) -> f64 {
    let mut counts = [0_u32; 256];
    for byte in value.bytes() {
        counts[usize::from(byte)] += 1;
    }
    let length = f64::from(u32::try_from(value.len()).unwrap_or(u32::MAX));
    counts
        .iter()
        .filter(|count| **count > 0)
        .map(|count| f64::from(*count) / length)
        .map(|share| -share * share.log2())
        .sum()
}

#[derive(Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
struct Tables {
    placeholder: Vec<Pattern>,
    public: Vec<Pattern>,
    pointer: Vec<Pattern>,
    switch: Vec<Pattern>,
    nothing: Vec<Pattern>,
    shape: Vec<Shape>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Pattern {
    pattern: String,
    #[serde(rename = "source")]
    _source: String,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Shape {
    what: String,
    pattern: String,
    #[serde(rename = "source")]
    _source: String,
}

struct Values {
    placeholder: RegexSet,
    public: RegexSet,
    pointer: RegexSet,
    switch: RegexSet,
    nothing: RegexSet,
    shapes: RegexSet,
    names: Vec<String>,
    variable: Option<Regex>,
}

impl Values {
    fn shape(&self, value: &str) -> Option<&str> {
        let first = self.shapes.matches(value).into_iter().next()?;
        self.names.get(first).map(String::as_str)
    }
}

/// A set of patterns that have to match the whole value.
fn set(patterns: &[Pattern]) -> RegexSet {
    RegexSet::new(patterns.iter().map(whole)).unwrap_or_default()
}

/// `pattern` as one that has to match the whole value.
fn whole(pattern: &Pattern) -> String {
    format!("^(?:{})$", pattern.pattern)
}

static VALUES: LazyLock<Values> = LazyLock::new(|| {
    let tables: Tables = super::table(include_str!("values.toml"));
    Values {
        placeholder: set(&tables.placeholder),
        public: set(&tables.public),
        pointer: set(&tables.pointer),
        switch: set(&tables.switch),
        nothing: set(&tables.nothing),
        shapes: RegexSet::new(tables.shape.iter().map(|shape| &shape.pattern)).unwrap_or_default(),
        names: tables.shape.into_iter().map(|shape| shape.what).collect(),
        variable: Regex::new(r"\$\w+|\$\{\w*(?::?[-+]([^{}]*)|[^{}]*)\}").ok(),
    }
});

#[cfg(test)]
mod tests;
