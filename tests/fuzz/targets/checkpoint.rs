#![no_main]
libfuzzer_sys::fuzz_target!(|input: &[u8]| gradlab_fuzz::run(gradlab_fuzz::tensors::checkpoint, input));
