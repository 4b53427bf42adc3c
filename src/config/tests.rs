use super::*;

const TEXT: &str = "# Decided by the platform team.\n[secrets.NPM_TOKEN] # npm\nid = \"npm\"\nmount = \"file\"\n\n[secrets.API_KEY]\nneeded = \"run\"\n\n[builds]\n\"ci/build.sh\" = \"api/Dockerfile\"\n";

#[test]
fn what_was_decided_is_read() {
    let settings = Settings::read(TEXT).unwrap();
    assert_eq!(settings.secrets["NPM_TOKEN"].id.as_deref(), Some("npm"));
    assert_eq!(settings.secrets["NPM_TOKEN"].mount, Some(MountForm::File));
    assert_eq!(settings.secrets["API_KEY"].needed, Some(Needed::Run));
    assert_eq!(settings.builds[camino::Utf8Path::new("ci/build.sh")], "api/Dockerfile");
    assert_eq!(Settings::read("").unwrap(), Settings::default());
}

#[test]
fn a_typo_is_an_error_with_its_line_and_the_word_that_was_meant() {
    for (text, line, meant) in [
        ("[secrets.A]\nmuont = \"env\"\n", 2, Some("mount")),
        ("[secrets.A]\nmount = \"fiel\"\n", 2, Some("file")),
        ("# x\n[secret.A]\nid = \"a\"\n", 2, Some("secrets")),
        ("[secrets.A]\ncolour = 1\n", 2, None),
        ("[secrets.A]\nid = \"a,b\"\n", 2, None),
        ("[secrets.A]\nid = \"\"\n", 2, None),
        ("[secrets.A]\nid = \"a\"\n[secrets.B]\nid = \"a\"\n", 3, None),
        ("[secrets.A\n", 1, None),
    ] {
        let error = Settings::read(text).unwrap_err();
        assert_eq!((error.line, error.suggestion.as_deref()), (line, meant), "{text}: {error}");
    }
    let error = Settings::read("[secrets.A]\nmuont = \"env\"\n").unwrap_err().to_string();
    assert!(error.starts_with("`dfmigrate.toml` has a mistake in line 2: unknown field `muont`"), "{error}");
    assert!(error.ends_with("; `mount` was probably meant"), "{error}");
}

#[test]
fn a_decision_is_added_and_every_other_byte_is_kept() {
    let id = |name: &str, id: &str| Setting::Id(name.to_owned(), id.to_owned());
    let build = Setting::Build("a/b.sh".into(), "Dockerfile".into());
    for setting in [
        id("NPM_TOKEN", "other"),
        id("API_KEY", "api"),
        id("NEW", "new"),
        id("odd name.", "odd"),
        Setting::Mount("NPM_TOKEN".into(), MountForm::Env),
        Setting::Needed("API_KEY".into(), Needed::Build),
        build.clone(),
    ] {
        for text in [TEXT.to_owned(), TEXT.replace('\n', "\r\n"), String::new(), TEXT.trim_end().to_owned()] {
            let new = remembered(&text, &setting).unwrap();
            assert_eq!(Settings::read(&new).unwrap(), Settings::read(&text).unwrap().with(&setting), "{new}");
            let kept = text.lines().filter(|line| !new.lines().any(|other| other == *line)).count();
            assert!(kept <= 1, "{setting:?}\n{new}");
            assert!(!text.contains("\r\n") || !new.replace("\r\n", "").contains('\n'), "{new:?}");
            assert_eq!(remembered(&new, &setting).as_deref(), Some(new.as_str()));
        }
    }
    assert_eq!(remembered("", &build).unwrap(), "[builds]\n\"a/b.sh\" = \"Dockerfile\"\n");
    assert_eq!(remembered("secrets = { A = { id = \"a\" } }\n", &id("A", "b")), None);
}
