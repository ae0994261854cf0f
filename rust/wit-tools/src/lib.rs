//! The wasm-tools crates that a C guest is made with, behind the functions of `airs_wit_tools.h`.

mod memory_size;

use std::ffi::{CStr, c_char, c_void};
use std::panic::{AssertUnwindSafe, catch_unwind};

use anyhow::{Context, Result, bail};
use wasi_preview1_component_adapter_provider as adapters;
use wit_bindgen_core::Files;
use wit_component::{
    ComponentEncoder, DecodedWasm, OutputToString, StringEncoding, WitPrinter, embed_component_metadata,
};
use wit_parser::{Resolve, WorldId};

/// `airs_wit_output_t`: a boxed slice whose last byte is a zero that `size` does not count.
#[repr(C)]
pub struct Output {
    data: *mut u8,
    size: usize,
}

type FileFn = extern "C" fn(*mut c_void, *const c_char, *const u8, usize) -> bool;

#[repr(C)]
#[derive(Clone, Copy)]
pub enum Adapter {
    Reactor = 0,
    Command = 1,
}

/// # Safety
/// `output` is null, or an output that this library filled or that is zeroed.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn airs_wit_output_free(output: *mut Output) {
    let Some(output) = (unsafe { output.as_mut() }) else {
        return;
    };
    if !output.data.is_null() {
        let whole = std::ptr::slice_from_raw_parts_mut(output.data, output.size + 1);
        drop(unsafe { Box::from_raw(whole) });
    }
    output.data = std::ptr::null_mut();
    output.size = 0;
}

/// # Safety
/// As `airs_wit_tools.h` says.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn airs_wit_bindgen_c(
    paths: *const *const c_char,
    path_count: usize,
    world: *const c_char,
    rename: *const c_char,
    file: FileFn,
    context: *mut c_void,
    error: *mut Output,
) -> bool {
    let result = guarded(|| {
        let paths = unsafe { texts(paths, path_count) }?;
        let (mut resolve, world) = resolve(&paths, unsafe { optional_text(world) }?)?;
        let options = wit_bindgen_c::Opts {
            rename_world: unsafe { optional_text(rename) }?.map(str::to_owned),
            ..Default::default()
        };
        let mut files = Files::default();
        options.build().generate(&mut resolve, world, &mut files)?;
        for (name, bytes) in files.iter() {
            let mut name = name.to_owned();
            name.push('\0');
            if !file(context, name.as_ptr().cast(), bytes.as_ptr(), bytes.len()) {
                bail!("stopped");
            }
        }
        Ok(())
    });
    unsafe { report(result, error) }.is_some()
}

/// # Safety
/// As `airs_wit_tools.h` says.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn airs_wit_componentize(
    module: *const u8,
    module_size: usize,
    paths: *const *const c_char,
    path_count: usize,
    world: *const c_char,
    adapter: Adapter,
    out: *mut Output,
    error: *mut Output,
) -> bool {
    let result = guarded(|| {
        let mut module = wat::parse_bytes(unsafe { bytes(module, module_size) })?.into_owned();
        if path_count > 0 {
            let paths = unsafe { texts(paths, path_count) }?;
            let (resolve, world) = resolve(&paths, unsafe { optional_text(world) }?)?;
            embed_component_metadata(&mut module, &resolve, world, StringEncoding::UTF8)?;
        }
        let adapter = match adapter {
            Adapter::Reactor => adapters::WASI_SNAPSHOT_PREVIEW1_REACTOR_ADAPTER,
            Adapter::Command => adapters::WASI_SNAPSHOT_PREVIEW1_COMMAND_ADAPTER,
        };
        if let Some(told) = memory_size::hide_growth_by_others(&module)? {
            module = told;
        }
        ComponentEncoder::default()
            .module(&module)?
            .adapter(adapters::WASI_SNAPSHOT_PREVIEW1_ADAPTER_NAME, adapter)?
            .validate(true)
            .encode()
    });
    unsafe { deliver(result, out, error) }
}

