//! When a request is sent again, and after which wait.

use std::time::{Duration, SystemTime};

use super::{Headers, date};
use crate::forge::Clock;

/// How long and how often a request is tried.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Patience {
    /// How often a request is sent at most.
    pub attempts: u32,
    /// The first wait after a failure; each further one is twice as long, up to chance.
    pub first_wait: Duration,
    /// The longest single wait, also where a server asks for more: then the request fails and says so.
    pub longest_wait: Duration,
}

impl Default for Patience {
    fn default() -> Self {
        Self { attempts: 5, first_wait: Duration::from_secs(1), longest_wait: Duration::from_secs(300) }
    }
}

impl Patience {
    /// The wait after the failure of `attempt` (from 1): exponential, half of it by chance.
    pub(super) fn backoff(&self, attempt: u32, clock: &dyn Clock) -> Duration {
        let doubled = self.first_wait.saturating_mul(1_u32.checked_shl(attempt.saturating_sub(1)).unwrap_or(u32::MAX));
        doubled.min(self.longest_wait).mul_f64(0.5 + clock.chance().clamp(0.0, 1.0) / 2.0)
    }
}

/// How long a server wants to be left alone, if its answer is that of a rate limit. `Some(None)` where it doesn't say.
///
/// GitHub sends 403 or 429 for both of its limits, with `retry-after`, `x-ratelimit-remaining: 0` and
/// `x-ratelimit-reset`, or for the secondary one only a message (docs.github.com, "Rate limits for the REST API").
/// GitLab sends 429 with `Retry-After` and `RateLimit-Reset`; Bitbucket and Gitea 429; Azure 429 or 503 with `Retry-After`.
pub(super) fn limited(status: u16, headers: &Headers, message: &str, now: SystemTime) -> Option<Option<Duration>> {
    let exhausted = ["x-ratelimit-remaining", "ratelimit-remaining"].iter().any(|name| headers.get(name) == Some("0"));
    let secondary = message.to_ascii_lowercase().contains("rate limit");
    let asked = headers.get("retry-after").and_then(|value| retry_after(value, now));
    let is_limit = match status {
        429 => true,
        403 => exhausted || secondary || asked.is_some(),
        503 => asked.is_some(),
        _ => false,
    };
    let reset = ["x-ratelimit-reset", "ratelimit-reset"].iter().find_map(|name| headers.get(name));
    let until_reset = reset.filter(|_| exhausted).and_then(|value| {
        let at = SystemTime::UNIX_EPOCH + Duration::from_secs(value.trim().parse().ok()?);
        // A second more: the clocks of two machines differ, and the value was cut to whole seconds.
        Some(at.duration_since(now).unwrap_or_default() + Duration::from_secs(1))
    });
    is_limit.then_some(asked.or(until_reset))
}

/// `Retry-After`: seconds or a date (RFC 9110, section 10.2.3).
fn retry_after(value: &str, now: SystemTime) -> Option<Duration> {
    match value.trim().parse() {
        Ok(seconds) => Some(Duration::from_secs(seconds)),
        Err(_) => date::parse(value).map(|at| at.duration_since(now).unwrap_or_default()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn headers(pairs: &[(&str, &str)]) -> Headers {
        Headers::new(pairs.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())))
    }

    fn at(seconds: u64) -> SystemTime {
        SystemTime::UNIX_EPOCH + Duration::from_secs(seconds)
    }

    #[test]
    fn a_server_says_how_long() {
        let wait = |status, pairs: &[(&str, &str)], message| limited(status, &headers(pairs), message, at(784_111_770));
        let seconds = |seconds| Some(Some(Duration::from_secs(seconds)));
        assert_eq!(wait(429, &[("retry-after", "17")], ""), seconds(17));
        assert_eq!(wait(429, &[("retry-after", "Sun, 06 Nov 1994 08:49:37 GMT")], ""), seconds(7));
        assert_eq!(wait(429, &[("retry-after", "Sun, 06 Nov 1984 08:49:37 GMT")], ""), seconds(0));
        assert_eq!(wait(403, &[("x-ratelimit-remaining", "0"), ("x-ratelimit-reset", "784111775")], ""), seconds(6));
        assert_eq!(wait(503, &[("retry-after", "1")], ""), seconds(1));
        assert_eq!(wait(429, &[], ""), Some(None));
        assert_eq!(wait(403, &[], "You have exceeded a secondary rate limit."), Some(None));
        assert_eq!(wait(403, &[("x-ratelimit-remaining", "4999")], "Resource not accessible"), None);
        assert_eq!(wait(503, &[], ""), None);
    }

    struct Fixed(f64);

    impl Clock for Fixed {
        fn now(&self) -> SystemTime {
            at(0)
        }
        fn sleep(&self, _: Duration) {}
        fn chance(&self) -> f64 {
            self.0
        }
    }

    #[test]
    fn waits_double_up_to_a_bound_and_chance_takes_at_most_half() {
        let patience = Patience::default();
        let seconds = |attempt, chance| patience.backoff(attempt, &Fixed(chance)).as_secs_f64();
        assert_eq!([1, 2, 3, 4].map(|attempt| seconds(attempt, 1.0)), [1.0, 2.0, 4.0, 8.0]);
        assert_eq!(seconds(3, 0.0), 2.0);
        assert_eq!(seconds(40, 1.0), 300.0);
    }
}
