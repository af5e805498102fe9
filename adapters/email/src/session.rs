//! One connection to the server, step by step, so that every failure has the name of its step.
//!
//! A [`Call`] bounds how long all steps may take together and remembers those that went well; a [`Session`] is a greeted,
//! protected and logged-in connection. Nothing of the dialogue is logged: it has the password in it.

use std::net::{IpAddr, SocketAddr};

use lettre::Address;
use lettre::transport::smtp::authentication::{Credentials, DEFAULT_MECHANISMS};
use lettre::transport::smtp::commands::{Auth, Data, Ehlo, Mail, Quit, Rcpt, Rset, Starttls};
use lettre::transport::smtp::extension::{ClientId, Extension, MailBodyParameter, MailParameter, ServerInfo};
use tokio::io::{AsyncRead, AsyncWrite, AsyncWriteExt, BufReader};
use tokio::net::TcpStream;
use tokio::time::{Duration, Instant, timeout, timeout_at};

use crate::failure::{Failure, Stage, Trouble, words_of};
use crate::hear::read_reply;
use crate::reply::Reply;
use crate::settings::{Security, Settings};
use crate::tls::encrypt;

/// How long the answer to a goodbye is waited for.
const GOODBYE_TIMEOUT: Duration = Duration::from_secs(2);
/// Most challenges that a log-in may have.
const MAX_CHALLENGES: usize = 4;
/// Why a mail cannot go to this server at all.
pub(crate) const NOT_ASCII: &str = "the server takes no addresses that are not ASCII";
/// What is shown in place of a password that a server repeats.
const HIDDEN: &str = "[hidden]";

/// A connection that may be encrypted.
trait Wire: AsyncRead + AsyncWrite + Send + Unpin {}
impl<T: AsyncRead + AsyncWrite + Send + Unpin> Wire for T {}

/// One attempt: how long it may take, and what went well so far.
pub(crate) struct Call {
    deadline: Instant,
    /// The steps that went well, and what the server said.
    pub(crate) passed: Vec<(Stage, String)>,
}

impl Call {
    /// Begins now.
    pub(crate) fn begin(settings: &Settings) -> Self {
        Self { deadline: Instant::now() + settings.timeout, passed: Vec::new() }
    }

    /// Takes one step.
    pub(crate) async fn step<T>(
        &mut self,
        stage: Stage,
        work: impl Future<Output = Result<(T, String), Trouble>>,
    ) -> Result<T, Failure> {
        match timeout_at(self.deadline, work).await {
            Ok(Ok((outcome, words))) => {
                self.passed.push((stage, words_of(&words)));
                Ok(outcome)
            }
            Ok(Err(trouble)) => Err(Failure { stage, trouble }),
            Err(_) => Err(Failure { stage, trouble: Trouble::Late }),
        }
    }

    fn left(&self) -> Duration {
        self.deadline.saturating_duration_since(Instant::now())
    }
}

/// A connection that is ready for mail.
pub(crate) struct Session {
    wire: BufReader<Box<dyn Wire>>,
    server: ServerInfo,
    is_private: bool,
}

impl Session {
    /// Connects, protects the connection and logs in, as the settings say.
    pub(crate) async fn open(settings: &Settings, call: &mut Call) -> Result<Self, Failure> {
        let addresses = call.step(Stage::Resolve, resolve(settings)).await?;
        let left = call.left();
        let tcp = call.step(Stage::Connect, connect(addresses, left)).await?;
        let us = introduced(settings, &ClientId::default(), tcp.local_addr().ok());
        let mut session = match settings.security {
            Security::Tls => {
                let wire = call.step(Stage::Tls, secured(settings, tcp)).await?;
                Self::greeted(wire, true, &us, call).await?
            }
            Security::StartTls => Self::upgraded(settings, tcp, &us, call).await?,
            Security::None => {
                let is_private = tcp.peer_addr().is_ok_and(|peer| peer.ip().is_loopback());
                Self::greeted(Box::new(tcp), is_private, &us, call).await?
            }
        };
        let credentials = settings.credentials().ok().flatten();
        if let Some((username, password)) = credentials {
            call.step(Stage::Auth, session.log_in(username, password)).await?;
        }
        Ok(session)
    }

    async fn greeted(wire: Box<dyn Wire>, is_private: bool, us: &ClientId, call: &mut Call) -> Result<Self, Failure> {
        let mut session = Self { wire: BufReader::new(wire), server: ServerInfo::default(), is_private };
        call.step(Stage::Greeting, session.done()).await?;
        call.step(Stage::Ehlo, session.ehlo(us)).await?;
        Ok(session)
    }

