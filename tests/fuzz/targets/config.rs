//! Any text is a settings file: it is read, or there is an error that names the line, and what was remembered is read again.

#![no_main]

use dfmigrate::config::{Configuration, Layer, Setting, SettingsFile, layers, remembered};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|text: &str| {
    let file = "dfmigrate.toml".into();
    let read = SettingsFile::read(file, text);
    if let Err(error) = &read {
        assert!(!error.to_string().is_empty());
    }
    let _ = layers(file, text, "".into(), &|_| Ok(text.to_owned()));
    if text.len() < 2_000 {
        let _ = Layer::of_command_line(text);
    }
    let Ok(configuration) = Configuration::of_text(text) else { return };
    for path in ["Dockerfile", "a/b/Dockerfile", ".github/workflows/a.yml", ""] {
        let settings = configuration.at(path.into());
        let _ = settings.classify_name("NPM_TOKEN");
        let _ = settings.id_of("NPM_TOKEN");
        let _ = configuration.show(path.into());
        let _ = configuration.contradiction(path.into());
    }
    let setting = Setting::Id("NPM_TOKEN".to_owned(), "npm".to_owned());
    if let Some(after) = remembered(text, &setting) {
        assert!(Configuration::of_text(&after).is_ok(), "{after:?} can't be read any more");
    }
});
