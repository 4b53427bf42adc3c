#![cfg(unix)]

use crate::scratch::{DOCKERFILE, SCRIPT, Scratch};
use crate::terminal::{INTERRUPT, QUESTION, canary, review, review_meanwhile, review_with};

/// A repository with a safe finding, an unsafe one and one for a person.
fn repository() -> Scratch {
    let canary = canary();
    let scratch = Scratch::with_secret();
    scratch.write("api/Dockerfile", &format!("FROM node:22\nARG API_TOKEN={canary}\nRUN fetch $API_TOKEN\n"));
    scratch.write("web/Dockerfile", &format!("FROM node:22\nARG USER_TOKEN={canary}\nUSER $USER_TOKEN\n"));
    scratch.commit();
    scratch
}

#[test]
fn what_was_accepted_is_written_and_summarised() {
    let scratch = repository();
    let steps = [(QUESTION, "y"), (QUESTION, "n")];
    let Some(session) = review(&scratch, &[], &steps) else { return };
    assert_eq!(session.status, 1, "{}", session.shown);
    for part in ["1 finding to be repaired by hand", "fix 2 of 2, unsafe", "assuming that", "[redacted]"] {
        assert!(session.shown.contains(part), "{part}\n{}", session.shown);
    }
    for part in ["fixed 1 finding in 2 files:", "1 finding, not chosen in the review", "build with:"] {
        assert!(session.shown.contains(part), "{part}\n{}", session.shown);
    }
    assert_eq!(scratch.git(&["status", "--porcelain"]), " M Dockerfile\n M build.sh\n");
    let by_review = ["Dockerfile", "build.sh"].map(|path| scratch.read(path));
    scratch.git(&["checkout", "-q", "."]);
    scratch.run(&["--fix"]);
    assert_eq!(["Dockerfile", "build.sh"].map(|path| scratch.read(path)), by_review);
}

#[test]
fn an_unsafe_fix_is_made_by_a_yes_and_nothing_remains() {
    let scratch = repository();
    let Some(session) = review(&scratch, &["api"], &[(QUESTION, "y")]) else { return };
    assert_eq!(session.status, 0, "{}", session.shown);
    assert_eq!(scratch.git(&["status", "--porcelain"]), " M api/Dockerfile\n");
}

#[test]
fn quitting_and_interrupting_write_nothing() {
    for (key, status) in [("q", 1), (INTERRUPT, 130)] {
        let scratch = repository();
        let Some(session) = review(&scratch, &[], &[(QUESTION, "y"), (QUESTION, key)]) else { return };
        // Ctrl-C that arrives before the key is read is the terminal's signal, and ends the program without a word.
        let signalled = key == INTERRUPT && session.status == -2;
        assert!(session.status == status || signalled, "{}: {}", session.status, session.shown);
        assert!(signalled || session.shown.ends_with("nothing was written\r\n"), "{}", session.shown);
        assert_eq!(scratch.git(&["status", "--porcelain"]), "");
    }
}

#[test]
fn an_interrupted_choice_leaves_the_cursor_visible() {
    let scratch = repository();
    let Some(session) = review(&scratch, &[], &[(QUESTION, "s"), ("show what?", INTERRUPT)]) else { return };
    assert_eq!(session.status, -2, "SIGINT ends it\n{}", session.shown);
    assert_eq!(scratch.git(&["status", "--porcelain"]), "");
}

#[test]
fn whole_files_and_the_explanation_are_shown() {
    let scratch = repository();
    let down = "\u{1b}[B";
    let steps = [(QUESTION, "s"), ("show what?", "\r"), ("## Fix safety", ""), (QUESTION, "s")];
    let rest = [("show what?", down), ("> Dockerfile", "\r"), ("\nRUN --mount", ""), (QUESTION, "d")];
    let Some(session) = review(&scratch, &[], &[steps, rest].concat()) else { return };
    assert!(session.shown.contains("nothing to fix"), "{}", session.shown);
    assert_eq!((session.status, scratch.read("Dockerfile").as_str()), (1, DOCKERFILE));
}

#[test]
fn source_lines_and_questions_fit_into_80_columns() {
    let scratch = Scratch::with_secret();
    scratch.write("build.sh", &SCRIPT.replace("-t app", &format!("--label x={}", "y".repeat(200))));
    scratch.commit();
    let Some(session) = review(&scratch, &[], &[(QUESTION, "?"), (QUESTION, "q")]) else { return };
    let plain = anstream::adapter::strip_str(&session.shown).to_string();
    let (finding, _) = plain.split_once("diff --git").unwrap();
    let (_, help) = plain.rsplit_once("apply this fix?").unwrap();
    let source = finding.lines().filter(|line| line.contains(" | "));
    for line in source.chain(help.lines()) {
        assert!(line.trim_end().chars().count() <= 80, "{line}");
    }
}

#[test]
fn work_in_progress_is_found_before_anything_is_asked() {
    let scratch = repository();
    scratch.write("build.sh", &format!("{SCRIPT}#\n"));
    let Some(session) = review(&scratch, &[], &[]) else { return };
    assert_eq!(session.status, 2);
    assert!(session.shown.contains("* build.sh (dirty)") && !session.shown.contains(QUESTION), "{}", session.shown);
    let Some(session) = review(&scratch, &["--allow-dirty"], &[(QUESTION, "d")]) else { return };
    assert_eq!(session.status, 1);
}

