//! Memorable names of our own making, an adjective and a noun each; no two words look alike on a phone.

/// How often two words are drawn before a number is put after them.
const DRAWS: usize = 32;
/// Highest number that is put after a name.
const MAX_SUFFIX: usize = 9_999;

/// Proposes a name that is not taken: an adjective and a noun, with a number after them if luck fails.
///
/// `random(n)` returns a number below `n`. Should everything be taken, the last name tried is returned: the store,
/// which keeps names unique, has the last word.
pub fn propose(taken: &dyn Fn(&str) -> bool, random: &mut dyn FnMut(usize) -> usize) -> String {
    let mut draw = |words: &[&'static str]| words[random(words.len()) % words.len()];
    let mut name = String::new();
    for _ in 0..DRAWS {
        name = format!("{}-{}", draw(ADJECTIVES), draw(NOUNS));
        if !taken(&name) {
            return name;
        }
    }
    let mut numbered = (2..=MAX_SUFFIX).map(|number| format!("{name}-{number}"));
    numbered.find(|name| !taken(name)).unwrap_or_else(|| format!("{name}-{MAX_SUFFIX}"))
}

/// Friendly words, at least two letters apart from one another.
const ADJECTIVES: &[&str] = &[
    "agile", "airy", "alert", "amber", "arctic", "azure", "balmy", "blithe", "bold", "bonny", "brave", "breezy",
    "bright", "brisk", "bubbly", "calm", "candid", "cheery", "classic", "clean", "clever", "cobalt", "copper",
    "cosmic", "cozy", "crisp", "curious", "dainty", "dapper", "daring", "deft", "dewy", "eager", "early", "earnest",
    "easy", "elegant", "emerald", "epic", "fabled", "fair", "famous", "fancy", "fearless", "festive", "fleet",
    "floral", "fond", "frank", "fresh", "friendly", "frosty", "gallant", "gentle", "gifted", "glad", "glossy",
    "golden", "graceful", "grand", "happy", "hardy", "hearty", "helpful", "honest", "hopeful", "humble", "icy",
    "ideal", "indigo", "ivory", "jade", "jaunty", "jolly", "jovial", "joyful", "jubilant", "keen", "kind", "lavender",
    "leafy", "lilac", "lively", "lofty", "loyal", "lucid", "lucky", "lunar", "magic", "mellow", "merry", "mighty",
    "mild", "minty", "modest", "mossy", "neat", "nimble", "noble", "novel", "opal", "orderly", "patient", "peppy",
    "perky", "placid", "poetic", "polar", "polite", "precise", "prime", "quick", "quiet", "radiant", "rapid", "ready",
    "regal", "robust", "rosy", "ruby", "rustic", "saffron", "sandy", "scarlet", "serene", "sharp", "shiny", "silver",
    "simple", "skilled", "sleek", "smart", "snappy", "snowy", "solid", "sparkly", "spirited", "stable", "starry",
    "steady", "stellar", "sturdy", "sunny", "swift", "tidy", "tranquil", "trusty", "upbeat", "valiant", "velvet",
    "vibrant", "violet", "vivid", "warm", "willing", "winsome", "wise", "witty", "wondrous", "zany", "zesty", "zippy",
];

/// Animals, plants, landscapes and things, at least two letters apart from one another.
const NOUNS: &[&str] = &[
    "acorn", "alder", "almond", "alpaca", "anchor", "antelope", "apple", "apricot", "aspen", "badger", "bamboo",
    "banjo", "basil", "beacon", "beetle", "birch", "bison", "blossom", "boulder", "bramble", "bridge", "brook",
    "cactus", "canyon", "caribou", "cascade", "cedar", "cello", "cheetah", "chipmunk", "cloud", "comet", "compass",
    "condor", "crane", "creek", "cricket", "curlew", "cypress", "dahlia", "daisy", "delta", "dolphin", "dove", "eagle",
    "egret", "elk", "falcon", "fern", "ferret", "finch", "firefly", "fjord", "forest", "fox", "galaxy", "garden",
    "gazelle", "gecko", "geyser", "giraffe", "glacier", "grove", "harbor", "hawk", "hazel", "hedgehog", "heron",
    "holly", "ibis", "iguana", "impala", "island", "jaguar", "jasmine", "juniper", "kangaroo", "kestrel", "kite",
    "koala", "ladybug", "lagoon", "lantern", "lark", "laurel", "lemon", "lemur", "leopard", "lily", "lion", "llama",
    "lobster", "lotus", "lynx", "magpie", "mallard", "manatee", "mango", "mantis", "maple", "marlin", "marmot",
    "meadow", "meteor", "mountain", "myrtle", "narwhal", "nebula", "newt", "nutmeg", "oasis", "ocean", "ocelot",
    "octopus", "okapi", "orbit", "orca", "orchid", "osprey", "otter", "owl", "panda", "papaya", "parrot", "pebble",
    "pelican", "pencil", "penguin", "pine", "planet", "platypus", "plover", "pony", "poplar", "prairie", "primrose",
    "puffin", "puma", "puzzle", "quartz", "quince", "quokka", "rabbit", "rainbow", "reef", "reindeer", "river",
    "robin", "rocket", "rowan", "salmon", "sequoia", "sparrow", "spruce", "squid", "squirrel", "stork", "summit",
    "sunrise", "swan", "tapir", "teapot", "thistle", "tiger", "tortoise", "toucan", "tulip", "tundra", "turtle",
    "valley", "violin", "wallaby", "walnut", "willow", "wombat", "wren", "yak", "yarrow", "zebra",
];

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;
    use crate::command::{MODELS, check_name};

    const AGENTS: [&str; 6] = ["claude", "codex", "gemini", "opencode", "opensre", "host"];

    /// Draws without chance: a linear congruential sequence.
    fn sequence(mut state: u64) -> impl FnMut(usize) -> usize {
        move |below| {
            state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            usize::try_from(state >> 33).unwrap() % below
        }
    }

    #[test]
    fn every_name_that_can_be_proposed_may_be_chosen() {
        for adjective in ADJECTIVES {
            for noun in NOUNS {
                assert_eq!(check_name(&format!("{adjective}-{noun}"), &AGENTS, MODELS), Ok(()));
            }
        }
        assert!(ADJECTIVES.len() * NOUNS.len() > 20_000);
    }

    #[test]
    fn no_two_words_are_mistaken_for_one_another() {
        for words in [ADJECTIVES, NOUNS] {
            for (index, word) in words.iter().enumerate() {
                assert!((3..=8).contains(&word.len()) && word.bytes().all(|b| b.is_ascii_lowercase()), "{word}");
                for other in &words[index + 1..] {
                    assert!(strsim::osa_distance(word, other) >= 2, "{word} {other}");
                }
            }
        }
    }

    #[test]
    fn a_thousand_names_are_all_different() {
        let mut random = sequence(7);
        let mut taken = BTreeSet::new();
        for _ in 0..1_000 {
            let name = propose(&|name| taken.contains(name), &mut random);
            assert!(taken.insert(name));
        }
        assert!(taken.iter().all(|name| !name.bytes().any(|b| b.is_ascii_digit())));
    }

    #[test]
    fn a_number_helps_when_every_draw_is_taken() {
        let name = propose(&|name| !name.ends_with("-3"), &mut |_| 0);
        assert_eq!(name, format!("{}-{}-3", ADJECTIVES[0], NOUNS[0]));
        assert_eq!(check_name(&name, &AGENTS, MODELS), Ok(()));
    }

    #[test]
    fn proposing_ends_even_if_everything_is_taken_and_the_draw_is_out_of_range() {
        let name = propose(&|_| true, &mut |_| usize::MAX);
        assert_eq!(check_name(&name, &AGENTS, MODELS), Ok(()));
    }
}
