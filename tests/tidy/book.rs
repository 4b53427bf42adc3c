//! The book in `docs`: every page is in its table of contents, every link leads somewhere, every command that it shows exists.

use std::collections::BTreeSet;
use std::fs;

use anyhow::{Context, Result, ensure};
use camino::{Utf8Path, Utf8PathBuf};
use clap::{CommandFactory as _, Parser as _};
use dfmigrate::cli::Arguments;
use pulldown_cmark::{CodeBlockKind, Event, Options, Parser, Tag, TagEnd};

use super::tree;

struct Page {
    /// From the project's root.
    path: Utf8PathBuf,
    text: String,
}

fn pages() -> Result<Vec<Page>> {
    let is_page = |path: &Utf8Path| {
        let inside = path.starts_with("docs") && !path.starts_with("docs/example");
        path.extension() == Some("md") && (inside || path == "README.md")
    };
    let files = tree::files()?.into_iter().filter(|file| is_page(&file.path));
    Ok(files.map(|file| Page { path: file.path, text: file.text }).collect())
}

/// The targets of all links.
fn links(text: &str) -> Vec<String> {
    let events = Parser::new_ext(text, Options::ENABLE_TABLES);
    events
        .filter_map(|event| match event {
            Event::Start(Tag::Link { dest_url, .. } | Tag::Image { dest_url, .. }) => Some(dest_url.into_string()),
            _ => None,
        })
        .collect()
}

/// The anchors of the headings, as mdBook and GitHub make them.
fn anchors(text: &str) -> BTreeSet<String> {
    let (mut anchors, mut heading) = (BTreeSet::new(), None::<String>);
    for event in Parser::new_ext(text, Options::ENABLE_TABLES) {
        match event {
            Event::Start(Tag::Heading { .. }) => heading = Some(String::new()),
            Event::Text(part) | Event::Code(part) => heading.iter_mut().for_each(|heading| heading.push_str(&part)),
            Event::End(TagEnd::Heading(_)) => anchors.extend(heading.take().map(|heading| anchor(&heading))),
            _ => {}
        }
    }
    anchors
}

fn anchor(heading: &str) -> String {
    let heading = heading.trim().to_lowercase();
    let kept = heading.chars().filter(|char| char.is_alphanumeric() || " -_".contains(*char));
    kept.map(|char| if char == ' ' { '-' } else { char }).collect::<String>()
}

/// The lines of code blocks in these languages.
fn code(text: &str, languages: &[&str]) -> Vec<String> {
    let (mut lines, mut inside) = (Vec::new(), false);
    for event in Parser::new(text) {
        match event {
            Event::Start(Tag::CodeBlock(CodeBlockKind::Fenced(language))) => {
                inside = languages.contains(&language.as_ref())
            }
            Event::End(TagEnd::CodeBlock) => inside = false,
            Event::Text(part) if inside => lines.extend(part.lines().map(str::to_owned)),
            _ => {}
        }
    }
    lines
}

#[test]
fn every_link_leads_somewhere() -> Result<()> {
    let mut broken = Vec::new();
    for page in pages()? {
        for link in links(&page.text).into_iter().filter(|link| !link.contains("://") && !link.starts_with("mailto:")) {
            let (file, place) = link.split_once('#').unwrap_or((&link, ""));
            let folder = page.path.parent().unwrap_or(Utf8Path::new(""));
            let target = if file.is_empty() { page.path.clone() } else { folder.join(file) };
            let full = tree::root().join(&target);
            let text = if place.is_empty() { None } else { fs::read_to_string(&full).ok() };
            if !full.exists() || text.is_some_and(|text| !anchors(&text).contains(place)) {
                broken.push(format!("{}: {link}", page.path));
            }
        }
    }
    tree::none("links that lead nowhere", &broken)
}

/// mdBook copies the folder `docs` and nothing else.
#[test]
fn the_book_has_what_its_pages_link_to() -> Result<()> {
    let mut outside = Vec::new();
    for page in pages()?.into_iter().filter(|page| page.path.starts_with("docs")) {
        let up = |link: &str| link.split('/').take_while(|part| *part == "..").count();
        let depth = page.path.components().count() - 1;
        let links = links(&page.text).into_iter().filter(|link| up(link) >= depth);
        outside.extend(links.map(|link| format!("{}: {link}", page.path)));
    }
    tree::none("links that lead out of the book", &outside)
}

