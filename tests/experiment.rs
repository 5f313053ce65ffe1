//! The experiment file: read, refused, written.

mod experiment {
    mod arbitrary;
    mod claims;
    mod cures;
    mod faults;
    mod overfitting;
    mod presets;
    mod reading;
    mod training;
}
