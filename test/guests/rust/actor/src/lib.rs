//! An actor in Rust, with the commands of the Python one: words with spaces between them, each answered.
//!
//! ```text
//! upper TEXT         the text in upper case
//! count              how many messages there were
//! send ID TEXT       sends the text to the actor ID ("namespace/name/instance"): "ok"
//! request ID TEXT    requests with it: the request's id. How it ends goes to the actor that REPORT_TO names, as
//!                    "response TEXT" or "failure TEXT"
//! set KEY TEXT, get KEY   in its storage: "ok", the text
//! subscribe PATTERN, unsubscribe PATTERN   "ok". What is published then is a command too.
//! publish TOPIC TEXT how many mailboxes took it
//! after MS TEXT, every MS TEXT   the number of a timer, which brings it the command TEXT
//! cancel NUMBER      "yes" or "no"
//! later TEXT         TEXT, but only when "answer" comes, or a failure, when "fail REASON" does; these answer "ok"
//! nothing            nothing: that is how an input ends
//! anything else      an error, "not a command: ..."
//! ```

use std::cell::RefCell;
use std::collections::VecDeque;
use std::fmt::Debug;

use airssys::actor::{replies, timers, topics};
use airssys::core::errors::{ComponentError, WasmError};
use airssys::core::types::{ComponentConfig, ComponentId, ComponentMessage, HealthStatus, LogLevel};
use airssys::core::{host_messaging, host_services, storage};
use exports::airssys::core::component_lifecycle::{ComponentMetadata, Guest};

wit_bindgen::generate!({
    path: ["../../../../wit/airssys-core", "../../../../wit/airssys-actor"],
    world: "airssys:actor/actor",
    generate_all,
});

const FAILURE_TYPE: &str = "application/vnd.airssys.error+json";

/// What the actor keeps between calls.
#[derive(Default)]
struct State {
    count: u64,
    report_to: String,
    /// Of requests that wait: id and text.
    owed: VecDeque<(String, String)>,
}

thread_local! {
    static STATE: RefCell<State> = RefCell::default();
}

fn with_state<R>(action: impl FnOnce(&mut State) -> R) -> R {
    STATE.with_borrow_mut(action)
}

type Answer = Result<Option<Vec<u8>>, WasmError>;

fn failed(error: impl Debug) -> WasmError {
    WasmError::RuntimeError(format!("{error:?}"))
}

fn text(answer: impl ToString) -> Answer {
    Ok(Some(answer.to_string().into_bytes()))
}

fn parse_id(id: &str) -> Result<ComponentId, WasmError> {
    let mut parts = id.rsplitn(3, '/').map(String::from);
    match (parts.next(), parts.next(), parts.next()) {
        (Some(instance), Some(name), Some(namespace)) => Ok(ComponentId { namespace, name, instance }),
        _ => Err(failed(format_args!("not an id: {id}"))),
    }
}

fn parse_number(number: &str) -> Result<u64, WasmError> {
    number.parse().map_err(failed)
}

/// "a b c" to ("a", "b c").
fn cut(words: &str) -> (&str, &str) {
    words.split_once(' ').unwrap_or((words, ""))
}

fn owed() -> Result<(String, String), WasmError> {
    with_state(|state| state.owed.pop_front()).ok_or_else(|| failed("nothing is owed"))
}

fn run(command: &str) -> Answer {
    let (verb, rest) = cut(command);
    let (first, more) = cut(rest);
    match verb {
        "" => Ok(None),
        "upper" => text(rest.to_uppercase()),
        "count" => text(with_state(|state| state.count)),
        "send" => {
            host_messaging::send(&parse_id(first)?, more.as_bytes()).map_err(failed)?;
            text("ok")
        }
        "request" => text(host_messaging::request(&parse_id(first)?, more.as_bytes(), 5000).map_err(failed)?),
        "set" => {
            storage::set(first, more.as_bytes()).map_err(failed)?;
            text("ok")
        }
        "get" => storage::get(first).map_err(failed),
        "subscribe" => {
            topics::subscribe(rest).map_err(failed)?;
            text("ok")
        }
        "unsubscribe" => {
            topics::unsubscribe(rest).map_err(failed)?;
            text("ok")
        }
        "publish" => text(topics::publish(first, more.as_bytes(), Some("text/plain")).map_err(failed)?),
        "after" => text(timers::send_after(parse_number(first)?, more.as_bytes()).map_err(failed)?),
        "every" => text(timers::send_every(parse_number(first)?, more.as_bytes()).map_err(failed)?),
        "cancel" => text(if timers::cancel_timer(parse_number(rest)?) { "yes" } else { "no" }),
        "later" => {
            let to = replies::defer_reply().map_err(failed)?;
            with_state(|state| state.owed.push_back((to, rest.to_string())));
            Ok(None)
        }
        "answer" => {
            let (to, late) = owed()?;
            replies::reply(&to, late.as_bytes(), None).map_err(failed)?;
            text("ok")
        }
        "fail" => {
            replies::fail(&owed()?.0, rest).map_err(failed)?;
            text("ok")
        }
        _ => Err(WasmError::RuntimeError(format!("not a command: {verb}"))),
    }
}

struct Actor;

impl Guest for Actor {
    fn initialize(config: ComponentConfig) -> Result<(), ComponentError> {
        let report_to = config.env_vars.into_iter().find(|(name, _)| name == "REPORT_TO");
        with_state(|state| state.report_to = report_to.map(|(_, value)| value).unwrap_or_default());
        host_services::log(LogLevel::Debug, "rust is here", None);
        Ok(())
    }

    fn handle_message(msg: ComponentMessage) -> Answer {
        with_state(|state| state.count += 1);
        run(std::str::from_utf8(&msg.payload).map_err(failed)?)
    }

    fn handle_callback(msg: ComponentMessage) -> Result<(), WasmError> {
        let how =
            if msg.metadata.content_type.as_deref() == Some(FAILURE_TYPE) { "failure " } else { "response " };
        let to = parse_id(&with_state(|state| state.report_to.clone()))?;
        host_messaging::send(&to, &[how.as_bytes(), &msg.payload].concat()).map_err(failed)
    }

    fn metadata() -> ComponentMetadata {
        ComponentMetadata {
            name: "rust".into(),
            version: "1.0.0".into(),
            description: "an actor in Rust".into(),
            author: String::new(),
            license: String::new(),
            supported_operations: vec!["upper".into(), "count".into()],
            stateful: true,
        }
    }

    fn health() -> HealthStatus {
        HealthStatus::Healthy
    }

    fn shutdown() -> Result<(), ComponentError> {
        Ok(())
    }
}

export!(Actor);
