//! What the screen shows.

use super::bench::{Bench, running};

#[test]
fn print() {
    for (w, h) in [(120, 36), (80, 24), (60, 16), (40, 12)] {
        println!("{}\n", running(w, h).text());
    }
    println!("{}\n", running(120, 36).keys("enter").text());
    println!("{}\n", running(120, 36).keys("A r e l").text());
    println!("{}\n", running(120, 36).keys("?").text());
    let _ = Bench::new();
}
