//! GitHub.
use camino::Utf8Path;

pub(super) fn is_github_file(path: &Utf8Path) -> bool {
    let workflow = path.components().any(|part| part.as_str() == ".github");
    workflow || matches!(path.file_name(), Some("action.yml" | "action.yaml"))
}
