use std::{fs, io::Write as _, process::Command};

use super::*;
use crate::source::Source;
use proptest::prelude::*;

fn change(before: &[u8], after: &[u8]) -> FileChange {
    FileChange { before: Source::new("f", before.to_vec()), after: Source::new("f", after.to_vec()) }
}

/// Applies the patch with the real git in an empty repository and gives back what the file holds then.
fn applied(path: &str, change: &FileChange, created: bool) -> Vec<u8> {
    let directory = tempfile::tempdir().unwrap();
    let file = directory.path().join(path);
    fs::create_dir_all(file.parent().unwrap()).unwrap();
    if !created {
        fs::write(&file, change.before.encode()).unwrap();
    }
    let git = |arguments: &[&str]| {
        let output = Command::new("git")
            .args(arguments)
            .current_dir(directory.path())
            .env("GIT_CONFIG_GLOBAL", "/dev/null")
            .env("GIT_CONFIG_NOSYSTEM", "1")
            .output()
            .unwrap();
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    };
    git(&["init", "-q"]);
    let patch = exact(path.into(), change, created);
    if !patch.is_empty() {
        fs::File::create(directory.path().join("p")).unwrap().write_all(&patch).unwrap();
        git(&["apply", "--check", "p"]);
        git(&["apply", "p"]);
    }
    fs::read(file).unwrap()
}

#[test]
fn git_applies_the_patch_and_gets_the_same_bytes() {
    let long: String = (0..40).map(|number| format!("line {number}\n")).collect();
    for (before, after) in [
        ("a\nb\nc\n".to_owned(), "a\nB\nc\n".to_owned()),
        ("a\r\nb\r\n".to_owned(), "a\r\nx\r\nb\r\n".to_owned()),
        ("a\nb".to_owned(), "a\nc".to_owned()),
        ("a\nb".to_owned(), "a\nb\n".to_owned()),
        ("a\n".to_owned(), String::new()),
        ("\u{feff}a\n".to_owned(), "\u{feff}b\n".to_owned()),
        ("a\rb\n".to_owned(), "a\rc\n".to_owned()),
        (long.clone(), long.replace("line 3\n", "").replace("line 30\n", "30\nx\n")),
    ] {
        let change = change(before.as_bytes(), after.as_bytes());
        assert_eq!(applied("docker/Dockerfile", &change, false), after.as_bytes(), "{before:?}");
    }
    let change = change(b"a\xff\nb\n", b"a\xff\nc\xfe\n");
    assert_eq!(applied("f", &change, false), b"a\xff\nc\xfe\n");
}

#[test]
fn git_finds_files_with_odd_names_and_creates_new_ones() {
    for path in ["mit leerzeichen/Dockerfile", "größe/Dockerfile", "a\"b\\c", "tab\tname", "new\nline", "esc\u{1b}[31m"]
    {
        assert_eq!(applied(path, &change(b"a\n", b"b\n"), false), b"b\n", "{path}");
        assert_eq!(applied(path, &change(b"", b"b"), true), b"b", "{path}");
        assert_eq!(applied(path, &change(b"", b""), true), b"", "{path}");
    }
}

#[test]
fn people_see_no_secret_and_no_escape_code() {
    let change = change(b"FROM x\r\nARG DB_PASSWORD=kn0ck-kn0ck\nRUN \x1b[31m", b"FROM x\r\nRUN \x1b[31m");
    let shown = shown("a\u{1b}b".into(), &change, false, &Redactor::default());
    let plain = anstream::adapter::strip_str(&shown).to_string();
    assert_eq!(
        plain,
        r#"diff --git "a/a\033b" "b/a\033b"
--- "a/a\033b"
+++ "b/a\033b"
@@ -1,3 +1,2 @@
 FROM x
-ARG DB_PASSWORD=[redacted]
 RUN \u{1b}[31m
\ No newline at end of file
"#
    );
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]
    #[test]
    fn any_edit_survives_git(before in "([ab]|\r?\n){0,30}", after in "([ab]|\r?\n){0,30}") {
        let change = change(before.as_bytes(), after.as_bytes());
        prop_assert_eq!(applied("f", &change, false), after.as_bytes());
    }
}
