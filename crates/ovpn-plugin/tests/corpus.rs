//! The kept inputs of the fuzz targets.

// Of the fuzz crate, where everything is within reach.
#[allow(unreachable_pub)]
#[path = "../fuzz/targets/mod.rs"]
mod targets;

#[test]
fn kept_inputs_are_taken_as_before() {
    let directory = concat!(env!("CARGO_MANIFEST_DIR"), "/fuzz");
    let all: [corpus::Target; 2] =
        [("arrays", targets::arrays::target), ("challenges", targets::challenges::target)];
    corpus::replay(directory, &all);
}
