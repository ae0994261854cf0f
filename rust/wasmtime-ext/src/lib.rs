//! What Wasmtime's C API lacks and airssys needs, and only that; the header
//! `include/airs_wasmtime_ext.h` says what each function does.
//!
//! Everything here works on the stores, linkers and components that C makes through `wasmtime.h`
//! and takes no decision: what an import does, when a call may go on and where output goes is asked
//! of C through function pointers.

mod abi;
mod call;
mod component;
mod imports;
mod instance;
mod limiter;
mod message;
mod network;
mod status;
mod types;
mod views;
mod waker;
mod wasi;

// Wasmtime's own C API is linked through this crate.
pub use wasmtime_c_api as c_api;

/// A store as C holds it.
pub(crate) type Store = wasmtime_c_api::WasmtimeStore;
pub(crate) type StoreData = wasmtime_c_api::WasmtimeStoreData;
pub(crate) type StoreContextMut<'a> = wasmtime_c_api::WasmtimeStoreContextMut<'a>;