    /// Begins in clear text, and goes on only encrypted.
    async fn upgraded(
        settings: &Settings,
        mut tcp: TcpStream,
        us: &ClientId,
        call: &mut Call,
    ) -> Result<Self, Failure> {
        let mut plain = BufReader::new(&mut tcp);
        call.step(Stage::Greeting, done(&mut plain)).await?;
        let server = call.step(Stage::Ehlo, ehlo(&mut plain, us)).await?;
        call.step(Stage::StartTls, async {
            if !server.supports_feature(Extension::StartTls) {
                return Err(Trouble::NotNow(
                    "the server does not offer STARTTLS, and nothing is sent without".to_owned(),
                ));
            }
            send(&mut plain, Starttls).await?;
            let answer = done(&mut plain).await?;
            if plain.buffer().is_empty() {
                Ok(answer)
            } else {
                // Whoever is in between could have put words in the server's mouth.
                Err(Trouble::Nonsense("it went on speaking after its answer to STARTTLS".to_owned()))
            }
        })
        .await?;
        let wire = call.step(Stage::Tls, secured(settings, tcp)).await?;
        let mut session = Self { wire: BufReader::new(wire), server: ServerInfo::default(), is_private: true };
        call.step(Stage::Ehlo, session.ehlo(us)).await?;
        Ok(session)
    }

    async fn done(&mut self) -> Result<((), String), Trouble> {
        done(&mut self.wire).await
    }

    async fn ehlo(&mut self, us: &ClientId) -> Result<((), String), Trouble> {
        let (server, words) = ehlo(&mut self.wire, us).await?;
        self.server = server;
        Ok(((), words))
    }

    async fn log_in(&mut self, username: &str, password: &str) -> Result<((), String), Trouble> {
        if !self.is_private {
            return Err(Trouble::Impossible("no password is sent over a connection that others can read".to_owned()));
        }
        let mechanism = self.server.get_auth_mechanism(DEFAULT_MECHANISMS);
        let mechanism = mechanism
            .ok_or_else(|| Trouble::Impossible("the server offers neither AUTH PLAIN nor AUTH LOGIN".to_owned()))?;
        let credentials = Credentials::new(username.to_owned(), password.to_owned());
        let unlike = |error: lettre::transport::smtp::Error| Trouble::Nonsense(error.to_string());
        let mut secrets = vec![password.to_owned()];
        let mut command = Auth::new(mechanism, credentials.clone(), None).map_err(unlike)?;
        for _ in 0..MAX_CHALLENGES {
            let line = command.to_string();
            secrets.extend(line.split_whitespace().last().map(str::to_owned));
            self.write(line.as_bytes()).await?;
            let reply = read_reply(&mut self.wire).await?;
            if reply.code == 334 {
                command =
                    Auth::new_from_response(mechanism, credentials.clone(), &reply.to_lettre()).map_err(unlike)?;
                continue;
            }
            let reply = without(reply, &secrets);
            return if reply.is_done() { Ok(((), reply.to_string())) } else { Err(Trouble::No(reply)) };
        }
        Err(Trouble::Nonsense("it asks and asks".to_owned()))
    }

    /// Whether the server takes addresses that are not ASCII.
    pub(crate) fn takes_utf8(&self) -> bool {
        let needed = [Extension::SmtpUtfEight, Extension::EightBitMime];
        needed.into_iter().all(|extension| self.server.supports_feature(extension))
    }

    /// Says who writes, and that a mail of this content will follow.
    pub(crate) async fn mail_from(
        &mut self,
        from: &Address,
        to: &Address,
        data: &[u8],
    ) -> Result<((), String), Trouble> {
        let mut parameters = Vec::new();
        let address: &str = from.as_ref();
        let recipient: &str = to.as_ref();
        if !data.is_ascii() || !address.is_ascii() || !recipient.is_ascii() {
            if !self.takes_utf8() {
                return Err(Trouble::Impossible(NOT_ASCII.to_owned()));
            }
            parameters = vec![MailParameter::SmtpUtfEight, MailParameter::Body(MailBodyParameter::EightBitMime)];
        }
        self.command(Mail::new(Some(from.clone()), parameters)).await
    }

    /// Names a recipient.
    pub(crate) async fn rcpt_to(&mut self, to: &Address) -> Result<((), String), Trouble> {
        self.command(Rcpt::new(to.clone(), Vec::new())).await
    }

    /// Asks to be given the word.
    pub(crate) async fn data(&mut self) -> Result<((), String), Trouble> {
        send(&mut self.wire, Data).await?;
        let reply = read_reply(&mut self.wire).await?;
        match reply.code / 100 {
            3 => Ok(((), reply.to_string())),
            2 => Err(Trouble::Nonsense(format!("it answers DATA with {}", reply.code))),
            _ => Err(Trouble::No(reply)),
        }
    }

