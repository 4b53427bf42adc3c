//! Which part of a pull request's text is ours.
//!
//! It stands between two link definitions that nobody uses, which no forge shows. The first one has a checksum of the title
//! and one of the text, so that a later run knows whether a person changed them.

use super::Prose;

const BEGIN: &str = "[//]: # (dfmigrate:begin ";
const END: &str = "[//]: # (dfmigrate:end)";

/// `section` between its marks, for a pull request with this title.
pub(super) fn marked(section: &str, title: &Prose) -> String {
    let (title, text) = (checksum(title.as_str()), checksum(section));
    format!("{BEGIN}title={title:016x} text={text:016x})\n\n{section}\n\n{END}")
}

/// The characters that the marks add to a section.
pub(super) const OVERHEAD: usize = 128;

/// A pull request's text, divided at the marks.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Divided<'t> {
    before: &'t str,
    section: &'t str,
    after: &'t str,
    title: u64,
    text: u64,
}

impl<'t> Divided<'t> {
    /// Finds our part in `body`; `None` if a person took it or a mark away.
    pub(super) fn new(body: &'t str) -> Option<Self> {
        let (before, rest) = body.split_once(BEGIN)?;
        let (attributes, rest) = rest.split_once(')')?;
        let (section, after) = rest.split_once(END)?;
        let value = |name: &str| {
            let written = attributes.split(' ').find_map(|attribute| attribute.strip_prefix(name)?.strip_prefix('='));
            written.and_then(|written| u64::from_str_radix(written, 16).ok())
        };
        Some(Self { before, section, after, title: value("title")?, text: value("text")? })
    }

    /// Whether the section is as a run left it.
    pub(super) fn is_untouched(&self) -> bool {
        checksum(self.section) == self.text
    }

    /// Whether `title` is what a run gave the pull request.
    pub(super) fn is_our_title(&self, title: &str) -> bool {
        checksum(title) == self.title
    }

    /// The text with a new section, for a pull request with this title.
    pub(super) fn with(&self, section: &str, title: &Prose) -> String {
        format!("{}{}{}", self.before, marked(section, title), self.after)
    }

    /// Whether the section says the same as `section`.
    pub(super) fn says(&self, section: &str) -> bool {
        checksum(self.section) == checksum(section)
    }
}

/// FNV-1a of a text, without what forges change: line ends and white space around lines.
fn checksum(text: &str) -> u64 {
    const OFFSET: u64 = 0xcbf2_9ce4_8422_2325;
    const PRIME: u64 = 0x100_0000_01b3;
    let step = |hash: u64, byte: u8| (hash ^ u64::from(byte)).wrapping_mul(PRIME);
    let lines = text.trim().lines().map(str::trim_end);
    lines.fold(OFFSET, |hash, line| line.bytes().chain([b'\n']).fold(hash, step))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::Redactor;

    #[test]
    fn our_part_is_found_and_what_people_did_is_seen() {
        let title = Prose::line("Move a secret", &Redactor::default());
        let body = format!("Hello\n\n{}\n\n- [ ] checked\n", marked("## What\n\ntext", &title));
        let stored = body.replace('\n', "\r\n");
        let divided = Divided::new(&stored).unwrap();
        assert!(divided.is_untouched() && divided.says("## What\n\ntext") && divided.is_our_title("Move a secret"));
        assert!(!divided.is_our_title("Move it"));
        let next = divided.with("new", &title);
        assert!(
            next.starts_with("Hello\r\n")
                && next.ends_with("- [ ] checked\r\n")
                && Divided::new(&next).unwrap().says("new")
        );
        let edited = body.replace("text\n", "text!\n");
        assert!(!Divided::new(&edited).unwrap().is_untouched());
        assert_eq!(Divided::new("rewritten"), None);
        assert!(marked("", &title).len() < OVERHEAD);
    }
}
