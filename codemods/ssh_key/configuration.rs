//! Where ssh looks for keys, and the settings under which it asks no agent.

use camino::Utf8Path;

use super::commands::Objection;
use crate::model::{Dockerfile, Model};
use crate::syntax::dockerfile::Keyword;

/// The names under which ssh looks for keys in `~/.ssh` (ssh_config(5), `IdentityFile`).
const IDENTITIES: [&str; 7] = ["id_rsa", "id_ecdsa", "id_ecdsa_sk", "id_ed25519", "id_ed25519_sk", "id_xmss", "id_dsa"];

/// Whether ssh takes the file at `path` for a key of its user without being told.
pub(super) fn is_identity(path: &str) -> bool {
    let path = Utf8Path::new(path);
    let folder = path.parent().and_then(Utf8Path::file_name);
    folder == Some(".ssh") && path.file_name().is_some_and(|name| IDENTITIES.contains(&name))
}

/// Why ssh may not ask the agent: a variable of the Dockerfile, or a configuration that comes from the context.
pub(super) fn objection(model: &Model, dockerfile: &Dockerfile) -> Option<Objection> {
    let environment = dockerfile.steps.iter().filter(|step| matches!(step.keyword, Keyword::Env | Keyword::Arg));
    if environment.flat_map(|step| &step.pairs).any(|pair| matches!(pair.key.as_str(), "SSH_AUTH_SOCK" | "HOME")) {
        return Some("the Dockerfile sets `SSH_AUTH_SOCK` or `HOME`".to_owned());
    }
    let copies = dockerfile.steps.iter().filter(|step| matches!(step.keyword, Keyword::Copy | Keyword::Add));
    for step in copies {
        let words = step.instruction.words();
        let Some((destination, sources)) = words.split_last() else { continue };
        let to_ssh = destination.value.trim_end_matches('/').ends_with(".ssh") || destination.value.contains(".ssh/");
        for source in sources {
            let name = source.value.rsplit('/').next().unwrap_or("");
            let landed = destination.value.rsplit('/').next().unwrap_or("");
            let is_config = |name: &str| name == "ssh_config" || (to_ssh && name == "config");
            if !is_config(name) && !is_config(landed) {
                continue;
            }
            let path = Utf8Path::new(source.value.trim_start_matches("./"));
            let contexts = model.contexts(dockerfile);
            let mut texts = contexts.iter().filter_map(|context| model.repository.source(&context.join(path)));
            let harmless = |text: &str| !["identitiesonly", "identityagent"].iter().any(|word| text.contains(word));
            if !texts.next().is_some_and(|source| harmless(&source.text().to_ascii_lowercase())) {
                return Some(format!("`{path}` may keep ssh from asking an agent"));
            }
        }
    }
    None
}

/// Whether the key file lies in the repository and has a passphrase: a PEM header says so; OpenSSH's own format says which
/// cipher it has, and `none` is `AAAABG5vbmU` in base64 (openssh-portable `PROTOCOL.key`).
pub(super) fn is_encrypted(model: &Model, dockerfile: &Dockerfile, path: &Utf8Path) -> bool {
    let contexts = model.contexts(dockerfile);
    let mut texts = contexts.iter().filter_map(|context| Some(model.repository.source(&context.join(path))?.text()));
    texts.any(|text| text.contains("ENCRYPTED") || (text.contains("OPENSSH PRIVATE") && !text.contains("AAAABG5vbmU")))
}
