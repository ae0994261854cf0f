//! TOML for C: `airs_toml_parse` turns a document into JSON that carries the byte spans of its keys
//! and values. `include/airs_toml.h` describes the JSON; what the document means is its reader's affair.

use std::ffi::c_char;
use std::ops::Range;
use std::panic::{AssertUnwindSafe, catch_unwind};

use serde_json::{Value, json};
use toml::de::{DeInteger, DeTable, DeValue};

const OK: i32 = 0;
const INVALID: i32 = 1;
const INTERNAL: i32 = 2;

/// As `AIRS_TOML_DOCUMENT_MAX` in the header.
const DOCUMENT_MAX: usize = 4 << 20;

/// The parser bounds brackets and dotted keys each by itself; one inside the other they multiply, and
/// whoever reads the JSON recursively would pay for it with their stack.
const DEPTH_MAX: usize = 100;

const ERRORS_MAX: usize = 20;

struct Problem {
    message: String,
    span: Range<usize>,
}

impl Problem {
    fn new(message: impl Into<String>, span: Range<usize>) -> Self {
        Self { message: message.into(), span }
    }
}

fn span_json(span: Range<usize>) -> Value {
    json!([span.start, span.end])
}

fn integer_json(integer: &DeInteger<'_>) -> Value {
    i64::from_str_radix(integer.as_str(), integer.radix()).map_or(Value::Null, Value::from)
}

fn value_json(value: &DeValue<'_>, span: Range<usize>, depth: usize) -> Result<Value, Problem> {
    if depth > DEPTH_MAX {
        return Err(Problem::new(format!("nested deeper than {DEPTH_MAX} levels"), span));
    }
    let content = match value {
        DeValue::String(text) => json!(text),
        DeValue::Integer(integer) => integer_json(integer),
        // A JSON number cannot be infinite or no number: serde_json makes null of them.
        DeValue::Float(float) => float.as_str().parse::<f64>().map_or(Value::Null, Value::from),
        DeValue::Boolean(truth) => json!(truth),
        DeValue::Datetime(datetime) => json!(datetime.to_string()),
        DeValue::Array(array) => array
            .iter()
            .map(|element| value_json(element.get_ref(), element.span(), depth + 1))
            .collect::<Result<Value, _>>()?,
        DeValue::Table(table) => entries_json(table, depth)?,
    };
    Ok(json!({ "type": value.type_str(), "span": span_json(span), "value": content }))
}

fn entries_json(table: &DeTable<'_>, depth: usize) -> Result<Value, Problem> {
    table
        .iter()
        .map(|(key, value)| {
            let mut entry = value_json(value.get_ref(), value.span(), depth + 1)?;
            entry["key"] = json!(key.get_ref());
            entry["key_span"] = span_json(key.span());
            Ok(entry)
        })
        .collect()
}

fn parse(text: &[u8]) -> Result<Value, Vec<Problem>> {
    if text.len() > DOCUMENT_MAX {
        let message = format!("the document has {} bytes, more than the {DOCUMENT_MAX} allowed", text.len());
        return Err(vec![Problem::new(message, 0..0)]);
    }
    let text = str::from_utf8(text).map_err(|error| {
        let start = error.valid_up_to();
        let end = error.error_len().map_or(text.len(), |length| start + length);
        vec![Problem::new("the text is not UTF-8", start..end)]
    })?;
    let (document, errors) = DeTable::parse_recoverable(text);
    if errors.is_empty() {
        let span = document.span();
        return value_json(&DeValue::Table(document.into_inner()), span, 0).map_err(|problem| vec![problem]);
    }
    let mut problems: Vec<Problem> =
        errors.iter().map(|error| Problem::new(error.message(), error.span().unwrap_or(0..0))).collect();
    problems.sort_by_key(|problem| problem.span.start);
    problems.truncate(ERRORS_MAX);
    Err(problems)
}

fn errors_json(problems: Vec<Problem>) -> Value {
    let errors: Vec<Value> = problems
        .into_iter()
        .map(|problem| json!({ "message": problem.message, "span": span_json(problem.span) }))
        .collect();
    json!({ "errors": errors })
}

