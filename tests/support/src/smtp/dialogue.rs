//! The server's side of one connection, from the greeting to the goodbye.

use std::io;
use std::sync::Arc;
use std::time::Duration;

use tokio::io::{AsyncBufReadExt, AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt, BufReader};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinSet;
use tokio_rustls::TlsAcceptor;

use super::fault::{Fault, Moment};
use super::rules::{is_client_name, path, wrong_headers, wrong_line};
use super::{Accepted, PASSWORD, Protection, Shared, USER};

/// Longest command line, in octets (RFC 5321 asks for 512, RFC 4954 for more in AUTH).
const MAX_COMMAND_BYTES: u64 = 12_288;
/// Time between two octets of [`Fault::Drip`].
const DRIP: Duration = Duration::from_millis(20);

trait Wire: AsyncRead + AsyncWrite + Send + Unpin {}
impl<T: AsyncRead + AsyncWrite + Send + Unpin> Wire for T {}

/// Serves until it is dropped.
pub(super) async fn serve(listener: TcpListener, shared: Arc<Shared>) {
    let mut connections = JoinSet::new();
    while let Ok((tcp, _)) = listener.accept().await {
        connections.spawn(converse(tcp, Arc::clone(&shared)));
    }
}

async fn converse(tcp: TcpStream, shared: Arc<Shared>) {
    // How a connection ends is seen by the client.
    let _ = match shared.offer.protection.clone() {
        Protection::Plain => Dialogue::new(Box::new(tcp), false, shared).run().await,
        Protection::Tls(acceptor) => match handshake(&shared, &acceptor, Box::new(tcp)).await {
            Ok(wire) => Dialogue::new(wire, true, shared).run().await,
            Err(error) => Err(error),
        },
        Protection::StartTls(acceptor) => Dialogue::new(Box::new(tcp), false, shared).run_to_tls(&acceptor).await,
    };
}

async fn handshake(shared: &Shared, acceptor: &TlsAcceptor, wire: Box<dyn Wire>) -> io::Result<Box<dyn Wire>> {
    match shared.take_fault(Moment::Handshake) {
        None => Ok(Box::new(acceptor.accept(wire).await?)),
        Some(_) => Err(io::ErrorKind::ConnectionAborted.into()),
    }
}

impl Shared {
    fn take_fault(&self, moment: Moment) -> Option<Fault> {
        self.with(|state| {
            let at = state.faults.iter().position(|(other, _)| *other == moment)?;
            Some(state.faults.remove(at).1)
        })
    }
}

/// What follows a command.
enum Next {
    Command,
    StartTls,
    Over,
}

struct Dialogue {
    wire: BufReader<Box<dyn Wire>>,
    shared: Arc<Shared>,
    encrypted: bool,
    greeted: bool,
    client: String,
    logged_in: bool,
    from: Option<String>,
    to: Vec<String>,
    eight_bit: bool,
    utf8: bool,
}

impl Dialogue {
    fn new(wire: Box<dyn Wire>, encrypted: bool, shared: Arc<Shared>) -> Self {
        Self {
            wire: BufReader::new(wire),
            shared,
            encrypted,
            greeted: false,
            client: String::new(),
            logged_in: false,
            from: None,
            to: Vec::new(),
            eight_bit: false,
            utf8: false,
        }
    }

    async fn run(mut self) -> io::Result<()> {
        self.reply(Moment::Greeting, "220 mail.test ESMTP").await?;
        self.commands().await.map(|_| ())
    }

    async fn run_to_tls(mut self, acceptor: &TlsAcceptor) -> io::Result<()> {
        self.reply(Moment::Greeting, "220 mail.test ESMTP").await?;
        if let Next::StartTls = self.commands().await? {
            let shared = Arc::clone(&self.shared);
            let wire = handshake(&shared, acceptor, self.wire.into_inner()).await?;
            Self::new(wire, true, shared).commands().await?;
        }
        Ok(())
    }

    /// Takes commands until the connection changes or ends.
    async fn commands(&mut self) -> io::Result<Next> {
        loop {
            let Some(line) = self.command_line().await? else { return Ok(Next::Over) };
            let (verb, argument) = line.split_once(' ').unwrap_or((&line, ""));
            let verb = verb.to_ascii_uppercase();
            self.shared.with(|state| state.verbs.push(verb.clone()));
            match self.command(&verb, argument).await? {
                Next::Command => {}
                next => return Ok(next),
            }
        }
    }

    /// Reads a command; `None` when the client is gone, or has broken the rules of lines.
    async fn command_line(&mut self) -> io::Result<Option<String>> {
        if !self.wire.buffer().is_empty() {
            self.say("503 5.5.1 you spoke out of turn").await?;
            return Ok(None);
        }
        let mut line = Vec::new();
        (&mut self.wire).take(MAX_COMMAND_BYTES).read_until(b'\n', &mut line).await?;
        if line.is_empty() {
            return Ok(None);
        }
        let text = line.strip_suffix(b"\r\n").and_then(|text| std::str::from_utf8(text).ok());
        match text.filter(|text| !text.contains(char::is_control)) {
            Some(text) => Ok(Some(text.to_owned())),
            None => {
                self.say("500 5.5.2 a command is one line of text, ended by CR LF").await?;
                Ok(None)
            }
        }
    }

