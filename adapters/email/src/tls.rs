//! TLS 1.2 or newer to the mail server, whose certificate must be valid for the host that was configured.

use std::path::Path;
use std::sync::Arc;

use tokio::net::TcpStream;
use tokio_rustls::client::TlsStream;
use tokio_rustls::rustls::crypto::ring;
use tokio_rustls::rustls::pki_types::pem::PemObject;
use tokio_rustls::rustls::pki_types::{CertificateDer, ServerName};
use tokio_rustls::rustls::{ClientConfig, RootCertStore};
use tokio_rustls::{TlsConnector, rustls};

use crate::failure::Trouble;
use crate::settings::Settings;

/// Encrypts a connection.
pub(crate) async fn encrypt(settings: &Settings, tcp: TcpStream) -> Result<TlsStream<TcpStream>, Trouble> {
    let name = ServerName::try_from(settings.host().to_owned())
        .map_err(|_| Trouble::Impossible(format!("no certificate can be for the name {:?}", settings.host())))?;
    let ca_file = settings.ca_file.clone();
    // The system's certificates are read from the disk.
    let roots = tokio::task::spawn_blocking(move || roots(ca_file.as_deref())).await;
    let roots = roots.map_err(|_| Trouble::NotNow("the trusted certificates could not be read".to_owned()))?;
    let config = config(roots.map_err(Trouble::NotNow)?).map_err(|error| Trouble::NotNow(error.to_string()))?;
    let connected = TlsConnector::from(Arc::new(config)).connect(name, tcp).await;
    connected.map_err(|error| explained(settings.host(), error))
}

fn config(roots: RootCertStore) -> Result<ClientConfig, rustls::Error> {
    let builder = ClientConfig::builder_with_provider(Arc::new(ring::default_provider()));
    Ok(builder.with_safe_default_protocol_versions()?.with_root_certificates(roots).with_no_client_auth())
}

/// Reads the system's certificates and those of the file.
fn roots(ca_file: Option<&Path>) -> Result<RootCertStore, String> {
    let mut roots = RootCertStore::empty();
    roots.add_parsable_certificates(rustls_native_certs::load_native_certs().certs);
    if let Some(path) = ca_file {
        let unreadable = |why: String| format!("the certificates in {} could not be read: {why}", path.display());
        let found = CertificateDer::pem_file_iter(path).map_err(|error| unreadable(error.to_string()))?;
        let mut count = 0;
        for certificate in found {
            let certificate = certificate.map_err(|error| unreadable(error.to_string()))?;
            roots.add(certificate).map_err(|error| unreadable(error.to_string()))?;
            count += 1;
        }
        if count == 0 {
            return Err(unreadable("there is no certificate in it".to_owned()));
        }
    }
    if roots.is_empty() {
        return Err("this system has no trusted certificates; install ca-certificates, or set ca_file".to_owned());
    }
    Ok(roots)
}

/// Says which certificate was not trusted, and what can be done.
fn explained(host: &str, error: std::io::Error) -> Trouble {
    let source = error.get_ref().and_then(|source| source.downcast_ref::<rustls::Error>());
    let Some(why @ rustls::Error::InvalidCertificate(fault)) = source else { return Trouble::from(error) };
    let advice = match fault {
        rustls::CertificateError::UnknownIssuer => "; if the server has an authority of its own, set ca_file",
        _ => "",
    };
    Trouble::NotNow(format!("the certificate of {host} is not trusted: {why}{advice}"))
}
