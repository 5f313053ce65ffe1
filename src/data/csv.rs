//! Rows from a table in a text file.
//!
//! Every column that is neither a target nor the sequence's is a feature. Cells go straight to f32: besides the parser's one
//! record, memory holds four bytes a cell (twice that at most while it grows) and four a row for a class.

use super::Progress;
use super::columns::{Columns, Role};
use super::dataset::{Rows, Targets, Task};
use super::error::{DataError, Problem, cell};
use super::labels::Labels;
use super::raw::{Raw, matrix};
use super::source::{GZIP, Source, reserve, unreadable};
use super::windows::{Windows, gather, one_target};
use crate::text::{counted, quote};
use csv::{ByteRecord, Position};
use std::io::{BufReader, Read, Seek, SeekFrom};
use std::path::Path;

/// The table's settings, as in an experiment's `[data]`.
pub(super) struct Options<'a> {
    pub target: &'a [String],
    pub task: &'a str,
    pub header: bool,
    pub delimiter: &'a str,
    pub sequence: Option<&'a str>,
    pub window: Option<usize>,
}

pub(super) fn load(
    path: &Path,
    options: &Options,
    progress: &dyn Fn(Progress),
) -> Result<Raw, DataError> {
    let source = open(path, progress)?;
    let table = read(source, options).map_err(|e| e.in_file(path))?;
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    table.finish(&name, options).map_err(|e| e.in_file(path))
}

/// The file, if it can be a table's plain text.
fn open<'a>(path: &Path, progress: &'a dyn Fn(Progress)) -> Result<Source<'a>, DataError> {
    let mut source = Source::open(path, progress)?;
    let magic = source.magic().map_err(|e| unreadable(&e).in_file(path))?;
    let other = match magic {
        [0xff, 0xfe] | [0xfe, 0xff] => "is text in UTF-16: save it as UTF-8",
        GZIP => "is packed with gzip: unpack it first (gunzip)",
        _ => return Ok(source),
    };
    Err(DataError::other(other).in_file(path))
}

/// Bytes of a first line; what is longer is no table's.
const LONGEST_HEADER: u64 = 1 << 20;

/// What the first line of a comma-separated table names its columns.
///
/// # Errors
/// Where the file cannot be read or its first line is no table's.
pub fn columns(path: &Path) -> Result<Vec<String>, DataError> {
    let source = open(path, &|_| {})?;
    let mut reader = csv::ReaderBuilder::new()
        .has_headers(false)
        .from_reader(source.take(LONGEST_HEADER));
    let mut record = ByteRecord::new();
    let read = reader.read_byte_record(&mut record);
    if !read.map_err(|e| broken(&e).in_file(path))? {
        return Err(DataError::from(Problem::Empty).in_file(path));
    }
    let name = |cell: &[u8]| String::from_utf8_lossy(cell.trim_ascii()).into_owned();
    Ok(record.iter().map(name).collect())
}

/// What has been read.
struct Table {
    columns: Columns,
    /// [rows, features]
    x: Vec<f32>,
    y: Target,
    /// The sequence of every row.
    sequence: Vec<u32>,
    sequences: Labels,
    rows: usize,
}

enum Target {
    Classes {
        of_row: Vec<u32>,
        labels: Labels,
    },
    /// [rows, targets]
    Values(Vec<f32>),
}

fn read(source: Source, options: &Options) -> Result<Table, DataError> {
    let delimiter = delimiter(options.delimiter)?;
    let mut reader = csv::ReaderBuilder::new()
        .has_headers(false)
        // Ragged rows are told with their place, in this program's words.
        .flexible(true)
        .delimiter(delimiter)
        .buffer_capacity(1 << 18)
        .from_reader(source);
    let mut record = ByteRecord::new();
    if !next(&mut reader, &mut record)? {
        return Err(Problem::Empty.into());
    }
    let columns = Columns::of(&record, options)
        .map_err(|error| other_delimiter(&record, delimiter).unwrap_or(error))?;
    let mut table = Table::new(columns, options);
    let (mut start, mut row, mut added) = (start_of(&record), None, Ok(()));
    let mut more = !options.header || next(&mut reader, &mut record)?;
    while more && added.is_ok() {
        (start, row) = (start_of(&record), Some(table.rows));
        added = table.add(&record);
        more = next(&mut reader, &mut record)?;
    }
    let mut source = reader.into_inner();
    // The parser takes it as closed by the file's end; it is behind whatever else is wrong with that last row.
    if !more && let Some(column) = open_quote(&mut source, &start, delimiter)? {
        let error = DataError::other("the quote that opens this cell is never closed");
        added = Err(error.at_column(column, table.columns.name(column)));
    }
    if let Err(error) = added {
        let error = error.at_line(line_of(&mut source, &start)?);
        return Err(match row {
            Some(row) => error.at_row(row),
            None => error,
        });
    }
    match table.rows {
        0 => Err(Problem::Empty.into()),
        _ => Ok(table),
    }
}

