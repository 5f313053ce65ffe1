//! The activations' passes over a batch in `f32`.

use super::vector::Vector;
use crate::nn::activation::{Function, Visitor};
use fearless_simd::prelude::*;

/// out = φ(pre)
pub struct Apply<'a, S> {
    pub s: S,
    pub pre: &'a [f32],
    pub out: &'a mut [f32],
}

impl<S: Simd> Visitor for Apply<'_, S> {
    type Output = ();
    #[inline(always)]
    fn visit<F: Function>(self, function: &F) {
        let Self { s, pre, out } = self;
        s.vectorize(
            #[inline(always)]
            || {
                let pairs = out.as_chunks_mut().0.iter_mut().zip(pre.as_chunks().0);
                for (y, z) in pairs {
                    function.value(Vector::load_array_ref(s, z)).store_array(y);
                }
            },
        );
    }
}

/// delta ← delta·φ'(pre)
pub struct ApplyBackward<'a, S> {
    pub s: S,
    pub pre: &'a [f32],
    pub out: &'a [f32],
    pub delta: &'a mut [f32],
}

impl<S: Simd> Visitor for ApplyBackward<'_, S> {
    type Output = ();
    #[inline(always)]
    fn visit<F: Function>(self, function: &F) {
        let Self { s, pre, out, delta } = self;
        s.vectorize(
            #[inline(always)]
            || {
                let values = pre.as_chunks().0.iter().zip(out.as_chunks().0);
                for (d, (z, y)) in delta.as_chunks_mut().0.iter_mut().zip(values) {
                    let (z, y) = (Vector::load_array_ref(s, z), Vector::load_array_ref(s, y));
                    let slope = function.derivative_from(z, y);
                    (Vector::load_array_ref(s, d) * slope).store_array(d);
                }
            },
        );
    }
}
