//! Lines that need an engine, a forge or much time: they are run by other tests, which are named here.

use std::fs;

/// A beginning of lines, the file of the test that runs such lines, and its function.
const OTHERS: &[(&str, &str, &str)] = &[
    ("dfmigrate verify --build", "tests/proof/verify.rs", "prove_example"),
    ("dfmigrate --fix --pr --draft", "tests/forge/command.rs", "people_are_told_once"),
    ("dfmigrate --fix --pr ", "tests/forge/command.rs", "from_a_finding_to_a_pull_request_that_a_person_closes"),
    ("dfmigrate fleet --repos repos.txt --pr", "tests/forge/fleet.rs", "no_more_are_open_at_once_than_wanted"),
    ("dfmigrate fleet --repos FILE --pr", "tests/forge/fleet.rs", "no_more_are_open_at_once_than_wanted"),
    ("dfmigrate fleet --org ", "tests/forge/fleet.rs", "filters_and_forks_choose_among_what_a_forge_lists"),
    ("dfmigrate -i", "tests/cli/review.rs", "what_was_accepted_is_written_and_summarised"),
    ("dfmigrate lsp", "tests/cli/lsp.rs", "what_is_typed_counts_before_the_disk"),
    // Programs that measure need the corpus, an engine or minutes.
    ("tests/bench/", "tests/tidy/book.rs", "every_program_that_is_shown_is_there"),
    ("python3 tests/bench/", "tests/tidy/book.rs", "every_program_that_is_shown_is_there"),
    ("cargo test", "tests/tidy/book.rs", "every_program_that_is_shown_is_there"),
    ("DFMIGRATE_FUZZ_ARCHIVES=4000 cargo test", "tests/tidy/book.rs", "every_program_that_is_shown_is_there"),
];

/// Whether another test runs the line; that test has to be there.
pub fn is_run(line: &str) -> bool {
    let dry = line.contains("--dry-run");
    let Some((_, file, test)) = OTHERS.iter().find(|(begin, ..)| line.starts_with(begin) && !dry) else { return false };
    let text = fs::read_to_string(format!("{}/{file}", env!("CARGO_MANIFEST_DIR"))).unwrap();
    assert!(text.contains(&format!("fn {test}(")), "{line}: there is no `{test}` in {file}");
    true
}
