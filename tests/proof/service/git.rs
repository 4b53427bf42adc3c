//! A git server with one repository, `private-widget.git`, in both forms of HTTP: the "dumb" one, which hands out the files of a
//! bare repository, and the "smart" one of every forge (gitprotocol-http(5)), in which `git upload-pack` answers.

use std::fs;
use std::io::{Read, Seek, SeekFrom, Write};
use std::path::{Component, Path};
use std::process::{Command, Stdio};

use anyhow::Result;
use flate2::read::GzDecoder;
use git2::{RepositoryInitOptions, Signature};
use tempfile::TempDir;

use super::http::{Request, Response};

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

    /// The dumb answer for a path below the server.
    pub fn content(&self, path: &str) -> Option<Response> {
        let inside = Path::new(path.strip_prefix("private-widget.git/")?);
        let plain = inside.components().all(|component| matches!(component, Component::Normal(_)));
        let file = self.0.path().join(inside);
        fs::read(file).ok().filter(|_| plain).map(|content| Response::found("text/plain", content))
    }

    /// The smart answer for a path below the server.
    pub fn converse(&self, path: &str, request: &Request) -> Option<Response> {
        match path.strip_prefix("private-widget.git/")? {
            "info/refs" if request.query == "service=git-upload-pack" => {
                let listed = self.upload_pack(&["--advertise-refs"], &[]).ok()?;
                // The name of the service as a packet line, and the packet that ends a section.
                let body = [b"001e# service=git-upload-pack\n0000".as_slice(), &listed].concat();
                Some(Response::found("application/x-git-upload-pack-advertisement", body))
            }
            "git-upload-pack" => {
                let mut wanted = Vec::new();
                match request.is_gzip() {
                    true => GzDecoder::new(request.body.as_slice()).read_to_end(&mut wanted).ok()?,
                    false => request.body.as_slice().read_to_end(&mut wanted).ok()?,
                };
                let pack = self.upload_pack(&[], &wanted).ok()?;
                Some(Response::found("application/x-git-upload-pack-result", pack))
            }
            _ => None,
        }
    }

    fn upload_pack(&self, options: &[&str], input: &[u8]) -> Result<Vec<u8>> {
        let mut wanted = tempfile::tempfile()?;
        wanted.write_all(input)?;
        wanted.seek(SeekFrom::Start(0))?;
        let mut program = Command::new("git");
        program.args(["upload-pack", "--stateless-rpc"]).args(options).arg(self.0.path());
        let output = program.stdin(wanted).stderr(Stdio::null()).output()?;
        anyhow::ensure!(output.status.success(), "git upload-pack ended with {}", output.status);
        Ok(output.stdout)
    }
}