    async fn command(&mut self, verb: &str, argument: &str) -> io::Result<Next> {
        let needs_tls = matches!(self.shared.offer.protection, Protection::StartTls(_)) && !self.encrypted;
        let needs_login = self.shared.offer.auth.is_some() && !self.logged_in;
        match verb {
            "EHLO" => self.ehlo(argument, needs_tls).await?,
            "QUIT" => {
                self.reply(Moment::Quit, "221 2.0.0 bye").await?;
                return Ok(Next::Over);
            }
            "RSET" => {
                self.forget();
                self.say("250 2.0.0 forgotten").await?;
            }
            "STARTTLS" if needs_tls && self.greeted && argument.is_empty() => {
                let agreed = self.reply(Moment::StartTls, "220 2.0.0 go ahead").await?;
                return Ok(if agreed { Next::StartTls } else { Next::Command });
            }
            _ if needs_tls => self.say("530 5.7.0 Must issue a STARTTLS command first").await?,
            _ if !self.greeted => self.say("503 5.5.1 EHLO first").await?,
            "AUTH" if needs_login => self.auth(argument).await?,
            _ if needs_login => self.say("530 5.7.0 Authentication required").await?,
            "MAIL" => self.mail(argument).await?,
            "RCPT" => self.rcpt(argument).await?,
            "DATA" if argument.is_empty() && !self.to.is_empty() => {
                if self.reply(Moment::Data, "354 end with a dot").await? {
                    self.content().await?;
                }
            }
            "DATA" => self.say("503 5.5.1 a recipient first").await?,
            _ => self.say("500 5.5.1 unknown command").await?,
        }
        Ok(Next::Command)
    }

    async fn ehlo(&mut self, name: &str, needs_tls: bool) -> io::Result<()> {
        if !is_client_name(name) {
            return self.say("501 5.5.4 that is no name").await;
        }
        self.forget();
        self.greeted = true;
        self.client = name.to_owned();
        let mut lines = vec!["mail.test".to_owned(), "8BITMIME".to_owned(), "SIZE 50000000".to_owned()];
        lines.extend(needs_tls.then(|| "starttls".to_owned()));
        lines.extend(self.shared.offer.auth.filter(|_| !needs_tls).map(|auth| format!("AUTH {auth}")));
        lines.extend(self.shared.offer.utf8.then(|| "SMTPUTF8".to_owned()));
        let last = lines.pop().expect("there are lines");
        let reply: String = lines.iter().map(|line| format!("250-{line}\r\n")).collect();
        self.reply(Moment::Ehlo, &format!("{reply}250 {last}")).await?;
        Ok(())
    }

    async fn auth(&mut self, argument: &str) -> io::Result<()> {
        let (mechanism, initial) = argument.split_once(' ').unwrap_or((argument, ""));
        let offered = self.shared.offer.auth.unwrap_or_default();
        if !offered.split(' ').any(|other| other == mechanism) {
            return self.say("504 5.5.4 that mechanism is not offered").await;
        }
        let given = match mechanism {
            "PLAIN" => base64(initial),
            _ => {
                let user = self.challenge("334 VXNlcm5hbWU6").await?;
                let password = self.challenge("334 UGFzc3dvcmQ6").await?;
                format!("\0{user}\0{password}")
            }
        };
        if given != format!("\0{USER}\0{PASSWORD}") {
            return self.say(&format!("535 5.7.8 wrong password {initial} {given:?}")).await;
        }
        self.logged_in = self.reply(Moment::Auth, "235 2.7.0 welcome").await?;
        Ok(())
    }

    async fn challenge(&mut self, challenge: &str) -> io::Result<String> {
        self.say(challenge).await?;
        let line = self.command_line().await?;
        line.map(|line| base64(&line)).ok_or_else(|| io::ErrorKind::ConnectionAborted.into())
    }

    async fn mail(&mut self, argument: &str) -> io::Result<()> {
        let Some((address, parameters)) = path(argument, "FROM:").filter(|_| self.from.is_none()) else {
            return self.say("503 5.5.1 MAIL FROM:<address>, once").await;
        };
        self.eight_bit = parameters.contains(&"BODY=8BITMIME");
        self.utf8 = parameters.contains(&"SMTPUTF8") && self.shared.offer.utf8;
        if parameters.iter().any(|given| !matches!(*given, "BODY=8BITMIME" | "SMTPUTF8")) {
            return self.say("555 5.5.4 an unknown parameter").await;
        }
        if (!address.is_ascii() || parameters.contains(&"SMTPUTF8")) && !self.utf8 {
            return self.say("553 5.6.7 SMTPUTF8 is not offered").await;
        }
        if self.reply(Moment::Mail, "250 2.1.0 ok").await? {
            self.from = Some(address.to_owned());
        }
        Ok(())
    }

