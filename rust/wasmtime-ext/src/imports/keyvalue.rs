//! `wasi:keyvalue` in the two drafts that hosts bind. They differ in cursors (a number or a text), in the sign of
//! what is counted, and in compare-and-swap, which the second has. Writes may wait, until they are durable.

use std::ffi::c_void;
use std::future::{poll_fn, ready};
use std::mem::MaybeUninit;
use std::task::Poll;

use wasmtime::component::__internal::{CanonicalAbiInfo, InstanceType, InterfaceType, LowerContext};
use wasmtime::component::{
    ComponentType, Lift, LinkerInstance, Lower, Resource, ResourceType, WasmList, WasmStr,
};
use wasmtime_c_api::{wasmtime_component_linker_t, wasmtime_error_t};

use super::{Host, PENDING, optional_text, text};
use crate::abi::{Bytes, Text, host_of};
use crate::component::linker_of;
use crate::status::reported;
use crate::views::PayloadView;
use crate::{StoreContextMut, StoreData};

/// What the host's two kinds of resources are called by; C keeps what they are.
struct Bucket;
struct Cas;

#[derive(ComponentType, Lower)]
#[component(variant)]
enum Error {
    #[component(name = "no-such-store")]
    NoSuchStore,
    #[component(name = "access-denied")]
    AccessDenied,
    #[component(name = "other")]
    Other(String),
}

#[derive(ComponentType, Lower)]
#[component(variant)]
enum CasError {
    #[component(name = "store-error")]
    StoreError(Error),
    #[component(name = "cas-failed")]
    CasFailed(Resource<Cas>),
}

/// `key-response`, with either kind of cursor.
#[derive(ComponentType, Lower)]
#[component(record)]
struct Page<Cursor> {
    keys: Vec<String>,
    cursor: Option<Cursor>,
}

/// One key of get-many. What it is answered with was published in two shapes under one version, which are equally
/// large: an option of a pair, and later a pair with an option.
struct Found {
    key: String,
    value: Option<Vec<u8>>,
}

type FoundPair<'a> = Option<(&'a str, &'a [u8])>;
type PairFound<'a> = (&'a str, Option<&'a [u8]>);

impl Found {
    fn pair(&self) -> FoundPair<'_> {
        self.value.as_ref().map(|value| (self.key.as_str(), value.as_slice()))
    }

    fn found(&self) -> PairFound<'_> {
        (self.key.as_str(), self.value.as_deref())
    }
}

const _: () = assert!(
    <FoundPair as ComponentType>::SIZE32 == <PairFound as ComponentType>::SIZE32
        && <FoundPair as ComponentType>::ALIGN32 == <PairFound as ComponentType>::ALIGN32
);

// SAFETY: it is one of two types, told apart by the component's own, with one size and alignment.
unsafe impl ComponentType for Found {
    type Lower = <PairFound<'static> as ComponentType>::Lower;

    const ABI: CanonicalAbiInfo = <PairFound as ComponentType>::ABI;

    fn typecheck(ty: &InterfaceType, types: &InstanceType<'_>) -> wasmtime::Result<()> {
        match ty {
            InterfaceType::Option(_) => <FoundPair as ComponentType>::typecheck(ty, types),
            _ => <PairFound as ComponentType>::typecheck(ty, types),
        }
    }
}

// SAFETY: likewise.
unsafe impl Lower for Found {
    fn linear_lower_to_flat<T>(
        &self,
        _cx: &mut LowerContext<'_, T>,
        _ty: InterfaceType,
        _dst: &mut MaybeUninit<Self::Lower>,
    ) -> wasmtime::Result<()> {
        Err(wasmtime::Error::msg("it is only in lists"))
    }

    fn linear_lower_to_memory<T>(
        &self,
        cx: &mut LowerContext<'_, T>,
        ty: InterfaceType,
        offset: usize,
    ) -> wasmtime::Result<()> {
        match ty {
            InterfaceType::Option(_) => self.pair().linear_lower_to_memory(cx, ty, offset),
            _ => self.found().linear_lower_to_memory(cx, ty, offset),
        }
    }
}

/// `airs_ext_change_t`
#[repr(C)]
struct Change {
    key: Bytes,
    value: Bytes,
    removes: bool,
}

/// `airs_ext_page_t`
#[repr(C)]
struct PageRequest {
    after: Bytes,
    skip: u64,
    has_more: bool,
    next: u64,
}

type Values = Vec<(usize, Vec<u8>)>;

