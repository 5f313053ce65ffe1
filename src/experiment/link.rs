//! A whole experiment as one line that can be pasted: `gl1:` and its file, deflated, in base64url.

use super::document::LONGEST;
use super::parse::parse;
use super::schema::Experiment;
use super::write::to_toml;
use crate::text::{bytes, thousands};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use flate2::Compression;
use flate2::read::{DeflateDecoder, DeflateEncoder};
use std::io::Read;
use thiserror::Error;

/// What a link starts with: the product and the link's version.
pub const PREFIX: &str = "gl1:";
/// The longest link that is read, in characters.
const LONGEST_LINK: usize = 1 << 20;

/// Why a pasted line is no experiment.
#[derive(Debug, Error)]
pub enum LinkError {
    #[error("not a link: a link starts with `{PREFIX}`")]
    NoLink,
    #[error(
        "this link is of another version: this program reads `{PREFIX}`, a newer gradlab may read it"
    )]
    Version,
    #[error("a link of {} characters is longer than any experiment needs: at most {}", thousands(*.0 as u128), thousands(LONGEST_LINK as u128))]
    TooLong(usize),
    #[error("the link is damaged ({0}): copy it whole, from `{PREFIX}` to its end")]
    Damaged(&'static str),
    #[error("the link unpacks to more than {}, which is no experiment", bytes(LONGEST as u128))]
    TooLarge,
    #[error("the link holds a file with faults:\n{0}")]
    Faults(#[from] super::fault::Faults),
}

/// The experiment as a link.
pub fn encode(experiment: &Experiment) -> String {
    let mut packed = Vec::new();
    let text = to_toml(experiment);
    let mut packer = DeflateEncoder::new(text.as_bytes(), Compression::best());
    // Reading from memory into memory has no way to fail.
    let _ = packer.read_to_end(&mut packed);
    format!("{PREFIX}{}", URL_SAFE_NO_PAD.encode(packed))
}

/// The file's text in a link. Blanks and line ends are passed over, since terminals and letters break long lines.
///
/// # Errors
/// A line that is no link, damaged, or too large.
pub fn text_of(link: &str) -> Result<String, LinkError> {
    if link.len() > LONGEST_LINK {
        return Err(LinkError::TooLong(link.len()));
    }
    let link: String = link.chars().filter(|c| !c.is_whitespace()).collect();
    let Some(packed) = link.strip_prefix(PREFIX) else {
        let version = link
            .strip_prefix("gl")
            .and_then(|rest| rest.split_once(':'));
        let other =
            version.is_some_and(|(n, _)| !n.is_empty() && n.bytes().all(|b| b.is_ascii_digit()));
        return Err(if other {
            LinkError::Version
        } else {
            LinkError::NoLink
        });
    };
    let packed = URL_SAFE_NO_PAD
        .decode(packed.trim_end_matches('='))
        .map_err(|_| LinkError::Damaged("it holds other characters than a link's"))?;
    let mut text = Vec::new();
    DeflateDecoder::new(&packed[..])
        .take(LONGEST as u64 + 1)
        .read_to_end(&mut text)
        .map_err(|_| LinkError::Damaged("it does not unpack"))?;
    if text.len() > LONGEST {
        return Err(LinkError::TooLarge);
    }
    String::from_utf8(text).map_err(|_| LinkError::Damaged("it is not text"))
}

/// The experiment in a link.
///
/// # Errors
/// A line that is no link, damaged, too large, or a file with faults.
pub fn decode(link: &str) -> Result<Experiment, LinkError> {
    Ok(parse(&text_of(link)?, "link")?)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::data::DataKind;

    #[test]
    fn a_link_gives_the_experiment_back_even_when_it_was_broken_over_lines() {
        let experiment = Experiment::on(DataKind::Wine {});
        let link = encode(&experiment);
        assert!(link.starts_with("gl1:") && !link.contains(['+', '/', '=']));
        let broken = format!(" {}\n  {}\n", &link[..10], &link[10..]);
        assert_eq!(decode(&broken).ok(), Some(experiment));
    }

    #[test]
    fn what_is_no_link_is_refused() {
        assert!(matches!(decode("hello"), Err(LinkError::NoLink)));
        assert!(matches!(decode("gl2:abc"), Err(LinkError::Version)));
        assert!(matches!(decode("gl1:a*c"), Err(LinkError::Damaged(_))));
        assert!(matches!(
            decode(&"x".repeat(2 << 20)),
            Err(LinkError::TooLong(_))
        ));
        let link = encode(&Experiment::on(DataKind::Wine {}));
        assert!(decode(&link[..link.len() - 6]).is_err());
    }

    #[test]
    fn a_link_that_unpacks_without_end_is_cut_off() {
        let mut packed = Vec::new();
        let zeros = std::io::repeat(b' ').take(64 << 20);
        DeflateEncoder::new(zeros, Compression::best())
            .read_to_end(&mut packed)
            .expect("memory");
        let link = format!("gl1:{}", URL_SAFE_NO_PAD.encode(packed));
        assert!(link.len() < LONGEST_LINK);
        assert!(matches!(decode(&link), Err(LinkError::TooLarge)));
    }
}
