//! The instructions of a build as the history of an image tells them.

/// One entry: `RUN |1 TOKEN=… /bin/sh -c npm ci # buildkit`, or in the words of the builder before BuildKit
/// `/bin/sh -c #(nop)  ENV A=b` and `|1 TOKEN=… /bin/sh -c npm ci`.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Instruction<'t> {
    /// In capital letters; `RUN` where a command stands alone. Empty for an image that was imported or committed.
    pub keyword: String,
    /// The build arguments of a `RUN`. Values are not quoted in the history: one that holds ` NAME=` or ` /` is cut there.
    pub arguments: Vec<(&'t str, &'t str)>,
    /// What follows.
    pub rest: &'t str,
}

const KEYWORDS: &[&str] = &[
    "ADD",
    "ARG",
    "CMD",
    "COPY",
    "ENTRYPOINT",
    "ENV",
    "EXPOSE",
    "HEALTHCHECK",
    "LABEL",
    "MAINTAINER",
    "ONBUILD",
    "RUN",
    "SHELL",
    "STOPSIGNAL",
    "USER",
    "VOLUME",
    "WORKDIR",
];

impl<'t> Instruction<'t> {
    pub(super) fn of(created_by: &'t str) -> Self {
        let text = created_by.trim();
        let text = text.strip_suffix("# buildkit").map_or(text, str::trim_end);
        if let Some((_, instruction)) = text.split_once("#(nop)") {
            return Self::of_words(instruction.trim());
        }
        if text.starts_with('|') || text.starts_with("/bin/sh -c ") {
            let (arguments, rest) = arguments(text);
            return Self { keyword: "RUN".to_owned(), arguments, rest };
        }
        Self::of_words(text)
    }

    fn of_words(text: &'t str) -> Self {
        let (keyword, rest) = text.split_once(char::is_whitespace).unwrap_or((text, ""));
        let upper = keyword.to_ascii_uppercase();
        if !KEYWORDS.contains(&upper.as_str()) {
            return Self { keyword: String::new(), arguments: Vec::new(), rest: text };
        }
        let (arguments, rest) = if upper == "RUN" { arguments(rest.trim()) } else { (Vec::new(), rest.trim()) };
        Self { keyword: upper, arguments, rest }
    }

    /// The instruction with the values of its build arguments hidden; the rest has to be redacted still.
    pub(super) fn without_values(&self) -> String {
        let names = self.arguments.iter().map(|(name, _)| format!("{name}=[redacted] ")).collect::<String>();
        format!("{} {names}{}", self.keyword, self.rest).trim().to_owned()
    }
}

/// Parts `|2 A=1 B=2 /bin/sh -c command`.
fn arguments(text: &str) -> (Vec<(&str, &str)>, &str) {
    let Some((count, mut rest)) = text.strip_prefix('|').and_then(|text| text.split_once(' ')) else {
        return (Vec::new(), text);
    };
    let mut found = Vec::new();
    for _ in 0..count.parse().unwrap_or(0_usize) {
        let Some((name, behind)) = rest.split_once('=').filter(|(name, _)| is_name(name)) else { break };
        let end = value_end(behind);
        found.push((name, behind.get(..end).unwrap_or_default()));
        rest = behind.get(end..).unwrap_or_default().trim_start();
    }
    (found, rest)
}

/// A value ends in front of the next argument, or of the program of the shell.
fn value_end(text: &str) -> usize {
    let blanks = text.match_indices(' ').map(|(at, _)| at);
    let mut ends = blanks.filter(|at| {
        let next = text.get(at + 1..).unwrap_or_default();
        next.starts_with('/') || next.split_once('=').is_some_and(|(name, _)| is_name(name))
    });
    ends.next().or_else(|| text.find(' ')).unwrap_or(text.len())
}

fn is_name(text: &str) -> bool {
    !text.is_empty() && text.chars().all(|char| char.is_ascii_alphanumeric() || char == '_')
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parts(text: &str) -> (String, Vec<(&str, &str)>, &str) {
        let Instruction { keyword, arguments, rest } = Instruction::of(text);
        (keyword, arguments, rest)
    }

    #[test]
    fn both_builders() {
        let buildkit = parts("RUN |2 A=1 B=two words /bin/sh -c npm ci # buildkit");
        assert_eq!(buildkit, ("RUN".into(), vec![("A", "1"), ("B", "two words")], "/bin/sh -c npm ci"));
        assert_eq!(parts("|1 A=1 /bin/sh -c ls"), ("RUN".into(), vec![("A", "1")], "/bin/sh -c ls"));
        assert_eq!(parts("/bin/sh -c #(nop)  ENV A=b"), ("ENV".into(), vec![], "A=b"));
        assert_eq!(parts("COPY . . # buildkit"), ("COPY".into(), vec![], ". ."));
        assert_eq!(parts(""), (String::new(), vec![], ""));
        let shown = Instruction::of("RUN |1 T=x /bin/sh -c a").without_values();
        assert_eq!(shown, "RUN T=[redacted] /bin/sh -c a");
    }
}