/// The outcome and its JSON, with the terminating zero.
fn parse_to_json(text: &[u8]) -> (i32, Box<[u8]>) {
    let (outcome, json) = match parse(text) {
        Ok(root) => (OK, root),
        Err(problems) => (INVALID, errors_json(problems)),
    };
    let mut bytes = json.to_string().into_bytes();
    bytes.push(0);
    (outcome, bytes.into_boxed_slice())
}

/// See `include/airs_toml.h`.
///
/// # Safety
///
/// `text` points to `size` readable bytes (or `size` is 0); `out_json` and `out_size` can be written.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn airs_toml_parse(
    text: *const c_char,
    size: usize,
    out_json: *mut *mut c_char,
    out_size: *mut usize,
) -> i32 {
    let bytes: &[u8] = if size == 0 {
        &[]
    } else {
        // SAFETY: the caller vouches for `text` and `size`.
        unsafe { std::slice::from_raw_parts(text.cast(), size) }
    };
    let Ok((outcome, json)) = catch_unwind(AssertUnwindSafe(|| parse_to_json(bytes))) else {
        return INTERNAL;
    };
    // SAFETY: the caller vouches for both; the box goes over to it and comes back through airs_toml_free.
    unsafe {
        *out_size = json.len() - 1;
        *out_json = Box::into_raw(json).cast();
    }
    outcome
}