/// `airs_ext_keyvalue_t`
#[repr(C)]
#[derive(Clone, Copy)]
pub struct Keyvalue {
    open: unsafe extern "C" fn(*mut c_void, Bytes, *mut u32, *mut Text) -> u8,
    drop_bucket: unsafe extern "C" fn(*mut c_void, u32),
    check_count: unsafe extern "C" fn(*mut c_void, usize, *mut Text) -> u8,
    get: unsafe extern "C" fn(*mut c_void, u32, *const Bytes, usize, *mut Values, *mut Text) -> u8,
    exists: unsafe extern "C" fn(*mut c_void, u32, Bytes, *mut bool, *mut Text) -> u8,
    list_keys: unsafe extern "C" fn(*mut c_void, u32, *mut PageRequest, *mut Vec<Vec<u8>>, *mut Text) -> u8,
    write: unsafe extern "C" fn(*mut c_void, u32, *const Change, usize, *mut Text) -> u8,
    increment: unsafe extern "C" fn(*mut c_void, u32, Bytes, u64, bool, *mut u64, *mut Text) -> u8,
    cas_new: unsafe extern "C" fn(*mut c_void, u32, Bytes, *mut u32, *mut Text) -> u8,
    cas_current: unsafe extern "C" fn(*mut c_void, u32, *mut Values, *mut Text) -> u8,
    swap: unsafe extern "C" fn(*mut c_void, u32, Bytes, *mut Text) -> u8,
    drop_cas: unsafe extern "C" fn(*mut c_void, u32),
    waited: unsafe extern "C" fn(*mut c_void, *mut u64, *mut Text) -> u8,
}

/// What C puts the values of a get into, each with the place of its key.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn airs_ext_collect_value(into: &mut Values, index: usize, value: Bytes) {
    into.push((index, unsafe { value.slice() }.to_vec()));
}

type Answer<T> = Result<T, Error>;
type Reply<T> = wasmtime::Result<(Answer<T>,)>;

/// A call that may wait.
type Write<T> = Box<dyn Future<Output = wasmtime::Result<T>> + Send>;

fn answer(case: u8, reason: &Text) -> Answer<()> {
    match case {
        0 => Ok(()),
        1 => Err(Error::NoSuchStore),
        2 => Err(Error::AccessDenied),
        _ => Err(Error::Other(reason.to_text())),
    }
}

/// `AIRS_EXT_KEYVALUE_CAS_FAILED`
const CAS_FAILED: u8 = 4;

/// What a write answered, now or once C has woken the call, made into the import's result.
fn finish<T: Send + 'static>(
    host: Keyvalue,
    pointer: Host,
    case: u8,
    number: u64,
    reason: &Text,
    make: impl Fn(u8, u64, &Text) -> T + Send + 'static,
) -> Write<T> {
    if case != PENDING {
        return Box::new(ready(Ok(make(case, number, reason))));
    }
    Box::new(poll_fn(move |_| {
        let (mut reason, mut number) = (Text::new(), 0);
        // SAFETY: the host outlives the call that this future belongs to.
        match unsafe { (host.waited)(pointer.pointer(), &mut number, &mut reason) } {
            PENDING => Poll::Pending,
            case => Poll::Ready(Ok(make(case, number, &reason))),
        }
    }))
}

fn plain(case: u8, _number: u64, reason: &Text) -> (Answer<()>,) {
    (answer(case, reason),)
}

/// What could not even be asked traps.
fn write_or_trap<T: Send + 'static>(write: wasmtime::Result<Write<T>>) -> Write<T> {
    write.unwrap_or_else(|error| Box::new(ready(Err(error))))
}

/// Whether C lets so many keys be asked for at once, before they are looked at.
fn count_allowed(host: Keyvalue, store: &StoreContextMut<'_>, count: usize) -> Answer<()> {
    let mut reason = Text::new();
    // SAFETY: the host outlives the call, here and below.
    answer(unsafe { (host.check_count)(host_of(store), count, &mut reason) }, &reason)
}

// ---- store ----

fn get(
    host: Keyvalue,
    store: &StoreContextMut<'_>,
    bucket: &Resource<Bucket>,
    keys: &[Bytes],
) -> Answer<Values> {
    let (mut reason, mut values) = (Text::new(), Values::new());
    // SAFETY: the views are good during the call, here and in the functions below.
    let case = unsafe {
        (host.get)(host_of(store), bucket.rep(), keys.as_ptr(), keys.len(), &mut values, &mut reason)
    };
    answer(case, &reason).map(|()| values)
}

