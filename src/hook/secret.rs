//! Secrets that nobody can guess.

use secrecy::SecretString;

use crate::config::HookSource;

/// Letters of a secret; each stands for five random bits.
const LETTERS: &[u8; 32] = b"abcdefghijklmnopqrstuvwxyz234567";
/// Random bits of one identifier: those of a UUID that are neither version nor variant, of its lower half.
const BITS: u32 = 60;
/// Identifiers of which a secret is made, so that it has 240 random bits.
const PARTS: usize = 4;

/// Whether a source makes the secret itself, so that it has to be asked for.
#[must_use]
pub fn vendor_makes_secret(source: HookSource) -> bool {
    matches!(source, HookSource::PagerDuty | HookSource::Sentry)
}

/// Makes a secret of 48 letters and digits.
#[must_use]
pub fn new_secret() -> SecretString {
    let mut secret = String::new();
    for _ in 0..PARTS {
        let mut bits = uuid::Uuid::new_v4().as_u64_pair().1;
        for _ in 0..BITS / 5 {
            let letter = usize::try_from(bits % 32).expect("it is below 32");
            secret.push(char::from(LETTERS[letter]));
            bits /= 32;
        }
    }
    secret.into()
}

#[cfg(test)]
mod tests {
    use secrecy::ExposeSecret as _;

    use super::*;
    use crate::config::Hook;

    #[test]
    fn no_two_secrets_are_the_same_and_each_is_one() {
        let (one, other) = (new_secret(), new_secret());
        assert_ne!(one.expose_secret(), other.expose_secret());
        assert_eq!(Hook::check_secret(one.expose_secret()), Ok(()));
        assert_eq!(one.expose_secret().len(), 48);
    }
}
