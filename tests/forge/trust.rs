//! Which servers a token is given to over TLS.

use std::{
    io::{Read as _, Write as _},
    net::TcpListener,
    sync::Arc,
    thread,
};

use camino::Utf8PathBuf;
use dfmigrate::forge::{self, Address, Facts, ForgeError, Kind, Scheme, Token, http::Settings};

use super::each::{settings, token};

/// A server with a certificate of its own making; gives its port and the certificate in PEM form.
fn server() -> (u16, String) {
    let made = rcgen::generate_simple_self_signed(["127.0.0.1".to_owned()]).unwrap();
    let key = rustls::pki_types::PrivateKeyDer::Pkcs8(made.signing_key.serialize_der().into());
    let config = rustls::ServerConfig::builder_with_provider(Arc::new(rustls::crypto::ring::default_provider()))
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_no_client_auth()
        .with_single_cert(vec![made.cert.der().clone()], key)
        .unwrap();
    let config = Arc::new(config);
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    thread::spawn(move || {
        for stream in listener.incoming().map_while(Result::ok) {
            let connection = rustls::ServerConnection::new(config.clone()).unwrap();
            let mut stream = rustls::StreamOwned::new(connection, stream);
            let mut bytes = [0; 4096];
            if stream.read(&mut bytes).is_ok() {
                let body = r#"{"id":7,"name":"shop","full_name":"a/b","owner":{"login":"a"},"clone_url":"","default_branch":"trunk"}"#;
                let _ = write!(
                    stream,
                    "HTTP/1.1 200 OK\r\nconnection: close\r\ncontent-length: {}\r\n\r\n{body}",
                    body.len()
                );
                let _ = stream.flush();
            }
        }
    });
    (port, made.cert.pem())
}

fn facts(port: u16, authority: Option<Utf8PathBuf>) -> Result<Facts, ForgeError> {
    let address = Address {
        kind: Kind::GitHub,
        host: format!("127.0.0.1:{port}"),
        api: format!("https://127.0.0.1:{port}"),
        namespace: vec!["a".into()],
        name: "b".into(),
    };
    let token = Token::new(&token(), Scheme::Bearer);
    forge::open(&address, token.as_ref(), Settings { authority, ..settings() })?.facts()
}

#[test]
fn an_unknown_certificate_is_refused_and_a_named_authority_trusted() {
    let (port, certificate) = server();
    let file = tempfile::NamedTempFile::new().unwrap();
    std::fs::write(file.path(), certificate).unwrap();
    let path = Utf8PathBuf::from_path_buf(file.path().to_owned()).unwrap();
    let error = facts(port, None).unwrap_err();
    assert!(matches!(error, ForgeError::Tls { .. }), "{error:?}");
    assert!(error.hint().is_some_and(|hint| hint.contains("DFMIGRATE_CA_FILE")));
    assert_eq!(facts(port, Some(path)).unwrap().default_branch, "trunk");
}
