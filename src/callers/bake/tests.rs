use camino::{Utf8Path, Utf8PathBuf};

use super::*;
use crate::callers::{ArgumentValue, Receipt, RequestedSecret, SecretSource};
use crate::source::apply_edits;

/// A repository with Dockerfiles at its root and in `api`, and one other file.
struct Two(Vec<Utf8PathBuf>, Option<(&'static str, &'static str)>);

impl Two {
    fn new() -> Self {
        Self(vec!["Dockerfile".into(), "api/Dockerfile".into()], None)
    }
}

impl Surroundings for Two {
    fn is_file(&self, path: &Utf8Path) -> bool {
        self.0.iter().any(|known| known == path)
    }

    fn dockerfiles(&self) -> &[Utf8PathBuf] {
        &self.0
    }

    fn text(&self, path: &Utf8Path) -> Option<&str> {
        self.1.filter(|(name, _)| path == *name).map(|(_, text)| text)
    }
}

fn source(path: &str, text: &str) -> Source {
    Source::new(path, text.as_bytes().to_vec())
}

fn builds(path: &str, text: &str) -> Vec<Build> {
    Bake.builds(&source(path, text), &Two::new())
}

/// The file after every build that has the argument `T` passes it as a secret.
fn rewritten(path: &str, text: &str) -> Result<String, String> {
    let mut text = text.to_owned();
    for _ in 0..4 {
        let source = source(path, &text);
        let builds = Bake.builds(&source, &Two::new());
        let Some(build) = builds.iter().find(|build| build.arguments.iter().any(|given| given.name == "T")) else {
            return Ok(text);
        };
        let secret = Some(RequestedSecret { id: "t".to_owned(), receipt: Receipt::Variable });
        let requests = [Request { argument: "T".to_owned(), secret, beside: false }];
        let rewrite = Bake.pass_secrets(&source, &Two::new(), build, &requests).map_err(|refusal| refusal.reason)?;
        text = apply_edits(&text, &rewrite.edits).unwrap();
    }
    Err("the argument stays".to_owned())
}

fn becomes(path: &str, before: &str, after: &str) {
    assert_eq!(rewritten(path, before).as_deref(), Ok(after), "{before}");
    let windows = |text: &str| text.replace('\n', "\r\n");
    assert_eq!(rewritten(path, &windows(before)), Ok(windows(after)), "{before} with CRLF");
}

const HCL: &str = "docker-bake.hcl";

#[test]
fn an_argument_leaves_its_line_and_a_secret_comes_below() {
    becomes(
        HCL,
        "variable \"T\" {}\n\ntarget \"app\" {\n  context = \".\"\n  args = {\n    A = 1 # one\n    T = T\n    # last\n    B = \"2\"\n  }\n  tags = [\"x\"]\n}\n",
        "variable \"T\" {}\n\ntarget \"app\" {\n  context = \".\"\n  args = {\n    A = 1 # one\n    # last\n    B = \"2\"\n  }\n  secret = [\"id=t,env=T\"]\n  tags = [\"x\"]\n}\n",
    );
}

#[test]
fn the_only_argument_is_replaced_and_equals_signs_stay_aligned() {
    becomes(
        HCL,
        "target \"app\" {\n  dockerfile = \"Dockerfile\"\n  args       = { T = \"${T}\" }\n}\n",
        "target \"app\" {\n  dockerfile = \"Dockerfile\"\n  secret     = [\"id=t,env=T\"]\n}\n",
    );
}

#[test]
fn an_argument_among_others_in_one_line() {
    for (before, after) in [
        ("{ A = 1, T = T, B = 2 }", "{ A = 1, B = 2 }"),
        ("{ T = T, B = 2 }", "{ B = 2 }"),
        ("{ A = 1, T = T }", "{ A = 1 }"),
    ] {
        let file = |args: &str, secret: &str| format!("target \"app\" {{\n\targs = {args} // c\n{secret}}}\n");
        becomes(HCL, &file(before, ""), &file(after, "\tsecret = [\"id=t,env=T\"]\n"));
    }
}