/// # Safety
/// As `airs_wit_tools.h` says.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn airs_wit_print(
    component: *const u8,
    size: usize,
    out: *mut Output,
    error: *mut Output,
) -> bool {
    let result = guarded(|| {
        let component = wat::parse_bytes(unsafe { bytes(component, size) })?;
        if is_core_module(&component) {
            bail!("a core module, not a component");
        }
        let decoded = wit_component::decode(&component)?;
        Ok(print(&decoded)?.into_bytes())
    });
    unsafe { deliver(result, out, error) }
}

/// # Safety
/// As `airs_wit_tools.h` says.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn airs_wit_parse_text(
    text: *const c_char,
    size: usize,
    name: *const c_char,
    out: *mut Output,
    error: *mut Output,
) -> bool {
    let result = guarded(|| {
        let text = std::str::from_utf8(unsafe { bytes(text.cast(), size) })?;
        let name = unsafe { optional_text(name) }?;
        wat::parse_str(text).map_err(|mut error| {
            if let Some(name) = name {
                error.set_path(name);
            }
            error.into()
        })
    });
    unsafe { deliver(result, out, error) }
}

/// The packages at `paths`, and the world of them that `world` names.
fn resolve(paths: &[&str], world: Option<&str>) -> Result<(Resolve, WorldId)> {
    let mut resolve = Resolve::default();
    let mut last = None;
    for path in paths {
        // A path that stands alone is merged, so that two paths may bring the same dependency; one that
        // needs an earlier path is pushed beside it.
        let mut alone = Resolve::default();
        last = Some(match alone.push_path(path) {
            Ok((package, _)) => resolve.merge(alone)?.packages[package.index()],
            Err(_) => match resolve.push_path(path) {
                Ok((package, _)) => package,
                // Only this rendering has the file, the line and the column.
                Err(error) => bail!("{}", resolve.render_error(&error)),
            },
        });
    }
    let package = last.context("no WIT was given")?;
    let world = resolve.select_world(&[package], world)?;
    Ok((resolve, world))
}

/// The world of a component, or the package of an encoded one, then every package that it refers to.
fn print(decoded: &DecodedWasm) -> Result<String> {
    let resolve = decoded.resolve();
    let main = decoded.package();
    let others: Vec<_> = resolve.packages.iter().map(|(id, _)| id).filter(|id| *id != main).collect();
    let mut printer = WitPrinter::new(OutputToString::default());
    printer.print(resolve, main, &others)?;
    Ok(printer.output.to_string())
}

/// Whether the header is a core module's: version 1 of layer 0.
fn is_core_module(bytes: &[u8]) -> bool {
    bytes.starts_with(b"\0asm\x01\0\0\0")
}

/// The result of `work`, or its panic as an error: nothing unwinds into C.
fn guarded<T>(work: impl FnOnce() -> Result<T>) -> Result<T> {
    match catch_unwind(AssertUnwindSafe(work)) {
        Ok(result) => result,
        Err(panic) => {
            let text = panic
                .downcast_ref::<&str>()
                .copied()
                .or_else(|| panic.downcast_ref::<String>().map(String::as_str))
                .unwrap_or("unknown");
            bail!("internal error: {text}")
        }
    }
}

/// The value of a result; an error goes to `error` as text with its causes.
unsafe fn report<T>(result: Result<T>, error: *mut Output) -> Option<T> {
    match result {
        Ok(value) => Some(value),
        Err(cause) => {
            unsafe { give(format!("{cause:#}").into_bytes(), error) };
            None
        }
    }
}

unsafe fn deliver(result: Result<Vec<u8>>, out: *mut Output, error: *mut Output) -> bool {
    match unsafe { report(result, error) } {
        Some(bytes) => {
            unsafe { give(bytes, out) };
            true
        }
        None => false,
    }
}

unsafe fn give(mut bytes: Vec<u8>, output: *mut Output) {
    let Some(output) = (unsafe { output.as_mut() }) else {
        return;
    };
    output.size = bytes.len();
    bytes.push(0);
    output.data = Box::into_raw(bytes.into_boxed_slice()).cast();
}

unsafe fn bytes<'a>(data: *const u8, size: usize) -> &'a [u8] {
    if size == 0 {
        return &[];
    }
    unsafe { std::slice::from_raw_parts(data, size) }
}

