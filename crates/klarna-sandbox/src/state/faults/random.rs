//! Chance that can be repeated: what happens to the n-th of something depends on the seed and on n,
//! never on time or threads.

/// The generator `SplitMix64` (Steele, Lea and Flood, 2014). Written here since the same seed has to give the same
/// numbers in every version, which no crate for random numbers promises; its n-th number can be
/// had without those before it, so that nothing but a count needs to be kept.
pub(crate) struct SplitMix64(u64);

/// What its state grows by with each number.
const GAMMA: u64 = 0x9e37_79b9_7f4a_7c15;

impl SplitMix64 {
    pub(crate) fn new(seed: u64) -> Self {
        Self(seed)
    }

    /// A seed's n-th number, counted from 1.
    pub(crate) fn nth(seed: u64, n: u64) -> u64 {
        Self(seed.wrapping_add(GAMMA.wrapping_mul(n.wrapping_sub(1)))).next()
    }

    pub(crate) fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(GAMMA);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    /// A whole number from 0 to `max`.
    pub(crate) fn up_to(&mut self, max: u64) -> u64 {
        let number = self.next();
        max.checked_add(1).map_or(number, |count| number % count)
    }
}

/// Whether a number means that something of this probability happens: never for 0, always for 1.
#[expect(clippy::cast_precision_loss, reason = "53 bits are what a float holds exactly")]
pub(crate) fn happens(number: u64, probability: f64) -> bool {
    const STEPS: f64 = (1_u64 << 53) as f64;
    ((number >> 11) as f64 / STEPS) < probability
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_numbers_are_those_of_the_published_generator() {
        let published = [
            6_457_827_717_110_365_317,
            3_203_168_211_198_807_973,
            9_817_491_932_198_370_423,
            4_593_380_528_125_082_431,
            16_408_922_859_458_223_821,
        ];
        let mut numbers = SplitMix64::new(1_234_567);
        assert_eq!(published.map(|_| numbers.next()), published);
        for (n, number) in (1..).zip(published) {
            assert_eq!(SplitMix64::nth(1_234_567, n), number);
        }
    }

    #[test]
    fn what_never_and_what_always_happens() {
        let numbers = || (1..=10_000).map(|n| SplitMix64::nth(7, n));
        assert!(!numbers().any(|it| happens(it, 0.0)));
        assert!(numbers().all(|it| happens(it, 1.0)));
        assert!(happens(u64::MAX, 1.0));
        let struck = numbers().filter(|it| happens(*it, 0.25)).count();
        assert!((2300..2700).contains(&struck), "{struck}");
    }

    #[test]
    fn a_number_up_to_another() {
        let mut numbers = SplitMix64::new(7);
        let drawn: std::collections::BTreeSet<u64> = (0..100).map(|_| numbers.up_to(2)).collect();
        assert_eq!(drawn.into_iter().collect::<Vec<_>>(), [0, 1, 2]);
        assert_eq!(numbers.up_to(0), 0);
        assert_ne!(numbers.up_to(u64::MAX), numbers.up_to(u64::MAX));
    }
}