fn set(
    host: Keyvalue,
    store: &StoreContextMut<'_>,
    bucket: &Resource<Bucket>,
    changes: &[Change],
) -> Write<(Answer<()>,)> {
    let pointer = Host(host_of(store));
    let mut reason = Text::new();
    let case = unsafe {
        (host.write)(pointer.pointer(), bucket.rep(), changes.as_ptr(), changes.len(), &mut reason)
    };
    finish(host, pointer, case, 0, &reason, plain)
}

fn add_bucket(store: &mut LinkerInstance<'_, StoreData>, host: Keyvalue) -> wasmtime::Result<()> {
    store.resource("bucket", ResourceType::host::<Bucket>(), move |store, bucket| {
        unsafe { (host.drop_bucket)(host_of(&store), bucket) };
        Ok(())
    })?;
    store.func_wrap(
        "open",
        move |store: StoreContextMut<'_>, (name,): (WasmStr,)| -> Reply<Resource<Bucket>> {
            let name = text(&store, &name)?;
            let (mut reason, mut bucket) = (Text::new(), 0);
            let case =
                unsafe { (host.open)(host_of(&store), Bytes::of(name.as_bytes()), &mut bucket, &mut reason) };
            Ok((answer(case, &reason).map(|()| Resource::new_own(bucket)),))
        },
    )?;
    store.func_wrap(
        "[method]bucket.get",
        move |store: StoreContextMut<'_>, (bucket, key): (Resource<Bucket>, WasmStr)| {
            let key = text(&store, &key)?;
            let found = get(host, &store, &bucket, &[Bytes::of(key.as_bytes())]);
            Ok((found.map(|mut values| values.pop().map(|(_, value)| value)),))
        },
    )?;
    store.func_wrap(
        "[method]bucket.exists",
        move |store: StoreContextMut<'_>, (bucket, key): (Resource<Bucket>, WasmStr)| -> Reply<bool> {
            let key = text(&store, &key)?;
            let (mut reason, mut exists) = (Text::new(), false);
            let case = unsafe {
                (host.exists)(
                    host_of(&store),
                    bucket.rep(),
                    Bytes::of(key.as_bytes()),
                    &mut exists,
                    &mut reason,
                )
            };
            Ok((answer(case, &reason).map(|()| exists),))
        },
    )?;
    store.func_wrap_async(
        "[method]bucket.set",
        move |store: StoreContextMut<'_>, (bucket, key, value): (Resource<Bucket>, WasmStr, PayloadView)| {
            write_or_trap(text(&store, &key).map(|key| {
                let value = Bytes::of(value.bytes(&store));
                let change = Change { key: Bytes::of(key.as_bytes()), value, removes: false };
                set(host, &store, &bucket, &[change])
            }))
        },
    )?;
    store.func_wrap_async(
        "[method]bucket.delete",
        move |store: StoreContextMut<'_>, (bucket, key): (Resource<Bucket>, WasmStr)| {
            write_or_trap(text(&store, &key).map(|key| {
                let change = Change { key: Bytes::of(key.as_bytes()), value: Bytes::EMPTY, removes: true };
                set(host, &store, &bucket, &[change])
            }))
        },
    )
}

/// A page of keys behind a cursor of either kind.
fn list_keys<Cursor>(
    host: Keyvalue,
    store: &StoreContextMut<'_>,
    bucket: &Resource<Bucket>,
    mut page: PageRequest,
    cursor: impl Fn(&PageRequest, &[String]) -> Option<Cursor>,
) -> Answer<Page<Cursor>> {
    let (mut reason, mut keys) = (Text::new(), Vec::new());
    let case = unsafe { (host.list_keys)(host_of(store), bucket.rep(), &mut page, &mut keys, &mut reason) };
    answer(case, &reason).map(|()| {
        let keys: Vec<String> =
            keys.into_iter().map(|key| String::from_utf8_lossy(&key).into_owned()).collect();
        let cursor = page.has_more.then(|| cursor(&page, &keys)).flatten();
        Page { keys, cursor }
    })
}

fn add_numbered_list(store: &mut LinkerInstance<'_, StoreData>, host: Keyvalue) -> wasmtime::Result<()> {
    store.func_wrap(
        "[method]bucket.list-keys",
        move |store: StoreContextMut<'_>, (bucket, cursor): (Resource<Bucket>, Option<u64>)| {
            let page =
                PageRequest { after: Bytes::EMPTY, skip: cursor.unwrap_or(0), has_more: false, next: 0 };
            Ok((list_keys(host, &store, &bucket, page, |page, _| Some(page.next)),))
        },
    )
}

