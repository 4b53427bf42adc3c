use std::{fmt, str::FromStr};

use super::target::digest;

/// One part of a fleet: the same repositories on every machine, whatever else is in the list.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Shard {
    index: u64,
    count: u64,
}

impl Shard {
    /// Whether the repository with this [name](super::Target::name) belongs to it: the first 16 hexadecimal digits of what
    /// `printf %s NAME | git hash-object --stdin` prints, as a number, modulo the count of shards, plus one.
    #[must_use]
    pub fn has(self, name: &str) -> bool {
        digest(name) % self.count + 1 == self.index
    }
}

impl FromStr for Shard {
    type Err = String;

    /// Reads `3/10`: the third of ten.
    fn from_str(text: &str) -> Result<Self, String> {
        let parse = |part: &str| part.parse::<u64>().ok();
        match text.split_once('/').map(|(index, count)| (parse(index), parse(count))) {
            Some((Some(index), Some(count))) if (1..=count).contains(&index) => Ok(Self { index, count }),
            _ => Err("a shard is written like `3/10`: the third of ten".to_owned()),
        }
    }
}

impl fmt::Display for Shard {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.index, self.count)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_repository_is_in_exactly_one_shard_and_they_are_of_a_size() {
        let shards: Vec<Shard> = (1..=10).map(|index| format!("{index}/10").parse().unwrap()).collect();
        let mut sizes = vec![0; 10];
        for number in 0..1000 {
            let name = format!("github.com/acme/service-{number}");
            let having: Vec<usize> = (0..10).filter(|index| shards[*index].has(&name)).collect();
            assert_eq!(having.len(), 1, "{name}");
            sizes[having[0]] += 1;
        }
        assert!(sizes.iter().all(|size| (60..140).contains(size)), "{sizes:?}");
    }

    #[test]
    fn the_shard_of_a_name_never_changes() {
        // printf %s github.com/acme/shop | git hash-object --stdin
        assert_eq!(digest("github.com/acme/shop"), u64::from_str_radix(SHOP, 16).unwrap());
        for wrong in ["0/3", "4/3", "1", "a/b", "1/0", "-1/2"] {
            assert!(wrong.parse::<Shard>().is_err(), "{wrong}");
        }
    }

    const SHOP: &str = "44e3cb886b6a9851";
}