#[test]
fn what_changed_while_the_person_was_reading_is_not_overwritten() {
    let scratch = Scratch::with_author();
    let change = ["sh", "-c", "echo '# mine' >> Dockerfile && git commit -qam mine --author 'A <a@example.com>'"];
    let Some(session) = review_meanwhile(&scratch, (QUESTION, "y"), &change) else { return };
    assert!(session.shown.contains("`Dockerfile` changed while"), "{}", session.shown);
    assert_eq!(session.status, 2);
    assert_eq!(scratch.read("Dockerfile"), format!("{DOCKERFILE}# mine\n"));
    assert_eq!(scratch.read("build.sh"), SCRIPT);
}

#[test]
fn without_a_terminal_or_with_ci_nobody_is_asked() {
    let scratch = Scratch::with_secret();
    let run = scratch.run(&["-i"]).status(2);
    assert!(run.err.starts_with("error: a review asks a person: standard input and standard error"), "{}", run.err);
    assert!(run.err.contains("help: `dfmigrate --diff`"), "{}", run.err);
    let output = scratch.command(&["-i"]).env("CI", "true").output().unwrap();
    assert_eq!(output.status.code(), Some(2));
    assert!(String::from_utf8_lossy(&output.stderr).contains("`CI` is set"));
    scratch.run(&["-i", "--diff"]).status(2);
    scratch.run(&["--fix", "-i"]).status(2);
    assert_eq!(scratch.git(&["status", "--porcelain"]), "");
}

/// A program that stands in for an editor, in the environment of the tests' own git directory.
fn editor(scratch: &Scratch, script: &str) -> String {
    // Next to the hooks, because they are made executable.
    scratch.hook("editor", script);
    scratch.path(".git/hooks/editor").display().to_string()
}

#[test]
fn a_fix_is_edited_in_the_editor_and_written_as_it_was_shown() {
    let scratch = Scratch::with_secret();
    // It says what it sees and is sent a Ctrl-C, which must not end the review.
    let command =
        editor(&scratch, "kill -INT $PPID; sleep 0.2; sed -i 's/^RUN/# For npm.\\nRUN/' \"$1\"; ls -ld \"$1\"\n");
    let steps = [(QUESTION, "e"), ("edit which file?", "\r"), ("# For npm.", ""), (QUESTION, "y")];
    let Some(session) = review_with(&scratch, &[("GIT_EDITOR", &command)], &[], &steps) else { return };
    assert_eq!(session.status, 0, "{}", session.shown);
    assert!(scratch.read("Dockerfile").contains("# For npm.\nRUN --mount=type=secret"), "{}", session.shown);
    let name = session.shown.lines().find(|line| line.contains("/dfmigrate-edit-")).unwrap().trim_end();
    let path = name.rsplit(' ').next().unwrap();
    assert!(path.ends_with("/Dockerfile") && !std::path::Path::new(path).exists(), "{path}");
}

#[test]
fn an_edit_that_fails_its_check_is_asked_about_and_an_interrupt_writes_nothing() {
    let scratch = Scratch::with_secret();
    let command = editor(&scratch, "sed -i 's/^RUN .*/RUN npm ci/' \"$1\"\n");
    let steps =
        [(QUESTION, "e"), ("edit which file?", "\r"), ("would no longer see", ""), ("take it as it is", INTERRUPT)];
    let Some(session) = review_with(&scratch, &[("GIT_EDITOR", &command)], &[], &steps) else { return };
    assert_eq!(session.status, -2, "SIGINT ends it\n{}", session.shown);
    assert_eq!(scratch.git(&["status", "--porcelain"]), "");
}

#[test]
fn the_editor_is_the_one_that_git_would_take_but_not_the_repositorys() {
    let scratch = Scratch::with_secret();
    let wrong = editor(&scratch, "echo wrong; exit 1\n");
    scratch.git(&["config", "core.editor", &wrong]);
    scratch.write(".git/right", "echo right editor; exit 3\n");
    let right = format!("sh {}", scratch.path(".git/right").display());
    let steps = [(QUESTION, "e"), ("edit which file?", "\r"), ("the editor failed", ""), (QUESTION, "q")];
    for environment in [&[("VISUAL", right.as_str()), ("EDITOR", wrong.as_str())][..], &[("EDITOR", right.as_str())]] {
        let Some(session) = review_with(&scratch, environment, &[], &steps) else { return };
        assert!(session.shown.contains("right editor") && !session.shown.contains("wrong"), "{}", session.shown);
        assert_eq!(session.status, 1, "{}", session.shown);
    }
}

#[test]
fn what_was_accepted_is_committed_on_a_branch_and_quitting_leaves_none() {
    let scratch = Scratch::with_author();
    scratch.git(&["branch", "-q", "-m", "main"]);
    let options = ["--commit", "--branch", "fix"];
    let Some(session) = review(&scratch, &options, &[(QUESTION, "q")]) else { return };
    assert_eq!(session.status, 1, "{}", session.shown);
    assert_eq!(scratch.git(&["branch", "--format=%(refname:short)"]), "main\n");
    let Some(session) = review(&scratch, &options, &[(QUESTION, INTERRUPT)]) else { return };
    assert_eq!(session.status, 130, "{}", session.shown);
    assert_eq!(scratch.git(&["branch", "--format=%(refname:short)"]), "main\n");
    let Some(session) = review(&scratch, &options, &[(QUESTION, "y")]) else { return };
    assert!(session.shown.contains("committed to `fix`:"), "{}", session.shown);
    assert_eq!((session.status, scratch.count()), (0, 2));
}
