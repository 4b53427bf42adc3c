use camino::{Utf8Path, Utf8PathBuf};

use super::{Layer, SettingsError, SettingsFile};

/// Brings the text of a file that another one extends: the path from the folder of that file in, what it is called and its
/// text out, or one sentence why not.
pub type Load<'a> = &'a dyn Fn(&Utf8Path) -> Result<String, String>;

/// How many files may extend each other.
const MOST: usize = 8;

/// What `file` decides for everything below `folder`, together with what it extends: each layer over those before it.
///
/// Paths and patterns of all these files begin at `folder`, so that several folders can extend the same file.
///
/// # Errors
/// One of the files has a mistake, can't be read, or they extend each other in a circle.
pub fn layers(file: &Utf8Path, text: &str, folder: &Utf8Path, load: Load<'_>) -> Result<Vec<Layer>, SettingsError> {
    let mut all = Vec::new();
    let mut seen: Vec<Utf8PathBuf> = Vec::new();
    let (mut file, mut text) = (file.to_owned(), text.to_owned());
    loop {
        let read = SettingsFile::read(&file, &text)?;
        let extended = read.extends.clone();
        let mut own = Layer::of(&file, &read, folder);
        own.append(&mut all);
        all = own;
        let Some((path, line)) = extended else { return Ok(all) };
        let next = file.parent().unwrap_or(Utf8Path::new("")).join(path);
        let next = normalized(&next);
        seen.push(file.clone());
        let circle = seen.contains(&next) || seen.len() > MOST;
        let message = circle.then(|| format!("`{next}` extends this file, so that there is no end to it"));
        text = match message.map_or_else(|| load(&next), Err) {
            Ok(text) => text,
            Err(message) => return Err(SettingsError::new(&file, line, message)),
        };
        file = next;
    }
}

/// The path without `.` and with `..` taken for the folder above, as far as the path says what that is.
fn normalized(path: &Utf8Path) -> Utf8PathBuf {
    path.components().fold(Utf8PathBuf::new(), |mut path, part| {
        let is_named = path.file_name().is_some();
        match part.as_str() {
            "." => {}
            ".." if is_named => drop(path.pop()),
            part => path.push(part),
        }
        path
    })
}
