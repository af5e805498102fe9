//! The certificate of a server that is not trusted, as it shows it in a handshake that is broken off there: nothing is asked of
//! it, and nothing said that it could keep.

use std::net::{SocketAddr, TcpStream};
use std::sync::{Arc, OnceLock};
use std::time::{Duration, Instant};

use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::crypto::CryptoProvider;
use rustls::pki_types::{CertificateDer, ServerName, UnixTime};
use rustls::{CertificateError, ClientConfig, ClientConnection, DigitallySignedStruct, Error, SignatureScheme};

/// Looks at a server's certificate, DER; `None` where it shows none in time.
pub(super) fn look(host: &str, addresses: &[SocketAddr], within: Duration) -> Option<Vec<u8>> {
    let until = Instant::now() + within;
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let onlooker = Arc::new(Onlooker { provider: Arc::clone(&provider), seen: OnceLock::new() });
    let config = ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .ok()?
        .dangerous()
        .with_custom_certificate_verifier(Arc::clone(&onlooker) as _)
        .with_no_client_auth();
    let name = ServerName::try_from(host.to_owned()).ok()?;
    let mut session = ClientConnection::new(Arc::new(config), name).ok()?;
    let mut stream = addresses.iter().find_map(|address| TcpStream::connect_timeout(address, within).ok())?;
    stream.set_read_timeout(Some(within)).and_then(|()| stream.set_write_timeout(Some(within))).ok()?;
    while session.is_handshaking() && Instant::now() < until {
        // It ends with the certificate, which is refused whatever it is.
        if session.complete_io(&mut stream).is_err() {
            break;
        }
    }
    onlooker.seen.get().cloned()
}

/// Sees a certificate, and accepts none.
#[derive(Debug)]
struct Onlooker {
    provider: Arc<CryptoProvider>,
    seen: OnceLock<Vec<u8>>,
}

const REFUSED: Error = Error::InvalidCertificate(CertificateError::ApplicationVerificationFailure);

impl ServerCertVerifier for Onlooker {
    fn verify_server_cert(
        &self,
        certificate: &CertificateDer<'_>,
        _intermediates: &[CertificateDer<'_>],
        _name: &ServerName<'_>,
        _ocsp: &[u8],
        _now: UnixTime,
    ) -> Result<ServerCertVerified, Error> {
        self.seen.set(certificate.to_vec()).ok();
        Err(REFUSED)
    }

    fn verify_tls12_signature(
        &self,
        _message: &[u8],
        _certificate: &CertificateDer<'_>,
        _signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        Err(REFUSED)
    }

    fn verify_tls13_signature(
        &self,
        _message: &[u8],
        _certificate: &CertificateDer<'_>,
        _signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        Err(REFUSED)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.provider.signature_verification_algorithms.supported_schemes()
    }
}
