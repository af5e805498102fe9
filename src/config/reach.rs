//! Whether anything writes to the provider that an address names, as this build and this configuration stand.

use signalbox_adapter::ChatAddress;

use super::adapters::Adapters;
use super::planned;
use super::reader::Section;
use super::statements::Statements;

/// Least likeness of two names, from 0 to 1, for one to be a slip of the other.
const LIKE: f64 = 0.6;

/// Why nobody is told at an address.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Unreached {
    /// No provider is called so.
    #[error("there is no provider {:?}; {hint}", signalbox_adapter::one_line(provider, 40))]
    Unknown {
        /// What it says.
        provider: String,
        /// The name that is most like it, or all there are.
        hint: String,
    },
    /// Nothing in this build connects it.
    #[error("{0} is not connected: this build cannot connect it")]
    NotBuilt(String),
    /// Nothing writes to it here.
    #[error("{0} is not connected; `signalbox setup` on the bot's machine connects it")]
    NotConnected(String),
    /// It is not set up.
    #[error(
        "{provider} is not connected: `signalbox integrations set {section} {key}=-` or `signalbox setup` connects it"
    )]
    NotSet {
        /// The provider.
        provider: String,
        /// The section that connects it.
        section: &'static str,
        /// The key in it that has to be set.
        key: &'static str,
    },
}

impl Unreached {
    /// Says that no provider is called so; there are those of these names.
    #[must_use]
    pub fn unknown<'n>(provider: &str, names: impl Iterator<Item = &'n str>) -> Self {
        let names: Vec<&str> = names.collect();
        let likeness = |name: &str| strsim::normalized_damerau_levenshtein(name, &provider.to_lowercase());
        let near = names.iter().map(|name| (likeness(name), *name)).filter(|(like, _)| *like >= LIKE);
        let hint = match near.max_by(|a, b| a.0.total_cmp(&b.0)) {
            Some((_, near)) => format!("did you mean {near}?"),
            None => format!("there are {}", names.join(", ")),
        };
        Self::Unknown { provider: provider.to_owned(), hint }
    }

    /// Says it of an address.
    #[must_use]
    pub fn at(&self, address: &ChatAddress) -> String {
        format!("{address} reaches nobody: {self}")
    }

    /// Whether it can never be right, whatever else is set up.
    #[must_use]
    pub fn is_wrong(&self) -> bool {
        match self {
            Self::Unknown { .. } => true,
            Self::NotBuilt(_) | Self::NotConnected(_) | Self::NotSet { .. } => false,
        }
    }
}

impl Statements {
    /// Says why nobody is told at an address of this provider; `None` where somebody is.
    #[must_use]
    pub fn unreached(&self, adapters: &Adapters, provider: &str) -> Option<Unreached> {
        if let Some(stated) = self.providers.iter().find(|stated| stated.name == provider) {
            let section = stated.section.filter(|section| !adapters.is_set(section))?;
            let (section, key) = (section.name, section.needs);
            return Some(Unreached::NotSet { provider: provider.to_owned(), section, key });
        }
        let later = planned::PROVIDERS.iter().map(|(name, _)| *name).chain(self.left_out.iter().copied());
        if later.chain([planned::MAIL]).any(|name| name == provider) {
            return Some(Unreached::NotBuilt(provider.to_owned()));
        }
        Some(Unreached::unknown(provider, self.providers.iter().map(|stated| stated.name)))
    }

    /// Finds fault with an address that nothing can reach, and warns of one that nothing reaches yet.
    pub(super) fn check_address(&self, root: &mut Section, adapters: &Adapters, path: &str, address: &ChatAddress) {
        match self.unreached(adapters, address.provider.as_str()) {
            None => {}
            Some(why) if why.is_wrong() => root.fault_at(path, why.at(address)),
            Some(why) => root.warn_at(path, &why.at(address)),
        }
    }
}
