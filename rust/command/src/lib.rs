//! Everything that the airssys command links from Rust.

pub use airs_toml as toml;
pub use airs_wasmtime_ext as wasmtime_ext;
pub use airs_wit_tools as wit_tools;
