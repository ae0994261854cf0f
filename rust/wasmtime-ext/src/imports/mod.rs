//! Imports that carry payload bytes, as typed functions: C sees guest memory through borrowed views
//! and copies once. Each answers with the number of an error's case in `wit/` plus one, 0 for ok.

mod batch;
mod keyvalue;
mod messaging;
mod replies;
mod sleep;
mod storage;
mod stored_value;
mod timers;
mod topics;

use std::borrow::Cow;
use std::ffi::c_void;

use wasmtime::component::WasmStr;

use crate::StoreContextMut;
use crate::abi::Text;
use crate::types::{ComponentIdOwned, MessagingError};

pub use sleep::wait_until;

const UUID_TEXT: usize = 36;

/// `AIRS_EXT_PENDING`: C took what it was handed, and its `waited` will say how that ends.
const PENDING: u8 = 255;

/// The host pointer, in a future that moves between workers with its call.
#[derive(Clone, Copy)]
pub struct Host(pub *mut c_void);

// SAFETY: the pointer is C's, which polls one call on one thread at a time.
unsafe impl Send for Host {}
unsafe impl Sync for Host {}

impl Host {
    /// A method, so that closures capture the whole and not the bare pointer, which is not `Send`.
    pub fn pointer(self) -> *mut c_void {
        self.0
    }
}

/// A string argument as UTF-8, borrowed from guest memory unless the guest uses another encoding.
fn text<'a>(store: &'a StoreContextMut<'_>, view: &'a WasmStr) -> wasmtime::Result<Cow<'a, str>> {
    view.to_str(store)
}

/// The same; none is empty.
fn optional_text<'a>(
    store: &'a StoreContextMut<'_>,
    view: &'a Option<WasmStr>,
) -> wasmtime::Result<Cow<'a, str>> {
    match view {
        Some(view) => text(store, view),
        None => Ok("".into()),
    }
}

type Messaged<T> = Result<T, MessagingError>;
type Unit = (Messaged<()>,);

fn messaging_error(case: u8, reason: &Text, target: impl FnOnce() -> ComponentIdOwned) -> Messaged<()> {
    match case {
        0 => Ok(()),
        1 => Err(MessagingError::DeliveryFailed(reason.to_text())),
        2 => Err(MessagingError::CorrelationTimeout(reason.to_text())),
        3 => Err(MessagingError::InvalidMessage(reason.to_text())),
        4 => Err(MessagingError::QueueFull),
        _ => Err(MessagingError::TargetNotFound(target())),
    }
}

/// Of what has no target.
fn untargeted_error(case: u8, reason: &Text) -> Messaged<()> {
    messaging_error(case, reason, ComponentIdOwned::default)
}

/// A UUID's text as C wrote it.
fn uuid(text: [u8; UUID_TEXT]) -> String {
    String::from_utf8_lossy(&text).into_owned()
}
