use camino::Utf8Path;

use super::*;
use crate::knowledge::names::NameVerdict;

const TEXT: &str = "# Decided by the platform team.\n[secrets.NPM_TOKEN] # npm\nid = \"npm\"\nmount = \"file\"\n\n[secrets.API_KEY]\nneeded = \"run\"\n\n[builds]\n\"ci/build.sh\" = \"api/Dockerfile\"\n";

fn read(text: &str) -> Result<SettingsFile, SettingsError> {
    SettingsFile::read(Utf8Path::new(FILE), text)
}

fn settings(text: &str) -> Settings {
    read(text).unwrap().settings
}

/// The layers of files at these paths, which lie in the folders that they are for.
fn configured(files: &[(&str, &str)]) -> Configuration {
    let one = |(file, text): &(&str, &str)| {
        let file = Utf8Path::new(file);
        layers(file, text, file.parent().unwrap(), &|path| Err(format!("no `{path}`"))).unwrap()
    };
    Configuration::new(files.iter().flat_map(one).collect())
}

#[test]
fn what_was_decided_is_read() {
    let settings = settings(TEXT);
    assert_eq!(settings.secrets["NPM_TOKEN"].id.as_deref(), Some("npm"));
    assert_eq!(settings.secrets["NPM_TOKEN"].mount, Some(MountForm::File));
    assert_eq!(settings.secrets["API_KEY"].needed, Some(Needed::Run));
    assert_eq!(settings.builds[Utf8Path::new("ci/build.sh")], "api/Dockerfile");
    assert_eq!(read("").unwrap().settings, Settings::default());
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
        ("[secrets.A]\nid = \"a\"\n[secrets.B]\nid = \"a\"\n", 4, None),
        ("[secrets.A\n", 1, None),
        ("mount = \"env\"\nextend = \"x\"\n", 2, Some("extends")),
        ("\nextends = 1\n", 2, None),
        ("ids = \"kebap\"\n", 1, Some("kebab")),
        ("[names]\nsecret = [\"A B\"]\n", 2, None),
        ("[names]\nignore = [\"*\"]\n", 2, None),
        ("[paths.\"legacy/\"]\nmuont = \"env\"\n", 2, Some("mount")),
        ("[paths.\"../x\"]\nmount = \"env\"\n", 1, None),
        ("[paths.\"a\"]\n[paths.\"a\".paths.\"b\"]\nmount = \"env\"\n", 2, None),
        ("[callers]\nexclude = [\"!x\"]\n", 2, None),
        ("[callers.include]\n\"a\" = \"gitlab\"\n\"..\" = \"gitlab\"\n", 3, None),
        ("[builds]\n\"a\" = \"b\"\n\"../a\" = \"b\"\n", 3, None),
    ] {
        let error = read(text).unwrap_err();
        assert_eq!((error.line, error.suggestion.as_deref()), (line, meant), "{text}: {error}");
    }
    let error = read("[secrets.A]\nmuont = \"env\"\n").unwrap_err().to_string();
    assert!(error.starts_with("`dfmigrate.toml` has a mistake in line 2: `muont` is no setting here"), "{error}");
    assert!(error.ends_with("; `mount` was probably meant"), "{error}");
}

