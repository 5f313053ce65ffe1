//! What the command line may say.

use crate::tui::glyphs::Glyphs;
use crate::tui::key::Key;
use crate::tui::theme::ThemeName;
use clap::{Args, Parser, Subcommand, ValueEnum};
use std::ffi::OsString;
use std::path::PathBuf;

const STATUSES: &str = "\
Exit status: 0 done; 1 the run failed; 2 the command line or the experiment file is wrong; 3 the run diverged; \
75 stopped by a signal after saving a checkpoint (run it again to go on).

Configuration: gradlab/config.toml in ~/.config, or in $XDG_CONFIG_HOME (on Windows in %APPDATA%): theme = \"light\", \
glyphs = \"block\", mouse = false, and a table [keys] of actions, e.g. run-pause = [\"ctrl-p\", \"space\"].";

/// A workbench for gradient flow: build a network, train it, see where the gradient goes
#[derive(Debug, Parser)]
#[command(name = "gradlab", version, after_long_help = STATUSES, disable_help_subcommand = true)]
pub struct Cli {
    /// An experiment file, a preset's name, or `-` for standard input
    #[arg(value_name = "EXPERIMENT")]
    pub experiment: Option<String>,
    #[command(flatten)]
    pub common: Common,
    #[command(flatten)]
    pub workbench: WorkbenchArgs,
    #[command(subcommand)]
    pub command: Option<Command>,
}

/// What the workbench takes, with a command that opens it or none.
#[derive(Args, Clone, Debug, Default)]
pub struct WorkbenchArgs {
    /// Leave the mouse to the terminal, e.g. for selecting text
    #[arg(long)]
    pub no_mouse: bool,
    /// dark, light, colour-blind, 16-colour or mono [default: the configuration's, else dark]
    #[arg(long, value_name = "NAME")]
    pub theme: Option<ThemeName>,
    /// braille, block or ascii [default: the configuration's, else braille, and ascii on the Linux console]
    #[arg(long, value_name = "NAME")]
    pub glyphs: Option<Glyphs>,
}

impl WorkbenchArgs {
    /// What is said after a command holds before what is said ahead of it.
    pub fn or(&self, ahead: &Self) -> Self {
        Self {
            no_mouse: self.no_mouse || ahead.no_mouse,
            theme: self.theme.or(ahead.theme),
            glyphs: self.glyphs.or(ahead.glyphs),
        }
    }
}

#[derive(Debug, Subcommand)]
pub enum Command {
    Check(CheckArgs),
    List(ListArgs),
    Show(ShowArgs),
    Run(RunArgs),
    Export(ExportArgs),
    Shot(ShotArgs),
    Probe(ProbeArgs),
    Open(OpenArgs),
    Tour(TourArgs),
    Resume(ResumeArgs),
    Completions(CompletionsArgs),
    /// Print the manual page (`gradlab man | man -l -`)
    Man,
}

/// What every command takes.
#[derive(Args, Clone, Debug, Default)]
pub struct Common {
    /// Change a key of the experiment, e.g. training.optimizer.learning_rate=0.01 or network.layers.0.units=50; repeatable
    #[arg(long = "set", value_name = "KEY=VALUE", global = true)]
    pub set: Vec<String>,
    /// Use this seed instead of the experiment's
    #[arg(long, value_name = "N", global = true)]
    pub seed: Option<u64>,
    /// Most threads that a step may use [default: what the processor has, at most 4, where they make it faster]; the numbers do not depend on it
    #[arg(long, value_name = "N", global = true, value_parser = at_least_one)]
    pub threads: Option<usize>,
    /// When to use colour
    #[arg(long, value_name = "WHEN", value_enum, default_value_t, global = true)]
    pub color: ColorChoice,
}

