//! Whether a question is about other machines, or about what runs on a cluster: an alert says so in its labels, and nothing
//! seen here explains that.

use std::net::IpAddr;

use super::machine::Machine;
use super::shown;

/// Labels that name a machine.
const NAMING: [&str; 8] = ["instance", "host", "hostname", "node", "nodename", "server", "machine", "fqdn"];
/// Labels that name what runs on a cluster, which no look at one machine explains.
const ON_A_CLUSTER: [&str; 8] =
    ["deployment", "statefulset", "daemonset", "replicaset", "cronjob", "job_name", "pod", "pod_name"];
/// How a line begins that tells a label of an alert.
const LABEL: &str = "label ";
/// Longest name of a machine, in bytes.
const MAX_NAME_BYTES: usize = 253;
/// Most machines named.
const MAX_NAMED: usize = 3;
/// Where the kernel says how this machine is called.
const HOSTNAME: &str = "proc/sys/kernel/hostname";
/// Where it says which addresses it has.
const ADDRESSES: &str = "proc/net/fib_trie";

/// What a question is about that is not this machine.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Elsewhere {
    /// How this one is called.
    pub(crate) here: String,
    /// How they are called.
    pub(crate) named: Vec<String>,
}

impl Elsewhere {
    /// Finds what the labels in a question name; `None` where they name nothing, or this machine among others.
    pub(crate) fn of(question: &str, machine: &Machine) -> Option<Self> {
        let here = machine.root.read(HOSTNAME).unwrap_or_default().trim().to_lowercase();
        let mut named: Vec<String> = Vec::new();
        for name in question.lines().filter_map(machine_in) {
            if is_here(&name, &here, machine) {
                return None;
            }
            if !named.contains(&name) && named.len() < MAX_NAMED {
                named.push(name);
            }
        }
        if named.is_empty() {
            named = question.lines().filter_map(|line| named_by(&ON_A_CLUSTER, line)).take(MAX_NAMED).collect();
            named.dedup();
        }
        let here = if here.is_empty() { "this machine".to_owned() } else { here };
        (!named.is_empty()).then_some(Self { here, named })
    }

    /// Says what was looked at and what was not.
    pub(crate) fn said(&self) -> String {
        let were = if self.named.len() == 1 { "was" } else { "were" };
        format!("Looked at {} only; {} {were} not looked at.", shown::code(&self.here), self.listed())
    }

    /// Says what to do.
    pub(crate) fn next_step(&self) -> String {
        format!("Look at {} itself, or ask an agent that reaches it.", self.listed())
    }

    fn listed(&self) -> String {
        self.named.iter().map(|name| shown::code(name)).collect::<Vec<_>>().join(", ")
    }
}

/// Returns the machine that a line names, in lower case and without port and path.
fn machine_in(line: &str) -> Option<String> {
    let value = named_by(&NAMING, line)?;
    let value = value.split_once("://").map_or(value.as_str(), |(_, rest)| rest);
    let value = value.split(['/', '?', '#']).next().unwrap_or_default();
    let name = match value.strip_prefix('[').and_then(|rest| rest.split_once(']')) {
        Some((address, _)) => address,
        None if value.matches(':').count() == 1 => value.split(':').next().unwrap_or_default(),
        None => value,
    };
    let fits = |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '-' | '_' | ':');
    (!name.is_empty() && name.len() <= MAX_NAME_BYTES && name.chars().all(fits)).then(|| name.to_owned())
}

/// Returns the value of a line that tells one of these labels, in lower case.
fn named_by(labels: &[&str], line: &str) -> Option<String> {
    let (label, value) = line.trim().strip_prefix(LABEL)?.split_once(": ")?;
    let value = value.trim().to_lowercase();
    (labels.contains(&label.to_lowercase().as_str()) && !value.is_empty()).then_some(value)
}

fn is_here(name: &str, here: &str, machine: &Machine) -> bool {
    if let Ok(address) = name.parse::<IpAddr>() {
        return address.is_loopback() || address.is_unspecified() || is_own(name, machine);
    }
    let short = |name: &str| name.split('.').next().unwrap_or_default().to_owned();
    // A bare name and a whole one are the same machine; two whole ones are not, when their domains differ.
    let is_same = |one: &str, other: &str| {
        one == other || (short(one) == short(other) && (!one.contains('.') || !other.contains('.')))
    };
    name == "localhost" || (!here.is_empty() && is_same(name, here))
}

/// Whether an IPv4 address is one of this machine's own.
fn is_own(address: &str, machine: &Machine) -> bool {
    let table = machine.root.read(ADDRESSES).unwrap_or_default();
    let mut lines = table.lines().peekable();
    while let Some(line) = lines.next() {
        let is_it = line.trim_start().strip_prefix("|-- ").is_some_and(|own| own.trim() == address);
        if is_it && lines.peek().is_some_and(|kind| kind.contains("host LOCAL")) {
            return true;
        }
    }
    false
}

#[cfg(test)]
mod tests {
    use super::super::root::Root;
    use super::*;

    fn machine() -> (tempfile::TempDir, Machine) {
        let tree = tempfile::tempdir().expect("a directory");
        for (file, text) in [
            (HOSTNAME, "VM\n"),
            (
                ADDRESSES,
                "Main:\n  +-- 0.0.0.0/0 3 0 5\n     |-- 10.0.0.7\n        /32 host LOCAL\n     |-- 10.0.0.9\n        /24 link UNICAST\n",
            ),
        ] {
            let path = tree.path().join(file);
            std::fs::create_dir_all(path.parent().expect("a folder")).expect("made");
            std::fs::write(path, text).expect("written");
        }
        let machine = Machine { root: Root::at(tree.path()), ..Machine::live() };
        (tree, machine)
    }

    #[test]
    fn other_machines_are_found_in_the_labels_and_this_one_is_known_by_all_its_names() {
        let (_tree, machine) = machine();
        for (line, other) in [
            ("label instance: db-1:9100", Some("db-1")),
            ("label host: DB-1.example.org", Some("db-1.example.org")),
            ("label instance: https://db-1.example.org/health", Some("db-1.example.org")),
            ("label node: 10.0.0.9", Some("10.0.0.9")),
            ("label instance: [fd00::7]:9100", Some("fd00::7")),
            ("label instance: vm:9100", None),
            ("label host: vm.example.org", None),
            ("label instance: localhost:9100", None),
            ("label instance: 127.0.0.1:9100", None),
            ("label instance: [::1]:9100", None),
            ("label node: 10.0.0.7:9100", None),
            ("label deployment: Payments", Some("payments")),
            ("label team: db", None),
            ("label host: a b*c", None),
            ("title: instance: db-1", None),
        ] {
            let found = Elsewhere::of(line, &machine);
            assert_eq!(found.map(|found| found.named), other.map(|name| vec![name.to_owned()]), "{line}");
        }
        assert_eq!(Elsewhere::of("label instance: db-1\nlabel node: vm", &machine), None, "this one is among them");
    }

    #[test]
    fn it_is_said_which_machines_were_not_looked_at() {
        let (_tree, machine) = machine();
        let found = Elsewhere::of("label instance: db-1:9100\nlabel host: db-2", &machine).expect("two others");
        assert_eq!(found.said(), "Looked at `vm` only; `db-1`, `db-2` were not looked at.");
        assert!(found.next_step().contains("`db-1`"), "{}", found.next_step());
    }
}
