//! Everything that libairssys links from Rust.

pub use airs_toml as toml;
pub use airs_wasmtime_ext as wasmtime_ext;
