//! What is spoken where the subject speaks TLS, and with what certificate.

use std::io::{Error, ErrorKind};
use std::net::{SocketAddr, TcpStream};
use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use plimsoll_evidence::{CERTIFICATE_DAYS, Scene, TlsLook, TlsOffer, TlsOffered};
use plimsoll_fault::Proxy;
use plimsoll_load::{Message, Request, talk};
use plimsoll_process::monotonic_ns;
use rustls::client::WebPkiServerVerifier;
use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::crypto::ring::default_provider;
use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, ServerName, UnixTime};
use rustls::{ClientConfig, ClientConnection, DigitallySignedStruct, RootCertStore, SignatureScheme};

use super::super::Conductor;
use super::PATIENCE_NS;
use super::tls_hello::{Said, offered};
use crate::error::Error as CertifyError;
use crate::files::TlsSpoken;
use crate::running::Running;

const HANDSHAKE_TIMEOUT: Duration = Duration::from_secs(5);
/// A whole handshake, however its messages come.
const AGREE_MAX_NS: u64 = 15_000_000_000;
const READY_PAUSE: Duration = Duration::from_millis(20);
const DAY_S: u64 = 86_400;

impl Conductor<'_> {
    /// Offers what must be refused, then what must be taken.
    pub(super) fn tls_look(
        &self,
        running: &Running,
        scene: Scene,
        proxy: Option<&Proxy>,
    ) -> Result<TlsLook, CertifyError> {
        let (Some(spoken), Some(itself)) = (&self.subject.tls, running.tls) else {
            return Err(running.error("speaks no TLS"));
        };
        let address = proxy.map_or(itself, |proxy| {
            proxy.set_upstream(itself);
            proxy.address()
        });
        let roots = roots(&self.subject.path(&running.filled(&spoken.roots)))
            .map_err(|problem| running.error(format!("has no roots to be trusted: {problem}")))?;
        let look = Look::new(roots).map_err(|problem| running.error(problem))?;
        let agreed = self.agreed(running, address, spoken, &look)?;
        let random = self.seed(&format!("{}/tls", scene.name()));
        let mut offers = Vec::new();
        for offer in TlsOffer::ALL {
            self.stop.check()?;
            let said = offered(address, &spoken.name, offer, &random).map_err(|error| {
                running.error(format!("takes no connection where it speaks TLS: {error}"))
            })?;
            let version = if let Said::Chosen(version) = said { Some(version) } else { None };
            offers.push(TlsOffered { offer, version, silent: said == Said::Nothing });
        }
        let seen = look.seen.lock().unwrap_or_else(PoisonError::into_inner).clone();
        let unseen = || Some("it was not shown".to_owned());
        let (wrong_now, wrong_later) = seen.unwrap_or_else(|| (unseen(), unseen()));
        Ok(TlsLook {
            offers,
            agreed,
            plain: plain(address, &running.host, self.first_request()),
            wrong_now,
            wrong_later,
        })
    }

    /// The version on which both agree. Who is ready to be asked may be a little later ready to be asked in private.
    fn agreed(
        &self,
        running: &Running,
        address: SocketAddr,
        spoken: &TlsSpoken,
        look: &Arc<Look>,
    ) -> Result<Option<u64>, CertifyError> {
        let within_ns = self.subject.start.as_ref().map_or(0, |start| start.ready_within_ns);
        loop {
            self.stop.check()?;
            match agree(address, spoken, Arc::clone(look)) {
                Ok(version) => return Ok(Some(version)),
                Err(error) if error.kind() != ErrorKind::ConnectionRefused => return Ok(None),
                Err(_) if running.since_start_ns() > within_ns => return Ok(None),
                Err(_) => std::thread::sleep(READY_PAUSE),
            }
        }
    }
}

/// The status of a reply to a good request without TLS.
fn plain(address: SocketAddr, host: &str, request: &Request) -> Option<u64> {
    let message = Message::ask(host, request).ok()?;
    talk(address, &message, PATIENCE_NS).ok()?.statuses.first().map(|status| u64::from(*status))
}

fn roots(path: &Path) -> Result<RootCertStore, String> {
    let wrong = |error: &dyn std::fmt::Display| format!("{error}: {}", path.display());
    let mut roots = RootCertStore::empty();
    for certificate in CertificateDer::pem_file_iter(path).map_err(|error| wrong(&error))? {
        let certificate = certificate.map_err(|error| wrong(&error))?;
        roots.add(certificate).map_err(|error| wrong(&error))?;
    }
    if roots.is_empty() { Err(wrong(&"no certificate in it")) } else { Ok(roots) }
}

