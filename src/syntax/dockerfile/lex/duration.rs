//! Go's durations, as the flags of `HEALTHCHECK` use them.

/// The duration `text` in nanoseconds; `None` where Go's `time.ParseDuration` refuses it.
pub(in crate::syntax::dockerfile) fn nanoseconds(text: &str) -> Option<f64> {
    let unsigned = text.strip_prefix(['+', '-']).unwrap_or(text);
    let sign = if text.starts_with('-') { -1.0 } else { 1.0 };
    if unsigned == "0" {
        return Some(0.0);
    }
    let mut rest = unsigned;
    let mut total = 0.0;
    while !rest.is_empty() || total == 0.0 {
        let number = rest.len() - rest.trim_start_matches(|char: char| char.is_ascii_digit() || char == '.').len();
        let amount: f64 = rest.get(..number)?.parse().ok()?;
        rest = rest.get(number..)?;
        let unit = rest.find(|char: char| char.is_ascii_digit() || char == '.').unwrap_or(rest.len());
        total += amount * unit_nanoseconds(rest.get(..unit)?)?;
        rest = rest.get(unit..)?;
        if rest.is_empty() {
            break;
        }
    }
    Some(sign * total)
}

fn unit_nanoseconds(unit: &str) -> Option<f64> {
    Some(match unit {
        "ns" => 1.0,
        "us" | "\u{b5}s" | "\u{3bc}s" => 1e3,
        "ms" => 1e6,
        "s" => 1e9,
        "m" => 60e9,
        "h" => 3600e9,
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations_are_read_as_in_go() {
        assert_eq!(nanoseconds("1m30s"), Some(90e9));
        assert_eq!(nanoseconds("-.5ms"), Some(-5e5));
        assert_eq!(nanoseconds("0"), Some(0.0));
        for wrong in ["", "1", "s", ".s", "1d", "1.2.3s"] {
            assert_eq!(nanoseconds(wrong), None, "{wrong}");
        }
    }
}
