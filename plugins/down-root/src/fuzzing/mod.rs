//! Fuzz targets: plain functions, which the fuzzer and the replay of the kept inputs both call. Not part of what is shipped.

mod config;
mod executable;
mod request;

pub use config::config;
pub use executable::executable;
pub use request::request;

#[cfg(test)]
mod tests {
    #[test]
    fn kept_inputs_are_taken_as_before() {
        let all: [corpus::Target; 3] =
            [("config", super::config), ("executable", super::executable), ("request", super::request)];
        corpus::replay(concat!(env!("CARGO_MANIFEST_DIR"), "/fuzz"), &all);
    }
}
