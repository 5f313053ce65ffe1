//! The experiment file: read, refused, written.

mod experiment {
    mod arbitrary;
    mod faults;
    mod presets;
    mod reading;
}
