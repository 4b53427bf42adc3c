use camino::Utf8Path;

use super::{FILE, MountForm, Needed, Setting, SettingsFile};

/// The text of a settings file with one more decision; every other byte of `text` is kept.
///
/// `None` where `text` is written in a form that this can't be done in, such as inline tables: the result is read again
/// and has to say exactly what was decided.
#[must_use]
pub fn remembered(text: &str, setting: &Setting) -> Option<String> {
    let read = |text: &str| SettingsFile::read(Utf8Path::new(FILE), text);
    let before = read(text).ok()?;
    let wanted = SettingsFile { settings: before.settings.with(setting), ..before };
    let newline = if text.contains("\r\n") { "\r\n" } else { "\n" };
    let (header, key, value) = entry(setting);
    let line = format!("{key} = {value}{newline}");
    let edited = match table(text, &header) {
        Some((start, end)) => {
            let (before, inside, after) = (text.get(..start)?, text.get(start..end)?, text.get(end..)?);
            let mut lines: Vec<&str> = inside.split_inclusive('\n').collect();
            match lines.iter().position(|line| is_of(line, &key)) {
                Some(at) => *lines.get_mut(at)? = &line,
                None => lines.insert(0, &line),
            }
            format!("{before}{}{after}", lines.concat())
        }
        None => {
            let gap = match text {
                "" => "",
                text if text.ends_with('\n') => newline,
                _ => &newline.repeat(2),
            };
            format!("{text}{gap}{header}{newline}{line}")
        }
    };
    (read(&edited).as_ref() == Ok(&wanted)).then_some(edited)
}

/// The header of the table that a decision stands in, and its key and value.
fn entry(setting: &Setting) -> (String, String, String) {
    let of = |name: &str| format!("[secrets.{}]", key(name));
    match setting {
        Setting::Id(name, id) => (of(name), "id".to_owned(), quoted(id)),
        Setting::Mount(name, MountForm::Auto) => (of(name), "mount".to_owned(), quoted("auto")),
        Setting::Mount(name, MountForm::Env) => (of(name), "mount".to_owned(), quoted("env")),
        Setting::Mount(name, MountForm::File) => (of(name), "mount".to_owned(), quoted("file")),
        Setting::Needed(name, Needed::Build) => (of(name), "needed".to_owned(), quoted("build")),
        Setting::Needed(name, Needed::Run) => (of(name), "needed".to_owned(), quoted("run")),
        Setting::Build(file, dockerfile) => ("[builds]".to_owned(), quoted(file.as_str()), quoted(dockerfile.as_str())),
    }
}

/// A key as it is written in a header: bare where TOML allows that.
pub(super) fn key(name: &str) -> String {
    let is_bare = !name.is_empty() && name.chars().all(|char| char.is_ascii_alphanumeric() || "_-".contains(char));
    if is_bare { name.to_owned() } else { quoted(name) }
}

fn quoted(text: &str) -> String {
    toml::Value::String(text.to_owned()).to_string()
}

/// Where the lines of a table are: from behind its header to the next header or the end.
fn table(text: &str, header: &str) -> Option<(usize, usize)> {
    let mut at = 0;
    let mut start = None;
    for line in text.split_inclusive('\n') {
        let code = line.split('#').next().unwrap_or(line).trim();
        match start {
            None if code == header && line.ends_with('\n') => start = Some(at + line.len()),
            Some(start) if code.starts_with('[') => return Some((start, at)),
            _ => {}
        }
        at += line.len();
    }
    start.map(|start| (start, at))
}

fn is_of(line: &str, key: &str) -> bool {
    line.trim_start().strip_prefix(key).is_some_and(|rest| rest.trim_start().starts_with('='))
}
