//! The report for a security lead: one HTML file that needs no network and no script.

use std::collections::{BTreeMap, BTreeSet};

use super::{Event, Link, Record, Stage, day, timestamp};
use crate::report::shown::line;

const HEAD: &str = "<!doctype html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n\
<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; style-src 'unsafe-inline'\">\n\
<meta name=\"viewport\" content=\"width=device-width\">\n<title>Secrets in Docker builds</title>\n<style>\n\
body{font:16px/1.5 system-ui,sans-serif;max-width:75rem;margin:2rem auto;padding:0 1rem;color:#1b1b1b;background:#fff}\n\
table{border-collapse:collapse;width:100%;margin:0 0 2rem}\n\
th,td{text-align:left;vertical-align:top;padding:.35rem .7rem;border-bottom:1px solid #ccc}\n\
td.n,th.n{text-align:right}\ncode{font-size:.9em}ul{margin:0;padding-left:1.2rem}\n\
.left{color:#a01818}.fixed{color:#11632a}\n\
</style>\n</head>\n<body>\n";

/// The page. `at` is when it is made, in seconds since 1970.
#[must_use]
pub fn page(records: &[Record], links: &[Link], at: u64) -> String {
    let mut page = HEAD.to_owned();
    page += &format!("<h1>Secrets in Docker builds</h1>\n<p>{}, as of {}.</p>\n", repositories(records), timestamp(at));
    page +=
        &section("Where it stands", &["Stage", "Changes", "Findings", "That can be or are fixed"], &standing(records));
    page += &section("What leaks where", &["Repository", "Place", "What leaks", "State"], &findings(records));
    page += &section("What waits for whom", &["Repository", "Stage", "Waits for", "To do"], &waiting(records));
    page += &section("In this order", &["Repository", "Place", "needs", "Order"], &order(links));
    page += &section(
        "Over time",
        &["Day", "Changes", "Findings", "That can be or are fixed", "Merged or clean"],
        &over_time(records),
    );
    page += "</body>\n</html>\n";
    page
}

fn repositories(records: &[Record]) -> String {
    let names: BTreeSet<&str> = records.iter().map(|record| record.name.as_str()).collect();
    if names.len() == 1 { "1 repository".to_owned() } else { format!("{} repositories", names.len()) }
}

fn section(title: &str, heads: &[&str], rows: &[Vec<String>]) -> String {
    if rows.is_empty() {
        return String::new();
    }
    let is_number = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    let class = |column: usize| {
        let cells = rows.iter().filter_map(|row| row.get(column));
        if cells.clone().all(|cell| is_number(cell)) && cells.count() > 0 { " class=\"n\"" } else { "" }
    };
    let heads: String =
        heads.iter().enumerate().map(|(column, head)| format!("<th{}>{head}</th>", class(column))).collect();
    let cell = |(column, cell): (usize, &String)| format!("<td{}>{cell}</td>", class(column));
    let cells = |row: &Vec<String>| row.iter().enumerate().map(cell).collect::<String>();
    let rows: String = rows.iter().map(|row| format!("<tr>{}</tr>\n", cells(row))).collect();
    format!("<h2>{title}</h2>\n<table>\n<thead><tr>{heads}</tr></thead>\n<tbody>\n{rows}</tbody>\n</table>\n")
}

fn standing(records: &[Record]) -> Vec<Vec<String>> {
    let row = |stage: &Stage| {
        let there: Vec<&Record> = records.iter().filter(|record| record.stage == *stage).collect();
        let found: usize = there.iter().map(|record| record.findings.len()).sum();
        let fixed: usize = there.iter().map(|record| record.fixed()).sum();
        let numbers = [there.len(), found, fixed].map(|number| number.to_string());
        (!there.is_empty()).then(|| [vec![stage.name().to_owned()], numbers.to_vec()].concat())
    };
    Stage::ALL.iter().filter_map(row).collect()
}

fn findings(records: &[Record]) -> Vec<Vec<String>> {
    let mut rows = Vec::new();
    for record in records {
        for found in &record.findings {
            let state = match &found.reason {
                None => {
                    let done = match &record.request {
                        Some(request) => linked(&request.url, record.stage.of_fixes()),
                        None => record.stage.of_fixes().to_owned(),
                    };
                    format!("<span class=\"fixed\">{done}</span>")
                }
                Some(reason) => format!("<span class=\"left\">{}</span>", rich(reason)),
            };
            let what = format!("{} <code>{}</code>", rich(&found.title), escaped(&found.codemod));
            rows.push(vec![escaped(&record.title()), format!("<code>{}</code>", escaped(&found.place)), what, state]);
        }
    }
    rows
}