fn next(reader: &mut csv::Reader<Source>, record: &mut ByteRecord) -> Result<bool, DataError> {
    reader.read_byte_record(record).map_err(|e| broken(&e))
}

/// Where the record begins: before the blank lines that the parser passes over.
fn start_of(record: &ByteRecord) -> Position {
    record.position().cloned().unwrap_or_else(Position::new)
}

fn bytes_from<'a, 's>(
    source: &'a mut Source<'s>,
    start: &Position,
) -> Result<impl Iterator<Item = Result<u8, DataError>> + use<'a, 's>, DataError> {
    source
        .seek(SeekFrom::Start(start.byte()))
        .map_err(|e| unreadable(&e))?;
    let bytes = BufReader::new(source).bytes();
    Ok(bytes.map(|byte| byte.map_err(|e| unreadable(&e))))
}

/// The line on which the record that starts there begins.
fn line_of(source: &mut Source, start: &Position) -> Result<u64, DataError> {
    let mut line = start.line();
    for byte in bytes_from(source, start)? {
        match byte? {
            b'\n' => line += 1,
            b'\r' => {}
            _ => break,
        }
    }
    Ok(line)
}

/// The column, from 0, whose quote is open still at the end of the file.
fn open_quote(
    source: &mut Source,
    start: &Position,
    delimiter: u8,
) -> Result<Option<usize>, DataError> {
    enum In {
        Start,
        Plain,
        Quoted,
        /// After a quote in a quoted cell: its end, or the first half of a quote that is meant.
        Closed,
    }
    let (mut at, mut column) = (In::Start, 0);
    for byte in bytes_from(source, start)? {
        at = match (at, byte?) {
            (In::Quoted, b'"') => In::Closed,
            (In::Quoted, _) | (In::Start | In::Closed, b'"') => In::Quoted,
            (_, b'\n' | b'\r') => {
                column = 0;
                In::Start
            }
            (_, byte) if byte == delimiter => {
                column += 1;
                In::Start
            }
            _ => In::Plain,
        };
    }
    Ok(matches!(at, In::Quoted).then_some(column))
}

impl Table {
    fn new(columns: Columns, options: &Options) -> Self {
        let y = match options.task {
            "classification" => Target::Classes {
                of_row: Vec::new(),
                labels: Labels::classes(),
            },
            _ => Target::Values(Vec::new()),
        };
        Self {
            columns,
            x: Vec::new(),
            y,
            sequence: Vec::new(),
            sequences: Labels::sequences(),
            rows: 0,
        }
    }

    fn add(&mut self, record: &ByteRecord) -> Result<(), DataError> {
        let columns = &self.columns;
        if record.len() != columns.roles.len() {
            let (expected, found) = (columns.roles.len() as u64, record.len() as u64);
            return Err(Problem::Ragged { expected, found }.into());
        }
        reserve(&mut self.x, columns.features)?;
        // Targets keep the order in which the experiment names them, whatever the file's.
        if let Target::Values(values) = &mut self.y {
            reserve(values, columns.targets)?;
            values.resize(values.len() + columns.targets, 0.0);
        }
        for (i, (text, role)) in record.iter().zip(&columns.roles).enumerate() {
            let placed = |e: DataError| e.at_column(i, columns.name(i));
            match (role, &mut self.y) {
                (Role::Feature, _) => self.x.push(number(text).map_err(placed)?),
                (Role::Target(index), Target::Values(values)) => {
                    let start = values.len() - columns.targets;
                    values[start + index] = number(text).map_err(placed)?;
                }
                (Role::Target(_), Target::Classes { of_row, labels }) => {
                    of_row.push(labels.number(text).map_err(placed)?);
                }
                (Role::Sequence, _) => self
                    .sequence
                    .push(self.sequences.number(text).map_err(placed)?),
            }
        }
        self.rows += 1;
        Ok(())
    }

