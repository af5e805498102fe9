//! `[http]`: where health, readiness and metrics are answered.

use std::net::{Ipv4Addr, SocketAddr};

use super::reader::Section;

const DEFAULT_LISTEN: SocketAddr = SocketAddr::new(std::net::IpAddr::V4(Ipv4Addr::LOCALHOST), 8787);

/// Most names that can be listed.
const MAX_HOSTS: usize = 50;

/// The HTTP server of `signalbox serve`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Http {
    /// Address to listen on, port 0 for any free one; `None` for no HTTP.
    pub listen: Option<SocketAddr>,
    /// Names by which the pages may be asked for, in lower case, besides `localhost` and any number of an address.
    pub hosts: Vec<String>,
    /// Beginning of the address at which others reach the hooks, without a `/` at its end; `None` for the address that is
    /// listened on.
    pub public_url: Option<String>,
}

impl Default for Http {
    fn default() -> Self {
        Self { listen: Some(DEFAULT_LISTEN), hosts: Vec::new(), public_url: None }
    }
}

impl Http {
    pub(super) fn read(section: &mut Section) -> Self {
        let listen = section.parsed("listen", Self::default().listen, |text| match text {
            "" => Ok(None),
            address => address.parse().map(Some).map_err(|_| {
                "must be an address with its port, such as \"127.0.0.1:8787\", or \"\" for no HTTP".to_owned()
            }),
        });
        if listen.is_some_and(|address| !address.ip().to_canonical().is_loopback()) {
            section.warn("listen", "others can reach this address, and what it shows needs no password");
        }
        Self { listen, hosts: hosts(section), public_url: public_url(section) }
    }
}

fn hosts(section: &mut Section) -> Vec<String> {
    let hosts = section.listed("hosts").unwrap_or_default();
    let is_name = |host: &String| {
        !host.is_empty() && host.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.'))
    };
    if hosts.len() > MAX_HOSTS || !hosts.iter().all(is_name) {
        section
            .fault("hosts", format!("must be at most {MAX_HOSTS} names without a port, such as \"bot.example.org\""));
    }
    hosts.iter().map(|host| host.to_ascii_lowercase()).collect()
}

fn public_url(section: &mut Section) -> Option<String> {
    section.parsed("public_url", None, |text| {
        if text.is_empty() {
            return Ok(None);
        }
        let url = reqwest::Url::parse(text).ok().filter(|url| {
            matches!(url.scheme(), "http" | "https")
                && url.has_host()
                && url.query().is_none()
                && url.fragment().is_none()
                && url.username().is_empty()
        });
        let url = url.ok_or("must be an address such as \"https://alerts.example.org\", or \"\" for none")?;
        Ok(Some(url.as_str().trim_end_matches('/').to_owned()))
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::{Loaded, Sources, load};

    fn loaded(listen: &str) -> Result<Loaded, String> {
        let env = [("SIGNALBOX__HTTP__LISTEN".to_owned(), listen.to_owned())].into();
        load(&Sources { env, ..Sources::default() }).map_err(|faults| faults.to_string())
    }

    #[test]
    fn an_address_is_listened_on_and_none_is_for_no_http() {
        let listen = |text: &str| loaded(text).expect("an address").config.http.listen;
        assert_eq!(listen(""), None);
        assert_eq!(listen("127.0.0.1:0"), Some(SocketAddr::from(([127, 0, 0, 1], 0))));
        assert_eq!(listen("[::1]:9"), Some("[::1]:9".parse().expect("an address")));
        assert_eq!(Http::default().listen, Some(DEFAULT_LISTEN));
    }

    #[test]
    fn an_address_that_others_can_reach_is_warned_about() {
        let warnings = |text: &str| loaded(text).expect("an address").warnings.len();
        for own in ["", "127.0.0.1:8787", "127.9.9.9:1", "[::1]:8787", "[::ffff:127.0.0.1]:8787"] {
            assert_eq!(warnings(own), 0, "{own}");
        }
        for open in ["0.0.0.0:8787", "[::]:8787", "192.0.2.1:80", "[::ffff:192.0.2.1]:80"] {
            assert_eq!(warnings(open), 1, "{open}");
        }
    }

    #[test]
    fn what_is_no_address_is_a_fault() {
        for wrong in ["8787", ":8787", "localhost:8787", "127.0.0.1", "127.0.0.1:99999", " "] {
            let fault = loaded(wrong).expect_err(wrong);
            assert!(fault.contains("http.listen") && fault.contains("must be an address with its port"), "{fault}");
        }
    }
}
