//! Runs every case folder of every codemod: `cargo test --test cases [FILTER]`.
//!
//! A case is a repository in miniature under `codemods/<id>/cases/<name>`: `before/`, `after/` (or none: it must be left
//! alone) and `case.toml`. It runs with each line ending and without final newlines, with the prefilter on and off, with
//! its own codemod alone and with all of them, and a second time on its own result.
//!
//! `UPDATE=1` writes the reports that people review to `snapshots/cases`.

mod case;
mod compare;
mod engine;
mod snapshot;
mod variant;

use std::process::ExitCode;
use std::sync::Arc;

use camino::Utf8Path;
use libtest_mimic::{Arguments, Trial};

use case::Case;

fn main() -> ExitCode {
    let arguments = Arguments::from_args();
    let root = Utf8Path::new(env!("CARGO_MANIFEST_DIR"));
    let trials = match case::folders(&root.join("codemods")) {
        Ok(folders) => folders.into_iter().flat_map(|(codemod, folder)| trials(&codemod, &folder)).collect(),
        Err(error) => vec![Trial::test("cases are found", move || Err(format!("{error:#}").into()))],
    };
    libtest_mimic::run(&arguments, trials).exit_code()
}

/// One trial for each variant of the case and one for its snapshot, or one that says why the case can't be read.
fn trials(codemod: &str, folder: &Utf8Path) -> Vec<Trial> {
    let name = format!("{codemod}::{}", folder.file_name().unwrap_or_default());
    let case = match Case::read(codemod, folder) {
        Ok(case) => Arc::new(case),
        Err(error) => return vec![Trial::test(name, move || Err(format!("{error:#}").into()))],
    };
    let of_variant = |variant: &variant::Variant| {
        let (case, variant) = (Arc::clone(&case), *variant);
        let run = move || engine::run(&case, variant).map_err(|error| format!("{error:#}").into());
        Trial::test(format!("{name}::{variant}"), run)
    };
    let mut trials: Vec<Trial> = case.variants.iter().map(of_variant).collect();
    trials.push(Trial::test(format!("{name}::report"), move || {
        snapshot::check(&case).map_err(|error| format!("{error:#}").into())
    }));
    trials
}