fn add_named_list(store: &mut LinkerInstance<'_, StoreData>, host: Keyvalue) -> wasmtime::Result<()> {
    store.func_wrap(
        "[method]bucket.list-keys",
        move |store: StoreContextMut<'_>, (bucket, cursor): (Resource<Bucket>, Option<WasmStr>)| {
            let after = optional_text(&store, &cursor)?;
            let page = PageRequest { after: Bytes::of(after.as_bytes()), skip: 0, has_more: false, next: 0 };
            Ok((list_keys(host, &store, &bucket, page, |_, keys| keys.last().cloned()),))
        },
    )
}

// ---- atomics ----

/// `Number` is u64 or s64.
fn add_increment<Number>(
    atomics: &mut LinkerInstance<'_, StoreData>,
    host: Keyvalue,
    is_signed: bool,
    bits_of: fn(Number) -> u64,
    from_bits: fn(u64) -> Number,
) -> wasmtime::Result<()>
where
    Number: ComponentType + Lift + Lower + Send + Sync + 'static,
{
    atomics.func_wrap_async(
        "increment",
        move |store: StoreContextMut<'_>, (bucket, key, delta): (Resource<Bucket>, WasmStr, Number)| {
            write_or_trap(text(&store, &key).map(|key| {
                let pointer = Host(host_of(&store));
                let (mut reason, mut sum) = (Text::new(), 0);
                let case = unsafe {
                    (host.increment)(
                        pointer.pointer(),
                        bucket.rep(),
                        Bytes::of(key.as_bytes()),
                        bits_of(delta),
                        is_signed,
                        &mut sum,
                        &mut reason,
                    )
                };
                finish(host, pointer, case, sum, &reason, move |case, sum, reason| {
                    (answer(case, reason).map(|()| from_bits(sum)),)
                })
            }))
        },
    )
}

fn swapped(cas: u32, case: u8, reason: &Text) -> (Result<(), CasError>,) {
    (match case {
        CAS_FAILED => Err(CasError::CasFailed(Resource::new_own(cas))),
        _ => answer(case, reason).map_err(CasError::StoreError),
    },)
}

fn add_cas(atomics: &mut LinkerInstance<'_, StoreData>, host: Keyvalue) -> wasmtime::Result<()> {
    atomics.resource("cas", ResourceType::host::<Cas>(), move |store, cas| {
        unsafe { (host.drop_cas)(host_of(&store), cas) };
        Ok(())
    })?;
    atomics.func_wrap(
        "[static]cas.new",
        move |store: StoreContextMut<'_>,
              (bucket, key): (Resource<Bucket>, WasmStr)|
              -> Reply<Resource<Cas>> {
            let key = text(&store, &key)?;
            let (mut reason, mut cas) = (Text::new(), 0);
            let case = unsafe {
                (host.cas_new)(
                    host_of(&store),
                    bucket.rep(),
                    Bytes::of(key.as_bytes()),
                    &mut cas,
                    &mut reason,
                )
            };
            Ok((answer(case, &reason).map(|()| Resource::new_own(cas)),))
        },
    )?;
    atomics.func_wrap(
        "[method]cas.current",
        move |store: StoreContextMut<'_>, (cas,): (Resource<Cas>,)| -> Reply<Option<Vec<u8>>> {
            let (mut reason, mut values) = (Text::new(), Values::new());
            let case = unsafe { (host.cas_current)(host_of(&store), cas.rep(), &mut values, &mut reason) };
            Ok((answer(case, &reason).map(|()| values.pop().map(|(_, value)| value)),))
        },
    )?;
    atomics.func_wrap_async(
        "swap",
        move |store: StoreContextMut<'_>, (cas, value): (Resource<Cas>, PayloadView)| {
            let pointer = Host(host_of(&store));
            let cas = cas.rep();
            let value = Bytes::of(value.bytes(&store));
            let mut reason = Text::new();
            let case = unsafe { (host.swap)(pointer.pointer(), cas, value, &mut reason) };
            finish(host, pointer, case, 0, &reason, move |case, _, reason| swapped(cas, case, reason))
        },
    )
}

// ---- batch ----

/// What set-many takes.
type Pairs = WasmList<(WasmStr, PayloadView)>;

fn get_many(
    host: Keyvalue,
    mut store: StoreContextMut<'_>,
    bucket: &Resource<Bucket>,
    keys: &WasmList<WasmStr>,
) -> Reply<Vec<Found>> {
    if let Err(error) = count_allowed(host, &store, keys.len()) {
        return Ok((Err(error),));
    }
    let keys = keys.iter(&mut store)?.collect::<wasmtime::Result<Vec<_>>>()?;
    let keys = keys.iter().map(|key| text(&store, key)).collect::<wasmtime::Result<Vec<_>>>()?;
    let views: Vec<Bytes> = keys.iter().map(|key| Bytes::of(key.as_bytes())).collect();
    Ok((get(host, &store, bucket, &views).map(|values| {
        let mut found: Vec<Found> =
            keys.iter().map(|key| Found { key: key.clone().into_owned(), value: None }).collect();
        for (index, value) in values {
            found[index].value = Some(value);
        }
        found
    }),))
}

