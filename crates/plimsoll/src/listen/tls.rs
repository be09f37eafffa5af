//! TLS 1.3, and nothing older, with a certificate that is read anew when its files change.

use std::sync::{Arc, PoisonError, RwLock};

use plimsoll_base::Kind;
use plimsoll_proof::Digest;
use rustls::ServerConfig;
use rustls::crypto::ring;
use rustls::pki_types::pem::{self, PemObject as _};
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::version::TLS13;
use tokio_rustls::TlsAcceptor;

use crate::failure::Failure;
use crate::settings::TlsFiles;

/// What is shown to clients now.
pub(crate) struct Tls {
    files: TlsFiles,
    shown: RwLock<Shown>,
}

struct Shown {
    config: Arc<ServerConfig>,
    /// Of the bytes of both files.
    digest: Digest,
}

impl Tls {
    /// Reads both files.
    pub(crate) fn load(files: TlsFiles) -> Result<Self, Failure> {
        let shown = read(&files)?;
        Ok(Self { files, shown: RwLock::new(shown) })
    }

    /// Reads both files again; says whether they have changed. What cannot be used changes nothing.
    pub(crate) fn reload(&self) -> Result<bool, Failure> {
        let read = read(&self.files)?;
        let mut shown = self.shown.write().unwrap_or_else(PoisonError::into_inner);
        let changed = shown.digest != read.digest;
        if changed {
            *shown = read;
        }
        Ok(changed)
    }

    /// For the next connection.
    pub(crate) fn acceptor(&self) -> TlsAcceptor {
        let shown = self.shown.read().unwrap_or_else(PoisonError::into_inner);
        TlsAcceptor::from(Arc::clone(&shown.config))
    }
}

fn read(files: &TlsFiles) -> Result<Shown, Failure> {
    let bytes = |path: &std::path::Path| std::fs::read(path).map_err(Failure::io("reading", path.display()));
    let (certificate, key) = (bytes(&files.certificate)?, bytes(&files.key)?);
    let wrong = |path: &std::path::Path, said: String| {
        Failure::new(Kind::Invalid, format!("{}: {said}", path.display()))
    };
    let chain = CertificateDer::pem_slice_iter(&certificate).collect::<Result<Vec<_>, _>>();
    let chain = chain.map_err(|error| wrong(&files.certificate, error.to_string()))?;
    if chain.is_empty() {
        return Err(wrong(&files.certificate, "there is no certificate in PEM in it".into()));
    }
    let private = PrivateKeyDer::from_pem_slice(&key).map_err(|error| match error {
        pem::Error::NoItemsFound => {
            let said = "there is no private key in PEM in it; one under a passphrase cannot be read";
            wrong(&files.key, said.into())
        }
        error => wrong(&files.key, error.to_string()),
    })?;
    let unusable =
        |error: rustls::Error| wrong(&files.key, format!("does not go with the certificate: {error}"));
    let config = ServerConfig::builder_with_provider(Arc::new(ring::default_provider()))
        .with_protocol_versions(&[&TLS13])
        .map_err(unusable)?;
    let mut config = config.with_no_client_auth().with_single_cert(chain, private).map_err(unusable)?;
    config.alpn_protocols = vec![b"http/1.1".to_vec()];
    Ok(Shown { config: Arc::new(config), digest: Digest::of_parts(&[&certificate, b"\0", &key]) })
}