#[test]
fn a_decision_is_added_and_every_other_byte_is_kept() {
    let id = |name: &str, id: &str| Setting::Id(name.to_owned(), id.to_owned());
    let build = Setting::Build("a/b.sh".into(), "Dockerfile".into());
    let limited = format!("extends = \"x.toml\"\n\n{TEXT}\n[paths.\"a/\"]\nids = \"same\"\n");
    for setting in [
        id("NPM_TOKEN", "other"),
        id("API_KEY", "api"),
        id("NEW", "new"),
        id("odd name.", "odd"),
        Setting::Mount("NPM_TOKEN".into(), MountForm::Env),
        Setting::Needed("API_KEY".into(), Needed::Build),
        build.clone(),
    ] {
        for text in [&limited, TEXT, &TEXT.replace('\n', "\r\n"), "", TEXT.trim_end()] {
            let new = remembered(text, &setting).unwrap();
            assert_eq!(settings(&new), settings(text).with(&setting), "{new}");
            let kept = text.lines().filter(|line| !new.lines().any(|other| other == *line)).count();
            assert!(kept <= 1, "{setting:?}\n{new}");
            assert!(!text.contains("\r\n") || !new.replace("\r\n", "").contains('\n'), "{new:?}");
            assert_eq!(remembered(&new, &setting).as_deref(), Some(new.as_str()));
        }
    }
    assert_eq!(remembered("", &build).unwrap(), "[builds]\n\"a/b.sh\" = \"Dockerfile\"\n");
    assert_eq!(remembered("secrets = { A = { id = \"a\" } }\n", &id("A", "b")), None);
}

#[test]
fn what_is_nearer_to_a_path_adds_to_the_lists_and_replaces_the_rest() {
    let all = configured(&[
        (
            "dfmigrate.toml",
            "mount = \"env\"\nids = \"same\"\nengines = [\"docker\"]\n[names]\nsecret = [\"A\"]\nignore = [\"C\"]\n\
             [codemods]\nselect = [\"x\", \"y\"]\n[paths.\"api/old/\"]\nmount = \"auto\"\nids = \"kebab\"\n",
        ),
        (
            "api/dfmigrate.toml",
            "mount = \"file\"\nengines = [\"podman\"]\n[names]\nsecret = [\"B\", \"C\"]\n[codemods]\nselect = [\"z\"]\n",
        ),
    ]);
    let at = |path: &str| all.at(Utf8Path::new(path));
    assert_eq!((at("Dockerfile").mount, at("apis/Dockerfile").mount), (Some(MountForm::Env), Some(MountForm::Env)));
    let near = at("api/Dockerfile");
    assert_eq!((near.mount, near.ids), (Some(MountForm::File), Some(IdNaming::Same)));
    assert_eq!(near.names.secret.iter().map(ToString::to_string).collect::<Vec<_>>(), ["A", "B", "C"]);
    assert!(near.names.ignore.is_empty(), "the nearer file takes it back");
    assert_eq!(near.engines.len(), 1);
    assert_eq!(near.codemods.select.as_deref(), Some(&["z".to_owned()][..]));
    // A folder's own file is nearer than what the root says of its paths.
    assert_eq!(
        (at("api/old/Dockerfile").mount, at("api/old/Dockerfile").ids),
        (Some(MountForm::File), Some(IdNaming::Kebab))
    );
}

#[test]
fn paths_of_a_folder_begin_there() {
    let all = configured(&[(
        "a[1]/dfmigrate.toml",
        "[builds]\n\"ci.sh\" = \"x/Dockerfile\"\n[dockerfiles]\ninclude = [\"*.df\", \"/only.txt\"]\n\
         [callers]\nexclude = [\"docs/\"]\n[callers.include]\n\"ci/*.yml\" = \"gitlab\"\n",
    )]);
    let settings = all.at(Utf8Path::new("a[1]/x"));
    assert_eq!(settings.builds[Utf8Path::new("a[1]/ci.sh")], "a[1]/x/Dockerfile");
    let included = |path: &str| settings.dockerfiles.include.matches(Utf8Path::new(path));
    assert!(included("a[1]/deep/x.df") && included("a[1]/only.txt"));
    assert!(!included("a[1]/deep/only.txt") && !included("b/x.df") && !included("a1/x.df"));
    let excluded = |path: &str| settings.callers.exclude.matches(Utf8Path::new(path));
    assert!(excluded("a[1]/docs/x.md") && excluded("a[1]/b/docs/x.md") && !excluded("docs/x.md"));
    assert_eq!(settings.callers.include.keys().collect::<Vec<_>>(), ["/a\\[1\\]/ci/*.yml"]);
    assert_eq!(*all.at(Utf8Path::new("b")), Configuration::default().at(Utf8Path::new("b")).as_ref().clone());
}

