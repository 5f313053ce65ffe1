//! Which column of a table is what.

use super::csv::Options;
use super::error::{DataError, Problem};
use crate::text::{clean, nearest, quote};
use csv::ByteRecord;

/// Characters of a name that are kept for the screen.
const NAME: usize = 60;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Role {
    Feature,
    /// The target of that number, in the order in which the experiment names them.
    Target(usize),
    Sequence,
}

#[derive(Debug)]
pub(super) struct Columns {
    pub roles: Vec<Role>,
    pub features: usize,
    pub targets: usize,
    /// Clean; empty where the table has no header.
    names: Vec<String>,
}

impl Columns {
    /// From the first record: the header, or the first row, whose columns are named by their numbers from 1.
    pub fn of(first: &ByteRecord, options: &Options) -> Result<Self, DataError> {
        let names: Vec<String> = match options.header {
            true => first
                .iter()
                .map(|name| String::from_utf8_lossy(name.trim_ascii()).into_owned())
                .collect(),
            false => (1..=first.len()).map(|number| number.to_string()).collect(),
        };
        if options.target.is_empty() {
            return Err(DataError::other("`target` names no column"));
        }
        if options.task == "classification" && options.target.len() > 1 {
            return Err(DataError::other(format!(
                "a classification has one target column, and {} are named: numbers in several columns are a regression",
                options.target.len()
            )));
        }
        let mut roles = vec![Role::Feature; names.len()];
        let wanted = options
            .target
            .iter()
            .enumerate()
            .map(|(i, name)| (name.as_str(), Role::Target(i)));
        for (name, role) in wanted.chain(options.sequence.map(|name| (name, Role::Sequence))) {
            let column = find(&names, name)?;
            if roles[column] != Role::Feature {
                return Err(DataError::other(format!(
                    "column {} is named twice",
                    quote(name)
                )));
            }
            roles[column] = role;
        }
        let features = roles.iter().filter(|&&role| role == Role::Feature).count();
        if features == 0 {
            return Err(DataError::other("no column is left for the inputs"));
        }
        let names = if options.header {
            names.iter().map(|name| clean(name, NAME)).collect()
        } else {
            Vec::new()
        };
        Ok(Self {
            roles,
            features,
            targets: options.target.len(),
            names,
        })
    }

    /// Empty where there is none.
    pub fn name(&self, column: usize) -> &str {
        self.names.get(column).map_or("", String::as_str)
    }

    pub fn feature_names(&self) -> Vec<String> {
        let features = (0..self.roles.len()).filter(|&i| self.roles[i] == Role::Feature);
        match self.names.is_empty() {
            true => features.map(|i| (i + 1).to_string()).collect(),
            false => features.map(|i| self.names[i].clone()).collect(),
        }
    }
}

/// The one column of that name.
fn find(names: &[String], name: &str) -> Result<usize, DataError> {
    let mut found = names
        .iter()
        .enumerate()
        .filter(|(_, n)| *n == name)
        .map(|(i, _)| i);
    match (found.next(), found.next()) {
        (Some(column), None) => Ok(column),
        (Some(_), Some(_)) => Err(DataError::other(format!(
            "more than one column is named {}",
            quote(name)
        ))),
        (None, _) => {
            let suggestion = nearest(name, names.iter().map(String::as_str)).map(quote);
            Err(Problem::UnknownColumn {
                name: quote(name),
                suggestion,
            }
            .into())
        }
    }
}
