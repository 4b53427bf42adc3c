//! Nothing that is nearly a workflow or Compose file makes a caller panic, and whatever it edits is proven.

use camino::{Utf8Path, Utf8PathBuf};
use proptest::prelude::*;

use super::compose::Compose;
use super::github::GithubActions;
use super::{Caller, Receipt, Request, RequestedSecret, Surroundings};
use crate::source::{Source, apply_edits};

struct Everything;

impl Surroundings for Everything {
    fn is_file(&self, _: &Utf8Path) -> bool {
        true
    }

    fn dockerfiles(&self) -> &[Utf8PathBuf] {
        &[]
    }

    fn text(&self, _: &Utf8Path) -> Option<&str> {
        None
    }
}

/// A skeleton whose places are filled with odd but mostly legal values.
fn filled(skeleton: &'static str) -> impl Strategy<Value = String> {
    let values = [
        "",
        "x",
        "'x'",
        "\"x\\ny\"",
        "T",
        "T=1",
        "T=${{ secrets.T }}",
        "|",
        "|\n            T=${{ secrets.T }}\n            A=1",
        ">-\n            T=${{ secrets.T }}\n\n            A=1",
        "{T: $T}",
        "[T, \"A=${A}\"]",
        "&a x",
        "*a",
        "~",
        "{",
        "# c",
        "\n          T: ${T}\n          A: 1 # c",
        "\n        - T\n        - A=1",
        "docker build --build-arg T=${{ secrets.T }} .",
        "|\n          docker build \\\n            --build-arg 'T=${{ secrets.T }}' \\\n            . # c",
        "{t: {environment: T}}",
    ];
    let places = skeleton.matches('§').count();
    proptest::collection::vec(proptest::sample::select(values.to_vec()), places).prop_map(move |values| {
        let mut values = values.into_iter();
        skeleton.split('§').map(|piece| format!("{piece}{}", values.next().unwrap_or(""))).collect()
    })
}

fn check(caller: &dyn Caller, path: &str, text: &str) {
    let source = Source::new(path, text.as_bytes().to_vec());
    for build in caller.builds(&source, &Everything) {
        let secret = Some(RequestedSecret { id: "t".to_owned(), receipt: Receipt::Variable });
        let request = Request { argument: "T".to_owned(), secret, beside: false };
        let Ok(rewrite) = caller.pass_secrets(&source, &Everything, &build, &[request]) else { continue };
        let after = apply_edits(text, &rewrite.edits).expect("edits that do not overlap");
        let again = caller.builds(&source.with_text(after), &Everything);
        assert!(again[build.index].arguments.iter().all(|argument| argument.name != "T"), "{text}");
    }
}

proptest! {
    #[test]
    fn workflows(text in filled("env: §\njobs:\n  b:\n    env:\n      T: §\n    steps:\n      - uses: docker/build-push-action@v6\n        with:\n          secrets: §\n          build-args: §\n          push: §\n      - run: §\n        env: §\n")) {
        check(&GithubActions, ".github/workflows/a.yml", &text);
        check(&GithubActions, ".github/workflows/a.yml", &text.replace('\n', "\r\n"));
    }

    #[test]
    fn compose_files(text in filled("x-a: §\nservices:\n  web: §\n  app:\n    build:\n        context: §\n        args: §\n        secrets: §\nsecrets: §\nvolumes: §\n")) {
        check(&Compose, "compose.yml", &text);
        check(&Compose, "compose.yml", &text.replace('\n', "\r\n"));
    }
}
