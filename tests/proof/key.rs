//! An SSH key pair that is made for one run and never stored in a file of the project.

use anyhow::Result;
use russh::keys::ssh_key::LineEnding;
use russh::keys::ssh_key::private::{Ed25519Keypair, KeypairData};
use russh::keys::{PrivateKey, PublicKey};
use sha2::{Digest, Sha256};

use crate::canary::unique_digits;

/// A key pair of the type ed25519 without a passphrase.
#[derive(Clone)]
pub struct Key {
    private: PrivateKey,
    text: String,
}

impl Key {
    /// A pair that no earlier call of this or any other process returned.
    pub fn generate() -> Result<Self> {
        let seed: [u8; 32] = Sha256::digest(unique_digits(64)).into();
        let private = PrivateKey::new(KeypairData::from(Ed25519Keypair::from_seed(&seed)), "proof")?;
        let text = private.to_openssh(LineEnding::LF)?.trim_end().to_owned();
        Ok(Self { private, text })
    }

    /// The private key as OpenSSH writes it, without the line break at its end.
    pub fn text(&self) -> &str {
        &self.text
    }

    /// The private key.
    pub fn private(&self) -> &PrivateKey {
        &self.private
    }

    /// The public key.
    pub fn public(&self) -> &PublicKey {
        self.private.public_key()
    }

    /// The lines of which each gives the key away. The first one says only of which type it is, and all keys of the type
    /// share it.
    pub fn lines(&self) -> impl Iterator<Item = &str> {
        self.text.lines().filter(|line| !line.starts_with('-')).skip(1)
    }
}
