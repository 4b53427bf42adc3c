use std::fs;

use pulldown_cmark::{CodeBlockKind, Event, Parser, Tag, TagEnd};

use crate::elsewhere;
use crate::ground::Ground;

/// A console block of a page.
struct Block {
    page: String,
    text: String,
}

fn blocks(page: &str, text: &str) -> Vec<Block> {
    let (mut blocks, mut inside) = (Vec::new(), false);
    for event in Parser::new(text) {
        match event {
            Event::Start(Tag::CodeBlock(CodeBlockKind::Fenced(language))) if &*language == "console" => {
                inside = true;
                blocks.push(Block { page: page.to_owned(), text: String::new() });
            }
            Event::End(TagEnd::CodeBlock) => inside = false,
            Event::Text(part) if inside => blocks.last_mut().unwrap().text.push_str(&part),
            _ => {}
        }
    }
    blocks
}

fn all_blocks() -> Vec<Block> {
    let mut pages = vec!["README.md".to_owned()];
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/docs");
    let names = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().file_name().into_string().unwrap());
    pages.extend(names.filter(|name| name.ends_with(".md")).map(|name| format!("docs/{name}")));
    pages.sort();
    let root = concat!(env!("CARGO_MANIFEST_DIR"), "/");
    pages.iter().flat_map(|page| blocks(page, &fs::read_to_string(format!("{root}{page}")).unwrap())).collect()
}

/// The commands of a transcript, each with what it prints.
fn transcript(text: &str) -> Vec<(String, String)> {
    let mut commands: Vec<(String, String)> = Vec::new();
    for line in text.lines() {
        match (line.strip_prefix("$ "), commands.last_mut()) {
            (Some(command), _) => commands.push((command.to_owned(), String::new())),
            (None, Some((_, output))) => output.push_str(&format!("{line}\n")),
            (None, None) => unreachable!("a transcript begins with a command"),
        }
    }
    commands
}

#[test]
fn transcripts_show_what_is_printed() {
    let blocks = all_blocks();
    let transcripts: Vec<&Block> = blocks.iter().filter(|block| block.text.starts_with("$ ")).collect();
    let mut pages: Vec<&str> = transcripts.iter().map(|block| block.page.as_str()).collect();
    pages.dedup();
    let mut wrong = Vec::new();
    for page in &pages {
        let ground = Ground::new();
        for block in transcripts.iter().filter(|block| block.page == *page) {
            for (command, expected) in transcript(&block.text) {
                let (status, printed) = ground.run(&command);
                let compared = snapbox::Assert::new().normalize_paths(false).try_eq(
                    Some(&command),
                    printed.clone().into(),
                    expected.into(),
                );
                if let Err(difference) = compared {
                    wrong.push(format!("{page}: {command}\n{difference}\n--- printed\n{printed}"));
                }
                if status > 1 {
                    wrong.push(format!("{page}: {command}: status {status}\n{printed}"));
                }
            }
        }
    }
    assert!(pages.len() > 2, "{pages:?}");
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn every_other_line_runs() {
    let blocks = all_blocks();
    let alternatives = blocks.iter().filter(|block| !block.text.starts_with("$ "));
    let (mut count, mut wrong) = (0, Vec::new());
    for (page, line) in alternatives.flat_map(|block| block.text.lines().map(|line| (&block.page, line))) {
        if elsewhere::is_run(line) {
            continue;
        }
        let (status, printed) = Ground::new().run(line);
        if status > 1 {
            wrong.push(format!("{page}: {line}: status {status}\n{printed}"));
        }
        count += 1;
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    assert!(count > 25, "only {count} lines were run");
}