unsafe fn optional_text<'a>(text: *const c_char) -> Result<Option<&'a str>> {
    if text.is_null() {
        return Ok(None);
    }
    let text = unsafe { CStr::from_ptr(text) };
    Ok(Some(text.to_str().context("an argument is not UTF-8 text")?))
}

unsafe fn texts<'a>(list: *const *const c_char, count: usize) -> Result<Vec<&'a str>> {
    let mut texts = Vec::with_capacity(count);
    for index in 0..count {
        let text = unsafe { optional_text(*list.add(index)) }?;
        texts.push(text.context("an argument is missing")?);
    }
    Ok(texts)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeMap;
    use std::ffi::CString;
    use std::path::Path;

    const EMPTY: Output = Output { data: std::ptr::null_mut(), size: 0 };

    fn core_wit() -> CString {
        let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../wit/airssys-core");
        CString::new(path.to_str().unwrap()).unwrap()
    }

    fn take(mut output: Output) -> Vec<u8> {
        let taken = unsafe { bytes(output.data, output.size) }.to_vec();
        if !output.data.is_null() {
            assert_eq!(unsafe { *output.data.add(output.size) }, 0);
        }
        unsafe { airs_wit_output_free(&mut output) };
        assert!(output.data.is_null() && output.size == 0);
        taken
    }

    fn take_text(output: Output) -> String {
        String::from_utf8(take(output)).unwrap()
    }

    extern "C" fn keep(files: *mut c_void, name: *const c_char, data: *const u8, size: usize) -> bool {
        let files = unsafe { &mut *files.cast::<BTreeMap<String, Vec<u8>>>() };
        let name = unsafe { CStr::from_ptr(name) }.to_str().unwrap().to_owned();
        files.insert(name, unsafe { bytes(data, size) }.to_vec());
        true
    }

    extern "C" fn refuse(_: *mut c_void, _: *const c_char, _: *const u8, _: usize) -> bool {
        false
    }

    fn bindgen(wit: &CStr, world: Option<&CStr>, file: FileFn) -> Result<BTreeMap<String, Vec<u8>>, String> {
        let mut files = BTreeMap::new();
        let mut error = EMPTY;
        let paths = [wit.as_ptr()];
        let done = unsafe {
            airs_wit_bindgen_c(
                paths.as_ptr(),
                paths.len(),
                world.map_or(std::ptr::null(), CStr::as_ptr),
                c"guest".as_ptr(),
                file,
                (&raw mut files).cast(),
                &mut error,
            )
        };
        let text = take_text(error);
        assert_eq!(done, text.is_empty());
        if done { Ok(files) } else { Err(text) }
    }

    fn componentize(module: &str, world: Option<&CStr>, adapter: Adapter) -> Result<Vec<u8>, String> {
        let (mut out, mut error) = (EMPTY, EMPTY);
        let wit = core_wit();
        let paths = [wit.as_ptr()];
        let done = unsafe {
            airs_wit_componentize(
                module.as_ptr(),
                module.len(),
                paths.as_ptr(),
                usize::from(world.is_some()),
                world.map_or(std::ptr::null(), CStr::as_ptr),
                adapter,
                &mut out,
                &mut error,
            )
        };
        let text = take_text(error);
        assert_eq!(done, text.is_empty());
        if done { Ok(take(out)) } else { Err(text) }
    }

    fn print(component: &[u8]) -> Result<String, String> {
        let (mut out, mut error) = (EMPTY, EMPTY);
        let done = unsafe { airs_wit_print(component.as_ptr(), component.len(), &mut out, &mut error) };
        if done { Ok(take_text(out)) } else { Err(take_text(error)) }
    }

    #[test]
    fn bindings_are_a_header_a_source_and_an_object() {
        let files = bindgen(&core_wit(), Some(c"runtime-host"), keep).unwrap();
        let names: Vec<_> = files.keys().map(String::as_str).collect();
        assert_eq!(names, ["guest.c", "guest.h", "guest_component_type.o"]);
        let header = std::str::from_utf8(&files["guest.h"]).unwrap();
        assert!(header.contains("exports_airssys_core_component_lifecycle_handle_message"));
        assert!(header.contains("guest_string_t"));
    }

    #[test]
    fn a_world_may_be_left_out_when_there_is_one() {
        assert!(bindgen(&core_wit(), None, keep).is_ok());
    }

    #[test]
    fn errors_say_what_is_wrong() {
        let wit = core_wit();
        assert!(bindgen(&wit, Some(c"nowhere"), keep).unwrap_err().contains("`nowhere`"));
        assert!(bindgen(c"/no/such/folder", None, keep).unwrap_err().contains("/no/such/folder"));
        assert_eq!(bindgen(&wit, None, refuse).unwrap_err(), "stopped");
    }

    #[test]
    fn errors_in_wit_have_a_place() {
        let path = std::env::temp_dir().join(format!("airs-wit-tools-{}.wit", std::process::id()));
        std::fs::write(&path, "package a:b;\n\ninterface x {\n  f: func(a: u9);\n}\n").unwrap();
        let wit = CString::new(path.to_str().unwrap()).unwrap();
        let text = bindgen(&wit, None, keep).unwrap_err();
        std::fs::remove_file(&path).unwrap();
        assert!(text.contains("`u9`") && text.contains(".wit:4:14"), "{text}");
    }

    #[test]
    fn a_module_becomes_a_component_whose_wit_can_be_printed() {
        let module = include_str!("../../../test/guests/bad/quiet.core.wat");
        let component = componentize(module, Some(c"runtime-host"), Adapter::Reactor).unwrap();
        let wit = print(&component).unwrap();
        assert!(wit.contains("export airssys:core/component-lifecycle@1.0.0;"), "{wit}");
        assert!(!wit.contains("wasi:"), "the adapter came along: {wit}");
    }

    #[test]
    fn a_program_becomes_a_command() {
        let module = r#"(module (memory (export "memory") 1) (func (export "_start")))"#;
        let component = componentize(module, None, Adapter::Command).unwrap();
        assert!(print(&component).unwrap().contains("export wasi:cli/run@"));
    }

    #[test]
    fn a_module_that_lacks_exports_is_refused() {
        let text = componentize("(module)", Some(c"runtime-host"), Adapter::Reactor).unwrap_err();
        assert!(text.contains("component-lifecycle"), "{text}");
        assert!(componentize("(module", None, Adapter::Reactor).is_err());
    }

    #[test]
    fn only_components_are_printed() {
        assert!(print(b"(module)").unwrap_err().contains("core module"));
        assert!(print(b"(component)").is_ok());
        assert!(print(b"\0asm\x0d\0\x01\0\x01").is_err());
        assert!(print(b"").is_err());
    }

    #[test]
    fn text_becomes_binary() {
        let (mut out, mut error) = (EMPTY, EMPTY);
        let text = "(component)";
        let call = |text: &str, out: &mut Output, error: &mut Output| unsafe {
            airs_wit_parse_text(text.as_ptr().cast(), text.len(), c"here.wat".as_ptr(), out, error)
        };
        assert!(call(text, &mut out, &mut error));
        assert!(take(out).starts_with(b"\0asm\x0d\0\x01\0"));
        let mut out = EMPTY;
        assert!(!call("(nonsense)", &mut out, &mut error));
        assert!(take_text(error).contains("here.wat:1:2"));
    }

    #[test]
    fn outputs_may_be_left_out_and_freed_twice() {
        unsafe { airs_wit_output_free(std::ptr::null_mut()) };
        let mut output = EMPTY;
        unsafe { airs_wit_output_free(&mut output) };
        let component = b"(component)";
        let (size, none) = (component.len(), std::ptr::null_mut());
        assert!(unsafe { airs_wit_print(component.as_ptr(), size, none, none) });
        assert!(!unsafe { airs_wit_print(component.as_ptr(), 3, none, none) });
    }

    #[test]
    fn a_panic_is_an_error() {
        let result: Result<()> = guarded(|| panic!("on {}", "purpose"));
        assert_eq!(result.unwrap_err().to_string(), "internal error: on purpose");
    }
}
