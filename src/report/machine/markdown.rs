use std::fmt::Write as _;

use super::{Document, Finding, FollowUp, Status};
use crate::report::counted;

/// The findings as a page of Markdown: for the summary of a job, a comment, a ticket.
#[must_use]
pub fn markdown(document: &Document) -> String {
    let count = &document.count;
    let mut text = format!("## {}\n", headline(document));
    if count.findings == 0 {
        return text;
    }
    text.push_str("\n| place | finding | what can be done |\n|---|---|---|\n");
    for finding in &document.findings {
        let place = format!("{}:{}", finding.place.file, finding.place.span.start.line);
        let title = format!("{} ({})", cell(&finding.title), finding.codemod);
        let _ = writeln!(text, "| {} | {title} | {} |", code(&place), cell(&remedy(finding)));
    }
    let steps = steps(document);
    if !steps.is_empty() {
        text.push_str("\n### To be done by a person\n\n");
        steps.iter().for_each(|step| {
            let _ = writeln!(text, "- {}", inline(step));
        });
    }
    text
}

fn headline(document: &Document) -> String {
    let count = &document.count;
    let parts = [
        (count.safe, "fixed by `--fix`"),
        (count.r#unsafe, "by `--fix --unsafe-fixes`"),
        (count.manual, "by hand"),
        (count.held_back, "held back"),
    ];
    let parts: Vec<_> =
        parts.iter().filter(|(count, _)| *count > 0).map(|(count, how)| format!("{count} {how}")).collect();
    let ignored = if count.ignored == 0 { String::new() } else { format!(" ({} ignored)", count.ignored) };
    match count.findings {
        0 => format!("dfmigrate: no findings{ignored}"),
        found => format!("dfmigrate: {}: {}{ignored}", counted(found, "finding"), parts.join(", ")),
    }
}

fn remedy(finding: &Finding) -> String {
    let remedy = &finding.remedy;
    let because = remedy.reasons.first().map(|reason| format!(": {}", reason.text)).unwrap_or_default();
    match remedy.status {
        Status::Safe => format!("`--fix`: {}", remedy.title),
        Status::Unsafe => {
            format!("`--unsafe-fixes`: {}, assuming that {}", remedy.title, remedy.assumptions.join("; "))
        }
        Status::Manual => format!("by hand{because}"),
        Status::HeldBack => format!("held back{because}"),
    }
}

/// Every step once, in order.
fn steps(document: &Document) -> Vec<String> {
    let mut steps: Vec<String> = Vec::new();
    for follow_up in document.findings.iter().flat_map(|finding| &finding.remedy.follow_ups) {
        let step = match follow_up {
            FollowUp::Rotate(text) => format!("rotate {text}"),
            FollowUp::Provide(text) => format!("provide {text}"),
            FollowUp::Do(text) => text.clone(),
        };
        if !steps.contains(&step) {
            steps.push(step);
        }
    }
    steps
}

/// A text of ours, whose backticks are meant: nothing else in it is markup, and it begins no link, tag or mention.
fn inline(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for (at, part) in text.split('`').enumerate() {
        if at % 2 == 1 {
            escaped.push_str(&code(part));
            continue;
        }
        for char in part.chars() {
            match char {
                '&' => escaped.push_str("&amp;"),
                '<' => escaped.push_str("&lt;"),
                '@' => escaped.push_str("&#64;"),
                '\\' | '*' | '_' | '[' | ']' | '#' | '~' | '!' => escaped.extend(['\\', char]),
                _ => escaped.push(char),
            }
        }
    }
    escaped
}

/// The same in a cell of a table, which a bar would end.
fn cell(text: &str) -> String {
    inline(text).replace('|', "\\|")
}

/// A name from a file as code; the fence is longer than what it holds.
fn code(text: &str) -> String {
    let longest = text.split(|char| char != '`').map(str::len).max().unwrap_or_default();
    let fence = "`".repeat(longest + 1);
    let blank = if text.starts_with('`') || text.ends_with('`') { " " } else { "" };
    format!("{fence}{blank}{text}{blank}{fence}")
}
