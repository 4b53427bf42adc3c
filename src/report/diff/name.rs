use camino::Utf8Path;

/// The lines before the first hunk. A patch without hunks (a new empty file) has no `---` and `+++` lines.
pub(super) fn header(path: &Utf8Path, created: bool, hunks: bool) -> Vec<String> {
    let (old, new) = (quoted("a/", path), quoted("b/", path));
    let mut lines = vec![format!("diff --git {old} {new}\n")];
    if created {
        lines.push("new file mode 100644\n".to_owned());
    }
    if hunks {
        let old = if created { "/dev/null".to_owned() } else { ended(&old) };
        lines.extend([format!("--- {old}\n"), format!("+++ {}\n", ended(&new))]);
    }
    lines
}

/// A name as git writes it: with a tab behind it where a blank could be taken for the end (git's `diff.c`,
/// `emit_rewrite_diff` and `fn_out_consume`).
fn ended(name: &str) -> String {
    if name.contains(' ') && !name.starts_with('"') { format!("{name}\t") } else { name.to_owned() }
}

/// A name in git's C quoting, if it has a byte that needs it (git's `quote.c`, with `core.quotePath` as it is by default).
fn quoted(prefix: &str, path: &Utf8Path) -> String {
    let name = format!("{prefix}{path}");
    let plain = |byte: u8| (b' '..0x7f).contains(&byte) && byte != b'"' && byte != b'\\';
    if name.bytes().all(plain) {
        return name;
    }
    let mut quoted = String::from("\"");
    for byte in name.bytes() {
        match byte {
            b'\t' => quoted.push_str("\\t"),
            b'\n' => quoted.push_str("\\n"),
            b'\r' => quoted.push_str("\\r"),
            b'"' | b'\\' => quoted.extend(['\\', char::from(byte)]),
            _ if plain(byte) => quoted.push(char::from(byte)),
            _ => quoted.push_str(&format!("\\{byte:03o}")),
        }
    }
    quoted.push('"');
    quoted
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_quoted_as_git_does() {
        assert_eq!(quoted("a/", "é\n\"x\u{1b}".into()), r#""a/\303\251\n\"x\033""#);
        assert_eq!(header("a b".into(), false, true), ["diff --git a/a b b/a b\n", "--- a/a b\t\n", "+++ b/a b\t\n"]);
    }
}
