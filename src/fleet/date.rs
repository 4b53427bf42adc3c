use std::time::{SystemTime, UNIX_EPOCH};

/// The seconds since 1970 (UTC).
#[must_use]
pub fn now() -> u64 {
    SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |since| since.as_secs())
}

/// The day that `seconds` since 1970 are in, in UTC: `2026-01-31`. The arithmetic is that of Howard Hinnant's
/// `civil_from_days`.
#[must_use]
pub fn day(seconds: u64) -> String {
    let days = seconds / 86_400 + 719_468;
    let (era, of_era) = (days / 146_097, days % 146_097);
    let year_of_era = (of_era - of_era / 1_460 + of_era / 36_524 - of_era / 146_096) / 365;
    let of_year = of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let shifted = (5 * of_year + 2) / 153;
    let day = of_year - (153 * shifted + 2) / 5 + 1;
    let month = if shifted < 10 { shifted + 3 } else { shifted - 9 };
    let year = year_of_era + era * 400 + u64::from(month <= 2);
    format!("{year:04}-{month:02}-{day:02}")
}

/// The same with the time: `2026-01-31 23:59 UTC`.
#[must_use]
pub fn timestamp(seconds: u64) -> String {
    format!("{} {:02}:{:02} UTC", day(seconds), seconds / 3_600 % 24, seconds / 60 % 60)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn days_are_those_of_the_calendar() {
        // date -u -d @SECONDS
        for (seconds, expected) in [(0, "1970-01-01"), (951_782_400, "2000-02-29"), (1_798_761_599, "2026-12-31")] {
            assert_eq!(day(seconds), expected);
        }
        assert_eq!(timestamp(951_782_400 + 3_660), "2000-02-29 01:01 UTC");
    }
}
