//! A cheap test that every text with a build command passes, so that most files of a repository are never parsed.

use std::sync::LazyLock;

use aho_corasick::AhoCorasick;

/// What the programs of [`super::command::Program`] and the words for what they do are made of; a script of the repository that
/// hands its options on may only be given a secret.
const VERBS: [&str; 6] = ["build", "executor", "deploy", " bud", "BUILDKIT", "--secret"];

/// Every program that is known by its name, and the option that makes a build of any other.
const PROGRAMS: [&str; 13] = [
    "docker",
    "podman",
    "nerdctl",
    "finch",
    "depot",
    "buildah",
    "buildctl",
    "executor",
    "build-arg",
    "--secret",
    "img",
    "fly",
    "acr",
];

/// `DOCKER` is the usual name of the variable that holds the program, so letter case does not count.
static KNOWN: LazyLock<Option<AhoCorasick>> =
    LazyLock::new(|| AhoCorasick::builder().ascii_case_insensitive(true).build(PROGRAMS).ok());

/// Whether shell text, or a file that holds some, may have a build in it. `false` is certain.
pub(super) fn may_build(text: &str) -> bool {
    has_verb(text) && (KNOWN.as_ref().is_none_or(|known| known.is_match(text)) || has_variable_that_builds(text))
}

/// Whether a word for what a build command does, or for what it is given, is in the text: the half of [`may_build`] that holds
/// where the program is the value of a variable that stands elsewhere.
pub(super) fn has_verb(text: &str) -> bool {
    VERBS.iter().any(|verb| text.contains(verb))
}

/// Whether a `build` stands behind an expansion: `$PROGRAM build`, `"${tool[@]}" image build`.
fn has_variable_that_builds(text: &str) -> bool {
    let blank = |char: char| char.is_whitespace() || matches!(char, '\\' | '"' | '\'');
    text.match_indices("build").any(|(at, _)| {
        let mut before = text[..at].trim_end_matches(blank);
        for group in ["image", "builder", "buildx"] {
            before = before.strip_suffix(group).map_or(before, |rest| rest.trim_end_matches(blank));
        }
        let word = before.rsplit(char::is_whitespace).next().unwrap_or("");
        word.contains(['$', '`']) || word.ends_with([')', '}'])
    })
}

#[cfg(test)]
mod tests {
    use super::may_build;

    #[test]
    fn every_program_passes() {
        for text in [
            "docker build .",
            "docker buildx b .",
            "podman-compose build",
            "buildah bud .",
            "buildctl-daemonless.sh b",
            "/kaniko/executor --no-push",
            "az acr build .",
            "img build .",
            "fly deploy",
            "anything --build-arg T",
            "$DOCKER build -t x .",
            "\"$TOOL\" \\\n  build -t x .",
            "\"${tool[@]}\" \"image\" 'build' -t x .",
            "$(tool) buildx build -t x .",
            "`tool` build -t x .",
            "$(BUILDER) build -t x .",
        ] {
            assert!(may_build(text), "{text}");
        }
    }

    #[test]
    fn other_builds_do_not() {
        for text in ["make build", "cargo build --release", "npm run build", "docker ps", "echo \"$X\"; go build ."] {
            assert!(!may_build(text), "{text}");
        }
    }
}
