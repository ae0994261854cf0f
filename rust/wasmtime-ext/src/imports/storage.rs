//! `airssys:core/storage`. A set or a delete may wait, until it is durable.

use std::ffi::c_void;
use std::future::{poll_fn, ready};
use std::task::Poll;

use wasmtime::component::{LinkerInstance, WasmStr};
use wasmtime_c_api::{wasmtime_component_linker_t, wasmtime_error_t};

use super::stored_value::{Answer, StoredValue};
use super::{Host, PENDING, optional_text, text};
use crate::abi::{Bytes, Text, host_of};
use crate::component::linker_of;
use crate::status::reported;
use crate::types::{StorageError, StorageUsage};
use crate::views::PayloadView;
use crate::{StoreContextMut, StoreData};

/// `airs_ext_storage_t`
#[repr(C)]
#[derive(Clone, Copy)]
pub struct Storage {
    get: unsafe extern "C" fn(*mut c_void, Bytes, *mut StoredValue, *mut Text) -> u8,
    set: unsafe extern "C" fn(*mut c_void, Bytes, Bytes, *mut Text) -> u8,
    remove: unsafe extern "C" fn(*mut c_void, Bytes, *mut Text) -> u8,
    exists: unsafe extern "C" fn(*mut c_void, Bytes, *mut bool, *mut Text) -> u8,
    list_keys: unsafe extern "C" fn(*mut c_void, Bytes, *mut Vec<Vec<u8>>, *mut Text) -> u8,
    usage: unsafe extern "C" fn(*mut c_void, *mut [u64; 3], *mut Text) -> u8,
    waited: unsafe extern "C" fn(*mut c_void, *mut Text) -> u8,
}

/// What C puts the keys of a list into.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn airs_ext_collect(into: &mut Vec<Vec<u8>>, bytes: Bytes) {
    into.push(unsafe { bytes.slice() }.to_vec());
}

fn storage_error(case: u8, reason: &Text) -> Stored<()> {
    match case {
        0 => Ok(()),
        1 => Err(StorageError::NotFound(reason.to_text())),
        2 => Err(StorageError::AlreadyExists(reason.to_text())),
        3 => Err(StorageError::QuotaExceeded),
        4 => Err(StorageError::InvalidKey(reason.to_text())),
        _ => Err(StorageError::IoError(reason.to_text())),
    }
}

type Stored<T> = Result<T, StorageError>;

/// A write that may wait; nearly always the backend has more to do than the box costs.
type Write = Box<dyn Future<Output = wasmtime::Result<(Stored<()>,)>> + Send>;

/// What C answered to a write, or what it will answer once it has woken the call.
fn write(host: Storage, pointer: Host, case: u8, reason: &Text) -> Write {
    if case != PENDING {
        return Box::new(ready(Ok((storage_error(case, reason),))));
    }
    Box::new(poll_fn(move |_| {
        let mut reason = Text::new();
        // SAFETY: the host outlives the call that this future belongs to.
        match unsafe { (host.waited)(pointer.pointer(), &mut reason) } {
            PENDING => Poll::Pending,
            case => Poll::Ready(Ok((storage_error(case, &reason),))),
        }
    }))
}

fn set(
    host: Storage,
    store: &StoreContextMut<'_>,
    key: &WasmStr,
    value: &PayloadView,
) -> wasmtime::Result<Write> {
    let key = text(store, key)?;
    let value = Bytes::of(value.bytes(store));
    let pointer = Host(host_of(store));
    let mut reason = Text::new();
    // SAFETY: the views are good during the call, here and in the functions below.
    let case = unsafe { (host.set)(pointer.pointer(), Bytes::of(key.as_bytes()), value, &mut reason) };
    Ok(write(host, pointer, case, &reason))
}

fn remove(host: Storage, store: &StoreContextMut<'_>, key: &WasmStr) -> wasmtime::Result<Write> {
    let key = text(store, key)?;
    let pointer = Host(host_of(store));
    let mut reason = Text::new();
    let case = unsafe { (host.remove)(pointer.pointer(), Bytes::of(key.as_bytes()), &mut reason) };
    Ok(write(host, pointer, case, &reason))
}

/// What could not even be asked traps.
fn write_or_trap(write: wasmtime::Result<Write>) -> Write {
    write.unwrap_or_else(|error| Box::new(ready(Err(error))))
}

fn add_writes(interface: &mut LinkerInstance<'_, StoreData>, host: Storage) -> wasmtime::Result<()> {
    interface.func_wrap_async(
        "set",
        move |store: StoreContextMut<'_>, (key, value): (WasmStr, PayloadView)| {
            write_or_trap(set(host, &store, &key, &value))
        },
    )?;
    interface.func_wrap_async("delete", move |store: StoreContextMut<'_>, (key,): (WasmStr,)| {
        write_or_trap(remove(host, &store, &key))
    })
}

fn add_reads(interface: &mut LinkerInstance<'_, StoreData>, host: Storage) -> wasmtime::Result<()> {
    interface.func_wrap("get", move |store: StoreContextMut<'_>, (key,): (WasmStr,)| {
        let key = text(&store, &key)?;
        let (mut reason, mut found) = (Text::new(), StoredValue::default());
        let case = unsafe { (host.get)(host_of(&store), Bytes::of(key.as_bytes()), &mut found, &mut reason) };
        Ok((Answer::new(found, storage_error(case, &reason)),))
    })?;
    interface.func_wrap("exists", move |store: StoreContextMut<'_>, (key,): (WasmStr,)| {
        let key = text(&store, &key)?;
        let (mut reason, mut exists) = (Text::new(), false);
        let case =
            unsafe { (host.exists)(host_of(&store), Bytes::of(key.as_bytes()), &mut exists, &mut reason) };
        Ok((storage_error(case, &reason).map(|()| exists),))
    })?;
    interface.func_wrap("list-keys", move |store: StoreContextMut<'_>, (prefix,): (Option<WasmStr>,)| {
        let prefix = optional_text(&store, &prefix)?;
        let (mut reason, mut keys) = (Text::new(), Vec::new());
        let case = unsafe {
            (host.list_keys)(host_of(&store), Bytes::of(prefix.as_bytes()), &mut keys, &mut reason)
        };
        let keys =
            || keys.into_iter().map(|key| String::from_utf8_lossy(&key).into_owned()).collect::<Vec<_>>();
        Ok((storage_error(case, &reason).map(|()| keys()),))
    })?;
    interface.func_wrap("usage", move |store: StoreContextMut<'_>, (): ()| {
        let (mut reason, mut usage) = (Text::new(), [0u64; 3]);
        let case = unsafe { (host.usage)(host_of(&store), &mut usage, &mut reason) };
        let [used_bytes, quota_bytes, key_count] = usage;
        Ok((storage_error(case, &reason).map(|()| StorageUsage { used_bytes, quota_bytes, key_count }),))
    })
}

#[unsafe(no_mangle)]
pub extern "C" fn airs_ext_linker_add_storage(
    linker: &mut wasmtime_component_linker_t,
    host: &Storage,
) -> Option<Box<wasmtime_error_t>> {
    reported(|| {
        let mut root = linker_of(linker).root();
        let mut interface = root.instance("airssys:core/storage@1.0.0")?;
        add_reads(&mut interface, *host)?;
        add_writes(&mut interface, *host)
    })
}
