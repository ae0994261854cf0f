//! Everything that our programs link from Rust. A linker takes what a program needs of it.

pub use airs_toml as toml;
pub use airs_wasmtime_ext as wasmtime_ext;
pub use airs_wit_tools as wit_tools;
