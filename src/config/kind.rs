//! What the configuration must know of a kind of agent. Each kind states it of itself; nothing here lists them.

/// A kind of agent, as it states itself.
#[derive(Debug, PartialEq, Eq)]
pub struct KindStatement {
    /// Its name.
    pub name: &'static str,
    /// Where its agents come from.
    pub origin: Origin,
    /// Program and leading arguments where the configuration names none.
    pub command: &'static [&'static str],
    /// Whether silence for longer than `timeouts.idle` ends a run; a program that prints only its answer is silent.
    pub speaks_meanwhile: bool,
    /// Whether what it does beyond looking is held back until a person approves, as its permission says.
    pub can_be_held: bool,
    /// Options, each with a value, that change nothing about that; every other may.
    pub harmless: &'static [&'static str],
    /// Words that name a model of it after `@`.
    pub models: &'static [&'static str],
    /// Beginnings of such words, each with more after it.
    pub model_prefixes: &'static [&'static str],
}

/// Where the agents of a kind come from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Origin {
    /// There is always one, of the kind's own name: a program that may be installed.
    Known,
    /// There is always one, of the kind's own name: a part of this program.
    BuiltIn,
    /// The operator names each, with `kind = "<name>"`.
    Named,
}