    async fn rcpt(&mut self, argument: &str) -> io::Result<()> {
        let Some((address, _)) = path(argument, "TO:").filter(|_| self.from.is_some()) else {
            return self.say("503 5.5.1 RCPT TO:<address>, after MAIL").await;
        };
        if !address.is_ascii() && !self.utf8 {
            return self.say("553 5.6.7 the address is not ASCII").await;
        }
        let is_bare = !self.client.starts_with('[') && !self.client.contains('.');
        if is_bare && self.shared.with(|state| state.wants_domains) {
            let why = format!("504 5.5.2 <{}>: Helo command rejected: need fully-qualified hostname", self.client);
            return self.say(&why).await;
        }
        let rejected = self.shared.with(|state| {
            state.rejected.iter().find(|(recipient, _)| recipient == address).map(|(_, reply)| reply.clone())
        });
        if let Some(reply) = rejected {
            return self.say(&reply).await;
        }
        if self.reply(Moment::Rcpt, "250 2.1.5 ok").await? {
            self.to.push(address.to_owned());
        }
        Ok(())
    }

    /// Reads a mail to its end, and keeps it if there is nothing wrong with it.
    async fn content(&mut self) -> io::Result<()> {
        let (mut data, mut wrong) = (Vec::new(), None);
        loop {
            let mut line = Vec::new();
            if self.wire.read_until(b'\n', &mut line).await? == 0 {
                return Err(io::ErrorKind::UnexpectedEof.into());
            }
            if data.is_empty() && self.shared.take_fault(Moment::Content).is_some() {
                return Err(io::ErrorKind::ConnectionAborted.into());
            }
            if line == b".\r\n" {
                break;
            }
            wrong = wrong.or(wrong_line(&line, self.eight_bit));
            data.extend(line.strip_prefix(b".").unwrap_or(&line));
        }
        let mail = Accepted {
            from: self.from.take().unwrap_or_default(),
            to: std::mem::take(&mut self.to),
            data,
            encrypted: self.encrypted,
        };
        if let Some(wrong) = wrong.map(str::to_owned).or_else(|| wrong_headers(&mail.data)) {
            return self.say(&format!("554 5.6.0 {wrong}")).await;
        }
        let shared = Arc::clone(&self.shared);
        let refusal = shared.with(|state| {
            let found = state.faults.iter().find(|(moment, _)| *moment == Moment::End);
            found.is_some_and(|(_, fault)| matches!(fault, Fault::Say(reply) if !reply.starts_with('2')))
        });
        if !refusal {
            self.shared.with(|state| state.mails.push(mail));
        }
        self.reply(Moment::End, "250 2.0.0 accepted").await?;
        Ok(())
    }

    fn forget(&mut self) {
        self.from = None;
        self.to.clear();
    }

    /// Answers, or does what a fault asks for; tells whether what was asked for is done.
    async fn reply(&mut self, moment: Moment, normal: &str) -> io::Result<bool> {
        match self.shared.take_fault(moment) {
            None => self.say(normal).await.map(|()| true),
            Some(Fault::Drop) => Err(io::ErrorKind::ConnectionAborted.into()),
            Some(Fault::Say(reply)) => self.say(&reply).await.map(|()| false),
            Some(Fault::Add(more)) => self.say(&format!("{normal}\r\n{more}")).await.map(|()| true),
            Some(Fault::Hold) => {
                self.shared.with(|state| state.held += 1);
                self.shared.until(|state| state.released).await;
                self.say(normal).await.map(|()| true)
            }
            Some(Fault::Endless) => loop {
                self.wire.write_all(&[b'2'; 4096]).await?;
                self.wire.flush().await?;
            },
            Some(Fault::Drip) => loop {
                self.wire.write_all(b"2").await?;
                self.wire.flush().await?;
                tokio::time::sleep(DRIP).await;
            },
        }
    }

    async fn say(&mut self, reply: &str) -> io::Result<()> {
        self.wire.write_all(format!("{reply}\r\n").as_bytes()).await?;
        self.wire.flush().await
    }
}

/// Decodes base64; what is none becomes nothing.
fn base64(text: &str) -> String {
    const DIGITS: &[u8] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let (mut bits, mut count, mut bytes) = (0_u32, 0, Vec::new());
    for b in text.trim_end_matches('=').bytes() {
        let Some(digit) = DIGITS.iter().position(|digit| *digit == b) else { return String::new() };
        bits = (bits << 6) | u32::try_from(digit).expect("a digit is below 64");
        count += 6;
        if count >= 8 {
            count -= 8;
            bytes.push(u8::try_from((bits >> count) & 0xff).expect("eight bits"));
        }
    }
    String::from_utf8(bytes).unwrap_or_default()
}
