//! The few messages of TensorFlow's `event.proto` and `summary.proto` that scalars need, as protocol buffers' wire
//! format.

/// One value of a summary.
pub struct Value(Vec<u8>);

impl Value {
    /// `Summary.Value { tag = 1, simple_value = 2 }`; f32, as the format has it.
    pub fn scalar(tag: &str, value: f64) -> Self {
        let mut out = Vec::new();
        bytes(&mut out, 1, tag.as_bytes());
        key(&mut out, 2, FIXED_32);
        out.extend((value as f32).to_le_bytes());
        Self(out)
    }
}

/// `Event { wall_time = 1, file_version = 3 }`: how every file begins.
pub fn version(wall_time: f64) -> Vec<u8> {
    let mut out = Vec::new();
    double(&mut out, 1, wall_time);
    bytes(&mut out, 3, b"brain.Event:2");
    out
}

/// `Event { wall_time = 1, step = 2, summary = 5 }`.
pub fn summary(wall_time: f64, step: u64, values: &[Value]) -> Vec<u8> {
    let mut summary = Vec::new();
    for value in values {
        bytes(&mut summary, 1, &value.0);
    }
    let mut out = Vec::new();
    double(&mut out, 1, wall_time);
    key(&mut out, 2, VARINT);
    varint(&mut out, step);
    bytes(&mut out, 5, &summary);
    out
}

const VARINT: u64 = 0;
const FIXED_64: u64 = 1;
const LENGTH: u64 = 2;
const FIXED_32: u64 = 5;

fn key(out: &mut Vec<u8>, field: u64, wire: u64) {
    varint(out, field << 3 | wire);
}

fn double(out: &mut Vec<u8>, field: u64, value: f64) {
    key(out, field, FIXED_64);
    out.extend(value.to_le_bytes());
}

fn bytes(out: &mut Vec<u8>, field: u64, value: &[u8]) {
    key(out, field, LENGTH);
    varint(out, value.len() as u64);
    out.extend(value);
}

fn varint(out: &mut Vec<u8>, mut value: u64) {
    while value >= 0x80 {
        out.push(value as u8 | 0x80);
        value >>= 7;
    }
    out.push(value as u8);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn messages_are_the_bytes_that_protobuf_writes() {
        let mut n = Vec::new();
        varint(&mut n, 300);
        assert_eq!(n, [0xac, 0x02], "the format's own example");
        let event = summary(1.5, 300, &[Value::scalar("a", 2.0)]);
        let value = [0x0a, 1, b'a', 0x15, 0, 0, 0, 0x40];
        let mut expected = vec![0x09];
        expected.extend(1.5f64.to_le_bytes());
        expected.extend([0x10, 0xac, 0x02, 0x2a, 10, 0x0a, 8]);
        expected.extend(value);
        assert_eq!(event, expected);
    }
}