#[test]
fn a_secret_joins_those_that_are_there() {
    let file = |args: &str, list: &str| format!("target \"app\" {{\n  secret = {list}\n{args}}}\n");
    for (before, after) in [
        ("[\"id=a,env=A\"]", "[\"id=a,env=A\", \"id=t,env=T\"]"),
        ("[]", "[\"id=t,env=T\"]"),
        ("[\n    \"id=a,env=A\"\n  ]", "[\n    \"id=a,env=A\",\n    \"id=t,env=T\"\n  ]"),
        ("[\n    \"id=a,env=A\", # c\n  ]", "[\n    \"id=a,env=A\", # c\n    \"id=t,env=T\",\n  ]"),
        ("[\n    \"id=a,env=A\" # c\n  ]", "[\n    \"id=a,env=A\", # c\n    \"id=t,env=T\"\n  ]"),
        ("[{ id = \"a\", env = \"A\" }]", "[{ id = \"a\", env = \"A\" }, { id = \"t\", env = \"T\" }]"),
        ("[\"id=t,env=T\"]", "[\"id=t,env=T\"]"),
    ] {
        becomes(HCL, &file("  args = {\n    T = T\n  }\n", before), &file("", after));
    }
}

#[test]
fn json_keeps_its_commas() {
    let file = |inside: &str| format!("{{\n  \"target\": {{\n    \"app\": {{\n{inside}\n    }}\n  }}\n}}\n");
    let path = "docker-bake.json";
    becomes(
        path,
        &file("      \"args\": {\n        \"A\": \"1\",\n        \"T\": \"${T}\"\n      }"),
        &file("      \"args\": {\n        \"A\": \"1\"\n      },\n      \"secret\": [\"id=t,env=T\"]"),
    );
    becomes(
        path,
        &file("      \"args\": {\"T\": \"${T}\"},\n      \"tags\": [\"x\"]"),
        &file("      \"secret\": [\"id=t,env=T\"],\n      \"tags\": [\"x\"]"),
    );
    becomes(
        path,
        &file("      \"secret\": [{\"id\": \"a\", \"env\": \"A\"}],\n      \"args\": {\"T\": \"${T}\"}"),
        &file("      \"secret\": [{\"id\": \"a\", \"env\": \"A\"}, {\"id\": \"t\", \"env\": \"T\"}]"),
    );
    becomes(
        path,
        "{\"target\": {\"app\": {\"args\": {\"T\": \"${T}\", \"A\": \"1\"}}}}",
        "{\"target\": {\"app\": {\"args\": {\"A\": \"1\"}, \"secret\": [\"id=t,env=T\"]}}}",
    );
}

#[test]
fn what_is_inherited_is_changed_where_it_stands() {
    let before = "target \"_base\" {\n  args = {\n    T = T\n    A = 1\n  }\n}\ntarget \"one\" {\n  inherits = [\"_base\"]\n}\ntarget \"two\" {\n  inherits = [\"_base\"]\n  context = \"api\"\n}\n";
    let found = builds(HCL, before);
    let shown: Vec<_> = found.iter().map(|build| (build.title.as_str(), build.arguments.len())).collect();
    assert_eq!(shown, [("target `one`", 2), ("target `two`", 2)]);
    assert!(found.iter().all(|build| build.arguments.iter().all(|given| given.shared)));
    assert_eq!(found[1].dockerfiles, Dockerfiles::One("api/Dockerfile".into()));
    becomes(
        HCL,
        before,
        &before
            .replace("    T = T\n", "")
            .replace("  }\n}\ntarget \"one\"", "  }\n  secret = [\"id=t,env=T\"]\n}\ntarget \"one\""),
    );
}

