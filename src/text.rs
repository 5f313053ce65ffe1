//! Strings from outside, made safe to show: nothing in them acts on a terminal or turns the reading direction around.

/// Characters that change how a line reads without being seen: bidirectional controls (Unicode TR9, "Trojan Source"),
/// line and paragraph separators, zero-width joints and the byte-order mark.
pub fn hides(c: char) -> bool {
    matches!(c, '\u{061c}' | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{feff}')
}

/// `text` on one line, at most `max` characters, controls written as `\u{1b}`; a tab or line end becomes a blank.
/// What is cut is marked by `…`.
pub fn clean(text: &str, max: usize) -> String {
    let mut out = String::new();
    for (count, c) in text.chars().enumerate() {
        if count == max {
            out.push('…');
            break;
        }
        match c {
            '\n' | '\t' | '\r' => out.push(' '),
            c => push_visible(&mut out, c),
        }
    }
    out
}

/// What acts on a terminal or changes how a line reads.
pub fn is_hostile(c: char) -> bool {
    c.is_control() || hides(c)
}

/// What acts on a terminal or hides, as its escape.
fn push_visible(out: &mut String, c: char) {
    match is_hostile(c) {
        true => out.extend(c.escape_unicode()),
        false => out.push(c),
    }
}

/// `text` on as many lines as it has, whatever acts on a terminal written as `\u{1b}`.
pub fn printable(text: &str) -> String {
    let mut out = String::new();
    for c in text.chars() {
        match c {
            '\n' => out.push(c),
            c => push_visible(&mut out, c),
        }
    }
    out
}

/// JSON whose texts act on no terminal: the controls above ASCII, which JSON allows as they are, escaped its own way.
pub fn printable_json(json: &str) -> String {
    let mut out = String::new();
    for c in json.chars() {
        if c > '\u{7e}' && is_hostile(c) {
            out += &format!("\\u{:04x}", u32::from(c));
        } else {
            out.push(c);
        }
    }
    out
}

/// "1 step", "2 steps".
pub fn counted(n: u64, what: &str) -> String {
    format!("{n} {what}{}", if n == 1 { "" } else { "s" })
}

/// How long ago something was: "3 h ago".
pub fn age(age: std::time::Duration) -> String {
    let minutes = age.as_secs() / 60;
    match minutes {
        0 => "just now".into(),
        1..60 => format!("{minutes} min ago"),
        60..2880 => format!("{} h ago", minutes / 60),
        _ => format!("{} days ago", minutes / 1440),
    }
}

/// A word in a message: clean, short, between backquotes.
pub fn quote(text: &str) -> String {
    format!("`{}`", clean(text, 60))
}

/// The candidate nearest to a misspelt word, where one is near enough to be meant.
pub fn nearest<'a>(word: &str, candidates: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    // Longer words take no part: the comparison grows with the product of the lengths.
    const LONGEST: usize = 100;
    if word.len() > LONGEST {
        return None;
    }
    candidates
        .into_iter()
        .filter(|c| c.len() <= LONGEST)
        .map(|c| {
            (
                strsim::jaro_winkler(&word.to_lowercase(), &c.to_lowercase()),
                c,
            )
        })
        .filter(|(likeness, _)| *likeness >= 0.75)
        .max_by(|a, b| a.0.total_cmp(&b.0))
        .map(|(_, c)| c)
}

/// A number as a person writes it: plain where that is short, with an exponent where it is not. Reads back exactly.
pub fn number(v: f64) -> String {
    let size = v.abs();
    if v == 0.0 || (1e-4..1e7).contains(&size) || !v.is_finite() {
        format!("{v}")
    } else {
        format!("{v:e}")
    }
}

/// 1234567 as "1,234,567".
pub fn thousands(n: u128) -> String {
    let digits = n.to_string();
    let mut out = String::new();
    for (i, c) in digits.chars().enumerate() {
        if i > 0 && (digits.len() - i).is_multiple_of(3) {
            out.push(',');
        }
        out.push(c);
    }
    out
}

/// A number of bytes in the unit that reads best, e.g. "3.7 GB" (powers of 1000).
pub fn bytes(n: u128) -> String {
    let units = ["bytes", "kB", "MB", "GB", "TB", "PB", "EB", "ZB", "YB"];
    let mut value = n as f64;
    let mut unit = 0;
    while value >= 999.5 && unit + 1 < units.len() {
        value /= 1000.0;
        unit += 1;
    }
    if unit == 0 || value >= 99.5 {
        format!("{value:.0} {}", units[unit])
    } else {
        format!("{value:.1} {}", units[unit])
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn controls_and_direction_marks_become_visible() {
        let shown = clean("a\u{1b}[31m\u{202e}b\u{9b}\nc", 100);
        assert_eq!(shown, "a\\u{1b}[31m\\u{202e}b\\u{9b} c");
    }

    #[test]
    fn printable_text_keeps_its_lines_and_loses_its_controls() {
        assert_eq!(
            printable("a\u{1b}]0;b\u{7}\nc\u{2066}"),
            "a\\u{1b}]0;b\\u{7}\nc\\u{2066}"
        );
    }

    #[test]
    fn printable_json_reads_back_the_same() {
        let text = "a\u{1b}\u{7f}\u{9b}\u{202e}b\u{feff}ä";
        let json = printable_json(&serde_json::to_string(text).expect("json"));
        assert_eq!(printable(&json), json);
        assert_eq!(serde_json::from_str::<String>(&json).expect("json"), text);
    }

    #[test]
    fn long_text_is_cut_with_a_mark() {
        assert_eq!(clean(&"x".repeat(1_000_000), 3), "xxx…");
        assert_eq!(clean("xxx", 3), "xxx");
    }

    #[test]
    fn a_slip_finds_the_word_that_was_meant() {
        assert_eq!(nearest("targt", ["age", "target"]), Some("target"));
        assert_eq!(nearest("Age", ["age", "target"]), Some("age"));
        assert_eq!(nearest("zzz", ["age", "target"]), None);
        assert_eq!(nearest(&"a".repeat(1 << 20), ["age"]), None);
    }

    #[test]
    fn figures_read_well() {
        assert_eq!(thousands(4_000_000_000), "4,000,000,000");
        assert_eq!(thousands(999), "999");
        assert_eq!(bytes(3_700_000_000), "3.7 GB");
        assert_eq!(bytes(12), "12 bytes");
        assert_eq!(bytes(999_600), "1.0 MB");
    }

    #[test]
    fn numbers_read_back_exactly() {
        for v in [0.1, 1e-8, 1e300, -2.5, 1.0 / 3.0, 0.0] {
            assert_eq!(number(v).parse::<f64>(), Ok(v));
        }
    }
}
