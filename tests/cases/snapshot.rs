//! The report of each case as a file that a person reviews: `snapshots/cases/<codemod>/<name>.txt`.

use std::fs;

use anyhow::{Context, Result, bail};
use camino::{Utf8Path, Utf8PathBuf};

use super::case::Case;
use super::compare::unified;
use super::engine;

/// Compares the case's report with its snapshot, or writes it if `UPDATE` is set. A case without snapshot passes.
pub fn check(case: &Case) -> Result<()> {
    let path = path(case);
    let report = report(case);
    if std::env::var_os("UPDATE").is_some() {
        fs::create_dir_all(path.parent().unwrap_or(&path))?;
        return fs::write(&path, report).with_context(|| format!("{path} can't be written"));
    }
    match fs::read(&path) {
        Ok(kept) if kept != report.as_bytes() => {
            let difference = unified(path.file_name().unwrap_or_default(), &kept, report.as_bytes());
            bail!("the report differs from its snapshot (UPDATE=1 accepts it):\n{difference}")
        }
        _ => Ok(()),
    }
}

fn path(case: &Case) -> Utf8PathBuf {
    let root = Utf8Path::new(env!("CARGO_MANIFEST_DIR")).join("snapshots/cases");
    root.join(&case.codemod).join(format!("{}.txt", case.name))
}

/// What is found with all codemods, and the change as a patch.
fn report(case: &Case) -> String {
    let plan = engine::plan(case, &case.before, &engine::policy(case, false, true));
    let mut text = format!("{}\n\n{}", case.about, engine::listed(plan.findings.iter()));
    for (path, change) in &plan.files {
        text.push('\n');
        text.push_str(&unified(path.as_str(), &change.before.encode(), &change.after.encode()));
    }
    text
}