fn at_least_one(text: &str) -> Result<usize, String> {
    match text.parse::<usize>() {
        Ok(0) => Err("must be at least 1".into()),
        Ok(n) => Ok(n),
        Err(e) => Err(e.to_string()),
    }
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub enum ColorChoice {
    /// On a terminal, unless NO_COLOR is set
    #[default]
    Auto,
    Always,
    Never,
}

impl ColorChoice {
    /// What the arguments ask for, found before they are parsed, since the parser's own errors are coloured too.
    pub fn asked(args: &[OsString]) -> Self {
        let mut choice = Self::Auto;
        let mut args = args.iter().filter_map(|a| a.to_str());
        while let Some(arg) = args.next() {
            let value = match arg {
                "--" => break,
                "--color" => args.next(),
                _ => arg.strip_prefix("--color="),
            };
            match value {
                Some("always") => choice = Self::Always,
                Some("never") => choice = Self::Never,
                Some("auto") => choice = Self::Auto,
                _ => {}
            }
        }
        choice
    }

    /// Whether to colour what goes to a terminal, or to something else (<https://no-color.org>).
    pub fn on(self, terminal: bool) -> bool {
        let set = |name| std::env::var_os(name).is_some_and(|v| !v.is_empty());
        match self {
            Self::Always => true,
            Self::Never => false,
            Self::Auto => {
                terminal && !set("NO_COLOR") && std::env::var_os("TERM").is_none_or(|t| t != "dumb")
            }
        }
    }
}

/// Validate experiment files: every fault with line and column, and advice
#[derive(Args, Clone, Debug)]
pub struct CheckArgs {
    /// Experiment files, presets' names, or `-` for standard input
    #[arg(value_name = "EXPERIMENT", required = true)]
    pub experiments: Vec<String>,
}

/// List presets, and every thing that an experiment can name, with its parameters
#[derive(Args, Clone, Debug)]
pub struct ListArgs {
    /// What to list [default: everything]
    #[arg(value_name = "KIND", value_enum)]
    pub kind: Option<Kind>,
    /// As one JSON array
    #[arg(long)]
    pub json: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Kind {
    Presets,
    Activations,
    Initializers,
    Optimizers,
    Schedules,
    Datasets,
    Losses,
    Norms,
    Clips,
    Cells,
}

/// Print a preset's file (`gradlab show spiral > my.toml`, and edit)
#[derive(Args, Clone, Debug)]
pub struct ShowArgs {
    #[arg(value_name = "PRESET")]
    pub preset: String,
}

/// Print shell completions
#[derive(Args, Clone, Debug)]
pub struct CompletionsArgs {
    pub shell: clap_complete::Shell,
}

/// Train without the workbench
#[derive(Args, Clone, Debug)]
pub struct RunArgs {
    /// An experiment file, a preset's name, or `-` for standard input
    #[arg(value_name = "EXPERIMENT")]
    pub experiment: String,
    /// Train until this step, instead of the file's steps or epochs
    #[arg(long, value_name = "N")]
    pub steps: Option<u64>,
    /// Train until this epoch, instead of the file's steps or epochs
    #[arg(long, value_name = "N")]
    pub epochs: Option<u64>,
    /// Start from these weights (safetensors)
    #[arg(long, value_name = "FILE")]
    pub weights: Option<PathBuf>,
    /// Write the weights at the end (safetensors): the last step's, or where patience ended the run the best step's,
    /// which the last line of --format jsonl names as `restored`
    #[arg(long, value_name = "FILE")]
    pub save_weights: Option<PathBuf>,
    /// Write a checkpoint to this file every minute, at the end and on a signal; the same command goes on with a
    /// run that had not ended
    #[arg(long, value_name = "FILE")]
    pub checkpoint: Option<PathBuf>,
    /// Go on from this checkpoint of the same experiment: from its last step, also where patience had gone back to the best
    /// weights
    #[arg(long, value_name = "FILE")]
    pub resume: Option<PathBuf>,
    /// Report every so many steps [default: every epoch; as text about twenty times a run]
    #[arg(long, value_name = "K", value_parser = clap::value_parser!(u64).range(1..))]
    pub every: Option<u64>,
    /// How to report; numbers that are not finite are null in JSON and empty in CSV
    #[arg(long, value_enum, default_value_t)]
    pub format: ReportFormat,
    /// Write the report to this file instead of standard output; a run that goes on goes on with it, too
    #[arg(long, value_name = "FILE")]
    pub out: Option<PathBuf>,
    /// Report nothing but errors
    #[arg(long)]
    pub quiet: bool,
    /// Write TensorBoard's event files to this folder as well
    #[arg(long, value_name = "DIR")]
    pub tensorboard: Option<PathBuf>,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub enum ReportFormat {
    #[default]
    Text,
    /// One JSON object a line
    Jsonl,
    Csv,
}

/// Draw the weights, take one batch forward and back, print every layer's statistics beside theory's prediction
#[derive(Args, Clone, Debug)]
pub struct ProbeArgs {
    /// An experiment file, a preset's name, or `-` for standard input
    #[arg(value_name = "EXPERIMENT")]
    pub experiment: String,
    /// Take these weights (safetensors) instead of drawing them
    #[arg(long, value_name = "FILE")]
    pub weights: Option<PathBuf>,
    /// Rows of the batch, or `full` [default: the experiment's]
    #[arg(long, value_name = "N|full", value_parser = batch_size)]
    pub batch_size: Option<crate::experiment::BatchSize>,
    /// As one JSON object
    #[arg(long)]
    pub json: bool,
    /// Write all tensors of the pass (safetensors)
    #[arg(long, value_name = "FILE")]
    pub dump: Option<PathBuf>,
}

fn batch_size(text: &str) -> Result<crate::experiment::BatchSize, String> {
    use crate::experiment::BatchSize;
    match text {
        "full" => Ok(BatchSize::Full),
        _ => at_least_one(text)
            .map(BatchSize::Rows)
            .map_err(|e| format!("{e} (a number of rows, or `full`)")),
    }
}

/// Write a runnable script of the same experiment
#[derive(Args, Clone, Debug)]
pub struct ExportArgs {
    #[arg(value_name = "FORMAT", value_enum)]
    pub format: ExportFormat,
    /// An experiment file, a preset's name, or `-` for standard input
    #[arg(value_name = "EXPERIMENT")]
    pub experiment: String,
    /// Write the script to this file instead of standard output
    #[arg(long, value_name = "FILE")]
    pub out: Option<PathBuf>,
    /// Write the rows, too (safetensors): the script's `--data` reads them
    #[arg(long, value_name = "FILE")]
    pub data: Option<PathBuf>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum ExportFormat {
    Pytorch,
    Keras,
}

/// Be led through five presets, each with what to press and what to see
#[derive(Args, Clone, Debug)]
pub struct TourArgs {
    #[command(flatten)]
    pub workbench: WorkbenchArgs,
}

/// Open the workbench on a pasted link
#[derive(Args, Clone, Debug)]
pub struct OpenArgs {
    #[command(flatten)]
    pub workbench: WorkbenchArgs,
    /// A link, `gl1:…`, as the workbench copies it; quote it
    #[arg(value_name = "LINK")]
    pub link: String,
}

/// Go on with an interrupted run in the workbench
#[derive(Args, Clone, Debug)]
pub struct ResumeArgs {
    #[command(flatten)]
    pub workbench: WorkbenchArgs,
    /// The checkpoint [default: the newest]
    #[arg(value_name = "CHECKPOINT")]
    pub checkpoint: Option<PathBuf>,
    /// List the runs that were saved without being asked, the newest first
    #[arg(long)]
    pub list: bool,
}

/// Draw the workbench after some steps as a picture, without a terminal
#[derive(Args, Clone, Debug)]
pub struct ShotArgs {
    /// An experiment file, a preset's name, or `-` for standard input
    #[arg(value_name = "EXPERIMENT")]
    pub experiment: String,
    /// Steps to train before the picture
    #[arg(long, value_name = "N", default_value_t = 400)]
    pub steps: u64,
    /// Columns and rows of the screen
    #[arg(long, value_name = "WxH", default_value = "120x36", value_parser = size)]
    pub size: (u16, u16),
    /// Press these keys first, separated by commas, e.g. `v,m,tab`
    #[arg(long, value_name = "KEYS", value_delimiter = ',')]
    pub keys: Vec<Key>,
    /// dark, light, colour-blind, 16-colour or mono
    #[arg(long, value_name = "NAME")]
    pub theme: Option<ThemeName>,
    /// braille, block or ascii
    #[arg(long, value_name = "NAME")]
    pub glyphs: Option<Glyphs>,
    /// The picture (SVG)
    #[arg(short, long, value_name = "FILE")]
    pub out: PathBuf,
}

fn size(text: &str) -> Result<(u16, u16), String> {
    let parts = text
        .split_once('x')
        .map(|(w, h)| (w.parse::<u16>(), h.parse::<u16>()));
    match parts {
        Some((Ok(w @ 1..=500), Ok(h @ 1..=200))) => Ok((w, h)),
        _ => Err("a size is columns x rows, from 1x1 to 500x200, e.g. 120x36".into()),
    }
}