#[test]
fn every_page_is_in_the_table_of_contents() -> Result<()> {
    let summary = fs::read_to_string(tree::root().join("docs/SUMMARY.md"))?;
    let listed: BTreeSet<String> = links(&summary).into_iter().collect();
    let missing: Vec<String> = pages()?
        .into_iter()
        .filter_map(|page| Some(page.path.strip_prefix("docs").ok()?.to_string()))
        .filter(|path| path != "SUMMARY.md" && !listed.contains(path))
        .collect();
    tree::none("pages that are not in docs/SUMMARY.md", &missing)
}

/// A line of a console block without its comment, in words; only those of dfmigrate.
fn command_line(line: &str) -> Option<Vec<String>> {
    let line = line.strip_prefix("$ ").unwrap_or(line);
    let line = line.split(['|', ';']).next().unwrap_or(line);
    let line = line.split_once("  #").map_or(line, |(line, _)| line).trim();
    let line = line.split_once(" > ").map_or(line, |(line, _)| line);
    let words: Vec<String> = line.split_whitespace().map(|word| word.trim_matches(['"', '\'']).to_owned()).collect();
    (words.first()? == "dfmigrate").then_some(words)
}

#[test]
fn every_command_that_is_shown_exists() -> Result<()> {
    let mut wrong = Vec::new();
    let mut count = 0;
    for page in pages()? {
        for words in code(&page.text, &["console"]).iter().filter_map(|line| command_line(line)) {
            count += 1;
            if let Err(error) = Arguments::try_parse_from(&words) {
                wrong.push(format!("{}: {}: {}", page.path, words.join(" "), error.kind()));
            }
        }
    }
    ensure!(count > 20, "only {count} commands were found");
    tree::none("commands that don't exist", &wrong)
}

/// Whether the function or module that `cargo test --test TARGET -- FILTER` is about is there.
fn has_test(words: &[&str]) -> bool {
    let after = |option: &str| words.iter().skip_while(|word| **word != option).nth(1).copied();
    let Some(target) = after("--test") else { return true };
    let folder = tree::root().join("tests").join(target);
    let filter = words.iter().skip_while(|word| **word != "--test").skip(2).find(|word| !word.starts_with('-'));
    let Some(filter) = filter else { return folder.exists() || folder.with_extension("rs").exists() };
    let files = folder.read_dir_utf8().into_iter().flatten().flatten();
    let mut texts = files.filter_map(|file| Some((file.file_name().to_owned(), fs::read_to_string(file.path()).ok()?)));
    texts.any(|(name, text)| name.starts_with(filter) || text.contains(&format!("fn {filter}")))
}

#[test]
fn every_program_that_is_shown_is_there() -> Result<()> {
    let mut missing = Vec::new();
    let mut count = 0;
    for page in pages()? {
        for line in code(&page.text, &["console"]) {
            let words: Vec<&str> = line.split_whitespace().skip_while(|word| word.contains('=')).collect();
            let is_there = match words.as_slice() {
                [program, ..] if program.starts_with("tests/") => tree::root().join(program).exists(),
                ["cargo", "test", ..] => has_test(&words),
                _ => continue,
            };
            count += 1;
            if !is_there {
                missing.push(format!("{}: {line}", page.path));
            }
        }
    }
    ensure!(count > 5, "only {count} programs were found");
    tree::none("programs of the project that are not there", &missing)
}

/// `UPDATE=1` writes the page.
#[test]
fn the_book_has_all_commands() -> Result<()> {
    let mut text =
        "# Commands\n\n`tests/tidy` writes this page from the program (`UPDATE=1 cargo test --test tidy`).\n"
            .to_owned();
    let mut program = Arguments::command().term_width(100);
    program.build();
    add(&mut text, &mut program, "dfmigrate");
    let path = tree::root().join("docs/commands.md");
    if std::env::var_os("UPDATE").is_some() {
        fs::write(&path, &text)?;
    }
    let kept = fs::read_to_string(&path).with_context(|| format!("{path} is missing (UPDATE=1 writes it)"))?;
    ensure!(kept == text, "{path} differs from the program's help (UPDATE=1 writes it)");
    Ok(())
}

fn add(text: &mut String, command: &mut clap::Command, name: &str) {
    let help = command.clone().render_long_help().to_string();
    let lines = help.lines().map(str::trim_end).collect::<Vec<_>>().join("\n");
    text.push_str(&format!("\n## {name}\n\n```text\n{}\n```\n", lines.trim_end()));
    for inner in command.get_subcommands_mut().filter(|inner| !inner.is_hide_set() && inner.get_name() != "help") {
        let name = format!("{name} {}", inner.get_name());
        add(text, inner, &name);
    }
}
