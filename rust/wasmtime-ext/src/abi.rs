//! Plain C views: borrowed bytes and text, and the buffer that C writes a reason into.

use std::ffi::c_void;
use std::mem::MaybeUninit;

/// `airs_ext_bytes_t`: borrowed bytes.
#[repr(C)]
#[derive(Clone, Copy)]
pub struct Bytes {
    pub data: *const u8,
    pub size: usize,
}

impl Bytes {
    pub fn of(bytes: &[u8]) -> Self {
        Bytes { data: bytes.as_ptr(), size: bytes.len() }
    }

    pub const EMPTY: Bytes = Bytes { data: std::ptr::null(), size: 0 };

    /// # Safety
    /// The view must be valid for `'a`; a null pointer needs size 0.
    pub unsafe fn slice<'a>(self) -> &'a [u8] {
        if self.size == 0 { &[] } else { unsafe { std::slice::from_raw_parts(self.data, self.size) } }
    }

    /// Text as C hands it over: it promises UTF-8, which is not checked again on the hot path.
    ///
    /// # Safety
    /// As `slice`, and the bytes must be UTF-8.
    pub unsafe fn text<'a>(self) -> &'a str {
        unsafe { std::str::from_utf8_unchecked(self.slice()) }
    }
}

/// `airs_ext_id_t`: a component id's three parts.
#[repr(C)]
#[derive(Clone, Copy)]
pub struct Id {
    pub namespace: Bytes,
    pub name: Bytes,
    pub instance: Bytes,
}

/// `airs_ext_text_t`: where C writes a reason; left uninitialised until it does.
#[repr(C)]
pub struct Text {
    pub size: usize,
    pub data: [MaybeUninit<u8>; Text::CAPACITY],
}

impl Text {
    pub const CAPACITY: usize = 1024;

    pub fn new() -> Self {
        Text { size: 0, data: [MaybeUninit::uninit(); Text::CAPACITY] }
    }

    pub fn to_text(&self) -> String {
        let size = self.size.min(Text::CAPACITY);
        // SAFETY: C wrote the first `size` bytes.
        let bytes = unsafe { std::slice::from_raw_parts(self.data.as_ptr().cast::<u8>(), size) };
        String::from_utf8_lossy(bytes).into_owned()
    }
}

/// The pointer that C gave a store at its creation: what the store's imports are called with.
pub fn host_of(store: &crate::StoreContextMut<'_>) -> *mut c_void {
    use wasmtime::AsContext;
    wasmtime_c_api::wasmtime_context_get_data(store.as_context())
}