    /// Writes the mail and the dot that ends it; if this fails, the server has not got the end.
    pub(crate) async fn content(&mut self, data: &[u8]) -> Result<((), String), Trouble> {
        self.write(&stuffed(data)).await?;
        Ok(((), String::new()))
    }

    /// Reads whether the mail was accepted.
    pub(crate) async fn acceptance(&mut self) -> Result<((), String), Trouble> {
        self.done().await
    }

    /// Takes back what was said since the last mail.
    pub(crate) async fn reset(&mut self) -> Result<((), String), Trouble> {
        self.command(Rset).await
    }

    /// Says goodbye.
    pub(crate) async fn quit(&mut self) -> Result<((), String), Trouble> {
        let goodbye = timeout(GOODBYE_TIMEOUT, self.command(Quit)).await;
        goodbye.unwrap_or(Err(Trouble::Late))
    }

    async fn command(&mut self, command: impl std::fmt::Display) -> Result<((), String), Trouble> {
        send(&mut self.wire, command).await?;
        self.done().await
    }

    async fn write(&mut self, bytes: &[u8]) -> Result<(), Trouble> {
        self.wire.write_all(bytes).await?;
        Ok(self.wire.flush().await?)
    }
}

/// Returns what this machine calls itself: as the settings say, else its name where that has a domain, else the address from
/// which it speaks. A name without a domain is refused by many servers, for all recipients and for good.
/// Source: <https://www.rfc-editor.org/rfc/rfc5321>, 4.1.1.1 and 4.1.3, read 2026-11.
fn introduced(settings: &Settings, machine: &ClientId, from: Option<SocketAddr>) -> ClientId {
    if let Some(helo) = &settings.helo {
        let literal = helo.strip_prefix('[').and_then(|helo| helo.strip_suffix(']')).unwrap_or(helo);
        let literal = literal.strip_prefix("IPv6:").unwrap_or(literal);
        return literal.parse().map_or_else(|_| ClientId::Domain(helo.clone()), literally);
    }
    match (machine, from) {
        (ClientId::Domain(name), _) if has_domain(name) => machine.clone(),
        (_, Some(from)) => literally(from.ip()),
        (_, None) => literally(IpAddr::from([127, 0, 0, 1])),
    }
}

fn literally(address: IpAddr) -> ClientId {
    match address.to_canonical() {
        IpAddr::V4(address) => ClientId::Ipv4(address),
        IpAddr::V6(address) => ClientId::Ipv6(address),
    }
}

/// Whether a machine's name is one that others can know it by.
fn has_domain(name: &str) -> bool {
    let is_label = |label: &str| {
        let plain = label.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-');
        plain && !label.is_empty() && label.len() <= 63 && !label.starts_with('-') && !label.ends_with('-')
    };
    let labels: Vec<&str> = name.split('.').collect();
    let is_number = labels.last().is_some_and(|last| last.bytes().all(|b| b.is_ascii_digit()));
    let is_own =
        matches!(labels.last().map(|last| last.to_ascii_lowercase()).as_deref(), Some("localdomain" | "localhost"));
    labels.len() > 1 && name.len() <= 255 && labels.into_iter().all(is_label) && !is_number && !is_own
}

async fn resolve(settings: &Settings) -> Result<(Vec<SocketAddr>, String), Trouble> {
    let unknown = |why: String| Trouble::NotNow(format!("{}: {why}", settings.host()));
    let found = tokio::net::lookup_host((settings.host(), settings.port())).await;
    let addresses: Vec<SocketAddr> = found.map_err(|error| unknown(error.to_string()))?.collect();
    if addresses.is_empty() {
        return Err(unknown("it has no address".to_owned()));
    }
    let words = addresses.iter().map(|address| address.ip().to_string()).collect::<Vec<_>>().join(", ");
    Ok((addresses, words))
}

/// Tries one address after the other; each gets its share of the time that is left.
async fn connect(addresses: Vec<SocketAddr>, left: Duration) -> Result<(TcpStream, String), Trouble> {
    let share = left / u32::try_from(addresses.len()).unwrap_or(u32::MAX);
    let mut faults = Vec::new();
    for address in addresses {
        match timeout(share, TcpStream::connect(address)).await {
            Ok(Ok(tcp)) => return Ok((tcp, address.to_string())),
            Ok(Err(error)) => faults.push(format!("{address}: {error}")),
            Err(_) => faults.push(format!("{address}: no answer in time")),
        }
    }
    Err(Trouble::NotNow(faults.join("; ")))
}

async fn secured(settings: &Settings, tcp: TcpStream) -> Result<(Box<dyn Wire>, String), Trouble> {
    let wire = encrypt(settings, tcp).await?;
    let version = wire.get_ref().1.protocol_version().map(|version| format!("{version:?}"));
    let words = format!("{}, the certificate is valid for {}", version.unwrap_or_default(), settings.host());
    Ok((Box::new(wire), words))
}

