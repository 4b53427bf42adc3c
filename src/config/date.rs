use std::{fmt, str::FromStr};

use serde::{Deserialize, Deserializer, de::Error as _};

/// A day of the calendar: `2027-03-31`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Date {
    year: u16,
    month: u8,
    day: u8,
}

impl Date {
    /// The day in UTC that is `days` after the first of January 1970 (the algorithm of Howard Hinnant's
    /// "chrono-Compatible Low-Level Date Algorithms").
    #[must_use]
    pub fn of_days(days: u32) -> Self {
        let shifted = days + 719_468;
        let (era, of_era) = (shifted / 146_097, shifted % 146_097);
        let year_of_era = (of_era - of_era / 1_460 + of_era / 36_524 - of_era / 146_096) / 365;
        let of_year = of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
        let from_march = (5 * of_year + 2) / 153;
        let day = of_year - (153 * from_march + 2) / 5 + 1;
        let month = if from_march < 10 { from_march + 3 } else { from_march - 9 };
        let year = year_of_era + era * 400 + u32::from(month <= 2);
        let narrow = |number: u32| u8::try_from(number).unwrap_or_default();
        Self { year: u16::try_from(year).unwrap_or_default(), month: narrow(month), day: narrow(day) }
    }
}

impl FromStr for Date {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let parse = || {
            let mut parts = text.split('-');
            let (year, month, day) = (parts.next()?, parts.next()?, parts.next()?);
            let widths = (year.len(), month.len(), day.len()) == (4, 2, 2) && parts.next().is_none();
            let digits = text.bytes().all(|byte| byte == b'-' || byte.is_ascii_digit());
            let date = Self { year: year.parse().ok()?, month: month.parse().ok()?, day: day.parse().ok()? };
            let longest = match date.month {
                2 => 29,
                4 | 6 | 9 | 11 => 30,
                _ => 31,
            };
            let exists = (1..=12).contains(&date.month) && (1..=longest).contains(&date.day);
            (widths && digits && exists).then_some(date)
        };
        parse().ok_or("a date is written like `2027-03-31`")
    }
}

impl fmt::Display for Date {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:04}-{:02}-{:02}", self.year, self.month, self.day)
    }
}

impl<'de> Deserialize<'de> for Date {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer)?.parse().map_err(D::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn days_are_counted_from_1970() {
        for (days, text) in [(0, "1970-01-01"), (59, "1970-03-01"), (11_016, "2000-02-29"), (20_909, "2027-04-01")] {
            assert_eq!(Date::of_days(days).to_string(), text);
            assert_eq!(text.parse(), Ok(Date::of_days(days)));
        }
        for text in ["", "2027-4-01", "2027-13-01", "2027-02-30", "27-02-03", "2027-02-01-02", "tomorrow"] {
            assert!(text.parse::<Date>().is_err(), "{text}");
        }
    }
}