#[test]
fn places_are_worked_out_of_variables_and_matrices() {
    let found = builds(
        HCL,
        "variable \"DIR\" { default = \"api\" }\ntarget \"a\" { context = DIR }\ntarget \"b\" {\n  name = \"b-${item.n}\"\n  matrix = { item = [{ n = \"x\", c = \"api\" }, { n = \"y\", c = \".\" }] }\n  context = item.c\n  args = { T = item.t }\n}\ntarget \"c\" {\n  dockerfile-inline = \"FROM x\"\n}\ntarget \"d\" {\n  context = \"https://git.example.com/x.git\"\n}\n",
    );
    let both = Dockerfiles::Several(vec!["Dockerfile".into(), "api/Dockerfile".into()]);
    let shown: Vec<&Dockerfiles> = found.iter().map(|build| &build.dockerfiles).collect();
    assert_eq!(
        shown,
        [&Dockerfiles::One("api/Dockerfile".into()), &both, &Dockerfiles::Elsewhere, &Dockerfiles::Elsewhere]
    );
    assert_eq!(found[1].arguments[0].value, ArgumentValue::Composite);
}

#[test]
fn values_are_told_apart() {
    let text = "variable \"D\" { default = \"x\" }\nvariable \"E\" { default = \"\" }\nlocal_token = T\ntarget \"a\" {\n  args = {\n    A = T\n    B = \"${T}\"\n    C = D\n    E = E\n    F = \"lit\"\n    G = null\n    H = upper(T)\n    I = local_token\n    J = \"x${T}\"\n  }\n}\n";
    let values: Vec<ArgumentValue> = builds(HCL, text)[0].arguments.iter().map(|given| given.value.clone()).collect();
    let variable = |name: &str| ArgumentValue::Variable(name.to_owned());
    let literal = ArgumentValue::Literal(crate::callers::SecretValue::new("lit"));
    let (composite, empty) = (ArgumentValue::Composite, ArgumentValue::Empty);
    assert_eq!(
        values,
        [
            variable("T"),
            variable("T"),
            composite.clone(),
            variable("E"),
            literal,
            empty,
            composite.clone(),
            variable("T"),
            composite
        ]
    );
}

#[test]
fn what_no_variable_fills_is_refused() {
    for (value, reason) in [
        ("\"abc\"", "fixed value"),
        ("\"x${T}\"", "put together"),
        ("upper(T)", "put together"),
        ("item.t", "put together"),
    ] {
        let text = format!("target \"app\" {{\n  args = {{\n    T = {value}\n  }}\n}}\n");
        assert!(rewritten(HCL, &text).unwrap_err().contains(reason), "{value}");
    }
    let other = "target \"app\" {\n  args = { T = T }\n  secret = [\"id=t,env=OTHER\"]\n}\n";
    assert!(rewritten(HCL, other).unwrap_err().contains("another source"));
    let emptied = "target \"b\" {\n  args = {\n    T = T\n  }\n}\ntarget \"app\" {\n  inherits = [\"b\"]\n  args = {\n    T = \"\"\n  }\n}\n";
    assert!(rewritten(HCL, emptied).unwrap_err().contains("empty in the target"));
    let one_line = "target \"app\" { args = { T = T, A = 1 } }\n";
    assert!(rewritten(HCL, one_line).unwrap_err().contains("laid out"));
    let opaque = builds(HCL, "target \"app\" {\n  args = merge(common, {T = T})\n}\n");
    assert_eq!(opaque[0].opaque.as_deref(), Some("args of target `app`"));
}

#[test]
fn an_override_file_builds_what_the_first_one_says() {
    let around = Two(
        vec!["Dockerfile".into(), "api/Dockerfile".into()],
        Some((HCL, "target \"_b\" {\n  args = { T = T }\n}\ntarget \"app\" {\n  context = \"api\"\n}\n")),
    );
    let text = "target \"app\" {\n  inherits = [\"_b\"]\n  args = { A = A }\n}\n";
    let own = source("docker-bake.override.hcl", text);
    let found = Bake.builds(&own, &around);
    assert_eq!(found[0].dockerfiles, Dockerfiles::One("api/Dockerfile".into()));
    let secret = Some(RequestedSecret { id: "t".to_owned(), receipt: Receipt::Variable });
    let requests = [Request { argument: "T".to_owned(), secret, beside: false }];
    let refusal = Bake.pass_secrets(&own, &around, &found[0], &requests).unwrap_err();
    assert!(refusal.reason.contains("docker-bake.hcl"), "{}", refusal.reason);
}