/// Shakes hands as a client does today, and gives the version on which both agree.
fn agree(address: SocketAddr, spoken: &TlsSpoken, look: Arc<Look>) -> Result<u64, Error> {
    let config = ClientConfig::builder_with_provider(Arc::new(default_provider()))
        .with_safe_default_protocol_versions()
        .map_err(Error::other)?
        .dangerous()
        .with_custom_certificate_verifier(look)
        .with_no_client_auth();
    let name = ServerName::try_from(spoken.name.clone()).map_err(Error::other)?;
    let mut connection = ClientConnection::new(Arc::new(config), name).map_err(Error::other)?;
    let mut stream = TcpStream::connect_timeout(&address, HANDSHAKE_TIMEOUT)?;
    stream.set_read_timeout(Some(HANDSHAKE_TIMEOUT))?;
    stream.set_write_timeout(Some(HANDSHAKE_TIMEOUT))?;
    let began_ns = monotonic_ns();
    while connection.is_handshaking() {
        if monotonic_ns() - began_ns > AGREE_MAX_NS {
            return Err(ErrorKind::TimedOut.into());
        }
        connection.complete_io(&mut stream)?;
    }
    connection
        .protocol_version()
        .map(|version| u64::from(u16::from(version)))
        .ok_or_else(|| Error::other("no version"))
}

/// Judges the certificate that is shown for now and for later, and goes on whatever it is: the version is seen all the same.
#[derive(Debug)]
struct Look {
    judge: Arc<WebPkiServerVerifier>,
    /// What is wrong now, and later.
    seen: Mutex<Option<(Option<String>, Option<String>)>>,
}

impl Look {
    fn new(roots: RootCertStore) -> Result<Arc<Self>, String> {
        let judge =
            WebPkiServerVerifier::builder_with_provider(Arc::new(roots), Arc::new(default_provider()));
        let judge = judge.build().map_err(|error| error.to_string())?;
        Ok(Arc::new(Self { judge, seen: Mutex::default() }))
    }
}

/// What is wrong with a certificate. What has no words of its own comes as the names of types.
fn in_words(error: &rustls::Error) -> String {
    let told = error.to_string().replace("invalid peer certificate: ", "");
    let words = [
        ("UnknownIssuer", "nobody whom the roots know has issued it"),
        ("CaUsedAsEndEntity", "it is the certificate of an authority, and no server's"),
        ("BadSignature", "its signature is not its issuer's"),
        ("BadEncoding", "it is no certificate"),
        ("Revoked", "it is revoked"),
        ("InvalidPurpose", "it is not made for servers"),
    ];
    words.iter().find(|(name, _)| told.contains(name)).map_or(told, |(_, words)| (*words).to_owned())
}

impl ServerCertVerifier for Look {
    fn verify_server_cert(
        &self,
        end_entity: &CertificateDer<'_>,
        intermediates: &[CertificateDer<'_>],
        server_name: &ServerName<'_>,
        ocsp_response: &[u8],
        now: UnixTime,
    ) -> Result<ServerCertVerified, rustls::Error> {
        let wrong = |days: u64| {
            let at = UnixTime::since_unix_epoch(Duration::from_secs(now.as_secs() + days * DAY_S));
            let judged =
                self.judge.verify_server_cert(end_entity, intermediates, server_name, ocsp_response, at);
            judged.err().map(|error| in_words(&error))
        };
        let seen = (wrong(0), wrong(CERTIFICATE_DAYS));
        *self.seen.lock().unwrap_or_else(PoisonError::into_inner) = Some(seen);
        Ok(ServerCertVerified::assertion())
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signed: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        self.judge.verify_tls12_signature(message, certificate, signed)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signed: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        self.judge.verify_tls13_signature(message, certificate, signed)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.judge.supported_verify_schemes()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn whoever_is_to_be_trusted_must_be_there() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("roots.pem");
        assert!(roots(&file).unwrap_err().contains("No such file"));
        for text in ["", "-----BEGIN CERTIFICATE-----\n!\n-----END CERTIFICATE-----\n"] {
            std::fs::write(&file, text).unwrap();
            assert!(roots(&file).unwrap_err().contains("roots.pem"), "{text}");
        }
    }
}
