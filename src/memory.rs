//! How much memory there is, so that what cannot fit is refused with a figure before it is asked for.

/// Bytes that can be had without swapping; `None` where the system does not say.
pub fn available() -> Option<u64> {
    let text = std::fs::read_to_string("/proc/meminfo").ok()?;
    from_meminfo(&text)
}

/// `MemAvailable` of Linux's /proc/meminfo, which counts in units of 1024 bytes.
fn from_meminfo(text: &str) -> Option<u64> {
    let rest = text
        .lines()
        .find_map(|line| line.strip_prefix("MemAvailable:"))?;
    rest.split_whitespace()
        .next()?
        .parse::<u64>()
        .ok()?
        .checked_mul(1024)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn meminfo_is_read_in_bytes() {
        let text = "MemTotal:       24640000 kB\nMemFree:  1 kB\nMemAvailable:   16000000 kB\n";
        assert_eq!(from_meminfo(text), Some(16_384_000_000));
        assert_eq!(from_meminfo("nothing"), None);
        assert_eq!(from_meminfo("MemAvailable: 99999999999999999999 kB"), None);
    }
}