#[test]
fn targets_of_several_blocks_are_one() {
    let before =
        "target \"app\" {\n  context = \"api\"\n}\ntarget \"app\" {\n  args = {\n    T = T\n    A = A\n  }\n}\n";
    assert_eq!(builds(HCL, before).len(), 1);
    becomes(
        HCL,
        before,
        &before.replace("    T = T\n", "").replace("  }\n}\n", "  }\n  secret = [\"id=t,env=T\"]\n}\n"),
    );
}

#[test]
fn files_are_known_by_name_or_by_what_they_say() {
    for (path, text, is_one) in [
        ("docker-bake.hcl", "", true),
        ("ci/bake.json", "{}", true),
        ("build.hcl", "target \"a\" {\n  dockerfile = \"x\"\n}\n", true),
        ("main.hcl", "resource \"a\" \"b\" {\n  target = 1\n}\n", false),
        ("tsconfig.json", "{\"compilerOptions\": {\"target\": \"es6\"}}", false),
    ] {
        let path = Utf8Path::new(path);
        assert_eq!(Bake.recognises(path) || Bake.recognises_text(path, text), is_one, "{path}");
    }
}

#[test]
fn secrets_in_every_form_are_read() {
    let found = builds(
        HCL,
        "target \"a\" {\n  context = \".\"\n  secret = [\"type=env,id=A\", { id = \"b\", src = \"f\" }, { id = \"c\", env = \"C\" }]\n  ssh = [\"default\"]\n}\n",
    );
    let sources: Vec<&SecretSource> = found[0].secrets.iter().map(|passed| &passed.source).collect();
    assert_eq!(
        sources,
        [&SecretSource::Unknown, &SecretSource::File("f".to_owned()), &SecretSource::Variable("C".to_owned())]
    );
    assert!(found[0].ssh);
}

#[test]
fn a_command_builds_the_targets_of_its_groups() {
    let text = "group \"default\" {\n  targets = [\"g\"]\n}\ngroup \"g\" {\n  targets = [\"a\"]\n}\ntarget \"a\" {\n  context = \"api\"\n}\ntarget \"b\" {\n  context = \".\"\n}\n";
    let around = Two(vec!["Dockerfile".into(), "api/Dockerfile".into()], Some((HCL, text)));
    let of = |names: &[&str]| {
        let names: Vec<String> = names.iter().map(|name| (*name).to_owned()).collect();
        dockerfiles(Utf8Path::new(""), &[], &names, &["*"], &around)
    };
    assert_eq!(of(&[]), Some(Dockerfiles::One("api/Dockerfile".into())));
    assert_eq!(of(&["b"]), Some(Dockerfiles::One("Dockerfile".into())));
    assert_eq!(dockerfiles(Utf8Path::new("x"), &[], &[], &["*"], &around), None);
}

#[test]
fn offers_are_added_to_the_target() {
    let text = "target \"a\" {\n  context = \"./api\"\n}\n";
    let own = source(HCL, text);
    let build = &Bake.builds(&own, &Two::new())[0];
    let offers = [
        Offer::File { id: "npmrc".to_owned(), path: ".npmrc".into() },
        Offer::Variable { id: "t".to_owned(), name: "T".to_owned() },
        Offer::Agent { key: "key".into() },
    ];
    let rewrite = Bake.offer(&own, &Two::new(), build, &offers).unwrap();
    let after = apply_edits(text, &rewrite.edits).unwrap();
    assert_eq!(
        after,
        "target \"a\" {\n  context = \"./api\"\n  secret = [\"id=npmrc,src=api/.npmrc\", \"id=t,env=T\"]\n  ssh = [\"default=api/key\"]\n}\n"
    );
}
