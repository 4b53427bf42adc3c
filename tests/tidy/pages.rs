//! Every codemod explains itself, and what its page says is true.

use std::collections::BTreeMap;
use std::fs;

use anyhow::{Context, Result, ensure};
use camino::Utf8PathBuf;
use dfmigrate::codemods::{self, Codemod};
use dfmigrate::plan::{self, Policy};
use dfmigrate::repository::Repository;
use dfmigrate::source::Source;

use super::tree;

const SECTIONS: &[&str] = &["What it does", "Why", "Example", "Fix safety", "References"];
const FEWEST_CASES: usize = 6;

fn folder(codemod: &Codemod) -> Utf8PathBuf {
    tree::root().join("codemods").join(codemod.id.replace('-', "_"))
}

#[test]
fn every_page_has_the_five_sections() -> Result<()> {
    for codemod in codemods::ALL {
        let headings: Vec<&str> = codemod.page.lines().filter_map(|line| line.strip_prefix("## ")).collect();
        ensure!(codemod.page.starts_with(&format!("# {}\n", codemod.id)), "{}: the page's title is its id", codemod.id);
        ensure!(headings == SECTIONS, "{}: the sections are {headings:?}", codemod.id);
    }
    Ok(())
}

#[test]
fn every_codemod_has_cases() -> Result<()> {
    for codemod in codemods::ALL {
        let cases = folder(codemod).join("cases");
        let count = cases.read_dir_utf8().with_context(|| format!("{cases} can't be listed"))?.count();
        ensure!(count >= FEWEST_CASES, "{} has only {count} cases", codemod.id);
    }
    Ok(())
}

#[test]
fn every_folder_is_registered() -> Result<()> {
    for entry in tree::root().join("codemods").read_dir_utf8()? {
        let entry = entry?;
        let id = entry.file_name().replace('_', "-");
        let registered = codemods::by_id(&id).is_some();
        ensure!(registered || !entry.path().join("cases").exists(), "{id} has cases but is not in `codemods::ALL`");
    }
    Ok(())
}

/// `UPDATE=1` writes the book's pages.
#[test]
fn the_book_has_the_same_pages() -> Result<()> {
    let book = tree::root().join("docs/codemods");
    for codemod in codemods::ALL {
        let path = book.join(format!("{}.md", codemod.id));
        if std::env::var_os("UPDATE").is_some() {
            fs::create_dir_all(&book)?;
            fs::write(&path, codemod.page)?;
        }
        let kept = fs::read_to_string(&path).with_context(|| format!("{path} is missing (UPDATE=1 writes it)"))?;
        ensure!(kept == codemod.page, "{path} differs from the codemod's page (UPDATE=1 writes it)");
    }
    Ok(())
}

/// The first two `dockerfile` blocks of a page's example are a file before and after.
#[test]
fn every_example_does_what_it_shows() -> Result<()> {
    for codemod in codemods::ALL {
        let blocks = blocks(codemod.page);
        let [before, after, ..] = blocks.as_slice() else {
            ensure!(false, "{}: the example needs a `dockerfile` block before and one after", codemod.id);
            continue;
        };
        let path = Utf8PathBuf::from("Dockerfile");
        let source = Source::new(path.clone(), before.clone().into_bytes());
        let mut repository = Repository::new([], [source], vec![path.clone()]);
        repository.today = "2026-01-31".parse().ok();
        let policy = Policy { unsafe_fixes: true, select: vec![codemod.id.to_owned()], ..Policy::default() };
        let plan = plan::make(&repository, &policy, codemods::ALL);
        let texts: BTreeMap<_, _> = plan.files.iter().map(|(path, change)| (path, change.after.text())).collect();
        let result = texts.get(&path).copied().unwrap_or(before);
        ensure!(result == after, "{}: the example comes out as\n{result}", codemod.id);
    }
    Ok(())
}

fn blocks(page: &str) -> Vec<String> {
    let fenced = page.split("```dockerfile\n").skip(1);
    fenced.filter_map(|rest| Some(rest.split_once("```")?.0.to_owned())).collect()
}
