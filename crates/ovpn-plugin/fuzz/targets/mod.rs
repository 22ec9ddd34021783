//! What the fuzz targets do with an input: plain functions, which the fuzzer and the replay of the kept inputs both call.

pub mod arrays;
pub mod challenges;
