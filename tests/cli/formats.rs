use crate::scratch::Scratch;

#[test]
fn each_form_goes_to_standard_output_and_the_status_says_that_findings_remain() {
    let scratch = Scratch::with_secret();
    for (format, expected) in [
        ("human", "--> Dockerfile:4:5"),
        ("short", "Dockerfile:4:5: "),
        ("json", "\"codemod\": \"arg-secret\""),
        ("sarif", "\"ruleId\": \"arg-secret\""),
        ("github", " file=Dockerfile,line=4,"),
        ("gitlab", "\"check_name\": \"arg-secret\""),
        ("markdown", "| `Dockerfile:4` |"),
    ] {
        let run = scratch.run(&["--message-format", format]).status(1);
        assert!(run.out.contains(expected) && run.err.is_empty(), "{format}: {}", run.out);
        let with_colours = scratch.run(&["--message-format", format, "--color", "always"]);
        assert!(format == "human" || with_colours.out == run.out, "{format}: {}", with_colours.out);
    }
}

#[test]
fn a_report_replaces_its_file() {
    let scratch = Scratch::with_secret();
    scratch.write("report.txt", "old");
    for format in ["human", "short", "json", "sarif", "github", "gitlab", "markdown"] {
        let out = scratch.run(&["--message-format", format]).out;
        let run = scratch.run(&["--message-format", format, "--output", "report.txt"]).status(1);
        assert_eq!((run.out.as_str(), scratch.read("report.txt")), ("", out), "{format}");
    }
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt as _;
        scratch.run(&["--output", "report.txt"]);
        scratch.write("plain.txt", "");
        let mode = |path: &str| std::fs::metadata(scratch.path(path)).unwrap().permissions().mode();
        assert_eq!(mode("report.txt"), mode("plain.txt"));
    }
    let run = scratch.run(&["--message-format", "json", "--output", "no/such/folder.json"]).status(2);
    assert!(run.err.starts_with("error: `no/such/folder.json` can't be written\n"), "{}", run.err);
}

#[test]
fn nothing_found_is_a_whole_report_too() {
    let scratch = Scratch::committed(&[("Dockerfile", "FROM scratch\n")]);
    for (format, expected) in [
        ("json", "\"findings\": []"),
        ("sarif", "\"results\": []"),
        ("gitlab", "[]\n"),
        ("github", ""),
        ("markdown", "## dfmigrate: no findings\n"),
    ] {
        let run = scratch.run(&["--message-format", format]).status(0);
        assert!(run.out.contains(expected), "{format}: {}", run.out);
    }
}

#[test]
fn a_form_is_for_reports_only() {
    let run = Scratch::with_secret().run(&["--fix", "--message-format", "json"]).status(2);
    assert!(run.err.contains("cannot be used with"), "{}", run.err);
}
