//! The copy of a case repository in which it is built, with the addresses of this run in it.

use std::collections::BTreeMap;
use std::fs;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};
use ignore::WalkBuilder;

use crate::base;
use crate::canary::Canary;
use crate::key::Key;
use crate::service::Service;

/// The content of every file below a folder, by its path relative to that folder.
pub type Files = BTreeMap<PathBuf, Vec<u8>>;

/// The services that are reached by plain HTTP, by the first label of their placeholder names.
pub const PLAIN_SERVICES: [&str; 5] = ["npm", "pypi", "git", "apt", "files"];

/// Placeholder names in the case repositories and what stands for them in this run.
pub struct Addresses {
    /// Host, port and path of the services, see `Service::location`.
    pub services: String,
    /// Address, port and path of the git server over ssh, see `Service::ssh_location`.
    pub ssh: (SocketAddr, String),
    /// The same behind TLS, see `Service::encrypted_location`.
    pub encrypted: String,
    /// What stands for `{canary}`.
    pub value: String,
    /// What stands for `{key}`.
    pub key: String,
    /// What stands for `{certificate}`.
    pub certificate: String,
    /// What stands for [`base::WHOLE`].
    pub base: String,
    /// The prefix of every image name, e.g. `dfm-proof-k3j1`.
    pub images: String,
}

impl Addresses {
    /// Those of a run with the services that `service` gives to who has `canary`; nobody else has the `nonce`. `base` stands for
    /// [`base::WHOLE`].
    pub fn of(service: &Service, canary: &Canary, nonce: &str, base: String) -> Self {
        Self {
            services: service.location(),
            ssh: service.ssh_location(),
            encrypted: service.encrypted_location(),
            value: canary.value().to_owned(),
            key: canary.key().map_or("", Key::text).to_owned(),
            certificate: service.certificate().to_owned(),
            base,
            images: format!("dfm-proof-{nonce}"),
        }
    }

    /// `text` with `http(s)://npm.example.com` and the like replaced by the services of this run, `forge.example.com` by
    /// the git server in its smart form, `https://code.example.com` by the same behind TLS, `ssh.example.com:22` and `-p 22 ssh.example.com` by the one over ssh, `images.example.com` by the image
    /// prefix, and what stands in braces.
    pub fn fill_in(&self, text: &str) -> String {
        let text = text.replace("images.example.com", &self.images);
        let text = text.replace("{canary}", &self.value).replace("{certificate}", &self.certificate);
        let text = text.replace("{key}", &self.key).replace(base::WHOLE, &self.base);
        let text = text.replace("forge.example.com", &format!("{}/code", self.services));
        let mut text = text.replace("code.example.com", &format!("{}/code", self.encrypted));
        for service in PLAIN_SERVICES {
            let here = format!("{}/{service}", self.services);
            text = text.replace(&format!("https://{service}.example.com"), &format!("http://{here}"));
            text = text.replace(&format!("{service}.example.com"), &here);
        }
        let (address, path) = &self.ssh;
        text = text.replace("-p 22 ssh.example.com", &format!("-p {} {}", address.port(), address.ip()));
        text = text.replace("ssh.example.com:22", &format!("{address}/{path}"));
        text
    }

    /// Copies a folder, files only, text files filled in, with permissions.
    pub fn copy(&self, from: &Path, to: &Path) -> Result<()> {
        for (path, content) in read(from)? {
            let content = match String::from_utf8(content) {
                Ok(text) => self.fill_in(&text).into_bytes(),
                Err(binary) => binary.into_bytes(),
            };
            let target = to.join(&path);
            fs::create_dir_all(target.parent().unwrap_or(to))?;
            fs::write(&target, content)?;
            fs::set_permissions(&target, fs::metadata(from.join(&path))?.permissions())?;
        }
        Ok(())
    }
}

/// Copies a folder as it is, files only, with permissions.
pub fn duplicate(from: &Path, to: &Path) -> Result<()> {
    for path in read(from)?.into_keys() {
        let target = to.join(&path);
        fs::create_dir_all(target.parent().unwrap_or(to))?;
        fs::copy(from.join(&path), &target)?;
    }
    Ok(())
}

/// Every file below `folder`, hidden ones too.
pub fn read(folder: &Path) -> Result<Files> {
    let mut files = Files::new();
    for entry in WalkBuilder::new(folder).standard_filters(false).build() {
        let entry = entry?;
        if entry.file_type().is_some_and(|kind| kind.is_file()) {
            let content = fs::read(entry.path()).with_context(|| format!("cannot read {}", entry.path().display()))?;
            files.insert(entry.path().strip_prefix(folder)?.to_owned(), content);
        }
    }
    Ok(files)
}

/// Removes the `# syntax=` directive of every Dockerfile below `folder`: a frontend image can't be pulled where the proof runs, and
/// the engine's own frontend is new enough.
pub fn drop_syntax_directives(folder: &Path) -> Result<()> {
    for (path, content) in read(folder)? {
        let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
        let is_dockerfile = name.contains("Dockerfile") || name.contains("Containerfile");
        if let (true, Ok(text)) = (is_dockerfile, String::from_utf8(content)) {
            fs::write(folder.join(path), without_syntax_directive(&text))?;
        }
    }
    Ok(())
}

/// `text` without a `# syntax=` line among the comment lines at its top.
fn without_syntax_directive(text: &str) -> String {
    let mut at_top = true;
    let kept = text.split_inclusive('\n').filter(|line| {
        let comment = line.trim_start_matches('\u{feff}').strip_prefix('#');
        at_top &= comment.is_some();
        let name = comment.and_then(|comment| comment.split_once('=')).map(|(name, _)| name.trim());
        !(at_top && name.is_some_and(|name| name.eq_ignore_ascii_case("syntax")))
    });
    kept.collect()
}