/// Reads a reply that says yes.
async fn done<S: AsyncRead + Unpin>(wire: &mut BufReader<S>) -> Result<((), String), Trouble> {
    let reply = read_reply(wire).await?;
    match reply.code / 100 {
        2 => Ok(((), reply.to_string())),
        3 => Err(Trouble::Nonsense(format!("it answers with {}", reply.code))),
        _ => Err(Trouble::No(reply)),
    }
}

async fn send<S: AsyncWrite + AsyncRead + Unpin>(
    wire: &mut BufReader<S>,
    command: impl std::fmt::Display,
) -> Result<(), Trouble> {
    wire.write_all(command.to_string().as_bytes()).await?;
    Ok(wire.flush().await?)
}

/// Introduces this machine, and reads what the server can do.
async fn ehlo<S: AsyncWrite + AsyncRead + Unpin>(
    wire: &mut BufReader<S>,
    us: &ClientId,
) -> Result<(ServerInfo, String), Trouble> {
    send(wire, Ehlo::new(us.clone())).await?;
    let mut reply = read_reply(wire).await?;
    if !reply.is_done() {
        return Err(Trouble::No(reply));
    }
    let name = reply.lines.first().cloned().unwrap_or_default();
    for line in &mut reply.lines {
        line.make_ascii_uppercase();
    }
    // A server without a name in its answer is one without extensions.
    Ok((ServerInfo::from_response(&reply.to_lettre()).unwrap_or_default(), name))
}

/// Doubles dots at the beginning of lines, and ends the mail with its dot.
fn stuffed(data: &[u8]) -> Vec<u8> {
    let mut out = Vec::with_capacity(data.len() + 8);
    let mut at_start = true;
    for &b in data {
        if at_start && b == b'.' {
            out.push(b'.');
        }
        out.push(b);
        at_start = b == b'\n';
    }
    if !at_start {
        out.extend(b"\r\n");
    }
    out.extend(b".\r\n");
    out
}

/// Hides what was secret in the command from the reply to it.
fn without(mut reply: Reply, secrets: &[String]) -> Reply {
    for line in &mut reply.lines {
        for secret in secrets.iter().filter(|secret| !secret.is_empty()) {
            *line = line.replace(secret.as_str(), HIDDEN);
        }
    }
    reply
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_dot_never_ends_a_mail_early() {
        assert_eq!(stuffed(b".\r\n..a\r\nb.\r\n"), b"..\r\n...a\r\nb.\r\n.\r\n");
        assert_eq!(stuffed(b"a"), b"a\r\n.\r\n");
        assert_eq!(stuffed(b""), b".\r\n");
    }

    #[test]
    fn a_password_that_a_server_repeats_is_hidden() {
        let reply = Reply { code: 535, lines: vec!["no hunter2 for AGE=".to_owned()] };
        let hidden = without(reply, &["hunter2".to_owned(), "AGE=".to_owned()]);
        assert_eq!(hidden.to_string(), "535 no [hidden] for [hidden]");
    }

    #[test]
    fn a_machine_calls_itself_by_a_name_with_a_domain_or_by_its_address() {
        let from: SocketAddr = "192.0.2.7:4000".parse().expect("an address");
        let named = |name: &str, helo: Option<&str>, from: SocketAddr| {
            let settings = Settings { helo: helo.map(str::to_owned), ..Settings::new("h", "a@b.example") };
            introduced(&settings, &ClientId::Domain(name.to_owned()), Some(from)).to_string()
        };
        assert_eq!(named("bot.example.org", None, from), "bot.example.org");
        for bare in [
            "vm",
            "3f2a9c1b77de",
            "localhost",
            "localhost.localdomain",
            "192.0.2.9",
            "a..b",
            "my_host.example.org",
            "",
            "über.example",
        ] {
            assert_eq!(named(bare, None, from), "[192.0.2.7]", "{bare}");
        }
        let v6: SocketAddr = "[2001:db8::7]:4000".parse().expect("an address");
        assert_eq!(named("vm", None, v6), "[IPv6:2001:db8::7]");
        let mapped: SocketAddr = "[::ffff:192.0.2.7]:4000".parse().expect("an address");
        assert_eq!(named("vm", None, mapped), "[192.0.2.7]");
        assert_eq!(named("vm", Some("mail.example.org"), from), "mail.example.org");
        assert_eq!(named("vm", Some("[198.51.100.1]"), from), "[198.51.100.1]");
        assert_eq!(named("vm", Some("[IPv6:2001:db8::1]"), from), "[IPv6:2001:db8::1]");
    }
}
