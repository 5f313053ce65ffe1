//! Numbers and layers in sentences.

/// Layers (from 0, ascending) of a network of `count` as a person counts them: "layer 1", "layers 1 to 10", "the output
/// layer".
pub fn layers(indices: &[usize], count: usize) -> String {
    match indices {
        [one] if *one + 1 == count => "the output layer".to_string(),
        [one] => format!("layer {}", one + 1),
        several => format!("layers {}", listed(&spans(several))),
    }
}

fn spans(indices: &[usize]) -> Vec<String> {
    let mut spans: Vec<(usize, usize)> = Vec::new();
    for &index in indices {
        match spans.last_mut() {
            Some(span) if span.1 + 1 == index => span.1 = index,
            _ => spans.push((index, index)),
        }
    }
    spans
        .into_iter()
        .flat_map(|(first, last)| match last - first {
            0 => vec![(first + 1).to_string()],
            1 => vec![(first + 1).to_string(), (last + 1).to_string()],
            _ => vec![format!("{} to {}", first + 1, last + 1)],
        })
        .collect()
}

fn listed(parts: &[String]) -> String {
    match parts {
        [] => String::new(),
        [one] => one.clone(),
        [first @ .., last] => format!("{} and {last}", first.join(", ")),
    }
}

/// A verb after [`layers`]: the first form for one layer, the second for several.
pub fn verb<'a>(indices: &[usize], one: &'a str, several: &'a str) -> &'a str {
    if indices.len() == 1 { one } else { several }
}

/// A magnitude in two digits: 0.73, 12, 4.1e-9.
pub fn number(x: f64) -> String {
    let size = x.abs();
    if size == 0.0 || !x.is_finite() {
        return format!("{x}");
    }
    if !(1e-3..1e4).contains(&size) {
        return format!("{x:.1e}");
    }
    let digits = (1 - size.log10().floor() as i32).max(0) as usize;
    format!("{x:.digits$}")
}

/// A magnitude as a power of ten: 10^-8.3; 0 as it is.
pub fn power(x: f64) -> String {
    if x == 0.0 || !x.is_finite() {
        return number(x);
    }
    // Adding 0.0 turns -0 into 0.
    format!("10^{:.1}", (x.abs().log10() * 10.0).round() / 10.0 + 0.0)
}

pub fn percent(share: f64) -> String {
    format!("{:.0} %", 100.0 * share)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn layers_as_a_person_says_them() {
        assert_eq!(layers(&[0], 11), "layer 1");
        assert_eq!(layers(&[10], 11), "the output layer");
        assert_eq!(layers(&[0, 1, 2, 3], 11), "layers 1 to 4");
        assert_eq!(layers(&[0, 1], 11), "layers 1 and 2");
        assert_eq!(layers(&[0, 2, 3, 4, 8], 11), "layers 1, 3 to 5 and 9");
    }

    #[test]
    fn numbers_in_two_digits() {
        assert_eq!(number(0.7312), "0.73");
        assert_eq!(number(12.4), "12");
        assert_eq!(number(1234.0), "1234");
        assert_eq!(number(4.12e-9), "4.1e-9");
        assert_eq!(number(0.0), "0");
        assert_eq!(number(f64::INFINITY), "inf");
        assert_eq!(power(5.2e-9), "10^-8.3");
        assert_eq!(power(0.97), "10^0.0");
        assert_eq!(power(0.0), "0");
    }
}
