// An actor in JavaScript, with the commands of the Python one: words with spaces between them, each answered.
//
// upper TEXT         the text in upper case
// count              how many messages there were
// send ID TEXT       sends the text to the actor ID ("namespace/name/instance"): "ok"
// request ID TEXT    requests with it: the request's id. How it ends goes to the actor that REPORT_TO names, as
//                    "response TEXT" or "failure TEXT"
// set KEY TEXT, get KEY   in its storage: "ok", the text
// nothing            nothing: that is how an input ends
// anything else      an error, "not a command: ..."
import { request, send } from 'airssys:core/host-messaging@1.0.0';
import { log } from 'airssys:core/host-services@1.0.0';
import { get, set } from 'airssys:core/storage@1.0.0';

const FAILURE_TYPE = 'application/vnd.airssys.error+json';

const decoder = new TextDecoder();
const encoder = new TextEncoder();

let count = 0;
let environment = new Map();

/** "a b c" to ["a", "b c"]. */
function cut(text) {
  const space = text.indexOf(' ');
  return space < 0 ? [text, ''] : [text.slice(0, space), text.slice(space + 1)];
}

function parseId(text) {
  const parts = text.split('/');
  return { namespace: parts.slice(0, -2).join('/'), name: parts.at(-2), instance: parts.at(-1) };
}

// What is thrown out of an export is its error; imports throw theirs as `payload`.
function runtimeError(text) {
  return { tag: 'runtime-error', val: text };
}

function answer(verb, rest) {
  const [first, text] = cut(rest);
  switch (verb) {
    case '':
      return undefined;
    case 'upper':
      return encoder.encode(rest.toUpperCase());
    case 'count':
      return encoder.encode(String(count));
    case 'send':
      send(parseId(first), encoder.encode(text));
      return encoder.encode('ok');
    case 'request':
      return encoder.encode(request(parseId(first), encoder.encode(text), 5000n));
    case 'set':
      set(first, encoder.encode(text));
      return encoder.encode('ok');
    case 'get':
      return get(first);
    default:
      throw runtimeError(`not a command: ${verb}`);
  }
}

export const componentLifecycle = {
  initialize(config) {
    environment = new Map(config.envVars);
    log('debug', 'javascript is here', undefined);
  },

  handleMessage(msg) {
    count += 1;
    try {
      return answer(...cut(decoder.decode(msg.payload)));
    } catch (error) {
      throw error.payload === undefined ? error : runtimeError(error.payload.tag);
    }
  },

  handleCallback(msg) {
    const word = msg.metadata.contentType === FAILURE_TYPE ? 'failure ' : 'response ';
    send(parseId(environment.get('REPORT_TO')), encoder.encode(word + decoder.decode(msg.payload)));
  },

  metadata() {
    return {
      name: 'javascript',
      version: '1.0.0',
      description: 'an actor in JavaScript',
      author: '',
      license: '',
      supportedOperations: ['upper', 'count'],
      stateful: true,
    };
  },

  health() {
    return 'healthy';
  },

  shutdown() {},
};
