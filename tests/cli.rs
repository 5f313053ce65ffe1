//! The program as it is started from a shell.

mod cli {
    mod commands;
    mod manners;
    pub mod program;
    mod refused;
}
