//! The text that a repository wants pull requests to begin with.

use std::fs;

use camino::{Utf8Path, Utf8PathBuf};

use super::Kind;
use crate::report::{Redactor, shown::REDACTED};

/// A repository's own template, redacted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Template(String);

/// The largest template that is read, in bytes.
const LARGEST: u64 = 64 << 10;

impl Template {
    /// Finds the template that the forge itself would take, among `paths`, the files of the repository at `root`. Links are
    /// not followed; a template that can't be read is none.
    #[must_use]
    pub fn find<'p>(
        kind: Kind,
        root: &Utf8Path,
        paths: impl IntoIterator<Item = &'p Utf8Path>,
        redactor: &Redactor,
    ) -> Option<Self> {
        let known: Vec<&Utf8Path> = paths.into_iter().collect();
        let matching = |wanted: &&str| known.iter().find(|path| path.as_str().eq_ignore_ascii_case(wanted));
        let path: Utf8PathBuf = root.join(places(kind).iter().find_map(matching)?);
        let data = path.symlink_metadata().ok().filter(|data| data.is_file() && data.len() <= LARGEST);
        let text = data.and_then(|_| fs::read_to_string(path).ok())?;
        Self::new(&text, redactor)
    }

    /// A template of this text; `None` if there is nothing in it.
    #[must_use]
    pub fn new(text: &str, redactor: &Redactor) -> Option<Self> {
        let text = text.trim_start_matches('\u{feff}').replace("\r\n", "\n");
        let (mut result, mut done) = (String::with_capacity(text.len()), 0);
        for secret in redactor.secrets(&text) {
            result.push_str(text.get(done..secret.start).unwrap_or(""));
            result.push_str(REDACTED);
            done = secret.end;
        }
        result.push_str(text.get(done..).unwrap_or(""));
        (!result.trim().is_empty()).then_some(Self(result))
    }

    /// The number of characters that it adds to a text.
    #[must_use]
    pub fn length(&self) -> usize {
        self.0.chars().count() + 4
    }

    /// The template with `section` where it asks for a description, else behind it.
    pub(super) fn fill(&self, section: &str) -> String {
        match description(&self.0) {
            Some(at) => {
                let (before, after) = self.0.split_at_checked(at).unwrap_or((&self.0, ""));
                format!("{}\n\n{section}\n\n{}", before.trim_end(), after.trim_start_matches('\n'))
            }
            None => format!("{section}\n\n{}", self.0.trim_start_matches('\n')),
        }
    }
}

/// Where a forge looks for a template, in its order; case does not matter (docs.github.com, "Creating a pull request
/// template"; docs.gitlab.com, "Description templates"; docs.gitea.com, "Issue and pull request templates";
/// learn.microsoft.com, "Improve pull request descriptions using templates"). Bitbucket keeps none in the repository.
fn places(kind: Kind) -> &'static [&'static str] {
    match kind {
        Kind::GitHub => &[
            ".github/pull_request_template.md",
            "pull_request_template.md",
            "docs/pull_request_template.md",
            ".github/pull_request_template.txt",
            "pull_request_template.txt",
            "docs/pull_request_template.txt",
        ],
        Kind::GitLab => &[".gitlab/merge_request_templates/default.md"],
        Kind::Gitea => &[
            "pull_request_template.md",
            ".forgejo/pull_request_template.md",
            ".gitea/pull_request_template.md",
            ".github/pull_request_template.md",
        ],
        Kind::Azure => &[
            ".azuredevops/pull_request_template.md",
            ".vsts/pull_request_template.md",
            "docs/pull_request_template.md",
            "pull_request_template.md",
        ],
        Kind::Bitbucket | Kind::BitbucketServer => &[],
    }
}

/// Where the first line ends that is a heading and asks for a description, outside of comments and code.
fn description(text: &str) -> Option<usize> {
    const WORDS: [&str; 8] =
        ["description", "summary", "what", "changes", "overview", "motivation", "purpose", "proposed"];
    let (mut end, mut in_code, mut in_comment) = (0, false, false);
    for line in text.split_inclusive('\n') {
        end += line.len();
        let trimmed = line.trim();
        let is_fence = trimmed.starts_with("```") || trimmed.starts_with("~~~");
        in_code ^= is_fence && !in_comment;
        let title = trimmed.trim_start_matches('#');
        let is_heading = title.len() < trimmed.len() && title.starts_with([' ', '\t']);
        let lower = title.to_ascii_lowercase();
        let mut words = lower.split(|char: char| !char.is_ascii_alphanumeric());
        if is_heading && !in_code && !in_comment && words.any(|word| WORDS.contains(&word)) {
            return Some(end);
        }
        in_comment = match (trimmed.rfind("<!--"), trimmed.rfind("-->")) {
            (Some(open), Some(close)) => open > close,
            (Some(_), None) => true,
            (None, Some(_)) => false,
            (None, None) => in_comment,
        };
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    fn filled(text: &str) -> String {
        Template::new(text, &Redactor::default()).unwrap().fill("OURS")
    }

    #[test]
    fn our_text_goes_where_the_template_asks_for_one() {
        let text = "<!-- thanks!\n# What\n-->\n## Description\n<!-- tell us -->\n\n## Checklist\n- [ ] tests\n";
        let expected =
            "<!-- thanks!\n# What\n-->\n## Description\n\nOURS\n\n<!-- tell us -->\n\n## Checklist\n- [ ] tests\n";
        assert_eq!(filled(text), expected);
        assert_eq!(filled("- [ ] signed\r\n"), "OURS\n\n- [ ] signed\n");
        assert_eq!(filled("```\n# What\n```\n"), "OURS\n\n```\n# What\n```\n");
        assert_eq!(filled("# Summary"), "# Summary\n\nOURS\n\n");
        assert_eq!(Template::new(" \r\n", &Redactor::default()), None);
    }

    #[test]
    fn the_forge_decides_where_it_stands_and_links_are_not_followed() {
        let folder = tempfile::tempdir().unwrap();
        let root = Utf8Path::from_path(folder.path()).unwrap();
        fs::create_dir(root.join(".github")).unwrap();
        fs::write(root.join(".github/PULL_REQUEST_TEMPLATE.md"), "T\n").unwrap();
        let paths = [Utf8Path::new("Dockerfile"), Utf8Path::new(".github/PULL_REQUEST_TEMPLATE.md")];
        let find = |kind| Template::find(kind, root, paths, &Redactor::default());
        assert_eq!(find(Kind::GitHub), Some(Template("T\n".to_owned())));
        assert_eq!(find(Kind::GitLab), None);
        #[cfg(unix)]
        {
            fs::remove_file(root.join(paths[1])).unwrap();
            std::os::unix::fs::symlink("/etc/hostname", root.join(paths[1])).unwrap();
            assert_eq!(find(Kind::GitHub), None);
        }
    }

    #[test]
    fn a_secret_in_a_template_stays_there() {
        let value = ["kn0ck", "kn0ck"].concat();
        let template = Template::new(&format!("# What\nNPM_TOKEN={value}\n"), &Redactor::default()).unwrap();
        assert_eq!(template.fill("x"), "# What\n\nx\n\nNPM_TOKEN=[redacted]\n");
    }
}