fn set_many(
    host: Keyvalue,
    mut store: StoreContextMut<'_>,
    bucket: &Resource<Bucket>,
    pairs: &Pairs,
) -> wasmtime::Result<Write<(Answer<()>,)>> {
    if let Err(error) = count_allowed(host, &store, pairs.len()) {
        return Ok(Box::new(ready(Ok((Err(error),)))));
    }
    let pairs = pairs.iter(&mut store)?.collect::<wasmtime::Result<Vec<_>>>()?;
    let keys = pairs.iter().map(|(key, _)| text(&store, key)).collect::<wasmtime::Result<Vec<_>>>()?;
    let changes: Vec<Change> = keys
        .iter()
        .zip(&pairs)
        .map(|(key, (_, value))| Change {
            key: Bytes::of(key.as_bytes()),
            value: Bytes::of(value.bytes(&store)),
            removes: false,
        })
        .collect();
    Ok(set(host, &store, bucket, &changes))
}

fn delete_many(
    host: Keyvalue,
    mut store: StoreContextMut<'_>,
    bucket: &Resource<Bucket>,
    keys: &WasmList<WasmStr>,
) -> wasmtime::Result<Write<(Answer<()>,)>> {
    if let Err(error) = count_allowed(host, &store, keys.len()) {
        return Ok(Box::new(ready(Ok((Err(error),)))));
    }
    let keys = keys.iter(&mut store)?.collect::<wasmtime::Result<Vec<_>>>()?;
    let keys = keys.iter().map(|key| text(&store, key)).collect::<wasmtime::Result<Vec<_>>>()?;
    let changes: Vec<Change> = keys
        .iter()
        .map(|key| Change { key: Bytes::of(key.as_bytes()), value: Bytes::EMPTY, removes: true })
        .collect();
    Ok(set(host, &store, bucket, &changes))
}

fn add_batch(batch: &mut LinkerInstance<'_, StoreData>, host: Keyvalue) -> wasmtime::Result<()> {
    batch.func_wrap(
        "get-many",
        move |store: StoreContextMut<'_>, (bucket, keys): (Resource<Bucket>, WasmList<WasmStr>)| {
            get_many(host, store, &bucket, &keys)
        },
    )?;
    batch.func_wrap_async(
        "set-many",
        move |store: StoreContextMut<'_>, (bucket, pairs): (Resource<Bucket>, Pairs)| {
            write_or_trap(set_many(host, store, &bucket, &pairs))
        },
    )?;
    batch.func_wrap_async(
        "delete-many",
        move |store: StoreContextMut<'_>, (bucket, keys): (Resource<Bucket>, WasmList<WasmStr>)| {
            write_or_trap(delete_many(host, store, &bucket, &keys))
        },
    )
}

#[unsafe(no_mangle)]
pub extern "C" fn airs_ext_linker_add_keyvalue(
    linker: &mut wasmtime_component_linker_t,
    host: &Keyvalue,
) -> Option<Box<wasmtime_error_t>> {
    let host = *host;
    reported(|| {
        let mut root = linker_of(linker).root();
        let mut store = root.instance("wasi:keyvalue/store@0.2.0-draft")?;
        add_bucket(&mut store, host)?;
        add_numbered_list(&mut store, host)?;
        let mut atomics = root.instance("wasi:keyvalue/atomics@0.2.0-draft")?;
        add_increment::<u64>(&mut atomics, host, false, |delta| delta, |sum| sum)?;
        add_batch(&mut root.instance("wasi:keyvalue/batch@0.2.0-draft")?, host)?;

        let mut store = root.instance("wasi:keyvalue/store@0.2.0-draft2")?;
        add_bucket(&mut store, host)?;
        add_named_list(&mut store, host)?;
        let mut atomics = root.instance("wasi:keyvalue/atomics@0.2.0-draft2")?;
        add_increment::<i64>(&mut atomics, host, true, |delta| delta as u64, |sum| sum as i64)?;
        add_cas(&mut atomics, host)?;
        add_batch(&mut root.instance("wasi:keyvalue/batch@0.2.0-draft2")?, host)
    })
}