#[test]
fn a_file_counts_more_than_the_one_it_extends() {
    let load = |path: &Utf8Path| match path.as_str() {
        "base/strict.toml" => Ok("extends = \"../shared.toml\"\nmount = \"file\"\n".to_owned()),
        "shared.toml" => Ok("mount = \"env\"\nids = \"kebab\"\n".to_owned()),
        "round.toml" => Ok("extends = \"round.toml\"\n".to_owned()),
        "typo.toml" => Ok("\nmuont = \"file\"\n".to_owned()),
        path => Err(format!("`{path}` is not there")),
    };
    let read = |text: &str| layers(Utf8Path::new("x/dfmigrate.toml"), text, Utf8Path::new("x"), &load);
    let of = |text: &str| Configuration::new(read(text).unwrap()).at(Utf8Path::new("x/Dockerfile"));
    let settings = of("extends = \"../base/strict.toml\"\n");
    assert_eq!((settings.mount, settings.ids), (Some(MountForm::File), Some(IdNaming::Kebab)));
    assert_eq!(of("extends = \"../base/strict.toml\"\nmount = \"auto\"\n").mount, Some(MountForm::Auto));
    for (text, message) in [
        ("\nextends = \"no.toml\"\n", "`x/dfmigrate.toml` has a mistake in line 2: `x/no.toml` is not there"),
        ("extends = \"../round.toml\"\n", "`round.toml` has a mistake in line 1: `round.toml` extends this file"),
        ("extends = \"../typo.toml\"\n", "`typo.toml` has a mistake in line 2: `muont` is no setting here"),
    ] {
        let error = read(text).unwrap_err().to_string();
        assert!(error.starts_with(message), "{error}");
    }
}

#[test]
fn a_name_is_a_secrets_as_somebody_decided() {
    let settings = settings(
        "[names]\nsecret = [\"CORP_*\", \"CORP_ID_CARD\"]\nignore = [\"CORP_ID_*\", \"deploy_token\"]\n[secrets.SESAME]\nid = \"s\"\n",
    );
    let is_secret = |name: &str| matches!(settings.classify_name(name), NameVerdict::Secret(_));
    for name in ["CORP_CRED", "corp_cred", "CORP_ID_CARD", "SESAME", "NPM_TOKEN"] {
        assert!(is_secret(name), "{name}");
    }
    for name in ["CORP_ID_X", "DEPLOY_TOKEN", "PORT", "A_CORP_X"] {
        assert!(!is_secret(name), "{name}");
    }
}

#[test]
fn what_is_shown_is_toml_and_says_who_decided() {
    let all = configured(&[
        ("dfmigrate.toml", "mount = \"file\"\n[names]\nsecret = [\"A\"]\n[secrets.\"odd name\"]\nid = \"x\"\n"),
        ("api/dfmigrate.toml", "[names]\nsecret = [\"B\"]\n"),
    ]);
    let shown = all.show(Utf8Path::new("api/Dockerfile"));
    for line in [
        "#   dfmigrate.toml\n#   api/dfmigrate.toml\n",
        "mount = \"file\"                            # dfmigrate.toml:1\n",
        "ids = \"lower-snake\"                       # default\n",
        "  \"A\",                                    # dfmigrate.toml:3\n  \"B\",                                    # api/dfmigrate.toml:2\n",
        "[secrets.\"odd name\"]\n",
    ] {
        assert!(shown.contains(line), "{shown}");
    }
    assert_eq!(settings(&shown), *all.at(Utf8Path::new("api/Dockerfile")));
}