    fn finish(self, name: &str, options: &Options) -> Result<Raw, DataError> {
        let windows = match (options.sequence, options.window) {
            (None, None) => None,
            (None, Some(window)) => Some(Windows::fixed(self.rows, window)?),
            (Some(_), None) => Some(Windows::grouped(&self.sequence, &self.sequences)?),
            (Some(_), Some(_)) => {
                return Err(DataError::other(
                    "takes either `sequence` or `window`, not both",
                ));
            }
        };
        let windows = windows.as_ref();
        let (features, time) = (self.columns.features, windows.map_or(1, |w| w.time));
        let rows = self.rows / time;
        let x = matrix(rows, features * time, gather(self.x, features, windows))?;
        let mut class_names = Vec::new();
        let (task, time_targets, y) = match self.y {
            Target::Classes { mut of_row, labels } => {
                class_names = labels.sorted(&mut of_row);
                let (y, every) = one_target(gather(of_row, 1, windows), 1, time);
                (
                    Task::Classification {
                        classes: class_names.len(),
                    },
                    every,
                    Targets::Classes(y),
                )
            }
            Target::Values(values) => {
                let targets = self.columns.targets;
                let (y, every) = one_target(gather(values, targets, windows), targets, time);
                (
                    Task::Regression { targets },
                    every,
                    Targets::Values(matrix(y.len() / targets, targets, y)?),
                )
            }
        };
        Ok(Raw {
            name: crate::text::clean(name, 60),
            task,
            features,
            time: windows.map(|w| w.time),
            time_targets,
            rows: Rows { x, y },
            test: None,
            test_file: None,
            feature_names: self.columns.feature_names(),
            class_names,
            image: None,
        })
    }
}

/// A finite number, blanks around it allowed.
fn number(text: &[u8]) -> Result<f32, DataError> {
    let trimmed = text.trim_ascii();
    let parsed = fast_float2::parse::<f32, _>(trimmed).ok();
    match parsed {
        Some(value) if value.is_finite() => Ok(value),
        parsed => Err(not_a_number(trimmed, parsed)),
    }
}

#[cold]
fn not_a_number(text: &[u8], parsed: Option<f32>) -> DataError {
    let is_figure = text.iter().any(u8::is_ascii_digit);
    let problem = match parsed {
        _ if text.is_empty() => Problem::EmptyCell,
        None => Problem::NotANumber(cell(text)),
        Some(_) if is_figure => {
            Problem::Other(format!("{} is too large for a 32-bit number", cell(text)))
        }
        Some(_) => Problem::NotFinite(cell(text)),
    };
    problem.into()
}

fn delimiter(text: &str) -> Result<u8, DataError> {
    match text.as_bytes() {
        &[byte] if !matches!(byte, b'"' | b'\n' | b'\r') => Ok(byte),
        _ => {
            let shown = quote(text);
            Err(DataError::other(format!(
                "the delimiter {shown} is not one plain character, such as `,`, `;` or a tab (\"\\t\")"
            )))
        }
    }
}

/// What to say of a first line that is no table's, since it is all one cell, where others of the common delimiters are in it.
fn other_delimiter(first: &ByteRecord, delimiter: u8) -> Option<DataError> {
    const COMMON: [(u8, &str, &str); 3] = [
        (b';', "semicolon", ";"),
        (b'\t', "tab", "\\t"),
        (b',', "comma", ","),
    ];
    if first.len() != 1 {
        return None;
    }
    let line = first.get(0)?;
    let count = |byte: u8| line.iter().filter(|&&b| b == byte).count() as u64;
    let others = COMMON.into_iter().filter(|(byte, ..)| *byte != delimiter);
    let counts = others.map(|(byte, name, written)| (count(byte), name, written));
    let (count, other, written) = counts
        .filter(|(count, ..)| *count > 0)
        .max_by_key(|(count, ..)| *count)?;
    let own = COMMON.iter().find(|(byte, ..)| *byte == delimiter);
    let own = own.map_or_else(
        || quote(&char::from(delimiter).to_string()),
        |(_, name, _)| name.to_string(),
    );
    Some(DataError::other(format!(
        "the first line holds no {own}, but {}: set data.delimiter = \"{written}\"",
        counted(count, other)
    )))
}

fn broken(error: &csv::Error) -> DataError {
    match error.kind() {
        csv::ErrorKind::Io(e) => unreadable(e),
        _ => DataError::other("cannot be read as a table"),
    }
}
