//! One table a vocabulary: the macro below makes, from one entry, an enum's variant, its name in files, its parameters
//! with defaults and limits, its line of help and its source. Parsing, writing, pickers, `gradlab list` and the export
//! all read these tables, so that a new thing is one entry and its mathematics.

use std::fmt;

/// A parameter's value on its way between a file, the editor and an entry's typed field.
#[derive(Clone, Debug, PartialEq)]
pub enum Value {
    Real(f64),
    Count(u64),
    Flag(bool),
    Text(String),
    List(Vec<String>),
    /// An optional parameter that is not given.
    Absent,
}

impl fmt::Display for Value {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Value::Real(v) => write!(f, "{v}"),
            Value::Count(v) => write!(f, "{v}"),
            Value::Flag(v) => write!(f, "{v}"),
            Value::Text(v) => write!(f, "{v}"),
            Value::List(v) => write!(f, "{}", v.join(", ")),
            Value::Absent => write!(f, "none"),
        }
    }
}

/// What values a parameter may take.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Limits {
    /// A finite real number in `[min, max]`.
    Real {
        min: f64,
        max: f64,
    },
    /// A whole number in `[min, max]`.
    Count {
        min: u64,
        max: u64,
    },
    Flag,
    /// One of these words.
    Choice(&'static [&'static str]),
    Text,
    /// A path, relative to the experiment file.
    Path,
    /// One text or a list of texts.
    List,
}

/// Any finite real number.
pub const ANY: Limits = Limits::Real {
    min: f64::MIN,
    max: f64::MAX,
};
/// A real number not below zero.
pub const NOT_NEGATIVE: Limits = Limits::Real {
    min: 0.0,
    max: f64::MAX,
};
/// A real number above zero.
pub const POSITIVE: Limits = Limits::Real {
    min: f64::MIN_POSITIVE,
    max: f64::MAX,
};
/// A real number in [0, 1].
pub const SHARE: Limits = Limits::Real { min: 0.0, max: 1.0 };
/// A real number in [0, 1).
pub const BELOW_ONE: Limits = Limits::Real {
    min: 0.0,
    max: 1.0 - f64::EPSILON,
};
/// A real number in (0, 1).
pub const CUT: Limits = Limits::Real {
    min: f64::MIN_POSITIVE,
    max: 1.0 - f64::EPSILON,
};
/// A whole number from 1.
pub const AT_LEAST_ONE: Limits = Limits::Count {
    min: 1,
    max: u64::MAX,
};
/// A whole number from 0.
pub const WHOLE: Limits = Limits::Count {
    min: 0,
    max: u64::MAX,
};
pub const FLAG: Limits = Limits::Flag;
pub const PATH: Limits = Limits::Path;

/// Two settings of an entry that do not go together, where each alone is within its limits.
#[derive(Clone, Debug, PartialEq)]
pub struct Misfit {
    pub keys: [&'static str; 2],
    /// What is wrong and what would be right.
    pub message: String,
}

/// One parameter of an entry.
#[derive(Clone, Debug)]
pub struct Parameter {
    pub name: &'static str,
    /// `None`: the parameter has to be given.
    pub default: Option<Value>,
    pub limits: Limits,
    pub help: &'static str,
}

/// One entry of a vocabulary.
#[derive(Clone, Copy)]
pub struct Entry {
    pub name: &'static str,
    pub help: &'static str,
    pub source: &'static str,
    pub parameters: fn() -> Vec<Parameter>,
}

/// A typed field of an entry.
pub trait Field: Sized {
    fn to_value(&self) -> Value;
    /// `None` where the value is of another type.
    fn from_value(value: &Value) -> Option<Self>;
}

macro_rules! field {
    ($ty:ty, $($from:pat => $to:expr),+; $x:ident => $value:expr) => {
        impl Field for $ty {
            fn to_value(&self) -> Value {
                let $x = self;
                $value
            }
            fn from_value(value: &Value) -> Option<Self> {
                match value {
                    $($from => $to,)+
                    _ => None,
                }
            }
        }
    };
}
field!(f64, Value::Real(v) => Some(*v), Value::Count(v) => Some(*v as f64); x => Value::Real(*x));
field!(usize, Value::Count(v) => usize::try_from(*v).ok(); x => Value::Count(*x as u64));
field!(bool, Value::Flag(v) => Some(*v); x => Value::Flag(*x));
field!(String, Value::Text(v) => Some(v.clone()); x => Value::Text(x.clone()));
field!(Vec<String>, Value::List(v) => Some(v.clone()), Value::Text(v) => Some(vec![v.clone()]);
    x => if let [one] = &x[..] { Value::Text(one.clone()) } else { Value::List(x.clone()) });

impl<T: Field> Field for Option<T> {
    fn to_value(&self) -> Value {
        self.as_ref().map_or(Value::Absent, Field::to_value)
    }
    fn from_value(value: &Value) -> Option<Self> {
        match value {
            Value::Absent => Some(None),
            other => T::from_value(other).map(Some),
        }
    }
}

/// What every vocabulary's enum offers.
pub trait Vocabulary: Sized + Clone + PartialEq + 'static {
    /// The word for one thing of this vocabulary, as errors and lists say it.
    const KIND: &'static str;
    fn entries() -> &'static [Entry];
    /// The index of this value's entry.
    fn index(&self) -> usize;
    /// Builds the entry `index` from its parameters' values, in the table's order. `None` where a type does not fit;
    /// limits are the caller's to check with [`Limits`].
    fn build(index: usize, values: &[Value]) -> Option<Self>;
    /// The parameters' values in the table's order.
    fn values(&self) -> Vec<Value>;

