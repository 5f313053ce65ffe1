//! What has to hold for every input of a parser: an answer, no panic, memory that the input's size justifies, and messages
//! that are fit for a terminal.

pub mod data;
mod memory;
pub mod tensors;
pub mod text;

/// One input through one target, under the memory's limit.
pub fn run(target: fn(&[u8]), input: &[u8]) {
    memory::within(input.len(), || target(input));
}

/// A message reaches the terminal as it is: nothing in it acts on one.
pub fn fit_to_print(message: &str) {
    let bad = message.chars().find(|&c| c != '\n' && (c.is_control() || gradlab::text::hides(c)));
    assert_eq!(bad, None, "{message:?}");
}

/// A message about one fault: also short.
pub fn short_and_fit_to_print(message: &str) {
    fit_to_print(message);
    assert!(message.len() < 4000, "{message}");
}

/// Splits off the first byte, which chooses how the rest is wrapped.
fn choice(input: &[u8]) -> (u8, &[u8]) {
    match input {
        [first, rest @ ..] => (*first, rest),
        [] => (0, input),
    }
}