/// See `include/airs_toml.h`.
///
/// # Safety
///
/// `json` and `json_size` are what one call of `airs_toml_parse` wrote, and are not used again.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn airs_toml_free(json: *mut c_char, json_size: usize) {
    if !json.is_null() {
        let bytes = std::ptr::slice_from_raw_parts_mut(json.cast::<u8>(), json_size + 1);
        // SAFETY: this is the box that airs_toml_parse let go of.
        drop(unsafe { Box::from_raw(bytes) });
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn call(text: &[u8]) -> (i32, Value) {
        let mut json = std::ptr::null_mut();
        let mut size = 0;
        // SAFETY: `text` is a slice, the outputs are locals, and what came out goes back once.
        unsafe {
            let outcome = airs_toml_parse(text.as_ptr().cast(), text.len(), &mut json, &mut size);
            let bytes = std::slice::from_raw_parts(json.cast::<u8>(), size + 1);
            assert_eq!(bytes[size], 0);
            let value = serde_json::from_slice(&bytes[..size]).expect("the output is JSON");
            airs_toml_free(json, size);
            (outcome, value)
        }
    }

    fn root(text: &str) -> Value {
        let (outcome, mut value) = call(text.as_bytes());
        assert_eq!(outcome, OK, "{value}");
        assert_eq!(value["type"], "table");
        value["value"].take()
    }

    fn errors(text: &[u8]) -> Vec<Value> {
        let (outcome, value) = call(text);
        assert_eq!(outcome, INVALID, "{value}");
        value["errors"].as_array().expect("a list").clone()
    }

    #[test]
    fn keys_and_values_carry_their_spans() {
        let text = "[a.b]\nlong-key = \"text\"\n";
        let a = &root(text)[0];
        assert_eq!((&a["key"], &a["key_span"]), (&json!("a"), &json!([1, 2])));
        let b = &a["value"][0];
        assert_eq!((&b["key"], &b["span"]), (&json!("b"), &json!([0, 5])));
        let entry = &b["value"][0];
        let expected = json!({
            "key": "long-key", "key_span": [6, 14], "type": "string", "value": "text", "span": [17, 23],
        });
        assert_eq!(*entry, expected);
    }

    #[test]
    fn every_type_comes_through() {
        let values = root("a = 0x10\nb = 1.5\nc = true\nd = 1979-05-27T07:32:00Z\ne = [1, 'x']\nf = {}\n");
        let seen: Vec<_> = values
            .as_array()
            .unwrap()
            .iter()
            .map(|v| (v["type"].as_str().unwrap(), v["value"].clone()))
            .collect();
        assert_eq!(seen[0], ("integer", json!(16)));
        assert_eq!(seen[1], ("float", json!(1.5)));
        assert_eq!(seen[2], ("boolean", json!(true)));
        assert_eq!(seen[3], ("datetime", json!("1979-05-27T07:32:00Z")));
        assert_eq!(seen[4].0, "array");
        assert_eq!(seen[4].1[1]["value"], "x");
        assert_eq!(seen[5], ("table", json!([])));
    }

    #[test]
    fn numbers_that_json_cannot_hold_are_null() {
        let values = root("a = 99999999999999999999\nb = inf\nc = nan\nd = 1e999\n");
        for value in values.as_array().unwrap() {
            assert_eq!(value["value"], Value::Null, "{value}");
        }
    }

    #[test]
    fn keys_may_hold_zero_bytes_and_be_empty() {
        let values = root("\"a\\u0000b\" = 1\n\"\" = 2\n");
        let keys: Vec<_> = values.as_array().unwrap().iter().map(|v| v["key"].as_str().unwrap()).collect();
        assert_eq!(keys, ["", "a\0b"]);
    }

    #[test]
    fn nothing_at_all_is_an_empty_table() {
        assert_eq!(root(""), json!([]));
    }

    #[test]
    fn a_duplicate_key_is_found_where_it_stands() {
        let found = errors(b"a = 1\na = 2\n");
        assert_eq!(found[0], json!({ "message": "duplicate key", "span": [6, 7] }));
    }

    #[test]
    fn several_errors_come_in_document_order_and_are_bounded() {
        let found = errors(b"a = \nb = 1\nb = 2\nc = [1\n");
        assert!(found.len() >= 2, "{found:?}");
        let starts: Vec<_> = found.iter().map(|e| e["span"][0].as_u64().unwrap()).collect();
        assert!(starts.is_sorted(), "{starts:?}");
        let many = "x = 1\n".repeat(1000);
        assert_eq!(errors(many.as_bytes()).len(), ERRORS_MAX);
    }

    #[test]
    fn bytes_that_are_no_text_are_an_error_with_their_place() {
        let found = errors(b"a = \"\xff\"\n");
        assert_eq!(found, [json!({ "message": "the text is not UTF-8", "span": [5, 6] })]);
    }

    #[test]
    fn a_huge_document_is_refused() {
        let text = vec![b'\n'; DOCUMENT_MAX + 1];
        assert!(errors(&text)[0]["message"].as_str().unwrap().contains("bytes"));
        assert_eq!(call(&text[..DOCUMENT_MAX]).0, OK);
    }

    #[test]
    fn deep_nesting_is_an_error_in_every_form() {
        let key = vec!["a"; 100_000].join(".");
        let medium_key = vec!["a"; 70].join(".");
        let nested_tables = format!("{} 1 {}", format!("{{ {medium_key} = ").repeat(60), "}".repeat(60));
        for text in [
            format!("a = {}", "[".repeat(100_000)),
            format!("a = {}1{}", "[".repeat(100_000), "]".repeat(100_000)),
            format!("a = {}", "{ a = ".repeat(100_000)),
            format!("{key} = 1"),
            format!("[{key}]"),
            format!("a = {nested_tables}"),
        ] {
            // On a stack as a program's first thread has it: a test's own is too small for code that is not optimized.
            let reader = std::thread::Builder::new().stack_size(8 << 20);
            let found = reader.spawn(move || errors(text.as_bytes())).unwrap().join().unwrap();
            assert!(!found.is_empty());
        }
    }

    #[test]
    fn truncated_documents_never_crash_the_parser() {
        let text = "[a.\"b\\u0041\"]\nk = [1, 2.5, '''x''', { y = 1979-05-27 }]\n[[t]]\nz.w = 0b1\n";
        for end in 0..text.len() {
            let (outcome, _) = call(&text.as_bytes()[..end]);
            assert!(outcome == OK || outcome == INVALID);
        }
    }
}