fn waiting(records: &[Record]) -> Vec<Vec<String>> {
    let row = |record: &Record| {
        let whom = record.stage.waits_for()?;
        let failure = record.failure.iter().map(String::as_str);
        let steps: String = failure
            .chain(record.steps.iter().map(String::as_str))
            .map(|step| format!("<li>{}</li>", rich(step)))
            .collect();
        let steps = if steps.is_empty() { steps } else { format!("<ul>{steps}</ul>") };
        let stage = match &record.request {
            Some(request) => linked(&request.url, record.stage.name()),
            None => record.stage.name().to_owned(),
        };
        Some(vec![escaped(&record.title()), stage, escaped(whom), steps])
    };
    records.iter().filter_map(row).collect()
}

fn order(links: &[Link]) -> Vec<Vec<String>> {
    let row = |link: &Link| {
        let place = format!("<code>{}</code>", escaped(&link.place));
        vec![escaped(&link.caller), place, escaped(&link.callee), rich(&link.order())]
    };
    links.iter().map(row).collect()
}

/// What was known at the end of each day on which something changed.
fn over_time(records: &[Record]) -> Vec<Vec<String>> {
    let days: BTreeSet<String> = records.iter().flat_map(|record| &record.history).map(|event| day(event.at)).collect();
    let row = |today: &String| {
        let last = |record: &Record| -> Option<Event> {
            record.history.iter().rev().find(|event| day(event.at) <= *today).cloned()
        };
        let known: BTreeMap<String, Event> =
            records.iter().filter_map(|record| Some((record.title(), last(record)?))).collect();
        let sum = |count: &dyn Fn(&Event) -> usize| known.values().map(count).sum::<usize>();
        let done = |event: &Event| usize::from(matches!(event.stage, Stage::Merged | Stage::Clean));
        let numbers = [known.len(), sum(&|event| event.findings), sum(&|event| event.fixed), sum(&done)];
        [vec![today.clone()], numbers.map(|number| number.to_string()).to_vec()].concat()
    };
    days.iter().map(row).collect()
}

/// A link, if the address is one of the web: nothing else may be clicked on.
fn linked(url: &str, text: &str) -> String {
    let is_web = url.starts_with("https://") || url.starts_with("http://");
    if is_web { format!("<a href=\"{}\" rel=\"noreferrer\">{text}</a>", escaped(url)) } else { text.to_owned() }
}

/// A message, in which names stand in backticks.
fn rich(message: &str) -> String {
    let escaped = escaped(message);
    let mut parts = escaped.split('`').peekable();
    let mut text = parts.next().unwrap_or_default().to_owned();
    while let Some(part) = parts.next() {
        match parts.next() {
            Some(behind) => text += &format!("<code>{part}</code>{behind}"),
            None => text += &format!("`{part}"),
        }
    }
    text
}

/// A text without control characters and without anything that HTML would read.
fn escaped(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for char in line(text).chars() {
        match char {
            '&' => escaped.push_str("&amp;"),
            '<' => escaped.push_str("&lt;"),
            '>' => escaped.push_str("&gt;"),
            '"' => escaped.push_str("&quot;"),
            '\'' => escaped.push_str("&#39;"),
            other => escaped.push(other),
        }
    }
    escaped
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fleet::{Found, Part, Request, RequestState, Target};

    #[test]
    fn the_page_says_what_leaks_who_is_waited_for_and_is_inert() {
        let mut record = Record::new(&Target::parse("https://github.com/acme/shop").unwrap(), Part::Own);
        record.findings.push(Found {
            codemod: "arg-secret".into(),
            severity: "error".into(),
            place: "<script>alert(1)</script>:4".into(),
            title: "a \"title\" & more".into(),
            fixed: false,
            reason: Some("kaniko can't".into()),
        });
        record.request = Some(Request { url: "javascript:alert(1)".into(), number: 1, state: RequestState::Open });
        record.steps.push("rotate `NPM_TOKEN`".into());
        record.reach(Stage::Refused, 0);
        record.reach(Stage::Proposed, 86_400);
        let page = page(&[record], &[], 86_400);
        for wanted in [
            "&lt;script&gt;alert(1)&lt;/script&gt;:4",
            "a &quot;title&quot; &amp; more",
            "kaniko can&#39;t",
            "the reviewers",
            "rotate <code>NPM_TOKEN</code>",
            "<td>1970-01-01</td>",
            "<td>1970-01-02</td>",
        ] {
            assert!(page.contains(wanted), "{wanted}\n{page}");
        }
        for unwanted in ["<script", "javascript:", "src=", "@import", "url("] {
            assert!(!page.contains(unwanted), "{unwanted}");
        }
    }
}