#[test]
fn a_decision_of_a_review_counts_more_than_files_until_it_is_written() {
    let all = configured(&[
        ("dfmigrate.toml", "[secrets.A]\nid = \"a\"\n"),
        ("x/dfmigrate.toml", "[secrets.A]\nid = \"x\"\n"),
    ]);
    let setting = Setting::Id("A".to_owned(), "new".to_owned());
    let path = Utf8Path::new("x/Dockerfile");
    assert!(all.with(&setting).at(path).has(&setting));
    let written = all.with_text("[secrets.A]\nid = \"new\"\n");
    assert!(written.at(Utf8Path::new("Dockerfile")).has(&setting) && !written.at(path).has(&setting));
    let fresh = Configuration::default().with_text("ids = \"same\"\n");
    assert_eq!(fresh.at(path).ids, Some(IdNaming::Same));
    assert_eq!(
        Configuration::default().isolated().with_text("ids = \"same\"\n").at(path).ids,
        Some(IdNaming::LowerSnake)
    );
}

/// `UPDATE=1` writes it.
#[test]
fn the_schema_of_the_file_is_the_published_one() {
    /// What dfmigrate.toml holds.
    #[derive(schemars::JsonSchema)]
    #[schemars(rename = "dfmigrate.toml", deny_unknown_fields)]
    #[allow(dead_code, reason = "it only has a schema")]
    struct File {
        /// The path of a file whose settings this one adds to or overrides, from the folder of this file.
        extends: Option<String>,
        /// Settings for some paths, by a pattern as in .gitignore. The last one that matches counts most.
        #[schemars(default)]
        paths: std::collections::BTreeMap<String, Settings>,
        #[schemars(flatten)]
        settings: Settings,
    }
    let mut schema = serde_json::to_value(schemars::schema_for!(File)).unwrap();
    // What only the other rooms know.
    let ids: Vec<&str> = crate::codemods::ALL.iter().map(|codemod| codemod.id).collect();
    let formats: Vec<&str> = crate::callers::ALL.iter().map(|caller| caller.format().name()).collect();
    let engines = crate::knowledge::engines::names().collect::<Vec<_>>().join("|");
    let engines = serde_json::json!(format!("^({engines})(@.+)?$"));
    for (place, key, value) in [
        ("/$defs/Settings/properties/engines/items", "pattern", engines.clone()),
        ("/properties/engines/items", "pattern", engines),
        ("/$defs/CodemodSettings/properties/select/items", "enum", serde_json::json!(ids)),
        ("/$defs/CodemodSettings/properties/ignore/items", "enum", serde_json::json!(ids)),
        ("/$defs/CallerSettings/properties/include/additionalProperties", "enum", serde_json::json!(formats)),
    ] {
        schema.pointer_mut(place).unwrap().as_object_mut().unwrap().insert(key.to_owned(), value);
    }
    let schema = serde_json::to_string_pretty(&schema).unwrap() + "\n";
    let path = Utf8Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/schema/config.json");
    if std::env::var_os("UPDATE").is_some() {
        std::fs::write(&path, &schema).unwrap();
    }
    assert_eq!(std::fs::read_to_string(path).unwrap_or_default(), schema, "UPDATE=1 writes it");
    let (mut schemas, mut compiler) = (boon::Schemas::new(), boon::Compiler::new());
    compiler.add_resource("config.json", serde_json::from_str(&schema).unwrap()).unwrap();
    let index = compiler.compile("config.json", &mut schemas).unwrap();
    let json = |text: &str| serde_json::to_value(toml::from_str::<toml::Table>(text).unwrap()).unwrap();
    let is_valid = |text: &str| schemas.validate(&json(text), index).is_ok();
    assert!(is_valid(TEXT) && is_valid("extends = \"x\"\n[paths.\"a/\"]\nids = \"kebab\"\n"));
    assert!(
        !is_valid("muont = \"env\"\n")
            && !is_valid("[paths.\"a/\"]\nmuont = \"env\"\n")
            && !is_valid("ids = \"kebap\"\n")
    );
    assert!(!is_valid("[codemods]\nignore = [\"arg-secrets\"]\n") && !is_valid("engines = [\"dokcer\"]\n"));
}
