//! The TLS identity of the services: a certificate for `127.0.0.1` that signs itself, made anew for every run. The certificate
//! is public; its key never leaves the process.

use std::sync::Arc;

use anyhow::Result;
use rcgen::{CertifiedKey, generate_simple_self_signed};
use rustls::ServerConfig;
use rustls::crypto::ring;
use rustls::pki_types::{PrivateKeyDer, PrivatePkcs8KeyDer};

use crate::canary::base64;

/// A certificate and what a server needs to speak for it.
pub struct Authority {
    /// What a client has to trust: PEM (RFC 7468), with 64 digits a line.
    pub certificate: String,
    pub encryption: Arc<ServerConfig>,
}

impl Authority {
    /// Makes a new one.
    pub fn create() -> Result<Self> {
        let CertifiedKey { cert, signing_key } = generate_simple_self_signed(["127.0.0.1".to_owned()])?;
        let key = PrivateKeyDer::from(PrivatePkcs8KeyDer::from(signing_key.serialize_der()));
        let encryption = ServerConfig::builder_with_provider(Arc::new(ring::default_provider()))
            .with_safe_default_protocol_versions()?
            .with_no_client_auth()
            .with_single_cert(vec![cert.der().clone()], key)?;
        Ok(Self { certificate: pem(cert.der()), encryption: Arc::new(encryption) })
    }
}

fn pem(certificate: &[u8]) -> String {
    let digits = base64(certificate).into_bytes();
    let lines: String = digits.chunks(64).map(|line| String::from_utf8_lossy(line).into_owned() + "\n").collect();
    format!("-----BEGIN CERTIFICATE-----\n{lines}-----END CERTIFICATE-----\n")
}
