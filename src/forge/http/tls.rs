//! Which servers are trusted.

use std::{fs, sync::Arc};

use camino::Utf8Path;
use ureq::tls::{Certificate, PemItem, RootCerts, TlsConfig, TlsProvider, parse_pem};

use crate::forge::ForgeError;

/// The roots of the system (`SSL_CERT_FILE` and `SSL_CERT_DIR` replace them, as for OpenSSL), and those in `extra`, a
/// file of PEM certificates.
///
/// # Errors
/// `extra` can't be read or holds no certificate, or there are no roots at all.
pub(super) fn config(extra: Option<&Utf8Path>) -> Result<TlsConfig, ForgeError> {
    let native = rustls_native_certs::load_native_certs();
    let mut roots: Vec<Certificate<'static>> =
        native.certs.iter().map(|certificate| Certificate::from_der(certificate.as_ref()).to_owned()).collect();
    if let Some(path) = extra {
        roots.extend(read(path)?);
    }
    if roots.is_empty() {
        let errors = native.errors.first().map_or_else(String::new, |error| format!(": {error}"));
        return Err(ForgeError::Impossible { reason: format!("the system has no certificates to trust{errors}") });
    }
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    Ok(TlsConfig::builder()
        .provider(TlsProvider::Rustls)
        .unversioned_rustls_crypto_provider(provider)
        .root_certs(RootCerts::from(roots))
        .build())
}

fn read(path: &Utf8Path) -> Result<Vec<Certificate<'static>>, ForgeError> {
    let failed = |what: &dyn std::fmt::Display| ForgeError::Impossible {
        reason: format!("the certificates in `{path}` can't be read: {what}"),
    };
    let text = fs::read(path).map_err(|error| failed(&error))?;
    let mut certificates = Vec::new();
    for item in parse_pem(&text) {
        if let PemItem::Certificate(certificate) = item.map_err(|error| failed(&error))? {
            certificates.push(certificate);
        }
    }
    if certificates.is_empty() { Err(failed(&"there is none in PEM form")) } else { Ok(certificates) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_without_certificates_is_refused() {
        let file = tempfile::NamedTempFile::new().unwrap();
        let path = Utf8Path::from_path(file.path()).unwrap();
        let reason = read(path).unwrap_err().to_string();
        assert!(reason.ends_with("there is none in PEM form"), "{reason}");
        assert!(read(Utf8Path::new("/nowhere/ca.pem")).is_err());
    }
}