    fn entry(&self) -> &'static Entry {
        &Self::entries()[self.index()]
    }
    fn name(&self) -> &'static str {
        self.entry().name
    }
    /// The entry of that name with its defaults; `None` where there is none or a parameter has no default.
    fn named(name: &str) -> Option<Self> {
        let index = Self::entries().iter().position(|e| e.name == name)?;
        let values: Option<Vec<Value>> = (Self::entries()[index].parameters)()
            .into_iter()
            .map(|p| p.default)
            .collect();
        Self::build(index, &values?)
    }
}

/// Declares a vocabulary: `Variant = "name" ["help", "source"] { field: type = default (an Option), limits, "help"; ... }`.
#[macro_export]
macro_rules! vocabulary {
    ($(#[$meta:meta])* $vis:vis enum $Name:ident ($kind:literal) {
        $($Variant:ident = $name:literal [$help:expr, $source:expr]
            $({ $($field:ident : $ty:ty = $default:expr, $limits:expr, $field_help:literal);+ $(;)? })?),+ $(,)?
    }) => {
        $(#[$meta])*
        #[derive(Clone, Debug, PartialEq)]
        $vis enum $Name {
            $(#[doc = $help] $Variant $({ $(#[doc = $field_help] $field: $ty),+ })?),+
        }
        impl $crate::nn::vocabulary::Vocabulary for $Name {
            const KIND: &'static str = $kind;
            fn entries() -> &'static [$crate::nn::vocabulary::Entry] {
                #[allow(unused_imports)]
                use $crate::nn::vocabulary::*;
                static TABLE: &[Entry] = &[$(Entry {
                    name: $name,
                    help: $help,
                    source: $source,
                    parameters: || vec![$($(Parameter {
                        name: stringify!($field),
                        default: { let default: Option<$ty> = $default; default.as_ref().map(Field::to_value) },
                        limits: $limits,
                        help: $field_help,
                    }),+)?],
                }),+];
                TABLE
            }
            fn index(&self) -> usize {
                let name = match self { $(Self::$Variant { .. } => $name),+ };
                Self::entries().iter().position(|e| e.name == name).unwrap_or(0)
            }
            #[allow(unused_variables, unused_mut)]
            fn build(index: usize, values: &[$crate::nn::vocabulary::Value]) -> Option<Self> {
                #[allow(unused_imports)]
                use $crate::nn::vocabulary::Field;
                let mut values = values.iter();
                match Self::entries().get(index)?.name {
                    $($name => Some(Self::$Variant { $($($field: <$ty as Field>::from_value(values.next()?)?),+)? }),)+
                    _ => None,
                }
            }
            fn values(&self) -> Vec<$crate::nn::vocabulary::Value> {
                #[allow(unused_imports)]
                use $crate::nn::vocabulary::Field;
                match self { $(Self::$Variant { $($($field),+)? } => vec![$($($field.to_value()),+)?]),+ }
            }
        }
    };
}
