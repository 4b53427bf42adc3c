//! A git server with one repository, `private-widget.git`, in git's "dumb" HTTP form: the files of a bare repository.

use std::fs;
use std::path::{Component, Path};

use anyhow::Result;
use git2::{RepositoryInitOptions, Signature};
use tempfile::TempDir;

use super::http::Response;

/// A bare repository in a temporary folder.
pub struct Repository(TempDir);

impl Repository {
    /// Makes the repository with one commit that holds `widget.txt` and makes an npm package of it.
    pub fn create() -> Result<Self> {
        let folder = TempDir::with_prefix("dfmigrate-proof-git-")?;
        let options = &mut RepositoryInitOptions::new();
        let repository = git2::Repository::init_opts(folder.path(), options.bare(true).initial_head("main"))?;
        let mut tree = repository.treebuilder(None)?;
        tree.insert("widget.txt", repository.blob(b"private widget\n")?, 0o100_644)?;
        let package = repository.blob(br#"{"name": "private-widget", "version": "1.0.0"}"#)?;
        tree.insert("package.json", package, 0o100_644)?;
        let tree = repository.find_tree(tree.write()?)?;
        let author = Signature::now("Proof", "proof@example.com")?;
        let commit = repository.commit(Some("refs/heads/main"), &author, &author, "A widget", &tree, &[])?;
        // What `git update-server-info` writes: a dumb client finds the branches here.
        fs::create_dir_all(folder.path().join("info"))?;
        fs::write(folder.path().join("info/refs"), format!("{commit}\trefs/heads/main\n"))?;
        Ok(Self(folder))
    }

    /// The bare repository.
    pub fn folder(&self) -> &Path {
        self.0.path()
    }

    /// The answer for a path below the server.
    pub fn content(&self, path: &str) -> Option<Response> {
        let inside = Path::new(path.strip_prefix("private-widget.git/")?);
        let plain = inside.components().all(|component| matches!(component, Component::Normal(_)));
        let file = self.0.path().join(inside);
        fs::read(file).ok().filter(|_| plain).map(|content| Response::found("text/plain", content))
    }
}
