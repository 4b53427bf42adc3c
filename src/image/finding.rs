use serde::Serialize;

use super::secret::Encoding;

/// How bad a finding is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Severity {
    /// Looks like a secret, and lies among tests and examples or in a shared library. It does not count.
    Note,
    /// May let somebody in: a hash of a password, a key store.
    Warning,
    /// A secret that everybody reads who has the image.
    Error,
}

/// What was found. The value itself is never part of it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(tag = "kind", rename_all = "kebab-case")]
pub enum Kind {
    /// The value of a secret that the user named.
    Named {
        /// The id of the secret.
        secret: String,
        /// How the value is written.
        encoding: Encoding,
    },
    /// A private key with its body.
    PrivateKey,
    /// A text in the form of a credential.
    Token {
        /// What kind, with its article: `a GitHub token`.
        what: String,
    },
    /// An entry of a settings file that holds a credential.
    Entry {
        /// The name of the entry, as written.
        name: String,
    },
    /// A URL with a password or token.
    Url,
    /// A variable that is named like a secret and has a value.
    Variable {
        /// The name of the variable.
        name: String,
    },
    /// A file that holds nothing but secrets.
    File {
        /// What it holds, with its article: `a key store`.
        what: String,
    },
}

/// The part of a file that something was found in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Part {
    /// Its content.
    Content,
    /// Its name.
    Name,
    /// The target of a link.
    Target,
    /// Its extended attributes and other records of the archive.
    Attributes,
}

/// Something found in one pass over the data, before it is known which image and layer the data belongs to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Sighting {
    pub kind: Kind,
    pub severity: Severity,
    pub spot: Spot,
}

/// Where in a blob something was found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Spot {
    /// In a file of a layer: its path, then the paths inside of archives.
    Member { path: Vec<String>, part: Part },
    /// In a JSON document: the way to the string (`config.Env[2]`), and the codemod for that.
    Document { pointer: String, codemod: &'static str },
}

/// Where a finding is in the image.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(tag = "in", rename_all = "kebab-case")]
pub enum Place {
    /// In a file of a layer.
    Layer {
        /// Which layer.
        layer: Layer,
        /// The path in the container, with a slash in front; files inside of archives follow behind `!/`.
        path: String,
        /// The part of the file.
        part: Part,
        /// The layer that deletes or replaces the file, which does not take it out of this one.
        #[serde(skip_serializing_if = "Option::is_none")]
        removed: Option<Removal>,
    },
    /// In the configuration of the image.
    Config {
        /// The way to the value: `config.Env[2]`.
        pointer: String,
    },
    /// In the history of the image, which `docker history --no-trunc` prints.
    History {
        /// The one-based number of the entry, the oldest first.
        entry: usize,
        /// The instruction, without secrets.
        instruction: String,
    },
    /// In an attestation: a provenance record or an SBOM.
    Attestation {
        /// The way to the value.
        pointer: String,
    },
    /// In the manifest or the index, for instance in an annotation.
    Manifest {
        /// The way to the value.
        pointer: String,
    },
    /// In data of the archive that belongs to no image in it.
    Unreferenced {
        /// The path in the archive.
        blob: String,
        /// The path inside of it, or the way to the value.
        path: String,
    },
}

/// One layer of an image.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Layer {
    /// Its one-based number, the lowest layer first.
    pub number: usize,
    /// How many layers the image has.
    pub of: usize,
    /// The digest by which the manifest knows it, else that of its unpacked content; empty if neither is known.
    pub digest: String,
    /// The instruction that made it, without secrets; empty if the history does not tell.
    pub instruction: String,
}

/// What became of a file.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Removal {
    /// The layer that did it.
    pub layer: Layer,
    /// Whether it put another file into the place.
    pub replaced: bool,
}

/// One resting place of a secret.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Finding {
    /// How bad it is.
    pub severity: Severity,
    /// The name of the image, or its digest; empty if there is only one image without a name.
    pub image: String,
    /// What was found.
    pub what: Kind,
    /// Where.
    pub place: Place,
    /// The id of the codemod that repairs the build.
    pub codemod: &'static str,
}
