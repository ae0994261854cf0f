//! Errors and panics on their way to C.

use std::panic::{AssertUnwindSafe, catch_unwind};
use wasmtime::{Error, Trap, WasmBacktrace};
use wasmtime_c_api::wasmtime_error_t;
use wasmtime_wasi::I32Exit;

/// Run `body`; a panic becomes an error, for it must not cross into C.
pub fn guarded<T>(body: impl FnOnce() -> wasmtime::Result<T>) -> wasmtime::Result<T> {
    match catch_unwind(AssertUnwindSafe(body)) {
        Ok(result) => result,
        Err(panic) => Err(Error::msg(panic_text(panic.as_ref()))),
    }
}

pub fn panic_text(panic: &(dyn std::any::Any + Send)) -> String {
    let what = panic
        .downcast_ref::<&str>()
        .map(|s| (*s).to_owned())
        .or_else(|| panic.downcast_ref::<String>().cloned())
        .unwrap_or_else(|| "unknown panic".to_owned());
    format!("the engine panicked: {what}")
}

/// As `guarded`, for functions that return a `wasmtime_error_t *`.
pub fn reported(body: impl FnOnce() -> wasmtime::Result<()>) -> Option<Box<wasmtime_error_t>> {
    guarded(body).err().map(|error| Box::new(wasmtime_error_t::from(error)))
}

/// `AIRS_EXT_TRAP_NONE`: the error is not a trap.
const NO_TRAP: u8 = u8::MAX;

/// `AIRS_EXT_TRAP_EXIT`: the guest asked WASI to end it.
const EXIT: u8 = u8::MAX - 1;

/// The trap's number, the same that `wasmtime_trap_code` uses.
pub fn trap_code(error: &Error) -> u8 {
    if error.is::<I32Exit>() {
        return EXIT;
    }
    error.downcast_ref::<Trap>().map_or(NO_TRAP, |trap| *trap as u8)
}

/// The code that a guest asked WASI to end it with; 0 when it did not.
pub fn exit_code(error: &Error) -> i32 {
    error.downcast_ref::<I32Exit>().map_or(0, |exit| exit.0)
}

/// What happened and where in the guest, for a person.
pub fn describe(error: &Error) -> String {
    let causes: Vec<String> = error
        .chain()
        .map(ToString::to_string)
        .filter(|text| !text.starts_with("error while executing at wasm backtrace"))
        .collect();
    let mut text = if causes.is_empty() { error.to_string() } else { causes.join(": ") };
    if let Some(backtrace) = error.downcast_ref::<WasmBacktrace>() {
        for (depth, frame) in backtrace.frames().iter().enumerate() {
            let name =
                frame.func_name().map_or_else(|| format!("function {}", frame.func_index()), str::to_owned);
            text.push_str(&format!("\n    {depth}: {name}"));
            if let Some(offset) = frame.module_offset() {
                text.push_str(&format!(" (+{offset:#x})"));
            }
        }
    }
    text
}
